"""One attempt to pair, from the form that asks for the code to the keys: bounded in time, and never lost halfway."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .leftovers import async_get_leftovers, store_half
from .protocol import (
    BusyError,
    ConnectionKind,
    LinkClosedError,
    LinkError,
    PairingAttempt,
    PairingRecord,
    PeerSilentError,
    VendorError,
)

# A step of a form takes no longer (mapping §7.4); the second one leaves time to take the pairing back.
BEGIN_LIMIT_S: Final = 45.0
FINISH_LIMIT_S: Final = 30.0
# An accessory pairs with one at a time. Whoever closed the browser over the form keeps nobody else from it for longer;
# whoever comes back to it goes on where it was.
HOLD_LIMIT_S: Final = 300.0
# An accessory may notice a little later that our last attempt is over.
_BUSY_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be paired."""

    name: str
    category: str
    """For people; empty when it is not known."""
    hosts: tuple[str, ...]
    port: int
    accessory_id: str | None = None
    """As announced; None when it was found by its address alone."""
    feature_flags: int = 0


class HalfwayError(Exception):
    """The accessory may have paired, but its answer was lost."""

    def __init__(self, *, taken_back: bool) -> None:
        """Tell whether the accessory is known to be free again."""
        super().__init__("the answer of the accessory was lost")
        self.taken_back = taken_back


class Joining:
    """Pairs with one accessory, as often as it takes."""

    def __init__(self, hass: HomeAssistant, target: Target) -> None:
        """Prepare; nobody is contacted before ``async_begin``."""
        self.target = target
        self._hass = hass
        self._stack = AsyncExitStack()
        self._attempt: PairingAttempt | None = None
        self._proof: asyncio.Task[PairingRecord] | None = None
        self._kept: str | None = None
        self._asked = False
        self._left = False
        self._unlisten: CALLBACK_TYPE | None = None
        self._held: CALLBACK_TYPE | None = None

    @property
    def awaits_code(self) -> bool:
        """Whether the accessory was asked to pair, and waits for the code."""
        return self._attempt is not None

    @property
    def committed(self) -> bool:
        """Whether the accessory is pairing just now, or has paired."""
        return self._kept is not None or (self._proof is not None and not self._proof.done())

    async def async_begin(self) -> None:
        """Ask the accessory to pair; it may show its code now. Raises VendorError."""
        again, self._asked = self._asked, True
        if self._unlisten is None and not self._left:
            self._unlisten = self._hass.bus.async_listen_once(
                EVENT_HOMEASSISTANT_STOP, self._async_stop
            )
        await self._async_close()
        try:
            async with asyncio.timeout(BEGIN_LIMIT_S):
                try:
                    await self._async_open()
                except BusyError:
                    if not again:
                        raise
                    await asyncio.sleep(_BUSY_AGAIN_S)
                    await self._async_open()
        except TimeoutError as err:
            raise PeerSilentError("the accessory does not answer in time") from err

    async def async_finish(self, code: str) -> PairingRecord:
        """Prove that the code is known; raises VendorError, and HalfwayError when nobody knows how that ended.

        Goes on when the caller is cancelled, so that nothing is lost halfway.
        """
        self._proof = self._hass.async_create_task(self._async_prove(code), f"{DOMAIN} pairing")
        return await asyncio.shield(self._proof)

    async def async_leave(self) -> None:
        """Be done with it; a pairing that no entry has taken is taken back."""
        self._left = True
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        if self._proof is not None:
            await asyncio.wait([self._proof])
            if not self._proof.cancelled():
                self._proof.exception()  # whoever waited for it has it
        await self._async_close()
        if self._kept is not None:
            leftovers = await async_get_leftovers(self._hass)
            leftovers.release(self._kept)
            await leftovers.async_take_back(self._kept)

    async def _async_stop(self, _event: Event) -> None:
        """Hang up, as Home Assistant stops; what may have been paired is taken back when it starts again."""
        self._left = True
        self._unlisten = None
        if self._proof is not None:
            self._proof.cancel()
        await self._async_close()

    async def _async_open(self) -> None:
        """Connect and say the first words."""
        target = self.target
        try:
            attempt = await self._stack.enter_async_context(
                PairingAttempt.open(target.hosts, target.port, target.feature_flags)
            )
            await attempt.begin()
            if self._left:
                raise LinkClosedError("nobody is there any more who would enter the code")
        except BaseException:
            await self._async_close()
            raise
        self._attempt = attempt
        self._held = async_call_later(
            self._hass, HOLD_LIMIT_S, HassJob(self._async_let_go, cancel_on_shutdown=True)
        )

    async def _async_let_go(self, _now: datetime) -> None:
        """Hang up; the code may still come, and opens a link again as after any other loss."""
        self._held = None
        await self._stack.aclose()

    def _hold(self) -> None:
        """Stay on the line: what was waited for is there."""
        if self._held is not None:
            self._held()
            self._held = None

    async def _async_close(self) -> None:
        self._hold()
        self._attempt = None
        await self._stack.aclose()

    async def _async_prove(self, code: str) -> PairingRecord:
        """Say the rest; a link that was lost while somebody looked for the code is opened again."""
        leftovers = await async_get_leftovers(self._hass)
        try:
            async with asyncio.timeout(FINISH_LIMIT_S):
                try:
                    return await self._async_say_all(code)
                except LinkError:
                    if self._kept is not None:
                        raise
                await self._async_open()
                return await self._async_say_all(code)
        except (TimeoutError, VendorError) as err:
            await self._async_close()
            key, self._kept = self._kept, None
            if key is not None:
                raise HalfwayError(taken_back=await leftovers.async_take_back(key)) from err
            if isinstance(err, TimeoutError):
                raise PeerSilentError("the accessory does not answer in time") from err
            raise

    async def _async_say_all(self, code: str) -> PairingRecord:
        """Prove the code on the connection that is open; leaves in ``_kept`` what may have to be taken back."""
        self._hold()
        attempt, target = self._attempt, self.target
        assert attempt is not None
        leftovers = await async_get_leftovers(self._hass)
        half = attempt.half(target.accessory_id)
        # On disk before the accessory knows it: whatever happens to us, it can be freed again.
        key = await leftovers.async_keep(target.name, store_half(half, target.hosts, target.port))
        try:
            keys = await attempt.finish(code)
        finally:
            if attempt.introduced:
                self._kept = key
            else:
                leftovers.forget(key)
            await self._async_close()
        return PairingRecord(keys, ConnectionKind.IP, target.hosts, target.port)
