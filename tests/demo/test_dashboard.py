"""The generated dashboard."""

import asyncio
from typing import Any

import pytest

from script.latchkey_demo import dashboard
from script.latchkey_demo.dashboard import URL_PATH, build, keep_current, show
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.homes import Home
from script.latchkey_demo.state import State

URL = "http://127.0.0.1:40000/"
AREAS = [{"area_id": "kitchen", "name": "Kitchen"}, {"area_id": "hall", "name": "Hall"}]


def home(domain: str, **more: Any) -> Home:
    """A home with nothing but a name and a hint."""
    return Home(
        domain=domain,
        title=domain.title(),
        icon="mdi:home",
        forms=lambda line: (),
        by_hand=lambda line: (),
        try_this=("Press it.",),
        scenarios=(),
        **more,
    )


def device(
    device_id: str, area: str | None = None, entry_type: str | None = None, via: str | None = None
) -> Any:
    """A row of the device registry."""
    return {
        "id": device_id,
        "name": device_id.title(),
        "name_by_user": None,
        "area_id": area,
        "entry_type": entry_type,
        "via_device_id": via,
    }


def entity(entity_id: str, device_id: str, name: str | None = None, **more: Any) -> Any:
    """A row of the entity registry."""
    row = {
        "entity_id": entity_id,
        "unique_id": entity_id.partition(".")[2],
        "device_id": device_id,
        "platform": "vendor",
        "original_name": name,
        "name": None,
        "entity_category": None,
        "disabled_by": None,
        "hidden_by": None,
    }
    return row | more


DEVICES = [
    device("plug", "hall"),
    device("shutter", "hall"),
    device("lamp"),
    device("account", entry_type="service"),
]
ENTITIES = [
    entity("switch.plug_quiet", "plug", "Quiet", entity_category="config"),
    entity("switch.plug", "plug"),
    entity("binary_sensor.plug_there", "plug", "There", entity_category="diagnostic"),
    entity("cover.shutter", "shutter"),
    entity("sensor.shutter_time", "shutter", "Time", disabled_by="integration"),
    entity("sensor.shutter_odd", "shutter", "Odd", hidden_by="user"),
    entity("light.lamp", "lamp"),
    entity("image.lamp", "lamp", "Picture"),
    entity("binary_sensor.account", "account", "Connection", entity_category="diagnostic"),
    entity("switch.other", "plug", platform="other"),
    entity("switch.lost", "gone"),
]


def sections() -> dict[str, list[str]]:
    """Heading → entity ids of the only page of the example."""
    (view,) = build([(home("vendor"), URL)], AREAS, DEVICES, ENTITIES, {})["views"]
    return {
        section["cards"][0]["heading"]: [card["entity"] for card in section["cards"][1:]]
        for section in view["sections"]
    }


def test_a_section_per_room() -> None:
    """Rooms by name, devices without a room by their own, the account last.

    In a room: shutters before plugs, each device's main entity first; what a user does not see, or
    finds on the device's page, is left out.
    """
    assert sections() == {
        "Hall": ["cover.shutter", "switch.plug", "switch.plug_quiet"],
        "Lamp": ["light.lamp", "image.lamp"],
        "Account": ["binary_sensor.account"],
    }
    assert list(sections())[-1] == "Account"


def test_a_section_per_hub() -> None:
    """What has no room stands with its hub, in the order of a room; a hub in a room changes nothing in that."""
    devices = [
        device("account", entry_type="service"),
        device("hub", via="account"),
        device("lamp", via="hub"),
        device("curtain", via="hub"),
        device("plug", "hall", via="hub"),
        device("bell", via="account"),
    ]
    entities = [
        entity(entity_id, entity_id.partition(".")[2])
        for entity_id in ("light.lamp", "cover.curtain", "switch.plug", "event.bell")
    ]
    (view,) = build([(home("vendor"), URL)], AREAS, devices, entities, {})["views"]
    found = {
        section["cards"][0]["heading"]: [card["entity"] for card in section["cards"][1:]]
        for section in view["sections"]
    }
    assert found == {
        "Bell": ["event.bell"],
        "Hall": ["switch.plug"],
        "Hub": ["cover.curtain", "light.lamp"],
    }


def test_what_is_main_about_a_device() -> None:
    """A home can say what comes first, and that settings are found on the pages of the devices."""
    devices = [device("oven")]
    entities = [
        entity("switch.oven_tones", "oven", entity_category="config"),
        entity("light.oven", "oven"),
        entity("sensor.oven_state", "oven"),
        entity("button.oven_start", "oven", "Start"),
    ]
    vendor = home("vendor", first=("_start", "_state"), settings_shown=False)
    (view,) = build([(vendor, URL)], AREAS, devices, entities, {})["views"]
    _, *cards = view["sections"][0]["cards"]
    assert [card["entity"] for card in cards] == [
        "button.oven_start",
        "sensor.oven_state",
        "light.oven",
    ]
    assert cards[0]["features"] == [{"type": "button"}]


def test_what_would_crowd_a_page() -> None:
    """A home can leave entities to the pages of their devices; a section with many devices is wide."""
    devices = [device(f"plug{number}", "hall") for number in range(9)]
    entities = [
        entity(f"switch.plug{number}{end}", f"plug{number}")
        for number in range(9)
        for end in ("", "-led")
    ]
    vendor = home("vendor", left_out=frozenset({"-led"}))
    (view,) = build([(vendor, URL)], AREAS, devices, entities, {})["views"]
    (section,) = view["sections"]
    assert [card["entity"] for card in section["cards"][1:]] == [
        f"switch.plug{number}" for number in range(9)
    ]
    assert section["column_span"] == 2
    (view,) = build([(vendor, URL)], AREAS, devices[:8], entities, {})["views"]
    assert view["sections"][0]["column_span"] == 1


def test_cards() -> None:
    """The main entity has its controls; the others their own short name; images are shown."""
    shown = {"cover.shutter": {"supported_features": 7}}
    (view,) = build([(home("vendor"), URL)], AREAS, DEVICES, ENTITIES, shown)["views"]
    cards = {card["entity"]: card for section in view["sections"] for card in section["cards"][1:]}
    assert [feature["type"] for feature in cards["cover.shutter"]["features"]] == [
        "cover-open-close",
        "cover-position",
    ]
    assert cards["switch.plug"]["features"] == [{"type": "toggle"}]
    assert "name" not in cards["switch.plug"]
    assert "features" not in cards["switch.plug_quiet"]
    assert cards["switch.plug_quiet"]["name"] == {"type": "entity"}
    assert cards["image.lamp"]["type"] == "picture-entity"


@pytest.mark.parametrize(
    ("entity_id", "attributes", "controls"),
    [
        ("cover.garage", {"supported_features": 3}, ["cover-open-close"]),
        ("cover.slats", {"supported_features": 128}, ["cover-tilt-position"]),
        ("cover.dead", {"supported_features": 0}, None),
        ("light.plain", {"supported_color_modes": ["onoff"]}, ["toggle"]),
        ("light.dimmer", {"supported_color_modes": ["brightness"]}, ["light-brightness"]),
        (
            "light.any",
            {"supported_color_modes": ["hs", "color_temp"]},
            ["light-brightness", "light-color-temp", "light-color-favorites"],
        ),
        ("climate.off_only", {"supported_features": 384}, ["climate-hvac-modes"]),
        ("number.any", {}, ["numeric-input"]),
    ],
)
def test_controls_that_would_be_empty(
    entity_id: str, attributes: Any, controls: list[str] | None
) -> None:
    """A tile has room for what can be used, and for nothing else."""
    (view,) = build(
        [(home("vendor"), URL)],
        [],
        [device("thing")],
        [entity(entity_id, "thing")],
        {entity_id: attributes},
    )["views"]
    card = view["sections"][0]["cards"][1]
    found = [feature["type"] for feature in card["features"]] if "features" in card else None
    assert found == controls


def test_sections_by_kind() -> None:
    """A home can group devices by what is main about them, in its own order; what is in a room stays there."""
    devices = [
        device("lamp", via="hub"),
        device("fan", via="hub"),
        device("plug", "hall"),
        device("radio"),
        device("hub"),
    ]
    entities = [
        entity("light.fan", "fan", "Light"),
        entity("fan.fan", "fan"),
        entity("light.lamp", "lamp"),
        entity("sensor.lamp_power", "lamp", "Power", translation_key="power"),
        entity("light.plug", "plug"),
        entity("media_player.radio", "radio"),
    ]
    kinds = {"light": "Lights", "fan": "Air"}
    vendor = home("vendor", sections=kinds, left_out=frozenset({"power"}))
    (view,) = build([(vendor, URL)], AREAS, devices, entities, {})["views"]
    assert [
        [section["cards"][0]["heading"], *(card["entity"] for card in section["cards"][1:])]
        for section in view["sections"]
    ] == [
        ["Lights", "light.lamp"],
        ["Air", "fan.fan", "light.fan"],
        ["Hall", "light.plug"],
        ["Radio", "media_player.radio"],
    ]


def test_a_page_per_home() -> None:
    """Homes without entities have no page; the others tell what to try, and where."""
    found = build([(home("empty"), URL), (home("vendor"), URL)], AREAS, DEVICES, ENTITIES, {})
    (view,) = found["views"]
    assert (view["title"], view["path"]) == ("Vendor", "vendor")
    content = view["header"]["card"]["content"]
    assert "- Press it." in content
    assert f"]({URL})" in content


class FakeSocket:
    """A Home Assistant that keeps dashboards."""

    def __init__(self) -> None:
        """Start without any dashboard."""
        self.dashboards: dict[str, Any] = {}
        self.saved: list[Any] = []
        self.system: dict[str, Any] = {"theme": "kept"}
        self.listeners: list[Any] = []

    async def call(self, kind: str, **data: Any) -> Any:
        """Answer the commands that the dashboard needs."""
        match kind:
            case "config/area_registry/list":
                return AREAS
            case "config/device_registry/list":
                return DEVICES
            case "config/entity_registry/list":
                return ENTITIES
            case "get_states":
                return [{"entity_id": "light.lamp", "attributes": {}}]
            case "lovelace/dashboards/list":
                return [{"url_path": path} for path in self.dashboards]
            case "lovelace/dashboards/create":
                self.dashboards[data["url_path"]] = None
            case "frontend/get_system_data":
                return {"value": self.system}
            case "frontend/set_system_data":
                self.system = data["value"]
            case "lovelace/config":
                if (config := self.dashboards[data["url_path"]]) is None:
                    raise DemoError("No config found")
                return config
            case "lovelace/config/save":
                self.dashboards[data["url_path"]] = data["config"]
                self.saved.append(data["config"])
            case _:
                pytest.fail(f"unexpected command {kind}")
        return None

    async def subscribe(self, kind: str, listener: Any, **data: Any) -> None:
        """Note a subscription."""
        assert kind == "subscribe_events"
        self.listeners.append(listener)


async def present(socket: FakeSocket, state: State) -> str:
    """Show the only home."""
    return await show(socket, state, [(home("vendor"), URL)])  # type: ignore[arg-type]


async def test_made_once_then_kept_current() -> None:
    """The dashboard becomes the first page at the first start only; other choices stay."""
    socket, state = FakeSocket(), State()
    assert await present(socket, state) == "Vendor"
    assert socket.system == {"theme": "kept", "default_panel": URL_PATH}
    socket.system["default_panel"] = "my-own"
    assert await present(socket, state) == "Vendor"
    assert socket.system["default_panel"] == "my-own"
    assert len(socket.saved) == 2


async def test_the_users_own_work_is_left_alone() -> None:
    """A dashboard that is not as it was generated is the user's."""
    socket, state = FakeSocket(), State()
    await present(socket, state)
    socket.dashboards[URL_PATH] = {"views": []}
    assert await present(socket, state) == "left as you changed it"
    assert socket.dashboards[URL_PATH] == {"views": []}


async def test_follows_what_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many changes at once make one new layout; renaming and the like make none."""
    monkeypatch.setattr(dashboard, "SETTLE_S", 0.01)
    socket, shown = FakeSocket(), asyncio.Event()
    count = 0

    async def show_again() -> None:
        nonlocal count
        count += 1
        shown.set()

    task = asyncio.create_task(keep_current(socket, show_again))  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        while len(socket.listeners) < 2:
            await asyncio.sleep(0)
        for listener in socket.listeners * 5:
            listener({"data": {"action": "create"}})
        await shown.wait()
        assert count == 1
        shown.clear()
        socket.listeners[0]({"data": {"action": "update"}})
        socket.listeners[1]({"data": {"action": "remove"}})
        await shown.wait()
        assert count == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
