"""What helps to find a fault, without anything secret."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration

from .const import CONF_CONNECTION_TYPE, CONF_DEVICE_ID, CONF_HA_ID, CONF_IV, CONF_KEY, DOMAIN
from .coordinator import Coordinator, HomeConnectConfigEntry
from .protocol import Appliance, Feature
from .redaction import HIDDEN, Redactor

# As appliances and we call them.
_SECRET_KEYS: Final = frozenset(
    {
        CONF_KEY,
        CONF_IV,
        CONF_DEVICE_ID,
        "deviceid",
        "euiaddress",
        "psk",
        "serial_number",
        "shipski",
    }
)
# What users name themselves (docs/home_connect_local/wire.md §13).
_NAMED_BY_USERS: Final = ("BSH.Common.Setting.Favorite.", "BSH.Common.Option.ProgramName")
_ID_DIGITS: Final = 12


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
    return _redactor(entry)(snapshot)  # type: ignore[no-any-return]


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: HomeConnectConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe the appliance: an entry has just the one device."""
    return await async_get_config_entry_diagnostics(hass, entry)


def described(coordinator: Coordinator) -> dict[str, Any]:
    """Describe what the appliance is able to do now, and its values; redacted."""
    appliance = coordinator.appliance
    description = appliance.description
    snapshot = {
        "appliance": {
            "brand": description.brand,
            "type": description.type,
            "model": description.model,
            "services": dict(coordinator.client.services),
        },
        "features": {
            str(uid): _about_feature(appliance, feature)
            for uid, feature in description.features.items()
        },
        "unknown": {str(uid): value for uid, value in appliance.unknown.items()},
        "warnings": list(description.warnings),
    }
    redacted: dict[str, Any] = _redactor(coordinator.entry)(snapshot)
    return redacted


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


def _about_feature(appliance: Appliance, feature: Feature) -> dict[str, Any]:
    """Describe a feature as it is now: what it allows may differ from the description."""
    uid = feature.uid
    limits = appliance.limits(uid)
    about: dict[str, Any] = {
        "name": feature.key,
        "kind": feature.kind.value,
        "content_type": feature.content_type,
        "access": appliance.access(uid).value,
        "available": appliance.available(uid),
        "value": HIDDEN if _named_by_user(feature) else appliance.raw(uid),
    }
    about |= {name: limit for name, limit in limits._asdict().items() if limit is not None}
    if members := appliance.all_members(uid):
        about["members"] = {str(raw): name for raw, name in members.items()}
        about["allowed"] = sorted(appliance.members(uid))
    if feature.options:
        about["execution"] = appliance.execution(uid).value
        about["options"] = [option.ref for option in feature.options]
    return about


def _named_by_user(feature: Feature) -> bool:
    key = feature.key or ""
    return key.startswith(_NAMED_BY_USERS) and key.endswith("Name")


def _redactor(entry: HomeConnectConfigEntry) -> Redactor:
    data = entry.data
    ha_id: str = data[CONF_HA_ID]
    secrets = [data[CONF_KEY], data.get(CONF_IV) or "", data[CONF_DEVICE_ID], data[CONF_HOST]]
    if entry.state is ConfigEntryState.LOADED:
        client = entry.runtime_data.client
        head = client.appliance.description.head
        mac = (head.mac or "").replace("-", ":")
        plain = mac.replace(":", "")
        secrets += [head.serial_number or "", mac, mac.replace(":", "-"), plain, plain.lower()]
        if client.info:
            secrets += [client.info.serial_number or "", client.info.device_id or ""]
        if client.network:
            secrets.append(client.network.ssid or "")
    # The model part of the id may be told; the rest is the address of the appliance.
    model = ha_id[:-_ID_DIGITS] if "-" in ha_id else ""
    return Redactor(
        keys=_SECRET_KEYS,
        secrets=[secret for secret in secrets if secret and secret != ha_id],
        replacements={ha_id: f"{model}{HIDDEN}"},
    )
