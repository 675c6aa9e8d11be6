"""What can be done through the control address: hands on the appliance, its quirks, and faults.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page. Features are named by key, or by uid written as text or number.
"""

from collections.abc import Iterable, Mapping
import os
from typing import TYPE_CHECKING, Any

from ..control import Json, Operation
from ..panel import (
    LINK_BUTTONS,
    apply,
    button,
    describe_service,
    describe_session,
    link_operations,
    switch_operations,
)
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM
from .keys import DOOR, LOCAL_CONTROL, OPERATION, POWER, PROGRESS, REMAINING, REMOTE_START
from .state import State

if TYPE_CHECKING:
    from .simulated import SimulatedAppliance


def operations(served: SimulatedAppliance) -> Mapping[str, Operation]:
    """List the operations of an appliance by name."""
    return (
        _hands(served)
        | _values(served)
        | link_operations(served)
        | _link(served)
        | switch_operations(served)
        | _manners(served)
    )


def _find(state: State, feature: str | int) -> int:
    """Find a feature or list by key or uid. Raises LookupError."""
    uid = state.uid(feature) if isinstance(feature, str) else feature
    if uid is None and isinstance(feature, str) and feature.isdecimal():
        uid = int(feature)
    known = state.description
    if uid is None or (
        uid not in known.features and uid not in known.lists and uid not in state.values
    ):
        raise LookupError(f"there is no feature {feature!r}")
    return uid


def _hands(served: SimulatedAppliance) -> dict[str, Operation]:
    """What people do to the appliance itself."""
    appliance = served.appliance

    def door(open: bool = True, compartment: str | None = None, ajar: bool = False) -> None:
        """Open or close the door, or that of a fridge's compartment; ajar: not wide, where that is told."""
        if open:
            appliance.open_door(compartment, ajar=ajar)
        else:
            appliance.close_door(compartment)

    def power(state: str) -> None:
        """Switch to "On", "Off", "Standby" or "MainsOff" at the appliance."""
        appliance.power(state)

    def select(program: str | int) -> None:
        """Select a program at the panel."""
        appliance.press_select(_find(appliance.state, program))

    def start(program: str | int | None = None) -> None:
        """Start a program at the panel, the selected one by default."""
        appliance.press_start(None if program is None else _find(appliance.state, program))

    def pause() -> None:
        """Pause the program at the panel."""
        appliance.pause()

    def resume() -> None:
        """Let the program go on, at the panel."""
        appliance.resume()

    def abort() -> None:
        """Break the program off at the panel."""
        appliance.abort()

    def remote_start(allowed: bool = True) -> None:
        """Press the button that allows to start programs from afar."""
        appliance.remote_start(allowed)

    def remote_control(active: bool = True) -> None:
        """Allow or forbid any operation from afar."""
        appliance.remote_control(active)

    def local_control(active: bool = True) -> None:
        """Begin to use the panel, or end; meanwhile requests are refused."""
        appliance.local_control(active)

    def event(event: str | int, state: str = "Present") -> None:
        """Bring an event to "Off", "Present" or "Confirmed"; it is told even when it is not new."""
        appliance.event(_find(appliance.state, event), state)

    def finish() -> None:
        """Let the running program come to its end now."""
        if appliance.process is None:
            raise ValueError("no program runs")
        appliance.finish()

    return {
        "door": door,
        "power": power,
        "select": select,
        "start": start,
        "pause": pause,
        "resume": resume,
        "abort_program": abort,
        "finish": finish,
        "remote_start": remote_start,
        "remote_control": remote_control,
        "local_control": local_control,
        "event": event,
    }


def _values(served: SimulatedAppliance) -> dict[str, Operation]:
    """What happens inside, and what is told without being true."""
    appliance = served.appliance

    def set_value(
        feature: str | int, value: bool | float | str | dict[str, Any] | list[Any] | None
    ) -> None:
        """Change a value, whatever it is, and tell it; a member of an enumeration also by name."""
        uid = _find(appliance.state, feature)
        if isinstance(value, str) and uid in appliance.state.description.features:
            raw = appliance.state.raw_of(uid, value)
            value = value if raw is None else raw
        appliance.tell_values({uid: value}, again=True)

    def describe_feature(feature: str | int, **members: object) -> None:
        """Change the description at run time.

        Members: access, available, min, max, stepSize, default, execution, enumerationType, value.
        """
        known = {"access", "available", "min", "max", "stepSize", "default", "execution"}
        if strange := members.keys() - known - {"enumerationType", "value"}:
            raise ValueError(f"a description has no {', '.join(sorted(strange))}")
        appliance.deviate([{"uid": _find(appliance.state, feature), **members}], again=True)

    def notify(resource: str, data: list[Any]) -> None:
        """Notify anything, without it being true."""
        appliance.notify(resource, data)

    def flood(count: int = 1000, feature: str | int | None = None) -> None:
        """Tell the same value many times."""
        served.flood(count, None if feature is None else _find(appliance.state, feature))

    def scenario(name: str, pause: float = 0.0) -> None:
        """Play a scenario of the seed, with so many seconds before each step."""
        served.play(name, pause)

    return {
        "set": set_value,
        "describe": describe_feature,
        "notify": notify,
        "flood": flood,
        "scenario": scenario,
    }


def _link(served: SimulatedAppliance) -> dict[str, Operation]:
    """What happens to the link of this appliance."""

    def refuse(seconds: float = 5.0) -> None:
        """Reset all connections and refuse new ones for a while."""
        served.spawn(served.refuse_for(seconds))

    def reboot(seconds: float = 1.0) -> None:
        """Drop all, and come back after a while with other session numbers."""
        served.reboot(seconds)

    def leave(code: int = 1001) -> None:
        """Close all connections with a code, and refuse new ones until "link" brings the appliance up."""
        served.spawn(served.vanish(code))

    def slots(dead: int) -> None:
        """Let so many slots be held by sessions that have long gone; with all of them taken there is HTTP 404."""
        served.dead_slots = dead

    async def key(how: str = "new") -> None:
        """Pair anew, so that the archive has another key ("new"), or refuse the right one ("wrong", "restore")."""
        match how:
            case "new":
                await served.pair_anew()
            case "wrong":
                served.change_key(os.urandom(32))
            case "restore":
                served.change_key(served.profile.key)
            case _:
                raise ValueError("how is 'new', 'wrong' or 'restore'")

    return {
        "refuse": refuse,
        "reboot": reboot,
        "leave": leave,
        "slots": slots,
        "key": key,
    }


def _manners(served: SimulatedAppliance) -> dict[str, Operation]:
    """How the appliance conducts itself."""

    def generation(name: str) -> None:
        """Speak to new connections as appliances of a generation do: "old", "middle" or "current"."""
        served.rules.be_of(name)

    def rules(
        slots: int | None = None,
        dead_slot_s: float | None = None,
        duplicate: str | None = None,
        answer_s: float | None = None,
        off_code: int | None = None,
        session_id: int | None = None,
        message_id: int | None = None,
        client_message_id: int | None = None,
        needs_authentication: bool | None = None,
        omits_empty: bool | None = None,
    ) -> None:
        """Change how sessions are conducted; numbers of a session are for the next ones."""
        if duplicate not in {None, "new", "old"}:
            raise ValueError("duplicate is 'new' or 'old'")
        given = dict(locals())
        apply(served.rules, {name: given[name] for name in given if hasattr(served.rules, name)})

    def character(
        needs_remote_start: bool | None = None,
        leaves_network: bool | None = None,
        locks_door: bool | None = None,
        pauses_at_door: bool | None = None,
        starts_by_selecting: bool | None = None,
        starts_by_value: bool | None = None,
        zero_is_unknown: bool | None = None,
        remaining_stays: bool | None = None,
        tells_programs: bool | None = None,
        strict_numbers: bool | None = None,
        varied_codes: bool | None = None,
    ) -> None:
        """Change what this appliance does differently from others."""
        given = dict(locals())
        own = served.appliance.character
        apply(own, {name: given[name] for name in given if hasattr(own, name)})

    def pace(
        speed: float | None = None,
        reaction_s: float | None = None,
        report_s: float | None = None,
        finished_s: float | None = None,
        door_alarm_s: float | None = None,
    ) -> None:
        """Change how quick it is; what has begun goes on as it was."""
        if speed is not None and speed <= 0:
            raise ValueError("speed is above 0")
        given = dict(locals())
        own = served.appliance.pace
        apply(own, {name: given[name] for name in given if hasattr(own, name)})

    return {"generation": generation, "rules": rules, "character": character, "pace": pace}


# --- the state ---------------------------------------------------------------------------------


def describe(served: SimulatedAppliance) -> Json:
    """Give the state of everything for the control address, without secrets."""
    common = describe_service(served)
    appliance = served.appliance
    return {
        "domain": "home_connect_local",
        "title": f"{appliance.profile.type} {served.ha_id}",
        "summary": f"Link {common['link']}, connections: {len(served.sessions)}, "
        f"violations: {len(served.violations)}",
        "connections": [
            {
                **describe_session(session),
                "name": session.device_name,
                "ready": session.ready,
                "crowded": session.crowded,
            }
            for session in served.sessions
        ],
        "dead_slots": served.dead_slots,
        "services": dict(served.rules.services),
        "scenarios": list(appliance.profile.seed.scenarios),
        "playing": [scenario.name for scenario in served.scenarios if not scenario.done.is_set()],
        "values": {str(uid): value for uid, value in appliance.state.values.items()},
        "deviations": appliance.state.changes(),
        "actions": [*LINK_BUTTONS, button("Reboot", "reboot"), button("New key", "key")],
        "devices": [_card(served)],
        **common,
    }


def describe_household(appliances: Iterable[SimulatedAppliance]) -> Json:
    """Give the state of all appliances in short; faults are switched at the address that each has of its own."""
    states = [describe(served) for served in appliances]
    return {
        "domain": "home_connect_local",
        "title": "Home Connect household",
        "summary": f"Appliances: {len(states)}, "
        f"connections: {sum(len(state['connections']) for state in states)}, "
        f"violations: {sum(len(state['violations']) for state in states)}",
        "actions": [],
        "devices": [_in_household(served) for served in appliances],
        "faults": [],
        "fault_kinds": [],
        "violations": [
            {"appliance": served.ha_id, **violation}
            for served, state in zip(appliances, states, strict=True)
            for violation in state["violations"]
        ],
        "received": [],
    }


def _card(served: SimulatedAppliance) -> Json:
    appliance = served.appliance
    state = appliance.state
    values = {
        "power": state.word(POWER),
        "operation": state.word(OPERATION),
        "door": state.word(DOOR),
        **{name: state.word(key) for name, key in appliance.compartments().items()},
        "selected": _program(state, SELECTED_PROGRAM),
        "active": _program(state, ACTIVE_PROGRAM),
        "remaining": state.get(REMAINING),
        "progress": state.get(PROGRESS),
        "remote start": state.get(REMOTE_START),
        "local control": state.get(LOCAL_CONTROL),
    }
    return {
        "id": served.ha_id,
        "name": appliance.profile.type,
        "about": f"{served.ha_id} · {served.connection_type} · {served.host}:{served.port}",
        "control_url": served.control_url,
        "values": {name: value for name, value in values.items() if value is not None},
        "actions": _buttons(served),
    }


def _program(state: State, uid: int) -> str | None:
    feature = state.description.features.get(state.values.get(uid) or 0)
    return (feature.key or str(feature.uid)).rpartition(".Program.")[2] if feature else None


def _buttons(served: SimulatedAppliance) -> list[Json]:
    appliance = served.appliance
    state = appliance.state
    buttons: list[Json] = []
    if (uid := state.uid(POWER)) is not None:
        settable = state.description.enums.get(state.field(uid, "enum", -1), ())
        lowest, highest = state.field(uid, "min", 0), state.field(uid, "max", 99)
        buttons += [
            button(name, "power", state=name)
            for raw, name in state.names(uid).items()
            if raw in settable and lowest <= raw <= highest
        ]
    if state.uid(DOOR) is not None:
        opened = appliance.door_open
        buttons.append(button("Close door" if opened else "Open door", "door", open=not opened))
    for name, key in appliance.compartments().items():
        opened = state.word(key) == "Open"
        label = f"{'Close' if opened else 'Open'} {name}"
        buttons.append(button(label, "door", open=not opened, compartment=name))
    if state.get(REMOTE_START) is not None:
        allowed = state.get(REMOTE_START) is True
        label = "Remote start off" if allowed else "Remote start on"
        buttons.append(button(label, "remote_start", allowed=not allowed))
    if state.get(LOCAL_CONTROL) is not None:
        active = state.get(LOCAL_CONTROL) is True
        label = "Leave panel" if active else "Use panel"
        buttons.append(button(label, "local_control", active=not active))
    if appliance.process:
        buttons += [button("Finish", "finish"), button("Abort", "abort_program")]
    elif state.values.get(SELECTED_PROGRAM):
        buttons.append(button("Start", "start"))
    return buttons


def _in_household(served: SimulatedAppliance) -> Json:
    """Show a card whose buttons name the appliance."""
    card = _card(served)
    card["values"]["own page"] = served.control_url
    card["actions"] = [
        {**action, "do": {**action["do"], "appliance": served.ha_id}} for action in card["actions"]
    ]
    return card
