"""Light switches, for those who want them as lights."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import async_add_rows
from .platforms import DeviceLight, DeviceLightDescription
from .protocol import DioClient, Kind

PARALLEL_UPDATES = 0

LIGHTS: Final = (
    DeviceLightDescription(
        key="light",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.LIGHT,
        watches=("is_on",),
        is_on_fn=lambda device: device.is_on,
        set_fn=DioClient.set_on,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.LIGHT, LIGHTS, DeviceLight)
