"""Random input: anything, and what looks like the vendor's but is not quite."""

from collections.abc import Mapping
import json
from typing import Any

from hypothesis import strategies as st

from .home import HUB

DEVICE_IDS = ("02664110009301", "05664110009303", "09664110009305", HUB, "02664110009397")
_NUMBERS = st.one_of(
    st.integers(-2, 301),
    st.sampled_from((0, 1, 99, 100, 200, 299, 300, 2**31, 2**53, -(2**63), 2**64 - 1)),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
_TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(("", "true", "false", "0", "1", "2", "99", "230", "-1", "5.5", "a" * 200)),
)
SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)
"""Anything that JSON can say and orjson can read."""


def _sometimes(members: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Build objects with these members, each possibly missing or of any type."""
    return st.fixed_dictionaries(
        {}, optional={name: st.one_of(value, value, JSON) for name, value in members.items()}
    )


def _liberal(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give values as they are, or as text."""
    return st.one_of(values, values.map(json.dumps))


IDS = st.one_of(st.sampled_from(DEVICE_IDS), st.integers(0, 99), st.just(""))
OBJECTS = _sometimes(
    {
        "id": IDS,
        "deviceId": IDS,
        "name": _TEXTS,
        "type": _liberal(st.integers(-1, 12)),
        "pid": st.sampled_from((HUB, *DEVICE_IDS)),
        "version": _liberal(st.integers(0, 99)),
        "onLine": _liberal(st.booleans()),
        "power": _liberal(st.booleans()),
        "consumption": _NUMBERS,
        "updateTime": _liberal(st.integers(-1, 10**15)),
        "lock": st.sampled_from(("1", "2", 1, 2, "3")),
        "lastOn": st.one_of(
            st.sampled_from(("2026-03-31 21:15:00", "", "2026-02-30 0:0:0")), _TEXTS
        ),
        "led": _liberal(st.integers(-1, 101)),
        "iconId": _liberal(st.integers(0, 20)),
        "shared": st.booleans(),
        "permission": _TEXTS,
        "allowedTime": _TEXTS,
        "curtainState": _liberal(st.integers(-5, 310)),
        "closedPosition": _liberal(st.integers(-1, 11)),
        "operationTime": _NUMBERS,
        "novelty": JSON,
    }
)
NAMED = st.builds(lambda found, name: {**found, "id": name}, OBJECTS, st.sampled_from(DEVICE_IDS))
"""Objects with an id that is one."""
RESULTS = st.fixed_dictionaries(
    {"result": st.one_of(st.booleans(), st.sampled_from(("true", "false", 1)), JSON)},
    optional={
        "shouldConfirmTerms": st.sampled_from((0, 1, True)),
        "status": st.one_of(OBJECTS, JSON),
    },
)
REDIRECTS = _sometimes(
    {
        "ip": st.one_of(
            st.sampled_from(("s2.homismart.com", "127.0.0.1", "1.1.1.1", "::1", "evil.example")),
            st.text(alphabet="0123456789abcdef:.%[]@/?#", max_size=24),
        ),
        "port": st.one_of(st.sampled_from(("443", "9443", 443, "0", "65536")), _TEXTS),
    }
)
ERRORS = _sometimes({"code": _liberal(st.integers(-1, 120)), "info": _TEXTS})
BODIES = st.one_of(NAMED, OBJECTS, st.lists(OBJECTS, max_size=5), RESULTS, REDIRECTS, ERRORS, JSON)
PREFIXES = st.one_of(
    st.sampled_from(
        ("0003", "0005", "0009", "0009", "0013", "0015", "0039", "0049", "0223", "9999", "0144")
    ),
    st.integers(0, 9999).map("{:04}".format),
)
FRAMES = st.tuples(PREFIXES, BODIES)
"""What a server might say: mostly shaped like the vendor's frames, with anything anywhere."""
