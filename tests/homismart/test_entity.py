"""What all entities have in common: what wakes them, when they exist, how commands end."""

import asyncio
from typing import Any, ClassVar, override
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.homismart import Home, SimulatedCloud
from tests.support.contract.entity import EntityContract

from .helpers import (
    BOILER,
    COMMANDS,
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
    VENDOR,
    WASHER,
    Writes,
    act,
    commands,
    connection_of,
    entity_id_of,
    fails,
    reconnect,
    settle,
    state_of,
    until,
    until_attribute,
    until_state,
)


class TestEntities(EntityContract):
    """What the entities of all vendors do."""

    vendor = VENDOR
    commands = COMMANDS
    refusal = ("error", {})
    refusals = (
        ({"code": 1}, "refused", "1", "error 1"),
        ({"code": 5}, "hub_offline", "5", "offline"),
        ({"code": 7}, "hub_unknown", "7", "not known"),
        ({"code": 11}, "permission_denied", "11", "may not control"),
        ({"code": 17}, "refused", "17", "error 17"),
        # One that shares its meaning with 17, as text.
        ({"code": 26, "text": True}, "refused", "17", "error 17"),
        ({"code": 33}, "refused", "33", "error 33"),
        ({"code": 40}, "device_silent", "40", "error 40"),
        ({"code": 72}, "permission_denied", "72", "may not control"),
        ({"code": 94}, "outside_hours", "94", "certain hours"),
        ({"code": 96}, "professional_account", "96", "professional account"),
        ({"code": 109}, "refused", "109", "error 109"),
        ({"code": 4711}, "refused", "4711", "error 4711"),
    )
    silence: ClassVar[dict[str, Any]] = {}
    retyped = (STAIRS, 4, Platform.SWITCH, Platform.COVER)
    forgotten = f"{WASHER}-led"

    @override
    def forget(self, peer: Any) -> None:
        del peer.home.device(WASHER).members["led"]

    @override
    async def test_refused_commands(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        peer: Any,
        options: dict[str, Any],
        key: str,
        code: str,
        text: str,
    ) -> None:
        """Nor does one refusal stand in the way of the next command."""
        await super().test_refused_commands(hass, loaded, peer, options, key, code, text)
        await act(hass, Platform.SWITCH, "turn_off", VENDOR.switch_of(hass))

    @override
    async def test_unanswered_command(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any, impatient: None
    ) -> None:
        """The list is asked, which does not confirm it either."""
        asked = len(peer.requests(LIST))
        await super().test_unanswered_command(hass, loaded, peer, impatient)
        assert len(peer.requests(LIST)) == asked + 1


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


async def test_lost_report(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, impatient: None
) -> None:
    """What was carried out and only not reported is a success, found in the list."""
    cloud.home.pace.reaction_s = 0.0  # so that it is done before the list is asked for
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
    async with asyncio.timeout(60):
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
