"""Diagnostics tell much, and nothing secret."""

import json
import re
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.home_connect_local.const import CONF_DESCRIPTION, DOMAIN
from simulators.home_connect_local import SimulatedAppliance

from .helpers import NAMES, entity_id_of, setup, until, until_state
from .test_coordinator import connection_of, eventually, settled
from .vendor import secrets_of

pytestmark = pytest.mark.usefixtures("handshakes_fail")

FAVORITE = "My very own favorite"


@pytest.fixture
def download(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Download diagnostics as a user does."""

    async def get(entry: MockConfigEntry, device_id: str | None = None) -> Any:
        assert await async_setup_component(hass, "diagnostics", {})
        address = f"/api/diagnostics/config_entry/{entry.entry_id}"
        if device_id:
            address += f"/device/{device_id}"
        response = await (await hass_client()).get(address)
        assert response.status == 200
        return (await response.json())["data"]

    return get


@pytest.mark.parametrize("name", NAMES)
async def test_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """Description, values and link are there; keys, ids, addresses and names are not, however they are spelt."""
    found = await download(loaded)
    text = json.dumps(found, ensure_ascii=False)
    assert [secret for secret in secrets_of(simulated) if secret in text] == []
    assert not re.search(r"68.?a4.?0e.?53", text, re.IGNORECASE)
    assert found["state"] == "loaded"
    assert found["connection_type"] == simulated.connection_type
    assert found["link"]["connected"] is True
    assert found["link"]["connects"] == 1
    assert found["link"]["closings"] == []
    description = loaded.data[CONF_DESCRIPTION]
    assert found["features"].keys() == description["features"].keys()
    assert found["appliance"]["type"] == simulated.profile.type
    assert found["appliance"]["services"] == simulated.profile.seed.services
    power = next(
        each
        for each in found["features"].values()
        if each["name"] in {"BSH.Common.Setting.PowerState", "BSH.Common.Status.DoorState"}
    )
    assert power["available"] is True
    assert power["members"][str(power["value"])]


@pytest.mark.parametrize("name", ["washer"])
async def test_deviations(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """What may be done now counts, not what the profile said; unknown values are there, too."""
    light = simulated.appliance.state.uid("LaundryCare.Common.Setting.DrumLight.Active")
    simulated.appliance.deviate([{"uid": light, "access": "READ"}])
    simulated.appliance.notify(
        "/ro/values",
        [
            {"uid": 60000, "value": "text"},
            {"uid": 60001, "value": simulated.profile.head["mac"].lower().replace("-", ":")},
        ],
    )
    entity = entity_id_of(hass, loaded, "light", "light_drum_light")
    await until_state(hass, entity, "unavailable")
    found = await download(loaded)
    assert found["features"][str(light)]["access"] == "read"
    assert found["unknown"]["60000"] == "text"
    assert found["unknown"]["60001"] == "**REDACTED**"
    cotton = next(
        each
        for each in found["features"].values()
        if each["name"] == "LaundryCare.Washer.Program.Cotton"
    )
    assert cotton["execution"] == "selectandstart"
    assert cotton["options"]


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_names_of_favorites(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """What users call their favorites is theirs."""
    simulated.appliance.tell({"BSH.Common.Setting.Favorite.001.Name": FAVORITE})
    sensor = entity_id_of(hass, loaded, "select", "select_program")
    await until(
        hass, lambda: (state := hass.states.get(sensor)) and FAVORITE in str(state.attributes)
    )
    assert FAVORITE not in json.dumps(await download(loaded))


async def test_device(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """The device is the entry."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, simulated.ha_id), loaded.entry_id
    )
    assert device
    assert await download(loaded, device.id) == await download(loaded)


async def test_after_trouble(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """What happened on the link is counted, without a word about where."""
    await simulated.link_down()
    await until_state(hass, connection_of(hass, loaded), "off")
    client = loaded.runtime_data.client
    await eventually(hass, lambda: client.statistics.drops["ConnectError"])
    found = await download(loaded)
    assert found["link"]["connected"] is False
    assert found["link"]["drops"]["ConnectError"] >= 1
    assert found["link"]["closings"]
    assert simulated.host not in json.dumps(found)
    await simulated.link_restored()
    await settled(hass, loaded)
    assert (await download(loaded))["link"]["connects"] == 2


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance, download: Any
) -> None:
    """When nothing works diagnostics are wanted most."""
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_DESCRIPTION: {"format": 99}}
    )
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    found = await download(entry)
    assert found["state"] == "setup_error"
    assert found["reason"]
    assert "features" not in found
    text = json.dumps(found, ensure_ascii=False)
    assert [secret for secret in secrets_of(simulated) if secret in text] == []
