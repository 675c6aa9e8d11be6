"""What the tests of the rooms around a protocol core share, whatever the vendor."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
import json
from typing import Any

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    MATCH_ALL,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

# Long enough for a loaded machine; what is waited for happens within milliseconds.
LIMIT_S = 60.0
# Random, not in every release, or not the same twice.
_VARYING_ATTRIBUTES = {"access_token", "entity_picture", "is_closed", "since"}


async def setup(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    state: ConfigEntryState = ConfigEntryState.LOADED,
) -> None:
    """Set an entry up and check how that ends."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is state


@callback
def _any(_data: object) -> bool:
    """Choose every event; state writes without news are told to nobody else."""
    return True


async def until(hass: HomeAssistant, condition: Callable[[], object]) -> None:
    """Wait until something that Home Assistant tells of makes a condition true."""
    if condition():
        return
    done = hass.loop.create_future()

    @callback
    def look(*_: object) -> None:
        if not done.done() and condition():
            done.set_result(None)

    unsubscribe = [
        hass.bus.async_listen(MATCH_ALL, look),
        hass.bus.async_listen(EVENT_STATE_REPORTED, look, event_filter=_any),
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, look),
    ]
    try:
        async with asyncio.timeout(LIMIT_S):
            await done
    finally:
        for stop in unsubscribe:
            stop()


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that has one."""
    state = hass.states.get(entity_id)
    assert state
    return state


def position_of(hass: HomeAssistant, entity_id: str) -> int | None:
    """Return the position that a cover shows."""
    position: int | None = state_of(hass, entity_id).attributes["current_position"]
    return position


async def until_state(hass: HomeAssistant, entity_id: str, state: str) -> State:
    """Wait until an entity has a state."""
    await until(hass, lambda: (now := hass.states.get(entity_id)) and now.state == state)
    return state_of(hass, entity_id)


async def until_attribute(hass: HomeAssistant, entity_id: str, name: str, value: object) -> State:
    """Wait until an attribute of an entity has a value."""
    await until(
        hass,
        lambda: (now := hass.states.get(entity_id)) and now.attributes.get(name) == value,
    )
    return state_of(hass, entity_id)


def table_of(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
) -> dict[str, dict[str, Any]]:
    """Describe the entities of a platform by their unique ids, as far as every release tells the same."""
    table = {
        entity.unique_id: {
            "name": state.name if (state := hass.states.get(entity.entity_id)) else None,
            "state": state.state if state else None,
            "attributes": {
                name: value
                for name, value in sorted((state.attributes if state else {}).items())
                if name not in _VARYING_ATTRIBUTES
            },
            "category": entity.entity_category,
            "device_class": entity.original_device_class,
            "disabled": entity.disabled_by is not None,
            "translation_key": entity.translation_key,
        }
        for entity in sorted(
            er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id),
            key=lambda entity: entity.unique_id,
        )
        if entity.domain == platform
    }
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps(table, default=str))
    return plain


def unavailable(hass: HomeAssistant) -> set[str]:
    """Return all entities that are not available."""
    return {
        state.entity_id for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE
    }


def tasks_of(domain: str) -> list[str]:
    """Name the tasks of a component that live."""
    return [task.get_name() for task in asyncio.all_tasks() if f"{domain} " in task.get_name()]


def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let time go by: whatever waits that long happens now."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))


async def act(
    hass: HomeAssistant, platform: Platform, action: str, entity_id: str, **data: object
) -> None:
    """Perform an action on an entity and wait for its end."""
    await hass.services.async_call(
        platform, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


def note_states(hass: HomeAssistant, *platforms: Platform) -> list[State]:
    """Note from now on, in order, the states that entities of some platforms take."""
    noted: list[State] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.domain in platforms:
            noted.append(state)

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    return noted


class Writes:
    """Counts state writes per entity, those that change nothing included."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start to count."""
        self.entities: list[str] = []
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._count)
        hass.bus.async_listen(EVENT_STATE_REPORTED, self._count, event_filter=_any)

    @callback
    def _count(self, event: Event[Any]) -> None:
        self.entities.append(event.data["entity_id"])
