"""The tables of HomeKit types are those of the catalogue, and are found stale when they are not."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

from script.lib.hap_catalogue import SOURCE, TARGET, catalogue_text, is_fresh, write_catalogue

ROOT = Path(__file__).parents[2]


def test_tables_are_fresh() -> None:
    """Whoever changes the catalogue runs the script."""
    assert is_fresh(ROOT), "run script/hap_catalogue"


def test_script_compares() -> None:
    """The script itself says so too."""
    command = [sys.executable, "script/hap_catalogue", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree with a catalogue of its own."""
    suffix = "-0000-1000-8000-0026BB765291"
    row = {"short": None, "vendor": None, "id": None, "id_known": False}
    catalogue = {
        "base_uuid_suffix": suffix,
        "format_ranges": {"bool": [0, 1]},
        "categories": [{"id": 1, "name": "Other", "cli_name": None}],
        "tlv_structs": {"S": [{"type": 1, "name": "first", "kind": "u8", "values": "E"}]},
        "tlv_enums": {"E": {"0": 'a "word"'}},
        "services": [
            row | {"uuid": "A", "name": "Big Lamp", "required": ["X"], "optional": []},
            row | {"uuid": "B", "name": "Lamp", "vendor": "Big (of Town)"},
            row | {"uuid": "C", "name": None},
        ],
        "characteristics": [
            row | {"uuid": "X", "short": "X", "name": "PM2.5", "min": 0},
            row | {"uuid": "Y", "name": "Mode", "values": [{"value": 1, "name": "on"}]},
        ],
    }
    source = tmp_path / SOURCE
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(catalogue), encoding="utf-8")
    (tmp_path / TARGET).parent.mkdir(parents=True)
    return tmp_path


def test_rows_and_names(tree: Path) -> None:
    """Rows end with the last field that says something; names that are equal are numbered."""
    tables: dict[str, object] = {}
    exec(catalogue_text(tree), tables)
    assert tables["SERVICES"] == {
        "A": ("Big Lamp", None, None, ("X",)),
        "B": ("Lamp", None, "Big (of Town)"),
        "C": (None, None),
    }
    assert tables["CHARACTERISTICS"] == {
        "X": ("PM2.5", None, None, None, (), None, 0),
        "Y": ("Mode", *[None] * 3, (), *[None] * 6, ((1, "on"),)),
    }
    assert tables["TLV_ENUMS"] == {"E": {0: 'a "word"'}}
    names = vars(tables["ServiceUuid"])
    assert (names["BIG_LAMP"], names["BIG_LAMP_2"]) == ("A", "B")
    assert vars(tables["CharacteristicUuid"])["PM2_5"] == "X"


def test_stale_tables_are_found(tree: Path) -> None:
    """Missing and changed tables are stale until they are written."""
    assert not is_fresh(tree)
    write_catalogue(tree)
    assert is_fresh(tree)
    (tree / TARGET).write_text("", encoding="utf-8")
    assert not is_fresh(tree)
