"""rediss://: jobs go through a Redis that speaks TLS, and a certificate of nobody's is not believed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from producer.results import load
from producer.system.broker import check
from tests.helpers import SIMUL, ready_worker, redis_server, running, simul
from worker.errors import BrokerUnavailableError
from worker.settings import TRANSPORTS

pytestmark = pytest.mark.untraced

#: The two ways to start a worker that docs/scaling.md shows.
WORKERS = {
    "simul": (SIMUL, "worker", "--pool", "threads", "-c", "2"),
    "celery": (
        sys.executable,
        *("-m", "celery", "-A", "worker", "worker"),
        *("--pool=threads", "-c", "2", "-Q", "simul.threads", "-l", "INFO"),
    ),
}
#: What makes an authority of one's own, and a certificate of its for the server at 127.0.0.1.
AUTHORITY = "req -x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=lab -addext keyUsage=critical,keyCertSign"
REQUEST = "req -newkey rsa:2048 -noenc -subj /CN=redis -addext subjectAltName=IP:127.0.0.1 -keyout redis.key"
SIGN = "x509 -req -days 2 -copy_extensions copy -CA ca.crt -CAkey ca.key -out redis.crt"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ca.crt, redis.crt and redis.key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on PATH, to make certificates with")
    directory = tmp_path_factory.mktemp("certificates")
    authority = f"{AUTHORITY} -keyout ca.key -out ca.crt"
    for command in (authority, f"{REQUEST} -out redis.csr", f"{SIGN} -in redis.csr"):
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def server(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis that speaks TLS and nothing else."""
    with redis_server(tmp_path_factory.mktemp("redis"), "a secret", tls=certificates) as address:
        yield address


@pytest.mark.parametrize(("way", "transport"), list(zip(WORKERS, TRANSPORTS, strict=True)))
def test_jobs_travel_over_tls(
    server: str, certificates: Path, tmp_path: Path, way: str, transport: str
) -> None:
    environment = {
        "SIMUL_BROKER_URL": f"{server}?ssl_ca_certs={certificates / 'ca.crt'}",
        "SIMUL_TRANSPORT": transport,
    }
    what = ["compare", "waits", "--with", "celery:threads", "--workers", "external", "--jobs", "6"]
    with ready_worker(WORKERS[way], environment=environment):
        said = simul(*what, "--rounds", "1", "--wide", cwd=tmp_path, environment=environment)
        assert said.code == 0, said.err
        assert "celery:threads@2" in said.out
        assert "0/0/0" in said.out


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_option_of_an_address_is_understood_by_all(
    certificates: Path, tmp_path: Path, transport: str
) -> None:
    authorities = tmp_path / "authorities"
    authorities.mkdir()
    shutil.copy(certificates / "ca.crt", authorities)
    subprocess.run(["openssl", "rehash", str(authorities)], check=True, capture_output=True)
    options = {
        "ssl_ca_path": str(authorities),
        "ssl_certfile": str(certificates / "redis.crt"),
        "ssl_keyfile": str(certificates / "redis.key"),
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": "false",
    }
    with redis_server(tmp_path, "a secret", certificates, knows_clients=True) as server:
        # By another name than that in the certificate.
        address = f"{server.replace('127.0.0.1', 'localhost')}?{urlencode(options)}"
        what = (
            "compare",
            "waits",
            "--quick",
            "--with",
            "celery:threads@2,celery:asyncio@2",
            "--out",
            "a.json",
        )
        environment = {"SIMUL_BROKER_URL": address, "SIMUL_TRANSPORT": transport}
        said = simul(*what, cwd=tmp_path, environment=environment)
        assert said.code == 0, said.err
        result = load(tmp_path / "a.json")
        assert {str(run.contender) for run in result.runs if run.valid} == {
            "celery:threads@2",
            "celery:asyncio@2",
        }
        assert result.broker.endswith(f"(rediss://***@localhost:{urlsplit(server).port}/0)")
        without = address.replace("&ssl_certfile", "&ssl_nothing").partition("&ssl_nothing")[0]
        with pytest.raises(BrokerUnavailableError, match=r"\(connect\)"):
            check(f"{without}&ssl_check_hostname=false")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_worker_does_not_believe_an_unknown_certificate(server: str, transport: str) -> None:
    # By default kombu would believe any, and say the password to anyone.
    environment = {"SIMUL_BROKER_URL": server, "SIMUL_TRANSPORT": transport}
    with running(WORKERS["celery"], environment=environment) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if " ready." in line or "Cannot connect" in line)
        assert "CERTIFICATE_VERIFY_FAILED" in line


@pytest.mark.parametrize("command", ["worker", "compare waits", "send waits"])
def test_an_unknown_certificate_is_refused_in_words(server: str, tmp_path: Path, command: str) -> None:
    said = simul(*command.split(), cwd=tmp_path, environment={"SIMUL_BROKER_URL": server})
    assert said.code == 3
    assert "is not to be trusted (connect)" in said.err
    assert "rediss://...?ssl_ca_certs=/path/to/ca.crt" in said.err
    assert "secret" not in said.err
    assert len(said.err.splitlines()) == 1


def test_what_else_is_wrong_is_said_too(server: str, certificates: Path) -> None:
    missing = certificates / "none.crt"
    with pytest.raises(BrokerUnavailableError, match=f"{missing} cannot be read"):
        check(f"{server}?ssl_ca_certs={missing}")
    other_name = server.replace("127.0.0.1", "localhost")  # the certificate is the address's alone
    with pytest.raises(BrokerUnavailableError, match=r"trusted .*[Hh]ostname mismatch"):
        check(f"{other_name}?ssl_ca_certs={certificates / 'ca.crt'}")
