"""What the HomeKit core costs, in counts: calls, blocks and bytes of memory, requests, modules."""

from collections.abc import Sequence
import gc
from itertools import chain
import sys
from typing import Any

import orjson
import pytest

from benchmarks.children import Child
from benchmarks.hap_controller import bridge, ours
from benchmarks.hap_controller.contender import Key
from benchmarks.hap_controller.wire import Sealed, event
from custom_components.hap_controller.protocol.messages import Batching

from .counting import NOISE_BLOCKS, imported_by_core, peak_bytes

KEY = bytes(range(32))
ACCOUNT = {
    "accessory_id": "1A:7C:4E:00:5B:0D",
    "accessory_ltpk": bytes(32).hex(),
    "controller_id": "5d1f8c8e-6d0f-4b8e-9d51-0c1d4e8b9a77",
    "controller_ltsk": bytes(32).hex(),
    "controller_ltpk": bytes(32).hex(),
}
LIGHT = next(iter(bridge.switched(bridge.bridge())))
# Python functions from the bytes of an event to the listener: receive, open, decode, what makes the message, hear,
# read, the event, told, deliver, apply, the change, emit, the listener.
CALLS_PER_EVENT = 13
# The same for each of many events in one read; the rest is for all of them.
CALLS_PER_EVENT_OF_MANY = 5
# Measured 38, and 39 with the older cryptography of the oldest Home Assistant; what only pairs is not loaded.
CORE_MODULES = 39


class Told:
    """A client behind its handshake, on a link that a test speaks on."""

    def __init__(self) -> None:
        """Know a large bridge."""
        self.heard: list[tuple[Key, Any]] = []
        self._sealed = Sealed(KEY)
        described = bridge.body(bridge.bridge())
        self.hear = ours.Client(ACCOUNT).hearer(KEY, described, self.listen)

    def listen(self, key: Key, value: Any) -> None:
        """Take news."""
        self.heard.append((key, value))

    def read(self, *values: bool) -> bytes:
        """Write events, one for each value, as one read gives them."""
        return b"".join(self._sealed.message(event(bridge.event(*LIGHT, each))) for each in values)

    def scene(self, lights: Sequence[Key], *, on: bool) -> bytes:
        """Write what so many lights tell when a scene switches them."""
        return b"".join(self._sealed.message(event(bridge.event(*key, on))) for key in lights)


def calls_of(told: Told, data: bytes) -> list[str]:
    """Name the Python functions that are called for a read, without the listeners."""
    calls: list[str] = []

    def count(frame: Any, kind: str, _argument: object) -> None:
        if kind == "call":
            calls.append(frame.f_code.co_qualname)

    sys.setprofile(count)
    try:
        told.hear(data)
    finally:
        sys.setprofile(None)
    return [name for name in calls if "hearer" not in name and not name.startswith("Told.")]


def test_calls_of_an_event() -> None:
    """From the bytes to the listener it is a handful of Python functions."""
    told = Told()
    told.hear(told.read(False))
    told.hear(told.read(True))
    told.heard.clear()
    calls = calls_of(told, told.read(False))
    assert told.heard == [(LIGHT, False)]
    assert len(calls) <= CALLS_PER_EVENT, calls


def test_calls_of_many_events() -> None:
    """Of what many tell in one read most is done once for all."""
    told, lights = Told(), list(bridge.switched(bridge.bridge()))
    for on in (True, False):  # heads are known from then on
        told.hear(told.scene(lights, on=on))
    told.heard.clear()
    few, many = (calls_of(told, told.scene(some, on=True)) for some in (lights[:9], lights[9:]))
    assert [key for key, _ in told.heard] == lights
    more = len(lights) - 2 * 9
    assert len(many) - len(few) <= more * CALLS_PER_EVENT_OF_MANY, many[-30:]


def test_events_about_the_same_are_told_one_by_one() -> None:
    """A lamp that went on and off again has been on, though both came in one read."""
    told = Told()
    told.hear(told.read(False, True, False))
    assert told.heard == [(LIGHT, False), (LIGHT, True), (LIGHT, False)]


def test_events_leave_nothing_behind() -> None:
    """After ten thousand events the heap has as many blocks as before."""
    told = Told()

    def take(times: int) -> int:
        for _ in range(times):
            told.hear(told.read(True))
            told.hear(told.read(False))
        told.heard.clear()
        gc.collect()
        return sys.getallocatedblocks()

    before = take(100)
    assert take(5_000) - before <= NOISE_BLOCKS


def test_memory_of_an_event() -> None:
    """Taking in an event holds little more than its bytes and its JSON do."""
    told = Told()
    body = bridge.event(*LIGHT, True)

    def take() -> None:
        told.hear(told.read(True, False))
        told.heard.clear()

    take()
    assert peak_bytes(take) <= 8 * peak_bytes(lambda: orjson.loads(body))


@pytest.mark.parametrize(("accessories", "requests"), [(99, 14), (100, 15)])
def test_requests_to_subscribe(accessories: int, requests: int) -> None:
    """Four characteristics of each of a hundred lights, as many in each frame as go in."""
    keys = bridge.notifying(bridge.lights(accessories))
    assert len(keys) == 4 * accessories
    batches = Batching(host="192.0.2.10").subscriptions(keys)
    assert list(chain.from_iterable(batches)) == sorted(keys)
    assert len(batches) <= requests


def test_modules(importer: Child) -> None:
    """The core brings its own rooms and a part of a library that is there; the other role stays out."""
    modules = imported_by_core(importer, "hap_controller")
    foreign = [name for name in modules if not name.startswith("custom_components.")]
    assert {name.partition(".")[0] for name in foreign} <= {"cryptography"}
    assert not any(".accessory" in name for name in modules)
    assert not any(name.endswith((".pairing.setup", ".srp")) for name in modules)
    assert len(modules) <= CORE_MODULES
