"""Automations that start from what an appliance does."""

from typing import Any

from homeassistant.components import automation
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
)

from custom_components.home_connect_local.const import CONF_DESCRIPTION, DOMAIN
from custom_components.home_connect_local.device_trigger import MOMENTS, async_attach_trigger
from simulators.home_connect_local import SimulatedAppliance

from .helpers import entity_id_of, setup, until, until_state
from .test_coordinator import connection_of, settled

FINISHED, ABORTED = "BSH.Common.Event.ProgramFinished", "BSH.Common.Event.ProgramAborted"
DOOR, OPERATION = "BSH.Common.Status.DoorState", "BSH.Common.Status.OperationState"
SALT = "Dishcare.Dishwasher.Event.SaltLack"

pytestmark = pytest.mark.usefixtures("handshakes_fail")


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the id of the device."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


def trigger(device_id: str, kind: str) -> dict[str, str]:
    """Describe a trigger as the user interface does."""
    return {"platform": "device", "domain": DOMAIN, "device_id": device_id, "type": kind}


async def automate(hass: HomeAssistant, device_id: str, *kinds: str) -> list[ServiceCall]:
    """Have an action noted for each trigger."""
    calls = async_mock_service(hass, "test", "note")
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: [
                {
                    "alias": kind,
                    "triggers": trigger(device_id, kind),
                    "actions": {
                        "action": "test.note",
                        "data": {"type": "{{ trigger.type }}", "of": "{{ trigger.device_id }}"},
                    },
                }
                for kind in kinds
            ]
        },
    )
    await hass.async_block_till_done()
    return calls


def types(calls: list[ServiceCall]) -> list[str]:
    """Return what was noted."""
    return [call.data["type"] for call in calls]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("dishwasher", {*MOMENTS}),
        ("hood", {"program_finished", "program_aborted", "attention_needed"}),
        ("fridge_freezer", {"attention_needed", "door_opened"}),
    ],
)
async def test_which_there_are(
    hass: HomeAssistant, loaded: MockConfigEntry, kinds: set[str]
) -> None:
    """An appliance offers what it has the features for, also while its entry is not loaded."""
    for _ in range(2):
        found = await async_get_device_automations(
            hass, DeviceAutomationType.TRIGGER, device_of(hass, loaded)
        )
        ours = [each for each in found if each["domain"] == DOMAIN]
        assert {each["type"] for each in ours} == kinds
        await hass.config_entries.async_unload(loaded.entry_id)


async def test_nothing_to_offer(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A profile that cannot be read offers nothing, and neither do strangers."""
    device_id = device_of(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, CONF_DESCRIPTION: {}})
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    strange = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "x")}
    )
    for each in (device_id, strange.id):
        found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, each)
        assert not [item for item in found if item["domain"] == DOMAIN]
        with pytest.raises(InvalidDeviceAutomationConfig) as caught:
            await async_attach_trigger(
                hass,
                trigger(each, "door_opened"),
                lambda *_: None,  # type: ignore[arg-type, return-value]
                {},  # type: ignore[typeddict-item]
            )
        assert caught.value.translation_key == "trigger_not_available"
    assert loaded.state is ConfigEntryState.NOT_LOADED


async def test_moments(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Each starts once per occurrence."""
    device_id = device_of(hass, loaded)
    calls = await automate(hass, device_id, *MOMENTS)
    appliance = simulated.appliance
    steps: list[tuple[dict[str, Any], list[str]]] = [
        ({FINISHED: 1}, ["program_finished"]),
        ({FINISHED: 2}, []),
        ({FINISHED: 1}, ["program_finished"]),
        ({FINISHED: 0}, []),
        ({ABORTED: 1}, ["program_aborted"]),
        ({DOOR: appliance.state.raw_of(appliance.state.uid(DOOR), "Open")}, ["door_opened"]),
        ({DOOR: appliance.state.raw_of(appliance.state.uid(DOOR), "Closed")}, []),
        (
            {OPERATION: appliance.state.raw_of(appliance.state.uid(OPERATION), "ActionRequired")},
            ["attention_needed"],
        ),
    ]
    expected: list[str] = []
    for told, kinds in steps:
        appliance.tell(told)
        for uid in (appliance.state.uid(key) for key in told):
            appliance.tell_values({uid: appliance.state.values[uid]}, again=True)
        expected += kinds
        count = len(expected)
        await until(hass, lambda count=count: len(calls) >= count)
        await hass.async_block_till_done()
        assert types(calls) == expected
    assert calls[0].data["of"] == device_id


async def test_after_a_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An automation outlives any number of reloads of the appliance, and is told nothing twice."""
    calls = await automate(hass, device_of(hass, loaded), "program_finished")
    for times in (1, 2):
        await hass.config_entries.async_reload(loaded.entry_id)
        simulated.appliance.tell({FINISHED: 0})
        simulated.appliance.tell({FINISHED: 1})
        await until(hass, lambda times=times: len(calls) == times)
    await hass.async_block_till_done()
    assert len(calls) == 2


async def test_before_the_appliance_is_there(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An automation may start before its appliance; what is so already when that is first heard is no news."""
    simulated.appliance.tell({FINISHED: 1})
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, simulated.ha_id)}
    )
    calls = await automate(hass, device.id, "program_finished")
    await setup(hass, entry)
    await hass.async_block_till_done()
    assert not calls
    simulated.appliance.tell({FINISHED: 0})
    simulated.appliance.tell({FINISHED: 1})
    await until(hass, lambda: len(calls) == 1)


async def test_during_an_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What happened while the link was down counts when it is known; values of no meaning do not."""
    calls = await automate(hass, device_of(hass, loaded), "program_finished", "door_opened")
    await simulated.link_down()
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    simulated.appliance.tell({FINISHED: 1})
    await simulated.link_restored()
    await settled(hass, loaded)
    await until(hass, lambda: types(calls) == ["program_finished"])
    simulated.appliance.tell({DOOR: 99, SALT: 1})
    salt = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_salt")
    await until_state(hass, salt, "empty")
    assert types(calls) == ["program_finished"]


async def test_turned_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An automation that is turned off hears nothing any more."""
    calls = await automate(hass, device_of(hass, loaded), "program_finished")
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.program_finished"}, blocking=True
    )
    simulated.appliance.tell({FINISHED: 1, SALT: 1})
    salt = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_salt")
    await until_state(hass, salt, "empty")
    assert not calls
