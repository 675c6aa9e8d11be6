"""What the Home Connect integration costs in Home Assistant, in counts: state writes, messages, modules."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.children import Child
from benchmarks.ha.home_connect_local.rows import INTEGRATIONS
from benchmarks.table import OURS
from simulators.home_connect_local import SimulatedAppliance
from tests.home_connect_local.conftest import all_enabled, entry, loaded, name, options, simulated  # noqa: F401  fixtures
from tests.home_connect_local.helpers import Writes, act, entity_id_of, until

from .counting import imported_by
from .test_home_connect_local_core import START

# The rooms of the component with those of its core; measured 53.
COMPONENT_MODULES = 56


def said(simulated: SimulatedAppliance) -> list[str]:  # noqa: F811
    """List what the client said, in order."""
    return [message.resource for message in simulated.messages()]


async def test_messages_of_a_set_up(
    loaded: MockConfigEntry,  # noqa: F811
    simulated: SimulatedAppliance,  # noqa: F811
) -> None:
    """Entities ask for nothing by themselves: setting up costs what the core's start does."""
    assert said(simulated) == START
    assert len(simulated.sessions) == 1


@pytest.mark.usefixtures("all_enabled")
async def test_one_write_per_entity_of_a_push(
    hass: HomeAssistant,
    loaded: MockConfigEntry,  # noqa: F811
    simulated: SimulatedAppliance,  # noqa: F811
) -> None:
    """One value is written by the entities that show it, once each, and by no other."""
    assert len(hass.states.async_all()) > 60
    child_lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    writes = Writes(hass)
    for on in (True, False, True):
        writes.entities.clear()
        simulated.appliance.tell({"BSH.Common.Setting.ChildLock": on})
        await until(hass, lambda: bool(writes.entities))
        await hass.async_block_till_done()
        assert writes.entities == [child_lock]


@pytest.mark.usefixtures("all_enabled")
async def test_a_repeated_push_writes_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,  # noqa: F811
    simulated: SimulatedAppliance,  # noqa: F811
) -> None:
    """What an appliance tells again, as some do each second, costs no state."""
    child_lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    writes = Writes(hass)
    simulated.flood(50, 539)
    simulated.appliance.tell({"BSH.Common.Setting.ChildLock": True})
    await until(hass, lambda: bool(writes.entities))
    assert loaded.runtime_data.client.statistics.pushes > 50
    await hass.async_block_till_done()
    assert writes.entities == [child_lock]


async def test_an_action_is_one_message(
    hass: HomeAssistant,
    loaded: MockConfigEntry,  # noqa: F811
    simulated: SimulatedAppliance,  # noqa: F811
) -> None:
    """A setting is made with one message, and written when it has been told."""
    switch = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    before, writes = len(said(simulated)), Writes(hass)
    await act(hass, Platform.SWITCH, "turn_on", switch)
    await until(hass, lambda: bool(writes.entities))
    await hass.async_block_till_done()
    assert said(simulated)[before:] == ["/ro/values"]
    assert writes.entities == [switch]


def test_modules(importer: Child) -> None:
    """The integration brings its own rooms and nothing that a running Home Assistant has not loaded."""
    modules = imported_by(importer, *INTEGRATIONS[OURS])
    assert [each for each in modules if not each.startswith("custom_components")] == []
    assert len(modules) <= COMPONENT_MODULES
