"""Automations that start from a press, whenever they were made."""

from typing import Any

from homeassistant.components import automation
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
)

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.device_trigger import async_attach_trigger
from tests.support.rooms import setup

from .living import ACCESSORY_ID, Living, flush, read_database, redescribe
from .test_event import PRESS, press

SWITCH = "STATELESS_PROGRAMMABLE_SWITCH"
ALL = ("single_press", "double_press", "long_press")


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the id of the device, which may be known before its entry was ever loaded."""
    return (
        dr.async_get(hass)
        .async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={(DOMAIN, f"{ACCESSORY_ID}:aid:1")}
        )
        .id
    )


async def listed(hass: HomeAssistant, device_id: str) -> list[tuple[str, str]]:
    """Return which triggers the user interface offers."""
    found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, device_id)
    return [(each["type"], each["subtype"]) for each in found if each["domain"] == DOMAIN]


async def automate(
    hass: HomeAssistant, device_id: str, *triggers: tuple[str, str]
) -> list[ServiceCall]:
    """Have an action noted for each trigger."""
    calls = async_mock_service(hass, "test", "note")
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: [
                {
                    "alias": f"{kind} {subtype}",
                    "triggers": {
                        "platform": "device",
                        "domain": DOMAIN,
                        "device_id": device_id,
                        "type": kind,
                        "subtype": subtype,
                    },
                    "actions": {
                        "action": "test.note",
                        "data": {"what": "{{ trigger.type }} {{ trigger.subtype }}"},
                    },
                }
                for kind, subtype in triggers
            ]
        },
    )
    await hass.async_block_till_done()
    return calls


def noted(calls: list[ServiceCall]) -> list[str]:
    """Return what was noted."""
    return [call.data["what"] for call in calls]


@pytest.mark.parametrize(
    ("name", "triggers"),
    [
        ("single_button", {"button1": ALL}),
        ("stateful_switch", {"button1": ALL}),
        (
            "remote",  # of the button with number 12 there is an event only
            {
                "button1": ALL,
                "button2": ("single_press", "long_press"),
                "button4": ("single_press", "double_press"),
            },
        ),
        ("remote_unlabelled", {"button1": ALL, "button2": ALL, "button3": ALL}),
        ("video_doorbell", {"doorbell": ("single_press",), "button1": ALL}),
        ("lamp", {}),
    ],
)
async def test_which_there_are(
    hass: HomeAssistant, loaded: MockConfigEntry, triggers: dict[str, tuple[str, ...]]
) -> None:
    """All that can be pressed has triggers, by what is printed on it; also while the entry is not loaded."""
    expected = [(kind, subtype) for kind, subtypes in triggers.items() for subtype in subtypes]
    device_id = device_of(hass, loaded)
    assert sorted(await listed(hass, device_id)) == sorted(expected)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert sorted(await listed(hass, device_id)) == sorted(expected)


async def test_strangers(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A device that is no accessory of ours has no triggers; one that was never seen has none yet."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    registry = dr.async_get(hass)
    devices = [
        registry.async_get_or_create(config_entry_id=owner.entry_id, identifiers={identifier}).id
        for owner, identifier in (
            (other, ("other", "1:aid:1")),
            (entry, (DOMAIN, "odd")),
        )
    ]
    assert await listed(hass, device_of(hass, entry)) == []
    for device_id in devices:
        assert await listed(hass, device_id) == []
        config: dict[str, Any] = {"device_id": device_id, "type": "button1", "subtype": ALL[0]}
        with pytest.raises(InvalidDeviceAutomationConfig) as caught:
            await async_attach_trigger(hass, config, None, {})  # type: ignore[arg-type, typeddict-item]
        assert caught.value.translation_key == "trigger_not_available"


@pytest.mark.parametrize("name", ["video_doorbell"])
async def test_presses(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each starts what belongs to it, and nothing when the automation is off."""
    calls = await automate(
        hass,
        device_of(hass, loaded),
        ("doorbell", "single_press"),
        ("button1", "double_press"),
        ("button1", "long_press"),
        ("button7", "long_press"),
    )
    await press(hass, loaded, living, living.find("DOORBELL", PRESS), 0, 0, None, 1)
    await press(hass, loaded, living, living.find(SWITCH, PRESS), 0, 1, 2, 9)
    expected = ["doorbell single_press"] * 2 + ["button1 double_press", "button1 long_press"]
    assert noted(calls) == expected
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.doorbell_single_press"}, blocking=True
    )
    await press(hass, loaded, living, living.find("DOORBELL", PRESS), 0)
    assert noted(calls) == expected


@pytest.mark.parametrize("name", ["single_button"])
async def test_whenever(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An automation works that was there before the accessory was, and after each reload and new description."""
    calls = await automate(hass, device_of(hass, entry), ("button1", "single_press"))
    await setup(hass, entry)
    key = living.find(SWITCH, PRESS)
    await press(hass, entry, living, key, 0, 1)
    assert noted(calls) == ["button1 single_press"]
    await hass.config_entries.async_unload(entry.entry_id)
    await setup(hass, entry)
    await press(hass, entry, living, key, 0)
    assert len(calls) == 2

    accessories = read_database("single_button")
    [button] = accessories[0]["services"][1:]
    button["characteristics"][0]["iid"] = 99
    accessories[0]["services"].append({**button, "iid": 200, "characteristics": [{"type": PRESS}]})
    await redescribe(hass, entry, living, accessories)
    await press(hass, entry, living, (1, 99), 0)
    assert len(calls) == 3
    await press(hass, entry, living, (1, 201), 0)
    assert len(calls) == 3
    # Without any button it hears nothing, until there is one again.
    await redescribe(hass, entry, living, read_database("lamp"))
    await redescribe(hass, entry, living, read_database("single_button"))
    await press(hass, entry, living, key, 0)
    await flush(hass, entry)
    assert len(calls) == 4
