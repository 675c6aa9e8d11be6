"""What a handshake ends with."""

from custom_components.hap_controller.protocol.pairing import (
    PairVerifyController,
    Register,
    Resumption,
    SessionKeys,
)
from custom_components.hap_controller.protocol.pairing.setup import (
    PairSetupAccessory,
    PairSetupController,
)

from .recorded import ACCESSORY_ID, CODE, SETUP, keys_of_vectors, register_of_vectors


def test_secrets_are_not_shown() -> None:
    """Neither keys nor codes appear where objects are shown."""
    secret = bytes(range(32))
    shown = repr(
        [
            SessionKeys(secret, secret, secret, secret[:8]),
            Resumption(secret[:8], secret),
            register_of_vectors(split=(secret, 5)),
            PairSetupController(code=CODE),
            PairVerifyController(keys_of_vectors()),
            PairSetupAccessory(Register(ACCESSORY_ID, CODE)),
        ]
    )
    assert repr(secret)[2:20] not in shown
    assert CODE not in shown
    assert SETUP["accessory_ltsk_seed"][:8] not in shown
