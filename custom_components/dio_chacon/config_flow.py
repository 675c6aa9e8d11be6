"""Forms: sign in, sign in again, change the account's data, preferences."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, override
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import callback
from homeassistant.helpers.selector import BooleanSelector, SelectSelector, SelectSelectorConfig

from .cloud import async_first_verdict
from .const import (
    CONF_ESTIMATE_POSITION,
    CONF_INSTALLATION_ID,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_LOGIN_URL,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    DOMAIN,
)
from .coordinator import complete, new_client
from .forms import LIST_REFRESH, CloudConfigFlow, CloudOptionsFlow
from .protocol import LOGIN_URL, WEBSOCKET_URL, Account, ThrottledError

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it


class DioConfigFlow(CloudConfigFlow, domain=DOMAIN):
    """Forms about the account, which the cloud names once it lets us in."""

    VERSION = 1
    MINOR_VERSION = 1

    addresses: ClassVar[Mapping[str, str]] = {
        CONF_WEBSOCKET_URL: WEBSOCKET_URL,
        CONF_LOGIN_URL: LOGIN_URL,
    }

    def __init__(self) -> None:
        """Start without having been turned away."""
        super().__init__()
        self._account: Account | None = None
        self._not_before = 0.0
        self._installation_id = uuid4().hex

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return DioOptionsFlow()

    @override
    def _stored(self, entry: ConfigEntry | None) -> dict[str, Any]:
        if entry is None:
            return {CONF_INSTALLATION_ID: self._installation_id}
        return complete(entry.data, entry.entry_id)

    @override
    def _secret(self, password: str) -> dict[str, Any]:
        return {CONF_PASSWORD: password}

    @override
    async def _async_connect(self) -> None:
        """Let a client connect, and stop it again: that logs out."""
        if (patience_s := self._not_before - monotonic()) > 0:
            raise ThrottledError("the cloud wants to be left alone", patience_s)
        client = new_client(self.hass, self._data)
        running = self.hass.async_create_background_task(client.run(), f"{DOMAIN} form")
        try:
            await async_first_verdict(client)
        except ThrottledError as err:
            self._not_before = monotonic() + (err.retry_after_s or 0)
            raise
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        self._account = client.account

    @override
    async def _async_connected(self) -> ConfigFlowResult:
        assert self._account
        await self._async_identify(self._account.account_id)
        return self._async_finish()


class DioOptionsFlow(CloudOptionsFlow):
    """The form of preferences."""

    schema: ClassVar[vol.Schema] = vol.Schema(
        {
            vol.Required(CONF_LIGHTS_AS): SelectSelector(
                SelectSelectorConfig(
                    options=[Platform.SWITCH, Platform.LIGHT], translation_key=CONF_LIGHTS_AS
                )
            ),
            vol.Required(CONF_ESTIMATE_POSITION): BooleanSelector(),
            vol.Required(CONF_UNKNOWN_DEVICES): BooleanSelector(),
            vol.Required(CONF_LIST_REFRESH_MINUTES): LIST_REFRESH,
        }
    )
