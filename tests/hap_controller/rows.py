"""One accessory for each row of a platform, behind one bridge: all rows are tested in one go."""

from collections.abc import Iterable, Sequence
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import CharacteristicUuid

from .living import ACCESSORY_ID, Json, accessory

READ = ["pr", "ev"]
WRITE = ["pr", "pw", "ev"]
FIRST_AID = 2


def bridge_of(services: Iterable[Json | Sequence[Json]]) -> list[Json]:
    """Put one accessory per service, or list of services, behind a bridge; aids are given in order from 2 on."""
    behind = [
        accessory(f"Accessory {aid}", *([each] if isinstance(each, dict) else each), aid=aid)
        for aid, each in enumerate(services, FIRST_AID)
    ]
    return [accessory("Bridge"), *behind]


def entity_id_of(
    hass: HomeAssistant, platform: Platform, aid: int, *numbers: int, tail: str = ""
) -> str:
    """Return the entity of a service or characteristic by its numbers."""
    unique_id = "_".join(map(str, (ACCESSORY_ID, aid, *numbers)))
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{unique_id}{tail}")
    assert entity_id, unique_id
    return entity_id


def entity_ids_of(hass: HomeAssistant, platform: Platform, aid: int) -> list[str]:
    """Return all entities of an accessory on a platform, that of the link left out."""
    return [
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.domain == platform
        and entity.unique_id.startswith(f"{ACCESSORY_ID}_{aid}_")
        and entity.unique_id != f"{ACCESSORY_ID}_connection"
    ]


def uuid_of(name: str) -> Any:
    """Return the UUID of a characteristic by its name."""
    return getattr(CharacteristicUuid, name)
