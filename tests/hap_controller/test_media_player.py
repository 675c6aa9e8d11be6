"""Televisions and speakers: inputs, volume, and what they play."""

from typing import Any

from homeassistant.components.media_player import MediaPlayerEntityFeature as Feature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import act, state_of

from .living import Living, read_database, redescribe
from .test_cover import pushed

TV, PROJECTOR, SPEAKER = (
    "media_player.tv",
    "media_player.projector",
    "media_player.kitchen_speaker",
)
PLAYS = Feature.PLAY | Feature.PAUSE
POWER = Feature.TURN_ON | Feature.TURN_OFF | Feature.SELECT_SOURCE


def features(hass: HomeAssistant, entity_id: str) -> Feature:
    """Return what a player can do."""
    return Feature(state_of(hass, entity_id).attributes["supported_features"])


async def written(
    hass: HomeAssistant, living: Living, entity_id: str, action: str, **data: Any
) -> list[list[tuple[int, int, Any]]]:
    """Perform an action and return what it wrote."""
    living.written.clear()
    await act(hass, Platform.MEDIA_PLAYER, action, entity_id, **data)
    return living.written


@pytest.mark.parametrize("name", ["television"])
async def test_television(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """State, playing, keys and power."""
    active = living.find("TELEVISION", "ACTIVE")
    current = living.find("TELEVISION", "CURRENT_MEDIA_STATE")
    target = living.find("TELEVISION", "TARGET_MEDIA_STATE")
    key = living.find("TELEVISION", "REMOTE_KEY")
    assert features(hass, TV) == (
        POWER
        | PLAYS
        | Feature.STOP
        | Feature.NEXT_TRACK
        | Feature.PREVIOUS_TRACK
        | Feature.VOLUME_SET
        | Feature.VOLUME_MUTE
        | Feature.VOLUME_STEP
    )
    for values, shown in (
        ([(current, 0)], "playing"),
        ([(current, 2)], "idle"),
        ([(current, 3)], "on"),
        ([(current, 99)], "on"),
        ([(active, 0)], "off"),
        ([(active, 9)], "unknown"),
        ([(active, 1), (current, 1)], "paused"),
    ):
        await pushed(hass, loaded, living, *values)
        assert state_of(hass, TV).state == shown
    for action, expected in (
        ("turn_off", [[(*active, 0)]]),
        ("turn_on", [[(*active, 1)]]),
        ("media_pause", []),  # it does that already
        ("media_play", [[(*target, 0)]]),
        ("media_stop", [[(*target, 2)]]),
        ("media_next_track", [[(*key, 2)]]),
        ("media_previous_track", [[(*key, 3)]]),
    ):
        assert await written(hass, living, TV, action) == expected


@pytest.mark.parametrize("name", ["television"])
async def test_volume(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The linked speaker is the television's, and has no switch of its own."""
    volume, mute, selector = (
        living.find("SPEAKER", each) for each in ("VOLUME", "MUTE", "VOLUME_SELECTOR")
    )
    attributes = state_of(hass, TV).attributes
    assert (attributes["volume_level"], attributes["is_volume_muted"]) == (0.35, False)
    for action, data, expected in (
        ("volume_set", {"volume_level": 0.5}, (*volume, 50)),
        ("volume_mute", {"is_volume_muted": True}, (*mute, 1)),
        ("volume_up", {}, (*selector, 0)),
        ("volume_down", {}, (*selector, 1)),
    ):
        assert await written(hass, living, TV, action, **data) == [[expected]]
    await pushed(hass, loaded, living, (volume, 250), (mute, False))
    attributes = state_of(hass, TV).attributes
    assert (attributes["volume_level"], attributes["is_volume_muted"]) == (1.0, False)
    assert not [each for each in hass.states.async_entity_ids("switch") if "mute" in each]


@pytest.mark.parametrize("name", ["television"])
async def test_inputs(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Inputs are named apart, hidden ones are left out, and all that may change at any time."""
    active = living.find("TELEVISION", "ACTIVE_IDENTIFIER")
    state = state_of(hass, TV)
    assert state.attributes["source_list"] == ["HDMI", "HDMI 2", "Antenna", "AirPlay", "Input 5"]
    assert state.attributes["source"] == "Antenna"
    for number, shown in ((2, "HDMI 2"), (0, None), (77, None), (7, None), (5, "Input 5")):
        await pushed(hass, loaded, living, (active, number))
        assert state_of(hass, TV).attributes.get("source") == shown
    assert await written(hass, living, TV, "select_source", source="HDMI 2") == [[(*active, 2)]]
    for source in ("Home", "Unused", "SCART"):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, Platform.MEDIA_PLAYER, "select_source", TV, source=source)
        assert caught.value.translation_key == "no_such_source"

    name = living.find("INPUT_SOURCE", "CONFIGURED_NAME")
    visibility = living.find("INPUT_SOURCE", "CURRENT_VISIBILITY_STATE")
    await pushed(hass, loaded, living, (name, "Console"))
    assert state_of(hass, TV).attributes["source_list"][:2] == ["Console", "HDMI"]
    await pushed(hass, loaded, living, (visibility, 1))
    assert state_of(hass, TV).attributes["source_list"][:2] == ["HDMI", "Antenna"]

    accessories = read_database("television")
    accessories[0]["services"][1]["linked"] = [120, 100, 100]
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, TV).attributes["source_list"] == ["Antenna", "HDMI"]


@pytest.mark.parametrize("name", ["television_simple"])
async def test_simple_television(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Without a state of its own it plays by a key; the only speaker is its own, linked or not."""
    key, selector = (
        living.find("TELEVISION", "REMOTE_KEY"),
        living.find("SPEAKER", "VOLUME_SELECTOR"),
    )
    active, mute = living.find("TELEVISION", "ACTIVE"), living.find("SPEAKER", "MUTE")
    assert features(hass, PROJECTOR) == (POWER | PLAYS | Feature.VOLUME_MUTE | Feature.VOLUME_STEP)
    assert state_of(hass, PROJECTOR).state == "off"
    await pushed(hass, loaded, living, (active, True))
    assert state_of(hass, PROJECTOR).state == "on"
    for action, data, expected in (
        ("media_play", {}, (*key, 11)),
        ("media_pause", {}, (*key, 11)),
        ("volume_up", {}, (*selector, 0)),
        ("volume_mute", {"is_volume_muted": False}, (*mute, 0)),
    ):
        assert await written(hass, living, PROJECTOR, action, **data) == [[expected]]


@pytest.mark.parametrize("name", ["smart_speaker"])
async def test_smart_speaker(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A speaker has what it can do limited by what it says, and its volume by its range."""
    current, target, volume, mute = (
        living.find("SMART_SPEAKER", each)
        for each in ("CURRENT_MEDIA_STATE", "TARGET_MEDIA_STATE", "VOLUME", "MUTE")
    )
    assert features(hass, SPEAKER) == PLAYS | Feature.VOLUME_SET | Feature.VOLUME_MUTE
    state = state_of(hass, SPEAKER)
    assert (state.state, state.attributes["volume_level"]) == ("idle", 0.5)
    for action, data, expected in (
        ("media_play", {}, [(*target, 0)]),
        ("media_pause", {}, [(*target, 1)]),
        ("volume_set", {"volume_level": 0.25}, [(*volume, 10)]),
        ("volume_up", {}, [(*volume, 14)]),
        ("volume_down", {}, [(*volume, 10)]),
        ("volume_mute", {"is_volume_muted": True}, [(*mute, 1)]),
    ):
        assert await written(hass, living, SPEAKER, action, **data) == [expected]
    for number, shown in ((0, "playing"), (5, "on"), (1, "paused")):
        await pushed(hass, loaded, living, (current, number))
        assert state_of(hass, SPEAKER).state == shown
    assert not [each for each in hass.states.async_entity_ids("switch") if "mute" in each]


@pytest.mark.parametrize("name", ["smart_speaker"])
async def test_unknown(hass: HomeAssistant, living: Living, entry: MockConfigEntry) -> None:
    """What was never told is unknown."""
    for each in ("CURRENT_MEDIA_STATE", "VOLUME"):
        living.set(*living.find("SMART_SPEAKER", each), None)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    state = state_of(hass, SPEAKER)
    assert state.state == "unknown"
    assert "volume_level" not in state.attributes
