"""Names: the accessory's own words, and what tells equal ones apart."""

from dataclasses import dataclass
from typing import Any

from homeassistant.const import Platform
import pytest

from custom_components.hap_controller import naming
from custom_components.hap_controller.dispatch import generic_platform
from custom_components.hap_controller.naming import Name, Names, label_of, numbers_of
from custom_components.hap_controller.protocol import (
    Accessory,
    Characteristic,
    CharacteristicUuid,
    Database,
    Service,
)

from .living import Json, accessory, characteristic, complete, service


def accessory_of(*services: Json, name: str | None = "Lamp") -> Accessory:
    """Build an accessory as it is read."""
    return Database.from_accessories(complete([accessory(name, *services)])).accessories[1]


def switch(name: str | None = None, label: int | None = None, **told: Any) -> Json:
    """Describe a switch with a name and a label."""
    return service(
        "SWITCH",
        characteristic("ON", False),
        *([characteristic("NAME", name)] if name else []),
        *([characteristic("SERVICE_LABEL_INDEX", label)] if label is not None else []),
        **told,
    )


def names_of(found: Accessory) -> list[Name]:
    """Name all switches."""
    names = Names(found)
    return [names.of_service(each) for each in found.services if each.characteristics[0].iid > 8]


@pytest.mark.parametrize(
    ("services", "names"),
    [
        ([switch()], [Name(is_main=True)]),
        ([switch("Anything")], [Name(is_main=True)]),
        ([switch("One", primary=True), switch()], [Name(is_main=True), Name()]),
        ([switch(label=1, primary=True), switch(label=2)], [Name(number=" 1"), Name(number=" 2")]),
        ([switch(label=1, primary=True)], [Name(is_main=True)]),
        ([switch("One"), switch("Two")], [Name(text="One"), Name(text="Two")]),
        ([switch("One"), switch("One")], [Name(text="One 1"), Name(text="One 2")]),
        ([switch(), switch()], [Name(number=" 1"), Name(number=" 2")]),
        ([switch(label=4), switch(label=2)], [Name(number=" 4"), Name(number=" 2")]),
        ([switch(label=4), switch()], [Name(number=" 4"), Name()]),
        ([switch(label=2), switch(), switch()], [Name(number=f" {n}") for n in (2, 1, 3)]),
        ([switch(label=2), switch(label=2)], [Name(number=" 1"), Name(number=" 2")]),
        ([switch("Lamp Left"), switch("LAMP")], [Name(text="Left"), Name()]),
        ([switch("Lampshade"), switch("lamp - b")], [Name(text="Lampshade"), Name(text="b")]),
    ],
)
def test_services(services: list[Json], names: list[Name]) -> None:
    """The only one and the first among several stand for the device; the others have words or numbers."""
    assert names_of(accessory_of(*services)) == names


def test_further() -> None:
    """A second entity of a service bears the name of the service in front of its own."""
    found = accessory_of(switch("Left"), switch())
    names = Names(found)
    left, other = found.services[1:]
    assert names.of_service(left, further=True) == Name(prefix="Left ")
    assert names.of_service(other, further=True) == Name()


@dataclass(frozen=True)
class SwitchRow:
    """A row about whether something is on."""

    uuid: str = CharacteristicUuid.ON
    alike: frozenset[str] = frozenset()

    def names(self, characteristic: Characteristic) -> bool:
        """Name those of all services but the last."""
        return characteristic.service is not characteristic.service.accessory.services[-1]


def test_characteristics() -> None:
    """A characteristic that only one service has needs no more; else its service or a number tells."""
    row = SwitchRow()
    found = accessory_of(switch("Left"), switch(), switch(), switch("Other"))
    names = Names(found)
    left, *others = [each.characteristics[0] for each in found.services[1:]]
    assert names.of_characteristic(left, row).placeholders == {"prefix": "Left ", "number": ""}
    assert [names.of_characteristic(each, row).number for each in others] == [" 1", " 2", ""]
    found = accessory_of(switch("Left"), switch("Other"))
    assert Names(found).of_characteristic(found.services[1].characteristics[0], row) == Name()


def test_each_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many services take twice as long to name, not four times."""
    row, looks = SwitchRow(), 0

    def look(each: Service) -> int | None:
        nonlocal looks
        looks += 1
        return label_of(each)

    def look_at(each: Characteristic) -> Platform | None:
        nonlocal looks
        looks += 1
        return generic_platform(each)

    monkeypatch.setattr(naming, "label_of", look)
    monkeypatch.setattr(naming, "generic_platform", look_at)
    taken = []
    for count in (25, 50, 100):
        found = accessory_of(
            *(switch("Same") for _ in range(count)),
            *(
                service("0000ABCE", {"type": "0000ABCD", "format": "int", "perms": ["pr"]})
                for _ in range(count)
            ),
        )
        names, looks = Names(found), 0
        told = {
            *(names.of_service(each).text for each in found.services),
            *(names.of_service(each, further=True).number for each in found.services),
            *(names.of_characteristic(each, row).number for each in found.characteristics),
            *(names.of_unknown(each) for each in found.characteristics),
        }
        assert {f"Same {count}", f" {count}"} <= told
        assert any(each and each.endswith(f"0000ABCD {count}") for each in told)
        taken.append(looks)
    assert taken[2] - taken[1] == 2 * (taken[1] - taken[0])
    assert taken[2] < 30 * 100


def test_nameless_accessory() -> None:
    """Without a name of the accessory the words of services stay whole."""
    found = accessory_of(switch("Left"), switch("Right"), name=None)
    assert [Names(found).of_service(each).text for each in found.services] == ["Left", "Right"]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        ([None, None], [1, 2]),
        ([3, 1], [3, 1]),
        ([2, None, 1, None], [2, 3, 1, 4]),
        ([1, 1, None], [1, 2, 3]),
        (["x", 1], [2, 1]),
    ],
)
def test_numbers(labels: list[Any], numbers: list[int]) -> None:
    """Labels count if each is there once; what has none takes the numbers that are left."""
    found = accessory_of(*(switch(label=label) for label in labels), name=None)
    assert list(numbers_of(found.services).values()) == numbers


def test_batteries_do_not_lead() -> None:
    """A battery beside the only service leaves that alone."""
    found = accessory_of(
        switch("Other"), service("BATTERY_SERVICE", characteristic("BATTERY_LEVEL", 5))
    )
    names = Names(found)
    assert [names.of_service(each) for each in found.services[1:]] == [Name(is_main=True), Name()]


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("Lamp", None),
        ("lamp ", None),
        ("Lamp Left", "Left"),
        ("LAMP - left", "left"),
        ("Lamp: Left", "Left"),
        ("Lamps", "Lamps"),
        ("Lamp2", "Lamp2"),
        ("The Lamp", "The Lamp"),
        ("   ", None),
        ("", None),
        (None, None),
    ],
)
def test_own_words(own: str | None, text: str | None) -> None:
    """A service is called what it calls itself, without the accessory's name in front."""
    assert names_of(accessory_of(switch(own), switch("Other")))[0] == Name(text=text)


def test_configured_name() -> None:
    """What the user called a service goes before."""
    configured = switch("A")
    configured["characteristics"].append(characteristic("CONFIGURED_NAME", "Mine"))
    blank = switch("B")
    blank["characteristics"].append(characteristic("CONFIGURED_NAME", " "))
    first, second = names_of(accessory_of(configured, blank))
    assert (first.text, second.text) == ("Mine", "B")


def test_equal_names_of_different_kinds() -> None:
    """Equal ones are numbered whatever they are; without words each kind is called what it is."""
    motion = service(
        "MOTION_SENSOR", characteristic("MOTION_DETECTED"), characteristic("NAME", "Porch")
    )
    found = names_of(accessory_of(switch("Porch"), motion))
    assert [each.text for each in found] == ["Porch 1", "Porch 2"]
    nameless = service("MOTION_SENSOR", characteristic("MOTION_DETECTED"))
    assert names_of(accessory_of(switch(), nameless)) == [Name(), Name()]


@pytest.mark.parametrize(("value", "label"), [(3, 3), (None, None), ("x", None)])
def test_labels(value: Any, label: int | None) -> None:
    """Labels are numbers."""
    found = accessory_of(switch(label=value), name=None)
    assert label_of(found.services[0]) == label
