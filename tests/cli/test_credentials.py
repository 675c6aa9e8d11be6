"""Credentials come from the environment or a person."""

import io
from typing import override

import pytest

from script.latchkey_cli import credentials
from script.latchkey_cli.credentials import from_environment_or_prompt
from script.latchkey_cli.errors import CliError, ExitStatus

VARIABLE = "LATCHKEY_TEST_CREDENTIAL"


class Terminal(io.StringIO):
    """Standard input with somebody in front of it."""

    @override
    def isatty(self) -> bool:
        """Tell that it is a terminal."""
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let a person sit at the terminal."""
    monkeypatch.delenv(VARIABLE, raising=False)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdin", terminal)
    return terminal


def test_environment_is_taken_literally(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks and percent signs are part of a password; nobody is asked."""
    monkeypatch.setenv(VARIABLE, " %41 ")
    assert from_environment_or_prompt(VARIABLE, "Password", secret=True) == " %41 "


def test_question_does_not_mix_with_the_result(
    typed: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """The question goes to standard error, so that JSON stays JSON."""
    typed.write("demo@example.org\n")
    typed.seek(0)
    assert from_environment_or_prompt(VARIABLE, "E-mail address") == "demo@example.org"
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "E-mail address: "


def test_secret_is_not_echoed(typed: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password goes through the prompt that hides it."""
    asked = []

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return "s3cret"

    monkeypatch.setattr(credentials, "getpass", hidden)
    assert from_environment_or_prompt(VARIABLE, "Password", secret=True) == "s3cret"
    assert asked == ["Password: "]


@pytest.mark.parametrize("answer", ["", "\n"])
def test_no_answer(typed: Terminal, answer: str) -> None:
    """Ctrl-D and an empty line end the program with a word."""
    typed.write(answer)
    typed.seek(0)
    with pytest.raises(CliError, match="E-mail address is needed") as caught:
        from_environment_or_prompt(VARIABLE, "E-mail address")
    assert caught.value.status is ExitStatus.USAGE


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the message names the variable."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("piped\n"))
    with pytest.raises(CliError, match=f"set {VARIABLE}"):
        from_environment_or_prompt(VARIABLE, "Password", secret=True)
