"""Set-up, unload and removal of an entry."""

from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.contract.init import EntryContract
from tests.support.rooms import act, until_state

from .vendor import DEVICE_ID, VENDOR, OnSimulator


class TestEntry(OnSimulator, EntryContract):
    """What entries of all components do; this one is a bridge, which may be off."""

    setup_faults = (
        ("accept", {"how": "fin"}, "cannot_connect"),
        ("accept", {"how": "rst"}, "cannot_connect"),
        ("cut", {"path": "/pair-verify", "answer": "half"}, "cannot_connect"),
        ("cut", {"path": "/accessories", "answer": "half"}, "cannot_connect"),
        ("code", {"path": "/accessories"}, "cannot_connect"),
        ("json", {"path": "/accessories"}, "cannot_connect"),
        ("frame", {"path": "/accessories"}, "cannot_connect"),
    )
    present = tuple(f"{DEVICE_ID}:aid:{aid}" for aid in range(1, 6))
    # Benchmarks have large bridges; no preference is the client's.
    test_three_hundred_devices = None  # type: ignore[assignment]
    test_options_reach_the_client = None  # type: ignore[assignment]
    # See test_faults: the limit is another one.
    test_time_limit_of_set_up = None  # type: ignore[assignment]

    @override
    async def bustle(self, hass: HomeAssistant, peer: Any) -> None:
        """Let a command, a press by hand, another description and something unknown happen."""
        switch = VENDOR.switch_of(hass)
        await act(hass, Platform.SWITCH, "turn_off", switch)
        peer.send({"characteristics": [{"aid": 4711, "iid": 1, "value": 1}]})
        peer.home.press(VENDOR.switch, on=True)
        await until_state(hass, switch, "on")

    @override
    def said_goodbye(self, peer: Any) -> bool:
        """Tell whether every link was closed; HomeKit knows no other goodbye."""
        return not peer.sessions and peer.received[-1].what == "close"

    @override
    async def test_reload_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any
    ) -> None:
        """A reload during an outage goes on without the accessory, and keeps every entity."""
        registry = er.async_get(hass)
        before = len(er.async_entries_for_config_entry(registry, loaded.entry_id))
        await peer.link_down()
        assert await hass.config_entries.async_reload(loaded.entry_id)
        assert loaded.state is ConfigEntryState.LOADED
        await VENDOR.reconnect(hass, peer)
        assert len(er.async_entries_for_config_entry(registry, loaded.entry_id)) == before
