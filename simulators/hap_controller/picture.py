"""Still pictures of a camera: the view from a door, in shades of grey, with somebody who passes by."""

from itertools import pairwise
import struct

# The shortest tables that code what is needed: for the first coefficient of a block its difference to that of the
# block before, in 0 to 8 bits, and for all others that there are none. So a block has one shade.
_SIZES = 9
_BLOCK = 8
_MIDDLE = 128
_MINUTE_S = 60


def jpeg(width: int, height: int, now: float) -> bytes:
    """Draw a picture of so many pixels; where somebody walks tells the second, so that two of them differ."""
    head = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
    tables = _segment(0xDB, b"\0" + b"\x08" + b"\x01" * 63)
    frame = _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")
    # Nine codes of four bits for the differences, one of one bit for the end of a block.
    first = _segment(0xC4, b"\0" + bytes((0, 0, 0, _SIZES, *[0] * 12)) + bytes(range(_SIZES)))
    others = _segment(0xC4, b"\x10" + bytes((1, *[0] * 15)) + b"\0")
    scan = _segment(0xDA, b"\x01\x01\0\0\x3f\0")
    columns, rows = -(-width // _BLOCK), -(-height // _BLOCK)
    walker = int(now) % _MINUTE_S / _MINUTE_S
    shades = [
        _shade((column + 0.5) / columns, (row + 0.5) / rows, walker)
        for row in range(rows)
        for column in range(columns)
    ]
    bits = "".join(_code(shade - before) for before, shade in pairwise([_MIDDLE, *shades]))
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return head + tables + frame + first + others + scan + coded + b"\xff\xd9"


def _shade(right: float, down: float, walker: float) -> int:
    """Give the shade of a place, 0 black to 255 white: a house across a street, and who walks there."""
    if abs(right - walker) < 0.03 and 0.5 < down < 0.85:
        return 30
    if 0.3 < right < 0.7 and 0.3 < down < 0.7:
        is_window = 0.4 < down < 0.55 and (0.36 < right < 0.44 or 0.56 < right < 0.64)
        return 225 if is_window else 150
    if abs(right - 0.5) < 2.4 * (down - 0.15) and 0.15 < down <= 0.3:
        return 90
    return round(230 - 60 * down) if down < 0.65 else round(140 - 60 * down)


def _code(change: int) -> str:
    """Code a block by how much lighter it is than the one before; what is darker counts from the other end."""
    size = abs(change).bit_length()
    told = f"{change if change > 0 else change + 2**size - 1:0{size}b}" if size else ""
    return f"{size:04b}{told}0"


def _segment(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data
