"""Forms: upload a profile, choose an appliance, find it; a new profile, another address, preferences."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
import logging
import secrets
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_ZEROCONF,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_ALL_FEATURES,
    CONF_CONNECTION_TYPE,
    CONF_DEBUGGING,
    CONF_DESCRIPTION,
    CONF_DEVICE_ID,
    CONF_HA_ID,
    CONF_IV,
    CONF_KEY,
    CONF_NEW_DEVICE_ID,
    CONF_PROFILE,
    CONF_SIGNAL_STRENGTH,
    CONF_SKIP_TEST,
    CONF_TAKE_OVER,
    CONNECT_LIMIT_S,
    DOMAIN,
)
from .coordinator import Options, brand_name, new_client, stored_profile
from .errors import error_key
from .protocol import (
    MAX_ARCHIVE_BYTES,
    Announcement,
    Archive,
    PeerSilentError,
    Profile,
    ProfileError,
    VendorError,
    WrongApplianceError,
    default_hosts,
    parse_host,
    read_announcement,
    read_archive,
)
from .takeover import async_foreign_profiles

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

_LOGGER = logging.getLogger(__name__)

# Where appliances were last announced, by id; and profiles of appliances that were in an archive beside the one
# that was chosen, so that it need not be uploaded again.
_ANNOUNCED: Final[HassKey[dict[str, Announcement]]] = HassKey(f"{DOMAIN}.announced")
_PROFILES: Final[HassKey[dict[str, Profile]]] = HassKey(f"{DOMAIN}.profiles")

_MAX_ANNOUNCED: Final = 100
_DEVICE_ID_BYTES: Final = 4
_ID_DIGITS_SHOWN: Final = 4

_UPLOAD_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_PROFILE): FileSelector(FileSelectorConfig(accept=".zip,application/zip"))}
)
_NOTHING_SCHEMA: Final = vol.Schema({})
_HOST_SCHEMA: Final = vol.Schema({vol.Required(CONF_HOST): TextSelector()})
_OFFLINE_SCHEMA: Final = _HOST_SCHEMA.extend(
    {vol.Required(CONF_SKIP_TEST, default=False): BooleanSelector()}
)
_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_ALL_FEATURES): BooleanSelector(),
        vol.Required(CONF_SIGNAL_STRENGTH): BooleanSelector(),
        vol.Required(CONF_DEBUGGING): BooleanSelector(),
        vol.Required(CONF_NEW_DEVICE_ID): BooleanSelector(),
    }
)

# What a profile can be wrong with, as the form calls it; anything else is "invalid_profile_file".
_PROFILE_ERRORS: Final = {
    "wrong_tool_format": "wrong_tool_format",
    "too_large": "profile_file_too_large",
    "encrypted": "profile_file_encrypted",
    "missing_file": "profile_file_parser_error",
    "invalid_key": "profile_file_parser_error",
    "parse_error": "profile_file_parser_error",
}
# Errors that an appliance which is switched off, or out of reach for now, ends in: it can be added untested.
_OFFLINE_ERRORS: Final = frozenset(
    {"cannot_connect", "offline", "rate_limited", "sessions_exhausted", "timeout"}
)
# All places where an appliance may be are tried within this time, each no longer than a form waits.
_FIND_LIMIT_S: Final = 40.0


class HomeConnectConfigFlow(ConfigFlow, domain=DOMAIN):
    """Forms about one appliance; each tries a real connection before it changes anything."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._archive = Archive((), ())
        self._profile: Profile | None = None
        self._device_id = secrets.token_hex(_DEVICE_ID_BYTES)
        """The same for the test as for the entry: each takes up a session of the appliance otherwise."""
        self._trial_id = self._device_id
        """What a test calls itself: a second one of the same name would end the link of an entry that is up."""
        self._host = ""
        self._port: int | None = None
        self._foreign: ConfigEntry | None = None
        self._problem: dict[str, str] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Open the form of preferences."""
        return HomeConnectOptionsFlow()

    # --- how it begins ----------------------------------------------------------------------

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a profile, or offer what another integration has already."""
        if await self._async_foreign_choices():
            return self.async_show_menu(step_id="user", menu_options=["upload", "take_over"])
        return await self.async_step_upload()

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Take note of an appliance that announces itself."""
        announcement = read_announcement(
            discovery_info.properties,
            [str(address) for address in discovery_info.ip_addresses],
            discovery_info.port,
        )
        if announcement is None or not announcement.hosts:
            return self.async_abort(reason="not_an_appliance")
        _remember(self.hass, announcement)
        host, port = announcement.hosts[0], announcement.port
        entry = await self._async_identify(announcement.ha_id)
        if entry:
            self._move(entry, host, port)
            return self.async_abort(reason="already_configured")
        self._host, self._port = host, port
        self._name_card(announcement.brand, announcement.type, announcement.ha_id)
        if profile := self.hass.data.get(_PROFILES, {}).get(announcement.ha_id.lower()):
            self._profile = profile
            return await self.async_step_confirm()
        return await self.async_step_upload()

    @override
    async def async_step_integration_discovery(
        self, discovery_info: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Offer another appliance of an archive that was uploaded already."""
        profile = self.hass.data.get(_PROFILES, {}).get(discovery_info[CONF_HA_ID].lower())
        if profile is None:
            return self.async_abort(reason="not_an_appliance")
        if await self._async_identify(profile.ha_id):
            return self.async_abort(reason="already_configured")
        self._profile = profile
        self._name_card(profile.description.brand, profile.description.type, profile.ha_id)
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether to add an appliance of which the profile is known already."""
        if user_input is not None:
            return await self._async_find()
        self._set_confirm_only()
        return self.async_show_form(
            step_id="confirm",
            data_schema=_NOTHING_SCHEMA,
            description_placeholders=self.context.get("title_placeholders", {}),
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Say that the appliance has another key now."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a new profile of the same appliance."""
        return await self._async_renew("reauth_confirm", self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what shall change."""
        return self.async_show_menu(
            step_id="reconfigure", menu_options=["reconfigure_host", "reconfigure_profile"]
        )

    async def async_step_reconfigure_host(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take another address of the same appliance."""
        try:
            self._adopt(self._get_reconfigure_entry())
        except ProfileError:  # nothing but another profile helps
            return await self.async_step_reconfigure_profile()
        if user_input is not None:
            return await self._async_take_host("reconfigure_host", user_input)
        return self._show_host("reconfigure_host", {})

    async def async_step_reconfigure_profile(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a fresh profile of the same appliance: new firmware has new features."""
        return await self._async_renew(
            "reconfigure_profile", self._get_reconfigure_entry(), user_input
        )

    # --- from another integration -----------------------------------------------------------

    async def async_step_take_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take an appliance over from the integration that has it: its profile, address and entity ids."""
        choices = await self._async_foreign_choices()
        if user_input is not None:
            for entry, profile in choices:
                if entry.entry_id == user_input[CONF_DEVICE]:
                    return await self._async_take(entry, profile)
        if not choices:  # gone meanwhile
            return self.async_abort(reason="all_setup")
        options = [
            SelectOptionDict(value=entry.entry_id, label=entry.title) for entry, _ in choices
        ]
        return self.async_show_form(
            step_id="take_over",
            data_schema=vol.Schema(
                {
                    vol.Required(CONF_DEVICE): SelectSelector(
                        SelectSelectorConfig(options=options, sort=True)
                    )
                }
            ),
        )

    async def _async_take(self, entry: ConfigEntry, profile: Profile) -> ConfigFlowResult:
        """Try the appliance of another integration's entry where that has it."""
        await self.async_set_unique_id(profile.ha_id, raise_on_progress=False)
        self._foreign, self._profile = entry, profile
        with suppress(ValueError):
            self._host, self._port = parse_host(str(entry.data.get(CONF_HOST, "")))
        return await self._async_find()

    async def _async_foreign_choices(self) -> list[tuple[ConfigEntry, Profile]]:
        """List what can be taken over: what is not set up here and has all that is needed."""
        found = await async_foreign_profiles(self.hass)
        taken = self._taken()
        return [(entry, profile) for entry, profile in found if profile.ha_id.lower() not in taken]

    def _taken(self) -> set[str]:
        """Give the ids of appliances that are set up; whoever ignored one may add it now."""
        return {
            (entry.unique_id or "").lower()
            for entry in self._async_current_entries(include_ignore=True)
            if entry.source != SOURCE_IGNORE
        }

    # --- the profile ------------------------------------------------------------------------

    async def async_step_upload(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take an archive and find the appliance in it."""
        if user_input is None:
            return self._show_upload("upload", {})
        if errors := await self._async_read_upload(user_input):
            return self._show_upload("upload", errors)
        if self.unique_id:  # it announced itself
            profile = _of(self._archive.profiles, self.unique_id)
            if profile is None:
                return self._show_upload("upload", self._not_there(self.unique_id))
            await self._async_choose(profile)
            return await self._async_find()
        if not self._left():
            return self.async_abort(reason="all_setup")
        return await self.async_step_device_select()

    async def async_step_device_select(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose among several appliances of one archive."""
        left = self._left()
        if user_input is not None:
            chosen = _of(left, user_input[CONF_DEVICE])
        else:
            chosen = left[0] if len(left) == 1 else None
        if chosen is not None:
            await self._async_choose(chosen)
            return await self._async_find()
        options = [SelectOptionDict(value=each.ha_id, label=_label(each)) for each in left]
        return self.async_show_form(
            step_id="device_select",
            data_schema=vol.Schema(
                {
                    vol.Required(CONF_DEVICE): SelectSelector(
                        SelectSelectorConfig(options=options, sort=True)
                    )
                }
            ),
        )

    async def _async_read_upload(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Read what was uploaded; gives errors for the form."""
        try:
            self._archive = await self.hass.async_add_executor_job(
                _read_upload, self.hass, user_input[CONF_PROFILE]
            )
        except ProfileError as err:
            return self._profile_error(err)
        return {}

    def _not_there(self, ha_id: str) -> dict[str, str]:
        """Say why an archive does not help a certain appliance."""
        for failure in self._archive.failures:
            if (failure.ha_id or "").lower() == ha_id.lower():
                return self._profile_error(failure)
        return {"base": "appliance_not_in_profile_file"}

    def _profile_error(self, err: ProfileError) -> dict[str, str]:
        self._problem = {"appliance": err.appliance or "?", "reason": err.detail or err.reason}
        return {"base": _PROFILE_ERRORS.get(err.reason, "invalid_profile_file")}

    def _left(self) -> list[Profile]:
        """List the appliances of the archive that are not set up."""
        taken = self._taken()
        return [each for each in self._archive.profiles if each.ha_id.lower() not in taken]

    async def _async_choose(self, profile: Profile) -> None:
        """Go on with an appliance of the archive; its profile says how its id is spelt."""
        self._profile = profile
        await self.async_set_unique_id(profile.ha_id, raise_on_progress=False)

    async def _async_renew(
        self, step_id: str, entry: ConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Replace the profile of an entry."""
        if user_input is None:
            return self._show_upload(step_id, {}, entry.title)
        if errors := await self._async_read_upload(user_input):
            return self._show_upload(step_id, errors, entry.title)
        profile = _of(self._archive.profiles, entry.data[CONF_HA_ID])
        if profile is None:
            return self._show_upload(step_id, self._not_there(entry.data[CONF_HA_ID]), entry.title)
        self._profile = profile  # first: what is stored may be the very thing that cannot be read
        self._adopt(entry)
        error = await self._async_try()
        if error is not None and error not in _OFFLINE_ERRORS:
            return self._show_upload(step_id, {"base": error}, entry.title)
        return self._finish()

    # --- the address ------------------------------------------------------------------------

    async def _async_find(self) -> ConfigFlowResult:
        """Try where the appliance may be; ask when it is not there."""
        assert self._profile is not None
        announcement = self.hass.data.get(_ANNOUNCED, {}).get(self._profile.ha_id.lower())
        places: list[tuple[str, int | None]] = []
        if announcement:
            places += [(host, announcement.port) for host in announcement.hosts]
        elif self._host:
            places.append((self._host, self._port))
        suggested = places[:1]
        places += [
            (host, None)
            for host in default_hosts(self._profile.description.head, self._profile.connection_type)
        ]
        errors: dict[str, str] = {}
        until = self.hass.loop.time() + _FIND_LIMIT_S
        for place in places:
            self._host, self._port = place
            error = await self._async_try(min(CONNECT_LIMIT_S, until - self.hass.loop.time()))
            if error is None:
                return self._finish()
            # That a name which nobody typed leads nowhere is no error.
            if place in suggested or error not in _OFFLINE_ERRORS:
                errors = {"base": error}
            if error not in _OFFLINE_ERRORS:
                suggested = [place]
                break
        self._host, self._port = suggested[0] if suggested else ("", None)
        return self._show_host("host", errors)

    async def async_step_host(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the address that the user knows."""
        if user_input is None:
            return self._show_host("host", {})
        return await self._async_take_host("host", user_input)

    async def _async_take_host(
        self, step_id: str, user_input: Mapping[str, Any]
    ) -> ConfigFlowResult:
        try:
            self._host, self._port = parse_host(user_input[CONF_HOST])
        except ValueError:
            return self._show_host(step_id, {CONF_HOST: "invalid_host"}, user_input[CONF_HOST])
        if user_input.get(CONF_SKIP_TEST):
            return self._finish()
        if error := await self._async_try():
            return self._show_host(step_id, {"base": error})
        return self._finish()

    async def _async_try(self, limit_s: float = CONNECT_LIMIT_S) -> str | None:
        """Greet the appliance once and hang up; gives the error for the form."""
        try:
            await self._async_greet(limit_s)
        except VendorError as err:
            return error_key(err)
        except Exception:  # whatever it is, the form stays usable
            _LOGGER.exception("Unexpected failure while connecting")
            return "unknown"
        return None

    async def _async_greet(self, limit_s: float) -> None:
        """Connect once; raises VendorError."""
        client = new_client(
            self.hass, self._data() | {CONF_DEVICE_ID: self._trial_id}, self._profile
        )
        running = self.hass.async_create_background_task(client.run(), f"{DOMAIN} form")
        try:
            async with asyncio.timeout(limit_s):
                await client.ready(patient=False)
        except TimeoutError as err:
            raise client.last_error or PeerSilentError("no answer in time") from err
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert self._profile is not None
        if client.info and client.info.vib and not _same_model(self._profile, client.info.vib):
            raise WrongApplianceError("another appliance answers at this address")

    # --- the end ----------------------------------------------------------------------------

    def _data(self) -> dict[str, Any]:
        """Build the data of the entry."""
        profile = self._profile
        assert profile is not None
        return {
            CONF_HA_ID: profile.ha_id,
            CONF_HOST: self._host,
            CONF_PORT: self._port,
            CONF_CONNECTION_TYPE: profile.connection_type.value,
            CONF_KEY: _encode(profile.key),
            CONF_IV: _encode(profile.iv) if profile.iv else None,
            CONF_DEVICE_ID: self._device_id,
            CONF_DESCRIPTION: profile.description.store(),
        }

    def _finish(self) -> ConfigFlowResult:
        """Store what has just proved to work, or what the user knows better."""
        assert self._profile is not None
        data = self._data()
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(self._get_reauth_entry(), data=data)
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data=data)
        if self._profile.ha_id.lower() in self._taken():  # by another form, meanwhile
            return self.async_abort(reason="already_configured")
        if self._foreign:
            data[CONF_TAKE_OVER] = self._foreign.entry_id
        self._offer_the_rest()
        return self.async_create_entry(title=_name(self._profile), data=data)

    def _offer_the_rest(self) -> None:
        """Offer the other appliances of the archive, without another upload; nothing of it is stored."""
        assert self._profile is not None
        waiting = self.hass.data.setdefault(_PROFILES, {})
        waiting.pop(self._profile.ha_id.lower(), None)
        for profile in self._left():
            if profile is not self._profile:
                waiting[profile.ha_id.lower()] = profile
                self._withdraw(profile.ha_id)
                discovery_flow.async_create_flow(
                    self.hass,
                    DOMAIN,
                    {"source": SOURCE_INTEGRATION_DISCOVERY},
                    {CONF_HA_ID: profile.ha_id},
                )

    def _withdraw(self, ha_id: str) -> None:
        """End forms about an appliance that announced itself: they would ask for the archive again."""
        manager = self.hass.config_entries.flow
        for flow in manager.async_progress_by_handler(DOMAIN):
            unique_id = flow["context"].get("unique_id") or ""
            if unique_id.lower() == ha_id.lower() and flow["context"]["source"] == SOURCE_ZEROCONF:
                manager.async_abort(flow["flow_id"])

    # --- parts ------------------------------------------------------------------------------

    async def _async_identify(self, ha_id: str) -> ConfigEntry | None:
        """Say which appliance this is about; gives the entry that has it already."""
        for entry in self._async_current_entries(include_ignore=True):
            if (entry.unique_id or "").lower() == ha_id.lower():
                return entry
        await self.async_set_unique_id(ha_id)
        return None

    def _move(self, entry: ConfigEntry, host: str, port: int | None) -> None:
        """Follow an appliance to its new address: at once, and without a reload."""
        if entry.source == SOURCE_IGNORE:
            return
        if (entry.data[CONF_HOST], entry.data.get(CONF_PORT)) != (host, port):
            self.hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_HOST: host, CONF_PORT: port}
            )
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.client.move_to(host, port)
            entry.runtime_data.look_for()

    def _adopt(self, entry: ConfigEntry) -> None:
        """Start from what an entry has."""
        self._host, self._port = entry.data[CONF_HOST], entry.data.get(CONF_PORT)
        self._device_id = entry.data[CONF_DEVICE_ID]
        if self._profile is None:
            self._profile = stored_profile(entry.data)
        loaded = entry.state is ConfigEntryState.LOADED
        if not (loaded and entry.runtime_data.connected):
            self._trial_id = self._device_id

    def _name_card(self, brand: str | None, kind: str | None, ha_id: str) -> None:
        """Name the appliance on its card among the discovered."""
        name = f"{brand_name(brand)} {kind or ''}".strip()
        self.context["title_placeholders"] = {"name": f"{name} ({ha_id[-_ID_DIGITS_SHOWN:]})"}

    def _show_upload(
        self, step_id: str, errors: dict[str, str], name: str | None = None
    ) -> ConfigFlowResult:
        card = self.context.get("title_placeholders", {})
        return self.async_show_form(
            step_id=step_id,
            data_schema=_UPLOAD_SCHEMA,
            errors=errors,
            description_placeholders={
                "name": name or card.get("name", "Home Connect"),
                "appliance": self._problem.get("appliance", ""),
                "reason": self._problem.get("reason", ""),
            },
        )

    def _show_host(
        self, step_id: str, errors: dict[str, str], typed: str | None = None
    ) -> ConfigFlowResult:
        """Ask for the address; an appliance that does not answer now may be added untested."""
        assert self._profile is not None
        untested = step_id == "host" and errors.get("base") in _OFFLINE_ERRORS
        shown = typed if typed is not None else _address(self._host, self._port)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                _OFFLINE_SCHEMA if untested else _HOST_SCHEMA, {CONF_HOST: shown}
            ),
            errors=errors,
            description_placeholders={"name": _name(self._profile)},
        )


class HomeConnectOptionsFlow(OptionsFlowWithReload):
    """The form of preferences."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the preferences."""
        if user_input is not None:
            entry = self.config_entry
            preferences = {
                name: value for name, value in user_input.items() if name != CONF_NEW_DEVICE_ID
            }
            if user_input[CONF_NEW_DEVICE_ID]:
                device_id = secrets.token_hex(_DEVICE_ID_BYTES)
                self.hass.config_entries.async_update_entry(
                    entry, data={**entry.data, CONF_DEVICE_ID: device_id}
                )
                if preferences == entry.options:  # else they reload it
                    self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return self.async_create_entry(data=preferences)
        options = Options.of(self.config_entry.options)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA,
                {
                    CONF_ALL_FEATURES: options.all_features,
                    CONF_SIGNAL_STRENGTH: options.signal_strength,
                    CONF_DEBUGGING: options.debugging,
                    CONF_NEW_DEVICE_ID: False,
                },
            ),
        )


def _read_upload(hass: HomeAssistant, file_id: str) -> Archive:
    """Read an uploaded file, which then vanishes; raises ProfileError."""
    try:
        with process_uploaded_file(hass, file_id) as path:
            if path.stat().st_size > MAX_ARCHIVE_BYTES:
                raise ProfileError("too_large")
            return read_archive(path.read_bytes())
    except ValueError as err:  # no such upload, or no longer
        raise ProfileError("invalid_profile_file", "the upload is gone") from err


@callback
def _remember(hass: HomeAssistant, announcement: Announcement) -> None:
    """Keep where an appliance was announced; anyone may announce, so that not everything is kept."""
    announced = hass.data.setdefault(_ANNOUNCED, {})
    if len(announced) < _MAX_ANNOUNCED or announcement.ha_id.lower() in announced:
        announced[announcement.ha_id.lower()] = announcement


def _of(profiles: Iterable[Profile], ha_id: str) -> Profile | None:
    return next((each for each in profiles if each.ha_id.lower() == ha_id.lower()), None)


def _name(profile: Profile) -> str:
    """Name an appliance as its entry is called."""
    return f"{brand_name(profile.description.brand)} {profile.description.type or 'appliance'}"


def _label(profile: Profile) -> str:
    """Name an appliance so that two of a kind can be told apart."""
    model = profile.description.head.vib or profile.description.model or ""
    return f"{_name(profile)} {model} ({profile.ha_id[-_ID_DIGITS_SHOWN:]})".replace("  ", " ")


def _same_model(profile: Profile, vib: str) -> bool:
    known = profile.description.head.vib
    return not known or known.lower() == vib.lower()


def _address(host: str, port: int | None) -> str:
    """Write an address as a user would type it."""
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _encode(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()
