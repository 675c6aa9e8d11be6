"""Forms: sign in, sign in again, change the account's data, preferences."""

import asyncio
from collections.abc import Mapping
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, override
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, Platform, UnitOfTime
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
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
    CONF_ADVANCED,
    CONF_ESTIMATE_POSITION,
    CONF_INSTALLATION_ID,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_LOGIN_URL,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    DOMAIN,
    MAX_LIST_REFRESH_MINUTES,
    MIN_LIST_REFRESH_MINUTES,
)
from .coordinator import Options, complete, new_client
from .errors import error_key
from .protocol import (
    LOGIN_URL,
    WEBSOCKET_URL,
    Account,
    DioClient,
    Servers,
    ThrottledError,
    UnsupportedError,
    VendorError,
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
_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_LIGHTS_AS): SelectSelector(
            SelectSelectorConfig(
                options=[Platform.SWITCH, Platform.LIGHT], translation_key=CONF_LIGHTS_AS
            )
        ),
        vol.Required(CONF_ESTIMATE_POSITION): BooleanSelector(),
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
    }
)


def _account_schema(*, show_advanced: bool) -> vol.Schema:
    """Build the form for an account; the server addresses are out of sight unless they need a look."""
    return vol.Schema(
        {
            vol.Required(CONF_USERNAME): _EMAIL,
            vol.Required(CONF_PASSWORD): _PASSWORD,
            vol.Required(CONF_ADVANCED): section(
                vol.Schema(
                    {
                        vol.Required(CONF_WEBSOCKET_URL, default=WEBSOCKET_URL): _ADDRESS,
                        vol.Required(CONF_LOGIN_URL, default=LOGIN_URL): _ADDRESS,
                    }
                ),
                {"collapsed": not show_advanced},
            ),
        }
    )


class DioConfigFlow(ConfigFlow, domain=DOMAIN):
    """Forms about the account; each tries a real connection before it changes anything."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start without having been turned away."""
        self._not_before = 0.0
        self._installation_id = uuid4().hex

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return DioOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Sign in to a new account."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _entry_data(user_input) | {CONF_INSTALLATION_ID: self._installation_id}
            account, errors = await self._async_log_in(data)
            if account:
                await self.async_set_unique_id(account.account_id)
                self._abort_if_unique_id_configured()
                return self.async_create_entry(title=data[CONF_USERNAME], data=data)
        return self._async_show_account_form("user", user_input or {}, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the e-mail address, the password or the servers of the same account."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**complete(entry.data, entry.entry_id), **_entry_data(user_input)}
            account, errors = await self._async_log_in(data)
            if account:
                await self.async_set_unique_id(account.account_id)
                self._abort_if_unique_id_mismatch()
                renamed = entry.title != entry.data[CONF_USERNAME]
                return self.async_update_reload_and_abort(
                    entry, title=entry.title if renamed else data[CONF_USERNAME], data=data
                )
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
            data = {**complete(entry.data, entry.entry_id), **user_input}
            account, errors = await self._async_log_in(data)
            if account:
                await self.async_set_unique_id(account.account_id)
                self._abort_if_unique_id_mismatch()
                return self.async_update_reload_and_abort(entry, data_updates=user_input)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={"username": entry.data[CONF_USERNAME]},
        )

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

    async def _async_log_in(self, data: Mapping[str, Any]) -> tuple[Account | None, dict[str, str]]:
        """Try a real connection; gives the account, or the errors for the form."""
        try:
            Servers(login_url=data[CONF_LOGIN_URL], websocket_url=data[CONF_WEBSOCKET_URL])
        except UnsupportedError:
            return None, {CONF_ADVANCED: "insecure_address"}
        if monotonic() < self._not_before:  # the cloud wants to be left alone
            return None, {"base": "rate_limited"}
        try:
            return await self._async_account(new_client(self.hass, data)), {}
        except ThrottledError as err:
            self._not_before = monotonic() + (err.retry_after_s or 0)
            return None, {"base": error_key(err)}
        except VendorError as err:
            return None, {"base": error_key(err)}
        except Exception:  # whatever it is, the form stays usable
            _LOGGER.exception("Unexpected failure while connecting")
            return None, {"base": "unknown"}

    async def _async_account(self, client: DioClient) -> Account | None:
        """Let the client connect, and stop it again: that logs out."""
        running = self.hass.async_create_background_task(client.run(), f"{DOMAIN} form")
        try:
            await async_first_verdict(client)
            return client.account
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class DioOptionsFlow(OptionsFlowWithReload):
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
                    CONF_ESTIMATE_POSITION: options.estimate_position,
                    CONF_UNKNOWN_DEVICES: options.unknown_devices,
                    CONF_LIST_REFRESH_MINUTES: options.list_refresh_minutes,
                },
            ),
        )


def _entry_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the form into entry data; the password is taken literally, all else without blanks around."""
    advanced = user_input[CONF_ADVANCED]
    return {
        CONF_USERNAME: user_input[CONF_USERNAME].strip(),
        CONF_PASSWORD: user_input[CONF_PASSWORD],
        CONF_LOGIN_URL: advanced[CONF_LOGIN_URL].strip(),
        CONF_WEBSOCKET_URL: advanced[CONF_WEBSOCKET_URL].strip(),
    }


def _form_input(data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn entry data back into what the form shows."""
    return {
        CONF_USERNAME: data[CONF_USERNAME],
        CONF_ADVANCED: {
            CONF_WEBSOCKET_URL: data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL),
            CONF_LOGIN_URL: data.get(CONF_LOGIN_URL, LOGIN_URL),
        },
    }
