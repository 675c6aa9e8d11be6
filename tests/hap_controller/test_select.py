"""Selects: every row up to the state and down to what is written."""

from typing import Any

from homeassistant.components.select import ATTR_OPTION, SERVICE_SELECT_OPTION
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.select import ROWS
from tests.support.rooms import act, state_of

from .living import Json, Living, accessory, characteristic, flush, redescribe, service
from .rows import FIRST_AID, WRITE, bridge_of, entity_ids_of, uuid_of

# Service, characteristic, and what its numbers are called.
CASES: list[tuple[str, str, dict[int, str]]] = [
    ("THERMOSTAT", "TEMPERATURE_DISPLAY_UNITS", {0: "celsius", 1: "fahrenheit"}),
    ("AIR_PURIFIER", "TARGET_AIR_PURIFIER_STATE", {0: "manual", 1: "automatic"}),
    ("MOTION_SENSOR", "EVE_MOTION_SENSITIVITY", {0: "high", 4: "medium", 7: "low"}),
    (
        "TELEVISION",
        "PICTURE_MODE",
        {
            0: "other",
            1: "standard",
            2: "calibrated",
            3: "calibrated_dark",
            4: "vivid",
            5: "game",
            6: "computer",
            7: "custom",
        },
    ),
]


def described(service_type: str, name: str, **told: Any) -> Json:
    """Describe a service with just one setting."""
    limits = {"minValue": None, "maxValue": None, "minStep": None, "format": "uint8", **told}
    return service(service_type, characteristic(uuid_of(name), 0, perms=WRITE, iid=100, **limits))


def test_all_rows() -> None:
    """Each row has a case; one has a test of its own."""
    assert {uuid_of(name) for _, name, _ in CASES} | {uuid_of("ECOBEE_CURRENT_MODE")} == set(ROWS)


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories", [bridge_of(described(*case[:2]) for case in CASES)], ids=["all"]
)
async def test_rows(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each option is written as its number, and each number is shown as its option."""
    for aid, (_, _, members) in enumerate(CASES, FIRST_AID):
        (entity_id,) = entity_ids_of(hass, Platform.SELECT, aid)
        assert state_of(hass, entity_id).attributes["options"] == list(members.values())
        for value, option in reversed(members.items()):
            await act(
                hass, Platform.SELECT, SERVICE_SELECT_OPTION, entity_id, **{ATTR_OPTION: option}
            )
            assert living.written[-1] == [(aid, 100, value)]
            assert state_of(hass, entity_id).state == option
        for value, option in members.items():
            living.push(aid, 100, value)
            await flush(hass, loaded)
            assert state_of(hass, entity_id).state == option
        living.push(aid, 100, 99)
        await flush(hass, loaded)
        assert state_of(hass, entity_id).state == STATE_UNKNOWN


@pytest.mark.parametrize(
    "accessories",
    [bridge_of([described("THERMOSTAT", "TEMPERATURE_DISPLAY_UNITS", valid_values=[1])])],
)
async def test_allowed_options(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, accessories: list[Json]
) -> None:
    """Only what the accessory takes can be selected, as it says now."""
    entity_id = "select.accessory_2_temperature_display_units"
    assert state_of(hass, entity_id).attributes["options"] == ["fahrenheit"]
    assert state_of(hass, entity_id).state == STATE_UNKNOWN
    del accessories[1]["services"][1]["characteristics"][0]["valid-values"]
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, entity_id).attributes["options"] == ["celsius", "fahrenheit"]
    assert state_of(hass, entity_id).state == "celsius"


@pytest.mark.parametrize("name", ["ecobee"])
async def test_ecobee_mode(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The mode is told by one characteristic and set with another; a temporary one cannot be selected."""
    mode = living.find("THERMOSTAT", "ECOBEE_CURRENT_MODE")
    hold = living.find("THERMOSTAT", "ECOBEE_SET_HOLD_SCHEDULE")
    entity_id = "select.homew_current_mode"
    assert state_of(hass, entity_id).state == "home"
    for option, value in (("away", 2), ("sleep", 1), ("home", 0)):
        await act(hass, Platform.SELECT, SERVICE_SELECT_OPTION, entity_id, **{ATTR_OPTION: option})
        assert living.written[-1] == [(*hold, value)]
    living.set(*mode, 3)
    await loaded.runtime_data.client.refresh()
    await hass.async_block_till_done()
    state = state_of(hass, entity_id)
    assert (state.state, state.attributes["options"][-1]) == ("temporary", "temporary")
    with pytest.raises(ServiceValidationError) as caught:
        await act(
            hass, Platform.SELECT, SERVICE_SELECT_OPTION, entity_id, **{ATTR_OPTION: "temporary"}
        )
    assert caught.value.translation_key == "not_selectable"
    living.set(*mode, 1)
    await loaded.runtime_data.client.refresh()
    await hass.async_block_till_done()
    assert state_of(hass, entity_id).attributes["options"] == ["home", "sleep", "away"]
    assert state_of(hass, entity_id).state == "sleep"


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Purifier",
                service(
                    "AIR_PURIFIER",
                    characteristic("ACTIVE", 1),
                    characteristic("TARGET_AIR_PURIFIER_STATE", 1),
                ),
            )
        ]
    ],
)
async def test_air_purifier_with_a_fan(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What the fan offers as a preset is no select, unless the user enables it."""
    assert hass.states.async_all(Platform.SELECT) == []
    assert len(entity_ids_of(hass, Platform.SELECT, 1)) == 1


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("name", ["vendor_unknowns"])
@pytest.mark.parametrize("options", [{CONF_ALL_CHARACTERISTICS: True}])
async def test_generic(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Of a setting that nobody knows the numbers can be selected."""
    entity_id = "select.gadget_program"
    await act(hass, Platform.SELECT, SERVICE_SELECT_OPTION, entity_id, **{ATTR_OPTION: "4"})
    assert living.writes == [(1, 16, 4)]
    assert state_of(hass, entity_id).state == "4"
    living.push(1, 16, 3)
    await flush(hass, loaded)
    assert state_of(hass, entity_id).state == STATE_UNKNOWN
