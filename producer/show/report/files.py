"""Writes the report and the drawings; a result is never overwritten, a report may be."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from producer import results
from producer.show.charts.chart import Chart
from producer.show.report.document import OPENING
from producer.show.report.figures import make_charts
from producer.show.report.labelled import Labelled, label
from producer.show.report.load_page import load_charts, write_load_page
from producer.show.report.page import write_page
from producer.show.svg.palette import fix_colours
from producer.show.svg.rows import WIDE
from producer.system.writing import replace
from worker.errors import ReaderGoneError, ResultError, UnavailableError

#: Dots of a PNG for each unit of a drawing: 980 units fill a slide of 1960 dots.
PNG_ZOOM = 2


def load(paths: Sequence[Path]) -> list[Labelled]:
    """Load the results, each labelled with the name of its file.

    Raises:
        ResultError: one of them cannot be read, or a load is among what is none.
    """
    loaded = [results.load(path) for path in paths]
    loads = [path for path, result in zip(paths, loaded, strict=True) if result.kind == "load"]
    if loads and len(loads) < len(loaded):
        raise ResultError(f"{loads[0]} is a load, and others are not (report): make a page of each kind")
    names = [path.name.removesuffix(".gz").removesuffix(".json") for path in paths]
    twice = {name for name, number in Counter(names).items() if number > 1}
    return [
        label(f"{name} ({place})" if name in twice else name, result)
        for place, (name, result) in enumerate(zip(names, loaded, strict=True), 1)
    ]


def write(shown: Sequence[Labelled], out: Path) -> int:
    """Write the page, atomically; returns its size in bytes.

    Raises:
        ResultError: it cannot be written, or would overwrite what is no report.
        ReaderGoneError: it went into a pipe, and was not read to its end.
    """
    return write_text(make_page(shown), out)


def make_page(shown: Sequence[Labelled]) -> str:
    """Make the page of these results, all of one kind."""
    return write_load_page(shown) if shown[0].result.kind == "load" else write_page(shown)


def write_text(page: str, out: Path) -> int:
    """Write a page that begins as `OPENING`, as `write` does."""
    data = page.encode()
    require_writable(out)
    with _explain_errors(out):
        if _leads_on(out):
            _pass_on(out, data)
        else:
            # What a link leads to is replaced, and not the link: /dev/stdout is one.
            target = Path(os.path.realpath(out))
            replace(target, [data])
    return len(data)


def require_writable(out: Path) -> None:
    """Refuse to write the page anywhere but to a new file, an old report, or a pipe that somebody reads.

    Raises:
        ResultError: what is there is something else, or cannot be looked at.
    """
    with _explain_errors(out):
        if not out.exists() or _leads_on(out):
            return
        if not out.is_file():
            raise ResultError(f"{out} is no file (report): name one with --out")
        with out.open("rb") as file:
            beginning = file.read(len(OPENING))
        if beginning and beginning != OPENING.encode():
            raise ResultError(f"{out} exists and is no report (report): name another file with --out")


def write_static(shown: Sequence[Labelled], directory: Path, png: bool) -> int:
    """Write every chart as a file of its own, SVG and on request PNG; returns how many there are.

    Raises:
        ResultError: one of them cannot be written.
        UnavailableError: PNG was asked for, and what makes it is not installed.
    """
    convert = _png_maker() if png else None
    number = 0
    with _explain_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for name, svg in _drawings(shown):
            replace(directory / f"{name}.svg", [svg.encode()])
            if convert:
                replace(directory / f"{name}.png", [convert(svg_string=svg, zoom=PNG_ZOOM)])
            number += 1
    return number


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what failed."""
    try:
        yield
    except OSError as error:
        raise ResultError(f"{path} cannot be written (report): {error.strerror}") from None


def _leads_on(out: Path) -> bool:
    """Whether it is a pipe or a terminal, where nothing is kept that could be overwritten."""
    return out.is_fifo() or out.is_char_device()


def _pass_on(out: Path, data: bytes) -> None:
    try:
        # Not waiting for somebody to read what may never be read.
        descriptor = os.open(out, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise ResultError(f"nobody reads {out} (report): start the reader first, or name a file") from None
    os.set_blocking(descriptor, True)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            file.write(data)
    except BrokenPipeError:
        raise ReaderGoneError(f"{out} was not read to its end (report)") from None


def _drawings(shown: Sequence[Labelled]) -> Iterator[tuple[str, str]]:
    for result in shown:
        prefix = f"{result.label}-" if len(shown) > 1 else ""
        for workload, drawn in _charts_of(result):
            pictures = [(chart, picture) for chart in drawn for picture in chart.pictures]
            for chart, picture in pictures:
                sentence = picture.sentence or chart.sentence
                svg = picture.draw(WIDE).slide(sentence, f"{workload}: {picture.title}")
                yield _file_name(f"{prefix}{workload}-{picture.name}"), fix_colours(svg)


def _charts_of(labelled: Labelled) -> Iterator[tuple[str, Sequence[Chart]]]:
    """Yield the charts of each workload, by its name."""
    if labelled.result.kind == "load":
        for workload in labelled.result.workloads:
            yield workload.name, load_charts(labelled.result, workload)
    for field in labelled.fields:
        yield field.workload.name, make_charts(field)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9@+._-]+", "-", text)


def _png_maker() -> Callable[..., bytes]:
    try:
        import resvg_py
    except ImportError:
        raise UnavailableError(
            "PNG needs the package resvg-py (report): install simul-lab[png], or use the SVG files"
        ) from None
    return resvg_py.svg_to_bytes
