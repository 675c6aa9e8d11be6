"""Remote controls: the keys of televisions (mapping §5.11)."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Final, override

from homeassistant.components.remote import (
    ATTR_DELAY_SECS,
    ATTR_NUM_REPEATS,
    DEFAULT_DELAY_SECS,
    DEFAULT_NUM_REPEATS,
    RemoteEntity,
    RemoteEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import allowed, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

_KEYS: Final = {
    "rewind": 0,
    "fast_forward": 1,
    "next_track": 2,
    "previous_track": 3,
    "arrow_up": 4,
    "arrow_down": 5,
    "arrow_left": 6,
    "arrow_right": 7,
    "select": 8,
    "back": 9,
    "exit": 10,
    "play_pause": 11,
    "information": 15,
}
_REMOTE: Final = RemoteEntityDescription(key="remote", translation_key="remote")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the remote controls."""
    async_add_platform(hass, entry, async_add_entities, Platform.REMOTE, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, ServiceUuid.TELEVISION):
        if service.characteristic(CharacteristicUuid.REMOTE_KEY):
            yield HapRemote(coordinator, service, _REMOTE)


class HapRemote(ServiceEntity, RemoteEntity):
    """The remote control of a television."""

    _active: Characteristic | None
    _key: Characteristic | None

    @override
    def _describe(self) -> None:
        self._active = self._characteristic(CharacteristicUuid.ACTIVE)
        self._key = self._characteristic(CharacteristicUuid.REMOTE_KEY)
        numbers = frozenset(allowed(self._key, _KEYS.values()))
        self._keys = {name: number for name, number in _KEYS.items() if number in numbers}

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and bool(
            service.characteristic(CharacteristicUuid.REMOTE_KEY)
        )

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the television is on; None until reported."""
        return truth(self._active)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the television on."""
        await self._write({self._active: 1})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the television off."""
        await self._write({self._active: 0})

    @override
    async def async_send_command(self, command: Iterable[str], **kwargs: Any) -> None:
        """Press keys, one after the other; none if one of them is not there."""
        numbers = [self._number(key) for key in command]
        pressed = False
        for _ in range(kwargs.get(ATTR_NUM_REPEATS, DEFAULT_NUM_REPEATS)):
            for number in numbers:
                if pressed:
                    await asyncio.sleep(kwargs.get(ATTR_DELAY_SECS, DEFAULT_DELAY_SECS))
                await self._write({self._key: number})
                pressed = True

    def _number(self, key: str) -> int:
        name = key.strip().lower()
        if name not in self._keys:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_such_key",
                translation_placeholders={"key": key, "keys": ", ".join(self._keys)},
            )
        return self._keys[name]
