"""The public face, as a consumer uses it, over real sockets; time is virtual where it matters."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
import logging
from typing import Any

import aiohttp
import pytest

from custom_components.dio_chacon.protocol import (
    AuthError,
    Change,
    CommandError,
    ConnectError,
    Credentials,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    DeviceSilentError,
    DioClient,
    LinkChanged,
    LinkClosedError,
    LinkError,
    Movement,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
)
from custom_components.dio_chacon.protocol.supervisor import exponential_backoff
from tests.support.clock import run_real, run_virtual

from .cloud import CLOSE, CREDENTIALS, PASSWORD, TOKEN, Cloud, Link, Reply, frame
from .home import (
    BELL,
    CAMERA,
    GREETING,
    LIGHT,
    PLUG,
    REFUSAL,
    SHUTTER,
    USER,
    event,
    level,
    moving,
    push,
    quieted,
    record,
    state,
    switched,
)
from .running import running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0)


# --- life -----------------------------------------------------------------------------------


def test_from_nothing_to_ready() -> None:
    """One login, one websocket with the token alone, everything read, then the word that the link is up."""

    async def main() -> None:
        async with running() as run:
            await run.client.ready()
            assert run.client.account
            assert run.client.account.account_id == USER["id"]
            assert run.client.connected
            assert run.client.last_error is None
            assert set(run.client.devices) == {SHUTTER, PLUG, LIGHT, BELL, CAMERA}
            kinds = [type(each) for each in run.changes]
            assert kinds == [*[DeviceAdded] * 5, LinkChanged]
            assert run.changes[-1] == LinkChanged(True)
            assert run.cloud.logins == [
                {
                    "email": CREDENTIALS.email,
                    "password": CREDENTIALS.password,
                    "installationId": CREDENTIALS.installation_id,
                }
            ]
            assert run.cloud.upgrades == [{"sessionToken": TOKEN}]
            assert run.cloud.link.query == f"sessionToken={TOKEN}"
            shutter = run.device(SHUTTER)
            assert (shutter.connected, shutter.position) == (True, 60)
            assert run.device(CAMERA).connected is None

    run_real(main())


def test_nothing_happens_before_run() -> None:
    """Making a client costs nothing; commands say that there is no link."""

    async def main() -> None:
        async with Cloud() as cloud, aiohttp.ClientSession() as session:
            client = DioClient(CREDENTIALS, session, servers=cloud.servers)
            assert not client.connected
            assert client.account is None
            assert client.devices == {}
            for call in commands(client):
                with pytest.raises(LinkClosedError):
                    await call()
            assert await client.fetch_snapshot(BELL) is None
            await asyncio.sleep(0.01)
            assert cloud.connections == 0

    run_real(main())


def commands(client: DioClient) -> list[Callable[[], Awaitable[None]]]:
    """List everything that can be asked for."""
    return [
        lambda: client.move(SHUTTER, Movement.UP),
        lambda: client.set_position(SHUTTER, 40),
        lambda: client.set_on(PLUG, True),
        lambda: client.set_quiet(PLUG, True),
        lambda: client.refresh_state(PLUG),
        client.refresh,
    ]


def test_callers_before_the_link_is_up() -> None:
    """§15.1: callers that race with the connection get an error that says so, and the winner is ready()."""

    async def main() -> None:
        async with running(ready=False) as run:
            outcomes = await asyncio.gather(
                *(call() for call in commands(run.client)),
                *(run.client.ready() for _ in range(5)),
                return_exceptions=True,
            )
            assert [type(each) for each in outcomes[:6]] == [LinkClosedError] * 6
            assert outcomes[6:] == [None] * 5
            assert run.client.account
            await asyncio.gather(*(call() for call in commands(run.client)))
            assert run.cloud.connections == 1

    run_real(main())


def test_stopping() -> None:
    """A token session is logged out, the websocket closed with 1000, nothing is told any more."""

    async def main() -> None:
        async with running() as run:
            link, count = run.cloud.link, len(run.changes)
            await run.stop()
            assert run.task.cancelled()
            await link.ended.wait()
            assert link.requests[-1]["path"] == "/session/logout"
            assert link.requests[-1]["parameters"] == {}
            assert link.close_code == 1000
            assert not run.client.connected
            assert len(run.changes) == count
            with pytest.raises(LinkError):
                await run.client.set_on(PLUG, True)

    run_real(main())


def test_stopping_without_a_token() -> None:
    """A password connection has no session to end."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda body: Reply(410)
        async with running(cloud) as run:
            await run.stop()
            await cloud.link.ended.wait()
            assert cloud.requests("logout") == []
            assert cloud.link.close_code == 1000

    run_real(main())


@pytest.mark.parametrize("manner", ["silent", "deaf"])
def test_stopping_with_a_cloud_that_does_not_answer(manner: str) -> None:
    """Two seconds for the logout, and one for the close, whatever the cloud does."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running() as run:

            async def ignore(link: Link, request: dict[str, Any]) -> None:
                if manner == "deaf":
                    await asyncio.sleep(1e6)

            run.cloud.on_request = ignore
            started = loop.time()
            await run.stop()
            assert 1.9 <= loop.time() - started <= 3.5
            assert run.task.cancelled()

    run_virtual(main())


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
def test_refused_logout_costs_no_time(status: int) -> None:
    """Any answer to the goodbye is good enough."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running() as run:
            run.cloud.refuse(status, "logout")
            started = loop.time()
            await run.stop()
            assert loop.time() - started < 0.5

    run_virtual(main())


def test_stop_during_handshake_logs_out() -> None:
    """The session exists on the server as soon as it greeted us."""

    async def main() -> None:
        cloud = Cloud()

        async def ignore(link: Link, request: dict[str, Any]) -> None:
            if "logout" in request["path"]:
                await cloud.answer(link, request)

        cloud.on_request = ignore
        async with running(cloud, ready=False) as run:
            await until(lambda: cloud.requests("/device"))
            await run.stop()
            await cloud.link.ended.wait()
            assert len(cloud.requests("logout")) == 1

    run_real(main())


def test_stop_at_any_moment() -> None:
    """Cancelled at every step of the start: it ends at once and leaves nothing behind."""

    async def main(turns: int) -> None:
        async with running(ready=False) as run:
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(60):
                await run.stop()
            assert run.task.done()
            assert not run.client.connected

    for turns in range(80):
        run_real(main(turns))


def test_ready_when_stopped() -> None:
    """Who waits for a client that is stopped is not left waiting."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda body: Reply(500)
        async with running(cloud, ready=False) as run:
            waiter = asyncio.create_task(run.client.ready())
            await until(lambda: cloud.logins)
            await run.stop()
            with pytest.raises(LinkError):
                await waiter

    run_real(main())


def test_patience() -> None:
    """A patient caller waits through failures; an impatient one hears of the first."""

    async def main() -> None:
        cloud = Cloud()
        replies = [Reply(502), Reply(502)]
        good = cloud.on_login
        cloud.on_login = lambda body: replies.pop() if replies else good(body)
        async with running(cloud, ready=False) as run:
            with pytest.raises(ConnectError):
                await run.client.ready(patient=False)
            assert isinstance(run.client.last_error, ConnectError)
            await run.client.ready()
            await run.client.ready(patient=False)
            assert run.client.account
            assert run.client.account.account_id == USER["id"]
            assert run.client.last_error is None

    run_virtual(main())


def test_two_accounts_do_not_meet() -> None:
    """Two clients on one HTTP session: no push and no answer crosses over."""

    async def main() -> None:
        first, second = Cloud(), Cloud()
        async with running(first) as one, running(second) as two:
            count = len(two.changes)
            first.link.send(push(PLUG, switched(1)))
            await until(lambda: one.device(PLUG).is_on)
            await asyncio.gather(one.client.set_on(PLUG, False), two.client.set_on(LIGHT, True))
            await asyncio.sleep(0.01)
            assert len(two.changes) == count
            assert len(first.requests("action")) == len(second.requests("action")) == 1

    run_real(main())


def test_large_account() -> None:
    """Three hundred devices: six requests for states, all of them known before the link is up."""

    async def main() -> None:
        cloud = Cloud()
        cloud.records = [record(f"L4HActuator_{number}") for number in range(300)]
        cloud.states = {
            str(each["id"]): state(str(each["id"]), switched(1)) for each in cloud.records
        }
        async with running(cloud) as run:
            assert len(cloud.requests("/states")) == 6
            assert all(device.is_on for device in run.client.devices.values())

    run_real(main())


# --- commands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "path", "parameters"),
    [
        (lambda c: c.move(SHUTTER, Movement.UP), f"/device/{SHUTTER}/action/mvtlinear", {"movement": "up"}),
        (lambda c: c.move(SHUTTER, Movement.DOWN), f"/device/{SHUTTER}/action/mvtlinear", {"movement": "down"}),
        (lambda c: c.move(SHUTTER, Movement.STOP), f"/device/{SHUTTER}/action/mvtlinear", {"movement": "stop"}),
        (lambda c: c.set_position(SHUTTER, 0), f"/device/{SHUTTER}/action/openlevel", {"openLevel": 0}),
        (lambda c: c.set_position(SHUTTER, 60), f"/device/{SHUTTER}/action/openlevel", {"openLevel": 60}),
        (lambda c: c.set_position(SHUTTER, 100), f"/device/{SHUTTER}/action/openlevel", {"openLevel": 100}),
        (lambda c: c.set_on(PLUG, True), f"/device/{PLUG}/action/switch", {"value": 1}),
        (lambda c: c.set_on(PLUG, False), f"/device/{PLUG}/action/switch", {"value": 0}),
        (lambda c: c.set_quiet(PLUG, True), f"/device/{PLUG}/action/quietmode", {"value": 1}),
        (lambda c: c.set_quiet(PLUG, False), f"/device/{PLUG}/action/quietmode", {"value": 0}),
        (lambda c: c.set_on("L4HActuator_unlisted", True), "/device/L4HActuator_unlisted/action/switch", {"value": 1}),
        (lambda c: c.move("L4HActuator_unlisted", Movement.UP), "/device/L4HActuator_unlisted/action/mvtlinear", {"movement": "up"}),
    ],
)  # fmt: skip
def test_commands(
    call: Callable[[DioClient], Awaitable[None]], path: str, parameters: dict[str, object]
) -> None:
    """Each command is sent once, also when the stored state says that it changes nothing (§15.18)."""

    async def main() -> None:
        async with running() as run:
            for _ in range(2):
                await call(run.client)
                await asyncio.sleep(0.3)
            sent = run.cloud.requests("/action/")
            assert [(each["method"], each["path"]) for each in sent] == [("POST", path)] * 2
            assert [each["parameters"] for each in sent] == [parameters] * 2

    run_virtual(main())


def test_integers_not_booleans() -> None:
    """§6.6: the wire wants 1 and 0."""

    async def main() -> None:
        async with running() as run:
            await run.client.set_on(PLUG, True)
            assert type(run.cloud.requests("/switch")[0]["parameters"]["value"]) is int

    run_real(main())


@pytest.mark.parametrize("position", [-1, 101, 10**9])
def test_position_out_of_range(position: int) -> None:
    """A programming mistake, and nothing is sent."""

    async def main() -> None:
        async with running() as run:
            with pytest.raises(ValueError, match="position"):
                await run.client.set_position(SHUTTER, position)
            assert run.cloud.requests("/action/") == []

    run_real(main())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, RefusedError) for status in (400, 401, 403, 404, 409, 500, 503)),
        *((status, DeviceSilentError) for status in (408, 504)),
    ],
)
def test_refused_commands(status: int, error: type[CommandError]) -> None:
    """The caller hears of it, nobody else does; it is not sent again and the link stays."""

    async def main() -> None:
        async with running() as run:
            run.cloud.refuse(status, "/action/")
            changes = len(run.changes)
            for call in commands(run.client)[:4]:
                with pytest.raises(error) as caught:
                    await call()
                assert caught.value.code == status
                assert "text of the peer" not in str(caught.value)
            assert len(run.cloud.requests("/action/")) == 4
            assert run.client.connected
            assert len(run.changes) == changes

    run_real(main())


def test_no_direction_after_a_refusal() -> None:
    """§15.19: "opening" is shown only once the cloud has taken the command."""

    async def main() -> None:
        async with running() as run:
            run.cloud.refuse(500, "/action/")
            with pytest.raises(RefusedError):
                await run.client.move(SHUTTER, Movement.UP)
            assert run.device(SHUTTER).acknowledged_movement is None
            assert run.fields(SHUTTER) == []

    run_real(main())


def test_commands_at_once() -> None:
    """Forty callers: each gets its own answer, in whatever order they come."""

    async def main() -> None:
        cloud = Cloud()
        waiting: list[dict[str, Any]] = []
        most = 0

        async def shuffle(link: Link, request: dict[str, Any]) -> None:
            nonlocal most
            if "/action/" not in request["path"]:
                await cloud.answer(link, request)
                return
            waiting.append(request)
            most = max(most, len(waiting))
            if len(waiting) == 10 or len(cloud.requests("/action/")) == 40:
                for each in reversed(waiting):
                    status = 200 if int(each["path"].split("/")[2][1:]) % 3 else 400
                    link.send({"id": each["id"], "status": status})
                    link.send(push(PLUG, switched(each["id"] % 2)))
                waiting.clear()

        cloud.on_request = shuffle
        async with running(cloud) as run:
            outcomes = await asyncio.gather(
                *(run.client.set_on(f"d{number}", True) for number in range(40)),
                return_exceptions=True,
            )
            assert [each is None for each in outcomes] == [bool(n % 3) for n in range(40)]
            assert most == 10

    run_real(main())


def test_slow_answer() -> None:
    """§15.2: a command that takes fourteen seconds worked."""

    async def main() -> None:
        async with running() as run:

            async def slow(link: Link, request: dict[str, Any]) -> None:
                async def later() -> None:
                    await asyncio.sleep(14)
                    await run.cloud.answer(link, request)

                task = asyncio.create_task(later())
                run.cloud._tasks.add(task)
                task.add_done_callback(run.cloud._tasks.discard)

            run.cloud.on_request = slow
            await run.client.set_on(PLUG, True)

    run_virtual(main())


def test_unanswered_command() -> None:
    """Fifteen seconds, then the caller hears; an answer after that harms nobody."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running() as run:
            kept = []

            async def keep(link: Link, request: dict[str, Any]) -> None:
                if "/action/" in request["path"]:
                    kept.append(request)
                else:
                    await run.cloud.answer(link, request)

            run.cloud.on_request = keep
            started = loop.time()
            with pytest.raises(UnansweredError):
                await run.client.set_on(PLUG, True)
            assert loop.time() - started == pytest.approx(15, abs=0.1)
            await run.cloud.answer(run.cloud.link, kept[0])
            run.cloud.on_request = run.cloud.answer
            await run.client.set_on(PLUG, False)
            assert run.client.statistics.strays == 1
            assert run.client.connected

    run_virtual(main())


def test_cancelled_caller() -> None:
    """Its answer goes nowhere, and to nobody else; the command was sent once and stays sent."""

    async def main() -> None:
        async with running() as run:
            kept: list[dict[str, Any]] = []

            async def keep(link: Link, request: dict[str, Any]) -> None:
                kept.append(request)

            run.cloud.on_request = keep
            callers = [asyncio.create_task(run.client.set_on(f"d{n}", True)) for n in range(5)]
            await until(lambda: len(kept) == 5)
            for caller in callers[:4]:
                caller.cancel()
            await asyncio.gather(*callers[:4], return_exceptions=True)
            assert all(caller.cancelled() for caller in callers[:4])
            for request in kept:
                run.cloud.link.send({"id": request["id"], "status": 200})
            await callers[4]
            assert run.client._waiters == {}
            assert len(kept) == 5

    run_virtual(main())


@pytest.mark.parametrize("end", ["close", "finish", "abort", "garbage"])
def test_commands_in_flight_when_the_link_drops(end: str) -> None:
    """They fail at once and are never silently repeated: a garage door is not idempotent."""

    async def main() -> None:
        async with running() as run:
            kept: list[dict[str, Any]] = []

            async def keep(link: Link, request: dict[str, Any]) -> None:
                kept.append(request)

            run.cloud.on_request = keep
            calls = [*commands(run.client), *(lambda: run.client.set_on("d", True),) * 10]
            callers = [asyncio.create_task(call()) for call in calls]  # type: ignore[arg-type]
            await until(lambda: len(kept) == 10)
            run.cloud.on_request = run.cloud.answer
            link = run.cloud.link
            if end == "garbage":
                link.raw(b"\xff\xff\xff\xff")
            else:
                getattr(link, end)()
            outcomes = await asyncio.gather(*callers, return_exceptions=True)
            assert {type(each) for each in outcomes} == {LinkClosedError}
            assert not run.client.connected
            with pytest.raises(LinkClosedError):
                await run.client.set_on(PLUG, True)
            await run.back()
            assert [each["path"] for each in run.cloud.link.requests] == [
                *("/device", "/room", "/device/states")
            ]

    run_virtual(main())


def test_slider() -> None:
    """A drag over the whole range: the first and the last position are sent, all callers are content."""

    async def main() -> None:
        async with running() as run:
            callers = []
            for position in range(0, 101, 5):
                callers.append(asyncio.create_task(run.client.set_position(SHUTTER, position)))
                await asyncio.sleep(0.05)
            await asyncio.gather(*callers)
            levels = [each["parameters"]["openLevel"] for each in run.cloud.requests("/openlevel")]
            assert levels == [0, 100]

    run_virtual(main())


def test_stop_ends_a_drag() -> None:
    """The held position is given up, its caller told; the shutter does not run off after the stop."""

    async def main() -> None:
        async with running() as run:
            await run.client.set_position(SHUTTER, 10)
            held = asyncio.create_task(run.client.set_position(SHUTTER, 20))
            await asyncio.sleep(0.01)
            await run.client.move(SHUTTER, Movement.STOP)
            with pytest.raises(SupersededError):
                await held
            await asyncio.sleep(1)
            assert [each["path"].rsplit("/", 1)[1] for each in run.cloud.requests("/action/")] == [
                *("openlevel", "mvtlinear")
            ]

    run_virtual(main())


# --- what the cloud took, and what the device says ------------------------------------------


@pytest.mark.parametrize(
    ("call", "direction"),
    [
        (lambda c: c.move(SHUTTER, Movement.UP), Movement.UP),
        (lambda c: c.move(SHUTTER, Movement.DOWN), Movement.DOWN),
        (lambda c: c.move(SHUTTER, Movement.STOP), None),
        (lambda c: c.set_position(SHUTTER, 61), Movement.UP),
        (lambda c: c.set_position(SHUTTER, 59), Movement.DOWN),
        (lambda c: c.set_position(SHUTTER, 60), None),
    ],
)
def test_acknowledged_movement(
    call: Callable[[DioClient], Awaitable[None]], direction: Movement | None
) -> None:
    """The direction shows from the acknowledgement to the first report; a position only when reported."""

    async def main() -> None:
        async with running() as run:
            await call(run.client)
            device = run.device(SHUTTER)
            assert device.acknowledged_movement is direction
            assert (device.movement, device.position) == (Movement.STOP, 60)
            run.cloud.link.send(push(SHUTTER, moving("up"), level(61)))
            await until(lambda: run.device(SHUTTER).position == 61)
            assert run.device(SHUTTER).acknowledged_movement is None
            assert run.device(SHUTTER).movement is Movement.UP

    run_real(main())


def test_report_before_the_answer() -> None:
    """A push that overtakes the answer has said it all already."""

    async def main() -> None:
        async with running() as run:

            async def eager(link: Link, request: dict[str, Any]) -> None:
                link.send(
                    push(SHUTTER, moving("up"), level(62)), {"id": request["id"], "status": 200}
                )

            run.cloud.on_request = eager
            await run.client.move(SHUTTER, Movement.UP)
            assert run.device(SHUTTER).acknowledged_movement is None
            assert run.device(SHUTTER).movement is Movement.UP

    run_real(main())


def test_no_report_after_a_move() -> None:
    """§10: travel time and ten seconds, then the direction goes and the state is read, once."""

    async def main() -> None:
        async with running() as run:
            await run.client.move(SHUTTER, Movement.UP)
            await asyncio.sleep(29.9)
            assert run.device(SHUTTER).acknowledged_movement is Movement.UP
            assert len(run.cloud.requests("/states")) == 1
            await asyncio.sleep(0.2)
            assert run.device(SHUTTER).acknowledged_movement is None
            assert run.cloud.requests("/states")[1]["parameters"] == {"devices": [SHUTTER]}
            await asyncio.sleep(200)
            assert len(run.cloud.requests("/states")) == 2

    run_virtual(main())


def test_no_stop_after_a_start() -> None:
    """Mapping §2: travel time x 1.5 and ten seconds, then the direction goes and the state is read."""

    async def main() -> None:
        async with running() as run:
            await run.client.move(SHUTTER, Movement.UP)
            run.cloud.link.send(push(SHUTTER, moving("up"), level(60)))
            await asyncio.sleep(39.9)
            assert run.device(SHUTTER).movement is Movement.UP
            run.cloud.states[SHUTTER] = state(SHUTTER, moving("up"), level(95))
            await asyncio.sleep(0.3)
            assert run.device(SHUTTER).movement is None
            assert run.device(SHUTTER).position == 95
            assert len(run.cloud.requests("/states")) == 2
            await asyncio.sleep(200)
            assert len(run.cloud.requests("/states")) == 2
            run.cloud.link.send(push(SHUTTER, moving("stop"), level(100)))
            await until(lambda: run.device(SHUTTER).movement is Movement.STOP)

    run_virtual(main())


def test_moved_by_hand() -> None:
    """A shutter that is started at the wall has to stop as well."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.send(push(SHUTTER, moving("down"), level(60)))
            await asyncio.sleep(20)
            run.cloud.link.send(push(SHUTTER, moving("stop"), level(0)))
            await asyncio.sleep(100)
            assert (run.device(SHUTTER).movement, run.device(SHUTTER).position) == ("stop", 0)
            assert len(run.cloud.requests("/states")) == 1

    run_virtual(main())


@pytest.mark.parametrize("what", ["on", "quiet"])
def test_no_report_after_a_switch(what: str) -> None:
    """Ten seconds, then the state is read, once; it shows what the device really does."""

    async def main() -> None:
        async with running() as run:
            if what == "on":
                await run.client.set_on(PLUG, True)
            else:
                await run.client.set_quiet(PLUG, True)
            assert run.device(PLUG).is_on is False
            assert run.device(PLUG).quiet is False
            await asyncio.sleep(9.9)
            assert len(run.cloud.requests("/states")) == 1
            run.cloud.states[PLUG] = state(PLUG, switched(1), quieted(1))
            await asyncio.sleep(0.3)
            assert run.device(PLUG).is_on is True
            assert run.device(PLUG).quiet is True
            assert run.cloud.requests("/states")[1]["parameters"] == {"devices": [PLUG]}
            await asyncio.sleep(100)
            assert len(run.cloud.requests("/states")) == 2

    run_virtual(main())


def test_only_a_matching_report_confirms() -> None:
    """A report of the old value, sent for another reason, is not the confirmation."""

    async def main() -> None:
        async with running() as run:
            await run.client.set_on(PLUG, True)
            run.cloud.link.send(push(PLUG, switched(0), quieted(1)))
            await asyncio.sleep(11)
            assert len(run.cloud.requests("/states")) == 2
            await run.client.set_on(PLUG, True)
            run.cloud.link.send(push(PLUG, switched(1)))
            await asyncio.sleep(60)
            assert len(run.cloud.requests("/states")) == 2

    run_virtual(main())


def test_acknowledged_movement_does_not_survive_the_link() -> None:
    """What the old link promised is nobody's business on the new one."""

    async def main() -> None:
        async with running() as run:
            await run.client.move(SHUTTER, Movement.UP)
            run.cloud.states[SHUTTER] = state(SHUTTER)
            run.cloud.link.finish()
            await run.lost()
            await run.back()
            assert run.device(SHUTTER).acknowledged_movement is None

    run_virtual(main())


def test_acknowledged_with_the_last_breath() -> None:
    """The answer and the end of the link in one piece: the caller is content, the direction does not stay."""

    async def main() -> None:
        async with running(backoff=lambda: iter([1e6])) as run:

            async def last_breath(link: Link, request: dict[str, Any]) -> None:
                answer = f'{{"id":{request["id"]},"status":200}}'
                link.raw(frame(answer) + frame(b"\x03\xe8", CLOSE))

            run.cloud.on_request = last_breath
            await run.client.move(SHUTTER, Movement.UP)
            await run.lost()
            await asyncio.sleep(100)
            assert run.device(SHUTTER).acknowledged_movement is None

    run_virtual(main())


# --- pushes ---------------------------------------------------------------------------------


def test_pushes_reach_every_listener_in_order() -> None:
    """Two listeners see the same; one that leaves sees no more."""

    async def main() -> None:
        async with running() as run:
            first: list[Change] = []
            second: list[Change] = []
            leave = run.client.subscribe(first.append)
            run.client.subscribe(second.append)
            for number in range(50):
                run.cloud.link.send(push(SHUTTER, level(number)))
            await until(lambda: run.device(SHUTTER).position == 49)
            assert first == second
            positions = [each.device.position for each in first if isinstance(each, DeviceChanged)]
            assert positions == list(range(50))
            leave()
            leave()
            run.cloud.link.send(push(SHUTTER, level(77)))
            await until(lambda: run.device(SHUTTER).position == 77)
            assert len(first) == 50
            assert len(second) == 51

    run_real(main())


def test_same_listener_twice() -> None:
    """Each subscription is its own."""

    async def main() -> None:
        async with running() as run:
            heard: list[Change] = []
            leave = run.client.subscribe(heard.append)
            run.client.subscribe(heard.append)
            run.cloud.link.send(push(PLUG, switched(1)))
            await until(lambda: len(heard) == 2)
            leave()
            run.cloud.link.send(push(PLUG, switched(0)))
            await until(lambda: len(heard) == 3)

    run_real(main())


def test_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """§15.3: its fault is logged, costs the others nothing, and the link goes on."""

    async def main() -> None:
        async with running() as run:

            def fail(change: Change) -> None:
                raise ZeroDivisionError("the listener's own fault")

            run.client.subscribe(fail)
            later: list[Change] = []
            run.client.subscribe(later.append)
            for value in (1, 0, 1):
                run.cloud.link.send(push(PLUG, switched(value)))
            await until(lambda: len(later) == 3)
            await run.client.set_on(PLUG, False)
            assert run.client.connected
            assert run.cloud.connections == 1

    run_real(main())
    assert sum("ZeroDivisionError" in (each.exc_text or "") for each in caplog.records) == 3


def test_listener_that_leaves_while_told() -> None:
    """Coming and going within a call is harmless."""

    async def main() -> None:
        async with running() as run:
            heard = []

            def once(change: Change) -> None:
                heard.append(change)
                leave()
                run.client.subscribe(heard.append)

            leave = run.client.subscribe(once)
            run.cloud.link.send(push(PLUG, switched(1)), push(PLUG, switched(0)))
            await until(lambda: run.client.statistics.pushes == 2)
            assert len(heard) == 2

    run_real(main())


def test_repeats_are_no_news() -> None:
    """A push that says what is known tells nobody anything."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.send(*[push(PLUG, switched(1), quieted(0))] * 20)
            await until(lambda: run.client.statistics.pushes == 20)
            assert run.fields(PLUG) == [{"is_on"}]

    run_real(main())


def test_ring() -> None:
    """Exactly once per ring, with the change of the field besides."""

    async def main() -> None:
        async with running() as run:
            stamp = "2026-04-03T17:20:01.004Z"
            for _ in range(3):
                run.cloud.link.send(push(BELL, event(stamp)))
            run.cloud.link.send(push(BELL, event("2026-04-01T00:00:00Z")))
            await until(lambda: run.client.statistics.pushes == 4)
            assert len(run.rings()) == 1
            assert run.rings()[0].event.time.isoformat() == "2026-04-03T17:20:01.004000+00:00"
            assert run.fields(BELL) == [{"last_event", "last_ring"}]

    run_real(main())


def test_old_rings_do_not_ring_again() -> None:
    """Start, reconnect, refresh, a ring during the outage: the time moves, nobody runs to the door."""

    async def main() -> None:
        async with running() as run:
            assert run.device(BELL).last_event is not None
            run.cloud.states[BELL] = state(BELL, event("2026-04-03T10:00:00Z"))
            await run.client.refresh()
            run.cloud.states[BELL] = state(BELL, event("2026-04-03T11:00:00Z"))
            run.cloud.link.abort()
            await run.lost()
            await run.back()
            run.cloud.link.send(push(BELL, event("2026-04-03T11:00:00Z")))
            await until(lambda: run.client.statistics.pushes == 1)
            assert run.rings() == []
            last = run.device(BELL).last_ring
            assert last is not None
            assert last.hour == 11

    run_virtual(main())


def test_first_push_of_an_unknown_device_fetches_the_list() -> None:
    """§13.6: a device that was just added speaks before the list has it."""

    async def main() -> None:
        async with running() as run:
            new = "L4HActuator_new"
            run.cloud.records.append(record(new))
            run.cloud.states[new] = state(new, switched(1))
            run.cloud.link.send(push(new, switched(1)))
            await until(lambda: new in run.client.devices, 60)
            added = [each for each in run.changes if isinstance(each, DeviceAdded)][-1]
            assert added.device.is_on is True
            assert added.device.connected is True

    run_virtual(main())


def test_added_and_removed_devices_are_noticed_by_themselves() -> None:
    """Within a quarter of an hour, without any push; removed after two lists."""

    async def main() -> None:
        async with running() as run:
            new = "L4HActuator_new"
            run.cloud.records[1] = record(new)
            await asyncio.sleep(890)
            assert new not in run.client.devices
            await asyncio.sleep(20)
            assert new in run.client.devices
            assert PLUG in run.client.devices
            await asyncio.sleep(40)
            assert PLUG not in run.client.devices
            removed = [each for each in run.changes if isinstance(each, DeviceRemoved)]
            assert [each.device.device_id for each in removed] == [PLUG]

    run_virtual(main())


def test_list_interval_is_the_users() -> None:
    """An option of Home Assistant sets it."""

    async def main() -> None:
        async with running(list_interval_s=300.0) as run:
            await asyncio.sleep(301)
            assert len([each for each in run.cloud.requests() if each["path"] == "/device"]) == 2

    run_virtual(main())


def test_unknown_types_on_request() -> None:
    """Their states are read only when that is wanted."""

    async def main() -> None:
        for wanted in (False, True):
            cloud = Cloud()
            cloud.states[CAMERA] = state(CAMERA, switched(1))
            async with running(cloud, read_unknown=wanted) as run:
                asked = cloud.requests("/states")[0]["parameters"]["devices"]
                assert (CAMERA in asked) is wanted
                assert run.device(CAMERA).is_on is (True if wanted else None)

    run_real(main())


def test_null_state_invents_nothing() -> None:
    """§15.13: unknown is neither closed nor on."""

    async def main() -> None:
        cloud = Cloud()
        cloud.states = {SHUTTER: None, PLUG: None}
        async with running(cloud) as run:
            for device_id in (SHUTTER, PLUG, LIGHT, BELL):
                device = run.device(device_id)
                assert device.connected is False
                assert not device.reported
                assert device.position is None
                assert device.movement is None
                assert device.is_on is None

    run_real(main())


def test_renamed_and_moved() -> None:
    """A push about a device itself updates name, room and versions (§15.12)."""

    async def main() -> None:
        cloud = Cloud()
        cloud.rooms = [{"id": "rm-1", "name": "Cuisine"}]
        async with running(cloud) as run:
            data = record(PLUG, name="Lampe", roomId="rm-1", softwareVersion="1.0.9")
            cloud.link.send({"name": "device", "action": "update", "data": data})
            await until(lambda: run.device(PLUG).name == "Lampe")
            assert run.device(PLUG).room_name == "Cuisine"
            assert run.fields(PLUG) == [{"name", "room_id", "room_name", "software_version"}]

    run_real(main())


def test_unknown_things_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """§17: names, types and resources that nobody knows, once each, so that users can report them."""
    caplog.set_level(logging.INFO)

    async def main() -> None:
        async with running() as run:
            odd = {"name": "news", "action": "show", "data": {"token": "hidden"}}
            run.cloud.link.send(*[odd, push(PLUG, {"rt": "gw.r.new", "secret": "hidden"})] * 50)
            run.cloud.link.text(*["{" * 10] * 50)
            await until(lambda: run.client.statistics.pushes == 50)
            assert run.client.statistics.unknown == {
                **dict.fromkeys(("news/show", "gw.r.new", "frame that is no JSON object"), 50),
                "type .wifi.camera.videostream.": 1,
            }

    run_real(main())
    lines = [each.message for each in caplog.records if "unknown" in each.message]
    assert len(lines) == 4
    assert "hidden" not in caplog.text


# --- refresh --------------------------------------------------------------------------------


def test_refresh_state_is_shared() -> None:
    """§15.22: forty entities that are asked at once make one request."""

    async def main() -> None:
        async with running() as run:
            before = len(run.cloud.requests("/states"))
            run.cloud.states[PLUG] = state(PLUG, switched(1))
            await asyncio.gather(
                *(run.client.refresh_state(each) for each in (PLUG, LIGHT, SHUTTER, BELL) * 10)
            )
            asked = run.cloud.requests("/states")[before:]
            assert [each["parameters"]["devices"] for each in asked] == [
                [PLUG, LIGHT, SHUTTER, BELL]
            ]
            assert run.device(PLUG).is_on is True

    run_virtual(main())


def test_refresh_reads_all() -> None:
    """List and states, for whoever pressed the button."""

    async def main() -> None:
        async with running() as run:
            run.cloud.states[PLUG] = state(PLUG, switched(1))
            run.cloud.records[1]["name"] = "Lampe"
            await run.client.refresh()
            assert run.device(PLUG).is_on is True
            assert run.device(PLUG).name == "Lampe"

    run_real(main())


def test_refresh_of_a_device_that_is_gone() -> None:
    """A state that the cloud does not have makes the device unknown, not an error."""

    async def main() -> None:
        async with running() as run:
            run.cloud.states[PLUG] = None
            await run.client.refresh_state(PLUG)
            assert run.device(PLUG).connected is False
            assert run.device(PLUG).is_on is None
            await run.client.refresh_state("L4HActuator_unlisted")
            assert "L4HActuator_unlisted" not in run.client.devices

    run_virtual(main())


# --- reconnecting ---------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["close", "finish", "abort"])
def test_resync_after_an_outage(end: str) -> None:
    """§15.8: what changed meanwhile is told like pushes; the token is kept; the account is not asked again."""

    async def main() -> None:
        async with running() as run:
            run.cloud.states[PLUG] = state(PLUG, switched(1), quieted(0))
            run.cloud.records.append(record("L4HActuator_new"))
            run.changes.clear()
            getattr(run.cloud.link, end)()
            await run.lost()
            assert run.device(PLUG).is_on is False
            await run.back()
            assert run.links() == [False, True]
            assert run.fields(PLUG) == [{"is_on"}]
            assert [type(each) for each in run.changes] == [
                *(LinkChanged, DeviceChanged, DeviceAdded, LinkChanged)
            ]
            assert len(run.cloud.logins) == 1
            assert run.cloud.upgrades == [{"sessionToken": TOKEN}] * 2
            assert [each["path"] for each in run.cloud.link.requests] == [
                *("/device", "/room", "/device/states")
            ]
            assert run.client.statistics.drops == {"LinkClosedError": 1}
            assert run.client.statistics.connects == 2
            assert run.client.last_error is None

    run_virtual(main())


def test_reason_of_the_loss() -> None:
    """Who listens learns why, without a word of the server."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.close(4321)
            await run.lost()
            (lost,) = [
                each for each in run.changes if isinstance(each, LinkChanged) and not each.connected
            ]
            assert isinstance(lost.error, LinkClosedError)
            assert run.client.last_error is lost.error

    run_virtual(main())


def test_one_connection_at_a_time() -> None:
    """§15.7: after an outage there is one link, and every push comes once."""

    async def main() -> None:
        async with running() as run:
            for _ in range(10):
                run.cloud.link.abort()
                await run.lost()
                await run.back()
            open_links = [link for link in run.cloud.links if not link.ended.is_set()]
            assert open_links == [run.cloud.link]
            run.changes.clear()
            for link in run.cloud.links:
                link.send(push(PLUG, switched(1)))
            await until(lambda: run.changes)
            await asyncio.sleep(1)
            assert run.fields(PLUG) == [{"is_on"}]

    run_virtual(main())


@pytest.mark.parametrize("failures", [6, 25])
def test_everything_but_auth_is_retried_for_ever(failures: int) -> None:
    """§15.4, §15.5: five failures, a 5xx, garbage or silence end nothing; the waits grow to five minutes."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running(backoff=STEADY) as run:
            times: list[float] = []
            ways = [Reply(500), Reply(404), Reply(401), Reply(403), Reply(200, b"<html>"), None]

            def upgrade(query: dict[str, str]) -> Reply | None:
                times.append(loop.time())
                return ways[len(times) % len(ways)] if len(times) <= failures else None

            async def hang_up(link: Link) -> None:
                if len(times) <= failures:
                    link.raw(b"\x81\x05trash")
                    link.finish()
                else:
                    await run.cloud.greet(link)

            run.cloud.on_upgrade, run.cloud.on_open = upgrade, hang_up
            await asyncio.sleep(61)  # healthy: the back-off starts anew
            run.cloud.link.abort()
            await run.lost()
            lost = loop.time()
            await run.back(8000)
            waits = [after - before for before, after in zip([lost, *times], times, strict=False)]
            expected = [min(300.0, 2.0 * 2**n) for n in range(failures + 1)]
            assert waits == pytest.approx(expected, abs=1.2)
            assert run.links() == [True, False, True]

    run_virtual(main())


def test_greet_and_close_storm() -> None:
    """§15.6: a server that greets and hangs up sees few attempts, whatever it does after the greeting."""

    async def main() -> None:
        cloud = Cloud()

        async def greet_and_close(link: Link) -> None:
            link.send(GREETING)
            link.close()

        cloud.on_open = greet_and_close
        async with running(cloud, ready=False, backoff=STEADY):
            await asyncio.sleep(3600)
            assert len(cloud.links) <= 20
            assert len(cloud.logins) == 1

    run_virtual(main())


def test_establish_and_close_storm() -> None:
    """A server that lets us read everything and then hangs up is not healthy either."""

    async def main() -> None:
        cloud = Cloud()

        async def close_after_states(link: Link, request: dict[str, Any]) -> None:
            await cloud.answer(link, request)
            if "states" in request["path"]:
                link.close()

        cloud.on_request = close_after_states
        async with running(cloud, ready=False, backoff=STEADY) as run:
            await asyncio.sleep(3600)
            assert len(cloud.links) <= 20
            assert run.links().count(True) == run.links().count(False)

    run_virtual(main())


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_cannot_ask_for_a_storm(status: int) -> None:
    """Retry-After: 0 is no reason to come back at once."""

    async def main() -> None:
        cloud = Cloud()
        attempts = []

        def refuse(query: dict[str, str]) -> Reply:
            attempts.append(query)
            return Reply(status, b"", {"Retry-After": "0"})

        cloud.on_upgrade = refuse
        async with running(cloud, ready=False, backoff=STEADY):
            await asyncio.sleep(600)
            assert len(attempts) <= 10

    run_virtual(main())


@pytest.mark.parametrize("where", ["login", "upgrade", "list"])
def test_throttled(where: str) -> None:
    """429 wherever it is said: at least a minute, or as long as the server asks for."""

    async def main() -> None:
        cloud = Cloud()
        loop = asyncio.get_running_loop()
        times: list[float] = []

        def note() -> Reply:
            times.append(loop.time())
            return Reply(429, b"", {"Retry-After": "90"} if len(times) % 2 else {})

        async def throttle(link: Link, request: dict[str, Any]) -> None:
            if request["path"] == "/device":
                times.append(loop.time())
                link.send({"id": request["id"], "status": 429, "data": "Too many requests"})
            else:
                await cloud.answer(link, request)

        match where:
            case "login":
                cloud.on_login = lambda body: note()
            case "upgrade":
                cloud.on_upgrade = lambda query: note()
            case _:
                cloud.on_request = throttle
        async with running(cloud, ready=False, backoff=STEADY) as run:
            with pytest.raises(ThrottledError):
                await run.client.ready(patient=False)
            await asyncio.sleep(400)
            waits = [later - earlier for earlier, later in pairwise(times)]
            assert len(waits) >= 3
            assert min(waits) >= 60
            if where != "list":
                assert waits[0] >= 90

    run_virtual(main())


@pytest.mark.parametrize("manner", ["pongs stop", "answers stop"])
def test_half_open_link(manner: str) -> None:
    """§15.10: a peer that vanished is noticed within a minute, one that only answers no more at the next wish."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running() as run:

            async def ignore(link: Link, request: dict[str, Any]) -> None:
                """Say nothing."""

            run.cloud.on_request = ignore
            started = loop.time()
            run.cloud.link.pongs = manner == "answers stop"
            if manner == "answers stop":
                outcomes = await asyncio.gather(
                    run.client.set_on(PLUG, True),
                    run.client.set_on(LIGHT, True),
                    return_exceptions=True,
                )
                assert {type(each) for each in outcomes} <= {UnansweredError, LinkClosedError}
            run.cloud.on_request = run.cloud.answer
            await until(lambda: False in run.links(), 70)
            assert loop.time() - started < 60
            assert isinstance(run.client.last_error, PeerSilentError)
            await run.back()

    run_virtual(main())


def test_idle_link_stays_up() -> None:
    """Hours without news: pings, lists, states, and one connection."""

    async def main() -> None:
        async with running() as run:
            await asyncio.sleep(2 * 3600 + 10)
            assert run.client.connected
            assert len(run.cloud.links) == 1
            assert 330 < run.cloud.link.pings <= 360
            assert [each["path"] for each in run.cloud.requests()].count("/device") == 1 + 8
            assert len(run.cloud.requests("/states")) == 1 + 2
            assert run.links() == [True]

    run_virtual(main())


def test_no_greeting() -> None:
    """Ten seconds, then the link is closed and another tried."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        cloud = Cloud()

        async def silent(link: Link) -> None:
            """Say nothing."""

        cloud.on_open = silent
        async with running(cloud, ready=False) as run:
            started = loop.time()
            with pytest.raises(PeerSilentError):
                await run.client.ready(patient=False)
            assert loop.time() - started == pytest.approx(10, abs=0.2)
            await cloud.links[0].ended.wait()
            assert cloud.links[0].close_code == 1000
            cloud.on_open = cloud.greet
            await run.back()

    run_virtual(main())


def test_greeting_belongs_to_its_connection() -> None:
    """§15.9: a word of the old connection says nothing about the new one."""

    async def main() -> None:
        async with running() as run:
            old = run.cloud.link
            old.send(GREETING, GREETING)
            old.abort()
            refused = []

            async def refuse(link: Link) -> None:
                refused.append(link)
                link.send(REFUSAL)

            run.cloud.on_open = refuse
            assert isinstance(await run.end(), AuthError)
            assert len(refused) == 2

    run_virtual(main())


# --- who may come in ------------------------------------------------------------------------


@pytest.mark.parametrize("http_status", [200, 400])
def test_wrong_password(http_status: int) -> None:
    """One attempt, one error, no websocket; nothing is tried again, however long one waits."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda body: Reply.of(
            {"status": 400, "data": "Invalid username/password."}, http_status
        )
        async with running(cloud, ready=False) as run:
            with pytest.raises(AuthError):
                await run.client.ready()
            with pytest.raises(AuthError):
                await run.client.ready(patient=False)
            assert isinstance(await run.end(), AuthError)
            assert isinstance(run.client.last_error, AuthError)
            await asyncio.sleep(10_000)
            assert len(cloud.logins) == 1
            assert cloud.upgrades == []

    run_virtual(main())


def test_wrong_password_in_the_query() -> None:
    """Where there is no login any more, the greeting decides; once."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda body: Reply(404)

        async def refuse(link: Link) -> None:
            link.send(REFUSAL)

        cloud.on_open = refuse
        async with running(cloud, ready=False) as run:
            assert isinstance(await run.end(), AuthError)
            await cloud.link.ended.wait()
            assert cloud.link.close_code == 1000
            assert len(cloud.logins) == len(cloud.upgrades) == 1
            assert cloud.upgrades[0] == {
                "email": CREDENTIALS.email,
                "password": PASSWORD,
                "serviceName": CREDENTIALS.installation_id,
            }

    run_virtual(main())


def test_password_link_needs_no_second_login() -> None:
    """Once the login is known to be gone it is not asked again."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda body: Reply(405)
        async with running(cloud) as run:
            for _ in range(3):
                cloud.link.abort()
                await run.lost()
                await run.back()
            assert len(cloud.logins) == 1
            assert len(cloud.upgrades) == 4

    run_virtual(main())


@pytest.mark.parametrize("when", ["reconnect", "mid-session", "answer"])
def test_token_expired(when: str) -> None:
    """One further login, at once, and on it goes; users hear of a short outage at most."""

    async def main() -> None:
        async with running() as run:
            tokens = iter(["r:new"])
            run.cloud.on_login = lambda body: Reply.of(
                {"status": 200, "data": {"sessionToken": next(tokens)}}
            )

            async def check(link: Link) -> None:
                link.send(GREETING if link.parameters["sessionToken"] == "r:new" else REFUSAL)

            run.cloud.on_open = check
            match when:
                case "reconnect":
                    run.cloud.link.finish()
                case "mid-session":
                    run.cloud.link.send(REFUSAL)
                case _:
                    old = run.cloud.link

                    async def expired(link: Link, request: dict[str, Any]) -> None:
                        if link is old:
                            link.send({"id": request["id"], "status": 401, "data": "Invalid"})
                        else:
                            await run.cloud.answer(link, request)

                    run.cloud.on_request = expired
                    with pytest.raises(LinkClosedError):
                        await run.client.refresh()
            await run.lost()
            await run.back()
            assert run.cloud.upgrades[-1] == {"sessionToken": "r:new"}
            assert len(run.cloud.logins) == 2
            assert SessionRefusedError.__name__ in run.client.statistics.drops

    run_virtual(main())


def test_server_that_forgets_sessions_twice() -> None:
    """A token that was greeted once and lost with its link has expired when it is refused: no word against the password."""

    async def main() -> None:
        async with running() as run:
            tokens = iter(["r:second", "r:third"])
            run.cloud.on_login = lambda body: Reply.of(
                {"status": 200, "data": {"sessionToken": next(tokens)}}
            )
            greeted: list[str] = []

            async def restart_in_between(link: Link) -> None:
                token = link.parameters["sessionToken"]
                if token == "r:third" or (token == "r:second" and not greeted):
                    greeted.append(token)
                    link.send(GREETING)
                    if token == "r:second":
                        link.finish()
                else:
                    link.send(REFUSAL)

            run.cloud.on_open = restart_in_between
            run.cloud.link.finish()
            await run.lost()
            await run.back(100)  # logins are a minute apart
            assert greeted == ["r:second", "r:third"]
            assert run.links() == [True, False, True]

    run_virtual(main())


def test_password_changed() -> None:
    """§15.9: the token is refused, the one further login as well: that is an auth error, and the end."""

    async def main() -> None:
        async with running() as run:

            async def refuse(link: Link) -> None:
                link.send(REFUSAL)

            run.cloud.on_open = refuse
            run.cloud.on_login = lambda body: Reply.of({"status": 400, "data": "Invalid"})
            run.cloud.link.finish()
            assert isinstance(await run.end(), AuthError)
            assert len(run.cloud.logins) == 2
            assert run.links() == [True, False]
            last = run.changes[-1]
            assert isinstance(last, LinkChanged)
            with pytest.raises(AuthError):
                await run.client.ready()
            with pytest.raises(LinkError):
                await run.client.set_on(PLUG, True)

    run_virtual(main())


@pytest.mark.parametrize("how", ["greeting", "401"])
def test_session_refused_for_good(how: str) -> None:
    """A login that works but whose tokens do not is given up after the second, not repeated for ever."""

    async def main() -> None:
        cloud = Cloud()
        if how == "greeting":

            async def refuse(link: Link) -> None:
                link.send(REFUSAL)

            cloud.on_open = refuse
        else:
            cloud.refuse(401, "/device")
        async with running(cloud, ready=False) as run:
            assert isinstance(await run.end(), AuthError)
            assert len(cloud.logins) == len(cloud.upgrades) == 2

    run_virtual(main())


def test_sessions_that_never_last() -> None:
    """Accepted, read, refused, again and again: logins stay few."""

    async def main() -> None:
        cloud = Cloud()

        async def refuse_later(link: Link, request: dict[str, Any]) -> None:
            await cloud.answer(link, request)
            if "states" in request["path"]:
                link.send(REFUSAL)

        cloud.on_request = refuse_later
        async with running(cloud, ready=False, backoff=STEADY):
            await asyncio.sleep(3600)
            assert len(cloud.logins) <= 125

    run_virtual(main())


def test_two_sided_secrets() -> None:
    """Credentials and account show in no repr of what a consumer may print."""

    async def main() -> None:
        async with running() as run:
            shown = " ".join(
                map(repr, (run.client, run.client.account, run.client.statistics, run.changes))
            )
            for secret in (CREDENTIALS.email, PASSWORD, TOKEN, str(USER["bleKey"]), "02:11"):
                assert secret not in shown
            assert repr(Credentials("a", "b", "c")) == "Credentials()"

    run_real(main())


# --- snapshots ------------------------------------------------------------------------------


def test_no_snapshot_to_fetch() -> None:
    """None when no picture was offered, or the device is not there."""

    async def main() -> None:
        async with running() as run:
            for device_id in (BELL, PLUG, "L4HActuator_unlisted"):
                assert await run.client.fetch_snapshot(device_id) is None

    run_real(main())


def test_snapshot_that_cannot_be_fetched() -> None:
    """The caller hears of it; the link has nothing to do with it."""

    async def main() -> None:
        async with running() as run:
            image = "https://127.0.0.1.example.invalid/a.jpeg?Signature=secret"
            run.cloud.link.send(push(BELL, event("2027-01-01T00:00:00Z", image=image)))
            await until(run.rings)
            assert run.device(BELL).snapshot_offered
            with pytest.raises(ConnectError) as caught:
                await run.client.fetch_snapshot(BELL)
            assert "secret" not in str(caught.value)
            assert run.client.connected

    run_real(main())


def test_statistics_of_a_life() -> None:
    """What diagnostics shows."""

    async def main() -> None:
        async with running() as run:
            statistics = run.client.statistics
            assert statistics.connects == 1
            assert statistics.last_greeting is not None
            assert statistics.last_greeting.tzinfo is not None
            assert statistics.answers == {200: 4}
            assert statistics.median_answer_s is not None
            run.cloud.refuse(404, "/action/")
            with pytest.raises(RefusedError):
                await run.client.set_on(PLUG, True)
            assert statistics.answers == {200: 4, 404: 1}

    run_real(main())
