"""What was wrong with the files of an appliance and could be tolerated (docs/home_connect_local/wire.md §4.5)."""

from typing import Final

MAX_WARNINGS: Final = 200


class Warnings:
    """Texts, each kept once; a file full of faults must not fill the storage."""

    def __init__(self) -> None:
        """Start without any."""
        self._texts: dict[str, None] = {}
        self._more = 0

    def add(self, text: str) -> None:
        """Take note of one fault."""
        if len(self._texts) < MAX_WARNINGS:
            self._texts[text] = None
        elif text not in self._texts:
            self._more += 1

    def texts(self) -> list[str]:
        """Give all, and the number of those that were too many."""
        return [*self._texts, *([f"{self._more} more"] if self._more else [])]
