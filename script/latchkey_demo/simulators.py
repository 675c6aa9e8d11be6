"""Start the simulated homes."""

from contextlib import suppress
from dataclasses import dataclass
import json
import sys
from typing import Any

import aiohttp

from . import ROOT
from .api import Json
from .errors import DemoError
from .homes import Home, homes
from .network import OWN_ADDRESS
from .ports import LOOPBACK, keep_or_pick
from .processes import Child
from .state import StateFolder

READY_LIMIT_S = 90.0
STOP_LIMIT_S = 30.0


@dataclass(frozen=True)
class Simulator:
    """A running simulated home."""

    home: Home
    child: Child
    line: Json
    """What it said when it was ready: addresses and credentials."""

    async def control(
        self,
        session: aiohttp.ClientSession,
        op: str,
        *,
        through: str = "control_url",
        **members: object,
    ) -> Any:
        """Do something at the vendor's side, and return what it gives.

        Raises DemoError when the simulator refuses.
        """
        url, operation = self.line[through], {"op": op, **members}
        try:
            async with session.post(url, json=operation) as response:
                answer = await response.json()
        except (aiohttp.ClientError, ValueError) as err:
            raise DemoError(f"{self.child.name} gives no answer to {operation}: {err}") from err
        if not answer["ok"]:
            raise DemoError(f"{self.child.name} refuses {operation}: {answer['error']}")
        return answer["result"]

    async def describe(self, session: aiohttp.ClientSession, url: str | None = None) -> Json:
        """Return what the simulator, or another control address of it, tells about itself and its devices.

        Raises DemoError when it gives no answer.
        """
        try:
            async with session.get(url or self.line["control_url"]) as response:
                found: Json = await response.json()
        except (aiohttp.ClientError, ValueError) as err:
            raise DemoError(f"{self.child.name} does not describe itself: {err}") from err
        return found


async def start(
    home: Home, folder: StateFolder, *, hurried: bool, announced: bool = False
) -> Simulator:
    """Start one simulated home on the port it had before, or on another when that is taken.

    It is ``announced`` where it can be, and where the demo has a network of its own.
    Raises DemoError when it does not get ready.
    """
    ports = folder.state.simulator_ports
    others = {
        port
        for domain, first in ports.items()
        if domain != home.domain and domain in homes()
        for port in range(first, first + homes()[domain].ports)
    }
    port = ports[home.domain] = keep_or_pick(ports.get(home.domain), others, home.ports)
    child = Child(f"simulator of {home.title}", folder.logs / f"{home.domain}.log")
    announces = announced and home.announces
    words = [sys.executable, "-m", "simulators", home.domain]
    words += ["--host", OWN_ADDRESS if announces else LOOPBACK, "--port", str(port)]
    words += [*(home.hurried if hurried else home.simulator), *["--announce"] * announces]
    if home.remembers:
        words += ["--state", str(folder.path / "simulators" / home.domain)]
    try:
        await child.start(words, ROOT, folder.temporary)
        text = await child.first_line(READY_LIMIT_S)
        with suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict):
                child.copy_output()
                return Simulator(home, child, line)
        raise DemoError(f"{child.name} is ready but said {text!r} instead of one JSON object")
    except BaseException:
        await child.stop(STOP_LIMIT_S)
        raise
