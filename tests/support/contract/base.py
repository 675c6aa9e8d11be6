"""How a contract learns whom it is about."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from tests.support.vendor import Vendor


def for_each[Test](names: str, rows: str) -> Callable[[Test], Test]:
    """Run a test of a contract once for each row that the component's class has under the name ``rows``."""

    def remember(test: Test) -> Test:
        test.rows = (names, rows)  # type: ignore[attr-defined]
        return test

    return remember


class Contract:
    """Base of all contracts."""

    vendor: ClassVar[Vendor]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a test the rows of its component, also when the component has taken it further."""
        for cls in type(self).__mro__:
            if rows := getattr(vars(cls).get(metafunc.function.__name__), "rows", None):
                names, attribute = rows
                found = list(getattr(self, attribute))
                assert found, (
                    f"{type(self).__name__}.{attribute} has no row"
                )  # or it would be skipped
                metafunc.parametrize(names, found)
                return
