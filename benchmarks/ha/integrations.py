"""The rows that the integrations of push clouds have in common: what is measured, how often, and what is promised."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
import json

from ..children import Child, Json, forked
from ..conductor import Contest, contest, counterpart, pick
from ..cores import CONTENDERS, WORKER, paced, percent
from ..scale import Scale
from ..table import LIMIT, OURS, PEER, Row, Target

# The protocol core beside the rooms, for what a push costs without them.
CORE = "core"
ROOMS = "benchmarks.ha.worker"
PRELOAD = "benchmarks.ha.preload"
IMPORTER = "importer"
IMPORTS = "benchmarks.ha.imports"

type Modules = Mapping[str, Sequence[str]]
"""What to import, by contender."""


def rooms_of(domain: str, *platforms: str) -> list[str]:
    """Name the modules of a component that Home Assistant loads by itself."""
    component = f"custom_components.{domain}"
    return [component, *(f"{component}.{room}" for room in ("config_flow", *platforms))]


@dataclass(frozen=True, slots=True)
class House:
    """The processes that take part."""

    core: Contest
    rooms: Contest
    importer: Child


@contextmanager
def house(
    domain: str,
    counterpart_module: str,
    *words: str,
    chosen: Callable[[Json], Json] = lambda card: card,
    worker: str = WORKER,
) -> Iterator[House]:
    """Start everything, with the entries added, and end it with the block.

    ``words`` are for the counterpart, before those who take part; ``chosen`` leaves of its card what they shall use.
    ``worker`` does the jobs of the core alone.
    """
    with counterpart(counterpart_module, *words, *CONTENDERS, CORE) as announced:
        card = chosen(announced)
        crew = {name: (ROOMS, domain, name, json.dumps(card)) for name in CONTENDERS}
        alone = card | {"accounts": {OURS: card["accounts"][CORE]}}
        with (
            contest(worker, domain, (OURS,), alone) as core,
            forked(PRELOAD, crew | {IMPORTER: (IMPORTS,)}) as children,
        ):
            rooms = Contest({name: children[name] for name in CONTENDERS})
            core.at_once("open")
            rooms.at_once("open")
            yield House(core, rooms, children[IMPORTER])
            rooms.at_once("close")
            core.at_once("close")


def pushes(
    core: Contest, rooms: Contest, scale: Scale, *, bursting: Sequence[str] = CONTENDERS
) -> Iterator[Row]:
    """Push to the state machine, at once and at a pace; ``bursting`` are those who write each state of a burst."""
    costs: dict[str, list[float]] = {}
    budget: list[float] = []
    for number in range(scale.rounds + 1):
        written = rooms.rounds("push", 1, only=bursting, count=scale.pushes)
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


def setups(
    trips: Mapping[str, Sequence[Json]],
    target: Target | None = None,
    *,
    metric: str = "login to entities",
    subject: str = "",
) -> Iterator[Row]:
    """Show what the setup job found; ``subject`` says of what, where it is not all."""
    yield Row(f"{subject}{metric}", "ms", pick(trips, "ms"), target)
    yield Row(f"{subject}{metric}, CPU", "ms", pick(trips, "cpu_ms"))
    yield Row(f"{subject}entities", "count", pick(trips, "entities"))
    yield Row(f"{subject}unload", "ms", pick(trips, "unload_ms"), Target(10))


def imports(
    importer: Child, scale: Scale, domain: str, packages: Modules, integrations: Modules
) -> Iterator[Row]:
    """Import protocol cores and integrations on top of a running Home Assistant."""
    for what, modules, core in (
        ("protocol core", packages, domain),
        ("integration", integrations, None),
    ):
        if not modules:
            continue
        found: dict[str, list[Json]] = {name: [] for name in modules}
        for number in range(scale.slow_rounds + 1):
            for name, samples in found.items():
                lent = core if name == OURS else None
                result = importer.ask("import", modules=modules[name], core=lent)
                if number and "missing" not in result:  # the first reads the disk
                    samples.append(result)
        yield Row(f"import of the {what}, CPU", "ms", pick(found, "cpu_ms"), Target(0.5, PEER))
        yield Row(f"import of the {what}", "modules", pick(found, "modules"), Target(0.5, PEER))
