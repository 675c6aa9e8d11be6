"""Light switches, plugs and quiet mode."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import Home, SimulatedCloud

from .helpers import (
    CAMERA,
    LIGHT_SWITCH,
    PLAIN_PLUG,
    PLUG,
    act,
    device_of,
    entity_id_of,
    entity_table,
    has_device,
    has_entity,
    setup,
    until_state,
)


async def test_switches(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The switches of the fixture account."""
    assert entity_table(hass, loaded, Platform.SWITCH) == snapshot


@pytest.mark.parametrize(
    ("unique_id", "href", "shown"),
    [
        (LIGHT_SWITCH, "switch", STATE_OFF),
        (PLUG, "switch", STATE_ON),
        (PLAIN_PLUG, "switch", STATE_OFF),
        (f"{LIGHT_SWITCH}-quietmode", "quietmode", STATE_OFF),
        (f"{PLUG}-quietmode", "quietmode", STATE_ON),
    ],
)
async def test_both_ways(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    unique_id: str,
    href: str,
    shown: str,
) -> None:
    """A switch does what it is told, and shows it when the device reports."""
    entity_id = entity_id_of(hass, Platform.SWITCH, unique_id)
    assert hass.states.get(entity_id).state == shown
    for action, value, state in (("turn_on", 1, STATE_ON), ("turn_off", 0, STATE_OFF)) * 2:
        cloud.journal.clear()
        await act(hass, Platform.SWITCH, action, entity_id)
        (request,) = cloud.requests("/action/")
        assert request.path.endswith(f"/action/{href}")
        assert request.parameters == {"value": value}
        await until_state(hass, entity_id, state)


async def test_state_is_what_the_device_reports(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What the cloud takes is not yet what the device does."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.faults.arm("deaf", device=PLUG)
    await act(hass, Platform.SWITCH, "turn_off", plug)
    await hass.async_block_till_done()
    assert hass.states.get(plug).state == STATE_ON


async def test_unknown_value(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A switch that told nothing yet is unknown, not off."""
    del home.device(PLUG).resources["oic.r.switch.binary"]
    await setup(hass, entry)
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    assert hass.states.get(plug).state == STATE_UNKNOWN


async def test_update_entity(
    hass: HomeAssistant, update_action: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """The action to update entities brings what no push told, in one request for all of them."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    lamp = entity_id_of(hass, Platform.SWITCH, LIGHT_SWITCH)
    cloud.faults.arm("lost_push")
    cloud.home.press(PLUG, on=False)
    cloud.home.press(LIGHT_SWITCH, on=True)
    cloud.journal.clear()
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": [plug, lamp]}, blocking=True
    )
    assert hass.states.get(plug).state == STATE_OFF
    assert hass.states.get(lamp).state == STATE_ON
    assert len(cloud.requests("POST /device/states")) == 1


async def test_update_entity_fails(
    hass: HomeAssistant,
    update_action: None,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An update that the cloud refuses is logged by Home Assistant with our text; the state stays."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.faults.arm("answer_status", path="/device/states", status=400)
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": [plug]}, blocking=True
    )
    assert "The DIO cloud refused the command (status 400)" in caplog.text
    assert hass.states.get(plug).state == STATE_ON


@pytest.mark.parametrize("options", [{"unknown_devices": True}])
async def test_unknown_switch(
    hass: HomeAssistant,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A device of an unknown type with a switch gets a plain one, disabled at first."""
    heater = home.add("unknown_switch", "Radiateur")
    await setup(hass, entry)
    entity_id = entity_id_of(hass, Platform.SWITCH, heater.device_id)
    found = entity_registry.async_get(entity_id)
    assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert device_of(hass, entry, heater.device_id).name == "Radiateur"
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await act(hass, Platform.SWITCH, "turn_on", entity_id)
    await until_state(hass, entity_id, STATE_ON)
    # One without anything to show has nothing.
    assert not has_device(hass, entry, CAMERA)


async def test_unknown_switch_without_the_option(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """Without the option the state of unknown devices is not even asked for."""
    heater = home.add("unknown_switch", "Radiateur")
    await setup(hass, entry)
    assert not has_entity(hass, Platform.SWITCH, heater.device_id)
    asked = [request.parameters["devices"] for request in cloud.requests("/device/states")]
    assert not any(heater.device_id in devices or CAMERA in devices for devices in asked)
