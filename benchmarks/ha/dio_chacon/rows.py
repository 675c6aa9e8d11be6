"""DIO Chacon inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator
import json

from ...children import Child, Json, forked
from ...conductor import Contest, Progress, contest, counterpart, pick
from ...dio_chacon.core import COUNTERPART, DEVICES, DOMAIN, WORKER, paced, percent
from ...scale import Scale
from ...table import LIMIT, OURS, PEER, Row, Target
from ..preload import PLATFORMS

CONTENDERS = (LIMIT, PEER, OURS)
# The protocol core beside the rooms, for what a push costs without them.
CORE = "core"
ROOMS = "benchmarks.ha.worker"
PRELOAD = "benchmarks.ha.preload"
IMPORTER = "importer"
IMPORTS = "benchmarks.ha.imports"

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
    OURS: [
        "custom_components.dio_chacon",
        "custom_components.dio_chacon.config_flow",
        *(f"custom_components.dio_chacon.{platform}" for platform in PLATFORMS),
    ],
}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    with counterpart(COUNTERPART, str(DEVICES), *CONTENDERS, CORE) as card:
        progress("DIO in Home Assistant: starting")
        crew = {name: (ROOMS, DOMAIN, name, json.dumps(card)) for name in CONTENDERS}
        alone = card | {"accounts": {OURS: card["accounts"][CORE]}}
        with (
            contest(WORKER, DOMAIN, (OURS,), alone) as core,
            forked(PRELOAD, crew | {IMPORTER: (IMPORTS,)}) as children,
        ):
            rooms = Contest({name: children[name] for name in CONTENDERS})
            core.at_once("open")
            rooms.at_once("open")
            progress("DIO in Home Assistant: pushes")
            yield from _pushes(core, rooms, scale)
            progress("DIO in Home Assistant: actions")
            yield _command(rooms, scale)
            progress("DIO in Home Assistant: set-up")
            yield from _setup(rooms, scale)
            progress("DIO in Home Assistant: imports")
            yield from _imports(children[IMPORTER], scale)
            rooms.at_once("close")
            core.at_once("close")


def _pushes(core: Contest, rooms: Contest, scale: Scale) -> Iterator[Row]:
    costs: dict[str, list[float]] = {}
    budget: list[float] = []
    for number in range(scale.rounds + 1):
        written = rooms.rounds("push", 1, count=scale.pushes)
        write = rooms.rounds("write", 1, only=(LIMIT,), count=scale.pushes)
        alone = core.rounds("push", 1, count=scale.pushes)
        if number:  # the first round warms up
            budget += [write[LIMIT][0] + alone[OURS][0]]
            for name, samples in written.items():
                costs.setdefault(name, []).extend(samples)
    yield Row("push to state, burst, CPU", "µs", costs)
    beside = costs | {LIMIT: budget}
    yield Row("push to state, limit = entity write + core", "µs", beside, Target(1.3, LIMIT))
    one_by_one = paced(rooms, scale)
    yield Row(
        "push to state, 300/s, delay p50", "µs", pick(one_by_one, "p50_us"), Target(1.1, PEER)
    )
    yield Row("push to state, 300/s, delay p99", "µs", pick(one_by_one, "p99_us"))
    yield Row(
        "push to state, 300/s, CPU", "% core", percent(pick(one_by_one, "share")), Target(0.5, PEER)
    )


def _command(rooms: Contest, scale: Scale) -> Row:
    quick = rooms.rounds("command", scale.trips, only=(LIMIT, OURS), warm_up=True, times=10)
    slow = rooms.rounds("command", scale.slow_rounds, only=(PEER,), times=1)
    return Row("action on a switch", "ms", quick | slow, Target(1.5, LIMIT))


def _setup(rooms: Contest, scale: Scale) -> Iterator[Row]:
    trips = rooms.rounds("setup", scale.trips, only=(LIMIT, OURS), warm_up=True)
    trips |= rooms.rounds("setup", scale.slow_rounds, only=(PEER,))
    yield Row("login to entities", "ms", pick(trips, "ms"), Target(0.1, PEER))
    yield Row("login to entities, CPU", "ms", pick(trips, "cpu_ms"))
    yield Row("entities", "count", pick(trips, "entities"))
    yield Row("unload", "ms", pick(trips, "unload_ms"), Target(10))


def _imports(importer: Child, scale: Scale) -> Iterator[Row]:
    for what, modules, core in (
        ("protocol core", PACKAGES, DOMAIN),
        ("integration", INTEGRATIONS, None),
    ):
        found: dict[str, list[Json]] = {PEER: [], OURS: []}
        for number in range(scale.slow_rounds + 1):
            for name, samples in found.items():
                lent = core if name == OURS else None
                result = importer.ask("import", modules=modules[name], core=lent)
                if number and "missing" not in result:  # the first reads the disk
                    samples.append(result)
        yield Row(f"import of the {what}, CPU", "ms", pick(found, "cpu_ms"), Target(0.5, PEER))
        yield Row(f"import of the {what}", "modules", pick(found, "modules"), Target(0.5, PEER))
