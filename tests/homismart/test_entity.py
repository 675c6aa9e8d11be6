"""What all entities have in common: what wakes them, when they exist, how commands end."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.homismart import Home, SimulatedCloud

from .helpers import (
    ACCOUNT,
    BOILER,
    CORRIDOR,
    CURTAIN,
    DOOR,
    GARDEN,
    GATE,
    HUB,
    LIST,
    NEIGHBOUR,
    PROTOCOL,
    SHUTTER,
    STAIRS,
    WASHER,
    Writes,
    act,
    commands,
    connection_of,
    entity_id_of,
    fails,
    has_entity,
    reconnect,
    settle,
    setup,
    state_of,
    until,
    until_attribute,
    until_state,
)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Wait for the confirmation of commands, and for lists, only briefly."""
    with (
        patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1),
        patch(f"{PROTOCOL}.connection.LIST_LIMIT_S", 0.1),
    ):
        yield


async def test_unique_ids(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """The main entity has the id of its device, as in the earlier integration; others add a key."""
    devices = {*cloud.home.devices, ACCOUNT}
    found = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    assert len(found) > 50
    for entity in found:
        assert entity.has_entity_name
        if entity.unique_id in devices:
            assert entity.original_name is None
            assert entity.translation_key is None
        else:
            assert any(entity.unique_id.startswith(f"{device_id}-") for device_id in devices)


@pytest.mark.parametrize(
    ("code", "key", "text"),
    [
        (1, "refused", "error 1"),
        (5, "hub_offline", "offline"),
        (7, "hub_unknown", "not known"),
        (11, "permission_denied", "may not control"),
        (17, "refused", "error 17"),
        # One that shares its meaning with 17, as text.
        (26, "refused", "error 17"),
        (33, "refused", "error 33"),
        (40, "device_silent", "error 40"),
        (72, "permission_denied", "may not control"),
        (94, "outside_hours", "certain hours"),
        (96, "professional_account", "professional account"),
        (109, "refused", "error 109"),
        (4711, "refused", "error 4711"),
    ],
)
async def test_refused_commands(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    code: int,
    key: str,
    text: str,
) -> None:
    """What the cloud refuses is an error to the caller that says why; link and states stay as they are."""
    cloud.faults.arm("error", code=code, text=code == 26, count=1)
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key == key
    assert text in str(error)
    await hass.async_block_till_done()
    assert state_of(hass, boiler).state == STATE_ON
    assert len(cloud.sessions) == 1
    assert len(commands(cloud)) == 1
    await act(hass, Platform.SWITCH, "turn_off", boiler)


async def test_connection_failed_is_tried_once_more(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Error 18 of a switch, and of it alone, is worth a second try, and no third."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    cloud.faults.arm("error", code=18, count=1)
    await act(hass, Platform.SWITCH, "turn_off", boiler)
    assert len(commands(cloud)) == 2
    cloud.journal.clear()
    cloud.faults.arm("error", code=18)
    error = await fails(hass, Platform.SWITCH, "turn_on", boiler)
    assert error.translation_key == "refused"
    assert len(commands(cloud)) == 2


async def test_session_is_refused_in_between(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A credential error in mid-session is settled by a new login, not by asking the user at once."""
    cloud.faults.arm("error", code=2, count=1)
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key == "cannot_connect"
    await reconnect(hass, cloud)
    assert state_of(hass, boiler).state == STATE_ON
    assert not hass.config_entries.flow.async_progress()


async def test_real_obstacles(
    hass: HomeAssistant, home: Home, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What the cloud knows about hubs, devices and shares reaches the caller; shared devices stay available."""
    lamp = entity_id_of(hass, Platform.LIGHT, NEIGHBOUR)
    home.share(NEIGHBOUR, hours="00:00-00:00")
    await settle(hass, cloud)
    error = await fails(hass, Platform.LIGHT, "turn_on", lamp)
    assert error.translation_key == "outside_hours"
    assert state_of(hass, lamp).state == STATE_OFF
    home.share(NEIGHBOUR, permission="view")
    await settle(hass, cloud)
    error = await fails(hass, Platform.LIGHT, "turn_on", lamp)
    assert error.translation_key == "permission_denied"
    assert state_of(hass, lamp).state == STATE_OFF
    # A device and a hub that have gone off line without the cloud telling us.
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    home.set_connected(WASHER, connected=False, notice="none")
    error = await fails(hass, Platform.SWITCH, "turn_on", washer)
    assert error.translation_key == "device_silent"
    home.set_connected(HUB, connected=False, notice="none")
    error = await fails(
        hass, Platform.SWITCH, "turn_on", entity_id_of(hass, Platform.SWITCH, STAIRS)
    )
    assert error.translation_key == "hub_offline"


async def test_unanswered_command(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, impatient: None
) -> None:
    """A command that neither a report nor the list confirms fails by name; once it does not cost the link."""
    cloud.faults.arm("silence", count=1)
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    asked = len(cloud.requests(LIST))
    error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key == "no_answer"
    assert len(cloud.requests(LIST)) == asked + 1
    assert len(commands(cloud)) == 1
    assert state_of(hass, boiler).state == STATE_ON
    assert len(cloud.sessions) == 1


async def test_lost_report(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, impatient: None
) -> None:
    """What was carried out and only not reported is a success, found in the list."""
    cloud.faults.arm("lost_push", device=BOILER, count=1)
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    await act(hass, Platform.SWITCH, "turn_off", boiler)
    assert state_of(hass, boiler).state == STATE_OFF


async def test_stuck_session(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, impatient: None
) -> None:
    """A server that only answers pings is found out by a command, left, and found again."""
    cloud.stick()
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key in {"no_answer", "timeout", "cannot_connect"}
    await until_state(hass, connection_of(hass), STATE_OFF)
    await reconnect(hass, cloud)
    assert state_of(hass, boiler).state == STATE_ON
    await act(hass, Platform.SWITCH, "turn_off", boiler)
    assert state_of(hass, boiler).state == STATE_OFF


async def test_dead_link(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, impatient: None
) -> None:
    """On a link that is dead but not closed a command is an error, in time."""
    cloud.stall()
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    async with asyncio.timeout(5):
        error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key in {"no_answer", "timeout", "cannot_connect"}
    await until_state(hass, connection_of(hass), STATE_OFF)
    await reconnect(hass, cloud)
    assert state_of(hass, boiler).state == STATE_ON


async def test_cancelled_caller(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A caller who gives up costs nobody else anything."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    cloud.faults.arm("silence", device=BOILER, count=1)
    caller = hass.async_create_task(act(hass, Platform.SWITCH, "turn_off", boiler))
    await cloud.journal.wait_for(lambda: bool(commands(cloud)))
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await act(hass, Platform.SWITCH, "turn_on", washer)
    assert state_of(hass, washer).state == STATE_ON


async def test_many_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A scene of many devices is carried out, without more haste than the cloud bears."""
    switches = [
        entity_id_of(hass, Platform.SWITCH, unique_id)
        for device_id in (WASHER, STAIRS, BOILER, SHUTTER, CURTAIN, DOOR)
        for unique_id in (f"{device_id}-led",)
    ]
    lights = [entity_id_of(hass, Platform.LIGHT, device_id) for device_id in (CORRIDOR,)]
    await asyncio.gather(
        *(act(hass, Platform.SWITCH, "turn_on", entity_id) for entity_id in switches),
        *(act(hass, Platform.LIGHT, "turn_off", entity_id) for entity_id in lights),
    )
    assert all(state_of(hass, entity_id).state == STATE_ON for entity_id in switches)
    assert not cloud.violations


async def test_push_wakes_only_who_shows_it(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One push, one write of each entity that shows a changed field; a repeat costs nothing."""
    home = cloud.home
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    led = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-led")
    level = entity_id_of(hass, Platform.NUMBER, f"{WASHER}-led_level")
    lock = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-button_lock")
    changed = entity_id_of(hass, Platform.SENSOR, f"{WASHER}-last_change")
    last_on = entity_id_of(hass, Platform.SENSOR, f"{WASHER}-last_on")
    same = {"updateTime": 1775030400000}
    writes = Writes(hass)
    home.write(WASHER, same)
    await until_state(hass, changed, "2026-04-01T08:00:00+00:00")
    assert writes.entities == [changed]

    async def wakes(members: dict[str, Any]) -> set[str]:
        writes.entities.clear()
        home.write(WASHER, same | members)
        home.write(
            STAIRS, {"power": not home.device(STAIRS).members["power"], "updateTime": 1775000000000}
        )
        stairs = entity_id_of(hass, Platform.SWITCH, STAIRS)
        await until(hass, lambda: stairs in writes.entities)
        await hass.async_block_till_done()
        assert len(writes.entities) == len(set(writes.entities))
        return set(writes.entities) - {stairs}

    assert await wakes({"power": True}) == {washer}
    assert await wakes({"power": True}) == set()
    assert await wakes({"power": False, "lastOn": "2026-04-01 08:00:00"}) == {washer, last_on}
    assert await wakes({"led": 30}) == {led, level}
    assert await wakes({"lock": "2"}) == {lock}
    assert await wakes({"iconId": "7", "shared": True, "strange": [1]}) == set()
    assert await wakes(same) == set()
    # The end of a run changes level and movement at once, and is written once.
    shutter = entity_id_of(hass, Platform.COVER, SHUTTER)
    writes.entities.clear()
    home.write(SHUTTER, {"curtainState": "250", "updateTime": 1775000000000})
    await until_attribute(hass, shutter, "current_position", 50)
    await hass.async_block_till_done()
    assert writes.entities == [shutter]


async def test_command_wakes_only_who_shows_it(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Nor does a command wake others: its wish, its report and its end are written by one entity."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    writes = Writes(hass)
    await act(hass, Platform.SWITCH, "turn_on", washer)
    await settle(hass, cloud)
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    assert set(writes.entities) == {washer, boiler}
    # What was wanted and the report of it; that nothing is pending any more looks no different.
    assert writes.entities.count(washer) == 2
    curtain = entity_id_of(hass, Platform.COVER, CURTAIN)
    writes.entities.clear()
    await act(hass, Platform.COVER, "close_cover", curtain)
    await until_state(hass, curtain, "closed")
    # Told to close, and closed.
    assert writes.entities == [curtain, curtain]


async def test_type_changed_while_we_were_away(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """After a restart, entities of the old type are gone as well."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.change_type(STAIRS, 4)
    await setup(hass, loaded)
    assert not has_entity(hass, Platform.SWITCH, STAIRS)
    assert has_entity(hass, Platform.COVER, STAIRS)


async def test_entity_outlives_a_restart_without_its_member(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An entity that once existed stays, also when the device does not tell its member now."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    del cloud.home.device(WASHER).members["led"]
    await setup(hass, loaded)
    led = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-led")
    assert state_of(hass, led).state == STATE_UNKNOWN


async def test_hub_is_off_line(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A hub takes all its devices along, whatever they say, and nobody else's; it shows itself."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    hub = entity_id_of(hass, Platform.BINARY_SENSOR, f"{HUB}-connectivity")
    cloud.home.set_connected(GARDEN, connected=True)
    cloud.home.set_connected(GATE, connected=True)
    gate = entity_id_of(hass, Platform.LIGHT, GATE)
    await until_state(hass, gate, STATE_OFF)
    cloud.home.set_connected(HUB, connected=False)
    await until_state(hass, boiler, STATE_UNAVAILABLE)
    await hass.async_block_till_done()
    assert state_of(hass, hub).state == STATE_OFF
    available = {
        state.entity_id
        for state in hass.states.async_all(("switch", "light", "cover", "lock", "number"))
        if state.state != STATE_UNAVAILABLE
    }
    assert available == {gate, entity_id_of(hass, Platform.SWITCH, f"{GATE}-led")}
    cloud.home.set_connected(HUB, connected=True)
    await until_state(hass, boiler, STATE_ON)


async def test_hub_notice(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A notice that names no hub has the list read, which tells."""
    with patch(f"{PROTOCOL}.connection.HINT_INTERVAL_S", 0.01):
        cloud.home.set_connected(HUB, connected=False, notice="bare")
        boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
        await until_state(hass, boiler, STATE_UNAVAILABLE)
