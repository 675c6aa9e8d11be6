"""Accessories that can be paired, heard and uploaded, as users and networks do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from unittest.mock import MagicMock

from aiohttp import FormData
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from zeroconf import ServiceInfo

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import SERVICE_TYPE
from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
)
from custom_components.hap_controller.protocol.accessory.announce import txt_record
from tests.support.forms import submit

from .protocol.running import HOST, bulb

CODE = "518-08-582"
WRONG_CODE = "518-08-583"


@asynccontextmanager
async def unpaired(
    name: str = "Lamp", accessory: Accessory | None = None, **options: Any
) -> AsyncIterator[AccessoryServer]:
    """Serve an accessory that can be paired."""
    state = AccessoryState.fresh(name, 5, host=HOST, setup_code=CODE)
    options = {"announce": False, "event_interval_s": 0.0} | options
    async with AccessoryServer(accessory or bulb(name)[0], state, **options) as server:
        yield server


def id_of(server: AccessoryServer) -> str:
    """Return the id of an accessory as entries have it."""
    return server.state.register.accessory_id.lower()


def service_of(
    server: AccessoryServer, port: int | None = None, **texts: str | None
) -> ServiceInfo:
    """Describe what an accessory announces; ``port`` is where else it is, ``texts`` what it says otherwise."""
    properties = {key: text for key, text in {**txt_record(server.state), **texts}.items() if text}
    return ServiceInfo(
        SERVICE_TYPE,
        f"{server.state.name}.{SERVICE_TYPE}",
        port=port or server.address[1],
        properties=properties,
        server=f"{id_of(server).replace(':', '')}.local.",
        parsed_addresses=[HOST],
    )


def hear(zeroconf: MagicMock, *services: ServiceInfo) -> None:
    """Let Home Assistant have heard announcements, and no others."""
    cache = zeroconf.zeroconf.cache
    cache.async_remove_records(
        [record for name in cache.names() for record in cache.entries_with_name(name)]
    )
    for each in services:
        cache.async_add_records(
            [each.dns_pointer(), each.dns_service(), each.dns_text(), *each.dns_addresses()]
        )


async def announce(
    hass: HomeAssistant,
    server: AccessoryServer,
    *hosts: str,
    port: int | None = None,
    type_: str = SERVICE_TYPE,
    **texts: str | None,
) -> Any:
    """Let an accessory be found on the network; a text that is None is left out."""
    properties = {
        key.replace("config", "c#"): text
        for key, text in {**txt_record(server.state), **texts}.items()
        if text is not None
    }
    addresses = [ip_address(host) for host in hosts or (HOST,)]
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=addresses[0],
            ip_addresses=addresses,
            port=port or server.address[1],
            hostname="lamp.local.",
            type=type_,
            name=f"{server.state.name}.{type_}",
            properties=properties,
        ),
    )


async def start(hass: HomeAssistant, step: str | None = None) -> Any:
    """Open the form for something new, and choose what it is about."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await submit(hass, result, {"next_step_id": step}) if step else result


async def reopen(hass: HomeAssistant, result: Any) -> Any:
    """Open a form that waits for the user."""
    return await hass.config_entries.flow.async_configure(result["flow_id"])


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
        form.add_field("file", data, filename="pairing.json")
        response = await (await self._client()).post("/api/file_upload", data=form)
        assert response.status == 200
        file_id: str = (await response.json())["file_id"]
        return file_id

    async def submit(self, result: Any, data: bytes) -> Any:
        """Fill in a form that wants a file."""
        return await submit(self._hass, result, {"pairing_file": await self(data)})
