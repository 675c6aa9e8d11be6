"""The published controller, ``aiohomekit``, used as Home Assistant's own integration does."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast, override

from aiohomekit import hkjson  # type: ignore[import-untyped]
from aiohomekit.characteristic_cache import CharacteristicCacheMemory  # type: ignore[import-untyped]
from aiohomekit.controller.ip import IpController  # type: ignore[import-untyped]
from aiohomekit.controller.ip.connection import SecureHomeKitProtocol  # type: ignore[import-untyped]
from aiohomekit.controller.ip.pairing import IpPairing  # type: ignore[import-untyped]
from aiohomekit.model import Accessories  # type: ignore[import-untyped]
from aiohomekit.protocol import get_session_keys, perform_pair_setup_part1, perform_pair_setup_part2  # type: ignore[import-untyped]
from aiohomekit.protocol.tlv import TLV  # type: ignore[import-untyped]
from aiohomekit.uuid import normalize_uuid  # type: ignore[import-untyped]

from . import bridge
from .contender import HOST, Contender, Handshake, Key, Listener


class Client(Contender):
    """The published controller behind the calls that all contenders have."""

    one_frame = False
    _pairing: IpPairing

    @override
    def parse(self, body: bytes) -> Accessories:
        """Do what it does with the answer to its question."""
        accessories = hkjson.loads(body.decode())["accessories"]
        for accessory in accessories:
            for service in accessory["services"]:
                service["type"] = normalize_uuid(service["type"])
                for characteristic in service["characteristics"]:
                    characteristic["type"] = normalize_uuid(characteristic["type"])
        return Accessories.from_list(accessories)

    @override
    def count(self, database: Accessories) -> int:
        return sum(len(list(s.characteristics)) for each in database for s in each.services)

    @override
    def decode(self, data: bytes) -> Sequence[Any]:
        return cast(Sequence[Any], TLV.decode_bytes(data))

    @override
    def sealer(self, key: bytes) -> Callable[[bytes], object]:
        protocol, transport = self._session(key)

        def seal(data: bytes) -> list[bytes]:
            transport.written = []
            sending = protocol.send_bytes(data)
            with suppress(StopIteration):  # the transport has answered already
                sending.send(None)
            return transport.written

        return seal

    @override
    def opener(self, key: bytes) -> Callable[[bytes], bytes | None]:
        protocol, _ = self._session(key)
        answer = asyncio.get_running_loop().create_future()
        protocol.result_cbs.append(answer)

        def feed(data: bytes) -> bytes | None:
            protocol.data_received(data)
            return answer.result().body if answer.done() else None

        return feed

    @override
    def hearer(self, key: bytes, body: bytes, listener: Listener) -> Callable[[bytes], object]:
        pairing = self._new()

        def take(changes: Mapping[Key, Any]) -> None:
            for at, told in changes.items():
                listener(at, told["value"])

        pairing.dispatcher_connect(take)
        protocol = SecureHomeKitProtocol(pairing.connection, key, key)
        return cast(Callable[[bytes], object], protocol.data_received)

    def _session(self, key: bytes) -> tuple[Any, _Transport]:
        protocol = SecureHomeKitProtocol(self._new().connection, key, key)
        transport = _Transport(protocol)
        protocol.connection_made(transport)
        return protocol, transport

    @override
    def setup(self, code: str) -> Handshake:
        salt, public_key = yield from _carried(perform_pair_setup_part1(False))
        found = yield from _carried(
            perform_pair_setup_part2(code, self.account["controller_id"], salt, public_key)
        )
        return bool(found["AccessoryLTPK"])

    @override
    def verify(self) -> Handshake:
        _, derive = yield from _carried(get_session_keys(self._stored()))
        return (
            derive(b"Control-Salt", b"Control-Read-Encryption-Key"),
            derive(b"Control-Salt", b"Control-Write-Encryption-Key"),
        )

    # --- a link to the bridge ---------------------------------------------------------------

    @override
    async def connect(self) -> int:
        await self.open()
        accessories = self._pairing.accessories
        return sum(
            accessories.aid(aid).characteristics.iid(iid).value is not None
            for aid, iid in bridge.switched(bridge.lights(bridge.LIGHTS))
        )

    @override
    async def settle(self) -> None:
        keys = bridge.notifying(bridge.lights(bridge.LIGHTS))
        await self.subscribe(keys)
        await self._pairing.get_characteristics(keys)

    @override
    async def disconnect(self) -> None:
        await self._pairing.close()

    @override
    async def open(self) -> None:
        self._pairing = self._new()
        await self._pairing.list_accessories_and_characteristics()

    @override
    async def subscribe(self, keys: Collection[Key]) -> None:
        """Give a set, as Home Assistant does."""
        await self._pairing.subscribe(set(keys))

    @override
    async def unsubscribe(self, keys: Collection[Key]) -> None:
        await self._pairing.unsubscribe(sorted(keys))

    @override
    async def write(self, values: Mapping[Key, Any]) -> None:
        """Let each entity write its own, as Home Assistant does."""
        await asyncio.gather(
            *(self._pairing.put_characteristics([(*key, on)]) for key, on in values.items())
        )

    def _new(self) -> IpPairing:
        controller = IpController(CharacteristicCacheMemory(), zeroconf_instance=None)
        return IpPairing(controller, self._stored())

    def _stored(self) -> dict[str, Any]:
        account = self.account
        return {
            "AccessoryPairingID": account["accessory_id"],
            "AccessoryLTPK": account["accessory_ltpk"],
            "iOSPairingId": account["controller_id"],
            "iOSDeviceLTSK": account["controller_ltsk"],
            "iOSDeviceLTPK": account["controller_ltpk"],
            "AccessoryIP": HOST,
            "AccessoryPort": account["port"],
            "Connection": "IP",
        }


class _Transport:
    """Takes what is written, and has it answered at once."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.written: Collection[bytes] = ()

    def is_closing(self) -> bool:
        """Never."""
        return False

    def writelines(self, lines: list[bytes]) -> None:
        """Take frames."""
        self.written = lines
        self._protocol.result_cbs.pop().set_result(None)


def _carried(steps: Any) -> Handshake:
    """Write and read the items of its steps as its connection does."""
    items, expected = steps.send(None)
    while True:
        answer = yield TLV.encode_list(items)
        try:
            items, expected = steps.send(TLV.decode_bytes(answer, expected=expected))
        except StopIteration as end:
            return end.value
