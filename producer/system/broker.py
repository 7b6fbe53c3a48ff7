"""The broker: an embedded server by default, or yours by its address."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

from producer.system.client import connect
from producer.system.embedded import embedded
from producer.system.reaper import Reaper
from worker.address import OPTIONS, Address, hide_password, parse
from worker.errors import BrokerUnavailableError

#: What to do where nothing answers.
START_IT = "Start it, or name another with --broker."
OR_EMBEDDED = "Start it, or leave --broker out to use the embedded one."


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that has answered."""

    #: Its address, in the form that redis-py and kombu read alike; for its password it is printed by `simul
    #: live` alone, which offers its own broker to other terminals.
    url: str = field(repr=False)
    embedded: bool
    #: "valkey 9.1.2" or "redis 8.0.2".
    version: str
    #: Its process on this machine, where the lab started it.
    pid: int | None = None

    @property
    def name(self) -> str:
        """The kind of the server and its address, without the password."""
        where = "embedded" if self.embedded else hide_password(self.url)
        return f"{self.version} ({where})"


@contextlib.contextmanager
def open_broker(url: str | None, reaper: Reaper) -> Iterator[Broker]:
    """Open the broker at `url`, or an embedded one that ends with this context.

    Raises:
        BrokerUnavailableError: nothing answers there, or it refuses us.
    """
    if url:
        yield Broker(parse(url).url, embedded=False, version=check(url, OR_EMBEDDED))
    else:
        with embedded(reaper) as (own, pid):
            yield Broker(own, embedded=True, version=check(own), pid=pid)


def check(url: str, advice: str = START_IT) -> str:
    """Ask the server at `url` who it is: "valkey 9.1.2".

    Raises:
        BrokerUnavailableError: nothing answers in `client.ANSWER_S`, it refuses us, or the address is none.
    """
    address = parse(url)
    client = connect(address.url)
    with contextlib.closing(client):
        try:
            return _version(client)
        except redis.AuthenticationError as error:
            raise BrokerUnavailableError(
                f"the broker at {address} refuses the password (connect): {str(error).rstrip('.')}. "
                "Write it into the address: redis://:PASSWORD@host:6379/0."
            ) from None
        except redis.ResponseError as error:
            raise BrokerUnavailableError(
                f"the broker at {address} refuses us (connect): {str(error).rstrip('.')}. "
                "Is its address right?"
            ) from None
        except redis.RedisError as error:
            why = _tls_trouble(address, error.__context__) or (
                f"nothing answers at {address} (connect): {str(error).rstrip('.')}. {advice}"
            )
            raise BrokerUnavailableError(why) from None


def _version(client: redis.Redis) -> str:
    try:
        info = client.info("server")
    except redis.ResponseError as error:
        from celery_reliable_redis import is_refusal  # not at the top: it loads kombu

        if not is_refusal(error):
            raise
        # INFO is @dangerous, and may be renamed; HELLO says as much, for this.
        hello: Any = client.execute_command("HELLO")  # type: ignore[no-untyped-call]  # redis-py's
        fields = dict(zip(hello[::2], hello[1::2], strict=True))
        return f"{fields[b'server'].decode()} {fields[b'version'].decode()}"
    if "valkey_version" in info:
        return f"valkey {info['valkey_version']}"
    return f"redis {info.get('redis_version', 'unknown')}"


def _tls_trouble(address: Address, cause: BaseException | None) -> str | None:
    """Say what is wrong with the encryption; None where it is something else."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"the broker's certificate is not to be trusted (connect): {cause.verify_message.rstrip('.')}. "
            "For an authority of your own, say where its certificate is: "
            "rediss://...?ssl_ca_certs=/path/to/ca.crt."
        )
    if isinstance(cause, FileNotFoundError | PermissionError):
        paths = [path for name, path in address.options.items() if OPTIONS[name] is None]
        for path in paths:
            if not os.access(path, os.R_OK):
                return f"{path} cannot be read, which the broker's address names (connect): is it there?"
    return None


def require_transport(url: str, transport: str) -> None:
    """Make sure that the transport works with the broker at `url`.

    Raises:
        BrokerUnavailableError: it needs a newer server, or one that is no cluster.
    """
    if transport == "reliable":
        from celery_reliable_redis import UnsupportedServerError, require_supported

        with contextlib.closing(connect(url)) as client:
            try:
                require_supported(client)
            except UnsupportedServerError as error:
                raise BrokerUnavailableError(f"{error} (Here, that is --transport stock.)") from None
