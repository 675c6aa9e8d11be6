"""The published client, ``homeconnect-websocket``, used as its documentation says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import aiohttp
from homeconnect_websocket import (  # type: ignore[import-untyped]
    ConnectionState,
    DeviceDescription,
    HomeAppliance,
    parse_device_description,
)
from homeconnect_websocket.entities import Command, Entity, Program  # type: ignore[import-untyped]
from homeconnect_websocket.message import load_message  # type: ignore[import-untyped]
import orjson

from ..clouds import Listener, expect
from ..measure import holding, spending
from .appliance import AES, APP_NAME, DEVICE_ID, IV, KEY, encoded
from .big_profile import FEATURES, big_profile

# What it makes no entity of.
_PROTECTION_PORT = 1


class Client:
    """The published client behind the calls that all contenders have."""

    def __init__(
        self,
        card: Mapping[str, Any],
        account: Mapping[str, Any],
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Nothing is opened before ``connect``."""
        self._account = account
        self._session = session
        self._callbacks: list[tuple[Entity, Any]] = []
        self._ready = asyncio.Event()
        self.entities: list[Entity] = []
        """Those that have values."""
        self._prepared: HomeAppliance | None = None
        self._client: HomeAppliance

    def decode(self, texts: Sequence[str]) -> int:
        """Read frames as far as its entities are told about them."""
        understood = 0
        for text in texts:
            for item in load_message(text).data:
                understood += int(item["uid"]) is not None and "value" in item
        return understood

    async def prepare(self, description: DeviceDescription | None = None) -> None:
        """Make its appliance, with all entities; a new one for each connection."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        self._ready.clear()

        async def heard(state: ConnectionState) -> None:
            if state is ConnectionState.CONNECTED:  # by then it has read everything
                self._ready.set()

        self._callbacks = []
        self._prepared = new_client(self._account, self._session, description or parsed(), heard)
        known = self._prepared.entities_uid.values()
        self.entities = [each for each in known if not isinstance(each, (Command, Program))]

    async def connect(self, description: DeviceDescription | None = None) -> int:
        """Connect, and wait until it has read everything."""
        if self._prepared is None:
            await self.prepare(description)
        assert self._prepared
        self._client, self._prepared = self._prepared, None
        await self._client.connect()
        await self._ready.wait()
        return len(self.entities) - [each.value_raw for each in self.entities].count(None)

    @property
    def values(self) -> dict[int, Any]:
        """All values by uid."""
        return {entity.uid: entity.value_raw for entity in self.entities}

    @property
    def connected(self) -> bool:
        """Whether it believes to be connected."""
        connected: bool = self._client.session.connected
        return connected

    async def disconnect(self) -> None:
        """Close as its documentation asks for."""
        await self._client.close()

    def watch(self, listener: Listener) -> None:
        """Have every entity call, instead of the listener before."""
        for entity, callback in self._callbacks:
            entity.unregister_callback(callback)

        def callback_of(name: str) -> Any:
            async def told(entity: Entity) -> None:
                listener(name, entity.value_raw is True)

            return told

        self._callbacks = [(entity, callback_of(str(entity.uid))) for entity in self.entities]
        for entity, callback in self._callbacks:
            entity.register_callback(callback)

    async def switch(self, device_id: str, on: bool) -> None:
        """Set a value; returns when it is confirmed."""
        await self._client.entities_uid[int(device_id)].set_value_raw(on)


@cache
def parsed() -> DeviceDescription:
    """Read the profile, once."""
    return _parse(*big_profile())


def new_client(
    account: Mapping[str, Any],
    session: aiohttp.ClientSession,
    description: DeviceDescription,
    heard: Any = None,
) -> HomeAppliance:
    """Make a client for the appliance of ``account``."""
    client = HomeAppliance(
        description,
        account["host"],
        APP_NAME,
        DEVICE_ID,
        encoded(KEY),
        encoded(IV) if account["link"] == AES else None,
        session=session,
        connection_callback=heard,
    )
    # It knows no port but 443 and 80.
    socket = client.session._socket  # noqa: SLF001
    socket._url = socket._url.with_port(account["port"])  # noqa: SLF001
    return client


def _parse(device: bytes, mapping: bytes) -> DeviceDescription:
    return parse_device_description(device.decode(), mapping.decode())


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what is done with profiles."""
    account = next(iter(card["accounts"].values()))

    async def parse() -> float:
        """Give the CPU time from the files to its description, in milliseconds."""
        files = big_profile()
        with spending() as spent:
            description = _parse(*files)
        expect(_count(description), FEATURES, "features")
        return spent.cpu_s * 1e3

    async def model() -> float:
        """Give the CPU time from what an entry stores to an appliance with entities, in milliseconds."""
        stored = orjson.loads(orjson.dumps(parsed(), option=orjson.OPT_NON_STR_KEYS))
        async with aiohttp.ClientSession() as session:
            with spending() as spent:
                client = new_client(account, session, stored)
        expect(len(client.entities_uid), FEATURES - _PROTECTION_PORT, "entities")
        return spent.cpu_s * 1e3

    async def heap() -> dict[str, int]:
        """Give the bytes that a client with all values holds, without and with the stored description."""
        stored = orjson.dumps(parsed(), option=orjson.OPT_NON_STR_KEYS)
        async with aiohttp.ClientSession() as session:
            client = Client(card, card["accounts"]["peer"], session)
            await client.connect()  # what is made once per process is not its own
            await client.disconnect()
            with holding() as data:
                loaded = orjson.loads(stored)
            with holding() as held:
                await client.connect(loaded)
            await client.disconnect()
        return {"client": held.bytes, "all": data.bytes + held.bytes}

    return {"parse": parse, "model": model, "heap": heap}


def _count(description: Mapping[str, Any]) -> int:
    lists = ("status", "setting", "event", "command", "option", "program")
    return sum(len(description[name]) for name in lists) + len({"active", "selected", "port"})
