"""Events: one entity for all that an appliance has to say, and one for each favourite that triggers something."""

from collections.abc import Iterator
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import ApplianceEntity, covers, exposed, slug
from .protocol import ACTIVE_PROGRAM_UID, Appliance, Feature, Kind

PARALLEL_UPDATES = 0

_OFF: Final = 0
_PRESENT: Final = 1
_FINISHED: Final = "BSH.Common.Event.ProgramFinished"
_ABORTED: Final = "BSH.Common.Event.ProgramAborted"
_ENDS: Final = {_FINISHED: "program_finished", _ABORTED: "program_aborted"}
_TRIGGER: Final = "BSH.Common.Event.Favorite.*.ExternalTrigger"
_NOTIFICATIONS: Final = EventEntityDescription(
    key="event_notifications",
    translation_key="event_notifications",
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)

covers(_TRIGGER)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of an appliance."""
    coordinator = entry.runtime_data
    entities: list[EventEntity] = [
        FavoriteTrigger(coordinator, feature, part)
        for feature, part in _triggers(coordinator.appliance)
    ]
    if told := _told(coordinator.appliance):
        entities.append(Notifications(coordinator, told))
    async_add_entities(entities)


def event_type(feature: Feature) -> str:
    """Name an event of the appliance; the ends of programs have names of their own."""
    assert feature.key is not None
    return _ENDS.get(feature.key) or slug(feature.key.rpartition(".Event.")[2])


def _told(appliance: Appliance) -> dict[str, Feature]:
    """List all events that may be told, by type."""
    return {
        event_type(feature): feature
        for feature in appliance.description.features.values()
        if feature.kind is Kind.EVENT and feature.key and exposed(feature)
    }


def _triggers(appliance: Appliance) -> Iterator[tuple[Feature, str]]:
    before, _, after = _TRIGGER.partition("*")
    for feature in appliance.description.features.values():
        key = feature.key or ""
        if feature.kind is Kind.EVENT and key.startswith(before) and key.endswith(after):
            yield feature, key[len(before) : -len(after)]


class EdgeEvent(ApplianceEntity, EventEntity):
    """Fires when an event of the appliance appears: some are told again and again while they last."""

    def __init__(self, coordinator: Coordinator, row: EventEntityDescription) -> None:
        """Describe the entity."""
        super().__init__(coordinator, row)
        self._states: dict[int, Any] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Know how things are before the first change."""
        await super().async_added_to_hass()
        self._note()

    def _note(self) -> list[int]:
        """Take in how things are; gives the events that appeared since."""
        appeared: list[int] = []
        for uid in self._watched:
            before, now = self._states.get(uid), self.appliance.raw(uid)
            # What was there already when we first heard of it is no news.
            if now == _PRESENT and before == _OFF:
                appeared.append(uid)
            if now is not None:
                self._states[uid] = now
        return appeared


class Notifications(EdgeEvent):
    """Everything that an appliance has to say."""

    def __init__(self, coordinator: Coordinator, told: dict[str, Feature]) -> None:
        """Describe the entity."""
        super().__init__(coordinator, _NOTIFICATIONS)
        self._types = {feature.uid: name for name, feature in told.items()}
        self._watch(*self._types, ACTIVE_PROGRAM_UID)
        self._attr_event_types = sorted(told)
        self._program: int | None = None

    @callback
    @override
    def _async_changed(self) -> None:
        """Fire for each event that appeared."""
        appeared = [uid for uid in self._note() if uid in self._types]
        for uid in appeared:
            feature = self.appliance.description.features[uid]
            data: dict[str, Any] = {"level": feature.level, "state": "present"}
            if feature.key in _ENDS and (program := self._last_program):
                data["program"] = program
            self._trigger_event(self._types[uid], data)
            self.async_write_ha_state()
        if active := self.appliance.active_program:
            self._program = active
        if not appeared:
            super()._async_changed()

    @property
    def _last_program(self) -> str | None:
        """The program that has just ended: the appliance may have forgotten it already."""
        program = self.appliance.feature(self.appliance.active_program or self._program or 0)
        return program.key if program else None


class FavoriteTrigger(EdgeEvent):
    """A key of the appliance that does nothing there, but anything here."""

    _attr_event_types = ["pressed"]

    def __init__(self, coordinator: Coordinator, feature: Feature, part: str) -> None:
        """Describe the entity."""
        super().__init__(
            coordinator,
            EventEntityDescription(
                key=f"event_favorite_{slug(part)}",
                translation_key="event_favorite",
                translation_placeholders={"part": part.lstrip("0") or part},
            ),
        )
        self._watch(feature.uid)

    @callback
    @override
    def _async_changed(self) -> None:
        """Fire when the key was pressed."""
        if self._note():
            self._trigger_event("pressed")
            self.async_write_ha_state()
        else:
            super()._async_changed()
