"""What helps to find a fault, without anything secret."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
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
    """Describe the account, its link and all its devices, as far as the entry has got."""
    return await _snapshot(hass, entry, lambda device: True)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: HomismartConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe one device and the link; of the account device only the link."""
    ids = {device_id for domain, device_id in device.identifiers if domain == DOMAIN}
    return await _snapshot(hass, entry, lambda device: device.device_id in ids)


async def _snapshot(
    hass: HomeAssistant, entry: HomismartConfigEntry, wanted: Callable[[Device], bool]
) -> dict[str, Any]:
    integration = await async_get_integration(hass, DOMAIN)
    coordinator = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    snapshot: dict[str, Any] = {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "state": entry.state.value,
        "reason": entry.reason,
        "options": dict(entry.options),
    }
    if coordinator:
        devices = coordinator.devices.values()
        snapshot["host"] = coordinator.client.host
        snapshot["link"] = _about_link(coordinator)
        snapshot["unknown"] = dict(coordinator.client.statistics.unknown)
        snapshot["devices"] = [_about_device(device) for device in devices if wanted(device)]
    return _redactor(entry.data, coordinator)(snapshot)  # type: ignore[no-any-return]


def _about_link(coordinator: Coordinator) -> dict[str, Any]:
    client = coordinator.client
    statistics = client.statistics
    return {
        **coordinator.describe_link(),
        "terms_required": client.terms_required,
        "last_login": statistics.last_login,
        "redirects": list(statistics.redirects),
        "errors_by_code": {str(code): n for code, n in statistics.errors.items()},
        "stray_errors": statistics.strays,
        "unanswered_commands": statistics.unanswered,
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


def _redactor(data: Mapping[str, Any], coordinator: Coordinator | None) -> Redactor:
    username: str = data[CONF_USERNAME]
    replacements: dict[str, str] = {}
    for number, device_id in enumerate(dict.fromkeys(_ids(coordinator) if coordinator else ()), 1):
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
