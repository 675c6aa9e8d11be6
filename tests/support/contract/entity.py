"""What all entities of every component have in common: their ids, when they exist, how commands end."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from homeassistant.const import STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import setup, state_of
from tests.support.vendor import Peer

from .base import Contract, for_each


class EntityContract(Contract):
    """Entities are where users expect them, and a command that was not carried out is an error."""

    main_keys: ClassVar[Collection[str | None]] = (None,)
    """Translation keys of entities that are their device."""
    commands: ClassVar[str]
    """Pattern of the requests that carry commands."""
    refusal: ClassVar[tuple[str, Mapping[str, Any]]]
    """Fault of the simulator that refuses commands, and its options but for those of each refusal."""
    refusals: ClassVar[Sequence[tuple[Mapping[str, Any], str, str, str]]]
    """Options of the fault, key of the error, the vendor's number as users are told it, and a part of the text."""
    silence: ClassVar[Mapping[str, Any]]
    """Options of the fault ``silence`` that leave a command unanswered."""
    retyped: ClassVar[tuple[str, Any, Platform, Platform]]
    """Id of a device, a type it may change to, and the platforms of its entity before and after."""
    forgotten: ClassVar[str]
    """Unique id of the switch whose state ``forget`` takes away."""

    def forget(self, peer: Any) -> None:
        """Let a device not tell one of its states any more."""
        raise NotImplementedError

    async def test_unique_ids(
        self, hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """The main entity has the id of its device, as in earlier integrations; others add a key."""
        devices = {*peer.home.devices, self.vendor.entry_device}
        found = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
        assert len(found) > len(devices)
        for entity in found:
            assert entity.has_entity_name
            if entity.unique_id in devices:
                assert entity.original_name is None
                assert entity.translation_key in self.main_keys
            else:
                assert any(entity.unique_id.startswith(f"{device_id}-") for device_id in devices)

    @for_each("options, key, code, text", "refusals")
    async def test_refused_commands(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        peer: Peer,
        options: dict[str, Any],
        key: str,
        code: str,
        text: str,
    ) -> None:
        """What the peer refuses is an error to the caller that says why; link and states stay as they are."""
        fault, others = self.refusal
        peer.faults.arm(fault, count=1, **others, **options)
        switch = self.vendor.switch_of(hass)
        error = await self.vendor.fails(hass, Platform.SWITCH, "turn_off", switch)
        assert error.translation_key == key
        assert error.translation_placeholders["code"] == code
        assert text in str(error)
        await hass.async_block_till_done()
        assert state_of(hass, switch).state == STATE_ON
        assert len(peer.sessions) == 1
        assert len(peer.requests(self.commands)) == 1

    async def test_unanswered_command(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer, impatient: None
    ) -> None:
        """A command that nothing confirms fails by name; once it does not cost the link."""
        peer.faults.arm("silence", count=1, **self.silence)
        switch = self.vendor.switch_of(hass)
        error = await self.vendor.fails(hass, Platform.SWITCH, "turn_off", switch)
        assert error.translation_key == "no_answer"
        assert len(peer.requests(self.commands)) == 1
        assert state_of(hass, switch).state == STATE_ON
        assert len(peer.sessions) == 1

    async def test_type_changed_while_we_were_away(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """After a restart, entities of the old type are gone as well."""
        device_id, type_after, before, after = self.retyped
        assert self.vendor.has_entity(hass, before, device_id)
        assert await hass.config_entries.async_unload(loaded.entry_id)
        peer.home.change_type(device_id, type_after)
        await setup(hass, loaded)
        assert not self.vendor.has_entity(hass, before, device_id)
        assert self.vendor.has_entity(hass, after, device_id)

    async def test_entity_outlives_a_restart_without_its_state(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """An entity that once existed stays, also when the device does not tell its state now."""
        assert await hass.config_entries.async_unload(loaded.entry_id)
        self.forget(peer)
        await setup(hass, loaded)
        entity_id = self.vendor.entity_id_of(hass, Platform.SWITCH, self.forgotten)
        assert state_of(hass, entity_id).state == STATE_UNKNOWN
