"""What a server says: that it cannot serve now, that it never will, that all is well."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis._parsers import _RESP3Parser

from celery_reliable_redis.mistakes import UnsupportedServerError
from celery_reliable_redis.servers import (
    CannotServeError,
    is_refusal,
    make_patient,
    require_supported,
)

NOT_NOW = [
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 1f, on @user_script:5.",
    "ERR Error running script (call to f_1): @user_script:5: -READONLY You can't write against a replica.",
    "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOREPLICAS Not enough good replicas to write.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CLUSTERDOWN The cluster is down",
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
]
OTHERS = [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "BUSYGROUP Consumer Group name already exists",
    "ERR syntax error near 'a READONLY thing'",
    "NOPERM this user has no permissions to run the 'eval' command",
]
REFUSALS = [
    "NOPERM this user has no permissions to run the 'eval' command",
    "NOPERM this user has no permissions to access one of the keys used as arguments",
    "ERR unknown command 'CLIENT', with args beginning with: 'TRACKING'",
    "ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.",
    "ERR ACL failure in script: User worker has no permissions to run the 'zadd' command script: 1f",
    "ERR Error running script: The user executing the script can't run this command or subcommand",
    "ERR The user executing the script can't access at least one of the keys mentioned in the command",
]


def parsed(reply: str) -> redis.ResponseError:
    """As redis-py has it."""
    error: redis.ResponseError = _RESP3Parser.parse_error(reply)  # type: ignore[no-untyped-call]  # redis-py's
    return error


def hear(reply: str) -> Any:
    """What a connection makes of an error of the server."""

    class Connection:
        def read_response(self) -> Any:
            raise parsed(reply)

    return make_patient(Connection)().read_response()


@pytest.mark.parametrize("reply", NOT_NOW)
def test_who_cannot_serve_now_is_a_lost_connection(reply: str) -> None:
    with pytest.raises(CannotServeError) as caught:
        hear(reply)
    # redis-py before 8 takes ERR off the text, and does not keep it.
    kept = reply if hasattr(parsed(reply), "status_code") else reply.removeprefix("ERR ")
    assert str(caught.value) == kept
    assert isinstance(caught.value, redis.ConnectionError)


@pytest.mark.parametrize("reply", OTHERS)
def test_other_errors_are_what_they_were(reply: str) -> None:
    with pytest.raises(redis.ResponseError):
        hear(reply)


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_is_known(reply: str) -> None:
    assert is_refusal(parsed(reply))


@pytest.mark.parametrize("reply", NOT_NOW + OTHERS[:-1])
def test_and_nothing_else(reply: str) -> None:
    assert not is_refusal(parsed(reply))


def client_of(answer: Any) -> redis.Redis:
    class Client(redis.Redis):
        def execute_command(self, *args: Any, **options: Any) -> Any:
            assert args == ("HELLO",)
            assert not options
            if isinstance(answer, Exception):
                raise answer
            return answer

    return Client()


@pytest.mark.parametrize("version", ["6.0.16", "5.0.6", "6.1"])
def test_an_older_version_is_refused(version: str) -> None:
    with pytest.raises(UnsupportedServerError, match=rf"Redis {version}; .* needs 6\.2"):
        require_supported(client_of({b"version": version.encode(), b"mode": b"standalone"}))


@pytest.mark.parametrize("answer", [{b"mode": b"cluster"}, [b"version", b"7.0.15", b"mode", b"cluster"]])
def test_a_cluster_is_refused(answer: Any) -> None:
    with pytest.raises(UnsupportedServerError, match="is a Redis cluster"):
        require_supported(client_of(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {b"version": b"6.2.0", b"mode": b"standalone", b"modules": []},
        [b"version", b"255.255.255"],
        {"version": "9.1.0"},
        {b"version": b"unstable"},
        redis.ResponseError("unknown command 'HELLO'"),
    ],
)
def test_others_are_believed_to_do(answer: Any) -> None:
    require_supported(client_of(answer))
