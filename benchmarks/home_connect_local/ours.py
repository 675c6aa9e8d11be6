"""The protocol core of the component, without Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, override

import aiohttp
import orjson

from custom_components.home_connect_local.protocol import (
    Appliance,
    ConnectionType,
    Description,
    HomeConnectClient,
    Kind,
    Profile,
    ValuesChanged,
)
from custom_components.home_connect_local.protocol.messages import decode, values
from custom_components.home_connect_local.protocol.profile import Head, parse_description

from ..clouds import Listener, expect
from ..measure import holding, spending
from ..ours import OurClient
from .appliance import AES, APP_NAME, DEVICE_ID, IV, KEY
from .big_profile import FEATURES, HA_ID, big_profile

_VALUELESS = frozenset({Kind.COMMAND, Kind.PROGRAM, Kind.PROTECTION_PORT})


class Client(OurClient):
    """Our client."""

    _prepared: HomeConnectClient | None = None

    async def prepare(self) -> None:
        """Make the client, with a model of the appliance."""
        self._session = self._session or aiohttp.ClientSession()
        self._prepared = self.new(self._session)

    @override
    def make(self, session: aiohttp.ClientSession) -> HomeConnectClient:
        client, self._prepared = self._prepared or self.new(session), None
        return client

    def new(self, session: aiohttp.ClientSession) -> HomeConnectClient:
        """Make a client that has not connected yet."""
        return new_client(self._account, session, parsed())

    @override
    def known(self) -> int:
        # In a way that takes next to no time: this is on the clock.
        states = _STATES(self._client.appliance._states)  # noqa: SLF001
        return len(states) - [state.raw for state in states].count(None)

    @override
    def hearing(self, listener: Listener) -> Callable[[Any], None]:
        appliance: Appliance = self._client.appliance
        names = {uid: str(uid) for uid in appliance.description.features}

        def take(change: Any) -> None:
            if type(change) is ValuesChanged:
                for uid in change.uids:
                    listener(names[uid], appliance.raw(uid) is True)

        return take

    @override
    async def switch(self, device_id: str, on: bool) -> None:
        await self._client.write(int(device_id), on)

    @override
    def decode(self, texts: Sequence[str]) -> int:
        return sum(len(values(decode(text).data)) for text in texts)


@cache
def parsed() -> Description:
    """Read the profile, once."""
    return parse_description(*big_profile(), Head(HA_ID))


# Picks what is known of the features that have values.
_STATES: Callable[[Any], tuple[Any, ...]] = itemgetter(
    *(each.uid for each in parsed().features.values() if each.kind not in _VALUELESS)
)


def new_client(
    account: Mapping[str, Any], session: aiohttp.ClientSession, description: Description
) -> HomeConnectClient:
    """Make a client for the appliance of ``account``."""
    aes = account["link"] == AES
    link = ConnectionType.AES if aes else ConnectionType.TLS
    return HomeConnectClient(
        Profile(HA_ID, link, KEY, IV if aes else None, None, description),
        account["host"],
        session,
        port=account["port"],
        device_id=DEVICE_ID,
        device_name=APP_NAME,
    )


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what is done with profiles."""

    async def parse() -> float:
        """Give the CPU time from the files to the typed description, in milliseconds."""
        files = big_profile()
        with spending() as spent:
            description = parse_description(*files, Head(HA_ID))
        expect(len(description.features), FEATURES, "features")
        return spent.cpu_s * 1e3

    async def load() -> float:
        """Give the CPU time from what an entry stores, which Home Assistant reads, to the typed description."""
        stored = orjson.loads(orjson.dumps(parsed().store()))
        with spending() as spent:
            description = Description.load(stored)
        expect(len(description.features), FEATURES, "features")
        return spent.cpu_s * 1e3

    async def model() -> float:
        """Give the CPU time from what an entry stores to an appliance whose values can come, in milliseconds."""
        stored = orjson.loads(orjson.dumps(parsed().store()))
        with spending() as spent:
            appliance = Appliance(Description.load(stored))
        expect(len(appliance.description.features), FEATURES, "features")
        return spent.cpu_s * 1e3

    async def heap() -> dict[str, int]:
        """Give the bytes that a client with all values holds, without and with the stored description."""
        stored = orjson.dumps(parsed().store())
        client = _Reloaded(card, card["accounts"]["ours"])
        await client.connect()  # what is made once per process is not its own
        await client.disconnect()
        with holding() as data:
            loaded = orjson.loads(stored)
        with holding() as held:
            client.description = Description.load(loaded)
            await client.connect()
        await client.disconnect()
        await client.close()
        return {"client": held.bytes, "all": data.bytes + held.bytes}

    return {"parse": parse, "load": load, "model": model, "heap": heap}


class _Reloaded(Client):
    """Holds a description of its own."""

    description: Description | None = None

    @override
    def new(self, session: aiohttp.ClientSession) -> HomeConnectClient:
        return new_client(self._account, session, self.description or parsed())
