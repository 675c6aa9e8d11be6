"""Fault switches: what a simulator can be told to do wrong, how often, and to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import re
from typing import Any

type Option = str | int | float | bool


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One switch, as the vendor's table lists it."""

    name: str
    about: str
    options: Mapping[str, Option] = field(default_factory=dict)
    """Default of each option; its type is the type of the option."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The texts that an option may have, where not every text will do."""
    patterns: tuple[str, ...] = ()
    """Options that are searched for in what the fault may strike; empty strikes everything."""


@dataclass(slots=True)
class Fault:
    """A switch that is on."""

    kind: FaultKind
    options: dict[str, Option]
    count: int | None
    """How often it will still strike; None until it is cleared."""

    def __getitem__(self, option: str) -> Any:
        """Give the value of an option; its type was checked when the switch was turned."""
        return self.options[option]

    def concerns(self, subject: Mapping[str, str]) -> bool:
        """Tell whether it strikes here."""
        return all(
            re.search(str(self.options[name]), subject.get(name, "")) for name in self.kind.patterns
        )

    def as_json(self) -> dict[str, object]:
        """Describe it for the control page."""
        return {"name": self.kind.name, "count": self.count, **self.options}


class Faults:
    """The switches of one simulator."""

    def __init__(self, kinds: Iterable[FaultKind]) -> None:
        """Offer the faults of a vendor's table."""
        self.kinds = {kind.name: kind for kind in kinds}
        self._armed: list[Fault] = []

    @property
    def armed(self) -> tuple[Fault, ...]:
        """The switches that are on."""
        return tuple(self._armed)

    def arm(self, name: str, *, count: int | None = None, **options: Option) -> None:
        """Switch a fault on, for ``count`` strikes or until it is cleared.

        Raises ValueError when there is no such fault or option, or the value is of the wrong type.
        """
        if (kind := self.kinds.get(name)) is None:
            raise ValueError(
                f"there is no fault {name!r}; known are {', '.join(sorted(self.kinds))}"
            )
        if count is not None and count < 1:
            raise ValueError("count is at least 1")
        for option, value in options.items():
            _check(kind, option, value)
        self._armed.append(Fault(kind, {**kind.options, **options}, count))

    def take(self, name: str, **subject: str) -> Fault | None:
        """Give the fault if it strikes now, and count the strike."""
        for fault in self._armed:
            if fault.kind.name == name and fault.concerns(subject):
                if fault.count is not None:
                    fault.count -= 1
                    if not fault.count:
                        self._armed.remove(fault)
                return fault
        return None

    def clear(self, name: str | None = None) -> None:
        """Switch one fault off, or all of them."""
        self._armed = [fault for fault in self._armed if name not in {None, fault.kind.name}]


def _check(kind: FaultKind, option: str, value: object) -> None:
    """Raise ValueError unless the fault has such an option and the value suits it."""
    if option not in kind.options:
        known = ", ".join(kind.options) or "none"
        raise ValueError(f"fault {kind.name!r} has no option {option!r}; its options: {known}")
    wanted = type(kind.options[option])
    if type(value) is not wanted and not (wanted is float and type(value) is int):
        raise ValueError(f"option {option!r} is of type {wanted.__name__}")
    if (choices := kind.choices.get(option)) and value not in choices:
        raise ValueError(f"option {option!r} is one of {', '.join(choices)}")
    if option in kind.patterns:
        try:
            re.compile(str(value))
        except re.error as err:
            raise ValueError(f"option {option!r} is no pattern: {err}") from err
