"""The devices of a simulated home and what they say about themselves.

Source of records and resources: docs/dio_chacon/wire.md §6.2, §7 and §8.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..motion import Motion

type Json = dict[str, Any]

SWITCH = "oic.r.switch.binary"
QUIET_MODE = "gw.r.quietmode"
MOVEMENT = "oic.r.movement.linear"
OPEN_LEVEL = "oic.r.openlevel"
CALIBRATION = "gw.r.shutter.calibration"
LAST_EVENT = "gw.r.lastEvent"

_PLATFORM: Json = {"rt": "oic.wk.p", "href": "platform"}
_SCHEDULE: Json = {
    "rt": "gw.r.schedule",
    "href": "schedule",
    "maxSchedules": 8,
    "sun": 1,
    "schedules": [],
}
_PAIRED: Json = {"rt": "gw.r.dio1.paired", "href": "dio1paired"}
_SWITCH: Json = {"rt": SWITCH, "href": "switch", "value": 0}
_QUIET_MODE: Json = {"rt": QUIET_MODE, "href": "quietmode", "value": 0}
_MOVEMENT: Json = {
    "rt": MOVEMENT,
    "href": "mvtlinear",
    "movement": "stop",
    "movementSettings": ["stop", "up", "down"],
}
_OPEN_LEVEL: Json = {"rt": OPEN_LEVEL, "href": "openlevel", "openLevel": 100}
_CALIBRATION: Json = {
    "rt": CALIBRATION,
    "href": "shuttercalibration",
    "up_ms": 18240,
    "down_ms": 17610,
    "direction": 0,
    "reset": False,
    "door": False,
}
_RADIO: Json = {"rt": "gw.r.dio1.switch", "href": "dio1_switch", "value": 0}
_SD_CARD: Json = {
    "rt": "gw.r.camera.sdcard",
    "href": "sdcard",
    "total": "0G",
    "free": "0G",
    "status": "noCard",
}
_STREAM: Json = {
    "rt": "gw.r.camera.streamQuality",
    "href": "streamQuality",
    "isHD": True,
    "isReadOnly": True,
}
_LAST_EVENT: Json = {
    "rt": LAST_EVENT,
    "href": "lastEvent",
    "type": "ring",
    "ts": "2026-01-05T06:55:10.250Z",
    "data": {"reason": None},
}


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it comes out of its box."""

    type_text: str
    model: str
    device_class: str
    links: tuple[Json, ...] | None
    """Its resources; None when the cloud has no state for such devices."""
    provider: str = "L4HActuator"
    software: str = "1.0.8"


PRODUCTS = {
    "shutter": Product(
        ".dio1.wifi.shutter.mvt_linear.",
        "CERSwd-3B",
        "oic.d.blind",
        (_PLATFORM, _MOVEMENT, _OPEN_LEVEL, _CALIBRATION, _SCHEDULE, _RADIO, _PAIRED),
    ),
    "light_switch": Product(
        ".dio1.wifi.genericSwitch.switch.",
        "CWMSwd-2B",
        "oic.d.switch",
        (_PLATFORM, _SWITCH, _QUIET_MODE, _SCHEDULE, _PAIRED),
    ),
    "plug": Product(
        ".dio1.wifi.plug.switch.",
        "PLUG-SAMPLE",
        "oic.d.switch",
        (_PLATFORM, _SWITCH, _QUIET_MODE, _SCHEDULE, _PAIRED),
    ),
    # Without the family token in its type, and without a status light.
    "plain_plug": Product(
        ".wifi.plug.switch.",
        "PLUG-SAMPLE-2",
        "oic.d.switch",
        (_PLATFORM, _SWITCH, _SCHEDULE, _PAIRED),
    ),
    "doorbell": Product(
        ".wifi.doorBell.camera.videostream.",
        "DIOVDP-B03",
        "oic.d.videoDoorbell",
        (_SD_CARD, _STREAM, _LAST_EVENT),
        provider="Tuya",
        software="Wifi: 1.1.2, MCU: 1.1.2",
    ),
    "camera": Product(".wifi.camera.videostream.", "CAM-SAMPLE", "oic.d.camera", None),
    "unknown_switch": Product(
        ".dio1.wifi.heater.switch.", "HEAT-SAMPLE", "oic.d.switch", (_PLATFORM, _SWITCH)
    ),
    "unknown_cover": Product(
        ".dio1.wifi.awning.mvt_linear.",
        "AWN-SAMPLE",
        "oic.d.blind",
        (_PLATFORM, _MOVEMENT, _OPEN_LEVEL),
    ),
}


@dataclass(slots=True, eq=False)
class Device:
    """One device: its line in the list, its resources, and what it is doing."""

    record: Json
    device_class: str
    resources: dict[str, Json] | None
    """By resource type; None when the cloud has no state for it at all and leaves it out of answers."""
    connected: bool = True
    reported: bool = True
    """Whether it has ever reported; the cloud answers null for one that has not."""
    motion: Motion | None = field(default=None, repr=False)

    @property
    def device_id(self) -> str:
        """The id by which the cloud addresses it."""
        return str(self.record["id"])

    @property
    def name(self) -> str:
        """The name the user gave it."""
        return str(self.record.get("name") or "")

    def has(self, resource_type: str) -> bool:
        """Tell whether it has a resource."""
        return self.resources is not None and resource_type in self.resources

    def read(self, resource_type: str, member: str) -> Any:
        """Give one value of a resource, None when there is no such resource."""
        return (self.resources or {}).get(resource_type, {}).get(member)

    def write(self, resource_type: str, **members: object) -> None:
        """Change values of a resource."""
        self.update(resource_type, members)

    def update(self, resource_type: str, members: Mapping[str, object]) -> None:
        """Change values of a resource, which it gets if it has none.

        Raises ValueError when the cloud keeps no state for such a device.
        """
        if self.resources is None:
            raise ValueError(f"{self.name} is of a kind without a state")
        self.resources[resource_type] = {
            "rt": resource_type,
            **self.resources.get(resource_type, {}),
            **members,
        }

    def level_at(self, now: float) -> float:
        """Tell how far open a shutter is, in percent."""
        return (
            self.motion.level_at(now) if self.motion else float(self.read(OPEN_LEVEL, "openLevel"))
        )

    def state(self, now: float) -> Json:
        """Build the whole state object, with the level where a running shutter is just now."""
        return {
            "rt": self.device_class,
            "href": f"/v1/devices/{self.device_id}",
            "provider": self.record["provider"],
            "rc": int(self.connected),
            "t": 0,
            "di": self.device_id,
            "n": f"{self.record['modelName']}_{self.device_id[-4:]}",
            "links": self._links(self.resources or (), now),
        }

    def partial_state(self, resource_types: Collection[str], now: float) -> Json:
        """Build a state object that holds only what is named."""
        return {
            "di": self.device_id,
            "rc": int(self.connected),
            "links": self._links(resource_types, now),
        }

    def _links(self, resource_types: Collection[str], now: float) -> list[Json]:
        links = [dict((self.resources or {})[name]) for name in resource_types]
        for link in links:
            if link["rt"] == OPEN_LEVEL and self.motion:
                link["openLevel"] = round(self.motion.level_at(now))
        return links


def make_device(kind: str, name: str, *, seed: str, room_id: str | None = None) -> Device:
    """Take a product out of its box and give it a name; the same ``seed`` gives the same ids.

    Raises ValueError for an unknown ``kind``.
    """
    if (product := PRODUCTS.get(kind)) is None:
        raise ValueError(f"there is no product {kind!r}; known are {', '.join(PRODUCTS)}")
    unique = uuid5(NAMESPACE_URL, f"{kind}/{seed}")
    tail = unique.hex[:18] if product.provider == "Tuya" else str(unique)
    record = {
        "id": f"{product.provider}_{tail}",
        "createdAt": "2025-04-12T18:03:44.512Z",
        "provider": product.provider,
        "name": name,
        "defaultName": product.model,
        "modelName": product.model,
        "vendor": "Chacon",
        "hardwareVersion": "1.0",
        "softwareVersion": product.software,
        # The bit for locally administered addresses: no maker's.
        "macAddress": ":".join(f"{octet:02x}" for octet in (2, *unique.bytes[:5])),
        "type": product.type_text,
        "roomId": room_id,
        "image": None,
    }
    resources = (
        None if product.links is None else {link["rt"]: dict(link) for link in product.links}
    )
    return Device(record, product.device_class, resources)
