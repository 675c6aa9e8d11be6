"""What is going to happen, to be waited for or called off together."""

import asyncio
from collections.abc import Callable


class Timers:
    """The timers of one owner in the running event loop."""

    def __init__(self) -> None:
        """Begin with nothing ahead."""
        self._ahead: set[asyncio.TimerHandle] = set()
        self._settling: list[asyncio.Future[None]] = []

    def after(self, seconds: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Let something happen after so many seconds."""
        return self.at(asyncio.get_running_loop().time() + seconds, act)

    def at(self, when: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Let something happen at a reading of the loop's clock."""

        def fire() -> None:
            self._ahead.discard(handle)
            try:
                act()
            finally:
                self._rest()

        handle = asyncio.get_running_loop().call_at(when, fire)
        self._ahead.add(handle)
        return handle

    def cancel(self, *handles: asyncio.TimerHandle) -> None:
        """Call some of it off."""
        for handle in handles:
            handle.cancel()
            self._ahead.discard(handle)
        self._rest()

    def clear(self) -> None:
        """Call all of it off."""
        self.cancel(*self._ahead)

    async def settle(self) -> None:
        """Wait until nothing is ahead any more."""
        while self._ahead:
            settled = asyncio.get_running_loop().create_future()
            self._settling.append(settled)
            await settled

    def _rest(self) -> None:
        """Tell those who wait that nothing is ahead any more, if that is so."""
        if not self._ahead:
            settling, self._settling = self._settling, []
            for settled in settling:
                if not settled.done():
                    settled.set_result(None)
