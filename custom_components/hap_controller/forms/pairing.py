"""The forms that pair: the code, and all that can come between (mapping §7.4)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
import logging
import math
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from ..announcements import async_find
from ..const import DOMAIN
from ..devices import BRIDGE_AID
from ..joining import HalfwayError, Joining, Target
from ..protocol import (
    AlreadyPairedError,
    Announcement,
    BackoffError,
    BusyError,
    ConnectError,
    FrameError,
    InsecureCodeError,
    LinkError,
    MalformedCodeError,
    MaxPeersError,
    MaxTriesError,
    PairingRecord,
    SetupCodeError,
    SetupPayloadError,
    SignatureError,
    UnknownPairingError,
    VendorError,
    read_code,
)
from .base import NOTHING_SCHEMA, HapForms, category_name

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

_LOGGER = logging.getLogger(__name__)

CONF_CODE: Final = "pairing_code"
CONF_INSECURE: Final = "allow_insecure_setup_codes"

# How long to stay away from an accessory that wants that and does not say for how long; and at most.
_USUAL_WAIT_S: Final = 30.0
_MAX_WAIT_S: Final = 3600.0

_CODE_SCHEMA: Final = vol.Schema({vol.Required(CONF_CODE): TextSelector()})
_INSECURE_SCHEMA: Final = _CODE_SCHEMA.extend(
    {vol.Optional(CONF_INSECURE, default=False): BooleanSelector()}
)
# What is wrong with a code, or with the accessory that was told it, as the field of the code says it.
_CODE_ERRORS: Final[dict[type[VendorError], str]] = {
    InsecureCodeError: "insecure_setup_code",
    MalformedCodeError: "authentication_error",
    MaxPeersError: "max_peers_error",
    SetupCodeError: "authentication_error",
    SetupPayloadError: "authentication_error",
    UnknownPairingError: "unknown_error",
}


class PairingForms(HapForms):
    """Pairs an accessory; the pairing is stored before anything else is asked of it."""

    def __init__(self) -> None:
        """Start without an accessory."""
        super().__init__()
        self._joining: Joining | None = None
        self._pressed = asyncio.Lock()
        self._stored = False
        self._by_hand = False
        self._not_before = 0.0

    @property
    def pairs(self) -> bool:
        """Whether the flow would make an entry by pairing, and the accessory did not take part yet."""
        return self._joining is not None and not self._joining.committed

    # --- the code ---------------------------------------------------------------------------

    async def _async_aim(self, found: Announcement, name: str | None = None) -> None:
        """Prepare to pair an accessory that announces itself."""
        category = category_name(await self._async_texts(), found)
        target = Target(
            name or found.name or found.model or found.device_id,
            category,
            found.addresses,
            found.port or 0,
            found.device_id,
            found.feature_flags,
        )
        self._start(target)

    def _start(self, target: Target) -> None:
        self._end_joining()
        self._joining = Joining(self.hass, target)
        self.context["title_placeholders"] = {"name": f"{target.name} ({target.category})"}

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask the accessory to pair when the form opens, so that it can show its code, and then for the code."""
        async with self._pressed:  # a button may be pressed twice
            if self._stored:  # the entry is being made
                return self._show_pair({})
            result = await self._async_pair(user_input)
            # A pairing that was made meanwhile is being taken back.
            if self._removed and not self._stored:
                return self.async_abort(reason="cancelled")
            return result

    async def _async_pair(self, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        joining = self._joining
        assert joining is not None
        errors: dict[str, str] = {}
        record: PairingRecord | None = None
        try:
            if user_input is not None and joining.awaits_code:
                code = read_code(
                    user_input[CONF_CODE], allow_insecure=user_input.get(CONF_INSECURE, False)
                )
                record = await joining.async_finish(code)
        except HalfwayError as err:
            if not err.taken_back:
                return self.async_abort(reason="halfway")
            errors = {"base": "taken_back"}
        except Exception as err:  # noqa: BLE001  whatever it is, the form stays usable
            if ending := self._dead_end(err):
                return ending
            errors = self._code_errors(err)
        if record is not None and not self._removed:
            self._stored = True
            return await self._async_store(record)
        try:
            if not (joining.awaits_code or self._removed):
                await self._async_look_again(joining)
                await joining.async_begin()
        except Exception as err:  # noqa: BLE001  likewise
            if ending := self._dead_end(err):
                return ending
            errors = errors or self._code_errors(err)
        return self._show_pair(errors, user_input)

    async def _async_look_again(self, joining: Joining) -> None:
        """Take where the accessory is now: a form may have waited for days."""
        target = joining.target
        found = await async_find(self.hass, target.accessory_id or "")
        if found and found.usable:
            joining.target = replace(target, hosts=found.addresses, port=found.port or 0)

    def _show_pair(
        self, errors: dict[str, str], user_input: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        assert self._joining is not None
        target = self._joining.target
        insecure = errors.get(CONF_CODE) == "insecure_setup_code"
        return self.async_show_form(
            step_id="pair",
            data_schema=self.add_suggested_values_to_schema(_INSECURE_SCHEMA, user_input)
            if insecure
            else _CODE_SCHEMA,
            errors=errors,
            description_placeholders={
                "name": target.name,
                "category": target.category,
                "reason": self._reason,
            },
        )

    # --- what can go wrong ------------------------------------------------------------------

    def _code_errors(self, err: Exception) -> dict[str, str]:
        """Say at the field of the code what is wrong."""
        for kind, key in _CODE_ERRORS.items():
            if isinstance(err, kind):
                return {CONF_CODE: key}
        if not isinstance(err, VendorError):
            _LOGGER.error("Unexpected failure while pairing", exc_info=err)
        self._reason = str(err)
        return {CONF_CODE: "pairing_failed"}

    def _dead_end(self, err: Exception) -> ConfigFlowResult | None:
        """Leave the form of the code for one that says what to do; None when another code may help."""
        match err:
            case BusyError():
                return self.async_show_form(step_id="busy_error", data_schema=NOTHING_SCHEMA)
            case MaxTriesError():
                return self.async_show_form(step_id="max_tries_error", data_schema=NOTHING_SCHEMA)
            case BackoffError():
                wait_s = err.retry_after_s or _USUAL_WAIT_S
                self._not_before = self.hass.loop.time() + min(wait_s, _MAX_WAIT_S)
                return self._show_wait()
            case AlreadyPairedError():
                return self._turn_back("already_paired")
            case FrameError() | SignatureError():
                return self.async_show_form(step_id="protocol_error", data_schema=NOTHING_SCHEMA)
            case ConnectError():
                return self._turn_back("accessory_not_found_error")
            case LinkError():
                self._reason = str(err)
                return self._turn_back("accessory_disconnected_error")
        return None

    def _turn_back(self, reason: str) -> ConfigFlowResult:
        """Go back to where the accessory was chosen, if that was a form; else there is nothing more to be done."""
        assert self._joining is not None
        if self._by_hand:
            target = self._joining.target
            return self._show_place("manual", {"base": reason}, target.hosts[0], target.port)
        return self.async_abort(reason=reason, description_placeholders={"reason": self._reason})

    async def async_step_busy_error(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try again with an accessory that somebody else was pairing."""
        if user_input is None:
            return self.async_show_form(step_id="busy_error", data_schema=NOTHING_SCHEMA)
        return await self.async_step_pair()

    async def async_step_max_tries_error(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try again with an accessory that saw too many wrong codes."""
        if user_input is None:
            return self.async_show_form(step_id="max_tries_error", data_schema=NOTHING_SCHEMA)
        return await self.async_step_pair()

    async def async_step_protocol_error(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try again with an accessory that said something odd."""
        if user_input is None:
            return self.async_show_form(step_id="protocol_error", data_schema=NOTHING_SCHEMA)
        return await self.async_step_pair()

    async def async_step_back_off(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try again with an accessory that asked to be left alone, when the time is over."""
        if user_input is None or self.hass.loop.time() < self._not_before:
            return self._show_wait()
        return await self.async_step_pair()

    def _show_wait(self) -> ConfigFlowResult:
        wait_s = max(0, math.ceil(self._not_before - self.hass.loop.time()))
        return self.async_show_form(
            step_id="back_off",
            data_schema=NOTHING_SCHEMA,
            description_placeholders={"seconds": str(wait_s)},
        )

    # --- the end ----------------------------------------------------------------------------

    async def _async_store(self, record: PairingRecord) -> ConfigFlowResult:
        """Store a pairing just made, before anything else is asked of the accessory."""
        assert self._joining is not None
        await self.async_set_unique_id(record.device_id, raise_on_progress=False)
        if entry := self._entry_of(record.device_id):  # it was reset, and found by its address
            return self.async_update_reload_and_abort(
                entry, data=record.store(), reason="paired_again"
            )
        return self.async_create_entry(title=self._joining.target.name, data=record.store())

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Call an entry as the accessory calls itself, now that it has told."""
        entry = result["result"]
        if self._joining and entry.state is ConfigEntryState.LOADED:
            accessory = entry.runtime_data.database.accessories.get(BRIDGE_AID)
            if accessory and (name := (accessory.name or "").strip()):
                self.hass.config_entries.async_update_entry(entry, title=name)
        return result

    @override
    @callback
    def async_remove(self) -> None:
        """Leave no connection behind, and no pairing that no entry has."""
        self._removed = True
        self._end_joining()

    def _end_joining(self) -> None:
        if self._joining:
            self.hass.async_create_task(self._joining.async_leave(), f"{DOMAIN} end of pairing")
