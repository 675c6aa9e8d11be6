"""Accessories that can be paired, heard and uploaded, as users and networks do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from ipaddress import ip_address
import socket
from typing import Any
from unittest.mock import MagicMock

from aiohttp import FormData
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
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
from custom_components.hap_controller.protocol.http import RequestParser
from tests.support.forms import submit

from .living import Living
from .protocol.running import HOST, bulb

CODE = "518-08-582"
WRONG_CODE = "518-08-583"

type Peer = AccessoryServer | Living


# --- accessories --------------------------------------------------------------------------------


@asynccontextmanager
async def unpaired(
    name: str = "Lamp", accessory: Accessory | None = None, **options: Any
) -> AsyncIterator[AccessoryServer]:
    """Serve an accessory that can be paired."""
    state = AccessoryState.fresh(name, 5, host=HOST, setup_code=CODE)
    options = {"announce": False, "event_interval_s": 0.0} | options
    async with AccessoryServer(accessory or bulb(name)[0], state, **options) as server:
        yield server


@asynccontextmanager
async def saying(answer: Callable[[], bytes | None]) -> AsyncIterator[int]:
    """Answer every request with the same sort of message of pair-setup, or hang up; gives the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = RequestParser()
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                for _ in parser.feed(data):
                    body = answer()
                    if body is None:
                        writer.transport.abort()
                        return
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                    )
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


def refusal(code: int, *further: int) -> Callable[[], bytes]:
    """Refuse pair-setup at once, by the number of the error."""
    return lambda: bytes((6, 1, 2, 7, 1, code, *further))


@contextmanager
def nowhere() -> Iterator[int]:
    """Give a port at which nobody listens, nor can meanwhile."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]


# --- announcements ------------------------------------------------------------------------------


def id_of(peer: Peer) -> str:
    """Return the id of an accessory as entries have it."""
    return _register(peer).accessory_id.lower()


def _register(peer: Peer) -> Any:
    return peer.state.register if isinstance(peer, AccessoryServer) else peer.register


def name_of(peer: Peer) -> str:
    """Return the name that an accessory announces."""
    return peer.state.name if isinstance(peer, AccessoryServer) else "Living"


def port_of(peer: Peer) -> int:
    """Return where an accessory listens."""
    return peer.address[1] if isinstance(peer, AccessoryServer) else peer.port


def texts_of(peer: Peer) -> dict[str, str]:
    """Return what an accessory announces of itself."""
    if isinstance(peer, AccessoryServer):
        return txt_record(peer.state)
    return {
        "id": peer.register.accessory_id,
        "c#": str(peer.configuration),
        "sf": "0" if peer.register.paired else "1",
        "md": "Model 1",
        "ci": "5",
    }


def service_of(
    peer: Peer, *hosts: str, port: int | None = None, name: str | None = None, **texts: str
) -> ServiceInfo:
    """Describe what an accessory announces; ``port`` is where else it is, ``texts`` what it says otherwise."""
    return ServiceInfo(
        SERVICE_TYPE,
        f"{name or name_of(peer)}.{SERVICE_TYPE}",
        port=port or port_of(peer),
        properties={**texts_of(peer), **texts},
        server=f"{id_of(peer).replace(':', '')}.local.",
        parsed_addresses=list(hosts or (HOST,)),
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
    peer: Peer,
    *hosts: str,
    port: int | None = None,
    type_: str = SERVICE_TYPE,
    **texts: str | None,
) -> Any:
    """Let an accessory be found on the network; a text that is None is left out."""
    properties = {
        key: text for key, text in {**texts_of(peer), **texts}.items() if text is not None
    }
    addresses = [ip_address(host) for host in hosts or (HOST,)]
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=addresses[0],
            ip_addresses=addresses,
            port=port or port_of(peer),
            hostname="lamp.local.",
            type=type_,
            name=f"{name_of(peer)}.{type_}",
            properties=properties,
        ),
    )


# --- forms --------------------------------------------------------------------------------------


async def start(hass: HomeAssistant, step: str | None = None) -> Any:
    """Open the form for something new, and choose what it is about."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await submit(hass, result, {"next_step_id": step}) if step else result


async def reopen(hass: HomeAssistant, result: Any) -> Any:
    """Open a form that waits for the user."""
    return await hass.config_entries.flow.async_configure(result["flow_id"])


async def leave(hass: HomeAssistant, result: Any) -> None:
    """Close a form."""
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


def labels(result: Any) -> list[str]:
    """Return what a form lets choose."""
    return [each["label"] for each in result["data_schema"].schema["device"].config["options"]]


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return what the user is told by us, by the kind of it."""
    return {
        issue.translation_key or "": issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


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
