"""A real Chromium, and pages to open in it. Without Chromium, tests skip; under CI=true they fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import exhibited
from tests.browser.live_page import GAMES, IDENT, MOVES
from tests.browser.live_server import LiveServer, serving
from tests.helpers import lacks

#: No sandbox: containers have none to offer; nothing is opened but our own file. The rest keeps Chromium
#: from talking to anybody on its own account.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium named by CHROMIUM, or that on PATH.

    For these tests only: as long as it is open, an event loop runs, and other tests start loops of their own.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        lacks("no Chromium on PATH (Debian: apt-get install chromium), and CHROMIUM names none")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server that has nothing to tell yet."""
    with serving() as server:
        yield server


@pytest.fixture
def finished(live: LiveServer) -> LiveServer:
    """A server that tells of a race that has ended."""
    live.runs = [exhibited.tell_state(GAMES, IDENT, "done")]
    live.moves = {IDENT: MOVES}
    return live
