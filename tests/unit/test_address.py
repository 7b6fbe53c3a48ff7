"""What a broker's address may say is one list, understood alike by all; what it hides is never shown."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kombu.utils.url import parse_url as by_kombu
from redis.connection import ConnectionPool

from worker.address import OPTIONS, Address, hide_password, parse
from worker.errors import BrokerUnavailableError

#: Of these a password has at least one, and nothing else in a test's address or in simul's words has any.
TELLTALE = "ΨЖÆ"
#: What addresses, URLs in general, and terminals have a meaning for.
SPECIAL = "/@:?#[]%&=+;,.$!*'(){}|\\^`\"<>~ -_09\t\n"
SECRETS = st.text(TELLTALE + SPECIAL, min_size=1).filter(lambda text: bool(set(text) & set(TELLTALE)))
#: Where people put passwords, or where they end up by a slip.
PLACES = (
    "redis://:{}@host:6379/0",
    "redis://{}@host",
    "redis://judit:{}@host:6379/0",
    "rediss://judit:{}@host/1?ssl_ca_certs=/ca.crt",
    "redis://:{}@[::1]:6379/0",
    "redis://:{}",
    "redis://judit:{}",
    "judit:{}@host:6379",
    ":{}@host",
    "{}",
    "//:{}@host",
    "redis:/:{}@host",
    "http://judit:{}@host",
    "unix://:{}@/tmp/socket",
    "redis+socket:///tmp/socket?password={}",
    "redis://host:6379/0?password={}",
    "redis://host:6379/0?username=judit&password={}&db=0",
    "rediss://host?ssl_password={}",
    "rediss://host?ssl_cert_reqs={}",
    "rediss://host?ssl_ca_certs={}",
    "rediss://host?{}",
    "redis://host/{}",
    "redis://host/0#{}",
    "redis://host:{}/0",
    "redis://:{}@host;redis://:{}@other",
)

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
PARTS = st.text(st.characters(codec="utf-8"), max_size=20)


def by_redis(address: str) -> dict[str, Any]:
    """What redis-py reads in an address."""
    pool = ConnectionPool.from_url(address)
    return dict(pool.connection_kwargs)


def refusal(address: str) -> str:
    """Why it is refused."""
    with pytest.raises(BrokerUnavailableError) as caught:
        parse(address)
    return str(caught.value)


@settings(deadline=None)
@given(st.sampled_from(PLACES), SECRETS)
@example("redis://:{}@host:6379/0", "Ψ/Ж")
@example("redis://:{}@host:6379/0", "Ψ@Ж/")
@example("redis://:{}@host:6379/0", "Ψ@Ж?")
@example("rediss://host?ssl_password={}", "Ψ@Ж")
def test_a_password_is_never_shown_wherever_it_stands(place: str, secret: str) -> None:
    address = place.replace("{}", secret)
    text = hide_password(address)
    try:
        parsed = parse(address)
    except BrokerUnavailableError as error:
        text += str(error) + repr(error)
    else:
        text += str(parsed) + repr(parsed)
    assert not set(text) & set(TELLTALE)


@settings(deadline=None)
@given(
    tls=st.booleans(),
    user=PARTS,
    password=PARTS,
    host=st.one_of(NAMES, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map("[{}]".format)),
    port=st.none() | st.integers(1, 65535),
    database=st.none() | st.integers(0, 99),
    paths=st.dictionaries(
        st.sampled_from([name for name, values in OPTIONS.items() if values is None]),
        st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1),
    ),
)
def test_redis_and_kombu_read_an_address_as_it_is_meant(
    tls: bool,
    user: str,
    password: str,
    host: str,
    port: int | None,
    database: int | None,
    paths: dict[str, str],
) -> None:
    options = paths if tls else {}
    meant = Address(tls, user, password, host.strip("[]"), port, database, options)
    address = parse(meant.url)
    assert address == meant
    ours, kombus = by_redis(address.url), by_kombu(address.url)
    assert ours.get("host") == kombus["hostname"] == host.strip("[]")
    assert (ours.get("port"), kombus["port"]) == (port, port)
    assert ours.get("username", "") == (kombus["userid"] or "") == user
    assert ours.get("password", "") == (kombus["password"] or "") == password
    assert ours.get("db", 0) == int(kombus["virtual_host"] or 0) == (database or 0)
    assert {name: ours[name] for name in options} == kombus.get("ssl", {}) == options


@pytest.mark.parametrize("name", ["ssl_cert_reqs", "ssl_check_hostname"])
def test_redis_and_kombu_take_the_words_of_an_option_alike(name: str) -> None:
    for value in OPTIONS[name] or ():
        address = parse(f"rediss://host?{name}={value}").url
        ours, kombus = by_redis(address)[name], by_kombu(address)["ssl"][name]
        assert ours == (f"{kombus.name}".removeprefix("CERT_").lower() if name == "ssl_cert_reqs" else kombus)


@pytest.mark.parametrize(
    ("address", "as_shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@host:6379/0", "redis://***@host:6379/0"),
        ("rediss://judit:secret@host/1?ssl_cert_reqs=none", "rediss://***@host/1"),
        ("redis://secret@host", "redis://***@host"),  # meant as a password, says Redis's own documentation
        ("redis://:p@ss:word@host:1/0", "redis://***@host:1/0"),
        ("redis://:@host", "redis://host"),
        ("redis://:secret@[::1]:6379/0", "redis://***@[::1]:6379/0"),
        ("redis://:se/cret@host", "redis://***"),
        ("redis+socket:///tmp/socket", "***"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, as_shown: str) -> None:
    assert hide_password(address) == as_shown


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "does not begin with redis:// or rediss://"),
        ("nonsense", "does not begin with redis:// or rediss://"),
        ("host:6379", "does not begin with redis:// or rediss://"),
        ("http://host", "does not begin with redis:// or rediss://"),
        ("unix:///tmp/socket", "does not begin with redis:// or rediss://"),
        ("redis+socket:///tmp/socket", "does not begin with redis:// or rediss://"),
        ("redis://", "names no host"),
        ("redis://:6379/0", "names no host"),
        ("redis://one,two", "a character in its host"),
        ("redis://one;redis://two", "a character in its host"),
        ("redis://host:99999/0", "a port that is no number from 1 to 65535"),
        ("redis://host:port/0", "a port that is no number from 1 to 65535"),
        ("redis://host:0/0", "a port that is no number from 1 to 65535"),
        ("redis://host:/0", "a port that is no number from 1 to 65535"),
        ("redis://[::1", "cannot be read"),
        ("redis://:pass/word@host", "/ is %2F"),
        ("redis://:pass%ffword@host", "itself it is written %25"),
        ("redis://:pass word@host", "a space or a control character"),
        ("redis://host\n", "a space or a control character"),
        ("redis://host/name", "a database that is no number"),
        ("redis://host/0/1", "a database that is no number"),
        ("redis://host?protocol=3", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("redis://host?decode_responses=True", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("redis://host?health_check_interval=2", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("redis://host?db=5", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("redis://host?lease=2", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("rediss://host?ssl_password=secret", "none of: ssl_ca_certs, ssl_ca_path,"),
        ("redis://host?ssl_ca_certs=/ca.crt", "options are for rediss://"),
        ("rediss://host?ssl_ca_certs=", "ssl_ca_certs that is not a path"),
        ("rediss://host?ssl_cert_reqs=no", "ssl_cert_reqs that is not required or optional or none"),
        ("rediss://host?ssl_check_hostname=0", "ssl_check_hostname that is not true or false"),
        ("rediss://host?ssl_ca_certs=/a&ssl_ca_certs=/b", "ssl_ca_certs more than once"),
        ("rediss://host?ssl_ca_certs", "cannot be read"),
    ],
)
def test_all_else_is_refused_in_one_line_with_what_may_be_written(address: str, why: str) -> None:
    line = refusal(address)
    assert why in line
    assert "(address). Write redis://HOST:PORT/DATABASE" in line
    assert "\n" not in line
