"""The simulated appliances as a program of its own, operated through their control addresses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
import json
from pathlib import Path
import secrets
import signal
from types import SimpleNamespace
from typing import Any
import zipfile

import aiohttp
import pytest
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from simulators.home_connect_local import (
    PROFILES,
    SERVICE_TYPE,
    Pace,
    Profile,
    SimulatedAppliance,
    SimulatedHousehold,
)
from tests.simulators.home_connect_client import BareClient, connect
from tests.simulators.programs import operate, running, state

POWER, DOOR, OPERATION, CHILD_LOCK = 539, 527, 552, 524
REMOTE_START, REMOTE_CONTROL, LOCAL_CONTROL = 517, 523, 535
ECO, QUICK, SELECTED, ACTIVE = 8195, 8196, 257, 256
CARD = {"host", "port", "archive", "haId", "connectionType", "control_url"}


@pytest.fixture
async def served(socket_enabled: None) -> AsyncIterator[SimulatedAppliance]:
    """Serve the dishwasher, sixty times as quick as a real one."""
    async with SimulatedAppliance("dishwasher", pace=Pace(speed=60, reaction_s=0)) as served:
        yield served


@pytest.fixture
async def client(
    http: aiohttp.ClientSession, served: SimulatedAppliance
) -> AsyncIterator[BareClient]:
    """Connect to it."""
    async with connect(http, served) as client:
        yield client


async def test_program(http: aiohttp.ClientSession) -> None:
    """One line tells all that a client needs; the program serves until it is told to end."""
    async with running("home_connect_local", "--speed", "100") as (process, line):
        assert line.keys() == {"domain", "archive", "appliances", "announced", "control_url"}
        assert line["domain"] == "home_connect_local"
        assert [card["haId"] for card in line["appliances"]] == [
            profile.ha_id for profile in PROFILES.values()
        ]
        with await asyncio.to_thread(zipfile.ZipFile, line["archive"]) as file:
            assert len(file.namelist()) == 3 * len(PROFILES)
        for card, profile in zip(line["appliances"], PROFILES.values(), strict=True):
            assert card.keys() == CARD
            assert await asyncio.to_thread(zipfile.is_zipfile, card["archive"])
            place = SimpleNamespace(profile=profile, **card, connection_type=card["connectionType"])
            async with connect(http, place) as client:
                values = await client.get("/ro/allMandatoryValues")
                assert len(values) == len(profile.seed.values)
                # As if somebody had pressed the button.
                if profile.name != "fridge_freezer":
                    assert {"uid": REMOTE_START, "value": True} in values
            shown = await state(http, card["control_url"])
            assert shown["violations"] == []
        process.send_signal(signal.SIGTERM)
        output, errors = await process.communicate()
        assert (process.returncode, output, errors) == (0, b"", b"")
    assert not await asyncio.to_thread(Path(line["archive"]).exists)


async def test_runs_without_home_assistant(socket_enabled: None) -> None:
    """Neither Home Assistant nor anything of the component but its codec is imported."""
    async with running(
        "home_connect_local", "--appliance", "hob", interpreter=("-X", "importtime")
    ) as (process, line):
        assert line
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    imported = {line.rpartition("|")[2].strip() for line in errors.decode().splitlines()}
    assert "aiohttp" in imported
    assert not [name for name in imported if name.partition(".")[0] == "homeassistant"]
    assert {name for name in imported if name.startswith("custom_components")} == {
        f"custom_components.home_connect_local.protocol.{name}"
        for name in ("const", "crypto", "errors", "refusals")
    }


async def test_options(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Some of the seven, another pair of files, a folder, remote start as the files have it."""
    source = PROFILES["oven"]
    for name, data in source.members().items():
        (tmp_path / name).write_bytes(data)
    options = (
        *("--appliance", "hood", "--appliance", "dishwasher", "--no-remote-start"),
        *("--profile", str(tmp_path / f"{source.ha_id}.json"), "--folder", str(tmp_path / "out")),
    )
    async with running("home_connect_local", *options) as (_, line):
        cards = line["appliances"]
        assert [card["haId"] for card in cards] == [
            PROFILES["hood"].ha_id,
            PROFILES["dishwasher"].ha_id,
            source.ha_id,
        ]
        assert {Path(card["archive"]).parent for card in cards} == {tmp_path / "out"}
        shown = await state(http, cards[1]["control_url"])
        assert shown["values"][str(REMOTE_START)] is False


@pytest.mark.parametrize(
    "options", [("--speed", "0"), ("--appliance", "toaster"), ("--port", "1.5")]
)
async def test_bad_options(options: tuple[str, str], socket_enabled: None) -> None:
    """Options that make no sense are refused with a word about them."""
    async with running("home_connect_local", *options) as (process, line):
        assert line is None
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert options[0] in errors.decode()


def unheard_of(name: str) -> Profile:
    """Give an appliance another id: what it announces is nobody else's, for other tests run beside this one."""
    profile = PROFILES[name]
    ha_id = profile.ha_id[:-6] + secrets.token_hex(3).upper()
    return replace(profile, head={**profile.head, "haId": ha_id})


async def test_announcement(socket_enabled: None) -> None:
    """Who looks for appliances on the loopback interface finds them, until they go."""
    hood = unheard_of("hood")
    name = f"BOSCH Hood SYN0HD04 {hood.ha_id[-6:]}.{SERVICE_TYPE}"
    browser = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        async with SimulatedHousehold([hood], announce=True) as household:
            info = AsyncServiceInfo(SERVICE_TYPE, name)
            assert await info.async_request(browser.zeroconf, 30_000)
            served = household["hood"]
            assert (info.parsed_addresses(), info.port) == (["127.0.0.1"], served.port)
            assert info.decoded_properties == {
                "id": served.ha_id,
                "brand": "BOSCH",
                "type": "Hood",
                "vib": "SYN0HD04",
                "mac": "68-A4-0E-53-00-04",
            }
    finally:
        await browser.async_close()


async def test_announced_while_it_is_there(socket_enabled: None) -> None:
    """Switched off, an appliance leaves the network and says so; it is announced again when it is back."""
    profile = unheard_of("washer")
    told: asyncio.Queue[ServiceStateChange] = asyncio.Queue()

    def note(*, name: str, state_change: ServiceStateChange, **_: object) -> None:
        if profile.ha_id[-6:] in name and state_change is not ServiceStateChange.Updated:
            told.put_nowait(state_change)

    network = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        async with SimulatedHousehold([profile], announce=True) as household:
            browser = AsyncServiceBrowser(network.zeroconf, SERVICE_TYPE, handlers=[note])
            assert await told.get() is ServiceStateChange.Added
            washer = household["washer"].appliance
            washer.power("MainsOff")
            assert await told.get() is ServiceStateChange.Removed
            washer.power("On")
            assert await told.get() is ServiceStateChange.Added
            await browser.async_cancel()
    finally:
        await network.async_close()


async def test_page_and_state(
    http: aiohttp.ClientSession, client: BareClient, served: SimulatedAppliance
) -> None:
    """A browser gets a page, a program the state; neither shows a secret."""
    async with http.get(served.control_url, headers={"Accept": "text/html"}) as answer:
        assert "<html" in await answer.text()
    served.faults.arm("delay", count=2)
    shown = await state(http, served.control_url)
    assert shown["domain"] == "home_connect_local"
    assert shown["link"] == "up"
    assert shown["title"] == f"Dishwasher {served.ha_id}"
    assert shown["faults"][0]["name"] == "delay"
    assert {kind["name"] for kind in shown["fault_kinds"]} == served.faults.kinds.keys()
    assert [item["name"] for item in shown["connections"]] == ["Bare client"]
    assert shown["scenarios"] == ["wash_cycle", "start_without_remote_start", "rinse_aid"]
    assert shown["devices"][0]["values"]["selected"] == "Eco50"
    assert client.device_id not in str(shown)
    assert served.profile.head["key"] not in str(shown)


@pytest.mark.parametrize("name", PROFILES)
async def test_every_button_works(http: aiohttp.ClientSession, name: str) -> None:
    """Whatever the page offers for an appliance can be done."""
    async with SimulatedAppliance(name, pace=Pace(speed=60, reaction_s=0)) as served:
        shown = await state(http, served.control_url)
        for _ in range(2):  # what was opened can be closed
            actions = (await state(http, served.control_url))["devices"][0]["actions"]
            for action in actions:
                if action["do"]["op"] not in {"abort_program", "finish", "start"}:
                    await operate(http, served.control_url, **action["do"])
        for action in shown["actions"]:
            await operate(http, served.control_url, **action["do"])


async def test_every_operation(
    http: aiohttp.ClientSession, client: BareClient, served: SimulatedAppliance
) -> None:
    """Each operation does what its name says; none is left out here."""
    tried = set()

    async def do(op: str, **members: object) -> Any:
        tried.add(op)
        return await operate(http, served.control_url, op, **members)

    # Hands.
    for op, members, uid, expected in (
        ("door", {}, DOOR, 0),
        ("door", {"open": False}, DOOR, 1),
        ("remote_start", {}, REMOTE_START, True),
        ("remote_control", {"active": False}, REMOTE_CONTROL, False),
        ("local_control", {}, LOCAL_CONTROL, True),
        ("event", {"event": "Dishcare.Dishwasher.Event.SaltLack"}, 4608, 1),
        ("event", {"event": 4608, "state": "Off"}, 4608, 0),
        ("select", {"program": QUICK}, SELECTED, QUICK),
        ("start", {}, ACTIVE, QUICK),
        ("pause", {}, OPERATION, 4),
        ("resume", {}, OPERATION, 3),
        ("finish", {}, OPERATION, 6),
        ("door", {}, ACTIVE, 0),
        ("door", {"open": False}, DOOR, 1),
        ("start", {"program": "Dishcare.Dishwasher.Program.Eco50"}, ACTIVE, ECO),
        ("abort_program", {}, OPERATION, 8),
        ("power", {"state": "Off"}, POWER, 1),
        ("power", {"state": "On"}, POWER, 2),
        ("set", {"feature": "BSH.Common.Setting.ChildLock", "value": True}, CHILD_LOCK, True),
        ("set", {"feature": "539", "value": "Standby"}, POWER, 3),
        ("flood", {"count": 3, "feature": CHILD_LOCK}, CHILD_LOCK, True),
        ("notify", {"resource": "/ro/values", "data": [{"uid": 9, "value": 1}]}, 9, 1),
        ("scenario", {"name": "rinse_aid", "pause": 0.01}, 4611, 1),
    ):
        await do(op, **members)
        assert await client.told(uid, expected) == expected, op
    await served.scenarios[-1].done.wait()
    await do("describe", feature=CHILD_LOCK, access="READ", available=False)
    changed = await client.described(CHILD_LOCK)
    assert changed == {"uid": CHILD_LOCK, "parentUID": 259, "access": "READ", "available": False}

    # Frames.
    await do("send", text="[]")
    while await client.text() != "[]":
        pass
    await do("ping")
    assert (await client.ws.receive()).type is aiohttp.WSMsgType.PING

    # Manners and switches.
    await do("pace", speed=300, report_s=10, reaction_s=0.5, finished_s=1, door_alarm_s=2)
    pace = served.appliance.pace
    assert (pace.speed, pace.report_s, pace.door_alarm_s) == (300, 10, 2)
    await do("rules", slots=9, dead_slot_s=0, duplicate="old", client_message_id=7)
    assert (served.rules.slots, served.rules.duplicate) == (9, "old")
    await do("character", starts_by_value=True, varied_codes=True)
    assert served.appliance.character.starts_by_value
    await do("generation", name="middle")
    assert served.rules.services["ci"] == 2
    await do("slots", dead=2)
    assert served.dead_slots == 2
    await do("fault", name="silence", resource="^/ni/", count=1)
    await do("fault", name="lost")
    await do("clear", name="silence")
    assert [fault.kind.name for fault in served.faults.armed] == ["lost"]
    await do("stall", later=True)
    assert served.sessions[0].link.stalled
    await do("stick", later=True)
    await do("reset")
    assert served.faults.armed == ()
    assert served.dead_slots == 0

    # Ends.
    ends: tuple[tuple[str, dict[str, object]], ...] = (
        ("drop", {}),
        ("drop", {"code": None}),
        ("abort", {}),
        ("abort", {"mid_frame": True}),
        ("key", {"how": "wrong"}),
        ("link", {"action": "down"}),
        ("refuse", {"seconds": 0.05}),
        ("reboot", {"seconds": 0.05}),
        ("leave", {}),
    )
    for op, options in ends:
        async with connect(http, served, device_id="other") as other:
            await do(op, **options)
            await other.end()
        if op in {"refuse", "reboot", "leave"}:
            await _until(lambda: not served.link_up)
            if op != "leave":
                await _until(lambda: served.link_up)
        await do("link", action="up")
        await do("key", how="restore")
    key = served.profile.key
    await do("key")
    assert served.profile.key != key
    assert tried == (await state(http, served.control_url))["operations"].keys()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"op": "door", "compartment": "Cellar"}, "no compartment"),
        ({"op": "power", "state": "Sideways"}, "no power state"),
        ({"op": "power"}, "missing"),
        ({"op": "select", "program": "nothing"}, "no feature"),
        ({"op": "select", "program": POWER}, "no program"),
        ({"op": "set", "feature": 1.5, "value": 1}, "text or an integer"),
        ({"op": "describe", "feature": POWER, "colour": 1}, "has no colour"),
        ({"op": "event", "event": POWER}, "no event"),
        ({"op": "finish"}, "no program runs"),
        ({"op": "scenario", "name": "x"}, "no scenario"),
        ({"op": "generation", "name": "x"}, "one of old"),
        ({"op": "rules", "duplicate": "x"}, "'new' or 'old'"),
        ({"op": "key", "how": "x"}, "'new', 'wrong'"),
        ({"op": "pace", "speed": 0}, "above 0"),
        ({"op": "fault", "name": "json", "how": "x"}, "one of"),
        ({"op": "link", "action": "x"}, "'down' or 'up'"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
async def test_bad_operations(
    http: aiohttp.ClientSession, served: SimulatedAppliance, body: dict[str, Any], words: str
) -> None:
    """What cannot be done is refused with the reason."""
    assert words in await operate(http, served.control_url, **body)


async def test_household_operations(http: aiohttp.ClientSession, socket_enabled: None) -> None:
    """One address operates all, and checks as each of them does."""
    async with SimulatedHousehold(["hood", "washer"]) as household:
        url = household.control_url
        shown = await state(http, url)
        for device in shown["devices"]:
            for action in device["actions"]:
                if action["do"]["op"] == "remote_start":
                    await operate(http, url, **action["do"])
        assert household["washer"].appliance.state.values[REMOTE_START] is True
        assert "no appliance" in await operate(http, url, "reboot", appliance="x")
        assert "missing" in await operate(http, url, "power", appliance="washer")
        assert "no member" in await operate(http, url, "reboot", appliance="hood", x=1)
        household["hood"].journal.violate("something")
        violations = (await state(http, url))["violations"]
        assert violations == [
            {"appliance": household["hood"].ha_id, "why": "something", "session": 0}
        ]


async def _until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)
