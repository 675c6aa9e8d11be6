"""What to read when: all that an accessory does not tell by itself, and in turn what it does, to see whether that is so.

Many accessories promise events and forget some; reading everything all the time would be what others do (mapping §3.3).
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE

from .protocol import Characteristic, HapClient, Key

# One request's worth of what the accessory tells by itself is read at each interval.
_CHECKED_AT_ONCE: Final = 49
# So often an event must have been missed before a characteristic is asked for at each interval.
_MISSES: Final = 2


class Checks:
    """Chooses what of one accessory is read."""

    def __init__(self, client: HapClient, *, trust_events: bool) -> None:
        """Take the client, which knows what is told by itself; with ``trust_events`` that is never checked."""
        self._client = client
        self._trust_events = trust_events
        self._tracked: dict[Key, int] = {}
        self._misses: dict[Key, int] = {}
        self._before: dict[Key, Any] = {}
        """Values that are told by themselves, when they were asked for last to see whether they are."""
        self._checked = False
        """Whether that has been done since values were read because it was time."""
        self._next = 0

    @property
    def missed(self) -> int:
        """How often something had changed without a word."""
        return sum(self._misses.values())

    def track(self, keys: Collection[Key]) -> CALLBACK_TYPE:
        """Have these kept up to date, also when the accessory does not tell them; gives back what ends that."""
        for key in keys:
            self._tracked[key] = self._tracked.get(key, 0) + 1
        return partial(self._untrack, keys)

    def _untrack(self, keys: Collection[Key]) -> None:
        for key in keys:
            self._tracked[key] -= 1
            if not self._tracked[key]:
                del self._tracked[key]

    def due(self) -> list[Key]:
        """Choose what to read now that it is time: all that is not told, and, unless that was done, some of the rest."""
        told = self._client.subscribed
        untold = [
            key
            for key in self._client.database.readable()
            if key in self._tracked and (key not in told or self._is_missed(key))
        ]
        checked, self._checked = self._checked, False
        if checked:
            self._before = {}
            return untold
        return untold + self._next_ones(_CHECKED_AT_ONCE - len(untold) % _CHECKED_AT_ONCE)

    def choose(self, count: int) -> Collection[Key]:
        """Choose what to read as a sign of life: what is told by itself, in turn, if there is any."""
        self._checked = True
        chosen = self._next_ones(min(count, _CHECKED_AT_ONCE))
        return chosen or self._client.database.readable()[:1]

    def note(self, changes: Iterable[tuple[Characteristic, Any]]) -> None:
        """Note what was found changed by asking: of what was checked nothing should be."""
        for characteristic, value in changes:
            key = characteristic.key
            if key in self._before and self._before.pop(key) != value:
                self._misses[key] = self._misses.get(key, 0) + 1

    def forget(self) -> None:
        """Begin anew, as with a new description: firmware may have changed."""
        self._misses.clear()

    def _next_ones(self, count: int) -> list[Key]:
        """Choose the next of what is told by itself, to see whether it is."""
        if self._trust_events:
            return []
        database, told = self._client.database, self._client.subscribed
        every = [
            key
            for key in database.readable()
            if key in self._tracked and key in told and not self._is_missed(key)
        ]
        start = self._next if self._next < len(every) else 0
        self._next = start + count
        chosen = every[start : start + count]
        self._before = {key: database.characteristics[key].value for key in chosen}
        return chosen

    def _is_missed(self, key: Key) -> bool:
        """Tell whether a value is told by itself in name only."""
        return self._misses.get(key, 0) >= _MISSES
