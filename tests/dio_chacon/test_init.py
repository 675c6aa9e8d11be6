"""Set-up, unload and removal of an entry."""

import asyncio
from datetime import timedelta
import logging
import time
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import DATA_DISPATCHER
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.dio_chacon.const import DOMAIN
from custom_components.dio_chacon.protocol import DioClient
from simulators.dio_chacon import Home, Pace, SimulatedCloud, empty_home, large_home

from .helpers import (
    ACCOUNT,
    DOORBELL,
    LIGHT_SWITCH,
    PASSWORD,
    PLUG,
    SHUTTER,
    device_of,
    entity_id_of,
    entry_data,
    has_device,
    pass_time,
    setup,
    until,
    until_state,
)


def links(cloud: SimulatedCloud) -> int:
    """Count the connections that are open."""
    return len(cloud.sessions)


async def test_devices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """The account and each device that can be shown are registered with all that is known of them."""
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert {
        device.name: {
            "identifiers": sorted(device.identifiers),
            "connections": sorted(device.connections),
            "area": device.area_id,
            "manufacturer": device.manufacturer,
            "model": device.model,
            "hw_version": device.hw_version,
            "sw_version": device.sw_version,
            "entry_type": device.entry_type,
        }
        for device in devices
    } == snapshot
    account = device_of(hass, loaded, ACCOUNT)
    assert {device.via_device_id for device in devices if device != account} == {account.id}


async def test_names_speak_the_users_language(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """In French, entities have French names."""
    hass.config.language = "fr"
    await setup(hass, entry)
    names = {state.name for state in hass.states.async_all()}
    assert names >= {"Prise lampadaire Mode discret", "Sam Ple Actualiser", "Portier"}


async def test_clean_log(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant finds nothing to complain about, and nothing secret is logged at any level."""
    caplog.set_level(logging.DEBUG, f"custom_components.{DOMAIN}")
    await setup(hass, entry)
    tokens = cloud.tokens
    await hass.config_entries.async_reload(entry.entry_id)
    cloud.abort()
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await until_state(hass, connection, "off")
    await hass.config_entries.async_unload(entry.entry_id)
    assert "Detected that custom integration" not in caplog.text
    ours = [record for record in caplog.records if DOMAIN in record.name]
    assert not [record for record in ours if record.levelno >= logging.WARNING]
    assert [record for record in ours if record.levelno == logging.DEBUG]
    for secret in (*tokens, PASSWORD, cloud.home.email, cloud.home.user["bleKey"], ACCOUNT):
        assert not [record for record in ours if secret in record.getMessage()]


async def test_unload_and_set_up_again(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Unloading logs out and closes the link; a second set-up brings everything back."""
    entity_id = entity_id_of(hass, Platform.SWITCH, PLUG)
    assert links(cloud) == 1
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert cloud.requests("POST /session/logout")
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    assert hass.states.get(entity_id).state == STATE_UNAVAILABLE
    await setup(hass, loaded)
    assert hass.states.get(entity_id).state == STATE_ON
    assert links(cloud) == 1


async def test_unload_while_the_cloud_is_half_open(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Unloading ends in time even when nobody answers the goodbye."""
    cloud.stall()
    started = time.perf_counter()
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert time.perf_counter() - started < 5


async def test_reloads_leave_nothing_behind(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """After any number of reloads there is one link, and after the last unload nothing at all."""

    def ours() -> tuple[list[str], list[str]]:
        tasks = [name for task in asyncio.all_tasks() if DOMAIN in (name := task.get_name())]
        return tasks, [signal for signal in hass.data[DATA_DISPATCHER] if DOMAIN in str(signal)]

    await setup(hass, entry)
    tasks, signals = ours()
    assert tasks
    assert signals
    for _ in range(20):
        assert await hass.config_entries.async_reload(entry.entry_id)
    again = ours()
    assert (len(again[0]), sorted(again[1])) == (len(tasks), sorted(signals))
    assert links(cloud) == 1
    assert len(cloud.tokens) <= 21
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert ours() == ([], [])
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


async def test_options_reach_the_client(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """How often the list is read, and whether unknown devices are, is the user's choice."""
    hass.config_entries.async_update_entry(
        entry, options={"list_refresh_minutes": 30, "unknown_devices": True}
    )
    with patch("custom_components.dio_chacon.coordinator.DioClient", wraps=DioClient) as client:
        await setup(hass, entry)
    assert client.call_args.kwargs["list_interval_s"] == 1800
    assert client.call_args.kwargs["read_unknown"] is True


@pytest.mark.parametrize(
    ("fault", "options", "key"),
    [
        ("login_status", {"status": 502}, "cannot_connect"),
        ("login_status", {"status": 429}, "rate_limited"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("greeting_close", {}, "cannot_connect"),
    ],
)
async def test_not_ready(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    fault: str,
    options: dict[str, object],
    key: str,
) -> None:
    """A cloud in trouble is tried again later; nothing stays open meanwhile."""
    cloud.faults.arm(fault, **options)
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == key
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    assert not [task for task in asyncio.all_tasks() if f"{DOMAIN} " in task.get_name()]
    cloud.faults.clear()
    pass_time(hass, 700)
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)


async def test_time_limit_of_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A cloud that says nothing does not hold a set-up up for long."""
    cloud.faults.arm("greeting_none")
    with patch("custom_components.dio_chacon.cloud.CONNECT_LIMIT_S", 0.2):
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "timeout"
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


async def test_refused_password(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A refused password asks the user, once, and the cloud is left alone."""
    cloud.home.password = "another"
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    assert len([item for item in cloud.received if item.what == "login"]) == 1


async def test_unsafe_address(
    hass: HomeAssistant, cloud: SimulatedCloud, caplog: pytest.LogCaptureFixture
) -> None:
    """An address that is not safe to log in to is final, and no retry helps."""
    entry = MockConfigEntry(
        domain=DOMAIN, data=entry_data(cloud) | {"login_url": "http://cloud.example.org/login"}
    )
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "unsupported"
    assert not cloud.received


async def test_entry_of_the_core_integration(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Data that only has the core integration's keys leads to the vendor's servers."""
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=ACCOUNT, data={"username": "a@example.org", "password": "b"}
    )
    entry.add_to_hass(hass)
    # There is no way out of the tests to the vendor: the name does not resolve.
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "cannot_connect"


async def test_empty_account(hass: HomeAssistant, socket_enabled: None) -> None:
    """An account without devices is set up, and devices that come later are found."""
    async with SimulatedCloud(empty_home()) as cloud:
        entry = MockConfigEntry(domain=DOMAIN, data=entry_data(cloud))
        entry.add_to_hass(hass)
        await setup(hass, entry)
        devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert [device.model for device in devices] == ["DiO cloud"]
        cloud.home.add("plug", "Nouvelle prise")
        await hass.services.async_call(
            "button", "press", {"entity_id": "button.dio_demo_refresh"}, blocking=True
        )
        await until_state(hass, "switch.nouvelle_prise", "off")
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Two entries live side by side; a push of one account does not touch the other."""
    second_home = empty_home("other@example.org", "other", pace=Pace(speed=20))
    second_home.add("plug", "Autre prise")
    async with SimulatedCloud(second_home) as other:
        second = MockConfigEntry(
            domain=DOMAIN, unique_id=second_home.user["id"], data=entry_data(other)
        )
        second.add_to_hass(hass)
        await setup(hass, second)
        entities = er.async_get(hass)
        for entry in (loaded, second):
            found = er.async_entries_for_config_entry(entities, entry.entry_id)
            assert sum(entity.unique_id.endswith("-connection") for entity in found) == 1
        mine = entity_id_of(hass, Platform.SWITCH, PLUG)
        before = hass.states.get(mine)
        other.home.press("Autre prise", on=True)
        await until_state(hass, "switch.autre_prise", "on")
        assert hass.states.get(mine) is before
        # Even a push that names a device of the other account stays where it came from.
        push = '{"name":"deviceState","action":"update","data":{"di":"%s","rc":0,"links":[]}}'
        other.send_text(push % PLUG)
        other.home.press("Autre prise", on=False)
        await until_state(hass, "switch.autre_prise", "off")
        assert hass.states.get(mine).state == STATE_ON
        assert await hass.config_entries.async_unload(second.entry_id)
        assert hass.states.get(mine).state == STATE_ON


async def test_three_hundred_devices(hass: HomeAssistant, socket_enabled: None) -> None:
    """A large account is read in chunks, and set up in no time."""
    async with SimulatedCloud(large_home(300)) as cloud:
        entry = MockConfigEntry(domain=DOMAIN, data=entry_data(cloud))
        entry.add_to_hass(hass)
        # Imports are not what is measured.
        await setup(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        cloud.journal.clear()
        started = time.perf_counter()
        await setup(hass, entry)
        took = time.perf_counter() - started
        assert len(cloud.requests("POST /device/states")) == 6
        assert len(hass.states.async_all(("cover", "switch"))) == 500
        assert took < 2, f"{took:.2f} s"
        started = time.perf_counter()
        assert await hass.config_entries.async_unload(entry.entry_id)
        # Of 900 entities; the benchmarks hold the unload of a home to its 10 ms.
        assert time.perf_counter() - started < 1


async def test_home_assistant_stops(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """When Home Assistant stops, the client says goodbye."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_stop(force=True)
    assert cloud.requests("POST /session/logout")
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


async def test_home_assistant_stops_during_an_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Neither the wait for the next attempt nor the time of grace keeps Home Assistant from stopping."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await cloud.link_down()
    await until_state(hass, connection, "off")
    started = time.perf_counter()
    await hass.async_stop(force=True)
    assert time.perf_counter() - started < 5


async def test_reload_while_the_cloud_is_down(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A reload during an outage waits for the cloud and keeps every entity registered."""
    before = len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id))
    await cloud.link_down()
    await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    assert loaded.error_reason_translation_key == "cannot_connect"
    await cloud.link_restored()
    pass_time(hass, 700)
    await until(hass, lambda: loaded.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)) == before


async def test_unload_during_an_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Unloading during an outage is quick and leaves no timer."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await cloud.link_down()
    await until_state(hass, connection, "off")
    started = time.perf_counter()
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert time.perf_counter() - started < 1


async def test_removal(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """A removed entry leaves neither devices nor entities nor a link."""
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    assert not er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


async def test_password_is_refused_later(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A password changed in the vendor's app asks the user, once, and the entities say that they know nothing."""
    entity_id = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.change_password("another")
    cloud.send_invalid()
    await until_state(hass, entity_id, STATE_UNAVAILABLE)
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]


async def test_expired_token(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An expired token is replaced without anyone noticing."""
    entity_id = entity_id_of(hass, Platform.SWITCH, PLUG)
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    cloud.expire_tokens()
    cloud.close_sessions()
    await until_state(hass, connection, "off")
    assert hass.states.get(entity_id).state == STATE_ON
    pass_time(hass, 5)
    await until_state(hass, connection, "on")
    assert hass.states.get(entity_id).state == STATE_ON
    assert not hass.config_entries.flow.async_progress()


async def test_deleting_a_device_by_hand(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Home Assistant may delete a device that left the account, never one that is there."""
    from custom_components.dio_chacon import async_remove_config_entry_device

    plug, account = device_of(hass, loaded, PLUG), device_of(hass, loaded, ACCOUNT)
    gone = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "L4HActuator_gone")}
    )
    assert not await async_remove_config_entry_device(hass, loaded, plug)
    assert not await async_remove_config_entry_device(hass, loaded, account)
    assert await async_remove_config_entry_device(hass, loaded, gone)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert not await async_remove_config_entry_device(hass, loaded, gone)


async def test_devices_that_left_while_we_were_away(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that is not in the account any more after a restart goes when a second list lacks it too."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.remove(PLUG)
    cloud.journal.clear()
    await setup(hass, loaded)
    await until(hass, lambda: not has_device(hass, loaded, PLUG))
    assert len(cloud.requests("GET /device$")) >= 2
    assert has_device(hass, loaded, LIGHT_SWITCH)
    assert has_device(hass, loaded, DOORBELL)


async def test_device_missing_from_one_list_only(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that the second list has again stays."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    gone = cloud.home.remove(PLUG)
    cloud.journal.clear()
    loaded_again = hass.async_create_task(hass.config_entries.async_setup(loaded.entry_id))
    await cloud.journal.wait_for(lambda: cloud.requests("GET /device$"))
    cloud.home.put(gone)
    assert await loaded_again
    await cloud.journal.wait_for(lambda: len(cloud.requests("GET /device$")) == 2)
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, PLUG), STATE_ON)
    assert has_device(hass, loaded, PLUG)


async def test_one_list_removes_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """While no second list comes, nothing is removed."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.remove(PLUG)
    cloud.journal.clear()
    # The first list is answered, the connection ends on the second.
    loaded_again = hass.async_create_task(hass.config_entries.async_setup(loaded.entry_id))
    await cloud.journal.wait_for(lambda: cloud.requests("GET /device$"))
    cloud.faults.arm("cut", path="^/device$")
    assert await loaded_again
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await until_state(hass, connection, "off")
    await hass.async_block_till_done()
    assert len(cloud.requests("GET /device$")) == 2
    assert has_device(hass, loaded, PLUG)


async def test_set_up_after_time_went_by(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A clock that is far off changes nothing."""
    freezer.tick(timedelta(days=400))
    await setup(hass, entry)
    assert hass.states.get(entity_id_of(hass, Platform.COVER, SHUTTER)).state == "open"
