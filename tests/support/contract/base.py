"""How a contract learns whom it is about."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from tests.support.vendor import Vendor


def for_each[Test](names: str, rows: str | Sequence[Any]) -> Callable[[Test], Test]:
    """Run a test of a contract once for each row: of a sequence, or of what the component's class has by that name.

    Unlike pytest's own mark this holds for a component that overrides the test, too.
    """

    def remember(test: Test) -> Test:
        test.rows = (names, rows)  # type: ignore[attr-defined]
        return test

    return remember


class Contract:
    """Base of all contracts."""

    vendor: ClassVar[Vendor]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a test its rows."""
        for cls in type(self).__mro__:
            if found := getattr(vars(cls).get(metafunc.function.__name__), "rows", None):
                names, rows = found
                if isinstance(rows, str):
                    rows = getattr(self, rows)
                assert rows, (
                    f"{metafunc.function.__qualname__} has no row"
                )  # or it would be skipped
                metafunc.parametrize(names, rows)
                return
