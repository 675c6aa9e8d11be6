"""What entities are called: the accessory's own words where there are any, told apart where they are equal (mapping §1.4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Final, Protocol

from .dispatch import generic_platform, leading_services
from .protocol import BASE_SUFFIX, Accessory, Characteristic, CharacteristicUuid, Service

# What presses are called, by the number that tells them.
PRESSES: Final = {0: "single_press", 1: "double_press", 2: "long_press"}
_LABEL_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Name:
    """The name of one entity: words of the accessory's, or a text of ours with what tells it apart."""

    text: str | None = None
    """As it is; None when a translation names it."""
    is_main: bool = False
    """Whether it stands for the device and bears no name."""
    prefix: str = ""
    """For the text of ours: the service it belongs to, with a blank behind; empty when there is no doubt."""
    number: str = ""
    """For the text of ours: which of several, with a blank in front; empty when there is one."""

    @property
    def placeholders(self) -> dict[str, str]:
        """What translated names ask for."""
        return {"prefix": self.prefix, "number": self.number}


class Row(Protocol):
    """What names need to know of a row about characteristics."""

    @property
    def uuid(self) -> str:
        """What it is about."""

    @property
    def alike(self) -> frozenset[str]:
        """Other types whose entities are called the same."""

    def names(self, characteristic: Characteristic) -> bool:
        """Tell whether the entity of a characteristic is called as this row says."""


class Names:
    """The names in one accessory, in an order that does not change with the next start.

    Each group of equals is looked at once, however many there are of them: bridges come with hundreds.
    """

    def __init__(self, accessory: Accessory) -> None:
        """Name all services that may lead."""
        self._accessory = accessory
        leading = leading_services(accessory)
        kin = Counter(each.type for each in leading)
        primary = next(
            (each for each in leading if each.primary and not _is_one_of(each, kin)), None
        )
        main = leading[0] if len(leading) == 1 else primary
        self._main_iid = main.iid if main else None
        self._leading = {each.iid for each in leading}
        self._words: dict[int, str] = {}
        self._services: dict[tuple[str, str], dict[int, str]] = {}
        self._sources: dict[int, tuple[Row, dict[int, Name]]] = {}
        self._unknown: dict[int, str] | None = None

    def of_service(self, service: Service, *, further: bool = False) -> Name:
        """Name the entity of a service; a ``further`` one of the same service cannot stand for the device."""
        if service.iid == self._main_iid and not further:
            return Name(is_main=True)
        text = self._own_words(service)
        group = text, service.type
        if (numbers := self._services.get(group)) is None:
            numbers = self._services[group] = _told_apart(self._rivals(*group))
        number = numbers.get(service.iid, "")
        if further:
            return Name(prefix=f"{text} " if text else "", number=number)
        return Name(text=f"{text}{number}") if text else Name(number=number)

    def of_characteristic(self, characteristic: Characteristic, row: Row) -> Name:
        """Name the entity of a characteristic, which a row is about."""
        known = self._sources.get(id(row))
        if known is None:  # with the row itself: nothing else can have its id then
            known = self._sources[id(row)] = row, self._of_sources(self._called(row))
        return known[1].get(characteristic.service.iid, Name())

    def of_unknown(self, characteristic: Characteristic) -> str:
        """Name the entity of a characteristic without a row, by the accessory's own words for it."""
        if self._unknown is None:
            self._unknown = self._name_unknown()
        return self._unknown.get(characteristic.iid) or _label(characteristic)

    @cached_property
    def _by_words(self) -> dict[str, list[Service]]:
        """All services by their words, but for the one that stands for the device."""
        found: dict[str, list[Service]] = {}
        for each in self._accessory.services:
            if each.iid != self._main_iid:
                found.setdefault(self._own_words(each), []).append(each)
        return found

    def _rivals(self, text: str, kind: str) -> list[Service]:
        """Give the services that have the same words; those without any have texts of ours, each kind its own."""
        return [
            each
            for each in self._by_words.get(text, ())
            if each.type == kind or (text and each.iid in self._leading)
        ]

    @cached_property
    def _by_type(self) -> dict[str, list[Characteristic]]:
        found: dict[str, list[Characteristic]] = {}
        for each in self._accessory.characteristics:
            found.setdefault(each.type, []).append(each)
        return found

    def _called(self, row: Row) -> list[Service]:
        """Give the services of all characteristics whose entities a row names."""
        kinds = {row.uuid, *row.alike}
        found = [each for kind in kinds for each in self._by_type.get(kind, ())]
        return [each.service for each in found if row.names(each)]

    def _of_sources(self, sources: Sequence[Service]) -> dict[int, Name]:
        """Name the entities of services with the same row, by the numbers of these."""
        if len(sources) <= 1:
            return {}
        named: dict[int, Name] = {}
        rivals: dict[str, list[Service]] = {}
        for each in sources:
            rivals.setdefault(self._own_words(each), []).append(each)
        for text, services in rivals.items():
            numbers = _told_apart(services)
            prefix = f"{text} " if text else ""
            for each in services:
                named[each.iid] = Name(prefix=prefix, number=numbers.get(each.iid, ""))
        return named

    def _name_unknown(self) -> dict[int, str]:
        """Name all that nobody has a row for, by the numbers of the characteristics."""
        alike: dict[str, list[Characteristic]] = {}
        for each in self._accessory.characteristics:
            if generic_platform(each):
                alike.setdefault(_label(each), []).append(each)
        named: dict[int, str] = {}
        for label, group in alike.items():
            of_services = self._of_sources(list(dict.fromkeys(each.service for each in group)))
            rivals: dict[str, list[int]] = {}
            for each in group:
                prefix = of_services.get(each.service.iid, Name()).prefix
                rivals.setdefault(prefix, []).append(each.iid)
            for prefix, iids in rivals.items():
                for number, iid in enumerate(sorted(iids), 1):
                    named[iid] = f"{prefix}{label}" + (f" {number}" if len(iids) > 1 else "")
        return named

    def _own_words(self, service: Service) -> str:
        """Give a service's own name, without the accessory's in front; empty when it has none."""
        if (words := self._words.get(service.iid)) is None:
            words = self._words[service.iid] = self._read_words(service)
        return words

    def _read_words(self, service: Service) -> str:
        text = (
            service.text(CharacteristicUuid.CONFIGURED_NAME)
            or service.text(CharacteristicUuid.NAME)
            or ""
        ).strip()
        name = (self._accessory.name or "").strip()
        if name and text.casefold().startswith(name.casefold()):
            rest = text[len(name) :]
            # "Lamp" does not begin "Lampshade".
            if not rest or not rest[0].isalnum():
                text = rest.strip(" -_:,.")
        return text


def _told_apart(rivals: Sequence[Service]) -> dict[int, str]:
    """Give what tells services of one name apart, by their numbers.

    The only one without a label among others that have one each needs nothing.
    """
    if len(rivals) <= 1:
        return {}
    labels = {each.iid: label_of(each) for each in rivals}
    unlabelled = [iid for iid, label in labels.items() if label is None]
    told = {iid: f" {number}" for iid, number in numbers_of(rivals).items()}
    if len(unlabelled) == 1 and len(set(labels.values())) == len(rivals):
        told[unlabelled[0]] = ""
    return told


def _is_one_of(service: Service, kin: Mapping[str, int]) -> bool:
    """Tell whether a service bears a number among others of its kind: the first of four buttons is not their device."""
    return kin[service.type] > 1 and label_of(service) is not None


def _label(characteristic: Characteristic) -> str:
    """Give what the accessory calls a characteristic; if nothing, the last digits of its type, without what all share."""
    short = characteristic.type.removesuffix(BASE_SUFFIX)
    return characteristic.metadata.description or short[-_LABEL_DIGITS:]


def numbers_of(services: Sequence[Service]) -> dict[int, int]:
    """Number services by iid: by their labels, and those without one by what is left, in the order of their iids.

    Labels that several have are none.
    """
    order = sorted(services, key=lambda service: service.iid)
    labels = [label for each in order if (label := label_of(each)) is not None]
    if len(set(labels)) < len(labels):
        return {each.iid: number for number, each in enumerate(order, 1)}
    taken = set(labels)
    free = (number for number in count(1) if number not in taken)
    return {each.iid: next(free) if (label := label_of(each)) is None else label for each in order}


def label_of(service: Service) -> int | None:
    """Give the number that is printed on a button or outlet; None when it has none."""
    found = service.characteristic(CharacteristicUuid.SERVICE_LABEL_INDEX)
    return found.value if found and isinstance(found.value, int) else None
