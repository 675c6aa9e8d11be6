"""One appliance: its client, and the turning of its news into signals."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
import logging
import re
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalType

from .const import (
    CONF_ALL_FEATURES,
    CONF_CONNECTION_TYPE,
    CONF_DEBUGGING,
    CONF_DESCRIPTION,
    CONF_DEVICE_ID,
    CONF_HA_ID,
    CONF_IV,
    CONF_KEY,
    CONF_SIGNAL_STRENGTH,
    DOMAIN,
    PEER_NAME,
    SETUP_LIMIT_S,
    signal_available,
    signal_changed,
    signal_connected,
    signal_info,
)
from .errors import details, setup_error
from .lifeline import LinkCoordinator
from .protocol import (
    Appliance,
    Change,
    ConnectionType,
    Description,
    HomeConnectClient,
    InfoChanged,
    LinkChanged,
    LinkError,
    Profile,
    ProfileError,
    Trouble,
    TroubleChanged,
    ValuesChanged,
    VendorError,
)

_LOGGER = logging.getLogger(__name__)

type HomeConnectConfigEntry = ConfigEntry[Coordinator]

_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){5}")

# Types that have a name of their own in the translations.
TYPES: Final = frozenset(
    {
        "AirConditioner",
        "CleaningRobot",
        "CoffeeMaker",
        "CookProcessor",
        "Cooktop",
        "Dishwasher",
        "Dryer",
        "Freezer",
        "FridgeFreezer",
        "Hob",
        "Hood",
        "Microwave",
        "Oven",
        "Refrigerator",
        "WarmingDrawer",
        "Washer",
        "WasherDryer",
        "WineCooler",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user prefers."""

    all_features: bool = False
    """Whether features that nothing else shows are enabled, too."""
    signal_strength: bool = False
    """Whether the strength of the Wi-Fi signal is asked for."""
    debugging: bool = False
    """Whether the action to send anything may be used."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what is not there is as by default."""
        return cls(
            all_features=options.get(CONF_ALL_FEATURES, False),
            signal_strength=options.get(CONF_SIGNAL_STRENGTH, False),
            debugging=options.get(CONF_DEBUGGING, False),
        )


def brand_name(brand: str | None) -> str:
    """Write a brand as people do: profiles have it in capitals."""
    return (brand or "Home Connect").title() if (brand or "").isupper() else brand or "Home Connect"


def stored_profile(data: Mapping[str, Any]) -> Profile:
    """Read the profile that an entry keeps; raises VendorError when it cannot be read."""
    return Profile(
        ha_id=data[CONF_HA_ID],
        connection_type=ConnectionType(data[CONF_CONNECTION_TYPE]),
        key=_decode(data[CONF_KEY]),
        iv=_decode(data[CONF_IV]) if data.get(CONF_IV) else None,
        created=None,
        description=Description.load(data[CONF_DESCRIPTION]),
    )


def new_client(
    hass: HomeAssistant, data: Mapping[str, Any], profile: Profile | None = None
) -> HomeConnectClient:
    """Make a client of the data of an entry; raises VendorError when the stored description cannot be read."""
    return HomeConnectClient(
        profile or stored_profile(data),
        data[CONF_HOST],
        async_get_clientsession(hass),
        port=data.get(CONF_PORT),
        device_id=data[CONF_DEVICE_ID],
        device_name=hass.config.location_name,
    )


class Coordinator(LinkCoordinator[HomeConnectClient]):
    """What the entities of one appliance read, ask and listen to."""

    tries_refused_again = True
    device_id: str
    """Of the appliance in the device registry."""

    def __init__(self, hass: HomeAssistant, entry: HomeConnectConfigEntry) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self.linked = False  # until the appliance answers, which may take until it is switched on
        self.ha_id: str = entry.data[CONF_HA_ID]
        self.options = Options.of(entry.options)
        self.revision = 0
        """Counts what was told at once, so that an entity writes once, however much of it concerns it."""
        self._signals: dict[int, SignalType[()]] = {}
        self._available = signal_available(self.entry_id)
        self._connected = signal_connected(self.entry_id)
        self._info = signal_info(self.entry_id)

    # --- what entities read -----------------------------------------------------------------

    @property
    def appliance(self) -> Appliance:
        """What is known of the appliance."""
        return self.client.appliance

    @property
    def connected(self) -> bool:
        """Whether the link is up and all values were read on it."""
        return self.client.connected

    @property
    def device_info(self) -> dr.DeviceInfo:
        """Name the appliance's device for entities."""
        return dr.DeviceInfo(identifiers={(DOMAIN, self.ha_id)})

    # --- life -------------------------------------------------------------------------------

    async def async_connect(self) -> None:
        """Start the client, and give the appliance a moment to tell its values; raises what Home Assistant expects.

        An appliance that is off does not hold the set-up: its entities come from the stored description. What was
        started belongs to the entry: Home Assistant stops it when this raises, and at unload.
        """
        try:
            self.client = new_client(self.hass, self.entry.data)
            self._start()
            async with asyncio.timeout(SETUP_LIMIT_S):
                await self.client.ready(patient=False)
            self.linked = True
        except TimeoutError, LinkError:
            error = self.client.last_error
            self.last_error = type(error).__name__ if error else None
            _LOGGER.info("The %s does not answer: %s (entry %s)", PEER_NAME, error, self.entry_id)
        except ProfileError as err:  # no other attempt will read what is stored
            raise ConfigEntryError(**details(err)) from err
        except VendorError as err:
            raise setup_error(err) from err
        self._set_up()
        self.entry.async_on_unload(self.client.subscribe(self._on_change))
        if self.linked and not self.client.connected:  # lost again before anyone listened
            self._link_lost(self.client.last_error, for_good=self.client.switched_off)
        self._register()
        self._show_troubles(self.client.troubles)

    @callback
    def look_for(self) -> None:
        """Look for the appliance at once, as it was heard of; also when its key was refused for good."""
        self.client.hurry()
        self._try_again()

    # --- news -------------------------------------------------------------------------------

    @callback
    def _on_change(self, change: Change) -> None:
        """Turn one change into the signals of those who show it."""
        self.revision += 1
        match change:
            case ValuesChanged(uids=uids):
                for uid in uids:
                    # Building the name anew for each push would cost as much as all else here.
                    if (signal := self._signals.get(uid)) is None:
                        signal = self._signals[uid] = signal_changed(self.entry_id, uid)
                    async_dispatcher_send(self.hass, signal)
            case LinkChanged(connected=True):
                self._link_back()
            case LinkChanged(error=error):
                # It said so itself when it goes for good, and comes back when it is switched on.
                self._link_lost(error, for_good=self.client.switched_off)
            case InfoChanged():
                self._register()
                async_dispatcher_send(self.hass, self._info)
            case TroubleChanged(troubles=troubles):
                self._show_troubles(troubles)

    @override
    def _tell_connected(self) -> None:
        async_dispatcher_send(self.hass, self._connected)

    @override
    def _tell_available(self) -> None:
        self.revision += 1
        async_dispatcher_send(self.hass, self._available)
        async_dispatcher_send(self.hass, self._connected)

    # --- registries -------------------------------------------------------------------------

    def _register(self) -> None:
        """Describe the appliance to the device registry, as the profile has it and the appliance told since."""
        description, info = self.appliance.description, self.client.info
        head = description.head
        kind = description.type or "Appliance"
        brand = brand_name(description.brand)
        mac = head.mac or (info.mac if info else None)
        known: dict[str, Any] = {
            "model": description.model,
            "model_id": info.e_number if info else None,
            "serial_number": (info.serial_number if info else None) or head.serial_number,
            "sw_version": info.sw_version if info else None,
            "hw_version": info.hw_version if info else None,
        }
        if mac and _MAC.fullmatch(mac):
            known["connections"] = {(dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac))}
        if kind in TYPES:
            known["translation_key"] = _snake(kind)
            known["translation_placeholders"] = {"brand": brand}
        else:
            known["name"] = f"{brand} {kind}"
        self.device_id = (
            dr.async_get(self.hass)
            .async_get_or_create(
                config_entry_id=self.entry_id,
                identifiers={(DOMAIN, self.ha_id)},
                manufacturer=brand,
                # What an appliance that is off does not tell stays as it told it last.
                **{name: detail for name, detail in known.items() if detail},
            )
            .id
        )

    def _show_troubles(self, troubles: frozenset[Trouble]) -> None:
        """Tell the user what nobody else can mend."""
        for trouble in Trouble:
            issue_id = f"{self.entry_id}_{trouble}"
            if trouble in troubles:
                ir.async_create_issue(
                    self.hass,
                    DOMAIN,
                    issue_id,
                    is_fixable=False,
                    severity=ir.IssueSeverity.WARNING,
                    translation_key=trouble,
                    translation_placeholders={"appliance": self.entry.title},
                )
            else:
                ir.async_delete_issue(self.hass, DOMAIN, issue_id)


@callback
def async_delete_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what the user was told about an entry."""
    for trouble in Trouble:
        ir.async_delete_issue(hass, DOMAIN, f"{entry_id}_{trouble}")


def _snake(name: str) -> str:
    """Turn the vendor's name of a type into a key of translations."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
