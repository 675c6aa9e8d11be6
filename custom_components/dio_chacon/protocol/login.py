"""How to get into the websocket, decided from answers and clock readings alone.

Source: docs/dio_chacon/wire.md §3.
"""

from dataclasses import dataclass, field
from typing import Final

from .const import LOGIN_INTERVAL_S, STATUS_DONE, STATUS_THROTTLED, THROTTLE_S
from .conversation import NOW
from .errors import AuthError, ConnectError, ThrottledError
from .frames import Frame
from .messages import websocket_query

_GONE_STATUSES: Final = frozenset({404, 405, 410})
_REFUSED_STATUSES: Final = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    installation_id: str = field(repr=False)
    """Random text that names this installation towards the cloud; stays the same for good."""


class Login:
    """The way into the websocket: by token while the cloud offers one, else by password (§3.4)."""

    def __init__(self, credentials: Credentials) -> None:
        """Start without a token."""
        self._credentials = credentials
        self._token: str | None = None
        self._accepted = False
        self._second = False
        self._by_password = False
        self._allowance = 2
        self._next_login = NOW

    @property
    def has_token(self) -> bool:
        """Whether the session is one that can be logged out."""
        return self._token is not None

    def request(self, now: float) -> Frame | None:
        """Give the body of the login request that is needed first; None when the websocket can be opened at once.

        Raises ThrottledError when the last logins are too recent: each makes a session on the server. Two in a
        row are allowed, for a token that expired right after the start.
        """
        if self._token is not None or self._by_password:
            return None
        if now >= self._next_login + LOGIN_INTERVAL_S:
            self._allowance = 2
        if self._allowance == 0:
            raise ThrottledError(
                "too many logins in a row", self._next_login + LOGIN_INTERVAL_S - now
            )
        return {
            "email": self._credentials.email,
            "password": self._credentials.password,
            "installationId": self._credentials.installation_id,
        }

    def answered(
        self, http_status: int, body: Frame | None, retry_after_s: float | None, now: float
    ) -> None:
        """Take the answer to the login request; ``body`` is None when it was not a JSON object.

        Raises AuthError when the credentials are refused, ConnectError for everything that is no verdict on them.
        The body decides whenever it has a status; the HTTP status may say something else.
        """
        status = body.get("status") if body else None
        if type(status) is not int:
            status, body = http_status, None
        if status == STATUS_THROTTLED:
            raise ThrottledError(
                "the cloud asks for fewer logins", max(THROTTLE_S, retry_after_s or 0)
            )
        if retry_after_s is not None:
            raise ThrottledError(
                f"the login server asks for patience, status {status}", retry_after_s
            )
        if body is not None and status in _REFUSED_STATUSES:
            raise AuthError("the cloud refuses the e-mail address or the password")
        if status in _GONE_STATUSES:
            self._by_password = True
            return
        data = body.get("data") if body else None
        token = data.get("sessionToken") if type(data) is dict else None
        if status != STATUS_DONE or type(token) is not str or not token:
            raise ConnectError(f"no usable answer to the login, status {status}")
        self._token = token
        self._allowance -= 1
        self._next_login = now

    def query(self) -> str:
        """Build what goes behind the websocket address; it is a secret."""
        if self._token is not None:
            return websocket_query({"sessionToken": self._token})
        return websocket_query(
            {
                "email": self._credentials.email,
                "password": self._credentials.password,
                "serviceName": self._credentials.installation_id,
            }
        )

    def accepted(self) -> None:
        """Note that the server let us in: from now on a refusal may mean an expired token."""
        self._accepted, self._second = True, False

    def refused(self) -> bool:
        """Note that the server refused the session; True when a new login may mend that at once.

        A token is dropped for one further login. Raises AuthError when the credentials themselves
        are refused: when the new token is no better, or when a password that never got us in is
        refused.
        """
        accepted, self._accepted = self._accepted, False
        if self._token is None:
            if not accepted:
                raise AuthError("the cloud refuses the e-mail address or the password")
            return False
        self._token = None
        if self._second:
            raise AuthError("the cloud refuses a session that it has just granted")
        self._second = True
        return True
