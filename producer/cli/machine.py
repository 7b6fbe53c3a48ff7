"""`simul machine`."""

from __future__ import annotations

import msgspec

from producer.cli import options
from producer.machine import look
from producer.tables import machine_lines


def machine(broker: options.BrokerUrl = None, as_json: options.Json = False) -> None:
    """Print what the numbers of this machine depend on."""
    from producer.broker import open_broker
    from producer.keeper import Keeper

    with Keeper() as keeper, open_broker(broker, keeper) as opened:
        seen = msgspec.to_builtins(look()) | {"broker": opened.name}
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(seen)).decode())
        return
    for name, value in machine_lines(seen):
        print(f"{name:12}  {value}")
