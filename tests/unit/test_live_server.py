"""Who may ask the live server for what: names, pages, tokens, sizes and numbers."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from producer.live.feed import MOST_REPORT
from producer.live.server.app import Parts, make_app
from producer.live.server.guard import names_of
from producer.live.server.hub import Hub
from producer.live.server.reader import Reader
from producer.live.server.requests import MOST_BYTES
from producer.live.server.runs import MOST_WAITING, Runs
from producer.live.server.shown import Shown
from producer.system.reaper import Reaper
from tests.asgi import Answer, ask
from worker.settings import PROJECT_DATA

TOKEN = "a token of the test's"
HOST = ("host", "127.0.0.1:8000")
AUTHORIZED = (HOST, ("authorization", f"Bearer {TOKEN}"), ("content-type", "application/json"))
RUN = {"kind": "comparison", "workloads": ["waits"], "with": ["threads@8", "celery:gevent"], "rounds": 3}
RACE = {"kind": "race", "lanes": ["serial/in-turn", "celery:gevent"], "hour_s": 0.5}
#: A report that somebody else has written.
BROKEN = "bbbbbbbbbbbb"


class Reports:
    """A reader that has one report, and a fault of ours, or none because the broker is away."""

    def __init__(self, away: bool, packed: bytes) -> None:
        self._away = away
        self._packed = packed

    async def report(self, id_: str) -> bytes | None:
        if self._away:
            raise redis.ConnectionError("refused")
        if id_ == BROKEN:
            raise ArithmeticError("a fault of ours")
        return self._packed if id_ == "0123456789ab" else None


class Site:
    """The app, and what is queued in it; no run is begun."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        allowed: Sequence[str] = (),
        away: bool = False,
        packed: bytes = gzip.compress(b"<html>the report"),
    ) -> None:
        self.shown = Shown()
        hub = Hub(self.shown.snapshot)
        reaper = cast("Reaper", None)
        self.runs = Runs("redis://127.0.0.1:1/0", Path("/nowhere"), reaper, self.shown, hub)
        parts = Parts(hub, cast("Reader", Reports(away, packed)), self.runs, TOKEN, PROJECT_DATA)
        self._app = make_app(parts, names_of(host, allowed))

    async def ask(self, *arguments: Any, **more: Any) -> Answer:
        return await ask(self._app, *arguments, **more)

    async def post(self, value: object, headers: Sequence[tuple[str, str]] = AUTHORIZED) -> Answer:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return await self.ask("POST", "/runs", headers, [body])


def get(path: str, *headers: tuple[str, str], **site: Any) -> Answer:
    """The answer to a GET request of these headers."""

    async def main() -> Answer:
        return await Site(**site).ask("GET", path, headers)

    return asyncio.run(main())


def post(value: object, headers: Sequence[tuple[str, str]] = AUTHORIZED) -> Answer:
    """The answer to what should be a request for a run."""

    async def main() -> Answer:
        return await Site().post(value, headers)

    return asyncio.run(main())


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:1234", "LOCALHOST", "[::1]:8000"])
def test_the_page_comes_by_the_names_of_the_server(host: str) -> None:
    answer = get("/", ("host", host))

    assert answer.status == 200
    assert answer.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", ["/", "/events", "/reports/0123456789ab", "/nothing"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example:8000", "", "["]
)
def test_another_name_is_refused(path: str, host: str) -> None:
    assert get(path, ("host", host)).status == 403


def test_a_request_has_one_host() -> None:
    assert get("/").status == 403
    assert get("/", HOST, ("host", "evil.example")).status == 403


def test_a_server_has_the_names_that_it_is_given() -> None:
    host = ("host", "lab.example.org:8000")
    assert get("/", host, host="0.0.0.0", allowed=["Lab.Example.org"]).status == 200
    assert get("/", host, host="0.0.0.0").status == 403
    assert get("/", ("host", "192.0.2.7"), host="192.0.2.7").status == 200
    # The address by which the connection came.
    assert get("/", HOST, host="192.0.2.7").status == 200
    assert get("/", ("host", "localhost"), host="192.0.2.7").status == 403


@pytest.mark.parametrize("path", ["/", "/events", "/reports/0123456789ab"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9", "http://localhost:8000", "https://"]
)
def test_other_pages_are_refused(path: str, origin: str) -> None:
    assert get(path, HOST, ("origin", origin)).status == 403


def test_its_own_page_is_not_refused() -> None:
    assert get("/", HOST, ("origin", "http://127.0.0.1:8000")).status == 200


def test_another_page_starts_nothing_even_with_the_token() -> None:
    assert post(RUN, (*AUTHORIZED, ("origin", "http://evil.example"))).status == 403


@pytest.mark.parametrize(
    "authorization",
    [
        (),
        (("authorization", "Bearer wrong"),),
        (("authorization", TOKEN),),
        (("authorization", "Bearer "),),
        (("authorization", f"Basic {TOKEN}"),),
        (("authorization", "Bearer größe"),),
    ],
)
def test_without_the_token_nothing_is_started_or_stopped(authorization: Sequence[tuple[str, str]]) -> None:
    async def main() -> None:
        site = Site()
        headers = (HOST, *authorization, ("content-type", "application/json"))
        answer = await site.post(RUN, headers)
        assert answer.status == 401
        assert "token" in answer.json["error"]
        id_ = (await site.post(RUN)).json["id"]
        assert (await site.ask("POST", f"/runs/{id_}/stop", headers)).status == 401
        assert [run["id"] for run in site.shown.queue] == [id_]

    asyncio.run(main())


def test_every_answer_says_what_browsers_may_do() -> None:
    for answer in (get("/", HOST), get("/", ("host", "evil.example")), get("/nothing", HOST), post({})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_report_has_an_origin_of_nobodys() -> None:
    answer = get("/reports/0123456789ab", HOST)

    assert (answer.status, answer.body) == (200, b"<html>the report")
    assert "sandbox allow-scripts" in answer.headers["content-security-policy"]
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_where_there_is_no_report_one_line_says_so() -> None:
    assert get("/reports/ffffffffffff", HOST).status == 404
    assert get("/reports/no-id", HOST).status == 404
    away = get("/reports/0123456789ab", HOST, away=True)
    assert (away.status, away.json) == (503, {"error": "the broker, which has the report, does not answer"})


def test_a_fault_is_one_line_to_the_browser_and_the_rest_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> Answer:
        return await Site().ask("GET", f"/reports/{BROKEN}", [HOST], raises=ArithmeticError)

    answer = asyncio.run(main())
    assert (answer.status, answer.json) == (500, {"error": "the server has a fault: it has printed which"})
    assert f"GET /reports/{BROKEN} failed" in caplog.text
    assert "ArithmeticError" in caplog.text


@pytest.mark.parametrize(
    ("code", "says"),
    [(2, "it failed"), (-9, "was ended by SIGKILL"), (-11, "was ended by SIGSEGV: it failed")],
)
def test_of_what_a_run_has_printed_the_last_line_says_why_it_failed(code: int, says: str) -> None:
    async def main() -> None:
        site = Site()
        await site.post(RUN)
        asked = site.runs._waiting[0]
        site.runs._show(
            {"type": "state", "id": asked.id, "kind": "comparison", "status": "running", "lanes": []}
        )
        await site.runs._say_how_it_ended(asked, code, io.BytesIO(b"it failed"))
        state = site.shown.state(asked.id)
        assert state
        assert (state["status"], state["says"]) == ("failed", says)

    asyncio.run(main())


def test_a_run_that_is_no_longer_shown_ends_quietly() -> None:
    async def main() -> None:
        site = Site()
        assert (await site.post(RUN)).status == 201
        asked = site.runs._waiting[0]  # others have pushed it out of what is shown
        await site.runs._say_how_it_ended(asked, 1, io.BytesIO(b"it failed"))
        assert site.shown.state(asked.id) is None

    asyncio.run(main())


@pytest.mark.parametrize(
    "packed",
    [b"no gzip", gzip.compress(b"<html>")[:-9], gzip.compress(bytes(MOST_REPORT + 1))],
    ids=["no gzip", "torn", "too long"],  # the time is in what gzip makes
)
def test_what_is_no_report_is_none(packed: bytes) -> None:
    assert get("/reports/0123456789ab", HOST, packed=packed).status == 404


def test_runs_wait_in_their_order_and_are_stopped() -> None:
    async def main() -> None:
        site = Site()
        answers = [await site.post(run) for run in (RUN, RACE)]
        assert [answer.status for answer in answers] == [201, 201]
        assert [answer.json["place"] for answer in answers] == [0, 1]
        first, second = (answer.json["id"] for answer in answers)
        assert site.shown.queue == [
            {"id": first, "title": "waits", "names": RUN["with"]},
            {
                "id": second,
                "title": "24 games, 30 moves each, an hour in 0.5 s",
                "names": ["serial", "celery:gevent@24"],
            },
        ]
        stop = f"/runs/{first}/stop"
        assert (await site.ask("POST", stop, AUTHORIZED)).status == 200
        assert [run["id"] for run in site.shown.queue] == [second]
        assert (await site.ask("POST", stop, AUTHORIZED)).status == 404

    asyncio.run(main())


def test_no_more_than_ten_wait() -> None:
    async def main() -> None:
        site = Site()
        assert {(await site.post(RUN)).status for _ in range(MOST_WAITING)} == {201}
        answer = await site.post(RUN)
        assert answer.status == 429
        assert answer.json["error"].startswith("10 runs wait already")
        assert len(site.shown.queue) == MOST_WAITING == 10

    asyncio.run(main())


@pytest.mark.parametrize("pieces", [[b" " * (MOST_BYTES + 1)], [b" " * 4096] * 5])
def test_a_huge_body_is_refused(pieces: list[bytes]) -> None:
    async def main() -> None:
        answer = await Site().ask("POST", "/runs", AUTHORIZED, pieces)
        assert answer.status == 413
        assert answer.json["error"] == "a request has up to 16,384 bytes"

    asyncio.run(main())


def test_a_run_is_asked_for_in_json() -> None:
    answer = post(RUN, (*AUTHORIZED[:2], ("content-type", "text/plain")))
    assert answer.status == 415


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "request: "),
        (b"{", "request: "),
        (b"[" * 10_000, "request: "),
        (b"\xff", "request: "),
        ([], "request: "),
        ({}, "request: "),
        ({**RUN, "kind": "worm"}, "kind: invalid value 'worm'"),
        ({**RUN, "shell": "x"}, "request: object contains unknown field `shell`"),
        ({**RUN, "rounds": 0}, "rounds: expected `int` >= 1"),
        ({**RUN, "rounds": 10**9}, "rounds: expected `int` <= 100"),
        ({**RUN, "rounds": "3"}, "rounds: expected `int`, got `str`"),
        ({**RUN, "jobs": -1}, "jobs: expected `int` >= 1"),
        ({**RUN, "jobs": 10**9}, "jobs: expected `int` <= 20000"),
        ({**RUN, "seed": 2**70}, "seed: "),
        ({**RUN, "workloads": []}, "workloads: "),
        ({**RUN, "workloads": ["--help"]}, "no workload is called '--help'"),
        ({**RUN, "with": ["fibers"]}, "no contender is called 'fibers'"),
        ({**RUN, "with": ["threads@0"]}, "'threads@0': the slots after @ are a number from 1 to 10,000"),
        ({**RUN, "with": ["celery:gevent@4x65"]}, "'celery:gevent@4x65': the workers after x"),
        ({**RUN, "with": ["--out=/etc/passwd"]}, "no contender is called"),
        ({**RUN, "with": []}, "with: name a contender"),
        (
            {**RUN, "workloads": ["waits"], "with": [f"threads@{n}" for n in range(1, 90)]}
            | {"jobs": 20_000, "rounds": 100},
            "a result holds up to 5,000,000 records",
        ),
        ({**RACE, "lanes": []}, "lanes: "),
        ({**RACE, "lanes": ["serial"] * 3}, "lanes: "),
        ({**RACE, "lanes": ["fibers/in-turn"]}, "no contender is called 'fibers'"),
        (
            {**RACE, "lanes": ["asyncio+threads"]},
            "asyncio+threads plays no games; there are: serial, threads,",
        ),
        ({**RACE, "lanes": ["serial,threads"]}, "no contender is called 'serial,threads'"),
        (
            {**RACE, "lanes": ["celery:gevent@600x2"]},
            "'celery:gevent@600x2': an exhibition is played in up to",
        ),
        ({**RACE, "lanes": ["celery:gevent/in-turns"]}, "'celery:gevent/in-turns': no option is called"),
        ({**RACE, "lanes": ["/in-turn"]}, "no contender is called ''"),
        ({**RACE, "hour_s": 0}, "an hour takes more than 0 and at most 3,600 seconds, not 0 (hour_s)"),
        ({**RACE, "hour_s": 1e9}, "an hour takes more than 0 and at most 3,600 seconds, not 1e+09 (hour_s)"),
        (
            {**RACE, "hour_s": 1310},
            "an opponent thinks for up to 20 s, and here for 20.0139 s: ask for an hour_s",
        ),
        ({**RACE, "hour_s": float("nan")}, "request: JSON is malformed"),
        (b'{"kind":"race","lanes":["serial"],"hour_s":1e999}', "hour_s: number out of range"),
        ({**RACE, "opponents": 1001}, "Judit has 1 to 1,000 opponents, not 1,001 (opponents)"),
        ({**RACE, "opponents": True}, "opponents: expected `int`, got `bool`"),
        ({**RACE, "moves": 0}, "a game has 1 to 1,000 moves, not 0 (moves)"),
        (
            {**RACE, "opponents": 1000, "moves": 101},
            "an exhibition has up to 20,000 half-moves, and this one",
        ),
        ({**RACE, "judits": 65}, "there are 1 to 64 Judits, not 65 (judits)"),
        ({**RACE, "seed": 2**63}, "seed: "),
    ],
)
def test_a_mistake_is_one_clear_line(value: object, says: str) -> None:
    answer = post(value)

    assert answer.status == 400
    error = answer.json["error"]
    assert error.startswith(says)
    assert "\n" not in error
    assert "--" not in error.replace("'--", "'"), "a field is no option of the command line"
    assert len(error) < 500
