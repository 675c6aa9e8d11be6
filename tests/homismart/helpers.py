"""What the tests of the rooms share."""

import asyncio
from contextlib import suppress
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import (
    CONF_PASSWORD_MD5,
    CONF_TERMS_CONFIRMED,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from simulators.homismart import Home, Received, SimulatedCloud
from tests.support.rooms import (
    Writes,
    act,
    note_states,
    pass_time,
    setup,
    state_of,
    table_of,
    until,
    until_attribute,
    until_state,
)

__all__ = [
    "CONF_TERMS_CONFIRMED",
    "Writes",
    "act",
    "note_states",
    "pass_time",
    "setup",
    "state_of",
    "until",
    "until_attribute",
    "until_state",
]

USERNAME = "home.owner@example.net"
PASSWORD = "Mitnick's cat 7"
ACCOUNT = f"account-{USERNAME}"

HUB = "007A5C11D20E94"
GARDEN = "007A5C11D20E95"
CORRIDOR = "02664110009301"
WASHER = "01664110009302"
CURTAIN = "05664110009303"
SHUTTER = "04664110009304"
DOOR = "09664110009305"
STAIRS = "06664110009306"
DESK = "07664110009307"
BOILER = "08664110009308"
NEIGHBOUR = "02664110009309"
THING = "03664110009310"
GATE = "02664110009311"

# How wishes show on the wire.
SET, MODIFY, LED, CLOSED_POSITION, GROUP = "0006", "0016", "0030", "0144", "0138"
COMMANDS = f"{SET}|{MODIFY}|{LED}|{CLOSED_POSITION}|{GROUP}"
LIST = "0004"

PROTOCOL = "custom_components.homismart.protocol"

# Not in every release, or not the same twice.
_VARYING_ATTRIBUTES = {"is_closed", "since"}


def entry_data(cloud: SimulatedCloud, home: Home | None = None) -> dict[str, Any]:
    """Return what the form would have stored for an account of a simulated cloud."""
    home = home or cloud.home
    return {
        "username": home.username,
        CONF_PASSWORD_MD5: home.password_digest,
        CONF_WEBSOCKET_URL: cloud.ws_url,
    }


def new_entry(cloud: SimulatedCloud, home: Home | None = None, **changes: Any) -> MockConfigEntry:
    """Make an entry for an account, as the form would."""
    home = home or cloud.home
    given: dict[str, Any] = {
        "domain": DOMAIN,
        "version": 2,
        "title": home.username,
        "unique_id": home.username.lower(),
        "data": entry_data(cloud, home),
    }
    return MockConfigEntry(**given | changes)


def entity_id_of(hass: HomeAssistant, platform: Platform, unique_id: str) -> str:
    """Find an entity by what identifies it."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id
    return entity_id


def has_entity(hass: HomeAssistant, platform: Platform, unique_id: str) -> bool:
    """Tell whether an entity is registered."""
    return er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id) is not None


def connection_of(hass: HomeAssistant) -> str:
    """Return the entity that shows the link."""
    return entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")


def find_device(
    hass: HomeAssistant, entry: MockConfigEntry, device_id: str
) -> dr.DeviceEntry | None:
    """Look for a device by the vendor's id."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device_id), entry.entry_id)


def device_of(hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> dr.DeviceEntry:
    """Return a device that is registered by the vendor's id."""
    device = find_device(hass, entry, device_id)
    assert device
    return device


def has_device(hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> bool:
    """Tell whether a device is registered."""
    return find_device(hass, entry, device_id) is not None


def entity_table(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
) -> dict[str, dict[str, Any]]:
    """Describe the entities of a platform by their unique ids, as far as every release tells the same."""
    return table_of(hass, entry, platform, _VARYING_ATTRIBUTES)


def issues(hass: HomeAssistant) -> set[str]:
    """Return what the user is told."""
    return {
        issue.translation_key or ""
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


def commands(cloud: SimulatedCloud, pattern: str = COMMANDS) -> list[Received]:
    """Return the commands that the cloud received."""
    return cloud.requests(pattern)


async def settle(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Wait until all that was pushed so far has arrived, by a push that comes after it."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    on = cloud.home.press(BOILER)
    await until_state(hass, boiler, STATE_ON if on else STATE_OFF)
    await hass.async_block_till_done()


async def refresh(hass: HomeAssistant) -> None:
    """Press the button that asks for the list."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")
    await act(hass, Platform.BUTTON, "press", button)


async def reconnect(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Restore the link of the cloud and skip the waits until the client is back."""
    await cloud.link_restored()
    connection = connection_of(hass)
    for _ in range(100):  # bounded without a timer, which passing time would set off
        pass_time(hass, 400)
        # An attempt that began before has to fail first.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await until_state(hass, connection, STATE_ON)
                return
    pytest.fail("the client does not come back")


async def fails(
    hass: HomeAssistant, platform: Platform, action: str, entity_id: str, **data: object
) -> HomeAssistantError:
    """Perform an action that must fail with a translated error; gives the error."""
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, platform, action, entity_id, **data)
    assert caught.value.translation_domain == DOMAIN
    return caught.value
