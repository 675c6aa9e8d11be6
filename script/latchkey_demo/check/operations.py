"""What the check does to an entity through Home Assistant, by platform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..api import Json
from ..states import Condition, State

MOVING_LIMIT_S = 60.0
READ_ONLY = frozenset(
    {"binary_sensor", "camera", "device_tracker", "event", "image", "sensor", "update", "weather"}
)
"""Platforms without anything to operate."""


@dataclass(frozen=True)
class Step:
    """One action and what must be seen after it."""

    action: str
    met: Condition
    wanted: str
    data: Json = field(default_factory=dict)
    limit_s: float | None = None
    """None for as long as Home Assistant usually takes to follow."""


def _is(*values: str) -> Condition:
    """Make a condition on the state's value."""
    return lambda state: state.value in values


def _supports(state: State, feature: int) -> bool:
    """Tell whether an entity has a feature of its platform."""
    return bool(int(state.attributes.get("supported_features", 0)) & feature)


def _on_off(state: State) -> list[Step]:
    """Turn to the other side and back."""
    on, off = Step("turn_on", _is("on"), "on"), Step("turn_off", _is("off"), "off")
    return [off, on] if state.value == "on" else [on, off]


def _button(state: State) -> list[Step]:
    """Press; the state is the time of the last press."""
    return [Step("press", lambda now: now.value != state.value, "pressed")]


def _cover(state: State) -> list[Step]:
    """Go to a position that is not the present one, then open, stop on the way, and close."""
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
    return steps


def _lock(state: State) -> list[Step]:
    """Turn the key to the other side and back."""
    lock = Step("lock", _is("locked"), "locked", limit_s=MOVING_LIMIT_S)
    unlock = Step("unlock", _is("unlocked", "open"), "unlocked", limit_s=MOVING_LIMIT_S)
    return [unlock, lock] if state.value == "locked" else [lock, unlock]


def _number(state: State) -> list[Step]:
    """Set another value and the former one."""
    low, high, step = (float(state.attributes[name]) for name in ("min", "max", "step"))
    former = float(state.value)
    other = former + step if former + step <= high else max(low, former - step)

    def setting(value: float) -> Step:
        def near(now: State) -> bool:
            return _as_number(now.value) is not None and abs(float(now.value) - value) < step / 2

        return Step("set_value", near, f"at {value:g}", {"value": value})

    return [setting(other), setting(former)]


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


OPERATED: Mapping[str, Callable[[State], list[Step]]] = {
    "button": _button,
    "cover": _cover,
    "fan": _on_off,
    "light": _on_off,
    "lock": _lock,
    "number": _number,
    "select": _select,
    "siren": _on_off,
    "switch": _on_off,
}


def plan(state: State) -> list[Step] | None:
    """Return what to do to an entity in this state; None when its platform is not in the table."""
    if state.domain in READ_ONLY:
        return []
    steps = OPERATED.get(state.domain)
    return None if steps is None else steps(state)
