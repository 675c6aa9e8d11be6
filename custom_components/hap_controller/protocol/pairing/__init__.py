"""How controller and accessory come to trust each other: pair-setup, pair-verify, the list of pairings.

Both roles, without a transport: a message goes in, a message comes out, and when nothing more is to be said there is a
result. TCP, Bluetooth and CoAP carry the same messages. Source: docs/hap_controller/wire.md §3, §4, §7.6.

Pair-setup is in ``setup``, and what an accessory does with the list in ``administration``: most processes pair nothing,
and need not load it. Pair-setup computes for a while. What takes long is ``Work``: a generator that stops whenever the
loop may have a turn. ``work.complete`` does it all at once, ``work.take_turns`` lets others run in between.
"""

from .keys import Resumption, SessionKeys
from .messages import MisplacedMessageError
from .pairings import add_pairing, list_pairings, read_pairings, remove_pairing
from .register import Pairing, Register, ResumableSessions
from .verify import PairVerifyAccessory, PairVerifyController

__all__ = [
    "MisplacedMessageError",
    "PairVerifyAccessory",
    "PairVerifyController",
    "Pairing",
    "Register",
    "ResumableSessions",
    "Resumption",
    "SessionKeys",
    "add_pairing",
    "list_pairings",
    "read_pairings",
    "remove_pairing",
]
