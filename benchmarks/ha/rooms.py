"""What the integrations of push clouds have in common, so that each benchmark of them is written once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from statistics import median
import time
from types import MappingProxyType
from typing import Any, Protocol

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_ON
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import ToggleEntity

from ..clouds import Heard, HeardAt, Json, Remote, delays, expect
from ..measure import holding, spending

ACCOUNT_ID = "benchmark"


class Integration(Protocol):
    """One contender, as a module.

    It may also have ``OPTIONS`` of its entries, and ``unique_id(device_id)`` where the id of a device is not that of
    its main entity; ``Jobs`` where there are more than usual; ``DEPENDENCIES`` on components that have nothing to do
    here; and ``prepare(hass)`` for what they would have done.
    """

    DOMAIN: str
    VERSION: int
    """Of the data of its entries."""

    def entry_data(self, card: Mapping[str, Any], account: Mapping[str, str]) -> Json:
        """Build the data of an entry that leads to the counterpart, and whatever else that takes."""

    def switches(self, entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
        """Give entities whose state can be written by hand, by the id of their device."""


class RoomJobs:
    """The benchmarks of one integration, by name."""

    def __init__(
        self,
        hass: HomeAssistant,
        integration: Integration,
        card: Mapping[str, Any],
        account: Mapping[str, str],
    ) -> None:
        """Measure an entry of ``integration`` against the counterpart of ``card``."""
        self._hass = hass
        self._integration = integration
        self._remote = Remote(card["control_port"], account["name"])
        unique_id: Callable[[str], str] = getattr(integration, "unique_id", str)
        self._mains = {unique_id(device_id): device_id for device_id in self._remote.call("mains")}
        """Devices by the unique ids of their main entities."""
        self._entry: ConfigEntry[Any] = ConfigEntry(
            data=integration.entry_data(card, account),
            discovery_keys=MappingProxyType({}),
            domain=integration.DOMAIN,
            minor_version=1,
            options=getattr(integration, "OPTIONS", {}),
            source="user",
            subentries_data=(),
            title="Benchmark",
            unique_id=ACCOUNT_ID,
            version=integration.VERSION,
        )
        self._device_of: dict[str, str] = {}

    def jobs(self) -> Mapping[str, Callable[..., Any]]:
        """List what can be asked for."""
        return {
            name: getattr(self, name)
            for name in ("open", "close", "setup", "heap", "push", "paced", "command", "write")
        }

    async def open(self) -> None:
        """Add the entry for the jobs that need one."""
        self._hass.config.components.update(getattr(self._integration, "DEPENDENCIES", ()))
        if prepare := getattr(self._integration, "prepare", None):
            await prepare(self._hass)
        await self._hass.config_entries.async_add(self._entry)
        self._look_around()

    async def close(self) -> None:
        """Remove the entry, and see that nothing was done that no client should do."""
        await self._hass.config_entries.async_remove(self._entry.entry_id)
        expect(self._remote.call("violations"), [], "violations")

    async def setup(self) -> Json:
        """Unload the entry and set it up again; gives both times in milliseconds.

        Modules are loaded and the registries know all entities: what counts is the work of each start.
        """
        entries, entry_id = self._hass.config_entries, self._entry.entry_id
        with spending() as unload:
            await entries.async_unload(entry_id)
        expect(self._entry.state, ConfigEntryState.NOT_LOADED, "state of the entry")
        with spending() as setup:
            await entries.async_setup(entry_id)
        self._look_around()
        return {
            "unload_ms": unload.wall_s * 1e3,
            "ms": setup.wall_s * 1e3,
            "cpu_ms": setup.cpu_s * 1e3,
            "entities": len(self._hass.states.async_all()),
        }

    async def heap(self) -> int:
        """Give the bytes that the entry holds while it is set up, beside its stored data."""
        entries, entry_id = self._hass.config_entries, self._entry.entry_id
        await entries.async_unload(entry_id)
        with holding() as held:
            await entries.async_setup(entry_id)
            await self._hass.async_block_till_done()
        self._look_around()
        return held.bytes

    async def push(self, count: int) -> float:
        """Give the CPU time from the socket to the written state for one of many pushes, in microseconds."""
        async with self._hearing(Heard(count), writes=count) as heard:
            with spending() as spent:
                self._remote.order("burst", count=count)
                await heard.wait()
            expect(heard.states, self._remote.answer(), "states written")
        return spent.cpu_s / count * 1e6

    async def paced(self, count: int, per_second: float) -> Json:
        """Give the delay of pushes that come one by one, and the share of one core they take."""
        async with self._hearing(heard := HeardAt(count), writes=count):
            with spending() as spent:
                self._remote.order("pace", count=count, per_second=per_second)
                await heard.wait()
            answer = self._remote.answer()
            expect(heard.states, answer["states"], "states written")
        return delays(answer["sent"], heard.at) | {"share": spent.cpu_s / spent.wall_s}

    async def command(self, times: int, pause_s: float = 0.0) -> float:
        """Give the time that an action on a switch takes until it is done, in milliseconds.

        After each comes a pause, so that there are not too many for the cloud.
        """
        device_id, on = self._remote.call("switch")
        entity_id = next(each for each, owner in self._device_of.items() if owner == device_id)
        domain, _, _ = entity_id.partition(".")
        taken = []
        for _ in range(times):
            on = not on
            async with self._hearing(Heard(1), writes=None) as heard:
                action = "turn_on" if on else "turn_off"
                started = time.perf_counter()
                await self._hass.services.async_call(
                    domain, action, {"entity_id": entity_id}, blocking=True
                )
                taken.append((time.perf_counter() - started) * 1e3)
                await heard.wait()
                expect(heard.states, {device_id: on}, "state written")
            await asyncio.sleep(pause_s)
        expect(self._remote.call("switch"), [device_id, on], "state of the device")
        return median(taken)

    async def write(self, count: int) -> float:
        """Give the CPU time of Home Assistant's own part: one entity writes its state, in microseconds."""
        entities = self._integration.switches(self._entry).values()
        passes = max(1, count // len(entities) // 2) * 2  # so that all end as they began
        writes = passes * len(entities)
        async with self._hearing(Heard(writes), writes=writes) as heard:
            with spending() as spent:
                for _ in range(passes):
                    for entity in entities:
                        entity._attr_is_on = not entity._attr_is_on  # noqa: SLF001
                        entity.async_write_ha_state()
            await heard.wait()
        return spent.cpu_s / writes * 1e6

    @asynccontextmanager
    async def _hearing[HeardT: Heard](
        self, heard: HeardT, *, writes: int | None
    ) -> AsyncIterator[HeardT]:
        """Follow the states that are written; ``writes`` tells how many there must be in all."""
        written = 0

        @callback
        def take(event: Event[EventStateChangedData]) -> None:
            nonlocal written
            written += 1
            state = event.data["new_state"]
            if state and (device_id := self._device_of.get(state.entity_id)):
                heard(device_id, state.state == STATE_ON)

        stop = self._hass.bus.async_listen(EVENT_STATE_CHANGED, take)
        try:
            yield heard
            await asyncio.sleep(0)
            if writes is not None:
                expect(written, writes, "states written")
        finally:
            stop()

    def _look_around(self) -> None:
        """Find the switches, and see that every device has its main entity with a state."""
        expect(self._entry.state, ConfigEntryState.LOADED, "state of the entry")
        registry = er.async_get(self._hass)
        entries = er.async_entries_for_config_entry(registry, self._entry.entry_id)
        main = {
            entry.entity_id: self._mains[entry.unique_id]
            for entry in entries
            if entry.unique_id in self._mains
        }
        expect(sorted(main.values()), sorted(self._mains.values()), "main entities")
        for entity_id in main:
            state = self._hass.states.get(entity_id)
            known = state is not None and state.state not in ("unknown", "unavailable")
            expect(known, True, f"{entity_id} has a state")
        self._device_of = {
            entity_id: device_id
            for entity_id, device_id in main.items()
            if entity_id.startswith(("light.", "switch."))
        }
