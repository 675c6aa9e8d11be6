"""What an accessory knows: who it is, its controllers, and the sessions that can be taken up again."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from ..const import MIN_PAIRINGS, ControllerPermission
from ..crypto import SigningKey
from .keys import Resumption

# hap-ble §8.4: how many sessions an accessory can take up again.
MAX_RESUMABLE: Final = 16


@dataclass(frozen=True, slots=True)
class Pairing:
    """A controller that an accessory knows."""

    controller_id: str = field(repr=False)
    """Compared byte by byte; bytes that are no UTF-8 survive as surrogates."""
    public_key: bytes
    permissions: ControllerPermission

    @property
    def admin(self) -> bool:
        """Whether it may add, remove and list pairings."""
        return ControllerPermission.ADMIN in self.permissions


@dataclass(slots=True)
class Register:
    """Who an accessory is and which controllers it knows; shared by all its connections.

    Whoever drives the work of the accessory role stores it on ``Need.STORE``: before the answer leaves, so that
    neither a pairing nor a failed attempt is forgotten by a restart.
    """

    accessory_id: str
    setup_code: str = field(repr=False)
    """Dashed."""
    signing_key: SigningKey | None = field(default=None, repr=False)
    """Made up at the first pairing, kept from then on."""
    pairings: dict[str, Pairing] = field(default_factory=dict, repr=False)
    failed_attempts: int = 0
    """Since the last good one (§3.6)."""
    max_pairings: int = MIN_PAIRINGS
    split: tuple[bytes, int] | None = field(default=None, repr=False)
    """Salt and verifier kept for the second part of a split setup (§3.5); not stored."""
    claimant: object | None = field(default=None, repr=False)
    """Which exchange is pairing; there may be one at a time."""

    @property
    def paired(self) -> bool:
        """Whether any controller is known."""
        return bool(self.pairings)

    def keep_admins(self) -> None:
        """Forget all controllers when none of them is an administrator (§12.6)."""
        if not any(pairing.admin for pairing in self.pairings.values()):
            self.pairings.clear()


class ResumableSessions:
    """The sessions that an accessory can take up again; the oldest is forgotten, each serves once."""

    def __init__(self, capacity: int = MAX_RESUMABLE) -> None:
        """Begin with none."""
        self._capacity = capacity
        self._sessions: OrderedDict[bytes, tuple[str, Resumption]] = OrderedDict()

    def keep(self, controller_id: str, resumption: Resumption) -> None:
        """Remember a session."""
        self._sessions[resumption.session_id] = controller_id, resumption
        while len(self._sessions) > self._capacity:
            self._sessions.popitem(last=False)

    def take(self, session_id: bytes) -> tuple[str, Resumption] | None:
        """Give a session and forget it."""
        return self._sessions.pop(session_id, None)
