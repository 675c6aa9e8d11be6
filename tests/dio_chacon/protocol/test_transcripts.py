"""Every transcript of the vectors, replayed by a server that follows it word for word.

A step of the client is matched by method, path and parameters: numbering, and requests that the transcript leaves
out (account, rooms), are the client's own business. A step that the client never takes fails the test.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
import json
import re
from typing import Any

import pytest

from custom_components.dio_chacon.protocol import (
    AuthError,
    ConnectError,
    Credentials,
    Kind,
    Movement,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    ThrottledError,
)
from custom_components.dio_chacon.protocol.connection import Listed
from custom_components.dio_chacon.protocol.conversation import Settled
from custom_components.dio_chacon.protocol.messages import move_shutter, set_switch
from tests.common import load_vectors, vector_names
from tests.support.clock import run_virtual

from .cloud import Cloud, Link, Reply
from .home import GREETING, fixture_account
from .running import Running, running, until
from .talk import Talk

TRANSCRIPTS = [
    name for name in vector_names("dio_chacon") if "steps" in load_vectors("dio_chacon", name)
]
CREDENTIALS = Credentials("someone@example.org", "correct horse", "ha-sample")
WRONG = Credentials("someone@example.org", "wrong", "ha-sample")
OLD_TOKEN = "r:0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_ACTION = re.compile(r"/device/(?P<id>[^/]+)/action/(?P<href>[^/]+)")

type Checks = dict[str, Callable[[Replay, Any], None]]


@dataclass
class Replay:
    """A server that follows a transcript."""

    name: str
    transcript: dict[str, Any] = field(init=False)
    cloud: Cloud = field(init=False, default_factory=Cloud)
    run: Running = field(init=False)

    def __post_init__(self) -> None:
        """Read the transcript; what it leaves out is answered with the fixture account."""
        self.transcript = load_vectors("dio_chacon", self.name)
        self.steps: list[dict[str, Any]] = [
            step for step in self.transcript["steps"] if "kind" in step
        ]
        self.position = 0
        account = fixture_account()
        self.cloud.records = list(account["records"])
        self.cloud.states = dict(account["states"])
        self.cloud.on_login = self.login
        self.cloud.on_upgrade = self.upgrade
        self.cloud.on_open = self.opened
        self.cloud.on_request = self.request
        self.began = bool(self.steps[0]["kind"] in {"http", "ws-open"})
        self.by_password = not self.mentions_token()
        self.seen: list[tuple[Any, ...]] = []
        self.link: Link | None = None
        self.numbers: dict[object, object] = {}
        self.last_list: object = None
        self.closed: list[tuple[Link, int]] = []
        """Links that the client has to close, with the code."""

    def mentions_token(self) -> bool:
        """Tell whether the session of this transcript is one by token."""
        return self.name == "logout" or any(
            "sessionToken" in step.get("query", {})
            or "sessionToken" in json.dumps(step.get("json"))
            for step in self.steps
        )

    @property
    def expect(self) -> Any:
        """What a client must have understood in the end."""
        return self.transcript.get("expect", {})

    @property
    def done(self) -> bool:
        """Whether every step was taken."""
        return self.position >= len(self.steps)

    def next(self, direction: str) -> dict[str, Any] | None:
        """Give the next step if it is one of this side."""
        if self.began and not self.done and self.steps[self.position]["dir"] == direction:
            return self.steps[self.position]
        return None

    def take(self, kind: str) -> dict[str, Any] | None:
        """Take the next step of the client if it is of this kind."""
        step = self.next("c>s")
        if step and step["kind"] == "close" and self.link:
            # The next connection may be on its way before the old one is quite closed.
            self.closed.append((self.link, step["code"]))
            self.position += 1
            step = self.next("c>s")
        if step is None or step["kind"] != kind:
            return None
        self.position += 1
        return step

    # --- what the server does ---------------------------------------------------------------

    def login(self, body: dict[str, Any]) -> Reply:
        """Answer a login as written; one that is not written is answered so that the next step can come."""
        if step := self.take("http"):
            assert step["method"] == "POST"
            assert step["path"] == "/api/session/login"
            assert step["json"] == body
            answer = self.next("s>c")
            assert answer
            self.position += 1
            if "json" in answer:
                return Reply.of(answer["json"], answer["status"])
            return Reply(answer["status"], answer["text"].encode())
        if self.by_password or self.name == "login_server_down":
            return Reply(404)
        return Reply.of({"status": 200, "data": {"sessionToken": OLD_TOKEN}})

    def upgrade(self, query: dict[str, str]) -> Reply | None:
        """Accept or refuse the websocket as written."""
        if step := self.take("ws-open"):
            assert step["path"] == "/ws"
            assert step["query"] == query
            answer = self.next("s>c")
            if answer and answer["kind"] == "upgrade-refused":
                self.position += 1
                return Reply(answer["status"])
        return None

    async def opened(self, link: Link) -> None:
        """Greet as written, or as usual where the transcript starts later."""
        self.link = link
        link.ended.clear()
        if not self.began:
            link.send(GREETING)
            return
        await self.speak(link)
        if self.done or self.next("c>s"):
            spoken = self.steps[self.position - 1] if self.position else {}
            if spoken.get("kind") == "ws-open" and not self.next("c>s"):
                link.send(GREETING)

    async def request(self, link: Link, request: dict[str, Any]) -> None:
        """Answer what is written; anything else as the fixture account would."""
        step = self.next("c>s")
        if step and step["kind"] == "text" and matches(step["json"], request):
            self.position += 1
            self.numbers[step["json"]["id"]] = request["id"]
            await self.speak(link)
            return
        if request["path"] == "/device" and self.last_list is not None:
            link.send({"id": request["id"], "status": 200, "data": self.last_list})
            return
        await self.cloud.answer(link, request)

    async def speak(self, link: Link) -> None:
        """Say what is written, until it is the client's turn."""
        while step := self.next("s>c"):
            self.position += 1
            await asyncio.sleep(step.get("t", 0))
            match step["kind"]:
                case "text":
                    frame = dict(step["json"])
                    if "id" in frame and "name" not in frame:
                        frame["id"] = self.numbers.get(frame["id"], frame["id"])
                        if isinstance(frame.get("data"), list):
                            self.last_list = frame["data"]
                    link.send(frame)
                case "raw":
                    link.text(step["text"])
                case "abort":
                    link.abort()
                case "silence":
                    await asyncio.sleep(0)
                case kind:
                    raise AssertionError(f"a step of kind {kind}")
            await asyncio.sleep(0.001)
            self.note()

    def note(self) -> None:
        """Keep what the client shows after a step."""
        devices = getattr(self, "run", None) and self.run.client.devices
        if devices:
            self.seen.append(
                tuple(
                    (device.position, device.movement, device.connected, device.is_on)
                    for device in devices.values()
                )
            )

    # --- what the user does -----------------------------------------------------------------

    async def act(self) -> None:
        """Do what the next steps of the client need a user for."""
        while not self.done:
            step = self.next("c>s")
            if step is None:
                assert self.link
                await self.speak(self.link)
            elif step["kind"] == "text":
                await self.want(step["json"])
            elif step["kind"] == "close":
                assert self.link
                self.closed.append((self.link, step["code"]))
                self.position += 1
            else:  # another connection: the client comes by itself
                position = self.position
                await until(lambda: self.position > position, 100)  # noqa: B023

    async def want(self, request: dict[str, Any]) -> None:
        """Call what makes the client send this request."""
        client, position = self.run.client, self.position
        parameters = request["parameters"]
        if action := _ACTION.fullmatch(request["path"]):
            device_id, href = action["id"], action["href"]
            match href:
                case "switch":
                    await client.set_on(device_id, bool(parameters["value"]))
                case "quietmode":
                    await client.set_quiet(device_id, bool(parameters["value"]))
                case "mvtlinear":
                    await client.move(device_id, Movement(parameters["movement"]))
                case "openlevel":
                    await client.set_position(device_id, parameters["openLevel"])
        elif request["path"] == "/session/logout":
            await self.run.stop()
        elif request["path"] == "/device" and client.connected:
            await client.refresh()
        await until(lambda: self.position > position, 30)


def matches(step: dict[str, Any], request: dict[str, Any]) -> bool:
    """Tell whether a request is the one of a step, whatever its number."""
    return all(step[name] == request[name] for name in ("method", "path", "parameters"))


# --- what must have been understood ---------------------------------------------------------


def check_device(replay: Replay, device_id: str, values: dict[str, Any]) -> None:
    """Compare one device with what is expected of it."""
    device = replay.run.device(device_id)
    for name, value in values.items():
        match name:
            case "kind":
                assert device.kind is Kind(value)
            case "on":
                assert device.is_on is value
            case "last_event":
                assert device.last_event
                assert device.last_event.kind == value["type"]
                assert replay_time(device.last_event.time) == value["ts"]
            case _:
                assert getattr(device, name) == value, name


def replay_time(time: Any) -> str:
    """Write a time as the vendor does."""
    text: str = time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"
    return text


def acted_on(replay: Replay) -> str:
    """Find the device that a transcript is about."""
    for step in replay.steps:
        if action := _ACTION.fullmatch(str(step.get("json", {}).get("path"))):
            return action["id"]
        data = step.get("json", {}).get("data")
        if isinstance(data, dict) and "di" in data:
            return str(data["di"])
        if isinstance(data, dict) and str(data.get("id")).startswith("L4HActuator"):
            return str(data["id"])
    raise AssertionError("no device")


def check_error(replay: Replay, value: str | None) -> None:
    """The error that the client ends or goes on with."""
    error = replay.run.client.last_error
    match value:
        case "auth":
            assert isinstance(error, AuthError)
            assert replay.run.task.done()
            assert len(replay.cloud.logins) + len(replay.cloud.upgrades) <= 2
        case "connection":
            assert isinstance(error, ConnectError | PeerSilentError)
            assert not replay.run.task.done()
        case None:
            assert error is None
            assert replay.run.client.connected


def check_position(replay: Replay, value: int) -> None:
    """The level that was reported last."""
    check_device(replay, acted_on(replay), {"position": value})


CHECKS: Checks = {
    "account_id": lambda replay, value: assert_equal(
        replay.run.client.account and replay.run.client.account.account_id, value
    ),
    "error": check_error,
    "position": check_position,
    "movement": lambda replay, value: check_device(replay, acted_on(replay), {"movement": value}),
    "quiet": lambda replay, value: check_device(replay, acted_on(replay), {"quiet": value}),
    "on": lambda replay, value: check_device(replay, light_of(replay), {"on": value}),
    "name": lambda replay, value: check_device(replay, acted_on(replay), {"name": value}),
    "room": lambda replay, value: check_device(replay, acted_on(replay), {"room_name": value}),
    "devices": lambda replay, value: [
        *(check_device(replay, device_id, each) for device_id, each in value.items()),
        assert_equal(
            {each.device_id for each in replay.run.client.devices.values()} - ignored(replay),
            set(value),
        ),
    ],
    "ignored": lambda replay, value: [
        assert_equal(replay.run.device(device_id).kind, Kind.UNKNOWN) for device_id in value
    ],
    "last": lambda replay, value: [
        check_device(replay, device_id, each) for device_id, each in value.items()
    ],
    "listener_alive": lambda replay, value: assert_equal(replay.run.client.connected, value),
    "added": lambda replay, value: assert_equal(set(value) <= set(replay.run.client.devices), True),
    "removed": lambda replay, value: assert_equal(
        set(value) & set(replay.run.client.devices), set()
    ),
    "event": lambda replay, value: assert_equal(replay.run.rings()[-1].event.kind, value),
    "ts": lambda replay, value: assert_equal(replay_time(replay.run.rings()[-1].event.time), value),
    "image": lambda replay, value: assert_equal(
        replay.run.rings()[-1].event.image_url is not None, value
    ),
    "rings": lambda replay, value: assert_equal(
        [replay_time(each.event.time) for each in replay.run.rings() if each.event.kind == "ring"],
        value,
    ),
    "images": lambda replay, value: assert_equal(
        sum(bool(each.event.image_url) for each in replay.run.rings() if each.event.kind == "ring"),
        value,
    ),
    "other_events": lambda replay, value: assert_equal(
        [each.event.kind for each in replay.run.rings() if each.event.kind != "ring"], value
    ),
    "connected": lambda replay, value: assert_equal(
        [values["connected"] for values in replay_course(replay, acted_on(replay))], value
    ),
    "after": lambda replay, value: assert_equal(
        [
            {name: values[name] for name in ("position", "movement", "connected")}
            for values in replay_course(replay, acted_on(replay))
        ],
        value,
    ),
    "unavailable_meanwhile": lambda replay, value: assert_equal(
        replay.run.client.statistics.drops.total() > 0, value
    ),
}


def assert_equal(actual: object, expected: object) -> None:
    """Compare, in an expression."""
    assert actual == expected


def ignored(replay: Replay) -> set[str]:
    """Give the devices of types that nobody supports."""
    return set(replay.expect.get("ignored", ()))


def light_of(replay: Replay) -> str:
    """Find the switch that a transcript is about."""
    try:
        return acted_on(replay)
    except AssertionError:
        return "L4HActuator_7d3a9e10-1c55-4f0b-a2d8-61b0f3c9d101"


def replay_course(replay: Replay, device_id: str) -> list[dict[str, Any]]:
    """Give what a device showed after each word of the server."""
    index = list(replay.run.client.devices).index(device_id)
    names = ("position", "movement", "connected", "is_on")
    return [dict(zip(names, seen[index], strict=True)) for seen in replay.seen]


# Replayed against the whole client; the two others need requests in an order that is the server's to choose.
ON_CONNECTION = {"command_errors", "concurrent_requests"}


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", [name for name in TRANSCRIPTS if name not in ON_CONNECTION])
def test_transcript(name: str) -> None:
    """The client takes every step, and has understood what it must in the end."""
    replay = Replay(name)
    unknown = set(replay.expect) - set(CHECKS)
    assert not unknown, "an expectation that nobody checks"
    wrong = "wrong" in json.dumps(replay.steps)

    async def main() -> None:
        async with running(
            replay.cloud,
            ready=False,
            credentials=WRONG if wrong else CREDENTIALS,
            backoff=lambda: repeat(1.0),
        ) as run:
            replay.run = run
            if not replay.began:
                await run.ready()
                replay.began = True
                replay.link = replay.cloud.link
                replay.seen.clear()
            elif name == "token_expired":
                # The transcript starts when a token that worked has stopped working.
                replay.began = False
                await run.ready()
                replay.began = True
                run.cloud.link.finish()
                await run.lost()
            async with asyncio.timeout(200):
                await replay.act()
            assert replay.done
            for link, code in replay.closed:
                async with asyncio.timeout(30):
                    await link.ended.wait()
                assert link.close_code == code
            if replay.expect.get("error", "none") in {"none", None} and name != "logout":
                await run.back(100)
                await asyncio.sleep(60)
            if replay.expect.get("error") == "connection":
                await asyncio.sleep(0.5)
            elif replay.expect.get("error") == "auth":
                await run.end()
                await asyncio.sleep(1000)
            for check, value in replay.expect.items():
                CHECKS[check](replay, value)
            if name == "discovery_empty":
                assert replay.cloud.requests("/states") == []
            if name == "rooms":
                rooms = {
                    device.record.room_id: device.room_name
                    for device in run.client.devices.values()
                }
                assert rooms["rm-kitchen"] == "Cuisine"
                assert rooms["rm-hall"] == "Couloir"
            if name == "login_no_greeting":
                assert isinstance(run.client.last_error, PeerSilentError)

    run_virtual(main())


def test_concurrent_requests() -> None:
    """Answers in another order than the questions, a push between, one answer late: each finds its question."""
    transcript = load_vectors("dio_chacon", "concurrent_requests")
    talk = Talk()
    ticket = talk.connection.submit(
        set_switch("L4HActuator_7d3a9e10-1c55-4f0b-a2d8-61b0f3c9d101", True), talk.now
    )
    talk.flush()
    numbers = {}
    for step in transcript["steps"]:
        if step["dir"] == "c>s":
            sent = next(each for each in talk.sent if matches(step["json"], each))
            numbers[step["json"]["id"]] = sent["id"]
            continue
        talk.now += step["t"]
        frame = dict(step["json"])
        if "id" in frame:
            frame["id"] = numbers[frame["id"]]
            del talk.open[frame["id"]]
        talk.hear(frame)
    assert transcript["expect"] == {"all_answered": True}
    assert Settled(ticket) in talk.events
    talk.answer_all()
    assert talk.connection.established
    (listed,) = [each for each in talk.events if isinstance(each, Listed)]
    assert [each.name for each in listed.records] == ["Volet cuisine"]


def test_command_errors() -> None:
    """Two commands are refused, a session is lost, the cloud asks for patience."""
    transcript = load_vectors("dio_chacon", "command_errors")
    steps = transcript["steps"]
    outcomes: dict[str, str] = {}
    for asked, answered in zip(steps[::2], steps[1::2], strict=True):
        talk = Talk().establish()
        request = asked["json"]
        number = str(request["id"])
        if action := _ACTION.fullmatch(request["path"]):
            command = (
                set_switch(action["id"], bool(request["parameters"]["value"]))
                if action["href"] == "switch"
                else move_shutter(action["id"], Movement(request["parameters"]["movement"]))
            )
            talk.connection.submit(command, talk.now)
        else:
            talk.connection.refresh(talk.now)
        talk.wait(0)
        (sent,) = talk.sent
        assert matches(request, sent)
        try:
            events = talk.hear({**answered["json"], "id": sent["id"]})
        except SessionRefusedError:
            outcomes[number] = "session lost: reconnect and log in again"
            continue
        (settled,) = [each for each in events if isinstance(each, Settled)]
        assert isinstance(settled.error, RefusedError)
        assert settled.error.code == answered["json"]["status"]
        try:
            talk.connection.submit(command, talk.now)
        except RefusedError:
            outcomes[number] = "back off"
        else:
            outcomes[number] = "command error"
    assert outcomes == transcript["expect"]


def test_throttled_handshake() -> None:
    """The same answer before all is read is one to come back later for."""
    talk = Talk()
    with pytest.raises(ThrottledError):
        talk.answer("/device", "Too many requests", 429)


def test_every_transcript_is_replayed() -> None:
    """The vectors of §16, all of them, and nothing that nobody reads."""
    tables = {"type_strings", "url_query", "image_url", "devices"}
    assert set(vector_names("dio_chacon")) == set(TRANSCRIPTS) | tables
    assert len(TRANSCRIPTS) == 28
    assert set(TRANSCRIPTS) >= ON_CONNECTION
