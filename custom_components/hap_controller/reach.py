"""What can be had of an accessory now: a bridge may have lost some of those behind it (mapping §3.4)."""

from collections.abc import Iterable
from typing import Any, Final

from .protocol import Characteristic, Database, HapStatus, Key

_UNREACHABLE: Final = int(HapStatus.UNREACHABLE)


class Reach:
    """Which characteristics cannot be had, and which accessories as a whole."""

    def __init__(self) -> None:
        """Begin with all within reach."""
        self.away: set[int] = set()
        """Accessories of which nothing can be had: their bridge does not reach them."""
        self._unreachable: set[Key] = set()

    def __len__(self) -> int:
        """Count the characteristics that cannot be had."""
        return len(self._unreachable)

    def note(self, changes: Iterable[tuple[Characteristic, Any]]) -> list[int]:
        """Note what can be had now or no longer; gives the accessories of which that is true as a whole."""
        unreachable = self._unreachable
        flipped = [
            each
            for each, _ in changes
            if (each.status == _UNREACHABLE) is not (each.key in unreachable)
        ]
        if not flipped:
            return []
        self._unreachable ^= {each.key for each in flipped}
        accessories = {each.aid: each.service.accessory for each in flipped}
        # Their values are all taken by now, so the accessories themselves cannot tell what they were before.
        turned = [aid for aid, each in accessories.items() if each.reachable is (aid in self.away)]
        self.away ^= set(turned)
        return turned

    def note_all(self, database: Database) -> None:
        """Note of everything in a description whether it can be had."""
        self._unreachable = {
            key for key, each in database.characteristics.items() if not each.available
        }
        affected = {aid for aid, _ in self._unreachable}
        self.away = {aid for aid in affected if not database.accessories[aid].reachable}
