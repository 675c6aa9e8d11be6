"""What the documentation claims to be shown by a test is shown by one that exists."""

from pathlib import Path
import re

import pytest

from tests.common import TESTS, vector_names

PAGE = (TESTS.parent / "docs/homismart/decisions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| (\d+)[ †]*\|.*\| (.+) \|$", PAGE)


def test_every_weakness_has_its_row() -> None:
    """Those of §16.2, all of them, in order."""
    assert [int(number) for number, _ in ROWS] == list(range(1, 25))


@pytest.mark.parametrize(("number", "shown_by"), ROWS, ids=[number for number, _ in ROWS])
def test_every_row_names_tests_that_exist(number: str, shown_by: str) -> None:
    """A file of this folder, a function in it, or a transcript."""
    folder = Path(__file__).parent
    source, named = "", 0
    for reference in re.findall(r"`([^`]+)`", shown_by):
        name, _, function = reference.partition("::")
        if name in vector_names("homismart"):
            named += 1
            continue
        if name and not name.endswith(".py"):
            assert (TESTS.parent / name).is_file(), reference
            continue
        if name:
            path = TESTS.parent / name if "/" in name else folder / name
            source = path.read_text(encoding="utf-8")
            named += 1
        if function:
            assert f"def {function.split('[')[0]}(" in source, reference
    assert named


def test_interop_is_marked() -> None:
    """A row that is shown beside the published client says so, and its number stands there."""
    interop = (TESTS / "interop/test_homismart.py").read_text(encoding="utf-8")
    marked = set(re.findall(r"(?m)^\| (\d+) †", PAGE))
    assert marked == set(re.findall(r"#(\d+)", interop))
