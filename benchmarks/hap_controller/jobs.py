"""The jobs of one contender, by name; each checks what it did."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha512
from itertools import chain
import random
from statistics import median
import time
from types import ModuleType
from typing import Any

from ..clouds import Remote, expect
from ..controls import SEED
from ..jobs import Job
from ..measure import holding, spending
from . import bridge
from .contender import HOST, SETUP_CODE, Contender, Handshake, Json, Key
from .wire import Sealed, event, request, response

SEALED_BYTES = 64 * 1024
ANSWER_BYTES = 512 * 1024
READ_BYTES = 64 * 1024
"""What one read of a busy socket gives."""
FRAME_BYTES = 1024
GROUP = 50
SUBSCRIBED_ACCESSORIES = 99
_KEY = bytes(range(32))


@dataclass(slots=True)
class Shaken:
    """What a handshake cost."""

    result: Any = None
    cpu_s: float = 0.0
    longest_s: float = 0.0
    """Of the slices after each of which the loop had a turn."""


class HapJobs:
    """The benchmarks of one contender."""

    def __init__(self, contender: Contender, remote: Remote, card: Mapping[str, Any]) -> None:
        """Measure ``contender`` against what ``remote`` controls."""
        self._contender = contender
        self._remote = remote
        self._card = card
        self._on = False

    def jobs(self) -> Mapping[str, Job]:
        """List what can be asked for."""
        names = (
            "seal",
            "answer",
            "parse",
            "heap",
            "events",
            "tlv",
            "setup",
            "verify",
            "connect",
            "settle",
            "open",
            "subscribe",
            "group",
            "close",
        )
        return {name: getattr(self, name) for name in names}

    # --- in memory --------------------------------------------------------------------------

    async def seal(self, times: int) -> float:
        """Give the CPU time to make frames of a message of 64 KiB, in microseconds."""
        data = random.Random(SEED).randbytes(SEALED_BYTES)
        seal = self._contender.sealer(_KEY)
        frames: object = b""
        with spending() as spent:
            for _ in range(times):
                frames = seal(data)
        expect(_digest(frames), _digest(Sealed(_KEY, times - 1).message(data)), "frames")
        return spent.cpu_s / times * 1e6

    async def answer(self, times: int) -> float:
        """Give the CPU time from the reads of a socket to the body of an answer of 512 KiB, in microseconds."""
        body = b'{"accessories":[%b]}' % (b"1," * (ANSWER_BYTES // 2) + b"1")
        sealed = Sealed(_KEY).message(response(body))
        reads = [sealed[at : at + READ_BYTES] for at in range(0, len(sealed), READ_BYTES)]
        sessions = [self._contender.opener(_KEY) for _ in range(times)]
        found = []
        with spending() as spent:
            for feed in sessions:
                *_, last = (feed(data) for data in reads)
                found.append(last == body)
        expect(found, [True] * times, "bodies")
        return spent.cpu_s / times * 1e6

    async def parse(self) -> float:
        """Give the CPU time to read the description of a large bridge, in milliseconds."""
        described = self._described
        with spending() as spent:
            database = self._contender.parse(described)
        expect(self._contender.count(database), self._count, "characteristics")
        return spent.cpu_s * 1e3

    async def heap(self) -> int:
        """Give the bytes that the description of a large bridge takes."""
        self._contender.parse(self._described)  # what is made once per process is not its own
        with holding() as held:
            database = self._contender.parse(self._described)
        expect(self._contender.count(database), self._count, "characteristics")
        return held.bytes

    async def events(self, rounds: int, together: bool) -> float:
        """Give the CPU time from the bytes of an event to the listener, in microseconds.

        In each round all lights are switched; ``together`` says whether one read has what all of them tell.
        """
        heard: dict[Key, Any] = {}
        calls = 0

        def listen(key: Key, value: Any) -> None:
            nonlocal calls
            calls += 1
            heard[key] = value

        hear = self._contender.hearer(_KEY, self._described, listen)
        wanted, told = self._events(rounds)
        reads = list(map(b"".join, told)) if together else list(chain.from_iterable(told))
        with spending() as spent:
            for data in reads:
                hear(data)
        expect((calls, heard), (rounds * len(wanted), wanted), "events heard")
        return spent.cpu_s / calls * 1e6

    async def tlv(self, times: int) -> float:
        """Give the CPU time to read the list of sixteen pairings, in microseconds."""
        items: list[tuple[int, bytes]] = []
        for number in range(16):
            items += [(1, b"%036d" % number), (3, bytes((number,)) * 32), (11, b"\1"), (255, b"")]
        data = b"".join(bytes((kind, len(value))) + value for kind, value in items[:-1])
        found: Sequence[Any] = ()
        with spending() as spent:
            for _ in range(times):
                found = self._contender.decode(data)
        expect(len(found), len(items) - 1, "items")
        return spent.cpu_s / times * 1e6

    @cached_property
    def _described(self) -> bytes:
        return bridge.body(bridge.bridge())

    @cached_property
    def _count(self) -> int:
        return len(bridge.keys(bridge.bridge()))

    def _events(self, rounds: int) -> tuple[dict[Key, Any], list[list[bytes]]]:
        """Switch all lights in each round, in any order; gives how they end, and the bytes of each event."""
        states = {key: value is True for key, value in bridge.switched(bridge.bridge()).items()}
        chance, sealed = random.Random(SEED), Sealed(_KEY)
        told = []
        for _ in range(rounds):
            keys = list(states)
            chance.shuffle(keys)
            states = {key: not states[key] for key in keys}
            told.append([sealed.message(event(bridge.event(*key, states[key]))) for key in keys])
        return states, told

    # --- handshakes -------------------------------------------------------------------------

    async def setup(self) -> Json:
        """Pair with an accessory of its own; gives the CPU time, and the longest slice of it, in milliseconds."""
        with spending():  # collects garbage before
            pass
        shaken = await _shake(
            self._contender.setup(SETUP_CODE), "/pair-setup", self._card["setup_port"]
        )
        expect(shaken.result, True, "paired")
        return {"cpu_ms": shaken.cpu_s * 1e3, "stall_ms": shaken.longest_s * 1e3}

    async def verify(self, times: int) -> float:
        """Give the CPU time to verify a pairing, in microseconds."""
        with spending():
            pass
        taken = []
        for _ in range(times):
            handshake = self._contender.verify()
            shaken = await _shake(handshake, "/pair-verify", self._contender.account["port"])
            expect([len(key) for key in shaken.result], [32, 32], "keys")
            taken.append(shaken.cpu_s * 1e6)
        return median(taken)

    # --- links ------------------------------------------------------------------------------

    async def connect(self, times: int) -> Json:
        """Give the time from nothing to the states of all lights, and the CPU time of it, in milliseconds."""
        return await self._connected(times, settled=False)

    async def settle(self, times: int) -> Json:
        """Give the same until everything is subscribed and read as well."""
        return await self._connected(times, settled=True)

    async def _connected(self, times: int, *, settled: bool) -> Json:
        taken, cpu_s, asked = [], 0.0, 0
        for _ in range(times):
            self._remote.call("asked")
            with spending() as spent:
                known = await self._contender.connect()
                if settled:
                    await self._contender.settle()
            taken.append(spent.wall_s * 1e3)
            cpu_s += spent.cpu_s
            expect(known, self._card["lights"], "lights with a state")
            told = self._remote.call("asked")
            if settled:
                expect(told["subscribed"], self._card["notifying"], "subscriptions")
            await self._contender.disconnect()
            asked = told["requests"]
        return {"ms": median(taken), "cpu_ms": cpu_s / times * 1e3, "requests": asked}

    async def open(self) -> None:
        """Open a link that stays."""
        await self._contender.open()
        expect(self._remote.call("asked")["subscribed"], 0, "subscriptions")

    async def close(self) -> None:
        """Close it, and see that nothing was asked that no accessory needs to bear."""
        await self._contender.disconnect()
        if self._contender.one_frame:
            expect(self._remote.call("violations"), [], "violations")

    async def subscribe(self) -> Json:
        """Give the requests to subscribe to all lights of 99 accessories, and the milliseconds."""
        keys = bridge.notifying(bridge.lights(SUBSCRIBED_ACCESSORIES))
        self._remote.call("asked")
        with spending() as spent:
            await self._contender.subscribe(keys)
        told = self._remote.call("asked")
        expect(told["subscribed"], len(keys), "subscriptions")
        await self._contender.unsubscribe(keys)
        expect(self._remote.call("asked")["subscribed"], 0, "subscriptions")
        return {"ms": spent.wall_s * 1e3, "requests": told["requests"]}

    async def group(self, times: int) -> Json:
        """Give the requests to switch fifty lights at once, and the milliseconds."""
        keys = list(bridge.switched(bridge.lights()))[:GROUP]
        taken, asked = [], 0
        for _ in range(times):
            self._on = not self._on
            self._remote.call("asked")
            with spending() as spent:
                await self._contender.write(dict.fromkeys(keys, self._on))
            taken.append(spent.wall_s * 1e3)
            told = self._remote.call("asked")
            expect(told["on"], GROUP * self._on, "lights that are on")
            asked = told["requests"]
        return {"ms": median(taken), "requests": asked}


async def _shake(handshake: Handshake, path: str, port: int) -> Shaken:
    """Carry the messages of a handshake; only the contender's own steps are on the clock."""
    shaken = Shaken()
    reader, writer = await asyncio.open_connection(HOST, port)
    answer: bytes | None = None
    try:
        while True:
            started = time.process_time()
            try:
                message = handshake.send(answer)
            except StopIteration as end:
                shaken.result = end.value
                return shaken
            finally:
                taken = time.process_time() - started
                shaken.cpu_s += taken
                shaken.longest_s = max(shaken.longest_s, taken)
            if message is None:
                await asyncio.sleep(0)
                answer = None
            else:
                writer.write(request(path, message))
                answer = await _body(reader)
    finally:
        writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return await reader.readexactly(length)


def _digest(frames: Any) -> str:
    data = frames if isinstance(frames, bytes) else b"".join(frames)
    return sha512(data).hexdigest()


def jobs(module: ModuleType, card: Json, name: str) -> Mapping[str, Job]:
    """Give the jobs of the contender that ``module`` is about."""
    account = card["accounts"][name]
    remote = Remote(card["control_port"], account["name"])
    return HapJobs(module.Client(account), remote, card).jobs()
