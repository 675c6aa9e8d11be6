"""What every contender offers: the same few calls, so that each job is written once."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any

type Json = dict[str, Any]
type Key = tuple[int, int]
"""Which characteristic: aid and iid."""
type Handshake = Generator[bytes | None, Any, Any]
"""Yields the messages of the controller and takes the answers; yields None where others may have the loop."""
type Listener = Callable[[Key, Any], None]
"""Takes which characteristic changed, and its value."""

HOST = "127.0.0.1"
SETUP_CODE = "518-08-582"
ACCESSORY_ID = "1A:7C:4E:00:5B:0D"


class Contender(ABC):
    """One contender: a controller that is paired with the bridge of its account."""

    one_frame = True
    """Whether each of its requests goes into one frame, as many small accessories need it."""

    def __init__(self, account: Mapping[str, Any]) -> None:
        """Nothing is opened before ``connect``."""
        self.account = account

    # --- in memory --------------------------------------------------------------------------

    @abstractmethod
    def parse(self, body: bytes) -> Any:
        """Read a description to whatever it is kept as."""

    @abstractmethod
    def count(self, database: Any) -> int:
        """Count the characteristics of what ``parse`` gave."""

    @abstractmethod
    def decode(self, data: bytes) -> Sequence[Any]:
        """Read TLV8; gives the items."""

    @abstractmethod
    def sealer(self, key: bytes) -> Callable[[bytes], object]:
        """Begin a session; what is given takes messages and makes frames of them."""

    @abstractmethod
    def opener(self, key: bytes) -> Callable[[bytes], bytes | None]:
        """Begin a session with one open request; what is given takes reads, and gives the body once it is complete."""

    @abstractmethod
    def hearer(self, key: bytes, body: bytes, listener: Listener) -> Callable[[bytes], object]:
        """Begin a session with a bridge that is described by ``body``; what is given takes reads of events."""

    # --- handshakes, step by step -----------------------------------------------------------

    @abstractmethod
    def setup(self, code: str) -> Handshake:
        """Pair; the result is true."""

    @abstractmethod
    def verify(self) -> Handshake:
        """Verify the pairing with the bridge; the result is the two keys of the session."""

    # --- a link to the bridge ---------------------------------------------------------------

    @abstractmethod
    async def connect(self) -> int:
        """Connect, knowing nothing; gives how many lights have a known state then."""

    @abstractmethod
    async def settle(self) -> None:
        """Have everything subscribed and read that ``connect`` left."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the link."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, with the description read and nothing subscribed."""

    @abstractmethod
    async def subscribe(self, keys: Collection[Key]) -> None:
        """Have changes of these told."""

    @abstractmethod
    async def unsubscribe(self, keys: Collection[Key]) -> None:
        """Have no changes told any more."""

    @abstractmethod
    async def write(self, values: Mapping[Key, Any]) -> None:
        """Write one value for each of many entities, at the same moment."""
