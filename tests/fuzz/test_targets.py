"""Each target with all that is known to be interesting, and a little noise: the search itself is ``script/fuzz``."""

import json
from pathlib import Path
import random
from typing import Any

import pytest

from .__main__ import label
from .grammar import BUILT, PLAIN, recipe, written
from .hap_controller import TARGETS
from .target import Target, cut, joined, pieces

FINDINGS = Path(__file__).parent / "findings"
ROUNDS = 40

ALL = {
    f"{group}, {name}": target
    for group, targets in TARGETS.items()
    for name, target in targets.items()
}
BY_LABEL = {
    label(group, name): target
    for group, targets in TARGETS.items()
    for name, target in targets.items()
}
every = pytest.mark.parametrize("target", ALL.values(), ids=ALL.keys())


@every
def test_seeds(target: Target) -> None:
    """Each begins with something, and stands it."""
    assert target.seeds
    for seed in target.seeds:
        target.run(seed)


@pytest.mark.parametrize(
    "path",
    sorted(FINDINGS.glob("*/*.hex")),
    ids=lambda path: f"{path.parent.name}, {path.stem}",
)
def test_findings(path: Path) -> None:
    """What was found once is found no more; folders are named as the search names them, bytes are in hex."""
    BY_LABEL[path.parent.name].run(bytes.fromhex(path.read_text()))


@every
def test_noise(target: Target) -> None:
    """Seeds that are cut, changed, joined and strewn with words."""
    source = random.Random(len(target.seeds))
    for _ in range(ROUNDS):
        data = bytearray(source.choice(target.seeds))
        for _ in range(source.randrange(1, 5)):
            place = source.randrange(len(data) + 1)
            match source.randrange(4):
                case 0:
                    data[place : place + 1] = source.randbytes(1)
                case 1:
                    del data[place : place + source.randrange(1, 9)]
                case 2:
                    data[place:place] = source.choice(target.words or [b"\0"])
                case _:
                    data[place:] = source.choice(target.seeds)[place:]
        target.run(bytes(data[: target.max_bytes]))


def test_pieces() -> None:
    """What is joined is cut again; what is left is a piece as well."""
    parts = [b"abc", b"", b"x" * 300]
    assert [*pieces(joined(parts))] == parts
    assert [*pieces(b"\5")] == [b""]
    assert [*pieces(b"\5\0ab")] == [b"ab"]
    assert cut(b"abcdef", b"\1\0\2") == [b"a", b"", b"bc", b"def"]


@pytest.mark.parametrize(
    "value",
    [None, True, [], {}, [1, -128, 300, -300, 2**64 - 1, 0.5], {"aid": "text", "x": {"": ["é"]}}],
)
def test_recipes(value: Any) -> None:
    """What is taken apart is built again, and written in JSON."""
    data = BUILT + recipe(value, ["aid", ""])
    assert json.loads(written(data, ["aid", ""])) == value
    assert written(PLAIN + b"{", []) == b"{"
    assert written(BUILT, []) == b"null"
