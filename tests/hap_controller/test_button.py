"""Buttons: what a press writes."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of

from .living import Living, poll


@pytest.mark.parametrize("name", ["haa_relay"])
async def test_press(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each press writes what its accessory understands; what must be two writes is two."""
    information = "ACCESSORY_INFORMATION"
    haa, ecobee = "F0000100-0218-2017-81BF-AF2B7C833922", "A17B5A00-0D4B-4B3A-8C0F-0A80FF2603DE"
    for entity_id, service, characteristic, values in (
        ("button.relay_identify", information, "IDENTIFY", [1]),
        ("button.relay_reset_filter", "FILTER_MAINTENANCE", "RESET_FILTER_INDICATION", [1]),
        ("button.relay_setup", haa, "HAA_SETUP", ["#HAA@trcmd"]),
        ("button.relay_update", haa, "HAA_UPDATE", ["#HAA@trcmd"]),
        ("button.relay_clear_hold", ecobee, "ECOBEE_CLEAR_HOLD", [0, 1]),
    ):
        key = living.find(service, characteristic)
        living.written.clear()
        await act(hass, Platform.BUTTON, "press", entity_id)
        assert living.written == [[(*key, value)] for value in values]
        assert state_of(hass, entity_id).state != STATE_UNKNOWN
        living.fail(*key, HapStatus.TIMED_OUT)
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, Platform.BUTTON, "press", entity_id)
        assert caught.value.translation_key == "timed_out"


@pytest.mark.parametrize("name", ["blinds"])
async def test_out_of_reach(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What the bridge cannot reach has no buttons either."""
    living.unreachable(4)
    await poll(hass, loaded, living)
    shown = {each.entity_id: each.state for each in hass.states.async_all(Platform.BUTTON)}
    assert [each for each, state in shown.items() if state == STATE_UNAVAILABLE] == [
        "button.shade_identify"
    ]
