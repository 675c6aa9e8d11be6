"""Every transcript of the vectors, replayed by a server that follows it word for word.

The server has the vendor's names and certificates. A step of the client is matched by prefix and body, but for the
time of the change; what a transcript asks for is asked of the client's public face. A step that the client never
takes fails the test.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from custom_components.homismart.protocol import (
    AuthError,
    CommandError,
    Credentials,
    HomismartClient,
    LinkError,
)
from tests.common import load_vectors, vector_names
from tests.support.certificates import Authority
from tests.support.clock import run_virtual

from .cloud import PATH, PROD, Cloud, Link, Network
from .home import CREDENTIALS, CURTAIN, DOOR, LIGHT, SHARED, SOCKET, USERNAME
from .running import Running, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

TRANSCRIPTS = [
    name for name in vector_names("homismart") if "steps" in load_vectors("homismart", name)
]
HELD_BACK = {"two_commands"}
"""Transcripts with a command that we hold back until the one before it is settled (§12)."""
SUBJECTS = {
    "curtain_position": CURTAIN,
    "curtain_stop": CURTAIN,
    "curtain_stop_99": CURTAIN,
    "closed_position": CURTAIN,
    "door_lock": DOOR,
    "shared_device": SHARED,
    "switch_on": SOCKET,
    "two_commands": SOCKET,
    "partial_unknown": "02664110009397",
}
"""The device that each transcript is about; the light where it is not said."""
LONG_S = 90
"""An hour of silence is no other than this."""
# What is asked without a transcript's leave, and answered as usual: heartbeats, and lists as time goes by.
OWN_BUSINESS = ("0004", "0072")


class Replay:
    """A server that follows a transcript, and a person who wants what it wants."""

    def __init__(self, name: str) -> None:
        """Read the transcript; without a login of its own it begins on an established link."""
        self.name = name
        transcript = load_vectors("homismart", name)
        self.steps: list[dict[str, Any]] = [each for each in transcript["steps"] if "dir" in each]
        self.expect: dict[str, Any] = dict(transcript.get("expect", {}))
        self.begins = self.steps[0].get("kind") == "ws-open"
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.cloud = Cloud()
        self.wishes: list[asyncio.Task[Any]] = []
        self.held_back: list[tuple[str, Any]] = []
        self.reachable: list[set[str]] = []
        self.following = self.begins
        self.position = 0
        self.spoken_on: Link | None = None
        """Where the server spoke last; the client may have gone elsewhere since."""
        self.run: Running

    @property
    def credentials(self) -> Credentials:
        """Give those of the transcript's login."""
        for step in self.steps:
            if step.get("prefix") == "0002":
                return Credentials(step["json"]["username"], step["json"]["password"])
        return CREDENTIALS

    # --- the server -------------------------------------------------------------------------

    async def hear(self, link: Link, prefix: str, body: Any) -> None:
        """Keep what the client says until the transcript asks for it; its own business is answered as usual."""
        coming = next((each for each in self.steps[self.position :] if each["dir"] == "c>s"), {})
        wanted = self.following and coming.get("prefix") == prefix
        own = prefix in OWN_BUSINESS or (prefix == "0002" and not self.following)
        if own and not wanted:
            await self.cloud.obey(link, prefix, body)
        else:
            self.heard.put_nowait((prefix, body))

    async def opened(self, link: Link) -> None:
        """Keep that the client came, too."""
        self.heard.put_nowait(("open", link.request.path))

    async def follow(self) -> None:
        """Take one step after the other."""
        if not self.begins:
            await self.run.ready()
            assert self.heard.get_nowait() == ("open", PATH)
        self.following = True
        start = self.now()
        for position, step in enumerate(self.steps):
            self.position = position
            match step["dir"], step["kind"]:
                case "c>s", "ws-open":
                    assert await self.next() == ("open", step["path"])
                    host = f"{step.get('host', PROD)}:{step.get('port', 443)}"
                    assert self.cloud.link.host.removesuffix(":443") == host.removesuffix(":443")
                    assert self.cloud.link.name == step.get("host", PROD)
                case "c>s", "close":
                    assert self.spoken_on
                    await asyncio.wait_for(self.spoken_on.ended.wait(), 5)
                    assert self.spoken_on.close_code == step["code"]
                case "c>s", "frame":
                    await self.ask(step["prefix"], step["json"])
                case "s>c", kind:
                    due = start + min(step.get("t", 0), LONG_S)
                    await asyncio.sleep(max(0, due - self.now()))
                    await self.speak(kind, step)
                    await self.settle()
        await asyncio.gather(*self.wishes, return_exceptions=True)
        await self.settle()
        assert not self.held_back, "the client never said it"

    @staticmethod
    def now() -> float:
        """Read the clock."""
        return asyncio.get_running_loop().time()

    async def speak(self, kind: str, step: dict[str, Any]) -> None:
        """Take a step of the server."""
        self.spoken_on = link = self.cloud.link
        match kind:
            case "frame":
                if step["prefix"] == "0005" and isinstance(step["json"], list):
                    self.cloud.objects = step["json"]
                await link.say(step["prefix"], step["json"])
            case "raw":
                await link.text(step["text"])
            case "abort":
                link.abort()
            case "silence":
                await asyncio.sleep(step["seconds"])
            case _:
                raise AssertionError(f"a step of kind {kind}")

    async def settle(self) -> None:
        """Let what was said take effect, and take what the client says then if it was held back."""
        await asyncio.sleep(0.05)
        devices = self.run.client.devices
        self.reachable.append({key for key, device in devices.items() if device.reachable})
        while self.held_back and not self.heard.empty():
            self.match(*self.held_back.pop(0), self.heard.get_nowait())
            await asyncio.sleep(0.05)

    # --- the client -------------------------------------------------------------------------

    async def next(self, limit_s: float = 3700.0) -> tuple[str, Any]:
        """Wait for what the client says next."""
        async with asyncio.timeout(limit_s):
            return await self.heard.get()

    async def ask(self, prefix: str, body: Any) -> None:
        """Want what the transcript wants, and see that it is said."""
        if wish := self.wish(prefix, body):
            self.wishes.append(asyncio.ensure_future(wish(self.run.client)))
        if self.name in HELD_BACK and len(self.wishes) > 1:
            await asyncio.sleep(0.05)
            assert self.heard.empty(), "it has to wait"
            self.held_back.append((prefix, body))
            return
        self.match(prefix, body, await self.next())

    @staticmethod
    def match(prefix: str, body: Any, said: tuple[str, Any]) -> None:
        """Compare what was said with what should be."""
        if prefix == "0006":
            said = said[0], {**said[1], "updateTime": 0}
            body = {**body, "updateTime": 0}
        assert said == (prefix, body)

    def wish(self, prefix: str, body: Any) -> Callable[[HomismartClient], Awaitable[Any]] | None:
        """Tell what a person has to ask for so that the client says this; None when it does so by itself."""
        match prefix:
            case "0006" if "curtainState" in body and body["curtainState"] == "99":
                return lambda client: client.stop(body["id"])
            case "0006" if "curtainState" in body:
                position = 100 - int(body["curtainState"])
                return lambda client: client.set_position(body["id"], position)
            case "0006":
                return lambda client: client.set_on(body["id"], body["power"])
            case "0014":
                return lambda client: client.delete(body["devid"])
            case "0016":
                members = self.run.device(body["devid"]).members
                if body["name"] != members["name"]:
                    return lambda client: client.rename(body["devid"], body["name"])
                if body["iconId"] != members["iconId"]:
                    return lambda client: client.set_icon(body["devid"], body["iconId"])
                return lambda client: client.set_locked(body["devid"], body["lock"] == "2")
            case "0028":
                return lambda client: client.list_timers(body["devid"])
            case "0030":
                return lambda client: client.set_led(body["devid"], body["ledDevice"])
            case "0044":
                return lambda client: client.list_timers()
            case "0112":
                return lambda client: client.list_scenes()
            case "0138" if body["type"] == 45:
                return lambda client: client.move_all(opening=body["action"] == "1")
            case "0138":
                number = None if body["type"] == 10 else body["type"]
                return lambda client: client.switch_all(body["action"] == "1", number)
            case "0144":
                return lambda client: client.set_closed_position(
                    body["deviceSN"], body["closedPosition"]
                )
            case "0004" if self.name == "deleted":
                return lambda client: client.refresh()
            case "0002" | "0004" | "0072" | "0222":
                return None
        raise AssertionError(f"nothing in the core sends {prefix}")

    # --- what must have been understood -----------------------------------------------------

    async def judge(self) -> None:
        """Compare what the client shows with what the transcript expects."""
        run, devices = self.run, self.run.client.devices
        device = devices.get(SUBJECTS.get(self.name, LIGHT))
        for what, value in self.expect.items():
            match what:
                case "error":
                    await self.judge_error(value)
                case "hubs":
                    assert {key for key, each in devices.items() if each.is_hub} == set(value)
                case "devices":
                    found = {key for key, each in devices.items() if not each.is_hub}
                    assert found == set(value) if isinstance(value, list) else len(found) == value
                case "host":
                    assert run.client.host == value
                case "port":
                    assert self.cloud.link.host in (f"{run.client.host}:{value}", run.client.host)
                case "followed":
                    assert value is None
                    assert not run.client.statistics.redirects
                case "logged_in":
                    await until(lambda: run.client.statistics.connects == 1)
                case "added":
                    assert run.added()[13:] == value
                case "added_times":
                    assert run.added().count(SUBJECTS[self.name]) == value
                case "removed":
                    assert run.removed() == value
                case "unavailable_then_back":
                    away, back = self.reachable[-3], self.reachable[-1]
                    assert back - away == {*value, "007A5C11D20E94"}
                case "unavailable_meanwhile":
                    assert run.links() == [True, False, True]
                case "failed_commands":
                    outcomes = await asyncio.gather(*self.wishes, return_exceptions=True)
                    failed = [each for each in outcomes if isinstance(each, CommandError)]
                    assert len(failed) == len(outcomes) == value
                case "listener_alive":
                    assert run.client.connected
                case "light" | "curtain":
                    subject = devices[LIGHT if what == "light" else CURTAIN]
                    for name, wanted in value.items():
                        assert self.shown(subject, name) == wanted
                case _:
                    assert self.shown(device, what) == value

    async def judge_error(self, value: str) -> None:
        """See how the run ended, or that it goes on trying."""
        if value == "auth":
            assert isinstance(await self.run.end(), AuthError)
            assert len(self.cloud.links) == 1
        else:
            assert value == "connection"
            assert isinstance(self.run.client.last_error, LinkError)
            await until(lambda: len(self.cloud.links) == 2, 400)

    @staticmethod
    def shown(device: Any, what: str) -> object:
        """Give a value of a device by the vectors' name for it."""
        match what:
            case "on":
                return device.is_on
            case "ha_position":
                return device.position
            case "moving":
                return device.motion is not None
            case "permission" | "allowedTime":
                return device.members[what]
            case _:
                return getattr(device, what)


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript(name: str, authority: Authority) -> None:
    """The client takes every step, and understands what it should."""

    async def main() -> None:
        replay = Replay(name)
        replay.cloud = Cloud(tls=authority.server("*.homismart.com"))
        replay.cloud.react, replay.cloud.on_open = replay.hear, replay.opened
        hosts = [PROD, "s2.homismart.com", "s3.homismart.com"]
        async with replay.cloud as cloud:
            network = Network(authority.trusting(), dict.fromkeys(hosts, cloud))
            async with running(
                session=network.session(),
                ready=False,
                credentials=replay.credentials,
                accept_terms=True,
            ) as run:
                replay.run = run
                await replay.follow()
                await replay.judge()
                assert {host for host, _ in network.dialled} <= set(hosts)
                assert {port for _, port in network.dialled} == {443}
            for wish in replay.wishes:
                assert wish.done()
                if not replay.expect.get("failed_commands"):
                    assert wish.exception() is None

    run_virtual(main())


def test_every_vector_is_used() -> None:
    """Transcripts here, tables and the account in the other tests."""
    tables = set(vector_names("homismart")) - set(TRANSCRIPTS)
    assert tables == {
        *("curtain_states", "device_types", "devices", "error_codes", "password_md5"),
        *("position_to_level", "prefixes"),
    }
    assert len(TRANSCRIPTS) == 33


def test_the_account_of_the_transcripts() -> None:
    """They log in as the fixture account, but for the one with the wrong password."""
    for name in TRANSCRIPTS:
        credentials = Replay(name).credentials
        assert credentials.username == USERNAME
        assert (credentials == CREDENTIALS) is (name != "login_bad_password")
