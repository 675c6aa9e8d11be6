"""What is told about an account of Homismart."""

import json

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.homismart import Home, SimulatedCloud
from tests.support.contract.diagnostics import Download

from .helpers import (
    BOILER,
    CURTAIN,
    DOOR,
    HUB,
    USERNAME,
    WASHER,
    act,
    connection_of,
    entity_id_of,
    refresh,
    settle,
    setup,
    until_state,
)


async def test_host(download: Download, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Where the link leads is hidden when it is an address; a name is not."""
    assert (await download(loaded, cloud))["host"] == REDACTED


async def test_what_happened(
    hass: HomeAssistant,
    download: Download,
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
        found = await download(loaded, cloud)
        assert await hass.config_entries.async_unload(loaded.entry_id)
    assert found["link"]["redirects"] == [REDACTED]
    assert found["link"]["errors_by_code"] == {"94": 2}
    assert found["link"]["stray_errors"] == 2
    assert found["link"]["drops"] == {"RedirectError": 1}
    assert found["link"]["connects"] == 2
    assert found["unknown"]["0777"] == 2


async def test_secrets_in_odd_places(
    hass: HomeAssistant,
    download: Download,
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
    hidden = (
        "C0FFEEC0FFEE",
        HUB[2:].lower(),
        "someone@else",
        "hidden one",
        "02:AA:BB",
        "user:pw",
        "token=1",
        BOILER.lstrip("0"),
    )
    found = await download(entry, cloud, None, *hidden)
    assert "of 00-device-1 with 08-device-" in json.dumps(found)
