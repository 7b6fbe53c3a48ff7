"""The embedded broker is private and leaves nothing; a real Redis works too; one that is none is refused."""

from __future__ import annotations

import contextlib
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker, check, open_broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from producer.workloads import build
from tests.helpers import command_line, free_port, redis_server, survivors
from worker.errors import BrokerUnavailableError

pytestmark = pytest.mark.untraced


def test_the_embedded_broker_listens_on_loopback_alone_and_saves_nothing(broker: Broker) -> None:
    assert broker.embedded
    assert broker.version.startswith("valkey ")
    assert broker.pid
    connections = psutil.Process(broker.pid).net_connections()
    listening = (connection.laddr for connection in connections if connection.status == "LISTEN")
    assert {address.ip for address in listening if address} <= {"127.0.0.1", "::1"}
    with contextlib.closing(connect(broker.url)) as client:
        assert client.config_get("protected-mode")["protected-mode"] == "yes"
        assert client.config_get("unixsocket")["unixsocket"] == ""
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"


def every_command(client: redis.Redis) -> Iterator[list[str]]:
    """Each command that needs a user, and each subcommand, with as many arguments as it must have."""
    info: Any = client.command()
    for name, about in info.items():
        below = [(subcommand[0].decode().split("|"), subcommand[1]) for subcommand in about["subcommands"]]
        for words, arity in below or [([name], about["arity"])]:
            if "no_auth" not in about["flags"]:  # those say who one is, or leave
                yield [*words, *["x"] * (abs(arity) - len(words))]


def test_the_embedded_broker_does_nothing_for_those_without_its_password(broker: Broker) -> None:
    stranger = urlsplit(broker.url)._replace(netloc=broker.url.rpartition("@")[2].partition("/")[0]).geturl()
    with contextlib.closing(connect(broker.url)) as client:
        commands = list(every_command(client))
    assert len(commands) > 300
    assert ["config", "set", "x", "x"] in commands
    for command in commands:
        with (
            contextlib.closing(connect(stranger)) as client,
            pytest.raises(redis.AuthenticationError, match="Authentication required"),
        ):
            client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's
    with pytest.raises(BrokerUnavailableError, match="refuses the password"):
        check(stranger)


def test_the_password_of_the_embedded_broker_is_nowhere_to_be_read(
    broker: Broker, reaper: Reaper, data_root: Path
) -> None:
    password = urlsplit(broker.url).password
    assert password
    assert len(password) == 64
    assert password not in broker.name + repr(broker)
    spec = Spec("celery:prefork", 2)
    worker = SpawnedWorkers(spec, broker, producer_app(broker.url), data_root, reaper)
    with Roster(lambda _: worker) as roster:
        roster.start(spec)
        lab = psutil.Process()
        everything = [lab, *lab.children(recursive=True), psutil.Process(broker.pid)]
        shown = "\n".join(map(command_line, everything))
        assert "valkey-server" in shown
        assert "-A worker worker" in shown
        assert password not in shown


def test_an_embedded_broker_is_gone_with_its_directory(
    reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A short path: a Unix socket's has room for 107 characters.
    with tempfile.TemporaryDirectory(prefix="s-") as top:
        monkeypatch.setattr(tempfile, "tempdir", top)
        with open_broker(None, reaper) as broker:
            assert broker.pid
            process = psutil.Process(broker.pid)
            [directory] = Path(top).iterdir()
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert survivors([process]) == []
        assert list(Path(top).iterdir()) == []
        with pytest.raises(BrokerUnavailableError):
            check(broker.url)


def test_a_long_path_to_the_temporary_directory_is_no_obstacle(
    reaper: Reaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with open_broker(None, reaper) as broker:
        assert check(broker.url)


def test_two_embedded_brokers_do_not_meet(reaper: Reaper, broker: Broker) -> None:
    with open_broker(None, reaper) as other:
        assert other.url != broker.url
        assert other.pid != broker.pid


def test_a_real_redis_does_the_same(redis_url: str, reaper: Reaper, data_root: Path) -> None:
    with open_broker(redis_url, reaper) as broker:
        assert not broker.embedded
        assert broker.version.startswith("redis ")
        assert "s3cret" not in broker.name
        app = producer_app(broker.url)
        with Roster(lambda spec: SpawnedWorkers(spec, broker, app, data_root, reaper)) as roster:
            outcome = roster.start(Spec("celery:threads", 4)).run(
                build("waits", jobs=12).jobs, lambda _: None
            )
        assert outcome.problems == []
        assert len(outcome.records) == 12
        app.close()
    assert check(redis_url)  # it is somebody else's: it lives on
    with contextlib.closing(connect(redis_url)) as client:
        left = [key for key in client.scan_iter() if client.ttl(key) < 0]
        assert left == [], "what the lab put there is gone again, or soon will be"


def test_a_missing_or_wrong_password_is_told_in_one_line(redis_url: str) -> None:
    parts = urlsplit(redis_url)
    if parts.password is None:
        pytest.skip("this Redis has no password")
    for credentials in ("", ":wrong@", "nobody:s3cret@"):
        url = f"redis://{credentials}127.0.0.1:{parts.port}/0"
        with pytest.raises(BrokerUnavailableError, match="refuses the password") as caught:
            check(url)
        assert "wrong@" not in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_broker_that_has_no_info_says_what_it_is(tmp_path: Path) -> None:
    with redis_server(tmp_path, None, None, "--rename-command", "INFO", "") as url:
        assert check(url).startswith("redis ")


def test_a_database_that_is_none_is_told_in_one_line(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailableError, match="DB index"):
        check(broker.url.replace("/0", "/999"))


def test_a_closed_port_is_told_with_what_to_do() -> None:
    with pytest.raises(BrokerUnavailableError, match=r"nothing answers at .* \(connect\): .*Start it"):
        check(f"redis://127.0.0.1:{free_port()}/0")


def test_a_host_that_does_not_exist_is_told() -> None:
    with pytest.raises(BrokerUnavailableError, match=r"nothing answers at redis://no-such-host\.invalid"):
        check("redis://no-such-host.invalid:6379/0")


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with pytest.raises(BrokerUnavailableError, match="nothing answers"):
            check(url)


def test_a_server_that_is_no_redis_is_told(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailableError):
        check(broker.url.replace("redis://", "rediss://"))
    with contextlib.closing(redis.Redis.from_url(broker.url)) as client:
        assert client.ping()
