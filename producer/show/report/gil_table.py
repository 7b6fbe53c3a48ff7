"""What no GIL buys and what it costs: sentences, and a table of each way under both Pythons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.printable import html
from producer.show.columns import write_ratio
from producer.show.gil_gain import describe_gil_gain
from producer.show.report.labelled import Labelled
from producer.stats.gil_gain import Gain, GilGain, gil_gains
from producer.stats.ratios import Ratio


def write_gil_gains(results: Sequence[Labelled], names: Sequence[str]) -> str:
    """Write it for each workload that was measured with and without a GIL; nothing where none was."""
    return "".join(_figure(name, found) for name in names for found in _gains(results, name))


def _gains(results: Sequence[Labelled], name: str) -> Iterator[GilGain]:
    for labelled in results:
        if field := labelled.field(name):
            yield from gil_gains(labelled.result, field.workload)


def _figure(name: str, found: GilGain) -> str:
    return (
        f'<figure class="gil"><h4>{html(name)}: what no GIL buys, and what it costs</h4>'
        f'<p class="reading">{html(describe_gil_gain(found))}</p>'
        f"{_table(found) if found.gains else ''}</figure>"
    )


def _table(found: GilGain) -> str:
    free, ordinary = html(found.free), html(found.ordinary)
    headings = (
        f"under {ordinary}, \u00d7 its serial",
        f"under {free}, \u00d7 its serial",
        "the second / the first",
        f"under {free}, \u00d7 serial under {ordinary}",
    )
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{html(str(gain.way))}</th>'
        + "".join(
            f"<td>{html(write_ratio(ratio))}</td>"
            for ratio in (gain.ordinary, gain.free, gain.gain, gain.in_all)
        )
        + "</tr>"
        for gain in found.gains
    )
    return (
        '<div class="scroll"><table><thead><tr><th scope="col">speed (95 %)</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _ratios(gain: Gain) -> tuple[Ratio, ...]:
    return gain.ordinary, gain.free, gain.gain, gain.in_all
