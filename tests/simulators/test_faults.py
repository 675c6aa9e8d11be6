"""Fault switches: arming, striking, counting, clearing, and what is refused."""

import pytest

from simulators.faults import FaultKind, Faults

KINDS = (
    FaultKind("plain", "Nothing to choose."),
    FaultKind(
        "rich",
        "Much to choose.",
        {"seconds": 1.0, "status": 500, "how": "a", "act": False, "path": ""},
        {"how": ("a", "b")},
        ("path",),
    ),
)


@pytest.fixture
def faults() -> Faults:
    """Give switches that are all off."""
    return Faults(KINDS)


def test_nothing_strikes_unarmed(faults: Faults) -> None:
    """A switch that is off never strikes."""
    assert faults.take("plain") is None


def test_lasting_until_cleared(faults: Faults) -> None:
    """Without a count it strikes for ever; even one without options is true when it strikes."""
    faults.arm("plain")
    assert all(faults.take("plain") for _ in range(5))
    faults.clear("rich")
    assert faults.take("plain")
    faults.clear("plain")
    assert not faults.take("plain")


def test_counted(faults: Faults) -> None:
    """With a count it strikes so often."""
    faults.arm("plain", count=2)
    assert [bool(faults.take("plain")) for _ in range(3)] == [True, True, False]
    assert faults.armed == ()


def test_pattern(faults: Faults) -> None:
    """It strikes what its pattern is found in, and a miss does not count."""
    faults.arm("rich", path="^/user$", count=1)
    assert faults.take("rich", path="/device") is None
    assert faults.take("rich", path="/user")


def test_two_of_a_kind(faults: Faults) -> None:
    """The first that concerns the subject strikes."""
    faults.arm("rich", path="x", status=1)
    faults.arm("rich", status=2)
    for path, status in (("x", 1), ("y", 2)):
        fault = faults.take("rich", path=path)
        assert fault
        assert fault["status"] == status
    faults.clear()
    assert faults.armed == ()


def test_defaults_and_description(faults: Faults) -> None:
    """Options that were not given have their defaults."""
    faults.arm("rich", seconds=2, how="b", count=3)
    assert faults.armed[0].as_json() == {
        "name": "rich",
        "count": 3,
        "seconds": 2,
        "status": 500,
        "how": "b",
        "act": False,
        "path": "",
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("unknown", {}),
        ("plain", {"seconds": 1.0}),
        ("plain", {"count": 0}),
        ("rich", {"seconds": "1"}),
        ("rich", {"seconds": True}),
        ("rich", {"status": 1.5}),
        ("rich", {"status": True}),
        ("rich", {"act": 1}),
        ("rich", {"how": "c"}),
        ("rich", {"path": "("}),
    ],
)
def test_refused(faults: Faults, name: str, options: dict[str, object]) -> None:
    """A fault, an option or a value that does not exist is refused, and nothing is armed."""
    with pytest.raises(ValueError):
        faults.arm(name, **options)  # type: ignore[arg-type]
    assert faults.armed == ()
