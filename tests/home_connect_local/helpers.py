"""What the tests of the rooms share: entries of simulated appliances, and how their entities are found."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from homeassistant.const import CONF_HOST, CONF_PORT, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.home_connect_local.const import (
    CONF_CONNECTION_TYPE,
    CONF_DESCRIPTION,
    CONF_DEVICE_ID,
    CONF_HA_ID,
    CONF_IV,
    CONF_KEY,
    DOMAIN,
)
from custom_components.home_connect_local.coordinator import Options
from custom_components.home_connect_local.entity import FeatureRow, Survey, described
from custom_components.home_connect_local.protocol import (
    Appliance,
    Description,
    Feature,
    read_archive,
)
from simulators.home_connect_local import PROFILES, SimulatedAppliance
from tests.common import load_vectors
from tests.support.rooms import (
    Writes,
    act,
    note_states,
    pass_time,
    setup,
    state_of,
    table_of,
    unavailable,
    until,
    until_attribute,
    until_state,
)

__all__ = [
    "NAMES",
    "Writes",
    "act",
    "note_states",
    "pass_time",
    "setup",
    "state_of",
    "table_of",
    "unavailable",
    "until",
    "until_attribute",
    "until_state",
]

NAMES = tuple(PROFILES)
"""The seven appliances that there are files of."""

CLIENT_ID = "0123456789abcdef"


def stored_description(name: str) -> dict[str, Any]:
    """Return the stored form of the description of an appliance, as the golden parse has it."""
    stored: dict[str, Any] = load_vectors(DOMAIN, f"profiles/{PROFILES[name].ha_id}_parsed")
    return stored


def described_appliance(name: str) -> Appliance:
    """Return an appliance of which only the description is known."""
    return Appliance(Description.load(stored_description(name)))


def made_appliance(
    *features: dict[str, Any], enums: dict[int, dict[int, str]] | None = None
) -> Appliance:
    """Return an appliance with features that none of the files has; uids are their places, from 1 on."""
    stored = {
        str(uid): {
            "uid": uid,
            "kind": feature["key"].split(".")[-2].lower(),
            "parent": None,
            "available": True,
            "list": False,
            "options": [],
            **feature,
        }
        for uid, feature in enumerate(features, 1)
    }
    for feature in stored.values():
        if feature["kind"] != "program":
            del feature["options"]
    template = stored_description("hob")
    return Appliance(
        Description.load(
            {
                **template,
                "features": stored,
                "lists": {},
                "enums": {
                    str(enid): {
                        "key": None,
                        "subsetOf": None,
                        "members": {str(raw): name for raw, name in members.items()},
                    }
                    for enid, members in (enums or {}).items()
                },
                "errors": {},
                "warnings": [],
            }
        )
    )


def coordinator_of(appliance: Appliance, **client: Any) -> Any:
    """Return as much of a coordinator as entities read, for appliances that there is no simulator of."""
    return SimpleNamespace(
        appliance=appliance,
        client=SimpleNamespace(**{"pending": {}, "switched_off": False, **client}),
        connected=True,
        device_info=None,
        entry_id="entry",
        ha_id="appliance",
        linked=True,
        options=Options(),
        revision=0,
    )


def entity_of[RowT: FeatureRow](
    appliance: Appliance,
    rows: Iterable[RowT],
    new_entity: Callable[[Any, Feature, RowT], Any],
    key: str,
    **client: Any,
) -> Any:
    """Return the entity of a row for an appliance that there is no simulator of."""
    for feature, row in described(Survey(appliance), rows):
        if row.key == key:
            return new_entity(coordinator_of(appliance, **client), feature, row)
    raise LookupError(key)


def entry_data(simulated: SimulatedAppliance) -> dict[str, Any]:
    """Return what the form would have stored for a simulated appliance."""
    profile = simulated.profile
    return {
        CONF_HA_ID: profile.ha_id,
        CONF_HOST: simulated.host,
        CONF_PORT: simulated.port,
        CONF_CONNECTION_TYPE: profile.connection_type,
        CONF_KEY: _encode(simulated.key),
        CONF_IV: _encode(profile.iv) if "iv" in profile.head else None,
        CONF_DEVICE_ID: CLIENT_ID,
        CONF_DESCRIPTION: stored_description(profile.name)
        if profile is PROFILES.get(profile.name)
        else read_archive(simulated.archive_bytes()).profiles[0].description.store(),
    }


def new_entry(simulated: SimulatedAppliance, **details: Any) -> MockConfigEntry:
    """Make an entry of a simulated appliance."""
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=simulated.ha_id,
        title=simulated.profile.name,
        data=entry_data(simulated),
        **details,
    )


def entity_id_of(hass: HomeAssistant, entry: MockConfigEntry, platform: Platform, key: str) -> str:
    """Return the entity of an appliance by the key of its row."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{entry.unique_id}-{key}")
    assert entity_id, key
    return entity_id


async def allow_remote_start(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Press the button on the appliance, and wait until that is known; all entities have to be enabled."""
    simulated.appliance.remote_start(True)
    allowed = entity_id_of(hass, entry, Platform.BINARY_SENSOR, "binary_remote_start_allowed")
    await until_state(hass, allowed, STATE_ON)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
