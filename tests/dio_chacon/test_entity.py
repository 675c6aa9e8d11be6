"""What all entities have in common: what wakes them, when they exist, how commands end."""

from unittest.mock import patch

from homeassistant.const import STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    ACCOUNT,
    PLAIN_PLUG,
    PLUG,
    SHUTTER,
    Writes,
    entity_id_of,
    fails,
    has_entity,
    setup,
    until,
    until_attribute,
    until_state,
)


async def test_unique_ids(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """The main entity has the id of its device, as in the core integration; others add a key."""
    devices = {*cloud.home.devices, ACCOUNT}
    for entity in er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id):
        assert entity.has_entity_name
        if entity.original_name is None and entity.unique_id in devices:
            assert entity.translation_key in {None, "doorbell"}
        else:
            assert any(entity.unique_id.startswith(f"{device_id}-") for device_id in devices)


@pytest.mark.parametrize(
    ("status", "key", "told"),
    [
        (400, "refused", "400"),
        (404, "refused", "404"),
        (429, "refused", "429"),
        (408, "device_silent", "408"),
        (504, "device_silent", "504"),
    ],
)
async def test_refused_commands(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    status: int,
    key: str,
    told: str,
) -> None:
    """What the cloud refuses is an error with its status; the link and the shown state stay."""
    cloud.faults.arm("answer_status", status=status, path="/action/", count=1)
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    error = await fails(hass, Platform.SWITCH, "turn_off", plug)
    assert error.translation_key == key
    assert error.translation_placeholders["code"] == told
    assert told in str(error)
    assert hass.states.get(plug).state == STATE_ON
    assert len(cloud.sessions) == 1


async def test_unanswered_command(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A command that the cloud never answers fails by name."""
    cloud.faults.arm("silence", path="/action/", count=1)
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    with patch("custom_components.dio_chacon.protocol.connection.ANSWER_LIMIT_S", 0.1):
        error = await fails(hass, Platform.SWITCH, "turn_off", plug)
    assert error.translation_key == "no_answer"
    assert hass.states.get(plug).state == STATE_ON


async def test_push_wakes_only_who_shows_it(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One push, one write, of the one entity that shows the changed field; a repeat costs nothing."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLUG}-quietmode")
    writes = Writes(hass)
    cloud.home.press(PLUG, on=False)
    await until_state(hass, plug, "off")
    assert writes.entities == [plug]
    cloud.home.set_quiet(PLUG, on=False)
    await until_state(hass, quiet, "off")
    assert writes.entities == [plug, quiet]
    cloud.home.set_quiet(PLUG, on=False)  # no news
    cloud.home.press(PLUG, on=True)
    await until_state(hass, plug, "on")
    assert writes.entities == [plug, quiet, plug]
    # The end of a run changes movement and position at once, and is written once.
    shutter = entity_id_of(hass, Platform.COVER, SHUTTER)
    writes.entities.clear()
    cloud.home.move_to(SHUTTER, 80)
    await until_attribute(hass, shutter, "current_position", 80)
    await hass.async_block_till_done()
    assert writes.entities == [shutter, shutter]


async def test_type_changed_while_we_were_away(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """After a restart, entities of the old type are gone as well."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    cloud.home.change_type(SHUTTER, ".dio1.wifi.plug.switch.")
    await setup(hass, loaded)
    assert not has_entity(hass, Platform.COVER, SHUTTER)
    assert has_entity(hass, Platform.SWITCH, SHUTTER)


async def test_resource_appears_later(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A resource that a device shows for the first time gets its entity at once."""
    assert not has_entity(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode")
    cloud.home.write(PLAIN_PLUG, "gw.r.quietmode", {"href": "quietmode", "value": 1})
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode"))
    await hass.async_block_till_done()
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode")
    assert hass.states.get(quiet).state == STATE_ON


async def test_entity_outlives_a_restart_without_its_resource(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An entity that once existed stays, also when the device does not tell its resource now."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    del cloud.home.device(PLUG).resources["gw.r.quietmode"]
    await setup(hass, loaded)
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLUG}-quietmode")
    assert hass.states.get(quiet).state == STATE_UNKNOWN
