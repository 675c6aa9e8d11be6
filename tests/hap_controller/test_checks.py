"""What is read when: what an accessory does not tell, and in turn what it does."""

import asyncio
from collections.abc import Collection
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_POLL_INTERVAL, CONF_TRUST_EVENTS
from custom_components.hap_controller.protocol.http import Response
from tests.support.rooms import pass_time, setup, state_of, unavailable, until_state

from .home import devices_of, home, last_asked
from .living import Json, Living, accessory, characteristic, flush, poll, service
from .protocol.running import until as soon
from .test_faults import Clock


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


def range_of_lamps(count: int) -> list[tuple[int, int]]:
    """Give what can be on."""
    return [(aid, 100) for aid in range(2, 2 + count)]


def numbers_of(keys: Collection[tuple[int, int]]) -> list[str]:
    """Spell characteristics as requests do."""
    return [f"{aid}.{iid}" for aid, iid in keys]


@pytest.mark.parametrize("accessories", [home(60)], ids=["60"])
async def test_signs_of_life_are_checks(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What is read in a long silence is what the next interval would have checked: then there is nothing to read."""
    client = loaded.runtime_data.client
    first = client.choose(49)
    assert len(first) == 49
    living.requests.clear()
    pass_time(hass, loaded.runtime_data.options.poll_s + 1)
    await flush(hass, loaded)
    assert living.asked("/characteristics") == []
    await poll(hass, loaded, living)
    assert last_asked(living) == numbers_of(range_of_lamps(60))[49:]
    # A slow accessory is asked for as much as it can tell soon.
    assert numbers_of(client.choose(3)) == numbers_of(first)[:3]


async def test_misses_of_signs_of_life(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A sign of life shows, too, that something changed without a word; what was told meanwhile is none."""
    client = loaded.runtime_data.client
    for value in (True, False):
        living.set(2, 100, value)
        await client.read(client.choose(49))
    await flush(hass, loaded)
    assert state_of(hass, "switch.lamp_2").state == STATE_OFF
    keys = client.choose(49)
    living.push(3, 100, True)
    await client.read(keys)
    await flush(hass, loaded)
    assert loaded.runtime_data.describe_polls()["missed"] == 2
    await poll(hass, loaded, living)
    assert last_asked(living) == ["2.100"]


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


@pytest.mark.parametrize("options", [{CONF_TRUST_EVENTS: True}])
async def test_trust(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is told is believed, if the user says so: nothing but signs of life is asked for, one value each."""
    living.requests.clear()
    living.set(2, 100, True)
    for _ in range(3):
        pass_time(hass, 61)
        await flush(hass, loaded)
    assert living.asked("/characteristics") == []
    assert state_of(hass, "switch.lamp_2").state == STATE_OFF
    assert len(loaded.runtime_data.client.choose(49)) == 1
    living.push(3, 100, True)
    await until_state(hass, "switch.lamp_3", STATE_ON)


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


async def test_idle_hour(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """In an hour without a word the accessory is asked once for each silence, and at no interval besides."""
    clock = Clock(hass.loop)  # before anything reads the one of the loop
    await setup(hass, entry)
    client = entry.runtime_data.client
    living.requests.clear()
    try:
        for asked in range(1, 101):
            await clock.forward(36)
            await soon(lambda asked=asked: len(living.requests) >= asked)
            told = client.statistics.requests
            await soon(lambda told=told: client.statistics.answers.total() == told)
    finally:
        clock.stop()
    assert len(living.requests) == 100
    assert {target for _, target in living.requests} == {"/characteristics?id=2.100,3.100"}
    assert unavailable(hass) == set()
