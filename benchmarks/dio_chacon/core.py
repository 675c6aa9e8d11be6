"""The protocol core of DIO Chacon: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping

from .. import cores
from ..children import Json
from ..conductor import Contest, Progress, contest, counterpart, pick
from ..cores import CONTENDERS, DEVICES, WORKER
from ..scale import Scale
from ..table import LIMIT, OURS, PEER, Row, Target

COUNTERPART = "benchmarks.dio_chacon.counterpart"
DOMAIN = "dio_chacon"


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with counterpart(COUNTERPART, str(DEVICES), *CONTENDERS) as card:
        with contest(WORKER, DOMAIN, CONTENDERS, card) as clients:
            progress("DIO core: frames")
            yield cores.frames(clients, scale)
            progress("DIO core: links and commands")
            yield from _trips(clients, scale)
            progress("DIO core: pushes")
            yield from cores.pushes(clients, scale)
            clients.at_once("close")
        progress("DIO core: idle links")
        yield cores.idle(DOMAIN, card, scale)


def _trips(clients: Contest, scale: Scale) -> Iterator[Row]:
    both = (LIMIT, OURS)
    connects = clients.rounds("connect", scale.trips, only=both, warm_up=True, times=1)
    clients.at_once("open", only=both)
    # The published client sleeps through most of its rounds, and the heap is not on the clock.
    with clients.meanwhile("memory", only=(OURS,), count=scale.memory_pushes) as grown:
        connects |= clients.rounds("connect", scale.slow_rounds, only=(PEER,), times=1)
        clients.at_once("open", only=(PEER,))
        slow = clients.rounds("command", scale.slow_rounds, only=(PEER,), times=1)
    yield Row("connect to all devices with state", "ms", connects, Target(1.5, LIMIT))
    yield from _commands(clients, scale, slow)
    yield cores.heap(grown, scale)


def _commands(clients: Contest, scale: Scale, slow: Mapping[str, list[Json]]) -> Iterator[Row]:
    # Ten per round, one contender after the other: what disturbs one disturbs all.
    quick = clients.rounds("command", scale.trips, only=(LIMIT, OURS), warm_up=True, times=10)
    samples = {**quick, **slow}
    yield Row("command to answer", "ms", pick(samples, "ms"), Target(1.5, LIMIT))
    yield Row("command to answer, CPU", "µs", pick(samples, "cpu_us"), Target(1, PEER))
    yield cores.bare(clients, scale, "command to bare acknowledgement")
