"""What the check does to each kind of entity."""

from collections.abc import Sequence
from typing import Any

import pytest

from script.latchkey_demo.check.operations import MOVING_LIMIT_S, OPERATED, READ_ONLY, Step, plan
from script.latchkey_demo.states import State


def state(entity_id: str, value: str, **attributes: Any) -> State:
    """Make a state."""
    return State(entity_id, value, attributes)


def actions(steps: Sequence[Step] | None) -> list[tuple[str, dict[str, Any]]]:
    """Take what is called out of a plan."""
    assert steps is not None
    return [(step.action, step.data) for step in steps]


@pytest.mark.parametrize("domain", sorted(READ_ONLY))
def test_nothing_to_operate(domain: str) -> None:
    """What only shows something is read."""
    assert plan(state(f"{domain}.x", "on")) == []


def test_a_platform_nobody_thought_of() -> None:
    """What is not in the table is told apart from what has nothing to operate."""
    assert plan(state("nuclear_plant.x", "on")) is None
    assert not READ_ONLY & OPERATED.keys()


@pytest.mark.parametrize("domain", ["fan", "light", "siren", "switch"])
def test_both_ways(domain: str) -> None:
    """A switch ends as it began, and each step waits for what it asked for."""
    assert actions(plan(state(f"{domain}.x", "on"))) == [("turn_off", {}), ("turn_on", {})]
    steps = plan(state(f"{domain}.x", "off"))
    assert actions(steps) == [("turn_on", {}), ("turn_off", {})]
    assert steps is not None
    assert steps[0].met(state(f"{domain}.x", "on"))
    assert not steps[0].met(state(f"{domain}.x", "off"))
    assert not steps[0].met(state(f"{domain}.x", "unavailable"))


def test_a_button_shows_that_it_was_pressed() -> None:
    """The time of the last press changes."""
    steps = plan(state("button.x", "unknown"))
    assert actions(steps) == [("press", {})]
    assert steps is not None
    assert not steps[0].met(state("button.x", "unknown"))
    assert steps[0].met(state("button.x", "2026-11-21T11:00:00+00:00"))


def test_a_cover_goes_to_another_position() -> None:
    """A position that it has already would prove nothing."""
    steps = plan(state("cover.x", "open", current_position=40, supported_features=15))
    assert actions(steps) == [
        ("set_cover_position", {"position": 60}),
        ("open_cover", {}),
        ("stop_cover", {}),
        ("close_cover", {}),
    ]
    assert steps is not None
    arrived, opening, standing, closed = (step.met for step in steps)
    assert arrived(state("cover.x", "open", current_position=60))
    assert not arrived(state("cover.x", "opening", current_position=55))
    assert not arrived(state("cover.x", "opening", current_position=60))  # that is its goal
    assert opening(state("cover.x", "opening"))
    assert standing(state("cover.x", "open"))
    assert not standing(state("cover.x", "opening"))
    assert closed(state("cover.x", "closed"))
    assert not closed(state("cover.x", "closing"))
    assert steps[3].limit_s == MOVING_LIMIT_S


def test_a_cover_does_only_what_it_can() -> None:
    """Features decide."""
    assert actions(plan(state("cover.x", "open", supported_features=3))) == [
        ("open_cover", {}),
        ("close_cover", {}),
    ]
    assert actions(plan(state("cover.x", "closed", current_position=0, supported_features=4))) == [
        ("set_cover_position", {"position": 40})
    ]


def test_a_lock_ends_as_it_began() -> None:
    """The door is not left open."""
    assert actions(plan(state("lock.x", "locked"))) == [("unlock", {}), ("lock", {})]
    assert actions(plan(state("lock.x", "unlocked"))) == [("lock", {}), ("unlock", {})]


def test_a_number_is_set_back() -> None:
    """One step up, or down from the upper end, and back."""
    steps = plan(state("number.x", "2.5", min=0, max=3, step=0.5))
    assert actions(steps) == [("set_value", {"value": 3.0}), ("set_value", {"value": 2.5})]
    assert steps is not None
    assert steps[0].met(state("number.x", "3"))
    assert not steps[0].met(state("number.x", "2.5"))
    assert not steps[0].met(state("number.x", "unknown"))
    top = plan(state("number.x", "3", min=0, max=3, step=0.5))
    assert actions(top)[0] == ("set_value", {"value": 2.5})


def test_every_option_is_selected() -> None:
    """All others first, then the former one."""
    steps = plan(state("select.x", "b", options=["a", "b", "c"]))
    assert [data["option"] for _, data in actions(steps)] == ["a", "c", "b"]
