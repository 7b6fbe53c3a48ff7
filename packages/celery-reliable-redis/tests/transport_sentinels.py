"""A master, its replica, and the Sentinels that watch over both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transport_lab import Server, running_server, until

NAME = "mymaster"


@dataclass
class Sentinel(Server):
    """A Sentinel on a loopback port of its own."""

    def command(self) -> list[str]:
        """What starts it: it keeps what it knows in its file."""
        file = self.directory / "sentinel.conf"
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.directory}", *self.arguments]
        file.write_text("\n".join(lines) + "\n")
        return [self.binary, str(file), "--sentinel"]


@dataclass
class Watched:
    """Two servers, one of which is the master, and three Sentinels."""

    servers: list[Server] = field(default_factory=list)
    sentinels: list[Sentinel] = field(default_factory=list)

    def url(self, db: int = 0) -> str:
        return ";".join(f"sentinel://127.0.0.1:{sentinel.port}/{db}" for sentinel in self.sentinels)

    def master(self) -> Server:
        """The server that the first Sentinel names."""
        with self.sentinels[0].client() as client:
            address: Any = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        return next(server for server in self.servers if server.port == int(address[1]))

    def fail_over(self) -> None:
        """Have the Sentinels make the other one the master; both stay up."""
        with self.sentinels[0].client() as client:
            client.execute_command("SENTINEL", "FAILOVER", NAME)

    def until_another_is_master(self, than: Server) -> Server:
        """Wait until the Sentinels name another one, who says so himself."""
        until(lambda: self.master() is not than and self._is_master(self.master()), "a failover")
        return self.master()

    def until_complete(self) -> None:
        """Wait until each Sentinel knows of all others, and of the replica, and that has everything."""
        until(lambda: all(map(self._knows_all, self.sentinels)), "Sentinels that know each other")
        with self.servers[0].client() as client:
            until(lambda: client.execute_command("WAIT", 1, 1000) == 1, "a replica that has everything")

    def _knows_all(self, sentinel: Sentinel) -> bool:
        with sentinel.client() as client:
            known: Any = client.execute_command("SENTINEL", "MASTER", NAME)
        if isinstance(known, list):
            known = dict(zip(known[::2], known[1::2], strict=True))
        facts = {_text(key): _text(value) for key, value in known.items()}
        others, replicas = int(facts["num-other-sentinels"]), int(facts["num-slaves"])
        return others == len(self.sentinels) - 1 and replicas == len(self.servers) - 1

    @staticmethod
    def _is_master(server: Server) -> bool:
        with server.client() as client:
            role: Any = client.execute_command("ROLE")
        return _text(role[0]) == "master"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextlib.contextmanager
def watched_servers(binary: str, directory: Path, *, sentinels: int = 3) -> Iterator[Watched]:
    """A master and a replica, watched by Sentinels; all are stopped afterwards."""
    watched = Watched()
    with contextlib.ExitStack() as stack:

        def place(name: str) -> Path:
            (directory / name).mkdir()
            return directory / name

        master = stack.enter_context(running_server(binary, place("first")))
        replicates = "--replicaof", "127.0.0.1", str(master.port), "--repl-diskless-sync-delay", "0"
        watched.servers = [
            master,
            stack.enter_context(running_server(binary, place("second"), *replicates)),
        ]
        rules = (
            f"sentinel monitor {NAME} 127.0.0.1 {master.port} 2",
            f"sentinel down-after-milliseconds {NAME} 1000",
            f"sentinel failover-timeout {NAME} 4000",
        )
        for number in range(sentinels):
            sentinel = Sentinel(binary, place(f"sentinel{number}"), rules)
            sentinel.start()
            stack.callback(sentinel.stop)
            watched.sentinels.append(sentinel)
        watched.until_complete()
        yield watched
