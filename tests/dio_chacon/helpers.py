"""What the tests of the rooms share: DIO's record, and the names of the fixture account."""

import json
from typing import Any

from custom_components.dio_chacon.const import (
    CONF_INSTALLATION_ID,
    CONF_LOGIN_URL,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from custom_components.dio_chacon.protocol import DioClient
from simulators.dio_chacon import Home, SimulatedCloud, empty_home, large_home
from tests.support.rooms import (
    Writes,
    act,
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
    "Writes",
    "act",
    "pass_time",
    "setup",
    "state_of",
    "unavailable",
    "until",
    "until_attribute",
    "until_state",
]

EMAIL = "someone@example.org"
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


def servers(cloud: SimulatedCloud) -> dict[str, str]:
    """Return the addresses of a simulated cloud, as entries and forms have them."""
    return {CONF_WEBSOCKET_URL: cloud.ws_url, CONF_LOGIN_URL: cloud.auth_url}


def form(cloud: SimulatedCloud) -> dict[str, Any]:
    """Return what a user fills in for the fixture account."""
    return {"username": EMAIL, "password": PASSWORD, "advanced": servers(cloud)}


def entry_data(cloud: SimulatedCloud, home: Home | None = None) -> dict[str, Any]:
    """Return what the form would have stored for an account of a simulated cloud."""
    home = home or cloud.home
    return {
        "username": home.email,
        "password": home.password,
        CONF_INSTALLATION_ID: INSTALLATION_ID,
        **servers(cloud),
    }


def secrets_of(cloud: SimulatedCloud) -> list[str]:
    """List everything that must not leave the house."""
    home = cloud.home
    return [
        home.email,
        home.password,
        json.dumps(home.password)[1:-1],
        INSTALLATION_ID,
        home.user["id"],
        home.user["name"],
        home.user["bleKey"],
        *cloud.tokens,
        *home.devices,
        *(device_id.split("_", 1)[1] for device_id in home.devices),
        *(device.record["macAddress"] for device in home.devices.values()),
        *home.rooms,
        "snapshots.example.invalid",
        "Signature",
        cloud.ws_url,
        cloud.auth_url,
        "127.0.0.1",
    ]


def credentials_of(cloud: SimulatedCloud) -> list[str]:
    """List what identifies the user, or lets somebody in."""
    home = cloud.home
    return [*cloud.tokens, home.password, home.email, home.user["bleKey"], home.user["id"]]


VENDOR = Vendor(
    domain=DOMAIN,
    client=DioClient,
    simulator=SimulatedCloud,
    empty_home=empty_home,
    large_home=large_home,
    form=form,
    entry_data=entry_data,
    identity=lambda home: {"title": home.email, "unique_id": home.user["id"]},
    secrets=secrets_of,
    credentials=credentials_of,
    limits={"connection.ANSWER_LIMIT_S": 0.1},
    retry_s=60,
    entry_device=ACCOUNT,
    switch=PLUG,
    idle_switch=PLAIN_PLUG,
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
reconnect = VENDOR.reconnect
refresh = VENDOR.refresh
settle = VENDOR.settle
