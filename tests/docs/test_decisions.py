"""What developers' pages point at is there: tests by name, sections by number."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re

import pytest

from script.lib.project import component_folders

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs").glob("*/decisions.md"))
WIRES = [
    component
    for component in component_folders(ROOT)
    if (ROOT / "docs" / component.name / "wire.md").exists()
]
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
# Sections of other documents have the document's name in front.
# Sections of the notes on entities, which are no pages.
ELSEWHERE = re.compile(r"[Mm]apping,? §[\d.]+[a-z]?(?:(?:, | and | to | or |/)§?[\d.]+[a-z]?)*")
CITED = re.compile(r"(?<!RFC \d{4} )§(\d+(?:\.\d+)*)")
HEADING = re.compile(r"#{2,3} (\d+(?:\.\d+)*)\.? ")
ITEM = re.compile(r"(\d+)\. ")
ROW = re.compile(r"(?m)^\| (\d+) \|.*\|$")

for_each_page = pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.parent.name)
for_each_wire = pytest.mark.parametrize("component", WIRES, ids=lambda path: path.name)


@cache
def names_of(path: Path) -> frozenset[str]:
    """Name the tests of a file, those in classes included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    )


def missing_tests(text: str) -> list[str]:
    """List the tests that a text names and that do not exist."""
    return [
        f"{path}::{name}" if name else path
        for path, name in TEST.findall(text)
        if not (ROOT / path).is_file() or (name and name not in names_of(ROOT / path))
    ]


def sections(page: Path) -> Iterator[str]:
    """Give the numbers of the sections of a page, and of the items of numbered lists in them."""
    number = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if heading := HEADING.match(line):
            number = heading[1]
            yield number
        elif item := ITEM.match(line):
            yield f"{number}.{item[1]}"


@for_each_page
def test_named_tests_exist(page: Path) -> None:
    """A decision is as good as the test that holds it."""
    assert missing_tests(page.read_text(encoding="utf-8")) == []


def test_missing_tests_are_found() -> None:
    """Neither a wrong name nor a wrong path passes."""
    here = "tests/docs/test_decisions.py"
    names = [f"{here}::test_nothing", "tests/docs/nowhere.py", "tests/nowhere.py::test_it"]
    text = " ".join(f"`{name}`" for name in (f"{here}::test_missing_tests_are_found", *names))
    assert missing_tests(text) == names


@for_each_wire
def test_cited_sections_exist(component: Path) -> None:
    """Each section of the wire notes that code or a page refers to is there."""
    page = ROOT / "docs" / component.name / "wire.md"
    known = set(sections(page))
    files = [
        *component.rglob("*.py"),
        *(ROOT / "simulators" / component.name).rglob("*.py"),
        *page.parent.glob("*.md"),
    ]
    weaknesses = {f"15.{number}" for number in range(1, 26)}  # rows of a table of the decisions
    cited = {
        (number, file.name)
        for file in files
        for number in CITED.findall(ELSEWHERE.sub("", file.read_text(encoding="utf-8")))
    }
    assert len({number for number, _ in cited}) > 10
    assert {(number, name) for number, name in cited if number not in known | weaknesses} == set()


def test_every_weakness_of_the_published_dio_client_has_a_test() -> None:
    """All twenty-five, in order, each with at least one test."""
    text = (ROOT / "docs/dio_chacon/decisions.md").read_text(encoding="utf-8")
    rows = {int(row[1]): row[0] for row in ROW.finditer(text)}
    assert list(rows) == list(range(1, 26))
    assert [number for number, row in rows.items() if not TEST.search(row)] == []


def test_every_weakness_of_the_published_home_connect_client_has_a_test() -> None:
    """Those of the library and those of the integration, in order, each with at least one test."""
    text = (ROOT / "docs/home_connect_local/decisions.md").read_text(encoding="utf-8")
    parts = text.partition("### The integration built on it")
    for part, count in ((parts[0], 21), (parts[2], 13)):
        rows = {int(row[1]): row[0] for row in ROW.finditer(part)}
        assert list(rows) == list(range(1, count + 1))
        assert [number for number, row in rows.items() if not TEST.search(row)] == []
