"""Descriptions and values that are distorted at random: whatever accessories say, nothing breaks but what it is about."""

from contextlib import suppress
from random import Random
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.protocol import ServiceUuid
from tests.support.rooms import act

from .living import Json, Living, bridged, complete, database_names, flush, redescribe
from .operations import actions_of

VALUES: tuple[Any, ...] = (
    *(None, 0, 1, 2, 3, -1, 255, 2**40, 1e9, -1e9, 0.5, 99.99, "x", "", True, False),
    *([1], {"a": 1}),
)
LIMITS = (0, 1, -1, 0.1, 1e-9, 1e12, -1e12, 100, 5, 33.3)
CLOSED_SETS: tuple[list[int], ...] = ([], [0], [7], [0, 1], [1, 1, 1], [-1, 0, 300], [2, 3])
SPANS = ([0, 1], [5, 2], [1, 1])
FORMATS = ("bool", "uint8", "int", "float", "string", "tlv8", "data", "uint64", "array")
PERMISSIONS = ("pr", "pw", "pr ev", "pr pw", "pr pw ev", "pr pw ev tw", "pr pw ev hd", "")


def distorted(random: Random) -> list[Json]:
    """Give all descriptions as one, in which much is missing, out of place, or cannot be."""
    described = complete(bridged(*(name for name in database_names() if name != "odd_bridge")))
    for accessory in described:
        for service in accessory["services"]:
            if service["type"] != ServiceUuid.ACCESSORY_INFORMATION:
                parts = service["characteristics"]
                service["characteristics"] = [each for each in parts if random.random() > 0.08]
                for part in parts:
                    _distort(part, random)
    return described


def _distort(part: Json, random: Random) -> None:
    if random.random() < 0.25:
        part["value"] = random.choice(VALUES)
    if random.random() < 0.08:
        part["valid-values"] = random.choice(CLOSED_SETS)
    if random.random() < 0.05:
        part["valid-values-range"] = random.choice(SPANS)
    if random.random() < 0.08:
        part["format"] = random.choice(FORMATS)
    if random.random() < 0.12:
        part["perms"] = random.choice(PERMISSIONS).split()
    if random.random() < 0.15:
        for limit in ("minValue", "maxValue", "minStep"):
            if random.random() < 0.4:
                part.pop(limit, None)
            elif random.random() < 0.7:
                part[limit] = random.choice(LIMITS)


@pytest.fixture
def random() -> Random:
    """Give a source of chance that is the same each time."""
    return Random(5)


@pytest.fixture
def accessories(random: Random) -> list[Json]:
    """Serve distorted descriptions."""
    return distorted(random)


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("options", [{CONF_ALL_CHARACTERISTICS: True}])
async def test_distortion(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    random: Random,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Values of all kinds, commands and other descriptions raise nothing, and nothing is logged as an error."""
    for _ in range(2):
        for aid, iid in living.subscribable:
            living.push(aid, iid, random.choice(VALUES))
        await flush(hass, loaded)
        states = [each for each in hass.states.async_all() if each.state != STATE_UNAVAILABLE]
        assert len(states) > 300
        for state in states:
            for action, data in random.sample(actions := [*actions_of(state)], len(actions) // 4):
                # Home Assistant itself refuses what is beyond the limits that there are now.
                with suppress(HomeAssistantError, vol.Invalid):
                    await act(hass, Platform(state.domain), action, state.entity_id, **data)
        await redescribe(hass, loaded, living, distorted(random))
    assert [record.getMessage() for record in caplog.records if record.levelno >= 40] == []
