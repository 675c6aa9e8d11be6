"""The life of a link as entities show it: outages, grace, what ends it."""

from typing import Any, override
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import PEER_NAME
from custom_components.hap_controller.protocol import UnsupportedError
from tests.support.contract.lifeline import Ending, LinkContract
from tests.support.rooms import until, until_state

from .vendor import SWITCH, OnSimulator

PACKAGE = "custom_components.hap_controller"


class TestLink(OnSimulator, LinkContract):
    """What the links of all components do."""

    peer_name = PEER_NAME
    drops = ("abort", "hang_up", "cut_mid_frame")
    commands = r"^PUT \S+ (None|.*'value')"  # what was not carried out was not read
    cut = {"method": "PUT", "path": "/characteristics"}
    refusable = (Platform.SWITCH, "turn_off", SWITCH, "write")

    @override
    def is_on(self, peer: Any) -> bool:
        return bool(peer.home.is_on(SWITCH))

    @override
    async def test_commands_fail_at_once_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any
    ) -> None:
        """A command waits some seconds for a link, then it is an error; it is not carried out later."""
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        with patch(f"{PACKAGE}.protocol.client.READY_LIMIT_S", 0.1):
            assert await self.turn_off_fails(hass) == "cannot_connect"
        await self.vendor.reconnect(hass, peer)
        assert not peer.requests(self.commands)
        assert self.is_on(peer)

    @override
    async def test_link_ends_because_the_peer_changed(
        self, hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry
    ) -> None:
        """What no retry can mend makes the entry say so, instead of hanging in the air."""
        error = UnsupportedError("it speaks another language")
        with patch(f"{PACKAGE}.coordinator.new_client", side_effect=error):
            ending.with_error(error)
            await until(hass, lambda: loaded.state is ConfigEntryState.SETUP_ERROR)
        assert loaded.error_reason_translation_key == "unsupported"
