"""The commands themselves, started as a developer starts them."""

from pathlib import Path
import shutil
import subprocess

import pytest

from script.lib.console import ROOT, ScriptError, run

COMMANDS = ("check", "hacs_repository", "install", "owner", "setup", "stamp", "test")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_what_a_command_does(name: str) -> None:
    """Every command explains itself, with any Python that a machine has."""
    done = subprocess.run(
        [ROOT / "script" / name, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"usage: script/{name}" in done.stdout
    assert len(done.stdout.splitlines()) > 5


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "test"])
def test_wrong_options_are_refused(name: str) -> None:
    """A misspelt option does nothing; script/test hands what it does not know to pytest."""
    done = subprocess.run(
        [ROOT / "script" / name, "--no-such-option"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_scripts_before_the_environment_run_on_an_old_python() -> None:
    """What runs before Python 3.14 is there has only the grammar of 3.9."""
    import ast

    files = [*(ROOT / "script/lib").glob("*.py"), *(ROOT / "script" / name for name in COMMANDS)]
    for path in files:
        ast.parse(path.read_text(), feature_version=(3, 9))


def test_failures_show_the_end_of_the_output() -> None:
    """The last lines tell what went wrong."""
    with pytest.raises(ScriptError, match=r"(?s)sh -c .*failed:\n.*the reason"):
        run(["sh", "-c", "echo the reason >&2; exit 3"])
    with pytest.raises(ScriptError, match="could not be started"):
        run(["no-such-program-here"])
    with pytest.raises(ScriptError, match="no answer in 0 s"):
        run(["sleep", "5"], timeout_s=0.1)


def test_ci_runs_everything_and_fails_as_a_whole(tmp_path: Path) -> None:
    """One red step makes the run red, and the steps after it still run."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for name, code in (("setup", 0), ("check", 1), ("test", 0), ("demo", 0)):
        command = tmp_path / "script" / name
        command.write_text(f'#!/bin/sh\necho "ran {name} $*"\nexit {code}\n')
        command.chmod(0o755)

    def run_ci() -> tuple[int, str]:
        done = subprocess.run(
            ["bash", tmp_path / ".ci/run"], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    code, output = run_ci()
    assert code == 1
    for step in ("ran setup --browser", "ran check", "ran test", "ran demo --check"):
        assert step in output
    assert "script/check" in output.partition("summary")[2]
    assert "FAILED (1)" in output
    (tmp_path / "script/check").write_text("#!/bin/sh\nexit 0\n")
    assert run_ci()[0] == 0


def test_a_missing_browser_does_not_fail_ci(tmp_path: Path) -> None:
    """Where no browser can be had, the browser tests are skipped with the reason."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for name in ("setup", "check", "test", "demo"):
        command = tmp_path / "script" / name
        command.write_text('#!/bin/sh\n[ "$1" != --browser ]\n')
        command.chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / ".ci/run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "No browser" in done.stdout
