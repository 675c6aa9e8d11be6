"""The recorded handshakes, both ends of them, and items to spoil them with."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from custom_components.hap_controller.protocol.const import ControllerPermission, State, TlvType
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.pairing import Pairing, Register
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.records import PairingKeys

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "vectors.json").read_text())
SETUP, VERIFY, RESUME = (VECTORS[name] for name in ("pair_setup", "pair_verify", "pair_resume"))
SRP_CASE = next(case for case in VECTORS["srp"]["cases"] if case["name"] == SETUP["srp_case"])

CODE = "518-08-582"
ACCESSORY_ID = "E1:91:1A:70:85:AA"
CONTROLLER_ID = "3d65d692-90bb-41c2-9bd0-2cb7a3a5dd18"
ADMIN, REGULAR = ControllerPermission.ADMIN, ControllerPermission(0)

ITEMS = st.lists(
    st.tuples(
        st.sampled_from([*TlvType, 0x30]),
        st.one_of(
            st.binary(max_size=3),
            st.sampled_from([bytes(8), bytes(16), bytes(32), bytes(36), bytes(64), bytes(384)]),
            st.sampled_from([b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\xff" * 2000]),
        ),
    ),
    max_size=6,
)


def unhex(table: dict[str, Any], key: str) -> bytes:
    """Give the bytes of a vector."""
    return bytes.fromhex(table[key])


def random_of(*values: bytes) -> Callable[[int], bytes]:
    """Give recorded randomness, in the order in which it is asked for."""
    left = list(values)

    def random(length: int) -> bytes:
        value = left.pop(0)
        assert len(value) <= length
        return value

    return random


def controller_of_vectors() -> PairSetupController:
    """The controller of the recorded handshake."""
    return PairSetupController(
        code=CODE,
        controller_id=SETUP["controller_id_text"],
        signing_key=SigningKey(unhex(SETUP, "controller_ltsk_seed")),
        random=random_of(unhex(SRP_CASE, "a")),
    )


def register_of_vectors(**told: Any) -> Register:
    """The accessory of the recorded handshakes."""
    key = SigningKey(unhex(SETUP, "accessory_ltsk_seed"))
    return Register(SETUP["accessory_id_text"], CODE, signing_key=key, **told)


def keys_of_vectors() -> PairingKeys:
    """The pairing that the recorded handshake ends with."""
    return PairingKeys(
        accessory_id=SETUP["accessory_id_text"],
        accessory_ltpk=unhex(SETUP, "accessory_ltpk"),
        controller_id=SETUP["controller_id_text"],
        controller_ltsk=unhex(SETUP, "controller_ltsk_seed"),
        controller_ltpk=unhex(SETUP, "controller_ltpk"),
    )


def pairing_of_vectors() -> Pairing:
    """The same, as the accessory keeps it."""
    return Pairing(SETUP["controller_id_text"], unhex(SETUP, "controller_ltpk"), ADMIN)


def paired_register() -> Register:
    """The accessory of the vectors, paired."""
    pairing = pairing_of_vectors()
    return register_of_vectors(pairings={pairing.controller_id: pairing})


def converse(controller: Any, accessory: Any) -> list[bytes]:
    """Carry messages between two ends until the controller has nothing to say."""
    said = []
    message = controller.start()
    while message is not None:
        answer = accessory.receive(message)
        said += [message, answer]
        message = controller.receive(answer)
    return said


def until(controller: Any, accessory: Any, state: State) -> tuple[bytes, bytes]:
    """Carry messages up to one of the accessory; gives what was asked and that answer, not yet delivered."""
    message = controller.start()
    while True:
        answer = accessory.receive(message)
        if answer[2] == state:
            return message, answer
        message = controller.receive(answer)
