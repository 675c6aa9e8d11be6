"""Appliances that another local integration has; its own library is the witness of what it keeps."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_DEVICE, CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import entity_sources
from homeconnect_websocket import parse_device_description
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
)

from custom_components.home_connect_local.const import (
    CONF_CONNECTION_TYPE,
    CONF_DESCRIPTION,
    CONF_HA_ID,
    CONF_IV,
    CONF_KEY,
    CONF_SKIP_TEST,
    CONF_TAKE_OVER,
    DOMAIN,
)
from custom_components.home_connect_local.takeover import FOREIGN_DOMAIN, foreign_profile, own_key
from simulators.home_connect_local import PROFILES, SimulatedAppliance
from tests.support.forms import submit

from .forms import start
from .helpers import NAMES, entity_id_of, new_entry, setup, stored_description

FORM = "custom_components.home_connect_local.config_flow"
FOREIGN_ID = "f00dfeed"
# What their parser leaves out: groups of features, and what programs say of ranges and members.
LOST = {"parent"}
LOST_OPTION = {"min", "max", "step", "enum"}

pytestmark = pytest.mark.usefixtures("handshakes_fail")


@pytest.fixture(autouse=True)
def names() -> Iterator[AsyncMock]:
    """Let no router know an appliance by its name."""
    with patch(f"{FORM}.default_hosts", return_value=()) as mock:
        yield mock


def foreign_link(name: str, host: str = "") -> dict[str, Any]:
    """Return what the other integration stores about the link."""
    head = PROFILES[name].head
    return {
        "host": host,
        "psk": head["key"],
        "aes_iv": head.get("iv"),
        "mode": head["connectionType"],
        "name": f"{head['brand']} {head['type']}",
        "device_id": FOREIGN_ID,
    }


def foreign_data(name: str, host: str = "") -> dict[str, Any]:
    """Return all that the other integration stores; what its parser cannot read is not there."""
    profile = PROFILES[name]
    description = parse_device_description(
        profile.device_xml.decode(), profile.mapping_xml.decode()
    )
    description["info"] |= profile.seed.info  # once it was connected
    return foreign_link(name, host) | {"description": json.loads(json.dumps(description))}


def keep_files(name: str, storage: Path) -> dict[str, Any]:
    """Write the files of a profile where version 1.0.5 does, and return what it stores about them."""
    profile, folder = PROFILES[name], f"{FOREIGN_ID}-of-{name}"
    (storage / folder).mkdir(parents=True)
    (storage / folder / "DeviceDescription.xml").write_bytes(profile.device_xml)
    (storage / folder / "FeatureMapping.xml").write_bytes(profile.mapping_xml)
    return {
        "description_filename": f"{folder}/DeviceDescription.xml",
        "feature_filename": f"{folder}/FeatureMapping.xml",
        "appliance_info": dict(profile.seed.info),
    }


def keep_texts(name: str) -> dict[str, Any]:
    """Return what a fork stores about a profile."""
    profile = PROFILES[name]
    return {
        "description": {"info": dict(profile.seed.info)},
        "description_xml": profile.device_xml.decode(),
        "feature_mapping_xml": profile.mapping_xml.decode(),
    }


def foreign_entry(
    hass: HomeAssistant, name: str, host: str = "", **changes: Any
) -> MockConfigEntry:
    """Add an entry of the other integration."""
    entry = MockConfigEntry(
        domain=FOREIGN_DOMAIN,
        unique_id=PROFILES[name].ha_id,
        title=f"Theirs {name}",
        data=foreign_data(name, host) | changes,
    )
    entry.add_to_hass(hass)
    return entry


def foreign_entity(
    hass: HomeAssistant, entry: MockConfigEntry, platform: str, key: str, **details: Any
) -> er.RegistryEntry:
    """Add an entity of the other integration, as it names them."""
    identity = entry.data["description"]["info"]["deviceID"]
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(FOREIGN_DOMAIN, identity)}
    )
    return er.async_get(hass).async_get_or_create(
        platform,
        FOREIGN_DOMAIN,
        f"{identity}-{key}",
        config_entry=entry,
        device_id=device.id,
        suggested_object_id=f"theirs_{key}",
        **details,
    )


def without(stored: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Leave some members out."""
    return {name: value for name, value in stored.items() if name not in names}


def comparable(stored: dict[str, Any]) -> dict[str, Any]:
    """Reduce a stored description to what both keep, with enumerations in place of their numbers."""
    features = {}
    for uid, feature in stored["features"].items():
        kept = {"list": False, **without(feature, LOST)}
        if "enum" in kept:
            members = stored["enums"].get(str(kept["enum"]), {"members": {}})["members"]
            kept["enum"] = {str(raw): name for raw, name in members.items()}
        if "options" in kept:
            kept["options"] = [without(option, LOST_OPTION) for option in kept["options"]]
        features[uid] = kept
    return features


# --- what they keep -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hob"])
def test_description(name: str) -> None:
    """Our description made of theirs equals the one made of the files, but for what their parser drops."""
    entry = MockConfigEntry(
        domain=FOREIGN_DOMAIN, unique_id=PROFILES[name].ha_id, data=foreign_data(name)
    )
    profile = foreign_profile(entry, Path())
    assert profile
    stored = profile.description.store()
    expected = stored_description(name)
    assert comparable(stored) == comparable(expected)
    assert stored["appliance"]["mac"] == expected["appliance"]["mac"]
    assert stored["appliance"]["vib"] == expected["appliance"]["vib"]
    assert profile.ha_id == PROFILES[name].ha_id
    assert profile.connection_type == PROFILES[name].connection_type
    assert profile.key == PROFILES[name].key
    assert profile.iv == (PROFILES[name].iv if profile.connection_type == "AES" else None)
    json.dumps(stored)


@pytest.mark.parametrize(
    "changes",
    [
        {"psk": "too short"},
        {"psk": None},
        {"aes_iv": "x"},
        {"description": None},
        {"description": {}},
        {"description": {"info": {}, "setting": [{}]}},
        {"description": {"info": {}, "setting": [{"uid": "x"}]}},
        {"description": {"info": {}, "setting": [{"uid": 1, "refCID": "x"}]}},
        {"description": {"info": {}, "setting": [{"uid": 1, "access": "whatever"}]}},
        {"description": {"info": {"type": 5}}},
    ],
)
def test_what_cannot_be_used(changes: dict[str, Any]) -> None:
    """An entry that lacks something is not offered, and breaks nothing."""
    entry = MockConfigEntry(
        domain=FOREIGN_DOMAIN,
        unique_id="x",
        data=foreign_data("dishwasher") | changes,
    )
    assert foreign_profile(entry, Path()) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["files", "texts"])
def test_description_in_xml(name: str, form: str, tmp_path: Path) -> None:
    """Later versions, and a fork, keep the files themselves: then nothing is lost, and every file can be read."""
    changes = keep_files(name, tmp_path) if form == "files" else keep_texts(name)
    entry = MockConfigEntry(
        domain=FOREIGN_DOMAIN,
        unique_id=PROFILES[name].ha_id,
        data=foreign_link(name) | changes,
    )
    profile = foreign_profile(entry, tmp_path)
    assert profile
    stored, expected = profile.description.store(), stored_description(name)
    for part in ("format", "info", "features", "lists", "enums"):
        assert stored[part] == expected[part]
    assert stored["appliance"]["vib"] == expected["appliance"]["vib"]
    assert profile.key == PROFILES[name].key


@pytest.mark.parametrize(
    "changes",
    [
        {"description_filename": "gone/DeviceDescription.xml"},
        {"description_filename": "../outside.xml"},
        {"feature_filename": None},
        {"feature_filename": "x/DeviceDescription.xml"},
        {"appliance_info": None},
        {"appliance_info": {"type": 5}},
    ],
)
def test_files_that_cannot_be_used(changes: dict[str, Any], tmp_path: Path) -> None:
    """A file that is gone, leads elsewhere or is another one costs nothing but the offer."""
    storage = tmp_path / "storage"
    data = foreign_link("dishwasher") | keep_files("dishwasher", storage)
    (tmp_path / "outside.xml").write_bytes(PROFILES["dishwasher"].device_xml)
    (storage / "x").mkdir()
    (storage / "x" / "DeviceDescription.xml").write_bytes(PROFILES["dishwasher"].device_xml)
    for each, usable in ((data, True), (data | changes, False)):
        entry = MockConfigEntry(domain=FOREIGN_DOMAIN, unique_id="x", data=each)
        assert (foreign_profile(entry, storage) is not None) is usable


def test_entry_without_an_id() -> None:
    """Without the id of the appliance there is nothing to take over."""
    entry = MockConfigEntry(domain=FOREIGN_DOMAIN, data=foreign_data("dishwasher"))
    assert foreign_profile(entry, Path()) is None


def test_unreadable_members_are_left_out() -> None:
    """Literals of no meaning cost nothing but themselves; values that are numbers already are taken as such."""
    description = {
        "info": {},
        "setting": [
            {"uid": 1, "name": "A.B.Setting.X", "refCID": 2, "min": "low", "max": "9", "step": 3},
            {
                "uid": 2,
                "name": "A.B.Setting.Y",
                "refCID": 1,
                "initValue": "perhaps",
                "access": None,
            },
            {"uid": 3, "refCID": 999},
        ],
    }
    entry = MockConfigEntry(
        domain=FOREIGN_DOMAIN,
        unique_id="x",
        data=foreign_data("dishwasher") | {"description": description},
    )
    profile = foreign_profile(entry, Path())
    assert profile
    first, second, third = (profile.description.features[uid] for uid in (1, 2, 3))
    assert (first.min, first.max, first.step) == (None, 9, 3)
    assert (second.initial, second.access) == (None, None)
    assert (third.key, third.content_type) == (None, None)


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dishwasher", "washer"])
async def test_take_over(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """Profile, address and entities are taken over; ids of entities stay, and with them their history."""
    mock_integration(hass, MockModule(FOREIGN_DOMAIN))
    name = simulated.profile.name
    foreign = foreign_entry(hass, name, f"{simulated.host}:{simulated.port}")
    power = foreign_entity(hass, foreign, "sensor", "sensor_power_state")
    state = foreign_entity(
        hass,
        foreign,
        "sensor",
        "sensor_operation_state",
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    lock = foreign_entity(hass, foreign, "switch", "switch_child_lock")
    strange = foreign_entity(hass, foreign, "vacuum", "vacuum_something")
    registry = er.async_get(hass)
    registry.async_update_entity(power.entity_id, name="My power", new_entity_id="sensor.mine")

    result = await start(hass)
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["upload", "take_over"]
    result = await submit(hass, result, {"next_step_id": "take_over"})
    assert result["step_id"] == "take_over"
    result = await submit(hass, result, {CONF_DEVICE: foreign.entry_id})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()

    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.connected
    assert entry.unique_id == simulated.ha_id
    assert CONF_TAKE_OVER not in entry.data
    assert (
        entry.data["device_id"] != FOREIGN_ID
    )  # two copies of one name would hang up on each other
    wanted = new_entry(simulated).data
    for key in (CONF_HA_ID, CONF_HOST, CONF_CONNECTION_TYPE, CONF_KEY, CONF_IV):
        assert entry.data[key] == wanted[key]
    assert foreign.disabled_by is ConfigEntryDisabler.USER

    mine = registry.async_get("sensor.mine")
    assert mine
    assert mine.config_entry_id == entry.entry_id
    assert mine.unique_id == f"{simulated.ha_id}-sensor_power_state"
    assert mine.name == "My power"
    assert mine.disabled_by is None
    assert mine.device_id == entry.runtime_data.device_id
    assert hass.states.get("sensor.mine")
    assert entity_id_of(hass, entry, Platform.SWITCH, "switch_child_lock") == lock.entity_id
    assert hass.states.get(lock.entity_id)
    moved = registry.async_get(state.entity_id)
    assert moved
    assert moved.disabled_by is er.RegistryEntryDisabler.USER
    left = registry.async_get(strange.entity_id)
    assert left
    assert left.config_entry_id == foreign.entry_id

    assert (await start(hass))["step_id"] == "upload"  # nothing is left to take over
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_take_over_files(
    hass: HomeAssistant, simulated: SimulatedAppliance, tmp_path: Path
) -> None:
    """The files of a profile are found where Home Assistant keeps its storage."""
    hass.config.config_dir = str(tmp_path)
    foreign = foreign_entry(hass, "dishwasher", f"{simulated.host}:{simulated.port}")
    kept = keep_files("dishwasher", Path(hass.config.path(".storage", FOREIGN_DOMAIN)))
    link = foreign_link("dishwasher", foreign.data[CONF_HOST])
    hass.config_entries.async_update_entry(foreign, data=link | kept)
    result = await submit(hass, await start(hass), {"next_step_id": "take_over"})
    result = await submit(hass, result, {CONF_DEVICE: foreign.entry_id})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.runtime_data.connected
    assert entry.data[CONF_DESCRIPTION]["features"] == stored_description("dishwasher")["features"]
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_take_over_while_off(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """An appliance that is off is taken over untested, if the user wants that; until then nothing changes."""
    foreign = foreign_entry(hass, "dishwasher", f"{simulated.host}:{simulated.port}")
    power = foreign_entity(hass, foreign, "sensor", "sensor_power_state")
    await simulated.link_down()
    result = await submit(hass, await start(hass), {"next_step_id": "take_over"})
    result = await submit(hass, result, {CONF_DEVICE: foreign.entry_id})
    assert result["step_id"] == "host"
    assert result["errors"] == {"base": "cannot_connect"}
    assert foreign.disabled_by is None
    registered = er.async_get(hass).async_get(power.entity_id)
    assert registered
    assert registered.platform == FOREIGN_DOMAIN
    result = await submit(
        hass,
        result,
        {CONF_HOST: f"{simulated.host}:{simulated.port}", CONF_SKIP_TEST: True},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    registered = er.async_get(hass).async_get(power.entity_id)
    assert registered
    assert registered.config_entry_id == result["result"].entry_id
    assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_gone_meanwhile(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """What was removed while the form was open cannot be taken over any more."""
    foreign = foreign_entry(hass, "dishwasher")
    result = await submit(hass, await start(hass), {"next_step_id": "take_over"})
    await hass.config_entries.async_remove(foreign.entry_id)
    result = await submit(hass, result, {CONF_DEVICE: foreign.entry_id})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "all_setup"


async def test_strange_address(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """An address that is none is asked for; what is set up here already is not offered."""
    theirs = foreign_entry(hass, "washer")
    foreign = foreign_entry(hass, "dishwasher", "no host")
    result = await submit(hass, await start(hass), {"next_step_id": "take_over"})
    options = result["data_schema"].schema[CONF_DEVICE].config["options"]
    assert {each["label"] for each in options} == {"Theirs dishwasher", "Theirs washer"}
    result = await submit(hass, result, {CONF_DEVICE: foreign.entry_id})
    assert result["step_id"] == "host"
    assert result["errors"] == {}
    assert theirs.disabled_by is None


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "oven",
            {
                "sensor_oven_current_temperature_001": Platform.SENSOR,
                "sensor_oven_current_meatprobe_temperature_001": Platform.SENSOR,
                "sensor_oven_water_tank_001": Platform.SENSOR,
                "binary_sensor_oven_alarm_clock_elapsed_001": Platform.BINARY_SENSOR,
                "number_oven_setting_001_alarm_clock": Platform.NUMBER,
            },
        ),
        ("hood", {"light_cooking_lighting": Platform.LIGHT}),
        ("hood", {"light_cooking_ambient_lighting": Platform.LIGHT}),
        (
            "hob",
            {
                f"sensor_hob_zone_102_{key}": Platform.SENSOR
                for key in (
                    "state",
                    "operationstate",
                    "power_level",
                    "frying_sensor_level",
                    "current_temperature",
                    "duration",
                    "remaining_program_time",
                )
            },
        ),
        ("hood", {"fan_hood": Platform.FAN, "switch_power_state": Platform.SWITCH}),
        ("coffee_maker", {"select_program": Platform.SELECT, "sensor_drip_tray": Platform.SENSOR}),
    ],
)
async def test_keys(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, keys: dict[str, Platform]
) -> None:
    """What has another key there is the same entity here."""
    await setup(hass, entry)
    for key, platform in keys.items():
        assert entity_id_of(hass, entry, platform, own_key(key))


def test_keys_of_what_no_demo_appliance_has() -> None:
    """These go by the same rule."""
    assert own_key("sensor_hob_zone_f55_program_progress") == (
        "cooking_hob_status_zone_f55_programprogress"
    )
    assert own_key("binary_sensor_oven_meatprobe_plugged_002") == (
        "cooking_oven_status_cavity_002_meatprobeplugged"
    )
    for key in ("sensor_oven_water_tank", "sensor_oven_current_temperature", "whatever"):
        assert own_key(key) == key


# --- the move -----------------------------------------------------------------------------------


async def test_own_entities_come_first(
    hass: HomeAssistant, simulated: SimulatedAppliance, caplog: pytest.LogCaptureFixture
) -> None:
    """Entities that are ours already stay, those that are still in use stay where they are, and so do strangers'."""
    mock_integration(hass, MockModule(FOREIGN_DOMAIN))
    foreign = foreign_entry(hass, "dishwasher")
    power = foreign_entity(hass, foreign, "sensor", "sensor_power_state")
    lock = foreign_entity(hass, foreign, "switch", "switch_child_lock")
    entry = new_entry(simulated)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TAKE_OVER: foreign.entry_id}
    )
    registry = er.async_get(hass)
    own = registry.async_get_or_create(
        "sensor", DOMAIN, f"{simulated.ha_id}-sensor_power_state", config_entry=entry
    )
    # As when the other integration does not let go of it.
    entity_sources(hass)[lock.entity_id] = {"domain": FOREIGN_DOMAIN, "custom_component": True}
    await setup(hass, entry)
    assert entity_id_of(hass, entry, Platform.SENSOR, "sensor_power_state") == own.entity_id
    for each in (power, lock):
        registered = registry.async_get(each.entity_id)
        assert registered
        assert registered.platform == FOREIGN_DOMAIN
    assert f"Entity {lock.entity_id} is not taken over" in caplog.text
    assert CONF_TAKE_OVER not in entry.data
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_entities_of_a_disabled_entry(
    hass: HomeAssistant, simulated: SimulatedAppliance
) -> None:
    """Entities that were disabled with their entry are enabled again here."""
    foreign = foreign_entry(hass, "dishwasher")
    power = foreign_entity(
        hass,
        foreign,
        "sensor",
        "sensor_power_state",
        disabled_by=er.RegistryEntryDisabler.CONFIG_ENTRY,
    )
    await hass.config_entries.async_set_disabled_by(foreign.entry_id, ConfigEntryDisabler.USER)
    entry = new_entry(simulated)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TAKE_OVER: foreign.entry_id}
    )
    await setup(hass, entry)
    assert hass.states.get(power.entity_id)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_replaced_entry_is_gone(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """There may be nothing left to take over by the time of the set-up."""
    entry = new_entry(simulated)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TAKE_OVER: "gone"})
    await setup(hass, entry)
    assert CONF_TAKE_OVER not in entry.data
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_set_up_that_fails(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """The other integration keeps all it has until ours is in order."""
    foreign = foreign_entry(hass, "dishwasher")
    power = foreign_entity(hass, foreign, "sensor", "sensor_power_state")
    entry = new_entry(simulated)
    entry.add_to_hass(hass)
    broken = {
        **entry.data,
        CONF_TAKE_OVER: foreign.entry_id,
        CONF_DESCRIPTION: {"format": 99},
    }
    hass.config_entries.async_update_entry(entry, data=broken)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert foreign.disabled_by is None
    registered = er.async_get(hass).async_get(power.entity_id)
    assert registered
    assert registered.platform == FOREIGN_DOMAIN
    assert entry.data[CONF_TAKE_OVER] == foreign.entry_id
