"""What the user prefers for one pairing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .const import (
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
    DEFAULT_POLL_S,
)


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
    level_is_open: bool = False
    """Whether slats are open when they are level, instead of half open."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what is not there is as by default."""
        return cls(
            poll_s=options.get(CONF_POLL_INTERVAL, DEFAULT_POLL_S),
            trust_events=options.get(CONF_TRUST_EVENTS, False),
            all_characteristics=options.get(CONF_ALL_CHARACTERISTICS, False),
            valves_as_switches=options.get(CONF_VALVES_AS_SWITCHES, False),
            level_is_open=options.get(CONF_LEVEL_IS_OPEN, False),
        )
