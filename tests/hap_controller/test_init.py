"""An entry comes, goes, and leaves nothing behind."""

import asyncio
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.hap_controller import services
from custom_components.hap_controller.cache import async_get_cache
from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol.http import Request, Response
from tests.support.rooms import act, setup, state_of, tasks_of, unavailable, until_state

from .forms import issues
from .living import ACCESSORY_ID, Living, accessory, characteristic, new_entry, redescribe, service
from .protocol.running import pair, until as soon

LAMP = "switch.lamp"


def links() -> list[str]:
    """Name the tasks that keep links up."""
    return [name for name in tasks_of(DOMAIN) if "leftovers" not in name]


async def test_life(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Set up, reloaded and unloaded, an entry has one link, then none."""
    await setup(hass, entry)
    assert len(links()) == 1
    assert state_of(hass, LAMP).state == STATE_OFF
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert len(links()) == 1
    assert living.connections == 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert links() == []
    assert unavailable(hass) >= {LAMP}
    await soon(lambda: not living.subscribed)
    # Actions stay, for other accessories.
    assert hass.services.async_services_for_domain(DOMAIN).keys() == services._ACTIONS.keys()


async def test_loaded_platforms(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Only platforms are loaded that there is something for; more when that changes."""
    assert loaded.runtime_data.platforms == {
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        Platform.SWITCH,
    }
    accessories = living.description
    accessories[0]["services"].append(
        service("TEMPERATURE_SENSOR", characteristic("CURRENT_TEMPERATURE", 5.0))
    )
    await redescribe(hass, loaded, living, accessories)
    assert Platform.SENSOR in loaded.runtime_data.platforms
    assert state_of(hass, "sensor.lamp_temperature").state == "5.0"
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert {LAMP, "sensor.lamp_temperature"} <= unavailable(hass)


async def test_several(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Entries do not disturb each other."""
    fan = [accessory("Fan", service("SWITCH", characteristic("ON", True, iid=100)))]
    async with Living(fan) as other:
        other.register.accessory_id = "11:22:33:44:55:66"
        other.register.pairings.clear()
        other.keys = pair(other.register)
        entry = new_entry(other)
        entry.add_to_hass(hass)
        await setup(hass, entry)
        assert len(links()) == 2
        await act(hass, Platform.SWITCH, "turn_off", "switch.fan")
        assert (other.writes, living.writes) == ([(1, 100, 0)], [])
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert unavailable(hass) >= {"switch.fan"}
        assert LAMP not in unavailable(hass)
        await act(hass, Platform.SWITCH, "turn_on", LAMP)


async def test_unloaded_amid_a_command(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A command that is on its way ends with an error, and the entry unloads at once."""
    silent = asyncio.Event()

    def answers(request: Request) -> Response | None:
        if request.method == "PUT":
            silent.set()
            hass.async_create_task(hass.config_entries.async_unload(loaded.entry_id))
            raise ConnectionError
        return None

    living.answers = answers
    with pytest.raises(HomeAssistantError):
        await act(hass, Platform.SWITCH, "turn_on", LAMP)
    assert silent.is_set()
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert links() == []


async def test_stop_of_home_assistant(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """With Home Assistant the link ends; the last states stay."""
    await act(hass, Platform.SWITCH, "turn_on", LAMP)
    await hass.async_stop()
    assert state_of(hass, LAMP).state == STATE_ON
    assert links() == []
    await soon(lambda: not living.subscribed)


async def test_devices_by_hand(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A device can be deleted exactly when no accessory is behind it."""
    assert await async_setup_component(hass, "config", {})
    registry = dr.async_get(hass)
    (lamp,) = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    strays = [
        registry.async_get_or_create(config_entry_id=loaded.entry_id, identifiers={identifier})
        for identifier in (
            (DOMAIN, f"{living.keys.accessory_id}:aid:9"),
            (DOMAIN, f"{living.keys.accessory_id}:aid:x"),
            (DOMAIN, "another"),
            ("other", f"{living.keys.accessory_id}:aid:1"),
        )
    ]
    client = await hass_ws_client(hass)
    answer = await client.remove_device(lamp.id)
    assert answer["success"] is False
    for stray in strays:
        answer = await client.remove_device(stray.id)
        assert answer["success"] is True
    assert [each.id for each in dr.async_entries_for_config_entry(registry, loaded.entry_id)] == [
        lamp.id
    ]


async def test_back_after_a_reboot(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """An accessory that restarts is found again by itself."""
    await living.stop()
    await until_state(hass, "binary_sensor.lamp_connection", STATE_OFF)
    living.set(1, living.find("SWITCH", "ON")[1], True)
    await living.start()
    await until_state(hass, LAMP, STATE_ON)
    assert STATE_UNAVAILABLE not in {state.state for state in hass.states.async_all()}


async def test_without_entries(hass: HomeAssistant, network: MagicMock) -> None:
    """The component can be set up before there is an accessory."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert not tasks_of(DOMAIN)


async def test_removed(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A removed entry leaves nothing behind: no description, no issue, no pairing."""
    cache = await async_get_cache(hass)
    assert cache.get(ACCESSORY_ID)
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{loaded.entry_id}_absent",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="absent",
    )
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert cache.get(ACCESSORY_ID) is None
    assert not issues(hass)
    assert not living.register.paired
    assert not tasks_of(DOMAIN)


async def test_removed_without_an_id(hass: HomeAssistant, network: MagicMock) -> None:
    """An entry that says nothing can be removed, too."""
    entry = MockConfigEntry(domain=DOMAIN, data={})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_disabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What is disabled needs no mending."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{loaded.entry_id}_absent",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="absent",
    )
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert not issues(hass)
