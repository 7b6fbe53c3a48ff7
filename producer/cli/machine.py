"""`simul machine`."""

from __future__ import annotations

from producer.cli import options
from producer.cli.console import tell
from producer.printable import json_text
from producer.words import digits


def machine(broker: options.BrokerUrl = None, as_json: options.Json = False) -> None:
    """Print what the numbers of this machine depend on."""
    import msgspec

    from producer.show.facts import describe_machine
    from producer.system.broker import open_broker
    from producer.system.machine import look
    from producer.system.reaper import Reaper

    with Reaper() as reaper, open_broker(broker, reaper) as opened:
        seen = look()
    if as_json:
        print(json_text(msgspec.to_builtins(seen) | {"broker": opened.name}))
        return
    for name, value in (*describe_machine(seen), ("load", digits(seen.load)), ("broker", opened.name)):
        tell(f"{name:12}  {value}")
