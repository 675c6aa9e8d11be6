"""The tables of entities on the page of Home Connect are those of the rows."""

import json
from pathlib import Path

import pytest

from script.latchkey_entities import __main__ as program, tables
from script.latchkey_entities.tables import BEGIN, END, PAGE, page_with_tables


def test_page_is_up_to_date() -> None:
    """Whoever changes a row or a name runs script/entities."""
    text = PAGE.read_text(encoding="utf-8")
    assert page_with_tables(text) == text


def test_only_what_is_between_the_marks_changes() -> None:
    """The rest of the page is somebody's own words."""
    text = page_with_tables(f"before\n{BEGIN}\nstale!\n{END}\nafter\n")
    assert text.startswith(f"before\n{BEGIN}\n\n### Every appliance\n")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "stale!" not in text
    with pytest.raises(ValueError, match="lacks"):
        page_with_tables("no marks")


def test_disabled_ones_are_marked() -> None:
    """A user sees what has to be enabled first, and what is a setting."""
    text = tables.tables()
    assert "| switch | Child lock, Power |" in text
    assert "*Remote control level*" in text
    assert "| fan | (the device) |" in text


def test_entity_that_nobody_placed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A text without a row is noticed, and so is a feature of a new kind of appliance."""
    texts = tmp_path / "en.json"
    texts.write_text(json.dumps({"entity": {"sensor": {"sensor_odd": {"name": "Odd"}}}}))
    monkeypatch.setattr(tables, "TEXTS", texts)
    with pytest.raises(LookupError, match="sensor sensor_odd has no row"):
        tables.tables()
    monkeypatch.setattr(tables, "GROUPS", {"Toaster.": "Toaster"})
    with pytest.raises(LookupError, match="of no group"):
        tables.tables()


def test_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --check nothing is written; without, once."""
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    monkeypatch.setattr(program, "PAGE", page)
    monkeypatch.setattr(program, "ROOT", tmp_path)
    assert program.main(["--check"]) == 1
    assert "run script/entities" in capsys.readouterr().err
    assert program.main([]) == 0
    assert capsys.readouterr().out == "Wrote README.md\n"
    assert program.main(["--check"]) == 0
    assert program.main([]) == 0
    assert capsys.readouterr().out == ""
