"""What entities are called: the accessory's own words where there are any, told apart where they are equal (mapping §1.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from .dispatch import leading_services
from .protocol import Accessory, CharacteristicUuid, Service

# What presses are called, by the number that tells them.
PRESSES: Final = {0: "single_press", 1: "double_press", 2: "long_press"}


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


class Names:
    """The names in one accessory, in an order that does not change with the next start."""

    def __init__(self, accessory: Accessory) -> None:
        """Name all services that may lead."""
        self._accessory = accessory
        leading = leading_services(accessory)
        primary = next(
            (each for each in leading if each.primary and not _is_one_of_many(each, leading)), None
        )
        main = leading[0] if len(leading) == 1 else primary
        self._main_iid = main.iid if main else None
        self._leading = {each.iid for each in leading}
        self._words: dict[int, str] = {}

    def of_service(self, service: Service, *, further: bool = False) -> Name:
        """Name the entity of a service; a ``further`` one of the same service cannot stand for the device."""
        if service.iid == self._main_iid and not further:
            return Name(is_main=True)
        text = self._own_words(service)
        rivals = [
            each
            for each in self._accessory.services
            if each.iid != self._main_iid
            and self._own_words(each) == text
            and (text or each.type == service.type)
            and (each.type == service.type or each.iid in self._leading)
        ]
        number = self._number(service, rivals)
        if further:
            return Name(prefix=f"{text} " if text else "", number=number)
        return Name(text=f"{text}{number}") if text else Name(number=number)

    def of_characteristic(self, service: Service, sources: Sequence[Service]) -> Name:
        """Name the entity of a characteristic; ``sources`` are all services of the accessory with the same row."""
        if len(sources) <= 1:
            return Name()
        text = self._own_words(service)
        rivals = [each for each in sources if self._own_words(each) == text]
        return Name(prefix=f"{text} " if text else "", number=self._number(service, rivals))

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

    @staticmethod
    def _number(service: Service, rivals: Sequence[Service]) -> str:
        """Tell which of several it is; the only one without a label among others that have one needs no number."""
        if len(rivals) <= 1:
            return ""
        numbers = numbers_of(rivals)
        unlabelled = [each for each in rivals if label_of(each) is None]
        if unlabelled == [service] and len(set(map(label_of, rivals))) == len(rivals):
            return ""
        return f" {numbers[service.iid]}" if service.iid in numbers else ""


def _is_one_of_many(service: Service, services: Sequence[Service]) -> bool:
    """Tell whether a service bears a number among others of its kind: the first of four buttons is not their device."""
    kin = [each for each in services if each.type == service.type]
    return label_of(service) is not None and len(kin) > 1


def numbers_of(services: Sequence[Service]) -> dict[int, int]:
    """Number services by iid: by their labels, and those without one by what is left, in the order of their iids.

    Labels that several have are none.
    """
    order = sorted(services, key=lambda service: service.iid)
    labels = [label for each in order if (label := label_of(each)) is not None]
    if len(set(labels)) < len(labels):
        return {each.iid: number for number, each in enumerate(order, 1)}
    free = (number for number in count(1) if number not in labels)
    return {each.iid: next(free) if (label := label_of(each)) is None else label for each in order}


def label_of(service: Service) -> int | None:
    """Give the number that is printed on a button or outlet; None when it has none."""
    found = service.characteristic(CharacteristicUuid.SERVICE_LABEL_INDEX)
    return found.value if found and isinstance(found.value, int) else None
