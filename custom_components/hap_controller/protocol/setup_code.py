"""Setup codes as people enter them, and the payload and hash that stand for them.

Source: docs/hap_controller/wire.md §1.7.
"""

from base64 import b64encode
from dataclasses import dataclass, field
import hashlib
import re
from typing import Final

from .refusals import InsecureCodeError, MalformedCodeError, SetupPayloadError

PAYLOAD_PREFIX: Final = "X-HM://"
INSECURE_CODES: Final = frozenset(
    {
        *(f"{digit * 3}-{digit * 2}-{digit * 3}" for digit in "0123456789"),
        "123-45-678",
        "876-54-321",
    }
)
"""Codes that accessories must not have."""

_CODE: Final = re.compile(r"([0-9]{3})-?([0-9]{2})-?([0-9]{3})")
# Blanks and dots, and whatever dashes a text program makes of a dash.
_FILLING: Final = re.compile(r"[\s.\-\u2010-\u2015\u2212]")
_SETUP_ID: Final = re.compile(r"[0-9A-Z]{4}")
_NO_SETUP_ID: Final = "0000"
_PAYLOAD: Final = re.compile(r"([0-9A-Z]{9})([0-9A-Z]{4})")
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MAX_CODE: Final = 99_999_999

_CATEGORY_BIT: Final = 31
_BLE: Final = 1 << 29
_IP: Final = 1 << 28
_PAIRED: Final = 1 << 27
_CODE_MASK: Final = _PAIRED - 1
_VERSION_BIT: Final = 43


def parse_code(text: str, *, allow_insecure: bool = False) -> str:
    """Give the code as the proof takes it, ``DDD-DD-DDD``; dashes may be missing and blanks surround it.

    Raises MalformedCodeError, and InsecureCodeError for a code that nobody may use unless ``allow_insecure``.
    """
    match = _CODE.fullmatch(text.strip())
    if match is None:
        raise MalformedCodeError("a setup code is eight digits")
    code = "-".join(match.groups())
    if code in INSECURE_CODES and not allow_insecure:
        raise InsecureCodeError("this setup code is too easy to guess")
    return code


def read_code(text: str, *, allow_insecure: bool = False) -> str:
    """Give the code that somebody typed, pasted or scanned: digits with blanks and dashes anywhere, or a setup payload.

    Raises MalformedCodeError, SetupPayloadError for a payload that is none or has no code, and InsecureCodeError as
    ``parse_code``.
    """
    text = text.strip()
    if text.upper().startswith(PAYLOAD_PREFIX):
        text = SetupPayload.decode(text.upper()).setup_code or ""
        if not text:
            raise SetupPayloadError("a setup payload without a code")
    return parse_code(_FILLING.sub("", text), allow_insecure=allow_insecure)


def setup_hash(setup_id: str, device_id: str) -> bytes:
    """Give the 4 bytes by which an accessory lets those find it who scanned its payload."""
    return hashlib.sha512(f"{setup_id}{device_id.upper()}".encode()).digest()[:4]


def setup_hash_text(setup_id: str, device_id: str) -> str:
    """Give the hash as it is announced, ``sh``."""
    return b64encode(setup_hash(setup_id, device_id)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPayload:
    """What the code to scan on an accessory says."""

    category: int
    """0–255."""
    setup_code: str | None = field(default=None, repr=False)
    """``DDD-DD-DDD``; None when the accessory is paired or has none to tell."""
    setup_id: str | None = None
    ip: bool = False
    ble: bool = False
    paired: bool = False

    def encode(self) -> str:
        """Write it as ``X-HM://…``; raises SetupPayloadError when a field is out of its range."""
        if not 0 <= self.category <= 0xFF:
            raise SetupPayloadError(f"a category of {self.category}")
        setup_id = self.setup_id or _NO_SETUP_ID
        if not _SETUP_ID.fullmatch(setup_id):
            raise SetupPayloadError("a setup id is four digits or capital letters")
        number = self.category << _CATEGORY_BIT
        number |= self.ble * _BLE | self.ip * _IP | self.paired * _PAIRED
        if self.setup_code is not None:
            number |= int(parse_code(self.setup_code, allow_insecure=True).replace("-", ""))
        digits = ""
        for _ in range(9):
            number, digit = divmod(number, len(_DIGITS))
            digits = _DIGITS[digit] + digits
        return f"{PAYLOAD_PREFIX}{digits}{setup_id}"

    @classmethod
    def decode(cls, text: str) -> SetupPayload:
        """Read it; raises SetupPayloadError.

        A code of zeros counts as none: nobody may use it, and paired accessories tell it in place of theirs.
        """
        match = _PAYLOAD.fullmatch(text.removeprefix(PAYLOAD_PREFIX))
        if match is None or not text.startswith(PAYLOAD_PREFIX):
            raise SetupPayloadError("a setup payload is X-HM:// and 13 digits or capital letters")
        number = int(match[1], 36)
        if number >> _VERSION_BIT:
            raise SetupPayloadError("a setup payload of an unknown version")
        code = number & _CODE_MASK
        if code > _MAX_CODE:
            raise SetupPayloadError("a setup payload with a code of more than eight digits")
        digits = f"{code:08}"
        return cls(
            category=number >> _CATEGORY_BIT & 0xFF,
            setup_code=f"{digits[:3]}-{digits[3:5]}-{digits[5:]}" if code else None,
            setup_id=None if match[2] == _NO_SETUP_ID else match[2],
            ip=bool(number & _IP),
            ble=bool(number & _BLE),
            paired=bool(number & _PAIRED),
        )
