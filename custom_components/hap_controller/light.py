"""Lights: on and off, brightness, colour and colour temperature (mapping §5.9)."""

from collections.abc import Iterator
from math import floor
from typing import Any, Final, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_COLOR_TEMP_KELVIN,
    ATTR_HS_COLOR,
    ColorMode,
    LightEntity,
    LightEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.color import color_temperature_to_hs

from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import fit, fit_above_zero, limits_of, number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, ServiceUuid

PARALLEL_UPDATES = 0

_FULL: Final = 255
_PERCENT: Final = 100
_CIRCLE: Final = 360
_MIREDS: Final = 1_000_000
# Of lamps that do not say how warm and how cold they can be.
_WARMEST_KELVIN: Final = 2000
_COLDEST_KELVIN: Final = 6535

# Colours that come back from a lamp are off by less than this, in degrees and percent, when they are the same.
_ROUNDING: Final = 1
# A colour paler than this, in percent, may be a white; and so near, in degrees and percent, it is the white that the
# temperature says. Guesses: lamps approximate whites each in their own way, what a few of each make report would settle it.
_PALE: Final = 10
_NEAR_DEGREES: Final = 15
_NEAR_PERCENT: Final = 5

_LIGHT: Final = LightEntityDescription(key="light", translation_key="light")

type Color = tuple[float, float]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights."""
    async_add_platform(hass, entry, async_add_entities, Platform.LIGHT, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, ServiceUuid.LIGHTBULB):
        yield HapLight(coordinator, service, _LIGHT)


class HapLight(ServiceEntity, LightEntity):
    """A lamp.

    HomeKit does not say whether colour or temperature counts where a lamp has both: what changed last does.
    """

    _on: Characteristic | None
    _brightness: Characteristic | None
    _hue: Characteristic | None
    _saturation: Characteristic | None
    _mireds: Characteristic | None

    _has_color = False
    _worked_out: tuple[tuple[Any, Any], Color | None] = ((None, None), None)
    """Hue and saturation as they were told, and the colour that they are: most changes are not about it."""
    _attr_color_mode: ColorMode | None = None
    _seen: tuple[Color | None, float | None] = (None, None)
    """Colour and temperature when they were last looked at."""
    _emulated: tuple[int, Color] | None = None
    """The temperature, in kelvin, that was asked of a lamp that has colours only, and the colour made of it."""
    _command: tuple[ColorMode, tuple[int, Color] | None] | None = None
    """What a command that is on its way makes of it: changes meanwhile are its own."""

    @override
    def _describe(self) -> None:
        self._on = self._characteristic(CharacteristicUuid.ON)
        self._brightness = self._characteristic(CharacteristicUuid.BRIGHTNESS)
        self._hue = self._characteristic(CharacteristicUuid.HUE)
        self._saturation = self._characteristic(CharacteristicUuid.SATURATION)
        self._mireds = self._characteristic(CharacteristicUuid.COLOR_TEMPERATURE)
        self._has_color = self._hue is not None or self._saturation is not None
        self._worked_out = (None, None), None
        if self._has_color:
            modes = {ColorMode.HS, ColorMode.COLOR_TEMP}
        elif self._mireds:
            modes = {ColorMode.COLOR_TEMP}
        else:
            modes = {ColorMode.BRIGHTNESS if self._brightness else ColorMode.ONOFF}
        self._attr_supported_color_modes = modes
        if self._attr_color_mode not in modes:
            self._attr_color_mode = self._likely_mode() if self._has_color else next(iter(modes))
        self._seen = self._color, number(self._mireds)
        self._attr_min_color_temp_kelvin = _WARMEST_KELVIN
        self._attr_max_color_temp_kelvin = _COLDEST_KELVIN
        if self._mireds:
            limits = limits_of(self._mireds)
            self._attr_min_color_temp_kelvin = _kelvin(limits.high) or _WARMEST_KELVIN
            self._attr_max_color_temp_kelvin = _kelvin(limits.low) or _COLDEST_KELVIN

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return truth(self._on)

    @property
    @override
    def brightness(self) -> int | None:
        """How bright it is, 1 to 255; a lamp that is on is not dark, whatever it says."""
        percent = number(self._brightness)
        if percent is None:
            return None
        return max(1, round(min(percent, _PERCENT) * _FULL / _PERCENT))

    @property
    @override
    def hs_color(self) -> Color | None:
        """Its hue in degrees and its saturation in percent; None until reported."""
        return self._color

    @property
    @override
    def color_temp_kelvin(self) -> int | None:
        """How cold it looks; of a lamp that has colours only, what was asked of it."""
        if self._mireds:
            return _kelvin(number(self._mireds))
        return self._emulated[0] if self._emulated else None

    @property
    def _color(self) -> Color | None:
        """The colour; of what a lamp has not it always has the same."""
        if not self._has_color:
            return None
        told = self._hue and self._hue.value, self._saturation and self._saturation.value
        if told != self._worked_out[0]:
            self._worked_out = told, self._work_out_color()
        return self._worked_out[1]

    def _work_out_color(self) -> Color | None:
        hue = number(self._hue) if self._hue else 0
        saturation = number(self._saturation) if self._saturation else _PERCENT
        if hue is None or saturation is None:
            return None
        return hue % _CIRCLE, min(max(saturation, 0), _PERCENT)

    # --- colour or temperature --------------------------------------------------------------

    def _likely_mode(self) -> ColorMode:
        """Tell what counts in a lamp with colours that nobody has watched."""
        color, mireds = self._color, number(self._mireds)
        if color is None or mireds is None:
            return ColorMode.HS
        is_pale = color[1] <= _PALE and _is_white(color, mireds)
        return ColorMode.COLOR_TEMP if not color[1] or is_pale else ColorMode.HS

    @override
    @callback
    def _async_take(self) -> None:
        """See whether colour or temperature changed last."""
        seen = color, mireds = self._color, number(self._mireds)
        if seen == self._seen:
            return
        (old_color, old_mireds), self._seen = self._seen, seen
        if not self._has_color:
            return
        if self._command:
            self._attr_color_mode, self._emulated = self._command
        elif self._mireds is None:
            if self._emulated and color and not _is_same(color, self._emulated[1]):
                self._attr_color_mode, self._emulated = ColorMode.HS, None
        elif old_color is None or old_mireds is None:
            self._attr_color_mode = self._likely_mode()
        elif color != old_color and color is not None:
            # Some lamps tell the colour that they have at a new temperature, with it or behind it.
            is_due = mireds != old_mireds or self._attr_color_mode is ColorMode.COLOR_TEMP
            is_white = is_due and mireds is not None and _is_white(color, mireds)
            self._attr_color_mode = ColorMode.COLOR_TEMP if is_white else ColorMode.HS
        else:
            self._attr_color_mode = ColorMode.COLOR_TEMP

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on as wanted, all in one request."""
        values: dict[Characteristic | None, Any] = {self._on: True}
        if self._brightness and ATTR_BRIGHTNESS in kwargs:
            percent = round(kwargs[ATTR_BRIGHTNESS] * _PERCENT / _FULL)
            values[self._brightness] = fit_above_zero(percent, self._brightness)
        kelvin: int | None = kwargs.get(ATTR_COLOR_TEMP_KELVIN)
        color: Color | None = kwargs.get(ATTR_HS_COLOR)
        command: tuple[ColorMode, tuple[int, Color] | None] | None = None
        if color is not None and self._has_color:
            values |= self._in_color(color)
            command = ColorMode.HS, None
        if kelvin is not None and self._mireds:
            values[self._mireds] = fit(_MIREDS // max(kelvin, 1), self._mireds)
            command = command or (ColorMode.COLOR_TEMP, None)
        elif kelvin is not None and color is None and self._has_color:
            whitish = self._in_color(color_temperature_to_hs(kelvin))
            values |= whitish
            hue, saturation = whitish.get(self._hue, 0), whitish.get(self._saturation, _PERCENT)
            command = ColorMode.COLOR_TEMP, (kelvin, (hue, saturation))
        await self._command_as(command, values)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self._on: False})

    def _in_color(self, color: Color) -> dict[Characteristic | None, Any]:
        """Give what sets a colour; a full circle is none."""
        values: dict[Characteristic | None, Any] = {}
        if self._hue:
            hue = fit(color[0], self._hue)
            values[self._hue] = fit(0, self._hue) if hue == _CIRCLE else hue
        if self._saturation:
            values[self._saturation] = fit(color[1], self._saturation)
        return values

    async def _command_as(
        self,
        command: tuple[ColorMode, tuple[int, Color] | None] | None,
        values: dict[Characteristic | None, Any],
    ) -> None:
        """Write values, and know what they make of the lamp, whether or not they are news to it."""
        if command is None:
            await self._write(values)
            return
        self._command = command
        try:
            await self._write(values)
        finally:
            if self._command is command:
                self._command = None
        self._seen = self._color, number(self._mireds)
        if (self._attr_color_mode, self._emulated) != command and self._has_color:
            self._attr_color_mode, self._emulated = command
            self.async_write_ha_state()


def _kelvin(mireds: float | None) -> int | None:
    """Convert a temperature as lamps have it; None for what is none."""
    return floor(_MIREDS / mireds) if mireds is not None and mireds >= 1 else None


def _is_same(one: Color, other: Color) -> bool:
    return _degrees(one, other) < _ROUNDING and abs(one[1] - other[1]) < _ROUNDING


def _is_white(color: Color, mireds: float) -> bool:
    """Tell whether a colour is how a temperature looks."""
    kelvin = _kelvin(mireds)
    if kelvin is None:
        return False
    white = color_temperature_to_hs(kelvin)
    if abs(color[1] - white[1]) > _NEAR_PERCENT:
        return False
    # Of what is next to no colour the hue says nothing.
    return color[1] <= _NEAR_PERCENT or _degrees(color, white) <= _NEAR_DEGREES


def _degrees(one: Color, other: Color) -> float:
    """Give how far hues are apart."""
    apart = abs(one[0] - other[0]) % _CIRCLE
    return min(apart, _CIRCLE - apart)
