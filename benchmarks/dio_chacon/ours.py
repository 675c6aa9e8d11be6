"""The protocol core of the component, without Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, override

import aiohttp

from custom_components.dio_chacon.protocol import (
    Credentials,
    Device,
    DeviceChanged,
    DioClient,
    Servers,
)
from custom_components.dio_chacon.protocol.frames import decode
from custom_components.dio_chacon.protocol.messages import Report, read_message

from ..ours import OurCloudClient
from .echo import DEVICE


class Client(OurCloudClient):
    """Our client."""

    changed = DeviceChanged

    @override
    def make(self, session: aiohttp.ClientSession) -> DioClient:
        account = Credentials(self._account["email"], self._account["password"], "benchmark")
        servers = Servers(login_url=self._card["auth_url"], websocket_url=self._card["ws_url"])
        return DioClient(account, session, servers=servers)

    @override
    def knows(self, device: Device) -> bool:
        return device.reported

    @override
    def decode(self, texts: Sequence[str]) -> int:
        understood = 0
        for text in texts:
            message = read_message(decode(text))
            understood += type(message) is Report and bool(message.values)
        return understood


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what is compared with the limit's echo."""
    quick = {"auth_url": card["quick_auth_url"], "ws_url": card["quick_ws_url"]}
    return Client.jobs(quick, DEVICE)
