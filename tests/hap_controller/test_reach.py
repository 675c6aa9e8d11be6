"""What cannot be had of an accessory is unavailable, and nothing else."""

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import unavailable, until_state

from .home import home
from .living import Json, Living, accessory, characteristic, poll, service


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


async def test_accessory_out_of_reach(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What the bridge cannot reach is unavailable as a whole, buttons included; the others are not."""
    living.unreachable(2)
    await poll(hass, loaded, living)
    assert unavailable(hass) == {"switch.lamp_2", "button.lamp_2_identify"}
    living.unreachable(2, unreachable=False)
    await poll(hass, loaded, living)
    assert unavailable(hass) == set()


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Two",
                service(
                    "SWITCH", characteristic("NAME", "A"), characteristic("ON", False, iid=100)
                ),
                service(
                    "SWITCH", characteristic("NAME", "B"), characteristic("ON", False, iid=101)
                ),
            )
        ]
    ],
)
async def test_characteristic_out_of_reach(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Only what shows it is unavailable; a pushed value tells that it is back."""
    living.fail(1, 100, HapStatus.UNREACHABLE)
    await poll(hass, loaded, living)
    assert unavailable(hass) == {"switch.two_a"}
    living.fail(1, 100, 0)
    living.push(1, 100, True)
    await until_state(hass, "switch.two_a", STATE_ON)
    # Other troubles are none of availability.
    living.fail(1, 101, HapStatus.BUSY)
    await poll(hass, loaded, living)
    assert unavailable(hass) == set()
