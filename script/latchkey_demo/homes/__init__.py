"""The simulated homes: one module per component, found by itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
import importlib
import pkgutil

from ..api import Json
from ..house import House

type Answers = Mapping[str, Json]
"""Step of a flow → what to fill in. A menu takes ``{"next_step_id": …}``; a ``Path`` is a file to be uploaded."""


@dataclass(frozen=True)
class Offered:
    """A card among what Home Assistant has discovered."""

    unique_id: str
    how: str = "discovered"
    """Said of it: heard in the network, or known from another form."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is typed about one entry, when adding and when reconfiguring it."""

    answers: Answers
    device: str | None = None
    """Identifier of the device that the entry is about; None when it is the only entry."""
    offered: Offered | None = None
    """How Home Assistant offers the device by itself; None when its form has to be looked for."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something that happens at the vendor's side, and what Home Assistant must make of it."""

    name: str
    play: Callable[[House], Awaitable[str]]
    """Raises DemoError when Home Assistant does not follow; returns what was seen."""
    announced: bool = False
    """Whether it can happen only where announcements are heard."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """What the demo has to know about the simulated home of one component."""

    domain: str
    title: str
    icon: str
    simulator: tuple[str, ...] = ()
    """Further arguments of the simulator when people watch."""
    hurried: tuple[str, ...] = ()
    """The same for the check, which has no time to watch."""
    forms: Callable[[Json], Sequence[Form]]
    """From the simulator's line to what is typed, entry by entry."""
    by_hand: Callable[[Json], tuple[str, ...]]
    """From the simulator's line to the lines that tell a person what to type."""
    try_this: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    ports: int = 1
    """How many ports in a row the simulator listens on."""
    announces: bool = False
    """Whether what is simulated can be discovered by mDNS, ``--announce``; the line says then if it is ``announced``."""
    link_down: Json = field(default_factory=lambda: {"op": "link", "action": "down"})
    """The operation of the control address that cuts the vendor's link, and keeps it cut."""
    link_up: Json = field(default_factory=lambda: {"op": "link", "action": "up"})
    """The operation that undoes it."""
    links: Callable[[Json], Sequence[Json]] = lambda described: ({},)
    """From what the simulator tells of itself to what names each link to its control address, where there are several."""
    remembers: bool = False
    """Whether the simulator keeps in a folder, ``--state``, what has to outlive it."""
    outlives_link: frozenset[str] = frozenset()
    """Ends of unique ids of entities that stay available without the link."""
    unavailable: frozenset[str] = frozenset()
    """Unique ids of enabled entities that are rightly unavailable in the fresh home."""
    left_out: frozenset[str] = frozenset()
    """Ends of unique ids, or translation keys, of entities that would crowd the dashboard; the device's page has them."""
    sections: Mapping[str, str] = field(default_factory=dict)
    """Headings on the dashboard for devices without a room, in order, by the platform of what is main about them.

    Others stand with their hub.
    """
    first: tuple[str, ...] = ()
    """Ends of unique ids of what is main about a device, for the dashboard, most important first."""
    settings_shown: bool = True
    """Whether the dashboard has room for settings."""
    hands_off: Mapping[str, str] = field(default_factory=dict)
    """Ends of unique ids of entities that the check must not operate, and why."""


@cache
def homes() -> Mapping[str, Home]:
    """Return the homes by domain, in alphabetical order."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (importlib.import_module(f"{__name__}.{name}").HOME for name in modules)
    return {home.domain: home for home in found}
