"""The backlog over time: a small plot for each offered rate, and in it a line for each contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.show.charts.chart import Chart, Picture
from producer.show.charts.load_plot import HEIGHT, LEFT, RIGHT, draw_plot, line_colour, line_keys
from producer.show.svg.axis import amount, time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame, draw_legend
from producer.stats.backlog import Backlog, backlog_of
from producer.stats.load import Step, steps
from producer.words import digits

#: The widest plot.
WIDEST = 460.0
#: Steps of a line.
POINTS = 300


def chart(result: Result, workload: WorkloadResult) -> Chart | None:
    """Show the backlog of a load; None where no run was valid."""
    rows = [row for row in steps(result, workload) if row.valid_runs]
    if not rows:
        return None
    names = list(dict.fromkeys(row.contender for row in rows))
    first: dict[float, dict[ContenderName, Run]] = {row.rate: {} for row in sorted(rows, key=_rate)}
    for run in result.runs:
        if run.valid and run.offered and run.workload == workload.name:
            first[run.offered.rate].setdefault(run.contender, run)
    grew = [_describe(row) for row in rows if not row.held]
    return Chart(
        "Backlog over time",
        "Jobs that had arrived and were not done, at each offered rate, in the first valid run of each "
        "contender. The upright line is where the arrivals end; what is left then is worked off.",
        "\n".join(grew) or "No backlog grew by more than chance explains.",
        tuple(
            Picture(
                f"load-backlog-{rate:g}",
                f"backlog at {digits(rate)} jobs per second",
                partial(draw, rate, runs, names),
            )
            for rate, runs in first.items()
        ),
        beside=True,
    )


def draw(
    rate: float, runs: Mapping[ContenderName, Run], names: Sequence[ContenderName], frame: Frame
) -> Drawing:
    """Draw the backlog of each contender at one offered rate."""
    drawing = Drawing(min(frame.width, WIDEST))
    drawing.text(0, 16, f"{digits(rate)} jobs per second", bold=True)
    top = draw_legend(drawing, 0, line_keys(names, [name for name in names if name in runs]), 28.0) + 22
    curves = {name: backlog_of(runs[name]).thinned(POINTS) for name in names if name in runs}
    highest = max(float(curve.jobs.max(initial=1.0)) for curve in curves.values())
    end_s = max(run.offered.for_s for run in runs.values() if run.offered)
    last_s = max([end_s, *(float(curve.at_s.max(initial=0.0)) for curve in curves.values())])
    y_axis, x_axis = amount("jobs", highest), time("time since the arrivals began", last_s)
    reach = drawing.width - LEFT - RIGHT
    places = [(LEFT + reach * part, label) for part, label in x_axis.ticks(4)]
    draw_plot(drawing, top, y_axis, "backlog, in jobs", places, x_axis.title)

    def x(at_s: float) -> float:
        return LEFT + reach * x_axis.at(at_s)

    def y(jobs: float) -> float:
        return top + HEIGHT * (1 - y_axis.at(jobs))

    drawing.line(x(end_s), top, x(end_s), top + HEIGHT, "soft", 1.4)
    for name, curve in curves.items():
        corners = [(x(at_s), y(jobs)) for at_s, jobs in _corners(curve)]
        drawing.path(corners, line_colour(names, name), 1.6)
    return drawing


def _corners(curve: Backlog) -> Sequence[tuple[float, float]]:
    """The corners of a curve of steps, from nothing at the beginning."""
    corners = [(0.0, 0.0)]
    for at_s, jobs in zip(curve.at_s.tolist(), curve.jobs.tolist(), strict=True):
        corners += [(at_s, corners[-1][1]), (at_s, jobs)]
    return corners


def _rate(row: Step) -> float:
    return row.rate


def _describe(row: Step) -> str:
    end, peak = row.backlog_end or 0.0, row.backlog_peak or 0.0
    at_rate = f"{row.contender} at {digits(row.rate)} jobs/s"
    return f"{at_rate}: {end:,.0f} when the arrivals ended, {peak:,.0f} at most."
