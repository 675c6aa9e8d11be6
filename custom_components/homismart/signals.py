"""Signals that tell entities what has changed, and only those that show it."""

from typing import Final

from homeassistant.util.signal_type import SignalType

from .const import DOMAIN
from .protocol import Device

# Stands in signals for the account itself, beside the ids of its devices.
ACCOUNT: Final = "account"
# Field names of signals that are not attributes of a device.
AVAILABLE: Final = "available"
CONNECTED: Final = "connected"


def signal_changed(entry_id: str, device_id: str, field: str) -> SignalType[()]:
    """Name the signal sent when one field of one device has changed."""
    return SignalType(f"{DOMAIN}.{entry_id}.{device_id}.{field}")


def signal_device_added(entry_id: str) -> SignalType[Device]:
    """Name the signal sent when a device is new or shows something for the first time."""
    return SignalType(f"{DOMAIN}.{entry_id}.added")


def signal_device_removed(entry_id: str) -> SignalType[Device]:
    """Name the signal sent when a device is gone."""
    return SignalType(f"{DOMAIN}.{entry_id}.removed")
