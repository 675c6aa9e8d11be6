"""Still pictures of a camera: one shade of grey, another one from second to second."""

import struct

_LEVELS = 64
# The shortest tables that code what is needed: for the first coefficient of a block its difference to that of the
# block before, in 0 to 8 bits, and for all others that there are none.
_SIZES = 9
_BLOCK = 8


def jpeg(width: int, height: int, now: float) -> bytes:
    """Draw a picture of so many pixels; its shade tells the time, so that two of them differ."""
    head = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
    tables = _segment(0xDB, b"\0" + b"\x08" + b"\x01" * 63)
    frame = _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")
    # Nine codes of four bits for the differences, one of one bit for the end of a block.
    first = _segment(0xC4, b"\0" + bytes((0, 0, 0, _SIZES, *[0] * 12)) + bytes(range(_SIZES)))
    others = _segment(0xC4, b"\x10" + bytes((1, *[0] * 15)) + b"\0")
    scan = _segment(0xDA, b"\x01\x01\0\0\x3f\0")
    blocks = -(-width // _BLOCK) * -(-height // _BLOCK)
    shade = int(now) % _LEVELS + 1
    size = shade.bit_length()
    bits = f"{size:04b}{shade:b}0" + "00000" * (blocks - 1)
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return head + tables + frame + first + others + scan + coded + b"\xff\xd9"


def _segment(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data
