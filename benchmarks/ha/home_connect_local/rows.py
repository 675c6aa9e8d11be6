"""Home Connect inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping, Sequence
import json

from ...children import forked
from ...conductor import Contest, Progress, counterpart
from ...home_connect_local.appliance import TLS, USUAL
from ...home_connect_local.core import COUNTERPART, DOMAIN, in_kib, linked
from ...scale import Scale
from ...table import LIMIT, OURS, PEER, Row, Target
from .. import integrations

PACKAGES: Mapping[str, Sequence[str]] = {
    PEER: ["homeconnect_websocket"],
    OURS: ["custom_components.home_connect_local.protocol"],
}
# No integration of others can be had from the package index.
INTEGRATIONS: Mapping[str, Sequence[str]] = {
    OURS: integrations.rooms_of(
        DOMAIN,
        "binary_sensor",
        "button",
        "climate",
        "datetime",
        "event",
        "fan",
        "light",
        "number",
        "select",
        "sensor",
        "switch",
        "time",
        "update",
    ),
}
# The published client hands on what waits as one: fewer states are written than values were pushed.
BURSTING = (LIMIT, OURS)
# Half of what an integration on the published client was seen to take.
USUAL_KIB = 1_150


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    progress("Home Connect in Home Assistant: starting")
    with integrations.house(DOMAIN, COUNTERPART, chosen=lambda card: linked(card, TLS)) as house:
        progress("Home Connect in Home Assistant: pushes")
        yield from integrations.pushes(house.core, house.rooms, scale, bursting=BURSTING)
        progress("Home Connect in Home Assistant: actions")
        commands = house.rooms.rounds("command", scale.trips, warm_up=True, times=10)
        yield Row("action on a switch", "ms", commands, Target(1.5, LIMIT))
        progress("Home Connect in Home Assistant: set-up")
        trips = house.rooms.rounds("setup", scale.rounds, warm_up=True)
        # No promise: the others have plain entities and nothing else.
        yield from integrations.setups(trips, metric="entry to entities")
        held = house.rooms.rounds("heap", 1)
        yield Row("heap of one entry beside its data", "KiB", in_kib(held), Target(1, PEER))
        yield from _usual(scale)
        progress("Home Connect in Home Assistant: imports")
        yield from integrations.imports(house.importer, scale, DOMAIN, PACKAGES, INTEGRATIONS)


def _usual(scale: Scale) -> Iterator[Row]:
    """Set up an appliance as people have them, with the options that they have."""
    with counterpart(COUNTERPART, USUAL) as announced:
        words = (integrations.ROOMS, DOMAIN, USUAL, json.dumps(linked(announced, TLS)))
        with forked(integrations.PRELOAD, {USUAL: words}) as children:
            rooms = Contest({OURS: children[USUAL]})
            rooms.at_once("open")
            trips = rooms.rounds("setup", scale.rounds, warm_up=True)
            yield from integrations.setups(
                trips, metric="entry to entities", subject="dishwasher: "
            )
            held = rooms.rounds("heap", 1)
            yield Row("dishwasher: heap of the entry", "KiB", in_kib(held), Target(USUAL_KIB))
            rooms.at_once("close")
