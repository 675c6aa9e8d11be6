"""The published client, ``homismart-client``, used as its documentation says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import json
from typing import Any

from homismart_client import HomismartClient  # type: ignore[import-untyped]

from ..clouds import Listener

type Json = dict[str, Any]


class Client:
    """The published client behind the calls that all contenders have."""

    def __init__(
        self, card: Mapping[str, Any], account: Mapping[str, str], session: object = None
    ) -> None:
        """Nothing is opened before ``connect``; it takes no session."""
        self._card = card
        self._account = account
        self._listener: Listener | None = None
        self._wanted: tuple[str, bool] | None = None
        self._reported = asyncio.Event()
        self._client = self._new()

    def _new(self) -> HomismartClient:
        client = HomismartClient(self._account["email"], self._account["password"])
        client._ws_url = self._card["ws_url"]  # noqa: SLF001  it has no other way
        return client

    def decode(self, texts: Sequence[str]) -> int:
        """Hand it frames as its loop does."""
        understood = 0

        def take(device: Any) -> None:
            nonlocal understood
            understood += "power" in device.raw or "curtainState" in device.raw

        session = self._new().session
        for event in ("device_updated", "new_device_added"):
            session.register_event_listener(event, take)
        for text in texts:
            session.dispatch_message(text[:4], json.loads(text[4:]))
        return understood

    async def connect(self) -> int:
        """Log in and wait for the list; a client of its own for each connection."""
        self._client = client = self._new()
        listed = asyncio.Event()
        client.session.register_event_listener("new_device_added", lambda device: listed.set())
        client.session.register_event_listener("device_updated", self._updated)
        await client.connect()
        await listed.wait()
        return sum("onLine" in item for item in self.objects.values())

    @property
    def objects(self) -> dict[str, Json]:
        """The objects of all hubs and devices, by id."""
        session = self._client.session
        return {item.id: item.raw for item in (*session.get_all_hubs(), *session.get_all_devices())}

    @property
    def connected(self) -> bool:
        """Whether it believes to be connected."""
        connected: bool = self._client.is_connected and self._client.is_logged_in
        return connected

    async def disconnect(self) -> None:
        """Close as its documentation asks for."""
        await self._client.disconnect()

    def watch(self, listener: Listener) -> None:
        """Replace the one who is told."""
        self._listener = listener

    async def switch(self, device_id: str, on: bool) -> None:
        """Switch a device and wait for its report, as whoever needs to know must: it does not wait itself."""
        device = self._client.session.get_device_by_id(device_id)
        self._wanted = device_id, on
        self._reported.clear()
        await (device.turn_on() if on else device.turn_off())
        await self._reported.wait()

    def _updated(self, device: Any) -> None:
        on: bool = device.is_on
        if self._listener:
            self._listener(device.id, on)
        if self._wanted == (device.id, on):
            self._wanted = None
            self._reported.set()


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer nothing more."""
    return {}
