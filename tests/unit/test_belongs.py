"""To which of the lab's workers a process belongs: names come with records, and anybody may write those."""

from __future__ import annotations

import os

import pytest

from producer.contenders.exchange import belongs


def test_a_process_belongs_to_itself_and_a_child_to_its_parent() -> None:
    assert belongs([f"lab/{os.getpid()}"], [1, os.getpid()]) == {f"lab/{os.getpid()}": 1}
    assert belongs([f"lab/{os.getpid()}"], [os.getppid()]) == {f"lab/{os.getpid()}": 0}


@pytest.mark.parametrize("name", ["somebody", "lab/", "lab/x", "lab/-7", f"lab/{10**30}", "lab/²"])
def test_a_name_that_is_no_process_of_theirs_ends_nothing(name: str) -> None:
    assert belongs([name], [os.getpid()]) == {}
