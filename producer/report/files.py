"""Writes the report and the drawings; a result is never overwritten, a report may be."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from producer import results
from producer.charts.timeline import timeline
from producer.drawing.lanes import lanes
from producer.drawing.palette import fixed
from producer.drawing.rows import WIDE
from producer.report.figures import charts
from producer.report.labelled import Labelled, labelled
from producer.report.page import OPENING, page
from worker.errors import ResultError, UnavailableError

#: Dots of a PNG for each unit of a drawing: 980 units fill a slide of 1960 dots.
PNG_ZOOM = 2


def load(paths: Sequence[Path]) -> list[Labelled]:
    """The results, each labelled with the name of its file.

    Raises:
        ResultError: one of them cannot be read.
    """
    loaded = [results.load(path) for path in paths]
    names = [path.name.removesuffix(".gz").removesuffix(".json") for path in paths]
    twice = {name for name, number in Counter(names).items() if number > 1}
    return [
        labelled(f"{name} ({place})" if name in twice else name, result)
        for place, (name, result) in enumerate(zip(names, loaded, strict=True), 1)
    ]


def write(shown: Sequence[Labelled], out: Path) -> int:
    """Write the page, atomically; returns its size in bytes.

    Raises:
        ResultError: it cannot be written, or would overwrite what is no report.
    """
    data = page(shown).encode()
    try:
        if out.exists() and not out.read_bytes().startswith(OPENING.encode()):
            raise ResultError(f"{out} exists and is no report (report): name another file with --out")
        out.parent.mkdir(parents=True, exist_ok=True)
        _replace(out, data)
    except OSError as error:
        raise ResultError(f"{out} cannot be written (report): {error.strerror}") from None
    return len(data)


def write_static(shown: Sequence[Labelled], directory: Path, png: bool) -> int:
    """Write every chart as a file of its own, SVG and on request PNG; returns how many there are.

    Raises:
        ResultError: one of them cannot be written.
        UnavailableError: PNG was asked for, and what makes it is not installed.
    """
    convert = _png_maker() if png else None
    number = 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, svg in _drawings(shown):
            path = directory / f"{name}.svg"
            path.write_text(svg)
            if convert:
                path.with_suffix(".png").write_bytes(convert(svg_string=svg, zoom=PNG_ZOOM))
            number += 1
    except OSError as error:
        raise ResultError(f"{directory} cannot be written (report): {error.strerror}") from None
    return number


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _drawings(shown: Sequence[Labelled]) -> Iterator[tuple[str, str]]:
    for one in shown:
        prefix = f"{one.label}-" if len(shown) > 1 else ""
        for field in one.fields:
            found, name = field.entries, field.workload.name
            for chart in charts(field):
                for drawn in chart.draw:
                    svg = drawn.paint(WIDE).slide(chart.sentence, f"{name}: {drawn.title}")
                    yield _file_name(f"{prefix}{name}-{drawn.name}"), fixed(svg)
            for line in filter(None, map(timeline, found)):
                svg = lanes(line).slide(title := f"{name}: timeline of {line.entry.name}", title)
                yield _file_name(f"{prefix}{name}-timeline-{line.entry.name}"), fixed(svg)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9@+._-]+", "-", text)


def _png_maker() -> Callable[..., bytes]:
    try:
        import resvg_py
    except ImportError:
        raise UnavailableError(
            "PNG needs the package resvg-py (report): install simul[png], or use the SVG files as they are"
        ) from None
    return resvg_py.svg_to_bytes
