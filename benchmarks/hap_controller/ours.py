"""The protocol core of the component, without Home Assistant."""

import asyncio
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast, override

from custom_components.hap_controller.protocol import (
    DatabaseChanged,
    HapClient,
    PairingKeys,
    ValuesChanged,
)
from custom_components.hap_controller.protocol.connection import Connection, Steps
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import Response, ResponseParser
from custom_components.hap_controller.protocol.model import Database
from custom_components.hap_controller.protocol.pairing import PairVerifyController
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.pairing.work import Work
from custom_components.hap_controller.protocol.tlv8 import decode

from . import bridge
from .contender import HOST, Contender, Handshake, Key, Listener


class Client(Contender):
    """Our client."""

    _client: HapClient
    _task: asyncio.Task[Any]

    @override
    def parse(self, body: bytes) -> Database:
        return Database.load(body)

    @override
    def count(self, database: Database) -> int:
        return len(database.characteristics)

    @override
    def decode(self, data: bytes) -> Sequence[Any]:
        return decode(data)

    @override
    def sealer(self, key: bytes) -> Callable[[bytes], bytes]:
        return SessionCodec(key, key).seal

    @override
    def opener(self, key: bytes) -> Callable[[bytes], bytes | None]:
        take, parse = SessionCodec(key, key).feed, ResponseParser().feed

        def feed(data: bytes) -> bytes | None:
            match parse(take(data)):
                case [Response(body=body)]:
                    return body
                case _:
                    return None

        return feed

    @override
    def hearer(self, key: bytes, body: bytes, listener: Listener) -> Callable[[bytes], object]:
        """Put a client behind its handshake; reads then go the way of the supervisor's pump."""
        client = HapClient(_keys(self.account), [HOST], 0, database=Database.load(body))
        verify = PairVerifyController(_keys(self.account))
        connection = Connection(0.0, HOST, verify, _nothing)
        connection._codec = SessionCodec(key, key)  # noqa: SLF001  what the handshake ends with
        connection.established = True
        client._connection = connection  # noqa: SLF001  what an open link is
        client._established()  # noqa: SLF001

        def take(change: Any) -> None:
            if type(change) is ValuesChanged:
                for found, value in change.changes:
                    listener(found.key, value)

        client.subscribe(take)
        receive, deliver = connection.receive, client._deliver  # noqa: SLF001

        def hear(data: bytes) -> None:
            for each in receive(data, 0.0):
                deliver(each)

        return hear

    @override
    def setup(self, code: str) -> Handshake:
        setup = PairSetupController()
        answer = yield setup.start()
        yield from _turns(setup.answer(answer))
        message: bytes | None = yield from _turns(setup.prove(code))
        while message is not None:
            answer = yield message
            message = yield from _turns(setup.answer(answer))
        return setup.done

    @override
    def verify(self) -> Handshake:
        verify = PairVerifyController(_keys(self.account))
        message: bytes | None = verify.start()
        while message is not None:
            answer = yield message
            message = verify.receive(answer)
        assert verify.session
        return verify.session.read_key, verify.session.write_key

    # --- a link to the bridge ---------------------------------------------------------------

    @override
    async def connect(self) -> int:
        """Run a new client until it tells what the bridge is."""
        described = asyncio.get_running_loop().create_future()

        def take(change: Any) -> None:
            if type(change) is DatabaseChanged and not described.done():
                described.set_result(None)

        self._run().subscribe(take)
        await described
        lights = self._client.database.characteristics
        return sum(lights[key].value is not None for key in _LIGHTS)

    def _run(self) -> HapClient:
        self._client = HapClient(_keys(self.account), [HOST], self.account["port"])
        self._task = asyncio.create_task(self._client.run())
        return self._client

    @override
    async def settle(self) -> None:
        await self._client.ready()

    @override
    async def disconnect(self) -> None:
        """Stop as its documentation says."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    @override
    async def open(self) -> None:
        await self._run().watch(())
        await self._client.ready()

    @override
    async def subscribe(self, keys: Collection[Key]) -> None:
        await self._client.watch(keys)

    @override
    async def unsubscribe(self, keys: Collection[Key]) -> None:
        await self._client.watch(())

    @override
    async def write(self, values: Mapping[Key, Any]) -> None:
        """Let each entity write its own."""
        await asyncio.gather(*(self._client.write({key: on}) for key, on in values.items()))


_LIGHTS = tuple(bridge.switched(bridge.lights(bridge.LIGHTS)))


def _keys(account: Mapping[str, Any]) -> PairingKeys:
    """Give the pairing as it is stored."""
    return PairingKeys(
        accessory_id=account["accessory_id"],
        accessory_ltpk=bytes.fromhex(account["accessory_ltpk"]),
        controller_id=account["controller_id"],
        controller_ltsk=bytes.fromhex(account["controller_ltsk"]),
        controller_ltpk=bytes.fromhex(account["controller_ltpk"]),
    )


def _turns[T](work: Work[T]) -> Generator[None, bytes | None, T]:
    """Give the loop to others wherever the work stops."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(T, end.value)
        yield None


def _nothing() -> Steps[None]:
    """Greet without a word."""
    yield from ()
