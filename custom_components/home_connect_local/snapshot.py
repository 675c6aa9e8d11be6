"""What may be told about an appliance: what it is able to do now, its values, and nothing secret."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST

from .const import CONF_DEVICE_ID, CONF_HA_ID, CONF_IV, CONF_KEY
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
    redacted: dict[str, Any] = redactor(coordinator.entry)(snapshot)
    return redacted


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


def redactor(entry: HomeConnectConfigEntry) -> Redactor:
    """Know what is secret about an entry and its appliance."""
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
        replacements=dict.fromkeys((ha_id, ha_id.lower()), f"{model}{HIDDEN}"),
    )
