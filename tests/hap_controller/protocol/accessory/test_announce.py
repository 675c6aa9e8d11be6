"""What is announced, by real mDNS on loopback."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from uuid import uuid4

import ifaddr
import pytest
from zeroconf import IPVersion, NotRunningException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    announce,
)
from custom_components.hap_controller.protocol.accessory.announce import (
    SERVICE_TYPE,
    Announcer,
    addresses_of,
    txt_record,
)
from custom_components.hap_controller.protocol.const import ControllerPermission
from custom_components.hap_controller.protocol.pairing import Pairing

from ..running import until
from .conftest import CODE, Connect, pair


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Bear with a timer of the library's: its queue leaves one behind when it is closed, which then does nothing."""
    return True


@pytest.fixture
async def zeroconf(socket_enabled: None) -> AsyncIterator[AsyncZeroconf]:
    """Listen on loopback."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    yield zeroconf
    await zeroconf.async_close()


async def heard(name: str) -> dict[str, str] | None:
    """Ask anew what is announced under a name; None when nobody answers."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    try:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        if not await info.async_request(zeroconf.zeroconf, 10_000):
            return None
        told = {key: value or "" for key, value in info.decoded_properties.items()}
        return told | {"address": info.parsed_addresses()[0], "port": str(info.port)}
    finally:
        await zeroconf.async_close()


def fresh(name: str | None = None) -> AccessoryState:
    """Give a state on loopback; its name is nobody else's, for tests beside this one announce as well."""
    name = name or f"Bulb {uuid4().hex[:12]}"
    return AccessoryState.fresh(name, 5, host="127.0.0.1", setup_code=CODE)


def test_txt_record() -> None:
    """It says what controllers look for (§12.2)."""
    state = fresh("Bulb")
    state.setup_id, state.config_number = "7OSX", 3
    state.register.accessory_id = "E1:91:1A:70:85:AA"
    assert txt_record(state) == {
        "md": "Bulb",
        "ci": "5",
        "pv": "1.1",
        "c#": "3",
        "id": "E1:91:1A:70:85:AA",
        "ff": "0",
        "s#": "1",
        "sf": "1",
        "sh": "yf4bzw==",
    }
    state.setup_id = None
    state.register.pairings["x"] = Pairing("x", bytes(32), ControllerPermission.ADMIN)
    told = txt_record(state)
    assert told["sf"] == "0" and "sh" not in told


def test_addresses() -> None:
    """A concrete address is announced as it is, any as those that others can reach."""
    assert addresses_of("192.0.2.7") == ["192.0.2.7"]
    found = [ip_address(each) for each in addresses_of("0.0.0.0")]
    assert found and not any(each.is_unspecified or each.is_link_local for each in found)
    assert len({each.is_loopback for each in found}) == 1


def test_addresses_of_version_6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who listens on all addresses of version 6 cannot be reached at those of version 4."""
    texts: list[tuple[str, int, int] | str] = [
        ("fe80::1", 0, 2),
        ("2001:db8::7", 0, 0),
        "192.0.2.7",
    ]
    ips = [ifaddr.IP(text, 64, "eth0") for text in [*texts, ("::1", 0, 0), "127.0.0.1"]]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [ifaddr.Adapter("eth0", "eth0", ips)])
    assert addresses_of("::") == ["2001:db8::7"]
    assert addresses_of("0.0.0.0") == ["192.0.2.7"]


async def test_announcement_follows_pairing(connect: Connect, stack: object) -> None:
    """Unpaired at first, paired after M6 was sent, with its port, as often as that changes; gone after the goodbye."""
    state = fresh()
    server = AccessoryServer(Accessory("Bulb"), state)
    async with server:
        name = server.announced_name
        assert name is not None
        told = await heard(name)
        assert told is not None
        assert (told["sf"], told["c#"], told["id"]) == ("1", "1", state.register.accessory_id)
        assert (told["address"], told["port"]) == ("127.0.0.1", str(server.address[1]))
        for change, flags in ((pair, "0"), (AccessoryServer.forget_pairings, "1")) * 2:
            await change(server)
            async with asyncio.timeout(60):
                while (told := await heard(name)) is None or told["sf"] != flags:
                    await asyncio.sleep(0.1)
            assert told["c#"] == "1"
    assert server.announced_name is None


async def test_announcement_follows_the_definition(zeroconf: AsyncZeroconf) -> None:
    """A new configuration number is announced; an instance that was handed in stays open."""
    accessory = Accessory("Bulb")
    async with AccessoryServer(accessory, fresh(), zeroconf=zeroconf) as server:
        name = server.announced_name
        assert name is not None
        accessory.add_service("43")
        await server.redefined()
        async with asyncio.timeout(60):
            while (told := await heard(name)) is None or told["c#"] != "2":
                await asyncio.sleep(0.1)
    assert not zeroconf.zeroconf.done


async def test_taken_names(zeroconf: AsyncZeroconf) -> None:
    """The second accessory of a name is announced under another one; the plain instance can be given too."""
    first, second = (
        Announcer(fresh("Twins"), "127.0.0.1", 4711, zeroconf.zeroconf) for _ in range(2)
    )
    await first.start()
    await second.start()
    assert first.name is not None and first.name.startswith("Twins")
    assert second.name is not None and second.name != first.name
    await asyncio.gather(first.stop(), second.stop())
    assert first.name is None


async def test_names_that_are_long_or_odd(zeroconf: AsyncZeroconf) -> None:
    """A label cuts no character in two and has room for a number; a record has room for the widest letters."""
    unique = uuid4().hex[:12]
    names = [f"{unique} {'ü' * 40}\N{HONEYBEE}"] * 2 + [unique + "\N{HONEYBEE}" * 60]
    announcers = [Announcer(fresh(name), "127.0.0.1", 4711, zeroconf) for name in names]
    twin = announcers.pop(0)
    await asyncio.gather(*(each.start() for each in announcers))
    await twin.start()
    announcers.append(twin)
    for announcer in announcers:
        assert announcer.name is not None and announcer.name.startswith(unique)
        assert len(announcer.name.removesuffix(f".{SERVICE_TYPE}").encode()) <= 63
    assert len({each.name for each in announcers}) == 3
    model = txt_record(fresh(names[2]))["md"]
    assert len(model) > 50 and len(f"md={model}".encode()) <= 255
    await announcers[0].refresh()  # nothing to tell
    for _ in range(2):
        await asyncio.gather(*(each.stop() for each in announcers))
    await announcers[0].refresh()


async def test_names_that_no_label_can_hold(zeroconf: AsyncZeroconf) -> None:
    """Dots would make several labels of one, control characters none."""
    unique = uuid4().hex[:12]
    names = {f"{unique} v2.0\t\n.": f"{unique} v2 0", "...": "Accessory"}
    announcers = [Announcer(fresh(name), "127.0.0.1", 4711, zeroconf) for name in names]
    await asyncio.gather(*(each.start() for each in announcers))
    for announcer, (name, label) in zip(announcers, names.items(), strict=True):
        assert announcer.name is not None and announcer.name.startswith(label)
        assert txt_record(fresh(name))["md"] == name
    await asyncio.gather(*(each.stop() for each in announcers))


async def test_stopped_from_outside(
    zeroconf: AsyncZeroconf, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever owns the instance may close it first."""
    state = fresh()
    announcer = Announcer(state, "127.0.0.1", 4711, zeroconf)
    await announcer.start()
    await zeroconf.async_close()
    state.config_number = 9
    await announcer.refresh()
    await announcer.stop()
    assert announcer.name is None


async def test_library_that_refuses(
    zeroconf: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The accessory goes on unannounced."""
    state = fresh()
    announcer = Announcer(state, "127.0.0.1", 4711, zeroconf)
    await announcer.start()

    async def refuse(info: AsyncServiceInfo) -> None:
        raise NotRunningException

    monkeypatch.setattr(zeroconf, "async_update_service", refuse)
    monkeypatch.setattr(zeroconf, "async_unregister_service", refuse)
    state.config_number = 9
    await announcer.refresh()
    assert "could not be renewed" in caplog.text
    await announcer.stop()
    assert announcer.name is None


async def test_where_it_announces(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the address it listens at; at any address, on all interfaces."""
    opened: list[dict[str, object]] = []

    def open_(**told: object) -> AsyncZeroconf:
        opened.append(told)
        return AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)

    monkeypatch.setattr(announce, "AsyncZeroconf", open_)
    announcers = [Announcer(fresh(), host, 4711) for host in ("127.0.0.1", "0.0.0.0", "::")]
    await asyncio.gather(*(each.start() for each in announcers))
    await asyncio.gather(*(each.stop() for each in announcers))
    assert opened == [
        {"interfaces": ["127.0.0.1"], "ip_version": IPVersion.V4Only},
        {"ip_version": IPVersion.V4Only},
        {"ip_version": IPVersion.V6Only},
    ]


@pytest.mark.parametrize("shared", [True, False])
async def test_other_addresses(
    zeroconf: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """A machine that gets another address announces that; without any, and with a library that fails, it waits."""
    addresses: list[str] | None = ["192.0.2.7"]
    asked = opened = 0

    def addresses_now(host: str) -> list[str]:
        nonlocal asked
        asked += 1
        if addresses is None:
            raise OSError("nobody knows")
        return addresses

    def open_(**told: object) -> AsyncZeroconf:
        nonlocal opened
        opened += 1
        if opened == 2:
            raise OSError("the network is not there yet")
        return AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)

    monkeypatch.setattr(announce, "_LOOK_S", 0.01)
    monkeypatch.setattr(announce, "addresses_of", addresses_now)
    if not shared:
        monkeypatch.setattr(announce, "AsyncZeroconf", open_)
    announcer = Announcer(fresh(), "0.0.0.0", 4711, zeroconf if shared else None)
    await announcer.start()
    name = announcer.name
    assert name is not None
    told = await heard(name)
    assert told is not None and told["address"] == "192.0.2.7"
    nobody: tuple[list[str] | None, ...] = ([], None)
    for addresses in nobody:  # noqa: B007  # what the machine has now
        before = asked
        await until(lambda before=before: asked > before + 1)
    addresses = ["198.51.100.8"]
    async with asyncio.timeout(60):
        while (told := await heard(name)) is None or told["address"] != "198.51.100.8":
            await asyncio.sleep(0.1)
    assert announcer.name == name
    assert opened == (0 if shared else 3)
    await announcer.stop()
    assert not any("_follow" in str(task.get_coro()) for task in asyncio.all_tasks())


async def test_never_started() -> None:
    """There is nothing to say goodbye to."""
    await Announcer(fresh(), "127.0.0.1", 4711).stop()


async def test_no_network_to_announce_in() -> None:
    """The server does not run half."""
    server = AccessoryServer(Accessory("Bulb"), fresh())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Announcer, "start", _fail)
        with pytest.raises(OSError, match="no network"):
            await server.start()
    with pytest.raises(RuntimeError):
        _ = server.address


async def _fail(announcer: Announcer) -> None:
    raise OSError("no network")
