"""Processes that take jobs: answers, failures, silence and their end."""

from pathlib import Path

import pytest

from benchmarks import children
from benchmarks.children import ChildError, forked, spawned

WORKER = "tests.benchmarks.answering"


def test_jobs() -> None:
    """A job has its members and gives its result; the process ends with the block."""
    with spawned("one", WORKER) as child:
        assert child.announcement == {"ready": True}
        assert child.ask("double", number=4) == 8
        assert child.ask("double", number=5) == 10
        process = child.ask("process")
        assert Path(f"/proc/{process}").exists()
    assert not Path(f"/proc/{process}").exists()


def test_failing_job() -> None:
    """A job that fails says why, and the process takes the next."""
    with spawned("one", WORKER) as child:
        with pytest.raises(ChildError, match=r"one: (?s:.*)ZeroDivisionError"):
            child.ask("fail")
        assert child.ask("double", number=1) == 2


def test_death() -> None:
    """A process that dies leaves its last words."""
    with (
        spawned("one", WORKER) as child,
        pytest.raises(ChildError, match=r"one ended:\nlast words"),
    ):
        child.ask("die")


def test_no_such_module() -> None:
    """What cannot start says so."""
    with (
        spawned("one", "benchmarks.nonsense") as child,
        pytest.raises(ChildError, match=r"No module named benchmarks\.nonsense"),
    ):
        child.ask("double", number=1)


def test_forked_failure() -> None:
    """A copy that cannot start says why."""
    with (
        forked("json", {"one": ("benchmarks.nonsense",)}) as copies,
        pytest.raises(ChildError, match=r"one ended:(?s:.*)No module named 'benchmarks\.nonsense'"),
    ):
        copies["one"].ask("double", number=1)


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that says nothing is not waited for without end."""
    with spawned("one", WORKER) as child:
        assert child.announcement
        monkeypatch.setattr(children, "ANSWER_LIMIT_S", 0.1)
        with pytest.raises(ChildError, match="one said nothing in 0 s"):
            child.ask("sleep")


def test_forked() -> None:
    """Copies of one process are as separate as others, and all end with the block."""
    crew = {"one": (WORKER, "first"), "two": (WORKER, "second")}
    with forked("json", crew) as copies:
        first, second = copies.values()
        assert [first.announcement, second.announcement] == [{"ready": True}] * 2
        assert [first.ask("words"), second.ask("words")] == [["first"], ["second"]]
        processes = [first.ask("process"), second.ask("process")]
        assert len(set(processes)) == 2
        with pytest.raises(ChildError, match="one ended:\nlast words"):
            first.ask("die")
        assert second.ask("double", number=2) == 4
    assert not any(Path(f"/proc/{process}").exists() for process in processes)
