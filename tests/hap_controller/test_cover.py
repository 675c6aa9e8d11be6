"""Covers: what is written, what is shown, and how long a movement is believed in."""

from typing import Any

from homeassistant.components.cover import CoverEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_LEVEL_IS_OPEN
from custom_components.hap_controller.cover import tilt_angle, tilt_position
from custom_components.hap_controller.limits import Limits
from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, pass_time, state_of

from .living import Living, flush, read_database, redescribe
from .protocol.running import until

GARAGE = "cover.garage"
VENETIAN, LOUVRE, SHADE, PERGOLA = (
    "cover.venetian",
    "cover.louvre",
    "cover.shade",
    "cover.pergola",
)
TILTS = (
    CoverEntityFeature.OPEN_TILT
    | CoverEntityFeature.CLOSE_TILT
    | CoverEntityFeature.SET_TILT_POSITION
)
MOVES = CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE | CoverEntityFeature.SET_POSITION
# Longer than any movement is believed in.
LONG_S = 61.0

FULL, DOWN, UP = Limits(-90, 90, 1), Limits(-90, 0, 1), Limits(0, 90, 1)


async def pushed(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, *values: tuple[Any, Any]
) -> None:
    """Push values one after the other, by key, and wait until all have arrived."""
    for key, value in values:
        await until(lambda key=key: key in living.subscribed)
        living.push(*key, value)
    await flush(hass, entry)


def features(state: State) -> CoverEntityFeature:
    """Return what a cover can do."""
    return CoverEntityFeature(state.attributes["supported_features"])


@pytest.mark.parametrize(
    ("limits", "angle", "position"),
    [
        (FULL, -90, 0),
        (FULL, -30, 33),
        (FULL, 0, 50),
        (FULL, 30, 67),
        (FULL, 90, 100),
        (DOWN, 0, 0),
        (DOWN, -45, 50),
        (DOWN, -60, 67),
        (DOWN, -90, 100),
        (UP, 45, 50),
        (UP, 0, 0),
        (UP, 120, 100),
        (FULL, -200, 0),
        (Limits(10, 10, 1), 10, None),
        (Limits(90, -90, 1), 0, None),
        (Limits(-1e308, 1e308, 1), 0, 50),
        (Limits(1e308, -1e308, 1), 0, None),
    ],
)
def test_tilt_is_read(limits: Limits, angle: int, position: int | None) -> None:
    """An angle is a share of its range; from -90 to 0 it counts downwards."""
    assert tilt_position(angle, limits) == position


@pytest.mark.parametrize(
    ("limits", "position", "angle"),
    [
        (FULL, 0, -90),
        (FULL, 1, -88),
        (FULL, 25, -45),
        (FULL, 50, 0),
        (FULL, 75, 45),
        (FULL, 100, 90),
        (DOWN, 0, 0),
        (DOWN, 25, -22),
        (DOWN, 100, -90),
        (UP, 50, 45),
        (UP, 100, 90),
    ],
)
def test_tilt_is_written(limits: Limits, position: int, angle: int) -> None:
    """A percentage means a whole angle, cut off towards 0."""
    assert tilt_angle(position, limits) == angle


@pytest.mark.parametrize(
    ("limits", "angle", "position"),
    [
        (FULL, 0, 100),
        (FULL, -90, 0),
        (FULL, -45, 50),
        (DOWN, 0, 100),
        (DOWN, -90, 0),
        (UP, 90, 0),
        (UP, 45, 50),
        (Limits(-45, 90, 1), 90, 0),
        (Limits(-90, 45, 1), -90, 0),
    ],
)
def test_level_is_open(limits: Limits, angle: int, position: int) -> None:
    """Slats that are open when they are level close towards the far end, both ways alike."""
    assert tilt_position(angle, limits, level_is_open=True) == position
    assert tilt_angle(position, limits, level_is_open=True) == angle


def test_level_out_of_reach() -> None:
    """Slats that never are level are as open as they would be without the option."""
    limits = Limits(10, 80, 1)
    assert tilt_position(80, limits, level_is_open=True) == 100
    assert tilt_angle(0, limits, level_is_open=True) == 10


@pytest.mark.parametrize("name", ["garage_door"])
async def test_garage_door(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Every state that it reports is shown, and nothing else as closed."""
    current = living.find("GARAGE_DOOR_OPENER", "CURRENT_DOOR_STATE")
    target = living.find("GARAGE_DOOR_OPENER", "TARGET_DOOR_STATE")
    obstruction = living.find("GARAGE_DOOR_OPENER", "OBSTRUCTION_DETECTED")
    state = state_of(hass, GARAGE)
    assert (state.state, state.attributes["obstruction-detected"]) == ("closed", False)
    assert features(state) == CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE
    for number, shown in (
        (0, "open"),
        (1, "closed"),
        (2, "opening"),
        (3, "closing"),
        (4, "open"),
        (5, "unknown"),
        (1, "closed"),
    ):
        await pushed(hass, loaded, living, (current, number))
        assert state_of(hass, GARAGE).state == shown
    await pushed(hass, loaded, living, (obstruction, True))
    assert state_of(hass, GARAGE).attributes["obstruction-detected"] is True

    await act(hass, Platform.COVER, "open_cover", GARAGE)
    assert living.written == [[(*target, 0)]]
    assert state_of(hass, GARAGE).state == "opening"
    for number, shown in ((2, "opening"), (0, "open")):
        await pushed(hass, loaded, living, (current, number))
        assert state_of(hass, GARAGE).state == shown
    await act(hass, Platform.COVER, "close_cover", GARAGE)
    assert living.written[1:] == [[(*target, 1)]]
    assert state_of(hass, GARAGE).state == "closing"
    await pushed(hass, loaded, living, (current, 4))
    assert state_of(hass, GARAGE).state == "open"


@pytest.mark.parametrize("name", ["garage_door"])
async def test_garage_door_that_does_not_move(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A movement that does not begin is shown for a minute; a door moved by hand does not move at all."""
    current = living.find("GARAGE_DOOR_OPENER", "CURRENT_DOOR_STATE")
    target = living.find("GARAGE_DOOR_OPENER", "TARGET_DOOR_STATE")
    await pushed(hass, loaded, living, (target, 0))
    assert state_of(hass, GARAGE).state == "opening"
    pass_time(hass, LONG_S)
    await flush(hass, loaded)
    assert state_of(hass, GARAGE).state == "closed"
    # By hand, while the target stays: open, and closed again.
    await pushed(hass, loaded, living, (target, 1), (current, 0))
    assert state_of(hass, GARAGE).state == "open"
    # The same target again is a command nevertheless.
    await act(hass, Platform.COVER, "close_cover", GARAGE)
    assert state_of(hass, GARAGE).state == "closing"
    await pushed(hass, loaded, living, (current, 1))
    assert state_of(hass, GARAGE).state == "closed"
    living.fail(*target, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.COVER, "open_cover", GARAGE)
    assert caught.value.translation_key == "not_allowed"
    assert state_of(hass, GARAGE).state == "closed"
    # A movement under way leaves nothing behind.
    living.fail(*target, 0)
    await act(hass, Platform.COVER, "open_cover", GARAGE)
    await hass.config_entries.async_unload(loaded.entry_id)


@pytest.mark.parametrize("name", ["blinds"])
async def test_blinds(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Positions, tilts of every kind, and stopping, down to what is written."""
    assert features(state_of(hass, VENETIAN)) == (
        MOVES | TILTS | CoverEntityFeature.STOP | CoverEntityFeature.STOP_TILT
    )
    assert features(state_of(hass, LOUVRE)) == features(state_of(hass, PERGOLA)) == MOVES | TILTS
    assert features(state_of(hass, SHADE)) == MOVES
    assert [
        state_of(hass, each).attributes["current_tilt_position"]
        for each in (VENETIAN, LOUVRE, PERGOLA)
    ] == [33, 50, 50]

    def find(name: str, aid: int) -> tuple[int, int]:
        return living.find("WINDOW_COVERING", name, aid=aid)

    vertical, horizontal = "TARGET_VERTICAL_TILT_ANGLE", "TARGET_HORIZONTAL_TILT_ANGLE"
    for entity_id, action, data, key, value in (
        (VENETIAN, "open_cover", {}, find("TARGET_POSITION", 2), 100),
        (VENETIAN, "close_cover", {}, find("TARGET_POSITION", 2), 0),
        (VENETIAN, "set_cover_position", {"position": 42}, find("TARGET_POSITION", 2), 42),
        (VENETIAN, "stop_cover", {}, find("HOLD_POSITION", 2), 1),
        (VENETIAN, "stop_cover_tilt", {}, find("HOLD_POSITION", 2), 1),
        (VENETIAN, "open_cover_tilt", {}, find(vertical, 2), 90),
        (VENETIAN, "close_cover_tilt", {}, find(vertical, 2), -90),
        (VENETIAN, "set_cover_tilt_position", {"tilt_position": 1}, find(vertical, 2), -88),
        (LOUVRE, "open_cover_tilt", {}, find(horizontal, 3), -90),
        (LOUVRE, "close_cover_tilt", {}, find(horizontal, 3), 0),
        (LOUVRE, "set_cover_tilt_position", {"tilt_position": 25}, find(horizontal, 3), -22),
        (PERGOLA, "set_cover_tilt_position", {"tilt_position": 100}, find(horizontal, 5), 90),
        (SHADE, "open_cover", {}, find("TARGET_POSITION", 4), 100),
    ):
        living.written.clear()
        await act(hass, Platform.COVER, action, entity_id, **data)
        assert living.written == [[(*key, value)]]

    # The vertical angle counts once it is known.
    angle = find("CURRENT_VERTICAL_TILT_ANGLE", 5)
    await pushed(hass, loaded, living, (angle, 90))
    assert state_of(hass, PERGOLA).attributes["current_tilt_position"] == 100
    living.written.clear()
    await act(hass, Platform.COVER, "close_cover_tilt", PERGOLA)
    assert living.written == [[(*find(vertical, 5), -90)]]

    obstruction = find("OBSTRUCTION_DETECTED", 2)
    assert "obstruction-detected" not in state_of(hass, VENETIAN).attributes
    await pushed(hass, loaded, living, (obstruction, True))
    assert state_of(hass, VENETIAN).attributes["obstruction-detected"] is True


@pytest.mark.parametrize("name", ["blinds"])
async def test_motion(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A blind that tells how it moves is believed; of one that never does its position tells."""
    state, current, target = (
        living.find("WINDOW_COVERING", each, aid=2)
        for each in ("POSITION_STATE", "CURRENT_POSITION", "TARGET_POSITION")
    )
    for values, shown in (
        ([(state, 0)], "closing"),
        ([(state, 1)], "opening"),
        ([(state, 2)], "open"),
        ([(target, 10)], "open"),  # it says that it stands, and has shown that it can tell
        ([(current, 0)], "closed"),
        ([(current, -1)], "unknown"),  # nobody knows what that means, but closed it is not
        ([(current, 130)], "open"),
    ):
        await pushed(hass, loaded, living, *values)
        assert state_of(hass, VENETIAN).state == shown
    assert state_of(hass, VENETIAN).attributes["current_position"] == 100

    state, current, target = (
        living.find("WINDOW_COVERING", each, aid=4)
        for each in ("POSITION_STATE", "CURRENT_POSITION", "TARGET_POSITION")
    )
    for values, shown in (
        ([(target, 60)], "opening"),
        ([(current, 20)], "opening"),
        ([(current, 60)], "open"),
        ([(target, 30)], "closing"),
        ([(current, 80)], "open"),  # by hand, away from where it was to go
        ([(target, 0)], "closing"),
        ([(state, 9)], "open"),
        ([(state, 2)], "closing"),
    ):
        await pushed(hass, loaded, living, *values)
        assert state_of(hass, SHADE).state == shown
    pass_time(hass, LONG_S)
    await flush(hass, loaded)
    assert state_of(hass, SHADE).state == "open"
    # Where it already shall be is a command, too; one that gets on is believed in for longer.
    await act(hass, Platform.COVER, "close_cover", SHADE)
    assert state_of(hass, SHADE).state == "closing"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "window",
            {
                "cover.roof_window_window": ("closed", "window", MOVES | CoverEntityFeature.STOP),
                "cover.roof_window_awning": ("open", None, MOVES),
            },
        ),
        ("door", {"cover.gate": ("closed", "door", MOVES)}),
        (
            "slats",
            {
                "cover.louvre_roof_roof_slats": ("open", None, TILTS),
                "cover.louvre_roof_side_blind": ("open", None, MOVES),
            },
        ),
    ],
)
async def test_other_kinds(
    hass: HomeAssistant, loaded: MockConfigEntry, expected: dict[str, Any]
) -> None:
    """Windows, doors and slats are covers; slats of a covering are not."""
    assert {
        each.entity_id: (each.state, each.attributes.get("device_class"), features(each))
        for each in hass.states.async_all(Platform.COVER)
    } == expected


@pytest.mark.parametrize("name", ["slats"])
@pytest.mark.parametrize("options", [{CONF_LEVEL_IS_OPEN: ["1_8"]}, {}], ids=["level", "share"])
async def test_slats(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, options: dict[str, Any]
) -> None:
    """Slats tilt, and are open when they are level if the user says so."""
    slats = "cover.louvre_roof_roof_slats"
    current, target = (
        living.find("SLAT", each) for each in ("CURRENT_TILT_ANGLE", "TARGET_TILT_ANGLE")
    )
    state = state_of(hass, slats)
    assert state.attributes["current_tilt_position"] == (100 if options else 50)
    await act(hass, Platform.COVER, "open_cover_tilt", slats)
    await act(hass, Platform.COVER, "set_cover_tilt_position", slats, tilt_position=50)
    await act(hass, Platform.COVER, "close_cover_tilt", slats)
    assert [value for *_, value in living.writes] == ([0, -45, -90] if options else [90, 0, -90])
    assert {(aid, iid) for aid, iid, _ in living.writes} == {target}
    await pushed(hass, loaded, living, (current, -90))
    assert state_of(hass, slats).state == "closed"
    for told in ("odd", None):  # no reason to believe in what was
        await pushed(hass, loaded, living, (current, told))
        assert state_of(hass, slats).state == "unknown"
        await pushed(hass, loaded, living, (current, -90))
        assert state_of(hass, slats).state == "closed"


@pytest.mark.parametrize("name", ["blinds"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What a cover can do, and the range of its slats, follow the description without a reload."""
    accessories = read_database("blinds")
    louvre = accessories[2]["services"][1]["characteristics"]
    for each in louvre:
        if "TILT" in each["type"]:
            each |= {"minValue": 0, "maxValue": 90, "value": 90}
    louvre.append({"type": "HOLD_POSITION"})
    shade = accessories[3]["services"]
    shade[1] = {**shade[1], "type": "DOOR"}
    await redescribe(hass, loaded, living, accessories)
    state = state_of(hass, LOUVRE)
    assert features(state) == MOVES | TILTS | CoverEntityFeature.STOP | CoverEntityFeature.STOP_TILT
    assert state.attributes["current_tilt_position"] == 100
    await act(hass, Platform.COVER, "set_cover_tilt_position", LOUVRE, tilt_position=50)
    assert living.writes == [
        (*living.find("WINDOW_COVERING", "TARGET_HORIZONTAL_TILT_ANGLE", aid=3), 45)
    ]
    assert state_of(hass, SHADE).attributes["device_class"] == "door"
    await pushed(hass, loaded, living, (living.find("DOOR", "CURRENT_POSITION"), 70))
    assert state_of(hass, SHADE).attributes["current_position"] == 70
