"""The protocol core of Homismart: what is measured, how often, and what is promised."""

from collections.abc import Iterator

from .. import cores
from ..conductor import Contest, Progress, contest, counterpart, pick
from ..cores import CONTENDERS, DEVICES, WORKER
from ..scale import Scale
from ..table import LIMIT, OURS, PEER, Row, Target

COUNTERPART = "benchmarks.homismart.counterpart"
DOMAIN = "homismart"

# The cloud is not sent more than ten frames per second; with three contenders, or two, this keeps each below that.
COMMAND_PAUSE_S = 0.06


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with counterpart(COUNTERPART, str(DEVICES), *CONTENDERS) as card:
        with contest(WORKER, DOMAIN, CONTENDERS, card) as clients:
            progress("Homismart core: frames")
            yield cores.frames(clients, scale)
            progress("Homismart core: links and commands")
            yield from _trips(clients, scale)
            progress("Homismart core: pushes")
            yield from cores.pushes(clients, scale)
            progress("Homismart core: memory")
            grown = clients.at_once("memory", only=(OURS,), count=scale.memory_pushes)
            yield cores.heap(grown, scale)
            clients.at_once("close")
        progress("Homismart core: idle links")
        yield cores.idle(DOMAIN, card, scale)


def _trips(clients: Contest, scale: Scale) -> Iterator[Row]:
    connects = clients.rounds("connect", scale.trips, warm_up=True, times=1)
    yield Row("connect to all devices with state", "ms", connects, Target(1.5, LIMIT))
    clients.at_once("open")
    commands = clients.rounds(
        "command", scale.trips, warm_up=True, times=1, pause_s=COMMAND_PAUSE_S
    )
    yield Row("command to report", "ms", pick(commands, "ms"), Target(1.5, LIMIT))
    yield Row("command to report, CPU", "µs", pick(commands, "cpu_us"), Target(1, PEER))
    yield cores.bare(clients, scale, "command to bare report")
