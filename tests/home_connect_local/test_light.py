"""Lights: what they show, and what they write."""

from typing import Any

from homeassistant.components.light import ColorMode, LightEntityFeature
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .extended import extended
from .helpers import (
    NAMES,
    act,
    entity_id_of,
    state_of,
    table_of,
    until,
    until_attribute,
    until_state,
)

LIGHT, BRIGHTNESS, LOOK, WARMTH = 53504, 53505, 53506, 53507
AMBIENT, AMBIENT_BRIGHTNESS, AMBIENT_LOOK, AMBIENT_COLOR = 588, 589, 590, 591
CUSTOM_LOOK = 0
LOOKS = ["warm", "warmtoneutral", "neutral", "neutraltocold", "cold"]


def written(simulated: SimulatedAppliance) -> list[list[tuple[int, Any]]]:
    """Return what was written so far, request by request."""
    return [
        [(item["uid"], item["value"]) for item in message.data or ()]
        for message in simulated.messages("/ro/values")
        if message.action == "POST"
    ]


def hood_light(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the light of the hood."""
    return entity_id_of(hass, entry, Platform.LIGHT, "light_hood")


def ambient_light(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the ambient light of the hood."""
    return entity_id_of(hass, entry, Platform.LIGHT, "light_ambient")


@pytest.mark.parametrize("name", NAMES)
async def test_lights(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The lights of each appliance."""
    assert table_of(hass, loaded, Platform.LIGHT) == snapshot


# --- on and off ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["washer"])
async def test_plain_light(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A light without any companion is switched."""
    light = entity_id_of(hass, loaded, Platform.LIGHT, "light_drum_light")
    assert state_of(hass, light).attributes["supported_color_modes"] == [ColorMode.ONOFF]
    before = state_of(hass, light).state
    action = "turn_off" if before == STATE_ON else "turn_on"
    await act(hass, Platform.LIGHT, action, light)
    await until_state(hass, light, STATE_OFF if before == STATE_ON else STATE_ON)
    assert written(simulated) == [[(25093, before != STATE_ON)]]


@pytest.mark.parametrize("name", ["fridge_freezer"])
@pytest.mark.parametrize(
    ("brightness", "level"),
    [(255, 100), (128, 50), (3, 1), (1, 1), (254, 100)],
)
async def test_dimmed_light(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    brightness: int,
    level: int,
) -> None:
    """Brightness comes before power, and never goes below what the appliance takes."""
    light = entity_id_of(hass, loaded, Platform.LIGHT, "light_external")
    assert state_of(hass, light).attributes["supported_color_modes"] == [ColorMode.BRIGHTNESS]
    simulated.appliance.tell_values({12810: False, 12811: 77})
    await until_state(hass, light, STATE_OFF)
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=brightness)
    assert written(simulated) == [[(12811, level), (12810, True)]]
    await until_state(hass, light, STATE_ON)
    await until(hass, lambda: simulated.appliance.state.values[12811] == level)
    await act(hass, Platform.LIGHT, "turn_off", light)
    assert written(simulated)[1:] == [[(12810, False)]]
    await until_state(hass, light, STATE_OFF)


# --- the light of a hood ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hood"])
async def test_hood_shows(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Percent become kelvin the other way round, as there are looks; brightness is a share of the most."""
    light = hood_light(hass, loaded)
    simulated.appliance.tell_values({LIGHT: True, BRIGHTNESS: 10, LOOK: CUSTOM_LOOK, WARMTH: 0})
    state = await until_attribute(hass, light, "color_temp_kelvin", 6500)
    assert state.state == STATE_ON
    assert state.attributes["brightness"] == 26
    assert state.attributes["effect"] is None
    assert state.attributes["effect_list"] == LOOKS
    assert state.attributes["min_color_temp_kelvin"] == 2000
    assert state.attributes["max_color_temp_kelvin"] == 6500
    assert state.attributes["supported_features"] == LightEntityFeature.EFFECT
    simulated.appliance.tell_values({WARMTH: 100})
    await until_attribute(hass, light, "color_temp_kelvin", 2000)
    simulated.appliance.tell_values({WARMTH: 50, BRIGHTNESS: 100})
    state = await until_attribute(hass, light, "color_temp_kelvin", 4250)
    assert state.attributes["brightness"] == 255
    simulated.appliance.tell_values({LOOK: 5})
    await until_attribute(hass, light, "effect", "cold")
    # A member that the profile does not name is none of the looks.
    simulated.appliance.tell_values({LOOK: 99})
    await until_attribute(hass, light, "effect", None)


@pytest.mark.parametrize("name", ["hood"])
async def test_hood_kelvin(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """One request: the look that stands for a temperature, the temperature, brightness, and power last."""
    light = hood_light(hass, loaded)
    await act(hass, Platform.LIGHT, "turn_on", light, color_temp_kelvin=6500, brightness=255)
    assert written(simulated) == [
        [(LOOK, CUSTOM_LOOK), (WARMTH, 0), (BRIGHTNESS, 100), (LIGHT, True)]
    ]
    await until_state(hass, light, STATE_ON)
    await act(hass, Platform.LIGHT, "turn_on", light, color_temp_kelvin=2000)
    assert written(simulated)[1:] == [[(LOOK, CUSTOM_LOOK), (WARMTH, 100)]]


@pytest.mark.parametrize("name", ["hood"])
@pytest.mark.parametrize("kelvin", [2000, 2900, 4250, 5000, 6500])
async def test_hood_kelvin_and_back(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, kelvin: int
) -> None:
    """What was set is shown, but for the coarseness of percent."""
    light = hood_light(hass, loaded)
    await act(hass, Platform.LIGHT, "turn_on", light, color_temp_kelvin=kelvin)
    await until(
        hass,
        lambda: (
            (shown := state_of(hass, light).attributes.get("color_temp_kelvin"))
            and abs(shown - kelvin) <= 23
        ),
    )


@pytest.mark.parametrize("name", ["hood"])
@pytest.mark.parametrize(("brightness", "level"), [(1, 10), (20, 10), (128, 50), (255, 100)])
async def test_hood_brightness(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    brightness: int,
    level: int,
) -> None:
    """The hood takes no less than ten percent; a light that is on is not switched on again."""
    light = hood_light(hass, loaded)
    simulated.appliance.tell_values({LIGHT: True})
    await until_state(hass, light, STATE_ON)
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=brightness)
    assert written(simulated) == [[(BRIGHTNESS, level)]]


@pytest.mark.parametrize("name", ["hood"])
async def test_hood_look(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A look is chosen by its name."""
    light = hood_light(hass, loaded)
    await act(hass, Platform.LIGHT, "turn_on", light, effect="neutraltocold")
    assert written(simulated) == [[(LOOK, 4), (LIGHT, True)]]
    await until_attribute(hass, light, "effect", "neutraltocold")


@pytest.mark.parametrize("name", ["hood"])
async def test_split_when_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What is refused as a whole is written one by one, in the same order."""
    light = hood_light(hass, loaded)
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=534, count=1)
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=255, effect="cold")
    whole = [(LOOK, 5), (BRIGHTNESS, 100), (LIGHT, True)]
    assert written(simulated) == [whole, *([each] for each in whole)]
    await until_state(hass, light, STATE_ON)


@pytest.mark.parametrize("name", ["hood"])
async def test_dimming_a_light_that_is_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Where brightness cannot be set before the light is on, it is set afterwards."""
    light = hood_light(hass, loaded)
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=524, count=2)
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=255)
    dim, on = (BRIGHTNESS, 100), (LIGHT, True)
    assert written(simulated) == [[dim, on], [dim], [on], [dim]]


@pytest.mark.parametrize("name", ["hood"])
async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses in every way is an error; so is a single value that it refuses, at once."""
    light = hood_light(hass, loaded)
    simulated.faults.arm("refuse", resource="^/ro/values", code=537)
    for data, requests in (({"brightness": 255}, 3), ({}, 4)):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, Platform.LIGHT, "turn_on", light, **data)
        assert caught.value.translation_key == "remote_control_off"
        assert len(written(simulated)) == requests


@pytest.mark.parametrize("name", ["hood"])
async def test_refused_for_now(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What is still refused when all else is done is an error, too; the link that drops is one at once."""
    light = hood_light(hass, loaded)
    simulated.appliance.deviate([{"uid": BRIGHTNESS, "available": False}])
    simulated.appliance.tell_values({LIGHT: True})
    await until_state(hass, light, STATE_ON)
    simulated.appliance.tell_values({LIGHT: False})
    await until_state(hass, light, STATE_OFF)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.LIGHT, "turn_on", light, brightness=255)
    assert caught.value.translation_key == "not_available"
    await until_state(hass, light, STATE_ON)  # as much as could be done
    simulated.faults.arm("cut", resource="^/ro/values", action="POST", count=1)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.LIGHT, "turn_on", light, effect="cold", color_temp_kelvin=3000)
    assert caught.value.translation_key == "cannot_connect"


@pytest.mark.parametrize("name", ["hood"])
async def test_what_is_not_known(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Nothing is made up."""
    light, ambient = hood_light(hass, loaded), ambient_light(hass, loaded)
    simulated.appliance.tell_values(
        {
            LIGHT: True,
            AMBIENT: True,
            BRIGHTNESS: "bright",
            WARMTH: "warm",
            AMBIENT_COLOR: "green",
            AMBIENT_BRIGHTNESS: "dim",
        }
    )
    state = await until_state(hass, light, STATE_ON)
    assert state.attributes["brightness"] is None
    assert state.attributes["color_temp_kelvin"] is None
    state = await until_attribute(hass, ambient, "rgb_color", None)
    assert state.state == STATE_ON  # a colour that cannot be read takes nothing else away
    assert state.attributes["brightness"] is None
    simulated.appliance.tell_values({LIGHT: "perhaps"})
    await until_state(hass, light, STATE_UNKNOWN)


# --- ambient light ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hood"])
async def test_ambient_shows(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Colour and brightness apart, as the appliance has both."""
    light = ambient_light(hass, loaded)
    simulated.appliance.tell_values(
        {AMBIENT: True, AMBIENT_BRIGHTNESS: 50, AMBIENT_LOOK: 0, AMBIENT_COLOR: "#102030"}
    )
    state = await until_attribute(hass, light, "rgb_color", (16, 32, 48))
    assert state.attributes["color_mode"] == ColorMode.RGB
    assert state.attributes["brightness"] == 128
    assert "customcolor" not in state.attributes["effect_list"]
    simulated.appliance.tell_values({AMBIENT_LOOK: 3})
    state = await until(
        hass, lambda: state_of(hass, light).attributes["effect"] is not None
    ) or state_of(hass, light)
    assert state.attributes["effect"] in state.attributes["effect_list"]


@pytest.mark.parametrize("name", ["hood"])
async def test_ambient_color(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A colour counts only beside the member that says so, so both travel together."""
    light = ambient_light(hass, loaded)
    simulated.appliance.tell_values({AMBIENT: False})
    await until_state(hass, light, STATE_OFF)
    custom = simulated.appliance.state.raw_of(AMBIENT_LOOK, "CustomColor")
    await act(hass, Platform.LIGHT, "turn_on", light, rgb_color=(255, 128, 0), brightness=128)
    assert written(simulated) == [
        [
            (AMBIENT_COLOR, "#ff8000"),
            (AMBIENT_LOOK, custom),
            (AMBIENT_BRIGHTNESS, 50),
            (AMBIENT, True),
        ]
    ]
    state = await until_attribute(hass, light, "rgb_color", (255, 128, 0))
    assert state.attributes["effect"] is None
    # Brightness has a feature of its own: the colour stays as it is.
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=255)
    assert written(simulated)[1:] == [[(AMBIENT_BRIGHTNESS, 100)]]


@pytest.mark.parametrize(
    "name", [extended("hood", leave_out=("BSH.Common.Setting.AmbientLightBrightness",))]
)
async def test_ambient_brightness_of_the_color(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Without a brightness of its own the colour is darker, and shown at full."""
    light = ambient_light(hass, loaded)
    custom = simulated.appliance.state.raw_of(AMBIENT_LOOK, "CustomColor")
    simulated.appliance.tell_values({AMBIENT: True, AMBIENT_LOOK: custom, AMBIENT_COLOR: "#004080"})
    state = await until_attribute(hass, light, "rgb_color", (0, 128, 255))
    assert state.attributes["brightness"] == 128
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=255)
    assert written(simulated) == [[(AMBIENT_COLOR, "#0080ff"), (AMBIENT_LOOK, custom)]]
    await until_attribute(hass, light, "brightness", 255)
    await act(hass, Platform.LIGHT, "turn_on", light, rgb_color=(255, 0, 0))
    assert written(simulated)[1:] == [[(AMBIENT_COLOR, "#ff0000"), (AMBIENT_LOOK, custom)]]
    await until_attribute(hass, light, "rgb_color", (255, 0, 0))
    await act(hass, Platform.LIGHT, "turn_on", light, rgb_color=(0, 255, 0), brightness=51)
    assert written(simulated)[2:] == [[(AMBIENT_COLOR, "#003300"), (AMBIENT_LOOK, custom)]]
    simulated.appliance.tell_values({AMBIENT_COLOR: "#000000"})
    state = await until_attribute(hass, light, "rgb_color", (0, 0, 0))
    assert state.attributes["brightness"] == 0
    # From black there is no way up but white.
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=255)
    assert written(simulated)[3:] == [[(AMBIENT_COLOR, "#ffffff"), (AMBIENT_LOOK, custom)]]


@pytest.mark.parametrize("name", ["hood"])
async def test_ambient_brightness_of_no_use(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Some have a brightness that cannot be used beside a colour of one's own."""
    light = ambient_light(hass, loaded)
    simulated.appliance.tell_values({AMBIENT: True, AMBIENT_COLOR: "#ffffff"})
    simulated.appliance.deviate([{"uid": AMBIENT_BRIGHTNESS, "access": "READ"}])
    await until_attribute(hass, light, "brightness", 255)
    custom = simulated.appliance.state.raw_of(AMBIENT_LOOK, "CustomColor")
    await act(hass, Platform.LIGHT, "turn_on", light, brightness=51)
    assert written(simulated) == [[(AMBIENT_COLOR, "#333333"), (AMBIENT_LOOK, custom)]]


@pytest.mark.parametrize(
    "name",
    [
        extended(
            "hood",
            leave_out=(
                "BSH.Common.Setting.AmbientLightColor",
                "BSH.Common.Setting.AmbientLightCustomColor",
                "Cooking.Hood.Setting.ColorTemperature",
            ),
        )
    ],
)
async def test_fewer_companions(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Without colour an ambient light is dimmed only; without looks percent count from warm to cold."""
    ambient = state_of(hass, ambient_light(hass, loaded))
    assert ambient.attributes["supported_color_modes"] == [ColorMode.BRIGHTNESS]
    assert ambient.attributes["supported_features"] == 0
    light = hood_light(hass, loaded)
    assert "effect_list" not in state_of(hass, light).attributes
    simulated.appliance.tell_values({LIGHT: True, WARMTH: 0})
    await until_attribute(hass, light, "color_temp_kelvin", 2000)
    await act(hass, Platform.LIGHT, "turn_on", light, color_temp_kelvin=6500)
    assert written(simulated) == [[(WARMTH, 100)]]
    await until_attribute(hass, light, "color_temp_kelvin", 6500)
