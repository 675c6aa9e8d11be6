"""The other side of every DIO contender: the simulated cloud, an echo, and a control line.

``python -m benchmarks.dio_chacon.counterpart DEVICES CONTENDER...`` gives each contender an account with a home of
its own, so that none hears of another's pushes. It announces all addresses and serves until its input ends.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
import logging
import random
import sys
from typing import override

from script.lending import lend_codec

from .. import controls
from ..controls import PASSWORD, address_of
from . import echo

lend_codec("dio_chacon")

from custom_components.dio_chacon.protocol.frames import encode  # noqa: E402  after lending
from simulators.dio_chacon import Home, Pace, SimulatedCloud, large_home  # noqa: E402
from simulators.dio_chacon.devices import OPEN_LEVEL, SWITCH, Device  # noqa: E402

# Devices answer soon after the acknowledgement: nothing here waits for a motor.
PACE = Pace(speed=100.0)


class Counterpart(controls.Counterpart):
    """What is pushed in homes of DIO devices."""

    @override
    def mains(self, home: Home) -> list[str]:
        return list(home.devices)

    @override
    def switches(self, home: Home) -> dict[str, bool]:
        return {
            device_id: device.read(SWITCH, "value") == 1
            for device_id, device in home.devices.items()
            if device.has(SWITCH)
        }

    @override
    def flipped(self, home: Home, flips: Iterable[tuple[str, bool]]) -> Iterator[str]:
        frames: dict[tuple[str, bool], str] = {}
        for flip in flips:
            if flip not in frames:
                device_id, on = flip
                frames[flip] = _switched(home, home.devices[device_id], on)
            yield frames[flip]

    @override
    def report(self, home: Home, device: Device, chance: random.Random) -> str:
        if device.has(OPEN_LEVEL):
            data = device.state(home.now())
            for link in data["links"]:
                if link["rt"] == OPEN_LEVEL:
                    link["openLevel"] = chance.randint(0, 100)
            return encode({"name": "deviceState", "action": "update", "data": data})
        return _switched(home, device, chance.random() < 0.5)


def _switched(home: Home, device: Device, on: bool) -> str:
    """Write the frame that a device would push when switched."""
    before = device.read(SWITCH, "value")
    device.write(SWITCH, value=int(on))
    data = device.state(home.now())
    device.write(SWITCH, value=before)
    return encode({"name": "deviceState", "action": "update", "data": data})


async def run(devices: int, contenders: Sequence[str]) -> None:
    """Serve until standard input ends."""
    homes = {
        address_of(name): large_home(devices, address_of(name), PASSWORD, pace=PACE)
        for name in contenders
    }
    cloud = SimulatedCloud(*homes.values())
    await Counterpart(cloud, homes).run(
        echo.application(),
        lambda quick: {
            "ws_url": cloud.ws_url,
            "auth_url": cloud.auth_url,
            "quick_ws_url": f"ws://{quick}/ws",
            "quick_auth_url": f"http://{quick}/login",
        },
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(int(sys.argv[1]), sys.argv[2:]))
