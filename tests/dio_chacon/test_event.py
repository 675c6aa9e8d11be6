"""The doorbell rings exactly once."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import Home, SimulatedCloud
from tests.common import load_vectors

from .helpers import (
    ACCOUNT,
    DOORBELL,
    act,
    entity_id_of,
    entity_table,
    pass_time,
    reconnect,
    settle,
    setup,
    until,
    until_state,
)

# The last event of the fixture account.
OLD = "2026-04-02T06:55:10.250000+00:00"


class Rings:
    """Counts the events of the doorbell."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Start to count."""
        self.seen: list[tuple[str, str, str]] = []
        self._entity_id = entity_id
        hass.bus.async_listen("state_changed", self._look)

    @callback
    def _look(self, event: Event[Any]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if (
            event.data["entity_id"] == self._entity_id
            and new
            and new.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}
            and not (old and old.state in {STATE_UNAVAILABLE, new.state})
        ):
            attributes = new.attributes
            self.seen.append(
                (attributes["event_type"], attributes["kind"], attributes["timestamp"])
            )


@pytest.fixture
def doorbell(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the event entity."""
    return entity_id_of(hass, Platform.EVENT, DOORBELL)


@pytest.fixture
def rings(hass: HomeAssistant, doorbell: str) -> Rings:
    """Count what rings from now on."""
    return Rings(hass, doorbell)


def last_ring(hass: HomeAssistant) -> State:
    """Return the state of the sensor."""
    state = hass.states.get(entity_id_of(hass, Platform.SENSOR, f"{DOORBELL}-last_ring"))
    assert state
    return state


async def test_events(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The doorbell of the fixture account; its event of days ago is none of now."""
    assert entity_table(hass, loaded, Platform.EVENT) == snapshot
    assert hass.states.get(entity_id_of(hass, Platform.EVENT, DOORBELL)).state == STATE_UNKNOWN
    assert dt_util.parse_datetime(last_ring(hass).state) == dt_util.parse_datetime(OLD).replace(
        microsecond=0
    )


async def test_ring(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """Somebody rings: one event with the time of the cloud, and the sensor moves."""
    stamp = cloud.home.ring(DOORBELL)
    await until(hass, lambda: rings.seen)
    await settle(hass, cloud)
    time = dt_util.parse_datetime(stamp)
    assert rings.seen == [("ring", "ring", time.isoformat())]
    assert dt_util.parse_datetime(last_ring(hass).state) == time.replace(microsecond=0)


async def test_repeated_push(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """The same event told again, or an older one told late, rings nobody out of bed."""
    stamp = cloud.home.ring(DOORBELL)
    cloud.home.ring(DOORBELL, ts=stamp)
    cloud.home.ring(DOORBELL, ts="2026-01-01T00:00:00.000Z")
    cloud.home.ring(DOORBELL, ts=stamp, kind="motion")
    await settle(hass, cloud)
    assert len(rings.seen) == 1


async def test_two_rings(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """An impatient visitor rings twice."""
    stamps = [cloud.home.ring(DOORBELL), cloud.home.ring(DOORBELL)]
    await settle(hass, cloud)
    assert [dt_util.parse_datetime(time) for *_, time in rings.seen] == [
        dt_util.parse_datetime(stamp) for stamp in stamps
    ]


async def test_other_event(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """Something else than a ring says what it is, and is no ring to the sensor."""
    ring = cloud.home.ring(DOORBELL)
    cloud.home.ring(DOORBELL, kind="motion")
    await settle(hass, cloud)
    assert [(event_type, kind) for event_type, kind, _ in rings.seen] == [
        ("ring", "ring"),
        ("other", "motion"),
    ]
    time = dt_util.parse_datetime(ring).replace(microsecond=0)
    assert dt_util.parse_datetime(last_ring(hass).state) == time


async def test_odd_pushes(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """The transcript of odd pushes gives exactly the events it notes."""
    transcript = load_vectors("dio_chacon", "doorbell_odd")
    for step in transcript["steps"]:
        push = step["json"]
        cloud.home.ring(
            DOORBELL,
            kind=push["data"]["links"][0]["type"],
            ts=push["data"]["links"][0]["ts"],
            image=(push["data"]["links"][0]["data"] or {}).get("image"),
            empty=push["data"]["links"][0]["data"] is None,
        )
    await settle(hass, cloud)
    ring_times = [time for event_type, _, time in rings.seen if event_type == "ring"]
    assert [dt_util.parse_datetime(time) for time in ring_times] == [
        dt_util.parse_datetime(time) for time in transcript["expect"]["rings"]
    ]
    others = [kind for event_type, kind, _ in rings.seen if event_type == "other"]
    assert others == transcript["expect"]["other_events"]


async def test_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    doorbell: str,
    rings: Rings,
    cloud: SimulatedCloud,
) -> None:
    """What rang before a restart, or during it, does not ring after it."""
    cloud.home.ring(DOORBELL)
    await until(hass, lambda: rings.seen)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    missed = cloud.home.ring(DOORBELL)
    await setup(hass, loaded)
    await settle(hass, cloud)
    assert len(rings.seen) == 1
    time = dt_util.parse_datetime(missed).replace(microsecond=0)
    assert dt_util.parse_datetime(last_ring(hass).state) == time
    cloud.home.ring(DOORBELL)
    await settle(hass, cloud)
    assert len(rings.seen) == 2


@pytest.mark.parametrize("long", [False, True], ids=["blip", "outage"])
async def test_ring_during_an_outage(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud, long: bool
) -> None:
    """A ring that nobody heard moves the sensor and nothing else; the next one rings."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await cloud.link_down()
    await until_state(hass, connection, "off")
    if long:
        pass_time(hass, 11)
        assert hass.states.get(doorbell).state == STATE_UNAVAILABLE
    missed = cloud.home.ring(DOORBELL)
    await reconnect(hass, cloud)
    await settle(hass, cloud)
    assert rings.seen == []
    time = dt_util.parse_datetime(missed).replace(microsecond=0)
    assert dt_util.parse_datetime(last_ring(hass).state) == time
    cloud.home.ring(DOORBELL)
    await settle(hass, cloud)
    assert len(rings.seen) == 1


async def test_refresh_does_not_ring(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """An answer never rings, also when its event is news."""
    cloud.faults.arm("lost_push", device=DOORBELL)
    missed = cloud.home.ring(DOORBELL)
    cloud.faults.clear()
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")
    await act(hass, Platform.BUTTON, "press", button)
    assert rings.seen == []
    time = dt_util.parse_datetime(missed).replace(microsecond=0)
    assert dt_util.parse_datetime(last_ring(hass).state) == time


@pytest.mark.parametrize("hours", [-1, 1])
async def test_clock_is_off(
    freezer: FrozenDateTimeFactory,
    hass: HomeAssistant,
    home: Home,
    cloud: SimulatedCloud,
    entry: MockConfigEntry,
    hours: int,
) -> None:
    """Whether it rings does not depend on the clock of this machine."""
    home.pace.reaction_s = 0
    await setup(hass, entry)
    rings = Rings(hass, entity_id_of(hass, Platform.EVENT, DOORBELL))
    time = dt_util.utcnow() + timedelta(hours=hours)
    cloud.home.ring(DOORBELL, ts=time.isoformat(timespec="milliseconds"))
    await until(hass, lambda: rings.seen)
    assert len(rings.seen) == 1


async def test_unreachable_doorbell(
    hass: HomeAssistant, doorbell: str, rings: Rings, cloud: SimulatedCloud
) -> None:
    """A doorbell that the cloud does not reach is unavailable, and coming back is no ring."""
    cloud.home.set_connected(DOORBELL, connected=False)
    await until_state(hass, doorbell, STATE_UNAVAILABLE)
    cloud.home.set_connected(DOORBELL, connected=True)
    await until_state(hass, doorbell, STATE_UNKNOWN)
    await settle(hass, cloud)
    assert rings.seen == []
