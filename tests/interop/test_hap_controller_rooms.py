"""Accessories of others in Home Assistant: **HAP-python** bridges, added through the form and operated end to end."""

from collections.abc import Mapping
from functools import partial
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import MagicMock

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.hap_controller.const import DOMAIN
from tests.hap_controller.forms import reopen, start
from tests.hap_controller.protocol.running import HOST, until
from tests.support.forms import submit
from tests.support.rooms import act, note_states, pass_time, state_of, unavailable, until_state

from .test_hap_controller_client import CODE, KINDS, Witness

CONF_CODE = "pairing_code"
WRONG_CODE = "031-45-155"
LINK = "binary_sensor.bridge_connection"


@pytest.fixture(autouse=True)
def network(socket_enabled: None, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Hear nothing on the network: all are added by host and port."""
    return mock_async_zeroconf


async def add(hass: HomeAssistant, port: int, code: str = CODE) -> ConfigEntry:
    """Add an accessory as a user does who knows its address."""
    result = await start(hass, "manual")
    result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: port})
    assert result["step_id"] == "pair"
    result = await submit(hass, result, {CONF_CODE: code})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry: ConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


class Command(NamedTuple):
    """An action, and what it is to the accessory."""

    accessory: str
    entity_id: str
    action: str
    data: dict[str, Any]
    written: dict[str, Any]
    """Values by names of characteristics."""


# In this order, each on top of what was before.
COMMANDS = [
    Command("Lamp", "light.lamp", "turn_on", {"brightness_pct": 40}, {"On": 1, "Brightness": 40}),
    Command(
        "Lamp",
        "light.lamp",
        "turn_on",
        {"hs_color": (210, 80)},
        {"On": 1, "Hue": 210, "Saturation": 80},
    ),
    Command("Lamp", "light.lamp", "turn_off", {}, {"On": 0}),
    Command("Lock", "lock.lock", "lock", {}, {"LockTargetState": 1}),
    Command("Lock", "lock.lock", "unlock", {}, {"LockTargetState": 0}),
    Command("Garage", "cover.garage", "close_cover", {}, {"TargetDoorState": 1}),
    Command("Blind", "cover.blind", "set_cover_position", {"position": 73}, {"TargetPosition": 73}),
    Command(
        "Blind",
        "cover.blind",
        "set_cover_tilt_position",
        {"tilt_position": 25},
        {"TargetHorizontalTiltAngle": -45},
    ),
    Command("Blind", "cover.blind", "open_cover", {}, {"TargetPosition": 100}),
    Command(
        "Thermostat",
        "climate.thermostat",
        "set_temperature",
        {"temperature": 21.5, "hvac_mode": "heat"},
        {"TargetHeatingCoolingState": 1, "TargetTemperature": 21.5},
    ),
    Command(
        "Thermostat",
        "climate.thermostat",
        "set_hvac_mode",
        {"hvac_mode": "cool"},
        {"TargetHeatingCoolingState": 2},
    ),
    Command(
        "Thermostat",
        "select.thermostat_temperature_display_units",
        "select_option",
        {"option": "fahrenheit"},
        {"TemperatureDisplayUnits": 1},
    ),
    Command("Fan", "fan.fan", "turn_on", {"percentage": 30}, {"Active": 1, "RotationSpeed": 30}),
    Command("Fan", "fan.fan", "turn_off", {}, {"Active": 0}),
    Command("Outlet", "switch.outlet", "turn_on", {}, {"On": 1}),
    Command(
        "Alarm",
        "alarm_control_panel.alarm",
        "alarm_arm_night",
        {},
        {"SecuritySystemTargetState": 2},
    ),
]


class News(NamedTuple):
    """Something that happens at an accessory, and what is shown then."""

    accessory: str
    value: tuple[str, Any]
    entity_id: str
    state: str
    attributes: Mapping[str, Any] = MappingProxyType({})


async def until_shown(hass: HomeAssistant, news: News) -> None:
    """Wait until something that happened is shown."""

    def shown() -> bool:
        state = state_of(hass, news.entity_id)
        return state.state == news.state and news.attributes.items() <= state.attributes.items()

    try:
        await until(shown)
    except TimeoutError:
        pytest.fail(f"{news} is shown as {state_of(hass, news.entity_id)}")


# Of each accessory in this order, each on top of what was before.
NEWS = [
    News("Lamp", ("On", True), "light.lamp", "on"),
    News("Lamp", ("Brightness", 50), "light.lamp", "on", {"brightness": 128}),
    News("Lamp", ("Saturation", 80), "light.lamp", "on", {"hs_color": (0, 80)}),
    News("Lamp", ("Hue", 120), "light.lamp", "on", {"hs_color": (120, 80)}),
    News("Lock", ("LockTargetState", 1), "lock.lock", "locking"),
    News("Lock", ("LockCurrentState", 1), "lock.lock", "locked"),
    News("Lock", ("LockCurrentState", 2), "lock.lock", "jammed"),
    News("Lock", ("LockCurrentState", 3), "lock.lock", "unknown"),
    News("Garage", ("CurrentDoorState", 2), "cover.garage", "opening"),
    News("Garage", ("CurrentDoorState", 4), "cover.garage", "open"),
    News("Garage", ("ObstructionDetected", True), "binary_sensor.garage_obstruction", "on"),
    News("Blind", ("PositionState", 2), "cover.blind", "closed", {"current_position": 0}),
    News("Blind", ("PositionState", 1), "cover.blind", "opening"),
    News("Blind", ("CurrentPosition", 60), "cover.blind", "opening", {"current_position": 60}),
    News("Blind", ("PositionState", 2), "cover.blind", "open"),
    News(
        "Blind",
        ("CurrentHorizontalTiltAngle", -90),
        "cover.blind",
        "open",
        {"current_tilt_position": 0},
    ),
    News(
        "Thermostat",
        ("CurrentTemperature", 19.5),
        "climate.thermostat",
        "off",
        {"current_temperature": 19.5, "hvac_action": "off"},
    ),
    News("Thermostat", ("TargetHeatingCoolingState", 1), "climate.thermostat", "heat"),
    News(
        "Thermostat",
        ("CurrentHeatingCoolingState", 1),
        "climate.thermostat",
        "heat",
        {"hvac_action": "heating"},
    ),
    News("Thermostat", ("CurrentRelativeHumidity", 45), "sensor.thermostat_current_humidity", "45"),
    News("Fan", ("Active", 1), "fan.fan", "on"),
    News("Fan", ("RotationSpeed", 66), "fan.fan", "on", {"percentage": 66}),
    News("Outlet", ("OutletInUse", True), "binary_sensor.outlet_in_use", "on"),
    News("Temperature", ("CurrentTemperature", 23.4), "sensor.temperature", "23.4"),
    News("Temperature", ("StatusLowBattery", 1), "binary_sensor.temperature_low_battery", "on"),
    News("Motion", ("MotionDetected", True), "binary_sensor.motion", "on"),
    News("Alarm", ("SecuritySystemCurrentState", 3), "alarm_control_panel.alarm", "arming"),
    News("Alarm", ("SecuritySystemCurrentState", 1), "alarm_control_panel.alarm", "armed_away"),
    News("Alarm", ("SecuritySystemCurrentState", 4), "alarm_control_panel.alarm", "triggered"),
]


async def test_commands(hass: HomeAssistant, tmp_path: Path) -> None:
    """Every action arrives at the accessory as it was meant; none is carried out when the accessory refuses."""
    async with Witness(tmp_path) as witness:
        entry = await add(hass, witness.port)
        assert entry.title == "Bridge"
        for command in COMMANDS:
            got: dict[str, Any] = {}
            for name in command.written:
                there, _ = witness.characteristic(command.accessory, name)
                there.setter_callback = partial(got.__setitem__, name)
            platform = Platform(command.entity_id.partition(".")[0])
            await act(hass, platform, command.action, command.entity_id, **command.data)
            assert got == command.written, command
        await act(hass, Platform.BUTTON, "press", "button.fan_identify")
        lock, _ = witness.characteristic("Lock", "LockTargetState")

        def fail(_value: int) -> None:
            raise ValueError("the bolt is stuck")

        lock.setter_callback = fail
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, Platform.LOCK, "lock", "lock.lock")
        assert caught.value.translation_domain == DOMAIN
        assert state_of(hass, "lock.lock").state == "unlocked"
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_news(hass: HomeAssistant, tmp_path: Path) -> None:
    """Every value that is set there is shown here, and presses of a button one by one."""
    async with Witness(tmp_path) as witness:
        entry = await add(hass, witness.port)
        assert not unavailable(hass)
        by_accessory = [[each for each in NEWS if each.accessory == name] for name in KINDS]
        for at_once in zip_longest(*by_accessory):
            for news in filter(None, at_once):
                there, _ = witness.characteristic(news.accessory, news.value[0])
                there.set_value(news.value[1])
            for news in filter(None, at_once):
                await until_shown(hass, news)
        press, _ = witness.characteristic("Button", "ProgrammableSwitchEvent")
        presses = note_states(hass, Platform.EVENT)
        kinds: list[str] = []
        for value, kind in ((0, "single_press"), (0, "single_press"), (2, "long_press")):
            press.set_value(value)
            kinds.append(kind)
            await until(lambda: len(presses) == len(kinds))
        assert [state.attributes["event_type"] for state in presses] == kinds
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("kind", ["Lamp", "Lock", "Thermostat", "Temperature"])
async def test_alone(hass: HomeAssistant, tmp_path: Path, kind: str) -> None:
    """An accessory that is no bridge's has the entities that it would have behind one."""
    async with Witness(tmp_path, alone=kind) as witness:
        result = await start(hass, "manual")
        result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: witness.port})
        result = await submit(hass, result, {CONF_CODE: WRONG_CODE})
        assert result["errors"] == {CONF_CODE: "authentication_error"}
        result = await submit(hass, result, {CONF_CODE: CODE})
        entry = result["result"]
        assert entry.title == kind
        await hass.async_block_till_done()
        own = {news.entity_id for news in NEWS if news.accessory == kind}
        assert own < {state.entity_id for state in hass.states.async_all()}
        news = next(news for news in NEWS if news.accessory == kind)
        there, _ = witness.characteristic(kind, news.value[0])
        there.set_value(news.value[1])
        await until_shown(hass, news)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_whole_life(hass: HomeAssistant, tmp_path: Path) -> None:
    """Restarted, it comes back; reset, it is paired again into its entry; removed, it is free for others."""
    async with Witness(tmp_path) as witness:
        entry = await add(hass, witness.port)
        assert len(hass.states.async_entity_ids(Platform.BUTTON)) == 1 + len(KINDS)
        await witness.stop()
        await until_state(hass, LINK, "off")
        assert not unavailable(hass)
        pass_time(hass, 11)
        await until_state(hass, "lock.lock", STATE_UNAVAILABLE)
        await witness.start()
        there, _ = witness.characteristic("Outlet", "On")
        there.set_value(True)
        entry.runtime_data.announced(None, [HOST], witness.port)
        await until_state(hass, "switch.outlet", STATE_ON)
        assert not unavailable(hass)

        identity, (controller,) = witness.driver.state.mac, witness.driver.state.paired_clients
        witness.driver.unpair(controller)
        await witness.stop()
        await until_state(hass, LINK, "off")
        await witness.start()
        assert witness.driver.state.mac == identity
        entry.runtime_data.announced(None, [HOST], witness.port)
        await until_state(hass, "lock.lock", STATE_UNAVAILABLE)
        await hass.async_block_till_done()
        (form,) = hass.config_entries.flow.async_progress()
        assert form["context"]["source"] == SOURCE_REAUTH
        result = await reopen(hass, form)
        result = await submit(hass, result, {})
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reauth_successful"
        await until_state(hass, "lock.lock", "unlocked")

        await hass.config_entries.async_remove(entry.entry_id)
        assert not witness.driver.state.paired
        again = await add(hass, witness.port)
        assert await hass.config_entries.async_unload(again.entry_id)
