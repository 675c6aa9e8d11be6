"""The life of a link as entities show it: outages, grace, what ends it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
import logging
from typing import Any, ClassVar
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import Writes, pass_time, setup, state_of, unavailable, until, until_state
from tests.support.vendor import Peer

from .base import Contract, for_each


class Ending:
    """Lets the link of one entry end with an error, as a retry could not mend."""

    def __init__(self) -> None:
        """Prepare."""
        self._error: asyncio.Future[Exception] | None = None

    def with_error(self, error: Exception) -> None:
        """End it."""
        assert self._error
        self._error.set_result(error)

    def run_instead(
        self, live: Callable[[Any], Awaitable[None]]
    ) -> Callable[[Any], Awaitable[None]]:
        """Build what stands in for the client's life: that life, until the error comes."""

        async def run(client: Any) -> None:
            self._error = asyncio.get_running_loop().create_future()
            life = asyncio.ensure_future(live(client))
            try:
                raise await self._error
            finally:
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)

        return run


class LinkContract(Contract):
    """Nothing is shown that nobody vouches for, no command is lost in silence, and what was lost comes back."""

    peer_name: ClassVar[str]
    """What the log calls the peer."""
    drops: ClassVar[Sequence[str]] = ("abort", "hang_up", "close_sessions", "cut_mid_frame")
    """Methods of the simulator that end all links."""
    commands: ClassVar[str]
    """Pattern of the requests that carry commands."""
    cut: ClassVar[Mapping[str, Any]]
    """Options of the fault ``cut`` that end the link on a command to a switch."""
    refusable: ClassVar[tuple[Platform, str, str, str]]
    """An action on an entity, by its unique id, and the method of the client that carries it out."""

    def is_on(self, peer: Any) -> bool:
        """Tell whether the switch that was on is on in the simulated home."""
        raise NotImplementedError

    async def turn_off_fails(self, hass: HomeAssistant) -> str:
        """Switch off what is on, in vain; gives the key of the error."""
        entity_id = self.vendor.switch_of(hass)
        error = await self.vendor.fails(hass, Platform.SWITCH, "turn_off", entity_id)
        return error.translation_key

    @for_each("how", "drops")
    async def test_short_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer, how: str
    ) -> None:
        """A blip of the link changes nothing but the entity that shows the link."""
        connection = self.vendor.connection_of(hass)
        before = unavailable(hass)
        getattr(peer, how)()
        await until_state(hass, connection, STATE_OFF)
        assert unavailable(hass) == before
        pass_time(hass, 9)
        assert unavailable(hass) == before
        await until_state(hass, connection, STATE_ON)
        pass_time(hass, 11)
        assert unavailable(hass) == before

    async def test_long_outage(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        peer: Peer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """After ten seconds nothing is shown that nobody vouches for; afterwards all is as the peer says."""
        caplog.set_level(logging.INFO)
        before = unavailable(hass)
        vendor = self.vendor
        switch, idle = vendor.switch_of(hass), vendor.switch_of(hass, vendor.idle_switch)
        connection = vendor.connection_of(hass)
        await peer.link_down()
        await until_state(hass, connection, STATE_OFF)
        pass_time(hass, 9)
        assert state_of(hass, switch).state == STATE_ON
        pass_time(hass, 11)
        everything = {state.entity_id for state in hass.states.async_all()}
        ours = {
            entity.entity_id
            for entity in er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
        }
        assert unavailable(hass) == (everything & ours) - {connection}
        # Whatever happens meanwhile is known afterwards.
        peer.home.press(vendor.switch, on=False)
        peer.home.press(vendor.idle_switch, on=True)
        writes = Writes(hass)
        await vendor.reconnect(hass, peer)
        await until_state(hass, switch, STATE_OFF)
        await hass.async_block_till_done()
        assert state_of(hass, idle).state == STATE_ON
        assert unavailable(hass) == before
        # Every entity wrote its state once.
        assert [name for name in set(writes.entities) if writes.entities.count(name) > 1] == []
        assert set(writes.entities) == everything & ours
        logged = [
            record.getMessage()
            for record in caplog.records
            if record.name.startswith(vendor.package) and record.levelno >= logging.INFO
        ]
        told = [line for line in logged if "Connection" in line]
        assert len(told) == 2
        assert all(line.startswith(f"Connection to the {self.peer_name}") for line in told)
        assert len([line for line in logged if "lost" in line]) == 1
        assert len([line for line in logged if "is back" in line]) == 1

    async def test_commands_fail_at_once_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """A command without a link is neither kept nor lost in silence."""
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        assert await self.turn_off_fails(hass) == "cannot_connect"
        await self.vendor.reconnect(hass, peer)
        assert not peer.requests(self.commands)
        assert self.is_on(peer)

    async def test_command_in_flight_fails_when_the_link_drops(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """A command whose end nobody knows is an error, shows as it was, and is not repeated."""
        peer.faults.arm("cut", count=1, **self.cut)
        switch = self.vendor.switch_of(hass)
        assert await self.turn_off_fails(hass) == "cannot_connect"
        assert state_of(hass, switch).state == STATE_ON
        await self.vendor.reconnect(hass, peer)
        assert len(peer.requests(self.commands)) == 1
        assert self.is_on(peer)
        assert state_of(hass, switch).state == STATE_ON

    @pytest.fixture
    def ending(self) -> Iterator[Ending]:
        """Give control over the end of the link."""
        ending = Ending()
        client = self.vendor.client
        with patch.object(client, "run", ending.run_instead(client.run)):
            yield ending

    async def test_link_ends_by_a_mistake(
        self,
        hass: HomeAssistant,
        ending: Ending,
        loaded: MockConfigEntry,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Should the client ever die of a mistake, nothing stale is shown and the log has the reason."""
        ending.with_error(RuntimeError("mistake"))
        await until_state(hass, self.vendor.switch_of(hass), STATE_UNAVAILABLE)
        assert "RuntimeError: mistake" in caplog.text

    async def test_link_ends_because_the_peer_changed(
        self, hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry
    ) -> None:
        """What no retry can mend makes the entry say so, instead of hanging in the air."""
        error = self.vendor.module("protocol").UnsupportedError("it speaks another language")
        with patch(f"{self.vendor.package}.cloud.async_first_verdict", side_effect=error):
            ending.with_error(error)
            await until(hass, lambda: loaded.state is ConfigEntryState.SETUP_ERROR)
        assert loaded.error_reason_translation_key == "unsupported"

    async def test_credentials_are_refused_while_a_form_is_open(
        self, hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry
    ) -> None:
        """Home Assistant has one form at a time about an entry: who is asked for others is asked after it."""
        form = await loaded.start_reconfigure_flow(hass)
        ending.with_error(self.vendor.module("protocol").AuthError("refused"))
        await until_state(hass, self.vendor.switch_of(hass), STATE_UNAVAILABLE)
        flows = hass.config_entries.flow
        assert [flow["flow_id"] for flow in flows.async_progress()] == [form["flow_id"]]
        flows.async_abort(form["flow_id"])
        pass_time(hass, 61)
        await hass.async_block_till_done()
        assert [flow["context"]["source"] for flow in flows.async_progress()] == [SOURCE_REAUTH]
        # It is there once, and there again should it be closed without an answer.
        pass_time(hass, 122)
        await hass.async_block_till_done()
        (form,) = flows.async_progress()
        flows.async_abort(form["flow_id"])
        pass_time(hass, 183)
        await hass.async_block_till_done()
        assert [flow["context"]["source"] for flow in flows.async_progress()] == [SOURCE_REAUTH]

    async def test_command_finds_the_credentials_refused(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """An authentication error on a command asks the user too."""
        platform, action, unique_id, method = self.refusable
        entity_id = self.vendor.entity_id_of(hass, platform, unique_id)
        refused = self.vendor.module("protocol").AuthError("refused")
        with patch.object(self.vendor.client, method, side_effect=refused):
            error = await self.vendor.fails(hass, platform, action, entity_id)
        assert error.translation_key == "invalid_auth"
        await hass.async_block_till_done()
        assert len(hass.config_entries.flow.async_progress()) == 1
        # A link that comes up with them shows that they are good.
        await peer.link_down()
        await until_state(hass, self.vendor.connection_of(hass), STATE_OFF)
        await self.vendor.reconnect(hass, peer)
        await until_state(hass, self.vendor.connection_of(hass), STATE_ON)
        assert not hass.config_entries.flow.async_progress()

    async def test_link_is_lost_before_anyone_listens(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer
    ) -> None:
        """A link that is gone when set-up looks again counts as lost."""
        ready = self.vendor.client.ready

        async def ready_and_lost(client: Any, *, patient: bool = True) -> None:
            await ready(client, patient=patient)
            lost = asyncio.get_running_loop().create_future()
            client.subscribe(lambda _change: lost.done() or lost.set_result(None))
            await peer.link_down()
            await lost

        with patch.object(self.vendor.client, "ready", ready_and_lost):
            await setup(hass, entry)
        assert state_of(hass, self.vendor.connection_of(hass)).state == STATE_OFF
        switch = self.vendor.switch_of(hass)
        assert state_of(hass, switch).state == STATE_ON
        pass_time(hass, 11)
        assert state_of(hass, switch).state == STATE_UNAVAILABLE
        await self.vendor.reconnect(hass, peer)
        await until_state(hass, switch, STATE_ON)
