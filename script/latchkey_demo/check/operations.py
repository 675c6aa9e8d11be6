"""What the check does to an entity through Home Assistant, by platform."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ..api import Json
from ..states import UNAVAILABLE, UNKNOWN, Condition, State

MOVING_LIMIT_S = 60.0
READ_ONLY = frozenset(
    {"binary_sensor", "camera", "device_tracker", "event", "image", "sensor", "update", "weather"}
)
"""Platforms without anything to operate."""
_BLIND = frozenset({UNAVAILABLE, UNKNOWN})
_NEAR = 0.02
"""Vendors count in other units: so much of a colour temperature or brightness may be lost on the way."""


@dataclass(frozen=True)
class Step:
    """One action and what must be seen after it."""

    action: str
    met: Condition
    wanted: str
    data: Json = field(default_factory=dict)
    limit_s: float | None = None
    """None for as long as Home Assistant usually takes to follow."""
    then: Callable[[State], Iterable[Step]] = lambda state: ()
    """What more to do in the state that it led to; it depends on that what can be done."""


def _is(*values: str) -> Condition:
    """Make a condition on the state's value."""
    return lambda state: state.value in values


def _shows(name: str, wanted: object) -> Condition:
    """Make a condition on an attribute."""
    return lambda state: state.attributes.get(name) == wanted


def _about(name: str, wanted: float, within: float) -> Condition:
    """Make a condition on a number among the attributes."""

    def near(state: State) -> bool:
        found = state.attributes.get(name)
        return found is not None and abs(float(found) - wanted) <= within

    return near


def _supports(state: State, feature: int) -> bool:
    """Tell whether an entity has a feature of its platform."""
    return bool(int(state.attributes.get("supported_features", 0)) & feature)


def _each(
    state: State, options: str, shown: str, action: str, member: str | None = None
) -> Iterator[Step]:
    """Choose each other of what an attribute offers, then the one that another attribute shows now."""
    now = state.attributes.get(shown)
    others = [option for option in state.attributes.get(options) or () if option != now]
    for option in (*others, *([now] if now is not None else ())):
        yield Step(action, _shows(shown, option), f"{option}", {member or shown: option})


def _other(now: float, low: float, high: float, step: float) -> float:
    """Give a neighbour of a value within limits."""
    return now + step if now + step <= high else max(low, now - step)


def _on_off(
    state: State, while_on: Callable[[State], Iterable[Step]] = lambda state: ()
) -> list[Step]:
    """Turn to the other side and back; once it is on, do what can be done then."""
    on = Step("turn_on", lambda now: now.value not in {"off", *_BLIND}, "on", then=while_on)
    off = Step("turn_off", _is("off"), "off")
    return [on, off] if state.value in {"off", *_BLIND} else [off, on]


def _alarm(state: State) -> list[Step]:
    """Arm in every way there is, and disarm."""
    ways = (("home", 1), ("night", 4), ("away", 2))
    armed = [
        Step(f"alarm_arm_{way}", _is(f"armed_{way}"), f"armed {way}", limit_s=MOVING_LIMIT_S)
        for way, feature in ways
        if _supports(state, feature)
    ]
    return [*armed, Step("alarm_disarm", _is("disarmed"), "disarmed")]


def _button(state: State) -> list[Step]:
    """Press; the state is the time of the last press."""
    return [Step("press", lambda now: now.value != state.value, "pressed")]


def _climate(state: State) -> list[Step]:
    """Go to each other mode and back, with other temperatures on the way; change all that goes with it."""
    modes = [mode for mode in state.attributes["hvac_modes"] if mode != state.value]
    steps = [
        Step("set_hvac_mode", _is(mode), mode, {"hvac_mode": mode}, then=_temperatures)
        for mode in (*modes, state.value)
    ]
    steps += _humidity(state)
    for shown in ("fan_mode", "swing_mode", "preset_mode"):
        steps += _each(state, f"{shown}s", shown, f"set_{shown}")
    return steps


def _temperatures(state: State) -> Iterator[Step]:
    """Set another temperature, or two where there are two, and what was set before."""
    shown = state.attributes
    low, high = (float(shown[name]) for name in ("min_temp", "max_temp"))
    names = [
        name
        for name in ("temperature", "target_temp_low", "target_temp_high")
        if shown.get(name) is not None
    ]
    former = {name: float(shown[name]) for name in names}
    if not former:
        return
    step = float(shown.get("target_temp_step") or 1)
    other = {name: _other(value, low, high, step) for name, value in former.items()}
    for wanted in (other, former):

        def met(now: State, wanted: Json = wanted) -> bool:
            return all(_about(name, wanted[name], step / 2)(now) for name in wanted)

        text = " to ".join(f"{value:g}" for value in wanted.values())
        yield Step("set_temperature", met, f"{text} °C", dict(wanted))


def _cover(state: State) -> list[Step]:
    """Go to a position that is not the present one, then open, stop on the way, and close; and so the slats."""
    steps: list[Step] = []
    halfway = 40 if state.attributes.get("current_position") != 40 else 60
    if _supports(state, 4):
        data = {"position": halfway}

        def arrived(now: State) -> bool:
            # Some report where they go to from the start.
            return now.value == "open" and now.attributes.get("current_position") == halfway

        steps.append(Step("set_cover_position", arrived, f"at {halfway}", data, MOVING_LIMIT_S))
    if _supports(state, 1):
        steps.append(Step("open_cover", _is("opening", "open"), "opening"))
    if _supports(state, 8):
        steps.append(Step("stop_cover", _is("open", "closed"), "standing"))
    if _supports(state, 2):
        steps.append(Step("close_cover", _is("closed"), "closed", limit_s=MOVING_LIMIT_S))
    return [*steps, *_slats(state)]


def _slats(state: State) -> Iterator[Step]:
    """Tilt a cover half, open and close it."""
    for feature, action, wanted, data in (
        (128, "set_cover_tilt_position", 50, {"tilt_position": 50}),
        (16, "open_cover_tilt", 100, {}),
        (32, "close_cover_tilt", 0, {}),
    ):
        if _supports(state, feature):
            met = _about("current_tilt_position", wanted, 1)
            yield Step(action, met, f"tilted to {wanted}", dict(data), MOVING_LIMIT_S)


def _fan(state: State) -> list[Step]:
    """Turn on and off; while on, change all that can be changed."""
    return _on_off(state, _blowing)


def _blowing(state: State) -> Iterator[Step]:
    """Blow as hard as can be and more gently, back and forth, the other way round, and by itself."""
    if _supports(state, 1):
        step = float(state.attributes.get("percentage_step") or 1)
        for percentage in (100, max(round(step), 50)):
            met = _about("percentage", percentage, max(step / 2, 1))
            yield Step("set_percentage", met, f"{percentage} %", {"percentage": percentage})
    if _supports(state, 2):
        for value in (not state.attributes.get("oscillating"), state.attributes.get("oscillating")):
            text = "oscillating" if value else "steady"
            yield Step("oscillate", _shows("oscillating", value), text, {"oscillating": value})
    if _supports(state, 4):
        offered = {"directions": ["forward", "reverse"], **state.attributes}
        now = State(state.entity_id, state.value, offered)
        yield from _each(now, "directions", "direction", "set_direction")
    if _supports(state, 8):
        yield from _each(state, "preset_modes", "preset_mode", "set_preset_mode")


def _humidifier(state: State) -> list[Step]:
    """Set another humidity and each mode; turn on and off."""
    modes = _each(state, "available_modes", "mode", "set_mode")
    return [*_on_off(state), *_humidity(state), *modes]


def _humidity(state: State) -> Iterator[Step]:
    """Set another humidity and the former one."""
    now = state.attributes.get("humidity")
    if now is None:
        return
    low, high = (float(state.attributes[name]) for name in ("min_humidity", "max_humidity"))
    step = float(state.attributes.get("target_humidity_step") or 1)
    for wanted in (_other(float(now), low, high, step), float(now)):
        met = _about("humidity", wanted, step / 2)
        yield Step("set_humidity", met, f"{wanted:g} % humidity", {"humidity": wanted})


def _light(state: State) -> list[Step]:
    """Turn on and off; while on, dim it and give it other colours."""
    return _on_off(state, _shining)


def _shining(state: State) -> Iterator[Step]:
    """Dim to the half, and show a white and a colour, in which order so ever the lamp has them."""
    modes = frozenset(state.attributes.get("supported_color_modes") or ())
    if modes - {"onoff"}:
        met = _about("brightness", 128, 255 * _NEAR)
        yield Step("turn_on", met, "half bright", {"brightness": 128})
    if "color_temp" in modes:
        kelvin = 4000
        met = _about("color_temp_kelvin", kelvin, kelvin * _NEAR)
        yield Step("turn_on", met, f"{kelvin} K", {"color_temp_kelvin": kelvin})
    if modes & {"hs", "rgb", "rgbw", "rgbww", "xy"}:

        def blue(now: State) -> bool:
            hue, saturation = map(float, now.attributes.get("hs_color") or (0, 0))
            return abs(hue - 240) <= 360 * _NEAR and abs(saturation - 80) <= 100 * _NEAR

        yield Step("turn_on", blue, "blue", {"hs_color": [240, 80]})


def _lock(state: State) -> list[Step]:
    """Turn the key to the other side and back."""
    lock = Step("lock", _is("locked"), "locked", limit_s=MOVING_LIMIT_S)
    unlock = Step("unlock", _is("unlocked", "open"), "unlocked", limit_s=MOVING_LIMIT_S)
    return [unlock, lock] if state.value == "locked" else [lock, unlock]


def _media_player(state: State) -> list[Step]:
    """Turn on and off; while on, choose each source, play, pause, and change the volume."""
    return _on_off(state, _playing)


def _playing(state: State) -> Iterator[Step]:
    """Use what a player offers while it is on."""
    yield from _each(state, "source_list", "source", "select_source")
    for feature, action, value in (
        (4096, "media_stop", "idle"),
        (16384, "media_play", "playing"),
        (1, "media_pause", "paused"),
    ):
        if _supports(state, feature):
            yield Step(action, _is(value), value)
    muted, level = (state.attributes.get(name) for name in ("is_volume_muted", "volume_level"))
    if _supports(state, 8) and muted is not None:
        for mute in (not muted, muted):
            met = _shows("is_volume_muted", mute)
            text = "muted" if mute else "heard"
            yield Step("volume_mute", met, text, {"is_volume_muted": mute})
    if _supports(state, 4) and level is not None:
        for wanted in (_other(level, 0, 1, 0.2), level):
            met = _about("volume_level", wanted, 0.01)
            yield Step("volume_set", met, f"volume {wanted:.0%}", {"volume_level": wanted})
    if _supports(state, 1024) and level is not None and 0 < level < 1:
        louder = partial(_is_beyond, "volume_level", level)
        yield Step("volume_up", louder, "louder")
        yield Step("volume_down", lambda now: not louder(now), "softer")


def _is_beyond(name: str, limit: float, state: State) -> bool:
    """Tell whether a number among the attributes is above a limit."""
    return float(state.attributes.get(name) or 0) > limit + 0.001


def _number(state: State) -> list[Step]:
    """Set another value and the former one."""
    low, high, step = (float(state.attributes[name]) for name in ("min", "max", "step"))
    former = float(state.value)

    def setting(value: float) -> Step:
        def near(now: State) -> bool:
            return _as_number(now.value) is not None and abs(float(now.value) - value) < step / 2

        return Step("set_value", near, f"at {value:g}", {"value": value})

    return [setting(_other(former, low, high, step)), setting(former)]


def _as_number(text: str) -> float | None:
    """Read a number; None where there is none."""
    try:
        return float(text)
    except ValueError:
        return None


def _select(state: State) -> list[Step]:
    """Choose each other option, then the former one."""
    options = [option for option in state.attributes["options"] if option != state.value]
    return [
        Step("select_option", _is(option), f"at {option}", {"option": option})
        for option in (*options, state.value)
    ]


def _valve(state: State) -> list[Step]:
    """Open and close, as far as it can."""
    ways = (
        (1, Step("open_valve", _is("opening", "open"), "opening")),
        (2, Step("close_valve", _is("closed"), "closed", limit_s=MOVING_LIMIT_S)),
    )
    return [step for feature, step in ways if _supports(state, feature)]


OPERATED: Mapping[str, Callable[[State], list[Step]]] = {
    "alarm_control_panel": _alarm,
    "button": _button,
    "climate": _climate,
    "cover": _cover,
    "fan": _fan,
    "humidifier": _humidifier,
    "light": _light,
    "lock": _lock,
    "media_player": _media_player,
    "number": _number,
    "remote": _on_off,
    "select": _select,
    "siren": _on_off,
    "switch": _on_off,
    "valve": _valve,
}


def plan(state: State) -> list[Step] | None:
    """Return what to do to an entity in this state; None when its platform is not in the table."""
    if state.domain in READ_ONLY:
        return []
    steps = OPERATED.get(state.domain)
    return None if steps is None else steps(state)
