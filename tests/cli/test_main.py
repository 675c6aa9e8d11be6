"""The program around the vendors: help, usage, and starting from anywhere."""

from pathlib import Path

import pytest

from script.latchkey_cli.__main__ import main
from script.latchkey_cli.vendors import VENDORS
from script.latchkey_cli.vendors.dio_chacon.actions import ACTIONS as DIO_ACTIONS
from script.latchkey_cli.vendors.homismart.actions import ACTIONS as HOMISMART_ACTIONS

from .conftest import Run


def test_help_names_vendors_and_statuses(run_alone: Run, tmp_path: Path) -> None:
    """The help is complete without a network, and from any folder."""
    done = run_alone("--help", cwd=tmp_path)
    assert (done.status, done.errors) == (0, "")
    assert all(domain in done.output for domain in VENDORS)
    assert "exit status:" in done.output


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("dio_chacon", [action.name for action in DIO_ACTIONS]),
        ("homismart", [*(action.name for action in HOMISMART_ACTIONS), "all"]),
    ],
    ids=["dio_chacon", "homismart"],
)
def test_help_of_a_vendor_names_its_commands(
    domain: str, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command is there, with what the environment may hold."""
    with pytest.raises(SystemExit) as caught:
        main([domain, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert f"{domain.upper()}_USERNAME" in text
    for name in ("devices", "watch", *names):
        assert f"    {name} " in text


@pytest.mark.parametrize(
    "words", [[], ["dio"], ["dio_chacon"], ["--json", "dio_chacon", "devices"]]
)
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Words that make no command end with status 2 and the usage."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage: script/cli" in capsys.readouterr().err


def test_interrupted_while_loading(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends it at any time without a traceback."""

    def load(domain: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("script.latchkey_cli.__main__.load", load)
    assert main(["dio_chacon", "devices"]) == 130
    assert capsys.readouterr().err == ""
