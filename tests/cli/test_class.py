"""`simul class`: one page of many files; what does not belong is told by the name of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.helpers import simul
from tests.made import a_result, on, saved


def results_of(directory: Path, number: int) -> list[str]:
    """The names of so many results, each of another machine."""
    directory.mkdir(exist_ok=True)
    made = [
        a_result({"serial": [1.0] * 5, "threads@32": [0.1 + place / 1000] * 5}) for place in range(number)
    ]
    return [
        str(saved(directory / f"{place}.json.gz", on(result, host=f"host {place}")))
        for place, result in enumerate(made)
    ]


@pytest.mark.untraced
def test_many_results_become_one_page_and_what_is_broken_is_named(tmp_path: Path) -> None:
    names = results_of(tmp_path / "bobs results", 20)
    other = a_result({"serial": [1.0] * 5})
    other.workloads[0].seed = 7
    names.append(str(saved(tmp_path / "other.json", other)))
    (tmp_path / "broken.json").write_text("{")
    said = simul("class", *names, "broken.json", "-o", "page.html", cwd=tmp_path)

    assert (said.code, said.out) == (0, "")
    assert said.err.splitlines()[:2] == [
        "left out: broken.json: it is no result of simul (load): Input data was truncated",
        "refused: other.json: waits: seed 7, not 1",
    ]
    page = (tmp_path / "page.html").read_text()
    assert "A class: 21 results" in page
    assert "19.json.gz" in page
    for private in ("bobs", str(tmp_path), "host 3"):
        assert private not in page


def test_a_page_is_made_again_but_nothing_else_is_overwritten(simul_here: Here, tmp_path: Path) -> None:
    [name] = results_of(tmp_path / "in", 1)
    assert simul_here("class", name, "-q").err == ""
    assert simul_here("class", name).code == 0
    (tmp_path / "mine.html").write_text("<p>mine")
    for kept in ("mine.html", name):
        before = (tmp_path / kept).read_bytes()
        said = simul_here("class", name, "-o", kept)
        assert (said.code, said.out) == (6, "")
        assert said.err == f"Result: {kept} exists and is no report (report): name another file with --out\n"
        assert (tmp_path / kept).read_bytes() == before


def test_without_a_single_result_there_is_no_page(simul_here: Here, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("no")
    said = simul_here("class", "a.json", "none.json")
    assert (said.code, said.out) == (6, "")
    assert said.err.startswith(
        "Result: no file is a result (class): a.json: it is no result of simul (load): "
    )
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "class.html").exists()
