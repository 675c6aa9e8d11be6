"""Events: buttons, doorbells, and switches that tell what was done to them (mapping §6.1)."""

from collections.abc import Iterator
import logging
from typing import Final, override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
    EventEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import signal_told
from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import allowed
from .naming import PRESSES
from .protocol import Accessory, Characteristic, CharacteristicUuid, ServiceUuid

PARALLEL_UPDATES = 0

_LOGGER = logging.getLogger(__name__)

_RINGS: Final = {**PRESSES, 0: str(DoorbellEventType.RING)}

_BUTTON: Final = EventEntityDescription(key="button", translation_key="button")
_SERVICES: Final = {
    ServiceUuid.DOORBELL: EventEntityDescription(key="doorbell", translation_key="doorbell"),
    ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH: _BUTTON,
    ServiceUuid.STATEFUL_PROGRAMMABLE_SWITCH: _BUTTON,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events."""
    async_add_platform(hass, entry, async_add_entities, Platform.EVENT, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        yield HapEvent(coordinator, service, _SERVICES[service.type])


class HapEvent(ServiceEntity, EventEntity):
    """What is pressed, each time it is."""

    _press: Characteristic | None
    _is_odd = False
    """Whether something unknown was told already."""

    @override
    def _describe(self) -> None:
        self._press = self._characteristic(CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT)
        is_doorbell = self.service.type == ServiceUuid.DOORBELL
        names = _RINGS if is_doorbell else PRESSES
        self._types = {number: names[number] for number in allowed(self._press, names)}
        self._attr_event_types = list(self._types.values())
        self._attr_device_class = (
            EventDeviceClass.DOORBELL
            if DoorbellEventType.RING in self._attr_event_types
            else EventDeviceClass.BUTTON
        )

    @override
    def _listen(self) -> None:
        super()._listen()
        if self._press:
            signal = signal_told(self.coordinator.entry_id, *self._press.key)
            self._unlisten.append(async_dispatcher_connect(self.hass, signal, self._async_pressed))

    @callback
    def _async_pressed(self, value: object) -> None:
        """Tell a press, also one like the last."""
        name = self._types.get(value) if isinstance(value, int) else None
        if name is None:
            if not self._is_odd:
                _LOGGER.info("%s was pressed in a way that is not known", self.entity_id)
            self._is_odd = True
            return
        self._trigger_event(name)
        self.async_write_ha_state()
