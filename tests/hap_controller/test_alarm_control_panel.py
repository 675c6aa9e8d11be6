"""Security systems: what they are on the way to, and what they can be armed for."""

from homeassistant.components.alarm_control_panel import AlarmControlPanelEntityFeature as Feature
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of

from .living import Living, flush, poll, read_database, redescribe

HOUSE = "alarm_control_panel.house"
SHED = "alarm_control_panel.shed"


@pytest.fixture
def name() -> str:
    """Serve the alarm of a house."""
    return "alarm"


def find(living: Living) -> tuple[tuple[int, int], tuple[int, int]]:
    """Find current and target state."""
    return (
        living.find("SECURITY_SYSTEM", "SECURITY_SYSTEM_CURRENT_STATE"),
        living.find("SECURITY_SYSTEM", "SECURITY_SYSTEM_TARGET_STATE"),
    )


# Current and target, by the state of both.
STATES = [
    (0, 0, "armed_home"),
    (1, 1, "armed_away"),
    (2, 2, "armed_night"),
    (3, 3, "disarmed"),
    (4, 1, "triggered"),
    (4, 3, "triggered"),
    (3, 0, "arming"),
    (3, 1, "arming"),
    (3, 2, "arming"),
    (0, 3, "disarming"),
    (1, 3, "disarming"),
    (2, 3, "disarming"),
    (0, 1, "armed_home"),
    (9, 1, STATE_UNKNOWN),
    (9, 3, STATE_UNKNOWN),
    (1, 9, "armed_away"),
    (3, 9, "disarmed"),
    (None, 3, STATE_UNKNOWN),
    ("home", 3, STATE_UNKNOWN),
]


async def test_states(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What it is, is on the way to, or nobody can tell."""
    state = state_of(hass, HOUSE)
    assert state.state == "disarmed"
    assert state.attributes["supported_features"] == (
        Feature.ARM_HOME | Feature.ARM_AWAY | Feature.ARM_NIGHT
    )
    assert state.attributes["code_format"] is None
    assert not state.attributes["code_arm_required"]
    assert "battery_level" not in state.attributes
    current, target = find(living)
    for is_now, wanted, expected in STATES:
        if not isinstance(is_now, int):  # what is no value changes nothing; see below
            continue
        living.push(*current, is_now)
        living.push(*target, wanted)
        await flush(hass, loaded)
        assert state_of(hass, HOUSE).state == expected, (is_now, wanted)


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory | {"aid": aid, "services": [*accessory["services"][:-1], system]}
            for aid, (is_now, wanted, _) in enumerate(STATES, 1)
            for accessory in read_database("alarm")
            for system in [
                accessory["services"][-1]
                | {
                    "characteristics": [
                        {"type": "SECURITY_SYSTEM_CURRENT_STATE", "value": is_now},
                        {"type": "SECURITY_SYSTEM_TARGET_STATE", "value": wanted},
                    ]
                }
            ]
        ]
    ],
)
async def test_states_at_start(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The same at the beginning, also of what is not known."""
    states = [state.state for state in hass.states.async_all(Platform.ALARM_CONTROL_PANEL)]
    assert states == [expected for *_, expected in STATES]


async def test_commands(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each command writes the target, and the panel shows that it is on the way."""
    current, target = find(living)
    for action, raw in (
        ("alarm_arm_home", 0),
        ("alarm_arm_away", 1),
        ("alarm_arm_night", 2),
    ):
        await act(hass, Platform.ALARM_CONTROL_PANEL, action, HOUSE)
        assert living.written[-1] == [(*target, raw)]
        assert state_of(hass, HOUSE).state == "arming"
    living.push(*current, 2)
    await flush(hass, loaded)
    assert state_of(hass, HOUSE).state == "armed_night"
    await act(hass, Platform.ALARM_CONTROL_PANEL, "alarm_disarm", HOUSE)
    assert living.written[-1] == [(*target, 3)]
    assert state_of(hass, HOUSE).state == "disarming"
    living.fail(*target, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.ALARM_CONTROL_PANEL, "alarm_arm_home", HOUSE)
    assert caught.value.translation_key == "not_allowed"


async def test_state_that_cannot_be_read(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What it was is not shown when it cannot tell what it is."""
    current, target = find(living)
    living.push(*current, 1)
    living.push(*target, 1)
    await flush(hass, loaded)
    assert state_of(hass, HOUSE).state == "armed_away"
    living.fail(*current, HapStatus.OUT_OF_RESOURCES)
    await poll(hass, loaded, living)
    assert state_of(hass, HOUSE).state == STATE_UNKNOWN
    living.fail(*current, 0)
    await poll(hass, loaded, living)
    assert state_of(hass, HOUSE).state == "armed_away"


@pytest.mark.parametrize("name", ["alarm_two_targets"])
async def test_two_targets(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What it cannot be armed for is not offered, until it can."""
    state = state_of(hass, SHED)
    assert state.state == "armed_away"
    assert state.attributes["supported_features"] == Feature.ARM_AWAY
    with pytest.raises(HomeAssistantError):
        await act(hass, Platform.ALARM_CONTROL_PANEL, "alarm_arm_home", SHED)
    assert not living.written
    accessories = read_database("alarm_two_targets")
    for part in accessories[0]["services"][-1]["characteristics"]:
        part.pop("valid-values", None)
    await redescribe(hass, loaded, living, accessories)
    await act(hass, Platform.ALARM_CONTROL_PANEL, "alarm_arm_home", SHED)
    assert living.written == [[(*find(living)[1], 0)]]
