"""The other side of what runs inside Home Assistant: bridges that also tell what people do, and think before they answer.

``python -m benchmarks.hap_controller.telling CONTENDER...`` gives each contender a bridge with a hundred lights that it
is paired with, announces all addresses, and serves until its input ends. They take requests of any size.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
import logging
import random
import sys
import time
from types import TracebackType
from typing import Any, Self, override

from script.lending import lend_core

from .. import controls, echo
from . import bridge
from .contender import HOST, Json, Key
from .counterpart import Bridge

lend_core("hap_controller")

from custom_components.hap_controller.protocol.accessory.session import Session  # noqa: E402  after lending
from custom_components.hap_controller.protocol.const import ContentType  # noqa: E402
from custom_components.hap_controller.protocol.http import Request, Response, encode_event  # noqa: E402

# State 2, which ends every change of pairings.
_DONE = bytes((6, 1, 2))
# Who has asked for nothing so long has nothing more to ask.
_QUIET_S = 0.1


class TellingBridge(Bridge):
    """A bridge whose lights are switched by hand too."""

    def __init__(self, name: str) -> None:
        """Answer at once, before anyone wants anything else."""
        super().__init__(name)
        self.think_s = 0.0
        self.subscribed_at = 0.0
        """When the last subscription was answered, by the machine's clock."""
        self.heard_at = 0.0
        self._notifying = len(bridge.notifying(bridge.lights(bridge.LIGHTS)))
        self._link: tuple[Session, asyncio.StreamWriter] | None = None
        self._keys = {str(aid): (aid, iid) for aid, iid in self.switches}

    @property
    def lights(self) -> dict[str, bool]:
        """Which lights are on, by their accessory numbers."""
        return {device_id: bool(self.values[key]) for device_id, key in self._keys.items()}

    @override
    def begin(self, writer: asyncio.StreamWriter) -> Session:
        session = super().begin(writer)
        self._link = session, writer
        return session

    @override
    def look_at(self, data: bytes) -> None:
        self.heard_at = time.monotonic()

    @override
    async def think(self) -> None:
        if self.think_s:
            await asyncio.sleep(self.think_s)

    @override
    def answer(self, request: Request, subscribed: set[Key]) -> Response:
        """Answer out of tables; whoever leaves may."""
        if request.target == "/pairings":
            return Response(200, _DONE, ContentType.TLV)
        answer = super().answer(request, subscribed)
        if request.method == "PUT" and len(subscribed) == self._notifying:
            self.subscribed_at = self.subscribed_at or time.monotonic() + self.think_s
        return answer

    # --- orders -----------------------------------------------------------------------------

    def forget(self, think_s: float) -> None:
        """Count anew, and think so long before each answer from now on."""
        self.requests, self.subscribed_at, self.think_s = 0, 0.0, think_s

    async def settled(self) -> Json:
        """Wait until everything is subscribed and nothing more is asked; tells how many requests that took."""
        async with asyncio.timeout(60):
            while not self.subscribed_at or time.monotonic() - self.heard_at < _QUIET_S:
                await asyncio.sleep(_QUIET_S / 4)
        return {"requests": self.requests, "subscribed_at": self.subscribed_at}

    def tell(self, bodies: Iterable[bytes]) -> None:
        """Write events, all at once."""
        assert self._link
        session, writer = self._link
        if len(session.subscriptions) != self._notifying:
            self.violations.append("events that nobody has subscribed to")
        # Its own call for that puts what came together into one event.
        writer.write(b"".join(session._seal(encode_event(body)) for body in bodies))  # noqa: SLF001

    def switched(self, device_id: str, on: bool) -> bytes:
        """Switch a light, and give what there is to tell of it."""
        key = self._keys[device_id]
        self.values[key] = on
        return bridge.event(*key, on)


class Street:
    """Bridges that are switched on and off together."""

    def __init__(self, bridges: Iterable[TellingBridge]) -> None:
        """Take them as they are."""
        self._bridges = list(bridges)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Switch on."""
        for one in self._bridges:
            server = await asyncio.start_server(one.serve, HOST, 0)
            self._stack.callback(server.close)
            one.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        """Switch off."""
        await self._stack.aclose()


class Counterpart(controls.Counterpart):
    """What bridges tell: here a device is a light, named by its accessory number."""

    def __init__(self, cloud: Any, homes: Mapping[str, TellingBridge]) -> None:
        """Take orders about requests too."""
        super().__init__(cloud, homes)
        self._orders = {
            **self._orders,
            "forget": TellingBridge.forget,
            "requests": lambda home: home.requests,
            "settled": TellingBridge.settled,
        }

    @override
    def accounts(self) -> Json:
        return {name: home.account() for name, home in self._homes.items()}

    @override
    def devices(self, home: TellingBridge) -> int:
        return len(home.lights)

    @override
    def violations(self, home: TellingBridge) -> list[str]:
        return home.violations

    @override
    def mains(self, home: TellingBridge) -> list[str]:
        return list(home.lights)

    @override
    def switches(self, home: TellingBridge) -> dict[str, bool]:
        return home.lights

    @override
    def press(self, home: TellingBridge, device_id: str) -> None:
        home.tell([home.switched(device_id, not home.lights[device_id])])

    @override
    def report(self, home: TellingBridge, device: Any, chance: random.Random) -> str:
        raise NotImplementedError  # nothing reads frames by themselves here

    @override
    def flipped(self, home: TellingBridge, flips: Iterable[tuple[str, bool]]) -> Iterator[str]:
        for device_id, on in flips:
            yield home.switched(device_id, on).decode()

    @override
    def push(self, home: TellingBridge, texts: Iterable[str]) -> None:
        home.tell(text.encode() for text in texts)


async def run(contenders: Sequence[str]) -> None:
    """Serve until standard input ends."""
    homes = {name: TellingBridge(name) for name in contenders}
    await Counterpart(Street(homes.values()), homes).run(echo.application(), lambda quick: {})


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(sys.argv[1:]))
