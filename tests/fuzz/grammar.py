"""JSON from any bytes, so that a search changes what is said and seldom breaks how it is written."""

from collections.abc import Sequence
from contextlib import suppress
import json
import struct
from typing import Any

MAX_DEPTH = 12
MAX_MEMBERS = 16
# More than any digits of a number that Python reads, and of one that it prints.
MAX_DIGITS = 5000

_MAX_TEXT_BYTES = 0x1F
_FIRST_TEXT = 0xFF - _MAX_TEXT_BYTES
"""A first byte below is the number of a word."""

PLAIN, BUILT = b"\0", b"\1"


class _Builder:
    """Takes bytes for decisions; where there are none left, each is the first there is."""

    def __init__(self, data: bytes, words: Sequence[str]) -> None:
        assert len(words) <= _FIRST_TEXT
        self._data = data
        self._place = 0
        self._words = words

    def _take(self, size: int) -> bytes:
        taken = self._data[self._place : self._place + size]
        self._place += size
        return taken.ljust(size, b"\0")

    def _number(self) -> int:
        return self._take(1)[0]

    def text(self) -> str:
        """Build a text: a word, or any."""
        kind = self._number()
        if kind < len(self._words):
            return self._words[kind]
        size = 0xFF - kind if kind >= _FIRST_TEXT else kind
        return self._take(size).decode("utf-8", "surrogateescape")

    def value(self, depth: int = 0) -> str:
        """Build a value, as JSON has it."""
        kind = self._number() % 12
        match kind:
            case 0 | 1 | 2:
                return ("null", "true", "false")[kind]
            case 3:
                return str(struct.unpack("<b", self._take(1))[0])
            case 4 | 5:
                return str(struct.unpack("<q" if kind == 4 else "<Q", self._take(8))[0])
            case 6:
                return json.dumps(struct.unpack("<d", self._take(8))[0])
            case 7:
                return json.dumps(self.text())
            case 8 | 9 if depth < MAX_DEPTH:
                size = self._number() % (MAX_MEMBERS + 1)
                if kind == 8:
                    return f"[{','.join(self.value(depth + 1) for _ in range(size))}]"
                members = (
                    f"{json.dumps(self.text())}:{self.value(depth + 1)}" for _ in range(size)
                )
                return f"{{{','.join(members)}}}"
            case 10:
                return "9" * (1 + self._number() * MAX_DIGITS // 0xFF)
            case _:
                return f"{self._number()}.{self._number()}e{self._number() - 128}"


def _said(value: Any, words: Sequence[str]) -> bytes:
    """Give the bytes from which a text is built."""
    if value in words:
        return bytes((words.index(value),))
    data = value.encode("utf-8", "surrogateescape")
    if len(data) > _MAX_TEXT_BYTES:
        raise ValueError("a longer text than is built")
    return bytes((0xFF - len(data),)) + data


def recipe(value: Any, words: Sequence[str]) -> bytes:
    """Give the bytes from which a value is built; texts are words, or short, and lists are."""
    match value:
        case None | bool():
            return bytes(((None, True, False).index(value),))
        case int() if -128 <= value < 128:
            return b"\3" + struct.pack("<b", value)
        case int():
            return (
                (b"\4" + struct.pack("<q", value))
                if value < 0
                else b"\5" + struct.pack("<Q", value)
            )
        case float():
            return b"\6" + struct.pack("<d", value)
        case str():
            return b"\7" + _said(value, words)
        case list() | dict() if len(value) > MAX_MEMBERS:
            raise ValueError("more members than are built")
        case list():
            return bytes((8, len(value))) + b"".join(recipe(each, words) for each in value)
        case _:
            members = (_said(key, words) + recipe(each, words) for key, each in value.items())
            return bytes((9, len(value))) + b"".join(members)


def written(data: bytes, words: Sequence[str]) -> bytes:
    """Give JSON, or what passes for it: an input as it is, or built of it."""
    if data[:1] == BUILT:
        return _Builder(data[1:], words).value().encode()
    return data[1:]


def both_ways(seeds: Sequence[bytes], words: Sequence[str]) -> list[bytes]:
    """Give JSON as ``written`` takes it: as it is, and if that can be, as it is built."""
    built = []
    for seed in seeds:
        with suppress(ValueError):
            built.append(BUILT + recipe(json.loads(seed), words))
    return [*(PLAIN + seed for seed in seeds), *built]
