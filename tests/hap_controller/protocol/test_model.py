"""What reports change in what is known, and what tells two descriptions apart."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.messages import Written, read_event
from custom_components.hap_controller.protocol.model import Change, difference

from .described import BUTTON, INFORMATION, JSON, LAMP, characteristic, database, load, service

UNREACHABLE = -70402


def news(changes: list[Change]) -> list[tuple[int, Any]]:
    """Shorten changes to numbers and values."""
    return [(each.iid, value) for each, value in changes]


def test_what_can_be_polled_and_subscribed_to() -> None:
    """Buttons are never polled; names need no second reading; write-only ones neither."""
    home = database(INFORMATION, LAMP, BUTTON)
    assert home.readable() == [(1, 9), (1, 10)]
    assert home.readable(identity=True) == [(1, 3), (1, 4), (1, 5), (1, 9), (1, 10)]
    assert home.subscribable() == [(1, 9), (1, 10), (1, 21)]


def test_values_change_once() -> None:
    """A repeat is no news."""
    home = database(LAMP)
    assert news(home.apply([((1, 9), True, 0), ((1, 10), 60, 0)])) == [(9, True), (10, 60)]
    assert home.apply([((1, 9), True, 0), ((1, 10), 60, 0)]) == []
    assert home.characteristics[1, 10].value == 60


def test_values_are_applied_in_order() -> None:
    """The last one stays, each one is told."""
    home = database(LAMP)
    reports = [((1, 10), 1, 0), ((1, 10), 2, 0), ((1, 10), 1, 0)]
    assert news(home.apply(reports)) == [(10, 1), (10, 2), (10, 1)]


def test_truth_values_as_numbers() -> None:
    """They are truth values to us, and 1 after true is no news."""
    home = database(LAMP)
    assert news(home.apply([((1, 9), 1, 0)])) == [(9, True)]
    assert home.apply([((1, 9), True, 0)]) == []


@pytest.mark.parametrize("value", [None, "on", [], {}])
def test_values_of_another_kind_are_no_news(value: Any) -> None:
    """Null and nonsense leave what is known, but it is not certain any more until it is told again."""
    home = database(LAMP)
    brightness = home.characteristics[1, 10]
    assert news(home.apply([((1, 10), value, 0)])) == [(10, 50)]
    assert (brightness.value, brightness.available) == (50, True)
    assert brightness.status
    assert home.apply([((1, 10), value, 0)]) == []
    assert news(home.apply([((1, 10), 50, 0)])) == [(10, 50)]
    assert not brightness.status


def test_news_of_nothing() -> None:
    """What the description does not have is ignored."""
    assert database(LAMP).apply([((1, 99), 1, 0), ((9, 9), 1, UNREACHABLE)]) == []


def test_unreachable_and_back() -> None:
    """A lamp without power is unavailable, and so are its service and accessory; any success restores them."""
    home = database(INFORMATION, LAMP)
    on = home.characteristics[1, 9]
    assert on.available and on.service.available and on.service.accessory.available
    assert news(home.apply([((1, 9), None, UNREACHABLE)])) == [(9, False)]
    assert not on.available and not on.service.available and not on.service.accessory.available
    # A repeat is no news, and another failure does not make it reachable.
    assert home.apply([((1, 9), None, UNREACHABLE), ((1, 9), None, -70408)]) == []
    assert not on.available
    assert news(home.apply([((1, 9), None, 0)])) == [(9, False)]
    assert on.available
    home.apply([((1, 9), None, UNREACHABLE)])
    assert news(home.apply([((1, 9), True, 0)])) == [(9, True)]
    assert on.available


def test_other_failures_are_told_and_leave_it_available() -> None:
    """A change of status is a change."""
    home = database(LAMP)
    on = home.characteristics[1, 9]
    assert news(home.apply([((1, 9), None, -70408)])) == [(9, False)]
    assert on.available and on.status == -70408
    assert home.apply([((1, 9), None, -70408)]) == []
    assert news(home.apply([((1, 9), None, UNREACHABLE)])) == [(9, False)]
    assert not on.available


def test_buttons() -> None:
    """Every press counts, also an equal one, and two in one event; nothing else does."""
    home = database(BUTTON)
    event = read_event(
        b'{"characteristics":[{"aid":1,"iid":21,"value":0},{"aid":1,"iid":21,"value":0}]}'
    )
    assert news(home.apply(event, pushed=True)) == [(21, 0), (21, 0)]
    assert news(home.apply(event[:1], pushed=True)) == [(21, 0)]
    button = home.characteristics[1, 21]
    assert button.value is None
    # Neither null nor an answer to a poll is a press.
    assert home.apply([((1, 21), None, 0)], pushed=True) == []
    assert home.apply([((1, 21), 0, 0)]) == []
    assert home.apply([((1, 21), "x", 0)], pushed=True) == []
    home.apply([((1, 21), None, UNREACHABLE)])
    assert news(home.apply([((1, 21), 0, 0)])) == [(21, None)]
    assert button.available


def test_a_press_in_a_description_is_none() -> None:
    """What was pressed last is not pressed now."""
    raw = characteristic(21, "73", "pr ev", format="uint8", value=1)
    assert database(service(20, "89", raw)).characteristics[1, 21].value is None


def test_own_writes_are_echoed() -> None:
    """Only what was confirmed and can be read; the write response is the truth where there is one."""
    home = database(
        service(
            8,
            "43",
            characteristic(9, "25", format="bool", value=False),
            characteristic(10, "8", format="int", value=1),
            characteristic(11, "13", "pw", format="float"),
            characteristic(12, "2F", format="float", value=1.0),
        )
    )
    values = {(1, 9): 1, (1, 10): 5, (1, 11): 5.0, (1, 12): 5.0, (1, 77): 1}
    results = {key: Written() for key in values}
    results[1, 10] = Written(-70410)
    results[1, 12] = Written(0, 4.0)
    del results[1, 77]
    assert news(home.apply(home.confirmed(values, results))) == [(9, True), (12, 4.0)]
    assert home.characteristics[1, 11].value is None
    assert home.confirmed({(5, 5): 1}, {(5, 5): Written()}) == []


def test_reports_that_say_what_is_known() -> None:
    """Whatever the spelling; a value that is doubted is not what is known."""
    home = database(LAMP)
    assert home.agrees(((1, 9), 0, 0))
    assert home.agrees(((1, 9), False, 0))
    assert not home.agrees(((1, 9), 1, 0))
    home.apply([((1, 9), None, 0)])
    assert not home.agrees(((1, 9), 0, 0))
    assert not home.agrees(((1, 77), 0, 0))


def test_equal_descriptions_do_not_differ() -> None:
    """Values do not count."""
    old, new = database(LAMP), database(LAMP)
    old.apply([((1, 9), True, 0)])
    assert not difference(old, new)


def test_difference() -> None:
    """Accessories, services and characteristics come, go, change their type or their limits."""
    old = load(
        {"aid": 1, "services": [LAMP, service(30, "47", characteristic(31, "25"))]},
        {"aid": 2, "services": [LAMP]},
    )
    brighter = service(
        8, "43", characteristic(9, "25", format="bool"), characteristic(10, "8", format="float")
    )
    new = load(
        {"aid": 1, "services": [brighter, service(30, "49", characteristic(31, "25"))]},
        {"aid": 3, "services": [service(8, "43", characteristic(9, "25"))]},
    )
    found = difference(old, new)
    assert found
    assert (found.added_accessories, found.removed_accessories) == ({3}, {2})
    assert found.added_services == {(1, 30), (3, 8)}
    assert found.removed_services == {(1, 30), (2, 8)}
    assert found.added_characteristics == {(1, 31), (3, 9)}
    assert found.removed_characteristics == {(1, 31), (2, 9), (2, 10)}
    assert found.changed_characteristics == {(1, 10)}


def test_difference_in_rank() -> None:
    """Links, what is primary or hidden, and what an accessory says of itself are part of a description."""
    name = service(1, "3E", characteristic(2, "23", value="Lamp"))
    other = service(30, "47", characteristic(31, "25"))
    old = load({"aid": 1, "services": [name, LAMP, other]})
    for changes in ({"linked": [30]}, {"primary": True}, {"hidden": True}):
        found = difference(old, load({"aid": 1, "services": [name, LAMP | changes, other]}))
        assert found
        assert found.changed_services == {(1, 8)}
    renamed = service(1, "3E", characteristic(2, "23", value="Light"))
    found = difference(old, load({"aid": 1, "services": [renamed, LAMP, other]}))
    assert found
    assert found.changed_information == {(1, 2)}


@given(
    st.lists(
        st.tuples(
            st.tuples(st.integers(1, 2), st.integers(8, 22)),
            JSON,
            st.sampled_from([0, -1, UNREACHABLE, -70408]),
        )
    )
)
def test_any_reports_keep_the_model_sound(reports: list[Any]) -> None:
    """Values are of the format or none, and a second telling is no news."""
    home = database(LAMP, BUTTON)
    changes = home.apply(reports, pushed=True)
    assert {each.key for each, _ in changes} <= home.characteristics.keys()
    assert type(home.characteristics[1, 9].value) is bool
    assert type(home.characteristics[1, 10].value) in (int, float)
    assert home.characteristics[1, 21].value is None
    if not any(status for _, _, status in reports):
        last = {report[0]: report for report in reports}
        assert home.apply(last.values()) == []
