"""The published client, ``dio-chacon-wifi-api``, used as its documentation says."""

from collections.abc import Callable, Mapping, Sequence
import json
from typing import Any

from dio_chacon_wifi_api import DIOChaconAPIClient  # type: ignore[import-untyped]

from ..clouds import Listener


class Client:
    """The published client behind the calls that all contenders have."""

    def __init__(self, card: Mapping[str, Any], account: Mapping[str, str]) -> None:
        """Nothing is opened before ``connect``."""
        self._card = card
        self._account = account
        self._client = self._new()

    def _new(self) -> DIOChaconAPIClient:
        client = DIOChaconAPIClient(self._account["email"], self._account["password"], "benchmark")
        client._set_server_urls(self._card["ws_url"])  # noqa: SLF001  it has no other way
        return client

    def decode(self, texts: Sequence[str]) -> int:
        """Hand it frames as its session does."""
        understood = 0

        def take(state: dict[str, Any]) -> None:
            nonlocal understood
            understood += "is_on" in state or "openlevel" in state

        client = self._new()
        client.set_callback_device_state(take)
        for text in texts:
            client._message_received_callback(json.loads(text))  # noqa: SLF001
        return understood

    async def connect(self) -> int:
        """Search all devices with their states; a client of its own for each connection."""
        self._client = self._new()
        devices = await self._client.search_all_devices(with_state=True)
        return sum("connected" in device for device in devices.values())

    @property
    def connected(self) -> bool:
        """Whether its session believes to be connected."""
        return not self._client._session.is_disconnected()  # noqa: SLF001

    async def disconnect(self) -> None:
        """Close as its documentation asks for."""
        await self._client.disconnect()

    def watch(self, listener: Listener) -> None:
        """Set its callback."""

        def take(state: dict[str, Any]) -> None:
            listener(state["id"], state["is_on"])

        self._client.set_callback_device_state(take)

    async def switch(self, device_id: str, on: bool) -> None:
        """Switch a device."""
        await self._client.switch_switch(device_id, on)


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer nothing more."""
    return {}
