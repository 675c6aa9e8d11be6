"""Set-up, unload and removal of an entry."""

from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from simulators.dio_chacon import Pace, SimulatedCloud, empty_home
from tests.support.contract.init import AccountEntryContract

from .helpers import (
    ACCOUNT,
    DOORBELL,
    LIGHT_SWITCH,
    PLUG,
    VENDOR,
    connection_of,
    entity_id_of,
    entry_data,
    has_device,
    pass_time,
    setup,
    until,
    until_state,
)


class TestEntry(AccountEntryContract):
    """What the entries of all cloud vendors do."""

    vendor = VENDOR
    setup_faults = (
        ("login_status", {"status": 502}, "cannot_connect"),
        ("login_status", {"status": 429}, "rate_limited"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("greeting_close", {}, "cannot_connect"),
    )
    silent_faults = ("greeting_none",)
    client_options = (
        (
            {"list_refresh_minutes": 30, "unknown_devices": True},
            {"list_interval_s": 1800, "read_unknown": True},
        ),
    )
    present = (PLUG,)
    large = {("cover", "switch"): 500}
    large_requests = {"POST /device/states": 6}
    unsafe = {"login_url": "http://cloud.example.org/login"}
    empty = "DiO cloud"

    @override
    def said_goodbye(self, peer: Any) -> bool:
        return bool(peer.requests("POST /session/logout"))

    @override
    def logins(self, peer: Any) -> int:
        return len([item for item in peer.received if item.what == "login"])

    @override
    def furnish(self, home: Any) -> str:
        return home.add("plug", "Nouvelle prise").device_id

    @override
    async def test_nothing_is_left_behind(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Any, reloads: int
    ) -> None:
        """Nor does the cloud keep more than the tokens that were asked for."""
        await super().test_nothing_is_left_behind(hass, entry, peer, reloads)
        assert len(peer.tokens) <= 2 * (reloads + 1)


async def test_names_speak_the_users_language(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """In French, entities have French names."""
    hass.config.language = "fr"
    await setup(hass, entry)
    names = {state.name for state in hass.states.async_all()}
    assert names >= {"Prise lampadaire Mode discret", "Sam Ple Actualiser", "Portier"}


async def test_entry_of_the_core_integration(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Data that only has the core integration's keys leads to the vendor's servers."""
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=ACCOUNT, data={"username": "a@example.org", "password": "b"}
    )
    entry.add_to_hass(hass)
    # There is no way out of the tests to the vendor: the name does not resolve.
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "cannot_connect"


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


async def test_expired_token(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An expired token is replaced without anyone noticing."""
    entity_id = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.expire_tokens()
    cloud.close_sessions()
    await until_state(hass, connection_of(hass), "off")
    assert hass.states.get(entity_id).state == STATE_ON
    pass_time(hass, 5)
    await until_state(hass, connection_of(hass), "on")
    assert hass.states.get(entity_id).state == STATE_ON
    assert not hass.config_entries.flow.async_progress()


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
    await until_state(hass, connection_of(hass), "off")
    await hass.async_block_till_done()
    assert len(cloud.requests("GET /device$")) == 2
    assert has_device(hass, loaded, PLUG)
