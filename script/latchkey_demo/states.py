"""A live copy of Home Assistant's states, and waiting for one to become as it should."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import override

from .api import Json, Socket
from .errors import DemoError

UNAVAILABLE = "unavailable"
UNKNOWN = "unknown"
FOLLOW_LIMIT_S = 30.0
"""How long Home Assistant may take to show what has happened, movement apart."""


@dataclass(frozen=True)
class State:
    """What Home Assistant shows for one entity."""

    entity_id: str
    value: str
    attributes: Json = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The platform, which stands before the dot."""
        return self.entity_id.partition(".")[0]

    @override
    def __str__(self) -> str:
        """Show the value, and a cover's position with it."""
        position = self.attributes.get("current_position")
        return self.value if position is None else f"{self.value} at {position}"


type Condition = Callable[[State], bool]


class States:
    """All states, kept current through the websocket."""

    def __init__(self) -> None:
        """Start empty."""
        self._now: dict[str, State] = {}
        self._news = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()
        self.changes: list[State] = []
        """Every change since the start, oldest first."""

    async def follow(self, socket: Socket) -> None:
        """Subscribe first and read then, so that no change is missed."""
        await socket.subscribe("subscribe_events", self._take_event, event_type="state_changed")
        for item in await socket.call("get_states"):
            state = State(item["entity_id"], item["state"], item["attributes"])
            self._now.setdefault(state.entity_id, state)

    def _take_event(self, event: Json) -> None:
        """Note one change and wake whoever waits."""
        entity_id, new = event["data"]["entity_id"], event["data"]["new_state"]
        if new is None:
            self._now.pop(entity_id, None)
        else:
            state = State(entity_id, new["state"], new["attributes"])
            self._now[entity_id] = state
            self.changes.append(state)
        waker = asyncio.ensure_future(self._wake())
        self._wakers.add(waker)
        waker.add_done_callback(self._wakers.discard)

    async def _wake(self) -> None:
        """Let every waiter look again."""
        async with self._news:
            self._news.notify_all()

    def get(self, entity_id: str) -> State | None:
        """Return the state of an entity now; None when it has none."""
        return self._now.get(entity_id)

    def existing(self, entity_ids: Iterable[str]) -> list[State]:
        """Return the states of those entities that have one."""
        return [state for entity_id in entity_ids if (state := self._now.get(entity_id))]

    async def until(
        self, entity_id: str, met: Condition, wanted: str, limit_s: float | None = None
    ) -> State:
        """Wait until the state of an entity meets a condition, and return it.

        Raises DemoError, telling what was ``wanted``, when that takes longer than usual or ``limit_s``.
        """

        def satisfied() -> bool:
            state = self._now.get(entity_id)
            return state is not None and met(state)

        limit_s = FOLLOW_LIMIT_S if limit_s is None else limit_s
        await self.until_all(satisfied, lambda: f"{entity_id} {wanted}", limit_s, (entity_id,))
        return self._now[entity_id]

    async def until_all(
        self,
        satisfied: Callable[[], bool],
        wanted: Callable[[], str],
        limit_s: float,
        shown: Iterable[str] = (),
    ) -> None:
        """Wait until something holds for the states.

        Raises DemoError, telling what was ``wanted`` and what is, when that takes too long.
        """
        try:
            async with asyncio.timeout(limit_s), self._news:
                await self._news.wait_for(satisfied)
        except TimeoutError:
            found = ", ".join(str(self._now.get(entity_id, "no state")) for entity_id in shown)
            after = f" but {found}" if found else ""
            raise DemoError(f"not {wanted()} in {limit_s:.0f} s{after}") from None
