"""From changes of the cloud to registries: devices that come, change and go, repairs."""

from collections.abc import Iterator
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from simulators.dio_chacon import Home, SimulatedCloud, make_device

from .helpers import (
    ACCOUNT,
    CAMERA,
    DOORBELL,
    LIGHT_SWITCH,
    PLAIN_PLUG,
    PLUG,
    SHUTTER,
    SILENT_SHUTTER,
    act,
    device_of,
    entity_id_of,
    fails,
    has_device,
    has_entity,
    pass_time,
    setup,
    until,
    until_state,
)

DAY_S = 24 * 60 * 60


def connection_of(hass: HomeAssistant) -> str:
    """Return the entity that shows the link."""
    return entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")


def issues(hass: HomeAssistant) -> set[str]:
    """Return what the user is told."""
    return {
        issue.translation_key or ""
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


async def refresh(hass: HomeAssistant) -> None:
    """Press the button that asks for everything."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")
    await act(hass, Platform.BUTTON, "press", button)


# --- devices come, change and go ------------------------------------------------------------


@pytest.fixture
def quick_hints() -> Iterator[None]:
    """Follow hints that the list is out of date at once, where otherwise half a minute would go by."""
    with patch("custom_components.dio_chacon.protocol.connection.HINT_INTERVAL_S", 0.01):
        yield


async def test_new_device(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A device that the list shows for the first time has its entities on the spot."""
    new = cloud.home.add("light_switch", "Lampe neuve", room="Cuisine")
    await refresh(hass)
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, new.device_id))
    await hass.async_block_till_done()
    assert hass.states.get(entity_id_of(hass, Platform.SWITCH, new.device_id)).state == "off"
    assert has_entity(hass, Platform.SWITCH, f"{new.device_id}-quietmode")
    device = device_of(hass, loaded, new.device_id)
    assert device.via_device_id == device_of(hass, loaded, ACCOUNT).id
    assert device.area_id == "cuisine"
    assert caplog.text.count("New device Lampe neuve") == 1
    cloud.home.press(new.device_id, on=True)
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, new.device_id), "on")


async def test_new_device_announces_itself(
    hass: HomeAssistant, quick_hints: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A push of a device that no list has shown makes us look."""
    new = cloud.home.add("plug", "Prise neuve", announce=True)
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, new.device_id))


async def test_removed_device(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that two lists lack is gone, with its entities; one list is not enough."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.home.remove(PLUG)
    cloud.faults.arm("answer_status", path="^/device$", status=500)
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")
    for _ in range(3):
        error = await fails(hass, Platform.BUTTON, "press", button)
        assert error.translation_key == "refused"
    assert has_device(hass, loaded, PLUG)
    cloud.faults.clear()
    await refresh(hass)
    assert has_device(hass, loaded, PLUG)
    await refresh(hass)
    assert not has_device(hass, loaded, PLUG)
    await hass.async_block_till_done()
    assert hass.states.get(plug) is None
    assert not has_entity(hass, Platform.SWITCH, PLUG)


async def test_device_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that is paired again has its entities again, with what the user made of them."""
    entities = er.async_get(hass)
    entities.async_update_entity(entity_id_of(hass, Platform.SWITCH, PLUG), name="Lampe à moi")
    gone = cloud.home.remove(PLUG)
    await refresh(hass)
    await refresh(hass)
    await until(hass, lambda: not has_device(hass, loaded, PLUG))
    cloud.home.put(gone)
    await refresh(hass)
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, PLUG))
    await hass.async_block_till_done()
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    assert hass.states.get(plug).state == STATE_ON
    assert hass.states.get(plug).name == "Lampe à moi"
    cloud.home.press(PLUG, on=False)
    await until_state(hass, plug, "off")


async def test_empty_list_is_not_believed_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A list that is suddenly empty removes nothing until a second one confirms it."""
    kept = dict(cloud.home.devices)
    cloud.home.devices.clear()
    await refresh(hass)
    cloud.home.devices.update(kept)
    await refresh(hass)
    await hass.async_block_till_done()
    assert has_device(hass, loaded, PLUG)


async def test_rename(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Names and versions follow the cloud; a name that the user gave stays."""
    devices = dr.async_get(hass)
    devices.async_update_device(device_of(hass, loaded, LIGHT_SWITCH).id, name_by_user="Ma lampe")
    cloud.home.rename(PLUG, "Lampe du salon")
    cloud.home.rename(LIGHT_SWITCH, "Autre nom")
    cloud.home.set_firmware(PLUG, "2.0.0")
    await until(hass, lambda: device_of(hass, loaded, PLUG).sw_version == "2.0.0")
    assert device_of(hass, loaded, PLUG).name == "Lampe du salon"
    assert hass.states.get(entity_id_of(hass, Platform.SWITCH, PLUG)).name == "Lampe du salon"
    lamp = device_of(hass, loaded, LIGHT_SWITCH)
    assert (lamp.name, lamp.name_by_user) == ("Autre nom", "Ma lampe")


async def test_rooms(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """A device moves with its room, unless the user has put it elsewhere or nowhere."""
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    attic = areas.async_get_or_create("Sous les toits")
    devices.async_update_device(device_of(hass, loaded, LIGHT_SWITCH).id, area_id=attic.id)
    devices.async_update_device(device_of(hass, loaded, PLAIN_PLUG).id, area_id=None)
    assert device_of(hass, loaded, PLUG).area_id == "bureau"
    for device_id in (PLUG, LIGHT_SWITCH, PLAIN_PLUG):
        cloud.home.assign_room(device_id, "Véranda")
    cloud.home.rename(DOORBELL, "Sonnette")  # the last push
    await until(hass, lambda: device_of(hass, loaded, DOORBELL).name == "Sonnette")
    assert areas.async_get_area(device_of(hass, loaded, PLUG).area_id).name == "Véranda"
    assert device_of(hass, loaded, LIGHT_SWITCH).area_id == attic.id
    assert device_of(hass, loaded, PLAIN_PLUG).area_id is None


async def test_first_room(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A device without a room gets its first one."""
    home.assign_room(PLUG, None)
    await setup(hass, entry)
    assert device_of(hass, entry, PLUG).area_id is None
    home.assign_room(PLUG, "Bureau")
    await until(hass, lambda: device_of(hass, entry, PLUG).area_id == "bureau")


async def test_device_that_nothing_shows(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device of an unknown type stays out of the registry, also when it is renamed."""
    cloud.home.rename(CAMERA, "Autre caméra")
    cloud.home.rename(DOORBELL, "Sonnette")
    await until(hass, lambda: device_of(hass, loaded, DOORBELL).name == "Sonnette")
    assert not has_device(hass, loaded, CAMERA)


async def test_type_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device of another type has other entities; those of the old type are gone."""
    old = device_of(hass, loaded, LIGHT_SWITCH).id
    cloud.home.change_type(LIGHT_SWITCH, ".dio1.wifi.plug.switch.")
    await until(
        hass,
        lambda: (
            (entity := hass.states.get(entity_id_of(hass, Platform.SWITCH, LIGHT_SWITCH)))
            and entity.attributes.get("device_class") == "outlet"
        ),
    )
    assert device_of(hass, loaded, LIGHT_SWITCH).id == old
    cloud.home.change_type(LIGHT_SWITCH, ".wifi.somethingNew.")
    await until(hass, lambda: not has_device(hass, loaded, LIGHT_SWITCH))
    assert not has_entity(hass, Platform.SWITCH, LIGHT_SWITCH)
    cloud.home.change_type(LIGHT_SWITCH, ".dio1.wifi.genericSwitch.switch.")
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, LIGHT_SWITCH))


@pytest.mark.parametrize(
    ("mac", "connections"),
    [
        ("0211.2233.4455", set()),
        ("021122334455", {("mac", "02:11:22:33:44:55")}),
        ("02-11-22-33-44-55", {("mac", "02:11:22:33:44:55")}),
        ("00:00:00:00:00:00", set()),
        ("FFFFFFFFFFFF", set()),
        ("02:11-22:33:44:55", set()),
        ("not a MAC address", set()),
        ("", set()),
        (None, set()),
        # That of another device: these two would become one.
        ("02:11:22:33:44:01", set()),
    ],
)
async def test_mac_addresses(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    mac: str | None,
    connections: set[tuple[str, str]],
) -> None:
    """Only an address that is one, and that of one device only, identifies a device."""
    home.device(PLUG).record["macAddress"] = mac
    await setup(hass, entry)
    assert device_of(hass, entry, PLUG).connections == connections
    assert device_of(hass, entry, SHUTTER).id != device_of(hass, entry, PLUG).id


# --- repairs --------------------------------------------------------------------------------


async def test_silent_device(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device without a state for a day is a case for the user, until it reports."""
    assert issues(hass) == set()
    pass_time(hass, DAY_S - 60)
    assert issues(hass) == set()
    pass_time(hass, DAY_S + 60)
    assert issues(hass) == {"firmware_too_old"}
    (issue,) = [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]
    assert issue.translation_placeholders == {"name": "Volet grenier", "version": "1.0.1"}
    await until_state(hass, connection_of(hass), "on")
    cloud.home.set_reported(SILENT_SHUTTER, reported=True)
    await until(hass, lambda: not issues(hass))
    assert hass.states.get(entity_id_of(hass, Platform.COVER, SILENT_SHUTTER)).state == "open"


async def test_silent_device_reports_in_time(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that reports within the day is none."""
    cloud.home.set_reported(SILENT_SHUTTER, reported=True)
    await until_state(hass, entity_id_of(hass, Platform.COVER, SILENT_SHUTTER), "open")
    pass_time(hass, DAY_S + 60)
    assert issues(hass) == set()


async def test_silent_device_is_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that is gone is no case any more, nor are those of an entry that is gone."""
    pass_time(hass, DAY_S + 60)
    assert issues(hass) == {"firmware_too_old"}
    await until_state(hass, connection_of(hass), "on")
    cloud.home.remove(SILENT_SHUTTER)
    await refresh(hass)
    await refresh(hass)
    await until(hass, lambda: not issues(hass))


async def test_silent_device_left_while_we_were_away(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A case survives a reload, but not the device it is about."""
    pass_time(hass, DAY_S + 60)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert issues(hass) == {"firmware_too_old"}
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.remove(SILENT_SHUTTER)
    await setup(hass, loaded)
    await until(hass, lambda: not issues(hass))
    assert not has_device(hass, loaded, SILENT_SHUTTER)


async def test_disabled_entry_asks_for_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What is switched off needs no mending; a reload keeps what was said."""
    pass_time(hass, DAY_S + 60)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert issues(hass) == {"firmware_too_old"}
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert issues(hass) == set()


async def test_removed_entry_takes_its_issues_along(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An entry that is gone leaves no message behind, and those of others where they are."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        "another_entry",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="no_supported_device",
    )
    pass_time(hass, DAY_S + 60)
    assert issues(hass) == {"firmware_too_old", "no_supported_device"}
    await hass.config_entries.async_remove(loaded.entry_id)
    assert issues(hass) == {"no_supported_device"}


async def test_no_supported_device(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """An account with nothing to show says so, until there is something."""
    for device_id in [device_id for device_id in home.devices if device_id != CAMERA]:
        home.remove(device_id)
    await setup(hass, entry)
    assert issues(hass) == {"no_supported_device"}
    home.put(make_device("plug", "Prise", seed="1"))
    await refresh(hass)
    await until(hass, lambda: not issues(hass))


async def test_no_device_at_all(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """An empty account is nothing to complain about."""
    home.devices.clear()
    await setup(hass, entry)
    assert issues(hass) == set()
