"""What every test shares: our components, the rules of the event loop, and bounded randomness."""

# isort: off
import custom_components  # noqa: F401  First of all: the plugin has an empty package of this name.

# isort: on
import asyncio
from collections.abc import Iterator
import os
from typing import Any

from homeassistant import block_async_io
from homeassistant.core import HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.util import loop
from hypothesis import HealthCheck, settings
import pytest
from zeroconf import Zeroconf

# Failures in shared tests explain themselves as others do.
pytest.register_assert_rewrite("tests.support")

from .support.ports import take_own_ports  # noqa: E402  After the line above.
from .support.servers import forgive_late_connections  # noqa: E402

# Repeatable and bounded by default; HYPOTHESIS_PROFILE=long searches in earnest.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("ci", derandomize=True, max_examples=100, database=None, **_COMMON)
settings.register_profile("long", max_examples=10_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _report_in_running_loop(*args: Any, **kwargs: Any) -> None:
    """Report a blocking call unless no event loop runs, as in synchronous tests."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    _report_blocking_call(*args, **kwargs)


# Home Assistant watches for blocking calls from its start on; the plugin does not.
_report_blocking_call = loop.raise_for_blocking_call
loop.raise_for_blocking_call = _report_in_running_loop
block_async_io.enable()

take_own_ports()
forgive_late_connections()

_init_zeroconf = Zeroconf.__init__

BROWSER_TESTS, COMMAND_LINE_TESTS = "tests/browser/", "tests/cli/"


@pytest.hookimpl(tryfirst=True)  # the plugin that hands tests out reads the marks in the same call
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that share something to one worker.

    Those of the browser share one and one Home Assistant, those of a vendor's command line a simulated home, which
    the one before left as it is.
    """
    for item in items:
        if item.nodeid.startswith(BROWSER_TESTS):
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif item.nodeid.startswith(COMMAND_LINE_TESTS):
            item.add_marker(pytest.mark.xdist_group(f"command line, {item.path.stem}"))


@pytest.fixture
def hass(hass: HomeAssistant) -> Iterator[HomeAssistant]:
    """Let every test's Home Assistant find our components, and leave the library of mDNS as it was.

    Wrapping the fixture, unlike an automatic one, leaves the order of recorder fixtures alone.
    """
    hass.data.pop(DATA_CUSTOM_COMPONENTS)
    yield hass
    # Home Assistant has it give one and the same instance, a mock most of the time, to whoever wants one from then on.
    Zeroconf.__new__ = lambda cls, *_, **__: object.__new__(cls)  # type: ignore[assignment,method-assign]
    Zeroconf.__init__ = _init_zeroconf  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Watch for calls from other threads and slow callbacks, as the plugin does, but keep no stacks.

    In debug mode each future, task and timer keeps the stack that it was made with, which is half of the time that
    Home Assistant takes to start. ``--asyncio-debug`` brings the stacks back.
    """
    event_loop = asyncio.get_running_loop()
    if not event_loop.get_debug():
        event_loop.set_debug(True)
        event_loop.get_debug = lambda: False  # type: ignore[method-assign]  # whoever would keep a stack asks this
