"""Accessories move from Home Assistant's own integration to ours and back, as a user does it.

The accessories are those of **HAP-python**; both integrations run in one Home Assistant, which finds them by real mDNS.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, override
from unittest.mock import patch
from uuid import uuid4

from homeassistant.components.zeroconf.models import HaZeroconf
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import CONF_DEVICE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.loader import async_get_zeroconf
from homeassistant.setup import async_setup_component
import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from custom_components.hap_controller.const import BUILT_IN_DOMAIN, CONF_VALVES_AS_SWITCHES, DOMAIN
from custom_components.hap_controller.protocol import PairingRecord
from tests.hap_controller.forms import start
from tests.hap_controller.protocol.running import HOST, until
from tests.support.forms import submit
from tests.support.rooms import act, pass_time, until_state

from .test_hap_controller_client import CODE, KINDS, Witness

LOCK = "lock.my_door"
LAMP = "light.lamp"
CONF_ENTITIES = "take_over_entities"


class Connections(dict[Any, Any]):
    """The connections that an accessory has, and how many it had at once."""

    most = 0

    @override
    def __setitem__(self, place: Any, connection: Any) -> None:
        """Take another one."""
        super().__setitem__(place, connection)
        self.most = max(self.most, len(self))


@pytest.fixture
async def witness(socket_enabled: None, tmp_path: Path) -> AsyncIterator[Witness]:
    """Serve a bridge, and announce it on this machine."""
    mdns = AsyncZeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only)
    name = f"Bridge {uuid4().hex[:8]}"
    async with Witness(tmp_path, name=name, zeroconf=mdns) as witness:
        witness.driver.http_server.connections = Connections()
        yield witness
    # It says goodbye for a while.
    last = [each for each in asyncio.all_tasks() if "_async_broadcast_service" in repr(each)]
    await asyncio.gather(*last)
    await mdns.async_close()


@pytest.fixture(autouse=True)
def loopback(hass: HomeAssistant) -> Iterator[None]:
    """Let Home Assistant hear HomeKit accessories on this machine, which it would not; there is no Bluetooth.

    What else other tests announce meanwhile is nothing to it.
    """
    hass.config.components.add("bluetooth_adapters")

    async def only_homekit(hass: HomeAssistant) -> dict[str, Any]:
        types = await async_get_zeroconf(hass)
        return {name: found for name, found in types.items() if name.startswith("_hap.")}

    with (
        patch("homeassistant.components.zeroconf.async_get_zeroconf", only_homekit),
        patch(
            "homeassistant.components.zeroconf.HaZeroconf",
            lambda **_: HaZeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only),
        ),
        patch("aiohomekit.controller.controller.BLE_TRANSPORT_SUPPORTED", False),
    ):
        yield


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow what the built-in integration leaves behind a command."""
    return True


def offers(hass: HomeAssistant, witness: Witness) -> dict[str, Any]:
    """Return the forms that offer to pair the accessory, by integration."""
    return {
        flow["handler"]: flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"].get("unique_id") == witness.driver.state.mac.lower()
    }


async def pair(hass: HomeAssistant, form: Any) -> ConfigEntry:
    """Enter the setup code; the two libraries do not agree on leading zeros, so that now and then a proof fails."""
    for _ in range(6):  # it asks to be paired anew, shows the form again, and takes the code
        form = await submit(hass, form, {"pairing_code": CODE})
        if form["type"] is FlowResultType.CREATE_ENTRY:
            break
        assert form["errors"] in ({}, {"pairing_code": "authentication_error"})
    entry: ConfigEntry = form["result"]
    return entry


def shape(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, tuple[Any, ...]]:
    """Describe the entities of an entry as their user knows them, by what identifies them."""
    return {
        f"{each.domain} {each.unique_id}": (
            each.entity_id,
            each.name,
            each.area_id,
            each.device_id,
            each.disabled_by,
        )
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


async def operate(hass: HomeAssistant, witness: Witness, *, lock: bool) -> None:
    """Lock or unlock the door, while somebody switches the lamp at itself."""
    target, _ = witness.characteristic("Lock", "LockTargetState")
    current, (aid, iid) = witness.characteristic("Lock", "LockCurrentState")
    lamp, (lamp_aid, lamp_iid) = witness.characteristic("Lamp", "On")
    # The built-in integration subscribes a while after it is set up.
    topics = {f"{aid}.{iid}", f"{lamp_aid}.{lamp_iid}"}
    await until(lambda: topics <= {each for each, to in witness.driver.topics.items() if to})
    await act(hass, Platform.LOCK, "lock" if lock else "unlock", LOCK)
    assert target.value == lock
    current.set_value(int(lock))
    lamp.set_value(lock)
    await until_state(hass, LOCK, "locked" if lock else "unlocked")
    await until_state(hass, LAMP, "on" if lock else "off")


async def test_over_and_back(hass: HomeAssistant, witness: Witness) -> None:
    """Paired by the one, moved to the other and back: the accessory is never reset, and never asked by two at once."""
    state = witness.driver.state
    connections = witness.driver.http_server.connections
    assert await async_setup_component(hass, "zeroconf", {})
    await until(lambda: offers(hass, witness).keys() == {DOMAIN, BUILT_IN_DOMAIN})
    form = offers(hass, witness)[BUILT_IN_DOMAIN]
    result = await hass.config_entries.flow.async_configure(form["flow_id"])
    theirs = await pair(hass, result)
    assert theirs.state is ConfigEntryState.LOADED
    (controller,) = state.paired_clients
    # Ours hears that it is paired now.
    await until(lambda: not offers(hass, witness))
    await until(lambda: len(connections) == 1)
    connections.most = 1

    # What people make of it.
    entities, devices = er.async_get(hass), dr.async_get(hass)
    cellar = ar.async_get(hass).async_create("Cellar")
    entities.async_update_entity("lock.lock", new_entity_id=LOCK, name="My door", area_id=cellar.id)
    device_id = entities.entities[LOCK].device_id
    assert device_id
    devices.async_update_device(device_id, name_by_user="The door", area_id=cellar.id)
    await hass.async_block_till_done()
    before = shape(hass, theirs)
    assert len(before) > 2 * len(KINDS)
    await operate(hass, witness, lock=True)

    # Over.
    result = await start(hass, "take_over")
    result = await submit(
        hass,
        result,
        {CONF_DEVICE: theirs.entry_id, CONF_ENTITIES: True, CONF_VALVES_AS_SWITCHES: False},
    )
    ours: ConfigEntry = result["result"]
    await hass.async_block_till_done()
    assert ours.state is ConfigEntryState.LOADED
    assert ours.title == theirs.title
    assert theirs.disabled_by is ConfigEntryDisabler.USER
    assert PairingRecord.read(dict(ours.data)).keys == PairingRecord.read(dict(theirs.data)).keys
    now = shape(hass, ours)
    assert before.items() <= now.items()
    assert not shape(hass, theirs)
    device = devices.async_get(device_id)
    assert device
    assert (device.config_entry_id, device.name_by_user) == (ours.entry_id, "The door")
    pass_time(hass, 11)  # they look a while after a command what became of it
    await operate(hass, witness, lock=False)
    await hass.async_block_till_done()
    assert len(connections) == 1

    # A restart changes nothing, and the disabled one does not come to life by what is announced.
    assert await hass.config_entries.async_reload(ours.entry_id)
    await until_state(hass, LOCK, "unlocked")
    assert shape(hass, ours) == now
    assert not offers(hass, witness)

    # And back.
    context = {"source": SOURCE_RECONFIGURE, "entry_id": ours.entry_id}
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context)
    result = await submit(hass, result, {"next_step_id": "move_back"})
    result = await submit(hass, result, {})
    assert result["reason"] == "moved_back"
    await hass.async_block_till_done()
    assert ours.disabled_by is ConfigEntryDisabler.USER
    assert theirs.state is ConfigEntryState.LOADED
    assert shape(hass, theirs) == before
    device = devices.async_get(device_id)
    assert device
    assert (device.config_entry_id, device.name_by_user) == (theirs.entry_id, "The door")
    await operate(hass, witness, lock=True)

    # Nobody noticed at the accessory.
    assert list(state.paired_clients) == [controller]
    assert connections.most == 1
    await hass.config_entries.async_remove(ours.entry_id)
    assert list(state.paired_clients) == [controller]
    await operate(hass, witness, lock=False)
    assert await hass.config_entries.async_unload(theirs.entry_id)
