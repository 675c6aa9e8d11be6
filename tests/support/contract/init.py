"""Set-up, unload and removal of an entry, as of every component."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
import logging
import time
from typing import Any, ClassVar
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import DATA_DISPATCHER
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.support.rooms import act, pass_time, setup, state_of, tasks_of, until, until_state
from tests.support.vendor import Peer

from .base import Contract, for_each


def entities_of(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """Return the entities of an entry."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


def devices_of(hass: HomeAssistant, entry: MockConfigEntry) -> list[dr.DeviceEntry]:
    """Return the devices of an entry."""
    return dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)


class EntryContract(Contract):
    """An entry begins and ends in good order, whatever its peer does."""

    setup_faults: ClassVar[Sequence[tuple[str, Mapping[str, Any], str]]]
    """Fault of the simulator, its options, and why set-up is tried again then."""
    silent_faults: ClassVar[Sequence[str]]
    """Faults in which the peer says nothing, or not enough."""
    client_options: ClassVar[Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]]
    """Options of an entry and what the client is told for them."""
    present: ClassVar[Sequence[str]]
    """Ids of devices that are there, of each sort one."""
    large: ClassVar[Mapping[tuple[str, ...], int]]
    """How many states of some domains a home with three hundred devices has."""
    large_requests: ClassVar[Mapping[str, int]]
    """How often it is asked for what."""

    async def bustle(self, hass: HomeAssistant, peer: Any) -> None:
        """Let happen what may happen on any day, for the log to tell of."""

    def said_goodbye(self, peer: Any) -> bool:
        """Tell whether the client has closed its link as the vendor's own program does."""
        raise NotImplementedError

    async def test_devices(
        self, hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
    ) -> None:
        """Each device that can be shown is registered with all that is known of it, hanging on what it belongs to."""
        devices = devices_of(hass, loaded)
        names = {device.id: device.name for device in devices}
        assert {
            device.name: {
                "identifiers": sorted(device.identifiers),
                "connections": sorted(device.connections),
                "area": device.area_id,
                "manufacturer": device.manufacturer,
                "model": device.model,
                "model_id": device.model_id,
                "serial_number": device.serial_number,
                "hw_version": device.hw_version,
                "sw_version": device.sw_version,
                "entry_type": device.entry_type,
                "via": names.get(device.via_device_id or ""),
            }
            for device in devices
        } == snapshot

    async def test_clean_log(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        peer: Peer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Home Assistant finds nothing to complain about, and nothing secret is logged at any level."""
        caplog.set_level(logging.DEBUG, self.vendor.package)
        await setup(hass, entry)
        secrets = {*self.vendor.credentials(peer)}
        await self.bustle(hass, peer)
        await hass.config_entries.async_reload(entry.entry_id)
        peer.abort()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        await hass.config_entries.async_unload(entry.entry_id)
        assert "Detected that custom integration" not in caplog.text
        ours = [record for record in caplog.records if self.vendor.domain in record.name]
        assert not [record for record in ours if record.levelno >= logging.WARNING]
        assert [record for record in ours if record.levelno == logging.DEBUG]
        for secret in secrets.union(self.vendor.credentials(peer)):
            assert not [record for record in ours if secret in record.getMessage()]

    async def test_unload_and_set_up_again(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Unloading closes the link in the orderly way; a second set-up brings everything back."""
        entity_id = self.vendor.switch_of(hass)
        assert len(peer.sessions) == 1
        assert await hass.config_entries.async_unload(loaded.entry_id)
        assert loaded.state is ConfigEntryState.NOT_LOADED
        await peer.journal.wait_for(lambda: not peer.sessions)
        assert self.said_goodbye(peer)
        assert state_of(hass, entity_id).state == STATE_UNAVAILABLE
        await setup(hass, loaded)
        assert state_of(hass, entity_id).state == STATE_ON
        assert len(peer.sessions) == 1

    async def test_unload_while_the_peer_is_half_open(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Unloading ends in time even when nobody answers the goodbye."""
        peer.stall()
        started = time.perf_counter()
        assert await hass.config_entries.async_unload(loaded.entry_id)
        assert time.perf_counter() - started < 5

    @for_each("reloads", [0, 20])
    async def test_nothing_is_left_behind(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, reloads: int
    ) -> None:
        """After any number of reloads there is one link, and after each unload nothing at all."""
        domain = self.vendor.domain

        def ours() -> tuple[list[str], list[str]]:
            signals = [str(name) for name in hass.data[DATA_DISPATCHER] if domain in str(name)]
            return tasks_of(domain), sorted(signals)

        for _ in range(2):
            await setup(hass, entry)
            tasks, signals = ours()
            assert tasks
            assert signals
            for _ in range(reloads):
                assert await hass.config_entries.async_reload(entry.entry_id)
            again = ours()
            assert (len(again[0]), again[1]) == (len(tasks), signals)
            assert len(peer.sessions) == 1
            assert await hass.config_entries.async_unload(entry.entry_id)
            assert ours() == ([], [])
            await peer.journal.wait_for(lambda: not peer.sessions)

    @for_each("options, told", "client_options")
    async def test_options_reach_the_client(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        options: dict[str, Any],
        told: dict[str, Any],
    ) -> None:
        """What the user prefers is what the client does."""
        hass.config_entries.async_update_entry(entry, options=options)
        client = self.vendor.client
        name = f"{self.vendor.package}.coordinator.{client.__name__}"
        with patch(name, wraps=client) as made:
            await setup(hass, entry)
        assert told.items() <= made.call_args.kwargs.items()

    @for_each("fault, options, key", "setup_faults")
    async def test_not_ready(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        peer: Peer,
        fault: str,
        options: dict[str, Any],
        key: str,
    ) -> None:
        """A peer in trouble is tried again later; nothing stays open meanwhile."""
        peer.faults.arm(fault, **options)
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
        assert entry.error_reason_translation_key == key
        await peer.journal.wait_for(lambda: not peer.sessions)
        assert not tasks_of(self.vendor.domain)
        assert not devices_of(hass, entry)
        peer.faults.clear()
        pass_time(hass, 700)
        await until(hass, lambda: entry.state is ConfigEntryState.LOADED)

    @for_each("silent", "silent_faults")
    async def test_time_limit_of_set_up(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, silent: str
    ) -> None:
        """A peer that says too little does not hold a set-up up for long."""
        peer.faults.arm(silent)
        with patch(f"{self.vendor.package}.cloud.CONNECT_LIMIT_S", 0.2):
            await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
        assert entry.error_reason_translation_key == "timeout"
        assert not tasks_of(self.vendor.domain)
        await peer.journal.wait_for(lambda: not peer.sessions)

    async def test_three_hundred_devices(self, hass: HomeAssistant, socket_enabled: None) -> None:
        """A large home is read in few pieces, and set up in no time."""
        async with self.vendor.simulator(self.vendor.large_home(300)) as peer:
            entry = self.vendor.new_entry(peer)
            entry.add_to_hass(hass)
            # Imports are not what is measured.
            await setup(hass, entry)
            assert await hass.config_entries.async_unload(entry.entry_id)
            peer.journal.clear()
            # What others do on this machine is not measured either.
            started = time.process_time()
            async with asyncio.timeout(60):
                await setup(hass, entry)
            took = time.process_time() - started
            asked = {what: len(peer.requests(what)) for what in self.large_requests}
            assert asked == self.large_requests
            shown = {domains: len(hass.states.async_all(domains)) for domains in self.large}
            assert shown == self.large
            assert took < 5, f"{took:.2f} s"
            started = time.process_time()
            async with asyncio.timeout(60):
                assert await hass.config_entries.async_unload(entry.entry_id)
            # Of some hundred entities; the benchmarks hold the unload of a home to its 10 ms.
            assert time.process_time() - started < 2

    async def test_home_assistant_stops(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """When Home Assistant stops, the client says goodbye."""
        await hass.async_stop(force=True)
        await peer.journal.wait_for(lambda: not peer.sessions)
        assert self.said_goodbye(peer)
        assert not tasks_of(self.vendor.domain)

    async def test_home_assistant_stops_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Neither the wait for the next attempt nor the time of grace keeps Home Assistant from stopping."""
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        started = time.perf_counter()
        await hass.async_stop(force=True)
        assert time.perf_counter() - started < 5
        assert not tasks_of(self.vendor.domain)

    async def test_reload_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """A reload during an outage waits for the peer and keeps every entity registered."""
        before = len(entities_of(hass, loaded))
        await peer.link_down()
        await hass.config_entries.async_reload(loaded.entry_id)
        assert loaded.state is ConfigEntryState.SETUP_RETRY
        assert loaded.error_reason_translation_key == "cannot_connect"
        await peer.link_restored()
        pass_time(hass, 700)
        await until(hass, lambda: loaded.state is ConfigEntryState.LOADED)
        await hass.async_block_till_done()
        assert len(entities_of(hass, loaded)) == before

    async def test_unload_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Unloading during an outage is quick and leaves no timer."""
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        started = time.perf_counter()
        assert await hass.config_entries.async_unload(loaded.entry_id)
        assert time.perf_counter() - started < 5
        assert not tasks_of(self.vendor.domain)

    async def test_removal(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """A removed entry leaves neither devices nor entities nor a link."""
        await hass.config_entries.async_remove(loaded.entry_id)
        await hass.async_block_till_done()
        assert not devices_of(hass, loaded)
        assert not entities_of(hass, loaded)
        await peer.journal.wait_for(lambda: not peer.sessions)

    async def test_set_up_after_time_went_by(
        self, hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
    ) -> None:
        """A clock that is far off changes nothing."""
        freezer.tick(timedelta(days=400))
        await setup(hass, entry)
        assert state_of(hass, self.vendor.switch_of(hass)).state == STATE_ON

    async def test_deleting_a_device_by_hand(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Home Assistant may delete a device that is gone, never one that is there."""
        may_go = self.vendor.module().async_remove_config_entry_device
        gone = dr.async_get(hass).async_get_or_create(
            config_entry_id=loaded.entry_id, identifiers={(self.vendor.domain, "gone")}
        )
        for device_id in (*self.present, self.vendor.entry_device):
            device = self.vendor.device_of(hass, loaded, device_id)
            assert not await may_go(hass, loaded, device)
        assert await may_go(hass, loaded, gone)
        assert await hass.config_entries.async_unload(loaded.entry_id)
        assert not await may_go(hass, loaded, gone)


class AccountEntryContract(EntryContract):
    """An entry is for an account: a password that counts, and devices that come and go."""

    unsafe: ClassVar[Mapping[str, Any]]
    """Data of an entry that leads where credentials must not go."""
    empty: ClassVar[str]
    """Model of the only device that an empty account has: the account itself."""

    def logins(self, peer: Any) -> int:
        """Count the attempts to log in."""
        raise NotImplementedError

    def furnish(self, home: Any) -> str:
        """Put a switch that is off into an empty home, unannounced; gives its id."""
        raise NotImplementedError

    async def test_refused_password(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer
    ) -> None:
        """A refused password asks the user, once, and the cloud is left alone."""
        peer.home.password = "another"
        await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
        assert entry.error_reason_translation_key == "invalid_auth"
        flows = hass.config_entries.flow.async_progress()
        assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
        pass_time(hass, 700)
        await hass.async_block_till_done()
        assert self.logins(peer) == 1

    @for_each("how", ["dismissed", "reconnecting"])
    async def test_password_is_refused_later(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any, how: str
    ) -> None:
        """A password changed in the vendor's app asks the user, once, and nothing is shown that nobody vouches for."""
        peer.change_password("another")
        if how == "dismissed":
            peer.send_invalid()
        else:
            peer.close_sessions()
            await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
            pass_time(hass, 9)
        await until_state(hass, self.vendor.switch_of(hass), STATE_UNAVAILABLE)
        await hass.async_block_till_done()
        flows = hass.config_entries.flow.async_progress()
        assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
        logins = self.logins(peer)
        pass_time(hass, 700)
        await hass.async_block_till_done()
        assert self.logins(peer) == logins

    async def test_home_assistant_stops_during_the_login(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer
    ) -> None:
        """A login that hangs does not keep Home Assistant from stopping."""
        peer.faults.arm(self.silent_faults[0])
        setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
        await peer.journal.wait_for(lambda: self.logins(peer) == 1)
        started = time.perf_counter()
        await hass.async_stop(force=True)
        assert time.perf_counter() - started < 5
        assert setting_up.done()
        await peer.journal.wait_for(lambda: not peer.sessions)
        assert not tasks_of(self.vendor.domain)

    async def test_unsafe_address(self, hass: HomeAssistant, peer: Peer) -> None:
        """An address that is not safe to log in to is final, and no retry helps."""
        data = self.vendor.entry_data(peer, peer.home)
        entry = self.vendor.new_entry(peer, data={**data, **self.unsafe})
        entry.add_to_hass(hass)
        await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
        assert entry.error_reason_translation_key == "unsupported"
        assert not peer.received

    async def test_empty_account(self, hass: HomeAssistant, socket_enabled: None) -> None:
        """An account without devices is set up, and devices that come later are found."""
        async with self.vendor.simulator(self.vendor.empty_home()) as peer:
            entry = self.vendor.new_entry(peer)
            entry.add_to_hass(hass)
            await setup(hass, entry)
            assert [device.model for device in devices_of(hass, entry)] == [self.empty]
            (button,) = hass.states.async_entity_ids(Platform.BUTTON)
            device_id = self.furnish(peer.home)
            await act(hass, Platform.BUTTON, "press", button)
            await until(hass, lambda: self.vendor.has_entity(hass, Platform.SWITCH, device_id))
            await until_state(hass, self.vendor.switch_of(hass, device_id), STATE_OFF)
            assert await hass.config_entries.async_unload(entry.entry_id)
