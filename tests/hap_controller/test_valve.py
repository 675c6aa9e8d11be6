"""Valves and faucets, and the form that they had in the built-in integration."""

from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_VALVES_AS_SWITCHES
from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of

from .living import Living, poll, read_database, redescribe
from .test_cover import pushed

RAIN = "valve.shower_rain"


@pytest.mark.parametrize("name", ["shower"])
async def test_valve(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """It opens while it waits for water, and closes while water still flows."""
    active, in_use = living.find("VALVE", "ACTIVE"), living.find("VALVE", "IN_USE")
    state = state_of(hass, RAIN)
    assert (state.state, state.attributes["valve_type"]) == ("closed", "shower_head")
    for values, shown in (
        ([(active, 1)], "opening"),
        ([(in_use, 1)], "open"),
        ([(active, 0)], "closing"),
        ([(in_use, 0)], "closed"),
        ([(in_use, 7)], "closed"),
        ([(active, 7)], "unknown"),
    ):
        await pushed(hass, loaded, living, *values)
        assert state_of(hass, RAIN).state == shown
    # A valve that cannot be asked may have been opened since.
    await pushed(hass, loaded, living, (active, 0))
    for status, shown in ((HapStatus.TIMED_OUT, "unknown"), (0, "closed")):
        living.fail(*active, status)
        await poll(hass, loaded, living)
        assert state_of(hass, RAIN).state == shown
    await act(hass, Platform.VALVE, "open_valve", RAIN)
    await act(hass, Platform.VALVE, "close_valve", RAIN)
    assert living.written == [[(*active, 1)], [(*active, 0)]]
    # The faucet is the main switch of both.
    assert {each.entity_id for each in hass.states.async_all(Platform.VALVE)} == {
        RAIN,
        "valve.shower_hand",
    }
    assert hass.states.async_entity_ids(Platform.SWITCH) == ["switch.shower"]


@pytest.mark.parametrize("name", ["faucet"])
async def test_faucet(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A faucet on its own is a valve; when it has valves it becomes their switch."""
    active = living.find("FAUCET", "ACTIVE")
    await act(hass, Platform.VALVE, "open_valve", "valve.kitchen_tap")
    assert living.written == [[(*active, 1)]]
    assert state_of(hass, "valve.kitchen_tap").state == "open"
    await redescribe(hass, loaded, living, read_database("shower"))
    assert hass.states.async_entity_ids(Platform.SWITCH)
    assert "valve.kitchen_tap" not in hass.states.async_entity_ids(Platform.VALVE)


@pytest.mark.parametrize("name", ["sprinklers"])
async def test_valves_with_labels(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Valves bear their names or their labels; one that nobody has set up is disabled."""
    registry = er.async_get(hass)
    names = {
        each.entity_id: each.disabled_by
        for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
        if each.domain == Platform.VALVE
    }
    assert names == {
        "valve.sprinklers_valve_1": None,
        "valve.sprinklers_roses": None,
        "valve.sprinklers_valve_4": er.RegistryEntryDisabler.INTEGRATION,
    }
    # What the whole system has, too, bears no number there.
    assert {
        f"binary_sensor.sprinklers_{each}" for each in ("in_use", "in_use_1", "roses_in_use")
    } <= set(hass.states.async_entity_ids(Platform.BINARY_SENSOR))


@pytest.mark.parametrize("name", ["shower"])
async def test_valves_as_switches(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Who is used to switches can have them, and nothing is left of the valves."""
    unique_ids = _unique_ids(hass, loaded, Platform.VALVE)
    options: dict[str, Any] = {CONF_VALVES_AS_SWITCHES: True}
    hass.config_entries.async_update_entry(loaded, options=options)
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert not _unique_ids(hass, loaded, Platform.VALVE)
    assert unique_ids < _unique_ids(hass, loaded, Platform.SWITCH)


def _unique_ids(hass: HomeAssistant, entry: MockConfigEntry, platform: Platform) -> set[str]:
    return {
        each.unique_id
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if each.domain == platform
    }
