"""The list of pairings, as an accessory keeps it for its controllers.

Source: docs/hap_controller/wire.md §7.6.
"""

from typing import Final

from ..const import (
    MAX_IDENTIFIER_BYTES,
    ControllerPermission,
    Method,
    PairingErrorCode,
    State,
    TlvType,
)
from ..refusals import PairingMessageError
from ..tlv8 import Tlv
from .messages import (
    Items,
    RefusalError,
    Table,
    identifier_of,
    misplaced,
    name_of,
    number_of,
    read_request,
    require,
    sized,
    write_message,
    write_refusal,
)
from .register import Pairing, Register
from .work import Need, Work

_PAIRINGS: Final[Table] = {State.M1: (TlvType.METHOD,), State.M2: ()}


def answer_pairings(register: Register, data: bytes, *, admin: bool) -> Work[bytes]:
    """Answer any of the three requests of a controller, as the accessory; ``admin`` is what it may as of now.

    Afterwards ``register`` tells whose connections must end: those of controllers that it does not hold any more.
    Raises TlvError for what cannot be read and MisplacedMessageError for what is no such request.
    """
    _, tlv = read_request(data, _PAIRINGS, (State.M1,))
    method = number_of(tlv[TlvType.METHOD])
    if method not in (Method.ADD_PAIRING, Method.REMOVE_PAIRING, Method.LIST_PAIRINGS):
        raise misplaced(f"method {method} is not about pairings", State.M1)
    if not admin:
        return write_refusal(State.M2, PairingErrorCode.AUTHENTICATION)
    if method == Method.LIST_PAIRINGS:
        return write_message(State.M2, *_listed(register))
    before = dict(register.pairings)
    try:
        try:
            if method == Method.ADD_PAIRING:
                _add(register, tlv)
            else:
                require(tlv, (TlvType.IDENTIFIER,))
                register.pairings.pop(name_of(tlv[TlvType.IDENTIFIER]), None)
        except PairingMessageError as err:
            raise misplaced(str(err), State.M1) from err
        register.keep_admins()
        if register.pairings != before:
            yield Need.STORE
    except RefusalError as err:
        return write_refusal(State.M2, err.code)
    except OSError:
        register.pairings = before
        return write_refusal(State.M2, PairingErrorCode.UNKNOWN)
    return write_message(State.M2)


def _listed(register: Register) -> Items:
    for index, pairing in enumerate(register.pairings.values()):
        if index:
            yield TlvType.SEPARATOR, b""
        yield TlvType.IDENTIFIER, identifier_of(pairing.controller_id)
        yield TlvType.PUBLIC_KEY, pairing.public_key
        yield TlvType.PERMISSIONS, bytes((pairing.permissions,))


def _add(register: Register, tlv: Tlv) -> None:
    """Add a controller or change what it may (§7.6)."""
    require(tlv, (TlvType.IDENTIFIER, TlvType.PUBLIC_KEY, TlvType.PERMISSIONS))
    identifier, public_key = tlv[TlvType.IDENTIFIER], sized(tlv, TlvType.PUBLIC_KEY)
    if not 0 < len(identifier) <= MAX_IDENTIFIER_BYTES:
        raise PairingMessageError("no identity of a controller")
    name = name_of(identifier)
    known = register.pairings.get(name)
    if known is not None and known.public_key != public_key:
        raise RefusalError(PairingErrorCode.UNKNOWN)
    if known is None and len(register.pairings) >= register.max_pairings:
        raise RefusalError(PairingErrorCode.MAX_PEERS)
    permissions = ControllerPermission(number_of(tlv[TlvType.PERMISSIONS]) & 1)
    register.pairings[name] = Pairing(name, public_key, permissions)
