"""The other side of the contenders of a push cloud: a simulated cloud, an echo, and a control line to both."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterable, Mapping
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
            "devices": lambda home: len(home.devices),
            "mains": self.mains,
            "pace": self._pace,
            "switch": lambda home: next(iter(self.switches(home).items())),
            "texts": self._texts,
            "violations": lambda home: [each.why for each in cloud.violations],
        }

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

    def _texts(self, home: Any, count: int) -> list[str]:
        """Give frames of pushes of all kinds, always the same."""
        chance = random.Random(SEED)
        devices = [home.devices[device_id] for device_id in self.mains(home)]
        return [self.report(home, device, chance) for device in chance.choices(devices, k=count)]

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
        stream = b"".join(_frame(text) for text in self.flipped(home, flips))
        for session in self.cloud.sessions:
            if session.home is home:
                # No simulator needs to write many frames as one, so its link has no call for it.
                session.link._transport.write(stream)  # noqa: SLF001
        return {device_id: switches[device_id] for device_id in set(ids)}

    async def _pace(self, home: Any, count: int, per_second: float) -> Json:
        """Let hands press buttons at a steady pace; tells when each push left by the machine's clock."""
        chance = random.Random(SEED)
        switches = list(self.switches(home))
        sent = []
        clock = asyncio.get_running_loop().time
        begin = clock()
        for number in range(count):
            await asyncio.sleep(max(0, begin + number / per_second - clock()))
            sent.append(time.monotonic())
            home.press(chance.choice(switches))
        chance = random.Random(SEED)
        pressed = {chance.choice(switches) for _ in range(count)}
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
            accounts = {
                email.partition("@")[0]: {"email": email, "password": PASSWORD}
                for email in self._homes
            }
            say(
                {
                    **addresses(listener.authority),
                    "echo_url": f"ws://{listener.authority}/echo",
                    "control_port": control.sockets[0].getsockname()[1],
                    "accounts": accounts,
                }
            )
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            control.close()
            await listener.close()


def address_of(contender: str) -> str:
    """Give the e-mail address of a contender's account."""
    return f"{contender}@example.org"


def _frame(text: str) -> bytes:
    """Put a text into a websocket frame as a server sends it: unmasked, with the shortest length."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes((0x81, len(payload))) + payload
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload
