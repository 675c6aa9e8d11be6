"""What the strict readers of clients' requests have in common."""

from collections.abc import Iterable

_SHOWN_CHARS = 40


class Refusal(Exception):
    """Something the real service would not take; the text says why."""


def listed(names: Iterable[str]) -> str:
    """Name members of a request, which the client chose, in a refusal."""
    return ", ".join(sorted(name[:_SHOWN_CHARS] for name in names))
