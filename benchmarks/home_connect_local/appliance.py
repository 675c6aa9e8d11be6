"""The one appliance that all contenders have: its files, its keys, what of it is switched."""

from base64 import urlsafe_b64encode
import json
from pathlib import Path
from typing import Any, Final

from .big_profile import HA_ID, big_profile

KEY: Final = bytes(range(32))
IV: Final = bytes(range(16))
USUAL: Final = "usual"
"""Who is given an appliance as people have them."""
TLS: Final = "TLS"
AES: Final = "AES"
DEVICE_ID: Final = "c0ffee0123456789"
APP_NAME: Final = "Benchmark"
SETTING_UIDS: Final = range(0x2000, 0x3000)
"""Where the made-up profile has its settings."""


def encoded(secret: bytes) -> str:
    """Write a key as the files have it."""
    return urlsafe_b64encode(secret).decode().rstrip("=")


def write_files(folder: Path) -> Path:
    """Write the files that a user has; gives the head, which names the others."""
    device, mapping = big_profile()
    (folder / "device.xml").write_bytes(device)
    (folder / "mapping.xml").write_bytes(mapping)
    head: dict[str, Any] = {
        "haId": HA_ID,
        "type": "Washer",
        "brand": "BOSCH",
        "connectionType": TLS,
        "key": encoded(KEY),
        "deviceDescriptionFileName": "device.xml",
        "featureMappingFileName": "mapping.xml",
    }
    path = folder / f"{HA_ID}.json"
    path.write_text(json.dumps(head), encoding="utf-8")
    return path


def is_switch(uid: int, value: object) -> bool:
    """Tell whether a feature is a setting that is on or off."""
    return isinstance(value, bool) and uid in SETTING_UIDS
