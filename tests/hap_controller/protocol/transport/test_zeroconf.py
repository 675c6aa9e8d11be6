"""What a browser hears, by real mDNS on loopback: accessories that come, change, return and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import logging
import secrets
from typing import Any
from uuid import uuid4

import pytest
from zeroconf import NotRunningException, ServiceStateChange
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from custom_components.hap_controller.protocol.discovery import SERVICE_TYPE, THREAD_SERVICE_TYPE
from custom_components.hap_controller.protocol.errors import ConnectError
from custom_components.hap_controller.protocol.transport import (
    AccessoryChanged,
    AccessoryFound,
    AccessoryGone,
    Browser,
    Discovery,
    zeroconf as room,
)

LOOPBACK = ["127.0.0.1"]
LIMIT_S = 60


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Bear with a timer of the library's: its queue leaves one behind when it is closed, which then does nothing."""
    return True


class Elsewhere:
    """Speaks for accessories elsewhere in the network."""

    def __init__(self) -> None:
        """Speak on loopback."""
        self.mdns = AsyncZeroconf(interfaces=LOOPBACK)
        self._repeating: list[Any] = []

    async def announce(self, info: AsyncServiceInfo) -> None:
        """Announce at once, for nobody else has the name; repetitions follow."""
        self._repeating.append(
            await self.mdns.async_register_service(info, cooperating_responders=True)
        )

    async def update(self, info: AsyncServiceInfo) -> None:
        """Say something else, to the end."""
        await asyncio.gather(*self._repeating)
        await (await self.mdns.async_update_service(info))

    async def withdraw(self, info: AsyncServiceInfo) -> None:
        """Say goodbye."""
        await asyncio.gather(*self._repeating)
        self._repeating.append(await self.mdns.async_unregister_service(info))

    async def close(self) -> None:
        """Leave nothing behind."""
        for each in self._repeating:
            each.cancel()
        await asyncio.gather(*self._repeating, return_exceptions=True)
        registry = self.mdns.zeroconf.registry
        registry.async_remove(registry.async_get_service_infos())  # goodbyes take their time
        await self.mdns.async_close()


@pytest.fixture
async def there(socket_enabled: None) -> AsyncIterator[Elsewhere]:
    """Have accessories elsewhere."""
    elsewhere = Elsewhere()
    yield elsewhere
    await elsewhere.close()


def device_id() -> str:
    """Give an id that no other test has."""
    return secrets.token_bytes(6).hex(":").upper()


def record(identifier: str, name: str | None = None, **told: Any) -> AsyncServiceInfo:
    """Describe an announcement; its name is nobody else's, for tests beside this one announce as well."""
    type_ = told.pop("type", SERVICE_TYPE)
    address = told.pop("address", "127.0.0.1")
    port = told.pop("port", 4711)
    name = name or f"Lamp {uuid4().hex[:12]}.{type_}"
    return AsyncServiceInfo(
        type_,
        name,
        port=port,
        properties={"id": identifier, "md": "Lamp", "c#": "1", "sf": "1"} | told,
        server=f"{name.partition('.')[0].replace(' ', '-')}.local.",
        parsed_addresses=[address],
    )


class Heard:
    """What a browser told of one accessory."""

    def __init__(self, browser: Browser, identifier: str) -> None:
        """Listen."""
        self.key = identifier.lower()
        self.changes: list[Discovery] = []
        self._news = asyncio.Event()
        browser.subscribe(self.take)

    def take(self, change: Discovery) -> None:
        """Keep what concerns the accessory."""
        if change.announcement.key == self.key:
            self.changes.append(change)
            self._news.set()

    async def next(self) -> Discovery:
        """Wait for the next change."""
        async with asyncio.timeout(LIMIT_S):
            while not self.changes:
                self._news.clear()
                await self._news.wait()
        return self.changes.pop(0)


@asynccontextmanager
async def listening(identifier: str) -> AsyncIterator[tuple[Browser, Heard]]:
    """Browse on loopback."""
    async with Browser(interfaces=LOOPBACK) as browser:
        yield browser, Heard(browser, identifier)


async def test_life(there: Elsewhere) -> None:
    """Found with all it says, changed, changed back within seconds, gone; a restart brings it back."""
    identifier = device_id()
    info = record(identifier)
    async with listening(identifier) as (browser, heard):
        await there.announce(info)
        found = await heard.next()
        assert isinstance(found, AccessoryFound)
        assert found.announcement.device_id == identifier
        assert found.announcement.addresses == ("127.0.0.1",)
        assert (found.announcement.port, found.announcement.paired) == (4711, False)
        assert found.announcement.name == info.name.removesuffix(f".{SERVICE_TYPE}")
        assert browser.announcements[heard.key] is found.announcement

        await there.update(record(identifier, info.name, sf="0"))
        changed = await heard.next()
        assert isinstance(changed, AccessoryChanged)
        assert changed.before is found.announcement and changed.announcement.paired
        # The library has the first record in its cache still and calls it no news.
        await there.update(record(identifier, info.name))
        changed = await heard.next()
        assert isinstance(changed, AccessoryChanged)
        assert changed.announcement == found.announcement
        assert await browser.find(identifier, 0.0) == found.announcement

        await there.withdraw(info)
        gone = await heard.next()
        assert isinstance(gone, AccessoryGone)
        assert gone.announcement == found.announcement
        assert heard.key not in browser.announcements
        await there.announce(record(identifier, info.name, port=4712))
        found = await heard.next()
        assert isinstance(found, AccessoryFound)
        assert found.announcement.port == 4712


async def test_find(there: Elsewhere) -> None:
    """One that is there already is found by asking, in any spelling; one that cannot be reached, or is not, is none."""
    identifier, lost = device_id(), device_id()
    await there.announce(record(identifier))
    await there.announce(record(lost, address="169.254.1.1"))
    async with listening(lost) as (browser, heard):
        found = await browser.find(identifier.lower())
        assert found is not None and found.device_id == identifier
        told = await heard.next()
        assert not told.announcement.usable
        assert await browser.find(lost, 0.05) is None
        assert await browser.find(device_id(), 0.05) is None
        assert browser._listeners[1:] == ()  # nobody who waited is left


async def test_instance_of_somebody_else(there: Elsewhere) -> None:
    """An instance that was handed in, also a plain one, is used and left running; what it knows is told at once."""
    identifier = device_id()
    await there.announce(record(identifier))
    for given in (there.mdns, there.mdns.zeroconf):
        async with Browser(given) as browser:
            assert await browser.find(identifier)
        assert not there.mdns.zeroconf.done
        assert len(there.mdns.zeroconf.record_manager.listeners) == 0


async def test_two_names(there: Elsewhere) -> None:
    """Of two names the latest counts; the accessory is gone when both are."""
    identifier = device_id()
    first, second = record(identifier), record(identifier, port=4712)
    async with listening(identifier) as (browser, heard):
        await there.announce(first)
        assert isinstance(await heard.next(), AccessoryFound)
        await there.announce(second)
        changed = await heard.next()
        assert isinstance(changed, AccessoryChanged)
        assert (changed.before.port, changed.announcement.port) == (4711, 4712)
        await there.withdraw(second)
        changed = await heard.next()
        assert isinstance(changed, AccessoryChanged)
        assert changed.announcement.port == 4711
        await there.withdraw(first)
        assert isinstance(await heard.next(), AccessoryGone)
        assert heard.key not in browser.announcements


async def test_reset(there: Elsewhere) -> None:
    """An accessory that comes back with a new id is another one; without any it is none yet (§1.2)."""
    before, after = device_id(), device_id()
    info = record("")
    async with listening(before) as (browser, heard):
        fresh = Heard(browser, after)
        await there.announce(info)
        await there.update(record(before, info.name))
        assert isinstance(await heard.next(), AccessoryFound)
        await there.update(record("", info.name))
        await there.update(record(after, info.name))
        assert isinstance(await heard.next(), AccessoryGone)
        assert isinstance(await fresh.next(), AccessoryFound)
        assert before.lower() not in browser.announcements


async def test_thread(there: Elsewhere) -> None:
    """Accessories on Thread are announced as another kind of service, which has to be asked for."""
    identifier = device_id()
    await there.announce(record(identifier, type=THREAD_SERVICE_TYPE))
    async with (
        Browser(interfaces=LOOPBACK, service_type=THREAD_SERVICE_TYPE) as thread,
        Browser(interfaces=LOOPBACK) as tcp,
    ):
        found = await thread.find(identifier)
        assert found is not None and found.name.startswith("Lamp")
        assert await tcp.find(identifier, 0.0) is None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what was logged that somebody would read."""
    return [each.message for each in caplog.records if each.levelno >= logging.WARNING]


def hear(browser: Browser, there: Elsewhere, name: str) -> None:
    """Have the browser hear a name, and nothing more."""
    browser._heard(there.mdns.zeroconf, SERVICE_TYPE, name, ServiceStateChange.Added)


async def test_names_alone(there: Elsewhere, caplog: pytest.LogCaptureFixture) -> None:
    """What an announcement did not bring along is asked for; news meanwhile are not lost."""
    identifier = device_id()
    info = record(identifier)
    await there.announce(info)
    async with listening(identifier) as (browser, heard):
        hear(browser, there, info.name)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        hear(browser, there, info.name)  # while it is asked for
        assert isinstance(await heard.next(), AccessoryFound)
    assert warnings(caplog) == []


async def test_names_that_nobody_has(there: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three questions, then silence until it is announced anew; no name of a service is no question."""
    asked: list[str] = []

    async def ask(info: AsyncServiceInfo, zeroconf: object, limit_ms: float) -> bool:
        asked.append(info.name)
        return False

    monkeypatch.setattr(AsyncServiceInfo, "async_request", ask)
    name = f"Nobody {uuid4().hex}.{SERVICE_TYPE}"
    async with Browser(interfaces=LOOPBACK) as browser:
        hear(browser, there, "nonsense")
        hear(browser, there, name)
        hear(browser, there, name)
        async with asyncio.timeout(LIMIT_S):
            while asked.count(name) < 3:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        assert asked.count(name) == 3
        assert "nonsense" not in asked


async def test_flood_of_names(there: Elsewhere) -> None:
    """More names than any home has are not kept, and not asked for; what is under way ends with the browser."""
    async with Browser(interfaces=LOOPBACK) as browser:
        for number in range(1100):
            hear(browser, there, f"Flood {number} {uuid4().hex}.{SERVICE_TYPE}")
        assert len(browser._instances) == 1024
        await asyncio.sleep(0)
    assert not browser._instances


async def test_stopped_from_outside(
    there: Elsewhere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever owns the instance may stop it; the browser then hears no more."""

    async def stopped(info: AsyncServiceInfo, zeroconf: object, limit_ms: float) -> bool:
        raise NotRunningException

    monkeypatch.setattr(AsyncServiceInfo, "async_request", stopped)
    async with Browser(there.mdns) as browser:
        hear(browser, there, f"Nobody {uuid4().hex}.{SERVICE_TYPE}")
        await there.mdns.async_close()
        await asyncio.sleep(0.01)
        assert browser.announcements == {}
    assert warnings(caplog) == []


async def test_listener_that_fails(there: Elsewhere, caplog: pytest.LogCaptureFixture) -> None:
    """The others are told all the same."""
    identifier = device_id()

    def fail(change: Discovery) -> None:
        raise ValueError

    async with Browser(interfaces=LOOPBACK) as browser:
        unsubscribe = browser.subscribe(fail)
        await there.announce(record(identifier))
        assert await browser.find(identifier)
        assert "A listener failed on AccessoryFound" in caplog.text
        unsubscribe()


async def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a network cannot look for anything."""

    def fail(**_: object) -> AsyncZeroconf:
        raise OSError(19, "No such device")

    monkeypatch.setattr(room, "AsyncZeroconf", fail)
    with pytest.raises(ConnectError, match="mDNS is not possible here: OSError"):
        async with Browser():
            pytest.fail("it browses")
