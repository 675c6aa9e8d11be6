"""What may be told about an account of Homismart: its server, its link, its devices, and nothing secret."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME

from .const import CONF_PASSWORD_MD5
from .coordinator import Coordinator, HomismartConfigEntry, hub_mac
from .protocol import Device
from .redaction import HIDDEN, Redactor

# As the vendor and we call them.
_SECRET_KEYS: Final = frozenset(
    {CONF_USERNAME, CONF_PASSWORD, CONF_PASSWORD_MD5, "permission", "allowedTime"}
)
_ID_MEMBERS: Final = ("id", "deviceId", "pid")


def about_account(entry: HomismartConfigEntry, coordinator: Coordinator | None) -> dict[str, Any]:
    """Tell which server is used: another than the configured one after a redirect."""
    return {"host": coordinator.client.host} if coordinator else {}


def about_link(coordinator: Coordinator) -> dict[str, Any]:
    """Tell what happened on the link that only this vendor has."""
    client = coordinator.client
    statistics = client.statistics
    return {
        "terms_required": client.terms_required,
        "last_login": statistics.last_login,
        "redirects": list(statistics.redirects),
        "errors_by_code": {str(code): n for code, n in statistics.errors.items()},
        "stray_errors": statistics.strays,
        "unanswered_commands": statistics.unanswered,
    }


def about_device(device: Device) -> dict[str, Any]:
    """Describe a device or hub: what we understood, and all its members as received."""
    state = {field.name: getattr(device, field.name) for field in fields(device)}
    raw = dict(state.pop("members"))
    # Some come as numbers, which nobody would recognise as ids.
    raw |= {name: str(raw[name]) for name in _ID_MEMBERS if raw.get(name)}
    if device.is_hub:  # people name their hubs after themselves and their homes
        state["name"] = raw["name"] = HIDDEN
    return {"raw": raw, "understood": state}


def redactor(entry: HomismartConfigEntry, coordinator: Coordinator | None) -> Redactor:
    """Make what hides all that is secret or personal."""
    username: str = entry.data[CONF_USERNAME]
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
        secrets=(username, username.strip(), username.lower(), entry.data[CONF_PASSWORD_MD5]),
        replacements=replacements,
    )


def _ids(coordinator: Coordinator) -> Iterator[str]:
    """Find all ids: those of the account first, then what devices call themselves and their hubs."""
    yield from coordinator.devices
    for device in coordinator.devices.values():
        yield from (str(device.members[name]) for name in _ID_MEMBERS if device.members.get(name))
