"""The link of an entry: availability, what is read when, new descriptions, and what the user is told."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.cache import async_announced_numbers
from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.lifeline import TRY_REFUSED_AGAIN_S
from custom_components.hap_controller.protocol import HapClient, HapStatus, UnsupportedError
from custom_components.hap_controller.protocol.http import Request, Response
from tests.support.contract.lifeline import Ending
from tests.support.rooms import (
    Writes,
    act,
    pass_time,
    setup,
    state_of,
    tasks_of,
    unavailable,
    until,
    until_state,
)

from .home import LINK, goes_away, home
from .living import HOST, Json, Living, announce, characteristic, flush, redescribe, service
from .protocol.running import until as soon


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


# --- availability -------------------------------------------------------------------------------


async def test_moment_without_a_link(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A link that is back within a moment changes no state."""
    writes = Writes(hass)
    living.drop()
    await until_state(hass, LINK, STATE_OFF)
    assert unavailable(hass) == set()
    loaded.runtime_data.announced(1, [HOST], living.port)
    await until_state(hass, LINK, STATE_ON)
    pass_time(hass, 60)
    await flush(hass, loaded)
    assert unavailable(hass) == set()
    # Whatever shows something was written once: all values were read anew.
    assert writes.entities.count("switch.lamp_2") == 1


async def test_long_without_a_link(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Without a link all is unavailable but the link itself; with it all is new."""
    await goes_away(hass, living)
    pass_time(hass, 11)
    await hass.async_block_till_done(wait_background_tasks=False)
    assert unavailable(hass) == {each.entity_id for each in hass.states.async_all()} - {LINK}
    living.set(2, 100, True)
    await living.start()
    loaded.runtime_data.announced(1, [HOST], living.port)
    await until_state(hass, "switch.lamp_2", STATE_ON)
    assert unavailable(hass) == set()


# --- what is read -------------------------------------------------------------------------------


async def test_requests_of_a_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """The description is read once, also over a reload; then values and subscriptions."""
    await setup(hass, entry)
    assert [target.partition("?")[0] for _, target in living.requests] == [
        "/accessories",
        "/characteristics",
        "/characteristics",
    ]
    assert living.subscribed == {(2, 100), (3, 100)}
    living.requests.clear()
    # Which number it was is not known before one is announced.
    await announce(hass, entry, living)
    assert living.asked("/accessories") == ["/accessories"]
    await soon(lambda: len(living.requests) == 3)
    await announce(hass, entry, living)
    await flush(hass, entry)
    assert [method for method, _ in living.requests] == ["GET", "PUT", "GET", "POST"]
    living.requests.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await flush(hass, entry)
    assert [method for method, _ in living.requests] == ["PUT", "GET", "POST"], living.requests


@pytest.mark.parametrize("accessories", [home(100)], ids=["100"])
async def test_large_requests(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """That a bridge bears large requests is found out once, and known over a reload."""
    await soon(lambda: loaded.runtime_data.client.takes_large is True)
    living.requests.clear()
    await announce(hass, loaded, living)
    await soon(lambda: [method for method, _ in living.requests] == ["GET", "PUT", "GET"])
    living.requests.clear()
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await flush(hass, loaded)
    assert [method for method, _ in living.requests] == ["PUT", "GET", "POST"]
    assert len(living.subscribed) == 100


@pytest.mark.parametrize("accessories", [home(100)], ids=["100"])
async def test_large_requests_that_hang_up(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """A bridge that hangs up on a large request is asked once; nothing becomes unavailable by that."""

    def answers(request: Request) -> Response | None:
        if request.target.count(",") > 49:
            raise ConnectionError
        return None

    living.answers = answers
    await setup(hass, entry)
    await soon(lambda: living.connections == 2)
    await soon(lambda: entry.runtime_data.client.connected)
    assert not unavailable(hass)
    await announce(hass, entry, living)
    await flush(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await flush(hass, entry)
    assert entry.runtime_data.client.takes_large is False
    assert living.connections == 3


async def test_update_entity(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """However many ask for new values, they are read once, a while later."""
    assert await async_setup_component(hass, "homeassistant", {})
    living.requests.clear()
    for entity_id in ("switch.lamp_2", "switch.lamp_3"):
        await hass.services.async_call(
            "homeassistant", "update_entity", {"entity_id": entity_id}, blocking=True
        )
    assert living.asked("/characteristics") == []
    living.set(3, 100, True)
    pass_time(hass, 11)
    await until_state(hass, "switch.lamp_3", STATE_ON)
    assert len(living.asked("/characteristics")) == 1
    await flush(hass, loaded)
    # Without an answer nothing happens.
    living.answers = lambda request: Response(500)
    await loaded.runtime_data.async_request_refresh()
    pass_time(hass, 22)
    await soon(lambda: len(living.asked("/characteristics")) > 1)


async def test_read_later(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Some values are read a while after a command, whether or not that succeeds."""
    coordinator = loaded.runtime_data
    coordinator.async_read_later([(2, 100)], 2.0, 8.0)
    living.set(2, 100, True)
    living.requests.clear()
    pass_time(hass, 3)
    await until_state(hass, "switch.lamp_2", STATE_ON)
    assert living.asked("/characteristics") == ["/characteristics?id=2.100"]
    living.fail(2, 100, HapStatus.BUSY)
    pass_time(hass, 9)
    await soon(lambda: len(living.asked("/characteristics")) == 2)
    coordinator.async_read_later([(2, 100)], 2.0)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    pass_time(hass, 20)
    await hass.async_block_till_done()
    assert len(living.asked("/characteristics")) == 2


# --- commands -----------------------------------------------------------------------------------


async def test_group(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Commands of one moment are one request, of which each learns its own result."""
    both = ["switch.lamp_2", "switch.lamp_3"]
    await hass.services.async_call("switch", "turn_on", {"entity_id": both}, blocking=True)
    assert [sorted(request) for request in living.written] == [[(2, 100, 1), (3, 100, 1)]]
    living.fail(3, 100, HapStatus.NOT_ALLOWED)
    results = await asyncio.gather(
        *(act(hass, Platform.SWITCH, "turn_off", each) for each in both), return_exceptions=True
    )
    assert results[0] is None
    assert isinstance(results[1], HomeAssistantError)
    assert results[1].translation_key == "not_allowed"
    assert [state_of(hass, each).state for each in both] == [STATE_OFF, STATE_ON]
    assert len(living.written) == 2


@pytest.mark.parametrize(("times", "key"), [(1, None), (2, "busy")])
async def test_busy(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, times: int, key: str | None
) -> None:
    """An accessory that is busy is asked once more."""
    left = times

    def answers(request: Request) -> Response | None:
        nonlocal left
        if request.method != "PUT":
            return None
        left -= 1
        living.fail(2, 100, HapStatus.BUSY if left >= 0 else 0)
        return None

    living.answers = answers
    with patch("custom_components.hap_controller.coordinator.BUSY_AGAIN_S", 0):
        if key is None:
            await act(hass, Platform.SWITCH, "turn_on", "switch.lamp_2")
        else:
            with pytest.raises(HomeAssistantError) as caught:
                await act(hass, Platform.SWITCH, "turn_on", "switch.lamp_2")
            assert caught.value.translation_key == key
    assert living.writes == [(2, 100, 1)] * 2


async def test_command_without_a_link(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A command in a moment without a link waits for it."""
    living.drop()
    await until_state(hass, LINK, STATE_OFF)
    await act(hass, Platform.SWITCH, "turn_on", "switch.lamp_2")
    assert living.writes == [(2, 100, 1)]


# --- descriptions -------------------------------------------------------------------------------


async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What is new appears, what is gone goes, also from the registry, and nothing is loaded anew."""
    accessories = home()
    accessories[1]["services"][1] = service(
        "LIGHTBULB", characteristic("ON", True, iid=201), iid=200
    )
    accessories[2]["services"].append(
        service("MOTION_SENSOR", characteristic("MOTION_DETECTED", True))
    )
    living.requests.clear()
    coordinator = loaded.runtime_data
    await redescribe(hass, loaded, living, accessories)
    assert loaded.runtime_data is coordinator
    assert living.asked("/accessories") == ["/accessories"]
    assert hass.states.get("switch.lamp_2") is None
    assert er.async_get(hass).async_get("switch.lamp_2") is None
    assert state_of(hass, "light.lamp_2").state == STATE_ON
    assert state_of(hass, "binary_sensor.lamp_3_motion").state == STATE_ON
    assert state_of(hass, "switch.lamp_3").state == STATE_OFF
    living.push(3, 100, True)
    living.push(2, 201, False)
    await flush(hass, loaded)
    assert state_of(hass, "switch.lamp_3").state == STATE_ON
    assert state_of(hass, "light.lamp_2").state == STATE_OFF


async def test_changed_while_away(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What changed while Home Assistant was off is taken in when it starts."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    accessories = home()
    accessories[1]["services"][1] = service("OUTLET", characteristic("ON", True, iid=9), iid=8)
    living.redescribe(accessories)
    registry = er.async_get(hass)
    stray = registry.async_get_or_create("switch", DOMAIN, "somebody_else", config_entry=loaded)
    old = registry.async_get("switch.lamp_2")
    await setup(hass, loaded)
    loaded.runtime_data.announced(living.configuration, [HOST], living.port)
    await until(hass, lambda: registry.async_get("switch.lamp_2") != old)
    await until_state(hass, "switch.lamp_2", STATE_ON)
    # What nobody can read is left alone.
    assert registry.async_get(stray.entity_id)


# --- set-up and its errors ----------------------------------------------------------------------


async def test_off_at_first(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An accessory that was never heard is waited for."""
    await living.stop()
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "cannot_connect"
    assert hass.states.async_all() == []
    assert tasks_of(DOMAIN) == []


async def test_off_at_a_start(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Entities of one that is known are there, unavailable, until it is."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await living.stop()
    await setup(hass, loaded)
    assert {"switch.lamp_2", "switch.lamp_3"} < unavailable(hass)
    assert state_of(hass, LINK).state == STATE_OFF
    assert state_of(hass, LINK).attributes["last_error"] == "ConnectError"
    await living.start()
    loaded.runtime_data.announced(None, [HOST], living.port)
    await until_state(hass, "switch.lamp_2", STATE_OFF)
    assert unavailable(hass) == set()


async def test_silent_at_a_start(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """One that takes a connection and says nothing holds a start for no longer than the limit."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await living.stop()
    silent = await asyncio.start_server(lambda reader, writer: None, HOST, living.port)
    with patch("custom_components.hap_controller.coordinator.SETUP_LIMIT_S", 0.05):
        await setup(hass, loaded)
    assert {"switch.lamp_2", "switch.lamp_3"} < unavailable(hass)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    silent.close()
    silent.abort_clients()
    await living.start()


async def test_lost_amid_the_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """A link that is lost between the greeting and the entities is noticed."""
    original = HapClient.ready

    async def ready_and_lost(client: Any, **told: Any) -> None:
        await original(client, **told)
        await living.stop()
        await soon(lambda: not client.connected)

    with patch.object(HapClient, "ready", ready_and_lost):
        await setup(hass, entry)
    assert state_of(hass, LINK).state == STATE_OFF
    assert unavailable(hass) == set()
    pass_time(hass, 11)
    await until_state(hass, "switch.lamp_2", STATE_UNAVAILABLE)


def reauths(hass: HomeAssistant) -> list[str]:
    """Give the entries of which a form asks to pair again."""
    return [
        flow["context"]["entry_id"]
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def test_forgotten_at_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """An accessory that was reset is to be paired anew."""
    living.register.pairings.clear()
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "pairing_lost"
    assert reauths(hass) == [entry.entry_id]


async def test_forgotten_while_running(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """The same while it runs: all is unavailable at once, and the form is there."""
    living.register.pairings.clear()
    living.drop()
    await soon(lambda: reauths(hass))
    await hass.async_block_till_done()
    assert reauths(hass) == [loaded.entry_id]
    assert unavailable(hass) >= {"switch.lamp_2", "switch.lamp_3"}
    command = loaded.runtime_data.client.refresh()
    with pytest.raises(HomeAssistantError) as caught:
        await loaded.runtime_data.async_command(command)
    assert caught.value.translation_key == "pairing_lost"


@pytest.mark.parametrize("by", ["time", "announcement"])
async def test_pairing_that_is_known_again(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, by: str
) -> None:
    """Who had forgotten us was another accessory at the address, or this one out of its mind: nobody is asked then."""
    coordinator, pairings = loaded.runtime_data, dict(living.register.pairings)
    living.register.pairings.clear()
    living.drop()
    await soon(lambda: reauths(hass))

    async def look() -> None:
        assert coordinator.client.ended
        if by == "time":
            pass_time(hass, TRY_REFUSED_AGAIN_S + 1)
        else:
            coordinator.announced(None, (HOST,), living.port)
        assert not coordinator.client.ended

    # As long as it does not know us, the form that somebody may be filling in stays.
    form = hass.config_entries.flow.async_progress()
    await look()
    await soon(lambda: coordinator.client.ended)
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress() == form
    living.register.pairings.update(pairings)
    await look()
    await until_state(hass, LINK, STATE_ON)
    assert not reauths(hass)
    assert loaded.runtime_data is coordinator
    assert "switch.lamp_2" not in unavailable(hass)


async def test_no_timer_outlives_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """An entry whose pairing was lost can be unloaded."""
    living.register.pairings.clear()
    living.drop()
    await soon(lambda: reauths(hass))
    client = loaded.runtime_data.client
    assert await hass.config_entries.async_unload(loaded.entry_id)
    pass_time(hass, TRY_REFUSED_AGAIN_S + 1)
    await hass.async_block_till_done()
    assert client.ended


@pytest.fixture
def ending() -> Iterator[Ending]:
    """Let the client end as no attempt could mend."""
    ending = Ending()
    with patch.object(HapClient, "run", ending.run_instead(HapClient.run)):
        yield ending


async def test_end_for_good(
    hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry, living: Living
) -> None:
    """What the accessory no longer supports is told by a new start, which tells why."""
    connections = living.connections
    ending.with_error(UnsupportedError("another version"))
    await soon(lambda: living.connections > connections)
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED
    assert unavailable(hass) == set()


async def test_end_by_mistake(
    hass: HomeAssistant,
    ending: Ending,
    loaded: MockConfigEntry,
    living: Living,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mistake of ours is logged, and nothing is shown that nobody vouches for."""
    ending.with_error(ZeroDivisionError("a mistake"))
    await until_state(hass, "switch.lamp_2", STATE_UNAVAILABLE)
    assert "The link to the accessory ended unexpectedly" in caplog.text
    assert "a mistake" in caplog.text
    caplog.clear()


async def test_malformed_entry(hass: HomeAssistant, network: object) -> None:
    """A stored pairing that is none cannot be tried again."""
    entry = MockConfigEntry(domain=DOMAIN, data={"AccessoryPairingID": "x"})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "stored_record"


# --- descriptions at odd moments ----------------------------------------------------------------


async def test_two_descriptions_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """The second one comes while platforms of the first are set up; in the end all is as the last one says."""
    coordinator = loaded.runtime_data
    first, second = home(), home()
    first[1]["services"][1] = service("LIGHTBULB", characteristic("ON", True, iid=201), iid=200)
    second[1]["services"][1] = service("FAN", characteristic("ON", True, iid=301), iid=300)
    hold = asyncio.Event()
    load = hass.config_entries.async_forward_entry_setups

    async def slowly(*args: Any) -> None:
        await hold.wait()
        await load(*args)

    with patch.object(hass.config_entries, "async_forward_entry_setups", slowly):
        for accessories in (first, second):
            number = living.redescribe(accessories)
            coordinator.announced(number, [HOST], living.port)
            await soon(lambda number=number: coordinator.client.configuration == number)
        hold.set()
        await until_state(hass, "fan.lamp_2", STATE_ON)
    await hass.async_block_till_done()
    assert hass.states.get("light.lamp_2") is None
    assert hass.states.get("switch.lamp_2") is None
    await soon(lambda: (2, 301) in living.subscribed)
    living.push(2, 301, False)
    await until_state(hass, "fan.lamp_2", STATE_OFF)


async def test_new_description_amid_unload(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What is new then is set up by the next load, and nothing is left behind."""
    accessories = home()
    accessories[1]["services"][1] = service(
        "LIGHTBULB", characteristic("ON", True, iid=201), iid=200
    )
    number = living.redescribe(accessories)
    coordinator = loaded.runtime_data
    unload = hass.config_entries.async_unload_platforms

    async def late(*args: Any) -> bool:
        done = await unload(*args)
        coordinator.announced(number, [HOST], living.port)
        await soon(lambda: coordinator.client.configuration == number)
        await asyncio.sleep(0)
        return done

    with patch.object(hass.config_entries, "async_unload_platforms", late):
        assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("light.lamp_2") is None
    await setup(hass, loaded)
    assert state_of(hass, "light.lamp_2").state == STATE_ON


async def test_announced_amid_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """A number that was announced before there was an entry to tell it to is not lost."""
    await setup(hass, entry)
    await announce(hass, entry, living)
    assert await hass.config_entries.async_unload(entry.entry_id)
    accessories = home()
    accessories[1]["services"][1] = service(
        "LIGHTBULB", characteristic("ON", True, iid=201), iid=200
    )
    async_announced_numbers(hass)[entry.unique_id or ""] = living.redescribe(accessories)
    await setup(hass, entry)
    assert state_of(hass, "light.lamp_2").state == STATE_ON
    assert hass.states.get("switch.lamp_2") is None
