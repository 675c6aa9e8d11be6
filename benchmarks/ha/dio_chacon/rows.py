"""DIO Chacon inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator

from ...conductor import Contest, Progress
from ...cores import DEVICES
from ...dio_chacon.core import COUNTERPART, DOMAIN
from ...scale import Scale
from ...table import LIMIT, OURS, PEER, Row, Target
from .. import integrations

PACKAGES = {
    PEER: ["dio_chacon_wifi_api"],
    OURS: ["custom_components.dio_chacon.protocol"],
}
INTEGRATIONS = {
    PEER: [
        "homeassistant.components.chacon_dio",
        *(
            f"homeassistant.components.chacon_dio.{room}"
            for room in ("config_flow", "cover", "switch")
        ),
    ],
    OURS: integrations.rooms_of(
        DOMAIN, "binary_sensor", "button", "cover", "event", "image", "light", "sensor", "switch"
    ),
}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    progress("DIO in Home Assistant: starting")
    with integrations.house(DOMAIN, COUNTERPART, str(DEVICES)) as house:
        progress("DIO in Home Assistant: pushes")
        yield from integrations.pushes(house.core, house.rooms, scale)
        progress("DIO in Home Assistant: actions")
        yield _command(house.rooms, scale)
        progress("DIO in Home Assistant: set-up")
        yield from _setup(house.rooms, scale)
        progress("DIO in Home Assistant: imports")
        yield from integrations.imports(house.importer, scale, DOMAIN, PACKAGES, INTEGRATIONS)


def _command(rooms: Contest, scale: Scale) -> Row:
    quick = rooms.rounds("command", scale.trips, only=(LIMIT, OURS), warm_up=True, times=10)
    slow = rooms.rounds("command", scale.slow_rounds, only=(PEER,), times=1)
    return Row("action on a switch", "ms", quick | slow, Target(1.5, LIMIT))


def _setup(rooms: Contest, scale: Scale) -> Iterator[Row]:
    trips = rooms.rounds("setup", scale.trips, only=(LIMIT, OURS), warm_up=True)
    trips |= rooms.rounds("setup", scale.slow_rounds, only=(PEER,))
    yield from integrations.setups(trips, Target(0.1, PEER))
