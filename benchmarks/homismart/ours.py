"""The protocol core of the component, without Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, override

import aiohttp

from custom_components.homismart.protocol import (
    Credentials,
    Device,
    DeviceChanged,
    HomismartClient,
    Servers,
    digest,
)
from custom_components.homismart.protocol.frames import decode
from custom_components.homismart.protocol.messages import ObjectPush, read_message

from ..ours import OurCloudClient
from .echo import DEVICE


class Client(OurCloudClient):
    """Our client."""

    changed = DeviceChanged

    @override
    def make(self, session: aiohttp.ClientSession) -> HomismartClient:
        account = Credentials(self._account["email"], digest(self._account["password"]))
        return HomismartClient(account, session, servers=Servers(self._card["ws_url"]))

    @override
    def knows(self, device: Device) -> bool:
        return device.online is not None

    @override
    def decode(self, texts: Sequence[str]) -> int:
        understood = 0
        for text in texts:
            message = read_message(decode(text))
            understood += type(message) is ObjectPush and bool(message.report.values)
        return understood


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what is compared with the limit's echo."""
    return Client.jobs({"ws_url": card["quick_ws_url"]}, DEVICE)
