"""Simulated appliances as tests and programs start them: their addresses, archives and control addresses."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, override

from ..control import (
    Control,
    Controlled,
    Operation,
    check_arguments,
    describe as describe_operation,
)
from .announce import Announcer, announced
from .appliance import Appliance
from .demo import PROFILES, profile_of
from .manners import Character, Pace, Rules
from .operations import describe, describe_household, operations
from .profile import Profile, archive
from .service import Service

DOMAIN = "home_connect_local"


class SimulatedAppliance(Service, Controlled):
    """An appliance on loopback: ``async with SimulatedAppliance("washer") as washer`` serves until the block ends.

    ``appliance`` is what lives, ``faults`` are its switches, ``journal`` tells what clients did, ``archive`` is the
    path of the file that a user would upload.
    """

    def __init__(
        self,
        profile: Profile | str = "dishwasher",
        *,
        pace: Pace | None = None,
        character: Character | None = None,
        rules: Rules | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        folder: Path | None = None,
    ) -> None:
        """Serve a profile, or one of the demo by its name; the archive is written into ``folder``."""
        chosen = profile_of(profile) if isinstance(profile, str) else profile
        appliance = Appliance(chosen, pace=pace, character=character)
        super().__init__(appliance, rules=rules, host=host, port=port)
        self._control = Control(partial(describe, self), operations(self), host)
        self.archive = Path()
        self._folder = folder
        self._temporary: TemporaryDirectory[str] | None = None

    @property
    @override
    def control(self) -> Control:
        """The control address, always the same one."""
        return self._control

    @property
    def profile(self) -> Profile:
        """The files of the appliance, with the key they have now."""
        return self.appliance.profile

    @property
    def ha_id(self) -> str:
        """The id of the appliance."""
        return self.profile.ha_id

    @property
    def connection_type(self) -> str:
        """``TLS`` or ``AES``."""
        return self.profile.connection_type

    @property
    def host(self) -> str:
        """Address of the appliance."""
        return self.listener.host

    @property
    def port(self) -> int:
        """Port of the appliance."""
        return self.listener.port

    @override
    async def open(self) -> None:
        """Write the archive and start to serve. Raises OSError when that cannot be done."""
        await asyncio.to_thread(self._write_archive)
        await super().open()

    @override
    async def close(self) -> None:
        """Stop at once."""
        await super().close()
        if self._temporary is not None:
            await asyncio.to_thread(self._temporary.cleanup)

    def archive_bytes(self) -> bytes:
        """Pack the archive."""
        return archive([self.profile])

    def _write_archive(self) -> None:
        if self._folder is None:
            self._temporary = TemporaryDirectory(prefix="home_connect_")
            self._folder = Path(self._temporary.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.archive = self._folder / f"{self.profile.name}_{self.ha_id}.zip"
        self.archive.write_bytes(self.archive_bytes())

    async def pair_anew(self, key: bytes | None = None) -> None:
        """Take a new key, as after a factory reset; the archive has it, and the one before is worth nothing."""
        self.appliance.profile = self.profile.with_key(key or os.urandom(32))
        await asyncio.to_thread(self.archive.write_bytes, self.archive_bytes())
        self.change_key(self.appliance.profile.key)

    def card(self) -> dict[str, Any]:
        """Give all that a client needs."""
        return {
            "host": self.host,
            "port": self.port,
            "archive": str(self.archive),
            "haId": self.ha_id,
            "connectionType": self.connection_type,
            "control_url": self.control_url,
        }


class SimulatedHousehold:
    """Several appliances, one archive with all of them, and one control address for all beside their own.

    ``household["washer"]`` finds one by its name or id.
    """

    def __init__(
        self,
        profiles: Iterable[Profile | str] = PROFILES,
        *,
        pace: Pace | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        folder: Path | None = None,
        announce: bool = False,
    ) -> None:
        """Serve profiles, all of the demo by default; the first at ``port``, unless it is 0, others behind it."""
        self._temporary: TemporaryDirectory[str] | None = None
        self._folder = folder
        self._announce = announce
        self.archive = Path()
        self.appliances = [
            SimulatedAppliance(
                profile, pace=pace, host=host, port=port and port + number, folder=folder
            )
            for number, profile in enumerate(profiles)
        ]
        self.control = Control(
            partial(describe_household, self.appliances), self._operations(), host
        )
        self._stack = AsyncExitStack()

    def __getitem__(self, name: str) -> SimulatedAppliance:
        """Find an appliance by its name or id. Raises LookupError."""
        for appliance in self.appliances:
            if name in {appliance.ha_id, appliance.profile.name}:
                return appliance
        known = ", ".join(appliance.profile.name for appliance in self.appliances)
        raise LookupError(f"there is no appliance {name!r}; there are: {known}")

    @property
    def control_url(self) -> str:
        """Address of the hand operations for all appliances."""
        return self.control.url

    async def __aenter__(self) -> Self:
        """Start to serve. Raises OSError when an address cannot be had."""
        async with AsyncExitStack() as stack:
            for appliance in self.appliances:
                await stack.enter_async_context(appliance)
            await asyncio.to_thread(self._write_archive)
            await self.control.listener.open()
            stack.push_async_callback(self.control.listener.close)
            if self._announce:
                places = [(each.profile, each.host, each.port) for each in self.appliances]
                announcer = await stack.enter_async_context(announced(places))
                for each in self.appliances:
                    each.on_presence = partial(_tell, announcer, each.ha_id)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once."""
        await self._stack.aclose()
        if self._temporary is not None:
            await asyncio.to_thread(self._temporary.cleanup)

    def _write_archive(self) -> None:
        if self._folder is None:
            self._temporary = TemporaryDirectory(prefix="home_connect_")
            self._folder = Path(self._temporary.name)
        self.archive = self._folder / "household.zip"
        self.archive.write_bytes(archive(each.profile for each in self.appliances))

    def _operations(self) -> Mapping[str, Operation]:
        """Offer every operation of the appliances, with the appliance named."""
        every = {name: run for each in self.appliances for name, run in operations(each).items()}
        return {
            name: self._routed(name, describe_operation(run)["about"])
            for name, run in every.items()
        }

    def _routed(self, name: str, about: str) -> Operation:
        def routed(appliance: str, **members: object) -> object:
            operation = operations(self[appliance])[name]
            check_arguments(operation, members)
            return operation(**members)

        routed.__doc__ = about
        return routed

    def card(self) -> dict[str, Any]:
        """Give all that clients need, as the line on standard output tells it."""
        return {
            "domain": DOMAIN,
            "archive": str(self.archive),
            "appliances": [appliance.card() for appliance in self.appliances],
            "announced": self._announce,
            "control_url": self.control_url,
        }


async def _tell(announcer: Announcer, ha_id: str, present: bool) -> None:
    await announcer.tell(ha_id, present=present)
