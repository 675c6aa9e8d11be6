"""The way to an accessory: where it is, and a link to it for as long as a command needs one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from custom_components.hap_controller.protocol import (
    AccessoryGone,
    Announcement,
    Browser,
    ConnectError,
    Database,
    Discovery,
    HapClient,
    Key,
    PairingRecord,
    parse_host,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...link import run_linked
from ...options import Arguments
from .storage import Storage

FIND_S = 10.0

type Endpoint = tuple[tuple[str, ...], int]
"""Addresses or names, and the port."""
type Command = Callable[[HapClient], Awaitable[ExitStatus]]
"""Runs on a link that is up."""


def given_endpoint(arguments: Arguments) -> Endpoint | None:
    """Read --host; None when there is none. Raises CliError."""
    if (text := arguments.host) is None:
        return None
    try:
        host, port = parse_host(text)
    except ValueError as err:
        raise CliError(f"{text!r} is no host and port", ExitStatus.USAGE) from err
    if port is None:
        raise CliError(
            f"--host needs the port as well, as in {text}:51827; discover shows it, or the accessory's manual",
            ExitStatus.USAGE,
        )
    return (host,), port


@asynccontextmanager
async def browsing(arguments: Arguments) -> AsyncIterator[Browser]:
    """Listen to announcements; raises ConnectError without a network to hear any in."""
    async with Browser(interfaces=arguments.interfaces) as browser:
        yield browser


async def find(arguments: Arguments, device_id: str) -> Announcement:
    """Find an accessory by mDNS; raises CliError when it does not announce itself."""
    async with browsing(arguments) as browser:
        found = await browser.find(device_id, FIND_S)
        if found is not None:
            return found
        others = len(browser.announcements)
    raise CliError(
        f"{device_id} does not announce itself ({others} others do); check that it has power and is in this network,"
        " or tell where it is with --host HOST:PORT",
        ExitStatus.NO_LINK,
    )


def endpoint_of(found: Announcement) -> Endpoint:
    """Take where an accessory says it is; ``find`` gives none that says nothing."""
    assert found.port
    return found.addresses, found.port


@dataclass
class Link:
    """How a command wants the link to one pairing."""

    arguments: Arguments
    storage: Storage
    alias: str
    record: PairingRecord
    database: Database | None = None
    """None to have the description read; an empty one for commands that need none."""
    wanted: Collection[Key] | None = ()
    """What the accessory is to tell changes of; None for all."""
    follow: bool = False
    """Whether to listen to where the accessory goes."""
    _begun: bool = field(default=False, init=False)

    @classmethod
    def named(cls, arguments: Arguments) -> Link:
        """Take the pairing that was named; raises CliError."""
        storage = Storage.named(arguments)
        return cls(arguments, storage, *storage.record(arguments.alias))

    async def run(self, command: Command) -> ExitStatus:
        """Run a command where the accessory is: as told, else where it was last, else where it announces itself."""
        given = given_endpoint(self.arguments)
        if given:
            return await self._run_at(given, command)
        last = (self.record.hosts, self.record.port) if self.record.hosts else None
        failure: ConnectError | None = None
        if last is not None and last[1] is not None:
            try:
                return await self._run_at((last[0], last[1]), command)
            except ConnectError as err:
                if self._begun:  # whatever was asked for is not asked for twice
                    raise
                failure = err
        found = endpoint_of(await find(self.arguments, self.record.keys.accessory_id))
        if failure is not None and (set(found[0]), found[1]) == (
            set(self.record.hosts),
            self.record.port,
        ):
            raise failure
        return await self._run_at(found, command)

    async def _run_at(self, endpoint: Endpoint, command: Command) -> ExitStatus:
        hosts, port = endpoint
        client = HapClient(self.record.keys, hosts, port, database=self.database)
        await client.watch(self.wanted)

        async def begin() -> ExitStatus:
            self._begun = True
            self.remember(hosts=hosts, port=port)
            async with AsyncExitStack() as stack:
                if self.follow:
                    await self._follow(client, stack)
                return await command(client)

        return await run_linked(client, self.arguments.timeout, begin)

    def remember(self, **learnt: Any) -> None:
        """Write what was learnt of the accessory, if that is news; a file that cannot be written is told of."""
        if replace(self.record, **learnt) == self.record:
            return
        self.record = replace(self.record, **learnt)
        try:
            with self.storage.changed() as pairings:
                if now := pairings.records.get(self.alias):  # else another command has removed it
                    pairings.put(self.alias, replace(now, **learnt))
        except CliError as err:
            warn(str(err))

    async def _follow(self, client: HapClient, stack: AsyncExitStack) -> None:
        """Tell the client what the accessory announces from now on."""
        key = self.record.device_id
        fixed = self.arguments.host is not None

        def hear(change: Discovery) -> None:
            told = change.announcement
            if told.key == key and told.usable and not isinstance(change, AccessoryGone):
                if fixed:
                    client.announced(told.config_number)
                else:
                    client.announced(told.config_number, told.addresses, told.port)

        try:
            browser = await stack.enter_async_context(browsing(self.arguments))
        except ConnectError as err:
            warn(f"{err}; a change of address will not be noticed")
        else:
            browser.subscribe(hear)
