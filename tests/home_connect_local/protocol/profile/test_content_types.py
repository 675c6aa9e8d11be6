"""Content types, against the catalogue."""

import json
from typing import Any

import pytest

from custom_components.home_connect_local.protocol.profile.content_types import content_type

from .files import VECTORS

CATALOGUE: list[dict[str, Any]] = json.loads((VECTORS / "catalogue.json").read_bytes())[
    "contentTypes"
]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry["hex"])
def test_catalogue(entry: dict[str, Any]) -> None:
    """Each known type has its name, its shape and its kind of JSON."""
    found = content_type(entry["cid"])
    assert (found["list"], found["wire"]) == (entry["list"], entry["wire"])
    name = entry["name"]
    assert found["contentType"] == (name.removesuffix("List") if entry["list"] else name)


def test_unknown() -> None:
    """Every other number is unknown, for lists told by their bit."""
    known = {entry["cid"] for entry in CATALOGUE}
    for cid in set(range(0x200)) - known:
        assert content_type(cid) == {"contentType": None, "list": bool(cid & 0x80), "wire": None}
