"""The simulated Homismart cloud takes every step of the recorded clients, and answers as recorded."""

from collections.abc import Callable
from datetime import UTC, datetime
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from simulators.homismart import Device, Home, Pace, Rules, SimulatedCloud
from tests.common import load_vectors, vector_names
from tests.simulators.homismart_client import BareClient, login, without_times

FIXTURE = load_vectors("homismart", "devices")
WASHER_ID, STAIRS_ID, DESK_ID = "01664110009302", "06664110009306", "07664110009307"
HUB_ID = "007A5C11D20E94"

type Hand = Callable[[SimulatedCloud], object]


def fail(code: int) -> Hand:
    """Let the next command meet an error."""
    return lambda cloud: cloud.faults.arm("error", code=code, count=1)


def late(cloud: SimulatedCloud) -> None:
    """Make it an hour at which nobody may operate what the neighbour shares."""
    cloud.home.clock = lambda: datetime(2026, 4, 1, 23, 0, tzinfo=UTC)


def add_lamp(cloud: SimulatedCloud) -> None:
    """Pair what the transcript knows without a type at first."""
    steps = load_vectors("homismart", "partial_unknown")["steps"]
    lamp = next(item for item in steps[-1]["json"] if item["id"] == "02664110009397")
    cloud.home.put(Device(dict(lamp)))


# What happens before a step, by its number.
HANDS: dict[str, dict[int, Hand]] = {
    "curtain_stop_99": {0: lambda cloud: setattr(cloud.home.pace, "bare_stop", True)},
    "deleted": {
        2: lambda cloud: cloud.home.remove(STAIRS_ID),
        4: lambda cloud: cloud.home.remove(DESK_ID, announce=False),
    },
    "errors": {2: fail(40), 4: late},
    "hub_offline": {
        0: lambda cloud: cloud.home.set_connected(HUB_ID, False),
        1: lambda cloud: cloud.home.set_connected(HUB_ID, True),
    },
    "login_error_code": {0: lambda cloud: cloud.faults.arm("login_refuse", how="error")},
    "login_redirect": {
        0: lambda cloud: cloud.faults.arm("login_redirect", ip="s2.homismart.com", port="9443")
    },
    "login_silent": {0: lambda cloud: cloud.faults.arm("login_silence")},
    "login_terms": {0: lambda cloud: setattr(cloud.home.terms, "changed", True)},
    "login_unknown_email": {0: lambda cloud: cloud.faults.arm("login_refuse", how="error", code=3)},
    "partial_unknown": {1: add_lamp},
    "pushed_by_hand": {0: lambda cloud: cloud.home.press("Corridor")},
    "reconnect": {6: lambda cloud: cloud.home.press("Corridor")},
    "redirect_bad": {0: lambda cloud: cloud.faults.arm("login_delay", seconds=0.3)},
    "redirect_running": {5: lambda cloud: cloud.redirect("s3.homismart.com", "9443")},
}
# Steps of the server that nothing in the simulated home leads to: they are sent as they stand.
AS_THEY_STAND = {
    "added_by_answer": {0, 1},
    "added_by_push": {0},
    "deleted": {3},
    "errors": {6, 7, 8, 9},
    "odd_frames": set(range(17)),
    "partial_unknown": {0},
    "redirect_bad": set(range(2, 10)),
    "shared_device": {0},
    "text_typed": {0, 1},
}
TRANSCRIPTS = [
    name for name in vector_names("homismart") if "steps" in load_vectors("homismart", name)
]


def said(step: dict[str, Any]) -> str:
    """Give the text of a step."""
    return str(step["text"]) if step["kind"] == "raw" else step["prefix"] + json.dumps(step["json"])


@pytest.mark.parametrize("name", TRANSCRIPTS)
async def test_transcript(http: aiohttp.ClientSession, socket_enabled: None, name: str) -> None:
    """Every step of a client is in order, and every step of the server follows from the home."""
    steps = load_vectors("homismart", name)["steps"]
    home = Home.from_fixture(FIXTURE, pace=Pace(speed=40))
    # The objects in transcripts are of their own time.
    async with (
        SimulatedCloud(home, rules=Rules(fresh_s=None)) as cloud,
        cloud.sibling() as second,
    ):
        await Player(http, cloud, second, name).play(steps)
        assert cloud.violations == second.violations == []


class Player:
    """Plays the steps of one transcript against two servers of one home."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        cloud: SimulatedCloud,
        second: SimulatedCloud,
        name: str,
    ) -> None:
        """Begin without a connection."""
        self.http, self.cloud, self.second, self.name = http, cloud, second, name
        self.server = cloud
        self.client: BareClient | None = None

    async def play(self, steps: list[dict[str, Any]]) -> None:
        """Play all steps, logging in first where the transcript begins later."""
        if not any(step.get("kind") == "ws-open" for step in steps):
            await self.open(self.cloud)
            assert self.client
            assert await self.client.ask("0002", login(self.cloud.home)) == (
                "0003",
                {"result": True},
            )
        try:
            for number, step in enumerate(steps):
                if hand := HANDS.get(self.name, {}).get(number):
                    hand(self.cloud)
                await self.step(number, step)
        finally:
            if self.client:
                await self.client.ws.close()

    async def open(self, cloud: SimulatedCloud) -> None:
        """Connect to one of the servers."""
        self.server = cloud
        ws = await self.http.ws_connect(cloud.ws_url, autoping=False)
        self.client = BareClient(ws, cloud.home)

    async def step(self, number: int, step: dict[str, Any]) -> None:
        """Play one step: say what the client said, expect what the server said."""
        client = self.client
        match step.get("dir"), step.get("kind"):
            case "c>s", "ws-open":
                assert step["path"] == URL(self.cloud.ws_url).path
                await self.open(self.second if "host" in step else self.cloud)
            case "c>s", "frame":
                assert client
                before = len(self.server.requests())
                await client.send(step["prefix"], step["json"])
                await self.server.journal.wait_for(lambda: len(self.server.requests()) > before)
                last = self.server.requests()[-1]
                assert (last.prefix, last.body) == (step["prefix"], step["json"])
            case "c>s", "close":
                assert client
                await client.ws.close(code=step["code"])
            case "s>c", "silence":
                assert client
                assert await client.quiet()
            case "s>c", "abort":
                assert client
                self.cloud.abort()
                await client.end()
            case "s>c", _:
                assert client
                if number in AS_THEY_STAND.get(self.name, ()):
                    self.cloud.send_text(said(step))
                    assert (await client.ws.receive()).data == said(step)
                else:
                    self.compare(await client.next(), step)
            case _:
                assert "note" in step

    def compare(self, got: tuple[str, Any], step: dict[str, Any]) -> None:
        """Check a frame of the server, but for times and where exactly a curtain was stopped."""
        prefix, body = got
        wanted = dict(step["json"]) if isinstance(step["json"], dict) else step["json"]
        if self.name == "curtain_stop" and wanted["curtainState"] == "260":
            assert 230 <= int(body["curtainState"]) < 300
            wanted["curtainState"] = body["curtainState"]
        assert (prefix, without_times(body)) == (step["prefix"], without_times(wanted))
