"""From changes at the peer to registries, as in every component: devices that come, change and go, and issues."""

from collections.abc import Sequence
import logging
from typing import Any, ClassVar, NamedTuple

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import act, state_of, until, until_state
from tests.support.vendor import Peer

from .base import Contract, for_each


class Newcomer(NamedTuple):
    """A device that was not there before."""

    device_id: str
    name: str
    platform: Platform
    """Of the entity that is the device."""
    sibling: str
    """Unique id of a switch that it has besides."""
    via: str
    """Id of the device that it hangs on."""


class CoordinatorContract(Contract):
    """Registries follow the peer, and keep what the user made of it."""

    announcements: ClassVar[Sequence[Any]]
    """The ways in which a peer may tell, or not tell, of a new device."""
    renamed: ClassVar[str]
    """Id of a device that the user has given a name, and the vendor another."""

    def add(self, peer: Any, announcement: Any) -> Newcomer:
        """Put a new device, which is off, into the simulated home."""
        raise NotImplementedError

    async def believe(self, hass: HomeAssistant) -> None:
        """Do what it takes for a device that is gone to be believed gone."""

    def update(self, home: Any, device_id: str) -> str:
        """Give a device other firmware; tells its version."""
        raise NotImplementedError

    async def complain(self, hass: HomeAssistant, peer: Any) -> None:
        """Give cause for an issue of the entry."""
        raise NotImplementedError

    @for_each("announcement", "announcements")
    async def test_new_device(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        peer: Peer,
        caplog: pytest.LogCaptureFixture,
        announcement: Any,
    ) -> None:
        """A device that is new has its entities on the spot, hanging on what it belongs to."""
        caplog.set_level(logging.INFO)
        vendor = self.vendor
        new = self.add(peer, announcement)
        if not announcement or announcement == "none":
            await vendor.refresh(hass)
        await until(hass, lambda: vendor.has_entity(hass, new.platform, new.device_id))
        await hass.async_block_till_done()
        entity_id = vendor.entity_id_of(hass, new.platform, new.device_id)
        assert state_of(hass, entity_id).state == STATE_OFF
        assert vendor.has_entity(hass, Platform.SWITCH, new.sibling)
        via = vendor.device_of(hass, loaded, new.device_id).via_device_id
        assert via == vendor.device_of(hass, loaded, new.via).id
        assert caplog.text.count(f"New device {new.name}") == 1
        peer.home.press(new.device_id, on=True)
        await until_state(hass, entity_id, STATE_ON)

    async def test_device_comes_back(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """A device that is paired again has its entities again, with what the user made of them."""
        vendor = self.vendor
        entities = er.async_get(hass)
        entities.async_update_entity(vendor.switch_of(hass), name="My own name")
        gone = peer.home.remove(vendor.switch)
        await self.believe(hass)
        await until(hass, lambda: not vendor.has_device(hass, loaded, vendor.switch))
        await hass.async_block_till_done()
        peer.home.put(gone)
        await vendor.refresh(hass)
        await until(hass, lambda: vendor.has_entity(hass, Platform.SWITCH, vendor.switch))
        await hass.async_block_till_done()
        switch = vendor.switch_of(hass)
        assert state_of(hass, switch).state == STATE_ON
        assert state_of(hass, switch).name == "My own name"
        peer.home.press(vendor.switch, on=False)
        await until_state(hass, switch, STATE_OFF)
        await act(hass, Platform.SWITCH, "turn_on", switch)
        await until_state(hass, switch, STATE_ON)

    async def test_rename(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """Names and versions follow the peer; a name that the user gave stays."""
        vendor = self.vendor
        devices = dr.async_get(hass)
        lamp = vendor.device_of(hass, loaded, self.renamed)
        devices.async_update_device(lamp.id, name_by_user="My lamp")
        peer.home.rename(vendor.switch, "Another thing")
        peer.home.rename(self.renamed, "Another name")
        version = self.update(peer.home, vendor.switch)

        def sw_version() -> str | None:
            return vendor.device_of(hass, loaded, vendor.switch).sw_version

        assert sw_version() != version
        await until(hass, lambda: sw_version() == version)
        assert vendor.device_of(hass, loaded, vendor.switch).name == "Another thing"
        assert state_of(hass, vendor.switch_of(hass)).name == "Another thing"
        lamp = vendor.device_of(hass, loaded, self.renamed)
        assert (lamp.name, lamp.name_by_user) == ("Another name", "My lamp")

    def issue_ids(self, hass: HomeAssistant) -> set[str]:
        """Tell the issues apart that are shown."""
        return {
            issue.issue_id
            for issue in ir.async_get(hass).issues.values()
            if issue.domain == self.vendor.domain and issue.active
        }

    async def test_disabled_entry_asks_for_nothing(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """What is switched off needs no mending; a reload keeps what was said."""
        await self.complain(hass, peer)
        told = self.issue_ids(hass)
        assert len(told) == 1
        await hass.config_entries.async_reload(loaded.entry_id)
        await hass.async_block_till_done()
        assert self.issue_ids(hass) == told
        await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
        assert self.issue_ids(hass) == set()

    async def test_removed_entry_takes_its_issues_along(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """An entry that is gone leaves no message behind, and those of others where they are."""
        await self.complain(hass, peer)
        (own,) = self.issue_ids(hass)
        (issue,) = [issue for issue in ir.async_get(hass).issues.values() if issue.issue_id == own]
        ir.async_create_issue(
            hass,
            self.vendor.domain,
            "another_entry",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue.translation_key,
            translation_placeholders=issue.translation_placeholders,
        )
        assert self.issue_ids(hass) == {own, "another_entry"}
        await hass.config_entries.async_remove(loaded.entry_id)
        assert self.issue_ids(hass) == {"another_entry"}
