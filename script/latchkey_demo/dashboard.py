"""Lay out a dashboard that shows every device, by room."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
import hashlib
import json

from .api import Json, Socket
from .errors import DemoError
from .homes import Home
from .state import State

URL_PATH = "demo-homes"
TITLE = "Demo homes"
ICON = "mdi:key-chain-variant"
SETTLE_S = 1.0
SECTION_COLUMNS = 12
"""Into so many parts the frontend divides the width of a section."""
MANY = 8
"""More devices than this would make a section much longer than the others."""


def _has(feature: int) -> Callable[[Json], bool]:
    """Ask whether an entity has one of these features of its platform."""
    return lambda shown: bool(int(shown.get("supported_features", 0)) & feature)


def _colours(shown: Json) -> frozenset[str]:
    """Tell in which ways a lamp can be lit."""
    return frozenset(shown.get("supported_color_modes") or ())


def _always(_shown: Json) -> bool:
    return True


FEATURES: Mapping[str, Sequence[tuple[str, Callable[[Json], bool]]]] = {
    "alarm_control_panel": [("alarm-modes", _always)],
    "button": [("button", _always)],
    "climate": [("target-temperature", _has(1 | 2)), ("climate-hvac-modes", _always)],
    "cover": [
        ("cover-open-close", _has(1 | 2)),
        ("cover-position", _has(4)),
        ("cover-tilt-position", _has(128)),
    ],
    "fan": [("fan-speed", _has(1))],
    "humidifier": [("humidifier-toggle", _always), ("target-humidity", _always)],
    "light": [
        ("toggle", lambda shown: not _colours(shown) - {"onoff"}),
        ("light-brightness", lambda shown: bool(_colours(shown) - {"onoff"})),
        ("light-color-temp", lambda shown: "color_temp" in _colours(shown)),
        (
            "light-color-favorites",
            lambda shown: bool(_colours(shown) & {"hs", "rgb", "rgbw", "rgbww", "xy"}),
        ),
    ],
    "lock": [("lock-commands", _always)],
    "media_player": [("media-player-playback", _always), ("media-player-volume-slider", _has(4))],
    "number": [("numeric-input", _always)],
    "select": [("select-options", _always)],
    "switch": [("toggle", _always)],
    "valve": [("valve-open-close", _always)],
}
"""Controls below the tile of an entity of this platform, and for which of them: what cannot be used leaves a gap."""
STYLES: Mapping[str, Json] = {"numeric-input": {"style": "slider"}}

PICTURES = frozenset({"camera", "image"})
ORDER = ("lock", "cover", "light", "switch", "climate", "fan", "valve", "event")
"""Devices by what is main about them; what is not named comes behind."""

type Shown = Mapping[str, Json]
"""Attributes of the states of entities, by entity id."""


def build(
    homes: Iterable[tuple[Home, str]],
    areas: Iterable[Json],
    devices: Iterable[Json],
    entities: Iterable[Json],
    shown: Shown,
) -> Json:
    """Make the configuration of the dashboard from Home Assistant's registries, and from what entities show.

    ``homes`` come with the address of their simulator's page. Each gets a page of the dashboard.
    """
    rooms = {area["area_id"]: area["name"] for area in areas}
    known = {device["id"]: device for device in devices}
    seen = [
        entity
        for entity in entities
        if not entity["disabled_by"] and not entity["hidden_by"] and entity["device_id"] in known
    ]
    views = []
    for home, url in homes:
        own = [
            entity
            for entity in seen
            if entity["platform"] == home.domain
            and not _is_left_out(home, entity)
            and (home.settings_shown or entity["entity_category"] != "config")
        ]
        if own:
            views.append(_view(home, url, _sections(home, rooms, known, own, shown)))
    return {"title": TITLE, "views": views}


def _is_left_out(home: Home, entity: Json) -> bool:
    """Tell whether a home leaves an entity to its device's page."""
    return bool(
        entity["unique_id"].endswith(tuple(home.left_out))
        or entity.get("translation_key") in home.left_out
    )


def _view(home: Home, url: str, sections: Sequence[Json]) -> Json:
    """Make the page of one home."""
    page = f"[Page of the simulated home: hands and faults]({url})"
    text = "\n".join(["### Try this", *(f"- {line}" for line in home.try_this), "", page])
    return {
        "type": "sections",
        "title": home.title,
        "path": home.domain.replace("_", "-"),
        "icon": home.icon,
        "max_columns": 3,
        "dense_section_placement": True,
        "header": {"layout": "start", "card": {"type": "markdown", "content": text}},
        "sections": list(sections),
    }


def _sections(
    home: Home,
    rooms: Mapping[str, str],
    devices: Mapping[str, Json],
    entities: Iterable[Json],
    shown: Shown,
) -> list[Json]:
    """Make a section per room, kind or hub, with the devices in it, then those of accounts."""
    by_device: dict[str, list[Json]] = {}
    for entity in entities:
        service = devices[entity["device_id"]]["entry_type"] == "service"
        if service or entity["entity_category"] != "diagnostic":  # the device's page has the rest
            by_device.setdefault(entity["device_id"], []).append(entity)
    kinds = list(home.sections.values())
    sections: dict[tuple[bool, int, str], list[tuple[int, str, list[Json]]]] = {}
    for device_id, found in by_device.items():
        device = devices[device_id]
        name = _name(device)
        service = device["entry_type"] == "service"
        found.sort(key=partial(_rank, home))
        heading = (
            rooms.get(device["area_id"] or "")
            or home.sections.get(_platform(found[0]))
            or _place(devices, device)
        )
        place = kinds.index(heading) if heading in kinds else len(kinds)
        cards = [_card(entity, shown.get(entity["entity_id"], {})) for entity in found]
        group = sections.setdefault((service, place, heading), [])
        group.append((_rank(home, found[0])[3], name, cards))
    return [_section(heading, group) for (*_, heading), group in sorted(sections.items())]


def _section(heading: str, devices: Sequence[tuple[int, str, list[Json]]]) -> Json:
    """Make a section of the cards of devices, twice as wide when there are many."""
    ordered = sorted(devices, key=lambda item: item[:2])
    title = {"type": "heading", "heading": heading, "heading_style": "title"}
    return {
        "type": "grid",
        "column_span": 2 if len(devices) > MANY else 1,
        "cards": [title, *(card for _, _, cards in ordered for card in cards)],
    }


def _name(device: Json) -> str:
    """Name a device as the user sees it."""
    return str(device["name_by_user"] or device["name"])


def _place(devices: Mapping[str, Json], device: Json) -> str:
    """Name where a device without a room belongs: to its hub, when it has one."""
    hub = devices.get(device["via_device_id"] or "")
    return _name(device if hub is None or hub["entry_type"] == "service" else hub)


def _platform(entity: Json) -> str:
    """Name the platform of an entity, which stands before the dot."""
    return str(entity["entity_id"].partition(".")[0])


def _is_named(entity: Json) -> bool:
    """Tell whether an entity has a name of its own; the one without stands for its device."""
    return bool(entity["name"] or entity["original_name"])


def _rank(home: Home, entity: Json) -> tuple[bool, int, bool, int, str]:
    """Sort the entities of a device: the main ones first, settings last."""
    domain = _platform(entity)
    rank = ORDER.index(domain) if domain in ORDER else len(ORDER)
    main = (place for place, end in enumerate(home.first) if entity["unique_id"].endswith(end))
    place = next(main, len(home.first))
    settings = entity["entity_category"] is not None
    return settings, place, _is_named(entity), rank, entity["entity_id"]


def _card(entity: Json, shown: Json) -> Json:
    """Make the card of one entity; the main one of a device bears its name and its controls."""
    entity_id, domain = entity["entity_id"], _platform(entity)
    if domain in PICTURES:
        return {"type": "picture-entity", "entity": entity_id, "show_state": False}
    card: Json = {"type": "tile", "entity": entity_id}
    if _is_named(entity):
        card["name"] = {"type": "entity"}
    else:
        card["grid_options"] = {"columns": SECTION_COLUMNS}
    if not entity["entity_category"]:
        features = [
            {"type": kind, **STYLES.get(kind, {})}
            for kind, fits in FEATURES.get(domain, ())
            if fits(shown)
        ]
        if features:
            card["features"] = features
    return card


async def show(socket: Socket, state: State, homes: Iterable[tuple[Home, str]]) -> str:
    """Save the dashboard and make it the first page, unless the user has made it their own.

    Returns what was done.
    """
    areas, devices, entities = [
        await socket.call(f"config/{name}_registry/list") for name in ("area", "device", "entity")
    ]
    states = await socket.call("get_states")
    shown = {state["entity_id"]: state["attributes"] for state in states}
    wanted = build(homes, areas, devices, entities, shown)
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
    names = [view["title"] for view in wanted["views"]]
    return ", ".join(names) or "nothing to show yet"


async def keep_current(socket: Socket, show_again: Callable[[], Awaitable[object]]) -> None:
    """Lay the dashboard out anew whenever devices or entities have come or gone, until cancelled."""
    news = asyncio.Event()

    def take(event: Json) -> None:
        if event["data"]["action"] in {"create", "remove"}:
            news.set()

    for kind in ("device", "entity"):
        name = f"{kind}_registry_updated"
        await socket.subscribe("subscribe_events", take, event_type=name)
    while True:
        await news.wait()
        while news.is_set():  # they come in crowds
            news.clear()
            await asyncio.sleep(SETTLE_S)
        await show_again()


async def _stored_digest(socket: Socket) -> str | None:
    """Digest the dashboard as Home Assistant has it."""
    try:
        return _digest(await socket.call("lovelace/config", url_path=URL_PATH, force=False))
    except DemoError:
        return None  # never saved


def _digest(config: Json) -> str:
    """Digest a dashboard's configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
