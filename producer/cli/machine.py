"""`simul machine`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from producer.cli import options
from producer.cli.console import tell
from producer.printable import json_text


def machine(broker: options.BrokerUrl = None, as_json: options.Json = False) -> None:
    """Print what the numbers of this machine depend on."""
    import msgspec

    from producer.system.broker import open_broker
    from producer.system.machine import look
    from producer.system.reaper import Reaper

    with Reaper() as reaper, open_broker(broker, reaper) as opened:
        seen = msgspec.to_builtins(look()) | {"broker": opened.name}
    if as_json:
        print(json_text(seen))
        return
    for name, value in machine_lines(seen):
        tell(f"{name:12}  {value}")


def machine_lines(machine: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a machine is, as names and values."""
    build = "free-threaded build" if machine["free_threaded_build"] else "ordinary build"
    limit = machine["core_limit"]
    yield "host", machine["host"]
    yield "processor", machine["cpu"]
    yield "cores", f"{machine['cores']}" + (f", limited to {limit:g} by the control group" if limit else "")
    yield "memory", f"{machine['memory_bytes'] / 2**30:.1f} GiB"
    yield "kernel", machine["kernel"]
    yield "Python", f"{machine['python']}, {build}, GIL {'on' if machine['gil'] else 'off'}"
    yield "packages", ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield "commit", machine["commit"] or "–"
    yield "load", f"{machine['load']:.2f}"
    yield "broker", machine["broker"]
