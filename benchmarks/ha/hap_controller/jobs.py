"""The jobs that only integrations of HomeKit accessories have."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from statistics import median
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntryState

from ...clouds import Heard, Json, expect
from ...measure import spending
from ..rooms import RoomJobs

GROUP = 50


class HapRoomJobs(RoomJobs):
    """The benchmarks of one integration of HomeKit accessories, by name."""

    @override
    def jobs(self) -> Mapping[str, Callable[..., Any]]:
        """List what can be asked for."""
        more = {name: getattr(self, name) for name in ("reload", "group", "idle")}
        return {**super().jobs(), **more}

    @override
    async def open(self) -> None:
        """Add the entry, and wait until it has nothing more to ask."""
        self._remote.call("forget", think_s=0.0)
        await super().open()
        await self._settled()
        if announce := getattr(self._integration, "announce", None):
            announce(self._entry)
            await self._settled()

    @override
    async def setup(self) -> Json:
        """Unload the entry and set it up again; what it asks for afterwards is not on the clock."""
        self._remote.call("forget", think_s=0.0)
        result = await super().setup()
        await self._settled()
        return result

    async def reload(self, think_s: float) -> Json:
        """Unload the entry and set it up again, on a bridge that thinks so long before each answer.

        Gives the milliseconds from the start of the set-up until all entities have states and until everything is
        subscribed, the CPU time of all of it, and the requests.
        """
        entries, entry_id = self._hass.config_entries, self._entry.entry_id
        await entries.async_unload(entry_id)
        expect(self._entry.state, ConfigEntryState.NOT_LOADED, "state of the entry")
        self._remote.call("forget", think_s=think_s)
        with spending() as spent:
            begun = time.monotonic()
            await entries.async_setup(entry_id)
            done = time.monotonic()
            told = await self._settled()
        self._look_around()
        self._remote.call("forget", think_s=0.0)
        return {
            "states_ms": (done - begun) * 1e3,
            "subscribed_ms": (told["subscribed_at"] - begun) * 1e3,
            "cpu_ms": spent.cpu_s * 1e3,
            "requests": told["requests"],
        }

    async def _settled(self) -> Json:
        """Wait until everything is subscribed and nothing more is asked."""
        self._remote.order("settled")
        # In a thread, so that the integration goes on with what it has to do.
        told: Json = await asyncio.get_running_loop().run_in_executor(None, self._remote.answer)
        return told

    async def group(self, times: int) -> Json:
        """Give the requests to switch fifty lights with one action, and the milliseconds until it is done."""
        chosen = {each: self._device_of[each] for each in sorted(self._device_of)[:GROUP]}
        await self._switch(chosen, False)
        taken, asked = [], 0
        for on in (True, False) * times:
            async with self._hearing(Heard(GROUP), writes=None) as heard:
                before = self._remote.call("requests")
                started = time.perf_counter()
                await self._switch(chosen, on)
                taken.append((time.perf_counter() - started) * 1e3)
                await heard.wait()
                expect(heard.states, dict.fromkeys(chosen.values(), on), "states written")
            asked = self._remote.call("requests") - before
        return {"ms": median(taken), "requests": asked}

    async def _switch(self, entity_ids: Iterable[str], on: bool) -> None:
        action = "turn_on" if on else "turn_off"
        target = {"entity_id": list(entity_ids)}
        await self._hass.services.async_call("light", action, target, blocking=True)

    async def idle(self, seconds: float) -> Json:
        """Give the requests and the CPU time of a minute in which nothing happens; ``seconds`` are those of the loop."""
        before = self._remote.call("requests")
        with spending() as spent:
            await asyncio.sleep(seconds)
        asked = self._remote.call("requests") - before
        self._look_around()
        return {"requests": asked * 60 / seconds, "cpu_ms": spent.cpu_s * 1e3 * 60 / seconds}
