"""The bridge of another Home Assistant, which runs in a process of its own: paired, operated, changed."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple
from unittest.mock import MagicMock

from homeassistant.config_entries import SOURCE_ZEROCONF, ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT, STATE_OFF, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_socket import enable_socket

from custom_components.hap_controller.const import DOMAIN
from tests.hap_controller.forms import start
from tests.hap_controller.protocol.running import HOST, until
from tests.support.forms import submit
from tests.support.rooms import act, state_of, unavailable, until_state

from .other_home import OtherHome

# It takes longer to start than all tests together.
pytestmark = pytest.mark.xdist_group("other home")

CONF_CODE = "pairing_code"
SIREN = "input_boolean.siren"


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherHome]:
    """Start the other Home Assistant, once for all tests."""
    enable_socket()
    home = OtherHome(tmp_path_factory.mktemp("other_home"))
    with home.running():
        yield home


@pytest.fixture
async def home(
    running_home: OtherHome, socket_enabled: None, mock_async_zeroconf: MagicMock
) -> AsyncIterator[OtherHome]:
    """Be its user; nothing is heard on the network."""
    async with running_home.visited():
        yield running_home


async def finish(hass: HomeAssistant, form: Any, code: str) -> ConfigEntry:
    """Enter the setup code."""
    result = await submit(hass, form, {CONF_CODE: code})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry: ConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


async def add(hass: HomeAssistant, port: int, code: str) -> ConfigEntry:
    """Add an accessory by host and port."""
    result = await start(hass, "manual")
    result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: port})
    return await finish(hass, result, code)


class Command(NamedTuple):
    """An action here, and the state that comes of it there."""

    action: str
    entity_id: str
    data: Mapping[str, Any]
    there: Mapping[str, Any]


class News(NamedTuple):
    """An action there, and the state that comes of it here."""

    action: str
    entity_id: str
    data: Mapping[str, Any]
    here: Mapping[str, Any]
    shown_by: str = ""
    """The entity here, when it is called otherwise than there."""


# Of each entity in this order.
COMMANDS = [
    Command(
        "turn_on",
        "light.lamp",
        {"hs_color": (210, 80), "brightness_pct": 40},
        {"state": "on", "brightness": 102, "hs_color": [210, 80]},
    ),
    Command("turn_on", "light.lamp", {"brightness_pct": 1}, {"state": "on", "brightness": 3}),
    Command("turn_off", "light.lamp", {}, {"state": "off"}),
    Command(
        "set_cover_position",
        "cover.blind",
        {"position": 73},
        {"state": "open", "current_position": 73},
    ),
    Command("close_cover", "cover.blind", {}, {"state": "closed", "current_position": 0}),
    Command("turn_on", "fan.fan", {"percentage": 30}, {"state": "on", "percentage": 30}),
    Command("turn_off", "fan.fan", {}, {"state": "off"}),
    Command("turn_on", "switch.pump", {}, {"state": "on"}),
    Command(
        "set_temperature",
        "climate.room",
        {"temperature": 23.5, "hvac_mode": "heat"},
        {"state": "heat", "temperature": 23.5, "hvac_action": "heating"},
    ),
    Command("set_hvac_mode", "climate.room", {"hvac_mode": "off"}, {"state": "off"}),
    Command("alarm_arm_night", "alarm_control_panel.alarm", {}, {"state": "armed_night"}),
    Command("alarm_disarm", "alarm_control_panel.alarm", {}, {"state": "disarmed"}),
]
NEWS = [
    News(
        "light.turn_on",
        "light.lamp",
        {"hs_color": (120, 50), "brightness": 128},
        {"state": "on", "hs_color": (120, 50), "brightness": 128},
    ),
    News("light.turn_off", "light.lamp", {}, {"state": "off"}),
    News(
        "cover.set_cover_position",
        "cover.blind",
        {"position": 40},
        {"state": "open", "current_position": 40},
    ),
    News("fan.turn_on", "fan.fan", {"percentage": 66}, {"state": "on", "percentage": 66}),
    News("switch.turn_off", "switch.pump", {}, {"state": "off"}),
    News(
        "input_boolean.turn_on", "input_boolean.motion", {}, {"state": "on"}, "binary_sensor.hall"
    ),
    News(
        "input_number.set_value",
        "input_number.temperature",
        {"value": 17.3},
        {"state": "17.3"},
        "sensor.cellar",
    ),
    News(
        "climate.set_temperature",
        "climate.room",
        {"temperature": 21, "hvac_mode": "heat"},
        {
            "state": "heat",
            "temperature": 21,
            "current_temperature": 17.3,
            "hvac_action": "heating",
        },
    ),
    News(
        "alarm_control_panel.alarm_arm_away",
        "alarm_control_panel.alarm",
        {},
        {"state": "armed_away"},
    ),
]


def turns[Row: Command | News](rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Take a row of each entity at once: values are told only after half a second, and then together."""
    by_entity: dict[str, list[Row]] = {}
    for row in rows:
        by_entity.setdefault(row.entity_id, []).append(row)
    for turn in zip_longest(*by_entity.values()):
        yield [row for row in turn if row]


async def until_here(hass: HomeAssistant, entity_id: str, wanted: Mapping[str, Any]) -> None:
    """Wait until a state here is as it should be."""

    def found() -> Mapping[str, Any]:
        state = state_of(hass, entity_id)
        return {**state.attributes, "state": state.state}

    try:
        await until(lambda: wanted.items() <= found().items())
    except TimeoutError:
        pytest.fail(f"{entity_id} is not {wanted} but {found()}")


async def test_operated(hass: HomeAssistant, home: OtherHome) -> None:
    """What is done here happens there, what happens there is shown here; removed, it can be paired anew."""
    entry = await add(hass, home.bridge_port, home.codes[home.bridge])
    assert entry.title == home.bridge
    assert not unavailable(hass)
    for commands in turns(COMMANDS):
        for action, entity_id, data, _ in commands:
            await act(hass, Platform(entity_id.partition(".")[0]), action, entity_id, **data)
        for _, entity_id, _, there in commands:
            await home.until_state(entity_id, there)
            await until_state(hass, entity_id, there["state"])
    for news in turns(NEWS):
        for each in news:
            await home.act(each.action, each.entity_id, **each.data)
        for each in news:
            await until_here(hass, each.shown_by or each.entity_id, each.here)
    await hass.config_entries.async_remove(entry.entry_id)
    again = await add(hass, home.bridge_port, home.codes[home.bridge])
    await until_here(hass, "cover.blind", {"state": "open", "current_position": 40})
    await hass.config_entries.async_remove(again.entry_id)


async def test_front_door(hass: HomeAssistant, home: OtherHome) -> None:
    """A lock that is an accessory by itself: locked and unlocked from here and there."""
    entry = await add(hass, home.door_port, home.codes[home.door])
    lock = "lock.front_door"
    assert state_of(hass, lock).state == STATE_UNKNOWN  # as it is there
    for action, state in (("lock", "locked"), ("unlock", "unlocked")):
        await act(hass, Platform.LOCK, action, lock)
        await home.until_state(lock, {"state": state})
        await until_state(hass, lock, state)
    for action, state in (("lock.lock", "locked"), ("lock.unlock", "unlocked")):
        await home.act(action, lock)
        await until_state(hass, lock, state)
    await hass.config_entries.async_remove(entry.entry_id)


async def test_changed(hass: HomeAssistant, home: OtherHome) -> None:
    """What is new in it appears while everything runs, and what is gone is unavailable."""
    entry = await add(hass, home.bridge_port, home.codes[home.bridge])
    coordinator = entry.runtime_data
    assert entry.unique_id

    async def follow(*entities: str) -> None:
        """Have the bridge offer other entities, and announce that."""
        home.configure(*entities)
        await home.act("homekit.reload")
        before = coordinator.client.configuration
        async with asyncio.timeout(60):
            while coordinator.client.configuration == before:
                found = await home.announcement(
                    entry.unique_id or "", home.bridge, home.bridge_port
                )
                context = {"source": SOURCE_ZEROCONF}
                result = await hass.config_entries.flow.async_init(
                    DOMAIN, context=context, data=found
                )
                assert result["reason"] == "already_configured"
                await asyncio.sleep(0.05)
        await hass.async_block_till_done()

    await follow()  # what it announces was not known so far
    await follow(SIREN)
    await until_state(hass, "switch.siren", STATE_OFF)
    await act(hass, Platform.SWITCH, "turn_on", "switch.siren")
    await home.until_state(SIREN, {"state": "on"})
    await follow()
    assert {"switch.siren", "button.siren_identify"} == unavailable(hass)
    assert entry.runtime_data is coordinator
    pump = (await home.state("switch.pump"))["state"]
    assert state_of(hass, "switch.pump").state == pump
    await hass.config_entries.async_remove(entry.entry_id)
