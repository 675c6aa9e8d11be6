"""The check notices what it is there to notice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from script.latchkey_demo.check import _there, homes as checked
from script.latchkey_demo.check.homes import check_home, timed
from script.latchkey_demo.check.table import FAILED, LISTED, PASSED, Row
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.homes import Home, Scenario
from script.latchkey_demo.house import House
from script.latchkey_demo.states import States

LIGHT = {"unique_id": "1", "entity_id": "switch.light", "device_id": "d", "disabled_by": None}
LINK = {"unique_id": "1-link", "entity_id": "binary_sensor.link", "device_id": "d"}
DISABLED = {**LIGHT, "unique_id": "1-x", "disabled_by": "user", "original_name": "Extra"}
ENTITIES = [LIGHT, {**LIGHT, **LINK}, DISABLED]


class FakeHomeAssistant:
    """A switch and a link that do as told, unless told otherwise."""

    def __init__(self) -> None:
        """Start with the light off and the link up."""
        self.values = {"switch.light": "off", "binary_sensor.link": "on"}
        self.deaf = False
        self.violations: list[str] = []
        self.blind = False
        self._listener: Callable[[Any], None] | None = None

    async def subscribe(self, kind: str, listener: Callable[[Any], None], **data: Any) -> None:
        """Take the listener of state changes."""
        self._listener = listener

    async def call(self, kind: str, **data: Any) -> Any:
        """Answer what the check asks."""
        match kind:
            case "get_states":
                return [
                    {"entity_id": entity_id, "state": value, "attributes": {}}
                    for entity_id, value in self.values.items()
                ]
            case "config/device_registry/list":
                return [{"id": "d", "name": "Lamp", "name_by_user": None}]
            case "config/entity_registry/list":
                return [{**entity, "platform": "vendor"} for entity in ENTITIES]
            case "call_service" if not self.deaf:
                self.set("switch.light", data["service"].removeprefix("turn_"))
        return None

    async def control(self, op: str, **members: Any) -> None:
        """Cut and restore the link."""
        if not self.blind:
            self.set("switch.light", "unavailable" if op == "down" else "off")

    def set(self, entity_id: str, value: str) -> None:
        """Change a state and tell of it."""
        self.values[entity_id] = value
        new = {"state": value, "attributes": {}}
        assert self._listener is not None
        self._listener({"data": {"entity_id": entity_id, "new_state": new}})


def home(**more: Any) -> Home:
    """A home to be checked."""
    return Home(
        domain="vendor",
        title="Vendor",
        icon="mdi:home",
        forms=lambda line: (),
        by_hand=lambda line: (),
        try_this=(),
        link_down={"op": "down"},
        link_up={"op": "up"},
        outlives_link=frozenset({"-link"}),
        **({"scenarios": ()} | more),
    )


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for what will not come."""
    monkeypatch.setattr(checked, "LOST_LIMIT_S", 0.2)
    monkeypatch.setattr(checked, "BACK_LIMIT_S", 0.2)
    monkeypatch.setattr("script.latchkey_demo.states.FOLLOW_LIMIT_S", 0.2)


async def look(fake: FakeHomeAssistant, home: Home, *, announced: bool = False) -> dict[str, Row]:
    """Check a home and return the rows by what was checked."""
    states = States()
    socket: Any = fake
    await states.follow(socket)

    async def describe() -> Any:
        return {"violations": fake.violations, "devices": [{"id": "oven"}, {"id": "hob"}]}

    house = House("vendor", fake.control, describe, socket, states, announced=announced)
    await house.look()
    rows = await check_home(home, house)
    await asyncio.sleep(0)
    return {row.what: row for row in rows}


async def test_all_is_well() -> None:
    """A home that does as it should passes in every row; disabled entities are listed."""
    rows = await look(FakeHomeAssistant(), home())
    assert {what: row.result for what, row in rows.items()} == {
        "disabled entities": LISTED,
        "Lamp": PASSED,
        "link cut and restored": PASSED,
        "what the vendor complains of": PASSED,
    }
    assert rows["Lamp"].detail == "binary_sensor: on; switch: on, off"
    assert rows["disabled entities"].detail == "1: 1 × Extra"


async def test_a_device_that_does_not_follow() -> None:
    """An action without effect is noticed."""
    fake = FakeHomeAssistant()
    fake.deaf = True
    row = (await look(fake, home()))["Lamp"]
    assert row.result == FAILED
    assert "not switch.light on" in row.detail
    assert row.detail.endswith("but off")


async def test_a_device_that_is_unavailable() -> None:
    """What shows nothing is noticed, unless that is right; then showing something is noticed."""
    fake = FakeHomeAssistant()
    fake.values["switch.light"] = "unavailable"
    assert (await look(fake, home()))["Lamp"].detail == "switch.light is unavailable"
    fake, right = FakeHomeAssistant(), home(unavailable=frozenset({"1"}))
    fake.values["switch.light"] = "unavailable"
    assert (await look(fake, right))["Lamp"].result == PASSED
    assert "ought to be" in (await look(FakeHomeAssistant(), right))["Lamp"].detail


async def test_hands_off() -> None:
    """What must not be operated is left alone, with the reason."""
    fake = FakeHomeAssistant()
    fake.deaf = True
    row = (await look(fake, home(hands_off={"1": "would bite"})))["Lamp"]
    assert (row.result, row.detail) == (PASSED, "binary_sensor: on; switch: would bite")


async def test_a_lost_link_that_is_not_shown() -> None:
    """States that nobody vouches for any more are noticed."""
    fake = FakeHomeAssistant()
    fake.blind = True
    row = (await look(fake, home()))["link cut and restored"]
    assert row.result == FAILED
    assert "not unavailable: switch.light" in row.detail


async def test_a_link_entity_that_goes_with_the_link() -> None:
    """The entity that tells of the link must not become unavailable itself."""
    fake = FakeHomeAssistant()

    async def control(op: str, **members: Any) -> None:
        for entity_id in fake.values:
            fake.set(entity_id, "unavailable" if op == "down" else "on")

    fake.control = control  # type: ignore[method-assign]
    row = (await look(fake, home()))["link cut and restored"]
    assert (row.result, "only what ought to be" in row.detail) == (FAILED, True)


async def test_links_are_cut_one_by_one() -> None:
    """Where the vendor has no link of its own each appliance has one."""
    fake, done = FakeHomeAssistant(), []
    one_link = fake.control

    async def control(op: str, **members: Any) -> None:
        done.append((op, members))
        await one_link(op)

    fake.control = control  # type: ignore[method-assign]

    def links(described: Any) -> list[dict[str, Any]]:
        return [{"appliance": device["id"]} for device in described["devices"]]

    rows = await look(fake, home(links=links))
    assert rows["link cut and restored"].result == PASSED
    assert done == [(op, {"appliance": each}) for op in ("down", "up") for each in ("oven", "hob")]


async def test_what_the_vendor_would_not_accept() -> None:
    """A client that breaks the vendor's rules is noticed although all works."""
    fake = FakeHomeAssistant()
    fake.violations = ["GET /x without a good greeting"]
    row = (await look(fake, home()))["what the vendor complains of"]
    assert (row.result, row.detail) == (FAILED, "1 violations\nGET /x without a good greeting")


async def test_scenarios() -> None:
    """Each has its row, with what it saw or why it failed."""

    async def well(house: House) -> str:
        return "seen"

    async def badly(house: House) -> str:
        await house.until("1", "on", 0.05)
        return "never"

    scenarios = (Scenario(name="well", play=well), Scenario(name="badly", play=badly))
    rows = await look(FakeHomeAssistant(), home(scenarios=scenarios))
    assert (rows["well"].result, rows["well"].detail) == (PASSED, "seen")
    assert (rows["badly"].result, rows["badly"].detail) == (
        FAILED,
        "not switch.light on in 0 s but off",
    )


async def test_what_has_to_be_announced() -> None:
    """It is played only where somebody hears it."""

    async def heard(house: House) -> str:
        return str(house.announced)

    alone = home(scenarios=(Scenario(name="moved", play=heard, announced=True),))
    assert "moved" not in await look(FakeHomeAssistant(), alone)
    rows = await look(FakeHomeAssistant(), alone, announced=True)
    assert rows["moved"].detail == "True"


async def test_mistakes_of_the_check_itself_are_not_hidden() -> None:
    """Only what the demo knows as an error becomes a row."""

    async def wrong() -> str:
        raise KeyError

    with pytest.raises(KeyError):
        await timed("x", "y", wrong())

    async def known() -> str:
        raise DemoError("why")

    assert (await timed("x", "y", known())).detail == "why"


async def test_second_start() -> None:
    """Every enabled entity must have a state again."""
    fake, states = FakeHomeAssistant(), States()
    socket: Any = fake
    await states.follow(socket)
    registry = await fake.call("config/entity_registry/list")
    assert _there(home(), registry, states).result == PASSED
    fake.set("switch.light", "unavailable")
    assert _there(home(), registry, states).detail == "not there: switch.light"
    assert _there(home(), [], states).result == FAILED
