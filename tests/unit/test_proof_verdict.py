"""The long proof's account: what it takes for lost, done twice and unexplained. No server, no worker."""

from __future__ import annotations

from pathlib import Path

from tests.bench.proof_notes import Note, Notebook, read_notes
from tests.bench.proof_verdict import Verdict, judge
from tests.bench.proof_workers import Ending, Kill


def kill(worker: str, at: float, *, ending: Ending = "hard", gone: float | None = None) -> Kill:
    return Kill(ending, worker, 1, 0.0, at, at, gone or at)


def job(number: int, worker: str, at: float) -> list[Note]:
    """A job that took no time."""
    return [Note(worker, number, False, at), Note(worker, number, True, at)]


def verdict_on(*notes: Note, sent: int = 1, kills: tuple[Kill, ...] = ()) -> Verdict:
    return judge(sent, notes, kills)


def test_a_job_that_nobody_has_done_is_lost() -> None:
    begun = Note("a", 1, False, 10.0)
    verdict = verdict_on(*job(0, "a", 9.0), begun, sent=3, kills=(kill("a", 10.1),))
    assert verdict.lost == [1, 2]
    assert verdict.broken_off == {"a": 1}
    assert not verdict.unattributed


def test_a_job_done_just_before_its_workers_end_is_done_again_because_of_that() -> None:
    verdict = verdict_on(*job(0, "a", 9.998), *job(0, "b", 14.0), kills=(kill("a", 10.0),))
    assert [note.at for note in verdict.duplicates["a"]] == [9.998]
    assert not verdict.unattributed


def test_a_job_done_between_the_signal_and_the_end_counts_as_well() -> None:
    last = kill("a", 10.0, ending="graced", gone=12.0)
    verdict = verdict_on(*job(0, "a", 11.0), *job(0, "b", 10.5), kills=(last,))
    assert [note.at for note in verdict.duplicates["a"]] == [11.0]


def test_a_job_done_twice_by_workers_that_live_is_unexplained() -> None:
    verdict = verdict_on(*job(0, "a", 9.0), *job(0, "b", 9.5))
    assert len(verdict.unattributed) == 1
    assert not verdict.lost


def test_a_job_done_long_before_its_workers_end_is_unexplained_when_it_is_done_again() -> None:
    verdict = verdict_on(*job(0, "a", 9.0), *job(0, "b", 14.0), kills=(kill("a", 10.0),))
    assert len(verdict.unattributed) == 1
    assert not verdict.duplicates["a"]


def test_a_kill_explains_one_repetition_and_not_two() -> None:
    notes = [*job(0, "a", 10.0), *job(0, "b", 14.0), *job(0, "c", 15.0)]
    verdict = verdict_on(*notes, kills=(kill("a", 10.0),))
    assert len(verdict.duplicates["a"]) == len(verdict.unattributed) == 1


def test_a_job_that_began_and_never_ended_on_a_worker_that_lives_is_unexplained() -> None:
    verdict = verdict_on(Note("a", 0, False, 9.0), *job(0, "b", 14.0))
    assert len(verdict.unattributed) == 1


def test_a_job_that_nobody_has_sent_is_told() -> None:
    assert verdict_on(*job(0, "a", 9.0), *job(7, "a", 9.0)).unknown == [7]


def test_what_a_notebook_holds_is_read_as_it_was_written(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, "a")
    notebook.begin(3)
    notebook.end(3)
    begun, done = read_notes(tmp_path)
    assert (begun.worker, begun.job, begun.is_end) == ("a", 3, False)
    assert (done.worker, done.job, done.is_end) == ("a", 3, True)
    assert begun.at <= done.at
