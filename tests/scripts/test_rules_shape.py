"""Each rule about rooms finds the fault it is for."""

from pathlib import Path
import sys

import pytest

from ..rules import shape
from .conftest import Tree

LAMP = "custom_components/lamp"
COMPLETE: dict[str, str | bytes] = {
    f"{LAMP}/{name}": '"""Room."""\n'
    for name in (*shape.NEEDED_ROOMS, *shape.NEEDED_FILES, "translations/fr.json", "switch.py")
}


def test_a_complete_component_passes(tree: Tree) -> None:
    """All rooms are there and each is known."""
    component = tree(COMPLETE) / LAMP
    assert shape.missing_files(component) == []
    assert shape.unknown_files(component, [], []) == []


@pytest.mark.parametrize(
    "name", ["utils.py", "api/__init__.py", "protocol/helpers.py", "brand/x.png"]
)
def test_an_invented_room_is_found(tree: Tree, name: str) -> None:
    """A room that nobody would look for is named."""
    component = tree({**COMPLETE, f"{LAMP}/{name}": ""}) / LAMP
    assert shape.unknown_files(component, [], []) == [f"lamp/{name} is in no room of the house"]


def test_rooms_can_be_shared_declared_or_become_folders(tree: Tree) -> None:
    """Stamped modules, rooms from the table and rooms grown into folders are in order."""
    names = (
        "redaction.py",
        "protocol/pairing.py",
        "protocol/transport/ip.py",
        "sensor/__init__.py",
    )
    component = tree(COMPLETE | {f"{LAMP}/{name}": "" for name in names}) / LAMP
    assert shape.unknown_files(component, ["redaction.py"], ["protocol/pairing.py"]) == []
    assert len(shape.unknown_files(component, [], [])) == 2


@pytest.mark.parametrize("name", ["config_flow.py", "protocol/errors.py", "brand/icon.png"])
def test_a_missing_room_is_found(tree: Tree, name: str) -> None:
    """What every component needs is asked for."""
    files = {key: value for key, value in COMPLETE.items() if key != f"{LAMP}/{name}"}
    assert shape.missing_files(tree(files) / LAMP) == [f"lamp/{name} is missing"]


def test_a_single_language_is_not_enough(tree: Tree) -> None:
    """The vendor's home market has its language."""
    files = {key: value for key, value in COMPLETE.items() if not key.endswith("fr.json")}
    assert len(shape.missing_files(tree(files) / LAMP)) == 1


def test_platforms_must_limit_parallel_updates(tree: Tree) -> None:
    """The limit is an assignment at module level, not a word in a comment."""
    root = tree(
        {
            f"{LAMP}/switch.py": "PARALLEL_UPDATES = 0\n",
            f"{LAMP}/sensor.py": "# PARALLEL_UPDATES = 0\n",
            f"{LAMP}/helper.py": "",
        }
    )
    assert shape.platforms_without_limit(root / LAMP) == [
        "lamp/sensor.py does not set PARALLEL_UPDATES"
    ]


def test_postponed_annotations_are_found(tree: Tree) -> None:
    """The import is named with its line."""
    source = '"""A."""\n\nfrom __future__ import ' + "annotations\n"
    root = tree({"a.py": source, "b.py": "import asyncio\n"})
    assert shape.postponed_annotations(root) == [
        f"{root / 'a.py'}:3 postpones annotations, which are lazy already"
    ]


def test_undocumented_names_are_found(tree: Tree) -> None:
    """Modules, classes, functions and methods count; private ones and overloads do not."""
    root = tree(
        {
            "a.py": (
                '"""A."""\n'
                "def open_it(): ...\n"
                "def _private(): ...\n"
                'class Lamp:\n    """Lamp."""\n    def __init__(self): ...\n    def on(self): ...\n'
            ),
            "b.py": "",
        }
    )
    found = shape.undocumented(root)
    assert [line.rpartition("/")[2] for line in found] == [
        "a.py:2 open_it has no docstring",
        "a.py:7 on has no docstring",
        "b.py: the module has no docstring",
    ]


ERRORS = '''
class VendorError(Exception):
    """Base."""

class Coded(VendorError):
    """Has a number."""
    def __init__(self, message: str, code: int | None, *, seconds: float) -> None:
        super().__init__(message)

class Bare(VendorError):
    pass

class Outside(Exception):
    """Beside its base."""

class Broken(VendorError):
    """Cannot be built."""
    def __init__(self, message: str) -> None:
        super().__init__(message, self.nothing)

class Mute(VendorError):
    """Says nothing."""
    def __str__(self) -> str:
        return ""

class Curious(VendorError):
    """Wants what no caller could guess."""
    def __init__(self, peer: bytearray) -> None:
        super().__init__("peer")
'''


def test_faulty_errors_are_found(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way an error class can be wrong is named; the sound ones are not."""
    root = tree({"faulty_errors.py": ERRORS, "no_errors.py": ""})
    monkeypatch.syspath_prepend(root)
    try:
        found = "\n".join(shape.broken_errors("faulty_errors"))
        assert shape.broken_errors("no_errors") == ["no_errors defines no error"]
    finally:
        for name in ("faulty_errors", "no_errors"):
            sys.modules.pop(name, None)
    assert "Bare does not say when it is raised" in found
    assert "Outside is no VendorError" in found
    assert "Broken cannot be built" in found
    assert "Mute has no text" in found
    assert "Curious cannot be built" in found
    assert "Coded" not in found
    assert "VendorError " not in found.replace("no VendorError", "")


def test_rooms_without_tests_are_found(tree: Tree) -> None:
    """Every room has its test file, the core's below ``protocol``; shared ones are tested once."""
    root = tree(
        {
            f"{LAMP}/__init__.py": "",
            f"{LAMP}/const.py": "",
            f"{LAMP}/switch.py": "",
            f"{LAMP}/protocol/frames.py": "",
            f"{LAMP}/protocol/supervisor.py": "",
            "tests/lamp/test_init.py": "",
        }
    )
    assert shape.untested(root / LAMP, root / "tests", ["protocol/supervisor.py"]) == [
        f"lamp/protocol/frames.py has no {Path('tests/lamp/protocol/test_frames.py')}",
        "lamp/switch.py has no tests/lamp/test_switch.py",
    ]
