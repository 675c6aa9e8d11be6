"""What is asked of accessories to know them, and what is made of their answers, over sockets in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
import json
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    CharacteristicUuid,
    CommandError,
    Database,
    HapStatus,
    LinkError,
    RefusedError,
    StatusError,
    ValuesChanged,
)
from custom_components.hap_controller.protocol.accessory import Service
from custom_components.hap_controller.protocol.const import PROBE_SILENCE_S
from custom_components.hap_controller.protocol.http import Request, Response
from tests.support.clock import run_virtual

from .odd import LAMP, ids_of, lamp_answers, told
from .running import Odd, at_home, bulb, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

ON, BRIGHTNESS = CharacteristicUuid.ON, CharacteristicUuid.BRIGHTNESS


def key_of(service: Service, uuid: str = ON) -> tuple[int, int]:
    """Give the numbers of a characteristic."""
    each = service[uuid]
    return each.aid, each.iid


def now() -> float:
    """Read the loop's clock."""
    return asyncio.get_running_loop().time()


# --- odd accessories ------------------------------------------------------------------------------


def test_value_that_is_not_told() -> None:
    """A value that an answer leaves out is known to be out of date, until it is told again."""

    async def main() -> None:
        leaves_out = False

        def answers(request: Request) -> Response:
            if leaves_out and request.target.startswith("/characteristics?"):
                return Response(200, b'{"characteristics":[]}', None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            known = run.client.database.characteristics
            key = run.client.database.readable()[0]
            before = known[key].value
            assert not known[key].status
            leaves_out = True
            await run.client.refresh()
            assert known[key].status
            assert known[key].available
            assert known[key].value == before
            leaves_out = False
            await run.client.refresh()
            assert not known[key].status

    run_virtual(main())


def test_accessory_that_bears_few_at_once() -> None:
    """One that runs out of resources is asked for half, and for that from then on (§7.2)."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.method == "GET" and request.target.count(",") >= 15:
                return Response(207, b'{"status":-70407}', None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert all(run.value((aid, 2)) is True for aid in range(1, 31))
            sizes = [len(ids_of(each)) for each in odd.asked("/characteristics?")]
            assert sizes == [49, 24, 12, 12, 12, 12, 12]
            await run.client.refresh()
            sizes = [len(ids_of(each)) for each in odd.asked("/characteristics?")]
            assert sizes[7:] == [12] * 5

    run_virtual(main())


def test_accessory_that_hangs_up_on_many() -> None:
    """One that hangs up instead is asked for half on the next link."""

    async def main() -> None:
        def answers(request: Request) -> Response | None:
            if request.method == "GET" and request.target.count(",") >= 30:
                return None
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert odd.connections == 2
            assert max(len(ids_of(each)) for each in odd.asked("/characteristics?")[1:]) == 24
            assert run.value((30, 2)) is True

    run_virtual(main())


def test_bridge_that_wants_one_accessory_per_request() -> None:
    """One that refuses subscriptions of several accessories at once gets them one by one (§6.1)."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.method == "PUT":
                items = json.loads(request.body)["characteristics"]
                if len({each["aid"] for each in items}) > 1:
                    return Response(400, b"", None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert len(run.client.subscribed) == 60
            await run.client.watch([(1, 2)])
            assert run.client.subscribed == {(1, 2)}

    run_virtual(main())


def test_bridge_that_hangs_up_on_several_accessories() -> None:
    """One that hangs up instead gets them one by one, but not for a link that was lost by chance."""

    async def main() -> None:
        bears_several = iter([False, False, False])

        def answers(request: Request) -> Response | None:
            if request.method == "PUT":
                items = json.loads(request.body)["characteristics"]
                if len({each["aid"] for each in items}) > 1 and not next(bears_several, True):
                    return None
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert odd.connections == 3
            assert len(run.client.subscribed) == 60
        next(bears_several)
        bears_several = iter([False])
        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert odd.connections == 2
            assert len(odd.asked("/characteristics")) < 20

    run_virtual(main())


def test_accessory_that_tells_nothing() -> None:
    """One that refuses all subscriptions works nevertheless; it has to be asked."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.method == "PUT" and b'"ev"' in request.body:
                return Response(400, b"", None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert run.client.subscribed == set()
            await run.client.write({(1, 3): 7})
            assert run.value((1, 3)) == 7

    run_virtual(main())


def test_accessory_that_refuses_to_be_read() -> None:
    """Values that cannot be read cost no link: commands may work. Who asks for them is told."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.target.startswith("/characteristics?"):
                return Response(500, b"", None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            with pytest.raises(RefusedError):
                await run.client.read([(1, 2)])
            with pytest.raises(StatusError):
                await run.client.image(1, 1, 1)
            assert run.links() == [True]
            # What is known of them is as old as it may be.
            database = run.client.database
            assert all(database.characteristics[key].status for key in database.readable())

    run_virtual(main())


def spoiled(by: tuple[int, int], answer: Response) -> Callable[[Request], Response]:
    """Answer as an accessory that cannot tell one of its values, nor others with it."""

    def answers(request: Request) -> Response:
        if request.target.startswith("/characteristics?") and list(by) in ids_of(request):
            return answer
        return lamp_answers(request)

    return answers


def reads_of(odd: Odd) -> list[int]:
    """Give how many values were asked for in each request to read."""
    return [len(ids_of(each)) for each in odd.asked("/characteristics?")]


def test_one_value_that_spoils_the_answer() -> None:
    """It is found, and read alone from then on; all others are told in as few requests as ever."""

    async def main() -> None:
        answers = spoiled((7, 2), Response(500, b"", None))
        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            known = run.client.database.characteristics
            assert [key for key, each in known.items() if each.status] == [(7, 2)]
            assert sum(size == 49 for size in reads_of(odd)) == 1
            assert len(reads_of(odd)) <= 14
            odd.requests.clear()
            await run.client.refresh()
            assert reads_of(odd) == [49, 10, 1]
            odd.answers = lamp_answers
            await run.client.refresh()
            assert not known[7, 2].status
            odd.requests.clear()
            await run.client.refresh()
            assert reads_of(odd) == [49, 11]

    run_virtual(main())


def test_accessory_that_refuses_many_without_a_reason() -> None:
    """One whose server fails on many, or tells nothing then, is asked for fewer from then on."""

    async def main(refusal: Response) -> None:
        def answers(request: Request) -> Response:
            if request.target.count(",") >= 15:
                return refusal
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert not any(each.status for each in run.client.database.characteristics.values())
            assert odd.connections == 1
            odd.requests.clear()
            await run.client.refresh()
            assert reads_of(odd) == [12] * 5

    for refusal in (Response(500, b"wsgi handler failed"), Response(200, b"")):
        run_virtual(main(refusal))


def test_one_value_that_ends_the_link() -> None:
    """What cannot be told in JSON is not asked for again by ourselves, or the link would never come up (§6.4)."""

    async def main() -> None:
        answers = spoiled((7, 2), Response(200, b'{"characteristics":[{"aid":7,', None))
        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert odd.connections == 2
            assert run.client.statistics.drops == {"FrameError": 1}
            values = [run.value((aid, 2)) for aid in range(1, 31)]
            assert values == [aid != 7 for aid in range(1, 31)]  # as it was described
            odd.requests.clear()
            await run.client.refresh()
            assert reads_of(odd) == [49, 10]
            assert odd.connections == 2

    run_virtual(main())


@pytest.mark.parametrize("refusal", [Response(200, b"<html>"), Response(500)])
def test_accessory_that_tells_nothing_for_a_while(refusal: Response) -> None:
    """That is no reason to ask for less, or apart, later on; and it is not asked for each value."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            if request.target.startswith("/characteristics?") and refusing:
                return refusal
            return lamp_answers(request)

        refusing = True
        async with Odd(answers) as odd, running(odd.keys, odd.port, ready=False) as run:
            await until(lambda: run.client.connected or odd.connections > 1)
            assert len(reads_of(odd)) < 20
            refusing = False
            await run.ready()
            await run.client.refresh()
            odd.requests.clear()
            await run.client.refresh()
            assert reads_of(odd) == [49, 11]

    run_virtual(main())


# --- own writes and those of others ---------------------------------------------------------------


class Contested:
    """Answers of a bridge whose lamps another controller switches off while we switch them on."""

    def __init__(self, *, wins: bool, answer: Response | None = None) -> None:
        """Say who comes last, and how writes are answered."""
        self.wins = wins
        self.answer = answer or Response(204)
        self.value = False
        self.behind = b""

    def __call__(self, request: Request) -> Response | list[bytes | Response]:
        """Tell of the other's change before the answer."""
        if b'"value"' in request.body:
            self.value = not self.wins
            items = json.loads(request.body)["characteristics"]
            behind = [self.behind] if self.behind else []
            event = told(*((each["aid"], each["iid"], 0) for each in items))
            return [event, self.answer, *behind]
        if request.target.startswith("/characteristics?"):
            return Response(
                200, told(*((aid, iid, int(self.value)) for aid, iid in ids_of(request)))
            )
        return lamp_answers(request)


@pytest.mark.parametrize("in_one_write", [True, False])
@pytest.mark.parametrize("wins", [True, False])
def test_change_of_another_controller_amid_our_write(wins: bool, in_one_write: bool) -> None:
    """Nobody can say which came last: what was told stays until it is read, once and without anything else."""

    async def main() -> None:
        contested = Contested(wins=wins)
        async with Odd(contested) as odd, running(odd.keys, odd.port) as run:
            contested.value = True  # another has switched it on already
            await run.client.refresh()
            odd.in_one_write = in_one_write
            before = len(odd.requests)
            await run.client.write({(1, 2): True})
            assert run.value((1, 2)) is False
            await asyncio.sleep(2)
            wrote, read = odd.requests[before:]
            assert (wrote.method, read.method, ids_of(read)) == ("PUT", "GET", [[1, 2]])
            assert run.value((1, 2)) is not wins
            assert run.values()[-1] == ((1, 2), not wins)
            last = run.changes[-1]
            assert isinstance(last, ValuesChanged) and not last.asked  # no event was missed

    run_virtual(main())


def test_changes_amid_a_scene_are_read_at_once() -> None:
    """However many requests the scene took."""

    async def main() -> None:
        contested = Contested(wins=True)
        async with Odd(contested) as odd, running(odd.keys, odd.port) as run:
            contested.value = True
            await run.client.refresh()
            before = len(odd.requests)
            keys = [(aid, iid) for aid in range(1, 23) for iid in (2, 3)]
            await asyncio.gather(*(run.client.write({key: 1}) for key in keys))
            await asyncio.sleep(2)
            assert [each.method for each in odd.requests[before:]] == ["PUT", "PUT", "GET"]
            assert sorted(map(tuple, ids_of(odd.requests[-1]))) == keys
            assert not any(run.value(key) for key in keys)

    run_virtual(main())


@pytest.mark.parametrize(
    ("events", "value"),
    [
        ([], True),
        ([told((1, 2, 1))], True),
        ([told((1, 2, 0)), told((1, 2, 1))], True),
        ([told((1, 3, 7))], True),
    ],
)
def test_nothing_is_read_behind_an_ordinary_write(events: list[bytes], value: bool) -> None:
    """Nor when the accessory tells us our own value, or something about another characteristic."""

    async def main() -> None:
        def answers(request: Request) -> Response | list[bytes | Response]:
            if b'"value"' in request.body:
                return [*events, Response(204)]
            if request.target.startswith("/characteristics?"):
                return Response(200, told(*((aid, iid, 0) for aid, iid in ids_of(request))))
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            assert run.value((1, 2)) is False
            before = len(odd.requests)
            await run.client.write({(1, 2): True})
            assert run.value((1, 2)) is value
            await asyncio.sleep(2)
            assert [each.method for each in odd.requests[before:]] == ["PUT"]

    run_virtual(main())


def test_change_of_another_controller_amid_a_refused_write() -> None:
    """Ours did not count, so theirs does."""

    async def main() -> None:
        refused = {"characteristics": [{"aid": 1, "iid": 2, "status": -70403}]}
        contested = Contested(wins=True, answer=Response(207, json.dumps(refused).encode()))
        async with Odd(contested) as odd, running(odd.keys, odd.port) as run:
            contested.value = True
            await run.client.refresh()
            before = len(odd.requests)
            with pytest.raises(StatusError):
                await run.client.write({(1, 2): True})
            await asyncio.sleep(2)
            assert [each.method for each in odd.requests[before:]] == ["PUT"]
            assert run.value((1, 2)) is False

    run_virtual(main())


@pytest.mark.parametrize("wins", [True, False])
def test_event_behind_the_answer_counts_until_it_is_read(wins: bool) -> None:
    """It may be the newest of all, or have waited to be told while we wrote."""

    async def main() -> None:
        contested = Contested(wins=wins)
        contested.behind = told((1, 2, 0))
        async with Odd(contested) as odd, running(odd.keys, odd.port) as run:
            contested.value = True
            await run.client.refresh()
            before = len(odd.requests)
            odd.in_one_write = False
            await run.client.write({(1, 2): True})
            await asyncio.sleep(2)
            assert run.value((1, 2)) is not wins
            assert len(odd.requests) == before + 2

    run_virtual(main())


def test_event_about_what_was_written_and_is_gone() -> None:
    """A description that comes in between takes it away; the event about it does no harm."""

    async def main() -> None:
        contested = Contested(wins=False)
        contested.behind = told((1, 2, 0), (2, 2, 0))
        without = {"accessories": LAMP["accessories"][1:]}

        def answers(request: Request) -> Response | Sequence[bytes | Response]:
            if request.target == "/accessories" and contested.value:
                return [Response(200, json.dumps(without).encode()), contested.behind]
            return contested(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            described = asyncio.create_task(run.client.describe())
            await run.client.write({(1, 2): True, (2, 2): True})
            await described
            await run.client.describe()
            assert (1, 2) not in run.client.database.characteristics
            await asyncio.sleep(2)
            assert run.links() == [True]
            assert run.value((2, 2)) is True

    run_virtual(main())


def test_event_long_behind_the_answer() -> None:
    """What the accessory tells seconds later is news, and nothing else."""

    async def main() -> None:
        lamp, service = bulb()
        light = service[ON]
        async with at_home(lamp) as (run, _):
            key = light.aid, light.iid
            await run.client.write({key: True})
            before = run.requests
            await asyncio.sleep(2)
            light.value = False
            await until(lambda: run.value(key) is False)
            await asyncio.sleep(2)
            assert run.requests == before

    run_virtual(main())


def test_read_behind_an_event_counts() -> None:
    """Messages of one read count in their order: an event before the answer is older than what it says."""

    async def main() -> None:
        late = False

        def answers(request: Request) -> Response | list[bytes | Response]:
            if late and request.target.startswith("/characteristics?"):
                return [told((1, 2, 1)), Response(200, told((1, 2, 0)))]
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            late = True
            assert await run.client.read([(1, 2)]) == {(1, 2): False}
            assert run.value((1, 2)) is False
            assert run.values()[-1] == ((1, 2), False)

    run_virtual(main())


# --- large requests -------------------------------------------------------------------------------


BUTTON = (101, 3)


def town(request: Request) -> Response:
    """Answer as a bridge does that is well, with a hundred lamps and a button behind it."""
    if request.target == "/accessories":
        (lamp, *_) = LAMP["accessories"]
        press = {"iid": 3, "type": "73", "format": "uint8", "perms": ["pr", "ev"]}
        button = {"aid": 101, "services": [{"iid": 2, "type": "89", "characteristics": [press]}]}
        described = {"accessories": [*(lamp | {"aid": aid} for aid in range(1, 101)), button]}
        return Response(200, json.dumps(described).encode(), None)
    return lamp_answers(request)


def is_large(request: Request) -> bool:
    """Tell whether a request is more than an unknown accessory is asked for at once."""
    return len(request.body) > 1024 or request.target.count(",") > 49


def test_large_requests_once_they_have_proved_to_be_borne() -> None:
    """A bridge that takes them is asked for all at once: on the next link, by the next client, and in commands."""

    async def main() -> None:
        async with Odd(town) as odd:
            async with running(odd.keys, odd.port) as run:
                assert run.requests == 2 + 1 + 7 + 5
                assert not any(map(is_large, odd.requests))
                assert run.client.takes_large is None
                await run.client.try_large()
                assert run.client.takes_large is True
                assert run.links() == [True]
                before = run.requests
                await run.client.refresh()
                assert run.requests == before + 1
                await asyncio.gather(*(run.client.write({(aid, 2): True}) for aid in range(1, 101)))
                assert run.requests == before + 2
                await run.client.try_large()
                assert run.requests == before + 2
                stored = run.client.database.store()
            kept: dict[str, Any] = {
                "database": Database.from_accessories(stored),
                "configuration": 1,
                "takes_large": True,
            }
            async with running(odd.keys, odd.port, **kept) as run:
                assert run.requests == 2 + 3
                assert len(run.client.subscribed) == 201

    run_virtual(main())


def test_large_requests_are_not_tried_where_few_do() -> None:
    """What is asked for in a handful of requests anyway is left alone: small accessories often bear no more."""

    async def main() -> None:
        async with Odd(lamp_answers) as odd, running(odd.keys, odd.port) as run:
            before = run.requests
            await run.client.try_large()
            assert run.requests == before
            assert run.client.takes_large is None

    run_virtual(main())


@pytest.mark.parametrize(
    "refusal",
    [
        Response(400, b"", None),
        Response(207, b'{"status":-70407}', None),
        Response(200, b'{"characteristics":[{"aid":1,"iid":2,"value":1}]}', None),
    ],
    ids=["refused", "out_of_resources", "answered_in_part"],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_large_requests_are_refused(method: str, refusal: Response) -> None:
    """An accessory that refuses is not asked again, and loses nothing."""
    if method == "PUT" and refusal.code == 200:
        refusal = Response(207, b'{"characteristics":[{"aid":1,"iid":2,"status":-70407}]}', None)

    async def main() -> None:
        def answers(request: Request) -> Response:
            if is_large(request) and request.method == method:
                return refusal
            return town(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            await run.client.try_large()
            assert run.client.takes_large is False
            assert run.links() == [True]
            assert len(run.client.subscribed) == 201
            assert not any(each.status for each in run.client.database.characteristics.values())
            before = len(odd.requests)
            await run.client.try_large()
            await run.client.refresh()
            assert not any(map(is_large, odd.requests[before:]))

    run_virtual(main())


def test_large_requests_that_hang_up() -> None:
    """An accessory that hangs up on a large request is asked as before on the next link."""

    async def main() -> None:
        def answers(request: Request) -> Response | None:
            return None if is_large(request) else town(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            with pytest.raises(LinkError):
                await run.client.try_large()
            assert run.client.takes_large is False
            await run.back()
            assert odd.connections == 2
            assert len(run.client.subscribed) == 201

    run_virtual(main())


def test_large_requests_that_are_borne_no_longer() -> None:
    """An accessory that hangs up on what it bore once is asked for less, until that is tried again."""

    async def main() -> None:
        def answers(request: Request) -> Response | None:
            return None if is_large(request) else town(request)

        async with Odd(town) as odd, running(odd.keys, odd.port) as run:
            stored = run.client.database.store()
            kept: dict[str, Any] = {
                "database": Database.from_accessories(stored),
                "configuration": 1,
                "takes_large": True,
            }
            odd.answers = answers
            async with running(odd.keys, odd.port, **kept) as again:
                assert again.client.takes_large is None
                assert again.client.statistics.drops.total() == 1
                assert len(again.client.subscribed) == 201

    run_virtual(main())


def test_large_requests_tell_no_press_again() -> None:
    """A button is not subscribed to anew: some accessories tell its last press to whoever does."""

    async def main() -> None:
        async with Odd(town) as odd, running(odd.keys, odd.port) as run:
            asked = len(odd.asked("/characteristics"))
            assert BUTTON in run.client.subscribed
            await run.client.try_large()
            _, put = odd.asked("/characteristics")[asked:]
            items = json.loads(put.body)["characteristics"]
            assert BUTTON not in {(each["aid"], each["iid"]) for each in items}
            assert BUTTON in run.client.subscribed

    run_virtual(main())


# --- signs of life --------------------------------------------------------------------------------


def test_sign_of_life_is_of_use() -> None:
    """What is asked in a long silence is chosen by whoever uses the client, as much as the accessory can answer soon."""

    async def main() -> None:
        counts: list[int] = []

        def choose(count: int) -> list[tuple[int, int]]:
            counts.append(count)
            return [(1, 2), (2, 2)][:count]

        async with Odd(town) as odd, running(odd.keys, odd.port) as run:
            run.client.choose = choose
            before = run.requests
            await asyncio.sleep(PROBE_SILENCE_S + 1)
            assert run.requests == before + 1
            assert ids_of(odd.requests[-1]) == [[1, 2], [2, 2]]
            assert counts == [49]
            odd.think_s = 5.0
            await asyncio.sleep(4 * PROBE_SILENCE_S)
            assert counts[1] == 49
            assert counts[2:4] == [1, 1]
            odd.answers = lambda request: Response(400, b"", None)
            await asyncio.sleep(2 * PROBE_SILENCE_S)
            assert run.links() == [True]

    run_virtual(main())


def test_accessory_without_description() -> None:
    """One that does not describe itself is not usable, but may be later."""

    async def main() -> None:
        def answers(request: Request) -> Response:
            return Response(500, b"", None)

        async with Odd(answers) as odd, running(odd.keys, odd.port, ready=False) as run:
            with pytest.raises(LinkError):
                await run.client.ready(patient=False)
            odd.answers = lamp_answers
            await run.ready()
            odd.answers = answers
            run.client.announced(2)
            await asyncio.sleep(1)
            assert run.client.configuration is None
            assert run.client.connected

    run_virtual(main())


def test_announced_write_is_refused() -> None:
    """When the announcement of a timed write is refused nothing is written."""

    async def main() -> None:
        timed = json.loads(json.dumps(LAMP))
        for service in timed["accessories"][0]["services"]:
            service["characteristics"][0]["perms"].append("tw")

        def answers(request: Request) -> Response:
            if request.target == "/accessories":
                return Response(200, json.dumps(timed).encode(), None)
            if request.target == "/prepare":
                return Response(200, b'{"status":-70403}', None)
            return lamp_answers(request)

        async with Odd(answers) as odd, running(odd.keys, odd.port) as run:
            with pytest.raises(StatusError) as caught:
                await run.client.write({(1, 2): True})
            assert caught.value.code == HapStatus.BUSY
            assert odd.requests[-1].target == "/prepare"
            odd.answers = lambda request: Response(400, b"", None)
            with pytest.raises(CommandError):
                await run.client.write({(2, 2): True})

    run_virtual(main())
