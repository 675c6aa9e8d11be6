"""Shutters and curtains."""

import asyncio
from typing import Any
from unittest.mock import patch

from homeassistant.components.cover import ATTR_POSITION, CoverEntityFeature
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import Home, SimulatedCloud
from tests.support.rooms import position_of

from .helpers import (
    CURTAIN,
    HUB,
    LIST,
    PROTOCOL,
    SET,
    SHUTTER,
    Writes,
    act,
    commands,
    entity_id_of,
    entity_table,
    fails,
    note_states,
    refresh,
    settle,
    setup,
    state_of,
    until_attribute,
    until_state,
)

POSITION = "current_position"


@pytest.fixture
def curtain(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the curtain, at 70 percent."""
    return entity_id_of(hass, Platform.COVER, CURTAIN)


@pytest.fixture
def shutter(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the shutter, closed."""
    return entity_id_of(hass, Platform.COVER, SHUTTER)


@pytest.fixture
def seen(hass: HomeAssistant) -> list[State]:
    """Note every state of a cover."""
    return note_states(hass, Platform.COVER)


def levels(cloud: SimulatedCloud) -> list[str]:
    """Return what curtains were told."""
    return [request.body["curtainState"] for request in commands(cloud, SET)]


async def test_covers(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The covers of the fixture account: a level is the opposite of a position."""
    assert entity_table(hass, loaded, Platform.COVER) == snapshot


@pytest.mark.parametrize(
    ("action", "data", "level"),
    [
        ("open_cover", {}, "0"),
        ("close_cover", {}, "100"),
        # Also while nothing moves, as far as is known.
        ("stop_cover", {}, "99"),
        ("set_cover_position", {ATTR_POSITION: 0}, "100"),
        ("set_cover_position", {ATTR_POSITION: 100}, "0"),
        # Where it is believed to be already: the belief may be wrong.
        ("set_cover_position", {ATTR_POSITION: 70}, "30"),
        # Tens, halves towards closed.
        ("set_cover_position", {ATTR_POSITION: 45}, "60"),
        ("set_cover_position", {ATTR_POSITION: 46}, "50"),
        # What would be a stop, or shown as open.
        ("set_cover_position", {ATTR_POSITION: 1}, "100"),
        ("set_cover_position", {ATTR_POSITION: 99}, "0"),
    ],
)
async def test_commands(
    hass: HomeAssistant,
    curtain: str,
    cloud: SimulatedCloud,
    action: str,
    data: dict[str, int],
    level: str,
) -> None:
    """Each action writes the whole object once, with a level."""
    before = dict(cloud.home.device(CURTAIN).members)
    await act(hass, Platform.COVER, action, curtain, **data)
    (request,) = commands(cloud)
    assert request.prefix == SET
    assert request.body["curtainState"] == level
    changed = {name for name, value in request.body.items() if before.get(name) != value}
    assert changed <= {"curtainState", "updateTime"}
    await cloud.home.settle()
    if action != "stop_cover":
        await until_attribute(hass, curtain, POSITION, 100 - int(level))


async def test_commands_are_always_sent(
    hass: HomeAssistant, shutter: str, cloud: SimulatedCloud
) -> None:
    """Closing what is closed is asked of the cloud all the same."""
    assert state_of(hass, shutter).state == "closed"
    await act(hass, Platform.COVER, "close_cover", shutter)
    assert levels(cloud) == ["100"]


async def test_a_whole_run(hass: HomeAssistant, curtain: str, seen: list[State]) -> None:
    """It is closed, or open, when the motor stands and not before."""
    await act(hass, Platform.COVER, "close_cover", curtain)
    await until_state(hass, curtain, "closed")
    await act(hass, Platform.COVER, "open_cover", curtain)
    await until_state(hass, curtain, "open")
    assert [state.state for state in seen] == ["closing", "closed", "opening", "open"]
    assert position_of(hass, curtain) == 100


async def test_progress(hass: HomeAssistant, home: Home, shutter: str, seen: list[State]) -> None:
    """Should motors report on their way, each report shows, and none of them as closed."""
    home.pace.progress_s = 5.0
    await act(hass, Platform.COVER, "open_cover", shutter)
    await until_state(hass, shutter, "open")
    await home.settle()
    await hass.async_block_till_done()
    assert not [state for state in seen if state.state == "closed"]


async def test_stop_halfway(
    hass: HomeAssistant, curtain: str, cloud: SimulatedCloud, home: Home
) -> None:
    """A stopped curtain is where it reports to be."""
    home.pace.speed = 10
    await act(hass, Platform.COVER, "close_cover", curtain)
    assert state_of(hass, curtain).state == "closing"
    await act(hass, Platform.COVER, "stop_cover", curtain)
    assert state_of(hass, curtain).state == "open"
    assert 0 < (position_of(hass, curtain) or 0) <= 70
    assert levels(cloud) == ["100", "99"]


async def test_stop_without_a_level(
    hass: HomeAssistant, curtain: str, home: Home, seen: list[State]
) -> None:
    """A cloud that only says that it stands leaves the position open: closed it may not be."""
    home.pace.speed = 10
    home.pace.bare_stop = True
    await act(hass, Platform.COVER, "close_cover", curtain)
    await act(hass, Platform.COVER, "stop_cover", curtain)
    assert not [state for state in seen if state.state == "closed"]
    assert state_of(hass, curtain).state in {STATE_UNKNOWN, "open"}
    # One that did not move stays where it was.
    await act(hass, Platform.COVER, "open_cover", curtain)
    home.pace.speed = 100
    home.move(CURTAIN, "open")
    await until_attribute(hass, curtain, POSITION, 100)
    await until_state(hass, curtain, "open")
    await act(hass, Platform.COVER, "stop_cover", curtain)
    assert position_of(hass, curtain) == 100


async def test_moved_by_hand(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """Somebody uses the button on the wall; two reports, two writes."""
    writes = Writes(hass)
    cloud.home.move(SHUTTER, "open")
    await until_state(hass, shutter, "opening")
    await until_state(hass, shutter, "open")
    assert position_of(hass, shutter) == 100
    assert writes.entities == [shutter, shutter]


async def test_sent_back_to_where_it_came_from(
    hass: HomeAssistant, shutter: str, home: Home, seen: list[State]
) -> None:
    """A shutter that is opened and closed again is closed when it stands, and not on its way."""
    home.pace.speed = 20
    await act(hass, Platform.COVER, "open_cover", shutter)
    await act(hass, Platform.COVER, "close_cover", shutter)
    await until_state(hass, shutter, "closed")
    assert not home.device(SHUTTER).motion
    assert [state.state for state in seen] == ["opening", "closing", "closed"]


async def test_nothing_else_ends_a_movement(
    hass: HomeAssistant, curtain: str, home: Home, seen: list[State]
) -> None:
    """Lists, and reports of something else, repeat the target; that does not mean it is reached."""
    home.device(CURTAIN).travel_s = 1000.0
    led = entity_id_of(hass, Platform.SWITCH, f"{CURTAIN}-led")
    await act(hass, Platform.COVER, "close_cover", curtain)
    await refresh(hass)
    await act(hass, Platform.SWITCH, "turn_on", led)
    home.set_closed_position(CURTAIN, 3)
    home.rename(CURTAIN, "Long curtain")
    await refresh(hass)
    assert home.device(CURTAIN).motion
    assert {state.state for state in seen} == {"closing"}
    assert state_of(hass, curtain).state == "closing"
    home.block(CURTAIN, at=0.0)
    await until_state(hass, curtain, "open")
    assert 0 < (position_of(hass, curtain) or 0) <= 70


async def test_obstacle(hass: HomeAssistant, curtain: str, cloud: SimulatedCloud) -> None:
    """Something in the way: where it stands is what it reports."""
    cloud.faults.arm("obstacle", device=CURTAIN, at=50.0)
    await act(hass, Platform.COVER, "close_cover", curtain)
    await until_state(hass, curtain, "open")
    assert position_of(hass, curtain) == 35


async def test_motor_never_reports(
    hass: HomeAssistant, curtain: str, cloud: SimulatedCloud, seen: list[State]
) -> None:
    """A motor that has long not reported is asked for, and neither moves nor is closed meanwhile."""
    cloud.faults.arm("obstacle", device=CURTAIN, at=50.0, report=False)
    asked = len(cloud.requests(LIST))
    with patch(f"{PROTOCOL}.client.MOTION_LIMIT_S", 0.3):
        await act(hass, Platform.COVER, "close_cover", curtain)
        await until_state(hass, curtain, STATE_UNKNOWN)
        assert [state.state for state in seen] == ["closing", STATE_UNKNOWN]
        await cloud.journal.wait_for(lambda: len(cloud.requests(LIST)) > asked)


async def test_rapid_slider(
    hass: HomeAssistant, curtain: str, cloud: SimulatedCloud, home: Home
) -> None:
    """Of a slider that is dragged about the last position counts, and 99 is never sent."""
    home.pace.reaction_s = 50.0  # nothing is reported before all has been asked for
    wanted = [*range(0, 101, 3), 1, 99, 37]
    results = await asyncio.gather(
        *(
            act(hass, Platform.COVER, "set_cover_position", curtain, **{ATTR_POSITION: position})
            for position in wanted
        ),
        return_exceptions=True,
    )
    assert results == [None] * len(wanted)
    assert levels(cloud)[-1] == "60"
    assert "99" not in levels(cloud)
    assert len(levels(cloud)) == 2
    await until_attribute(hass, curtain, POSITION, 40)
    await home.settle()
    assert home.device(CURTAIN).level == 60


async def test_stop_overtakes_the_slider(
    hass: HomeAssistant, curtain: str, cloud: SimulatedCloud, home: Home
) -> None:
    """What still waits when a stop is wanted is not carried out after it; its caller is told."""
    home.pace.speed = 20
    moves = [
        hass.async_create_task(
            act(hass, Platform.COVER, "set_cover_position", curtain, **{ATTR_POSITION: position})
        )
        for position in (0, 20, 100)
    ]
    await cloud.journal.wait_for(lambda: bool(commands(cloud)))
    await act(hass, Platform.COVER, "stop_cover", curtain)
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert {getattr(result, "translation_key", None) for result in results} <= {None, "superseded"}
    await home.settle()
    assert levels(cloud)[-1] == "99"
    assert levels(cloud).count("99") == 1
    assert not home.device(CURTAIN).motion


async def test_not_confirmed(
    hass: HomeAssistant,
    curtain: str,
    cloud: SimulatedCloud,
    home: Home,
    seen: list[State],
) -> None:
    """What nobody confirms is an error, and shows neither as movement nor as closed."""
    cloud.faults.arm("silence", count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        error = await fails(hass, Platform.COVER, "close_cover", curtain)
    assert error.translation_key == "no_answer"
    assert seen == []
    # A stop that is not carried out leaves it moving, and says so.
    home.device(CURTAIN).travel_s = 1000.0
    await act(hass, Platform.COVER, "close_cover", curtain)
    cloud.faults.arm("silence", count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        error = await fails(hass, Platform.COVER, "stop_cover", curtain)
    assert error.translation_key == "no_answer"
    assert [state.state for state in seen] == ["closing"]


async def test_undefined_states(
    hass: HomeAssistant, curtain: str, cloud: SimulatedCloud, home: Home
) -> None:
    """A value that means nothing keeps the last position."""
    for raw in ("-1", "150", "301", "nonsense"):
        home.device(CURTAIN).members["curtainState"] = raw
        home.write(CURTAIN, {"version": 9})
        await settle(hass, cloud)
        assert position_of(hass, curtain) == 70
        assert state_of(hass, curtain).state == "open"


@pytest.mark.parametrize("raw", ["-1", "", None, "101", "299"])
async def test_no_level_yet(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, raw: str | None
) -> None:
    """A curtain whose level was never told is neither open nor closed, and can be told all the same."""
    home.device(CURTAIN).members["curtainState"] = raw
    await setup(hass, entry)
    curtain = entity_id_of(hass, Platform.COVER, CURTAIN)
    assert state_of(hass, curtain).state == STATE_UNKNOWN
    assert POSITION not in state_of(hass, curtain).attributes
    features = state_of(hass, curtain).attributes["supported_features"]
    assert features == (
        CoverEntityFeature.OPEN
        | CoverEntityFeature.CLOSE
        | CoverEntityFeature.STOP
        | CoverEntityFeature.SET_POSITION
    )


async def test_hub_is_off_line(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """What hangs on a hub that is off line is not known, whatever it says itself."""
    cloud.home.set_connected(HUB, connected=False)
    await until_state(hass, shutter, STATE_UNAVAILABLE)
    cloud.home.set_connected(HUB, connected=True)
    await until_state(hass, shutter, "closed")


@pytest.mark.parametrize("options", [{"unknown_devices": True}])
async def test_unknown_cover(
    hass: HomeAssistant,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    options: dict[str, Any],
) -> None:
    """A device of an unknown type that moves gets a plain cover, disabled at first."""
    awning = home.add("strange_curtain", "Awning")
    await setup(hass, entry)
    entity_id = entity_id_of(hass, Platform.COVER, awning.device_id)
    found = entity_registry.async_get(entity_id)
    assert found
    assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, entity_id).state == "open"
    assert "device_class" not in state_of(hass, entity_id).attributes
    await act(hass, Platform.COVER, "close_cover", entity_id)
    await until_state(hass, entity_id, "closed")
