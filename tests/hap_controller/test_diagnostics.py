"""Diagnostics tell much, and nothing secret; from them the accessory can be brought to life again."""

import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.hap_controller import diagnostics
from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.device_trigger import async_get_triggers
from custom_components.hap_controller.protocol import Database
from simulators.hap_controller import SimulatedAccessory
from simulators.hap_controller.diagnostics import model_from
from simulators.hap_controller.memory import Memory
from tests.support.rooms import pass_time, setup, until_state

from .living import ACCESSORY_ID, HOST, Living, accessory, characteristic, flush, poll, service
from .test_databases import entities_of

HIDDEN = "**REDACTED**"


@pytest.fixture
def download(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Download diagnostics as a user does; no secret of the pairing may be in them."""

    async def get(entry: MockConfigEntry, living: Living, device_id: str | None = None) -> Any:
        assert await async_setup_component(hass, "diagnostics", {})
        address = f"/api/diagnostics/config_entry/{entry.entry_id}"
        if device_id:
            address += f"/device/{device_id}"
        response = await (await hass_client()).get(address)
        assert response.status == 200
        found = (await response.json())["data"]
        keys = living.keys
        text = json.dumps(found, ensure_ascii=False).lower()
        secrets = (
            keys.accessory_id,
            keys.accessory_ltpk.hex(),
            keys.controller_id,
            keys.controller_ltsk.hex(),
            keys.controller_ltpk.hex(),
            HOST,
        )
        assert [secret for secret in secrets if secret.lower() in text] == []
        return found

    return get


def value_of(found: Any, aid: int, iid: int) -> Any:
    """Give what diagnostics say of a characteristic."""
    return next(
        each.get("value")
        for accessory in found["accessories"]
        if accessory["aid"] == aid
        for service in accessory["services"]
        for each in service["characteristics"]
        if each["iid"] == iid
    )


SECRETIVE = [
    accessory("Front door of Jane", SERIAL_NUMBER="SECRET-77", FIRMWARE_REVISION="1.2.3.4"),
    accessory(
        "Lock",
        service(
            "LOCK_MECHANISM",
            characteristic("LOCK_CURRENT_STATE", 1, iid=100),
            characteristic("LOCK_TARGET_STATE", 1, iid=101),
            characteristic("NAME", "Door", iid=102),
        ),
        service(
            "ACCESS_CODE",
            characteristic("ACCESS_CODE_CONTROL_POINT", "AQI0MjQy", iid=110, perms=["pr"]),
            characteristic("CONFIGURATION_STATE", 4, iid=111),
        ),
        service(
            "WI_FI_TRANSPORT",
            characteristic("12AB", "home network", iid=120, format="string", perms=["pr"]),
        ),
        service(
            "E863F007-079E-48FF-8F27-9C2605A29F52",
            characteristic("12AC", "at 192.168.7.7", iid=130, format="string", perms=["pr"]),
            characteristic("12AD", "AAEC", iid=131, format="data", perms=["pr"]),
        ),
        aid=2,
        SERIAL_NUMBER="SECRET-78",
    ),
]


@pytest.mark.parametrize("accessories", [SECRETIVE])
async def test_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, download: Any
) -> None:
    """The description with its present values is there, texts are, secrets are not."""
    living.push(2, 100, 0)
    await flush(hass, loaded)
    found = await download(loaded, living)
    assert "SECRET" not in json.dumps(found)
    assert found["title"] == "Accessory"
    assert found["state"] == "loaded"
    assert found["data"]["iOSDeviceLTSK"] == found["data"]["AccessoryIP"] == HIDDEN
    assert found["data"]["Connection"] == "IP"
    assert value_of(found, 1, living.find("ACCESSORY_INFORMATION", "SERIAL_NUMBER")[1]) == HIDDEN
    assert (
        value_of(found, 1, living.find("ACCESSORY_INFORMATION", "NAME")[1]) == "Front door of Jane"
    )
    assert (
        value_of(found, 1, living.find("ACCESSORY_INFORMATION", "FIRMWARE_REVISION")[1])
        == "1.2.3.4"
    )
    assert value_of(found, 2, 100) == 0
    assert value_of(found, 2, 102) == "Door"
    assert value_of(found, 2, 110) is None
    assert value_of(found, 2, 111) == 4
    assert value_of(found, 2, 120) is None
    assert value_of(found, 2, 130) == f"at {HIDDEN}"
    assert value_of(found, 2, 131) == "AAEC"
    assert "category" not in found
    bridge, lock = found["devices"]
    assert (bridge["name"], lock["name"]) == ("Front door of Jane", "Lock")
    assert bridge["sw_version"] == "1.2.3.4"
    entity = next(each for each in lock["entities"] if each["entity_id"] == "lock.lock")
    assert (entity["unique_id"], entity["state"]) == ("accessory_2_8", "unlocked")
    link = found["link"]
    assert link["connected"] is True
    assert (link["transport"], link["address_family"], link["connects"]) == ("IP", "IPv4", 1)
    assert link["subscribed"] == len(living.subscribed)
    assert link["not_subscribed"] == 0
    assert link["takes_large_requests"] is None  # a few values do not tell
    assert link["pushes_last_hour"] == 1
    assert link["described"]


def kinds_of(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Describe the entities of an entry, but for what they show now."""
    return {
        key: {name: each for name, each in told.items() if name not in {"state", "attributes"}}
        for key, told in entities_of(hass, entry, set()).items()
    }


@pytest.mark.parametrize("name", ["ecobee", "odd_bridge"])
async def test_from_diagnostics(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, download: Any
) -> None:
    """Whoever has them can bring the accessory of the one who sent them to life."""
    found = await download(loaded, living)
    database = Database.from_accessories(found["accessories"])
    assert set(database.characteristics) == set(loaded.runtime_data.database.characteristics)
    before = kinds_of(hass, loaded)
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    memory = Memory.fresh()
    memory.device_id = ACCESSORY_ID
    model = model_from(json.dumps({"data": found}), "report")
    async with SimulatedAccessory(model, memory=memory) as simulated:
        entry = MockConfigEntry(
            domain=DOMAIN, unique_id=ACCESSORY_ID, title="Accessory", data=simulated.admit()
        )
        entry.add_to_hass(hass)
        await setup(hass, entry)
        assert kinds_of(hass, entry) == before
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("accessories", [SECRETIVE])
async def test_device(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, download: Any
) -> None:
    """Those of a device tell of its entities only, disabled ones included, but of all accessories."""
    device = next(
        each
        for each in dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
        if each.name == "Lock"
    )
    registry = er.async_get(hass)
    registry.async_update_entity("lock.lock", disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    found = await download(loaded, living, device.id)
    assert [each["name"] for each in found["devices"]] == ["Lock"]
    lock = next(
        each for each in found["devices"][0]["entities"] if each["entity_id"] == "lock.lock"
    )
    assert (lock["disabled"], lock["disabled_by"], lock["state"]) == (True, "user", None)
    assert len(found["accessories"]) == 2


async def test_after_trouble(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, download: Any
) -> None:
    """What happened on the link is counted, without a word about where."""
    await poll(hass, loaded, living)
    await living.stop()
    await until_state(hass, "binary_sensor.lamp_connection", "off")
    pass_time(hass, 30)
    await until_state(hass, "switch.lamp", STATE_UNAVAILABLE)
    link = (await download(loaded, living))["link"]
    assert link["connected"] is link["shown_as_connected"] is False
    assert link["drops"]
    assert link["closings"]
    assert link["last_error"]
    assert link["last_poll"]
    assert link["last_poll_s"] >= 0
    assert link["subscribed"] == 0


@pytest.mark.parametrize("host", ["fe80::1%eth0", "lamp.local"])
async def test_address_family(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, download: Any, host: str
) -> None:
    """Of an address the kind is told."""
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, "AccessoryIP": host})
    found = await download(loaded, living)
    assert found["link"]["address_family"] == ("IPv6" if ":" in host else "name")
    assert host not in json.dumps(found)


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, download: Any
) -> None:
    """When nothing works diagnostics are wanted most; the description of last time is there, if there is one."""
    await living.stop()
    await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    found = await download(entry, living)
    assert (found["state"], found["devices"]) == ("setup_retry", [])
    assert found["reason"]
    assert "accessories" not in found
    await living.start()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    found = await download(entry, living)
    assert found["state"] == "not_loaded"
    assert found["accessories"][0]["aid"] == 1
    assert [each["name"] for each in found["devices"]] == ["Lamp"]


async def test_entry_that_cannot_be_read(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, download: Any
) -> None:
    """An entry that lost what it is about says so, and nothing of what it still has."""
    data = {name: value for name, value in entry.data.items() if name != "AccessoryPairingID"}
    hass.config_entries.async_update_entry(entry, data=data)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    found = await download(entry, living)
    assert found["state"] == "setup_error"
    assert found["data"]["iOSDeviceLTSK"] == HIDDEN
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "lost:aid:1")}
    )
    assert await async_get_triggers(hass, device.id) == []


async def test_category(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    download: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the accessory announces that it is, is there as long as it announces itself."""

    class Announced:
        category_number = 5

    async def find(_hass: HomeAssistant, accessory_id: str) -> Announced:
        assert accessory_id == living.keys.accessory_id
        return Announced()

    monkeypatch.setattr(diagnostics, "async_find", find)
    assert (await download(loaded, living))["category"] == 5
