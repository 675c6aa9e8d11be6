"""The forms that bring a pairing: from the built-in integration, or from a file (mapping §8.4)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigFlowResult,
    OperationNotAllowed,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..announcements import async_announced
from ..cache import async_get_cache
from ..const import CONF_TAKE_OVER, CONF_VALVES_AS_SWITCHES, DOMAIN
from ..coordinator import new_client
from ..devices import BRIDGE_AID
from ..errors import error_key
from ..protocol import (
    ConnectionKind,
    PairingRecord,
    Pairings,
    PeerSilentError,
    RecordError,
    VendorError,
    import_pairings,
)
from ..takeover import built_in_entries, read_record
from .base import CONF_SKIP_TEST, STEP_LIMIT_S, HapForms, read_place

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

CONF_FILE: Final = "pairing_file"
CONF_ENTITIES: Final = "take_over_entities"

# Some hundred pairings with the descriptions of their bridges.
_MAX_FILE_BYTES: Final = 32 * 1024 * 1024

_UPLOAD_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_FILE): FileSelector(FileSelectorConfig(accept=".json,application/json"))}
)


class ImportForms(HapForms):
    """Tries a pairing that there is already, and keeps it."""

    def __init__(self) -> None:
        """Start without a pairing."""
        super().__init__()
        self._records: dict[str, PairingRecord] = {}
        self._record: PairingRecord | None = None

    # --- from the built-in integration ------------------------------------------------------

    async def async_step_take_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take an accessory over from the built-in integration, with its pairing and what people gave it."""
        errors: dict[str, str] = {}
        choices = self._built_in_choices()
        if user_input is not None and (theirs := choices.get(user_input[CONF_DEVICE])):
            error = await self._async_replace(theirs)
            if error is None:
                return await self._async_finish_replacement(theirs, user_input)
            errors = {"base": error}
        if not choices:  # gone meanwhile
            return self.async_abort(reason="nothing_to_take_over")
        options = [SelectOptionDict(value=key, label=entry.title) for key, entry in choices.items()]
        schema = vol.Schema(
            {
                vol.Required(CONF_DEVICE): SelectSelector(
                    SelectSelectorConfig(options=options, sort=True, mode=SelectSelectorMode.LIST)
                ),
                vol.Required(CONF_ENTITIES, default=True): BooleanSelector(),
                vol.Required(CONF_VALVES_AS_SWITCHES, default=False): BooleanSelector(),
            }
        )
        return self.async_show_form(
            step_id="take_over",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={"reason": self._reason},
        )

    def _built_in_choices(self) -> dict[str, ConfigEntry]:
        """List the entries of the built-in integration whose accessories are not in use here."""
        used = {
            entry.unique_id
            for entry in self._async_current_entries(include_ignore=False)
            if entry.disabled_by is None
        }
        return {
            entry.entry_id: entry
            for entry in built_in_entries(self.hass)
            if (entry.unique_id or "").lower() not in used
        }

    async def _async_replace(self, theirs: ConfigEntry) -> str | None:
        """Disable the other entry and try its keys; gives the error after which everything is as it was."""
        record = read_record(theirs)
        if record is None:
            return "stored_record"
        if record.connection is not ConnectionKind.IP:
            return "unsupported_transport"
        entries = self.hass.config_entries
        was_active = theirs.disabled_by is None
        error: str | None = "cannot_unload"
        try:
            if not was_active or await entries.async_set_disabled_by(
                theirs.entry_id, ConfigEntryDisabler.USER
            ):
                error = await self._async_try(record, follow=True)
        finally:
            if was_active and (error is not None or self._removed):
                with suppress(OperationNotAllowed):  # it could not be stopped: only a restart helps
                    await entries.async_set_disabled_by(theirs.entry_id, None)
        return error

    async def _async_finish_replacement(
        self, theirs: ConfigEntry, user_input: Mapping[str, Any]
    ) -> ConfigFlowResult:
        assert self._record is not None
        await self.async_set_unique_id(self._record.device_id, raise_on_progress=False)
        data = self._record.store()
        if user_input[CONF_ENTITIES]:
            data[CONF_TAKE_OVER] = theirs.entry_id
        options = {CONF_VALVES_AS_SWITCHES: user_input[CONF_VALVES_AS_SWITCHES]}
        if ours := self._entry_of(self._record.device_id):  # it was moved back before
            self.hass.config_entries.async_update_entry(
                ours, data=data, options={**ours.options, **options}
            )
            await self.hass.config_entries.async_set_disabled_by(ours.entry_id, None)
            return self.async_abort(reason="moved_over")
        return self.async_create_entry(title=theirs.title, data=data, options=options)

    # --- from a file ------------------------------------------------------------------------

    async def async_step_upload(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take a file of pairings that another controller has written."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                pairings = await self.hass.async_add_executor_job(
                    _read_upload, self.hass, user_input[CONF_FILE]
                )
            except RecordError:
                errors = {CONF_FILE: "invalid_pairing_file"}
            else:
                self._records = {
                    alias: record
                    for alias, record in pairings.records.items()
                    if self._entry_of(record.device_id) is None
                }
                if self._records:
                    return await self.async_step_choose()
                errors = {CONF_FILE: "all_configured" if pairings.records else "no_pairing_in_file"}
        return self.async_show_form(step_id="upload", data_schema=_UPLOAD_SCHEMA, errors=errors)

    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose among several pairings of one file."""
        errors: dict[str, str] = {}
        chosen = user_input[CONF_DEVICE] if user_input is not None else None
        if chosen is None and len(self._records) == 1:
            (chosen,) = self._records
        if chosen in self._records:
            record = self._records[chosen]
            if record.connection is ConnectionKind.IP:
                self._record, self._title = record, chosen
                return await self._async_import()
            errors = {"base": "unsupported_transport"}
        options = [
            SelectOptionDict(value=alias, label=f"{alias} ({record.keys.accessory_id})")
            for alias, record in self._records.items()
        ]
        return self.async_show_form(
            step_id="choose",
            data_schema=vol.Schema(
                {
                    vol.Required(CONF_DEVICE): SelectSelector(
                        SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
                    )
                }
            ),
            errors=errors,
        )

    async def _async_import(self) -> ConfigFlowResult:
        """Try a pairing where its accessory is, or was; ask when it is not there."""
        assert self._record is not None
        record = self._record
        await self.async_set_unique_id(record.device_id, raise_on_progress=False)
        error = await self._async_try(record, follow=True)
        if error is None:
            return self._finish_import()
        host = record.hosts[0] if record.hosts else ""
        return self._show_place("where", {"base": error}, host, record.port)

    async def async_step_where(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the place of an accessory whose pairing is known."""
        assert self._record is not None
        record = self._record
        if user_input is None:
            return self._show_place("where", {}, record.hosts[0] if record.hosts else "")
        host, port, errors = read_place(user_input)
        if errors:
            return self._show_place("where", errors, host, port)
        record = replace(record, hosts=(host,), port=port)
        if user_input.get(CONF_SKIP_TEST):
            self._record = _without_description(record)
            return self._finish_import()
        if error := await self._async_try(record, follow=False):
            return self._show_place("where", {"base": error}, host, port)
        return self._finish_import()

    def _finish_import(self) -> ConfigFlowResult:
        assert self._record is not None
        if self._entry_of(self._record.device_id):  # by another form, meanwhile
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(title=self._title, data=self._record.store())

    async def _async_try(self, record: PairingRecord, *, follow: bool) -> str | None:
        """Read an accessory by a pairing, and keep both; gives the error for the form.

        With ``follow`` it may be where it announces itself instead.
        """
        configuration = None
        if follow:
            found = (await async_announced(self.hass)).get(record.device_id)
            if found is not None and found.usable:
                record = replace(record, hosts=found.addresses, port=found.port)
                configuration = found.config_number
        client = new_client(record)
        running = self.hass.async_create_background_task(client.run(), f"{DOMAIN} form")
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                await client.ready(patient=False)
        except TimeoutError:
            return error_key(client.last_error or PeerSilentError("no answer in time"))
        except VendorError as err:
            self._reason = str(err)
            return error_key(err)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        cache = await async_get_cache(self.hass)
        cache.put(record.keys.accessory_id, client.database, configuration)
        accessory = client.database.accessories.get(BRIDGE_AID)
        self._title = (accessory.name if accessory else None) or self._title
        self._record = _without_description(record)
        return None


def _without_description(record: PairingRecord) -> PairingRecord:
    """Leave out what does not belong into an entry: it is large, and changes."""
    return replace(
        record, accessories=None, config_number=None, state_number=None, broadcast_key=None
    )


def _read_upload(hass: HomeAssistant, file_id: str) -> Pairings:
    """Read an uploaded file, which then vanishes; raises RecordError."""
    try:
        with process_uploaded_file(hass, file_id) as path:
            if path.stat().st_size > _MAX_FILE_BYTES:
                raise RecordError("the file is too large")
            return import_pairings(path.read_bytes(), "the file")
    except ValueError as err:  # no such upload, or no longer
        raise RecordError("the upload is gone") from err
