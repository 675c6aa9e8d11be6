"""The link of an entry: availability, what is read when, new descriptions, and what the user is told."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.hap_controller.cache import async_announced_numbers
from custom_components.hap_controller.const import CONF_POLL_INTERVAL, DOMAIN, DOUBT_S
from custom_components.hap_controller.coordinator import _is_serial, parse_unique_id
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

from .living import (
    HOST,
    Json,
    Living,
    accessory,
    announce,
    characteristic,
    flush,
    poll,
    redescribe,
    service,
)
from .protocol.running import pair, until as soon

LINK = "binary_sensor.bridge_connection"


def lamp(aid: int, *more: Json) -> Json:
    """Describe one of many lamps."""
    on = characteristic("ON", False, iid=100)
    return accessory(f"Lamp {aid}", service("SWITCH", on, *more, iid=99), aid=aid)


def home(lamps: int = 2) -> list[Json]:
    """Describe a bridge with some lamps, from aid 2 on."""
    return [accessory("Bridge"), *(lamp(aid) for aid in range(2, 2 + lamps))]


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


def devices_of(hass: HomeAssistant, entry: MockConfigEntry) -> list[str | None]:
    """Name the devices of an entry."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return [device.name for device in devices]


def issues_of(hass: HomeAssistant) -> set[str]:
    """Name what the user is told."""
    return {
        str(issue.translation_key)
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


async def goes_away(hass: HomeAssistant, living: Living) -> None:
    """Switch the accessory off, and wait until that is noticed."""
    await living.stop()
    await until_state(hass, LINK, STATE_OFF)


async def comes_back(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Switch it on again, and wait until it was heard."""
    await living.start()
    entry.runtime_data.announced(None, [HOST], living.port)
    await until_state(hass, LINK, STATE_ON)


class Clock:
    """The clock on the wall, which can be put forward."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin now."""
        self._hass = hass
        self._now = dt_util.utcnow
        self._passed = timedelta()

    def now(self) -> datetime:
        """Tell the time."""
        return self._now() + self._passed

    async def passes(self, seconds: float) -> None:
        """Let time go by: whatever waits that long happens now."""
        self._passed += timedelta(seconds=seconds)
        async_fire_time_changed(self._hass, self.now())
        await self._hass.async_block_till_done()


@pytest.fixture
def clock(hass: HomeAssistant) -> Iterator[Clock]:
    """Give a clock; that of the loop goes on, so that sockets live."""
    clock = Clock(hass)
    with patch("homeassistant.util.dt.utcnow", clock.now):
        yield clock


# --- availability -------------------------------------------------------------------------------


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


def last_asked(living: Living) -> list[str]:
    """Give what was asked for in the last request."""
    return living.asked("/characteristics")[-1].partition("=")[2].split(",")


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


async def test_new_names(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """New names and versions are taken, those that the user gave stay."""
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    lamp_3 = next(each for each in devices if each.name == "Lamp 3")
    registry.async_update_device(lamp_3.id, name_by_user="Mine")
    accessories = home()
    for each in accessories[1:]:
        characteristics = each["services"][0]["characteristics"]
        for part in characteristics:
            if part["type"] == "NAME":
                part["value"] = "Shade"
            elif part["type"] == "FIRMWARE_REVISION":
                part["value"] = "2.0"
    await redescribe(hass, loaded, living, accessories)
    assert devices_of(hass, loaded) == ["Bridge", "Shade", "Shade"]
    changed = registry.async_get(lamp_3.id)
    assert changed
    assert (changed.name_by_user, changed.sw_version) == ("Mine", "2.0")
    assert state_of(hass, "switch.lamp_3").attributes["friendly_name"] == "Mine"


async def test_accessory_gone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """An accessory that the bridge lists no longer is unavailable, and goes when a second look confirms it."""
    await redescribe(hass, loaded, living, home(1))
    assert unavailable(hass) == {"switch.lamp_3", "button.lamp_3_identify"}
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    living.requests.clear()
    await clock.passes(61)
    await soon(lambda: living.asked("/accessories"))
    await flush(hass, loaded)
    await soon(lambda: devices_of(hass, loaded) == ["Bridge", "Lamp 2"])
    await hass.async_block_till_done()
    assert hass.states.get("switch.lamp_3") is None
    assert er.async_get(hass).async_get("switch.lamp_3") is None


async def test_accessory_back(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """One that is listed again stays what it was."""
    entity = er.async_get(hass).async_update_entity("switch.lamp_3", name="Mine")
    await redescribe(hass, loaded, living, home(1))
    await redescribe(hass, loaded, living, home())
    living.requests.clear()
    await clock.passes(61)
    await flush(hass, loaded)
    assert unavailable(hass) == set()
    assert er.async_get(hass).async_get("switch.lamp_3") == entity
    living.push(3, 100, True)
    await until_state(hass, "switch.lamp_3", STATE_ON)


async def test_empty_list(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A bridge that lists nothing, not even itself, is not ready, and is waited for."""
    living.redescribe([])
    loaded.runtime_data.announced(living.configuration, [HOST], living.port)
    await until_state(hass, LINK, STATE_OFF)
    await clock.passes(DOUBT_S + 1)
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    assert unavailable(hass) >= {"switch.lamp_2", "switch.lamp_3"}
    living.redescribe(home())
    loaded.runtime_data.announced(living.configuration, [HOST], living.port)
    await until_state(hass, "switch.lamp_2", STATE_OFF)
    assert unavailable(hass) == set()


async def test_bridge_that_just_started(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A list that lacks half of all is not believed for ten minutes."""
    await redescribe(hass, loaded, living, home()[:1])
    for _ in range(9):
        await clock.passes(60)
        await flush(hass, loaded)
    assert "Lamp 2" in devices_of(hass, loaded)
    await redescribe(hass, loaded, living, home())
    await clock.passes(DOUBT_S + 1)
    await flush(hass, loaded)
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]
    assert unavailable(hass) == set()


async def test_bridge_that_was_emptied(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """After ten minutes it is believed."""
    await redescribe(hass, loaded, living, home()[:1])
    living.requests.clear()
    await clock.passes(DOUBT_S + 1)
    await soon(lambda: living.asked("/accessories"))
    await soon(lambda: devices_of(hass, loaded) == ["Bridge"])


async def test_gone_without_a_link(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """While the bridge cannot be asked, nothing goes for good."""
    await redescribe(hass, loaded, living, home(1))
    await goes_away(hass, living)
    with patch("custom_components.hap_controller.protocol.client.READY_LIMIT_S", 0.01):
        await clock.passes(61)
        await hass.async_block_till_done()
    assert devices_of(hass, loaded) == ["Bridge", "Lamp 2", "Lamp 3"]


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


async def test_other_accessory_at_the_address(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Another accessory that has the address now is told of, until the right one is back."""
    own = living.register
    other = type(own)("11:22:33:44:55:66", own.setup_code)
    pair(other)
    living.register = other
    await living.stop()
    await living.start()
    await soon(
        lambda: type(loaded.runtime_data.client.last_error).__name__ == "WrongAccessoryError"
    )
    pass_time(hass, 61)
    assert issues_of(hass) == {"wrong_accessory"}
    living.register = own
    loaded.runtime_data.announced(None, [HOST], living.port)
    await until_state(hass, LINK, STATE_ON)
    assert issues_of(hass) == set()


async def test_malformed_entry(hass: HomeAssistant, network: object) -> None:
    """A stored pairing that is none cannot be tried again."""
    entry = MockConfigEntry(domain=DOMAIN, data={"AccessoryPairingID": "x"})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "stored_record"


# --- what the user is told ----------------------------------------------------------------------


async def test_absent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """An accessory that is away for a day is told of, until it is back."""
    await goes_away(hass, living)
    await clock.passes(24 * 3600 - 60)
    assert issues_of(hass) == set()
    await clock.passes(120)
    assert issues_of(hass) == {"absent"}
    await comes_back(hass, loaded, living)
    assert issues_of(hass) == set()


async def test_absent_and_disabled(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """Nothing is to be mended in what is not used; a reload forgets nothing."""
    await goes_away(hass, living)
    await clock.passes(24 * 3600 + 60)
    assert issues_of(hass) == {"absent"}
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert issues_of(hass) == {"absent"}
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert issues_of(hass) == set()


async def test_short_absence(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """A day begins anew with each return."""
    await goes_away(hass, living)
    await comes_back(hass, loaded, living)
    await clock.passes(24 * 3600 + 60)
    assert issues_of(hass) == set()


async def test_no_events(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An accessory that tells nothing by itself is told of; its values are read at each interval."""
    for aid in (2, 3):
        living.refuse_events(aid, 100)
    await setup(hass, entry)
    living.set(2, 100, True)
    await poll(hass, entry, living)
    assert state_of(hass, "switch.lamp_2").state == STATE_ON
    assert issues_of(hass) == {"no_events"}
    assert entry.runtime_data.describe_polls()["missed"] == 0


# --- small things -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unique_id", "place"),
    [
        ("AA_1", (1,)),
        ("AA_1_8", (1, 8)),
        ("AA_1_8_9", (1, 8, 9)),
        ("AA_1_8_dehumidifier", (1, 8)),
        ("AA_connection", None),
        ("AA_rssi", None),
        ("AA_1_x_y", None),
        ("AA", None),
        ("BB_1_8", None),
        ("homekit-AA-1-8", None),
    ],
)
def test_unique_ids(unique_id: str, place: tuple[int, ...] | None) -> None:
    """Unique ids tell what they are of; others are none of ours."""
    assert parse_unique_id("AA", unique_id) == place


@pytest.mark.parametrize(
    ("serial", "is_one"),
    [
        (None, False),
        ("", False),
        ("1", False),
        ("0.0", False),
        ("1.0", True),  # ten without its dot
        ("0.9", True),
        ("1.2.3", True),
        ("12345", True),
        ("nan", False),
        ("AB-1", True),
    ],
)
def test_serials(serial: str | None, is_one: bool) -> None:
    """Many serial numbers are none."""
    assert _is_serial(serial) is is_one


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


async def test_nothing_confirmed(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, clock: Clock
) -> None:
    """A device does not go as long as nobody could look again."""
    await redescribe(hass, loaded, living, home(1))
    living.answers = lambda request: Response(500) if request.target == "/accessories" else None
    for _ in range(2):
        living.requests.clear()
        await clock.passes(61)
        await soon(lambda: living.asked("/accessories"))
        await flush(hass, loaded)
        assert "Lamp 3" in devices_of(hass, loaded)
    living.answers = lambda request: None
    await clock.passes(61)
    await soon(lambda: "Lamp 3" not in devices_of(hass, loaded))
