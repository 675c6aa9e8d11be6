"""Read the vectors and transcripts that lie beside each component's tests."""

from functools import cache
import json
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent


def vectors_folder(domain: str) -> Path:
    """Return the folder of a component's vectors."""
    return TESTS / domain / "vectors"


@cache
def load_vectors(domain: str, name: str) -> Any:
    """Read ``tests/<domain>/vectors/<name>.json``; the result is shared, so leave it unchanged."""
    return json.loads((vectors_folder(domain) / f"{name}.json").read_text(encoding="utf-8"))


def vector_names(domain: str) -> list[str]:
    """Name all JSON vectors of a component, for tests that must take each of them."""
    return sorted(path.stem for path in vectors_folder(domain).glob("*.json"))
