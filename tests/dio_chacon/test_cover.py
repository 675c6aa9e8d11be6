"""Shutters."""

import asyncio
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.cover import ATTR_POSITION, CoverEntityFeature
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import Home, SimulatedCloud
from tests.support.rooms import position_of

from .helpers import (
    ACCOUNT,
    OFFLINE_SHUTTER,
    SHUTTER,
    SILENT_SHUTTER,
    Writes,
    act,
    entity_id_of,
    entity_table,
    fails,
    has_entity,
    pass_time,
    reconnect,
    setup,
    state_of,
    until,
    until_attribute,
    until_state,
)

POSITION = "current_position"


@pytest.fixture
def shutter(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the shutter that is connected, at 60 percent."""
    return entity_id_of(hass, Platform.COVER, SHUTTER)


async def test_covers(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The covers of the fixture account."""
    assert entity_table(hass, loaded, Platform.COVER) == snapshot


@pytest.mark.parametrize(
    ("action", "data", "path", "parameters"),
    [
        ("open_cover", {}, "mvtlinear", {"movement": "up"}),
        ("close_cover", {}, "mvtlinear", {"movement": "down"}),
        ("stop_cover", {}, "mvtlinear", {"movement": "stop"}),
        ("set_cover_position", {ATTR_POSITION: 75}, "openlevel", {"openLevel": 75}),
        ("set_cover_position", {ATTR_POSITION: 0}, "openlevel", {"openLevel": 0}),
        ("set_cover_position", {ATTR_POSITION: 100}, "openlevel", {"openLevel": 100}),
        # Where it is believed to be already: the belief may be wrong.
        ("set_cover_position", {ATTR_POSITION: 60}, "openlevel", {"openLevel": 60}),
    ],
)
async def test_commands(
    hass: HomeAssistant,
    shutter: str,
    cloud: SimulatedCloud,
    action: str,
    data: dict[str, int],
    path: str,
    parameters: dict[str, Any],
) -> None:
    """Each action is one request of the right kind."""
    await act(hass, Platform.COVER, action, shutter, **data)
    (request,) = cloud.requests("/action/")
    assert request.path.endswith(f"/{SHUTTER}/action/{path}")
    assert request.parameters == parameters


async def test_commands_are_always_sent(
    hass: HomeAssistant, shutter: str, cloud: SimulatedCloud
) -> None:
    """Opening what is open and closing what is closed is asked of the cloud all the same."""
    cloud.home.move_to(SHUTTER, 100)
    await until_attribute(hass, shutter, POSITION, 100)
    await until_state(hass, shutter, "open")
    await act(hass, Platform.COVER, "open_cover", shutter)
    await act(hass, Platform.COVER, "open_cover", shutter)
    assert len(cloud.requests("/action/mvtlinear")) == 2


async def test_a_whole_run(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """What the cloud took shows as closing; closed is shown only when the motor reports it."""
    seen: list[tuple[str, object, object]] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: seen.append(
            (
                event.data["new_state"].state,
                event.data["new_state"].attributes.get(POSITION),
                event.data["new_state"].attributes.get("is_closed"),
            )
        ),
    )
    await act(hass, Platform.COVER, "close_cover", shutter)
    assert state_of(hass, shutter).state == "closing"
    assert position_of(hass, shutter) == 60
    await until_state(hass, shutter, "closed")
    assert position_of(hass, shutter) == 0
    await act(hass, Platform.COVER, "open_cover", shutter)
    # The position is still 0, but what opens is not closed.
    assert state_of(hass, shutter).state == "opening"
    assert state_of(hass, shutter).attributes.get("is_closed") in {False, None}
    await until_state(hass, shutter, "open")
    assert position_of(hass, shutter) == 100
    await hass.async_block_till_done()
    assert [state for state, *_ in seen if state in {"open", "closed"}] == ["closed", "open"]


async def test_stop_halfway(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """A stopped shutter is where it reports to be."""
    cloud.home.pace.speed = 2
    writes = Writes(hass)
    await act(hass, Platform.COVER, "close_cover", shutter)
    await until(hass, lambda: len(writes.entities) == 2)  # acknowledged, then reported
    await act(hass, Platform.COVER, "stop_cover", shutter)
    await until_state(hass, shutter, "open")
    assert 0 < position_of(hass, shutter) <= 60


async def test_moved_by_hand(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """Somebody uses the remote."""
    cloud.home.move(SHUTTER, "up")
    await until_state(hass, shutter, "opening")
    await until_state(hass, shutter, "open")
    assert position_of(hass, shutter) == 100


async def test_new_target_while_moving(
    hass: HomeAssistant, shutter: str, cloud: SimulatedCloud
) -> None:
    """A running shutter may be sent elsewhere."""
    cloud.home.pace.speed = 4
    writes = Writes(hass)
    await act(hass, Platform.COVER, "close_cover", shutter)
    await until(hass, lambda: len(writes.entities) == 2)  # acknowledged, then reported
    assert state_of(hass, shutter).state == "closing"
    await act(hass, Platform.COVER, "set_cover_position", shutter, position=90)
    assert state_of(hass, shutter).state == "opening"
    await until_attribute(hass, shutter, POSITION, 90)


async def test_refused_command_shows_nothing(
    hass: HomeAssistant, shutter: str, cloud: SimulatedCloud
) -> None:
    """A command that the cloud does not take leaves the shutter as it is shown."""
    cloud.faults.arm("answer_status", status=500, path="/action/", count=1)
    before = state_of(hass, shutter)
    error = await fails(hass, Platform.COVER, "open_cover", shutter)
    assert error.translation_key == "refused"
    assert state_of(hass, shutter) is before


async def test_slider(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """Of a slider that is dragged the first and the last position are sent."""
    for position in (10, 20, 30):
        hass.async_create_task(
            act(hass, Platform.COVER, "set_cover_position", shutter, position=position)
        )
    await act(hass, Platform.COVER, "set_cover_position", shutter, position=40)
    requests = cloud.requests("/action/openlevel")
    assert [request.parameters["openLevel"] for request in requests] == [10, 40]


async def test_superseded_command(hass: HomeAssistant, shutter: str, cloud: SimulatedCloud) -> None:
    """A position that never left because another command came is an error to who asked for it."""
    await act(hass, Platform.COVER, "set_cover_position", shutter, position=10)
    held = hass.async_create_task(
        fails(hass, Platform.COVER, "set_cover_position", shutter, position=20)
    )
    await act(hass, Platform.COVER, "open_cover", shutter)
    error = await held
    assert error.translation_key == "superseded"
    assert [request.parameters for request in cloud.requests("/action/")] == [
        {"openLevel": 10},
        {"movement": "up"},
    ]


async def test_unreported_position(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A shutter that never told a position is neither open nor closed."""
    del home.device(SHUTTER).resources["oic.r.openlevel"]
    await setup(hass, entry)
    shutter = entity_id_of(hass, Platform.COVER, SHUTTER)
    assert state_of(hass, shutter).state == STATE_UNKNOWN
    assert POSITION not in state_of(hass, shutter).attributes
    features = state_of(hass, shutter).attributes["supported_features"]
    assert features & CoverEntityFeature.SET_POSITION


async def test_update_entity(
    hass: HomeAssistant, update_action: None, shutter: str, cloud: SimulatedCloud
) -> None:
    """Asking for several entities at once is one request, and brings what no push told."""
    cloud.faults.arm("lost_push", device=SHUTTER)
    cloud.home.write(SHUTTER, "oic.r.openlevel", {"openLevel": 30})
    other = entity_id_of(hass, Platform.COVER, OFFLINE_SHUTTER)
    cloud.journal.clear()
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": [shutter, other]}, blocking=True
    )
    assert len(cloud.requests("POST /device/states")) == 1
    assert position_of(hass, shutter) == 30
    assert state_of(hass, other).state == STATE_UNAVAILABLE


# --- estimated positions --------------------------------------------------------------------
# Time stands still in these tests until they move it, for Home Assistant and for the shutter.

estimating = pytest.mark.parametrize("options", [{"estimate_position": True}])
UP_S, DOWN_S = 18.24, 17.61


@pytest.fixture
def real_pace(freezer: FrozenDateTimeFactory, home: Home) -> None:
    """Let shutters act at once and move at their real speed, in frozen time."""
    home.pace.reaction_s = 0
    home.pace.speed = 1


async def tick(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass, and a little more: what is due this very moment would wait."""
    freezer.tick(seconds + 0.001)
    for _ in range(5):  # the loop looks at its timers, they run, and so does what they wake
        await asyncio.sleep(0)
    await hass.async_block_till_done()


async def begin_run(hass: HomeAssistant, home: Home, shutter: str, movement: str) -> None:
    """Have somebody use the remote."""
    home.move(SHUTTER, movement)
    await until_state(hass, shutter, "opening" if movement == "up" else "closing")


@estimating
async def test_estimate(
    freezer: FrozenDateTimeFactory, hass: HomeAssistant, real_pace: None, shutter: str, home: Home
) -> None:
    """While it moves the position follows the travel time; what the motor reports wins."""
    home.pace.reaction_s = 0.5
    writes = Writes(hass)
    await act(hass, Platform.COVER, "open_cover", shutter)
    assert state_of(hass, shutter).state == "opening"
    assert position_of(hass, shutter) == 60
    await tick(hass, freezer, 0.5)
    await until(hass, lambda: len(writes.entities) == 2)  # the report confirms the same run
    await tick(hass, freezer, UP_S / 10 - 0.5)
    assert position_of(hass, shutter) == 70
    writes.entities.clear()
    home.write(SHUTTER, "oic.r.openlevel", {})  # it began half a second late, and says so
    await until(hass, lambda: writes.entities)
    assert position_of(hass, shutter) == 67
    await tick(hass, freezer, UP_S / 10)
    assert position_of(hass, shutter) == 77
    home.move(SHUTTER, "stop")
    await tick(hass, freezer, 0)
    await until_state(hass, shutter, "open")
    assert position_of(hass, shutter) == 77
    # The timer has gone with the movement.
    writes.entities.clear()
    await tick(hass, freezer, 5)
    assert writes.entities == []


@estimating
async def test_estimate_never_reaches_the_end(
    freezer: FrozenDateTimeFactory,
    hass: HomeAssistant,
    real_pace: None,
    shutter: str,
    home: Home,
    cloud: SimulatedCloud,
) -> None:
    """Fully open is what the motor reports, however long it takes."""
    await begin_run(hass, home, shutter, "up")
    cloud.faults.arm("lost_push", device=SHUTTER)
    await tick(hass, freezer, UP_S)
    assert state_of(hass, shutter).state == "opening"
    assert position_of(hass, shutter) == 99
    cloud.faults.clear()
    home.write(SHUTTER, "oic.r.openlevel", {})
    await until_state(hass, shutter, "open")
    assert position_of(hass, shutter) == 100


@estimating
async def test_estimate_turns_round(
    freezer: FrozenDateTimeFactory,
    hass: HomeAssistant,
    real_pace: None,
    shutter: str,
    cloud: SimulatedCloud,
) -> None:
    """A shutter that was turned round and has not reported yet goes on from where it was thought to be."""
    cloud.faults.arm("lost_push", device=SHUTTER)
    await act(hass, Platform.COVER, "open_cover", shutter)
    assert state_of(hass, shutter).state == "opening"
    await tick(hass, freezer, UP_S / 10)
    assert position_of(hass, shutter) == 70
    await act(hass, Platform.COVER, "close_cover", shutter)
    assert state_of(hass, shutter).state == "closing"
    assert position_of(hass, shutter) == 70
    await tick(hass, freezer, DOWN_S / 5)
    assert position_of(hass, shutter) == 50


@estimating
async def test_estimate_ends_with_the_link(
    hass: HomeAssistant, shutter: str, home: Home, cloud: SimulatedCloud
) -> None:
    """Nothing is estimated while nothing is known; after the outage the run is taken up again."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    home.pace.speed = 0.1  # longer than the test
    await begin_run(hass, home, shutter, "down")
    await cloud.link_down()
    await until_state(hass, connection, "off")
    pass_time(hass, 11)
    assert state_of(hass, shutter).state == STATE_UNAVAILABLE
    writes = Writes(hass)
    pass_time(hass, 2)
    assert shutter not in writes.entities
    await reconnect(hass, cloud)
    assert state_of(hass, shutter).state == "closing"
    writes.entities.clear()
    pass_time(hass, 2)
    assert writes.entities == [shutter]


@estimating
async def test_estimate_survives_a_reload(
    freezer: FrozenDateTimeFactory,
    hass: HomeAssistant,
    real_pace: None,
    loaded: MockConfigEntry,
    shutter: str,
    home: Home,
) -> None:
    """A run that is under way at set-up is taken up, and none outlives the entity."""
    await begin_run(hass, home, shutter, "up")
    await hass.config_entries.async_reload(loaded.entry_id)
    assert state_of(hass, shutter).state == "opening"
    await tick(hass, freezer, UP_S / 10)
    assert position_of(hass, shutter) == 70


async def test_no_estimate_by_default(
    freezer: FrozenDateTimeFactory, hass: HomeAssistant, real_pace: None, shutter: str, home: Home
) -> None:
    """Without the option the position is what was reported."""
    await begin_run(hass, home, shutter, "up")
    await tick(hass, freezer, UP_S / 10)
    assert position_of(hass, shutter) == 60


# --- devices of unknown types ---------------------------------------------------------------


@pytest.mark.parametrize("options", [{"unknown_devices": True}])
async def test_unknown_cover(
    hass: HomeAssistant,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A device of an unknown type that moves gets a plain cover, disabled at first."""
    awning = home.add("unknown_cover", "Store")
    level = home.add("unknown_cover", "Lucarne")
    del level.resources["oic.r.movement.linear"]
    await setup(hass, entry)
    for device in (awning, level):
        entity_id = entity_id_of(hass, Platform.COVER, device.device_id)
        found = entity_registry.async_get(entity_id)
        assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    store = entity_id_of(hass, Platform.COVER, awning.device_id)
    assert state_of(hass, store).state == "open"
    assert "device_class" not in state_of(hass, store).attributes
    await act(hass, Platform.COVER, "close_cover", store)
    await until_state(hass, store, "closed")
    skylight = entity_id_of(hass, Platform.COVER, level.device_id)
    features = state_of(hass, skylight).attributes["supported_features"]
    assert not features & CoverEntityFeature.STOP
    cloud.journal.clear()
    await act(hass, Platform.COVER, "close_cover", skylight)
    await act(hass, Platform.COVER, "open_cover", skylight)
    levels = [request.parameters for request in cloud.requests("/action/openlevel")]
    assert levels == [{"openLevel": 0}, {"openLevel": 100}]
    # Without the option they are gone.
    hass.config_entries.async_update_entry(entry, options={})
    await hass.config_entries.async_reload(entry.entry_id)
    assert not has_entity(hass, Platform.COVER, awning.device_id)


async def test_travel_times(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
) -> None:
    """Travel times are diagnostic, in seconds, and known only of shutters that tell them."""
    up = entity_id_of(hass, Platform.SENSOR, f"{SHUTTER}-travel_up")
    down = entity_id_of(hass, Platform.SENSOR, f"{SHUTTER}-travel_down")
    assert state_of(hass, up).state == "18.24"
    assert state_of(hass, down).state == "17.61"
    entry = er.async_get(hass).async_get(up)
    assert entry.entity_category is EntityCategory.DIAGNOSTIC
    assert not has_entity(hass, Platform.SENSOR, f"{SILENT_SHUTTER}-travel_up")
