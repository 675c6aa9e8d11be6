"""What helps to find a fault, without anything secret."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import CONF_INSTALLATION_ID, CONF_LOGIN_URL, CONF_WEBSOCKET_URL, DOMAIN
from .coordinator import Coordinator, DioConfigEntry
from .protocol import LOGIN_URL, WEBSOCKET_URL, Device
from .redaction import Redactor

# As the vendor and we call them.
_SECRET_KEYS: Final = frozenset(
    {
        CONF_USERNAME,
        CONF_PASSWORD,
        CONF_INSTALLATION_ID,
        "email",
        "sessionToken",
        "bleKey",
        "mac",
        "macAddress",
        "room_id",
        "roomId",
        "image",
        "image_url",
    }
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: DioConfigEntry
) -> dict[str, Any]:
    """Describe the account, its link and all its devices."""
    coordinator = entry.runtime_data
    snapshot = await _about_entry(hass, entry)
    snapshot["devices"] = [_about_device(device) for device in coordinator.devices.values()]
    return _redactor(coordinator)(snapshot)  # type: ignore[no-any-return]


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: DioConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe one device and the link; of the account device only the link."""
    coordinator = entry.runtime_data
    ids = {device_id for domain, device_id in device.identifiers if domain == DOMAIN}
    snapshot = await _about_entry(hass, entry)
    snapshot["devices"] = [
        _about_device(coordinator.devices[device_id])
        for device_id in coordinator.devices
        if device_id in ids
    ]
    return _redactor(coordinator)(snapshot)  # type: ignore[no-any-return]


async def _about_entry(hass: HomeAssistant, entry: DioConfigEntry) -> dict[str, Any]:
    coordinator = entry.runtime_data
    client = coordinator.client
    statistics = client.statistics
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "options": dict(entry.options),
        "vendor_servers": entry.data.get(CONF_LOGIN_URL, LOGIN_URL) == LOGIN_URL
        and entry.data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL) == WEBSOCKET_URL,
        "link": {
            "connected": client.connected,
            "shown_as_connected": coordinator.linked,
            "since": coordinator.since,
            "last_error": coordinator.last_error,
            "connects": statistics.connects,
            "drops": dict(statistics.drops),
            "last_greeting": statistics.last_greeting,
            "answers_by_status": {str(status): n for status, n in statistics.answers.items()},
            "stray_answers": statistics.strays,
            "pushes": statistics.pushes,
            "median_answer_s": statistics.median_answer_s,
        },
        "unknown": sorted(statistics.unknown),
    }


def _about_device(device: Device) -> dict[str, Any]:
    """Describe a device: its line in the list, what we understood, and its state as received."""
    state = asdict(device)
    return {"record": state.pop("record"), "raw": state.pop("resources"), "understood": state}


def _redactor(coordinator: Coordinator) -> Redactor:
    data, account = coordinator.entry.data, coordinator.account
    return Redactor(
        keys=_SECRET_KEYS,
        secrets=(
            data[CONF_USERNAME],
            data[CONF_PASSWORD],
            data.get(CONF_INSTALLATION_ID, ""),
            account.account_id,
            account.name or "",
        ),
        replacements={
            device_id: f"device-{number}" for number, device_id in enumerate(coordinator.devices, 1)
        },
    )
