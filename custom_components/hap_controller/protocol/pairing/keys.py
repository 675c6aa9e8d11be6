"""What a handshake ends with: the keys of a session."""

from dataclasses import dataclass, field
from typing import Final

from ..const import CONTROL_READ, CONTROL_WRITE, RESUME_SESSION_ID, Derivation
from ..crypto import hkdf

SESSION_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What a session is sealed with, in the words of the one who holds it."""

    read_key: bytes = field(repr=False)
    """Opens what the other one writes."""
    write_key: bytes = field(repr=False)
    shared_secret: bytes = field(repr=False)
    """Other keys derive from it: those of events, broadcasts and of a session taken up again."""
    session_id: bytes | None = field(default=None, repr=False)
    """Given when the session was itself taken up again; see ``resumption``."""

    @property
    def resumption(self) -> Resumption:
        """What it takes to take up the session on another connection (Bluetooth only)."""
        session_id = self.session_id or hkdf(
            self.shared_secret, *RESUME_SESSION_ID, length=SESSION_ID_BYTES
        )
        return Resumption(session_id, self.shared_secret)


@dataclass(frozen=True, slots=True)
class Resumption:
    """A session that can be taken up again (§4.3)."""

    session_id: bytes = field(repr=False)
    shared_secret: bytes = field(repr=False)


def session_keys(
    secret: bytes,
    *,
    accessory: bool,
    read: Derivation = CONTROL_READ,
    write: Derivation = CONTROL_WRITE,
    session_id: bytes | None = None,
) -> SessionKeys:
    """Derive the keys of both directions; "read" and "write" are the controller's words (§4)."""
    keys = hkdf(secret, *read), hkdf(secret, *write)
    read_key, write_key = reversed(keys) if accessory else keys
    return SessionKeys(read_key, write_key, secret, session_id)
