"""The devices of one pairing, and what is registered of its entities: there as described, gone when that is sure."""

from base64 import b64decode
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .const import DOMAIN, DOUBT_S, READ_AGAIN_S
from .protocol import Accessory, CharacteristicUuid, Database

# Its own number for the first accessory, behind which all others of a bridge are.
BRIDGE_AID: Final = 1
# Of the number that a product has been given.
_PRODUCT_BYTES: Final = 8


class Devices:
    """The devices of the accessories of one pairing."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], pairing_id: str) -> None:
        """Prepare; ``pairing_id`` is spelled as the accessory spells it."""
        self._hass = hass
        self._entry = entry
        self._pairing_id = pairing_id
        self._missing: dict[int, datetime] = {}
        """Accessories that the description lacks, and since when."""

    def identifiers(self, aid: int) -> set[tuple[str, str]]:
        """Identify the device of an accessory."""
        return {(DOMAIN, f"{self._pairing_id}:aid:{aid}")}

    def aid_of(self, device: dr.DeviceEntry) -> int | None:
        """Give the accessory that a device stands for; None when it is none of this pairing."""
        prefix = f"{self._pairing_id}:aid:"
        for domain, identifier in device.identifiers:
            if domain == DOMAIN and identifier.startswith(prefix):
                number = identifier.removeprefix(prefix)
                return int(number) if number.isdecimal() else None
        return None

    def describe(self, database: Database) -> None:
        """Describe the accessories to the device registry, the bridge first (mapping §1.2)."""
        registry = dr.async_get(self._hass)
        bridge_id: str | None = None
        serials = [
            accessory.information(CharacteristicUuid.SERIAL_NUMBER)
            for accessory in database.accessories.values()
        ]
        for aid, accessory in sorted(database.accessories.items()):
            serial = accessory.information(CharacteristicUuid.SERIAL_NUMBER)
            hardware = accessory.information(CharacteristicUuid.HARDWARE_REVISION)
            usable = is_serial(serial) and serial != hardware and serials.count(serial) == 1
            manufacturer = accessory.information(CharacteristicUuid.MANUFACTURER)
            model = accessory.information(CharacteristicUuid.MODEL)
            device = registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers=self.identifiers(aid),
                name=accessory.name or model or manufacturer or self._entry.title,
                manufacturer=manufacturer,
                model=model,
                model_id=product_number(accessory),
                sw_version=accessory.information(CharacteristicUuid.FIRMWARE_REVISION),
                hw_version=hardware,
                serial_number=serial if usable else None,
                via_device_id=bridge_id,
            )
            if aid == BRIDGE_AID:
                bridge_id = device.id

    def remove_missing(self, present: Collection[int], *, sure: bool) -> float | None:
        """Remove the devices of accessories that have been missing for long enough (mapping §8.2).

        ``sure`` tells whether that the others are missing is known now, and not from before. Gives the seconds after
        which the description should be read again to confirm that others are gone; None when none is missing.
        """
        registry = dr.async_get(self._hass)
        devices = {
            aid: device
            for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id)
            if (aid := self.aid_of(device)) is not None
        }
        gone = devices.keys() - set(present)
        now = dt_util.utcnow()
        self._missing = {aid: self._missing.get(aid, now) for aid in gone}
        if not gone:
            return None
        # Bridges that have just started list some of their accessories, or none.
        doubt_s = DOUBT_S if 2 * len(gone) >= len(devices) else READ_AGAIN_S
        due = {
            aid for aid, since in self._missing.items() if now - since >= timedelta(seconds=doubt_s)
        }
        if due and sure:
            for aid in due:
                registry.async_remove_device(devices[aid].id)
                del self._missing[aid]
        return doubt_s if self._missing else None

    def remove_stale_entities(self, database: Database) -> None:
        """Remove what is registered of services and characteristics that accessories have no longer (mapping §8.2)."""
        registry = er.async_get(self._hass)
        present: set[tuple[int, ...]] = {
            (aid, each.iid)
            for aid, accessory in database.accessories.items()
            for each in accessory.services
        }
        present |= {
            (aid, each.service.iid, iid) for (aid, iid), each in database.characteristics.items()
        }
        for entity in er.async_entries_for_config_entry(registry, self._entry.entry_id):
            place = parse_unique_id(self._pairing_id, entity.unique_id)
            # Those of whole accessories go with the device, and so does all of one that is missing.
            if place and place[1:] and place[0] in database.accessories and place not in present:
                registry.async_remove(entity.entity_id)


def parse_unique_id(pairing_id: str, unique_id: str) -> tuple[int, ...] | None:
    """Read accessory, service and characteristic numbers out of a unique id; None when it is none of the pairing's."""
    if not unique_id.startswith(f"{pairing_id}_"):
        return None
    parts = unique_id.removeprefix(f"{pairing_id}_").split("_")
    numbers = [int(part) for part in parts if part.isdecimal()]
    # A word behind the numbers tells apart what is of the same service.
    return tuple(numbers) if numbers and len(parts) - len(numbers) <= 1 else None


def product_number(accessory: Accessory) -> str | None:
    """Give the number of the product, in hexadecimal; None when the accessory tells none."""
    try:
        data = b64decode(
            accessory.information(CharacteristicUuid.PRODUCT_DATA) or "", validate=True
        )
    except ValueError:
        return None
    return data.hex().upper() if len(data) == _PRODUCT_BYTES else None


def is_serial(serial: str | None) -> bool:
    """Tell whether a serial number is one: many are empty, a version or a counter (mapping §1.2)."""
    if not serial:
        return False
    try:
        return float(serial.replace(".", "", 1)) > 1
    except ValueError:
        return True
