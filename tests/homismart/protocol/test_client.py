"""The public face, as a consumer uses it, over real sockets; time is virtual where it matters."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
import logging
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.homismart.protocol import (
    AuthError,
    Change,
    CommandError,
    ConnectError,
    Credentials,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    DeviceSilentError,
    Failed,
    HomismartClient,
    Kind,
    LinkChanged,
    LinkClosedError,
    LinkError,
    Motion,
    PeerSilentError,
    RefusedError,
    Servers,
    SessionRefusedError,
    SupersededError,
    TermsChanged,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VerificationError,
)
from custom_components.homismart.protocol.const import (
    BACKOFF_SPREAD,
    FIRST_DELAY_S,
    MAX_DELAY_S,
    WEBSOCKET_URL,
)
from custom_components.homismart.protocol.supervisor import exponential_backoff
from tests.support.clock import run_real, run_virtual

from .cloud import PATH, Cloud, Link
from .home import (
    BOILER,
    CREDENTIALS,
    CURTAIN,
    DESK,
    DIGEST,
    DOOR,
    GARDEN_HUB,
    GATE,
    HUB,
    LIGHT,
    MORNING_MS,
    ODD,
    SHARED,
    SHUTTER,
    SOCKET,
    STAIRS,
    USERNAME,
    lamp,
    objects,
    thing,
)
from .running import Running, at_home, now, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0)
BEHIND_HUB = {LIGHT, SOCKET, CURTAIN, SHUTTER, DOOR, STAIRS, DESK, BOILER, SHARED, ODD}


# --- life -----------------------------------------------------------------------------------


def test_from_nothing_to_ready() -> None:
    """One websocket, one login, one list, then the word that the link is up."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            assert run.client.connected
            assert run.client.last_error is None
            assert set(run.client.devices) == {each["id"] for each in objects()}
            assert [type(each) for each in run.changes] == [*[DeviceAdded] * 13, LinkChanged]
            assert run.changes[-1] == LinkChanged(True)
            assert cloud.link.heard == [
                ("0002", {"username": USERNAME, "password": DIGEST}),
                ("0004", {}),
            ]
            request = cloud.link.request
            assert (request.path, request.query_string) == (PATH, "")
            assert not {"Authorization", "Cookie", "Origin", "Sec-WebSocket-Protocol"} & set(
                request.headers
            )
            assert run.client.host == "127.0.0.1"

    run_real(main())


def test_nothing_happens_before_run() -> None:
    """Making a client costs nothing, needs no loop of its own, and commands say that there is no link."""

    async def main() -> None:
        async with Cloud() as cloud, aiohttp.ClientSession() as session:
            client = HomismartClient(CREDENTIALS, session, servers=Servers(cloud.url))
            assert not client.connected
            assert client.devices == {}
            for call in commands(client):
                with pytest.raises(LinkClosedError):
                    await call()
            with pytest.raises(LinkClosedError):
                client.confirm_terms()
            await asyncio.sleep(0.01)
            assert cloud.attempts == []

    run_real(main())


def commands(client: HomismartClient) -> list[Callable[[], Awaitable[Any]]]:
    """List everything that can be asked for."""
    return [
        lambda: client.set_on(LIGHT, True),
        lambda: client.toggle(LIGHT),
        lambda: client.set_position(CURTAIN, 40),
        lambda: client.stop(CURTAIN),
        lambda: client.set_locked(DOOR, True),
        lambda: client.set_led(LIGHT, 5),
        lambda: client.set_closed_position(CURTAIN, 5),
        lambda: client.rename(LIGHT, "x"),
        lambda: client.set_icon(LIGHT, "3"),
        lambda: client.delete(LIGHT),
        lambda: client.switch_all(False),
        lambda: client.move_all(opening=True),
        client.list_timers,
        client.list_scenes,
        lambda: client.delete_timer("1"),
        lambda: client.delete_device_timers(LIGHT),
        client.refresh,
    ]


def test_callers_before_the_link_is_up() -> None:
    """They get an error that says so at once, and ready() is the winner."""

    async def main() -> None:
        async with at_home(ready=False) as (run, cloud):
            outcomes = await asyncio.gather(
                *(call() for call in commands(run.client)),
                *(run.client.ready() for _ in range(5)),
                return_exceptions=True,
            )
            assert [type(each) for each in outcomes[:-5]] == [LinkClosedError] * 17
            assert outcomes[-5:] == [None] * 5
            assert len(cloud.attempts) == 1

    run_real(main())


def test_stopping() -> None:
    """The websocket is closed with 1000, there is no logout (§4), nothing is told any more."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            link, count = cloud.link, len(run.changes)
            await run.stop()
            assert run.task.cancelled()
            await link.ended.wait()
            assert link.prefixes() == ["0002", "0004"]
            assert link.close_code == 1000
            assert not run.client.connected
            assert len(run.changes) == count
            with pytest.raises(LinkError):
                await run.client.set_on(LIGHT, True)

    run_real(main())


@pytest.mark.parametrize("when", ["login", "list", "command", "established"])
def test_stopping_with_a_cloud_that_does_not_answer(when: str) -> None:
    """Within a few seconds, whatever is being waited for (§15)."""

    async def main() -> None:
        cloud = Cloud()
        silent = {"login": ("0002",), "list": ("0004",), "command": ("0006",)}.get(when, ())
        cloud.react = cloud.ignoring(*silent)
        async with at_home(cloud, ready=when in {"command", "established"}) as (run, _):
            await until(lambda: cloud.links and cloud.link.heard)
            caller = None
            if when == "command":
                caller = asyncio.create_task(run.client.set_on(LIGHT, False))
                await until(lambda: cloud.link.bodies("0006"))
            started = now()
            await run.stop()
            assert now() - started <= 2
            if caller:
                with pytest.raises(LinkClosedError):
                    await caller

    run_virtual(main())


@pytest.mark.parametrize("turns", range(0, 60, 3))
def test_stop_at_any_moment(turns: int) -> None:
    """Cancelled at every step of the start: it ends at once, leaves nothing, and does not stop a later run (#13)."""

    async def main() -> None:
        async with at_home(ready=False) as (run, _):
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(60):
                await run.stop()
            assert run.task.done()
            assert not run.client.connected
            run.task = asyncio.create_task(run.client.run())
            await run.back()

    run_real(main())


def test_ready_when_stopped() -> None:
    """Who waits for a client that is stopped is not left waiting."""

    async def main() -> None:
        cloud = Cloud()
        cloud.react = cloud.ignoring("0004")
        async with at_home(cloud, ready=False) as (run, _):
            waiter = asyncio.create_task(run.client.ready())
            await until(lambda: cloud.links and len(cloud.link.heard) == 2)
            await run.stop()
            with pytest.raises(LinkClosedError):
                await waiter

    run_real(main())


def test_patience() -> None:
    """A patient caller waits through failures; an impatient one hears of the first."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda request: (
            web.Response(status=503) if len(cloud.attempts) < 4 else None
        )
        async with at_home(cloud, ready=False) as (run, _):
            patient = asyncio.create_task(run.client.ready())
            with pytest.raises(ConnectError):
                await run.client.ready(patient=False)
            assert not patient.done()
            await patient
            await run.client.ready(patient=False)
            assert len(cloud.attempts) == 4

    run_virtual(main())


def test_patient_through_a_short_life() -> None:
    """A link that is lost before the waiter has its turn is one of those it waits through."""

    async def main() -> None:
        cloud = Cloud()

        async def refuse(link: Link, prefix: str, body: Any) -> None:
            await cloud.obey(link, prefix, body)
            if prefix == "0004" and len(cloud.links) < 3:
                await link.say("9999", {"code": 2})

        cloud.react = refuse
        async with at_home(cloud, ready=False) as (run, _):
            await run.client.ready()
            assert run.client.connected

    run_virtual(main())


def test_two_accounts_do_not_meet() -> None:
    """Two clients on one HTTP session: nothing of one reaches the other."""

    async def main() -> None:
        async with Cloud() as one, Cloud() as two, aiohttp.ClientSession() as session:
            two.objects = [thing(HUB), thing(SOCKET)]
            clients = [
                HomismartClient(CREDENTIALS, session, servers=Servers(each.url))
                for each in (one, two)
            ]
            runs = [Running(client) for client in clients]
            for run in runs:
                await run.ready()
            await clients[0].set_on(SOCKET, True)
            assert runs[0].device(SOCKET).is_on is True
            assert runs[1].device(SOCKET).is_on is False
            assert two.link.bodies("0006") == []
            for run in runs:
                await run.stop()

    run_real(main())


def test_large_account() -> None:
    """Three hundred devices in one list."""

    async def main() -> None:
        cloud = Cloud()
        cloud.objects = [thing(HUB), *(lamp(f"02{number:012}") for number in range(300))]
        async with at_home(cloud) as (run, _):
            assert len(run.client.devices) == 301
            assert cloud.link.prefixes() == ["0002", "0004"]

    run_real(main())


def test_list_of_many_megabytes() -> None:
    """Sixteen mebibytes are allowed; a limit of one would cut the link each time (§3, #21)."""

    async def main() -> None:
        cloud = Cloud()
        cloud.objects = [lamp(f"02{number:012}", novelty="x" * 7500) for number in range(1900)]
        async with at_home(cloud) as (run, _):
            assert len(run.client.devices) == 1900
            assert len(cloud.links) == 1

    run_real(main())


# --- commands -------------------------------------------------------------------------------


def fresh(device_id: str, /, **members: object) -> dict[str, object]:
    """Build the whole object that a command writes this morning."""
    return thing(device_id, updateTime=MORNING_MS, **members)


COMMANDS: dict[str, tuple[Callable[[HomismartClient], Awaitable[Any]], str, object]] = {
    "on": (
        lambda client: client.set_on(SOCKET, True),
        "0006",
        fresh(SOCKET, power=True, lastOn="2026-04-01 08:00:00"),
    ),
    "off": (lambda client: client.set_on(LIGHT, False), "0006", fresh(LIGHT, power=False)),
    "on again": (
        lambda client: client.set_on(LIGHT, True),
        "0006",
        fresh(LIGHT, power=True, lastOn="2026-04-01 08:00:00"),
    ),
    "toggle": (lambda client: client.toggle(LIGHT), "0006", fresh(LIGHT, power=False)),
    "position": (
        lambda client: client.set_position(CURTAIN, 33),
        "0006",
        fresh(CURTAIN, curtainState="70"),
    ),
    "position 1": (
        lambda client: client.set_position(CURTAIN, 1),
        "0006",
        fresh(CURTAIN, curtainState="100"),
    ),
    "open": (
        lambda client: client.set_position(SHUTTER, 100),
        "0006",
        fresh(SHUTTER, curtainState="0"),
    ),
    "close": (
        lambda client: client.set_position(CURTAIN, 0),
        "0006",
        fresh(CURTAIN, curtainState="100"),
    ),
    "stop": (lambda client: client.stop(CURTAIN), "0006", fresh(CURTAIN, curtainState="99")),
    "lock": (
        lambda client: client.set_locked(DOOR, True),
        "0016",
        {"devid": DOOR, "name": "Street door", "lock": "2", "iconId": "0"},
    ),
    "unlock": (
        lambda client: client.set_locked(DOOR, False),
        "0016",
        {"devid": DOOR, "name": "Street door", "lock": "1", "iconId": "0"},
    ),
    "led": (lambda client: client.set_led(LIGHT, 50), "0030", {"devid": LIGHT, "ledDevice": 50}),
    "closed position": (
        lambda client: client.set_closed_position(CURTAIN, 7),
        "0144",
        {"deviceSN": CURTAIN, "closedPosition": 7},
    ),
    "name": (
        lambda client: client.rename(LIGHT, "  Corridor north "),
        "0016",
        {"devid": LIGHT, "name": "Corridor north", "lock": "1", "iconId": "0"},
    ),
    "name of a hub": (
        lambda client: client.rename(HUB, "Attic unit"),
        "0016",
        {"devid": HUB, "name": "Attic unit", "lock": "1", "iconId": "0"},
    ),
    "icon": (
        lambda client: client.set_icon(LIGHT, "12"),
        "0016",
        {"devid": LIGHT, "name": "Corridor", "lock": "1", "iconId": "12"},
    ),
    "delete": (lambda client: client.delete(SOCKET), "0014", {"devid": SOCKET}),
}


@pytest.mark.parametrize("what", COMMANDS)
def test_commands(what: str) -> None:
    """Each is sent once, also when the stored state says that it changes nothing, and returns when it shows (#4, #6)."""
    call, prefix, body = COMMANDS[what]

    async def main() -> None:
        async with at_home() as (run, cloud):
            await call(run.client)
            assert cloud.link.heard[2:] == [(prefix, body)]

    run_real(main())


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda client: client.switch_all(False), {"action": "0", "type": 10}),
        (lambda client: client.switch_all(True, 1), {"action": "1", "type": 1}),
        (lambda client: client.move_all(opening=True), {"action": "1", "type": 45}),
        (lambda client: client.move_all(opening=False), {"action": "0", "type": 45}),
    ],
    ids=["all off", "sockets on", "open", "close"],
)
def test_groups(call: Callable[[HomismartClient], Awaitable[None]], body: dict[str, Any]) -> None:
    """They return when a device of the group shows it."""

    async def main() -> None:
        async with at_home() as (run, cloud):

            async def together(link: Link, prefix: str, sent: Any) -> None:
                assert (prefix, sent) == ("0138", body)
                for each in cloud.objects:
                    if body["type"] == 45 and each.get("curtainState"):
                        state = "0" if body["action"] == "1" else "100"
                        await cloud.change(link, each["id"], curtainState=state)
                    elif body["type"] in {10, each["type"]} and "power" in each:
                        await cloud.change(link, each["id"], power=body["action"] == "1")

            cloud.react = together
            await call(run.client)
            assert len(cloud.link.bodies("0138")) == 1

    run_real(main())


def test_all_on_opens_no_door() -> None:
    """What "on" for everything does to doors and curtains nobody knows, so it is said type by type of what has a switch."""

    async def main() -> None:
        async with at_home() as (run, cloud):

            async def together(link: Link, prefix: str, sent: Any) -> None:
                for each in cloud.objects:
                    if sent.get("type") in {10, each.get("type")}:
                        await cloud.change(link, each["id"], power=True)

            cloud.react = together
            await run.client.switch_all(True)
            groups = [{"action": "1", "type": number} for number in (1, 2, 6, 7, 8)]
            assert cloud.link.heard[2:] == [("0138", group) for group in groups]
            kinds = {each.kind for each in run.client.devices.values() if each.is_on}
            assert kinds.isdisjoint({Kind.DOOR_LOCK, Kind.CURTAIN, Kind.SHUTTER})

    run_real(main())


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.set_position(CURTAIN, -1),
        lambda client: client.set_position(CURTAIN, 101),
        lambda client: client.set_led(LIGHT, -1),
        lambda client: client.set_led(LIGHT, 101),
        lambda client: client.set_closed_position(CURTAIN, -1),
        lambda client: client.set_closed_position(CURTAIN, 11),
        lambda client: client.rename(LIGHT, ""),
        lambda client: client.rename(LIGHT, " \t"),
        lambda client: client.rename(LIGHT, "\ud800"),
        lambda client: client.set_icon(LIGHT, "\ud800"),
        lambda client: client.delete_timer("\ud800"),
        lambda client: client.delete_device_timers("\ud800"),
        lambda client: client.list_timers("\ud800"),
        lambda client: client.switch_all(True, 4),
        lambda client: client.switch_all(True, 9),
        lambda client: client.switch_all(True, 45),
    ],
    ids=[
        *("position below", "position above", "led below", "led above", "closed below"),
        *("closed above", "no name", "blank name", "broken name", "broken icon", "broken timer"),
        *("broken id", "broken device", "shutters", "doors", "curtains"),
    ],
)
def test_what_cannot_be_asked(call: Callable[[HomismartClient], Awaitable[Any]]) -> None:
    """A programming mistake, which costs neither a frame nor the link."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            with pytest.raises(ValueError):
                await call(run.client)
            await run.client.set_led(LIGHT, 5)
            assert cloud.link.prefixes() == ["0002", "0004", "0030"]

    run_real(main())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, RefusedError),
        (40, DeviceSilentError),
        (72, RefusedError),
        (94, RefusedError),
        (96, RefusedError),
    ],
)
def test_refused_commands(code: int, error: type[CommandError]) -> None:
    """The caller hears of it with the vendor's number, nobody else does; the link stays (§11)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.answering(p0006=[("9999", {"code": code, "info": "free text"})])
            with pytest.raises(error) as caught:
                await run.client.set_on(SOCKET, True)
            assert caught.value.code == code
            assert "free text" not in str(caught.value)
            assert len(cloud.link.bodies("0006")) == 1
            assert run.device(SOCKET).is_on is False
            assert run.device(SOCKET).pending == {}
            assert not [each for each in run.changes if isinstance(each, Failed)]
            await run.client.set_led(SOCKET, 5)
            assert len(cloud.links) == 1

    run_real(main())


def test_errors_that_belong_to_nothing() -> None:
    """They are told to whoever listens (§12)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.say("9999", {"code": 15})
            await until(lambda: run.changes[-1] == Failed(15))

    run_real(main())


def test_unanswered_command() -> None:
    """Ten seconds, then the list decides; the caller hears within half a minute at most (#4)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0006")
            started = now()
            with pytest.raises(UnansweredError):
                await run.client.set_on(SOCKET, True)
            assert 10 <= now() - started < 10.5
            assert cloud.link.prefixes() == ["0002", "0004", "0006", "0004"]
            assert run.device(SOCKET).pending == {}
            await cloud.link.push(SOCKET, power=True)
            await until(lambda: run.device(SOCKET).is_on)
            assert run.client.connected

    run_virtual(main())


def test_carried_out_without_a_report() -> None:
    """The list shows it: that is success."""

    async def main() -> None:
        async with at_home() as (run, cloud):

            async def mute(link: Link, prefix: str, body: Any) -> None:
                if prefix == "0006":
                    cloud.find(SOCKET)["power"] = body["power"]
                else:
                    await cloud.obey(link, prefix, body)

            cloud.react = mute
            await run.client.set_on(SOCKET, True)
            assert run.device(SOCKET).is_on is True

    run_virtual(main())


@pytest.mark.parametrize("stuck", ["pongs", "dead"])
def test_commands_on_a_link_that_is_dead_but_not_closed(stuck: str) -> None:
    """An error to the caller, in bounded time; a server that answers only pings is found out by it (#14, #15)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0006", "0004", "0030")
            cloud.pongs = stuck == "pongs"
            started = now()
            outcomes = await asyncio.gather(
                run.client.set_on(SOCKET, True),
                run.client.set_led(LIGHT, 5),
                return_exceptions=True,
            )
            assert {type(each) for each in outcomes} <= {UnansweredError, LinkClosedError}
            assert now() - started <= 30
            cloud.react, cloud.pongs = cloud.obey, True
            await run.lost()
            assert isinstance(run.client.last_error, PeerSilentError)
            await run.back()
            await run.client.set_on(SOCKET, True)

    run_virtual(main())


@pytest.mark.parametrize("end", ["close", "abort", "redirect", "refused", "session refused"])
def test_commands_in_flight_when_the_link_drops(end: str) -> None:
    """They fail at once and are never silently repeated: a garage door is not idempotent."""

    async def main() -> None:
        async with Cloud() as other, at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0006", "0030")
            callers = [
                asyncio.create_task(call)
                for call in (
                    run.client.set_on(SOCKET, True),
                    run.client.set_led(SOCKET, 5),
                    run.client.set_on(DOOR, True),
                )
            ]
            await until(lambda: len(cloud.link.bodies("0006")) == 2)
            match end:
                case "close":
                    await cloud.link.close(1001)
                case "abort":
                    cloud.link.abort()
                case "redirect":
                    await cloud.link.say("0039", {"ip": "127.0.0.1", "port": str(other.port)})
                case "refused":
                    await cloud.link.say("0003", {"result": False})
                case _:
                    await cloud.link.say("9999", {"code": 2})
            outcomes = await asyncio.gather(*callers, return_exceptions=True)
            assert [type(each) for each in outcomes] == [LinkClosedError] * 3
            assert all(device.pending == {} for device in run.client.devices.values())
            if end != "refused":
                await run.back()
                await asyncio.sleep(0.05)
            repeated = [link.bodies("0006") for link in (*cloud.links[1:], *other.links)]
            assert not any(repeated)

    run_real(main())


def test_cancelled_caller() -> None:
    """A command that has left stays sent; its report harms nobody."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0006")
            caller = asyncio.create_task(run.client.set_on(SOCKET, True))
            await until(lambda: cloud.link.bodies("0006"))
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            await cloud.link.push(SOCKET, power=True)
            await until(lambda: run.device(SOCKET).is_on)
            assert run.device(SOCKET).pending == {}
            assert run.client._waiters == {}

    run_real(main())


def test_cancelled_caller_withdraws_what_waits() -> None:
    """What has not left is not sent for somebody who is gone: a door would open minutes later."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0016")
            first = asyncio.create_task(run.client.rename(DOOR, "Gate"))
            await until(lambda: cloud.link.bodies("0016"))
            second = asyncio.create_task(run.client.set_on(DOOR, True))
            await until(lambda: "is_on" in run.device(DOOR).pending)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(second, 1)
            await until(lambda: "is_on" not in run.device(DOOR).pending, 1)
            cloud.react = cloud.obey
            await cloud.link.push(DOOR, name="Gate")
            await first
            await asyncio.sleep(30)
            assert cloud.link.bodies("0006") == []

    run_virtual(main())


def test_one_of_several_callers_leaves() -> None:
    """The merged command is still sent for those who stay."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0030")
            first = asyncio.create_task(run.client.set_led(SOCKET, 1))
            await until(lambda: cloud.link.bodies("0030"))
            callers = [asyncio.create_task(run.client.set_on(SOCKET, True)) for _ in range(3)]
            await asyncio.sleep(0.1)
            callers[0].cancel()
            await asyncio.sleep(0.1)
            await cloud.link.push(SOCKET, led=1)
            await first
            await asyncio.gather(*callers[1:])
            assert len(cloud.link.bodies("0006")) == 1

    run_virtual(main())


def test_two_quick_toggles() -> None:
    """Each is the opposite of what the one before will have done, also within one turn of the loop."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await asyncio.gather(run.client.toggle(SOCKET), run.client.toggle(SOCKET))
            assert [body["power"] for body in cloud.link.bodies("0006")] == [True, False]
            first = asyncio.create_task(run.client.toggle(SOCKET))
            await asyncio.sleep(0)
            await asyncio.gather(first, run.client.toggle(SOCKET), run.client.toggle(SOCKET))
            assert [body["power"] for body in cloud.link.bodies("0006")[2:]] == [True, False, True]
            assert run.device(SOCKET).is_on is True

    run_real(main())


@pytest.mark.parametrize("order", ["led first", "power first"])
def test_two_quick_commands(order: str) -> None:
    """A light is dimmed to nothing and switched on: both are as wanted in the end (§16.2 #5)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            calls = [run.client.set_led(SOCKET, 40), run.client.set_on(SOCKET, True)]
            await asyncio.gather(*(calls if order == "led first" else reversed(calls)))
            assert (cloud.find(SOCKET)["led"], cloud.find(SOCKET)["power"]) == (40, True)
            assert (run.device(SOCKET).led, run.device(SOCKET).is_on) == (40, True)

    run_real(main())


def test_everything_of_one_device_at_once() -> None:
    """Whole objects and single members in any mixture: in the end all of it holds."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            client = run.client
            await asyncio.gather(
                client.set_led(CURTAIN, 40),
                client.set_position(CURTAIN, 0),
                client.rename(CURTAIN, "Window"),
                client.set_on(CURTAIN, True),
                client.set_closed_position(CURTAIN, 4),
                client.set_locked(CURTAIN, True),
                client.set_icon(CURTAIN, "7"),
            )
            found = cloud.find(CURTAIN)
            assert {name: found[name] for name in ("led", "curtainState", "name", "power")} == {
                "led": 40,
                "curtainState": "100",
                "name": "Window",
                "power": True,
            }
            assert (found["closedPosition"], found["lock"], found["iconId"]) == (4, "2", "7")

    run_real(main())


def test_two_controllers() -> None:
    """Two clients of one home, as app and Home Assistant are: each carries what the other did before (§10.1)."""

    async def main() -> None:
        async with at_home() as (one, cloud), running(cloud.url) as two:
            links = cloud.links[:2]

            async def tell_all(link: Link, prefix: str, body: Any) -> None:
                if prefix == "0006":
                    cloud.find(body["id"]).update(body)
                elif prefix == "0030":
                    cloud.find(body["devid"])["led"] = body["ledDevice"]
                else:
                    await cloud.obey(link, prefix, body)
                    return
                for each in links:
                    await each.say("0009", cloud.find(CURTAIN))

            cloud.react = tell_all
            await one.client.set_position(CURTAIN, 0)
            await until(lambda: two.device(CURTAIN).level == 100)
            await two.client.set_led(CURTAIN, 40)
            await until(lambda: one.device(CURTAIN).led == 40)
            await one.client.set_on(CURTAIN, True)
            await until(lambda: two.device(CURTAIN).is_on)
            await two.client.set_position(CURTAIN, 50)
            found = cloud.find(CURTAIN)
            assert (found["curtainState"], found["led"], found["power"]) == ("50", 40, True)

    run_real(main())


def test_slider() -> None:
    """A drag over the whole range: the first and the last position are sent, all callers are content."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            callers = [
                run.client.set_position(CURTAIN, position) for position in range(100, -1, -1)
            ]
            await asyncio.gather(*callers)
            assert [body["curtainState"] for body in cloud.link.bodies("0006")] == ["0", "100"]
            assert all(body["curtainState"] != "99" for body in cloud.link.bodies("0006"))

    run_real(main())


def test_stop_ends_a_drag() -> None:
    """The held level is given up, its caller told; the curtain does not run off after the stop."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0006")
            drag = [
                asyncio.create_task(run.client.set_position(CURTAIN, each)) for each in (10, 20, 30)
            ]
            await until(lambda: cloud.link.bodies("0006"))
            stop = asyncio.create_task(run.client.stop(CURTAIN))
            outcomes = await asyncio.gather(*drag, return_exceptions=True)
            assert [type(each) for each in outcomes] == [SupersededError] * 3
            await until(lambda: len(cloud.link.bodies("0006")) == 2)
            await cloud.link.push(CURTAIN, curtainState="245")
            await stop
            assert (run.device(CURTAIN).level, run.device(CURTAIN).motion) == (45, None)
            assert [body["curtainState"] for body in cloud.link.bodies("0006")] == ["90", "99"]

    run_real(main())


def test_many_commands_at_once() -> None:
    """All off by a scene: ten frames a second, nobody is forgotten."""

    async def main() -> None:
        cloud = Cloud()
        ids = [f"02{number:012}" for number in range(45)]
        cloud.objects = [lamp(device_id, power=True) for device_id in ids]
        async with at_home(cloud) as (run, _):
            await asyncio.sleep(2)
            started = now()
            await asyncio.gather(*(run.client.set_on(device_id, False) for device_id in ids))
            assert 3.9 <= now() - started <= 5.5
            assert [body["id"] for body in cloud.link.bodies("0006")] == ids
            assert not any(device.is_on for device in run.client.devices.values())

    run_virtual(main())


def test_local_time_of_the_home() -> None:
    """``lastOn`` is what the clock on the wall says, which the consumer knows (#22)."""

    async def main() -> None:
        wall = datetime(2026, 7, 1, 23, 30, tzinfo=timezone(timedelta(hours=3)))
        async with at_home(wall=lambda: wall) as (run, cloud):
            await run.client.set_on(SOCKET, True)
            (body,) = cloud.link.bodies("0006")
            assert body["lastOn"] == "2026-07-01 23:30:00"
            assert body["updateTime"] == int(wall.timestamp() * 1000)

    run_real(main())


def test_clock_of_this_machine() -> None:
    """Without a wall the machine's own local time is taken."""

    async def main() -> None:
        async with Cloud() as cloud, aiohttp.ClientSession() as session:
            run = Running(HomismartClient(CREDENTIALS, session, servers=Servers(cloud.url)))
            await run.ready()
            await run.client.set_on(SOCKET, True)
            (body,) = cloud.link.bodies("0006")
            assert abs(body["updateTime"] / 1000 - datetime.now().timestamp()) < 60
            told = datetime.strptime(body["lastOn"], "%Y-%m-%d %H:%M:%S")
            assert abs(told - datetime.now()) < timedelta(seconds=60)
            await run.stop()

    run_real(main())


# --- timers and scenes ----------------------------------------------------------------------


def test_lists_nobody_knows_the_shape_of() -> None:
    """They are handed on as they are (§10.8)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.answering(
                p0044=[("0045", [{"id": "7"}])],
                p0028=[("0029", [])],
                p0112=[("0113", {"scenes": None})],
                p0022=[("0023", {"result": True})],
                p0024=[("0025", {"result": True})],
            )
            client = run.client
            assert await client.list_timers() == [{"id": "7"}]
            assert await client.list_timers(LIGHT) == []
            assert await client.list_scenes() == {"scenes": None}
            await client.delete_timer("7")
            await client.delete_device_timers(LIGHT)
            assert cloud.link.heard[2:] == [
                ("0044", {}),
                ("0028", {"devid": LIGHT}),
                ("0112", {}),
                ("0022", {"id": "7"}),
                ("0024", {"deviceSN": LIGHT}),
            ]

    run_real(main())


@pytest.mark.parametrize("answer", [{"result": False}, {"result": "false"}], ids=["bool", "text"])
def test_deleting_a_timer_that_is_not_there(answer: object) -> None:
    """A result of false is no success."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.answering(p0022=[("0023", answer)], p0024=[("0025", answer)])
            with pytest.raises(RefusedError):
                await run.client.delete_timer("7")
            with pytest.raises(RefusedError):
                await run.client.delete_device_timers(LIGHT)

    run_real(main())


# --- listeners ------------------------------------------------------------------------------


def test_pushes_reach_every_listener_in_order() -> None:
    """Two listeners see the same; one that leaves sees no more; the state is new when they are told."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            first: list[Change] = []
            second: list[Change] = []
            stored: list[bool | None] = []
            leave = run.client.subscribe(first.append)
            run.client.subscribe(second.append)
            run.client.subscribe(lambda change: stored.append(run.device(LIGHT).is_on))
            for on in (False, True):
                await cloud.link.push(LIGHT, power=on)
            await until(lambda: len(second) == 2)
            assert first == second
            assert stored == [False, True]
            leave()
            leave()
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: len(second) == 3)
            assert len(first) == 2

    run_real(main())


def test_same_listener_twice() -> None:
    """Each subscription is its own."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            seen: list[Change] = []
            leave = run.client.subscribe(seen.append)
            run.client.subscribe(seen.append)
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: len(seen) == 2)
            leave()
            await cloud.link.push(LIGHT, power=True)
            await until(lambda: len(seen) == 3)

    run_real(main())


def test_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Its fault is logged, costs the others nothing, and the link goes on (§8)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            seen: list[Change] = []

            def fail(change: Change) -> None:
                raise RuntimeError("of the listener")

            leave = run.client.subscribe(fail)
            run.client.subscribe(seen.append)
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: seen)
            leave()
            assert run.client.connected

    run_real(main())
    assert [each.levelname for each in caplog.records if "listener" in each.message] == ["ERROR"]


def test_listener_that_leaves_while_told() -> None:
    """Coming and going within a call is harmless."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            seen: list[Change] = []

            def once(change: Change) -> None:
                seen.append(change)
                leave()

            leave = run.client.subscribe(once)
            run.client.subscribe(lambda change: run.client.subscribe(lambda other: None)())
            before = len(run.changes)
            await cloud.link.push(LIGHT, power=False)
            await cloud.link.push(LIGHT, power=True)
            await until(lambda: len(run.changes) == before + 2)
            assert len(seen) == 1

    run_real(main())


def test_repeats_are_no_news() -> None:
    """A push that says what is known tells nobody anything."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            before = len(run.changes)
            for _ in range(5):
                await cloud.link.say("0009", thing(LIGHT))
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert len(run.changes) == before + 1

    run_real(main())


def test_unknown_things_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Prefixes, types and codes that nobody knows, once each, at debug, without what they carry (§18, #20)."""
    caplog.set_level(logging.DEBUG, logger="custom_components.homismart")

    async def main() -> None:
        async with at_home() as (run, cloud):
            for _ in range(3):
                await cloud.link.say("0777", {"secret": "of the peer"})
                await cloud.link.say("0009", lamp("77", type=77))
                await cloud.link.say("9999", {"code": 12345, "info": "of the peer"})
                await cloud.link.text("no frame of the peer")
            for number in range(300):
                await cloud.link.say(f"{1000 + number:04}", {})
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert len(run.client.statistics.unknown) <= 100
            assert run.client.statistics.unknown["0777"] == 3

    run_real(main())
    lines = [each.getMessage() for each in caplog.records]
    for what in ("0777", "type 77", "12345"):
        assert sum(what in line for line in lines) == 1, what
    assert not any("of the peer" in line for line in lines)
    assert len(lines) < 120
    assert {each.levelno for each in caplog.records} == {logging.DEBUG}


# --- the home changes -----------------------------------------------------------------------


def test_a_device_that_appears() -> None:
    """By a push with a type, by an add answer, or by the list: told once (§8, #8)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.say("0009", lamp("02a"))
            await cloud.link.say("0013", {"result": True, "status": lamp("02b")})
            await cloud.link.say("0013", {"result": False})
            await until(lambda: len(run.added()) == 15)
            cloud.objects += [lamp("02a"), lamp("02b"), lamp("02c")]
            await run.client.refresh()
            assert run.added()[13:] == ["02a", "02b", "02c"]
            assert run.removed() == []

    run_real(main())


def test_a_partial_push_of_an_unknown_device() -> None:
    """It is held back until the list tells what it is, which is asked for within half a minute (#8)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.objects.append(lamp("02x", power=True))
            await cloud.link.push("02x", power=True)
            await asyncio.sleep(0.1)
            assert "02x" not in run.client.devices
            await until(lambda: "02x" in run.client.devices, 31)
            assert run.added()[13:] == ["02x"]
            assert run.device("02x").kind is Kind.LIGHT_SWITCH
            assert run.device("02x").is_on is True
            assert len(cloud.link.bodies("0004")) == 2

    run_virtual(main())


def test_a_device_that_goes() -> None:
    """By a delete answer, or by a list that lacks it."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.say("0015", {"result": True, "status": {"id": STAIRS}})
            await cloud.link.say("0015", {"result": False})
            await until(lambda: run.removed() == [STAIRS])
            cloud.objects = [each for each in cloud.objects if each["id"] not in {STAIRS, DESK}]
            await run.client.refresh()
            assert run.removed() == [STAIRS, DESK]

    run_real(main())


@pytest.mark.parametrize("listed", [[], [LIGHT, HUB]], ids=["empty", "few"])
def test_doubtful_list_is_confirmed_after_ten_seconds(listed: list[str]) -> None:
    """One that lacks more than half of the home removes nothing until another says so later (mapping §6)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.objects = [each for each in objects() if each["id"] in listed]
            await run.client.refresh()
            assert run.removed() == []
            await asyncio.sleep(1)
            await run.client.refresh()
            assert run.removed() == []
            await asyncio.sleep(8.8)
            assert run.removed() == []
            await until(lambda: len(run.removed()) == 13 - len(listed), 1.5)
            assert set(run.client.devices) == set(listed)

    run_virtual(main())


def test_doubtful_list_that_was_a_hiccup() -> None:
    """The next one has everything: nothing has happened."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.objects = []
            await run.client.refresh()
            cloud.objects = objects()
            await asyncio.sleep(30)
            assert run.removed() == []
            cloud.objects = []
            await run.client.refresh()
            await asyncio.sleep(5)
            assert run.removed() == []

    run_virtual(main())


def test_doubtful_list_after_a_reconnection() -> None:
    """The doubt outlives the link; the home does not go because a new link began with a hiccup."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.objects = []
            cloud.link.abort()
            await run.lost()
            await run.back()
            assert run.removed() == []
            await until(lambda: len(run.removed()) == 13, 15)

    run_virtual(main())


def test_a_hub_goes_and_comes_back() -> None:
    """Everything behind it follows, whatever its own ``onLine`` says (§7.2)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(HUB, onLine=False)
            await until(lambda: not any(run.device(each).reachable for each in BEHIND_HUB))
            assert run.device(GATE).reachable is False
            await cloud.link.push(HUB, onLine=True)
            await until(lambda: all(run.device(each).reachable for each in BEHIND_HUB))
            for each in BEHIND_HUB:
                assert run.fields(each) == [{"reachable"}, {"reachable"}]

    run_real(main())


def test_a_device_that_becomes_another() -> None:
    """Its kind is told (mapping §6)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(LIGHT, type=1)
            await until(lambda: run.device(LIGHT).kind is Kind.SOCKET)
            assert run.fields(LIGHT) == [{"kind", "type_number"}]

    run_real(main())


def test_renamed_in_the_app() -> None:
    """Name, icon and version are news like any other."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(GARDEN_HUB, name="Shed", iconId=4, version=15)
            await until(lambda: run.fields(GARDEN_HUB))
            assert run.fields(GARDEN_HUB) == [{"name", "icon_id", "version"}]

    run_real(main())


def test_text_typed() -> None:
    """A light that is "false" is off (#10)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(LIGHT, power="false", onLine="false")
            await until(lambda: run.device(LIGHT).is_on is False)
            assert run.device(LIGHT).reachable is False

    run_real(main())


def test_one_bad_entry() -> None:
    """A number for an id, and things that are no objects: the rest of the list counts (#9)."""

    async def main() -> None:
        cloud = Cloud()
        cloud.objects = [1, {"name": "no id"}, lamp("x", id=12345), *objects()]  # type: ignore[list-item]
        async with at_home(cloud) as (run, _):
            assert len(run.client.devices) == 14
            cloud.objects = [lamp("x", id=12345), *objects()]
            cloud.react = cloud.answering(p0006=[("0009", {"id": 12345, "power": False})])
            await run.client.set_on("12345", False)
            assert cloud.link.bodies("0006")[0]["id"] == 12345

    run_real(main())


# --- curtains -------------------------------------------------------------------------------


def motion(run: Running) -> Motion | None:
    """Tell which way the curtain moves."""
    return run.device(CURTAIN).motion


def test_movement() -> None:
    """From the command over the movement to rest, the position the right way round (§7.3)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await run.client.set_position(CURTAIN, 0)
            device = run.device(CURTAIN)
            assert (device.position, device.motion, device.is_closed) == (0, Motion.CLOSING, False)
            await cloud.link.push(CURTAIN, curtainState="300")
            await until(lambda: run.device(CURTAIN).is_closed)
            assert motion(run) is None

    run_real(main())


def test_a_movement_that_is_never_ended() -> None:
    """After ninety seconds it is not moving any more, nobody knows where it stands, and the list is read once (§7.3)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(CURTAIN, curtainState="100")
            await until(lambda: motion(run) is Motion.CLOSING)
            lists = len(cloud.link.bodies("0004"))
            cloud.react = cloud.ignoring("0004")
            await asyncio.sleep(89.8)
            assert motion(run) is Motion.CLOSING
            await until(lambda: motion(run) is None, 1)
            assert run.device(CURTAIN).level is None
            assert run.device(CURTAIN).is_closed is None
            await until(lambda: len(cloud.link.bodies("0004")) == lists + 1, 1)
            cloud.objects = [
                thing(CURTAIN, curtainState="260") if each["id"] == CURTAIN else each
                for each in objects()
            ]
            await cloud.obey(cloud.link, "0004", {})
            await until(lambda: run.device(CURTAIN).level == 60)

    run_virtual(main())


@pytest.mark.parametrize("listed", ["-1", "150", "80", "x"])
def test_movement_ends_although_the_link_was_lost(listed: str) -> None:
    """The limit does not die with the connection on which the movement began."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(CURTAIN, curtainState="100")
            await until(lambda: motion(run) is Motion.CLOSING)
            cloud.find(CURTAIN)["curtainState"] = listed
            cloud.link.abort()
            await run.lost()
            await run.back()
            await until(lambda: motion(run) is None, 100)

    run_virtual(main())


def test_reversed_movement_gets_its_own_limit() -> None:
    """What is sent back at the eighty-fifth second moves on; ninety seconds count from there."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.push(CURTAIN, curtainState="100")
            await asyncio.sleep(85)
            await cloud.link.push(CURTAIN, curtainState="0")
            await until(lambda: motion(run) is Motion.OPENING)
            await asyncio.sleep(80)
            assert motion(run) is Motion.OPENING
            await until(lambda: motion(run) is None, 11)

    run_virtual(main())


def test_lists_do_not_prolong_a_movement() -> None:
    """However often the list is read and however little it says."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.find(CURTAIN)["curtainState"] = "-1"
            await cloud.link.push(CURTAIN, curtainState="100")
            await until(lambda: motion(run) is Motion.CLOSING)
            for _ in range(9):
                await asyncio.sleep(10)
                await run.client.refresh()
            await until(lambda: motion(run) is None, 2)

    run_virtual(main())


# --- the link -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["close", "abort"])
def test_resync_after_an_outage(end: str) -> None:
    """What changed meanwhile is told like pushes, between the word of the loss and that of the return (#16)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            before = len(run.changes)
            if end == "close":
                await cloud.link.close(1001)
            else:
                cloud.link.abort()
            cloud.objects = [thing(LIGHT, power=False), *objects()[3:], lamp("02new")]
            cloud.objects += [thing(HUB), thing(GARDEN_HUB)]
            cloud.objects.remove(thing(DESK))
            await run.lost()
            assert run.device(LIGHT).is_on is True
            await run.back()
            kinds = [type(each) for each in run.changes[before:]]
            assert kinds == [LinkChanged, DeviceChanged, DeviceAdded, DeviceRemoved, LinkChanged]
            assert len(cloud.logins()) == 2
            assert run.links() == [True, False, True]

    run_virtual(main())


def test_reason_of_the_loss() -> None:
    """Who listens learns why."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.close(1001)
            await run.lost()
            (loss,) = [
                each for each in run.changes if isinstance(each, LinkChanged) and not each.connected
            ]
            assert isinstance(loss.error, LinkClosedError)
            assert run.client.last_error is loss.error
            await run.back()
            assert run.client.last_error is None
            assert run.client.statistics.drops == {"LinkClosedError": 1}

    run_virtual(main())


def test_idle_link_stays_up() -> None:
    """Half an hour without news: pings, heartbeats, a list every ten minutes, and one connection."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await asyncio.sleep(1830)
            assert len(cloud.links) == 1
            assert len(cloud.link.bodies("0004")) == 4
            assert 55 <= len(cloud.link.bodies("0072")) <= 61
            assert 85 <= cloud.link.pings <= 92
            assert run.links() == [True]

    run_virtual(main())


def test_list_interval_is_the_users() -> None:
    """An option of Home Assistant sets it."""

    async def main() -> None:
        async with at_home(list_interval_s=120) as (_, cloud):
            await asyncio.sleep(361)
            assert len(cloud.link.bodies("0004")) == 4

    run_virtual(main())


@pytest.mark.parametrize("manner", ["dead", "stuck"])
def test_half_open_link(manner: str) -> None:
    """A peer that vanished is noticed within half a minute, one that only answers pings by the list (#14, #15)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.ignoring("0004", "0072")
            cloud.pongs = manner == "stuck"
            least, most = (20, 31) if manner == "dead" else (600, 646)
            await asyncio.sleep(least)
            assert run.client.connected
            await until(lambda: not run.client.connected, most - least)
            assert isinstance(run.client.last_error, PeerSilentError)
            cloud.react, cloud.pongs = cloud.obey, True
            await run.back()

    run_virtual(main())


def test_everything_but_auth_is_retried_for_ever() -> None:
    """Whatever goes wrong, the waits grow to five minutes and the client comes back (§15)."""

    async def main() -> None:
        cloud = Cloud()
        troubles: list[Callable[[Link], Awaitable[None]]] = [
            lambda link: link.close(),
            lambda link: link.say("9999", {"code": 1}),
            lambda link: link.say("9999", {"code": 12345}),
            lambda link: link.text("0003{"),
            lambda link: asyncio.sleep(0),
        ]

        async def trouble(link: Link, prefix: str, body: Any) -> None:
            if prefix == "0002" and len(cloud.links) <= 12:
                await troubles[len(cloud.links) % len(troubles)](link)
            else:
                await cloud.obey(link, prefix, body)

        cloud.react = trouble
        async with at_home(cloud, ready=False, backoff=STEADY) as (run, _):
            await until(lambda: run.client.connected, 4000)
            assert len(cloud.links) == 13

    run_virtual(main())


def test_waits() -> None:
    """5, 10, 20 ... 300 seconds, times 1.0 to 1.25; at most five minutes and a quarter (§14)."""

    async def main(factor: float) -> list[float]:
        cloud = Cloud()
        cloud.on_upgrade = lambda request: web.Response(status=500)
        backoff = exponential_backoff(
            FIRST_DELAY_S,
            MAX_DELAY_S,
            BACKOFF_SPREAD,
            lambda low, high: high if factor > 1 else low,
        )
        async with at_home(cloud, ready=False, backoff=backoff):
            await until(lambda: len(cloud.attempts) == 10, 5000)
            return [later - sooner for sooner, later in pairwise(cloud.attempts)]

    for factor in (1.0, 1.25):
        expected = [seconds * factor for seconds in (5, 10, 20, 40, 80, 160, 300, 300, 300)]
        assert run_virtual(main(factor)) == pytest.approx(expected, abs=0.5)


def test_waits_of_a_client_by_default() -> None:
    """They are these, and not the same for everybody."""

    async def main() -> list[float]:
        cloud = Cloud()
        cloud.on_upgrade = lambda request: web.Response(status=500)
        async with cloud, aiohttp.ClientSession() as session:
            run = Running(HomismartClient(CREDENTIALS, session, servers=Servers(cloud.url)))
            await until(lambda: len(cloud.attempts) == 5, 500)
            await run.stop()
            return [later - sooner for sooner, later in pairwise(cloud.attempts)]

    waits = run_virtual(main())
    for wait, expected in zip(waits, (5, 10, 20, 40), strict=True):
        assert expected <= wait <= expected * 1.25 + 0.5
    assert waits != run_virtual(main())


@pytest.mark.parametrize(("alive_s", "healthy"), [(0, False), (50, False), (59, False), (61, True)])
def test_waits_begin_anew_after_a_healthy_link(alive_s: int, healthy: bool) -> None:
    """A minute of being logged in, not a login, makes a link healthy (§14)."""

    async def main() -> None:
        async with at_home(backoff=STEADY) as (run, cloud):
            for expected in [5] * 4 if healthy else [5, 10, 20, 40]:
                await asyncio.sleep(alive_s)
                cloud.link.abort()
                await run.lost()
                started = now()
                await run.back(60)
                assert now() - started == pytest.approx(expected, abs=1)

    run_virtual(main())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "least"), [("0", 0), ("120", 119), ("", 0), ("soon", 0)])
def test_a_server_cannot_ask_for_a_storm(status: int, asked: str, least: float) -> None:
    """Retry-After makes waits longer, never shorter."""

    async def main() -> None:
        cloud = Cloud()
        headers = {"Retry-After": asked} if asked else {}
        cloud.on_upgrade = lambda request: web.Response(status=status, headers=headers)
        async with at_home(cloud, ready=False, backoff=STEADY) as (run, _):
            await until(lambda: len(cloud.attempts) == 3, 500)
            for sooner, later in pairwise(cloud.attempts):
                assert later - sooner >= max(4.9, least)
            if asked.isdigit() or status == 429:
                assert isinstance(run.client.last_error, ThrottledError)
            else:
                assert isinstance(run.client.last_error, ConnectError)

    run_virtual(main())


def test_one_connection_at_a_time() -> None:
    """After an outage there is one link, and every push comes once."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            for _ in range(3):
                cloud.link.abort()
                await run.lost()
                await run.back()
            await asyncio.sleep(5)
            assert sum(not link.ended.is_set() for link in cloud.links) == 1
            before = len(run.changes)
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: len(run.changes) > before)
            await asyncio.sleep(1)
            assert len(run.changes) == before + 1

    run_virtual(main())


# --- credentials ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "error"),
    [
        ([("0003", {"result": False})], AuthError),
        ([("0003", {})], AuthError),
        ([("9999", {"code": 2})], AuthError),
        ([("9999", {"code": "3"})], AuthError),
        ([("9999", {"code": 54})], AuthError),
        ([("9999", {"code": 9})], AuthError),
        ([("9999", {"code": 11})], AuthError),
        ([("9999", {"code": 24})], VerificationError),
        ([("9999", {"code": 41})], VerificationError),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else None,
)
def test_wrong_password(frames: list[tuple[str, object]], error: type[AuthError]) -> None:
    """One attempt, one error at once; nothing is tried again, however long one waits (#1, #2)."""

    async def main() -> None:
        cloud = Cloud()
        cloud.react = cloud.answering(p0002=frames)
        async with at_home(cloud, ready=False) as (run, _):
            started = now()
            with pytest.raises(error):
                await run.client.ready()
            assert now() - started < 1
            assert type(await run.end()) is error
            with pytest.raises(error):
                await run.client.ready()
            await asyncio.sleep(4000)
            assert len(cloud.attempts) == 1
            assert isinstance(run.client.last_error, error)

    run_virtual(main())


def test_password_changed_while_connected() -> None:
    """The server says so in mid-session: that is the end, with one word of the loss (#3)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            await cloud.link.say("0003", {"result": False})
            assert isinstance(await run.end(), AuthError)
            assert run.links() == [True, False]
            await asyncio.sleep(1000)
            assert len(cloud.attempts) == 1

    run_virtual(main())


def test_password_changed_during_an_outage() -> None:
    """The next login is refused: the end as well (#3)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            cloud.react = cloud.answering(p0002=[("0003", {"result": False})])
            cloud.link.abort()
            assert isinstance(await run.end(), AuthError)
            assert len(cloud.attempts) == 2

    run_virtual(main())


@pytest.mark.parametrize("holds", [True, False], ids=["good", "bad"])
def test_auth_code_in_mid_session(holds: bool) -> None:
    """A new login tells whether the credentials still hold, once; a loop of refusals backs off."""

    async def main() -> None:
        async with at_home(backoff=STEADY) as (run, cloud):
            if not holds:
                cloud.react = cloud.answering(p0002=[("9999", {"code": 2})])
            await cloud.link.say("9999", {"code": 2})
            if holds:
                await run.lost()
                assert isinstance(run.client.last_error, SessionRefusedError)
                await run.back()
            else:
                assert isinstance(await run.end(), AuthError)
            assert len(cloud.attempts) == 2

    run_virtual(main())


def test_sessions_that_never_last() -> None:
    """Let in, listed, refused, again and again: logins stay few."""

    async def main() -> None:
        cloud = Cloud()

        async def refuse(link: Link, prefix: str, body: Any) -> None:
            await cloud.obey(link, prefix, body)
            if prefix == "0004":
                await link.say("9999", {"code": 2})

        cloud.react = refuse
        async with at_home(cloud, ready=False, backoff=STEADY):
            await asyncio.sleep(600)
            assert len(cloud.attempts) <= 8

    run_virtual(main())


@pytest.mark.parametrize("end", ["close", "abort"])
def test_three_hang_ups(end: str) -> None:
    """Three logins in a row answered by hanging up may mean refused credentials; it goes on, slowly (§4)."""

    async def main() -> None:
        cloud = Cloud()
        deaf = True

        async def hang_up(link: Link, prefix: str, body: Any) -> None:
            if not deaf:
                await cloud.obey(link, prefix, body)
            elif end == "close":
                await link.close(1008)
            else:
                link.abort()

        cloud.react = hang_up
        async with at_home(cloud, ready=False) as (run, _):
            await until(lambda: len(cloud.attempts) == 2, 30)
            await asyncio.sleep(0.5)
            assert type(run.client.last_error) is LinkClosedError
            await until(lambda: isinstance(run.client.last_error, SessionRefusedError), 30)
            assert len(cloud.attempts) == 3
            assert not run.task.done()
            await asyncio.sleep(290)
            assert len(cloud.attempts) == 3
            await asyncio.sleep(20)
            assert len(cloud.attempts) == 4
            deaf = False
            await run.back(400)
            deaf = True
            cloud.link.abort()
            await until(lambda: len(cloud.attempts) == 6, 30)
            await asyncio.sleep(0.5)
            assert type(run.client.last_error) is LinkClosedError

    run_virtual(main())


def test_hang_ups_after_the_login_are_something_else() -> None:
    """They say nothing about the password."""

    async def main() -> None:
        cloud = Cloud()

        async def hang_up(link: Link, prefix: str, body: Any) -> None:
            if prefix == "0004":
                link.abort()
            else:
                await cloud.obey(link, prefix, body)

        cloud.react = hang_up
        async with at_home(cloud, ready=False) as (run, _):
            await until(lambda: len(cloud.attempts) == 8, 100)
            assert set(run.client.statistics.drops) == {"LinkClosedError"}

    run_virtual(main())


# --- terms ----------------------------------------------------------------------------------


def terms(run: Running) -> list[bool]:
    """Give what was told about the terms of use."""
    return [each.required for each in run.changes if isinstance(each, TermsChanged)]


class TermsCloud(Cloud):
    """A cloud whose terms of use have changed."""

    def __init__(self, *, withhold: bool = True) -> None:
        """Want a confirmation."""
        super().__init__()
        self.wanted = True
        self.withhold = withhold
        self.react = self.insist

    async def insist(self, link: Link, prefix: str, body: Any) -> None:
        """Withhold the list until the terms are confirmed."""
        if prefix == "0002" and self.wanted:
            await link.say("0003", {"result": True, "shouldConfirmTerms": 1})
        elif prefix == "0222":
            self.wanted = False
            await link.say("0223", {"result": True})
        elif prefix != "0004" or not self.wanted or not self.withhold:
            await self.obey(link, prefix, body)


def test_terms_accepted_beforehand() -> None:
    """Confirmed, then listed: a withheld list does not hang the client (#12)."""

    async def main() -> None:
        async with at_home(TermsCloud(), accept_terms=True) as (run, cloud):
            assert cloud.link.prefixes() == ["0002", "0222", "0004"]
            assert terms(run) == []
            assert not run.client.terms_required

    run_virtual(main())


def test_terms_accepted_later() -> None:
    """The user is asked, and the list comes as soon as he agrees (mapping §4)."""

    async def main() -> None:
        async with at_home(TermsCloud(), ready=False) as (run, cloud):
            await until(lambda: run.client.terms_required)
            assert terms(run) == [True]
            await asyncio.sleep(20)
            assert "0222" not in cloud.link.prefixes()
            started = now()
            run.client.confirm_terms()
            await run.ready()
            assert now() - started < 1
            assert terms(run) == [True, False]
            assert len(cloud.links) == 1
            cloud.wanted = True
            cloud.link.abort()
            await until(lambda: run.client.terms_required, 30)

    run_virtual(main())


def test_terms_never_accepted() -> None:
    """It goes on trying, slowly, and says why."""

    async def main() -> None:
        async with at_home(TermsCloud(), ready=False, backoff=STEADY) as (run, cloud):
            await asyncio.sleep(600)
            assert 3 <= len(cloud.attempts) <= 9
            assert not any("0222" in link.prefixes() for link in cloud.links)
            assert terms(run) == [True]
            assert isinstance(run.client.last_error, PeerSilentError)

    run_virtual(main())


def test_terms_that_withhold_nothing() -> None:
    """The home works, and the user is asked all the same."""

    async def main() -> None:
        async with at_home(TermsCloud(withhold=False)) as (run, cloud):
            assert terms(run) == [True]
            assert run.client.terms_required
            await run.client.set_led(LIGHT, 5)
            assert "0222" not in cloud.link.prefixes()

    run_virtual(main())


def test_terms_confirmed_elsewhere() -> None:
    """In the vendor's app, say: the next login does not ask any more."""

    async def main() -> None:
        cloud = TermsCloud(withhold=False)
        async with at_home(cloud) as (run, _):
            assert terms(run) == [True]
            cloud.wanted = False
            cloud.link.abort()
            await run.lost()
            await run.back()
            assert terms(run) == [True, False]

    run_virtual(main())


# --- addresses ------------------------------------------------------------------------------


def test_servers() -> None:
    """The vendor's by default; plain text on this very machine only."""
    assert Servers() == Servers(WEBSOCKET_URL)
    assert Servers(" wss://eu.example.org/ws ").websocket_url == "wss://eu.example.org/ws"
    for wrong in ("ws://eu.example.org/ws", "https://eu.example.org/ws", "", "wss://a:b@c/ws"):
        with pytest.raises(UnsupportedError):
            Servers(wrong)


# --- secrets and statistics -----------------------------------------------------------------


def test_reprs_hide_secrets() -> None:
    """Credentials and what shares grant show in no repr of what a consumer may print."""

    async def main() -> None:
        async with at_home() as (run, _):
            await run.client.set_on(SHARED, True)
            run.client.subscribe(print)
            for each in (
                CREDENTIALS,
                replace(CREDENTIALS, username="x"),
                run.client,
                run.client.statistics,
                run.client.devices,
                run.changes,
                run.task,
            ):
                for secret in (USERNAME, DIGEST, "08:00-20:00"):
                    assert secret not in repr(each)

    run_real(main())


def test_statistics_of_a_life() -> None:
    """What diagnostics shows."""

    async def main() -> None:
        async with Cloud() as other, at_home() as (run, cloud):
            await cloud.link.push(LIGHT, power=False)
            await cloud.link.say("9999", {"code": 5})
            cloud.link.abort()
            await run.lost()
            await run.back()
            await cloud.link.say("0039", {"ip": "127.0.0.1", "port": str(other.port)})
            await run.lost()
            await run.back()
            statistics = run.client.statistics
            assert statistics.connects == 3
            assert statistics.drops == {"LinkClosedError": 1, "RedirectError": 1}
            assert statistics.errors == {5: 1}
            assert statistics.strays == 1
            assert statistics.pushes == 1
            assert list(statistics.redirects) == ["127.0.0.1"]

    run_virtual(main())


def test_credentials_of_another_account() -> None:
    """The address is sent as typed."""

    async def main() -> None:
        credentials = Credentials("  Home.Owner@Example.NET", DIGEST)
        async with at_home(credentials=credentials) as (_, cloud):
            assert cloud.logins() == [{"username": "  Home.Owner@Example.NET", "password": DIGEST}]

    run_real(main())
