"""What helps to find a fault, without anything secret."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import DOMAIN
from .coordinator import CloudConfigEntry
from .protocol import Device
from .snapshot import about_account, about_device, about_link, redactor


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: CloudConfigEntry
) -> dict[str, Any]:
    """Describe the account, its link and all its devices, as far as the entry has got."""
    return await _snapshot(hass, entry, lambda device: True)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: CloudConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe one device and the link; of the account device only the link."""
    ids = {device_id for domain, device_id in device.identifiers if domain == DOMAIN}
    return await _snapshot(hass, entry, lambda device: device.device_id in ids)


async def _snapshot(
    hass: HomeAssistant, entry: CloudConfigEntry, wanted: Callable[[Device], bool]
) -> dict[str, Any]:
    integration = await async_get_integration(hass, DOMAIN)
    coordinator = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    snapshot: dict[str, Any] = {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "state": entry.state.value,
        "reason": entry.reason,
        "options": dict(entry.options),
        **about_account(entry, coordinator),
    }
    if coordinator:
        devices = coordinator.devices.values()
        snapshot["link"] = coordinator.describe_link() | about_link(coordinator)
        snapshot["unknown"] = dict(coordinator.client.statistics.unknown)
        snapshot["devices"] = [about_device(device) for device in devices if wanted(device)]
    return redactor(entry, coordinator)(snapshot)  # type: ignore[no-any-return]
