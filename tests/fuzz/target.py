"""What a target is, and ways to make one input into several."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to search."""

    run: Callable[[bytes], None]
    """Takes an input. Whatever it raises is a finding, and so are seconds of time and hundreds of megabytes."""
    seeds: Sequence[bytes]
    """Where the search begins."""
    words: Sequence[bytes] = ()
    """What is worth a try anywhere."""
    max_bytes: int = 4096


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut an input in pieces: each begins with its length, two bytes, and the last has what there is."""
    while data:
        size = int.from_bytes(data[:2], "little")
        yield data[2 : 2 + size]
        data = data[2 + size :]


def joined(parts: Sequence[bytes]) -> bytes:
    """Make an input that is cut into these pieces."""
    return b"".join(len(part).to_bytes(2, "little") + part for part in parts)


def cut(data: bytes, places: bytes) -> list[bytes]:
    """Cut bytes in reads; each place is a length, the rest is one read."""
    reads = []
    for size in places:
        reads.append(data[:size])
        data = data[size:]
    return [*reads, data]
