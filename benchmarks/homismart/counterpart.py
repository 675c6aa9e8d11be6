"""The other side of every Homismart contender: the simulated cloud, an echo, and a control line.

``python -m benchmarks.homismart.counterpart DEVICES CONTENDER...`` gives each contender an account with a home of
its own, so that none hears of another's pushes. It announces all addresses and serves until its input ends.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
import logging
import random
import sys
from typing import override

from script.lending import lend_codec

from .. import controls
from ..controls import PASSWORD, address_of
from . import echo

lend_codec("homismart")

from custom_components.homismart.protocol.frames import Frame, encode  # noqa: E402  after lending
from simulators.homismart import Home, Pace, SimulatedCloud, large_home  # noqa: E402
from simulators.homismart.devices import CURTAIN_TYPES, STANDING, SWITCHED_TYPES, Device  # noqa: E402
from simulators.homismart.requests import LAST_ON_FORMAT  # noqa: E402

PUSH = "0009"
# Real devices take some tenths of a second to act, which would hide what a client takes.
PACE = Pace(reaction_s=0.0)
_A_SECOND = timedelta(seconds=1)


class Counterpart(controls.Counterpart):
    """What is pushed in homes of Homismart devices."""

    @override
    def mains(self, home: Home) -> list[str]:
        return [device_id for device_id, device in home.devices.items() if not device.is_hub]

    @override
    def switches(self, home: Home) -> dict[str, bool]:
        return {
            device_id: device.read("power") is True
            for device_id, device in home.devices.items()
            if device.type_number in SWITCHED_TYPES
        }

    @override
    def flipped(self, home: Home, flips: Iterable[tuple[str, bool]]) -> Iterator[str]:
        """Write them as if one had come each second until now: times are always new, as from real devices."""
        flips = list(flips)
        moment = home.clock() - _A_SECOND * len(flips)
        last_on: dict[str, str] = {}
        for device_id, on in flips:
            moment += _A_SECOND
            if on:
                last_on[device_id] = moment.strftime(LAST_ON_FORMAT)
            members = home.devices[device_id].members
            changes = {
                "power": on,
                "lastOn": last_on.get(device_id, members["lastOn"]),
                "updateTime": int(moment.timestamp() * 1000),
            }
            yield encode(Frame(PUSH, members | changes))

    @override
    def report(self, home: Home, device: Device, chance: random.Random) -> str:
        if device.type_number not in CURTAIN_TYPES:
            flips = [(device.device_id, chance.random() < 0.5)]
            return next(self.flipped(home, flips))
        state = chance.randint(0, 10) * 10 + chance.choice((0, STANDING))
        return encode(Frame(PUSH, device.members | {"curtainState": str(state)}))


async def run(devices: int, contenders: Sequence[str]) -> None:
    """Serve until standard input ends."""
    homes = {
        address_of(name): large_home(devices, address_of(name), PASSWORD, pace=PACE)
        for name in contenders
    }
    cloud = SimulatedCloud(*homes.values())
    await Counterpart(cloud, homes).run(
        echo.application(),
        lambda quick: {"ws_url": cloud.ws_url, "quick_ws_url": f"ws://{quick}/ws"},
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(int(sys.argv[1]), sys.argv[2:]))
