"""`simul report`: a page from result files, and the same charts for slides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.charted import compared, one_after_the_other
from tests.helpers import simul
from tests.made import saved


@pytest.fixture
def result(tmp_path: Path) -> str:
    """The name of a result file in `tmp_path`."""
    made, _ = compared(*one_after_the_other("serial", 4.0), *one_after_the_other("threads@2", 1.0))
    return saved(tmp_path / "one.json.gz", made).name


def test_a_page_is_written_and_said_to_be(tmp_path: Path, result: str) -> None:
    said = simul("report", result, cwd=tmp_path)
    assert (said.code, said.out, said.err) == (0, "", "report.html: 0.1 MB\n")
    assert "threads@2" in (tmp_path / "report.html").read_text()


def test_the_options_have_environment_variables(tmp_path: Path, result: str) -> None:
    variables = {"SIMUL_REPORT": "page.html", "SIMUL_STATIC": "slides"}
    said = simul("report", result, "-q", cwd=tmp_path, environment=variables)
    assert (said.code, said.err) == (0, "")
    assert (tmp_path / "page.html").exists()
    assert (tmp_path / "slides" / "waits-makespan.svg").exists()


def test_several_results_make_one_page(tmp_path: Path, result: str) -> None:
    said = simul("report", result, result, "-o", "both.html", "--static", "slides", cwd=tmp_path)
    assert said.code == 0
    assert said.err.splitlines()[1] == "slides: 20 charts as SVG"
    assert "one (2)" in (tmp_path / "both.html").read_text()


def test_a_report_is_made_again_but_a_result_is_never_overwritten(tmp_path: Path, result: str) -> None:
    assert simul("report", result, cwd=tmp_path).code == 0
    assert simul("report", result, cwd=tmp_path).code == 0
    before = (tmp_path / result).read_bytes()
    said = simul("report", result, "-o", result, cwd=tmp_path)
    assert said.code == 6
    assert said.err == "Result: one.json.gz exists and is no report (report): name another file with --out\n"
    assert (tmp_path / result).read_bytes() == before


def test_what_is_no_result_is_refused_in_words(tmp_path: Path) -> None:
    said = simul("report", "none.json", cwd=tmp_path)
    assert said.code == 6
    assert said.err == "Result: none.json cannot be read (load): No such file or directory\n"
    assert not (tmp_path / "report.html").exists()
