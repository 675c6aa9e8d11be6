"""What helps to find a fault, without anything secret."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import CONF_PASSWORD_MD5, DOMAIN
from .coordinator import Coordinator, HomismartConfigEntry, hub_mac
from .protocol import Device
from .redaction import HIDDEN, Redactor

# As the vendor and we call them.
_SECRET_KEYS: Final = frozenset(
    {CONF_USERNAME, CONF_PASSWORD, CONF_PASSWORD_MD5, "permission", "allowedTime"}
)
_ID_MEMBERS: Final = ("id", "deviceId", "pid")


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: HomismartConfigEntry
) -> dict[str, Any]:
    """Describe the account, its link and all its devices."""
    coordinator = entry.runtime_data
    snapshot = await _about_entry(hass, entry)
    snapshot["devices"] = [_about_device(device) for device in coordinator.devices.values()]
    return _redactor(coordinator)(snapshot)  # type: ignore[no-any-return]


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: HomismartConfigEntry, device: DeviceEntry
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


async def _about_entry(hass: HomeAssistant, entry: HomismartConfigEntry) -> dict[str, Any]:
    coordinator = entry.runtime_data
    client = coordinator.client
    statistics = client.statistics
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "options": dict(entry.options),
        "host": client.host,
        "link": {
            "connected": client.connected,
            "shown_as_connected": coordinator.linked,
            "since": coordinator.since,
            "last_error": coordinator.last_error,
            "terms_required": client.terms_required,
            "connects": statistics.connects,
            "drops": dict(statistics.drops),
            "last_login": statistics.last_login,
            "redirects": list(statistics.redirects),
            "errors_by_code": {str(code): n for code, n in statistics.errors.items()},
            "stray_errors": statistics.strays,
            "unanswered_commands": statistics.unanswered,
            "pushes": statistics.pushes,
        },
        "unknown": dict(statistics.unknown),
    }


def _about_device(device: Device) -> dict[str, Any]:
    """Describe a device or hub: what we understood, and all its members as received."""
    state = {field.name: getattr(device, field.name) for field in fields(device)}
    raw = dict(state.pop("members"))
    # Some come as numbers, which nobody would recognise as ids.
    raw |= {name: str(raw[name]) for name in _ID_MEMBERS if raw.get(name)}
    if device.is_hub:  # people name their hubs after themselves and their homes
        state["name"] = raw["name"] = HIDDEN
    return {"raw": raw, "understood": state}


def _redactor(coordinator: Coordinator) -> Redactor:
    data = coordinator.entry.data
    username: str = data[CONF_USERNAME]
    replacements: dict[str, str] = {}
    for number, device_id in enumerate(dict.fromkeys(_ids(coordinator)), 1):
        # The first two digits tell the type.
        alias = f"{device_id[:2]}-device-{number}"
        names = [device_id]
        if mac := hub_mac(device_id):
            names += [mac, mac.lower(), mac.upper()]
        replacements |= dict.fromkeys(names, alias)
    return Redactor(
        keys=_SECRET_KEYS,
        secrets=(username, username.strip(), username.lower(), data[CONF_PASSWORD_MD5]),
        replacements=replacements,
    )


def _ids(coordinator: Coordinator) -> Iterator[str]:
    """Find all ids: those of the account first, then what devices call themselves and their hubs."""
    yield from coordinator.devices
    for device in coordinator.devices.values():
        yield from (str(device.members[name]) for name in _ID_MEMBERS if device.members.get(name))
