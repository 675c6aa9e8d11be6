"""The protocol core of the component, without Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
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

    description: Description | None = None
    """Read once for all clients."""

    @override
    def make(self, session: aiohttp.ClientSession) -> HomeConnectClient:
        return new_client(self._account, session, parsed())

    @override
    def known(self) -> int:
        appliance: Appliance = self._client.appliance
        return sum(
            appliance.raw(uid) is not None
            for uid, feature in appliance.description.features.items()
            if feature.kind not in _VALUELESS
        )

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


def parsed() -> Description:
    """Read the profile, once."""
    if Client.description is None:
        Client.description = parse_description(*big_profile(), Head(HA_ID))
    return Client.description


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
        """Give the CPU time from what an entry stores to an appliance whose values can come, in milliseconds."""
        stored = orjson.dumps(parsed().store())
        with spending() as spent:
            appliance = Appliance(Description.load(orjson.loads(stored)))
        expect(len(appliance.description.features), FEATURES, "features")
        return spent.cpu_s * 1e3

    async def heap() -> int:
        """Give the bytes that a client with all values holds, stored description included."""
        stored = orjson.dumps(parsed().store())
        client = _Reloaded(card, card["accounts"]["ours"])
        await client.connect()  # what is made once per process is not its own
        await client.disconnect()
        with holding() as held:
            client.description = Description.load(orjson.loads(stored))
            await client.connect()
        await client.disconnect()
        await client.close()
        return held.bytes

    return {"parse": parse, "load": load, "heap": heap}


class _Reloaded(Client):
    """Holds a description of its own."""

    @override
    def make(self, session: aiohttp.ClientSession) -> HomeConnectClient:
        return new_client(self._account, session, self.description or parsed())
