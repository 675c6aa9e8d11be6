"""Our client and the strict simulator, in virtual time: a day at home, and every fault switch there is.

The simulator decides by its own rules what a client may ask for; whatever happens, it must find nothing to object to.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import repeat

import aiohttp
import pytest

from custom_components.dio_chacon.protocol import (
    AuthError,
    CommandError,
    Credentials,
    Device,
    DioClient,
    LinkError,
    Movement,
    Servers,
)
from simulators.dio_chacon import Home, Pace, Rules, SimulatedCloud, demo_home, large_home
from simulators.dio_chacon.faults import FAULTS
from tests.support.clock import run_virtual

from .running import Running

pytestmark = pytest.mark.usefixtures("socket_enabled")


@asynccontextmanager
async def at_home(
    home: Home | None = None,
    *,
    prepare: Callable[[SimulatedCloud], None] = lambda cloud: None,
    ready: bool = True,
    rules: Rules | None = None,
) -> AsyncIterator[tuple[SimulatedCloud, Running]]:
    """Run a client against a simulated home; afterwards the cloud must have nothing to object to."""
    async with (
        SimulatedCloud(home or demo_home(odd_devices=True), rules=rules) as cloud,
        aiohttp.ClientSession() as session,
    ):
        prepare(cloud)
        credentials = Credentials(cloud.home.email, cloud.home.password, "ha-simulated")
        client = DioClient(
            credentials,
            session,
            servers=Servers(cloud.auth_url, cloud.ws_url),
            backoff=lambda: repeat(5.0),
        )
        run = Running(client, cloud)  # type: ignore[arg-type]
        try:
            if ready:
                await run.ready()
            yield cloud, run
        finally:
            await run.stop()
            assert cloud.violations == []


def named(run: Running, name: str) -> Device:
    """Find a device by its name."""
    return next(each for each in run.client.devices.values() if each.name == name)


def agree(cloud: SimulatedCloud, run: Running) -> None:
    """Compare what the client shows with what the devices are."""
    home = cloud.home
    assert set(run.client.devices) == set(home.devices)
    for device_id, theirs in home.devices.items():
        ours = run.device(device_id)
        assert ours.record.name == theirs.name
        state = home.state(theirs)
        if ours.kind == "unknown":
            continue
        if state is None:
            assert ours.connected is False
            assert ours.position is ours.is_on is ours.movement is None
            continue
        assert ours.connected is bool(state["rc"])
        for link in state["links"]:
            match link["rt"]:
                case "oic.r.switch.binary":
                    assert ours.is_on is bool(link["value"])
                case "oic.r.openlevel":
                    assert ours.position == link["openLevel"]
                case "oic.r.movement.linear":
                    assert ours.movement == link["movement"]
                case "gw.r.quietmode":
                    assert ours.quiet is bool(link["value"])


def test_a_day_at_home() -> None:
    """Everything that people do, from the client, by hand and in the vendor's app, ends in one and the same picture."""

    async def main() -> None:
        async with at_home() as (cloud, run):
            home, client = cloud.home, run.client
            agree(cloud, run)
            kitchen = named(run, "Volet cuisine").device_id
            await client.move(kitchen, Movement.DOWN)
            assert run.device(kitchen).acknowledged_movement is Movement.DOWN
            await asyncio.sleep(1)
            assert run.device(kitchen).movement is Movement.DOWN
            await asyncio.sleep(4)
            await client.move(kitchen, Movement.STOP)
            await home.settle()
            await asyncio.sleep(1)
            assert 0 < (run.device(kitchen).position or 0) < 60
            agree(cloud, run)
            await client.set_position(kitchen, 75)
            await home.settle()
            for name, on in (("Plafonnier couloir", True), ("Prise lampadaire", False)):
                await client.set_on(named(run, name).device_id, on)
            await client.set_quiet(named(run, "Prise lampadaire").device_id, False)
            await home.settle()
            await asyncio.sleep(1)
            assert run.device(kitchen).position == 75
            agree(cloud, run)

            home.press("Prise garage")
            home.move("Volet salon", "down")
            home.ring("Portier")
            home.rename("Applique terrasse", "Applique jardin")
            home.assign_room("Applique jardin", "Jardin")
            home.set_connected("Volet chambre", False)
            await home.settle()
            await asyncio.sleep(1)
            agree(cloud, run)
            assert named(run, "Applique jardin").room_name == "Jardin"
            assert len(run.rings()) == 1

            home.remove("Volet chambre")
            home.add("plug", "Prise neuve", room="Garage")
            await asyncio.sleep(1000)
            agree(cloud, run)
            assert len(run.rings()) == 1
            assert cloud.journal.received[0].what == "login"
            assert run.links() == [True]

    run_virtual(main())


def test_three_hundred_devices() -> None:
    """Chunks that a cloud with a limit accepts."""

    async def main() -> None:
        async with at_home(large_home(300), rules=Rules(states_limit=50)) as (cloud, run):
            assert len(cloud.requests("/device/states")) == 6
            agree(cloud, run)

    run_virtual(main())


@pytest.mark.parametrize("closes", [False, True])
def test_habits_of_the_cloud_that_nobody_knows(closes: bool) -> None:
    """Whether it closes after a refusal or a logout makes no difference."""

    async def main() -> None:
        rules = Rules(close_after_invalid=closes, close_after_logout=closes)
        async with at_home(rules=rules) as (cloud, run):
            await run.stop()
            await cloud.journal.wait_for(lambda: not cloud.sessions)
            assert len(cloud.requests("/session/logout")) == 1
            assert cloud.tokens == ()
        async with at_home(
            rules=rules, ready=False, prepare=lambda cloud: cloud.faults.arm("greeting_invalid")
        ) as (cloud, run):
            assert isinstance(await run.end(), AuthError)
            assert sum(item.what == "login" for item in cloud.received) == 2

    run_virtual(main())


# What a client may do about a fault: go on as if nothing was, fail and come back, or give up.
GIVE_UP = {"login_refuse", "greeting_invalid"}
ON_OPENING = {
    kind.name for kind in FAULTS if kind.name.split("_")[0] in {"login", "upgrade", "greeting"}
}
VARIANTS = [
    (kind.name, {}) for kind in FAULTS
] + [
    *(("login_status", {"status": status}) for status in (404, 429, 500, 503)),
    ("login_status", {"status": 429, "retry_after": "90"}),
    ("login_status", {"status": 302, "location": "https://elsewhere.example.invalid/"}),
    *(("upgrade_status", {"status": status}) for status in (401, 429, 500)),
    ("upgrade_status", {"status": 503, "retry_after": "0"}),
    *(("greeting_close", {"how": how}) for how in ("fin", "rst")),
    ("greeting_delay", {"seconds": 9.0}),
    ("greeting_delay", {"seconds": 11.0}),
    *(("garble", {"how": how}) for how in ("truncated", "binary", "array", "null", "oversized")),
    *(("answer_id", {"how": how}) for how in ("unknown", "missing")),
    *(("answer_status", {"status": status}) for status in (400, 401, 404, 408, 429)),
    ("delay", {"seconds": 14.0}),
    ("delay", {"seconds": 16.0}),
    *(("cut", {"how": how}) for how in ("close", "fin", "mid_frame")),
    ("silence", {"act": True}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options"), VARIANTS, ids=[f"{name}-{options}" for name, options in VARIANTS]
)
@pytest.mark.parametrize("when", ["start", "later"])
def test_every_fault(name: str, options: dict[str, str | int | float | bool], when: str) -> None:
    """Three strikes of each switch, at the start or in mid-session, with commands meanwhile: it ends well."""

    async def main() -> None:
        arm = lambda cloud: cloud.faults.arm(name, count=3, **options)  # noqa: E731
        async with at_home(
            ready=when == "later", prepare=arm if when == "start" else lambda _: None
        ) as (
            cloud,
            run,
        ):
            if when == "later":
                arm(cloud)
                if name in ON_OPENING:
                    cloud.close_sessions()
            for _ in range(5):
                await asyncio.gather(
                    *(attempt(call) for call in wishes(run.client)), return_exceptions=False
                )
                cloud.home.press("Prise garage")
                await asyncio.sleep(20)
            if name in GIVE_UP and (when == "start" or name == "greeting_invalid"):
                assert isinstance(run.task.exception(), AuthError)
                return
            cloud.faults.clear()
            await run.back(400)
            await cloud.home.settle()
            await asyncio.sleep(310)  # silence that the cloud asked for ends
            await run.back(400)
            await run.client.refresh()
            agree(cloud, run)
            assert len(cloud.sessions) == 1
            assert sum(item.what == "login" for item in cloud.received) <= 6

    run_virtual(main())


def wishes(client: DioClient) -> list[Callable[[], object]]:
    """List what somebody may want of the demo home just now."""
    ids = {each.name: each.device_id for each in client.devices.values()}
    if not ids:
        return []
    return [
        lambda: client.set_on(ids["Plafonnier couloir"], True),
        lambda: client.move(ids["Volet salon"], Movement.DOWN),
        lambda: client.refresh_state(ids["Prise garage"]),
    ]


async def attempt(call: Callable[[], object]) -> None:
    """Want something; the only way to fail is the documented one, and within a minute."""
    async with asyncio.timeout(60):
        with suppress(LinkError, CommandError):
            await call()  # type: ignore[misc]


@pytest.mark.parametrize("hard", [False, True])
def test_cloud_that_goes_away(hard: bool) -> None:
    """Ten minutes without a cloud, while people use their switches: seen as lost, then all is as it is."""

    async def main() -> None:
        async with at_home() as (cloud, run):
            before = named(run, "Prise garage").is_on
            if hard:
                await cloud.link_down()
            else:
                cloud.close_sessions()
                await cloud.link_down()
            await run.lost()
            cloud.home.press("Prise garage")
            cloud.home.ring("Portier")
            await asyncio.sleep(600)
            assert named(run, "Prise garage").is_on is before
            await cloud.link_restored()
            await run.back()
            assert named(run, "Prise garage").is_on is not before
            assert run.rings() == []
            agree(cloud, run)

    run_virtual(main())


def test_password_changed_in_the_app() -> None:
    """The next link is refused, the login as well: the user is asked, once, and nothing is tried again."""

    async def main() -> None:
        async with at_home() as (cloud, run):
            cloud.home.password = "another"
            cloud.expire_tokens()
            cloud.close_sessions()
            assert isinstance(await run.end(), AuthError)
            logins = sum(item.what == "login" for item in cloud.received)
            await asyncio.sleep(86_400)
            assert sum(item.what == "login" for item in cloud.received) == logins == 2

    run_virtual(main())


def test_pace_of_real_motors() -> None:
    """Reports of progress, partial reports, and none at all for commands that change nothing."""

    async def main() -> None:
        for pace in (Pace(progress_s=1.0), Pace(partial=True), Pace(reaction_s=5.0)):
            async with at_home(demo_home(pace=pace)) as (cloud, run):
                salon = named(run, "Volet salon").device_id
                await run.client.move(salon, Movement.UP)  # it is open already
                await run.client.set_position(salon, 40)
                await cloud.home.settle()
                await asyncio.sleep(60)
                assert run.device(salon).position == 40
                assert run.device(salon).movement is Movement.STOP
                assert run.device(salon).acknowledged_movement is None
                agree(cloud, run)

    run_virtual(main())
