"""What users can do with entities: each action that Home Assistant announces for what an entity is able to do.

Which these are is read from Home Assistant's own descriptions of its actions, so that none is forgotten.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from homeassistant import components
from homeassistant.const import ATTR_SUPPORTED_FEATURES
from homeassistant.core import State
from homeassistant.util.yaml import load_yaml_dict

type Data = dict[str, Any]

_NO_PICTURE = "pictures are all that there is"
_NO_LEARNING = "keys are not learnt"
# Actions that Home Assistant announces for all entities of a platform although they must be able to do more.
LEFT_OUT: Mapping[str, str] = {
    "camera.disable_motion_detection": _NO_PICTURE,
    "camera.enable_motion_detection": _NO_PICTURE,
    "camera.play_stream": _NO_PICTURE,
    "camera.record": _NO_PICTURE,
    "camera.snapshot": "it writes a file; test_camera.py takes the pictures",
    "camera.turn_off": _NO_PICTURE,
    "camera.turn_on": _NO_PICTURE,
    "remote.delete_command": _NO_LEARNING,
    "remote.learn_command": _NO_LEARNING,
}


def _each(data: str, options: str) -> Callable[[State], Iterator[Data]]:
    """Give an action each of the options that an attribute lists."""
    return lambda state: ({data: option} for option in state.attributes.get(options) or ())


def _one(**data: Any) -> Callable[[State], Iterator[Data]]:
    """Give an action the same data always."""
    return lambda _: iter([data])


def _some(data: str, *values: Any) -> Callable[[State], Iterator[Data]]:
    """Give an action some values."""
    return lambda _: ({data: value} for value in values)


def _between(data: str, low: str, high: str) -> Callable[[State], Iterator[Data]]:
    """Give an action a value about the middle of the limits that attributes tell, and both ends."""

    def values(state: State) -> Iterator[Data]:
        least, greatest = state.attributes[low], state.attributes[high]
        for value in dict.fromkeys((least, round(least + 0.47 * (greatest - least), 1), greatest)):
            yield {data: value}

    return values


def _temperatures(state: State) -> Iterator[Data]:
    """Give one temperature as it is, or a range of them, in each mode that there is, and then in that."""
    low, high = state.attributes["min_temp"], state.attributes["max_temp"]
    one = {"temperature": round(low + 0.4 * (high - low), 1)}
    two = {
        "target_temp_low": round(low + 0.3 * (high - low), 1),
        "target_temp_high": round(low + 0.6 * (high - low), 1),
    }
    is_range = state.attributes.get("target_temp_low") is not None
    yield two if is_range else one
    for mode in state.attributes["hvac_modes"]:
        if mode != "heat_cool":
            yield {**one, "hvac_mode": mode}
        elif "target_temp_low" in state.attributes:
            yield {**two, "hvac_mode": mode}


def _lights(state: State) -> Iterator[Data]:
    """Give what a lamp is able to do."""
    yield {}
    modes = set(state.attributes["supported_color_modes"])
    if modes != {"onoff"}:
        yield from ({"brightness": value} for value in (1, 3, 128, 255))
    if "hs" in modes:
        yield {"hs_color": (359.6, 40.4), "brightness": 64}
        yield {"rgb_color": (0, 0, 255)}
    if "color_temp" in modes:
        yield from ({"color_temp_kelvin": value} for value in (2000, 3000, 6500))


_NOTHING = _one()
# What actions are given, for each entity as it is; nothing with those that are not named here.
DATA: Mapping[str, Callable[[State], Iterator[Data]]] = {
    "climate.set_fan_mode": _each("fan_mode", "fan_modes"),
    "climate.set_humidity": _between("humidity", "min_humidity", "max_humidity"),
    "climate.set_hvac_mode": _each("hvac_mode", "hvac_modes"),
    "climate.set_preset_mode": _each("preset_mode", "preset_modes"),
    "climate.set_swing_mode": _each("swing_mode", "swing_modes"),
    "climate.set_temperature": _temperatures,
    "cover.set_cover_position": _some("position", 0, 42, 100),
    "cover.set_cover_tilt_position": _some("tilt_position", 0, 25, 100),
    "fan.oscillate": _some("oscillating", True, False),
    "fan.set_direction": _some("direction", "forward", "reverse"),
    "fan.set_percentage": _some("percentage", 1, 50, 100, 0),
    "fan.set_preset_mode": _each("preset_mode", "preset_modes"),
    "humidifier.set_humidity": _between("humidity", "min_humidity", "max_humidity"),
    "humidifier.set_mode": _each("mode", "available_modes"),
    "light.turn_on": _lights,
    "media_player.select_source": _each("source", "source_list"),
    "media_player.volume_mute": _some("is_volume_muted", True, False),
    "media_player.volume_set": _some("volume_level", 0.0, 0.3, 1.0),
    "number.set_value": _between("value", "min", "max"),
    "remote.send_command": _some("command", "arrow_up", "select", "information"),
    "select.select_option": _each("option", "options"),
}


@cache
def _described(platform: str) -> Mapping[str, Sequence[int]]:
    """Give the actions of a platform, and the features of which one is enough for each; none are always."""
    path = Path(components.__path__[0]) / platform / "services.yaml"
    found: dict[str, Sequence[int]] = {}
    if not path.exists():
        return found
    for name, told in load_yaml_dict(str(path)).items():
        # Some share lists, which stand beside the actions.
        if isinstance(told, dict) and (target := told.get("target")):
            features = target["entity"].get(ATTR_SUPPORTED_FEATURES, ())
            found[name] = [_feature(each) for each in features]
    return found


def _feature(told: str | list[str]) -> int:
    """Read a feature, or several that must all be there, as Home Assistant spells them."""
    if isinstance(told, list):
        return sum({_feature(each) for each in told})
    module, enum, member = told.split(".")
    return int(getattr(import_module(f"homeassistant.components.{module}"), enum)[member])


def actions_of(state: State) -> Iterator[tuple[str, Data]]:
    """Give the actions that an entity is able to perform, each with what can be asked of it."""
    platform = state.domain
    supported = state.attributes.get(ATTR_SUPPORTED_FEATURES, 0)
    for name, features in sorted(_described(platform).items()):
        whole = f"{platform}.{name}"
        able = not features or any(each & supported == each for each in features)
        if able and whole not in LEFT_OUT:
            for data in DATA.get(whole, _NOTHING)(state):
                yield name, data
