"""The check's table lines up."""

from latchkey_demo.check.table import FAILED, LISTED, PASSED, Row, table


def test_columns_line_up() -> None:
    """Every column is as wide as its widest cell; details stay on one line."""
    rows = [
        Row("DIO Chacon", "a", PASSED, 1.25, "fine"),
        Row("x", "something longer", FAILED, 12.0, "first\n   second"),
        Row("x", "b", LISTED),
    ]
    assert table(rows).splitlines() == [
        "home        what              result  time",
        "DIO Chacon  a                 ok      1.2 s   fine",
        "x           something longer  FAILED  12.0 s  first second",
        "x           b                 –",
    ]
    assert [row.failed for row in rows] == [False, True, False]
