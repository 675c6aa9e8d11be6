"""What the rows and the texts of the component say of its entities, as tables in Markdown."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
import json
from pathlib import Path
from typing import Any, NamedTuple

from homeassistant.const import EntityCategory

from custom_components.home_connect_local import entity
from custom_components.home_connect_local.const import DOMAIN, PLATFORMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / DOMAIN / "README.md"
TEXTS = ROOT / "custom_components" / DOMAIN / "translations/en.json"
BEGIN, END = "<!-- entities: script/entities writes this -->", "<!-- end of entities -->"
ITSELF = "(the device)"

EVERY, OVEN, AIR = "Every appliance", "Oven", "Air conditioner"
# By how the name of a feature begins; the first that fits.
GROUPS: Mapping[str, str] = {
    "BSH.": EVERY,
    "Dishcare.": "Dishwasher",
    "LaundryCare.": "Washing machine, dryer",
    "ConsumerProducts.CoffeeMaker.": "Coffee maker",
    "ConsumerProducts.CleaningRobot.": "Cleaning robot",
    "Cooking.Oven.": OVEN,
    "Cooking.Common.Option.Microwave.": OVEN,
    "Cooking.Hob.": "Hob",
    "Cooking.Hood.": "Hood",
    "Cooking.Common.": "Hood",
    "Refrigeration.": "Fridge, freezer, wine cooler",
    "HeatingVentilationAirConditioning.": AIR,
}


class Known(NamedTuple):
    """What is known of an entity beside its name."""

    group: str
    category: EntityCategory | None = None
    enabled: bool = True


_DIAGNOSTIC, _CONFIG = EntityCategory.DIAGNOSTIC, EntityCategory.CONFIG
# Entities that are about several features, or none, and have no row.
WITHOUT_ROW: Mapping[str, Known] = {
    "binary_sensor_connected": Known(EVERY, _DIAGNOSTIC),
    "button_acknowledge_event": Known(EVERY, _DIAGNOSTIC, enabled=False),
    "button_reject_event": Known(EVERY, _DIAGNOSTIC, enabled=False),
    "button_start_program": Known(EVERY),
    "climate_air_conditioner": Known(AIR),
    "event_favorite": Known(EVERY),
    "event_notifications": Known(EVERY, _DIAGNOSTIC, enabled=False),
    "fan_air_conditioner": Known(AIR),
    "fan_hood": Known("Hood"),
    "select_program": Known(EVERY),
    "sensor_active_program": Known(EVERY),
    "sensor_finish_time": Known(EVERY),
    "sensor_start_time": Known(EVERY),
    "update_software": Known(EVERY, _CONFIG, enabled=False),
}


def tables() -> str:
    """Write the tables, a heading and a table per kind of appliance."""
    found: dict[str, dict[tuple[str, str], set[str]]] = {group: {} for group in GROUPS.values()}
    for platform, name, known in _entities():
        place = found[known.group].setdefault((platform, known.category or ""), set())
        place.add(name if known.enabled else f"*{name}*")
    parts = []
    for group, lines in found.items():
        parts += [f"### {group}", "", "| platform | entities |", "|---|---|"]
        parts += [
            f"| {_words(*place)} | {', '.join(sorted(names, key=_sort_key))} |"
            for place, names in sorted(lines.items(), key=lambda line: (line[0][1], line[0][0]))
        ]
        parts.append("")
    return "\n".join(parts)


def _words(platform: str, category: str) -> str:
    """Name a platform and a category as the page does."""
    words = {"config": ", configuration", "diagnostic": ", diagnostic"}
    return platform.replace("_", " ") + words.get(category, "")


def _sort_key(name: str) -> str:
    return name.strip("*").casefold()


def _entities() -> Iterator[tuple[str, str, Known]]:
    """Give platform, name and what else is known of every entity that has texts.

    Raises LookupError for one that has neither a row nor a place in ``WITHOUT_ROW``.
    """
    rows = _rows()
    texts: dict[str, dict[str, Any]] = json.loads(TEXTS.read_text(encoding="utf-8"))["entity"]
    for platform, entities in texts.items():
        for key, entry in entities.items():
            base = key.removesuffix("_only")  # an appliance with one cavity only does not number it
            known = WITHOUT_ROW.get(base) or rows.get(base)
            if known is None:
                raise LookupError(f"{platform} {key} has no row; name it in WITHOUT_ROW")
            yield platform, entry.get("name", ITSELF), known


def _rows() -> dict[str, Known]:
    """Read the tables of all platforms, by translation key."""
    for platform in PLATFORMS:
        import_module(f"custom_components.{DOMAIN}.{platform}")
    return {
        row.translation_key or row.key: Known(
            _group(row.features), row.entity_category, row.entity_registry_enabled_default
        )
        for rows in entity._ROWS.values()  # noqa: SLF001  of no use to the component itself
        for row in rows
    }


def _group(names: Iterable[str]) -> str:
    """Say on which kind of appliance features are. Raises LookupError for a kind that is new."""
    for prefix, group in GROUPS.items():
        if any(name.startswith(prefix) for name in names):
            return group
    raise LookupError(f"{', '.join(names)}: of no group; name it in GROUPS")


def page_with_tables(text: str) -> str:
    """Put the tables between the marks of a page. Raises ValueError when they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"
