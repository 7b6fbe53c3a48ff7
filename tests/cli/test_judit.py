"""`simul judit --with`: real games, played by whoever is named."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import chess.pgn
import pytest

from tests.helpers import SOON_S, await_line, end, family, redis_server, simul, started, survivors

SMALL = ("--opponents", "3", "--moves", "4", "--hour", "1")


def test_the_games_are_played_told_and_written(tmp_path: Path) -> None:
    said = simul(
        *("judit", "--with", "serial,asyncio,celery:threads@2", *SMALL, "--json", "--pgn", "games.pgn"),
        cwd=tmp_path,
    )
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert [lane["name"] for lane in told["lanes"]] == ["serial", "asyncio@3", "celery:threads@2"]
    for lane in told["lanes"]:
        assert lane["problems"] == []
        assert sum(lane["account"].values()) == pytest.approx(lane["measured_s"])
    with (tmp_path / "games.pgn").open(encoding="utf-8") as file:
        games = list(iter(lambda: chess.pgn.read_game(file), None))
    assert sum(len(list(game.mainline_moves())) for game in games) == told["half_moves"] == 24
    assert {game.headers["White"] for game in games} == {"Judit Polgár"}


def test_people_get_a_table_and_a_sentence_on_each_way(tmp_path: Path) -> None:
    said = simul("judit", "--with", "asyncio@1,asyncio/in-turn", *SMALL, "--judits", "2", cwd=tmp_path)
    assert said.code == 0, said.err
    assert "3 games, 4 moves each, 2 Judits, an hour in 1 s" in said.out
    assert "asyncio@3/in-turn" in said.out
    assert "One game after the other: each of 2 Judits" in said.out
    assert "only 1 opponent can think at once" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--judits", "2"), 2, "--judits is for real games: say who plays, --with"),
        (("--race", "--seed", "2026"), 2, "--seed, --race are for real games"),
        (("--with", "serial", "--design", "asyncio"), 2, "--design is for the two numbers"),
        (("--with", "nobody"), 2, "no contender is called 'nobody'"),
        (("--with", "interpreters"), 2, "plays no games"),
        (("--with", "asyncio", "--hour", "0"), 2, "--hour"),
        (("--with", "asyncio", "--opponents", "2000"), 2, "--opponents"),
        (("--with", "asyncio", "--pgn", "nowhere/games.pgn"), 6, "nowhere/games.pgn cannot be written"),
        (("--with", "celery:gevent", "--broker", "redis://127.0.0.1:1/0"), 3, "nothing answers"),
    ],
    ids=str,
)
def test_a_mistake_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    said = simul("judit", *arguments, cwd=tmp_path)
    assert said.code == code
    assert says in said.err
    assert len(said.err.splitlines()) == 1, said.err


@pytest.mark.parametrize("ways", ["processes,asyncio", "celery:threads,threads"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_breaks_games_off_leaves_nobody_playing(
    tmp_path: Path, ways: str, number: signal.Signals
) -> None:
    command = ("judit", "--with", ways, "--opponents", "3", "--hour", "1000", "--race")
    with started(*command, cwd=tmp_path) as process:
        assert process.stderr is not None
        await_line(process.stderr, f"{ways.partition(',')[2]}@3 plays")
        everything = family(process.pid)
        try:
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            _, err = process.communicate(timeout=2 * SOON_S)
            assert survivors(everything) == []
        finally:
            end(everything)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "Traceback" not in err


def test_workers_of_others_play_against_judits_of_the_labs(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        environment = {"SIMUL_BROKER_URL": url}
        with started("worker", "--pool", "gevent", "-c", "3", cwd=tmp_path, environment=environment):
            said = simul(
                *(
                    "judit",
                    "--with",
                    "celery:gevent",
                    *SMALL,
                    "--judits",
                    "2",
                    "--workers",
                    "external",
                    "--json",
                ),
                cwd=tmp_path,
                environment=environment,
            )
    assert said.code == 0, said.err
    [lane] = json.loads(said.out)["lanes"]
    assert (lane["judits"], lane["slots"], lane["problems"]) == (2, 3, [])


def test_where_no_opponent_is_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        said = simul(
            *("judit", "--with", "celery:gevent", *SMALL, "--workers", "external"),
            cwd=tmp_path,
            environment={"SIMUL_BROKER_URL": url},
        )
    assert said.code == 7
    assert "no worker consumes simul.gevent" in said.err
    assert "simul worker --pool gevent" in said.err
