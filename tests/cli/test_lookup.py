"""Devices are found by id or unique name, and what is not clear is said."""

from collections.abc import Mapping

import pytest

from script.latchkey_cli.errors import CliError, ExitStatus
from script.latchkey_cli.lookup import find

type Described = tuple[str, str, str]

DEVICES: Mapping[str, Described] = {
    device_id: (name, room, device_id)
    for device_id, name, room in (
        ("id-1", "Volet salon", "Salon"),
        ("id-2", "Prise", "Garage"),
        ("id-3", "prise", "Bureau"),
        ("id-4", "id-1", ""),
        ("id-5", "Straße", ""),
    )
}


def found(wanted: str, devices: Mapping[str, Described] = DEVICES) -> str:
    """Give the id of what was found."""
    return find(devices, wanted, lambda device: device)[2]


@pytest.mark.parametrize(
    ("wanted", "device_id"),
    [
        ("Volet salon", "id-1"),
        (" VOLET SALON ", "id-1"),
        ("STRASSE", "id-5"),
        ("id-2", "id-2"),
        ("id-1", "id-1"),
    ],
)
def test_found(wanted: str, device_id: str) -> None:
    """By name whatever the case, by id exactly, and the id wins."""
    assert found(wanted) == device_id


def test_ambiguous_name_lists_candidates() -> None:
    """Two devices of one name: neither is taken, both are shown with what tells them apart."""
    with pytest.raises(CliError, match="2 devices are named 'PRISE'; use the id") as caught:
        found("PRISE")
    assert caught.value.status is ExitStatus.USAGE
    assert [line.split() for line in str(caught.value).splitlines()[1:]] == [
        ["NAME", "ROOM", "ID"],
        ["prise", "Bureau", "id-3"],
        ["Prise", "Garage", "id-2"],
    ]


def test_unknown_name_lists_all() -> None:
    """A name that is not there is answered with those that are; a part of a name is not a name."""
    with pytest.raises(CliError, match="no device 'Volet'") as caught:
        found("Volet")
    assert all(device_id in str(caught.value) for device_id in DEVICES)


def test_nothing_to_find() -> None:
    """An account without devices is no table."""
    with pytest.raises(CliError, match="nor any other"):
        found("Volet", {})
