"""Devices of accessories, and when they go."""

from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import DOUBT_S
from custom_components.hap_controller.devices import is_serial, parse_unique_id
from custom_components.hap_controller.protocol.http import Response
from tests.support.rooms import setup, state_of, unavailable, until_state

from .home import LINK, Clock, devices_of, goes_away, home
from .living import (
    HOST,
    Json,
    Living,
    accessory,
    characteristic,
    flush,
    new_entry,
    redescribe,
    service,
)
from .protocol.running import until as soon


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


async def test_new_names(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """New names and versions are taken, those that the user gave stay."""
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    lamp_3 = next(each for each in devices if each.name == "Lamp 3")
    registry.async_update_device(lamp_3.id, name_by_user="Mine")
    accessories = home()
    for each in accessories[1:]:
        characteristics = each["services"][0]["characteristics"]
        for part in characteristics:
            if part["type"] == "NAME":
                part["value"] = "Shade"
            elif part["type"] == "FIRMWARE_REVISION":
                part["value"] = "2.0"
    await redescribe(hass, loaded, living, accessories)
    assert devices_of(hass, loaded) == ["Bridge", "Shade", "Shade"]
    changed = registry.async_get(lamp_3.id)
    assert changed
    assert (changed.name_by_user, changed.sw_version) == ("Mine", "2.0")
    assert state_of(hass, "switch.lamp_3").attributes["friendly_name"] == "Mine"


async def test_accessory_gone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """An accessory that the bridge lists no longer is unavailable, and goes when a second look confirms it."""
    await redescribe(hass, loaded, living, home(1))
    assert unavailable(hass) == {"switch.lamp_3", "button.lamp_3_identify"}
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    living.requests.clear()
    await clock.passes(61)
    await soon(lambda: living.asked("/accessories"))
    await flush(hass, loaded)
    await soon(lambda: devices_of(hass, loaded) == ["Bridge", "Lamp 2"])
    await hass.async_block_till_done()
    assert hass.states.get("switch.lamp_3") is None
    assert er.async_get(hass).async_get("switch.lamp_3") is None


async def test_accessory_back(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """One that is listed again stays what it was."""
    entity = er.async_get(hass).async_update_entity("switch.lamp_3", name="Mine")
    await redescribe(hass, loaded, living, home(1))
    await redescribe(hass, loaded, living, home())
    living.requests.clear()
    await clock.passes(61)
    await flush(hass, loaded)
    assert unavailable(hass) == set()
    assert er.async_get(hass).async_get("switch.lamp_3") == entity
    living.push(3, 100, True)
    await until_state(hass, "switch.lamp_3", STATE_ON)


async def test_empty_list(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A bridge that lists nothing, not even itself, is not ready, and is waited for."""
    living.redescribe([])
    loaded.runtime_data.announced(living.configuration, [HOST], living.port)
    await until_state(hass, LINK, STATE_OFF)
    await clock.passes(DOUBT_S + 1)
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    assert unavailable(hass) >= {"switch.lamp_2", "switch.lamp_3"}
    living.redescribe(home())
    loaded.runtime_data.announced(living.configuration, [HOST], living.port)
    await until_state(hass, "switch.lamp_2", STATE_OFF)
    assert unavailable(hass) == set()


async def test_bridge_that_just_started(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A list that lacks half of all is not believed for ten minutes."""
    await redescribe(hass, loaded, living, home()[:1])
    for _ in range(9):
        await clock.passes(60)
        await flush(hass, loaded)
    assert "Lamp 2" in devices_of(hass, loaded)
    await redescribe(hass, loaded, living, home())
    await clock.passes(DOUBT_S + 1)
    await flush(hass, loaded)
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    assert unavailable(hass) == set()


async def test_bridge_that_was_emptied(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """After ten minutes it is believed."""
    await redescribe(hass, loaded, living, home()[:1])
    living.requests.clear()
    await clock.passes(DOUBT_S + 1)
    await soon(lambda: living.asked("/accessories"))
    await soon(lambda: devices_of(hass, loaded) == ["Bridge"])


async def test_gone_without_a_link(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """While the bridge cannot be asked, nothing goes for good."""
    await redescribe(hass, loaded, living, home(1))
    await goes_away(hass, living)
    with patch("custom_components.hap_controller.protocol.client.READY_LIMIT_S", 0.01):
        await clock.passes(61)
        await hass.async_block_till_done()
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]


async def test_nothing_confirmed(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A device does not go as long as nobody could look again."""
    await redescribe(hass, loaded, living, home(1))
    living.answers = lambda request: Response(500) if request.target == "/accessories" else None
    for _ in range(2):
        living.requests.clear()
        await clock.passes(61)
        await soon(lambda: living.asked("/accessories"))
        await flush(hass, loaded)
        assert "Lamp 3" in devices_of(hass, loaded)
    living.answers = lambda request: None
    await clock.passes(61)
    await soon(lambda: "Lamp 3" not in devices_of(hass, loaded))


@pytest.mark.parametrize(
    ("unique_id", "place"),
    [
        ("AA_1", (1,)),
        ("AA_1_8", (1, 8)),
        ("AA_1_8_9", (1, 8, 9)),
        ("AA_1_8_dehumidifier", (1, 8)),
        ("AA_connection", None),
        ("AA_rssi", None),
        ("AA_1_x_y", None),
        ("AA", None),
        ("BB_1_8", None),
        ("homekit-AA-1-8", None),
    ],
)
def test_unique_ids(unique_id: str, place: tuple[int, ...] | None) -> None:
    """Unique ids tell what they are of; others are none of ours."""
    assert parse_unique_id("AA", unique_id) == place


@pytest.mark.parametrize(
    ("serial", "is_one"),
    [
        (None, False),
        ("", False),
        ("1", False),
        ("0.0", False),
        ("1.0", True),  # ten without its dot
        ("0.9", True),
        ("1.2.3", True),
        ("12345", True),
        ("nan", False),
        ("AB-1", True),
    ],
)
def test_serials(serial: str | None, is_one: bool) -> None:
    """Many serial numbers are none."""
    assert is_serial(serial) is is_one


async def test_moved_characteristic(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What is in another service now is another entity; the old one does not stay behind in the registry."""
    registry = er.async_get(hass)
    accessories = home()
    fault = characteristic("STATUS_FAULT", 0, iid=101)
    accessories[1]["services"].append(
        service("MOTION_SENSOR", characteristic("MOTION_DETECTED", True), fault, iid=98)
    )
    await redescribe(hass, loaded, living, accessories)
    before = registry.async_get("binary_sensor.lamp_2_problem")
    assert before
    accessories[1]["services"][2]["characteristics"].remove(fault)
    accessories[1]["services"][1]["characteristics"].append(fault)
    await redescribe(hass, loaded, living, accessories)
    assert unavailable(hass) == set()
    after = registry.async_get("binary_sensor.lamp_2_problem")
    assert after
    assert (before.unique_id.endswith("_2_98_101"), after.unique_id.endswith("_2_99_101")) == (
        True,
        True,
    )
    assert len(er.async_entries_for_device(registry, after.device_id or "")) == 4


@pytest.mark.parametrize(
    ("data", "number"),
    [
        ("AAECAwQFBgc=", "0001020304050607"),
        ("qrvM3e7/ABE=", "AABBCCDDEEFF0011"),
        ("AAECAwQFBg==", None),
        ("", None),
        ("no number", None),
        ("äöü", None),
    ],
)
async def test_product_number(
    hass: HomeAssistant, socket_enabled: None, network: object, data: str, number: str | None
) -> None:
    """The number that a product was given is that of its device, if it is one."""
    async with Living([accessory("Lamp", PRODUCT_DATA=data)]) as living:
        entry = new_entry(living)
        entry.add_to_hass(hass)
        await setup(hass, entry)
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert device.model_id == number
        assert await hass.config_entries.async_unload(entry.entry_id)
