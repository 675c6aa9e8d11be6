"""Forms: sign in, confirm terms, sign in again, change the account's data, preferences."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_USERNAME, Platform
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import BooleanSelector, SelectSelector, SelectSelectorConfig

from .cloud import async_first_verdict
from .const import (
    CONF_ACCEPT_TERMS,
    CONF_DOOR_OPEN,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_PASSWORD_MD5,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from .coordinator import account_id_of, new_client
from .forms import LIST_REFRESH, CloudConfigFlow, CloudOptionsFlow
from .protocol import WEBSOCKET_URL, Change, TermsChanged, digest

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

_NOTHING_SCHEMA: Final = vol.Schema({})


class HomismartConfigFlow(CloudConfigFlow, domain=DOMAIN):
    """Forms about the account, which has no name but that of the user; new terms of use may stand in its way."""

    VERSION = 2
    MINOR_VERSION = 1

    addresses: ClassVar[Mapping[str, str]] = {CONF_WEBSOCKET_URL: WEBSOCKET_URL}

    def __init__(self) -> None:
        """Start with no terms in the way."""
        super().__init__()
        self._accept_terms = False
        self._terms_required = False

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return HomismartOptionsFlow()

    async def async_step_terms(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Confirm the terms of use, when the user agrees to them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._accept_terms = True
            result, errors = await self._async_try()
            self._accept_terms = False
            if result:
                return result
        return self.async_show_form(
            step_id="terms",
            data_schema=_NOTHING_SCHEMA,
            errors=errors,
            description_placeholders={"username": self._data[CONF_USERNAME]},
        )

    @override
    def _stored(self, entry: ConfigEntry | None) -> dict[str, Any]:
        return dict(entry.data) if entry else {}

    @override
    def _secret(self, password: str) -> dict[str, Any]:
        return {CONF_PASSWORD_MD5: digest(password)}

    @override
    async def _async_before(self) -> None:
        """Refuse a second entry of the account, also beside one of the earlier integration.

        That one kept the user name as typed for its unique id, and one that is disabled still has it.
        """
        if self.source == SOURCE_REAUTH:  # which asks for nothing but the password
            return
        await self._async_identify(account_id_of(self._data))
        if self.source != SOURCE_RECONFIGURE and any(
            account_id_of(entry.data) == self.unique_id for entry in self._async_current_entries()
        ):
            raise AbortFlow("already_configured")

    @override
    async def _async_connect(self) -> None:
        """Let a client log in and read the list, or meet new terms of use; then stop it."""
        client = new_client(self.hass, self._data, accept_terms=self._accept_terms)
        terms = asyncio.Event()

        def listen(change: Change) -> None:
            if isinstance(change, TermsChanged):
                terms.set()

        client.subscribe(listen)
        running = self.hass.async_create_background_task(client.run(), f"{DOMAIN} form")
        verdict = self.hass.async_create_task(async_first_verdict(client), eager_start=False)
        stopped = self.hass.async_create_task(terms.wait(), eager_start=False)
        try:
            await asyncio.wait((verdict, stopped), return_when=asyncio.FIRST_COMPLETED)
            if verdict.done() and not client.terms_required:
                verdict.result()
        finally:
            for task in (running, verdict, stopped):
                task.cancel()
            await asyncio.gather(running, verdict, stopped, return_exceptions=True)
        self._terms_required = client.terms_required

    @override
    async def _async_connected(self) -> ConfigFlowResult:
        return await self.async_step_terms() if self._terms_required else self._async_finish()


class HomismartOptionsFlow(CloudOptionsFlow):
    """The form of preferences."""

    schema: ClassVar[vol.Schema] = vol.Schema(
        {
            vol.Required(CONF_LIGHTS_AS): SelectSelector(
                SelectSelectorConfig(
                    options=[Platform.LIGHT, Platform.SWITCH], translation_key=CONF_LIGHTS_AS
                )
            ),
            vol.Required(CONF_DOOR_OPEN): BooleanSelector(),
            vol.Required(CONF_UNKNOWN_DEVICES): BooleanSelector(),
            vol.Required(CONF_LIST_REFRESH_MINUTES): LIST_REFRESH,
            vol.Required(CONF_ACCEPT_TERMS): BooleanSelector(),
        }
    )
