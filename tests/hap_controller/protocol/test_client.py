"""The client against accessory servers on loopback, in virtual time: life of the link, reading, writing, pairings."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
import socket
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from pytest_socket import socket_allow_hosts

from custom_components.hap_controller.protocol import (
    AuthError,
    CharacteristicUuid,
    ConnectError,
    ControllerPermission,
    Database,
    DatabaseChanged,
    HapClient,
    HapStatus,
    LinkChanged,
    LinkClosedError,
    LinkError,
    NotAdminError,
    PairingKeys,
    PairingLostError,
    ServiceUuid,
    StatusError,
    WrongAccessoryError,
)
from custom_components.hap_controller.protocol.accessory import Accessory, AccessoryState, Service
from custom_components.hap_controller.protocol.const import (
    DELAY_FACTOR,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    MAX_DELAY_S,
    READY_LIMIT_S,
)
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.http import Request, Response
from custom_components.hap_controller.protocol.supervisor import exponential_backoff
from custom_components.hap_controller.protocol.values import FormatError
from tests.support.clock import run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy

from .odd import lamp_answers
from .running import HOST, Odd, Running, at_home, bridge_of, bulb, pair, running, serving, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

ON, BRIGHTNESS = CharacteristicUuid.ON, CharacteristicUuid.BRIGHTNESS
STEADY = exponential_backoff(
    FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0, factor=DELAY_FACTOR
)


def key_of(service: Service, uuid: str = ON) -> tuple[int, int]:
    """Give the numbers of a characteristic."""
    each = service[uuid]
    return each.aid, each.iid


def now() -> float:
    """Read the loop's clock."""
    return asyncio.get_running_loop().time()


def refuse(code: int) -> Callable[[Any], Any]:
    """Make a setter that refuses."""

    def setter(_: Any) -> None:
        raise StatusError(code)

    return setter


# --- the link comes up --------------------------------------------------------------------------


def test_first_link() -> None:
    """All is described, subscribed and read when the link is up, and told by then."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        light[ON].value = True
        async with at_home(lamp) as (run, _):
            described, up = run.changes
            assert isinstance(described, DatabaseChanged)
            assert described.difference.added_accessories == {1}
            assert up == LinkChanged(connected=True)
            assert run.value(key_of(light)) is True
            assert run.client.database.accessories[1].name == "Lamp"
            assert {key_of(light), key_of(light, BRIGHTNESS)} <= run.client.subscribed
            assert run.client.accessory_id == run.client._keys.accessory_id
            assert run.client.endpoint[0] == (HOST,)

    run_virtual(main())


def test_events_are_told() -> None:
    """What the accessory does by itself arrives without asking."""

    async def main() -> None:
        lamp, light = bulb()
        async with at_home(lamp) as (run, _):
            before = run.requests
            light[ON].value = True
            await until(lambda: run.values() == [(key_of(light), True)])
            assert run.value(key_of(light)) is True
            assert run.requests == before

    run_virtual(main())


def test_presses_are_told_each_time() -> None:
    """A button has no state, and the same press twice is two."""

    async def main() -> None:
        remote = Accessory("Remote")
        button = remote.add_service(ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH)
        press = button[CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT]
        async with at_home(remote) as (run, _):
            press.value = 1
            press.value = 1
            await until(lambda: len(run.values()) == 2)
            assert {value for _, value in run.values()} == {1}
            assert run.value((1, press.iid)) is None

    run_virtual(main())


def test_press_while_the_link_comes_up() -> None:
    """A press amid the greeting is not told: accessories send the last one again to those who subscribe."""

    async def main() -> None:
        remote = Accessory("Remote")
        button = remote.add_service(ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH)
        press = button[CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT]
        light = remote.add_service(ServiceUuid.LIGHTBULB)

        async def slow() -> bool:
            press.value = 2
            await asyncio.sleep(3)
            return True

        light[ON].getter = slow
        async with at_home(remote) as (run, _):
            await until(lambda: run.changes)
            assert [type(each) for each in run.changes] == [DatabaseChanged, LinkChanged]
            press.value = 1
            await until(run.values)
            assert run.values() == [((1, press.iid), 1)]

    run_virtual(main())


def test_hundred_lights_in_few_requests() -> None:
    """From the connection to the first state of 100 lights in at most 30 requests."""

    async def main() -> None:
        bridge, lights = bridge_of(100)
        lights[42][ON].value = True
        async with at_home(bridge) as (run, _):
            assert run.requests == 10
            assert run.value(key_of(lights[42])) is True
            assert {key_of(light) for light in lights} <= run.client.subscribed

    run_virtual(main())


def test_subscribe_in_few_requests() -> None:
    """396 characteristics of 99 accessories are subscribed in at most 16 requests."""

    async def main() -> None:
        extra = (BRIGHTNESS, CharacteristicUuid.HUE, CharacteristicUuid.SATURATION)
        bridge, lights = bridge_of(99, *extra)
        keys = [key_of(light, uuid) for light in lights for uuid in (ON, *extra)]
        assert len(keys) == 396
        async with at_home(bridge) as (run, _):
            await run.client.watch(())
            assert not run.client.subscribed
            before = run.requests
            await run.client.watch(keys)
            assert run.client.subscribed == set(keys)
            assert run.requests - before <= 16

    run_virtual(main())


def test_watch_only_some() -> None:
    """Changes of what nobody watches are not told, on this link and on the next."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        async with at_home(lamp) as (run, server):
            await run.client.watch([key_of(light)])
            assert run.client.subscribed == {key_of(light)}
            await drop(run, server)
            assert run.client.subscribed == {key_of(light)}
            light[BRIGHTNESS].value = 50
            light[ON].value = True
            await until(lambda: run.values() == [(key_of(light), True)])
            await run.client.watch()
            assert key_of(light, BRIGHTNESS) in run.client.subscribed

    run_virtual(main())


async def drop(run: Running, server: Any) -> None:
    """Restart the accessory and wait for the next link."""
    times = run.links().count(False)
    port = server.address[1]
    await server.stop()
    await run.lost(times + 1)
    server.state.port = port
    await server.start()
    await run.back()


def test_watch_without_link() -> None:
    """It may be said at any time and counts when the link is up."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        async with serving(lamp, state) as server:
            client = HapClient(keys, [HOST], server.address[1])
            await client.watch([key_of(light, BRIGHTNESS)])
            run = Running(client)
            await run.ready()
            assert client.subscribed == {key_of(light, BRIGHTNESS)}
            await run.stop()

    run_virtual(main())


def test_watch_while_the_link_comes_up() -> None:
    """It counts on that link, whatever the greeting began with."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.target.startswith("/characteristics?") and not watching:
                watching.append(asyncio.create_task(run.client.watch([(2, 2), (3, 2)])))
            return lamp_answers(request)

        watching: list[asyncio.Task[None]] = []
        async with Odd(answers) as odd:
            client = HapClient(odd.keys, [HOST], odd.port)
            await client.watch([(1, 2)])
            run = Running(client)
            await run.ready()
            assert client.subscribed == {(2, 2), (3, 2)}
            await asyncio.gather(*watching)
            await run.stop()

    run_virtual(main())


def test_values_after_a_restart() -> None:
    """What changed while the link was down is known again when it is up."""

    async def main() -> None:
        lamp, light = bulb()
        async with at_home(lamp) as (run, server):
            port = server.address[1]
            await server.stop()
            await run.lost()
            assert run.value(key_of(light)) is False
            assert not run.client.subscribed
            light[ON].value = True
            server.state.port = port
            await server.start()
            await run.back()
            assert run.value(key_of(light)) is True
            assert run.links() == [True, False, True]
            light[ON].value = False
            await until(lambda: run.values()[-1:] == [(key_of(light), False)])

    run_virtual(main())


# --- reading ------------------------------------------------------------------------------------


def test_read() -> None:
    """Values are read now, in the form that the model has, and changes are told to all."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        light[ON].getter = lambda: True
        async with at_home(lamp) as (run, _):
            light[ON].getter = lambda: False
            keys = [key_of(light), key_of(light), key_of(light, BRIGHTNESS)]
            assert await run.client.read(keys) == {keys[0]: False, keys[2]: light[BRIGHTNESS].value}
            assert run.values() == [(keys[0], False)]
            assert await run.client.read([]) == {}

    run_virtual(main())


def test_read_failures() -> None:
    """Some of several are given; when there is none at all the reason is raised."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        async with at_home(lamp) as (run, _):

            def fail() -> None:
                raise StatusError(HapStatus.UNREACHABLE)

            light[ON].getter = fail
            keys = [key_of(light), key_of(light, BRIGHTNESS)]
            assert list(await run.client.read(keys)) == keys[1:]
            assert not run.client.database.characteristics[keys[0]].available
            with pytest.raises(StatusError) as caught:
                await run.client.read(keys[:1])
            assert caught.value.code == HapStatus.UNREACHABLE
            with pytest.raises(StatusError):
                await run.client.read([(9, 9)])
            light[ON].getter = None
            await run.client.refresh()
            assert run.client.database.characteristics[keys[0]].available

    run_virtual(main())


def test_refresh_once_at_a_time() -> None:
    """Two who want all values at once share one round."""

    async def main() -> None:
        bridge, lights = bridge_of(60)
        async with at_home(bridge) as (run, _):
            before = run.requests
            await asyncio.gather(*(run.client.refresh() for _ in range(5)))
            assert run.requests - before == 2
            abandoned = asyncio.create_task(run.client.refresh())
            await asyncio.sleep(0)
            abandoned.cancel()
            lights[0][ON].getter = lambda: True
            await run.client.refresh()
            assert run.value(key_of(lights[0])) is True

    run_virtual(main())


# --- writing ------------------------------------------------------------------------------------


def test_write() -> None:
    """A write is converted, carried out, and told to our own listeners."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        got: list[Any] = []
        light[ON].setter = got.append
        light[BRIGHTNESS].setter = got.append
        async with at_home(lamp) as (run, _):
            assert await run.client.write({key_of(light): 1, key_of(light, BRIGHTNESS): 33.3}) == {}
            assert got == [True, 33]
            assert run.values() == [(key_of(light), True), (key_of(light, BRIGHTNESS), 33)]

    run_virtual(main())


def test_write_failures() -> None:
    """What cannot be written is refused here or there, and nothing is told."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        light[ON].setter = refuse(HapStatus.NOT_ALLOWED)
        async with at_home(lamp) as (run, _):
            with pytest.raises(StatusError) as caught:
                await run.client.write({key_of(light, BRIGHTNESS): 20, key_of(light): True})
            assert caught.value.code == HapStatus.NOT_ALLOWED
            assert run.values() == [(key_of(light, BRIGHTNESS), 20)]
            with pytest.raises(StatusError):
                await run.client.write({(8, 8): True})
            with pytest.raises(FormatError):
                await run.client.write({key_of(light, BRIGHTNESS): "bright"})

    run_virtual(main())


def test_group_goes_together() -> None:
    """50 lights go in at most two requests, and each caller learns what became of its own."""

    async def main() -> None:
        bridge, lights = bridge_of(50)
        got: list[int] = []
        for number, light in enumerate(lights):
            light[ON].setter = lambda on, number=number: got.append(number)
        lights[7][ON].setter = refuse(HapStatus.UNREACHABLE)
        lights[49][ON].setter = refuse(HapStatus.BUSY)
        async with at_home(bridge) as (run, _):
            before = run.requests
            results = await asyncio.gather(
                *(run.client.write({key_of(light): True}) for light in lights),
                return_exceptions=True,
            )
            assert run.requests - before <= 2
            assert got == [number for number in range(50) if number not in (7, 49)]
            errors = {
                number: each.code
                for number, each in enumerate(results)
                if isinstance(each, StatusError)
            }
            assert errors == {7: HapStatus.UNREACHABLE, 49: HapStatus.BUSY}
            assert all(each == {} for number, each in enumerate(results) if number not in errors)

    run_virtual(main())


def test_same_light_twice() -> None:
    """Two who write the same at once are both served, in order."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        got: list[int] = []
        light[BRIGHTNESS].setter = got.append
        async with at_home(lamp) as (run, _):
            key = key_of(light, BRIGHTNESS)
            await asyncio.gather(*(run.client.write({key: value}) for value in (10, 20, 20, 30)))
            assert got == [10, 20, 20, 30]
            assert run.value(key) == 30

    run_virtual(main())


def test_caller_that_gave_up() -> None:
    """What nobody waits for any more is not written, as long as it has not left."""

    async def main() -> None:
        lamp, light = bulb("Lamp", BRIGHTNESS)
        got: list[Any] = []
        light[ON].setter = got.append
        light[BRIGHTNESS].setter = got.append
        async with at_home(lamp) as (run, _):
            gone = asyncio.create_task(run.client.write({key_of(light): True}))
            stays = asyncio.create_task(run.client.write({key_of(light, BRIGHTNESS): 5}))
            await asyncio.sleep(0)
            gone.cancel()
            await stays
            assert got == [5]
            gone = asyncio.create_task(run.client.write({key_of(light): True}))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.sleep(1)
            assert got == [5]

    run_virtual(main())


def test_timed_writes() -> None:
    """What must be announced is, and others of the same moment go without."""

    async def main() -> None:
        lamp, light = bulb()
        door = lamp.add_service(ServiceUuid.LOCK_MECHANISM)
        got: list[Any] = []
        target = door.add(
            "E863F10A-079E-48FF-8F27-9C2605A29F52", format="uint8", perms=("pr", "pw", "tw")
        )
        other = door.add(
            "E863F10B-079E-48FF-8F27-9C2605A29F52", format="uint8", perms=("pr", "pw", "tw")
        )
        for each in (target, other, light[ON]):
            each.setter = got.append
        async with at_home(lamp) as (run, _):
            before = run.requests
            await asyncio.gather(
                run.client.write({(1, target.iid): 1}),
                run.client.write({key_of(light): True}),
            )
            assert got == [True, 1]
            assert run.requests - before == 3
            # Rounds of others do not come between announcement and write.
            await asyncio.gather(
                *(
                    later(run.client.write, {(1, each.iid): 2}, turns)
                    for turns, each in enumerate((target, other, target, other))
                )
            )
            assert got == [True, 1, 2, 2, 2, 2]

    run_virtual(main())


async def later(call: Callable[..., Awaitable[Any]], values: Any, turns: int) -> Any:
    """Call after some turns of the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return await call(values)


def test_write_response() -> None:
    """A characteristic that answers to writes is asked to."""

    async def main() -> None:
        lamp, light = bulb()
        control = light.add(
            "E863F10C-079E-48FF-8F27-9C2605A29F52", format="string", perms=("pw", "wr")
        )
        control.setter = lambda value: f"you said {value}"
        async with at_home(lamp) as (run, _):
            key = (1, control.iid)
            assert await run.client.write({key: "hello"}) == {key: "you said hello"}

    run_virtual(main())


def test_identify() -> None:
    """Each accessory of a bridge can show which one it is."""

    async def main() -> None:
        bridge, _ = bridge_of(2)
        shown: list[int] = []
        for each in bridge.accessories:
            each.identify = lambda aid=each.aid: shown.append(aid)
        async with at_home(bridge) as (run, _):
            await run.client.identify()
            await run.client.identify(3)
            assert shown == [1, 3]
            with pytest.raises(StatusError):
                await run.client.identify(99)

    run_virtual(main())


def test_image() -> None:
    """A camera gives a picture; whatever gives none has a status."""

    async def main() -> None:
        camera = Accessory("Camera", image=lambda width, height: b"\xff\xd8%dx%d" % (width, height))
        async with at_home(camera) as (run, _):
            assert await run.client.image(1, 640, 480) == b"\xff\xd8640x480"
            assert await run.client.image(None, 320, 240) == b"\xff\xd8320x240"
            with pytest.raises(StatusError):
                await run.client.image(5, 640, 480)

    run_virtual(main())


# --- pairings -----------------------------------------------------------------------------------


def test_pairings() -> None:
    """Others are let in, listed and locked out while our link stays."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp) as (run, server):
            client = run.client
            guest = SigningKey.generate()
            await client.add_pairing("guest", guest.public_key, ControllerPermission(0))
            listed = {each.controller_id: each.admin for each in await client.list_pairings()}
            assert listed == {client._keys.controller_id: True, "guest": False}
            keys = PairingKeys(
                client.accessory_id,
                client._keys.accessory_ltpk,
                "guest",
                guest.seed,
                guest.public_key,
            )
            async with running(keys, server.address[1]) as other:
                with pytest.raises(NotAdminError):
                    await other.client.list_pairings()
                await client.remove_pairing("guest")
                assert isinstance(await other.end(), PairingLostError)
            assert len(await client.list_pairings()) == 1
            assert run.links() == [True]

    run_virtual(main())


def test_unpair() -> None:
    """When the accessory forgot us the link ends, and with the next look at it the client."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp) as (run, server):
            await run.client.remove_pairing()
            assert not server.paired
            assert isinstance(await run.end(), PairingLostError)
            with pytest.raises(PairingLostError):
                await run.client.ready()
            with pytest.raises(AuthError):
                await run.client.refresh()
            run.client.announced(3)

    run_virtual(main())


@pytest.mark.parametrize("forgets", [True, False])
def test_unpair_without_answer(forgets: bool) -> None:
    """An accessory that hangs up on the request has forgotten us, or not: the next link tells."""

    async def main() -> None:
        def answers(request: Request) -> Response | None:
            if request.target == "/pairings":
                if forgets:
                    odd.register.pairings.clear()
                return None
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            if forgets:
                await run.client.remove_pairing()
                assert isinstance(await run.end(), PairingLostError)
            else:
                with pytest.raises(LinkClosedError):
                    await run.client.remove_pairing()
                assert run.client.connected

    run_virtual(main())


def test_unpair_and_vanish() -> None:
    """An accessory that hangs up on the request and does not come back may still be paired."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp, backoff=lambda: iter([1000.0] * 9)) as (run, server):
            removing = asyncio.create_task(run.client.remove_pairing())
            await asyncio.sleep(0)
            await server.stop()
            run.client.announced(None)
            with pytest.raises(LinkError):
                await removing
            run.client.announced(None)
            assert run.client._hurrying is not None  # stops with the client

    run_virtual(main())


def test_unpair_without_accessory() -> None:
    """An accessory that cannot be reached stays paired, and nobody says otherwise."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp) as (run, server):
            await server.stop()
            await run.lost()
            with pytest.raises(LinkError):
                await run.client.remove_pairing()
            assert server.paired

    run_virtual(main())


def test_removed_elsewhere() -> None:
    """A pairing that is gone ends the client with an error that says so, and no attempt follows."""

    async def main() -> None:
        lamp, _ = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        state.register.pairings.clear()
        async with (
            serving(lamp, state) as server,
            running(keys, server.address[1], ready=False) as run,
        ):
            assert isinstance(await run.end(), PairingLostError)
            assert run.client.statistics.drops == {"PairingLostError": 1}

    run_virtual(main())


# --- addresses and waits ------------------------------------------------------------------------


def test_back_off() -> None:
    """Waits grow by half from three quarters of a second to a minute (§10.3)."""

    async def main() -> None:
        times: list[float] = []
        async with FaultProxy(1) as proxy:
            proxy.accept = Accept.RESET
            keys = pair(AccessoryState.fresh(host=HOST).register)
            async with running(keys, proxy.port, ready=False, backoff=STEADY) as run:
                report = run.client._report

                def noted(err: LinkError) -> None:
                    times.append(now())
                    report(err)

                run.client._supervisor._report = noted
                await until(lambda: len(times) >= 14, 1000)
        waits = [round(later - earlier, 2) for earlier, later in pairwise(times)]
        expected = [min(60.0, 0.75 * 1.5**number) for number in range(len(waits))]
        assert waits == pytest.approx(expected, abs=0.05)

    run_virtual(main())


def test_first_attempt_after_a_healthy_link_is_at_once() -> None:
    """A link that was good for a while is tried again without delay (§10.4)."""

    async def main() -> None:
        lamp, _ = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        async with (
            serving(lamp, state) as server,
            FaultProxy(server.address[1]) as proxy,
            running(keys, proxy.port, backoff=STEADY) as run,
        ):
            await asyncio.sleep(HEALTHY_AFTER_S)
            proxy.drop_all(Cut.RST)
            lost = now()
            await run.lost()
            await run.back()
            assert now() - lost < 0.5
            proxy.drop_all(Cut.FIN)
            lost = now()
            await run.lost(2)
            await run.back()
            assert now() - lost >= FIRST_DELAY_S

    run_virtual(main())


def test_wrong_accessory_at_the_address() -> None:
    """Another accessory at one of the addresses is skipped at once; it does not cost the pairing."""

    socket_allow_hosts([HOST, "127.0.0.2"])

    async def main() -> None:
        lamp, light = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        stranger = AccessoryState.fresh(host="127.0.0.2")
        stranger.register.pairings[keys.controller_id] = state.register.pairings[keys.controller_id]
        stranger.register.signing_key = SigningKey.generate()
        async with serving(lamp, state) as server:
            stranger.port = server.address[1]
            async with serving(bulb()[0], stranger):
                hosts = ("127.0.0.2", HOST)
                begun = now()
                async with running(keys, server.address[1], hosts=hosts, backoff=STEADY) as run:
                    assert now() - begun < FIRST_DELAY_S
                    assert run.client.statistics.drops == {"WrongAccessoryError": 1}
                    assert run.value(key_of(light)) is False
                async with running(
                    keys, server.address[1], hosts=("127.0.0.2",), ready=False, backoff=STEADY
                ) as run:
                    with pytest.raises(WrongAccessoryError):
                        await run.client.ready(patient=False)
                    await until(lambda: run.client.statistics.drops.total() > 2)
                    assert now() - begun >= FIRST_DELAY_S

    run_virtual(main())


def test_wrong_accessory_behind_a_name() -> None:
    """Of the addresses of a name the one with another accessory is skipped as well."""
    socket_allow_hosts([HOST, "127.0.0.2"])
    ends = [("127.0.0.2", 0), (HOST, 0)]
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", end) for end in ends]

    async def main() -> None:
        lamp, light = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        stranger = AccessoryState.fresh(host="127.0.0.2")
        stranger.register.pairings[keys.controller_id] = state.register.pairings[keys.controller_id]
        stranger.register.signing_key = SigningKey.generate()
        loop = asyncio.get_running_loop()
        async with serving(lamp, state) as server:
            stranger.port = server.address[1]
            with patch.object(loop, "getaddrinfo", AsyncMock(return_value=infos)):
                async with (
                    serving(bulb()[0], stranger),
                    running(keys, server.address[1], hosts=("lamp.local",)) as run,
                ):
                    assert run.client.statistics.drops == {"WrongAccessoryError": 1}
                    assert run.client.endpoint == (("lamp.local",), server.address[1])
                    assert run.value(key_of(light)) is False

    run_virtual(main())


def test_address_changes() -> None:
    """An accessory that announces itself elsewhere is found there before the wait is over."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp, backoff=lambda: iter([1000.0] * 9)) as (run, server):
            await server.stop()
            await run.lost()
            run.client.announced(None, [HOST], 1)
            await asyncio.sleep(0.1)
            server.state.port = 0
            await server.start()
            begun = now()
            # The second announcement in a row counts as well, only not at once.
            run.client.announced(None, [HOST], server.address[1])
            await run.back()
            assert now() - begun < 5
            assert run.client.endpoint == ((HOST,), server.address[1])
            run.client.announced(None, ["127.0.0.9"])
            assert run.client.connected

    run_virtual(main())


def test_address_of_nobody() -> None:
    """What anybody announced in its name keeps nobody from where the accessory proved to be; what is new comes first."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp) as (run, server):
            nobody = [HOST], 1
            run.client.announced(None, *nobody)
            for _ in range(2):
                await drop(run, server)
            assert run.client.endpoint == ((HOST,), 1)
            assert run.client.statistics.drops["ConnectError"] == 2

    run_virtual(main())


def test_address_of_somebody_who_does_not_know_us() -> None:
    """Nobody has to prove that: it ends nothing as long as the accessory is where it was."""

    async def main() -> None:
        lamp, _ = bulb()
        other, _ = bulb()
        async with at_home(lamp) as (run, server), serving(other) as impostor:
            for _ in range(4):
                run.client.announced(None, [HOST], impostor.address[1])
                await drop(run, server)
            assert run.client.statistics.drops["SessionRefusedError"] == 4
            assert "PairingLostError" not in run.client.statistics.drops

    run_virtual(main())


def test_accessory_that_moved_and_forgot_us() -> None:
    """It is believed by and by, when nobody is where it was."""

    async def main() -> None:
        lamp, _ = bulb()
        other, _ = bulb()
        async with at_home(lamp) as (run, server), serving(other) as elsewhere:
            run.client.announced(None, [HOST], elsewhere.address[1])
            await server.stop()
            assert isinstance(await run.end(), PairingLostError)
            assert run.client.statistics.drops["SessionRefusedError"] == 2

    run_virtual(main())


def test_asking_waits_for_the_link() -> None:
    """A command in a short blip is carried out when the link is back; without one it fails in time (§10.4)."""

    async def main() -> None:
        lamp, light = bulb()
        async with at_home(lamp, backoff=lambda: iter([1000.0] * 9)) as (run, server):
            port = server.address[1]
            await server.stop()
            await run.lost()
            begun = now()
            with pytest.raises(LinkClosedError, match="ConnectError") as caught:
                await run.client.write({key_of(light): True})
            assert isinstance(caught.value.__cause__, ConnectError)
            assert READY_LIMIT_S <= now() - begun < READY_LIMIT_S + 1
            server.state.port = port
            await server.start()
            await run.client.write({key_of(light): True})
            assert light[ON].value is True

    run_virtual(main())


def test_stopping() -> None:
    """Whoever still waits when the client is stopped is told so."""

    async def main() -> None:
        lamp, light = bulb()

        async def slow(_: Any) -> None:
            await asyncio.sleep(5)

        light[ON].setter = slow
        async with at_home(lamp) as (run, _):
            first = asyncio.create_task(run.client.write({key_of(light): True}))
            await asyncio.sleep(0.5)
            second = asyncio.create_task(run.client.write({key_of(light): False}))
            reading = asyncio.create_task(run.client.refresh())
            await asyncio.sleep(0)
            await run.stop()
            for each in (first, second, reading):
                with pytest.raises(LinkClosedError):
                    await each
            with pytest.raises(LinkClosedError):
                await run.client.write({key_of(light): True})

    run_virtual(main())


def test_never_started() -> None:
    """A client that does not run gives no answer, in time."""

    async def main() -> None:
        client = HapClient(pair(AccessoryState.fresh(host=HOST).register), [HOST], 1)
        with pytest.raises(LinkClosedError, match="no answer"):
            await client.read([(1, 1)])

    run_virtual(main())


# --- another description ------------------------------------------------------------------------


def test_new_description() -> None:
    """A new number of the description has it read on the link that is up, with subscriptions and values."""

    async def main() -> None:
        bridge, _ = bridge_of(1)
        async with at_home(bridge) as (run, server):
            run.client.announced(1)
            await until(lambda: run.client.configuration == 1)
            assert [type(each) for each in run.changes] == [DatabaseChanged, LinkChanged]
            known = run.client.database
            lamp, light = bulb("New")
            light[ON].value = True
            bridge.add_accessory(lamp)
            await server.redefined()
            run.client.announced(2)
            run.client.announced(3)
            await until(lambda: run.client.configuration == 3)
            change = run.changes[-1]
            assert isinstance(change, DatabaseChanged)
            assert change.difference.added_accessories == {lamp.aid}
            assert run.client.database is not known
            await until(lambda: run.value(key_of(light)) is True)
            await until(lambda: key_of(light) in run.client.subscribed)
            light[ON].value = False
            await until(lambda: run.values()[-1:] == [(key_of(light), False)])
            assert run.links() == [True]

    run_virtual(main())


def test_kept_description() -> None:
    """A description kept from before is not read again as long as the accessory announces the same."""

    async def main() -> None:
        lamp, light = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        async with serving(lamp, state) as server:
            port = server.address[1]
            async with running(keys, port) as run:
                stored = run.client.database.store()
            light[ON].value = True
            kept: dict[str, Any] = {
                "database": Database.from_accessories(stored),
                "configuration": 4,
            }
            async with running(keys, port, **kept) as run:
                # As long as it has announced no number, it is read.
                assert run.requests == 2 + 3
                assert run.changes == [LinkChanged(connected=True)]
                assert run.value(key_of(light)) is True
                run.client.announced(4)
                await drop(run, server)
                assert run.requests == 2 + 3 + 2 + 2
                run.client.announced(5)
                await until(lambda: run.client.configuration == 5)
                assert run.requests == 2 + 3 + 2 + 2 + 3
            kept["database"] = Database.from_accessories(stored)
            async with running(keys, port, **kept) as run:
                await drop(run, server)  # nobody announces anything: it may be another one now
                assert run.requests == 2 * (2 + 3)

    run_virtual(main())


# --- silence and odd answers ----------------------------------------------------------------------


def test_answers_that_are_no_json() -> None:
    """An answer that cannot be read ends the link, and the caller is told (§6.4)."""

    async def main() -> None:
        async with Odd(lamp_answers) as odd, running(odd.keys, odd.port) as run:
            odd.answers = lambda request: Response(200, b"<html>", None)
            with pytest.raises(LinkError):
                await run.client.read([(1, 2)])
            odd.answers = lamp_answers
            await run.lost()
            await run.back()
            assert run.client.statistics.drops == {"FrameError": 1}
            assert list(run.client.statistics.closings)

    run_virtual(main())


def test_slow_to_verify() -> None:
    """An accessory that needs over ten seconds for each answer has the time for it at the second attempt (§6.7)."""

    async def main() -> None:
        async with Odd(lamp_answers) as odd:
            odd.verify_takes_s = 12.0
            async with running(odd.keys, odd.port, ready=False) as run:
                await run.back(60.0)
                assert odd.connections == 2
                assert run.client.statistics.drops == {"PeerSilentError": 1}

    run_virtual(main())


def test_silent_accessory_is_noticed() -> None:
    """A half-open link is noticed within a minute by a question that gets no answer."""

    async def main() -> None:
        lamp, _ = bulb()
        state = AccessoryState.fresh(host=HOST)
        keys = pair(state.register)
        async with (
            serving(lamp, state) as server,
            FaultProxy(server.address[1]) as proxy,
            running(keys, proxy.port) as run,
        ):
            await asyncio.sleep(300)
            assert run.links() == [True]
            proxy.blackhole = True
            begun = now()
            await run.lost()
            assert now() - begun <= 60
            proxy.blackhole = False
            await run.back()
            assert set(run.client.statistics.drops) == {"PeerSilentError"}

    run_virtual(main())


def test_secrets_stay_in() -> None:
    """Neither client nor statistics show a key."""

    async def main() -> None:
        lamp, _ = bulb()
        async with at_home(lamp) as (run, _):
            shown = repr((run.client, run.client.statistics, run.client._keys, vars(run.client)))
            for secret in (run.client._keys.controller_ltsk,):
                assert secret.hex() not in shown
                assert repr(secret)[2:-1] not in shown

    run_virtual(main())
