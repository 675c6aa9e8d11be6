"""What is read when: what an accessory does not tell, and in turn what it does."""

import asyncio
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_POLL_INTERVAL
from custom_components.hap_controller.protocol.http import Response
from tests.support.rooms import pass_time, state_of, unavailable

from .home import devices_of, home, last_asked
from .living import Json, Living, accessory, characteristic, flush, poll, service
from .protocol.running import until as soon


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


@pytest.mark.parametrize("accessories", [home(60)], ids=["60"])
async def test_missed_events(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is told is checked in turn, one request at an interval; what was missed is read at each."""
    living.set(2, 100, True)
    before = len(living.asked("/characteristics"))
    await poll(hass, loaded, living)
    assert len(living.asked("/characteristics")) == before + 1
    assert state_of(hass, "switch.lamp_2").state == STATE_ON
    first = last_asked(living)
    assert len(first) == 49
    await poll(hass, loaded, living)
    second = last_asked(living)
    assert len(second) == 60 - 49
    assert "2.100" in first
    assert "2.100" not in second
    # Missed a second time, it is asked for always.
    living.set(2, 100, False)
    await poll(hass, loaded, living)
    assert state_of(hass, "switch.lamp_2").state == STATE_OFF
    for _ in range(3):
        await poll(hass, loaded, living)
        assert "2.100" in last_asked(living)
    assert loaded.runtime_data.describe_polls()["missed"] == 2


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Plug",
                service(
                    "OUTLET",
                    characteristic("ON", True, iid=100),
                    characteristic("OUTLET_IN_USE", False, perms=["pr"], iid=101),
                    characteristic("BRIGHTNESS", 5, perms=["pr"], iid=102),
                ),
            )
        ]
    ],
)
@pytest.mark.parametrize("options", [{CONF_POLL_INTERVAL: 300}])
async def test_interval(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """At the interval that the user prefers what is shown is read, and nothing else; one reading at a time."""
    living.requests.clear()
    pass_time(hass, 299)
    await flush(hass, loaded)
    assert living.asked("/characteristics") == []
    hold = asyncio.Event()
    asked = loaded.runtime_data.client.read

    async def read(keys: Any) -> Any:
        await hold.wait()
        return await asked(keys)

    with patch.object(loaded.runtime_data.client, "read", read):
        pass_time(hass, 301)
        pass_time(hass, 602)
        hold.set()
        await soon(lambda: living.asked("/characteristics"))
        await flush(hass, loaded)
    assert living.asked("/characteristics") == ["/characteristics?id=1.101,1.100"]


@pytest.mark.parametrize("accessories", [[accessory("Bridge")]], ids=["bare"])
async def test_nothing_to_read(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """An accessory of which nothing is shown is left alone."""
    living.requests.clear()
    pass_time(hass, 61)
    await flush(hass, loaded)
    assert living.asked("/characteristics") == []
    assert devices_of(hass, loaded) == ["Bridge"]


async def test_refused_reading(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What cannot be read now stays as it is, and is read again later."""
    living.answers = lambda request: Response(500) if request.method == "GET" else None
    await poll(hass, loaded, living)
    assert unavailable(hass) == set()
    living.answers = lambda request: None
    living.set(2, 100, True)
    await poll(hass, loaded, living)
    assert state_of(hass, "switch.lamp_2").state == STATE_ON
