"""Lay out a dashboard that shows every device, by room."""

from collections.abc import Iterable, Mapping, Sequence
import hashlib
import json

from .api import Json, Socket
from .errors import DemoError
from .homes import Home
from .state import State

URL_PATH = "demo-homes"
TITLE = "Demo homes"
ICON = "mdi:key-chain-variant"

FEATURES: Mapping[str, Sequence[Json]] = {
    "climate": [{"type": "target-temperature"}, {"type": "climate-hvac-modes"}],
    "cover": [{"type": "cover-open-close"}, {"type": "cover-position"}],
    "fan": [{"type": "fan-speed"}],
    "light": [{"type": "light-brightness"}],
    "lock": [{"type": "lock-commands"}],
    "number": [{"type": "numeric-input", "style": "slider"}],
    "select": [{"type": "select-options"}],
    "switch": [{"type": "toggle"}],
    "valve": [{"type": "valve-open-close"}],
}
"""Controls below the tile of an entity of this platform."""

PICTURES = frozenset({"camera", "image"})
ORDER = ("lock", "cover", "light", "switch", "climate", "fan", "valve", "event", "image")
"""Main things first; what is not named comes behind, by name."""


def build(
    homes: Iterable[Home], areas: Iterable[Json], devices: Iterable[Json], entities: Iterable[Json]
) -> Json:
    """Make the configuration of the dashboard from Home Assistant's registries: a page per home."""
    rooms = {area["area_id"]: area for area in areas}
    known = {device["id"]: device for device in devices}
    shown = [
        entity
        for entity in entities
        if not entity["disabled_by"] and not entity["hidden_by"] and entity["device_id"] in known
    ]
    views = []
    for home in homes:
        own = [entity for entity in shown if entity["platform"] == home.domain]
        if own:
            views.append(_view(home, rooms, known, own))
    return {"title": TITLE, "views": views}


def _view(
    home: Home, rooms: Mapping[str, Json], devices: Mapping[str, Json], entities: Sequence[Json]
) -> Json:
    """Make the page of one home: a section per room, then its account or bridge."""
    sections: dict[tuple[bool, str], list[Json]] = {}
    icons: dict[str, str | None] = {}
    for entity in sorted(entities, key=lambda entity: _rank(entity, devices)):
        device = devices[entity["device_id"]]
        service = device["entry_type"] == "service"
        if entity["entity_category"] == "diagnostic" and not service:
            continue  # found on the device's own page
        room = rooms.get(entity["area_id"] or device["area_id"] or "")
        heading = room["name"] if room else _name(device)
        icons[heading] = room["icon"] if room else None
        sections.setdefault((service, heading), []).append(_card(entity))
    text = "\n".join([f"### {home.title}", *(f"- {line}" for line in home.try_this)])
    return {
        "type": "sections",
        "title": home.title,
        "path": home.domain.replace("_", "-"),
        "icon": home.icon,
        "max_columns": 3,
        "header": {"layout": "start", "card": {"type": "markdown", "content": text}},
        "sections": [
            {"type": "grid", "cards": [_heading(heading, icons[heading]), *cards]}
            for (_, heading), cards in sorted(sections.items(), key=lambda item: item[0])
        ],
    }


def _rank(entity: Json, devices: Mapping[str, Json]) -> tuple[bool, int, str, bool, str]:
    """Sort by platform of the device's main entity, then by device, main entity first."""
    domain = entity["entity_id"].partition(".")[0]
    rank = ORDER.index(domain) if domain in ORDER else len(ORDER)
    secondary = entity["entity_category"] is not None
    return secondary, rank, _name(devices[entity["device_id"]]), rank > 0, entity["entity_id"]


def _name(device: Json) -> str:
    """Return the name that the user sees."""
    return str(device["name_by_user"] or device["name"])


def _heading(text: str, icon: str | None) -> Json:
    """Make the line above a section."""
    heading: Json = {"type": "heading", "heading": text, "heading_style": "title"}
    return heading | ({"icon": icon} if icon else {})


def _card(entity: Json) -> Json:
    """Make the card of one entity."""
    entity_id = entity["entity_id"]
    domain = entity_id.partition(".")[0]
    if domain in PICTURES:
        return {"type": "picture-entity", "entity": entity_id, "show_state": False}
    card: Json = {"type": "tile", "entity": entity_id}
    if domain in FEATURES and not entity["entity_category"]:
        card["features"] = [dict(feature) for feature in FEATURES[domain]]
        card["grid_options"] = {"columns": 12}
    return card


async def show(socket: Socket, state: State, homes: Iterable[Home]) -> str:
    """Save the dashboard and make it the first page, unless the user has made it their own.

    Returns what was done.
    """
    registries = [
        await socket.call(f"config/{name}_registry/list") for name in ("area", "device", "entity")
    ]
    wanted = build(homes, *registries)
    dashboards = await socket.call("lovelace/dashboards/list")
    fresh = all(dashboard["url_path"] != URL_PATH for dashboard in dashboards)
    if fresh:
        about = {"url_path": URL_PATH, "title": TITLE, "icon": ICON, "show_in_sidebar": True}
        await socket.call("lovelace/dashboards/create", **about)
        core = (await socket.call("frontend/get_system_data", key="core"))["value"] or {}
        core["default_panel"] = URL_PATH
        await socket.call("frontend/set_system_data", key="core", value=core)
    elif await _stored_digest(socket) != state.dashboard:
        return "left as you changed it"
    await socket.call("lovelace/config/save", url_path=URL_PATH, config=wanted)
    state.dashboard = _digest(wanted)
    count = sum(len(view["sections"]) for view in wanted["views"])
    return f"{len(wanted['views'])} homes in {count} sections"


async def _stored_digest(socket: Socket) -> str | None:
    """Digest the dashboard as Home Assistant has it."""
    try:
        return _digest(await socket.call("lovelace/config", url_path=URL_PATH, force=False))
    except DemoError:
        return None  # never saved


def _digest(config: Json) -> str:
    """Digest a dashboard's configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
