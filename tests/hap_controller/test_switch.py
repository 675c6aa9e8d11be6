"""Switches: services that are on or off, valves for those who want them so, and settings of all kinds."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_VALVES_AS_SWITCHES
from custom_components.hap_controller.dispatch import CHARACTERISTICS
from custom_components.hap_controller.protocol import HapStatus
from custom_components.hap_controller.switch import ROWS
from tests.support.rooms import act, state_of, until_attribute, until_state

from .living import (
    Living,
    accessory,
    bridged,
    characteristic,
    flush,
    read_database,
    redescribe,
    service,
)

_ID = "AA:BB:CC:DD:EE:FF"


def switches(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Give the switches by their unique ids, without the pairing's part."""
    return {
        each.unique_id.removeprefix(f"{_ID}_"): each
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if each.domain == Platform.SWITCH
    }


# --- services -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["outlets"])
async def test_outlets(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Outlets are told apart by their labels; a switch among them has a name of its own."""
    shown = {
        state.entity_id: (state.name, state.state, state.attributes["device_class"])
        for state in hass.states.async_all(Platform.SWITCH)
    }
    assert shown == {
        "switch.strip_outlet_1": ("Strip Outlet 1", STATE_OFF, "outlet"),
        "switch.strip_outlet_2": ("Strip Outlet 2", STATE_ON, "outlet"),
        "switch.strip_outlet_4": ("Strip Outlet 4", STATE_OFF, "outlet"),
        "switch.strip_night_light": ("Strip Night light", STATE_OFF, "switch"),
    }
    second = "switch.strip_outlet_2"
    assert "outlet_in_use" not in state_of(hass, second).attributes
    await act(hass, Platform.SWITCH, "turn_off", second)
    await act(hass, Platform.SWITCH, "turn_on", second)
    assert living.written == [[(1, 21, 0)], [(1, 21, 1)]]
    living.push(1, 21, False)
    await until_state(hass, second, STATE_OFF)
    living.fail(1, 21, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.SWITCH, "turn_on", second)
    assert caught.value.translation_key == "not_allowed"


# --- valves -------------------------------------------------------------------------------------

_WATER = bridged("sprinklers", "faucet", "shower", "irrigation_fixed")


@pytest.mark.parametrize("accessories", [_WATER])
async def test_main_switches(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A watering system that can be switched and a faucet with valves of its own are switches, valves are not."""
    found = switches(hass, loaded)
    assert set(found) == {"1_8", "3_8"}
    for place, aid, iid in (("1_8", 1, 9), ("3_8", 3, 9)):
        entity_id = found[place].entity_id
        await act(hass, Platform.SWITCH, "turn_off", entity_id)
        assert living.written[-1] == [(aid, iid, 0)]
        assert state_of(hass, entity_id).state == STATE_OFF
        await act(hass, Platform.SWITCH, "turn_on", entity_id)
        assert living.written[-1] == [(aid, iid, 1)]
        assert set(state_of(hass, entity_id).attributes) <= {"friendly_name", "icon"}
        living.push(aid, iid, 5)
        await until_state(hass, entity_id, STATE_UNKNOWN)


@pytest.mark.parametrize("accessories", [_WATER])
@pytest.mark.parametrize("options", [{CONF_VALVES_AS_SWITCHES: True}])
async def test_valves_as_switches(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """All valves and faucets are switches, with the unique ids and attributes that they had elsewhere."""
    found = switches(hass, loaded)
    assert set(found) == {"1_8", "1_20", "1_40", "1_60", "2_8", "3_8", "3_20", "3_40", "4_20"}
    assert not hass.states.async_all(Platform.VALVE)
    lawn = found["4_20"].entity_id
    attributes = {"in_use": True, "is_configured": True, "remaining_duration": 95}
    state = state_of(hass, lawn)
    assert state.state == STATE_ON
    assert {key: state.attributes.get(key) for key in attributes} == attributes
    await act(hass, Platform.SWITCH, "turn_off", lawn)
    assert living.written == [[(4, 21, 0)]]
    living.push(4, 22, 0)
    await until_attribute(hass, lawn, "in_use", False)
    living.push(4, 25, 7)
    await until_attribute(hass, lawn, "remaining_duration", 7)
    living.push(4, 26, 0)
    await until_attribute(hass, lawn, "is_configured", False)
    for place in ("2_8", "3_20"):
        attributes = dict(state_of(hass, found[place].entity_id).attributes)
        assert not attributes.keys() & {"is_configured", "remaining_duration"}


@pytest.mark.parametrize("name", ["shower"])
@pytest.mark.parametrize("options", [{CONF_VALVES_AS_SWITCHES: True}])
async def test_valves_again(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """When valves shall be valves again, no switches of them are left behind; the main switch stays."""
    main = switches(hass, loaded)["1_8"]
    hass.config_entries.async_update_entry(loaded, options={})
    await hass.config_entries.async_reload(loaded.entry_id)
    assert switches(hass, loaded) == {"1_8": main}
    assert len(hass.states.async_all(Platform.VALVE)) == 2


@pytest.mark.parametrize("name", ["irrigation_fixed"])
async def test_becoming_a_switch(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A watering system becomes a switch when it can be switched, and is none when it cannot any more."""
    assert not switches(hass, loaded)
    accessories = read_database("irrigation_fixed")
    active = accessories[0]["services"][1]["characteristics"][0]
    fixed = active.pop("perms")
    await redescribe(hass, loaded, living, accessories)
    (state,) = hass.states.async_all(Platform.SWITCH)
    assert state.state == STATE_ON
    active["perms"] = fixed
    await redescribe(hass, loaded, living, accessories)
    assert not hass.states.async_all(Platform.SWITCH)


# --- settings -----------------------------------------------------------------------------------

# Where each setting is found, its name, and whether it is there by default.
SETTINGS: list[tuple[str, str, str, bool]] = [
    ("FAN_V2", "LOCK_PHYSICAL_CONTROLS", "Lock physical controls", True),
    ("MICROPHONE", "MUTE", "Microphone mute", True),
    ("SPEAKER", "MUTE", "Speaker mute", True),
    ("OUTLET", "MUTE", "Mute", True),
    ("SMART_SPEAKER", "AIRPLAY_ENABLE", "AirPlay", True),
    ("HUMIDIFIER_DEHUMIDIFIER", "SWING_MODE", "Swing", True),
    ("LOCK_MANAGEMENT", "AUDIO_FEEDBACK", "Audio feedback", True),
    ("LOCK_MANAGEMENT", "ADMINISTRATOR_ONLY_ACCESS", "Administrators only", True),
    ("TELEVISION", "CLOSED_CAPTIONS", "Closed captions", False),
    ("TELEVISION", "SLEEP_DISCOVERY_MODE", "Discoverable while off", False),
    ("CAMERA_OPERATING_MODE", "HOMEKIT_CAMERA_ACTIVE", "Camera", True),
    ("CAMERA_OPERATING_MODE", "CAMERA_OPERATING_MODE_INDICATOR", "Status light", True),
    ("CAMERA_OPERATING_MODE", "EVENT_SNAPSHOTS_ACTIVE", "Event snapshots", True),
    ("CAMERA_OPERATING_MODE", "PERIODIC_SNAPSHOTS_ACTIVE", "Periodic snapshots", True),
    ("CAMERA_RECORDING_MANAGEMENT", "RECORDING_AUDIO_ACTIVE", "Record audio", True),
    ("CAMERA_OPERATING_MODE", "NIGHT_VISION", "Night vision", True),
    ("AQARA_GATEWAY", "AQARA_PAIRING_MODE", "Pairing mode", True),
    ("AQARA_GATEWAY", "AQARA_E1_PAIRING_MODE", "Pairing mode", True),
    ("AIR_PURIFIER", "AIRVERSA_SLEEP_MODE", "Sleep mode", True),
]


def test_rows() -> None:
    """There is a row for what the dispatch says, and each is tested below."""
    assert set(ROWS) == CHARACTERISTICS[Platform.SWITCH]
    assert len(SETTINGS) == sum(map(len, ROWS.values()))


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                f"Device {aid}",
                service(
                    where,
                    characteristic(what, 0, iid=50, perms=["pr", "pw", "ev"], format="uint8"),
                    iid=40,
                ),
                aid=aid,
            )
            for aid, (where, what, *_) in enumerate(SETTINGS, 1)
        ]
    ],
)
async def test_settings(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each is written as 1 or 0, follows what is told, and is unknown when that is neither."""
    found = switches(hass, loaded)
    assert set(found) == {f"{aid}_40_50" for aid in range(1, len(SETTINGS) + 1)}
    for aid, (_, what, name, _) in enumerate(SETTINGS, 1):
        entity = found[f"{aid}_40_50"]
        assert entity.entity_category == (None if what == "SWING_MODE" else EntityCategory.CONFIG)
        state = state_of(hass, entity.entity_id)
        assert (state.name, state.state) == (f"Device {aid} {name}", STATE_OFF)
        await act(hass, Platform.SWITCH, "turn_on", entity.entity_id)
        assert state_of(hass, entity.entity_id).state == STATE_ON
        await act(hass, Platform.SWITCH, "turn_off", entity.entity_id)
        assert living.written[-2:] == [[(aid, 50, 1)], [(aid, 50, 0)]]
        living.push(aid, 50, 1)
        await until_state(hass, entity.entity_id, STATE_ON)
        living.push(aid, 50, 2)
        await until_state(hass, entity.entity_id, STATE_UNKNOWN)


@pytest.mark.parametrize(
    "accessories",
    [
        [
            *(
                accessory(f"Device {aid}", service(where, characteristic(what, 0), iid=40), aid=aid)
                for aid, (where, what, *_) in enumerate(SETTINGS, 1)
            ),
            accessory(
                "Read only",
                *(
                    service(where, characteristic(what, 0, perms=["pr", "ev"]))
                    for where, what, *_ in SETTINGS
                ),
                aid=50,
            ),
            accessory(
                "Others swing",
                service("FAN_V2", characteristic("ACTIVE", 0), characteristic("SWING_MODE", 0)),
                aid=51,
            ),
            accessory(
                "Others are muted",
                service("TELEVISION", characteristic("ACTIVE", 0), linked=[60]),
                service("SPEAKER", characteristic("MUTE", 0), iid=60),
                aid=52,
            ),
        ]
    ],
)
async def test_exceptions(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Some are off by default; what cannot be written is none, nor what belongs to another entity."""
    found = switches(hass, loaded)
    # As usual for its type, one cannot be written.
    there = {aid for aid, each in enumerate(SETTINGS, 1) if each[1] != "SLEEP_DISCOVERY_MODE"}
    assert {int(place.partition("_")[0]) for place in found} == there
    disabled = {
        int(place.partition("_")[0]) for place, entity in found.items() if entity.disabled_by
    }
    assert disabled == {
        aid for aid, (*_, enabled) in enumerate(SETTINGS, 1) if not enabled and aid in there
    }


@pytest.mark.parametrize("name", ["camera"])
async def test_two_mutes(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Microphone and speaker are told apart."""
    mutes = {
        state.entity_id: state.state
        for state in hass.states.async_all(Platform.SWITCH)
        if state.entity_id.endswith("_mute")
    }
    assert mutes == {
        "switch.porch_microphone_mute": STATE_OFF,
        "switch.porch_speaker_mute": STATE_ON,
    }
    await act(hass, Platform.SWITCH, "turn_on", "switch.porch_microphone_mute")
    assert living.written == [[(*living.find("MICROPHONE", "MUTE"), 1)]]


_UNKNOWN: dict[str, Any] = {"format": "bool", "perms": ["pr", "pw", "ev"], "description": "Turbo"}


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("options", [{"all_characteristics": True}])
@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Engine",
                service(
                    "SWITCH",
                    characteristic("ON", False),
                    characteristic("12345678-0000-0000-0000-000000000000", False, **_UNKNOWN),
                ),
            )
        ]
    ],
)
async def test_unknown(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What nobody knows is a switch when it is true or false, for those who want that."""
    turbo = "switch.engine_turbo"
    await act(hass, Platform.SWITCH, "turn_on", turbo)
    ((_, iid, value),) = living.writes
    assert value == 1
    living.push(1, iid, False)
    await flush(hass, loaded)
    assert state_of(hass, turbo).state == STATE_OFF
