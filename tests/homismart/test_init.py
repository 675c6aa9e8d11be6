"""Set-up, migration, unload and removal of an entry."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
import logging
import time
from typing import Any
from unittest.mock import patch

from aiohttp.resolver import AsyncResolver
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.homismart.const import CONF_PASSWORD_MD5, DOMAIN
from simulators.homismart import Home, Pace, SimulatedCloud, empty_home, large_home

from .helpers import (
    ACCOUNT,
    BOILER,
    CORRIDOR,
    CURTAIN,
    GARDEN,
    GATE,
    HUB,
    LIST,
    PASSWORD,
    STAIRS,
    USERNAME,
    WASHER,
    act,
    connection_of,
    device_of,
    entity_id_of,
    has_device,
    new_entry,
    pass_time,
    setup,
    state_of,
    until,
    until_state,
)


def links(cloud: SimulatedCloud) -> int:
    """Count the connections that are open."""
    return len(cloud.sessions)


def our_tasks() -> list[str]:
    """Name the tasks of ours that live."""
    return [task.get_name() for task in asyncio.all_tasks() if f"{DOMAIN} " in task.get_name()]


# --- set-up ---------------------------------------------------------------------------------


async def test_devices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """The account, its hubs and each device that can be shown, each hanging on what it belongs to."""
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    names = {device.id: device.name for device in devices}
    assert {
        device.name: {
            "identifiers": sorted(device.identifiers),
            "connections": sorted(device.connections),
            "manufacturer": device.manufacturer,
            "model": device.model,
            "model_id": device.model_id,
            "serial_number": device.serial_number,
            "sw_version": device.sw_version,
            "entry_type": device.entry_type,
            "via": names.get(device.via_device_id or ""),
        }
        for device in devices
    } == snapshot


@pytest.mark.parametrize(
    ("hub_id", "connections"),
    [
        ("00aabbccddeeff", {("mac", "aa:bb:cc:dd:ee:ff")}),
        ("00AABBCCDDEEF", set()),
        ("00AABBCCDDEEFF0", set()),
        ("00AABBCCDDEEFG", set()),
    ],
)
async def test_mac_addresses_of_hubs(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    hub_id: str,
    connections: set[tuple[str, str]],
) -> None:
    """The id of a hub holds its MAC address, when what follows the zeros is one."""
    hub = home.remove(GARDEN)
    hub.members["id"] = hub_id
    home.put(hub)
    await setup(hass, entry)
    assert device_of(hass, entry, hub_id).connections == connections


async def test_names_speak_the_users_language(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """In Hebrew, entities have Hebrew names."""
    hass.config.language = "he"
    await setup(hass, entry)
    led = state_of(hass, entity_id_of(hass, Platform.SWITCH, f"{CORRIDOR}-led"))
    assert led.name.startswith("Corridor ")
    assert any("א" <= letter <= "ת" for letter in led.name)


async def test_clean_log(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant finds nothing to complain about, and nothing secret is logged."""
    caplog.set_level(logging.DEBUG)
    await act(hass, Platform.SWITCH, "turn_on", entity_id_of(hass, Platform.SWITCH, WASHER))
    cloud.home.remove(STAIRS)
    cloud.send_odd_frames()
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert "Detected that custom integration" not in caplog.text
    ours = [record for record in caplog.records if DOMAIN in record.name]
    assert not [record for record in ours if record.levelname in {"WARNING", "ERROR"}]
    for secret in (PASSWORD, USERNAME, cloud.home.password_digest):
        assert not [record for record in ours if secret in record.getMessage()]


async def test_unload_and_set_up_again(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Unloading closes the link; a second set-up brings everything back."""
    entity_id = entity_id_of(hass, Platform.SWITCH, BOILER)
    assert links(cloud) == 1
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    closed = [item for item in cloud.received if item.what == "close"]
    assert [item.body for item in closed] == [1000]
    assert state_of(hass, entity_id).state == STATE_UNAVAILABLE
    await setup(hass, loaded)
    assert state_of(hass, entity_id).state == STATE_ON
    assert links(cloud) == 1


async def test_unload_while_the_cloud_is_half_open(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Unloading ends in time even when nobody answers the goodbye."""
    cloud.stall()
    started = time.perf_counter()
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert time.perf_counter() - started < 5


async def test_nothing_is_left_behind(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Neither a task nor a link outlives an entry, nor a second cycle the first."""
    for _ in range(2):
        await setup(hass, entry)
        assert our_tasks()
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert not our_tasks()
        await cloud.journal.wait_for(lambda: links(cloud) == 0)


@pytest.mark.parametrize(
    ("fault", "options", "key"),
    [
        ("login_close", {}, "cannot_connect"),
        ("login_refuse", {"how": "error", "code": 1}, "cannot_connect"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("upgrade_status", {"status": 429}, "rate_limited"),
        ("cut", {"prefix": "0004"}, "cannot_connect"),
    ],
)
async def test_not_ready(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    fault: str,
    options: dict[str, Any],
    key: str,
) -> None:
    """A cloud in trouble is tried again later; nothing stays open meanwhile."""
    cloud.faults.arm(fault, **options)
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == key
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    assert not our_tasks()
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    cloud.faults.clear()
    pass_time(hass, 700)
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)


@pytest.mark.parametrize("silent", ["login_silence", "upgrade_hang", "list"])
async def test_time_limit_of_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, silent: str
) -> None:
    """A cloud that says nothing, or no list, does not hold a set-up up for long."""
    cloud.faults.arm(silent)
    with patch("custom_components.homismart.cloud.CONNECT_LIMIT_S", 0.2):
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "timeout"
    assert not our_tasks()
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


@pytest.fixture
def no_names() -> Iterator[None]:
    """Let no name resolve, as without a network."""
    with patch.object(AsyncResolver, "resolve", side_effect=OSError("no such name")):
        yield


async def test_host_does_not_resolve(
    hass: HomeAssistant, cloud: SimulatedCloud, no_names: None
) -> None:
    """The reason names the host: the vendor has renamed it before."""
    address = "wss://prom.homismart.com:443/homismartmain/websocket"
    entry = new_entry(cloud, data=new_entry(cloud).data | {"websocket_url": address})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "cannot_connect"
    assert entry.reason
    assert "prom.homismart.com" in entry.reason


async def test_refused_password(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A refused password asks the user, once, and the cloud is left alone."""
    cloud.home.password = "another"
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "invalid_auth"
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    pass_time(hass, 700)
    await hass.async_block_till_done()
    assert len(cloud.requests("0002")) == 1


async def test_verification_wanted(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A cloud that wants a code is no wrong password: the reason tells what to do."""
    cloud.faults.arm("login_refuse", how="error", code=31)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "verification_required"


async def test_unsafe_address(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """An address that is not safe to log in to is final, and no retry helps."""
    data = new_entry(cloud).data | {"websocket_url": "ws://cloud.example.org/"}
    entry = new_entry(cloud, data=data)
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "unsupported"
    assert not cloud.received


async def test_empty_account(hass: HomeAssistant, socket_enabled: None) -> None:
    """An account without devices is set up, and devices that come later are found."""
    async with SimulatedCloud(empty_home()) as cloud:
        entry = new_entry(cloud)
        entry.add_to_hass(hass)
        await setup(hass, entry)
        devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert [device.model for device in devices] == ["Homismart cloud"]
        cloud.home.add("hub", "House", announce="none")
        cloud.home.add("socket", "Kettle", announce="none")
        await hass.services.async_call(
            "button", "press", {"entity_id": "button.demo_example_org_refresh"}, blocking=True
        )
        await until_state(hass, "switch.kettle", "off")
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_two_accounts(hass: HomeAssistant, home: Home, socket_enabled: None) -> None:
    """Two entries live side by side on one cloud; what happens to one does not touch the other."""
    second_home = empty_home("other@example.org", "other", pace=Pace(speed=100))
    second_home.add("hub", "Other house")
    second_home.add("socket", "Other socket")
    async with SimulatedCloud(home, second_home) as cloud:
        first, second = new_entry(cloud), new_entry(cloud, second_home)
        for entry in (first, second):
            entry.add_to_hass(hass)
        await setup(hass, first)
        await hass.async_block_till_done()
        assert second.state is ConfigEntryState.LOADED
        entities = er.async_get(hass)
        for entry in (first, second):
            found = er.async_entries_for_config_entry(entities, entry.entry_id)
            assert sum(entity.unique_id.endswith("-connection") for entity in found) == 1
        mine, other = entity_id_of(hass, Platform.SWITCH, WASHER), "switch.other_socket"
        before = state_of(hass, mine)
        second_home.press("Other socket", on=True)
        await until_state(hass, other, STATE_ON)
        await act(hass, Platform.SWITCH, "turn_off", other)
        assert state_of(hass, mine) is before
        await act(hass, Platform.SWITCH, "turn_on", mine)
        assert state_of(hass, other).state == "off"
        assert await hass.config_entries.async_unload(second.entry_id)
        assert state_of(hass, mine).state == STATE_ON
        assert state_of(hass, other).state == STATE_UNAVAILABLE
        await cloud.journal.wait_for(lambda: links(cloud) == 1)
        assert await hass.config_entries.async_unload(first.entry_id)
        assert not cloud.violations


async def test_three_hundred_devices(hass: HomeAssistant, socket_enabled: None) -> None:
    """A large home comes in one list, and is set up in no time."""
    async with SimulatedCloud(large_home(300)) as cloud:
        entry = new_entry(cloud)
        entry.add_to_hass(hass)
        # Imports are not what is measured.
        await setup(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        cloud.journal.clear()
        started = time.process_time()
        await setup(hass, entry)
        took = time.process_time() - started
        assert len(cloud.requests(LIST)) == 1
        assert len(hass.states.async_all(("cover", "light"))) == 200
        assert len(hass.states.async_all("switch")) == 400
        assert took < 2, f"{took:.2f} s"
        assert await hass.config_entries.async_unload(entry.entry_id)


# --- the end of Home Assistant --------------------------------------------------------------


async def test_home_assistant_stops(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """When Home Assistant stops, the link is closed in the orderly way."""
    await hass.async_stop(force=True)
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    assert not our_tasks()


async def test_home_assistant_stops_during_the_login(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A login that hangs does not keep Home Assistant from stopping."""
    cloud.faults.arm("login_silence")
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await cloud.journal.wait_for(lambda: bool(cloud.requests("0002")))
    started = time.perf_counter()
    await hass.async_stop(force=True)
    assert time.perf_counter() - started < 5
    assert setting_up.done()
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    assert not our_tasks()


async def test_home_assistant_stops_during_an_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Neither the wait for the next attempt nor the time of grace keeps Home Assistant from stopping."""
    await cloud.link_down()
    await until_state(hass, connection_of(hass), "off")
    started = time.perf_counter()
    await hass.async_stop(force=True)
    assert time.perf_counter() - started < 5
    assert not our_tasks()


# --- outages --------------------------------------------------------------------------------


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
    await cloud.link_down()
    await until_state(hass, connection_of(hass), "off")
    started = time.perf_counter()
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert time.perf_counter() - started < 2
    assert not our_tasks()


async def test_removal(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """A removed entry leaves neither devices nor entities nor a link."""
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    assert not er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    await cloud.journal.wait_for(lambda: links(cloud) == 0)


@pytest.mark.parametrize("how", ["dismissed", "reconnecting"])
async def test_password_is_refused_later(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, how: str
) -> None:
    """A password changed in the vendor's app asks the user, once, and nothing is shown that nobody vouches for."""
    entity_id = entity_id_of(hass, Platform.SWITCH, BOILER)
    cloud.change_password("another")
    if how == "dismissed":
        cloud.send_invalid()
    else:
        cloud.close_sessions()
        await until_state(hass, connection_of(hass), "off")
        pass_time(hass, 9)
    await until_state(hass, entity_id, STATE_UNAVAILABLE)
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    logins = len(cloud.requests("0002"))
    pass_time(hass, 700)
    await hass.async_block_till_done()
    assert len(cloud.requests("0002")) == logins


# --- devices that are gone ------------------------------------------------------------------


async def test_deleting_a_device_by_hand(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Home Assistant may delete a device that left the account, never one that is there; the account keeps all."""
    from custom_components.homismart import async_remove_config_entry_device

    gone = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "02664110009399")}
    )
    for device_id in (WASHER, HUB, ACCOUNT):
        present = device_of(hass, loaded, device_id)
        assert not await async_remove_config_entry_device(hass, loaded, present)
    assert await async_remove_config_entry_device(hass, loaded, gone)
    assert not cloud.requests("0014")
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert not await async_remove_config_entry_device(hass, loaded, gone)


async def test_devices_that_left_while_we_were_away(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What is not in the account any more after a restart goes when a list ten seconds later lacks it too."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.remove(WASHER)
    cloud.home.remove(GARDEN)
    cloud.journal.clear()
    await setup(hass, loaded)
    pass_time(hass, 9)
    await hass.async_block_till_done()
    assert has_device(hass, loaded, WASHER)
    assert len(cloud.requests(LIST)) == 1
    pass_time(hass, 11)
    await until(hass, lambda: not has_device(hass, loaded, WASHER))
    assert len(cloud.requests(LIST)) == 2
    assert not has_device(hass, loaded, GARDEN)
    assert has_device(hass, loaded, CORRIDOR)
    # What hung on the hub hangs on the account now.
    assert device_of(hass, loaded, GATE).via_device_id == device_of(hass, loaded, ACCOUNT).id


async def test_first_list_is_empty(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A cloud that has lost the home for a moment takes nothing away, not even after a restart."""
    before = len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id))
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.faults.arm("list", how="empty", count=1)
    await setup(hass, loaded)
    assert hass.states.async_all("light")[0].state == STATE_UNAVAILABLE
    pass_time(hass, 11)
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, BOILER), STATE_ON)
    await hass.async_block_till_done()
    assert has_device(hass, loaded, WASHER)
    assert len(er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)) == before


async def test_second_list_never_comes(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """While no second list comes, nothing is removed."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.remove(WASHER)
    await setup(hass, loaded)
    cloud.faults.arm("cut", prefix=LIST)
    pass_time(hass, 11)
    await cloud.journal.wait_for(lambda: links(cloud) == 0)
    await hass.async_block_till_done()
    assert has_device(hass, loaded, WASHER)


async def test_set_up_after_time_went_by(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A clock that is far off changes nothing."""
    freezer.tick(timedelta(days=400))
    await setup(hass, entry)
    assert state_of(hass, entity_id_of(hass, Platform.COVER, CURTAIN)).state == "open"


# --- the earlier integration ----------------------------------------------------------------


def earlier_entry(cloud: SimulatedCloud, **changes: Any) -> MockConfigEntry:
    """Make an entry as the earlier integration of this domain has left it."""
    data = {
        "username": "Home.Owner@example.net",
        "password": PASSWORD,
        "websocket_url": cloud.ws_url,
    }
    given: dict[str, Any] = {
        "domain": DOMAIN,
        "version": 1,
        "title": "Homismart",
        "unique_id": "Home.Owner@example.net",
        "data": data,
    }
    return MockConfigEntry(**given | changes)


async def test_migration(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """An entry of the earlier integration works on; its entities keep their ids and what the user made of them."""
    entry = earlier_entry(cloud)
    entry.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    kept = {}
    for platform, device_id in (
        (Platform.LIGHT, CORRIDOR),
        (Platform.SWITCH, WASHER),
        (Platform.SWITCH, STAIRS),
        (Platform.COVER, CURTAIN),
    ):
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={(DOMAIN, device_id)}, name="Old name"
        )
        found = entities.async_get_or_create(
            platform,
            DOMAIN,
            device_id,
            config_entry=entry,
            device_id=device.id,
            suggested_object_id=f"mine_{device_id}",
        )
        entities.async_update_entity(found.entity_id, name="My own name")
        kept[platform, device_id] = found.entity_id, device.id
    await setup(hass, entry)
    assert (entry.version, entry.minor_version) == (2, 1)
    assert entry.unique_id == USERNAME
    assert entry.title == "Homismart"
    assert entry.data == {
        "username": "Home.Owner@example.net",
        CONF_PASSWORD_MD5: cloud.home.password_digest,
        "websocket_url": cloud.ws_url,
    }
    for (platform, device_id), (entity_id, registry_id) in kept.items():
        assert entity_id_of(hass, platform, device_id) == entity_id
        state = state_of(hass, entity_id)
        assert state.state not in {STATE_UNAVAILABLE, "unknown"}
        assert state.name == "My own name"
        assert device_of(hass, entry, device_id).id == registry_id
    # Positions are the right way round now.
    assert state_of(hass, kept[Platform.COVER, CURTAIN][0]).attributes["current_position"] == 70
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_migration_to_the_vendors_server(
    hass: HomeAssistant, cloud: SimulatedCloud, no_names: None
) -> None:
    """Without an address in the entry the vendor's server of today is used."""
    entry = earlier_entry(cloud, data={"username": USERNAME, "password": PASSWORD})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.reason
    assert "prod.homismart.com" in entry.reason
    assert entry.data == {
        "username": USERNAME,
        CONF_PASSWORD_MD5: cloud.home.password_digest,
    }


async def test_migration_without_a_password(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """An entry that somehow lost its password asks for it."""
    entry = earlier_entry(cloud, data={"username": USERNAME, "websocket_url": cloud.ws_url})
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"


async def test_migration_of_the_same_account_twice(
    hass: HomeAssistant, cloud: SimulatedCloud, caplog: pytest.LogCaptureFixture
) -> None:
    """Two spellings of one account: the second entry stays as it is, and the log says what to do."""
    first = new_entry(cloud)
    second = earlier_entry(cloud)
    for entry in (first, second):
        entry.add_to_hass(hass)
    await setup(hass, first)
    assert second.state is ConfigEntryState.MIGRATION_ERROR
    assert second.data["password"] == PASSWORD
    assert second.version == 1
    assert "same account as another entry" in caplog.text
    assert PASSWORD not in caplog.text
    assert await hass.config_entries.async_unload(first.entry_id)


async def test_entry_of_a_later_version(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """What a later version has written is left alone."""
    entry = new_entry(cloud, version=3)
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.MIGRATION_ERROR)
    assert not cloud.received


async def test_entry_of_a_later_minor_version(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """What a later version has merely added does no harm."""
    entry = new_entry(cloud, minor_version=2)
    entry.add_to_hass(hass)
    await setup(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
