"""Pairings that are taken back: of removed entries, of accessories that were away, after a restart."""

import asyncio
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.announcements import async_announced
from custom_components.hap_controller.const import BUILT_IN_DOMAIN, CONF_PAIRING_ID, DOMAIN
from custom_components.hap_controller.leftovers import async_get_leftovers, store_half
from custom_components.hap_controller.protocol import (
    ControllerPermission,
    HalfKeys,
    LinkClosedError,
    Pairing,
    revoke_pairing,
)
from tests.support.fault_proxy import Cut, FaultProxy

from .forms import announce, hear, id_of, issues, nowhere, port_of, service_of, unpaired
from .living import ACCESSORY_ID, HOST, Living, new_entry
from .protocol.running import pair

LEFTOVERS = "custom_components.hap_controller.leftovers"
STORE = "hap_controller.leftovers"


@pytest.fixture(autouse=True)
def network(socket_enabled: None, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Keep the network out, but for what a test lets be heard."""
    return mock_async_zeroconf


def controller(name: str, *, admin: bool) -> Pairing:
    """Describe another controller."""
    return Pairing(name, bytes(32), ControllerPermission(admin))


async def left(hass: HomeAssistant) -> list[Any]:
    """Give what is kept."""
    return list((await async_get_leftovers(hass))._kept.values())


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Remove an entry."""
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()


# --- removed entries ----------------------------------------------------------------------------


async def test_removed(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The accessory of a removed entry can be paired anew."""
    await remove(hass, loaded)
    assert not living.register.paired
    assert not await left(hass)
    assert not issues(hass)


@pytest.mark.parametrize("admin", [False, True])
async def test_others(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, admin: bool
) -> None:
    """Others stay paired while there is an administrator among them; else the user is told whom it has cost."""
    pairings = living.register.pairings
    pairings["guest"] = controller("guest", admin=False)
    pairings["other"] = controller("other", admin=admin)
    await remove(hass, loaded)
    if admin:
        assert pairings.keys() == {"guest", "other"}
        assert not issues(hass)
    else:
        assert not pairings
        told = issues(hass)["others_dropped"]
        assert told.translation_placeholders == {"accessory": "Accessory", "count": "2"}


async def test_forgotten_already(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """An accessory that does not know us has nothing to forget."""
    living.register.pairings.clear()
    await remove(hass, entry)
    assert not issues(hass)


@pytest.mark.parametrize("changes", [{"Connection": "BLE"}, {"iOSDeviceLTSK": "nonsense"}])
async def test_nothing_to_be_done(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, changes: dict[str, str]
) -> None:
    """What cannot be done is not tried."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, **changes})
    await remove(hass, entry)
    assert living.register.paired
    assert not await left(hass)
    assert not issues(hass)


@pytest.mark.parametrize("enabled", [False, True])
async def test_twin(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, enabled: bool
) -> None:
    """The accessory stays paired when the built-in integration has the same pairing, in use or not."""
    MockConfigEntry(
        domain=BUILT_IN_DOMAIN,
        data=entry.data,
        disabled_by=None if enabled else ConfigEntryDisabler.USER,
    ).add_to_hass(hass)
    await remove(hass, entry)
    assert living.register.paired
    assert not await left(hass)
    assert not issues(hass)


async def test_moved(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, network: MagicMock
) -> None:
    """The accessory is looked for where it announces itself."""
    hear(network, service_of(living))
    with nowhere() as port:
        hass.config_entries.async_update_entry(entry, data={**entry.data, "AccessoryPort": port})
        await remove(hass, entry)
    assert not living.register.paired


async def test_hangs_up(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An accessory that hangs up before its answer is read is asked a second time."""
    async with FaultProxy(living.port) as proxy:
        data = {**entry.data, "AccessoryPort": proxy.port}
        hass.config_entries.async_update_entry(entry, data=data)

        async def revoke(*args: Any) -> list[Pairing]:
            others = await revoke_pairing(*args)
            if visits.call_count == 1:
                raise LinkClosedError("hung up")
            return others

        with patch(f"{LEFTOVERS}.revoke_pairing", side_effect=revoke) as visits:
            await remove(hass, entry)
        assert visits.call_count == 2
    assert not living.register.paired
    assert not issues(hass)


async def test_away(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    loaded: MockConfigEntry,
    living: Living,
) -> None:
    """An accessory that is away stays paired, which is told and kept; when it shows up it is freed."""
    await living.stop()
    await remove(hass, loaded)
    assert living.register.paired
    told = issues(hass)["still_paired"]
    assert told.translation_placeholders == {"accessory": "Accessory"}
    assert told.is_fixable and told.is_persistent
    assert told.data
    assert ACCESSORY_ID not in str(told.data)
    assert living.keys.controller_ltsk.hex() not in str(told.data)
    (stored,) = hass_storage[STORE]["data"].values()
    assert stored == {"name": "Accessory", "record": living.record.store()}

    await living.start()
    assert (await announce(hass, living))["reason"] == "already_paired"
    assert not living.register.paired
    assert not await left(hass)
    assert not issues(hass)


async def test_silent(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Nobody waits for ever for an accessory that does not answer."""
    async with FaultProxy(living.port) as proxy:
        proxy.blackhole = True
        data = {**entry.data, "AccessoryPort": proxy.port}
        hass.config_entries.async_update_entry(entry, data=data)
        with patch(f"{LEFTOVERS}._LIMIT_S", 0.01):
            await remove(hass, entry)
    assert issues(hass).keys() == {"still_paired"}


# --- after a restart ----------------------------------------------------------------------------


async def test_restart(hass: HomeAssistant, hass_storage: dict[str, Any], living: Living) -> None:
    """What was kept before a restart is tried at the next start."""
    half = HalfKeys(ACCESSORY_ID.lower(), living.keys.controller_id, living.keys.controller_ltsk)
    hass_storage[STORE] = {
        "version": 1,
        "data": {
            "a": {"name": "Lamp", "record": store_half(half, (HOST,), living.port)},
            "b": {"name": "Nonsense", "record": {"iOSPairingId": "x"}},
        },
    }
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not living.register.paired
    assert not await left(hass)


async def test_restart_after_all(
    hass: HomeAssistant, hass_storage: dict[str, Any], entry: MockConfigEntry, living: Living
) -> None:
    """A pairing that an entry has, as after a crash right behind pairing, is not taken back."""
    record = living.record.store()
    hass_storage[STORE] = {"version": 1, "data": {"a": {"name": "Lamp", "record": record}}}
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert living.register.paired
    assert not await left(hass)


@pytest.mark.parametrize("stored", [[], "nonsense", None])
async def test_unreadable(hass: HomeAssistant, hass_storage: dict[str, Any], stored: Any) -> None:
    """A file that is none is as good as no file."""
    hass_storage[STORE] = {"version": 1, "data": stored}
    assert await left(hass) == []


# --- one by one ---------------------------------------------------------------------------------


async def test_find(hass: HomeAssistant, network: MagicMock) -> None:
    """A pairing is found by the id of its accessory, or by its address if that is all that is known; not one in work."""
    leftovers = await async_get_leftovers(hass)
    async with unpaired() as server, unpaired("Other") as other:
        keys = HalfKeys(server.state.register.accessory_id, "controller", bytes(32))
        port = port_of(server)
        with_id = await leftovers.async_keep("Lamp", store_half(keys, ("192.0.2.7",), 1))
        without = await leftovers.async_keep(
            "Lamp", store_half(replace(keys, accessory_id=None), (HOST,), port)
        )
        nowhere_known = await leftovers.async_keep("Lamp", {"iOSPairingId": "x"})
        hear(network, service_of(server), service_of(other))
        found = await async_announced(hass)
        announcement, another = found[id_of(server)], found[id_of(other)]
        assert leftovers.find(announcement) is None
        leftovers.release(without)
        assert leftovers.find(announcement) == without
        leftovers.release(with_id)
        assert leftovers.find(announcement) == with_id
        leftovers.release(nowhere_known)
        assert leftovers.find(another) is None
        leftovers.forget(with_id)
        leftovers.forget(with_id)
        assert leftovers.find(announcement) == without


async def test_half(hass: HomeAssistant) -> None:
    """What was lost halfway is taken back without knowing who the accessory is."""
    leftovers = await async_get_leftovers(hass)
    async with unpaired() as server:
        keys = pair(server.state.register)
        half = HalfKeys(None, keys.controller_id, keys.controller_ltsk)
        record = store_half(half, (), port_of(server))
        assert CONF_PAIRING_ID not in record
        key = await leftovers.async_keep("Lamp", record)
        assert not await leftovers.async_take_back(key)  # it is not even known where it is
        assert server.paired
        key = await leftovers.async_keep("Lamp", store_half(half, (HOST,), port_of(server)))
        assert await leftovers.async_take_back(key)
        assert not server.paired
        assert await leftovers.async_take_back(key)


async def test_cancelled(hass: HomeAssistant, living: Living) -> None:
    """A visit that is cancelled leaves everything to the next."""
    leftovers = await async_get_leftovers(hass)
    key = await leftovers.async_keep("Lamp", living.record.store())
    async with FaultProxy(living.port) as proxy:
        proxy.blackhole = True
        leftovers._kept[key]["record"]["AccessoryPort"] = proxy.port
        visit = asyncio.create_task(leftovers.async_take_back(key))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit
        proxy.drop_all(Cut.RST)
    assert living.register.paired
    assert not leftovers._busy
    leftovers._kept[key]["record"]["AccessoryPort"] = living.port
    await leftovers.async_take_back_all()
    assert not living.register.paired


async def test_entry_of_somebody_else(hass: HomeAssistant, living: Living) -> None:
    """What another entry has is not what was left."""
    new_entry(living).add_to_hass(hass)
    leftovers = await async_get_leftovers(hass)
    async with unpaired() as server:
        keys = replace(pair(server.state.register), controller_id="somebody else")
        server.state.register.pairings["somebody else"] = replace(
            server.state.register.pairings.popitem()[1], controller_id="somebody else"
        )
        half = HalfKeys(None, keys.controller_id, keys.controller_ltsk)
        key = await leftovers.async_keep("Lamp", store_half(half, (HOST,), port_of(server)))
        assert await leftovers.async_take_back(key)
        assert not server.paired
    assert living.register.paired
