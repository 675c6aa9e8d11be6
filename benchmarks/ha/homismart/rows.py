"""Homismart inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator

from ...conductor import Progress
from ...cores import DEVICES
from ...homismart.core import COMMAND_PAUSE_S, COUNTERPART, DOMAIN
from ...scale import Scale
from ...table import LIMIT, OURS, PEER, Row, Target
from .. import integrations

PACKAGES = {
    PEER: ["homismart_client"],
    OURS: ["custom_components.homismart.protocol"],
}
# No integration of others can be had from the package index.
INTEGRATIONS = {
    OURS: integrations.rooms_of(
        DOMAIN, "binary_sensor", "button", "cover", "light", "lock", "number", "sensor", "switch"
    ),
}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    progress("Homismart in Home Assistant: starting")
    with integrations.house(DOMAIN, COUNTERPART, str(DEVICES)) as house:
        progress("Homismart in Home Assistant: pushes")
        yield from integrations.pushes(house.core, house.rooms, scale)
        progress("Homismart in Home Assistant: actions")
        commands = house.rooms.rounds(
            "command", scale.trips, warm_up=True, times=1, pause_s=COMMAND_PAUSE_S
        )
        yield Row("action on a light", "ms", commands, Target(1.5, LIMIT))
        progress("Homismart in Home Assistant: set-up")
        trips = house.rooms.rounds("setup", scale.trips, warm_up=True)
        # No promise: the others have one entity per device and nothing else.
        yield from integrations.setups(trips)
        progress("Homismart in Home Assistant: imports")
        yield from integrations.imports(house.importer, scale, DOMAIN, PACKAGES, INTEGRATIONS)
