"""Folders are replaced as a whole, by one run at a time."""

from pathlib import Path
import subprocess
import threading

import pytest

from script.lib.console import ScriptError
from script.lib.files import building, cache_folder, locked, replace_folder, tracked

from .conftest import Tree


def contents(folder: Path) -> dict[str, str]:
    """Read the files of a folder."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_a_finished_folder_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """The old one goes when the new one stands, and nothing else is left behind."""
    target = tmp_path / "env"
    target.mkdir()
    (target / "old").write_text("1")
    with building(target) as folder:
        (folder / "new").write_text("2")
        assert contents(target) == {"old": "1"}
    assert contents(target) == {"new": "2"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_build_changes_nothing(tmp_path: Path) -> None:
    """What stood there stands, and the half-built folder is gone."""
    target = tmp_path / "env"
    target.mkdir()
    (target / "old").write_text("1")
    with pytest.raises(FileNotFoundError), building(target) as folder:
        (folder / "missing" / "new").write_text("2")
    assert contents(target) == {"old": "1"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_swap_brings_the_old_back(tmp_path: Path) -> None:
    """When the new folder cannot be moved, the old one returns."""
    target = tmp_path / "env"
    target.mkdir()
    (target / "old").write_text("1")
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "missing", target)
    assert contents(target) == {"old": "1"}


def test_only_one_run_holds_the_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run says that it waits, and goes on when the first is done."""
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path / "lock"):
            order.append("second")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert "waiting" in capsys.readouterr().out


def test_the_cache_lies_where_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XDG_CACHE_HOME is followed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "latchkey"
    assert cache_folder().is_dir()


def test_ignored_files_are_not_read(tree: Tree) -> None:
    """Only what git knows, or would add, belongs to the repository."""
    root = tree({".gitignore": "local/\n", "local/x.py": "", "kept.py": "", "ü.md": ""})
    subprocess.run(["git", "init", "-q", root], check=True)
    assert [path.name for path in tracked(root)] == [".gitignore", "kept.py", "ü.md"]


def test_a_tree_without_git_is_read_as_well(tree: Tree) -> None:
    """An archive of the sources has no git; environments and caches in it do not count."""
    root = tree({"a.py": "", ".venv/b.py": "", ".ci/run": "", "x/__pycache__/c.pyc": "", ".d": ""})
    assert [path.relative_to(root).as_posix() for path in tracked(root)] == [
        ".ci/run",
        ".d",
        "a.py",
    ]


def test_a_broken_repository_is_not_an_empty_one(tree: Tree) -> None:
    """A check that reads no file would pass unseen."""
    root = tree({"a.py": "", ".git": "gitdir: nowhere"})
    with pytest.raises(ScriptError, match="git ls-files"):
        tracked(root)
