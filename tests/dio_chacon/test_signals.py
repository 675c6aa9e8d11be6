"""Names of signals: one per entry, device and field."""

from itertools import product

from custom_components.dio_chacon.signals import (
    ACCOUNT,
    signal_changed,
    signal_device_added,
    signal_device_removed,
)


def test_no_two_signals_share_a_name() -> None:
    """Nobody hears what is meant for another entry, device or field."""
    entries = ("one", "two")
    names = [
        str(signal_changed(entry, device_id, field))
        for entry, device_id, field in product(entries, (ACCOUNT, "d1", "d2"), ("is_on", "name"))
    ]
    names += [
        str(signal(entry))
        for signal, entry in product((signal_device_added, signal_device_removed), entries)
    ]
    assert len(set(names)) == len(names) == 16
    assert all(name.startswith("dio_chacon.") for name in names)
