"""The files of an appliance: head, description pair, what it starts with; and the archive that users upload."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
import json
from pathlib import Path
from typing import Any, Self
from zipfile import ZIP_DEFLATED, ZipFile

from .description import Description, read_description

type Json = dict[str, Any]

# What an appliance speaks whose files do not say, by the kind of its link (§7.2).
_CURRENT = {"ci": 3, "ei": 2, "iz": 1, "ni": 1, "ro": 1}
_MIDDLE = {"ci": 2, "ei": 2, "ni": 1, "ro": 1}
GENERATIONS: Mapping[str, Mapping[str, int]] = {
    "old": {"ci": 1, "ei": 1, "ni": 1, "ro": 1},
    "middle": _MIDDLE,
    "current": _CURRENT,
}


@dataclass(frozen=True, slots=True)
class Seed:
    """What an appliance starts with: its state and what it says about itself."""

    services: Mapping[str, int]
    info: Json
    network: list[Json]
    changes: list[Json]
    values: list[Json]
    scenarios: Mapping[str, list[Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """All that there is to know about one appliance."""

    head: Json = field(repr=False)
    device_xml: bytes = field(repr=False)
    mapping_xml: bytes = field(repr=False)
    description: Description = field(repr=False)
    seed: Seed = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the head file and those it names, and ``<haId>_sim.json`` beside it if there is one.

        Raises ValueError or OSError when they cannot be read.
        """
        head = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(head, dict) or not {"haId", "key"} <= head.keys():
            raise ValueError(f"{path.name} is no head of a profile")
        device = (path.parent / head["deviceDescriptionFileName"]).read_bytes()
        mapping = (path.parent / head["featureMappingFileName"]).read_bytes()
        description = read_description(device, mapping)
        seed_path = path.with_name(f"{path.stem}_sim.json")
        if seed_path.exists():
            seed = _read_seed(json.loads(seed_path.read_text(encoding="utf-8")))
        else:
            seed = _make_seed(head, description)
        return cls(head, device, mapping, description, seed)

    @property
    def ha_id(self) -> str:
        """The id of the appliance."""
        return str(self.head["haId"])

    @property
    def type(self) -> str:
        """What kind of appliance it is."""
        return str(self.head.get("type") or self.description.type)

    @property
    def name(self) -> str:
        """Its type in words, to tell it from the others of a household."""
        words = "".join(f" {char.lower()}" if char.isupper() else char for char in self.type)
        return words.strip().replace(" ", "_")

    @property
    def connection_type(self) -> str:
        """``TLS`` or ``AES``."""
        return str(self.head.get("connectionType") or ("AES" if self.head.get("iv") else "TLS"))

    @property
    def key(self) -> bytes:
        """The key of the link."""
        return decode_key(self.head["key"])

    @property
    def iv(self) -> bytes:
        """The first chaining block of the AES link."""
        return decode_key(self.head["iv"])

    def with_key(self, key: bytes) -> Self:
        """Give the profile as it is after the appliance was paired anew."""
        return replace(self, head={**self.head, "key": encode_key(key)})

    def linked(self, connection_type: str, iv: bytes) -> Self:
        """Give the profile of an appliance that has the other kind of link."""
        head = {name: value for name, value in self.head.items() if name != "iv"}
        head["connectionType"] = connection_type
        if connection_type == "AES":
            head["iv"] = encode_key(iv)
        return replace(self, head=head)

    def members(self) -> dict[str, bytes]:
        """Give its files by name, as an archive has them."""
        return {
            f"{self.ha_id}.json": json.dumps(self.head, indent=2).encode(),
            str(self.head["deviceDescriptionFileName"]): self.device_xml,
            str(self.head["featureMappingFileName"]): self.mapping_xml,
        }


def archive(profiles: Iterable[Profile]) -> bytes:
    """Pack the archive of one or more appliances, as users download it."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as file:
        for profile in profiles:
            for name, data in profile.members().items():
                file.writestr(name, data)
    return packed.getvalue()


def decode_key(text: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_key(data: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def _read_seed(given: Json) -> Seed:
    return Seed(
        {item["service"]: item["version"] for item in given["services"]},
        given["info"],
        given["ni_info"],
        given["allDescriptionChanges"],
        given["allMandatoryValues"],
        {item["name"]: item["steps"] for item in given.get("scenarios", ())},
    )


def _make_seed(head: Json, description: Description) -> Seed:
    """Make up a plausible beginning for an appliance of which there are only the files."""
    vib = head.get("vib") or description.model
    aes = bool(head.get("iv"))
    info = {
        "deviceID": head["haId"],
        "eNumber": f"{vib}/01",
        "brand": head.get("brand") or description.brand,
        "vib": vib,
        "mac": head.get("mac") or "68-A4-0E-00-00-00",
        "haVersion": "5.4",
        "swVersion": "3.7.1.4",
        "hwVersion": "1.2.0.0",
        "deviceType": head.get("type") or description.type,
        "deviceInfo": "",
        "customerIndex": "01",
        "serialNumber": str(head.get("serialNumber") or head["haId"]),
        "fdString": "0501",
        "shipSki": "0" * 40,
    }
    network = {
        "interfaceID": 0,
        "type": "WiFi",
        "ssid": "Test-Net",
        "rssi": -60,
        "primary": True,
        "status": "CONNECTED",
        "configured": True,
        "euiAddress": info["mac"].replace("-", ":"),
    }
    return Seed(_MIDDLE if aes else _CURRENT, info, [network], [], [])
