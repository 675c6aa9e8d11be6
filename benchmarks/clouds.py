"""What the clients of push clouds have in common, so that each benchmark of them is written once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import gc
import json
import socket
from statistics import median, quantiles
import time
import tracemalloc
from typing import Any, Protocol, override

from .measure import spending

type Json = dict[str, Any]
type Listener = Callable[[str, bool], None]
"""Takes the id of a device, and whether it is on now."""

PUSH_LIMIT_S = 60.0
WARM_UP = 5_000


class CloudClient(Protocol):
    """One contender: a client that logs in with the card it was made from.

    It may also have ``prepare()``, for what a client does once, before its first connection.
    """

    def decode(self, texts: Sequence[str]) -> int:
        """Read frames as far as what changed about which device; gives how many told something."""

    async def connect(self) -> int:
        """Log in and read everything; gives the number of devices whose state is known then."""

    @property
    def connected(self) -> bool:
        """Whether the link that ``connect`` opened is still the same and up."""

    async def disconnect(self) -> None:
        """End the link."""

    def watch(self, listener: Listener) -> None:
        """Tell ``listener`` of every pushed on or off, instead of the one before."""

    async def switch(self, device_id: str, on: bool) -> None:
        """Switch a device; returns when the cloud has answered."""


class WrongResultError(Exception):
    """A contender did not do what was measured."""


def expect(found: object, wanted: object, what: str) -> None:
    """Raise WrongResultError unless both are equal: work that was left out must not win."""
    if found != wanted:
        raise WrongResultError(f"{what}: {found!r} instead of {wanted!r}")


class Remote:
    """The control line to the counterpart; its answers are waited for only after what is measured."""

    def __init__(self, port: int, account: str) -> None:
        """Speak for one account."""
        self._account = account
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def order(self, op: str, **members: object) -> None:
        """Ask for something."""
        line = json.dumps({"op": op, "account": self._account, **members})
        self._socket.sendall(line.encode() + b"\n")

    def answer(self) -> Any:
        """Give the answer to the oldest order; raises WrongResultError when it was refused."""
        answer = json.loads(self._lines.readline())
        if "error" in answer:
            raise WrongResultError(answer["error"])
        return answer["result"]

    def call(self, op: str, **members: object) -> Any:
        """Ask for something and wait for it."""
        self.order(op, **members)
        return self.answer()


class Heard:
    """What a listener was told, and when it was told the last of it."""

    def __init__(self, count: int) -> None:
        """Expect so many news."""
        self.states: dict[str, bool] = {}
        self.left = count
        self._done = asyncio.get_running_loop().create_future()

    def __call__(self, device_id: str, on: bool) -> None:
        """Take one piece of news."""
        self.states[device_id] = on
        self.left -= 1
        if not self.left:
            self._done.set_result(None)

    async def wait(self) -> None:
        """Wait for the last; raises TimeoutError."""
        async with asyncio.timeout(PUSH_LIMIT_S):
            await self._done


class HeardAt(Heard):
    """Notes the moment of each piece of news too."""

    def __init__(self, count: int) -> None:
        """Expect so many news."""
        super().__init__(count)
        self.at: list[float] = []

    @override
    def __call__(self, device_id: str, on: bool) -> None:
        """Take one piece of news."""
        self.at.append(time.monotonic())
        super().__call__(device_id, on)


def delays(sent: Sequence[float], heard: Sequence[float]) -> Json:
    """Sum up how long news took, in microseconds; both are readings of the machine's clock, in order."""
    taken = [(later - earlier) * 1e6 for earlier, later in zip(sent, heard, strict=True)]
    return {"p50_us": median(taken), "p99_us": quantiles(taken, n=100)[-1]}


class CloudJobs:
    """The benchmarks of one contender, by name."""

    def __init__(self, client: CloudClient, remote: Remote) -> None:
        """Measure ``client`` against what ``remote`` controls."""
        self._client = client
        self._remote = remote
        self._devices: int = remote.call("devices")

    def jobs(self) -> Mapping[str, Any]:
        """List what can be asked for."""
        return {
            name: getattr(self, name)
            for name in (
                "open",
                "close",
                "decode",
                "connect",
                "push",
                "paced",
                "command",
                "idle",
                "memory",
            )
        }

    async def open(self) -> None:
        """Connect for the jobs that need a link."""
        expect(await self._client.connect(), self._devices, "devices with a state")

    async def close(self) -> None:
        """Disconnect, and see that nothing was done that no client should do."""
        await self._client.disconnect()
        expect(self._remote.call("violations"), [], "violations")

    async def decode(self, count: int) -> float:
        """Give the CPU time to read one frame, in microseconds."""
        texts: list[str] = self._remote.call("texts", count=count)
        self._client.decode(texts)
        with spending() as spent:
            understood = self._client.decode(texts)
        expect(understood, count, "frames understood")
        return spent.cpu_s / count * 1e6

    async def connect(self, times: int) -> float:
        """Give the time from nothing but the client to all devices with their states, in milliseconds."""
        prepare = getattr(self._client, "prepare", None)
        taken = []
        for _ in range(times):
            if prepare:
                await prepare()
            with spending() as spent:
                known = await self._client.connect()
            taken.append(spent.wall_s * 1e3)
            await self._client.disconnect()
            expect(known, self._devices, "devices with a state")
        return median(taken)

    async def push(self, count: int) -> float:
        """Give the CPU time from the socket to the listener for one of many pushes, in microseconds."""
        heard = Heard(count)
        self._client.watch(heard)
        with spending() as spent:
            self._remote.order("burst", count=count)
            await heard.wait()
        expect(heard.states, self._remote.answer(), "states heard")
        return spent.cpu_s / count * 1e6

    async def paced(self, count: int, per_second: float) -> Json:
        """Give the delay of pushes that come one by one, and the share of one core they take."""
        heard = HeardAt(count)
        self._client.watch(heard)
        with spending() as spent:
            self._remote.order("pace", count=count, per_second=per_second)
            await heard.wait()
        answer = self._remote.answer()
        expect(heard.states, answer["states"], "states heard")
        return delays(answer["sent"], heard.at) | {"share": spent.cpu_s / spent.wall_s}

    async def command(self, times: int, pause_s: float = 0.0) -> Json:
        """Give the time from a command to what ends it, and the CPU time with the report of the device.

        Each waits until the device has reported, so that none meets the report of the one before, and for
        ``pause_s``, so that there are not too many for the cloud.
        """
        device_id, on = self._remote.call("switch")
        taken = []
        with spending() as spent:
            for _ in range(times):
                on = not on
                heard = Heard(1)
                self._client.watch(heard)
                started = time.perf_counter()
                await self._client.switch(device_id, on)
                taken.append((time.perf_counter() - started) * 1e3)
                await heard.wait()
                expect(heard.states, {device_id: on}, "state reported")
                await asyncio.sleep(pause_s)
        expect(self._remote.call("switch"), [device_id, on], "state of the device")
        return {"ms": median(taken), "cpu_us": spent.cpu_s / times * 1e6}

    async def idle(self, seconds: float) -> float:
        """Give the share of one core that an idle link takes; ``seconds`` are those of the loop's clock."""
        with spending() as spent:
            await asyncio.sleep(seconds)
        expect(self._client.connected, True, "link alive")
        return spent.cpu_s / seconds

    async def memory(self, count: int) -> int:
        """Give by how many bytes the heap has grown after many pushes."""
        tracemalloc.start()
        try:
            await self.push(min(WARM_UP, count))
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            await self.push(count)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return after - before
