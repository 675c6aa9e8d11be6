"""The messages of all three exchanges, as far as they are alike.

Source: docs/hap_controller/wire.md §2, §3.6, §4.2.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..const import KEY_BYTES, MAX_RETRY_DELAY_S, PairingErrorCode, State, TlvType
from ..crypto import SigningKey, open_sealed, seal
from ..errors import VendorError
from ..refusals import PairingMessageError, PairingRefusedError, setup_refusal
from ..tlv8 import Tlv, encode

_MAX_NUMBER_BYTES: Final = 8

type Items = Iterable[tuple[int, bytes]]
type Table = Mapping[State, tuple[TlvType, ...]]
"""What each message cannot do without. Odd ones are the controller's."""

INTRODUCTION: Final = (TlvType.IDENTIFIER, TlvType.SIGNATURE)


class MisplacedMessageError(PairingMessageError):
    """The other one sent a message that is not due or lacks an item; ``answer`` says so (§3.6: with HTTP code 400)."""

    def __init__(self, message: str, answer: bytes) -> None:
        """Keep what to answer."""
        super().__init__(message)
        self.answer = answer


class RefusalError(Exception):
    """The accessory role refuses what was asked, by the table of §2.5."""

    def __init__(self, code: PairingErrorCode) -> None:
        """Keep what to answer."""
        super().__init__(code)
        self.code = code


def write_message(state: State, *items: tuple[int, bytes]) -> bytes:
    """Write a message; State comes first."""
    return encode([(TlvType.STATE, bytes((state,))), *items])


def number_of(value: bytes | None) -> int:
    """Read an item that holds a little number; an absent or empty one is 0.

    What is longer than any number of the protocol is more than each of them: in full it might not even be printed.
    """
    if value is not None and len(value) > _MAX_NUMBER_BYTES:
        return 1 << 8 * _MAX_NUMBER_BYTES
    return int.from_bytes(value or b"", "little")


def require(tlv: Tlv, types: Iterable[TlvType]) -> None:
    """See that a message has its items; raises PairingMessageError."""
    for type_ in types:
        if type_ not in tlv:
            raise PairingMessageError(f"a pairing message lacks {type_.name}")


def sized(tlv: Tlv, type_: TlvType, length: int = KEY_BYTES) -> bytes:
    """Give an item that must have a certain length; raises PairingMessageError."""
    value = tlv[type_]
    if len(value) != length:
        raise PairingMessageError(f"{type_.name} has {len(value)} bytes instead of {length}")
    return value


def read_answer(data: bytes, due: State | None, refusal: Callable[[int, Tlv], VendorError]) -> Tlv:
    """Read what an accessory answers; raises what ``refusal`` makes of an Error item, wherever that stands.

    A missing State is taken for the right one: some accessories leave it out (§2.2).
    """
    if due is None:
        raise PairingMessageError("a pairing message came when none was due")
    tlv = Tlv.decode(data)
    if TlvType.ERROR in tlv:
        raise refusal(number_of(tlv[TlvType.ERROR]), tlv)
    if TlvType.STATE in tlv and tlv[TlvType.STATE] != bytes((due,)):
        raise PairingMessageError(f"pairing message {due.name} was due, another one came")
    return tlv


def read_request(data: bytes, table: Table, due: tuple[State, ...]) -> tuple[State, Tlv]:
    """Read what a controller asks; raises TlvError, and MisplacedMessageError with what to answer."""
    tlv = Tlv.decode(data)
    number = number_of(tlv.get(TlvType.STATE))
    try:
        if number not in due:
            raise PairingMessageError(f"pairing message {number} is not due")
        require(tlv, table[State(number)])
    except PairingMessageError as err:
        raise misplaced(str(err), number) from err
    return State(number), tlv


def misplaced(message: str, number: int) -> MisplacedMessageError:
    """Make the error for message ``number``, with the answer to it."""
    answer = encode(
        [
            (TlvType.STATE, bytes((number + 1 & 0xFF,))),
            (TlvType.ERROR, bytes((PairingErrorCode.UNKNOWN,))),
        ]
    )
    return MisplacedMessageError(message, answer)


def write_refusal(state: State, code: PairingErrorCode) -> bytes:
    """Write an answer that refuses."""
    return write_message(state, (TlvType.ERROR, bytes((code,))))


def introduce(
    key: bytes, nonce: bytes, signing_key: SigningKey, parts: tuple[bytes, str, bytes], items: Items
) -> bytes:
    """Say under seal who we are; ``parts`` are what is signed, our identifier amid."""
    before, name, after = parts
    identifier = identifier_of(name)
    signature = signing_key.sign(before + identifier + after)
    introduction = encode(
        [(TlvType.IDENTIFIER, identifier), *items, (TlvType.SIGNATURE, signature)]
    )
    return seal(key, nonce, introduction)


def introduced(key: bytes, nonce: bytes, data: bytes, needed: tuple[TlvType, ...]) -> Tlv:
    """Open what the other one says of itself; nothing in it is verified yet."""
    tlv = Tlv.decode(open_sealed(key, nonce, data))
    require(tlv, needed)
    return tlv


def identifier_of(name: str) -> bytes:
    """Give the bytes of an identifier; those that are no UTF-8 come back as they were."""
    return name.encode("utf-8", "surrogateescape")


def name_of(identifier: bytes) -> str:
    """Give the text of an identifier, for ``identifier_of``."""
    return identifier.decode("utf-8", "surrogateescape")


def pairing_refusal(code: int, tlv: Tlv) -> PairingRefusedError:
    """Make the error for an Error item of pair-setup, and of the others where it means the same."""
    delay = tlv.get(TlvType.RETRY_DELAY)
    asked_s = None if delay is None else min(number_of(delay), MAX_RETRY_DELAY_S)
    return setup_refusal(code, retry_after_s=asked_s)
