"""What the DIO integration costs in Home Assistant, in counts: state writes, requests, modules."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.children import Child
from benchmarks.ha.dio_chacon.rows import INTEGRATIONS
from benchmarks.table import OURS
from custom_components.dio_chacon.const import DOMAIN
from simulators.dio_chacon import Home, Pace, SimulatedCloud, large_home
from tests.dio_chacon.helpers import Writes, entry_data, setup, until

from .counting import COMPONENT_MODULES, imported_by

DEVICES = 60
SWITCH, LEVEL = "oic.r.switch.binary", "oic.r.openlevel"


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve a home with twenty shutters, light switches and plugs each."""
    async with SimulatedCloud(large_home(DEVICES, pace=Pace(speed=100))) as cloud:
        yield cloud


@pytest.fixture
async def entry(hass: HomeAssistant, cloud: SimulatedCloud) -> AsyncIterator[MockConfigEntry]:
    """Set an entry up, and unload it before the cloud goes."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id=cloud.home.user["id"], data=entry_data(cloud))
    entry.add_to_hass(hass)
    await setup(hass, entry)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


def everything_reports(home: Home) -> int:
    """Let every device report one new value by hand; gives how many did."""
    for device in home.devices.values():
        if device.has(SWITCH):
            home.press(device.device_id)
        else:
            level = int(device.read(LEVEL, "openLevel"))
            home.write(device.device_id, LEVEL, {"openLevel": level - 1})
    return len(home.devices)


async def test_one_write_per_push(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Sixty devices with some hundred and sixty entities: sixty pushes are sixty writes."""
    assert len(hass.states.async_all()) > 2 * DEVICES
    writes = Writes(hass)
    for _ in range(3):
        writes.entities.clear()
        assert everything_reports(cloud.home) == DEVICES
        await until(hass, lambda: len(writes.entities) >= DEVICES)
        await hass.async_block_till_done()
        assert len(writes.entities) == len(set(writes.entities)) == DEVICES


async def test_requests_of_a_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Entities ask for nothing by themselves: setting up costs what the core's start does."""
    asked = [f"{request.method} {request.path}" for request in cloud.requests()]
    assert asked == [
        "GET /user",
        "GET /device",
        "GET /room",
        "POST /device/states",
        "POST /device/states",
    ]
    assert [item.what for item in cloud.received].count("login") == 1
    assert len(cloud.sessions) == 1


async def test_updating_all_entities_is_one_request(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Who asks for fifty states at once makes one request of it."""
    switches = hass.states.async_entity_ids("switch")[:50]
    cloud.journal.clear()
    entities = [hass.data["switch"].get_entity(entity_id) for entity_id in switches]
    for entity in entities:
        entity.async_schedule_update_ha_state(force_refresh=True)
    await until(hass, lambda: cloud.requests("states"))
    await hass.async_block_till_done()
    assert len(cloud.requests("states")) == 1


def test_modules(importer: Child) -> None:
    """The integration brings its own rooms and nothing that a running Home Assistant has not loaded."""
    modules = imported_by(importer, *INTEGRATIONS[OURS])
    assert [name for name in modules if not name.startswith("custom_components")] == []
    assert len(modules) <= COMPONENT_MODULES
