"""Published controllers behind one face, so that one list of tests asks the same of each.

What goes wrong is told in the errors of the library; both libraries call them alike.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import suppress
from types import ModuleType, TracebackType
from typing import Any, Self, override

from aiohomekit import exceptions
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip import IpController
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.controller.ip.pairing import IpPairing
from aiohomekit.model import Categories
from aiohomekit.model.feature_flags import FeatureFlags
from aiohomekit.model.status_flags import StatusFlags
from aiohomekit.zeroconf import HAP_TYPE_TCP, HomeKitService

from custom_components.hap_controller.protocol.accessory import AccessoryServer
from tests.hap_controller.protocol.running import until

from .elders import PLACES, homekit

CODE = "518-08-582"
LIMIT_S = 60.0
ALIAS = "accessory"

type Key = tuple[int, int]
type Told = tuple[int, int, Any]
"""Aid, iid and value, as an event has them."""


def subscribers(server: AccessoryServer, keys: Collection[Key]) -> int:
    """Count the controllers that want to hear of all of these."""
    return sum(each.session.subscriptions >= set(keys) for each in server._connections)


class Controller(ABC):
    """A controller and its pairing with one accessory; it is told host and port."""

    errors: ModuleType
    """Where its errors are."""
    bridged: int
    """How many accessories of a bridge it reads within a second."""

    def __init__(self, server: AccessoryServer) -> None:
        """Take the accessory; nothing is said to it yet."""
        self.server = server

    async def __aenter__(self) -> Self:
        """Do nothing yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up."""
        await self.close()

    @property
    @abstractmethod
    def record(self) -> dict[str, Any]:
        """The pairing as it is stored."""

    @abstractmethod
    def assume(self, record: dict[str, Any]) -> None:
        """Take a pairing as it was stored, by this library or another."""

    @abstractmethod
    async def begin(self) -> None:
        """Ask the accessory to be paired."""

    @abstractmethod
    async def finish(self, code: str) -> None:
        """Give the setup code."""

    async def pair(self, code: str = CODE) -> None:
        """Pair, all of it."""
        await self.begin()
        await self.finish(code)

    @abstractmethod
    async def identify(self) -> None:
        """Have the accessory show which one it is; without a pairing, as anybody may."""

    @abstractmethod
    async def verify(self) -> None:
        """Connect anew and prove who one is, and nothing more."""

    @abstractmethod
    async def describe(self) -> list[dict[str, Any]]:
        """Read the accessories."""

    @abstractmethod
    async def read(self, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        """Read values, or what keeps them from being read."""

    @abstractmethod
    async def write(self, items: Iterable[Told]) -> dict[Key, dict[str, Any]]:
        """Write values; gives what was refused."""

    @abstractmethod
    async def refused_events(self, keys: Collection[Key]) -> dict[Key, dict[str, Any]]:
        """Ask for events that are not to be had; gives why."""

    @abstractmethod
    async def hear(
        self, keys: Collection[Key], cause: Callable[[], None], count: int
    ) -> list[Told]:
        """Subscribe, have something happen, and give the changes told, as soon as there are so many."""

    @abstractmethod
    async def pairings(self) -> list[dict[str, Any]]:
        """List who is paired."""

    @abstractmethod
    async def add(self, identifier: str, key: str, permissions: str) -> None:
        """Let another controller in, as a User or an Admin."""

    @abstractmethod
    async def remove(self, identifier: str | None = None) -> None:
        """Shut another controller out, or itself."""

    @abstractmethod
    async def close(self) -> None:
        """Hang up; whatever is asked next connects anew."""


class Aiohomekit(Controller):
    """The library that Home Assistant's own integration stands on."""

    errors = exceptions
    bridged = 99

    def __init__(self, server: AccessoryServer) -> None:
        """Prepare without listening for announcements."""
        super().__init__(server)
        self._controller = IpController(CharacteristicCacheMemory(), None)
        register, (host, port) = server.state.register, server.address
        self._found = HomeKitService(
            name="Accessory",
            id=register.accessory_id.lower(),
            model="Accessory",
            feature_flags=FeatureFlags(0),
            status_flags=StatusFlags(1),
            config_num=1,
            state_num=1,
            category=Categories.OTHER,
            protocol_version="1.1",
            type=HAP_TYPE_TCP,
            address=host,
            addresses=[host],
            port=port,
        )
        self._opened: list[IpDiscovery | IpPairing] = []
        self._pairing: IpPairing
        self._finish: Any

    @property
    @override
    def record(self) -> dict[str, Any]:
        return dict(self._pairing.pairing_data)

    @override
    def assume(self, record: dict[str, Any]) -> None:
        pairing = self._controller.load_pairing(ALIAS, dict(record))
        assert pairing
        self._opened.append(pairing)
        self._pairing = pairing

    def _discovery(self) -> IpDiscovery:
        discovery = IpDiscovery(self._controller, self._found)
        self._opened.append(discovery)
        return discovery

    @override
    async def begin(self) -> None:
        self._finish = await self._discovery().async_start_pairing(ALIAS)

    @override
    async def finish(self, code: str) -> None:
        pairing = await self._finish(code)
        self._opened.append(pairing)
        self._pairing = pairing

    @override
    async def identify(self) -> None:
        if self._controller.pairings:
            assert await self._pairing.identify()
        else:
            await self._discovery().async_identify()

    @override
    async def verify(self) -> None:
        pairing = IpPairing(self._controller, self.record)
        connection = pairing.connection
        trying = asyncio.ensure_future(connection.ensure_connection())
        try:  # it tries again and again, but tells why
            await until(lambda: trying.done() or connection.last_connector_error, LIMIT_S)
            if error := connection.last_connector_error:
                raise error
            await trying
        finally:
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
            await _hang_up(pairing)

    @override
    async def describe(self) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = await self._pairing.list_accessories_and_characteristics()
        return described

    @override
    async def read(self, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        values: dict[Key, dict[str, Any]] = await self._pairing.get_characteristics(keys)
        return values

    @override
    async def write(self, items: Iterable[Told]) -> dict[Key, dict[str, Any]]:
        refused: dict[Key, dict[str, Any]] = await self._pairing.put_characteristics(items)
        return refused

    @override
    async def refused_events(self, keys: Collection[Key]) -> dict[Key, dict[str, Any]]:
        refused: dict[Key, dict[str, Any]] = await self._pairing.subscribe(keys)
        return refused

    @override
    async def hear(
        self, keys: Collection[Key], cause: Callable[[], None], count: int
    ) -> list[Told]:
        told: list[Told] = []

        def take(event: dict[Key, dict[str, Any]]) -> None:
            told.extend((*key, each["value"]) for key, each in event.items())

        before = subscribers(self.server, keys)
        stop = self._pairing.dispatcher_connect(take)
        try:
            assert await self._pairing.subscribe(keys) == {}
            assert subscribers(self.server, keys) == before + 1
            cause()
            await until(lambda: len(told) >= count, LIMIT_S)
            await self._pairing.unsubscribe(keys)
        finally:
            stop()
        return told

    @override
    async def pairings(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = await self._pairing.list_pairings()
        return listed

    @override
    async def add(self, identifier: str, key: str, permissions: str) -> None:
        await self._pairing.add_pairing(identifier, key, permissions)

    @override
    async def remove(self, identifier: str | None = None) -> None:
        await self._pairing.remove_pairing(identifier or self.record["iOSPairingId"])

    @override
    async def close(self) -> None:
        for each in self._opened:
            await _hang_up(each)


async def _hang_up(link: IpDiscovery | IpPairing) -> None:
    with suppress(exceptions.HomeKitException):  # tells once more why it gave up
        await link.close()


class _Enough(Exception):
    """As much was told as was waited for."""


class HomekitPython(Controller):
    """The older library, whose calls take as long as they take; they are made in threads."""

    errors = homekit.exceptions
    bridged = 20

    def __init__(self, server: AccessoryServer) -> None:
        """Prepare without looking for announcements."""
        super().__init__(server)
        self.controller = homekit.Controller()
        self._finish: Callable[[str], None]

    @property
    def _pairing(self) -> Any:
        return self.controller.pairings[ALIAS]

    @property
    @override
    def record(self) -> dict[str, Any]:
        return dict(self._pairing.pairing_data)

    @override
    def assume(self, record: dict[str, Any]) -> None:
        self.controller.pairings[ALIAS] = homekit.controller.ip_implementation.IpPairing(record)

    async def _call[Result](
        self, function: Callable[..., Result], *arguments: Any, **options: Any
    ) -> Result:
        """Make a call that blocks; if it looks for the accessory meanwhile, it finds it."""
        host, port = self.server.address
        PLACES[self.server.state.register.accessory_id] = {"ip": host, "port": port}
        return await asyncio.to_thread(function, *arguments, **options)

    @override
    async def begin(self) -> None:
        register = self.server.state.register
        self._finish = await self._call(self.controller.start_pairing, ALIAS, register.accessory_id)

    @override
    async def finish(self, code: str) -> None:
        await self._call(self._finish, code)

    @override
    async def pair(self, code: str = CODE) -> None:
        # Of its public key, the session's and its proof it hashes no leading zeros, as nobody else does: one attempt in
        # 85 fails of itself.
        last = 2 if code == self.server.setup_code else 0
        for attempt in range(last + 1):
            try:
                await super().pair(code)
                break
            except self.errors.AuthenticationError:
                if attempt == last:
                    raise

    @override
    async def identify(self) -> None:
        if ALIAS in self.controller.pairings:
            assert await self._call(self._pairing.identify)
        else:
            identifier = self.server.state.register.accessory_id
            await self._call(self.controller.identify, identifier)

    @override
    async def verify(self) -> None:
        await self._call(self._verify)

    def _verify(self) -> None:
        connection = homekit.http_impl.HomeKitHTTPConnection(*self.server.address, timeout=LIMIT_S)
        try:
            write = homekit.protocol.create_ip_pair_verify_write(connection)
            steps: Generator[Any, Any, Any] = homekit.protocol.get_session_keys(self.record)
            with suppress(StopIteration):
                request = next(steps)
                while True:
                    request = steps.send(write(*request))
        finally:
            connection.close()

    @override
    async def describe(self) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = await self._call(
            self._pairing.list_accessories_and_characteristics
        )
        return described

    @override
    async def read(self, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
        return await self._call(self._pairing.get_characteristics, keys)

    @override
    async def write(self, items: Iterable[Told]) -> dict[Key, dict[str, Any]]:
        return await self._call(self._pairing.put_characteristics, items)

    @override
    async def refused_events(self, keys: Collection[Key]) -> dict[Key, dict[str, Any]]:
        return await self._call(self._pairing.get_events, keys, print, max_events=0)

    @override
    async def hear(
        self, keys: Collection[Key], cause: Callable[[], None], count: int
    ) -> list[Told]:
        told: list[Told] = []

        def take(event: list[Told]) -> None:
            told.extend(event)
            if len(told) >= count:
                raise _Enough

        before = subscribers(self.server, keys)
        listening = asyncio.ensure_future(
            self._call(self._pairing.get_events, keys, take, max_seconds=LIMIT_S)
        )
        await until(lambda: listening.done() or subscribers(self.server, keys) > before, LIMIT_S)
        cause()
        with suppress(_Enough):
            raise AssertionError(f"ended before it heard enough: {await listening}")
        await self.close()  # it knows no other way to unsubscribe
        return told

    @override
    async def pairings(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = await self._call(self._pairing.list_pairings)
        return listed

    @override
    async def add(self, identifier: str, key: str, permissions: str) -> None:
        await self._call(self._pairing.add_pairing, identifier, key, permissions)
        self._pairing.session = None  # it is closed, and kept

    @override
    async def remove(self, identifier: str | None = None) -> None:
        pairing = self._pairing
        await self._call(self.controller.remove_pairing, ALIAS, identifier)
        if identifier is None:  # it is paired no more, and what it held open is forgotten
            _close(pairing)

    @override
    async def close(self) -> None:
        for pairing in self.controller.pairings.values():
            _close(pairing)


def _close(pairing: Any) -> None:
    """Close the session if there is one that is open, so that the next call opens another."""
    session, pairing.session = pairing.session, None
    if getattr(session, "sock", None) is not None:
        session.close()
