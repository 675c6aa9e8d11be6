"""Uploading archives, and announcing appliances, as users and networks do."""

from ipaddress import ip_address
from typing import Any

from aiohttp import FormData
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.home_connect_local.const import CONF_PROFILE, DOMAIN
from simulators.home_connect_local import SERVICE_TYPE, SimulatedAppliance
from tests.common import vectors_folder
from tests.support.forms import submit

PROFILES = vectors_folder(DOMAIN) / "profiles"


class Uploads:
    """Uploads files through Home Assistant's own address for that."""

    def __init__(self, hass: HomeAssistant, client: ClientSessionGenerator) -> None:
        """Prepare."""
        self._hass = hass
        self._client = client

    async def __call__(self, data: bytes) -> str:
        """Upload a file; gives its id."""
        assert await async_setup_component(self._hass, "file_upload", {})
        form = FormData()
        form.add_field("file", data, filename="profiles.zip")
        response = await (await self._client()).post("/api/file_upload", data=form)
        assert response.status == 200
        file_id: str = (await response.json())["file_id"]
        return file_id

    async def submit(self, result: Any, data: bytes) -> Any:
        """Fill in a form that wants an archive."""
        return await submit(self._hass, result, {CONF_PROFILE: await self(data)})


def packed(name: str) -> bytes:
    """Read one of the archives."""
    return (PROFILES / f"{name}.zip").read_bytes()


async def start(hass: HomeAssistant) -> Any:
    """Open the form for something new."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def announce(
    hass: HomeAssistant, simulated: SimulatedAppliance, *hosts: str, **properties: str | None
) -> Any:
    """Let an appliance be found on the network."""
    head = simulated.profile.head
    texts = {
        "id": simulated.ha_id,
        "brand": simulated.profile.description.brand.upper(),
        "type": simulated.profile.type,
        "vib": str(head.get("vib")),
        **properties,
    }
    addresses = [ip_address(host) for host in hosts or (simulated.host,)]
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=addresses[0],
            ip_addresses=addresses,
            port=simulated.port,
            hostname="appliance.local.",
            type=SERVICE_TYPE,
            name=f"appliance.{SERVICE_TYPE}",
            properties=texts,
        ),
    )
