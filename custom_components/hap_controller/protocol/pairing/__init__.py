"""How controller and accessory come to trust each other: pair-setup, pair-verify, the list of pairings.

Both roles, without a transport: a message goes in, a message comes out, and when nothing more is to be said there is a
result. TCP, Bluetooth and CoAP carry the same messages. Source: docs/hap_controller/wire.md §3, §4, §7.6.

Pair-setup computes for a while. What takes long is ``Work``: a generator that stops whenever the loop may have a turn.
``complete`` does it all at once, ``take_turns`` lets others run in between.
"""

from .keys import Resumption, SessionKeys
from .messages import MisplacedMessageError
from .pairings import add_pairing, answer_pairings, list_pairings, read_pairings, remove_pairing
from .register import Pairing, Register, ResumableSessions
from .setup import PairSetupAccessory, PairSetupController, setup_method
from .verify import PairVerifyAccessory, PairVerifyController
from .work import Need, Work, complete, take_turns

__all__ = [
    "MisplacedMessageError",
    "Need",
    "PairSetupAccessory",
    "PairSetupController",
    "PairVerifyAccessory",
    "PairVerifyController",
    "Pairing",
    "Register",
    "ResumableSessions",
    "Resumption",
    "SessionKeys",
    "Work",
    "add_pairing",
    "answer_pairings",
    "complete",
    "list_pairings",
    "read_pairings",
    "remove_pairing",
    "setup_method",
    "take_turns",
]
