"""Set-up, migration, unload and removal of an entry."""

from collections.abc import Iterator
from typing import Any, override
from unittest.mock import patch

from aiohttp.resolver import AsyncResolver
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import CONF_PASSWORD_MD5, DOMAIN
from simulators.homismart import Home, Pace, SimulatedCloud, empty_home
from tests.support.contract.init import AccountEntryContract

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
    VENDOR,
    WASHER,
    act,
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


class TestEntry(AccountEntryContract):
    """What the entries of all cloud vendors do."""

    vendor = VENDOR
    setup_faults = (
        ("login_close", {}, "cannot_connect"),
        ("login_refuse", {"how": "error", "code": 1}, "cannot_connect"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("upgrade_status", {"status": 429}, "rate_limited"),
        ("cut", {"prefix": "0004"}, "cannot_connect"),
    )
    silent_faults = ("login_silence", "upgrade_hang", "list")
    client_options = (({"list_refresh_minutes": 2}, {"list_interval_s": 120.0}),)
    present = (WASHER, HUB)
    large = {("cover", "light"): 200, ("switch",): 400}
    large_requests = {LIST: 1}
    unsafe = {"websocket_url": "ws://cloud.example.org/"}
    empty = "Homismart cloud"

    @override
    async def bustle(self, hass: HomeAssistant, peer: Any) -> None:
        await act(hass, Platform.SWITCH, "turn_on", entity_id_of(hass, Platform.SWITCH, WASHER))
        peer.home.remove(STAIRS)
        peer.send_odd_frames()

    @override
    def said_goodbye(self, peer: Any) -> bool:
        return [item.body for item in peer.received if item.what == "close"] == [1000]

    @override
    def logins(self, peer: Any) -> int:
        return len(peer.requests("0002"))

    @override
    def furnish(self, home: Any) -> str:
        home.add("hub", "House", announce="none")
        return home.add("socket", "Kettle", announce="none").device_id

    @override
    async def test_deleting_a_device_by_hand(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any
    ) -> None:
        """The account at the vendor keeps all."""
        await super().test_deleting_a_device_by_hand(hass, loaded, peer)
        assert not peer.requests("0014")


# --- set-up ---------------------------------------------------------------------------------


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


async def test_verification_wanted(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A cloud that wants a code is no wrong password: the reason tells what to do."""
    cloud.faults.arm("login_refuse", how="error", code=31)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "verification_required"


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
        await cloud.journal.wait_for(lambda: len(cloud.sessions) == 1)
        assert await hass.config_entries.async_unload(first.entry_id)
        assert not cloud.violations


# --- devices that are gone ------------------------------------------------------------------


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
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    await hass.async_block_till_done()
    assert has_device(hass, loaded, WASHER)


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
    second = earlier_entry(cloud, title=f"Homismart of {USERNAME}")
    for entry in (first, second):
        entry.add_to_hass(hass)
    await setup(hass, first)
    assert second.state is ConfigEntryState.MIGRATION_ERROR
    assert second.data["password"] == PASSWORD
    assert second.version == 1
    assert "of the same account as another entry" in caplog.text
    assert PASSWORD not in caplog.text
    ours = [each for each in caplog.records if each.name == "custom_components.homismart"]
    assert ours
    assert not [each for each in ours if USERNAME in each.getMessage()]
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
