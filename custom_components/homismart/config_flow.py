"""Forms: sign in, confirm terms, sign in again, change the account's data, preferences."""

import asyncio
from collections.abc import Mapping
import logging
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, Platform, UnitOfTime
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .cloud import async_first_verdict
from .const import (
    CONF_ACCEPT_TERMS,
    CONF_ADVANCED,
    CONF_DOOR_OPEN,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_PASSWORD_MD5,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    DOMAIN,
    MAX_LIST_REFRESH_MINUTES,
    MIN_LIST_REFRESH_MINUTES,
)
from .coordinator import Options, account_id_of, new_client
from .errors import error_key
from .protocol import (
    WEBSOCKET_URL,
    Change,
    HomismartClient,
    Servers,
    TermsChanged,
    UnsupportedError,
    VendorError,
    digest,
)

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

_LOGGER = logging.getLogger(__name__)

_EMAIL: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="username")
)
_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
_ADDRESS: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_PASSWORD_SCHEMA: Final = vol.Schema({vol.Required(CONF_PASSWORD): _PASSWORD})
_NOTHING_SCHEMA: Final = vol.Schema({})
_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_LIGHTS_AS): SelectSelector(
            SelectSelectorConfig(
                options=[Platform.LIGHT, Platform.SWITCH], translation_key=CONF_LIGHTS_AS
            )
        ),
        vol.Required(CONF_DOOR_OPEN): BooleanSelector(),
        vol.Required(CONF_UNKNOWN_DEVICES): BooleanSelector(),
        vol.Required(CONF_LIST_REFRESH_MINUTES): vol.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=MIN_LIST_REFRESH_MINUTES,
                    max=MAX_LIST_REFRESH_MINUTES,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement=UnitOfTime.MINUTES,
                )
            ),
            vol.Coerce(int),
        ),
        vol.Required(CONF_ACCEPT_TERMS): BooleanSelector(),
    }
)


def _account_schema(*, show_advanced: bool) -> vol.Schema:
    """Build the form for an account; the server address is out of sight unless it needs a look."""
    return vol.Schema(
        {
            vol.Required(CONF_USERNAME): _EMAIL,
            vol.Required(CONF_PASSWORD): _PASSWORD,
            vol.Required(CONF_ADVANCED): section(
                vol.Schema({vol.Required(CONF_WEBSOCKET_URL, default=WEBSOCKET_URL): _ADDRESS}),
                {"collapsed": not show_advanced},
            ),
        }
    )


class HomismartConfigFlow(ConfigFlow, domain=DOMAIN):
    """Forms about the account; each tries a real connection before it changes anything."""

    VERSION = 2
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._data: dict[str, Any] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return HomismartOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Sign in to a new account."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._data = _entry_data(user_input)
            await self.async_set_unique_id(account_id_of(self._data))
            self._abort_if_account_configured()
            result, errors = await self._async_try()
            if result:
                return result
        return self._async_show_account_form("user", user_input or {}, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the password, the spelling of the user name or the server of the same account."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            self._data = _entry_data(user_input)
            await self.async_set_unique_id(account_id_of(self._data))
            self._abort_if_unique_id_mismatch()
            result, errors = await self._async_try()
            if result:
                return result
        return self._async_show_account_form(
            "reconfigure", user_input or _form_input(entry.data), errors
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Say that the password is needed again."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign in again with a new password."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            self._data = {**entry.data, CONF_PASSWORD_MD5: digest(user_input[CONF_PASSWORD])}
            result, errors = await self._async_try()
            if result:
                return result
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={"username": entry.data[CONF_USERNAME]},
        )

    async def async_step_terms(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Confirm the terms of use, when the user agrees to them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            result, errors = await self._async_try(accept_terms=True)
            if result:
                return result
        return self.async_show_form(
            step_id="terms",
            data_schema=_NOTHING_SCHEMA,
            errors=errors,
            description_placeholders={"username": self._data[CONF_USERNAME]},
        )

    def _abort_if_account_configured(self) -> None:
        """Refuse a second entry of the account, also beside one of the earlier integration.

        That one kept the user name as typed for its unique id, and one that is disabled still has it.
        """
        self._abort_if_unique_id_configured()
        if any(
            account_id_of(entry.data) == self.unique_id for entry in self._async_current_entries()
        ):
            raise AbortFlow("already_configured")

    def _async_show_account_form(
        self, step_id: str, shown: Mapping[str, Any], errors: dict[str, str]
    ) -> ConfigFlowResult:
        """Show the form with what was typed, save for the password."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                _account_schema(show_advanced=CONF_ADVANCED in errors),
                {key: value for key, value in shown.items() if key != CONF_PASSWORD},
            ),
            errors=errors,
        )

    async def _async_try(
        self, *, accept_terms: bool = False
    ) -> tuple[ConfigFlowResult | None, dict[str, str]]:
        """Try a real connection with what was typed; gives the next step, or the errors for the form."""
        try:
            Servers(self._data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL))
        except UnsupportedError:
            return None, {CONF_ADVANCED: "insecure_address"}
        client = new_client(self.hass, self._data, accept_terms=accept_terms)
        try:
            await self._async_connect(client)
        except VendorError as err:
            return None, {"base": error_key(err)}
        except Exception:  # whatever it is, the form stays usable
            _LOGGER.exception("Unexpected failure while connecting")
            return None, {"base": "unknown"}
        if client.terms_required:
            return await self.async_step_terms(), {}
        return self._async_finish(), {}

    async def _async_connect(self, client: HomismartClient) -> None:
        """Let the client log in and read the list, or meet new terms of use; then stop it."""
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

    def _async_finish(self) -> ConfigFlowResult:
        """Store what has just proved to work."""
        username = self._data[CONF_USERNAME]
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(
                self._get_reauth_entry(), data_updates=self._data
            )
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            renamed = entry.title != entry.data[CONF_USERNAME]
            return self.async_update_reload_and_abort(
                entry, title=entry.title if renamed else username, data=self._data
            )
        return self.async_create_entry(title=username, data=self._data)


class HomismartOptionsFlow(OptionsFlowWithReload):
    """The form of preferences."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the preferences."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        options = Options.of(self.config_entry.options)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA,
                {
                    CONF_LIGHTS_AS: options.lights_as,
                    CONF_DOOR_OPEN: options.door_open,
                    CONF_UNKNOWN_DEVICES: options.unknown_devices,
                    CONF_LIST_REFRESH_MINUTES: options.list_refresh_minutes,
                    CONF_ACCEPT_TERMS: options.accept_terms,
                },
            ),
        )


def _entry_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the form into entry data; of the password only the digest is kept."""
    return {
        CONF_USERNAME: user_input[CONF_USERNAME].strip(),
        CONF_PASSWORD_MD5: digest(user_input[CONF_PASSWORD]),
        CONF_WEBSOCKET_URL: user_input[CONF_ADVANCED][CONF_WEBSOCKET_URL].strip(),
    }


def _form_input(data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn entry data back into what the form shows."""
    return {
        CONF_USERNAME: data[CONF_USERNAME],
        CONF_ADVANCED: {CONF_WEBSOCKET_URL: data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL)},
    }
