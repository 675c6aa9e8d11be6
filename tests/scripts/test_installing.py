"""Installing by hand: versions are checked, nobody else's files are touched."""

import json
from pathlib import Path
import subprocess

import pytest

from script.lib import installing
from script.lib.console import ROOT, ScriptError
from script.lib.project import component_folders, minimum_home_assistant

from .conftest import Tree


@pytest.fixture
def source(tree: Tree) -> Path:
    """A component to install."""
    root = tree(
        {
            "source/lamp/manifest.json": '{"domain": "lamp", "version": "1.0.0"}',
            "source/lamp/switch.py": "A = 1\n",
            "source/lamp/__pycache__/x.pyc": b"x",
        }
    )
    return root / "source/lamp"


@pytest.fixture
def configuration(tree: Tree) -> Path:
    """A configuration folder with another component in it."""
    return (
        tree({"config/configuration.yaml": "", "config/custom_components/other/x.py": ""})
        / "config"
    )


def names(configuration: Path) -> set[str]:
    """List what custom_components holds."""
    folder = configuration / "custom_components"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_component_is_installed(source: Path, configuration: Path) -> None:
    """The files and a record are there; compiled files and leftovers are not."""
    assert installing.install(source, configuration).text == "installed 1.0.0"
    assert names(configuration) == {
        "other/x.py",
        "lamp/manifest.json",
        "lamp/switch.py",
        "lamp/.latchkey.json",
    }


def test_an_update_replaces_the_whole(source: Path, configuration: Path) -> None:
    """Files of the old version that are gone go, and both versions are told."""
    (source / "old.py").write_text("")
    installing.install(source, configuration)
    (source / "old.py").unlink()
    (source / "manifest.json").write_text('{"domain": "lamp", "version": "1.1.0"}')
    assert installing.install(source, configuration).text == "updated from 1.0.0 to 1.1.0"
    assert "lamp/old.py" not in names(configuration)


def test_changes_of_the_user_are_told(source: Path, configuration: Path) -> None:
    """What goes is named: files changed and files added."""
    installing.install(source, configuration)
    lamp = configuration / "custom_components/lamp"
    (lamp / "switch.py").write_text("A = 2\n")
    (lamp / "mine.py").write_text("")
    assert installing.changed_files(lamp) == ["mine.py", "switch.py"]
    assert "your changes in mine.py, switch.py" in installing.install(source, configuration).text
    (lamp / "mine.py").write_text("")
    assert "your changes in mine.py" in installing.remove("lamp", configuration).text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "1"}', "\u0000"])
def test_a_damaged_record_can_be_got_over(source: Path, configuration: Path, text: str) -> None:
    """A record that a full disk cut short is told of, and --replace mends it."""
    installing.install(source, configuration)
    record = configuration / "custom_components" / source.name / installing.RECORD
    record.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match="a damaged record"):
        installing.install(source, configuration)
    with pytest.raises(ScriptError, match="a damaged record"):
        installing.remove(source.name, configuration)
    assert "a damaged record" in installing.install(source, configuration, replace=True).text
    assert "removed" in installing.remove(source.name, configuration).text


def test_removing_takes_only_ours(source: Path, configuration: Path) -> None:
    """The other component stays; removing twice is no error."""
    installing.install(source, configuration)
    assert installing.remove("lamp", configuration).text == "removed"
    assert names(configuration) == {"other/x.py"}
    assert installing.remove("lamp", configuration).text == "was not installed"


def test_what_others_installed_is_refused(source: Path, configuration: Path) -> None:
    """A folder without our record stays, unless it is asked for, and then it is said."""
    lamp = configuration / "custom_components/lamp"
    lamp.mkdir()
    (lamp / "theirs.py").write_text("")
    for act in (
        lambda: installing.install(source, configuration),
        lambda: installing.remove("lamp", configuration),
    ):
        with pytest.raises(ScriptError, match="was not installed by this script"):
            act()
    assert (lamp / "theirs.py").is_file()
    assert "replaced what was there" in installing.install(source, configuration, replace=True).text
    assert not (lamp / "theirs.py").exists()


def test_a_link_is_not_followed(source: Path, configuration: Path, tmp_path: Path) -> None:
    """A developer's linked folder keeps its files, even when the link is replaced."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "x.py").write_text("")
    link = configuration / "custom_components/lamp"
    link.symlink_to(mine)
    with pytest.raises(ScriptError, match="a link"):
        installing.install(source, configuration)
    installing.install(source, configuration, replace=True)
    assert not link.is_symlink()
    assert (mine / "x.py").is_file()
    link.rename(tmp_path / "away")
    link.symlink_to(mine)
    installing.remove("lamp", configuration, replace=True)
    assert not link.is_symlink()
    assert (mine / "x.py").is_file()


def test_a_failed_copy_changes_nothing(
    source: Path, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full, the installed version goes on working."""
    installing.install(source, configuration)
    before = names(configuration)

    def fail(*args: object, **options: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(installing.shutil, "copytree", fail)
    with pytest.raises(OSError, match="No space"):
        installing.install(source, configuration)
    assert names(configuration) == before


@pytest.mark.parametrize(
    ("found", "accepted"),
    [
        ("2026.8.2", False),
        ("2026.7.9", False),
        ("2025.12.0", False),
        ("garbage", False),
        ("2026.8.3", True),
        ("2026.10.0b1", True),
        ("2026.10.0.dev0", True),
        ("2027.1.0", True),
    ],
)
def test_the_version_is_compared_by_number(tmp_path: Path, found: str, accepted: bool) -> None:
    """10 is newer than 8, and what cannot be read is not trusted."""
    (tmp_path / ".HA_VERSION").write_text(f"{found}\n")
    if accepted:
        assert installing.check_version(tmp_path, "2026.8.3") == found
    else:
        with pytest.raises(ScriptError, match=r"2026\.8\.3 or newer is needed"):
            installing.check_version(tmp_path, "2026.8.3")


@pytest.mark.parametrize("text", ["", "unknown"])
def test_a_version_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    """Nothing is guessed about a release that left no number."""
    (tmp_path / ".HA_VERSION").write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match="cannot be read"):
        installing.check_version(tmp_path, "2026.8.3")


def test_an_unstarted_configuration_has_no_version(tmp_path: Path) -> None:
    """A new folder has no file of the version yet."""
    assert installing.check_version(tmp_path, "2026.8.3") == ""


def test_other_folders_are_refused(tmp_path: Path) -> None:
    """A wrong path is noticed before anything is written."""
    with pytest.raises(ScriptError, match="neither"):
        installing.check_configuration(tmp_path)
    with pytest.raises(ScriptError, match="not a folder"):
        installing.check_configuration(tmp_path / "missing")


def test_unknown_components_are_named() -> None:
    """The message lists what there is."""
    with pytest.raises(ScriptError, match="no such component: torch"):
        installing.choose(["torch"])


def run_install(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with the machine's own Python."""
    return subprocess.run(
        [ROOT / "script/install", *words], capture_output=True, text=True, check=False
    )


def test_the_command_installs_and_removes(configuration: Path) -> None:
    """All components, with what to do next; run again it takes them away."""
    (configuration / ".HA_VERSION").write_text(minimum_home_assistant())
    domains = [folder.name for folder in component_folders(ROOT)]
    done = run_install(configuration)
    assert done.returncode == 0, done.stderr
    assert all(f"{domain}: installed" in done.stdout for domain in domains)
    assert "Restart Home Assistant" in done.stdout
    for domain in domains:
        record = configuration / "custom_components" / domain / installing.RECORD
        assert json.loads(record.read_text())["domain"] == domain
    assert run_install(configuration, "--remove").returncode == 0
    assert names(configuration) == {"other/x.py"}


def test_the_command_refuses_an_old_release(configuration: Path) -> None:
    """The message names both releases; nothing is written."""
    (configuration / ".HA_VERSION").write_text("2024.1.0")
    done = run_install(configuration)
    assert done.returncode == 1
    assert "2024.1.0" in done.stderr
    assert minimum_home_assistant() in done.stderr
    assert names(configuration) == {"other/x.py"}
