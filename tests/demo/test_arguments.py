"""The command line."""

from pathlib import Path

import pytest

from script.latchkey_demo.arguments import Arguments, parse


def test_nothing_asked() -> None:
    """All has its default."""
    assert parse([], ["vendor"]) == Arguments()


def test_all_asked() -> None:
    """Every option arrives; a folder does not depend on where we are."""
    words = [
        "--check",
        "--reset",
        "--no-browser",
        "--port",
        "8200",
        "--by-hand",
        "vendor",
        "--folder",
        "x",
        "--network",
        "own",
    ]
    assert parse(words, ["vendor", "other"]) == Arguments(
        check=True,
        reset=True,
        open_browser=False,
        port=8200,
        folder=Path("x").absolute(),
        by_hand=frozenset({"vendor"}),
        network="own",
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "80"],
        ["--port", "x"],
        ["--by-hand", "nobody"],
        ["--network", "other"],
        ["--network", "own"],  # of a person, whose browser is elsewhere
    ],
)
def test_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be is refused with a reason."""
    with pytest.raises(SystemExit, match="2"):
        parse(words, ["vendor"])
    assert "error: argument" in capsys.readouterr().err
