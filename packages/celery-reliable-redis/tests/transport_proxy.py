"""A proxy on loopback that can fall silent: both TCP connections stay open, and nothing passes any more."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


class Link:
    """Two connections, one to each side, and what passes between them."""

    def __init__(self, client: socket.socket, server: socket.socket, passes: bool) -> None:
        self.ends = client, server
        #: All that the client has said.
        self.said = bytearray()
        self._may_pass = threading.Event()
        self._is_closed = False
        if passes:
            self._may_pass.set()
        self.threads = [
            threading.Thread(target=self._pump, args=(client, server, self.said)),
            threading.Thread(target=self._pump, args=(server, client, bytearray())),
        ]
        for thread in self.threads:
            thread.start()

    def silence(self) -> None:
        """Let nothing pass."""
        self._may_pass.clear()

    def heal(self) -> None:
        """Let everything pass, with what was kept."""
        self._may_pass.set()

    def close(self) -> None:
        self._is_closed = True
        self._may_pass.set()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for end in self.ends:
            end.close()

    def _pump(self, source: socket.socket, target: socket.socket, heard: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                heard += data
                self._may_pass.wait()
                if self._is_closed:
                    return
                target.sendall(data)
            self._may_pass.wait()
            target.shutdown(socket.SHUT_WR)


class Proxy:
    """Stands before a server on loopback; `port` is its own."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._links: list[Link] = []
        self._passes = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def silence(self, whom: Callable[[bytes], bool] = lambda _: True, *, and_new: bool = False) -> int:
        """Let nothing more pass on connections chosen by what their clients have said. Returns how many.

        With `and_new`, new connections are accepted, and nothing passes on these, either.
        """
        self._passes = not and_new
        chosen = [link for link in self._links if whom(bytes(link.said))]
        for link in chosen:
            link.silence()
        return len(chosen)

    def has(self, whom: Callable[[bytes], bool]) -> bool:
        """Return whether there is a connection whose client has said that."""
        return any(whom(bytes(link.said)) for link in self._links)

    def heal(self) -> None:
        """Let everything pass again."""
        self._passes = True
        for link in self._links:
            link.heal()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for link in self._links:
            link.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._links.append(Link(client, server, self._passes))


@contextlib.contextmanager
def proxy_for(server_port: int) -> Iterator[Proxy]:
    proxy = Proxy(server_port)
    try:
        yield proxy
    finally:
        proxy.close()
