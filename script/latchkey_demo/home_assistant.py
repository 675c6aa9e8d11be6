"""Write the configuration of a Home Assistant and run it."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
import json
from pathlib import Path
import sys
from typing import Any

import aiohttp

from .api import Api
from .errors import DemoError
from .ports import LOOPBACK
from .processes import Child
from .progress import Progress
from .state import StateFolder

READY_LIMIT_S = 600.0
"""The first start may have to install something on a slow machine."""
STOP_LIMIT_S = 60.0
PATIENCE_S = 15.0
RESTART_EXIT_CODE = 100

CONFIGURATION = """\
# Written by script/demo at every start; changes are lost.
homeassistant:
  name: Latchkey demo
  time_zone: Europe/Paris
  unit_system: metric
  currency: EUR
  country: FR
  latitude: 48.8566
  longitude: 2.3522
  elevation: 35
# Not default_config: it wants hardware, programs and the internet.
config:
frontend:
history:
logbook:
recorder:
  commit_interval: 5
  purge_keep_days: 3
sun:
system_health:
zeroconf:
logger:
  default: warning
  logs:
    custom_components: info
"""


def prepare(folder: StateFolder, components: Iterable[Path], port: int) -> None:
    """Write the configuration and put our components in their place."""
    storage = folder.config / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (folder.config / "configuration.yaml").write_text(CONFIGURATION, encoding="utf-8")
    _write_onboarding(storage / "onboarding")
    _write_http(storage / "http", port)
    _write_network(storage / "core.network")
    _link(folder.config / "custom_components", components)


def _write_onboarding(path: Path) -> None:
    """Leave only the first user to onboarding: the other steps add what wants the internet."""
    if not path.exists():
        done = ["core_config", "analytics", "integration"]
        _write_store(path, {"version": 4, "minor_version": 1, "data": {"done": done}})


def _write_http(path: Path, port: int) -> None:
    """Let the web page be served on this loopback port; what else is stored stays as it is."""
    stable: dict[str, Any] = {
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    with suppress(OSError, ValueError, KeyError, TypeError):  # none yet, or not readable: as new
        stable |= json.loads(path.read_text(encoding="utf-8"))["data"]["stable"]
    stable |= {"server_host": [LOOPBACK], "server_port": port}
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    _write_store(path, {"version": 2, "minor_version": 2, "data": data})


def _write_network(path: Path) -> None:
    """Confine multicast to this machine: nobody hears of the demo, and it starts without a network.

    With no adapter but the loopback one Home Assistant's HTTP client could not be made otherwise.
    """
    if not path.exists():
        data = {"configured_adapters": ["lo", "lo0"]}  # as Linux and macOS call it
        _write_store(path, {"version": 1, "minor_version": 1, "data": data})


def _write_store(path: Path, content: dict[str, Any]) -> None:
    """Write a file in the form of Home Assistant's storage."""
    path.write_text(json.dumps({**content, "key": path.name}, indent=2), encoding="utf-8")


def _link(target: Path, components: Iterable[Path]) -> None:
    """Link each component's folder, so that a changed file is there at the next start."""
    target.mkdir(exist_ok=True)
    for old in target.iterdir():
        if old.is_symlink():
            old.unlink()
    for component in components:
        (target / component.name).symlink_to(component, target_is_directory=True)


async def start(folder: StateFolder, *, skip_pip: bool = False, debug: bool = False) -> Child:
    """Start Home Assistant; it is not ready yet."""
    folder.output.unlink(missing_ok=True)
    child = Child("Home Assistant", folder.output)
    words = [sys.executable, "-m", "homeassistant", "-c", str(folder.config), "--log-no-color"]
    words += [*["--skip-pip"] * skip_pip, *["--debug"] * debug]
    await child.start(words, folder.config, folder.temporary)
    child.copy_output()
    return child


async def answering(api: Api, child: Child, progress: Progress) -> None:
    """Wait until the web server answers.

    Raises DemoError when Home Assistant ends instead, or never gets there.
    """
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            told_s = progress.elapsed_s
            while not await _reached(api):
                if child.exit_code is not None:
                    raise DemoError(f"Home Assistant ended ({child.exit_code}){child.tail()}")
                if progress.elapsed_s - told_s > PATIENCE_S:
                    told_s = progress.elapsed_s
                    progress.say("Home Assistant is still starting")
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise DemoError(f"Home Assistant does not answer{child.tail()}") from None


async def _reached(api: Api) -> bool:
    """Tell whether something answers at the address."""
    try:
        await api.request("GET", "/manifest.json")
    except aiohttp.ClientError, DemoError:
        return False
    return True


async def running(api: Api, child: Child) -> str:
    """Wait until the core is through with its start, and return the version.

    Raises DemoError when it does not get there.
    """
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            while (config := await api.request("GET", "/api/config"))["state"] != "RUNNING":
                if child.exit_code is not None:
                    raise DemoError(f"Home Assistant ended ({child.exit_code}){child.tail()}")
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise DemoError(f"Home Assistant does not finish its start{child.tail()}") from None
    return str(config["version"])
