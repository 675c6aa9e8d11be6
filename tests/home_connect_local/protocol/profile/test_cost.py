"""What loading and parsing may cost: calls and bytes exactly, time as a ratio within one run."""

from collections.abc import Callable
import gc
import sys
import time
import tracemalloc
from typing import Any
import xml.etree.ElementTree as ET

import orjson
import pytest
import xmltodict

from benchmarks.home_connect_local.big_profile import FEATURES, big_profile
from custom_components.home_connect_local.protocol.profile import (
    Description,
    Head,
    parse_description,
)

DEVICE, MAPPING = big_profile()
ROUNDS = 7
# Aims are 0.4 and, compared to the published library, 1; the rest is room for a busy machine.
LOAD_TO_ELEMENT_TREE = 0.6
PARSE_TO_XMLTODICT = 2.0
LOAD_BYTES_PER_FEATURE = 256


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    """Give the stored form as a start of Home Assistant finds it."""
    text = orjson.dumps(parse_description(DEVICE, MAPPING, Head("X")).store())
    found: dict[str, Any] = orjson.loads(text)
    return found


def best(*tasks: Callable[[], object]) -> list[float]:
    """Measure each task several times in turn, and give the least time of each in seconds."""
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for task, found in zip(tasks, times, strict=True):
            gc.collect()
            start = time.process_time()
            task()
            found.append(time.process_time() - start)
    return list(map(min, times))


def test_loading_is_cheap(stored: dict[str, Any]) -> None:
    """Loading takes a fraction of what bare XML would."""
    load, bare = best(
        lambda: Description.load(stored),
        lambda: (ET.fromstring(DEVICE), ET.fromstring(MAPPING)),
    )
    assert load < bare * LOAD_TO_ELEMENT_TREE


def test_parsing_is_cheap() -> None:
    """Parsing costs little more than what xmltodict takes."""
    ours, bare = best(
        lambda: parse_description(DEVICE, MAPPING, Head("X")),
        lambda: (xmltodict.parse(DEVICE), xmltodict.parse(MAPPING)),
    )
    assert ours < bare * PARSE_TO_XMLTODICT


def test_calls_of_loading(stored: dict[str, Any]) -> None:
    """Loading calls less than one Python function per feature; the rest is done in C."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        Description.load(stored)
    finally:
        sys.setprofile(None)
    assert calls < FEATURES


def test_bytes_of_loading(stored: dict[str, Any]) -> None:
    """The typed view of a feature takes little beside what is stored anyway."""
    Description.load(stored)
    gc.collect()
    tracemalloc.start()
    try:
        description = Description.load(stored)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(description.features) == FEATURES
    assert used < FEATURES * LOAD_BYTES_PER_FEATURE
