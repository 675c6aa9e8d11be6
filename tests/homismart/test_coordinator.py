"""From changes of the cloud to states and registries: outages, redirects, what comes, changes and goes."""

import asyncio
from collections.abc import Iterator
from typing import Any, override
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import PLATFORMS
from simulators.homismart import Home, SimulatedCloud, Terms
from tests.support.contract.coordinator import CoordinatorContract, Newcomer

from .helpers import (
    ACCOUNT,
    BOILER,
    CONF_TERMS_CONFIRMED,
    CORRIDOR,
    CURTAIN,
    GARDEN,
    GATE,
    HUB,
    LIST,
    PROTOCOL,
    SHUTTER,
    STAIRS,
    THING,
    VENDOR,
    WASHER,
    act,
    commands,
    connection_of,
    device_of,
    entity_id_of,
    fails,
    has_device,
    has_entity,
    issues,
    note_states,
    pass_time,
    reconnect,
    refresh,
    set_up_in_vain,
    settle,
    setup,
    state_of,
    unavailable,
    until,
    until_state,
)


def via_of(hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> str:
    """Return the vendor's id of what a device hangs on."""
    via = device_of(hass, entry, device_id).via_device_id
    found = next(
        device
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if device.id == via
    )
    ((_, device_id),) = found.identifiers
    return device_id


class TestRegistries(CoordinatorContract):
    """What the coordinators of all vendors do."""

    vendor = VENDOR
    announcements = ("push", "answer", "none")
    renamed = CORRIDOR

    @override
    def add(self, peer: Any, announcement: str) -> Newcomer:
        new = peer.home.add("light_switch", "New lamp", hub=HUB, announce=announcement)
        sibling = f"{new.device_id}-led"
        return Newcomer(new.device_id, "New lamp", Platform.LIGHT, sibling, HUB)

    @override
    def update(self, home: Any, device_id: str) -> str:
        home.set_version(device_id, 3)
        return "3"

    @override
    async def complain(self, hass: HomeAssistant, peer: Any) -> None:
        peer.home.terms = Terms(changed=True)
        peer.abort()
        await until_state(hass, connection_of(hass), STATE_OFF)
        await reconnect(hass, peer)
        assert issues(hass) == {"terms"}


@pytest.fixture
def quick_lists() -> Iterator[None]:
    """Follow hints, and confirm doubtful lists, at once, where otherwise half a minute would go by."""
    with (
        patch(f"{PROTOCOL}.connection.HINT_INTERVAL_S", 0.01),
        patch(f"{PROTOCOL}.client.CONFIRM_LIST_S", 0.1),
    ):
        yield


# --- the link -------------------------------------------------------------------------------


async def test_available_only_after_the_list(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A link without a list vouches for nothing."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    connection = connection_of(hass)
    cloud.faults.arm("silence", prefix=LIST)
    cloud.abort()
    await until_state(hass, connection, STATE_OFF)
    pass_time(hass, 9)
    await cloud.journal.wait_for(lambda: len(cloud.requests(LIST)) == 2)
    error = await fails(hass, Platform.SWITCH, "turn_off", boiler)
    assert error.translation_key == "cannot_connect"
    pass_time(hass, 11)
    assert state_of(hass, boiler).state == STATE_UNAVAILABLE
    assert state_of(hass, connection).state == STATE_OFF
    cloud.faults.clear()
    cloud.abort()
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    await reconnect(hass, cloud)
    assert state_of(hass, boiler).state == STATE_ON
    assert not commands(cloud)


async def test_odd_frames(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What cannot be understood costs nothing."""
    before = {state.entity_id: state.state for state in hass.states.async_all()}
    cloud.send_odd_frames()
    cloud.send_text("[" * 10_000)
    cloud.send_error(4711)
    await settle(hass, cloud)
    cloud.home.press(BOILER)
    await settle(hass, cloud)
    cloud.home.press(BOILER, on=True)
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, BOILER), STATE_ON)
    after = {state.entity_id: state.state for state in hass.states.async_all()}
    assert after == before
    assert len([item for item in cloud.received if item.what == "open"]) == 1


# --- redirects ------------------------------------------------------------------------------


async def test_redirect_before_the_login(
    hass: HomeAssistant, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A login that leads elsewhere ends up there, and the rest happens there."""
    async with cloud.sibling() as second:
        cloud.faults.arm("login_redirect")
        await setup(hass, entry)
        await cloud.journal.wait_for(lambda: not cloud.sessions)
        assert len(second.sessions) == 1
        boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
        await act(hass, Platform.SWITCH, "turn_off", boiler)
        assert len(commands(second)) == 1
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert not second.violations


async def test_redirect_after_the_login(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """While we move to another server nothing flickers; after a loss there we begin where we were told to."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    before = unavailable(hass)
    seen = note_states(
        hass, Platform.LIGHT, Platform.SWITCH, Platform.COVER, Platform.LOCK, Platform.NUMBER
    )
    async with cloud.sibling() as second:
        cloud.redirect()
        await until_state(hass, connection_of(hass), STATE_OFF)
        await until_state(hass, connection_of(hass), STATE_ON)
        await cloud.journal.wait_for(lambda: not cloud.sessions)
        assert len(second.sessions) == 1
        assert unavailable(hass) == before
        assert seen == []
        await act(hass, Platform.SWITCH, "turn_off", boiler)
        assert len(commands(second)) == 1
        second.abort()
        await until_state(hass, connection_of(hass), STATE_OFF)
        await reconnect(hass, cloud)
        assert len(cloud.sessions) == 1
        assert not second.violations
    assert state_of(hass, boiler).state == STATE_OFF


async def test_redirect_elsewhere(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Where the digest must not go nobody goes."""
    cloud.redirect("192.0.2.1", "443")
    cloud.redirect("evil.example.org", "443")
    await settle(hass, cloud)
    assert state_of(hass, connection_of(hass)).state == STATE_ON
    assert len([item for item in cloud.received if item.what == "open"]) == 1


# --- devices come, change and go ------------------------------------------------------------


async def test_new_device_without_a_type(
    hass: HomeAssistant, quick_lists: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What it is only the list tells: until then it is nothing, and never the wrong thing."""
    noted = note_states(hass, *PLATFORMS)
    new = cloud.home.add("shutter", "New shutter", announce="partial")
    await until(hass, lambda: has_entity(hass, Platform.COVER, new.device_id))
    await hass.async_block_till_done()
    assert not has_entity(hass, Platform.SWITCH, new.device_id)
    assert {state.domain for state in noted if new.name in state.name} == {
        "cover",
        "number",
        "switch",
    }


async def test_hub_comes_after_its_devices(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Devices of a hub that nobody knows hang on the account, and on the hub once it is known."""
    hub = home.remove(HUB)
    await setup(hass, entry)
    assert via_of(hass, entry, BOILER) == ACCOUNT
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, BOILER)).state == STATE_ON
    home.put(hub)
    home.rename(HUB, "Late unit")
    await until(hass, lambda: has_device(hass, entry, HUB))
    await hass.async_block_till_done()
    assert via_of(hass, entry, HUB) == ACCOUNT
    assert via_of(hass, entry, BOILER) == HUB
    assert via_of(hass, entry, SHUTTER) == HUB
    assert via_of(hass, entry, GATE) == GARDEN
    assert state_of(hass, "binary_sensor.late_unit_connectivity").state == STATE_ON
    # And the other way about: what it took along stays until it is gone itself.
    home.remove(HUB)
    await until(hass, lambda: not has_device(hass, entry, HUB))
    assert via_of(hass, entry, BOILER) == ACCOUNT
    await hass.async_block_till_done()
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, BOILER)).state == STATE_ON


async def test_device_moves_to_another_hub(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device hangs on the hub that it says, if there is such a hub."""
    for pid, via in ((GARDEN, GARDEN), (WASHER, ACCOUNT), ("00FFFFFFFFFFFF", ACCOUNT), (HUB, HUB)):
        cloud.home.write(BOILER, {"pid": pid})
        await until(hass, lambda via=via: via_of(hass, loaded, BOILER) == via)


@pytest.mark.parametrize("announce", [True, False])
async def test_removed_device(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, announce: bool
) -> None:
    """A device that was deleted, or is missing from a list, is gone with its entities."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    cloud.home.remove(WASHER, announce=announce)
    if not announce:
        cloud.faults.arm("silence", prefix=LIST, count=1)
        await settle(hass, cloud)
        assert has_device(hass, loaded, WASHER)
        cloud.faults.clear()
        await refresh(hass)
    await until(hass, lambda: not has_device(hass, loaded, WASHER))
    await hass.async_block_till_done()
    assert hass.states.get(washer) is None
    assert not has_entity(hass, Platform.SWITCH, f"{WASHER}-led")
    assert not cloud.requests("0014")


@pytest.mark.parametrize("how", ["empty", "shrunk"])
async def test_lists_that_lack_too_much(
    hass: HomeAssistant,
    quick_lists: None,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    how: str,
) -> None:
    """A list that has lost most of the home is asked for again before anything goes."""
    cloud.faults.arm("list", how=how, count=1)
    asked = len(cloud.requests(LIST))
    await refresh(hass)
    await cloud.journal.wait_for(lambda: len(cloud.requests(LIST)) == asked + 2)
    await settle(hass, cloud)
    for device_id in (WASHER, CORRIDOR, GARDEN):
        assert has_device(hass, loaded, device_id)
    # When the second says the same it is believed.
    cloud.faults.arm("list", how=how, count=2)
    await refresh(hass)
    await until(hass, lambda: not has_device(hass, loaded, GATE))
    assert has_device(hass, loaded, ACCOUNT)


@pytest.mark.parametrize("how", ["object", "null", "truncated", "bare"])
async def test_lists_that_are_none(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, how: str
) -> None:
    """An answer that is no list removes nothing; it is asked for again."""
    cloud.faults.arm("list", how=how, count=1)
    with patch(f"{PROTOCOL}.connection.LIST_LIMIT_S", 0.25):
        await refresh(hass)
    await settle(hass, cloud)
    assert has_device(hass, loaded, WASHER)


async def test_strangers_in_the_list(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One bad entry does not spoil the rest."""
    cloud.faults.arm("list", how="strangers", count=1)
    cloud.faults.arm("lost_push", device=WASHER, count=1)
    cloud.home.press(WASHER, on=True)
    await refresh(hass)
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, WASHER)).state == STATE_ON


async def test_names(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Hubs have names as well, and one that is taken away leaves the last one."""
    cloud.home.rename(WASHER, "Dryer")
    cloud.home.rename(HUB, "Main house")
    cloud.home.set_icon(WASHER, "5")
    cloud.home.set_version(WASHER, 3)
    await until(hass, lambda: device_of(hass, loaded, WASHER).sw_version == "3")
    assert device_of(hass, loaded, WASHER).name == "Dryer"
    assert device_of(hass, loaded, HUB).name == "Main house"
    cloud.home.write(WASHER, {"name": "", "version": 4})
    await until(hass, lambda: device_of(hass, loaded, WASHER).sw_version == "4")
    assert device_of(hass, loaded, WASHER).name == "Dryer"


async def test_nameless_device(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device without a name is called by what it is."""
    home.device(WASHER).members["name"] = ""
    home.device(GARDEN).members["name"] = None
    await setup(hass, entry)
    assert device_of(hass, entry, WASHER).name == "Socket 9302"
    assert device_of(hass, entry, GARDEN).name == "Main unit 0E95"


async def test_type_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device of another type has other entities; those of the old type are gone."""
    old = device_of(hass, loaded, STAIRS).id
    cloud.home.change_type(STAIRS, 2)
    await until(hass, lambda: has_entity(hass, Platform.LIGHT, STAIRS))
    await hass.async_block_till_done()
    assert not has_entity(hass, Platform.SWITCH, STAIRS)
    assert device_of(hass, loaded, STAIRS).id == old
    assert device_of(hass, loaded, STAIRS).model == "Light switch"
    assert device_of(hass, loaded, STAIRS).model_id == "2"
    assert via_of(hass, loaded, STAIRS) == HUB
    await act(hass, Platform.LIGHT, "turn_on", entity_id_of(hass, Platform.LIGHT, STAIRS))
    cloud.home.change_type(STAIRS, 66)
    await until(hass, lambda: not has_device(hass, loaded, STAIRS))
    assert not has_entity(hass, Platform.LIGHT, STAIRS)
    cloud.home.change_type(STAIRS, 6)
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, STAIRS))


async def test_type_becomes_known(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that nobody knew is taken up when it turns out what it is."""
    assert not has_device(hass, loaded, THING)
    cloud.home.change_type(THING, 1)
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, THING))
    await hass.async_block_till_done()
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, THING)).state == STATE_OFF


async def test_text_instead_of_numbers(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Types that come as text change nothing in what is shown."""
    await refresh(hass)
    before = hass.states.async_all(("light", "switch", "cover", "lock", "number", "binary_sensor"))
    cloud.faults.arm("text_types")
    await refresh(hass)
    await hass.async_block_till_done()
    assert [state_of(hass, state.entity_id) for state in before] == before
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    await act(hass, Platform.SWITCH, "turn_off", boiler)
    assert state_of(hass, boiler).state == STATE_OFF
    assert state_of(hass, entity_id_of(hass, Platform.COVER, CURTAIN)).state == "open"


async def test_another_client(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Another client that writes what it remembers wins, and what became of it shows."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    cloud.home.remember(WASHER)
    await act(hass, Platform.SWITCH, "turn_on", washer)
    cloud.home.rewrite(WASHER, {"led": 50})
    await until_state(hass, washer, STATE_OFF)
    # What it wrote goes along with the next command of ours.
    await act(hass, Platform.SWITCH, "turn_on", washer)
    assert cloud.home.device(WASHER).members["led"] == 50


# --- terms of use ---------------------------------------------------------------------------


@pytest.fixture
def changed_terms(home: Home) -> Terms:
    """Let the cloud want its terms confirmed; the list comes all the same."""
    home.terms = Terms(changed=True)
    return home.terms


async def test_terms_at_set_up(
    hass: HomeAssistant, changed_terms: Terms, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Nobody but the user agrees; the list may come all the same."""
    assert issues(hass) == {"terms"}
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, BOILER)).state == STATE_ON
    assert cloud.home.terms.changed
    assert not cloud.requests("0222")


async def test_terms_and_no_list(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Without a list the entry keeps trying, and the user is told why."""
    home.terms = Terms(changed=True, withhold=True)
    await set_up_in_vain(hass, entry, cloud)
    assert entry.reason
    assert issues(hass) == {"terms"}
    assert not cloud.requests("0222")
    # Somebody confirms them in the vendor's app.
    home.terms = Terms()
    pass_time(hass, 700)
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert not issues(hass)
    assert state_of(hass, entity_id_of(hass, Platform.SWITCH, BOILER)).state == STATE_ON


async def test_terms_change_later(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Terms that change while all is well are asked for with the next login, until they are confirmed elsewhere."""
    assert not issues(hass)
    cloud.home.terms = Terms(changed=True)
    for wanted in ({"terms"}, set()):
        cloud.abort()
        await until_state(hass, connection_of(hass), STATE_OFF)
        await reconnect(hass, cloud)
        assert issues(hass) == wanted
        assert not cloud.requests("0222")
        cloud.home.terms = Terms()


@pytest.mark.parametrize("options", [{"accept_terms": True}])
async def test_terms_are_accepted_by_option(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    options: dict[str, Any],
) -> None:
    """Who has said so in advance is not asked."""
    home.terms = Terms(changed=True, withhold=True)
    await setup(hass, entry)
    assert not issues(hass)
    assert len(cloud.requests("0222")) == 1
    cloud.home.terms = Terms(changed=True)
    cloud.abort()
    await until_state(hass, connection_of(hass), STATE_OFF)
    await reconnect(hass, cloud)
    await cloud.journal.wait_for(lambda: len(cloud.requests("0222")) == 2)
    assert not issues(hass)


async def test_terms_confirmed_before_set_up(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An agreement given while the entry was not loaded counts for one set-up, not for later terms."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TERMS_CONFIRMED: True})
    home.terms = Terms(changed=True, withhold=True)
    await setup(hass, entry)
    assert CONF_TERMS_CONFIRMED not in entry.data
    assert len(cloud.requests("0222")) == 1
    assert not issues(hass)
    cloud.home.terms = Terms(changed=True)
    cloud.abort()
    await until_state(hass, connection_of(hass), STATE_OFF)
    await reconnect(hass, cloud)
    assert issues(hass) == {"terms"}
    assert len(cloud.requests("0222")) == 1


async def test_two_commands_and_a_push_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Everything that happens to a device at once leaves it as the last word of each was."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    led = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-led")
    async with asyncio.TaskGroup() as group:
        group.create_task(act(hass, Platform.SWITCH, "turn_on", led))
        group.create_task(act(hass, Platform.SWITCH, "turn_on", washer))
        cloud.home.rename(WASHER, "Dryer")
    members = cloud.home.device(WASHER).members
    assert (members["led"], members["power"], members["name"]) == (100, True, "Dryer")
    assert device_of(hass, loaded, WASHER).name == "Dryer"
