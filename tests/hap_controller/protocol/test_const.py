"""Numbers that others chose: what would break silently if one were mistyped."""

import pytest

from custom_components.hap_controller.protocol import const
from custom_components.hap_controller.protocol.const import (
    HapStatus,
    Method,
    PairingErrorCode,
    Permission,
    State,
    TlvType,
)


def test_items_of_pairing() -> None:
    """The table of §2.3, in its order."""
    assert [*map(int, TlvType)] == [*range(0x0F), 0x13, 0xFF]
    assert TlvType(0x05) is TlvType.ENCRYPTED_DATA
    assert TlvType(0x0A) is TlvType.SIGNATURE


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (Method, range(7)),
        (State, range(1, 7)),
        (PairingErrorCode, range(1, 8)),
        (HapStatus, [0, *range(-70401, -70413, -1)]),
    ],
    ids=["methods", "states", "errors", "statuses"],
)
def test_numbers_have_no_gaps(numbers: type[int], expected: list[int]) -> None:
    """Each table counts through (§2.4, §2.5, §6.6)."""
    assert [int(number) for number in numbers] == [*expected]  # type: ignore[attr-defined]


def test_permissions() -> None:
    """The seven letters' pairs of §8.3."""
    assert {*Permission} == {"pr", "pw", "ev", "aa", "tw", "wr", "hd"}


def test_nonces_of_messages() -> None:
    """Four zero bytes and eight characters, as the cipher wants twelve (§3.3)."""
    nonces = {value for name, value in vars(const).items() if name.endswith("_NONCE")}
    assert len(nonces) == 7
    assert all(len(nonce) == 12 and nonce.startswith(bytes(4)) for nonce in nonces)


def test_bounds_of_the_reliability_guide() -> None:
    """Head 8 KiB, body 1 MiB and 8 MiB for the database, frames of 1,024 bytes for the accessory role."""
    assert const.MAX_HEAD_BYTES == 8 * 2**10
    assert const.MAX_BODY_BYTES == 2**20
    assert const.MAX_DATABASE_BYTES == 8 * 2**20
    assert const.MAX_FRAME_BYTES == 1024
