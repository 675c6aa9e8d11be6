"""Sockets and switches, their indicator light and their buttons."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from homeassistant.components.switch import SwitchDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DEVICE_KINDS
from .coordinator import HomismartConfigEntry
from .entity import async_add_rows
from .platforms import DeviceSwitch, DeviceSwitchDescription
from .protocol import MAX_LED, Device, HomismartClient, Kind

PARALLEL_UPDATES = 0


async def _set_led(client: HomismartClient, device_id: str, on: bool) -> None:
    """Light the indicator as it last was, or put it out."""
    await client.set_led(device_id, (client.devices[device_id].lit_led or MAX_LED) if on else 0)


def _led_is_on(device: Device) -> bool | None:
    led = device.expected("led")
    return None if led is None else led > 0


@dataclass(frozen=True, kw_only=True)
class HomismartSwitchDescription(DeviceSwitchDescription):
    """A switch; most are about power."""

    watches: tuple[str, ...] = ("is_on",)
    is_on_fn: Callable[[Device], bool | None] = lambda device: device.expected("is_on")
    set_fn: Callable[[HomismartClient, str, bool], Awaitable[None]] = HomismartClient.set_on


SWITCHES: Final = (
    HomismartSwitchDescription(
        key="light_switch",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.SWITCH,
        device_class=SwitchDeviceClass.SWITCH,
    ),
    HomismartSwitchDescription(
        key="socket",
        name=None,
        kinds=(Kind.SOCKET, Kind.OTHER_SOCKET, Kind.DOUBLE_SWITCH),
        device_class=SwitchDeviceClass.OUTLET,
    ),
    HomismartSwitchDescription(
        key="multi_gang",
        name=None,
        kinds=(Kind.MULTI_GANG,),
        device_class=SwitchDeviceClass.SWITCH,
    ),
    HomismartSwitchDescription(
        key="generic",
        name=None,
        kinds=(Kind.UNKNOWN,),
        exists_fn=lambda device: device.is_on is not None,
        entity_registry_enabled_default=False,
    ),
    HomismartSwitchDescription(
        key="led",
        translation_key="led",
        exists_fn=lambda device: device.led is not None,
        watches=("led",),
        is_on_fn=_led_is_on,
        set_fn=_set_led,
        entity_category=EntityCategory.CONFIG,
    ),
    HomismartSwitchDescription(
        key="button_lock",
        translation_key="button_lock",
        kinds=DEVICE_KINDS - {Kind.DOOR_LOCK},
        exists_fn=lambda device: device.locked is not None,
        watches=("locked",),
        is_on_fn=lambda device: device.expected("locked"),
        set_fn=HomismartClient.set_locked,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.SWITCH, SWITCHES, DeviceSwitch)
