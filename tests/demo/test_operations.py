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


@pytest.mark.parametrize("domain", ["fan", "light", "remote", "siren", "switch"])
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


def then(step: Step, now: State) -> list[tuple[str, dict[str, Any]]]:
    """Take what follows a step in the state that it led to."""
    return actions(list(step.then(now)))


def test_an_alarm_is_armed_in_every_way() -> None:
    """What it does not offer is not asked for, and it ends disarmed."""
    steps = plan(state("alarm_control_panel.x", "disarmed", supported_features=3))
    assert actions(steps) == [("alarm_arm_home", {}), ("alarm_arm_away", {}), ("alarm_disarm", {})]
    assert steps is not None
    assert not steps[1].met(state("alarm_control_panel.x", "arming"))
    assert steps[1].met(state("alarm_control_panel.x", "armed_away"))


def test_each_mode_of_a_climate_has_its_temperatures() -> None:
    """One target, two, or none: what is changed is what is shown in the mode."""
    shown = {"hvac_modes": ["off", "heat", "heat_cool"], "min_temp": 7, "max_temp": 35}
    steps = plan(state("climate.x", "heat", **shown))
    assert [data["hvac_mode"] for _, data in actions(steps)] == ["off", "heat_cool", "heat"]
    assert steps is not None
    assert then(steps[0], state("climate.x", "off", **shown, temperature=None)) == []
    span = {"target_temp_low": 19.0, "target_temp_high": 35.0, "target_temp_step": 0.5}
    assert then(steps[1], state("climate.x", "heat_cool", **shown, **span)) == [
        ("set_temperature", {"target_temp_low": 19.5, "target_temp_high": 34.5}),
        ("set_temperature", {"target_temp_low": 19.0, "target_temp_high": 35.0}),
    ]
    warm = state("climate.x", "heat", **shown, temperature=21)
    first, _ = steps[2].then(warm)
    assert first.data == {"temperature": 22}
    assert not first.met(warm)
    assert first.met(state("climate.x", "heat", temperature=22.2))


def test_what_else_a_climate_offers() -> None:
    """Fan, swing and humidity end as they were."""
    steps = plan(
        state(
            "climate.x",
            "off",
            hvac_modes=["off"],
            fan_modes=["low", "high"],
            fan_mode="low",
            humidity=50,
            min_humidity=30,
            max_humidity=50,
        )
    )
    assert actions(steps) == [
        ("set_hvac_mode", {"hvac_mode": "off"}),
        ("set_humidity", {"humidity": 49.0}),
        ("set_humidity", {"humidity": 50.0}),
        ("set_fan_mode", {"fan_mode": "high"}),
        ("set_fan_mode", {"fan_mode": "low"}),
    ]


def test_slats() -> None:
    """Slats are tilted behind the cover's own movements."""
    steps = plan(state("cover.x", "open", supported_features=2 | 16 | 128))
    assert [action for action, _ in actions(steps)] == [
        "close_cover",
        "set_cover_tilt_position",
        "open_cover_tilt",
    ]
    assert steps is not None
    assert steps[1].met(state("cover.x", "closed", current_tilt_position=49))
    assert not steps[1].met(state("cover.x", "closed"))


def test_a_fan_while_it_blows() -> None:
    """Speeds, swing, direction and presets, as far as it has them."""
    steps = plan(state("fan.x", "off"))
    assert steps is not None
    now = {"supported_features": 15, "percentage_step": 25, "oscillating": False}
    on = state("fan.x", "on", **now, direction="forward", preset_modes=["auto"])
    assert then(steps[0], on) == [
        ("set_percentage", {"percentage": 100}),
        ("set_percentage", {"percentage": 50}),
        ("oscillate", {"oscillating": True}),
        ("oscillate", {"oscillating": False}),
        ("set_direction", {"direction": "reverse"}),
        ("set_direction", {"direction": "forward"}),
        ("set_preset_mode", {"preset_mode": "auto"}),
    ]
    assert then(steps[0], state("fan.x", "on", supported_features=48)) == []


def test_a_lamp_while_it_shines() -> None:
    """Brightness, white and colour, and what comes back need not be exact."""
    steps = plan(state("light.x", "off"))
    assert steps is not None
    assert then(steps[0], state("light.x", "on", supported_color_modes=["onoff"])) == []
    dim, white, blue = steps[0].then(
        state("light.x", "on", supported_color_modes=["hs", "color_temp"])
    )
    assert dim.met(state("light.x", "on", brightness=127))
    assert not dim.met(state("light.x", "on", brightness=255))
    assert white.met(state("light.x", "on", color_temp_kelvin=4016))
    assert not white.met(state("light.x", "on", color_temp_kelvin=None))
    assert blue.met(state("light.x", "on", hs_color=(239, 80)))
    assert not blue.met(state("light.x", "on"))


def test_a_player_while_it_is_on() -> None:
    """Sources, transport and volume; what is unknown while it is off comes to be known."""
    steps = plan(state("media_player.x", "off"))
    assert steps is not None
    assert steps[0].met(state("media_player.x", "playing"))
    now = {"source_list": ["TV", "DVD"], "source": "TV", "volume_level": 0.9}
    on = state("media_player.x", "playing", supported_features=1 | 4 | 8 | 1024, **now)
    assert then(steps[0], on) == [
        ("select_source", {"source": "DVD"}),
        ("select_source", {"source": "TV"}),
        ("media_pause", {}),
        ("volume_set", {"volume_level": 0.7}),
        ("volume_set", {"volume_level": 0.9}),
        ("volume_up", {}),
        ("volume_down", {}),
    ]
    louder, softer = list(steps[0].then(on))[-2:]
    assert louder.met(state("media_player.x", "on", volume_level=0.95))
    assert softer.met(state("media_player.x", "on", volume_level=0.9))


def test_a_humidifier_and_a_valve() -> None:
    """They end as they began."""
    modes = {"available_modes": ["auto", "normal"], "mode": "auto"}
    assert actions(plan(state("humidifier.x", "on", **modes))) == [
        ("turn_off", {}),
        ("turn_on", {}),
        ("set_mode", {"mode": "normal"}),
        ("set_mode", {"mode": "auto"}),
    ]
    assert actions(plan(state("valve.x", "closed", supported_features=3))) == [
        ("open_valve", {}),
        ("close_valve", {}),
    ]
