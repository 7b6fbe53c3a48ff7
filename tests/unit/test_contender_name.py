"""A contender's name is read back as it was written, whatever its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.contender_name import ContenderName

WORDS = st.from_regex(r"[a-z]{1,9}", fullmatch=True)
NAMES = st.builds(
    ContenderName,
    st.one_of(WORDS, st.builds("celery:{}".format, WORDS), st.just("asyncio+threads")),
    st.integers(1, 10**9 - 1),
    st.integers(1, 999),
    st.lists(
        st.tuples(WORDS | st.just("max-tasks-per-child"), st.from_regex(r"[a-z0-9.,]{0,5}", fullmatch=True)),
        max_size=3,
    ).map(tuple),
    st.sampled_from(["", "3.13", "3.14t", "3.13.5t #2", "shop 3.11"]),
)


@given(NAMES)
def test_a_name_is_read_back_as_it_was_written(name: ContenderName) -> None:
    assert ContenderName.parse(str(name)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("serial", ContenderName("serial")),
        ("threads@8 [3.13t]", ContenderName("threads", 8, python="3.13t")),
        ("threads@8 [shop 3.11]", ContenderName("threads", 8, python="shop 3.11")),
        ("celery:prefork@4x2", ContenderName("celery:prefork", 4, 2)),
        ("celery:prefork@4x2/prefetch=1", ContenderName("celery:prefork", 4, 2, (("prefetch", "1"),))),
        (
            "celery:prefork@8/prefetch=1/autoscale=8,2/ofair [3.13]",
            ContenderName(
                "celery:prefork", 8, 1, (("prefetch", "1"), ("autoscale", "8,2"), ("ofair", "")), "3.13"
            ),
        ),
    ],
)
def test_the_parts_of_a_name(text: str, name: ContenderName) -> None:
    assert ContenderName.parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    ["", "@8", "threads@", "threads@0", "threads@8x", "threads@8@9", "threads@x", "a@8/b=", "a@8/"],
)
def test_what_has_another_form_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no name of a contender"):
        ContenderName.parse(text)


def test_a_way_is_a_name_without_slots() -> None:
    assert str(ContenderName.parse("celery:gevent@100x2").without_slots()) == "celery:gevent"
    assert (
        str(ContenderName.parse("celery:gevent@9/acks=early").without_slots()) == "celery:gevent/acks=early"
    )
    assert str(ContenderName.parse("threads@8 [3.14t]").without_slots()) == "threads [3.14t]"


def test_only_what_goes_through_celery_has_a_pool() -> None:
    assert ContenderName("celery:gevent", 1).celery_pool == "gevent"
    assert ContenderName("threads", 1).celery_pool is None
