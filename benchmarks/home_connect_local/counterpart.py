"""The other side of every Home Connect contender: simulated appliances, an echo, and a control line.

``python -m benchmarks.home_connect_local.counterpart CONTENDER...`` gives each contender an appliance of its own for
either kind of link, all with the same large profile; the one called ``usual`` gets a dishwasher. It announces all
addresses and serves until its input ends.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
import json
import logging
from pathlib import Path
import random
import sys
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, override

from script.lending import lend_codec

from .. import controls, echo
from ..controls import BINARY, SEED, TEXT, websocket_frame
from .appliance import AES, IV, TLS, USUAL, write_files
from .big_profile import HA_ID

lend_codec("home_connect_local")

from simulators.home_connect_local import Pace, Profile, SimulatedAppliance  # noqa: E402  after lending

# Real appliances take some tenths of a second to act, which would hide what a client takes.
PACE = Pace(reaction_s=0.0)
_COUNTER = 1 << 32


class Street:
    """Appliances that are switched on and off together."""

    def __init__(self, homes: Iterable[SimulatedAppliance]) -> None:
        """Take them as they are."""
        self._homes = list(homes)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Switch on."""
        for home in self._homes:
            await self._stack.enter_async_context(home)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        """Switch off."""
        await self._stack.aclose()


class Counterpart(controls.Counterpart):
    """What is pushed by appliances: here a device is a setting that is on or off, named by its uid."""

    @override
    def accounts(self) -> dict[str, Any]:
        return {
            name: {
                "name": name,
                "host": home.host,
                "port": home.port,
                "link": home.connection_type,
                "archive": str(home.archive),
            }
            for name, home in self._homes.items()
        }

    @override
    def devices(self, home: SimulatedAppliance) -> int:
        """Count the values that are told when a client connects."""
        return len(home.appliance.state.values)

    @override
    def violations(self, home: SimulatedAppliance) -> list[str]:
        return [each.why for each in home.violations]

    @override
    def mains(self, home: SimulatedAppliance) -> list[str]:
        if home.ha_id != HA_ID:  # entities with a name of their own; nothing is pushed to these
            return []
        return [
            str(feature.uid)
            for feature in home.appliance.state.description.features.values()
            if feature.kind == "setting" and feature.json_kind == "boolean"
        ]

    @override
    def switches(self, home: SimulatedAppliance) -> dict[str, bool]:
        values = home.appliance.state.values
        return {name: values[int(name)] is True for name in self.mains(home)}

    @override
    def press(self, home: SimulatedAppliance, device_id: str) -> None:
        uid = int(device_id)
        home.appliance.tell_values({uid: not home.appliance.state.values[uid]})

    @override
    def texts(self, home: SimulatedAppliance, count: int) -> list[str]:
        chance = random.Random(SEED)
        values = list(home.appliance.state.values.items())
        return [
            _push(1, number, uid, value)
            for number, (uid, value) in enumerate(chance.choices(values, k=count))
        ]

    @override
    def report(self, home: SimulatedAppliance, device: Any, chance: random.Random) -> str:
        raise NotImplementedError  # ``texts`` has no need of it

    @override
    def flipped(self, home: SimulatedAppliance, flips: Iterable[tuple[str, bool]]) -> Iterator[str]:
        (session,) = home.sessions
        for device_id, on in flips:
            yield _push(session.session_id, session.message_id, int(device_id), on)
            session.message_id = (session.message_id + 1) % _COUNTER

    @override
    def push(self, home: SimulatedAppliance, texts: Iterable[str]) -> None:
        """Write all frames at once; over TLS each is a record of its own, as from appliances."""
        (session,) = home.sessions
        frames = []
        for text in texts:
            data = session._seal.seal(text)  # noqa: SLF001  as of the link: not made for many at once
            if isinstance(data, bytes):
                frames.append(websocket_frame(BINARY, data))
            else:
                frames.append(websocket_frame(TEXT, data.encode()))
        session._transport.writelines(frames)  # noqa: SLF001


def _push(session_id: int, number: int, uid: int, value: Any) -> str:
    return json.dumps(
        {
            "sID": session_id,
            "msgID": number,
            "resource": "/ro/values",
            "version": 1,
            "action": "NOTIFY",
            "data": [{"uid": uid, "value": value}],
        },
        separators=(",", ":"),
    )


def account_of(contender: str, link: str) -> str:
    """Name the appliance of a contender."""
    return f"{contender} {link}"


def street(profile: Profile, contenders: Sequence[str]) -> Mapping[str, SimulatedAppliance]:
    """Give each contender an appliance for either link."""
    links = {TLS: profile, AES: profile.linked(AES, IV)}
    homes = {
        account_of(name, link): SimulatedAppliance(linked, pace=PACE)
        for link, linked in links.items()
        for name in contenders
    }
    if USUAL in contenders:
        homes[account_of(USUAL, TLS)] = SimulatedAppliance("dishwasher", pace=PACE)
    return homes


async def run(contenders: Sequence[str]) -> None:
    """Serve until standard input ends."""
    with TemporaryDirectory(prefix="latchkey-benchmark-") as folder:
        profile = Profile.read(write_files(Path(folder)))
    homes = street(profile, contenders)
    await Counterpart(Street(homes.values()), homes).run(echo.application(), lambda quick: {})


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(sys.argv[1:]))
