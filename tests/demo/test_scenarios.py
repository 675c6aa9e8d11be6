"""The scenarios that several homes share, and what a house offers them, notice what they are there to notice."""

from collections.abc import Callable
from typing import Any

import pytest

from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.house import FIX, House
from script.latchkey_demo.scenarios import blip, interrupted, offline, press_twice, rename
from script.latchkey_demo.simulators import Simulator
from script.latchkey_demo.states import States

LAMP, LINK = "switch.lamp", "binary_sensor.link"
REACH, FAN = "binary_sensor.lamp_reach", "switch.fan"
ISSUE = {"domain": "vendor", "issue_id": "entry_terms", "translation_key": "terms"}


class FakeWorld:
    """A lamp, a fan, a link, a list of repairs: both sides at once."""

    def __init__(self) -> None:
        """Start with all as it should be."""
        self.states: dict[str, tuple[str, dict[str, Any]]] = {
            LAMP: ("off", {}),
            LINK: ("on", {"reconnects": 0}),
            REACH: ("on", {}),
            FAN: ("on", {}),
        }
        self.name = "Lamp"
        self.follows = True
        self.flickers = False
        self.spreads = False
        self.issues = [ISSUE, {**ISSUE, "domain": "other"}]
        self.mends = True
        self.twin = False
        self.deleted: list[str] = []
        self.requests: list[tuple[str, Any]] = []
        self._listener: Callable[[Any], None] | None = None

    async def subscribe(self, kind: str, listener: Callable[[Any], None], **data: Any) -> None:
        """Take the listener of state changes."""
        self._listener = listener

    async def call(self, kind: str, **data: Any) -> Any:
        """Answer as Home Assistant's websocket does."""
        match kind:
            case "get_states":
                return [
                    {"entity_id": entity_id, "state": value, "attributes": attributes}
                    for entity_id, (value, attributes) in self.states.items()
                ]
            case "config/device_registry/list":
                return [{"id": "d", "name": self.name}]
            case "config/entity_registry/list":
                about = {"device_id": "d", "platform": "vendor", "disabled_by": None}
                return [
                    {**about, "unique_id": "1", "entity_id": LAMP},
                    {**about, "unique_id": "account-connection", "entity_id": LINK},
                    {**about, "unique_id": "1-connectivity", "entity_id": REACH},
                    {**about, "unique_id": "1" if self.twin else "2", "entity_id": FAN},
                ]
            case "config/device_registry/remove":
                self.deleted.append(data["device_id"])
            case "repairs/list_issues":
                return {"issues": self.issues}
        return None

    async def fetch(self, path: str) -> bytes:
        """Give a file that says which it is."""
        return path.encode()

    async def request(self, method: str, path: str, *, json: Any) -> Any:
        """Answer as Home Assistant's HTTP API does."""
        self.requests.append((path, json))
        if path == FIX:
            return {"flow_id": "f"}
        if self.mends:
            self.issues = self.issues[1:]
        return {"type": "create_entry"}

    async def describe(self) -> Any:
        """Tell what the simulator has."""
        return {"devices": [{"id": 1, "name": self.name}, {"id": 2, "name": "Fan"}]}

    async def control(self, op: str, *, through: str = "control_url", **members: Any) -> None:
        """Be the vendor's side."""
        if op == "rename" and self.follows:
            self.name = members["name"]
        if op == "press" and self.follows:
            self.show(LAMP, "on" if members["on"] else "off")
        if op == "online" and self.follows:
            online = members["online"]
            self.show(REACH, "on" if online else "off")
            for entity_id in (LAMP, FAN) if self.spreads else (LAMP,):
                self.show(entity_id, "off" if online else "unavailable")
        if op == "drop":
            self.show(LINK, "off", reconnects=0)
            if self.flickers:
                self.show(LAMP, "unavailable")
                self.show(LAMP, "off")
            self.show(LINK, "on", reconnects=1)

    def show(self, entity_id: str, value: str, **attributes: Any) -> None:
        """Change a state and tell of it."""
        self.states[entity_id] = value, attributes
        new = {"state": value, "attributes": attributes}
        assert self._listener is not None
        self._listener({"data": {"entity_id": entity_id, "new_state": new}})


@pytest.fixture
def world() -> FakeWorld:
    """Both sides."""
    return FakeWorld()


@pytest.fixture
async def house(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house between them, which does not wait long."""
    monkeypatch.setattr("script.latchkey_demo.states.FOLLOW_LIMIT_S", 0.2)
    states = States()
    either: Any = world
    await states.follow(either)
    house = House("vendor", world.control, world.describe, either, states, either)
    await house.look()
    return house


async def test_pressed_twice(world: FakeWorld, house: House) -> None:
    """The switch ends as it began, whichever way that was."""
    assert await press_twice("Lamp", house) == "on, off"
    world.show(LAMP, "on")
    assert await press_twice("Lamp", house) == "off, on"
    world.follows = False
    with pytest.raises(DemoError, match=r"not switch\.lamp off"):
        await press_twice("Lamp", house)


async def test_renamed(world: FakeWorld, house: House) -> None:
    """The old name is back in the end."""
    await rename("Lamp", "Light", house)
    assert world.name == "Lamp"


async def test_off_line(world: FakeWorld, house: House) -> None:
    """What goes along is unavailable and comes back; one that should have stayed is named."""
    assert "unavailable: 1, no other" in await offline("Lamp", ["Lamp"], "Fan", house)
    assert world.states[LAMP][0] == "off"
    world.spreads = True
    with pytest.raises(DemoError, match="Fan is unavailable although only Lamp"):
        await offline("Lamp", ["Lamp"], "Fan", house)
    world.follows = False
    world.show(REACH, "on")
    with pytest.raises(DemoError, match=r"not binary_sensor\.lamp_reach off"):
        await offline("Lamp", ["Lamp"], "Fan", house)


async def test_a_blip(world: FakeWorld, house: House) -> None:
    """Nobody notices it but the entity that tells of the link, and news arrive again."""
    proved = []

    async def prove(house: House) -> None:
        proved.append(house)

    assert await blip(prove, house)
    assert proved == [house]


async def test_an_interruption_that_is_noticed(world: FakeWorld, house: House) -> None:
    """An entity that flickered is named."""
    world.flickers = True
    with pytest.raises(DemoError, match=r"unavailable meanwhile: switch\.lamp"):
        await interrupted(house, lambda: house.control("drop"))
    with pytest.raises(DemoError):
        house.check_none_lost(0, but=[FAN])
    house.check_none_lost(0, but=[LAMP])


async def test_entities_that_share_an_id(world: FakeWorld, house: House) -> None:
    """What stands on two platforms with one unique id is listed twice, and has two states."""
    world.twin = True
    await house.look()
    assert [e["entity_id"] for e in house.registered if e["unique_id"] == "1"] == [LAMP, FAN]
    assert (house.shown(LAMP).value, house.shown(FAN).value) == ("off", "on")
    with pytest.raises(DemoError, match=r"switch\.none has no state"):
        house.shown("switch.none")


async def test_what_a_user_does_elsewhere(world: FakeWorld, house: House) -> None:
    """A camera is looked at as by its card, and a device is deleted as on its page."""
    assert await house.picture("camera.door") == b"/api/camera_proxy/camera.door"
    await house.delete_device({"id": "d", "name": "Lamp"})
    assert world.deleted == ["d"]


async def test_a_repair(world: FakeWorld, house: House) -> None:
    """The user's click ends it; the issues of others are left alone."""
    await house.repair("terms", 0.05)
    assert world.requests == [
        (FIX, {"handler": "vendor", "issue_id": "entry_terms"}),
        (f"{FIX}/f", {}),
    ]
    with pytest.raises(DemoError, match="repair terms is not asked for"):
        await house.repair("terms", 0.05)


async def test_a_repair_that_mends_nothing(world: FakeWorld, house: House) -> None:
    """An issue that stays is noticed."""
    world.mends = False
    with pytest.raises(DemoError, match="repair terms is not done"):
        await house.repair("terms", 0.05)


async def test_the_other_control_address() -> None:
    """An operation goes to the address that is named, the first unless told otherwise."""
    asked: list[tuple[str, Any]] = []

    class Answer:
        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def json(self) -> Any:
            return {"ok": True, "result": None}

    class Session:
        def post(self, url: str, *, json: Any) -> Answer:
            asked.append((url, json))
            return Answer()

    line = {"control_url": "a", "second_control_url": "b"}
    nobody: Any = None
    session: Any = Session()
    simulator = Simulator(nobody, nobody, line)
    await simulator.control(session, "drop")
    await simulator.control(session, "drop", through="second_control_url", code=1)
    assert asked == [("a", {"op": "drop"}), ("b", {"op": "drop", "code": 1})]
