"""The live page in the lab: its address is in the log, and what it starts uses the lab's workers."""

from __future__ import annotations

import contextlib
import re

import pytest

from tests.compose.stack import Stack
from tests.helpers import until
from tests.live_site import Browser, request

pytestmark = pytest.mark.compose


def test_the_page_is_where_its_log_says_and_compares_the_labs_workers(lab: Stack) -> None:
    address = re.compile(rf"http://127\.0\.0\.1:{lab.page_port}/#token=(\S+)")
    until(lambda: address.search(lab.compose("logs", "page").stdout), "the page says where it is")
    match = address.search(lab.compose("logs", "page").stdout)
    assert match
    status, page = request(lab.page_port, "GET", "/")
    assert status == 200
    assert page.startswith("<!doctype html>")
    assert request(lab.page_port, "GET", "/", headers={"Host": "evil.example"})[0] == 403

    browser = Browser(lab.page_port)
    with contextlib.closing(browser):
        asked = {
            "kind": "comparison",
            "workloads": ["waits"],
            "with": ["celery:threads"],
            "jobs": 20,
            "rounds": 1,
        }
        headers = {"Authorization": f"Bearer {match[1]}"}
        status, answer = request(lab.page_port, "POST", "/runs", asked, headers)
        assert status == 201, answer
        id_ = answer["id"]
        browser.until(lambda: browser.runs.get(id_, {}).get("status") in ("done", "failed"))

    run = browser.runs[id_]
    assert run["status"] == "done", run["says"]
    assert [lane["name"] for lane in run["lanes"]] == ["celery:threads@4"]
    status, report = request(lab.page_port, "GET", f"/reports/{id_}")
    assert status == 200
    assert "celery:threads@4" in report
