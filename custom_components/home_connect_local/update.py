"""Software of appliances: what they would like to download or install."""

from typing import Any, Final, override

from homeassistant.components.update import (
    UpdateDeviceClass,
    UpdateEntity,
    UpdateEntityDescription,
    UpdateEntityFeature,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import signal_info
from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import ApplianceEntity, covers
from .errors import command_error
from .protocol import Obstacle, PreconditionError

PARALLEL_UPDATES = 1

_UPDATE: Final = "BSH.Common.Event.SoftwareUpdateAvailable"
_DOWNLOAD: Final = "BSH.Common.Event.SoftwareDownloadAvailable"
# What agrees to either; the download comes first.
_ANSWERS: Final = {
    _DOWNLOAD: "BSH.Common.Command.AllowSoftwareDownload",
    _UPDATE: "BSH.Common.Command.AllowSoftwareUpdate",
}
_OFF: Final = 0
_DESCRIPTION: Final = UpdateEntityDescription(
    key="update_software",
    translation_key="update_software",
    device_class=UpdateDeviceClass.FIRMWARE,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
)

covers(_UPDATE, _DOWNLOAD, *_ANSWERS.values())


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the software of an appliance that tells of new ones."""
    coordinator = entry.runtime_data
    if coordinator.appliance.find(_UPDATE, _DOWNLOAD):
        async_add_entities([Software(coordinator)])


class Software(ApplianceEntity, UpdateEntity):
    """The software; which version is waiting the appliance does not say."""

    def __init__(self, coordinator: Coordinator) -> None:
        """Describe the entity."""
        super().__init__(coordinator, _DESCRIPTION)
        self._watch_keys(_UPDATE, _DOWNLOAD, *_ANSWERS.values())
        if any(self.appliance.find(command) for command in _ANSWERS.values()):
            self._attr_supported_features = UpdateEntityFeature.INSTALL

    @property
    @override
    def installed_version(self) -> str | None:
        """The version that runs; None until the appliance told."""
        info = self.coordinator.client.info
        return (info.sw_version if info else None) or None

    @property
    @override
    def latest_version(self) -> str | None:
        """Another than the installed one when something waits."""
        installed = self.installed_version
        return f"{installed} +" if installed and self._waiting else installed

    @property
    def _waiting(self) -> list[str]:
        """What waits, in the order in which it is agreed to."""
        return [
            event
            for event in _ANSWERS
            if (found := self.appliance.find(event))
            and self.appliance.raw(found.uid) not in (None, _OFF)
        ]

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        """Agree to what waits."""
        for event in self._waiting:
            if command := self.appliance.find(_ANSWERS[event]):
                await self.coordinator.async_command(self.coordinator.client.command(command.uid))
                return
        raise command_error(PreconditionError(Obstacle.NOT_AVAILABLE))

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what the appliance says of its version, too."""
        await super().async_added_to_hass()
        self._listen(signal_info(self.coordinator.entry_id))
