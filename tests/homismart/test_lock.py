"""Door locks: never more than the door reports, and never a command twice."""

import asyncio
from typing import Any
from unittest.mock import patch

from homeassistant.components.lock import LockEntityFeature
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceNotSupported
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import Home, SimulatedCloud

from .helpers import (
    DOOR,
    MODIFY,
    PROTOCOL,
    SET,
    WASHER,
    act,
    commands,
    connection_of,
    entity_id_of,
    entity_table,
    fails,
    note_states,
    reconnect,
    settle,
    setup,
    state_of,
    until_state,
)

with_opener = pytest.mark.parametrize("options", [{"door_open": True}])


@pytest.fixture
def door(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the lock of the door, locked."""
    return entity_id_of(hass, Platform.LOCK, DOOR)


@pytest.fixture
def seen(hass: HomeAssistant) -> list[State]:
    """Note every state of the lock."""
    return note_states(hass, Platform.LOCK)


async def test_locks(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The lock of the fixture account."""
    assert entity_table(hass, loaded, Platform.LOCK) == snapshot


async def test_both_ways(
    hass: HomeAssistant, door: str, cloud: SimulatedCloud, seen: list[State]
) -> None:
    """Locking and unlocking show as such until the door has reported."""
    assert state_of(hass, door).state == "locked"
    for action, value in (("unlock", "1"), ("lock", "2")):
        cloud.journal.clear()
        await act(hass, Platform.LOCK, action, door)
        (request,) = commands(cloud)
        assert request.prefix == MODIFY
        assert request.body == {
            "devid": DOOR,
            "name": "Street door",
            "lock": value,
            "iconId": "0",
        }
        assert cloud.home.device(DOOR).members["lock"] == value
    await hass.async_block_till_done()
    assert [state.state for state in seen] == ["unlocking", "unlocked", "locking", "locked"]


async def test_by_hand(hass: HomeAssistant, door: str, cloud: SimulatedCloud) -> None:
    """Somebody uses the vendor's app."""
    cloud.home.set_lock(DOOR, locked=False)
    await until_state(hass, door, "unlocked")
    cloud.home.set_lock(DOOR, locked=True)
    await until_state(hass, door, "locked")


@pytest.mark.parametrize("value", ["3", "", "0", None, True])
async def test_anything_else_is_unknown(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, value: object
) -> None:
    """A member that is neither "1" nor "2" says nothing about the bolt."""
    home.device(DOOR).members["lock"] = value
    await setup(hass, entry)
    assert state_of(hass, entity_id_of(hass, Platform.LOCK, DOOR)).state == STATE_UNKNOWN


@pytest.mark.parametrize("value", ["3", "", None])
async def test_known_becomes_unknown(
    hass: HomeAssistant, door: str, home: Home, value: object
) -> None:
    """What was known to be locked is not any more when the door says something else."""
    home.write(DOOR, {"lock": value})
    await until_state(hass, door, STATE_UNKNOWN)


@pytest.mark.parametrize("action", ["lock", "unlock"])
@pytest.mark.parametrize(
    ("code", "key"),
    [(18, "refused"), (40, "device_silent"), (5, "hub_offline"), (72, "permission_denied")],
)
async def test_refused_once_sent_once(
    hass: HomeAssistant, door: str, cloud: SimulatedCloud, action: str, code: int, key: str
) -> None:
    """No error makes us repeat what moves a bolt; what shows is what the door reported."""
    cloud.faults.arm("error", code=code, count=1)
    error = await fails(hass, Platform.LOCK, action, door)
    assert error.translation_key == key
    await settle(hass, cloud)
    assert len(commands(cloud, MODIFY)) == 1
    assert state_of(hass, door).state == "locked"


async def test_silence(hass: HomeAssistant, door: str, cloud: SimulatedCloud) -> None:
    """Without an answer the list decides; the command is not repeated, and not believed."""
    cloud.faults.arm("silence", count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        error = await fails(hass, Platform.LOCK, "unlock", door)
    assert error.translation_key == "no_answer"
    assert state_of(hass, door).state == "locked"
    assert len(commands(cloud, MODIFY)) == 1


async def test_report_is_lost(hass: HomeAssistant, door: str, cloud: SimulatedCloud) -> None:
    """What was done and only not reported is found in the list."""
    cloud.home.pace.reaction_s = 0.0  # so that it is done before the list is asked for
    cloud.faults.arm("lost_push", device=DOOR, count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        await act(hass, Platform.LOCK, "unlock", door)
    assert state_of(hass, door).state == "unlocked"
    assert len(commands(cloud, MODIFY)) == 1


@pytest.mark.parametrize("acted", [True, False])
async def test_link_drops(
    hass: HomeAssistant, door: str, cloud: SimulatedCloud, acted: bool
) -> None:
    """A command whose end nobody knows is an error; after the outage the door says how it is."""
    cloud.faults.arm("cut", prefix=MODIFY, count=1, act=acted)
    error = await fails(hass, Platform.LOCK, "unlock", door)
    assert error.translation_key == "cannot_connect"
    await until_state(hass, connection_of(hass), "off")
    assert state_of(hass, door).state == "locked"
    await cloud.home.settle()
    await reconnect(hass, cloud)
    assert state_of(hass, door).state == ("unlocked" if acted else "locked")
    assert len(commands(cloud, MODIFY)) == 1


@with_opener
async def test_opener(
    hass: HomeAssistant,
    door: str,
    cloud: SimulatedCloud,
    home: Home,
    seen: list[State],
    options: dict[str, Any],
) -> None:
    """The opener is a pulse of power; nothing is assumed about the bolt, and the cloud ends the pulse."""
    features = state_of(hass, door).attributes["supported_features"]
    assert features == LockEntityFeature.OPEN
    await act(hass, Platform.LOCK, "open", door)
    (request,) = commands(cloud)
    assert request.prefix == SET
    assert request.body["power"] is True
    assert request.body["lock"] == "2"
    await home.settle()
    await settle(hass, cloud)
    assert home.device(DOOR).members["power"] is False
    assert seen == []
    assert len(commands(cloud, SET)) == 1


@with_opener
@pytest.mark.parametrize("fault", [{"name": "error", "code": 18}, {"name": "silence"}])
async def test_opener_is_never_repeated(
    hass: HomeAssistant,
    door: str,
    cloud: SimulatedCloud,
    options: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    """A door that may have opened already is not opened again."""
    cloud.faults.arm(**fault, prefix=SET, count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        error = await fails(hass, Platform.LOCK, "open", door)
    assert error.translation_key in {"refused", "no_answer"}
    assert len(commands(cloud, SET)) == 1


async def test_no_opener_by_default(hass: HomeAssistant, door: str, cloud: SimulatedCloud) -> None:
    """Without the option there is no opener."""
    assert state_of(hass, door).attributes["supported_features"] == 0
    with pytest.raises(ServiceNotSupported):
        await act(hass, Platform.LOCK, "open", door)
    assert not commands(cloud)


@with_opener
async def test_unlock_and_open_together(
    hass: HomeAssistant, door: str, cloud: SimulatedCloud, home: Home, options: dict[str, Any]
) -> None:
    """The object that opens the door does not write the old bolt back."""
    await asyncio.gather(
        act(hass, Platform.LOCK, "unlock", door), act(hass, Platform.LOCK, "open", door)
    )
    assert [request.prefix for request in commands(cloud)] == [MODIFY, SET]
    assert commands(cloud, SET)[0].body["lock"] == "1"
    assert home.device(DOOR).members["lock"] == "1"
    assert state_of(hass, door).state == "unlocked"


async def test_stale_writer(hass: HomeAssistant, door: str, cloud: SimulatedCloud) -> None:
    """When another client writes the door's object as it was, the door shows what became of it."""
    cloud.faults.arm("stale_rewrite", device=DOOR, seconds=0.0, count=1)
    await act(hass, Platform.LOCK, "unlock", door)
    await until_state(hass, door, "locked")


async def test_locks_of_buttons_are_none(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The same member on another device is no door lock."""
    assert len(hass.states.async_all("lock")) == 1
    assert not hass.states.get(f"lock.{WASHER}")
