"""Says what no GIL buys and what it costs, where a workload was measured with and without one."""

from __future__ import annotations

from collections.abc import Iterator

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.show.columns import write_interval
from producer.stats.gil_gain import SERIAL, Gain, GilGain, gil_gains
from producer.stats.ratios import Ratio

#: How many of those that gain are told of.
TOLD = 2


def describe_gil_gains(result: Result, workload: WorkloadResult) -> Iterator[str]:
    """Say it in a line for each Python without a GIL."""
    return map(describe_gil_gain, gil_gains(result, workload))


def describe_gil_gain(found: GilGain) -> str:
    """Say what having no GIL buys and costs, and what is left of it."""
    shown = [gain for gain in found.gains if gain.gain.shown and gain.gain.value > 1]
    sentences = [
        f"What no GIL buys ({found.free} beside {found.ordinary}): {_buys(found, shown[:TOLD])}.",
        f"What it costs: {_costs(found)}.",
        *(_in_all(found, gain) for gain in shown[:1]),
        *([_fastest(found)] if found.fastest_ratio.claims else []),
    ]
    return " ".join(sentences)


def _buys(found: GilGain, shown: list[Gain]) -> str:
    if not shown:
        return (
            "nothing that is shown: beside the serial of its own Python, no way is faster than with the GIL"
        )
    return "; ".join(
        f"{gain.way} is {write_interval(gain.free)} times as fast as serial under {found.free}"
        f"{_unsure(gain.free)}, and {write_interval(gain.ordinary)} times under {found.ordinary}"
        f"{_unsure(gain.ordinary)}"
        for gain in shown
    )


def _unsure(ratio: Ratio) -> str:
    return "" if ratio.shown else " (no difference is shown)"


def _costs(found: GilGain) -> str:
    longer = write_interval(found.cost)
    serial = f"serial takes {longer} times as long under {found.free} as under {found.ordinary}"
    return serial if found.cost.shown and found.cost.value > 1 else f"nothing that is shown: {serial}"


def _in_all(found: GilGain, gain: Gain) -> str:
    """Say what is left to the way that gains most, beside serial with the GIL."""
    free, serial = _under(gain.way, found.free), _under(SERIAL, found.ordinary)
    speed = write_interval(gain.in_all)
    return f"Both together: {free} is {speed} times as fast as {serial}{_unsure(gain.in_all)}."


def _fastest(found: GilGain) -> str:
    """Compare the fastest under each Python, which is what somebody would run."""
    free, ordinary = map(_under, found.fastest, (found.free, found.ordinary))
    ratio = write_interval(found.fastest_ratio)
    if not found.fastest_ratio.shown:
        return f"No difference is shown between the fastest under each, {free} and {ordinary} ({ratio})."
    return f"The fastest without it, {free}, takes {ratio} times as long as the fastest with it, {ordinary}."


def _under(name: ContenderName, label: str) -> str:
    return f"{name} [{label}]"
