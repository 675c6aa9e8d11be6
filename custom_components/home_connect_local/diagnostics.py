"""What helps to find a fault, without anything secret."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import CONF_CONNECTION_TYPE, DOMAIN
from .coordinator import Coordinator, HomeConnectConfigEntry
from .snapshot import described, redactor


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: HomeConnectConfigEntry
) -> dict[str, Any]:
    """Describe the appliance and its link, as far as the entry has got."""
    integration = await async_get_integration(hass, DOMAIN)
    snapshot: dict[str, Any] = {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "state": entry.state.value,
        "reason": entry.reason,
        "options": dict(entry.options),
        "connection_type": entry.data[CONF_CONNECTION_TYPE],
    }
    if entry.state is ConfigEntryState.LOADED:
        snapshot["link"] = _about_link(entry.runtime_data)
        snapshot |= described(entry.runtime_data)
    return redactor(entry)(snapshot)  # type: ignore[no-any-return]


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: HomeConnectConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe the appliance: an entry has just the one device."""
    return await async_get_config_entry_diagnostics(hass, entry)


def _about_link(coordinator: Coordinator) -> dict[str, Any]:
    client = coordinator.client
    statistics = client.statistics
    return {
        "connected": client.connected,
        "shown_as_connected": coordinator.linked,
        "switched_off": client.switched_off,
        "since": coordinator.since,
        "last_error": coordinator.last_error,
        "troubles": sorted(client.troubles),
        "connects": statistics.connects,
        "drops": dict(statistics.drops),
        "closings": list(statistics.closings),
        "pushes": statistics.pushes,
        "seal_failures": statistics.seal_failures,
        "unreadable": statistics.unreadable,
        "cut": statistics.cut,
        "strays": statistics.strays,
        "unanswered": statistics.unanswered,
        "refusals": {str(code): n for code, n in statistics.refusals.items()},
        "unknown": dict(statistics.unknown),
    }
