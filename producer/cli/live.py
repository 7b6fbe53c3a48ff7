"""`simul live`."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import typer

from producer.cli import live_options, options
from producer.cli.console import say, tell
from producer.system import interrupts
from worker import settings
from worker.errors import SettingsError

#: Letters, digits and signs: it goes through an address and a header.
_TOKEN = re.compile(r"[!-~]{1,200}")


def live(
    port: live_options.Port = 8000,
    host: live_options.Host = "127.0.0.1",
    broker: options.BrokerUrl = None,
    allow_host: live_options.AllowedHosts = "",
    data: options.Data = settings.PROJECT_DATA,
    quiet: options.Quiet = False,
) -> None:
    """Show exhibitions and comparisons in browsers while they go on, and start some, until Ctrl-C.

    Watching needs nothing but the address. Starting a run needs the token in it, which is another each time
    unless SIMUL_TOKEN says what it is.
    """
    token = _token()
    # Here, and not at the top: no other command needs a web server.
    from producer.live.server.guard import EVERYWHERE
    from producer.live.server.service import Service, bind, serve
    from producer.system.broker import open_broker
    from producer.system.reaper import Reaper

    with (
        contextlib.closing(bind(host, port)) as listener,
        Reaper() as reaper,
        open_broker(broker, reaper) as opened,
        tempfile.TemporaryDirectory(prefix="simul-live-", ignore_cleanup_errors=True) as directory,
    ):
        reaper.add_directory(Path(directory))
        if not opened.embedded:
            reaper.set_broker(opened.url)
        shown = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
        tell(f"http://{shown}:{listener.getsockname()[1]}/#token={quote(token)}")
        sys.stdout.flush()  # who reads it in a pipe waits for it
        if not quiet:
            say(f"live: over the broker {opened.name}; Ctrl-C ends it, and a run that goes on")
            if opened.embedded:  # who reads this has the token, too
                say(f"live: to watch what another terminal runs, there: export SIMUL_BROKER_URL={opened.url}")
        allowed = [name.strip() for name in allow_host.split(",") if name.strip()]
        serve(
            Service(
                listener, host, opened.url, token, Path(directory), data.resolve(), reaper, allowed=allowed
            )
        )
    raise typer.Exit(interrupts.EXIT_CODE)


def _token() -> str:
    token = os.environ.get("SIMUL_TOKEN") or secrets.token_urlsafe(24)
    if not _TOKEN.fullmatch(token):
        raise SettingsError("SIMUL_TOKEN has up to 200 letters, digits and signs, and no space (settings)")
    return token
