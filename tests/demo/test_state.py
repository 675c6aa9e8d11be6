"""The folder of the demo's state: locked, kept, reset, and never another's."""

from pathlib import Path

import pytest

from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.state import KEPT, LOCK, State, StateFolder


def test_state_is_kept(tmp_path: Path) -> None:
    """The next start reads what the last one stored."""
    folder = StateFolder(tmp_path / "new" / "demo")
    with folder.locked():
        folder.state.port = 8124
        folder.state.simulator_ports["dio_chacon"] = 40000
        folder.save()
    again = StateFolder(folder.path)
    with again.locked():
        assert again.state == State(port=8124, simulator_ports={"dio_chacon": 40000})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', "\ud800"])
def test_what_cannot_be_read_starts_anew(tmp_path: Path, content: str) -> None:
    """A damaged file costs the memory of ports, not the start."""
    (tmp_path / KEPT).write_bytes(content.encode("utf-8", "surrogatepass"))
    folder = StateFolder(tmp_path)
    with folder.locked():
        assert folder.state == State()


def test_one_demo_per_folder(tmp_path: Path) -> None:
    """A second start is refused with the address of the first."""
    folder = StateFolder(tmp_path / "demo")
    with folder.locked():
        with pytest.raises(DemoError, match=r"runs already \(still starting or stopping\)"):
            StateFolder(folder.path).locked().__enter__()
        folder.publish({"url": "http://127.0.0.1:8123"})
        with pytest.raises(DemoError, match=r"runs already at http://127\.0\.0\.1:8123"):
            StateFolder(folder.path).locked().__enter__()
    with StateFolder(folder.path).locked():
        pass


def test_what_a_killed_demo_left_is_cleared(tmp_path: Path) -> None:
    """Temporary files do not outlive the demo that made them by more than one start."""
    folder = StateFolder(tmp_path / "demo")
    with folder.locked():
        (folder.temporary / "upload").mkdir(parents=True)
    with StateFolder(folder.path).locked():
        assert not folder.temporary.exists()


def test_reset_clears_all_but_the_lock(tmp_path: Path) -> None:
    """Links are removed, not followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    folder = StateFolder(tmp_path / "demo")
    with folder.locked():
        folder.state.port = 1
        folder.save()
        (folder.config / "custom_components").mkdir(parents=True)
        (folder.config / "custom_components" / "x").symlink_to(elsewhere)
        (folder.path / "link").symlink_to(elsewhere)
        folder.reset()
        assert [item.name for item in folder.path.iterdir()] == [LOCK]
        assert folder.state == State()
    assert (elsewhere / "precious").exists()


def test_a_folder_of_others_is_not_touched(tmp_path: Path) -> None:
    """A folder with other things in it is refused, so that --reset cannot delete them."""
    (tmp_path / "precious").touch()
    with pytest.raises(DemoError, match="holds something else"):
        StateFolder(tmp_path).locked().__enter__()
    assert [item.name for item in tmp_path.iterdir()] == ["precious"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The reason is told."""
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="cannot be used"):
        StateFolder(tmp_path / "file" / "demo").locked().__enter__()
