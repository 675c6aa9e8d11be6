"""The search as far as it runs without the searcher, which not every machine can have."""

import importlib.util
import json
from pathlib import Path

import pytest

from . import __main__ as fuzz
from .hap_controller import TARGETS

LOG = """
#1\tINITED cov: 3 ft: 3 corp: 1/1b
#38715\tDONE   cov: 99 ft: 209 corp: 45/4683b lim: 1024 exec/s: 9678 rss: 85Mb
stat::number_of_executed_units: 38715
stat::peak_rss_mb:              85
"""


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """All targets are named as they are chosen."""
    assert fuzz.main(["hap_controller", "--list"]) == 0
    names = capsys.readouterr().out.splitlines()
    assert len(names) == sum(map(len, TARGETS.values()))
    assert fuzz.main(["hap_controller", "--list", "--only", "pairing"]) == 0
    assert set(capsys.readouterr().out.splitlines()) == {
        f"pairing/{name}" for name in TARGETS["pairing"]
    }


@pytest.mark.parametrize("words", [["lamp"], ["hap_controller", "--only", "codec/none"]])
def test_nothing_to_search(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is not there cannot be searched in silence."""
    with pytest.raises(SystemExit) as caught:
        fuzz.main(words)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the searcher says becomes a row, and whatever file it leaves a finding."""

    class Ended:
        stdout, stderr = "", LOG

    leaves: list[str] = []

    def run(command: list[str], **_: object) -> type[Ended]:
        folder = tmp_path / "findings" / "codec-tlv8"
        for each in leaves:
            (folder / each).write_bytes(b"x")
        return Ended

    monkeypatch.setattr(fuzz.subprocess, "run", run)
    words = ["hap_controller", "--only", "codec/tlv8", "--corpus", str(tmp_path)]
    assert fuzz.main(words) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[1].split() == ["codec,", "tlv8", "38,715", "99", "45", "85", "MB", "0"]
    leaves.append("crash-1")
    assert fuzz.main([*words, "--json"]) == 1
    said = capsys.readouterr()
    (told,) = json.loads(said.out)
    assert told["executions"] == 38715
    assert told["findings"] == [str(tmp_path / "findings/codec-tlv8/crash-1")]
    assert "crash-1" in said.err


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is not None, reason="with the searcher it would search"
)
def test_search_that_cannot_begin(tmp_path: Path) -> None:
    """A process that ends without having searched is a finding as well."""
    outcome = fuzz.search("hap_controller", "codec", "tlv8", tmp_path, 1)
    (log,) = outcome.findings
    assert "atheris" in Path(log).read_text()
    assert outcome.executions == 0


def test_names_and_words() -> None:
    """Targets become names of files, words what the searcher reads."""
    assert fuzz.label("pairing", "setup, accessory") == "pairing-setup-accessory"
    assert fuzz.escaped(b'a"\0') == r'"\x61\x22\x00"'
