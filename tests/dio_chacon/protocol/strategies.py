"""Random input: anything, and what looks like the vendor's but is not quite."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from custom_components.dio_chacon.protocol.const import Resource

DEVICE_IDS = ("L4HActuator_a", "L4HActuator_b", "Tuya_c")
_NUMBERS = st.one_of(
    st.integers(-2, 101),
    st.sampled_from((0, 1, 100, 2**31, 2**53, -(2**63), 2**64 - 1)),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
_TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(("", "up", "down", "stop", "ring", "update", "0", "1", "a" * 200)),
)
SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)
"""Anything that JSON can say and orjson can read."""

_TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.sampled_from(
        (
            "2026-04-03T17:20:01.004Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59.999-14:00",
            "2026-02-30T00:00:00Z",
            "24:00",
            "",
        )
    ),
    st.text(max_size=30),
)
_URLS = st.one_of(
    st.sampled_from(("https://s.example.invalid/a.jpeg", "http://s.example.invalid/a.jpeg")),
    st.text(max_size=40).map("https://".__add__),
    st.text(alphabet="0123456789.:[]%x@/\\#?a。①", max_size=16).map("https://".__add__),
)
_RESOURCES = st.one_of(
    st.sampled_from([each.value for each in Resource]),
    st.sampled_from(("oic.wk.p", "gw.r.schedule", "gw.r.new")),
    _TEXTS,
)


def _sometimes(members: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Build objects with these members, each possibly missing or of any type."""
    return st.fixed_dictionaries(
        {}, optional={name: st.one_of(value, value, JSON) for name, value in members.items()}
    )


LINKS = _sometimes(
    {
        "rt": st.one_of(_RESOURCES, _RESOURCES.map(lambda name: [name])),
        "href": _TEXTS,
        "value": st.sampled_from((0, 1, True, 2)),
        "movement": st.sampled_from(("up", "down", "stop", "UP")),
        "openLevel": st.integers(-1, 101),
        "up_ms": st.integers(-1, 700_000),
        "down_ms": st.integers(-1, 700_000),
        "status": _TEXTS,
        "total": _TEXTS,
        "free": _TEXTS,
        "type": _TEXTS,
        "ts": _TIMES,
        "data": _sometimes({"reason": st.none(), "image": _URLS}),
    }
)
STATES = _sometimes(
    {
        "di": st.sampled_from(DEVICE_IDS),
        "rc": st.sampled_from((0, 1)),
        "t": st.just(0),
        "links": st.lists(LINKS, max_size=5),
    }
)
RECORDS = _sometimes(
    {
        "id": st.sampled_from(DEVICE_IDS),
        "type": st.sampled_from(
            (".dio1.wifi.shutter.mvt_linear.", ".wifi.plug.", ".wifi.doorBell.", ".new.")
        ),
        "name": _TEXTS,
        "modelName": _TEXTS,
        "defaultName": _TEXTS,
        "softwareVersion": _TEXTS,
        "macAddress": _TEXTS,
        "roomId": st.sampled_from(("rm-1", "rm-2")),
        "roomName": _TEXTS,
    }
)
ROOMS = st.lists(_sometimes({"id": st.sampled_from(("rm-1", "rm-2")), "name": _TEXTS}), max_size=4)
ACCOUNTS = _sometimes({"id": _TEXTS, "name": _TEXTS, "email": _TEXTS})
DATA = st.one_of(
    STATES,
    RECORDS,
    st.lists(RECORDS, max_size=4),
    st.dictionaries(st.sampled_from(DEVICE_IDS), st.one_of(STATES, st.none()), max_size=3),
    ROOMS,
    ACCOUNTS,
    JSON,
)
PUSHES = st.fixed_dictionaries(
    {
        "name": st.one_of(st.sampled_from(("deviceState", "device", "connection", "news")), JSON),
        "action": st.one_of(
            st.sampled_from(("update", "update", "success", "invalid", "delete")), JSON
        ),
        "data": DATA,
    },
    optional={"id": JSON},
)
STATUSES = st.one_of(
    st.sampled_from((200, 200, 400, 401, 403, 404, 408, 429, 500, 504)), st.integers(), JSON
)
ANSWERS = st.fixed_dictionaries(
    {"id": st.one_of(st.integers(-1, 12), st.integers(0, 12).map(str), JSON)},
    optional={"status": STATUSES, "data": DATA, "name": _TEXTS},
)
FRAMES = st.one_of(PUSHES, ANSWERS, JSON)
"""What a server might say: mostly shaped like the vendor's frames, with anything anywhere."""
