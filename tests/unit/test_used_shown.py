"""Memory and CPU of workers that others started: of each where there are several, in every place alike."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from producer.results import Result, load
from producer.show.charts import costs
from producer.show.charts.entries import derive_fields
from producer.show.export import to_csv, to_json, to_markdown
from producer.show.report.labelled import label
from producer.show.report.page import write_page
from producer.show.used import describe_used
from producer.stats.each_worker import each_worker
from producer.stats.summary import summaries
from producer.system.usage import WorkerUsage
from tests.made import result, run, saved
from tests.unit.test_report_page import read
from tests.unit.test_tables import flat, shown

MIB = 2**20
NAME = "celery:gevent@32x2"
EACH = f"Memory and CPU of each worker of {NAME}: a@lab 60 MiB, 200 ms; b@lab 50 MiB, –."
WITHOUT = "CPU is without the broker's, which is out of sight."


def comparison() -> Result:
    """Two rounds of two workers, of which one was started anew in each."""
    runs = [
        run(
            NAME,
            round=number,
            used=[WorkerUsage("a@lab", memory * MIB, cpu_s), WorkerUsage("b@lab", 50 * MIB, None)],
        )
        for number, memory, cpu_s in ((1, 60, 0.1), (2, 40, 0.3))
    ]
    return result([*runs, run("serial")], rounds=2)


def described(of: Result) -> list[str]:
    [workload] = of.workloads
    lines = describe_used(summaries(of, workload), each_worker(of, workload))
    return [line.replace("\u00a0", " ") for line in lines]


def test_each_worker_has_its_most_memory_and_its_mean_cpu_time() -> None:
    assert described(comparison()) == [WITHOUT, EACH]


def test_a_single_worker_has_no_line_of_its_own() -> None:
    assert described(result([run(NAME, used=[WorkerUsage("a@lab", MIB, 1.0)])])) == [WITHOUT]


def test_where_the_broker_is_in_sight_or_there_is_none_nothing_is_missing() -> None:
    assert described(result([run(NAME, broker_cpu_s=0.01), run("serial")])) == []
    assert described(result([run(NAME, cpu_s=None)])) == []


def test_the_chart_says_whose_cpu_time_it_is() -> None:
    for broker_cpu_s, spent in (
        (None, "they spent on each job, without"),
        (0.0, "they and the broker spent"),
    ):
        [field] = derive_fields(result([run(NAME, broker_cpu_s=broker_cpu_s)]))
        chart = costs.chart(field)
        assert chart is not None
        assert spent in chart.reading


def test_of_many_workers_the_first_are_named() -> None:
    many = [WorkerUsage(f"{number:02}@lab", MIB, 1.0) for number in range(12)]
    [_, line] = described(result([run(NAME, used=many)]))
    assert line.endswith("; 07@lab 1 MiB, 1.00 s; and 4 more.")


def test_it_is_in_the_table_the_page_and_the_exports() -> None:
    compared = comparison()
    for text in (shown(compared, 120), to_markdown(compared), read(write_page([label("it", compared)])).text):
        assert EACH in flat(text.replace("\u00a0", " ")).replace("\\", "").replace("&nbsp;", " ")
    numbers = json.loads(to_json(compared))["waits"]
    [of_each] = numbers["workers"]
    assert of_each["workers"][0] == {"name": "a@lab", "peak_memory_bytes": 60 * MIB, "cpu_s": 0.2}
    assert [row["cpu_has_broker"] for row in numbers["contenders"]] == [False, False]
    rows = list(csv.DictReader(io.StringIO(to_csv(compared))))
    assert {row["cpu_has_broker"] for row in rows} == {"False"}
    assert "workers" not in json.loads(to_json(result([run("serial")])))["waits"]


def test_a_file_keeps_it_and_an_older_one_has_none(tmp_path: Path) -> None:
    compared = comparison()
    assert load(saved(tmp_path / "new.json", compared)).runs[0].used == compared.runs[0].used
    plain = json.loads((tmp_path / "new.json").read_text())
    for each in plain["runs"]:
        del each["used"]
    (tmp_path / "old.json").write_text(json.dumps(plain))
    assert [each.used for each in load(tmp_path / "old.json").runs] == [[], [], []]
