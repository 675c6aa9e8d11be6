"""The protocol core of DIO Chacon: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping, Sequence

from ..children import Json
from ..conductor import Contest, Progress, contest, counterpart, pick
from ..scale import Scale
from ..table import LIMIT, OURS, PEER, Row, Target

CONTENDERS = (LIMIT, PEER, OURS)
COUNTERPART = "benchmarks.dio_chacon.counterpart"
WORKER = "benchmarks.worker"
DOMAIN = "dio_chacon"

DEVICES = 20
FRAMES = 2_000
PUSHES_PER_SECOND = 300
# One byte per push would be a leak; less is the noise of caches.
FLAT_BYTES = 20_000
# The loop's clock against the wall's; a pong that takes 150 ms still comes in time.
HURRY = 60


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with counterpart(COUNTERPART, str(DEVICES), *CONTENDERS) as card:
        with contest(WORKER, DOMAIN, CONTENDERS, card) as clients:
            progress("DIO core: frames")
            yield _frames(clients, scale)
            progress("DIO core: links and commands")
            yield from _trips(clients, scale)
            progress("DIO core: pushes")
            yield from _pushes(clients, scale)
            clients.at_once("close")
        progress("DIO core: idle links")
        yield _idle(card, scale)


def _frames(clients: Contest, scale: Scale) -> Row:
    costs = clients.rounds("decode", scale.rounds, warm_up=True, count=FRAMES)
    return Row("frames decoded", "1/s", costs, Target(1, PEER), shown=lambda us: 1e6 / us)


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
    metric = f"heap growth over {scale.memory_pushes:,} pushes"
    samples = {name: [growth] for name, growth in grown.items()}
    yield Row(metric, "bytes", samples, Target(FLAT_BYTES))


def _commands(clients: Contest, scale: Scale, slow: Mapping[str, list[Json]]) -> Iterator[Row]:
    # Ten per round, one contender after the other: what disturbs one disturbs all.
    quick = clients.rounds("command", scale.trips, only=(LIMIT, OURS), warm_up=True, times=10)
    samples = {**quick, **slow}
    yield Row("command to answer", "ms", pick(samples, "ms"), Target(1.5, LIMIT))
    yield Row("command to answer, CPU", "µs", pick(samples, "cpu_us"), Target(1, PEER))
    bare: dict[str, list[float]] = {LIMIT: [], OURS: []}
    for number in range(scale.trips + 1):
        echo = clients.rounds("echo", 1, only=(LIMIT,), times=10)
        ours = clients.rounds("acknowledged", 1, only=(OURS,), times=10)
        if number:  # the first round warms up
            bare[LIMIT] += echo[LIMIT]
            bare[OURS] += ours[OURS]
    metric = "command to bare acknowledgement, limit = echo"
    yield Row(metric, "ms", bare, Target(1.5, LIMIT))


def _pushes(clients: Contest, scale: Scale) -> Iterator[Row]:
    costs = clients.rounds("push", scale.rounds, warm_up=True, count=scale.pushes)
    yield Row("push to listener, burst, CPU", "µs", costs, Target(1.2, LIMIT))
    one_by_one = paced(clients, scale)
    delays = pick(one_by_one, "p50_us")
    yield Row("push to listener, 300/s, delay p50", "µs", delays, Target(1.2, LIMIT))
    yield Row("push to listener, 300/s, CPU", "% core", percent(pick(one_by_one, "share")))


def _idle(card: Json, scale: Scale) -> Row:
    speed = 1 if scale.real_idle else HURRY
    with contest(WORKER, DOMAIN, CONTENDERS, card, "--speed", str(speed)) as clients:
        clients.at_once("open")
        shares = clients.at_once("idle", seconds=scale.idle_s)
        clients.at_once("close")
    metric = f"idle link, {scale.idle_s:g} s, CPU"
    samples = {name: [share] for name, share in shares.items()}
    return Row(metric, "% core", percent(samples), Target(0.1))


def paced(clients: Contest, scale: Scale) -> dict[str, list[Json]]:
    """Let pushes come one by one, as fast as in a very busy home."""
    return clients.rounds(
        "paced",
        scale.paced_rounds,
        warm_up=True,
        count=scale.paced_pushes,
        per_second=PUSHES_PER_SECOND,
    )


def percent(shares: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Turn shares of one core into percent."""
    return {name: [share * 100 for share in samples] for name, samples in shares.items()}
