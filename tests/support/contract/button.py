"""The button of every component that asks for everything."""

from collections.abc import Mapping
from typing import ClassVar

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.support.rooms import pass_time, state_of, until, until_state
from tests.support.vendor import Peer

from .base import Contract


class RefreshContract(Contract):
    """What no push told shows when it is asked for."""

    asked: ClassVar[Mapping[str, int]]
    """What is asked for, and how often, as patterns of requests."""

    def check_requests(self, peer: Peer) -> None:
        """Check that everything was asked for, and nothing twice."""
        assert {what: len(peer.requests(what)) for what in self.asked} == self.asked

    async def test_buttons(
        self, hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
    ) -> None:
        """The buttons of the fixture home."""
        assert self.vendor.entity_table(hass, loaded, Platform.BUTTON) == snapshot

    async def test_press(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """Everything is read, and what no push told shows."""
        peer.faults.arm("lost_push")
        peer.home.press(self.vendor.switch, on=False)
        peer.journal.clear()
        await self.vendor.refresh(hass)
        assert state_of(hass, self.vendor.switch_of(hass)).state == STATE_OFF
        self.check_requests(peer)

    async def test_update_entity(
        self, hass: HomeAssistant, update_action: None, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Updating an entity of the entry's own device asks for everything as well."""
        peer.journal.clear()
        button = self.vendor.refresh_button(hass)
        await hass.services.async_call(
            "homeassistant", "update_entity", {"entity_id": button}, blocking=True
        )
        self.check_requests(peer)

    async def test_outage(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """Without a link there is nobody to ask."""
        button = self.vendor.refresh_button(hass)
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        error = await self.vendor.fails(hass, Platform.BUTTON, "press", button)
        assert error.translation_key == "cannot_connect"
        pass_time(hass, 11)
        assert state_of(hass, button).state == STATE_UNAVAILABLE
        await self.vendor.reconnect(hass, peer)
        await until(hass, lambda: state_of(hass, button).state != STATE_UNAVAILABLE)
