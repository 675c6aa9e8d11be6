"""Forms that all cloud accounts share: sign in, sign in again, change the account's data, preferences."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import CONF_ADVANCED, MAX_LIST_REFRESH_MINUTES, MIN_LIST_REFRESH_MINUTES
from .coordinator import Options
from .errors import error_key
from .protocol import Servers, UnsupportedError, VendorError

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
LIST_REFRESH: Final = vol.All(
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
)


class CloudConfigFlow(ConfigFlow, ABC):
    """Forms about the account; each tries a real connection before it changes anything."""

    addresses: ClassVar[Mapping[str, str]]
    """Server addresses that the user may change, with their defaults: members of the data and of ``Servers``."""

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._typed: dict[str, Any] = {}
        self._data: dict[str, Any] = {}

    # --- what differs between vendors -------------------------------------------------------

    @abstractmethod
    def _stored(self, entry: ConfigEntry | None) -> dict[str, Any]:
        """Give the data that what is typed is added to: of an entry, or of a new one."""

    @abstractmethod
    def _secret(self, password: str) -> dict[str, Any]:
        """Turn a password, taken literally, into what is kept of it."""

    async def _async_before(self) -> None:
        """Look at what was typed before a connection is tried; may abort."""

    @abstractmethod
    async def _async_connect(self) -> None:
        """Try a real connection with the data; raises VendorError."""

    @abstractmethod
    async def _async_connected(self) -> ConfigFlowResult:
        """Go on after the connection has worked; may abort."""

    # --- the forms --------------------------------------------------------------------------

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Sign in to a new account."""
        return await self._async_account_step("user", None, user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how the same account is signed in to."""
        return await self._async_account_step(
            "reconfigure", self._get_reconfigure_entry(), user_input
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
            self._take(entry, self._secret(user_input[CONF_PASSWORD]))
            result, errors = await self._async_try()
            if result:
                return result
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={"username": entry.data[CONF_USERNAME]},
        )

    async def _async_account_step(
        self, step_id: str, entry: ConfigEntry | None, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for all that is needed to sign in; shows again what was typed, save for the password."""
        errors: dict[str, str] = {}
        if user_input is not None:
            advanced = user_input[CONF_ADVANCED]
            self._take(
                entry,
                {
                    CONF_USERNAME: user_input[CONF_USERNAME].strip(),
                    **self._secret(user_input[CONF_PASSWORD]),
                    **{name: advanced[name].strip() for name in self.addresses},
                },
            )
            result, errors = await self._async_try()
            if result:
                return result
        shown = user_input or (self._as_input(entry) if entry else {})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                self._account_schema(show_advanced=CONF_ADVANCED in errors),
                {key: value for key, value in shown.items() if key != CONF_PASSWORD},
            ),
            errors=errors,
        )

    def _account_schema(self, *, show_advanced: bool) -> vol.Schema:
        """Build the form for an account; server addresses are out of sight unless they need a look."""
        return vol.Schema(
            {
                vol.Required(CONF_USERNAME): _EMAIL,
                vol.Required(CONF_PASSWORD): _PASSWORD,
                vol.Required(CONF_ADVANCED): section(
                    vol.Schema(
                        {
                            vol.Required(name, default=default): _ADDRESS
                            for name, default in self.addresses.items()
                        }
                    ),
                    {"collapsed": not show_advanced},
                ),
            }
        )

    def _as_input(self, entry: ConfigEntry) -> dict[str, Any]:
        """Turn entry data back into what the form shows."""
        return {
            CONF_USERNAME: entry.data[CONF_USERNAME],
            CONF_ADVANCED: {
                name: entry.data.get(name, default) for name, default in self.addresses.items()
            },
        }

    # --- what becomes of them ---------------------------------------------------------------

    def _take(self, entry: ConfigEntry | None, typed: dict[str, Any]) -> None:
        self._typed = typed
        self._data = {**self._stored(entry), **typed}

    async def _async_try(self) -> tuple[ConfigFlowResult | None, dict[str, str]]:
        """Try a real connection with what was typed; gives the next step, or the errors for the form."""
        await self._async_before()
        try:
            Servers(**{name: self._data[name] for name in self.addresses if name in self._data})
        except UnsupportedError:
            return None, {CONF_ADVANCED: "insecure_address"}
        try:
            await self._async_connect()
        except VendorError as err:
            return None, {"base": error_key(err)}
        except Exception:  # whatever it is, the form stays usable
            _LOGGER.exception("Unexpected failure while connecting")
            return None, {"base": "unknown"}
        return await self._async_connected(), {}

    async def _async_identify(self, account_id: str) -> None:
        """Refuse a second entry of an account, and another account in the place of one."""
        # Not in the way of another form about it: one may have been left open in a browser that is closed.
        await self.async_set_unique_id(account_id, raise_on_progress=False)
        if self.source in (SOURCE_REAUTH, SOURCE_RECONFIGURE):
            self._abort_if_unique_id_mismatch()
        else:
            self._abort_if_unique_id_configured()

    def _async_finish(self) -> ConfigFlowResult:
        """Store what has just proved to work."""
        username = self._data[CONF_USERNAME]
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(
                self._get_reauth_entry(), data_updates=self._typed
            )
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            renamed = entry.title != entry.data[CONF_USERNAME]
            return self.async_update_reload_and_abort(
                entry, title=entry.title if renamed else username, data=self._data
            )
        return self.async_create_entry(title=username, data=self._data)


class CloudOptionsFlow(OptionsFlowWithReload):
    """The form of preferences."""

    schema: ClassVar[vol.Schema]
    """One field for each member of ``Options``."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the preferences."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                self.schema, asdict(Options.of(self.config_entry.options))
            ),
        )
