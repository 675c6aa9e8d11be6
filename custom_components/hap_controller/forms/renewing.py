"""The forms that change an entry: pair again, another address, back to the built-in integration (mapping §7.6, §7.7)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import callback
from homeassistant.helpers.selector import SelectSelector

from ..announcements import async_announced
from ..cache import async_get_cache
from ..const import CONF_ADDRESSES, CONF_PAIRING_ID
from ..errors import error_key
from ..issues import async_forget_pairing_lost, async_tell_pairing_lost
from ..joining import Target
from ..protocol import PairingRecord, VendorError, check_pairing
from ..takeover import async_change_identity, async_move_back, find_twin, read_record
from .base import NOTHING_SCHEMA, STEP_LIMIT_S, read_place
from .pairing import PairingForms

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it


class RenewalForms(PairingForms):
    """Changes an entry; its devices and entities stay."""

    def __init__(self) -> None:
        """Start without accessories to choose from."""
        super().__init__()
        self._selector: SelectSelector | None = None

    @property
    def _renews(self) -> bool:
        """Whether the flow is about an entry that there is."""
        return self.source in (SOURCE_REAUTH, SOURCE_RECONFIGURE)

    @property
    @override
    def pairs(self) -> bool:
        """Whether the flow would make an entry by pairing."""
        return super().pairs and not self._renews

    @property
    def _entry(self) -> ConfigEntry:
        """The entry that this flow is about."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        return self._get_reconfigure_entry()

    # --- pairing again ----------------------------------------------------------------------

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Say that the accessory does not know us any more; nobody is contacted before the user wants that."""
        async_forget_pairing_lost(self.hass, self.context["entry_id"])
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Pair the accessory of an entry again, or the one that it has become by a reset."""
        return await self._async_again(user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what shall change."""
        options = ["reconfigure_host", "pair_again"]
        twin = find_twin(self.hass, self._get_reconfigure_entry())
        if twin is not None and twin.disabled_by is not None:
            options.append("move_back")
        return self.async_show_menu(step_id="reconfigure", menu_options=options)

    async def async_step_pair_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Pair the accessory of an entry again, or the one that it has become by a reset."""
        return await self._async_again(user_input)

    async def _async_again(self, user_input: Mapping[str, Any] | None) -> ConfigFlowResult:
        entry = self._entry
        if user_input is None:
            self._found = {
                key: found
                for key, found in (await async_announced(self.hass)).items()
                if key == entry.unique_id or self._obstacle(found) is None
            }
            self._selector = await self._async_choices(self._found) if self._found else None
            return self._show_again({})
        if found := self._found.get(user_input.get(CONF_DEVICE, entry.unique_id)):
            await self._async_aim(found, entry.title)
        else:
            record = read_record(entry)
            hosts, port = (record.hosts, record.port or 0) if record else ((), 0)
            self._start(Target(entry.title, "HomeKit", hosts, port))
        return await self.async_step_pair()

    def _show_again(self, errors: dict[str, str]) -> ConfigFlowResult:
        """Explain, and let the user choose when there is more than one accessory that it may be."""
        entry = self._entry
        schema = NOTHING_SCHEMA
        if self._found.keys() - {entry.unique_id}:
            assert self._selector is not None
            schema = vol.Schema(
                {vol.Required(CONF_DEVICE, default=self._likely(entry)): self._selector}
            )
        return self.async_show_form(
            step_id="reauth_confirm" if self.source == SOURCE_REAUTH else "pair_again",
            data_schema=schema,
            errors=errors,
            description_placeholders={"name": entry.title, "reason": self._reason},
        )

    def _likely(self, entry: ConfigEntry) -> str:
        """Guess which accessory an entry's is now: the same, one at its address, or any."""
        hosts = set(entry.data.get(CONF_ADDRESSES) or ())
        return min(
            self._found,
            key=lambda key: (
                self._found[key].paired,
                key != entry.unique_id,
                hosts.isdisjoint(self._found[key].addresses),
            ),
        )

    @override
    def _turn_back(self, reason: str) -> ConfigFlowResult:
        """Go back to the explanation; the user may mend what is in the way."""
        return self._show_again({"base": reason}) if self._renews else super()._turn_back(reason)

    @override
    async def _async_store(self, record: PairingRecord) -> ConfigFlowResult:
        """Put a new pairing into its entry; devices and entities follow when the accessory has another id now."""
        if not self._renews:
            return await super()._async_store(record)
        entry = self._entry
        other = self._entry_of(record.device_id)
        if other is not None and other is not entry:  # it is another one, after all
            return self.async_update_reload_and_abort(
                other, data=record.store(), reason="paired_again"
            )
        before = entry.data.get(CONF_PAIRING_ID)
        if before is not None and before != record.keys.accessory_id:
            if entry.state is ConfigEntryState.LOADED:
                await self.hass.config_entries.async_unload(entry.entry_id)
            async_change_identity(self.hass, entry, before, record.keys.accessory_id)
            (await async_get_cache(self.hass)).drop(before)
            await self._async_heed(record.device_id)
        return self.async_update_reload_and_abort(
            entry, unique_id=record.device_id, data=record.store()
        )

    async def _async_heed(self, key: str) -> None:
        """Forget that the user ignored an accessory, as it seemed to be a new one."""
        for each in self._async_current_entries(include_ignore=True):
            if each.source == SOURCE_IGNORE and each.unique_id == key:
                await self.hass.config_entries.async_remove(each.entry_id)

    @override
    @callback
    def async_remove(self) -> None:
        """Leave no connection behind, and no pairing that no entry has."""
        super().async_remove()
        if self.source == SOURCE_REAUTH and not self._stored:
            self._remind()

    def _remind(self) -> None:
        """Keep the user told that an accessory is to be paired again; Home Assistant's own reminder goes now."""
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if entry is None or entry.disabled_by is not None:
            return
        async_tell_pairing_lost(self.hass, entry)

    # --- another address --------------------------------------------------------------------

    async def async_step_reconfigure_host(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take another address of the same accessory, once it has answered there."""
        record = read_record(self._entry)
        if record is None:  # nothing but a new pairing helps
            return await self.async_step_pair_again()
        if user_input is None:
            host = record.hosts[0] if record.hosts else ""
            return self._show_place("reconfigure_host", {}, host, record.port)
        host, port, errors = read_place(user_input)
        if errors:
            return self._show_place("reconfigure_host", errors, host, port)
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                await check_pairing(record.keys, (host,), port)
        except TimeoutError:
            return self._show_place("reconfigure_host", {"base": "timeout"}, host, port)
        except VendorError as err:
            self._reason = str(err)
            return self._show_place("reconfigure_host", {"base": error_key(err)}, host, port)
        moved = replace(record, hosts=(host,), port=port)
        return self.async_update_reload_and_abort(self._entry, data=moved.store())

    # --- back to the built-in integration ---------------------------------------------------

    async def async_step_move_back(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give the accessory back to the built-in integration, where it came from."""
        entry = self._entry
        twin = find_twin(self.hass, entry)
        if twin is None:  # gone meanwhile
            return self.async_abort(reason="nothing_to_take_over")
        if user_input is None:
            return self.async_show_form(
                step_id="move_back",
                data_schema=NOTHING_SCHEMA,
                description_placeholders={"name": entry.title},
            )
        await async_move_back(self.hass, entry, twin)
        return self.async_abort(reason="moved_back")
