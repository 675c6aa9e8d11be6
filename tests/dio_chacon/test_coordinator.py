"""From changes of the cloud to registries: devices that come, change and go, repairs."""

from collections.abc import Iterator
from typing import Any, override
from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from simulators.dio_chacon import Home, SimulatedCloud, make_device
from tests.support.contract.coordinator import CoordinatorContract, Newcomer

from .helpers import (
    ACCOUNT,
    CAMERA,
    DOORBELL,
    LIGHT_SWITCH,
    PLAIN_PLUG,
    PLUG,
    SHUTTER,
    SILENT_SHUTTER,
    VENDOR,
    connection_of,
    device_of,
    entity_id_of,
    fails,
    has_device,
    has_entity,
    issues,
    pass_time,
    refresh,
    setup,
    until,
    until_state,
)

DAY_S = 24 * 60 * 60


class TestRegistries(CoordinatorContract):
    """What the coordinators of all vendors do."""

    vendor = VENDOR
    announcements = (False,)
    renamed = LIGHT_SWITCH

    @override
    def add(self, peer: Any, announcement: bool) -> Newcomer:
        new = peer.home.add("light_switch", "Lampe neuve", room="Cuisine", announce=announcement)
        sibling = f"{new.device_id}-quietmode"
        return Newcomer(new.device_id, "Lampe neuve", Platform.SWITCH, sibling, ACCOUNT)

    @override
    async def believe(self, hass: HomeAssistant) -> None:
        await refresh(hass)
        await refresh(hass)

    @override
    def update(self, home: Any, device_id: str) -> str:
        home.set_firmware(device_id, "2.0.0")
        return "2.0.0"

    @override
    async def complain(self, hass: HomeAssistant, peer: Any) -> None:
        pass_time(hass, DAY_S + 60)
        assert issues(hass) == {"firmware_too_old"}
        await until_state(hass, connection_of(hass), "on")

    @override
    async def test_new_device(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        peer: Any,
        caplog: pytest.LogCaptureFixture,
        announcement: bool,
    ) -> None:
        """It goes to its room, too."""
        await super().test_new_device(hass, loaded, peer, caplog, announcement)
        new = peer.home.device("Lampe neuve")
        assert device_of(hass, loaded, new.device_id).area_id == "cuisine"


# --- devices come, change and go ------------------------------------------------------------


@pytest.fixture
def quick_hints() -> Iterator[None]:
    """Follow hints that the list is out of date at once, where otherwise half a minute would go by."""
    with patch("custom_components.dio_chacon.protocol.connection.HINT_INTERVAL_S", 0.01):
        yield


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
