"""Diagnostics tell much, and nothing secret."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths

from simulators.dio_chacon import Home, SimulatedCloud

from .helpers import (
    ACCOUNT,
    CAMERA,
    DOORBELL,
    INSTALLATION_ID,
    PASSWORD,
    PLUG,
    SHUTTER,
    device_of,
    setup,
)

VARYING = paths("link.since", "link.last_greeting", "link.median_answer_s")


@pytest.fixture(autouse=True)
async def component(hass: HomeAssistant) -> None:
    """Set diagnostics up."""
    assert await async_setup_component(hass, "diagnostics", {})


async def dump(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    device_id: str | None = None,
) -> Any:
    """Download diagnostics as a user does."""
    client = await hass_client()
    address = f"/api/diagnostics/config_entry/{entry.entry_id}"
    if device_id:
        address += f"/device/{device_of(hass, entry, device_id).id}"
    response = await client.get(address)
    assert response.status == 200
    return (await response.json())["data"]


def secrets_of(cloud: SimulatedCloud) -> list[str]:
    """List everything that must not leave the house."""
    home = cloud.home
    return [
        home.email,
        PASSWORD,
        json.dumps(PASSWORD)[1:-1],
        INSTALLATION_ID,
        ACCOUNT,
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


async def test_entry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    snapshot: SnapshotAssertion,
) -> None:
    """The whole account in one picture, devices that nobody supports included."""
    found = await dump(hass, hass_client, loaded)
    assert found == snapshot(exclude=VARYING)
    assert len(found["devices"]) == len(cloud.home.devices)
    text = json.dumps(found, ensure_ascii=False)
    assert [secret for secret in secrets_of(cloud) if secret in text] == []


async def test_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    snapshot: SnapshotAssertion,
) -> None:
    """The same for one device, under the name it has in the picture of the whole."""
    found = await dump(hass, hass_client, loaded, DOORBELL)
    assert found == snapshot(exclude=VARYING)
    (device,) = found["devices"]
    number = list(cloud.home.devices).index(DOORBELL) + 1
    assert device["record"]["device_id"] == f"device-{number}"
    assert device["record"]["mac"] == REDACTED
    text = json.dumps(found, ensure_ascii=False)
    assert [secret for secret in secrets_of(cloud) if secret in text] == []


async def test_account_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
) -> None:
    """Of the account there is the link."""
    found = await dump(hass, hass_client, loaded, ACCOUNT)
    assert found["devices"] == []
    assert found["link"]["connected"] is True
    assert found["link"]["connects"] == 1


async def test_secrets_in_odd_places(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
) -> None:
    """Whatever the cloud puts where, secrets are found."""
    home.device(CAMERA).record["type"] = f".wifi.{ACCOUNT}."
    home.rename(PLUG, f"Prise de {home.email}")
    home.write(
        SHUTTER,
        "x.unknown",
        {
            "href": f"/v1/devices/{SHUTTER}",
            "sessionToken": "r:0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "SESSIONTOKEN": "another",
            "owners": [{"email": "x"}, f"password {PASSWORD}!", "02:AA:BB:CC:DD:EE"],
            PLUG: {"bleKey": {"deep": "secret"}},
            "link": "see https://user:pw@cloud.example.org/x?token=1 or wss://cloud.example.org/ws",
            "installationId": None,
            "ssid": "Chez nous",
            "localKey": "tuya-local-key",
            "note": "02AABBCCDDEF at 192.168.1.7 with r:ffeeddccbbaa99887766554433221100",
        },
    )
    await setup(hass, entry)
    text = json.dumps(await dump(hass, hass_client, entry), ensure_ascii=False)
    wanted = [
        *secrets_of(cloud),
        "0f1e2d3c",
        "another",
        "02:AA:BB",
        "deep",
        "user:pw",
        "cloud.example.org",
        "token=1",
        "Chez nous",
        "tuya-local-key",
        "02AABBCCDDEF",
        "192.168.1.7",
        "ffeeddcc",
    ]
    assert [secret for secret in wanted if secret in text] == []
    assert "/v1/devices/device-1" in text


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
) -> None:
    """When nothing works diagnostics are wanted most."""
    cloud.faults.arm("upgrade_status", status=503)
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    snapshot = await dump(hass, hass_client, entry)
    assert snapshot["state"] == "setup_retry"
    assert snapshot["reason"]
    assert "devices" not in snapshot
    text = json.dumps(snapshot)
    assert [secret for secret in secrets_of(cloud) if secret in text] == []
