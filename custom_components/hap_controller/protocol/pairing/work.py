"""Work that takes long, in slices between which the loop may have a turn."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from enum import Enum, auto


class Need(Enum):
    """Why work stops in between."""

    TURN = auto()
    """Others may have the loop."""
    STORE = auto()
    """The register of pairings changed: it must be stored now. An OSError thrown in takes the change back."""


type Work[T] = Generator[Need, None, T]
"""Something to be done in slices of a few milliseconds; see ``complete`` and ``take_turns``."""


def complete[T](work: Work[T]) -> T:
    """Do all work at once; nothing is stored."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # the type does not reach the exception


async def take_turns[T](work: Work[T], store: Callable[[], Awaitable[None]] | None = None) -> T:
    """Do work while others have their turns; ``store`` stores the register, or raises OSError."""
    try:
        need = next(work)
        while True:
            if need is Need.STORE and store is not None:
                try:
                    await store()
                except OSError as err:
                    need = work.throw(err)
                    continue
            else:
                await asyncio.sleep(0)
            need = next(work)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # the type does not reach the exception
    finally:
        work.close()
