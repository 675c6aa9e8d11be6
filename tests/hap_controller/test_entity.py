"""What all entities share: who is woken by what, and how they follow a new description."""

from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.switch import ServiceSwitch
from tests.support.rooms import Writes, act, state_of

from .living import Json, Living, accessory, characteristic, flush, poll, redescribe, service
from .rows import entity_id_of


def strip(*outlets: Json) -> list[Json]:
    """Describe a power strip."""
    return [accessory("Strip", *outlets)]


def outlet(number: int, *more: Json, name: str | None = None) -> Json:
    """Describe one of its outlets."""
    return service(
        "OUTLET",
        characteristic("ON", False, iid=100 * number + 1),
        characteristic("OUTLET_IN_USE", False, iid=100 * number + 2),
        characteristic("NAME", name or f"Outlet {number}", iid=100 * number + 3),
        *more,
        iid=100 * number,
    )


@pytest.fixture
def accessories() -> list[Json]:
    """Give a strip with two outlets."""
    return strip(outlet(1), outlet(2))


ONE, TWO = "switch.strip_outlet_1", "switch.strip_outlet_2"


async def test_woken_by_what_it_shows(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A pushed value wakes those that show it and no others, and what is no news nobody."""
    writes = Writes(hass)
    living.push(1, 101, True)
    await flush(hass, loaded)
    assert writes.entities == [ONE]
    living.push(1, 101, True)
    await flush(hass, loaded)
    assert writes.entities == [ONE]
    living.push(1, 202, True)
    await flush(hass, loaded)
    assert writes.entities == [ONE, "binary_sensor.strip_outlet_2_in_use"]


async def test_woken_once(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """However much of a push concerns an entity, it writes its state once."""
    accessories = [
        accessory(
            "Lamp",
            service(
                "LIGHTBULB",
                characteristic("ON", False, iid=500),
                characteristic("BRIGHTNESS", 10, iid=501),
                iid=499,
            ),
        )
    ]
    await redescribe(hass, loaded, living, accessories)
    lamp = entity_id_of(hass, Platform.LIGHT, 1, 499)
    writes = Writes(hass)
    living.set(1, 500, True)
    living.set(1, 501, 50)
    await loaded.runtime_data.client.read([(1, 500), (1, 501)])
    await flush(hass, loaded)
    assert writes.entities == [lamp]
    assert state_of(hass, lamp).attributes["brightness"] == 128


async def test_own_command(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What was written is shown at once: the accessory does not tell it to who wrote it."""
    await act(hass, Platform.SWITCH, "turn_on", ONE)
    assert state_of(hass, ONE).state == STATE_ON
    assert state_of(hass, TWO).state == STATE_OFF


async def test_disabled(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What nobody wants is not asked for."""
    registry = er.async_get(hass)
    registry.async_update_entity(TWO, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    await poll(hass, loaded, living)
    asked = living.asked("/characteristics")[-1].partition("=")[2].split(",")
    assert sorted(asked) == ["1.101", "1.102", "1.202"]


async def test_new_objects(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Entities of services and of characteristics go on under a new description, and are not made anew."""
    registry = er.async_get(hass)
    before = {entity.id for entity in registry.entities.values()}
    await redescribe(hass, loaded, living, strip(outlet(1), outlet(2), outlet(3)))
    assert before < {entity.id for entity in registry.entities.values()}
    living.push(1, 101, True)
    living.push(1, 102, True)
    await flush(hass, loaded)
    assert state_of(hass, ONE).state == STATE_ON
    assert state_of(hass, "binary_sensor.strip_outlet_1_in_use").state == STATE_ON
    await act(hass, Platform.SWITCH, "turn_on", "switch.strip_outlet_3")
    assert living.writes[-1] == (1, 301, 1)


async def test_new_names(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A new name of a service is the entity's, unless the user gave it one; ids stay."""
    registry = er.async_get(hass)
    registry.async_update_entity(TWO, name="Mine")
    accessories = strip(outlet(1, name="Lamp"), outlet(2, name="Fan"))
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, ONE).attributes["friendly_name"] == "Strip Lamp"
    assert state_of(hass, TWO).attributes["friendly_name"] == "Mine"
    entities = [registry.async_get(each) for each in (ONE, TWO)]
    assert [each and each.original_name for each in entities] == ["Lamp", "Fan"]


async def test_gone_and_back(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is gone leaves its place to what comes back."""
    await redescribe(hass, loaded, living, strip(outlet(1)))
    assert hass.states.get(TWO) is None
    assert er.async_get(hass).async_get(TWO) is None
    # The only outlet has no name of its own now, but keeps its id.
    assert state_of(hass, ONE).attributes["friendly_name"] == "Strip"
    await redescribe(hass, loaded, living, strip(outlet(1), outlet(2)))
    assert state_of(hass, TWO).state == STATE_OFF
    assert state_of(hass, ONE).attributes["friendly_name"] == "Strip Outlet 1"
    living.push(1, 201, True)
    await flush(hass, loaded)
    assert state_of(hass, TWO).state == STATE_ON


async def test_same_number_other_kind(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A number that means something else now is another entity; one of the same kind takes the place."""
    accessories = strip(outlet(1), service("SWITCH", characteristic("ON", True, iid=201), iid=200))
    await redescribe(hass, loaded, living, accessories)
    entity_id = entity_id_of(hass, Platform.SWITCH, 1, 200)
    assert state_of(hass, entity_id).state == STATE_ON
    assert state_of(hass, entity_id).attributes["device_class"] == "switch"
    await act(hass, Platform.SWITCH, "turn_off", entity_id)
    assert living.writes == [(1, 201, 0)]


async def test_no_longer_complete(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A service that lost what its entity needs loses the entity; so does a characteristic that moved."""
    bare = service("OUTLET", characteristic("OUTLET_IN_USE", False, iid=202), iid=200)
    moved = service(
        "OUTLET", characteristic("ON", False, iid=101), characteristic("NAME", "A"), iid=100
    )
    other = service("OUTLET", characteristic("OUTLET_IN_USE", True, iid=102), iid=300)
    await redescribe(hass, loaded, living, strip(moved, bare, other))
    assert hass.states.get(TWO) is None
    assert entity_id_of(hass, Platform.BINARY_SENSOR, 1, 300, 102)
    in_use = {
        state.entity_id: state.state
        for state in hass.states.async_all(Platform.BINARY_SENSOR)
        if state.attributes["device_class"] == "power"
    }
    assert sorted(in_use.values()) == [STATE_OFF, STATE_ON]


async def test_odd_accessory(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    living: Living,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One that cannot be shown does not take the others along."""
    living.redescribe(
        [
            accessory("Bridge"),
            accessory("Odd", outlet(1), aid=2),
            accessory("Even", outlet(1), aid=3),
        ]
    )
    original = ServiceSwitch._describe

    def describe(switch: ServiceSwitch) -> Any:
        if switch.accessory.aid == 2:
            raise ZeroDivisionError
        return original(switch)

    with patch.object(ServiceSwitch, "_describe", describe):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    assert state_of(hass, "switch.even").state == STATE_OFF
    assert hass.states.get("switch.odd") is None
    assert hass.states.get("binary_sensor.odd_in_use")
    assert "Accessory 2 has entities that cannot be made" in caplog.text
