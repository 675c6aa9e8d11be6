"""The other side of every DIO contender: the simulated cloud, an echo, and a control line.

``python -m benchmarks.dio_chacon.counterpart DEVICES CONTENDER...`` gives each contender an account with a home of
its own, so that none hears of another's pushes. It announces all addresses and serves until its input ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import json
import logging
import random
import sys
import time
from typing import Any

from simulators.codec import lend

from ..jobs import say
from . import echo

lend("dio_chacon")

from custom_components.dio_chacon.protocol.frames import encode  # noqa: E402  after lend
from simulators.dio_chacon import Home, Pace, SimulatedCloud, large_home  # noqa: E402
from simulators.dio_chacon.devices import OPEN_LEVEL, SWITCH, Device  # noqa: E402
from simulators.listener import Listener  # noqa: E402

HOST = "127.0.0.1"
PASSWORD = "benchmark password"
SEED = 20260115
# Devices answer soon after the acknowledgement: nothing here waits for a motor.
PACE = Pace(speed=100.0)


class Counterpart:
    """The control line: orders about one account, each answered when it is done."""

    def __init__(self, cloud: SimulatedCloud) -> None:
        """Control the homes of ``cloud``."""
        self._cloud = cloud
        self._homes = {home.email: home for home in cloud.homes}
        self._orders: Mapping[str, Callable[..., Any]] = {
            "burst": self._burst,
            "devices": lambda home: len(home.devices),
            "pace": self._pace,
            "switch": _first_switch,
            "texts": self._texts,
            "violations": lambda home: [each.why for each in cloud.violations],
        }

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

    def _texts(self, home: Home, count: int) -> list[str]:
        """Give frames of pushes of all kinds, always the same."""
        chance = random.Random(SEED)
        devices = list(home.devices.values())
        return [_report(home, device, chance) for device in chance.choices(devices, k=count)]

    def _burst(self, home: Home, count: int) -> dict[str, bool]:
        """Push as fast as the network can take it; every push switches a device, all end as they began.

        The frames are made before and written at once: a simulator that makes each would be slower than those
        who read them, and the measure would be of waiting.
        """
        switches = _switches(home)
        ids = random.Random(SEED).choices(list(switches), k=count // 2) * 2
        random.Random(SEED + 1).shuffle(ids)
        frames = {
            (device_id, on): _frame(_switched(home, home.devices[device_id], on))
            for device_id in switches
            for on in (False, True)
        }
        now = dict(switches)
        stream = bytearray()
        for device_id in ids:
            now[device_id] = not now[device_id]
            stream += frames[device_id, now[device_id]]
        for session in self._cloud.sessions:
            if session.home is home:
                # No simulator needs to write many frames as one, so its link has no call for it.
                session.link._transport.write(stream)  # noqa: SLF001
        return {device_id: switches[device_id] for device_id in set(ids)}

    async def _pace(self, home: Home, count: int, per_second: float) -> dict[str, Any]:
        """Let hands press buttons at a steady pace; tells when each push left by the machine's clock."""
        chance = random.Random(SEED)
        switches = list(_switches(home))
        sent = []
        clock = asyncio.get_running_loop().time
        begin = clock()
        for number in range(count):
            await asyncio.sleep(max(0, begin + number / per_second - clock()))
            sent.append(time.monotonic())
            home.press(chance.choice(switches))
        chance = random.Random(SEED)
        pressed = {chance.choice(switches) for _ in range(count)}
        now = _switches(home)
        return {"sent": sent, "states": {device_id: now[device_id] for device_id in pressed}}


def _switches(home: Home) -> dict[str, bool]:
    """Tell which devices can be switched, and whether they are on."""
    return {
        device_id: device.read(SWITCH, "value") == 1
        for device_id, device in home.devices.items()
        if device.has(SWITCH)
    }


def _first_switch(home: Home) -> tuple[str, bool]:
    return next(iter(_switches(home).items()))


def _switched(home: Home, device: Device, on: bool) -> str:
    """Write the frame that a device would push when switched."""
    before = device.read(SWITCH, "value")
    device.write(SWITCH, value=int(on))
    data = device.state(home.now())
    device.write(SWITCH, value=before)
    return encode({"name": "deviceState", "action": "update", "data": data})


def _report(home: Home, device: Device, chance: random.Random) -> str:
    """Write a frame that a device could push: whole, with values by chance."""
    if device.has(OPEN_LEVEL):
        data = device.state(home.now())
        for link in data["links"]:
            if link["rt"] == OPEN_LEVEL:
                link["openLevel"] = chance.randint(0, 100)
        return encode({"name": "deviceState", "action": "update", "data": data})
    return _switched(home, device, chance.random() < 0.5)


def _frame(text: str) -> bytes:
    """Put a text into a websocket frame as a server sends it: unmasked, with the shortest length."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes((0x81, len(payload))) + payload
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


async def run(devices: int, contenders: Sequence[str]) -> None:
    """Serve until standard input ends."""
    homes = [large_home(devices, f"{name}@example.org", PASSWORD, pace=PACE) for name in contenders]
    listener = Listener(echo.application(), HOST)
    async with SimulatedCloud(*homes) as cloud:
        await listener.open()
        control = await asyncio.start_server(Counterpart(cloud).serve, HOST, 0)
        accounts = {
            name: {"email": home.email, "password": home.password}
            for name, home in zip(contenders, homes, strict=True)
        }
        say(
            {
                "ws_url": cloud.ws_url,
                "auth_url": cloud.auth_url,
                "echo_url": f"ws://{listener.authority}/echo",
                "quick_ws_url": f"ws://{listener.authority}/ws",
                "quick_auth_url": f"http://{listener.authority}/login",
                "control_port": control.sockets[0].getsockname()[1],
                "accounts": accounts,
            }
        )
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        control.close()
        await listener.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(int(sys.argv[1]), sys.argv[2:]))
