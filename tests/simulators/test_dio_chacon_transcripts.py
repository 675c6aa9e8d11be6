"""The simulated DIO cloud answers and pushes as the recorded transcripts say."""

import asyncio
from collections.abc import AsyncIterator
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from simulators.dio_chacon import Home, Pace, SimulatedCloud
from tests.common import load_vectors, vector_names
from tests.simulators.bare_client import LIMIT_S, Json
from tests.simulators.dio_client import BareClient, connect

PASSWORD = "correct horse"
LEVEL = "oic.r.openlevel"
# Stopped by hand at a moment of the recording.
LEVEL_BY_CHANCE = {"shutter_down_stop"}

TRANSCRIPTS = [
    name for name in vector_names("dio_chacon") if "steps" in load_vectors("dio_chacon", name)
]
TALKING = [
    name
    for name in TRANSCRIPTS
    if any(step.get("dir") == "c>s" for step in load_vectors("dio_chacon", name)["steps"])
]


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the fixture account."""
    fixture = load_vectors("dio_chacon", "devices")
    home = Home.from_fixture(fixture, PASSWORD, pace=Pace(speed=200))
    async with SimulatedCloud(home) as cloud:
        yield cloud
        assert cloud.violations == []


class Replay:
    """One transcript played against the cloud: its client's steps sent, its server's steps expected."""

    def __init__(self, http: aiohttp.ClientSession, cloud: SimulatedCloud, name: str) -> None:
        """Take the steps of the transcript ``name``."""
        self.http = http
        self.cloud = cloud
        self.name = name
        self.steps: list[Json] = load_vectors("dio_chacon", name)["steps"]
        self.client: BareClient | None = None
        self.answered: dict[int, Json] = {}
        self.pushed: list[Json] = []

    async def play(self) -> None:
        """Go through all steps."""
        opens_itself = any(step.get("kind") in {"ws-open", "http"} for step in self.steps)
        if not opens_itself:
            await self.open(self.cloud.ws_url, {"email": "someone@example.org", **_REST})
            assert await self.read() == {"name": "connection", "action": "success", "data": ""}
        for index, step in enumerate(self.steps):
            await self.step(step, self.steps[index + 1 :])
        if self.client:
            await self.client.ws.close()

    async def step(self, step: Json, rest: list[Json]) -> None:
        """Send or expect one step; ``rest`` is what follows."""
        match step.get("dir"), step.get("kind"):
            case "c>s", "ws-open":
                assert URL(self.cloud.ws_url).path == step["path"]
                await self.expect_opening(step, rest[0])
            case "c>s", "http":
                await self.expect_login(step, rest[0])
            case "c>s", "text":
                self.prepare(step["json"], rest)
                await self.send(step["json"])
            case "c>s", "close":
                assert self.client
                await self.client.ws.close(code=step["code"])
                await self.cloud.journal.wait_for(
                    lambda: self.cloud.received[-1].parameters == step["code"]
                )
            case "s>c", "text":
                await self.expect(step["json"])
            case "s>c", "abort":
                self.cloud.abort()
                assert self.client
                await self.client.end()
            case "s>c", "silence":
                assert self.client
                assert await self.client.quiet()
            case None, None:
                assert step["note"] == "the light is switched on by hand now"
                self.cloud.home.press("Plafonnier couloir", on=True)
            case "s>c", "http" | "upgrade-refused":
                pass  # was expected with its question
            case _:
                pytest.fail(f"a step of no known kind: {step}")

    async def expect_opening(self, step: Json, reply: Json) -> None:
        """Open the websocket and check that it is refused, or not, as recorded."""
        if reply["kind"] == "upgrade-refused":
            self.cloud.faults.arm("upgrade_status", status=reply["status"], count=1)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await self.open(self.cloud.ws_url, step["query"])
            assert refusal.value.status == reply["status"]
            return
        if reply["kind"] == "silence":
            self.cloud.faults.arm("greeting_none", count=1)
        token = step["query"].get("sessionToken")
        if token and reply["json"]["action"] == "success":
            self.cloud.add_token(token)
        await self.open(self.cloud.ws_url, step["query"])

    async def expect_login(self, step: Json, reply: Json) -> None:
        """Log in and check the answer; a token is another one, of the same form."""
        if "text" in reply:
            self.cloud.faults.arm(
                "login_status", status=reply["status"], text=reply["text"], count=1
            )
        url = URL(self.cloud.auth_url)
        assert url.path == step["path"]
        async with self.http.request(
            step["method"], url, data=json.dumps(step["json"]), headers=step["headers"]
        ) as answer:
            assert answer.status == reply["status"]
            text = await answer.text()
        if "text" in reply:
            assert text == reply["text"]
            return
        body, expected = json.loads(text), reply["json"]
        assert body["status"] == expected["status"]
        if expected["status"] == 200:
            assert len(body["data"].pop("sessionToken")) == len(expected["data"]["sessionToken"])
            assert body["data"] == {}
        else:
            assert body == expected

    def prepare(self, request: Json, rest: list[Json]) -> None:
        """Bring the home, or a fault, into the state that the recorded reply comes from."""
        answer = next(
            frame for step in rest if (frame := step.get("json", {})).get("id") == request["id"]
        )
        if answer["status"] in {401, 429}:
            self.cloud.faults.arm(
                "answer_status", status=answer["status"], data=answer["data"], count=1
            )
        push = next((step["json"] for step in rest if "name" in step.get("json", {})), None)
        if push and not self.pushed and request["path"].endswith(("mvtlinear", "openlevel")):
            level = next(link for link in push["data"]["links"] if link["rt"] == LEVEL)
            self.cloud.home.devices[push["data"]["di"]].update(LEVEL, level)

    async def open(self, url: str, query: dict[str, str]) -> None:
        """Open a websocket with a query, in place of the one before."""
        if self.client:
            await self.client.ws.close()
        ws = await self.http.ws_connect(URL(url).with_query(query), autoping=False)
        self.client = BareClient(ws, self.cloud.home)

    async def send(self, request: Json) -> None:
        """Send a request as recorded."""
        assert self.client
        await self.client.ws.send_str(json.dumps(request))
        self.client.number = request["id"]

    async def read(self) -> Json:
        """Read a frame."""
        assert self.client
        return await self.client.next()

    async def expect(self, expected: Json) -> None:
        """Read until the expected frame comes; answers may come in any order, pushes in between."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                if expected.get("id") in self.answered:
                    self.compare_answer(self.answered.pop(expected["id"]), expected)
                    return
                if "id" not in expected and self.pushed:
                    self.compare_push(self.pushed.pop(0), expected)
                    return
                frame = await self.read()
                if "id" in frame:
                    self.answered[frame["id"]] = frame
                else:
                    self.pushed.append(frame)

    def compare_answer(self, frame: Json, expected: Json) -> None:
        """Check an answer, as far as the transcript tells it: lists and accounts are often shortened."""
        assert frame["status"] == expected["status"]
        assert ("data" in frame) is ("data" in expected)
        match expected.get("data"), frame.get("data"):
            case [], got:
                assert got == []
            case list() as items, list() as got:
                for item in items:
                    assert item in got
            case dict() as members, dict() as got:
                for name, value in members.items():
                    assert got[name] == value
            case text, got:
                assert got == text

    def compare_push(self, frame: Json, expected: Json) -> None:
        """Check a push, member by member."""
        if self.name in LEVEL_BY_CHANCE:
            for push in (frame, expected):
                link = next(link for link in push["data"]["links"] if link["rt"] == LEVEL)
                assert 0 <= link["openLevel"] <= 100
                push["data"] = push["data"] | {"links": _without(push["data"]["links"], link)}
        assert frame == expected


_REST = {"password": PASSWORD, "serviceName": "test"}


def _without(links: list[Json], link: Json) -> list[Json]:
    return [other for other in links if other is not link]


def test_transcripts_are_there() -> None:
    """The folder is not empty: most of the transcripts have something to say to the cloud."""
    assert len(TALKING) >= 15


@pytest.mark.parametrize("name", TALKING)
async def test_transcript(http: aiohttp.ClientSession, cloud: SimulatedCloud, name: str) -> None:
    """Every step of the client is taken or refused as recorded, and answered in kind."""
    if name == "discovery_empty":
        cloud.home.devices.clear()
    if name == "quiet_mode":
        cloud.home.device("Prise lampadaire").write("gw.r.quietmode", value=0)
    await Replay(http, cloud, name).play()


def pushes(name: str) -> list[Any]:
    """Give the pushes of a transcript."""
    return [step["json"] for step in load_vectors("dio_chacon", name)["steps"]]


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Connect by password."""
    async with connect(http, cloud) as client:
        yield client


async def test_switch_by_hand(client: BareClient, cloud: SimulatedCloud) -> None:
    """A hand on the wall switch pushes what was recorded."""
    cloud.home.press("Plafonnier couloir")
    assert [await client.next()] == pushes("switch_by_hand")


async def test_connected_change(client: BareClient, cloud: SimulatedCloud) -> None:
    """A device that leaves and returns pushes what was recorded."""
    cloud.home.device("Plafonnier couloir").write("oic.r.switch.binary", value=1)
    for connected, recorded in zip((False, True), pushes("connected_change"), strict=True):
        cloud.home.set_connected("Plafonnier couloir", connected)
        assert await client.next() == recorded


async def test_rename(client: BareClient, cloud: SimulatedCloud) -> None:
    """A rename pushes what was recorded."""
    cloud.home.rename("Plafonnier couloir", "Applique couloir")
    assert [await client.next()] == pushes("rename")


@pytest.mark.parametrize("name", ["doorbell_ring", "doorbell_odd"])
async def test_doorbell(client: BareClient, cloud: SimulatedCloud, name: str) -> None:
    """Rings with everything, or with odd details, push what was recorded."""
    for recorded in pushes(name):
        (event,) = recorded["data"]["links"]
        details = event["data"]
        cloud.home.ring(
            "Portier",
            kind=event["type"],
            ts=event["ts"],
            image=(details or {}).get("image"),
            empty=details is None,
        )
        assert await client.next() == recorded
