"""What all entities of an appliance share: what they show, what they listen to, when they are there."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
import logging
import re
from typing import Any, Final, Self, override

from homeassistant.const import (
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    Platform,
    UnitOfMass,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.typing import UNDEFINED
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .const import DOMAIN, signal_available, signal_changed
from .coordinator import Coordinator, HomeConnectConfigEntry
from .protocol import (
    Access,
    Appliance,
    Feature,
    Kind,
    favorites,
    program_labels,
    selectable_programs,
    startable_programs,
)

_LOGGER = logging.getLogger(__name__)

WRITABLE: Final = frozenset({Access.READ_WRITE, Access.WRITE_ONLY})
_READ_ONLY: Final = frozenset({Access.READ, Access.READ_STATIC})

OPERATION_STATE: Final = "BSH.Common.Status.OperationState"
BUILDING_BLOCK: Final = "BSH.Common.Program.BuildingBlock."
NO_PROGRAM: Final = "none"

_NUMBERS: Final = frozenset({"integer", "number"})
# Numbers on the wire that count nothing.
_NOT_NUMBERS: Final = frozenset({"boolean", "enumeration", "identifier", "uidValue"})
_TEXTS: Final = frozenset(
    {"csv", "date", "dateTime", "hexBinary", "rgb", "string", "time", "utcDateTime", "uuid"}
)

# Device class and unit of what has a content type of its own (§4.3); of others only the vendor knows.
_QUANTITIES: Final[Mapping[str | None, tuple[str | None, str]]] = {
    "dbm": ("signal_strength", SIGNAL_STRENGTH_DECIBELS_MILLIWATT),
    "liquidVolume": ("volume", UnitOfVolume.MILLILITERS),
    "percent": (None, PERCENTAGE),
    "power": ("power", UnitOfPower.WATT),
    "rpm": (None, REVOLUTIONS_PER_MINUTE),
    "temperatureCelsius": ("temperature", UnitOfTemperature.CELSIUS),
    "temperatureFahrenheit": ("temperature", UnitOfTemperature.FAHRENHEIT),
    "timeSpan": ("duration", UnitOfTime.SECONDS),
    "weight": ("weight", UnitOfMass.GRAMS),
    "weightOunces": ("weight", UnitOfMass.OUNCES),
    "weightPound": ("weight", UnitOfMass.POUNDS),
}

# Mapping §8: what resets, disconnects or belongs to the vendor's own service is exposed nowhere.
_OFF_LIST: Final = re.compile(
    r"BSH\.Common\.(?:Command\.(?:ApplyFactoryReset|ApplyNetworkReset|DeactivateWiFi"
    r"|DeactivateRemoteControlStart|SetWaterHardness)$|Root\.|Setting\.Favorite\.)"
    r"|.*\.Command\.(?:.*\.)?(?:Allow|Deny|Start|Stop|\w*)CustomerService"
    r"|.*(?:EnergyManager|EnergyManagement|SmartEnergyService).*Pairing"
    r"|.*\.IDs$"
)
_GEOMETRY: Final = frozenset({"line2D", "path", "point2D", "polygon", "pose2D", "rectangle2D"})
_ZONE_GEOMETRY: Final = re.compile(
    r"Cooking\.Hob\.Status\.Zone\.[^.]+\.(?:Position|LengthX|LengthY|Shape)$"
)

# What an appliance may have several of: the id of each, any text, is a segment in names of features.
_PART: Final = re.compile(
    r"(Cooking\.Oven\.\w+\.Cavity|Cooking\.Hob\.\w+\.Zone|BSH\.Common\.\w+\.Favorite)\.([^.]+)(?=\.)"
)
_KINDS: Final = re.compile(r"\.(?:Command|Event|Option|Program|Root|Setting|Status)\.")
_WORDS: Final = re.compile(r"IDos|WiFi|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_SPELLINGS: Final = {"IDos": "iDos", "WiFi": "Wi-Fi"}


# --- names --------------------------------------------------------------------------------------


def slug(key: str) -> str:
    """Turn the name of a feature into a key of Home Assistant."""
    return re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")


def readable(name: str) -> str:
    """Spell a name of the vendor: ``IDos1BaseLevel`` becomes ``iDos 1 base level``."""
    words = [
        _SPELLINGS.get(word, word if len(word) > 1 and word.isupper() else word.lower())
        for word in _WORDS.findall(name)
    ]
    text = " ".join(words)
    return text if words and words[0] in _SPELLINGS.values() else text[:1].upper() + text[1:]


def feature_name(feature: Feature) -> str:
    """Name a feature that has no text of ours, by what its own name says after its kind."""
    if feature.key is None:
        return f"Feature {feature.uid}"
    return readable(_KINDS.split(feature.key, maxsplit=1)[-1])


def feature_slug(feature: Feature) -> str:
    """Name a feature without a row in unique ids; the uid serves those that the profile does not name."""
    return f"uid_{feature.uid}" if feature.key is None else slug(feature.key)


def pattern(key: str) -> str:
    """Name the features that several parts have alike, as rows do: the id of the part becomes ``*``."""
    return _PART.sub(r"\1.*", key)


# --- what a feature is --------------------------------------------------------------------------


def exposed(feature: Feature) -> bool:
    """Tell whether a feature may be exposed at all (mapping §8)."""
    key = feature.key or ""
    return not (
        feature.password_protected
        or feature.kind is Kind.PROTECTION_PORT
        or feature.content_type in _GEOMETRY
        or _OFF_LIST.match(key)
        or _ZONE_GEOMETRY.match(key)
    )


def is_boolean(feature: Feature) -> bool:
    """Tell whether values are true or false."""
    return feature.content_type == "boolean" and not feature.is_list


def is_enumeration(feature: Feature) -> bool:
    """Tell whether values are members of an enumeration."""
    return feature.content_type == "enumeration" and not feature.is_list


def is_number(feature: Feature) -> bool:
    """Tell whether values are numbers that mean a quantity."""
    return (
        feature.wire in _NUMBERS
        and feature.content_type not in _NOT_NUMBERS
        and not feature.is_list
    )


def quantity(feature: Feature) -> tuple[str | None, str | None]:
    """Give device class and unit of a number, as far as its content type tells."""
    return _QUANTITIES.get(feature.content_type, (None, None))


def local_moment(value: Any) -> datetime | None:
    """Read a date with a time, local unless it says otherwise (§12); None for what is none."""
    try:
        moment = dt_util.parse_datetime(value) if isinstance(value, str) else None
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
        return dt_util.as_utc(moment)
    except OverflowError, ValueError:  # an end of the calendar; the 30th of February
        return None


def declared_members(appliance: Appliance, feature: Feature) -> list[str]:
    """List what the description says may be set, lower-cased; no news of the appliance changes it."""
    enum = appliance.description.enums.get(feature.enum) if feature.enum is not None else None
    low, high = feature.min, feature.max
    return [
        name.lower()
        for raw, name in (enum.members.items() if enum else ())
        if name and (low is None or raw >= low) and (high is None or raw <= high)
    ]


class Survey:
    """What a set-up has to know of all features at once."""

    def __init__(self, appliance: Appliance) -> None:
        """Go through the description once."""
        self.appliance = appliance
        self.description = appliance.description
        self._ids: dict[str, dict[str, None]] = {}
        for key in self.description.by_key:
            if found := _PART.match(key):
                self._ids.setdefault(found[1].rpartition(".")[2], {})[found[2]] = None
        self._offered: dict[int, bool] = {}
        for feature in self.description.features.values():
            for option in feature.options:
                settable = option.access in WRITABLE or option.access is None
                self._offered[option.ref] = self._offered.get(option.ref, False) or settable

    def ids(self, name: str) -> Collection[str]:
        """Give the ids of the parts that a pattern speaks of."""
        found = _PART.match(name)
        return sorted(self._ids.get(found[1].rpartition(".")[2], ())) if found else ()

    def settable(self, feature: Feature) -> bool:
        """Tell whether the appliance will ever let it be set: what may be done now changes at run time."""
        match feature.kind:
            case Kind.OPTION:
                if feature.uid in self._offered:
                    return self._offered[feature.uid] or feature.access in WRITABLE
                return feature.access not in _READ_ONLY
            case Kind.SETTING | Kind.COMMAND:
                return feature.access not in _READ_ONLY
            case _:
                return False


# --- rows ---------------------------------------------------------------------------------------


def _always(_appliance: Appliance, _feature: Feature) -> bool:
    return True


def _enabled(_appliance: Appliance) -> bool:
    return True


def without(*keys: str) -> Callable[[Appliance], bool]:
    """Give a condition for rows about what another entity sets as well: its feature, one of these, is missing."""

    def condition(appliance: Appliance) -> bool:
        return appliance.find(*keys) is None

    return condition


@dataclass(frozen=True, kw_only=True)
class FeatureRow(EntityDescription):
    """A row about a feature. Its key identifies the entity and, unless it says otherwise, its texts and icon."""

    features: tuple[str, ...]
    """Names of the feature through the generations: the first that is declared is meant.

    ``*`` in a name stands for the id of a part: the row is then for each part that has the feature.
    """
    also: tuple[str, ...] = ()
    """Further features that the entity shows or depends on, where they are declared."""
    exists_fn: Callable[[Appliance, Feature], bool] = _always
    """Whether this appliance has the entity."""
    enabled_fn: Callable[[Appliance], bool] = _enabled
    """Whether the entity, if it is to be enabled at all, is worth it on this appliance."""

    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Tell whether the feature is of a kind that the entity can show."""
        return True

    def find(self, survey: Survey) -> Feature | None:
        """Give the feature that the entity is about."""
        return next(
            (
                feature
                for name in self.features
                if (feature := survey.description.by_key.get(name)) and self.suits(survey, feature)
            ),
            None,
        )

    def of(self, survey: Survey) -> Iterator[Self]:
        """Give the row for each part of the appliance that it is about, or itself.

        An only cavity goes without its number.
        """
        if "*" not in self.features[0]:
            yield self
            return
        ids = survey.ids(self.features[0])
        alone = len(ids) == 1 and ".Cavity." in self.features[0]
        for part in ids:
            features = tuple(name.replace("*", part) for name in self.features)
            yield replace(
                self,
                key=slug(features[0]),
                features=features,
                also=tuple(name.replace("*", part) for name in self.also),
                translation_key=f"{self.key}_only" if alone else self.key,
                translation_placeholders=None if alone else {"part": part.lstrip("0") or part},
            )


# Home Assistant imports all platforms of an entry before it sets up the first, so these are complete by then.
_ROWS: Final[dict[str, list[FeatureRow]]] = {}
_COVERED: Final[set[str]] = set()


def table[RowT: FeatureRow](*rows: RowT) -> tuple[RowT, ...]:
    """Make a table of rows, whose features need no generic entity then."""
    for row in rows:
        for name in row.features:
            _ROWS.setdefault(name, []).append(row)
        _COVERED.update(row.also)
    return rows


def covers(*names: str) -> None:
    """Note features that need no generic entity, because an entity without a row shows them."""
    _COVERED.update(names)


def row_keys(feature: Feature) -> tuple[str, ...]:
    """Give the keys of the rows about a feature, under which its texts are found."""
    return tuple(row.key for row in _ROWS.get(pattern(feature.key or ""), ()))


def covered(survey: Survey, feature: Feature) -> bool:
    """Tell whether some table has a row for the feature as this appliance has it."""
    if feature.key is None:
        return False
    name = pattern(feature.key)
    return name in _COVERED or any(row.suits(survey, feature) for row in _ROWS.get(name, ()))


def generic_platform(survey: Survey, feature: Feature) -> Platform | None:
    """Choose the platform for a feature that has no row (mapping §1); None when it has one, or cannot be shown."""
    platform = _natural_platform(survey, feature)
    if platform is None or not exposed(feature) or covered(survey, feature):
        return None
    return platform


def _natural_platform(survey: Survey, feature: Feature) -> Platform | None:
    """Choose the platform by kind and type."""
    if feature.is_list:
        return None
    match feature.kind:
        case Kind.COMMAND:
            return Platform.BUTTON if is_boolean(feature) else None
        case Kind.EVENT:
            return Platform.BINARY_SENSOR
        case Kind.STATUS | Kind.SETTING | Kind.OPTION:
            return _platform_of_value(feature, settable=survey.settable(feature))
        case _:
            return None


def _platform_of_value(feature: Feature, *, settable: bool) -> Platform | None:
    if is_boolean(feature):
        return Platform.SWITCH if settable else Platform.BINARY_SENSOR
    if is_enumeration(feature):
        return Platform.SELECT if settable and feature.enum is not None else Platform.SENSOR
    if is_number(feature):
        return Platform.NUMBER if settable else Platform.SENSOR
    return Platform.SENSOR if feature.content_type in _TEXTS | {"uidValue"} else None


def described[RowT: FeatureRow](
    survey: Survey, rows: Iterable[RowT]
) -> Iterator[tuple[Feature, RowT]]:
    """Give the rows that the appliance has, one per key, each with its feature."""
    keys: set[str] = set()
    for each in rows:
        for row in each.of(survey):
            feature = row.find(survey)
            if (
                feature is not None
                and row.key not in keys
                and row.exists_fn(survey.appliance, feature)
            ):
                keys.add(row.key)
                enabled = row.entity_registry_enabled_default
                if enabled and not row.enabled_fn(survey.appliance):
                    row = replace(row, entity_registry_enabled_default=False)  # noqa: PLW2901
                yield feature, row


def undescribed(survey: Survey, platform: Platform) -> Iterator[Feature]:
    """Give the features without a row that this platform shows."""
    for feature in survey.description.features.values():
        # What costs more is asked only of what could be for this platform.
        if _natural_platform(survey, feature) is platform and generic_platform(survey, feature):
            yield feature


@callback
def async_add_features[RowT: FeatureRow](
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    rows: Iterable[RowT],
    new_entity: Callable[[Coordinator, Feature, RowT], Entity],
    *,
    generic_row: Callable[[Survey, Feature], RowT] | None = None,
    others: Iterable[Entity] = (),
) -> None:
    """Add all entities of one platform: those of the rows, those of features without one, and others."""
    coordinator = entry.runtime_data
    survey = Survey(coordinator.appliance)
    entities = [
        *(new_entity(coordinator, feature, row) for feature, row in described(survey, rows)),
        *others,
    ]
    if generic_row:
        wanted = coordinator.options.all_features
        for feature in undescribed(survey, platform):
            row = replace(generic_row(survey, feature), entity_registry_enabled_default=wanted)
            entities.append(new_entity(coordinator, feature, row))
            if wanted:
                _async_enable(hass, platform, entities[-1].unique_id)
    unique = {entity.unique_id: entity for entity in reversed(entities)}
    async_add_entities(reversed(unique.values()))


@callback
def _async_enable(hass: HomeAssistant, platform: Platform, unique_id: str | None) -> None:
    """Enable what we disabled when the user did not want it yet."""
    registry = er.async_get(hass)
    entity_id = unique_id and registry.async_get_entity_id(platform, DOMAIN, unique_id)
    entity = registry.async_get(entity_id) if entity_id else None
    if entity and entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION:
        registry.async_update_entity(entity.entity_id, disabled_by=None)


# --- entities -----------------------------------------------------------------------------------


class ApplianceEntity(Entity):
    """An entity of an appliance, which writes its state once per push that concerns it."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: Coordinator, row: EntityDescription) -> None:
        """Describe the entity."""
        self.coordinator = coordinator
        self.appliance: Appliance = coordinator.appliance
        self.entity_description = row
        self._attr_unique_id = f"{coordinator.ha_id}-{row.key}"
        self._attr_device_info = coordinator.device_info
        if row.translation_key is None and row.name is UNDEFINED:
            self._attr_translation_key = row.key
        self._watched: dict[int, None] = {}
        self._revision: int | None = None

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance can be heard."""
        return self.coordinator.linked

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what it shows, and to the link."""
        await super().async_added_to_hass()
        entry_id = self.coordinator.entry_id
        for uid in self._watched:
            self._listen(signal_changed(entry_id, uid))
        self._listen(signal_available(entry_id))

    def _watch(self, *uids: int) -> None:
        """Have the state written when one of these features changes."""
        self._watched.update(dict.fromkeys(uids))

    def _watch_keys(self, *keys: str) -> None:
        """Have the state written when one of these features, if declared, changes."""
        self._watch(*(found.uid for key in keys if (found := self.appliance.find(key))))

    def _listen(self, signal: SignalType[()]) -> None:
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._async_changed))

    def _member(self, feature: Feature | None) -> str | None:
        """Give the member that an enumeration has, lower-cased; None when it is unknown or not declared."""
        value = self.appliance.value(feature.uid) if feature else None
        return value.lower() if isinstance(value, str) else None

    def _members(self, feature: Feature | None) -> list[str] | None:
        """List the members that may be set now, lower-cased; None when the enumeration is not declared."""
        if feature is None:
            return None
        return [name.lower() for name in self.appliance.members(feature.uid).values()]

    def _number(self, feature: Feature | None) -> float | None:
        """Give the value of a number; None when it is unknown, none, or not declared."""
        value = self.appliance.value(feature.uid) if feature else None
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value

    def _read(self, key: str) -> Any:
        """Give the value of another feature; None when it is unknown or not declared."""
        found = self.appliance.find(key)
        return None if found is None else self.appliance.value(found.uid)

    @property
    def operation_state(self) -> str | None:
        """What the appliance is doing, as its sensor says; None when unknown."""
        value = self._read(OPERATION_STATE)
        return value.lower() if isinstance(value, str) else None

    @callback
    def _async_changed(self) -> None:
        """Write the state, unless this push made us do so already."""
        if self._revision != self.coordinator.revision:
            self._revision = self.coordinator.revision
            self._async_take()
            self.async_write_ha_state()

    @callback
    def _async_take(self) -> None:
        """Take note of the moment, for entities that have to."""


class FeatureEntity(ApplianceEntity):
    """An entity that shows a feature."""

    entity_description: FeatureRow

    def __init__(self, coordinator: Coordinator, feature: Feature, row: FeatureRow) -> None:
        """Describe the entity and watch its features."""
        super().__init__(coordinator, row)
        self.feature = feature
        self.uid = feature.uid
        self.is_option = feature.kind is Kind.OPTION
        self._logged = False
        self._watch(feature.uid)
        self._watch_keys(*row.also)

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance has the value; options that the selected program lacks are unknown instead.

        What may be done with a feature does not matter here: some lose their access while a program runs.
        """
        return self.coordinator.linked and (self.is_option or self.appliance.available(self.uid))

    @property
    def reading(self) -> Any:
        """The value as the model reads it; None when unknown."""
        if self.is_option and not self.appliance.available(self.uid):
            return None
        return self.appliance.value(self.uid)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Give the raw value of a member that the description does not know."""
        if self.feature.enum is None or self.appliance.value(self.uid) is not None:
            return None
        if (raw := self.appliance.raw(self.uid)) is None:
            return None
        if not self._logged:
            self._logged = True
            _LOGGER.info("%s has the value %s, which the profile does not name", self.feature, raw)
        return {"raw_value": raw}


class SettableEntity(FeatureEntity):
    """An entity that shows a feature and sets it."""

    @property
    @override
    def available(self) -> bool:
        """Whether it can be set; an option that cannot at the moment still shows its value."""
        effective = self.appliance.effective(self.uid)
        if not self.coordinator.linked or not effective.available:
            return False
        if self.is_option:
            return effective.access is not Access.NONE
        return effective.access in WRITABLE

    @property
    def pending(self) -> Any:
        """Raw value that waits for the start of the program, as only options do; None when there is none."""
        return self.coordinator.client.pending.get(self.uid) if self.is_option else None

    @property
    @override
    def reading(self) -> Any:
        """The value, or what will be set at the start."""
        if (raw := self.pending) is None:
            return self.appliance.value(self.uid)
        return self.appliance.all_members(self.uid).get(raw, raw) if self.feature.enum else raw

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Tell that the value waits for the start."""
        return super().extra_state_attributes if self.pending is None else {"pending": True}

    async def async_set(self, value: Any) -> None:
        """Set the feature; raises a translated error when the appliance does not let us."""
        client = self.coordinator.client
        write = client.set_option if self.is_option else client.write
        await self.coordinator.async_command(write(self.uid, value))


# --- programs -----------------------------------------------------------------------------------


class Programs:
    """What the programs of an appliance are called in states and actions.

    Known ones have a translated key. Others have a readable text, and favourites the text that the user gave them.
    """

    def __init__(self, appliance: Appliance, translated: Collection[str]) -> None:
        """Prepare the names that do not change."""
        self.appliance = appliance
        self._favorites = {uid: each.number for uid, each in favorites(appliance).items()}
        self._names: dict[int, str] = {}
        for uid, label in program_labels(appliance).items():
            key = appliance.programs[uid].key
            if not (key and key.startswith(BUILDING_BLOCK)):
                self._names[uid] = label if label in translated else self._readable(uid, key)

    @property
    def name_uids(self) -> list[int]:
        """Uids of the features that name favourites, and say what they are for."""
        return [
            found.uid
            for number in self._favorites.values()
            for name in ("Name", "Functionality", "Program")
            if (found := self.appliance.find(f"BSH.Common.Setting.Favorite.{number}.{name}"))
        ]

    def names(self) -> dict[int, str]:
        """Name all programs by uid, in the order of their keys."""
        if not self._favorites:
            return self._names
        labels = program_labels(self.appliance)
        return {
            uid: labels[uid] if uid in self._favorites else name
            for uid, name in self._names.items()
        }

    def selectable(self) -> dict[str, int]:
        """Give the programs by name that can be selected, or else started, at the moment."""
        wanted = {*selectable_programs(self.appliance), *startable_programs(self.appliance)}
        return {name: uid for uid, name in self.names().items() if uid in wanted}

    def name(self, uid: int) -> str | None:
        """Name a program; None for one that is not in the description."""
        return self.names().get(uid)

    def _readable(self, uid: int, key: str | None) -> str:
        """Spell a program without a text; what precedes its name tells apart those that share it."""
        if key is None:
            return f"Program {uid}"
        *group, last = _KINDS.split(key, maxsplit=1)[-1].split(".")
        taken = set(self._names.values())
        name = readable(last)
        if name in taken:
            name = f"{name} ({', '.join(readable(part) for part in group)})"
        return f"{name} {uid}" if name in taken else name


async def async_programs(hass: HomeAssistant, coordinator: Coordinator) -> Programs:
    """Name the programs of an appliance; the English texts say which names are known."""
    texts = await async_get_translations(hass, "en", "entity", {DOMAIN})
    prefix = f"component.{DOMAIN}.entity.select.select_program.state."
    return Programs(
        coordinator.appliance,
        {key.removeprefix(prefix) for key in texts if key.startswith(prefix)},
    )
