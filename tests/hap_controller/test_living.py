"""The harness itself: a description comes to life, and odd ones do."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of, until_state

from .living import (
    Living,
    accessory,
    characteristic,
    complete,
    flush,
    poll,
    read_database,
    redescribe,
    service,
)

SWITCH = "switch.lamp"


async def test_switch(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is written is noted, what is pushed is shown, what fails is told."""
    on = living.find("SWITCH", "ON")
    await act(hass, Platform.SWITCH, "turn_on", SWITCH)
    assert living.written == [[(*on, 1)]]
    assert state_of(hass, SWITCH).state == STATE_ON
    living.push(*on, False)
    await until_state(hass, SWITCH, STATE_OFF)
    living.fail(*on, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError):
        await act(hass, Platform.SWITCH, "turn_on", SWITCH)
    living.push(*on, "nonsense")
    await flush(hass, loaded)
    assert state_of(hass, SWITCH).state == STATE_OFF
    living.unreachable(1)
    await poll(hass, loaded, living)
    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE
    living.unreachable(1, unreachable=False)
    await poll(hass, loaded, living)
    assert state_of(hass, SWITCH).state != STATE_UNAVAILABLE


async def test_redescribe(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Another description is taken in while the link is up."""
    accessories = read_database("lamp")
    accessories[0]["services"].append(service("OUTLET", characteristic("ON", True)))
    await redescribe(hass, loaded, living, accessories)
    assert [state.state for state in hass.states.async_all(Platform.SWITCH)] == [
        STATE_OFF,
        STATE_ON,
    ]


def test_complete() -> None:
    """A short description is written out; what is there stays, and null is not there."""
    [whole] = complete(
        [
            accessory(
                None,
                service(
                    "LIGHTBULB",
                    characteristic("BRIGHTNESS", 5, maxValue=None, valid_values=[5], iid=9),
                    characteristic("ON", perms=["pr"], odd=True),
                ),
            )
        ]
    )
    assert whole["services"][0]["iid"] == 1
    brightness, on = whole["services"][0]["characteristics"]
    assert brightness["iid"] == 9
    assert (brightness["format"], brightness["minValue"]) == ("int", 0)
    assert brightness["valid-values"] == [5]
    assert "maxValue" not in brightness
    assert (on["iid"], on["perms"], on["odd"], on["format"]) == (10, ["pr"], True, "bool")
