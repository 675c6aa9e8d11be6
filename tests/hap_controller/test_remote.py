"""Remote controls: every key, and those that are not there."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of

from .living import Living, read_database, redescribe
from .test_cover import pushed

TV, PROJECTOR = "remote.tv", "remote.projector"


@pytest.mark.parametrize("name", ["television"])
async def test_keys(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each key is a write of its own, in the order and as often as asked for."""
    key, active = living.find("TELEVISION", "REMOTE_KEY"), living.find("TELEVISION", "ACTIVE")
    keys = {
        "rewind": 0,
        "fast_forward": 1,
        "next_track": 2,
        "previous_track": 3,
        "arrow_up": 4,
        "arrow_down": 5,
        "arrow_left": 6,
        "arrow_right": 7,
        "select": 8,
        "back": 9,
        "exit": 10,
        "play_pause": 11,
        "information": 15,
    }
    await act(hass, Platform.REMOTE, "send_command", TV, command=list(keys), delay_secs=0)
    assert living.written == [[(*key, number)] for number in keys.values()]
    living.written.clear()
    await act(
        hass,
        Platform.REMOTE,
        "send_command",
        TV,
        command=["Select", " back "],
        num_repeats=2,
        delay_secs=0.001,
    )
    assert living.written == [[(*key, number)] for number in (8, 9, 8, 9)]
    living.written.clear()
    await act(hass, Platform.REMOTE, "turn_off", TV)
    assert state_of(hass, TV).state == "off"
    await act(hass, Platform.REMOTE, "turn_on", TV)
    assert living.written == [[(*active, 0)], [(*active, 1)]]
    await pushed(hass, loaded, living, (active, 5))
    assert state_of(hass, TV).state == "unknown"
    living.fail(*key, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError):
        await act(hass, Platform.REMOTE, "send_command", TV, command="exit")


@pytest.mark.parametrize("name", ["television_simple"])
async def test_missing_keys(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A key that is not there is refused before any is pressed."""
    for key in ("rewind", "warp", "next_track"):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, Platform.REMOTE, "send_command", PROJECTOR, command=["select", key])
        assert caught.value.translation_key == "no_such_key"
    assert not living.written
    accessories = read_database("television_simple")
    television = accessories[0]["services"][1]
    television["characteristics"] = [
        each for each in television["characteristics"] if each["type"] != "REMOTE_KEY"
    ]
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get(PROJECTOR) is None
    assert hass.states.get("media_player.projector")
