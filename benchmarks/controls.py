"""The other side of the contenders of a vendor: its simulator, an echo, and a control line to both."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import cycle, islice
import json
import random
import sys
import time
from typing import Any

from aiohttp import web

from simulators.listener import Listener

from .jobs import say

type Json = dict[str, Any]

HOST = "127.0.0.1"
PASSWORD = "benchmark password"
SEED = 20260115
TEXT, BINARY = 1, 2
"""Opcodes of websocket frames."""


class Counterpart(ABC):
    """The control line: orders about one account, each answered when it is done.

    Clouds and homes are those of the vendor's simulator.
    """

    def __init__(self, cloud: Any, homes: Mapping[str, Any]) -> None:
        """Control the homes of ``cloud``, by the e-mail addresses of their accounts."""
        self.cloud = cloud
        self._homes = homes
        self._orders: Mapping[str, Callable[..., Any]] = {
            "burst": self._burst,
            "devices": self.devices,
            "mains": self.mains,
            "pace": self._pace,
            "switch": lambda home: next(iter(self.switches(home).items())),
            "texts": self.texts,
            "violations": self.violations,
        }

    # --- what differs between vendors -------------------------------------------------------

    def accounts(self) -> Json:
        """Tell each contender how it logs in; ``name`` is what its orders call it."""
        return {
            email.partition("@")[0]: {"name": email, "email": email, "password": PASSWORD}
            for email in self._homes
        }

    def devices(self, home: Any) -> int:
        """Count what has a state."""
        return len(home.devices)

    def violations(self, home: Any) -> list[str]:
        """List what clients did that none should do."""
        return [each.why for each in self.cloud.violations]

    def press(self, home: Any, device_id: str) -> None:
        """Switch a device by hand."""
        home.press(device_id)

    def push(self, home: Any, texts: Iterable[str]) -> None:
        """Write frames to those who are connected, all at once."""
        stream = b"".join(map(text_frame, texts))
        for session in self.cloud.sessions:
            if session.home is home:
                # No simulator needs to write many frames as one, so its link has no call for it.
                session.link._transport.write(stream)  # noqa: SLF001

    def texts(self, home: Any, count: int) -> list[str]:
        """Give frames of pushes of all kinds, always the same."""
        chance = random.Random(SEED)
        devices = [home.devices[device_id] for device_id in self.mains(home)]
        return [self.report(home, device, chance) for device in chance.choices(devices, k=count)]

    @abstractmethod
    def mains(self, home: Any) -> list[str]:
        """List the devices that have a main entity."""

    @abstractmethod
    def switches(self, home: Any) -> dict[str, bool]:
        """Tell which devices can be switched, and whether they are on."""

    @abstractmethod
    def flipped(self, home: Any, flips: Iterable[tuple[str, bool]]) -> Iterable[str]:
        """Write the frames that devices would push when switched, one after the other."""

    @abstractmethod
    def report(self, home: Any, device: Any, chance: random.Random) -> str:
        """Write a frame that a device could push: whole, with values by chance."""

    # --- the control line -------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take orders of one contender until it leaves."""
        while line := await reader.readline():
            order = json.loads(line)
            try:
                result = self._orders[order.pop("op")](self._homes[order.pop("account")], **order)
                answer = {"result": await result if asyncio.iscoroutine(result) else result}
            except (LookupError, ValueError) as err:
                answer = {"error": repr(err)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _burst(self, home: Any, count: int) -> dict[str, bool]:
        """Push as fast as the network can take it; every push switches a device, all end as they began.

        The frames are made before and written at once: a simulator that makes each would be slower than those
        who read them, and the measure would be of waiting.
        """
        switches = self.switches(home)
        ids = random.Random(SEED).choices(list(switches), k=count // 2) * 2
        random.Random(SEED + 1).shuffle(ids)
        now = dict(switches)
        flips = []
        for device_id in ids:
            now[device_id] = not now[device_id]
            flips.append((device_id, now[device_id]))
        self.push(home, self.flipped(home, flips))
        return {device_id: switches[device_id] for device_id in set(ids)}

    async def _pace(self, home: Any, count: int, per_second: float) -> Json:
        """Let hands press buttons at a steady pace; tells when each push left by the machine's clock.

        One device after the other: some clients hand on what a device told twice in a moment as one.
        """
        pressed = list(islice(cycle(self.switches(home)), count))
        sent = []
        clock = asyncio.get_running_loop().time
        begin = clock()
        for number, device_id in enumerate(pressed):
            await asyncio.sleep(max(0, begin + number / per_second - clock()))
            sent.append(time.monotonic())
            self.press(home, device_id)
        now = self.switches(home)
        return {"sent": sent, "states": {device_id: now[device_id] for device_id in pressed}}

    async def run(self, quick: web.Application, addresses: Callable[[str], Json]) -> None:
        """Announce all addresses and serve until standard input ends.

        ``addresses`` gives those of the cloud and of the server that only answers, which is ``quick`` on a host and
        port that it is told.
        """
        listener = Listener(quick, HOST)
        async with self.cloud:
            await listener.open()
            control = await asyncio.start_server(self.serve, HOST, 0)
            say(
                {
                    **addresses(listener.authority),
                    "echo_url": f"ws://{listener.authority}/echo",
                    "control_port": control.sockets[0].getsockname()[1],
                    "accounts": self.accounts(),
                }
            )
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            control.close()
            await listener.close()


def address_of(contender: str) -> str:
    """Give the e-mail address of a contender's account."""
    return f"{contender}@example.org"


def text_frame(text: str) -> bytes:
    """Put a text into a websocket frame."""
    return websocket_frame(TEXT, text.encode())


def websocket_frame(opcode: int, payload: bytes) -> bytes:
    """Put a payload into a websocket frame as a server sends it: whole, unmasked, with the shortest length."""
    head = 0x80 | opcode
    if len(payload) < 126:
        return bytes((head, len(payload))) + payload
    return bytes((head, 126)) + len(payload).to_bytes(2, "big") + payload
