"""The rows that the protocol cores of push clouds have in common: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping, Sequence

from .children import Json
from .conductor import Contest, contest, pick
from .scale import Scale
from .table import LIMIT, OURS, PEER, Row, Target

CONTENDERS = (LIMIT, PEER, OURS)
WORKER = "benchmarks.worker"

DEVICES = 20
FRAMES = 2_000
PUSHES_PER_SECOND = 300
# One byte per push would be a leak; less is the noise of caches.
FLAT_BYTES = 20_000


def frames(clients: Contest, scale: Scale) -> Row:
    """Read frames."""
    costs = clients.rounds("decode", scale.rounds, warm_up=True, count=FRAMES)
    return Row("frames decoded", "1/s", costs, Target(1, PEER), shown=lambda us: 1e6 / us)


def bare(clients: Contest, scale: Scale, metric: str) -> Row:
    """Send commands to a server that only answers, beside as many bytes to an echo."""
    samples: dict[str, list[float]] = {LIMIT: [], OURS: []}
    for number in range(scale.trips + 1):
        # Few enough for clouds that count the frames of a second.
        echo = clients.rounds("echo", 1, only=(LIMIT,), times=8)
        ours = clients.rounds("acknowledged", 1, only=(OURS,), times=8)
        if number:  # the first round warms up
            samples[LIMIT] += echo[LIMIT]
            samples[OURS] += ours[OURS]
    return Row(f"{metric}, limit = echo", "ms", samples, Target(1.5, LIMIT))


def heap(grown: Mapping[str, float], scale: Scale) -> Row:
    """Show what the memory job found."""
    metric = f"heap growth over {scale.memory_pushes:,} pushes"
    samples = {name: [growth] for name, growth in grown.items()}
    return Row(metric, "bytes", samples, Target(FLAT_BYTES))


def pushes(clients: Contest, scale: Scale, metric: str = "push") -> Iterator[Row]:
    """Push to the listener, at once and at a pace."""
    costs = clients.rounds("push", scale.rounds, warm_up=True, count=scale.pushes)
    yield Row(f"{metric} to listener, burst, CPU", "µs", costs, Target(1.2, LIMIT))
    one_by_one = paced(clients, scale)
    delays = pick(one_by_one, "p50_us")
    yield Row(f"{metric} to listener, 300/s, delay p50", "µs", delays, Target(1.2, LIMIT))
    yield Row(f"{metric} to listener, 300/s, CPU", "% core", percent(pick(one_by_one, "share")))


def idle(domain: str, card: Json, scale: Scale) -> Row:
    """Watch links of their own that nothing happens on."""
    with contest(WORKER, domain, CONTENDERS, card, "--speed", str(scale.hurry)) as clients:
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
