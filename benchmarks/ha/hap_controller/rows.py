"""HomeKit accessories inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping, Sequence
import json

from ...children import forked
from ...conductor import Contest, Progress, counterpart, pick
from ...cores import CONTENDERS
from ...hap_controller.bridge import LIGHTS
from ...hap_controller.core import DOMAIN, MAX_GROUP_REQUESTS
from ...scale import Scale
from ...table import LIMIT, OURS, PEER, Row, Target
from .. import integrations
from .jobs import GROUP

COUNTERPART = "benchmarks.hap_controller.telling"
LISTENER = "benchmarks.hap_controller.listening.worker"
THINK_S = 0.01

MAX_RELOAD_REQUESTS = 4
MAX_STATES_MS, MAX_SUBSCRIBED_MS = 200, 400
MAX_RELOAD_CPU_MS = 40
MAX_IDLE_REQUESTS = 1
# What is done each minute is seen then, however the minutes fall.
LEAST_IDLE_S = 180.0
# The loop's clock against the wall's; an answer that takes 150 ms still comes in time.
HURRY = 60
PACKAGES: Mapping[str, Sequence[str]] = {
    # As Home Assistant's own integration imports it.
    PEER: ["aiohomekit", "aiohomekit.controller.ip"],
    OURS: ["custom_components.hap_controller.protocol"],
}
INTEGRATIONS: Mapping[str, Sequence[str]] = {
    PEER: [
        "homeassistant.components.homekit_controller",
        *(
            f"homeassistant.components.homekit_controller.{room}"
            for room in ("config_flow", "button", "light")
        ),
    ],
    OURS: integrations.rooms_of(DOMAIN, "binary_sensor", "button", "light"),
}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    progress("HomeKit in Home Assistant: starting")
    with integrations.house(DOMAIN, COUNTERPART, worker=LISTENER) as house:
        progress("HomeKit in Home Assistant: set-up")
        yield from _reloads(house.rooms, scale)
        progress("HomeKit in Home Assistant: pushes")
        yield from _pushes(house, scale)
        progress("HomeKit in Home Assistant: actions")
        yield from _actions(house.rooms, scale)
        progress("HomeKit in Home Assistant: unload and heap")
        trips = house.rooms.rounds("setup", scale.rounds, warm_up=True)
        yield Row("unload", "ms", pick(trips, "unload_ms"), Target(10))
        yield Row("entities", "count", pick(trips, "entities"))
        held = house.rooms.rounds("heap", 1)
        in_kib = {name: [size / 1024 for size in sizes] for name, sizes in held.items()}
        yield Row("heap of one entry", "KiB", in_kib, Target(0.5, PEER))
        progress("HomeKit in Home Assistant: imports")
        yield from integrations.imports(house.importer, scale, DOMAIN, PACKAGES, INTEGRATIONS)
    progress("HomeKit in Home Assistant: idle minutes")
    yield from _idle(scale)


def _reloads(rooms: Contest, scale: Scale) -> Iterator[Row]:
    """Set up again, on a bridge that answers at once and on one that thinks as real ones do."""
    quick = rooms.rounds("reload", scale.rounds, warm_up=True, think_s=0.0)
    metric = f"reload with {LIGHTS} lights"
    yield Row(metric, "requests", pick(quick, "requests"), Target(MAX_RELOAD_REQUESTS))
    yield Row(f"{metric}, CPU", "ms", pick(quick, "cpu_ms"), Target(MAX_RELOAD_CPU_MS))
    slow = rooms.rounds("reload", scale.rounds, think_s=THINK_S)
    metric = f"reload, {THINK_S * 1e3:g} ms for each answer"
    yield Row(f"{metric}: all states", "ms", pick(slow, "states_ms"), Target(MAX_STATES_MS))
    subscribed = pick(slow, "subscribed_ms")
    yield Row(f"{metric}: all subscribed", "ms", subscribed, Target(MAX_SUBSCRIBED_MS))


def _pushes(house: integrations.House, scale: Scale) -> Iterator[Row]:
    for row in integrations.pushes(house.core, house.rooms, scale):
        yield row
        if row.metric == "push to state, burst, CPU":
            yield Row(
                "push to state, burst",
                "1/s",
                row.samples,
                Target(0.67, PEER),
                shown=lambda us: 1e6 / us,
            )


def _actions(rooms: Contest, scale: Scale) -> Iterator[Row]:
    commands = rooms.rounds("command", scale.trips, warm_up=True, times=10)
    yield Row("action on a light", "ms", commands, Target(1.5, LIMIT))
    # The limit has no way to do several things at once.
    groups = rooms.rounds("group", scale.rounds, only=(PEER, OURS), warm_up=True, times=3)
    metric = f"action on {GROUP} lights"
    yield Row(metric, "requests", pick(groups, "requests"), Target(MAX_GROUP_REQUESTS))
    yield Row(metric, "ms", pick(groups, "ms"), Target(1, PEER))


def _idle(scale: Scale) -> Iterator[Row]:
    """Watch entries that nothing happens to, by a clock in a hurry."""
    with counterpart(COUNTERPART, *CONTENDERS) as card:
        words = {
            name: (integrations.ROOMS, DOMAIN, name, json.dumps(card), str(HURRY))
            for name in CONTENDERS
        }
        with forked(integrations.PRELOAD, words) as children:
            rooms = Contest(children)
            rooms.at_once("open")
            found = rooms.at_once("idle", seconds=max(scale.idle_s, LEAST_IDLE_S))
            rooms.at_once("close")
    minutes = {name: [each] for name, each in found.items()}
    metric = f"idle minute of a bridge with {LIGHTS} lights"
    yield Row(metric, "requests", pick(minutes, "requests"), Target(MAX_IDLE_REQUESTS))
    yield Row(f"{metric}, CPU", "ms", pick(minutes, "cpu_ms"))
