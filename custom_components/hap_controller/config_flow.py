"""The ways into the forms: an accessory announces itself, or the user looks for one; and preferences."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, override

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_DEVICE, Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .announcements import async_announced
from .cache import async_announced_numbers, async_get_cache
from .const import (
    CONF_ADDRESS,
    CONF_ADDRESS_PORT,
    CONF_ADDRESSES,
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_PAIRING_ID,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
    DOMAIN,
    MAX_POLL_S,
    MIN_POLL_S,
)
from .dispatch import has_slats
from .forms.base import read_place
from .forms.importing import ImportForms
from .forms.renewing import RenewalForms
from .joining import Target
from .leftovers import async_get_leftovers
from .options import Options, slats_key
from .protocol import (
    SERVICE_TYPE,
    Accessory,
    Announcement,
    AuthError,
    PairingRecord,
    VendorError,
    check_pairing,
    read_announcement,
)
from .takeover import read_record

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

# Accessories that are better served by integrations of their own, and one whose code no user is given.
_IGNORED_MODELS: Final = frozenset({"T8400", "T8410", "HHKBridge1,1"})
_PROBE_LIMIT_S: Final = 20.0

_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_POLL_INTERVAL): NumberSelector(
            NumberSelectorConfig(
                min=MIN_POLL_S,
                max=MAX_POLL_S,
                step=1,
                mode=NumberSelectorMode.BOX,
                unit_of_measurement="s",
            )
        ),
        vol.Required(CONF_TRUST_EVENTS): BooleanSelector(),
        vol.Required(CONF_ALL_CHARACTERISTICS): BooleanSelector(),
        vol.Required(CONF_VALVES_AS_SWITCHES): BooleanSelector(),
    }
)


class HapConfigFlow(ImportForms, RenewalForms, domain=DOMAIN):
    """Forms about one accessory server: a single accessory, or a bridge with all that hangs on it."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__()
        self._announcement: Announcement | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return HapOptionsFlow()

    # --- found by itself --------------------------------------------------------------------

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Take note of an accessory that announces itself, in the order of mapping §7.1."""
        announcement = read_announcement(
            discovery_info.name,
            discovery_info.properties,
            [str(address) for address in discovery_info.ip_addresses],
            discovery_info.port,
        )
        if announcement is None:  # a later announcement may be complete
            return self.async_abort(reason="invalid_properties")
        self._announcement = announcement
        entry = await self.async_set_unique_id(announcement.key, raise_on_progress=False)
        if entry and announcement.paired and entry.state is ConfigEntryState.LOADED:
            self._follow(entry, announcement)
            return self.async_abort(reason="already_configured")
        if discovery_info.type != SERVICE_TYPE:
            return self.async_abort(reason="ignored_model")
        if entry and not announcement.paired and (record := read_record(entry)):
            return await self._async_look_after(entry, record, announcement)
        if entry:
            self._follow(entry, announcement)
            return self.async_abort(reason="already_configured")
        if self.hass.config_entries.flow.async_has_matching_flow(self):
            return self.async_abort(reason="already_in_progress")
        if self._is_built_in(announcement):
            return self.async_abort(reason="already_configured")
        if announcement.paired:
            await self._async_clear_leftover(announcement)
            return self.async_abort(reason="already_paired")
        if (
            announcement.model in _IGNORED_MODELS
            or self._is_own_bridge(announcement)
            or not announcement.usable
        ):
            return self.async_abort(reason="ignored_model")
        await self._async_aim(announcement)
        return self._show_pair({})  # asking the accessory now would have it show its code

    @override
    def is_matching(self, other_flow: Self) -> bool:
        """Tell whether another flow pairs the same accessory; one that cannot any more is dismissed."""
        if (
            self._announcement is None
            or other_flow.unique_id != self._announcement.key
            or not other_flow.pairs
        ):
            return False
        if self._announcement.paired:
            self.hass.config_entries.flow.async_abort(other_flow.flow_id)
        return not self._announcement.paired

    def _follow(self, entry: ConfigEntry, announcement: Announcement) -> None:
        """Note where an accessory is now, and have the link know, without a reload."""
        if entry.source == SOURCE_IGNORE or not announcement.usable:
            return
        hosts = list(announcement.addresses)
        place = {
            CONF_ADDRESS: hosts[0],
            CONF_ADDRESSES: hosts,
            CONF_ADDRESS_PORT: announcement.port,
        }
        self.hass.config_entries.async_update_entry(entry, data={**entry.data, **place})
        async_announced_numbers(self.hass)[announcement.key] = announcement.config_number
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.announced(announcement.config_number, hosts, announcement.port)
        elif entry.state is ConfigEntryState.SETUP_RETRY:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    async def _async_look_after(
        self, entry: ConfigEntry, record: PairingRecord, announcement: Announcement
    ) -> ConfigFlowResult:
        """Find out about an accessory of ours that says it is not paired; nothing of the user's is deleted."""
        if entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected:
            return self.async_abort(reason="already_paired")  # the announcement is wrong, or old
        if entry.disabled_by is not None:  # nobody wants to hear of it
            return self.async_abort(reason="already_configured")
        # Anybody can announce anything: where it was last counts as much.
        here, before = (announcement.addresses, announcement.port), (record.hosts, record.port)
        forgotten = False
        for hosts, port in dict.fromkeys((here, before)):
            try:
                async with asyncio.timeout(_PROBE_LIMIT_S):
                    await check_pairing(record.keys, hosts, port or 0)
            except AuthError:
                forgotten = True
            except TimeoutError, VendorError:  # nobody knows
                pass
            else:
                return self.async_abort(reason="already_paired")
        if forgotten:
            entry.async_start_reauth(self.hass)
        return self.async_abort(reason="already_configured")

    async def _async_clear_leftover(self, announcement: Announcement) -> None:
        """Take a pairing back that was left on an accessory, so that it can be paired."""
        leftovers = await async_get_leftovers(self.hass)
        if key := leftovers.find(announcement):
            await leftovers.async_take_back(key)

    # --- found by the user ------------------------------------------------------------------

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the accessory comes from."""
        options = ["pick", "manual", "upload"]
        if self._built_in_choices():
            options.insert(2, "take_over")
        return self.async_show_menu(step_id="user", menu_options=options)

    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """List what announces itself, what can be paired first, all else with what is in the way."""
        errors: dict[str, str] = {}
        if user_input is None:
            self._found = await async_announced(self.hass)
        else:
            found = self._found[user_input[CONF_DEVICE]]
            obstacle = self._obstacle(found)
            if obstacle is None:
                return await self._async_pair_found(found)
            errors = {CONF_DEVICE: obstacle}
        if not self._found:
            return self._show_place("manual", {"base": "no_devices"})
        schema = vol.Schema({vol.Required(CONF_DEVICE): await self._async_choices(self._found)})
        return self.async_show_form(
            step_id="pick",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
        )

    async def async_step_manual(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take host and port of an accessory that cannot be heard."""
        if user_input is None:
            return self._show_place("manual", {})
        host, port, errors = read_place(user_input)
        if errors:
            return self._show_place("manual", errors, host, port)
        self._by_hand = True
        for found in (await async_announced(self.hass)).values():
            if host in found.addresses and found.port == port:
                if obstacle := self._obstacle(found):
                    return self._show_place("manual", {"base": obstacle}, host, port)
                return await self._async_pair_found(found)
        self._start(Target(host, "HomeKit", (host,), port))
        return await self.async_step_pair()

    async def _async_pair_found(self, found: Announcement) -> ConfigFlowResult:
        await self.async_set_unique_id(found.key, raise_on_progress=False)
        await self._async_aim(found)
        return await self.async_step_pair()


class HapOptionsFlow(OptionsFlowWithReload):
    """The form of preferences."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the preferences."""
        options = Options.of(self.config_entry.options)
        slats = await self._async_slats()
        if user_input is not None:
            kept: Any = options.level_is_open
            if CONF_LEVEL_IS_OPEN in user_input:
                # What could not be chosen now, as its accessory is away, stays as it is.
                away = () if kept is True else kept - slats.keys()
                kept = {*user_input[CONF_LEVEL_IS_OPEN], *away}
            return self.async_create_entry(
                data={
                    **user_input,
                    CONF_POLL_INTERVAL: int(user_input[CONF_POLL_INTERVAL]),
                    CONF_LEVEL_IS_OPEN: kept if kept is True else sorted(kept),
                }
            )
        chosen = slats if options.level_is_open is True else options.level_is_open
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA.extend(_slats_field(slats)) if slats else _OPTIONS_SCHEMA,
                {
                    CONF_POLL_INTERVAL: options.poll_s,
                    CONF_TRUST_EVENTS: options.trust_events,
                    CONF_ALL_CHARACTERISTICS: options.all_characteristics,
                    CONF_VALVES_AS_SWITCHES: options.valves_as_switches,
                    CONF_LEVEL_IS_OPEN: [each for each in slats if each in chosen],
                },
            ),
        )

    async def _async_slats(self) -> dict[str, str]:
        """Name the covers with slats that are known of, by what preferences call them."""
        entry = self.config_entry
        pairing_id = str(entry.data.get(CONF_PAIRING_ID, ""))
        if entry.state is ConfigEntryState.LOADED:
            database = entry.runtime_data.database
        elif known := (await async_get_cache(self.hass)).get(pairing_id):
            database = known.database
        else:
            return {}
        return {
            slats_key(service): self._name_of(f"{pairing_id}_{slats_key(service)}", accessory)
            for accessory in database.accessories.values()
            for service in accessory.services
            if has_slats(service)
        }

    def _name_of(self, unique_id: str, accessory: Accessory) -> str:
        """Call a cover as the user does, as far as it is there."""
        entity_id = er.async_get(self.hass).async_get_entity_id(Platform.COVER, DOMAIN, unique_id)
        state = self.hass.states.get(entity_id or "")
        name = state.name if state else accessory.name or self.config_entry.title
        return f"{name} ({entity_id})" if entity_id else name


def _slats_field(slats: Mapping[str, str]) -> dict[Any, Any]:
    options = [SelectOptionDict(value=key, label=name) for key, name in slats.items()]
    selector = SelectSelector(
        SelectSelectorConfig(
            options=options, multiple=True, sort=True, mode=SelectSelectorMode.LIST
        )
    )
    return {vol.Optional(CONF_LEVEL_IS_OPEN, default=[]): selector}
