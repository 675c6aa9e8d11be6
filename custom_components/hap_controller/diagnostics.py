"""What helps to find a fault, without anything secret; a simulator can bring it to life (mapping §11.1)."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.loader import async_get_integration

from .announcements import async_find
from .cache import async_get_cache
from .const import CONF_ADDRESS, CONF_ADDRESSES, CONF_PAIRING_ID, DOMAIN, SECRET_MEMBERS
from .coordinator import Coordinator, HapConfigEntry
from .protocol import CharacteristicUuid as C, Database, Format, ServiceUuid as S
from .redaction import HIDDEN, Redactor

# Data of these may hold codes, keys and networks.
_SECRET_SERVICES: Final = frozenset(
    {
        S.ACCESS_CODE,
        S.ACCESS_CONTROL,
        S.AQARA_MIIO_SERVICE,
        S.AQARA_MIIO_SERVICE_2,
        S.CLOUD_RELAY,
        S.DATA_STREAM_TRANSPORT_MANAGEMENT,
        S.LOCK_MANAGEMENT,
        S.NFC_ACCESS,
        S.PAIRING,
        S.SIRI,
        S.SIRI_ENDPOINT,
        S.TAP_MANAGEMENT,
        S.THREAD_TRANSPORT,
        S.TUNNEL,
        S.WI_FI_ROUTER,
        S.WI_FI_SATELLITE,
        S.WI_FI_TRANSPORT,
    }
)
_SECRET: Final = frozenset(
    {
        C.ACCESSORY_IDENTIFIER,
        C.AQARA_MIIO_BINDKEY,
        C.AQARA_MIIO_BINDKEY_2,
        C.AQARA_MIIO_DID,
        C.AQARA_MIIO_DID_2,
        C.SERIAL_NUMBER,
        C.SETUP_ENDPOINTS,
    }
)
# Texts of this are kept as they are, for the same reason as versions below.
_PLAIN_IN: Final = S.ACCESSORY_INFORMATION
_SECRET_ATTRIBUTES: Final = ("access_token", "entity_picture")


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: HapConfigEntry
) -> dict[str, Any]:
    """Describe a pairing: what the accessory has, what became of it, and the link, as far as the entry has got."""
    return await _describe(
        hass, entry, dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    )


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: HapConfigEntry, device: dr.DeviceEntry
) -> dict[str, Any]:
    """Describe one device; the accessory as a whole is part of it, for what is behind a bridge depends on that."""
    return await _describe(hass, entry, [device])


async def _describe(
    hass: HomeAssistant, entry: HapConfigEntry, devices: Iterable[dr.DeviceEntry]
) -> dict[str, Any]:
    integration = await async_get_integration(hass, DOMAIN)
    redact = _redactor(entry)
    snapshot: dict[str, Any] = {
        "versions": {"integration": str(integration.version), "home_assistant": __version__},
        "title": entry.title,
        "state": entry.state.value,
        "reason": entry.reason,
        "options": dict(entry.options),
        "data": dict(entry.data),
    }
    database: Database | None = None
    pairing_id = str(entry.data.get(CONF_PAIRING_ID, ""))
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        database = coordinator.database
        snapshot["link"] = _about_link(coordinator)
        snapshot["config_num"] = coordinator.client.configuration
    elif known := (await async_get_cache(hass)).get(pairing_id):
        database, snapshot["config_num"] = known.database, known.configuration
    found: dict[str, Any] = redact(snapshot)
    found["devices"] = [_about_device(hass, device, redact) for device in devices]
    if announcement := await async_find(hass, pairing_id):
        found["category"] = announcement.category_number
    if database is not None:
        found["accessories"] = _about_accessories(database, redact)
    return found


def _redactor(entry: HapConfigEntry) -> Redactor:
    """Know the secrets of an entry, wherever they are told."""
    data = entry.data
    secrets = [data.get(key) for key in SECRET_MEMBERS]
    secrets += data.get(CONF_ADDRESSES) or []
    pairing_id = str(data.get(CONF_PAIRING_ID, ""))
    spellings = filter(None, (pairing_id, pairing_id.lower(), pairing_id.upper()))
    return Redactor(
        keys=(*SECRET_MEMBERS, *_SECRET_ATTRIBUTES),
        secrets=[each for each in secrets if isinstance(each, str)],
        replacements=dict.fromkeys(spellings, "accessory"),
    )


def _about_accessories(database: Database, redact: Redactor) -> list[dict[str, Any]]:
    """Give the description with its values; what is secret is hidden, and data that may be are left out."""
    described = database.store()
    for accessory in described:
        for service in accessory["services"]:
            for each in service["characteristics"]:
                value = each.get("value")
                if value is None:
                    continue
                if each["type"] in _SECRET:
                    each["value"] = HIDDEN
                elif service["type"] in _SECRET_SERVICES and isinstance(value, str):
                    del each["value"]
                elif each.get("format") == Format.STRING and service["type"] != _PLAIN_IN:
                    each["value"] = redact(value)
    return described


def _about_link(coordinator: Coordinator) -> dict[str, Any]:
    client = coordinator.client
    statistics = client.statistics
    host = str(coordinator.entry.data.get(CONF_ADDRESS) or "")
    wanted = coordinator.database.subscribable()
    return {
        **coordinator.describe_link(),
        "transport": str(coordinator.entry.data.get("Connection", "IP")),
        "address_family": _family(host),
        "closings": list(statistics.closings),
        "requests": statistics.requests,
        "answers": {str(code): count for code, count in statistics.answers.items()},
        "unreadable": statistics.unreadable,
        "takes_large_requests": client.takes_large,
        "subscribed": len(client.subscribed),
        "not_subscribed": sum(key not in client.subscribed for key in wanted),
        **coordinator.describe_polls(),
    }


def _family(host: str) -> str:
    try:
        return f"IPv{ip_address(host.partition('%')[0]).version}"
    except ValueError:
        return "name"


def _about_device(hass: HomeAssistant, device: dr.DeviceEntry, redact: Redactor) -> dict[str, Any]:
    entities = er.async_entries_for_device(
        er.async_get(hass), device.id, include_disabled_entities=True
    )
    told = {
        "name": device.name,
        "model": device.model,
        "manufacturer": device.manufacturer,
        "disabled": device.disabled,
        "entities": [_about_entity(hass.states.get(each.entity_id), each) for each in entities],
    }
    # Four numbers are an address to a redactor.
    versions = {"sw_version": device.sw_version, "hw_version": device.hw_version}
    return {**redact(told), **versions}


def _about_entity(state: State | None, entity: er.RegistryEntry) -> dict[str, Any]:
    return {
        "entity_id": entity.entity_id,
        "unique_id": entity.unique_id,
        "original_name": entity.original_name,
        "original_device_class": entity.original_device_class,
        "entity_category": entity.entity_category,
        "original_icon": entity.original_icon,
        "unit_of_measurement": entity.unit_of_measurement,
        "disabled": entity.disabled,
        "disabled_by": entity.disabled_by,
        "state": state.state if state else None,
        "attributes": dict(state.attributes) if state else None,
    }
