"""What all forms share: what was found, whether it can be paired, and where something is."""

from collections.abc import Mapping
import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..protocol import Announcement, is_host
from ..takeover import built_in_entries

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

CONF_SKIP_TEST: Final = "skip_test"

# A step of a form takes no longer (mapping §7.4).
STEP_LIMIT_S: Final = 45.0
_MAX_PORT: Final = 65535
_BRIDGE_DOMAIN: Final = "homekit"
# Where the texts of what can be chosen stand.
_TEXTS: Final = f"component.{DOMAIN}.selector"
# Errors of a pairing whose accessory is away for now: it can be imported untested.
_OFFLINE_ERRORS: Final = frozenset({"cannot_connect", "timeout", "wrong_accessory"})

NOTHING_SCHEMA: Final = vol.Schema({})
_PLACE_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): TextSelector(),
        # Not required as far as the frontend knows: it would fill in the least number.
        vol.Optional(CONF_PORT): NumberSelector(
            NumberSelectorConfig(min=1, max=_MAX_PORT, step=1, mode=NumberSelectorMode.BOX)
        ),
    }
)
_OFFLINE_SCHEMA: Final = _PLACE_SCHEMA.extend(
    {vol.Required(CONF_SKIP_TEST, default=False): BooleanSelector()}
)


class HapForms(ConfigFlow):
    """A flow about one accessory server: a single accessory, or a bridge with all that hangs on it."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._found: dict[str, Announcement] = {}
        self._title = ""
        """What the accessory is called, once that is known."""
        self._reason = ""
        """For texts that give one."""
        self._removed = False
        """Whether the user has left."""

    def _entry_of(self, key: str) -> ConfigEntry | None:
        """Find our entry of an accessory; whoever ignored one may add it now."""
        return next(
            (
                entry
                for entry in self._async_current_entries(include_ignore=False)
                if entry.unique_id == key
            ),
            None,
        )

    def _is_built_in(self, announcement: Announcement) -> bool:
        """Tell whether the built-in integration uses an accessory."""
        return any(
            (entry.unique_id or "").lower() == announcement.key and entry.disabled_by is None
            for entry in built_in_entries(self.hass)
        )

    def _is_own_bridge(self, announcement: Announcement) -> bool:
        """Tell whether it is this Home Assistant itself that announces a bridge."""
        devices = dr.async_get(self.hass).async_get_devices(
            connections={(dr.CONNECTION_NETWORK_MAC, announcement.key)}
        )
        entries = (
            self.hass.config_entries.async_get_entry(each.config_entry_id) for each in devices
        )
        return any(entry is not None and entry.domain == _BRIDGE_DOMAIN for entry in entries)

    def _obstacle(self, found: Announcement) -> str | None:
        """Say why an accessory cannot be paired; None when nothing is known to be in the way."""
        if self._entry_of(found.key):
            return "already_configured"
        if self._is_own_bridge(found):
            return "own_bridge"
        if found.paired:
            return "built_in" if self._is_built_in(found) else "already_paired"
        return None if found.usable else "no_address"

    async def _async_choices(self, found: Mapping[str, Announcement]) -> SelectSelector:
        """Offer accessories by their ids."""
        texts = await self._async_texts()
        rows = []
        for key, each in found.items():
            obstacle = self._obstacle(each)
            label = f"{each.name or each.model or key} ({category_name(texts, each)})"
            if sum(other.name == each.name for other in found.values()) > 1:
                label = f"{label} {each.device_id}"
            if obstacle:
                label = f"{label} – {texts.get(f'{_TEXTS}.obstacle.options.{obstacle}', obstacle)}"
            rows.append((obstacle is not None, label.casefold(), key, label))
        options = [SelectOptionDict(value=key, label=label) for _, _, key, label in sorted(rows)]
        return SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST))

    async def _async_texts(self) -> dict[str, str]:
        return await async_get_translations(
            self.hass, self.hass.config.language, "selector", [DOMAIN]
        )

    def _show_place(
        self, step_id: str, errors: dict[str, str], host: str = "", port: int | None = None
    ) -> ConfigFlowResult:
        """Ask for host and port; a pairing whose accessory does not answer may be stored untested."""
        untested = step_id == "where" and errors.get("base") in _OFFLINE_ERRORS
        shown = {CONF_HOST: host, CONF_PORT: port} if port else {CONF_HOST: host}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                _OFFLINE_SCHEMA if untested else _PLACE_SCHEMA, shown
            ),
            errors=errors,
            description_placeholders={"name": self._title, "reason": self._reason},
        )


def category_name(texts: Mapping[str, str], found: Announcement) -> str:
    """Name what an accessory mainly is, in the language of the house."""
    name = found.category.name
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return texts.get(f"{_TEXTS}.category.options.{slug}", name)


def read_place(user_input: Mapping[str, Any]) -> tuple[str, int, dict[str, str]]:
    """Read host and port, 0 for none, and what is wrong with them; brackets around an address are as good as none."""
    host = user_input[CONF_HOST].strip().strip("[]")
    port = int(user_input.get(CONF_PORT, 0))
    errors = {} if is_host(host) else {CONF_HOST: "invalid_host"}
    return host, port, errors if port else {**errors, CONF_PORT: "no_port"}
