"""What the HomeKit integration costs in Home Assistant, in counts: requests, state writes, modules."""

from typing import Any

from homeassistant.const import ATTR_ENTITY_ID, STATE_ON, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.children import Child
from benchmarks.ha.hap_controller.jobs import GROUP
from benchmarks.ha.hap_controller.rows import INTEGRATIONS, MAX_GROUP_REQUESTS, MAX_RELOAD_REQUESTS
from benchmarks.hap_controller import bridge
from benchmarks.hap_controller.bridge import LIGHTS, ON_IID
from benchmarks.table import OURS
from tests.hap_controller.conftest import entry, living, loaded, network, options  # noqa: F401  fixtures
from tests.hap_controller.living import Living, announce, flush
from tests.hap_controller.protocol.running import until
from tests.support.rooms import Writes, setup, state_of

from .counting import imported_by

# Of an accessory of which nothing is known: the description, subscriptions and values in requests of one frame each, and
# the two by which it shows that it bears larger ones.
MAX_FIRST_REQUESTS = 30
# The rooms of the component that a bridge of lights needs, with the forms and the core; measured 71, where the built-in
# integration has 120.
COMPONENT_MODULES = 75
# Beside lights: a button each, and what tells whether there is a link.
ENTITIES = 2 * LIGHTS + 2


@pytest.fixture
def accessories() -> list[dict[str, Any]]:
    """Describe the bridge of the benchmarks."""
    return bridge.lights(LIGHTS)


def light_of(number: int) -> str:
    """Name the entity of an accessory."""
    return f"light.accessory_{number}"


async def test_requests_of_a_large_bridge(
    hass: HomeAssistant,
    entry: MockConfigEntry,  # noqa: F811
    living: Living,  # noqa: F811
) -> None:
    """A hundred lights come up in some thirty requests the first time, and in a handful from then on."""
    await setup(hass, entry)
    await until(lambda: entry.runtime_data.client.takes_large is True)
    assert len(hass.states.async_all()) == ENTITIES
    assert len(living.requests) <= MAX_FIRST_REQUESTS
    living.requests.clear()
    await announce(hass, entry, living)
    await until(lambda: [method for method, _ in living.requests] == ["GET", "PUT", "PUT", "GET"])
    living.requests.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert len(living.requests) <= MAX_RELOAD_REQUESTS
    assert len(living.subscribed) == 4 * LIGHTS
    living.requests.clear()
    await _check_group(hass, living)
    await _check_pushes(hass, entry, living)


async def _check_group(hass: HomeAssistant, living: Living) -> None:  # noqa: F811
    """An action on fifty lights is one or two requests, and each is written once."""
    lights = [light_of(number) for number in range(2, GROUP + 2)]
    writes = Writes(hass)
    await _switch(hass, "turn_off", lights)
    await hass.async_block_till_done()
    writes.entities.clear()
    living.requests.clear()
    await _switch(hass, "turn_on", lights)
    await hass.async_block_till_done()
    assert 1 <= len(living.requests) <= MAX_GROUP_REQUESTS
    assert sorted(writes.entities) == sorted(lights)
    assert all(state_of(hass, each).state == STATE_ON for each in lights)


async def _switch(hass: HomeAssistant, action: str, lights: list[str]) -> None:
    target = {ATTR_ENTITY_ID: lights}
    await hass.services.async_call(Platform.LIGHT, action, target, blocking=True)


async def _check_pushes(
    hass: HomeAssistant,
    entry: MockConfigEntry,  # noqa: F811
    living: Living,  # noqa: F811
) -> None:
    """One value is written by the one entity that shows it; what is told again is not."""
    writes = Writes(hass)
    for on in (False, False, True, True, False):
        living.push(2, ON_IID, on)
    living.push(3, bridge.BRIGHTNESS_IID, 7)
    await flush(hass, entry)
    assert writes.entities == [light_of(2)] * 3 + [light_of(3)]


def test_modules(importer: Child) -> None:
    """The integration brings its own rooms, and of others what derives keys."""
    modules = imported_by(importer, *INTEGRATIONS[OURS])
    foreign = [each for each in modules if not each.startswith("custom_components")]
    assert all(each.startswith("cryptography.") for each in foreign), foreign
    assert len(modules) <= COMPONENT_MODULES
