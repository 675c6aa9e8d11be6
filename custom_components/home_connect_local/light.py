"""Lights: in drums, rings, compartments and hoods, with brightness, colour temperature or colour where there is some."""

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Any, Final, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_COLOR_TEMP_KELVIN,
    ATTR_EFFECT,
    ATTR_RGB_COLOR,
    ColorMode,
    LightEntity,
    LightEntityDescription,
    LightEntityFeature,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.color import brightness_to_value, value_to_brightness

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import FeatureRow, SettableEntity, async_add_features, table
from .protocol import CommandError, Feature, PreconditionError, RefusedError

PARALLEL_UPDATES = 1

WARMEST_KELVIN: Final = 2000
COLDEST_KELVIN: Final = 6500

_FULL: Final = 255
_PERCENT: Final = 100
_COLOR_TEXT: Final = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
# The members that stand for "as the other feature says".
_CUSTOM: Final = frozenset({"custom", "customcolor"})


@dataclass(frozen=True, kw_only=True)
class LightRow(FeatureRow, LightEntityDescription):
    """A light: the switch of it, and the features beside that it is dimmed and coloured with."""

    brightness: tuple[str, ...] = ()
    temperature: str | None = None
    """Percent from warm to cold, or the other way round where there are presets (wire.md §12)."""
    presets: str | None = None
    """An enumeration of looks, one of which means that temperature or colour count."""
    color: str | None = None
    """A colour as ``#rrggbb``."""


ROWS: Final = table(
    LightRow(
        key="light_door_ring",
        features=("LaundryCare.Common.Setting.DoorLightRing.Active",),
        brightness=("LaundryCare.Common.Setting.DoorLightRing.Brightness",),
    ),
    LightRow(key="light_drum_light", features=("LaundryCare.Common.Setting.DrumLight.Active",)),
    LightRow(
        key="light_internal",
        features=("Refrigeration.Common.Setting.Light.Internal.Power",),
        brightness=("Refrigeration.Common.Setting.Light.Internal.Brightness",),
    ),
    LightRow(
        key="light_external",
        features=("Refrigeration.Common.Setting.Light.External.Power",),
        brightness=("Refrigeration.Common.Setting.Light.External.Brightness",),
        also=("Refrigeration.Common.Setting.Light.External.Brightness",),
    ),
    LightRow(
        key="light_logo",
        features=("Refrigeration.Common.Setting.Light.Logo.Power",),
        brightness=("Refrigeration.Common.Setting.Light.Logo.Brightness",),
        also=("Refrigeration.Common.Setting.Light.Logo.Brightness",),
        entity_category=EntityCategory.CONFIG,
    ),
    LightRow(
        key="light_hood",
        features=("Cooking.Common.Setting.Lighting", "Cooking.Hood.Setting.Lighting"),
        brightness=(
            "Cooking.Common.Setting.LightingBrightness",
            "Cooking.Hood.Setting.LightingBrightness",
        ),
        temperature="Cooking.Hood.Setting.ColorTemperaturePercent",
        presets="Cooking.Hood.Setting.ColorTemperature",
        also=(
            "Cooking.Common.Setting.LightingBrightness",
            "Cooking.Hood.Setting.LightingBrightness",
        ),
    ),
    LightRow(
        key="light_ambient",
        features=("BSH.Common.Setting.AmbientLightEnabled",),
        brightness=("BSH.Common.Setting.AmbientLightBrightness",),
        presets="BSH.Common.Setting.AmbientLightColor",
        color="BSH.Common.Setting.AmbientLightCustomColor",
        also=(
            "BSH.Common.Setting.AmbientLightBrightness",
            "BSH.Common.Setting.AmbientLightColor",
            "BSH.Common.Setting.AmbientLightCustomColor",
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights of an appliance."""
    async_add_features(hass, entry, async_add_entities, Platform.LIGHT, ROWS, ApplianceLight)


class ApplianceLight(SettableEntity, LightEntity):
    """A light of an appliance."""

    entity_description: LightRow

    _attr_min_color_temp_kelvin = WARMEST_KELVIN
    _attr_max_color_temp_kelvin = COLDEST_KELVIN

    def __init__(self, coordinator: Coordinator, feature: Feature, row: LightRow) -> None:
        """Describe the entity: what it is able to do does not change."""
        super().__init__(coordinator, feature, row)
        find = coordinator.appliance.find
        self._brightness = find(*row.brightness)
        self._temperature = find(row.temperature) if row.temperature else None
        self._presets = find(row.presets) if row.presets else None
        self._color = find(row.color) if row.color else None
        self._watch(*(each.uid for each in self._companions))
        if self._color:
            mode = ColorMode.RGB
        elif self._temperature:
            mode = ColorMode.COLOR_TEMP
        else:
            mode = ColorMode.BRIGHTNESS if self._brightness else ColorMode.ONOFF
        self._attr_color_mode = mode
        self._attr_supported_color_modes = {mode}
        if self._presets:
            self._attr_supported_features = LightEntityFeature.EFFECT

    @property
    def _companions(self) -> list[Feature]:
        found = (self._brightness, self._temperature, self._presets, self._color)
        return [each for each in found if each]

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it shines; None when unknown."""
        value = self.reading
        return value if isinstance(value, bool) else None

    @property
    @override
    def brightness(self) -> int | None:
        """How bright it is; of a colour without a brightness of its own, the brightest part."""
        if self._dims:
            if (value := self._number(self._brightness)) is None:
                return None
            _, high = self._range
            return value_to_brightness((1, high), max(1, min(high, value)))
        rgb = self._rgb
        return max(rgb) if rgb else None

    @property
    @override
    def color_temp_kelvin(self) -> int | None:
        """How cold it looks; None when unknown."""
        if (value := self._number(self._temperature)) is None:
            return None
        share = max(0.0, min(1.0, value / _PERCENT))
        cold = 1 - share if self._inverted else share
        return round(WARMEST_KELVIN + cold * (COLDEST_KELVIN - WARMEST_KELVIN))

    @property
    @override
    def rgb_color(self) -> tuple[int, int, int] | None:
        """The colour at full brightness; None when unknown."""
        rgb = self._rgb
        if rgb is None or self._dims or not any(rgb):
            return rgb
        scale = _FULL / max(rgb)
        red, green, blue = (round(part * scale) for part in rgb)
        return red, green, blue

    @property
    @override
    def effect_list(self) -> list[str] | None:
        """The looks there are."""
        if self._presets is None:
            return None
        members = self.appliance.members(self._presets.uid).values()
        return [name.lower() for name in members if name.lower() not in _CUSTOM]

    @property
    @override
    def effect(self) -> str | None:
        """The look it has; None when colour or temperature count, or it is unknown."""
        if self._presets is None:
            return None
        value = self.appliance.value(self._presets.uid)
        name = value.lower() if isinstance(value, str) else None
        return None if name in _CUSTOM else name

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Set looks, brightness and power, in one request: colour first, power last."""
        writes: list[tuple[int, Any]] = []
        if ATTR_EFFECT in kwargs and self._presets:
            writes.append((self._presets.uid, kwargs[ATTR_EFFECT]))
        if ATTR_COLOR_TEMP_KELVIN in kwargs and self._temperature:
            writes += self._custom()
            writes.append((self._temperature.uid, self._percent(kwargs[ATTR_COLOR_TEMP_KELVIN])))
        writes += self._color_writes(kwargs.get(ATTR_RGB_COLOR), kwargs.get(ATTR_BRIGHTNESS))
        if ATTR_BRIGHTNESS in kwargs and self._dims:
            assert self._brightness is not None
            writes.append((self._brightness.uid, self._level(kwargs[ATTR_BRIGHTNESS])))
        if not (writes and self.is_on):
            writes.append((self.uid, True))
        await self.coordinator.async_command(self._write(writes))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self.async_set(value=False)

    async def _write(self, writes: Sequence[tuple[int, Any]]) -> None:
        """Write at once, or one by one where the appliance does not take it at once.

        Some features can only be set while the light is on: what is refused has a second chance behind the others.
        """
        client = self.coordinator.client
        try:
            await client.write_many(writes)
        except CommandError as err:
            if len(writes) == 1 or not isinstance(err, PreconditionError | RefusedError):
                raise
            refused: list[tuple[int, Any]] = []
            for write in writes:
                try:
                    await client.write_many([write])
                except PreconditionError, RefusedError:
                    refused.append(write)
            if len(refused) == len(writes):
                raise
            for uid, value in refused:
                await client.write(uid, value)

    def _color_writes(
        self, rgb: tuple[int, int, int] | None, brightness: int | None
    ) -> list[tuple[int, Any]]:
        if self._color is None or (rgb is None and (brightness is None or self._dims)):
            return []
        shown = self.rgb_color
        wanted = rgb or (shown if shown and any(shown) else (_FULL, _FULL, _FULL))
        if not self._dims:  # then the colour itself is darker
            level = (self.brightness or _FULL) if brightness is None else brightness
            red, green, blue = (round(part * level / _FULL) for part in wanted)
        else:
            red, green, blue = wanted
        return [(self._color.uid, f"#{red:02x}{green:02x}{blue:02x}"), *self._custom()]

    def _custom(self) -> list[tuple[int, Any]]:
        """Have colour or temperature count instead of a preset."""
        if self._presets is None:
            return []
        return [
            (self._presets.uid, raw)
            for raw, name in self.appliance.members(self._presets.uid).items()
            if name.lower() in _CUSTOM
        ][:1]

    # --- scales -----------------------------------------------------------------------------

    @property
    def _dims(self) -> bool:
        """Whether there is a brightness that counts now: some have one that is of no use beside own colours."""
        if self._brightness is None:
            return False
        return self._color is None or self.appliance.writable(self._brightness.uid)

    @property
    def _inverted(self) -> bool:
        return self._presets is not None and self._color is None

    @property
    def _range(self) -> tuple[float, float]:
        assert self._brightness is not None
        limits = self.appliance.limits(self._brightness.uid)
        return limits.min or 0, limits.max or _PERCENT

    @property
    def _rgb(self) -> tuple[int, int, int] | None:
        if self._color is None:
            return None
        value = self.appliance.value(self._color.uid)
        found = _COLOR_TEXT.fullmatch(value) if isinstance(value, str) else None
        return (int(found[1], 16), int(found[2], 16), int(found[3], 16)) if found else None

    def _level(self, brightness: int) -> int:
        low, high = self._range
        return max(round(low), round(brightness_to_value((1, high), brightness)))

    def _percent(self, kelvin: int) -> int:
        cold = (kelvin - WARMEST_KELVIN) / (COLDEST_KELVIN - WARMEST_KELVIN)
        cold = max(0.0, min(1.0, cold))
        return round((1 - cold if self._inverted else cold) * _PERCENT)
