"""What the Homismart integration costs in Home Assistant, in counts: state writes, frames, modules."""

from collections.abc import AsyncIterator

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.children import Child
from benchmarks.ha.homismart.rows import INTEGRATIONS
from benchmarks.table import OURS
from simulators.homismart import Home, Pace, SimulatedCloud, large_home
from tests.homismart.helpers import LIST, SET, Writes, act, new_entry, setup, until

from .counting import COMPONENT_MODULES, imported_by

DEVICES = 60
LOGIN = "0002"


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve a home with twenty light switches, sockets and curtains each."""
    async with SimulatedCloud(large_home(DEVICES, pace=Pace(speed=100))) as cloud:
        yield cloud


@pytest.fixture
async def entry(hass: HomeAssistant, cloud: SimulatedCloud) -> AsyncIterator[MockConfigEntry]:
    """Set an entry up, and unload it before the cloud goes."""
    entry = new_entry(cloud)
    entry.add_to_hass(hass)
    await setup(hass, entry)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


def requests(cloud: SimulatedCloud) -> list[str]:
    """List the frames of clients, in order."""
    return [entry.prefix for entry in cloud.received if entry.what == "request"]


def everything_reports(home: Home, level: int) -> None:
    """Let every device report one new value by hand."""
    for device_id, device in home.devices.items():
        if device.has("curtainState"):
            home.write(device_id, {"curtainState": str(200 + level)})
        elif not device.is_hub:
            home.press(device_id)


async def test_one_write_per_push(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Sixty devices with twice as many entities: sixty pushes, new times and all, are sixty writes."""
    assert len(hass.states.async_all()) > 2 * DEVICES
    writes = Writes(hass)
    for level in (10, 20, 30):
        writes.entities.clear()
        everything_reports(cloud.home, level)
        await until(hass, lambda: len(writes.entities) >= DEVICES)
        await hass.async_block_till_done()
        assert len(writes.entities) == len(set(writes.entities)) == DEVICES


async def test_frames_of_a_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Entities ask for nothing by themselves: setting up costs what the core's start does."""
    assert requests(cloud) == [LOGIN, LIST]
    assert len(cloud.sessions) == 1


async def test_an_action_is_one_frame(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A light is switched with one frame, and written when it is asked for, has reported, and is settled."""
    light = hass.states.async_entity_ids(Platform.LIGHT)[0]
    cloud.journal.clear()
    writes = Writes(hass)
    await act(hass, Platform.LIGHT, "turn_on", light)
    await hass.async_block_till_done()
    assert requests(cloud) == [SET]
    assert len(writes.entities) <= 3
    assert set(writes.entities) == {light}


async def test_updating_all_entities_is_one_list(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Who asks for twenty states at once makes one list of it, or one more when one is on its way."""
    lights = hass.states.async_entity_ids(Platform.LIGHT)
    cloud.journal.clear()
    entities = [hass.data["light"].get_entity(entity_id) for entity_id in lights]
    for entity in entities:
        entity.async_schedule_update_ha_state(force_refresh=True)
    await until(hass, lambda: LIST in requests(cloud))
    await hass.async_block_till_done()
    assert set(requests(cloud)) == {LIST}
    assert len(requests(cloud)) <= 2


def test_modules(importer: Child) -> None:
    """The integration brings its own rooms and nothing that a running Home Assistant has not loaded."""
    modules = imported_by(importer, *INTEGRATIONS[OURS])
    assert [name for name in modules if not name.startswith("custom_components")] == []
    assert len(modules) <= COMPONENT_MODULES
