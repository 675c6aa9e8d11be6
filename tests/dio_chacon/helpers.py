"""What the tests of the rooms share."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
import json
from typing import Any

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    MATCH_ALL,
    STATE_ON,
    Platform,
)
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.dio_chacon.const import (
    CONF_INSTALLATION_ID,
    CONF_LOGIN_URL,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from simulators.dio_chacon import SimulatedCloud

PASSWORD = "correct horse %41+&#é"
INSTALLATION_ID = "0123456789abcdef0123456789abcdef"

SHUTTER = "L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b001"
OFFLINE_SHUTTER = "L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b002"
SILENT_SHUTTER = "L4HActuator_01d0f1e2-3344-4566-8778-99aabbccdd01"
LIGHT_SWITCH = "L4HActuator_7d3a9e10-1c55-4f0b-a2d8-61b0f3c9d101"
PLUG = "L4HActuator_c0ffee12-77aa-4b3c-9d21-0f9e8d7c6b01"
PLAIN_PLUG = "L4HActuator_c0ffee12-77aa-4b3c-9d21-0f9e8d7c6b02"
DOORBELL = "Tuya_bf77d0orbe11sample01"
CAMERA = "L4HActuator_feedface-0000-4111-8222-333344445501"
ACCOUNT = "Zx81QwErTy"

# Random, or not in every release.
_VARYING_ATTRIBUTES = {"access_token", "entity_picture", "is_closed", "since"}
# Long enough for a loaded machine; what is waited for happens within milliseconds.
LIMIT_S = 10.0


def entry_data(cloud: SimulatedCloud) -> dict[str, Any]:
    """Return what the form would have stored for an account of a simulated cloud."""
    return {
        "username": cloud.home.email,
        "password": cloud.home.password,
        CONF_INSTALLATION_ID: INSTALLATION_ID,
        CONF_LOGIN_URL: cloud.auth_url,
        CONF_WEBSOCKET_URL: cloud.ws_url,
    }


async def setup(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    state: ConfigEntryState = ConfigEntryState.LOADED,
) -> None:
    """Set an entry up and check how that ends."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is state


@callback
def _any(_data: object) -> bool:
    """Choose every event; state writes without news are told to nobody else."""
    return True


async def until(hass: HomeAssistant, condition: Callable[[], object]) -> None:
    """Wait until something that Home Assistant tells of makes a condition true."""
    if condition():
        return
    done = hass.loop.create_future()

    @callback
    def look(*_: object) -> None:
        if not done.done() and condition():
            done.set_result(None)

    unsubscribe = [
        hass.bus.async_listen(MATCH_ALL, look),
        hass.bus.async_listen(EVENT_STATE_REPORTED, look, event_filter=_any),
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, look),
    ]
    try:
        async with asyncio.timeout(LIMIT_S):
            await done
    finally:
        for stop in unsubscribe:
            stop()


async def until_state(hass: HomeAssistant, entity_id: str, state: str) -> State:
    """Wait until an entity has a state."""
    await until(hass, lambda: (now := hass.states.get(entity_id)) and now.state == state)
    found = hass.states.get(entity_id)
    assert found
    return found


async def until_attribute(hass: HomeAssistant, entity_id: str, name: str, value: object) -> State:
    """Wait until an attribute of an entity has a value."""
    await until(
        hass,
        lambda: (now := hass.states.get(entity_id)) and now.attributes.get(name) == value,
    )
    found = hass.states.get(entity_id)
    assert found
    return found


def entity_id_of(hass: HomeAssistant, platform: Platform, unique_id: str) -> str:
    """Find an entity by what identifies it."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id
    return entity_id


def has_entity(hass: HomeAssistant, platform: Platform, unique_id: str) -> bool:
    """Tell whether an entity is registered."""
    return er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id) is not None


def device_of(hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> dr.DeviceEntry:
    """Find a device by the vendor's id."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device_id), entry.entry_id)
    assert device
    return device


def has_device(hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> bool:
    """Tell whether a device is registered."""
    return (
        dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device_id), entry.entry_id)
        is not None
    )


def entity_table(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
) -> dict[str, dict[str, Any]]:
    """Describe the entities of a platform by their unique ids, as far as every release tells the same."""
    table = {
        entity.unique_id: {
            "name": state.name if (state := hass.states.get(entity.entity_id)) else None,
            "state": state.state if state else None,
            "attributes": {
                name: value
                for name, value in sorted((state.attributes if state else {}).items())
                if name not in _VARYING_ATTRIBUTES
            },
            "category": entity.entity_category,
            "device_class": entity.original_device_class,
            "disabled": entity.disabled_by is not None,
            "translation_key": entity.translation_key,
        }
        for entity in sorted(
            er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id),
            key=lambda entity: entity.unique_id,
        )
        if entity.domain == platform
    }
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps(table, default=str))
    return plain


def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let time go by: whatever waits that long happens now."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))


async def settle(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Wait until all that was pushed so far has arrived, by a push that comes after it."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    on = cloud.home.press(PLUG)
    await until_state(hass, plug, "on" if on else "off")
    await hass.async_block_till_done()


async def reconnect(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Restore the link of the cloud and skip the waits until the client is back."""
    await cloud.link_restored()
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{cloud.home.user['id']}-connection")
    for _ in range(100):  # bounded without a timer, which passing time would set off
        pass_time(hass, 60)
        # An attempt that began before has to fail first.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await until_state(hass, connection, STATE_ON)
                return
    pytest.fail("the client does not come back")


async def act(
    hass: HomeAssistant, platform: Platform, action: str, entity_id: str, **data: object
) -> None:
    """Perform an action on an entity and wait for its end."""
    await hass.services.async_call(
        platform, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


async def fails(
    hass: HomeAssistant, platform: Platform, action: str, entity_id: str, **data: object
) -> HomeAssistantError:
    """Perform an action that must fail with a translated error; gives the error."""
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, platform, action, entity_id, **data)
    assert caught.value.translation_domain == DOMAIN
    return caught.value


class Writes:
    """Counts state writes per entity, those that change nothing included."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start to count."""
        self.entities: list[str] = []
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._count)
        hass.bus.async_listen(EVENT_STATE_REPORTED, self._count, event_filter=_any)

    @callback
    def _count(self, event: Event[Any]) -> None:
        self.entities.append(event.data["entity_id"])
