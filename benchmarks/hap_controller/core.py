"""The protocol core of HomeKit over IP: what is measured, how often, and what is promised."""

from collections.abc import Iterator

from ..conductor import Contest, Progress, contest, counterpart, pick
from ..cores import CONTENDERS
from ..scale import Scale
from ..table import LIMIT, PEER, Row, Target
from .bridge import ACCESSORIES, LIGHTS, bridge, switched
from .jobs import GROUP, SUBSCRIBED_ACCESSORIES

COUNTERPART = "benchmarks.hap_controller.counterpart"
DOMAIN = "hap_controller"
WORKER = "benchmarks.hap_controller.worker"

STALL_MS = 10
SWITCHES = len(switched(bridge()))
SUBSCRIPTIONS = 4 * SUBSCRIBED_ACCESSORIES
MAX_SUBSCRIBE_REQUESTS = 16
MAX_GROUP_REQUESTS = 2


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with (
        counterpart(COUNTERPART, *CONTENDERS) as card,
        contest(WORKER, DOMAIN, CONTENDERS, card) as clients,
    ):
        progress("HomeKit core: handshakes")
        yield from _handshakes(clients, scale)
        progress("HomeKit core: frames, events, TLV8")
        yield from _codec(clients, scale)
        progress("HomeKit core: descriptions")
        yield from _descriptions(clients, scale)
        progress("HomeKit core: links")
        yield from _links(clients, scale)


def _handshakes(clients: Contest, scale: Scale) -> Iterator[Row]:
    setups = clients.rounds("setup", scale.trips, warm_up=True)
    yield Row("pair-setup, controller CPU", "ms", pick(setups, "cpu_ms"), Target(2, LIMIT))
    stalls = pick(setups, "stall_ms")
    yield Row("pair-setup, longest stall of the loop, CPU", "ms", stalls, Target(STALL_MS))
    verified = clients.rounds("verify", scale.rounds, warm_up=True, times=40)
    yield Row("pair-verify, controller CPU", "µs", verified, Target(1.1, LIMIT))


def _codec(clients: Contest, scale: Scale) -> Iterator[Row]:
    sealed = clients.rounds("seal", scale.rounds, warm_up=True, times=200)
    yield Row("frames of 64 KiB sealed, CPU", "µs", sealed, Target(1.1, LIMIT))
    opened = clients.rounds("answer", scale.rounds, warm_up=True, times=20)
    metric = "frames of 512 KiB opened, HTTP unframed, CPU"
    yield Row(metric, "µs", opened, Target(1.2, LIMIT))
    rounds = scale.pushes // SWITCHES
    for metric, together in (("one by one", False), (f"{SWITCHES} of a scene at once", True)):
        heard = clients.rounds(
            "events", scale.rounds, warm_up=True, rounds=rounds, together=together
        )
        yield Row(f"event: bytes to listener, {metric}, CPU", "µs", heard, Target(1.5, LIMIT))
    read = clients.rounds("tlv", scale.rounds, warm_up=True, times=500)
    yield Row("TLV8 of sixteen pairings read, CPU", "µs", read, Target(1.5, LIMIT))


def _descriptions(clients: Contest, scale: Scale) -> Iterator[Row]:
    parsed = clients.rounds("parse", 3 * scale.rounds, warm_up=True)
    metric = f"description of {ACCESSORIES} accessories read, limit = JSON, CPU"
    yield Row(metric, "ms", parsed, Target(3, LIMIT))
    held = clients.rounds("heap", 1)
    samples = {name: [size / 1024 for size in sizes] for name, sizes in held.items()}
    metric = f"heap of {ACCESSORIES} accessories, limit = decoded JSON"
    yield Row(metric, "KiB", samples, Target(0.8, LIMIT))


def _links(clients: Contest, scale: Scale) -> Iterator[Row]:
    connects = clients.rounds("connect", scale.trips, warm_up=True, times=1)
    metric = f"connect to first state of {LIGHTS} lights"
    yield Row(metric, "ms", pick(connects, "ms"), Target(1.3, LIMIT))
    yield Row(f"{metric}, CPU", "ms", pick(connects, "cpu_ms"))
    settled = clients.rounds("settle", scale.rounds, warm_up=True, times=1)
    metric = f"connect, {LIGHTS} lights read and subscribed to"
    yield Row(metric, "ms", pick(settled, "ms"))
    yield Row(metric, "requests", pick(settled, "requests"))
    clients.at_once("open")
    asked = clients.rounds("subscribe", 1)
    metric = f"subscribe {SUBSCRIPTIONS} characteristics of {SUBSCRIBED_ACCESSORIES} accessories"
    target = Target(MAX_SUBSCRIBE_REQUESTS)
    yield Row(metric, "requests", pick(asked, "requests"), target)
    groups = clients.rounds("group", scale.rounds, warm_up=True, times=5)
    metric = f"group command on {GROUP} lights"
    yield Row(metric, "requests", pick(groups, "requests"), Target(MAX_GROUP_REQUESTS))
    yield Row(metric, "ms", pick(groups, "ms"), Target(0.5, PEER))
    clients.at_once("close")
