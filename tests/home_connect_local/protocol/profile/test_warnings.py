"""Notes of what was tolerated."""

from custom_components.home_connect_local.protocol.profile.warnings import MAX_WARNINGS, Warnings


def test_warnings() -> None:
    """Each text is kept once; beyond the bound they are only counted."""
    warnings = Warnings()
    assert warnings.texts() == []
    for number in (*range(MAX_WARNINGS), 0):
        warnings.add(str(number))
    assert warnings.texts() == list(map(str, range(MAX_WARNINGS)))
    for text in ("one", "two", "0"):
        warnings.add(text)
    assert warnings.texts()[MAX_WARNINGS:] == ["2 more"]
