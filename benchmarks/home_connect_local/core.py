"""The protocol core of Home Connect: what is measured, how often, and what is promised."""

from collections.abc import Iterator

from .. import cores
from ..children import Json
from ..conductor import Contest, Progress, contest, counterpart, pick
from ..cores import CONTENDERS, WORKER
from ..scale import Scale
from ..table import LIMIT, OURS, PEER, Row, Target
from .appliance import AES, TLS
from .big_profile import FEATURES

COUNTERPART = "benchmarks.home_connect_local.counterpart"
DOMAIN = "home_connect_local"


def linked(card: Json, link: str) -> Json:
    """Leave the appliances of one kind of link, by contender."""
    accounts = card["accounts"].values()
    chosen = {each["name"].split()[0]: each for each in accounts if each["link"] == link}
    return card | {"accounts": chosen}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with counterpart(COUNTERPART, *CONTENDERS) as card:
        tls, aes = linked(card, TLS), linked(card, AES)
        with contest(WORKER, DOMAIN, CONTENDERS, tls) as clients:
            progress("Home Connect core: profiles and frames")
            yield from _profiles(clients, scale)
            yield cores.frames(clients, scale)
            progress("Home Connect core: TLS links and commands")
            yield from _trips(clients, scale, TLS)
            commands = clients.rounds("command", scale.trips, warm_up=True, times=10)
            yield Row("command to answer", "ms", pick(commands, "ms"), Target(1.5, LIMIT))
            yield Row("command to answer, CPU", "µs", pick(commands, "cpu_us"), Target(1, PEER))
            progress("Home Connect core: pushes over TLS")
            yield from cores.pushes(clients, scale, f"push over {TLS}")
            progress("Home Connect core: memory")
            grown = clients.at_once("memory", only=(OURS,), count=scale.memory_pushes)
            yield cores.heap(grown, scale)
            clients.at_once("close")
            held = clients.rounds("heap", 1, only=(PEER, OURS))
            metric = f"heap of a connected client, {FEATURES:,} features"
            yield Row(metric, "KiB", in_kib(pick(held, "client")), Target(0.5, PEER))
            metric = "the same with the stored profile"
            yield Row(metric, "KiB", in_kib(pick(held, "all")), Target(0.5, PEER))
        progress("Home Connect core: AES links and pushes")
        with contest(WORKER, DOMAIN, CONTENDERS, aes) as clients:
            yield from _trips(clients, scale, AES)
            yield from cores.pushes(clients, scale, f"push over {AES}")
            clients.at_once("close")
        progress("Home Connect core: idle links")
        yield cores.idle(DOMAIN, tls, scale)


def _profiles(clients: Contest, scale: Scale) -> Iterator[Row]:
    size = f"{FEATURES:,} features"
    parsed = clients.rounds("parse", scale.rounds, warm_up=True)
    metric = f"profile of {size} parsed, limit = ElementTree, CPU"
    yield Row(metric, "ms", parsed, Target(1, PEER))
    loaded = clients.rounds("load", scale.rounds, only=(LIMIT, OURS), warm_up=True)
    metric = "stored profile loaded, limit = ElementTree, CPU"
    yield Row(metric, "ms", loaded, Target(0.4, LIMIT))
    made = clients.rounds("model", scale.rounds, only=(PEER, OURS), warm_up=True)
    yield Row("stored profile to a model for values, CPU", "ms", made, Target(1, PEER))


def _trips(clients: Contest, scale: Scale, link: str) -> Iterator[Row]:
    connects = clients.rounds("connect", scale.trips, warm_up=True, times=1)
    yield Row(f"connect over {link} to all values", "ms", connects, Target(1.3, LIMIT))
    clients.at_once("open")


def in_kib(samples: dict[str, list[float]]) -> dict[str, list[float]]:
    """Turn bytes into KiB."""
    return {name: [size / 1024 for size in sizes] for name, sizes in samples.items()}
