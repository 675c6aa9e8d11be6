"""A home with accessories of our own server on loopback, and commands run on them without a process for each."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    CharacteristicUuid,
    ControllerPermission,
    PairingKeys,
    PairingRecord,
    Pairings,
    ServiceUuid,
    load_pairings,
    save_pairings,
)
from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Service,
)
from script.latchkey_cli.__main__ import _fail, _parser
from script.latchkey_cli.errors import CliError, explained
from script.latchkey_cli.vendors import load

from ..hap_controller.protocol.running import pair
from .conftest import Result

DOMAIN = "hap_controller"
HOST = "127.0.0.1"
CODE = "031-45-154"
LIMIT_S = 90


class Console:
    """What a person types and sees; commands run in the loop of the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """See nothing yet."""
        self._capsys = capsys
        self.everything = ""

    async def run(self, *words: object) -> Result:
        """Run a command to its end."""
        self._read()
        try:
            status = await self.command(words)
        except SystemExit as err:  # of the parser
            status = int(err.code or 0)
        return Result(status, *self._read())

    async def command(self, words: Iterable[object]) -> int:
        """Run a command; gives its exit status."""
        vendor = load(DOMAIN)
        arguments = _parser(DOMAIN, vendor).parse_args([DOMAIN, *map(str, words)])
        try:
            async with asyncio.timeout(LIMIT_S):
                return await vendor.prepare(arguments)
        except CliError as err:
            return _fail(err)
        except vendor.VendorError as err:
            return _fail(explained(err))

    def _read(self) -> tuple[str, str]:
        shown = self._capsys.readouterr()
        self.everything += shown.out + shown.err
        return shown.out, shown.err

    @asynccontextmanager
    async def running(self, *words: object) -> AsyncIterator[Screen]:
        """Run a command that does not end by itself, or not soon."""
        self._read()
        screen = Screen(self, words)
        try:
            yield screen
        finally:
            await screen.stop()


class Screen:
    """What a command, and others beside it, show while it runs."""

    def __init__(self, console: Console, words: Iterable[object]) -> None:
        """Start it."""
        self._console = console
        self._task = asyncio.create_task(console.command(words))
        self._others: list[asyncio.Task[int]] = []
        self.output = ""
        self.errors = ""

    def also(self, *words: object) -> None:
        """Run another command beside it."""
        self._others.append(asyncio.create_task(self._console.command(words)))

    async def stop(self) -> None:
        """Stop whatever runs still."""
        tasks = [self._task, *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, part: str, times: int = 1) -> str:
        """Wait until something was shown so often; gives the first line with it."""
        async with asyncio.timeout(LIMIT_S):
            while self.everything.count(part) < times:
                output, errors = self._console._read()
                self.output += output
                self.errors += errors
                if not output and self._task.done():
                    pytest.fail(f"it ended with {self._task}: {self.output}{self.errors}")
                await asyncio.sleep(0.005)
        return next(line for line in self.everything.splitlines() if part in line)

    @property
    def everything(self) -> str:
        """All that was shown."""
        return self.output + self.errors

    @property
    def jsons(self) -> list[dict[str, Any]]:
        """The objects that were shown."""
        return [json.loads(line) for line in self.output.splitlines()]

    async def end(self) -> int:
        """Wait until it ends by itself; gives the exit status."""
        async with asyncio.timeout(LIMIT_S):
            return await self._task


@dataclass
class Home:
    """One lamp, its server, and a file in which it is paired as ``lamp``."""

    server: AccessoryServer
    lamp: Accessory
    light: Service
    file: Path
    keys: PairingKeys
    shown: list[str] = field(default_factory=list)
    """How often it was asked to show which one it is."""

    @property
    def at(self) -> tuple[str, str]:
        """The option that leads there."""
        return "--host", f"{HOST}:{self.server.address[1]}"

    @property
    def pairing(self) -> tuple[str, Path, str, str]:
        """The options that name the pairing."""
        return "-f", self.file, "-a", "lamp"

    @property
    def record(self) -> PairingRecord:
        """What the file has of the lamp."""
        return load_pairings(self.file).records["lamp"]

    def remember(self, **changes: Any) -> None:
        """Change what the file has of the lamp."""
        pairings = load_pairings(self.file)
        pairings.put("lamp", replace(pairings.records["lamp"], **changes))
        save_pairings(self.file, pairings)

    def become_user(self) -> None:
        """Let the pairing be that of a regular user, beside an administrator's."""
        register = self.server.state.register
        own = register.pairings[self.keys.controller_id]
        register.pairings["admin"] = replace(own, controller_id="admin")
        register.pairings[self.keys.controller_id] = replace(
            own, permissions=ControllerPermission(0)
        )

    def id_of(self, uuid: str) -> str:
        """Give the numbers of one of the light's characteristics as a person types them."""
        found = self.light[uuid]
        return f"{found.aid}.{found.iid}"


@asynccontextmanager
async def at_home(
    folder: Path, *, announce: bool = False, name: str = "Lamp"
) -> AsyncIterator[Home]:
    """Serve a lamp with colours that is paired."""
    shown: list[str] = []
    lamp = Accessory(name, category=5, identify=lambda: shown.append(name))
    light = lamp.add_service(
        ServiceUuid.LIGHTBULB, [CharacteristicUuid.BRIGHTNESS, CharacteristicUuid.HUE]
    )
    state = AccessoryState.fresh(name, host=HOST, setup_code=CODE)
    keys = pair(state.register)
    server = AccessoryServer(lamp, state, announce=announce, event_interval_s=0.0)
    async with server:
        pairings = Pairings()
        pairings.put("lamp", PairingRecord(keys, hosts=(HOST,), port=server.address[1]))
        file = folder / "home.json"
        save_pairings(file, pairings)
        yield Home(server, lamp, light, file, keys, shown)
