"""What helps to find a fault, without anything secret."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import CONF_INSTALLATION_ID, CONF_LOGIN_URL, CONF_WEBSOCKET_URL, DOMAIN
from .coordinator import Coordinator, DioConfigEntry, complete
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
    """Describe the account, its link and all its devices, as far as the entry has got."""
    return await _snapshot(hass, entry, lambda device: True)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: DioConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe one device and the link; of the account device only the link."""
    ids = {device_id for domain, device_id in device.identifiers if domain == DOMAIN}
    return await _snapshot(hass, entry, lambda device: device.device_id in ids)


async def _snapshot(
    hass: HomeAssistant, entry: DioConfigEntry, wanted: Callable[[Device], bool]
) -> dict[str, Any]:
    integration = await async_get_integration(hass, DOMAIN)
    data = complete(entry.data, entry.entry_id)
    coordinator = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    snapshot: dict[str, Any] = {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "state": entry.state.value,
        "reason": entry.reason,
        "options": dict(entry.options),
        "vendor_servers": data[CONF_LOGIN_URL] == LOGIN_URL
        and data[CONF_WEBSOCKET_URL] == WEBSOCKET_URL,
    }
    if coordinator:
        devices = coordinator.devices.values()
        snapshot["link"] = _about_link(coordinator)
        snapshot["unknown"] = dict(coordinator.client.statistics.unknown)
        snapshot["devices"] = [_about_device(device) for device in devices if wanted(device)]
    return _redactor(data, coordinator)(snapshot)  # type: ignore[no-any-return]


def _about_link(coordinator: Coordinator) -> dict[str, Any]:
    statistics = coordinator.client.statistics
    return {
        **coordinator.describe_link(),
        "last_greeting": statistics.last_greeting,
        "answers_by_status": {str(status): n for status, n in statistics.answers.items()},
        "stray_answers": statistics.strays,
        "median_answer_s": statistics.median_answer_s,
    }


def _about_device(device: Device) -> dict[str, Any]:
    """Describe a device: its line in the list, what we understood, and its state as received."""
    state = asdict(device)
    return {"record": state.pop("record"), "raw": state.pop("resources"), "understood": state}


def _redactor(data: Mapping[str, Any], coordinator: Coordinator | None) -> Redactor:
    account = coordinator.account if coordinator else None
    return Redactor(
        keys=_SECRET_KEYS,
        secrets=(
            data[CONF_USERNAME],
            data[CONF_PASSWORD],
            data[CONF_INSTALLATION_ID],
            account.account_id if account else "",
            (account.name or "") if account else "",
        ),
        replacements={
            device_id: f"device-{number}"
            for number, device_id in enumerate(coordinator.devices if coordinator else (), 1)
        },
    )
