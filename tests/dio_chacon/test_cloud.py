"""What entities show of devices that the cloud does not reach."""

from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.dio_chacon import SimulatedCloud

from .helpers import OFFLINE_SHUTTER, PLUG, SILENT_SHUTTER, Writes, entity_id_of, until_state


async def test_unreachable_devices(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that the cloud does not reach is unavailable; that it is not reached can be seen."""
    for device_id in (OFFLINE_SHUTTER, SILENT_SHUTTER):
        cover = entity_id_of(hass, Platform.COVER, device_id)
        connectivity = entity_id_of(hass, Platform.BINARY_SENSOR, f"{device_id}-connectivity")
        assert hass.states.get(cover).state == STATE_UNAVAILABLE
        assert hass.states.get(connectivity).state == "off"
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    connectivity = entity_id_of(hass, Platform.BINARY_SENSOR, f"{PLUG}-connectivity")
    writes = Writes(hass)
    cloud.home.set_connected(PLUG, connected=False)
    await until_state(hass, connectivity, "off")
    await hass.async_block_till_done()
    assert hass.states.get(plug).state == STATE_UNAVAILABLE
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLUG}-quietmode")
    assert sorted(writes.entities) == sorted([plug, quiet, connectivity])
    cloud.home.set_connected(PLUG, connected=True)
    await until_state(hass, plug, STATE_ON)
    assert hass.states.get(connectivity).state == STATE_ON
