"""Every fault and quirk of the simulated accessories, and how our client bears it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    AlreadyPairedError,
    BackoffError,
    BusyError,
    LinkClosedError,
    LinkError,
    MaxPeersError,
    MaxTriesError,
    PairingAttempt,
    PairingKeys,
    PairingLostError,
    PairingRefusedError,
    RefusedError,
    SetupCodeError,
    SignatureError,
    StatusError,
    VendorError,
    WrongAccessoryError,
)
from simulators.hap_controller import Model, Rules, SimulatedAccessory, lamps
from simulators.hap_controller.faults import FAULTS
from tests.hap_controller.protocol.running import Running, until
from tests.support.clock import run_virtual

from .hap_client import BareController, admitted, bare, controlled, row, writing

pytestmark = pytest.mark.usefixtures("socket_enabled")

FIVE = Model("Lamps", 2, lambda: lamps(5))
TWENTY = Model("Lamps", 2, lambda: lamps(20))

type Test = Callable[[SimulatedAccessory, Running], Awaitable[None]]


def client(
    test: Test, model: Model | str = FIVE, rules: Rules | None = None, **options: Any
) -> None:
    """Let a test have an accessory and a client that is connected, in time that passes by itself."""

    async def main() -> None:
        async with (
            SimulatedAccessory(model, rules=rules) as served,
            controlled(served, **options) as run,
        ):
            await test(served, run)

    run_virtual(main())


def arm(served: SimulatedAccessory, name: str, count: int | None = 1, **options: Any) -> None:
    """Switch a fault on."""
    served.faults.arm(name, count=count, **options)


async def works(served: SimulatedAccessory, run: Running) -> None:
    """See that the client is connected, hears of changes, and operates, once each."""
    async with asyncio.timeout(600):
        await run.client.ready()
    on, brightness = served.key("Lamp 1", "On"), served.key("Lamp 2", "Brightness")
    served.set("Lamp 2", "Brightness", served.value("Lamp 2", "Brightness") - 1)
    await until(lambda: run.value(brightness) == served.value("Lamp 2", "Brightness"), 100)
    wanted = not served.value("Lamp 1", "On")
    served.wishes.clear()
    await run.client.write({on: wanted})
    assert served.written(on) == [wanted]
    await until(lambda: run.value(on) is wanted)


# --- connections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cut_on_a_write(how: str) -> None:
    """A write whose answer is lost may have been done, and is never done twice."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        on = served.key("Lamp 1", "On")
        for act, answer in ((False, "none"), (True, "none"), (True, "half")):
            arm(served, "cut", how=how, act=act, answer=answer, method="PUT")
            served.wishes.clear()
            with pytest.raises(LinkError):
                await run.client.write({on: True})
            assert served.written(on) == [True] * act
            await works(served, run)
        assert run.links() == [True, *[False, True] * 3]
        assert not served.violations

    client(test)


def test_cut_behind_an_answer() -> None:
    """What was answered is done, whatever becomes of the link then."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        on = served.key("Lamp 1", "On")
        arm(served, "cut", how="fin", act=True, answer="all", method="PUT")
        await run.client.write({on: True})
        await run.lost()
        await works(served, run)

    client(test)


@pytest.mark.parametrize("how", ["fin", "rst", "silence"])
def test_accepts_and_ends(how: str) -> None:
    """Connections that come to nothing are tried again."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "accept", count=3, how=how)
        served.drop("rst")
        await run.lost()
        await works(served, run)

    client(test)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_drops(how: str) -> None:
    """A dropped link comes back, and what happened meanwhile is known then."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        served.drop(how)
        served.set("Lamp 3", "On", True)
        await run.lost()
        await works(served, run)
        assert run.value(served.key("Lamp 3", "On")) is True

    client(test)


def test_half_open() -> None:
    """A link on which nothing comes any more is noticed within a minute, though nothing was asked."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        began = served.house.now()
        served.stall()
        served.set("Lamp 3", "On", True)
        await run.lost()
        assert served.house.now() - began < 60
        await works(served, run)
        assert run.value(served.key("Lamp 3", "On")) is True

    client(test)


def test_half_open_for_longer() -> None:
    """An accessory that hangs altogether is found again when it does not."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        served.stall(later=True)
        with pytest.raises(LinkError):
            await run.client.read([served.key("Lamp 1", "On")])
        await asyncio.sleep(300)
        assert not run.client.connected
        await served.reset()
        await works(served, run)

    client(test)


def test_down_and_up() -> None:
    """A link that is refused for long comes back."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        await served.link_down()
        await run.lost()
        with pytest.raises(LinkClosedError):
            await run.client.write({served.key("Lamp 1", "On"): True})
        await asyncio.sleep(100)
        await served.link_restored()
        await works(served, run)

    client(test)


def test_flapping() -> None:
    """A link that never holds for long is opened again and again, not more often than the waits say."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        await served.flap(20, 3.0)
        assert len([each for each in served.received if each.what == "open"]) < 25
        await works(served, run)
        assert not served.violations

    client(test)


def test_too_many_connections() -> None:
    """One that is too many is told so, and let in when another one has gone."""

    async def main() -> None:
        async with SimulatedAccessory(FIVE, rules=Rules(max_sessions=1)) as served:
            keys = admitted(served)
            async with bare(served, keys), bare(served, plain=True) as second:
                answer = await second.ask("POST", "/pair-verify", b"\6\1\1")
                assert answer.code == 503
                assert await second.ended()
            async with controlled(served, keys) as run:
                await works(served, run)

    run_virtual(main())


@pytest.mark.parametrize("act", [False, True])
def test_silence(act: bool) -> None:
    """A request that is never answered ends the link: answers behind it could be taken for its own."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        on = served.key("Lamp 1", "On")
        arm(served, "silence", act=act, method="PUT")
        with pytest.raises(LinkError):
            await run.client.write({on: True})
        assert served.written(on) == [True] * act
        await works(served, run)

    client(test)


def test_slow_answers() -> None:
    """An accessory may take its time; events come meanwhile."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "delay", seconds=25.0, method="PUT")
        writing_ = asyncio.create_task(run.client.write({served.key("Lamp 1", "On"): True}))
        await asyncio.sleep(1)
        served.set("Lamp 2", "Brightness", 7)
        await until(lambda: run.value(served.key("Lamp 2", "Brightness")) == 7)
        assert not writing_.done()
        await writing_
        assert run.links() == [True]

    client(test)


def test_slow_loris() -> None:
    """Bytes that come one by one are taken, as long as an answer is complete in time."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "dribble", pause_s=0.05)
        value = await run.client.read([served.key("Lamp 1", "Brightness")])
        assert list(value.values()) == [80]
        await works(served, run)
        assert run.links() == [True]
        arm(served, "dribble", pause_s=10.0)
        with pytest.raises(LinkError):
            await run.client.read([served.key("Lamp 1", "Brightness")])
        await works(served, run)

    client(test)


# --- frames -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/characteristics", "EVENT"])
@pytest.mark.parametrize("how", ["tag", "text", "length", "replay", "skip", "plain"])
def test_broken_frames(how: str, path: str) -> None:
    """Nothing of a frame that is not the next one is believed, and the link is opened anew."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        brightness = served.key("Lamp 1", "Brightness")
        await run.client.read([brightness])  # so that there is a frame to be replayed
        arm(served, "frame", how=how, path=path)
        if path == "EVENT":
            served.set("Lamp 1", "Brightness", 7)
        else:
            with suppress(LinkError):
                await run.client.read([brightness])
        await run.lost()
        await works(served, run)
        assert not served.violations

    client(test)


@pytest.mark.parametrize("how", ["long", "small"])
def test_odd_frames(how: str) -> None:
    """Frames of any length are taken."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "frame", None, how=how)
        served.drop("rst")
        await run.lost()
        await works(served, run)
        assert run.links() == [True, False, True]

    client(test)


# --- answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "ends"),
    [
        (470, -70411, True),
        (401, 0, True),
        (404, 0, False),
        (500, 0, False),
        (503, 0, False),
        (429, 0, False),
    ],
)
def test_http_codes(code: int, status: int, ends: bool) -> None:
    """A code that means there is no session ends the link; others are told to the caller."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "code", code=code, status=status, method="PUT")
        with pytest.raises(LinkError if ends else RefusedError):
            await run.client.write({served.key("Lamp 1", "On"): True})
        await works(served, run)
        assert (False in run.links()) == ends

    client(test)


def test_mixed_statuses() -> None:
    """What failed is not available, what worked is; and each caller learns what became of its own."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "status", every=2, kind="read")
        await run.client.refresh()
        found = run.client.database.characteristics.values()
        away = [each for each in found if not each.available]
        assert 0 < len(away) < len(found) / 2 + 1
        await run.client.refresh()
        assert all(each.available for each in found)
        arm(served, "status", status=-70403, type="On", aid=served.key("Lamp 2", "On")[0])
        keys = [served.key(f"Lamp {number}", "On") for number in (1, 2, 3)]
        results = await asyncio.gather(
            *(run.client.write({key: True}) for key in keys), return_exceptions=True
        )
        assert [isinstance(each, StatusError) for each in results] == [False, True, False]
        assert [served.house.value(key) for key in keys] == [True, False, True]
        assert run.value(keys[1]) is False

    client(test)


def test_a_status_of_its_own() -> None:
    """One characteristic may be out of order for as long as it takes."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        key = served.key("Lamp 2", "Brightness")
        await served.control.operate(
            {"op": "status", "accessory": "Lamp 2", "characteristic": "Brightness"}
        )
        await run.client.refresh()
        assert not run.client.database.characteristics[key].available
        served.house.places[key][2].status = 0
        await run.client.refresh()
        assert run.client.database.characteristics[key].available

    client(test)


@pytest.mark.parametrize(
    "how", ["spaces", "pretty", "commas", "extra", "numbers", "floats", "positive", "odd_elements"]
)
def test_odd_json(how: str) -> None:
    """However JSON is written, it says the same."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "json", None, how=how)
        served.drop("rst")
        await run.lost()
        await works(served, run)
        served.house.accessory("Lamp 3").reachable = False
        with pytest.raises(StatusError) as refused:
            await run.client.write({served.key("Lamp 3", "On"): True})
        assert refused.value.code == -70402
        assert len(run.client.database.accessories) == 6

    client(test)


@pytest.mark.parametrize("path", ["/characteristics", "/accessories", "EVENT"])
@pytest.mark.parametrize(
    "how", ["garbage", "truncated", "latin", "deep", "array", "empty", "nulls"]
)
def test_broken_json(how: str, path: str) -> None:
    """What cannot be understood is asked again or left out, and does not end anything for good."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "json", how=how, path=path)
        match path:
            case "EVENT":
                served.set("Lamp 1", "Brightness", 7)
                await asyncio.sleep(1)
            case "/accessories":
                served.drop("rst")
                await run.lost()
            case _:
                with suppress(VendorError):
                    await run.client.refresh()
        await works(served, run)
        assert len(run.client.database.accessories) == 6

    client(test)


@pytest.mark.parametrize("how", ["garbage", "twice", "endless_head", "endless_body", "huge"])
def test_broken_http(how: str) -> None:
    """An answer that is none ends the link, and so does one that nobody asked for."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "http", how=how, method="GET")
        with suppress(LinkError):
            await run.client.read([served.key("Lamp 1", "On")])
        await run.lost()
        await works(served, run)

    client(test)


def test_stray_events() -> None:
    """News of what there is not is left out."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "http", how="stray_event")
        await run.client.read([served.key("Lamp 1", "On")])
        await served.control.operate({"op": "send", "told": {"characteristics": [{"aid": 4711}]}})
        await works(served, run)
        assert run.links() == [True]

    client(test)


@pytest.mark.parametrize("how", ["none", "status", "empty", "text"])
def test_images(how: str) -> None:
    """A picture that cannot be had is an error of the caller's; what it shows is not judged."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "image", how=how)
        if how == "text":
            assert await run.client.image(1, 320, 240) == b"no picture"
        else:
            with pytest.raises(StatusError):
                await run.client.image(1, 320, 240)
        assert (await run.client.image(1, 320, 240)).startswith(b"\xff\xd8")
        served.house.primary.reachable = False
        with pytest.raises(StatusError):
            await run.client.image(1, 320, 240)

    client(test, "doorbell")


# --- events -------------------------------------------------------------------------------------------


def test_lost_events() -> None:
    """An event that nobody heard is found by asking."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        brightness = served.key("Lamp 1", "Brightness")
        arm(served, "lost")
        served.set("Lamp 1", "Brightness", 7)
        await asyncio.sleep(10)
        assert run.value(brightness) == 80
        await run.client.refresh()
        assert run.value(brightness) == 7
        await works(served, run)

    client(test)


def test_doubled_events() -> None:
    """The same news twice is news once."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        brightness = served.key("Lamp 1", "Brightness")
        arm(served, "doubled")
        served.set("Lamp 1", "Brightness", 7)
        await works(served, run)
        assert [value for key, value in run.values() if key == brightness] == [7]

    client(test)


# --- pairing ------------------------------------------------------------------------------------------


async def pair(served: SimulatedAccessory, code: str | None = None) -> PairingKeys:
    """Pair as a person does."""
    async with PairingAttempt.open([served.host], served.port) as attempt:
        await attempt.begin()
        return await attempt.finish(code or served.setup_code)


def pairing(test: Callable[[SimulatedAccessory], Awaitable[None]]) -> None:
    """Let a test have an accessory that nobody has paired."""

    async def main() -> None:
        async with SimulatedAccessory(FIVE) as served:
            await test(served)

    run_virtual(main())


REFUSALS = {
    1: PairingRefusedError,
    2: SetupCodeError,
    3: BackoffError,
    4: MaxPeersError,
    5: MaxTriesError,
    6: AlreadyPairedError,
    7: BusyError,
    99: PairingRefusedError,
}


@pytest.mark.parametrize("step", ["M2", "M4", "M6"])
def test_pairing_is_refused(step: str) -> None:
    """Each reason has an error of its own; the next attempt is none the worse for it."""

    async def test(served: SimulatedAccessory) -> None:
        for code, error in REFUSALS.items():
            arm(served, "pair_error", code=code, step=step, retry_after_s=30)
            with pytest.raises(error) as refused:
                await pair(served)
            if isinstance(refused.value, BackoffError):
                assert refused.value.retry_after_s == 30
            assert not served.memory.paired
        await pair(served)

    pairing(test)


def test_pairing_is_refused_in_earnest() -> None:
    """Tries, other attempts, and controllers that are there already are reasons too."""

    async def test(served: SimulatedAccessory) -> None:
        served.memory.failed_attempts = 99
        with pytest.raises(SetupCodeError):
            await pair(served, "518-08-582")
        with pytest.raises(MaxTriesError):
            await pair(served)
        served.memory.failed_attempts = 0
        async with PairingAttempt.open([served.host], served.port) as first:
            await first.begin()
            with pytest.raises(BusyError):
                await pair(served)
            await first.finish(served.setup_code)
        with pytest.raises(AlreadyPairedError):
            await pair(served)
        served.unpair()
        await pair(served)

    pairing(test)


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("step", ["M2", "M4", "M6"])
def test_pairing_is_cut(how: str, step: str) -> None:
    """Whoever is cut off behind the last message is paired for the accessory, and must be told so."""

    async def test(served: SimulatedAccessory) -> None:
        for act, answer in ((False, "none"), (True, "none"), (True, "half")):
            arm(served, "cut", how=how, act=act, answer=answer, path="/pair-setup", step=step)
            with pytest.raises(LinkError):
                await pair(served)
            if act and step == "M6":
                assert served.texts["sf"] == "0"
                with pytest.raises(AlreadyPairedError):
                    await pair(served)
                served.unpair()
        await pair(served)

    pairing(test)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("proof", PairingRefusedError),
        ("signature", SignatureError),
        ("zero_key", LinkError),
        ("tag", LinkError),
        ("other_state", LinkError),
        ("certificate", None),
        ("zero_salt", None),
        ("no_state", None),
        ("unknown_items", None),
    ],
)
def test_pairing_is_odd(how: str, error: type[VendorError] | None) -> None:
    """What no accessory that knows the code would say is refused; what is odd only is borne."""

    async def test(served: SimulatedAccessory) -> None:
        arm(served, "pair_odd", None, how=how)
        if error is None:
            keys = await pair(served)
            async with controlled(served, keys) as run:
                await works(served, run)
        else:
            with pytest.raises(error):
                await pair(served)

    pairing(test)


def test_pairing_with_other_codes() -> None:
    """What messages of pair-setup say counts, whatever HTTP code they come with; pair-verify does not end well so."""

    async def test(served: SimulatedAccessory) -> None:
        arm(served, "pair_http", None, code=405)
        with pytest.raises(SetupCodeError):
            await pair(served, "518-08-582")
        keys = await pair(served)
        served.faults.clear()
        async with controlled(served, keys) as run:
            arm(served, "pair_http", 2, code=405)
            served.drop("rst")
            await run.lost()
            await works(served, run)
            failed = [each for each in run.client.statistics.closings if "HTTP code 405" in each]
            assert len(failed) == 2

    pairing(test)


# --- pair-verify ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"how": "id"}, "another accessory answers"),
        ({"how": "signature"}, "signature"),
        ({"how": "tag"}, "cannot be opened"),
        ({"how": "error", "code": 1, "step": "M2"}, "does not verify"),
        ({"how": "error", "code": 7, "step": "M4"}, "does not verify"),
        ({"how": "no_state"}, ""),
    ],
)
def test_verify_goes_wrong(options: dict[str, Any], error: str) -> None:
    """Who is not the one that was paired is told nothing, and the right one is looked for."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "verify", 2, **options)
        served.drop("rst")
        await run.lost()
        await works(served, run)
        failed = [each for each in run.client.statistics.closings if error and error in each]
        assert len(failed) == (2 if error else 0)
        assert not served.violations

    client(test)


@pytest.mark.parametrize("step", ["M2", "M4"])
def test_verify_says_that_the_pairing_is_gone(step: str) -> None:
    """Then nothing but pairing anew can help."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        arm(served, "verify", code=2, step=step)
        served.drop("rst")
        assert isinstance(await run.end(), PairingLostError)

    client(test)


def test_resets_and_removals() -> None:
    """A controller that was removed, or whose accessory was reset, finds out."""

    async def removed(served: SimulatedAccessory, run: Running) -> None:
        await served.control.operate({"op": "unpair"})
        assert isinstance(await run.end(), PairingLostError)

    client(removed)

    async def reset(served: SimulatedAccessory, run: Running) -> None:
        await served.control.operate({"op": "factory_reset", "new_id": False})
        assert isinstance(await run.end(), PairingLostError)

    client(reset)

    async def replaced(served: SimulatedAccessory, run: Running) -> None:
        await served.factory_reset()
        await run.lost()
        await until(lambda: isinstance(run.client.last_error, WrongAccessoryError), 100)
        assert not run.task.done()

    client(replaced)


def test_unpairs() -> None:
    """A controller that leaves is forgotten, and the accessory can be paired anew."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        await run.client.remove_pairing()
        assert isinstance(await run.end(), PairingLostError)
        assert not served.memory.paired
        await pair(served)
        assert not served.violations

    client(test)


# --- what changes ------------------------------------------------------------------------------------------


def test_reboots_with_another_description() -> None:
    """A number that has changed makes the client read the description anew."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        reads = len(served.requests("/accessories"))
        await served.reboot(5.0, count_up=True)
        await run.lost()
        run.client.announced(2)
        await until(lambda: run.client.configuration == 2, 100)
        assert len(served.requests("/accessories")) == reads + 1
        await works(served, run)

    client(test, configuration=1)


def test_changes_of_address() -> None:
    """It is found where it is announced."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        await served.control.operate({"op": "move"})
        await run.lost()
        run.client.announced(None, [served.host], served.port)
        await works(served, run)

    client(test)


# --- quirks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules",
    [
        Rules(picky=True),
        Rules(one_read=True),
        Rules(max_request_bytes=1024),
        Rules(max_ids=4),
        Rules(max_ids=12, too_much="close"),
        Rules(max_ids=12, too_much="reset"),
        Rules(max_ids=24, too_much="silence"),
        Rules(one_aid=True),
        Rules(number_booleans=True),
        Rules(positive_statuses=True),
        Rules(json="spaces"),
        Rules(json="pretty"),
        Rules(json="commas"),
        Rules(http="lower"),
        Rules(http="bare"),
        Rules(http="chunked"),
        Rules(answer_s=4.0),
    ],
    ids=repr,
)
def test_quirks(rules: Rules) -> None:
    """Whole products are like this, and work."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        await works(served, run)
        await run.client.refresh()
        assert len(run.client.database.accessories) == 21
        assert len(run.client.subscribed) == 40
        for key, each in run.client.database.characteristics.items():
            assert each.value == served.house.value(key)
        assert not served.violations

    client(test, TWENTY, rules=rules)


@pytest.mark.parametrize("push", ["refused", "mute"])
def test_without_events(push: str) -> None:
    """What is not told is found by asking; what was refused is known not to be told."""

    async def test(served: SimulatedAccessory, run: Running) -> None:
        brightness = served.key("Lamp 1", "Brightness")
        served.set("Lamp 1", "Brightness", 7)
        await asyncio.sleep(10)
        assert run.value(brightness) == 80
        assert (brightness in run.client.subscribed) == (push == "mute")
        await run.client.refresh()
        assert run.value(brightness) == 7

    client(test, rules=Rules(push=push))


async def test_subscriptions_can_be_refused_one_by_one() -> None:
    """One characteristic of many may not be told."""
    async with SimulatedAccessory(FIVE) as served, bare(served) as controller:
        on, brightness = served.key("Lamp 1", "On"), served.key("Lamp 1", "Brightness")
        served.faults.arm("status", kind="subscribe", type="On", status=-70406, count=1)
        rows = await _subscribe(controller, on, brightness)
        assert [each["status"] for each in rows] == [-70406, 0]
        served.set("Lamp 1", "Brightness", 3)
        assert await controller.event() == [row(brightness, value=3)]


async def _subscribe(controller: BareController, *keys: tuple[int, int]) -> list[Any]:
    return await controller.rows(
        "PUT", "/characteristics", writing(*(row(key, ev=True) for key in keys))
    )


def test_every_fault_was_tried() -> None:
    """A fault that no test turns on could be without effect."""
    tried = re.findall(
        r'\barm\(\s*"?(?:served, )?"(\w+)"', Path(__file__).read_text(encoding="utf-8")
    )
    assert {kind.name for kind in FAULTS} == set(tried)
