"""A Home Assistant for tests of what importing brings."""

from collections.abc import Iterator

import pytest

from benchmarks.children import Child, forked
from benchmarks.ha.integrations import IMPORTER, IMPORTS, PRELOAD


@pytest.hookimpl(tryfirst=True)  # the plugin that hands tests out reads the marks in the same call
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker have all tests that import: Home Assistant takes seconds each time."""
    for item in items:
        if "importer" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("imports"))


@pytest.fixture(scope="session")
def importer() -> Iterator[Child]:
    """Run what has imported all that a running Home Assistant has, and makes a copy of itself for each order."""
    with forked(PRELOAD, {IMPORTER: (IMPORTS,)}) as children:
        yield children[IMPORTER]
