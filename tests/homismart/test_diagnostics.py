"""Diagnostics tell much, and nothing secret."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths

from custom_components.homismart.protocol import digest
from simulators.homismart import Home, SimulatedCloud

from .helpers import (
    ACCOUNT,
    BOILER,
    CURTAIN,
    DOOR,
    HUB,
    NEIGHBOUR,
    PASSWORD,
    USERNAME,
    WASHER,
    act,
    connection_of,
    device_of,
    entity_id_of,
    refresh,
    settle,
    setup,
    until_state,
)

VARYING = paths("link.since", "link.last_login", "versions.home_assistant")


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
    hubs = [device for device in home.devices.values() if device.is_hub]
    return [
        USERNAME,
        USERNAME.upper(),
        PASSWORD,
        home.password_digest,
        *home.devices,
        # What is behind the type, or the zeros of a hub.
        *(device_id[2:] for device_id in home.devices),
        *(hub.name for hub in hubs),
        "08:00-20:00",
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
    found = await dump(hass, hass_client, loaded, NEIGHBOUR)
    assert found == snapshot(exclude=VARYING)
    (device,) = found["devices"]
    number = list(cloud.home.devices).index(NEIGHBOUR) + 1
    assert device["raw"]["id"] == device["raw"]["deviceId"] == f"02-device-{number}"
    assert device["raw"]["pid"] == "00-device-1"
    assert device["raw"]["permission"] == device["raw"]["allowedTime"] == REDACTED
    assert device["raw"]["name"] == "Neighbour gate light"
    text = json.dumps(found, ensure_ascii=False)
    assert [secret for secret in secrets_of(cloud) if secret in text] == []


async def test_account_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    """Of the account there is the link."""
    found = await dump(hass, hass_client, loaded, ACCOUNT)
    assert found["devices"] == []
    assert found["link"]["connected"] is True
    assert found["link"]["connects"] == 1
    assert found["host"] == REDACTED  # an address is hidden, a name is not


async def test_what_happened(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """Redirects, errors by code, unknown things and commands on the way can be seen."""
    cloud.send_error(94)
    cloud.send_error(94)
    cloud.send_text('0777{"x":1}')
    cloud.send_text('0777{"x":1}')
    await settle(hass, cloud)
    await act(hass, Platform.SWITCH, "turn_on", entity_id_of(hass, Platform.SWITCH, WASHER))
    async with cloud.sibling():
        cloud.redirect()
        await until_state(hass, connection_of(hass), "off")
        await until_state(hass, connection_of(hass), "on")
        found = await dump(hass, hass_client, loaded)
        assert await hass.config_entries.async_unload(loaded.entry_id)
    assert found["link"]["redirects"] == [REDACTED]
    assert found["link"]["errors_by_code"] == {"94": 2}
    assert found["link"]["stray_errors"] == 2
    assert found["link"]["drops"] == {"RedirectError": 1}
    assert found["link"]["connects"] == 2
    assert found["unknown"]["0777"] == 2


async def test_secrets_in_odd_places(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
) -> None:
    """Whatever the cloud puts where, secrets are found."""
    home.rename(WASHER, f"Washer of {USERNAME}")
    home.device(CURTAIN).members["pid"] = "00C0FFEEC0FFEE"
    home.device(DOOR).members |= {
        "mac": HUB[2:].lower(),
        "owners": [{"email": "someone@else.example"}, f"password {home.password_digest}!"],
        "PASSWORD": {"deep": "hidden one"},
        BOILER: "02:AA:BB:CC:DD:EE",
        "link": "see https://user:pw@cloud.example.org/x?token=1",
        "permission": None,
    }
    home.write(HUB, {"note": f"of {HUB} with {BOILER}"})
    await setup(hass, entry)
    # Ids as numbers, without their leading zeros.
    cloud.faults.arm("numeric_id", device=BOILER)
    await refresh(hass)
    text = json.dumps(await dump(hass, hass_client, entry), ensure_ascii=False)
    wanted = [
        *secrets_of(cloud),
        "C0FFEEC0FFEE",
        HUB[2:].lower(),
        "someone@else",
        "hidden one",
        "02:AA:BB",
        "user:pw",
        "token=1",
        BOILER.lstrip("0"),
    ]
    assert [secret for secret in wanted if secret in text] == []
    assert "of 00-device-1 with 08-device-" in text


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
    assert "devices" not in snapshot
    assert digest(PASSWORD) not in json.dumps(snapshot)
