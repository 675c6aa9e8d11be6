"""Commands: start, stop, doors, filters, and answers to what the appliance reports."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    ApplianceEntity,
    FeatureEntity,
    FeatureRow,
    Survey,
    async_add_features,
    feature_name,
    feature_slug,
    is_boolean,
    row_keys,
    table,
)
from .protocol import (
    ACTIVE_PROGRAM_UID,
    SELECTED_PROGRAM_UID,
    Appliance,
    Execution,
    Feature,
    HomeConnectClient,
    Kind,
)

PARALLEL_UPDATES = 1

ABORT: Final = "BSH.Common.Command.AbortProgram"
VENTING: Final = "Cooking.Common.Program.Hood.Venting"
ACKNOWLEDGE: Final = "BSH.Common.Command.AcknowledgeEvent"
REJECT: Final = "BSH.Common.Command.RejectEvent"


def _is_executable(appliance: Appliance, uid: int) -> bool:
    return appliance.executable(uid)


def _is_stoppable(appliance: Appliance, uid: int) -> bool:
    """Tell whether a program can be aborted, or a fan be stopped."""
    venting = appliance.find(VENTING)
    runs = venting is not None and appliance.active_program is not None
    return runs or (uid not in appliance.programs and appliance.executable(uid))


@dataclass(frozen=True, kw_only=True)
class HomeConnectButtonDescription(FeatureRow, ButtonEntityDescription):
    """A button: when it can be pressed, and what pressing does."""

    press_fn: Callable[[HomeConnectClient, int], Awaitable[None]] = HomeConnectClient.command
    available_fn: Callable[[Appliance, int], bool] = _is_executable

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take commands without an argument."""
        return feature.kind is Kind.COMMAND and is_boolean(feature)


@dataclass(frozen=True, kw_only=True)
class FanStopDescription(HomeConnectButtonDescription):
    """The stop of a hood that has no command for it."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take the program of the fan."""
        return feature.kind is Kind.PROGRAM


type Row = HomeConnectButtonDescription

_row: Final = HomeConnectButtonDescription


def _command(key: str, name: str, category: EntityCategory | None = None) -> Row:
    """Describe a plain command."""
    return _row(key=f"button_{key}", features=(name,), entity_category=category)


BUTTONS: Final = table(
    _row(
        key="button_abort_program",
        features=(ABORT,),
        also=(VENTING,),
        press_fn=lambda client, uid: client.stop(),
        available_fn=_is_stoppable,
    ),
    FanStopDescription(
        key="button_abort_program",
        features=(VENTING,),
        press_fn=lambda client, uid: client.stop(),
        available_fn=_is_stoppable,
    ),
    _row(
        key="button_pause_program",
        features=("BSH.Common.Command.PauseProgram",),
        press_fn=lambda client, uid: client.pause(),
    ),
    _row(
        key="button_resume_program",
        features=("BSH.Common.Command.ResumeProgram",),
        press_fn=lambda client, uid: client.resume(),
    ),
    _command("mains_power_off", "BSH.Common.Command.MainsPowerOff"),
    _command("open_door", "BSH.Common.Command.OpenDoor"),
    _command("partly_open_door", "BSH.Common.Command.PartlyOpenDoor"),
    _command(
        "hood_carbon_filter_reset",
        "Cooking.Common.Command.Hood.CarbonFilterReset",
        EntityCategory.CONFIG,
    ),
    _command(
        "hood_grease_filter_reset",
        "Cooking.Common.Command.Hood.GreaseFilterReset",
        EntityCategory.CONFIG,
    ),
    _command(
        "hood_regenerative_carbon_filter_reset",
        "Cooking.Common.Command.Hood.RegenerativeCarbonFilterReset",
        EntityCategory.CONFIG,
    ),
    _command(
        "hood_regenerative_carbon_filter_lifetime_reset",
        "Cooking.Common.Command.Hood.RegenerativeCarbonFilterLifeTimeReset",
        EntityCategory.CONFIG,
    ),
)

START: Final = ButtonEntityDescription(key="button_start_program")


@dataclass(frozen=True, kw_only=True)
class AnswerDescription(ButtonEntityDescription):
    """A button that answers an event."""

    reject: bool


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    return _row(
        key=feature_slug(feature),
        features=(feature.key or "",),
        name=feature_name(feature),
        entity_category=EntityCategory.CONFIG,
    )


def answers(appliance: Appliance) -> Iterator[tuple[Feature, AnswerDescription]]:
    """Describe the buttons that acknowledge and reject events (mapping §6)."""
    for feature in appliance.description.features.values():
        if feature.kind is not Kind.EVENT or feature.handling not in {"acknowledge", "decision"}:
            continue
        for word, command, reject in (
            ("acknowledge", ACKNOWLEDGE, False),
            ("reject", REJECT, True),
        ):
            if appliance.find(command) and (feature.handling == "decision" or not reject):
                yield (
                    feature,
                    AnswerDescription(
                        key=f"button_{word}_{feature_slug(feature)}",
                        translation_key=f"button_{word}_event",
                        reject=reject,
                        entity_category=EntityCategory.DIAGNOSTIC,
                        entity_registry_enabled_default=False,
                    ),
                )


def has_start(appliance: Appliance) -> bool:
    """Tell whether any program can be started."""
    startable = {Execution.SELECT_AND_START, Execution.START_ONLY}
    return any(program.execution in startable for program in appliance.programs.values())


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an appliance."""
    coordinator = entry.runtime_data
    others: list[ButtonEntity] = []
    if has_start(coordinator.appliance):
        others.append(StartButton(coordinator, START))
    if events := list(answers(coordinator.appliance)):
        texts = await async_get_translations(hass, hass.config.language, "entity", {DOMAIN})
        others += [AnswerButton(coordinator, feature, row, texts) for feature, row in events]
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.BUTTON,
        BUTTONS,
        HomeConnectButton,
        generic_row=generic_row,
        others=others,
    )


class HomeConnectButton(FeatureEntity, ButtonEntity):
    """Gives a command."""

    entity_description: HomeConnectButtonDescription

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Describe the button, which depends on what runs, too."""
        super().__init__(coordinator, feature, row)
        if row.available_fn is not _is_executable:
            self._watch(ACTIVE_PROGRAM_UID)

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance takes the command at the moment."""
        row = self.entity_description
        return self.coordinator.linked and row.available_fn(self.appliance, self.uid)

    @override
    async def async_press(self) -> None:
        """Give the command."""
        press = self.entity_description.press_fn
        await self.coordinator.async_command(press(self.coordinator.client, self.uid))


class StartButton(ApplianceEntity, ButtonEntity):
    """Starts the selected program.

    It is there too while the appliance does not allow a remote start: the error then says what to do about it.
    """

    def __init__(self, coordinator: Coordinator, row: ButtonEntityDescription) -> None:
        """Watch which program is selected."""
        super().__init__(coordinator, row)
        self._watch(SELECTED_PROGRAM_UID)

    @property
    @override
    def available(self) -> bool:
        """Whether a program is selected."""
        return self.coordinator.linked and self.appliance.selected_program is not None

    @override
    async def async_press(self) -> None:
        """Start the program with its options as they are."""
        await self.coordinator.async_command(self.coordinator.client.start_program())


class AnswerButton(ApplianceEntity, ButtonEntity):
    """Acknowledges or rejects what the appliance reports."""

    entity_description: AnswerDescription

    def __init__(
        self,
        coordinator: Coordinator,
        feature: Feature,
        row: AnswerDescription,
        texts: Mapping[str, str],
    ) -> None:
        """Watch the event, and call the button by the name of its sensor."""
        super().__init__(coordinator, row)
        self.uid = feature.uid
        self._watch(feature.uid)
        self._watch_keys(REJECT if row.reject else ACKNOWLEDGE)
        names = (
            texts.get(f"component.{DOMAIN}.entity.binary_sensor.{key}.name")
            for key in row_keys(feature)
        )
        event = next((name for name in names if name), None) or feature_name(feature)
        self._attr_translation_placeholders = {"event": event}

    @property
    @override
    def available(self) -> bool:
        """Whether the event is there and waits for an answer."""
        value = self.appliance.value(self.uid)
        present = isinstance(value, str) and value.lower() == "present"
        return self.coordinator.linked and present

    @override
    async def async_press(self) -> None:
        """Answer."""
        reject = self.entity_description.reject
        await self.coordinator.async_command(
            self.coordinator.client.acknowledge(self.uid, reject=reject)
        )
