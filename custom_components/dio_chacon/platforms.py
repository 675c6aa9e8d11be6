"""What platforms do alike whatever the vendor; the rows, and what only one vendor has, stand with the platform."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.light import ColorMode, LightEntity, LightEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.helpers.entity import ToggleEntity, ToggleEntityDescription

from .coordinator import Client, Coordinator
from .entity import AccountEntity, AccountRow, DeviceEntity, DeviceRow
from .protocol import Device
from .signals import CONNECTED

# --- what is so or not ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DeviceBinarySensorDescription(DeviceRow, BinarySensorEntityDescription):
    """A binary sensor of a device: how it reads, and when what it reads may be shown."""

    is_on_fn: Callable[[Device], bool | None]
    available_fn: Callable[[Coordinator], bool]


class DeviceBinarySensor(DeviceEntity, BinarySensorEntity):
    """Shows a fact about a device."""

    entity_description: DeviceBinarySensorDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the fact may be shown."""
        return self.entity_description.available_fn(self.coordinator)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; None until reported."""
        return self.entity_description.is_on_fn(self.device)


@dataclass(frozen=True, kw_only=True)
class AccountBinarySensorDescription(AccountRow, BinarySensorEntityDescription):
    """A binary sensor of the account: how it reads."""

    is_on_fn: Callable[[Coordinator], bool]
    attributes_fn: Callable[[Coordinator], Mapping[str, Any]]


CONNECTION: Final = AccountBinarySensorDescription(
    key="connection",
    translation_key="connection",
    watches=(CONNECTED,),
    is_on_fn=lambda coordinator: coordinator.client.connected,
    attributes_fn=lambda coordinator: {
        "since": coordinator.since.isoformat(),
        "reconnects": max(0, coordinator.client.statistics.connects - 1),
        "last_error": coordinator.last_error,
    },
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


class AccountBinarySensor(AccountEntity, BinarySensorEntity):
    """Shows a fact about the account."""

    entity_description: AccountBinarySensorDescription

    @property
    @override
    def available(self) -> bool:
        """Always: that there is no link is worth showing."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is so."""
        return self.entity_description.is_on_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What belongs to the fact."""
        return self.entity_description.attributes_fn(self.coordinator)


# --- what can be asked of the account -------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AccountButtonDescription(AccountRow, ButtonEntityDescription):
    """A button: what it asks."""

    press_fn: Callable[[Client], Awaitable[None]]


class AccountButton(AccountEntity, ButtonEntity):
    """A button of the account."""

    entity_description: AccountButtonDescription

    @override
    async def async_press(self) -> None:
        """Ask."""
        await self.coordinator.async_command(
            self.entity_description.press_fn(self.coordinator.client)
        )


# --- what is on or off ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ToggleRow(DeviceRow, ToggleEntityDescription):
    """Something of a device that is switched: how it reads and writes."""

    is_on_fn: Callable[[Device], bool | None]
    set_fn: Callable[[Client, str, bool], Awaitable[None]]


class DeviceToggle(DeviceEntity, ToggleEntity):
    """Shows whether something of a device is on, and switches it."""

    entity_description: ToggleRow

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return self.entity_description.is_on_fn(self.device)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self._async_set(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self._async_set(on=False)

    async def _async_set(self, *, on: bool) -> None:
        coordinator = self.coordinator
        await coordinator.async_command(
            self.entity_description.set_fn(coordinator.client, self._subject_id, on)
        )


@dataclass(frozen=True, kw_only=True)
class DeviceSwitchDescription(ToggleRow, SwitchEntityDescription):
    """A switch."""


class DeviceSwitch(DeviceToggle, SwitchEntity):
    """A switch."""

    entity_description: DeviceSwitchDescription


@dataclass(frozen=True, kw_only=True)
class DeviceLightDescription(ToggleRow, LightEntityDescription):
    """A light that is on or off."""


class DeviceLight(DeviceToggle, LightEntity):
    """A light that is on or off."""

    entity_description: DeviceLightDescription

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}
