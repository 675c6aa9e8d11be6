"""The list of pairings: which controllers an accessory knows, as a controller asks for it.

Source: docs/hap_controller/wire.md §7.6.
"""

from ..const import ControllerPermission, Method, PairingErrorCode, State, TlvType
from ..refusals import NotAdminError, PairingRefusedError
from ..tlv8 import Tlv, decode, split_records
from .messages import identifier_of, name_of, number_of, pairing_refusal, read_answer, write_message
from .register import Pairing


def add_pairing(controller_id: str, public_key: bytes, permissions: ControllerPermission) -> bytes:
    """Ask an accessory to know another controller, or to change what a known one may."""
    return write_message(
        State.M1,
        (TlvType.METHOD, bytes((Method.ADD_PAIRING,))),
        (TlvType.IDENTIFIER, identifier_of(controller_id)),
        (TlvType.PUBLIC_KEY, public_key),
        (TlvType.PERMISSIONS, bytes((permissions,))),
    )


def remove_pairing(controller_id: str) -> bytes:
    """Ask an accessory to forget a controller; it agrees also when it does not know it."""
    return write_message(
        State.M1,
        (TlvType.METHOD, bytes((Method.REMOVE_PAIRING,))),
        (TlvType.IDENTIFIER, identifier_of(controller_id)),
    )


def list_pairings() -> bytes:
    """Ask an accessory which controllers it knows."""
    return write_message(State.M1, (TlvType.METHOD, bytes((Method.LIST_PAIRINGS,))))


def read_pairings(data: bytes) -> list[Pairing]:
    """Read the answer to any of the three requests; gives the controllers if it lists them.

    Raises NotAdminError and what else stands below PairingRefusedError, TlvError and PairingMessageError.
    """
    read_answer(data, State.M2, _pairings_refusal)
    return [
        Pairing(
            name_of(record[TlvType.IDENTIFIER]),
            record[TlvType.PUBLIC_KEY],
            ControllerPermission(number_of(record.get(TlvType.PERMISSIONS)) & 1),
        )
        for record in map(Tlv, split_records(decode(data)))
        if TlvType.PUBLIC_KEY in record
    ]


def _pairings_refusal(code: int, tlv: Tlv) -> PairingRefusedError:
    if code == PairingErrorCode.AUTHENTICATION:
        return NotAdminError("the accessory lets only administrators do this", code)
    return pairing_refusal(code, tlv)
