"""The jobs of one contender, by name; each checks what it did."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha512
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
        taken = 0.0
        for _ in range(times):
            feed = self._contender.opener(_KEY)
            found = None
            with spending() as spent:
                for data in reads:
                    found = feed(data)
            taken += spent.cpu_s
            expect(found == body, True, "body")
        return taken / times * 1e6

    async def parse(self, times: int) -> float:
        """Give the CPU time to read the description of a large bridge and let go of it, in milliseconds."""
        database = None
        with spending() as spent:
            for _ in range(times):
                database = self._contender.parse(self._described)
        expect(self._contender.count(database), self._count, "characteristics")
        return spent.cpu_s / times * 1e3

    async def heap(self) -> int:
        """Give the bytes that the description of a large bridge takes."""
        self._contender.parse(self._described)  # what is made once per process is not its own
        with holding() as held:
            database = self._contender.parse(self._described)
        expect(self._contender.count(database), self._count, "characteristics")
        return held.bytes

    async def events(self, count: int) -> float:
        """Give the CPU time from the bytes of an event to the listener, in microseconds."""
        heard: dict[Key, Any] = {}
        calls = 0

        def listen(key: Key, value: Any) -> None:
            nonlocal calls
            calls += 1
            heard[key] = value

        hear = self._contender.hearer(_KEY, self._described, listen)
        wanted, reads = self._events(count)
        with spending() as spent:
            for data in reads:
                hear(data)
        expect((calls, heard), (count, wanted), "events heard")
        return spent.cpu_s / count * 1e6

    async def tlv(self, times: int) -> float:
        """Give the CPU time to read the list of sixteen pairings, in microseconds."""
        items: list[tuple[int, bytes]] = []
        for number in range(16):
            items += [(1, b"%036d" % number), (3, bytes((number,)) * 32), (11, b"\1"), (255, b"")]
        data = b"".join(bytes((kind, len(value))) + value for kind, value in items[:-1])
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

    def _events(self, count: int) -> tuple[dict[Key, Any], list[bytes]]:
        """Switch lights by chance, each time to what they are not; gives how they end, and the reads."""
        states = {key: value is True for key, value in bridge.switched(bridge.bridge()).items()}
        sealed = Sealed(_KEY)
        reads = []
        wanted: dict[Key, Any] = {}
        for key in random.Random(SEED).choices(list(states), k=count):
            states[key] = wanted[key] = not states[key]
            reads.append(sealed.message(event(bridge.event(*key, states[key]))))
        return wanted, reads

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

    async def connect(self, times: int) -> float:
        """Give the time from nothing to the states of all lights, in milliseconds."""
        return (await self._connected(times, settled=False))["ms"]

    async def settle(self, times: int) -> Json:
        """Give the same until everything is subscribed and read as well, and the requests."""
        return await self._connected(times, settled=True)

    async def _connected(self, times: int, *, settled: bool) -> Json:
        taken, asked = [], 0
        for _ in range(times):
            self._remote.call("asked")
            with spending() as spent:
                known = await self._contender.connect()
                if settled:
                    await self._contender.settle()
            taken.append(spent.wall_s * 1e3)
            expect(known, self._card["lights"], "lights with a state")
            told = self._remote.call("asked")
            if settled:
                expect(told["subscribed"], self._card["notifying"], "subscriptions")
            await self._contender.disconnect()
            asked = told["requests"]
        return {"ms": median(taken), "requests": asked}

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
