"""What the tests of the rooms share: Homismart's record, and the names of the fixture account."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import (
    CONF_PASSWORD_MD5,
    CONF_TERMS_CONFIRMED,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from custom_components.homismart.protocol import HomismartClient
from simulators.homismart import Home, Received, SimulatedCloud, empty_home, large_home
from tests.support.rooms import (
    Writes,
    act,
    note_states,
    pass_time,
    setup,
    state_of,
    unavailable,
    until,
    until_attribute,
    until_state,
)
from tests.support.vendor import Vendor

__all__ = [
    "CONF_TERMS_CONFIRMED",
    "Writes",
    "act",
    "note_states",
    "pass_time",
    "setup",
    "state_of",
    "unavailable",
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


def servers(cloud: SimulatedCloud) -> dict[str, str]:
    """Return the address of a simulated cloud, as entries and forms have it."""
    return {CONF_WEBSOCKET_URL: cloud.ws_url}


def form(cloud: SimulatedCloud) -> dict[str, Any]:
    """Return what a user fills in for the fixture account."""
    return {"username": USERNAME, "password": PASSWORD, "advanced": servers(cloud)}


def entry_data(cloud: SimulatedCloud, home: Home | None = None) -> dict[str, Any]:
    """Return what the form would have stored for an account of a simulated cloud."""
    home = home or cloud.home
    return {
        "username": home.username,
        CONF_PASSWORD_MD5: home.password_digest,
        **servers(cloud),
    }


def identity(home: Home) -> dict[str, Any]:
    """Return what else makes an entry of an account."""
    return {"version": 2, "title": home.username, "unique_id": home.username.lower()}


def secrets_of(cloud: SimulatedCloud) -> list[str]:
    """List everything that must not leave the house."""
    home = cloud.home
    hubs = [device for device in home.devices.values() if device.is_hub]
    return [
        home.username,
        home.username.upper(),
        home.password,
        home.password_digest,
        *home.devices,
        # What is behind the type, or the zeros of a hub.
        *(device_id[2:] for device_id in home.devices),
        *(hub.name for hub in hubs),
        "08:00-20:00",
    ]


def credentials_of(cloud: SimulatedCloud) -> list[str]:
    """List what identifies the user, or lets somebody in."""
    home = cloud.home
    return [home.password, home.username, home.password_digest]


def commands(cloud: SimulatedCloud, pattern: str = COMMANDS) -> list[Received]:
    """Return the commands that the cloud received."""
    return cloud.requests(pattern)


async def set_up_in_vain(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Set an entry up whose list is withheld for want of an agreement, until the cloud hangs up on it."""
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await until(hass, lambda: VENDOR.issues(hass))
    if meanwhile:
        await meanwhile()
    cloud.abort()
    assert not await setting_up


VENDOR = Vendor(
    domain=DOMAIN,
    client=HomismartClient,
    simulator=SimulatedCloud,
    empty_home=empty_home,
    large_home=large_home,
    form=form,
    entry_data=entry_data,
    identity=identity,
    secrets=secrets_of,
    credentials=credentials_of,
    # The list is answered, but on a busy machine not at once.
    limits={"connection.COMMAND_LIMIT_S": 0.1, "connection.LIST_LIMIT_S": 0.5},
    retry_s=400,
    entry_device=ACCOUNT,
    switch=BOILER,
    idle_switch=WASHER,
)

connection_of = VENDOR.connection_of
device_of = VENDOR.device_of
entity_id_of = VENDOR.entity_id_of
entity_table = VENDOR.entity_table
fails = VENDOR.fails
filled = VENDOR.filled
has_device = VENDOR.has_device
has_entity = VENDOR.has_entity
issues = VENDOR.issues
new_entry = VENDOR.new_entry
reconnect = VENDOR.reconnect
refresh = VENDOR.refresh
settle = VENDOR.settle
