"""How pytest is started, and what is made of its coverage."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

from script.lib import testing

PYTHON = Path("python")


def test_everything_runs_on_two_workers() -> None:
    """The default uses both cores, and measures."""
    words = testing.pytest_command(PYTHON, [])
    assert words[3:7] == ["-n", "2", "--dist", "loadgroup"]
    assert "--cov" in words


@pytest.mark.parametrize("words", [["-n", "0"], ["-n0"], ["--numprocesses=1"], ["-p", "no:xdist"]])
def test_the_number_of_workers_can_be_chosen(words: list[str]) -> None:
    """What the user says stands alone."""
    assert "loadgroup" not in testing.pytest_command(PYTHON, words)
    assert testing.pytest_command(PYTHON, words)[-len(words) :] == words


def test_releases_do_not_share_their_figures() -> None:
    """Two runs at once, with two releases, leave two files."""
    assert testing.data_file(None) != testing.data_file("2026.8.3")


def test_a_run_without_figures_is_a_shortfall(tmp_path: Path) -> None:
    """Coverage that was not measured is not coverage; a partial run is not judged."""
    python = Path(sys.executable)
    missing = tmp_path / "none"
    (told,) = testing.judge(python, missing, everything=True)
    assert "not measured" in told
    assert testing.judge(python, missing, everything=False) == []


def test_shortfalls_of_a_real_measurement_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A component of one branch, half taken, measured by coverage itself."""
    component = tmp_path / "custom_components/lamp"
    component.mkdir(parents=True)
    (component / "manifest.json").write_text(json.dumps({"domain": "lamp"}))
    (component / "config_flow.py").write_text("x = 1\nif x:\n    y = 1\nelse:\n    y = 2\n")
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    data = tmp_path / "figures"
    subprocess.run(
        [
            *(sys.executable, "-m", "coverage", "run", "--branch", f"--data-file={data}"),
            "custom_components/lamp/config_flow.py",
        ],
        cwd=tmp_path,
        check=True,
    )
    assert testing.judge(Path(sys.executable), data, everything=True) == [
        "lamp: 66.7 % covered, 95 % wanted",
        "lamp: config_flow.py 66.7 % covered, all wanted",
    ]
    assert "lamp" in capsys.readouterr().out
