"""What is told about an account of DIO."""

import json

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.dio_chacon import Home, SimulatedCloud
from tests.support.contract.diagnostics import Download

from .helpers import ACCOUNT, CAMERA, PASSWORD, PLUG, SHUTTER, setup


async def test_secrets_in_odd_places(
    hass: HomeAssistant,
    download: Download,
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
    hidden = (
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
    )
    found = await download(entry, cloud, None, *hidden)
    assert "/v1/devices/device-1" in json.dumps(found)
