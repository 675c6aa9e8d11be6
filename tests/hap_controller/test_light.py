"""Lamps: what they are able to do, what is written, and whether colour or temperature counts."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, note_states, state_of, until_attribute, until_state

from .living import (
    Living,
    accessory,
    bridged,
    characteristic,
    flush,
    poll,
    read_database,
    redescribe,
    service,
)

LAMP = "light.colour_lamp"
HUE_LAMP = "light.hue_lamp"


class Bulb:
    """The characteristics of the lamp of a description."""

    def __init__(self, living: Living, *, aid: int = 1) -> None:
        """Begin with a living accessory."""
        self.living = living
        self.aid = aid

    def __getattr__(self, name: str) -> tuple[int, int]:
        """Find a characteristic."""
        return self.living.find("LIGHTBULB", name, aid=self.aid)


@pytest.fixture
def bulb(living: Living) -> Bulb:
    """Give the lamp of the accessory."""
    return Bulb(living)


def mode_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Tell what counts in a lamp."""
    mode: str | None = state_of(hass, entity_id).attributes["color_mode"]
    return mode


# --- what a lamp is able to do ------------------------------------------------------------------


@pytest.mark.parametrize("accessories", [bridged("lamp_color", "lamp_hue", "lamp_white", "dimmer")])
async def test_abilities(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What a lamp has decides what it is able to do; one that cannot be switched costs no other its entity."""
    abilities = {
        state.entity_id: (
            sorted(state.attributes["supported_color_modes"]),
            state.attributes.get("min_color_temp_kelvin"),
            state.attributes.get("max_color_temp_kelvin"),
        )
        for state in hass.states.async_all(Platform.LIGHT)
    }
    assert abilities == {
        LAMP: (["color_temp", "hs"], 2202, 6535),
        HUE_LAMP: (["color_temp", "hs"], 2000, 6535),
        "light.window": (["color_temp"], 2202, 4000),
        "light.shelf": (["color_temp"], 2000, 6535),
        "light.cellar": (["onoff"], None, None),
        "light.dimmer_ceiling": (["brightness"], None, None),
        "light.dimmer_wall": (["brightness"], None, None),
    }
    # A lamp that is on is not dark, and one without a colour has none.
    assert state_of(hass, "light.window").attributes["brightness"] == 1
    assert state_of(hass, "light.shelf").state == STATE_OFF


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                f"Lamp {aid}",
                service(
                    "LIGHTBULB",
                    characteristic("ON", True),
                    characteristic("COLOR_TEMPERATURE", 200, minValue=low, maxValue=high),
                ),
                aid=aid,
            )
            for aid, (low, high) in enumerate([(140, 500), (153, 370), (None, 454), (0, 0)], 1)
        ]
    ],
)
async def test_kelvin_limits(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The coldest and the warmest white come from the least and the greatest mired."""
    limits = [(7142, 2000), (6535, 2702), (7142, 2202), (6535, 2000)]
    for aid, (coldest, warmest) in enumerate(limits, 1):
        attributes = state_of(hass, f"light.lamp_{aid}").attributes
        assert attributes["max_color_temp_kelvin"] == coldest
        assert attributes["min_color_temp_kelvin"] == warmest
        assert attributes["color_temp_kelvin"] == 5000


# --- on, off and brightness ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_switching(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """It is switched with one request, shows what it tells, and says why it cannot be switched."""
    assert state_of(hass, LAMP).state == STATE_OFF
    await act(hass, Platform.LIGHT, "turn_on", LAMP)
    assert state_of(hass, LAMP).state == STATE_ON
    await act(hass, Platform.LIGHT, "turn_off", LAMP)
    assert living.written == [[(*bulb.ON, 1)], [(*bulb.ON, 0)]]
    living.push(*bulb.ON, True)
    await until_state(hass, LAMP, STATE_ON)
    living.push(*bulb.ON, False)
    await until_state(hass, LAMP, STATE_OFF)
    living.fail(*bulb.ON, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.LIGHT, "turn_on", LAMP)
    assert caught.value.translation_key == "not_allowed"
    assert state_of(hass, LAMP).state == STATE_OFF


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_brightness(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """Brightness goes along with switching on; each percent survives being shown and set again."""
    table = {1: 1, 3: 1, 77: 30, 127: 50, 128: 50, 254: 100, 255: 100}
    for brightness, percent in table.items():
        await act(hass, Platform.LIGHT, "turn_on", LAMP, brightness=brightness)
        assert living.written[-1] == [(*bulb.ON, 1), (*bulb.BRIGHTNESS, percent)]
    living.push(*bulb.ON, True)
    for percent in (1, 2, 30, 49, 50, 51, 99, 100):
        living.push(*bulb.BRIGHTNESS, percent)
        shown = round(percent * 255 / 100)
        await until_attribute(hass, LAMP, "brightness", shown)
        await act(hass, Platform.LIGHT, "turn_on", LAMP, brightness=shown)
        assert living.written[-1][-1] == (*bulb.BRIGHTNESS, percent)
    for odd, shown in ((0, 3), (-5, 3), (180, 255), (2**60, 255)):
        living.push(*bulb.BRIGHTNESS, 1)
        await until_attribute(hass, LAMP, "brightness", 3)
        living.push(*bulb.BRIGHTNESS, odd)
        await until_attribute(hass, LAMP, "brightness", shown)


@pytest.mark.parametrize("name", ["dimmer"])
async def test_steps(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A dimmer with coarse steps, or with a least brightness, is not switched off by little brightness."""
    ceiling, wall = "light.dimmer_ceiling", "light.dimmer_wall"
    for brightness, percent in {1: 25, 31: 25, 32: 25, 64: 25, 95: 25, 96: 50, 255: 100}.items():
        await act(hass, Platform.LIGHT, "turn_on", ceiling, brightness=brightness)
        assert living.written[-1] == [(1, 11, 1), (1, 12, percent)]
    for brightness, percent in {1: 10, 26: 10, 31: 12}.items():
        await act(hass, Platform.LIGHT, "turn_on", wall, brightness=brightness)
        assert living.written[-1] == [(1, 21, 1), (1, 22, percent)]


# --- colour and temperature ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_color(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """Colour is snapped, and comes without a temperature."""
    for wanted, written in {
        (10, 50): (10, 50),
        (359.4, 99.5): (359, 100),
        (359.5, 0.4): (0, 0),
    }.items():
        await act(hass, Platform.LIGHT, "turn_on", LAMP, hs_color=wanted)
        assert living.written[-1] == [
            (*bulb.ON, 1),
            (*bulb.HUE, written[0]),
            (*bulb.SATURATION, written[1]),
        ]
        assert mode_of(hass, LAMP) == "hs"
        assert state_of(hass, LAMP).attributes["hs_color"] == written
    await act(hass, Platform.LIGHT, "turn_on", LAMP, brightness=128, hs_color=(20, 30))
    assert living.written[-1] == [
        (*bulb.ON, 1),
        (*bulb.BRIGHTNESS, 50),
        (*bulb.HUE, 20),
        (*bulb.SATURATION, 30),
    ]
    living.push(*bulb.HUE, 360)
    await until_attribute(hass, LAMP, "hs_color", (0, 30))


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_temperature(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """Temperature is clamped, and comes without a colour."""
    for kelvin, mireds, shown in (
        (2703, 369, 2710),
        (4000, 250, 4000),
        (9000, 153, 6535),
        (1000, 454, 2202),
    ):
        await act(hass, Platform.LIGHT, "turn_on", LAMP, color_temp_kelvin=kelvin)
        assert living.written[-1] == [(*bulb.ON, 1), (*bulb.COLOR_TEMPERATURE, mireds)]
        assert mode_of(hass, LAMP) == "color_temp"
        assert state_of(hass, LAMP).attributes["color_temp_kelvin"] == shown
    for odd in (0, -7):
        living.push(*bulb.COLOR_TEMPERATURE, odd)
        await until_attribute(hass, LAMP, "color_temp_kelvin", None)


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_what_changed_last(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """Of colour and temperature that counts which was set, told or read last."""
    living.push(*bulb.ON, True)
    await until_state(hass, LAMP, STATE_ON)
    assert mode_of(hass, LAMP) == "hs"  # a strong colour
    living.push(*bulb.COLOR_TEMPERATURE, 300)
    await until_attribute(hass, LAMP, "color_mode", "color_temp")
    living.push(*bulb.BRIGHTNESS, 7)
    await until_attribute(hass, LAMP, "brightness", 18)
    assert mode_of(hass, LAMP) == "color_temp"
    living.push(*bulb.SATURATION, 70)
    await until_attribute(hass, LAMP, "color_mode", "hs")
    living.set(*bulb.COLOR_TEMPERATURE, 200)
    await poll(hass, loaded, living)
    assert mode_of(hass, LAMP) == "color_temp"
    # What it is already counts, too: nothing changes in the lamp, and it tells nothing.
    await act(hass, Platform.LIGHT, "turn_on", LAMP, hs_color=(120, 70))
    assert mode_of(hass, LAMP) == "hs"
    await act(hass, Platform.LIGHT, "turn_on", LAMP, color_temp_kelvin=5000)
    assert mode_of(hass, LAMP) == "color_temp"
    # Both at once: a colour that is how the temperature looks belongs to it.
    for mireds, hue, saturation, mode in (
        (370, 28, 65, "color_temp"),
        (371, 240, 90, "hs"),
        (250, 30, 33, "color_temp"),
        (160, 250, 2, "color_temp"),
        (161, 30, 30, "hs"),
    ):
        living.set(*bulb.COLOR_TEMPERATURE, mireds)
        living.set(*bulb.HUE, hue)
        living.set(*bulb.SATURATION, saturation)
        await poll(hass, loaded, living)
        assert mode_of(hass, LAMP) == mode
    # One behind the other.
    for key, value, mode in (
        (bulb.COLOR_TEMPERATURE, 250, "color_temp"),
        (bulb.SATURATION, 34, "color_temp"),
        (bulb.HUE, 200, "hs"),
        (bulb.HUE, 27, "hs"),
    ):
        living.set(*key, value)
        await poll(hass, loaded, living)
        assert mode_of(hass, LAMP) == mode


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_command_that_fails(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """What was not done changes nothing, though what went along with it was."""
    living.fail(*bulb.COLOR_TEMPERATURE, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError):
        await act(hass, Platform.LIGHT, "turn_on", LAMP, color_temp_kelvin=4000, brightness=9)
    assert state_of(hass, LAMP).attributes["brightness"] == 10
    assert mode_of(hass, LAMP) == "hs"
    living.push(*bulb.HUE, 7)
    await until_attribute(hass, LAMP, "hs_color", (7, 80))


FIRST_MODES = [
    ((120, 80), 370, "hs"),
    ((120, 0), 370, "color_temp"),
    ((30, 8), 170, "color_temp"),  # as 5900 K look
    ((120, 8), 170, "hs"),
    ((28, 66), 370, "hs"),  # a colour, even though it is like the temperature
    ((None, 10), 370, "hs"),
]


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                f"Lamp {aid}",
                service(
                    "LIGHTBULB",
                    characteristic("ON", True),
                    characteristic("HUE", hue),
                    characteristic("SATURATION", saturation),
                    characteristic("COLOR_TEMPERATURE", mireds),
                ),
                aid=aid,
            )
            for aid, ((hue, saturation), mireds, _) in enumerate(FIRST_MODES, 1)
        ]
    ],
)
async def test_first_mode(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """At the beginning a lamp without a colour, or nearly so, shows its temperature."""
    modes = [mode_of(hass, f"light.lamp_{aid}") for aid in range(1, len(FIRST_MODES) + 1)]
    assert modes == [mode for *_, mode in FIRST_MODES]


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Lamp",
                service(
                    "LIGHTBULB",
                    characteristic("ON", True),
                    characteristic("HUE"),
                    characteristic("SATURATION"),
                    characteristic("COLOR_TEMPERATURE"),
                    characteristic("BRIGHTNESS"),
                ),
            )
        ]
    ],
)
async def test_values_to_come(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """What is not known yet is not shown, and decides nothing."""
    attributes = state_of(hass, "light.lamp").attributes
    assert attributes["brightness"] is None
    assert attributes["hs_color"] is None
    for characteristic_, value in (
        (bulb.COLOR_TEMPERATURE, 370),
        (bulb.HUE, 0),
        (bulb.SATURATION, 0),
    ):
        living.set(*characteristic_, value)
    await poll(hass, loaded, living)
    assert mode_of(hass, "light.lamp") == "color_temp"


# --- lamps that have colours only ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp_hue"])
async def test_emulated_temperature(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """A temperature is made of colours, and stays one until the colour is changed by somebody else."""
    assert mode_of(hass, HUE_LAMP) == "hs"
    assert state_of(hass, HUE_LAMP).attributes["hs_color"] == (0, 100)
    noted = note_states(hass, Platform.LIGHT)
    for kelvin, hue, saturation in (
        (2000, 31, 95),
        (2700, 28, 66),
        (4000, 27, 35),
        (6500, 49, 2),
    ):
        await act(hass, Platform.LIGHT, "turn_on", HUE_LAMP, color_temp_kelvin=kelvin)
        assert living.written[-1] == [
            (*bulb.ON, 1),
            (*bulb.HUE, hue),
            (*bulb.SATURATION, saturation),
        ]
        assert mode_of(hass, HUE_LAMP) == "color_temp"
        assert state_of(hass, HUE_LAMP).attributes["color_temp_kelvin"] == kelvin
    assert {state.attributes["color_mode"] for state in noted} == {"color_temp"}
    # Nearly the same colour, and the same once more.
    await act(hass, Platform.LIGHT, "turn_on", HUE_LAMP, color_temp_kelvin=6501)
    assert state_of(hass, HUE_LAMP).attributes["color_temp_kelvin"] == 6501
    await act(hass, Platform.LIGHT, "turn_on", HUE_LAMP, brightness=128)
    living.push(*bulb.HUE, 49.5)
    await flush(hass, loaded)
    assert mode_of(hass, HUE_LAMP) == "color_temp"
    living.push(*bulb.HUE, 200)
    await until_attribute(hass, HUE_LAMP, "color_mode", "hs")
    await act(hass, Platform.LIGHT, "turn_on", HUE_LAMP, color_temp_kelvin=2000)
    await act(hass, Platform.LIGHT, "turn_on", HUE_LAMP, hs_color=(31, 95))
    assert mode_of(hass, HUE_LAMP) == "hs"


@pytest.mark.parametrize(
    ("accessories", "written", "shown"),
    [
        (
            [accessory("Lamp", service("LIGHTBULB", characteristic("ON", True), part))],
            written,
            shown,
        )
        for part, written, shown in (
            (characteristic("HUE", 10), ("HUE", 200), (10, 100)),
            (characteristic("SATURATION", 40), ("SATURATION", 60), (0, 40)),
        )
    ],
    ids=["hue", "saturation"],
)
async def test_half_a_color(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    bulb: Bulb,
    written: tuple[str, int],
    shown: tuple[int, int],
) -> None:
    """A lamp that has one half of a colour keeps to it."""
    assert state_of(hass, "light.lamp").attributes["hs_color"] == shown
    await act(hass, Platform.LIGHT, "turn_on", "light.lamp", hs_color=(200, 60))
    name, value = written
    assert living.written == [[(*bulb.ON, 1), (*getattr(bulb, name), value)]]
    await act(hass, Platform.LIGHT, "turn_on", "light.lamp", color_temp_kelvin=2000)
    assert mode_of(hass, "light.lamp") == "color_temp"


# --- new descriptions ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp_color"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, bulb: Bulb
) -> None:
    """A lamp whose description changes is able to do what that says, and shows what it tells then."""
    await act(hass, Platform.LIGHT, "turn_on", LAMP, color_temp_kelvin=4000)
    lamps = read_database("lamp_color")
    lamp = lamps[0]["services"][-1]
    lamp["characteristics"][-1] |= {"minValue": 200, "maxValue": 400, "value": 250}
    await redescribe(hass, loaded, living, lamps)
    attributes = state_of(hass, LAMP).attributes
    assert attributes["max_color_temp_kelvin"] == 5000
    kept = {"ON", "BRIGHTNESS"}
    lamp["characteristics"] = [each for each in lamp["characteristics"] if each["type"] in kept]
    await redescribe(hass, loaded, living, lamps)
    living.push(*bulb.ON, True)
    await until_state(hass, LAMP, STATE_ON)
    assert state_of(hass, LAMP).attributes["supported_color_modes"] == ["brightness"]
    assert mode_of(hass, LAMP) == "brightness"
    living.push(*bulb.BRIGHTNESS, 20)
    await until_attribute(hass, LAMP, "brightness", 51)


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Lamp",
                service(
                    "LIGHTBULB",
                    characteristic("ON", [1], format="array"),
                    characteristic("BRIGHTNESS", {"a": 1}, format="dict"),
                    characteristic("HUE", "red", format="string"),
                    characteristic("COLOR_TEMPERATURE", "warm", format="string"),
                ),
            )
        ]
    ],
)
async def test_nonsense(hass: HomeAssistant, loaded: MockConfigEntry, bulb: Bulb) -> None:
    """Values that are none are unknown."""
    assert state_of(hass, "light.lamp").state == STATE_UNKNOWN
