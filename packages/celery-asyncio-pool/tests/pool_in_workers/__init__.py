"""The asyncio pool in real workers, driven through an app that is not ours."""
