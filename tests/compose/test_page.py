"""The live page in the lab: its address is in the log, and what it starts uses the lab's workers."""

from __future__ import annotations

import contextlib
import re

import pytest

from tests.compose.stack import SLOTS, Stack
from tests.helpers import until
from tests.live_site import Browser, request

pytestmark = pytest.mark.compose


@pytest.fixture(scope="module")
def token(lab: Stack) -> str:
    """The token that the page's log says, with the address."""
    address = re.compile(rf"http://127\.0\.0\.1:{lab.page_port}/#token=(\S+)")
    until(lambda: address.search(lab.compose("logs", "page").stdout), "the page says where it is")
    match = address.search(lab.compose("logs", "page").stdout)
    assert match
    return match[1]


def watch(lab: Stack, token: str, asked: dict[str, object]) -> tuple[Browser, str]:
    """Ask for a run, and watch it to its end; returns what was seen, and the run's id."""
    with contextlib.closing(Browser(lab.page_port)) as browser:
        headers = {"Authorization": f"Bearer {token}"}
        status, answer = request(lab.page_port, "POST", "/runs", asked, headers)
        assert status == 201, answer
        id_ = str(answer["id"])
        ended = ("done", "failed", "interrupted")
        browser.until(lambda: browser.runs.get(id_, {}).get("status") in ended)
    assert browser.runs[id_]["status"] == "done", browser.runs[id_]["says"]
    return browser, id_


def test_the_page_is_where_its_log_says_and_compares_the_labs_workers(lab: Stack, token: str) -> None:
    status, page = request(lab.page_port, "GET", "/")
    assert status == 200
    assert page.startswith("<!doctype html>")
    assert request(lab.page_port, "GET", "/", headers={"Host": "evil.example"})[0] == 403

    asked = {"kind": "comparison", "workloads": ["waits"], "with": ["celery:threads"], "jobs": 20}
    browser, id_ = watch(lab, token, {**asked, "rounds": 1})

    assert [lane["name"] for lane in browser.runs[id_]["lanes"]] == [f"celery:threads@{SLOTS}"]
    status, report = request(lab.page_port, "GET", f"/reports/{id_}")
    assert status == 200
    # The worker is in another container, and says what it uses.
    cells = rf'<th scope="row">celery:threads@{SLOTS}</th>.*<td>([^<]*)</td><td>([^<]*)</td></tr>'
    used = re.search(cells, report)
    assert used
    memory, cpu = used.groups()
    assert memory.endswith("MiB")
    assert cpu.endswith("s")


def test_a_race_is_played_by_the_labs_workers(lab: Stack, token: str) -> None:
    program = {"opponents": 5, "moves": 4, "hour_s": 4, "seed": 5}
    browser, id_ = watch(lab, token, {"kind": "race", "lanes": ["serial", "celery:gevent"], **program})

    serial, gevent = browser.runs[id_]["lanes"]
    # Of two workers with so many slots each; Judit's own worker is in the page's container.
    assert gevent["slots"] == 2 * SLOTS
    for place, lane in enumerate((serial, gevent)):
        assert lane["problems"] == []
        assert lane["measured_s"] > 0.99 * lane["ideal_s"] > 0
        assert len(browser.moves[id_][place]) == sum(lane["plies"]) == 2 * 5 * 4
    games = [{(board, ply): move for board, ply, move, *_ in browser.moves[id_][at]} for at in (0, 1)]
    assert games[0] == games[1]
