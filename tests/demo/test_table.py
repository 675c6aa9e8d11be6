"""The check's table lines up."""

from script.latchkey_demo.check.table import FAILED, LISTED, PASSED, Row, in_full, table


def test_columns_line_up() -> None:
    """Every column is as wide as its widest cell; of details the first line stays."""
    rows = [
        Row("DIO Chacon", "a", PASSED, 1.25, "fine"),
        Row("x", "something longer", FAILED, 12.0, "first\nsecond"),
        Row("x", "b", LISTED),
    ]
    assert table(rows).splitlines() == [
        "home        what              result  time",
        "DIO Chacon  a                 ok      1.2 s   fine",
        "x           something longer  FAILED  12.0 s  first",
        "x           b                 –",
    ]
    assert in_full(rows) == "x, something longer:\nfirst\nsecond"
    assert [row.failed for row in rows] == [False, True, False]


def test_long_details() -> None:
    """What went well is told in short, what failed at length."""
    rows = [Row("x", "a", PASSED, 1.0, "y" * 999), Row("x", "b", FAILED, 1.0, "z" * 999)]
    _, well, badly = table(rows).splitlines()
    assert len(well) < 300
    assert well.endswith("y…")
    assert badly.endswith("z" * 999)
