"""What the user prefers for one pairing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .const import (
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
    DEFAULT_POLL_S,
)
from .protocol import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user prefers."""

    poll_s: float = DEFAULT_POLL_S
    """How often what the accessory does not tell by itself is read, in seconds."""
    trust_events: bool = False
    """Whether what the accessory tells by itself is never asked for, as some cannot bear it."""
    all_characteristics: bool = False
    """Whether characteristics that nobody knows become entities."""
    valves_as_switches: bool = False
    """Whether valves are switches, as the built-in integration has them."""
    level_is_open: frozenset[str] | Literal[True] = frozenset()
    """Which slats are open when they are level, instead of half open, by their ``slats_key``; True for all there are."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what is not there is as by default."""
        return cls(
            poll_s=options.get(CONF_POLL_INTERVAL, DEFAULT_POLL_S),
            trust_events=options.get(CONF_TRUST_EVENTS, False),
            all_characteristics=options.get(CONF_ALL_CHARACTERISTICS, False),
            valves_as_switches=options.get(CONF_VALVES_AS_SWITCHES, False),
            level_is_open=_slats_of(options.get(CONF_LEVEL_IS_OPEN)),
        )

    def is_open_when_level(self, service: Service) -> bool:
        """Tell whether the slats of a cover are open when they are level."""
        return self.level_is_open is True or slats_key(service) in self.level_is_open


def slats_key(service: Service) -> str:
    """Name a cover within its pairing, also when the accessory has another id after a reset."""
    return f"{service.accessory.aid}_{service.iid}"


def _slats_of(stored: Any) -> frozenset[str] | Literal[True]:
    """Read which slats were chosen; at first there was one choice for all, and it still counts."""
    if stored is True:
        return True
    return frozenset(stored or ())
