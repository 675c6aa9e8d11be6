"""What can be done through the control address: hands on the accessories, their links, quirks and faults.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page. An accessory is named by its name or aid, the primary one by default; a
characteristic by its iid, its type or what that is called, if need be with its service.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
import json
from typing import TYPE_CHECKING, Any

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)

from ..control import Json, Operation
from ..panel import apply, button, describe_service, switch_operations
from .demo import KINDS, bridged
from .description import Accessory, Service
from .life import Life, Refused
from .lives.air import AirPurifier, Filter, Humidifier
from .lives.climate import HeaterCooler, Thermostat
from .lives.guards import Alarm, Lock
from .lives.openings import Cover, Garage
from .lives.power import Battery, Outlet

if TYPE_CHECKING:
    from .simulated import SimulatedAccessory

type Reference = str | int | None

LINK_BUTTONS = [
    button("Link down", "link", action="down"),
    button("Link up", "link", action="up"),
    button("Drop", "drop"),
    button("Abort", "drop", how="rst"),
    button("Stall", "stall"),
    button("Reset", "reset"),
]


def operations(served: SimulatedAccessory) -> Mapping[str, Operation]:
    """List the operations of one address by name."""
    return (
        _values(served)
        | _hands(served)
        | _accessories(served)
        | _link(served)
        | _pairings(served)
        | switch_operations(served)
        | _manners(served)
    )


def _values(served: SimulatedAccessory) -> dict[str, Operation]:
    """What is told, true or not, and what is operated."""

    def set_value(
        characteristic: str | int,
        value: bool | float | str | None,
        accessory: str | int | None = None,
        service: str | int | None = None,
    ) -> None:
        """Let a characteristic have a value, whatever it is, and tell it."""
        served.house.put(served.house.find(accessory, characteristic, service), value)

    def operate(
        characteristic: str | int,
        value: bool | float | str | None,
        accessory: str | int | None = None,
        service: str | int | None = None,
    ) -> None:
        """Operate something at the accessory itself; it does what follows from that."""
        key = served.house.find(accessory, characteristic, service)
        try:
            served.house.write(key, value)
        except Refused as err:
            raise ValueError(str(err)) from err

    def press(
        accessory: str | int | None = None, kind: int = 0, service: str | int | None = None
    ) -> None:
        """Press a button, or ring a bell: 0 once, 1 twice, 2 long."""
        served.press(accessory, kind, service)

    def status(
        characteristic: str | int,
        status: int = -70402,
        accessory: str | int | None = None,
        service: str | int | None = None,
    ) -> None:
        """Have a characteristic answered with a status from now on; 0 to have it work."""
        key = served.house.find(accessory, characteristic, service)
        served.house.places[key][2].status = status

    return {"set": set_value, "operate": operate, "press": press, "status": status}


def _hands(served: SimulatedAccessory) -> dict[str, Operation]:
    """What people and things do to accessories."""

    def jam(accessory: str | int | None = None, jammed: bool = True) -> None:
        """Let a lock get stuck the next time its bolt moves, or free it."""
        _one(served, accessory, Lock).jam(jammed)

    def turn(accessory: str | int | None = None, locked: bool = True) -> None:
        """Lock or unlock with the key."""
        _one(served, accessory, Lock).turn(locked)

    def move(target: int, accessory: str | int | None = None) -> None:
        """Move a cover to a position, or a garage door to 0 open or 1 closed, by its own button."""
        _opening(served, accessory).move(target)

    def halt(accessory: str | int | None = None) -> None:
        """Stop a cover or garage door where it is."""
        _opening(served, accessory).halt()

    def obstruct(accessory: str | int | None = None, obstructed: bool = True) -> None:
        """Put something in the way of a cover or garage door, or take it away."""
        _opening(served, accessory).obstruct(obstructed)

    def plug(accessory: str | int | None = None, plugged: bool = True) -> None:
        """Plug something into an outlet, or pull it out."""
        _one(served, accessory, Outlet).plug(plugged)

    def charge(percent: int, accessory: str | int | None = None) -> None:
        """Bring a battery to so many percent."""
        _one(served, accessory, Battery).charge(percent)

    def wear(percent: float, accessory: str | int | None = None) -> None:
        """Bring a filter to so many percent of its life."""
        _one(served, accessory, Filter).wear(percent)

    def feel(value: float, accessory: str | int | None = None) -> None:
        """Let a room have another temperature, or humidity where that is what counts."""
        kinds = (Thermostat, HeaterCooler, Humidifier)
        _first(served, accessory, *kinds).feel(value)

    def clear_air(clean: bool = True, accessory: str | int | None = None) -> None:
        """Let the air be clean or not, for an air purifier that decides by itself."""
        _one(served, accessory, AirPurifier).clear(clean)

    def arm(target: int, accessory: str | int | None = None) -> None:
        """Arm an alarm at its panel: 0 stay, 1 away, 2 night, 3 disarm."""
        _one(served, accessory, Alarm).arm(target)

    def trigger(accessory: str | int | None = None) -> None:
        """Break into a house whose alarm is armed."""
        _one(served, accessory, Alarm).trigger()

    return {
        "jam": jam,
        "turn": turn,
        "move_to": move,
        "halt": halt,
        "obstruct": obstruct,
        "plug": plug,
        "charge": charge,
        "wear": wear,
        "feel": feel,
        "clear_air": clear_air,
        "arm": arm,
        "trigger": trigger,
    }


def _accessories(served: SimulatedAccessory) -> dict[str, Operation]:
    """What happens to accessories as a whole."""

    def rename(name: str, accessory: str | int | None = None) -> None:
        """Give an accessory another name; the number of the description goes up."""
        served.house.rename(served.house.accessory(accessory), name)

    def add(kind: str, name: str) -> int:
        """Let another accessory hang on the bridge; gives its aid."""
        if kind not in KINDS:
            raise LookupError(f"there is no kind {kind!r}; there are: {', '.join(KINDS)}")
        aid = served.house.next_aid()
        served.house.add(bridged(aid, name, KINDS[kind]))
        return aid

    def remove(accessory: str | int) -> None:
        """Take an accessory off the bridge."""
        served.house.remove(served.house.accessory(accessory))

    def reach(accessory: str | int, reachable: bool = False) -> None:
        """Let the bridge lose an accessory, so that all of it is answered with −70402, or find it again."""
        served.house.accessory(accessory).reachable = reachable

    return {"rename": rename, "add": add, "remove": remove, "reach": reach}


def _link(served: SimulatedAccessory) -> dict[str, Operation]:
    """What happens to connections."""

    async def link(action: str) -> None:
        """Refuse connections and reset those that are open ("down"), or take them again ("up")."""
        match action:
            case "down":
                await served.link_down()
            case "up":
                await served.link_restored()
            case _:
                raise ValueError("action is 'down' or 'up'")

    def drop(how: str = "fin") -> None:
        """End all connections, with "fin" or "rst"."""
        served.drop(how)

    def stall(later: bool = False) -> None:
        """Make all connections half-open: nothing is read or sent, nothing closed; later: new ones too."""
        served.stall(later=later)

    def resume() -> None:
        """End all stalls."""
        served.resume()

    async def flap(times: int = 5, period_s: float = 1.0, how: str = "rst") -> None:
        """End all connections again and again."""
        await served.flap(times, period_s, how)

    async def move(port: int = 0) -> int:
        """Go to another port, or to any; gives it."""
        return await served.move(port)

    async def reboot(seconds: float = 1.0, count_up: bool = False) -> None:
        """Drop everything and come back after a while, with another c# if wanted."""
        await served.reboot(seconds, count_up=count_up)

    def send(told: dict[str, Any]) -> None:
        """Tell all controllers an event with this body."""
        served.send(told)

    def advertise(texts: dict[str, Any]) -> None:
        """Announce other values than the true ones, e.g. {"sf": "1"}; "absent" leaves one out, {} ends it."""
        served.overridden = {name: str(text) for name, text in texts.items()}
        served.on_announced()

    return {
        "link": link,
        "drop": drop,
        "stall": stall,
        "resume": resume,
        "flap": flap,
        "move": move,
        "reboot": reboot,
        "send": send,
        "advertise": advertise,
    }


def _pairings(served: SimulatedAccessory) -> dict[str, Operation]:
    """Whom the accessory knows."""

    async def factory_reset(new_id: bool = True) -> Json:
        """Forget all controllers, and by default the accessory's id; gives what is needed to pair anew."""
        await served.factory_reset(new_id=new_id)
        return served.card()

    def unpair(controller_id: str | None = None) -> None:
        """Forget a controller, or all, as when another controller removed it."""
        served.unpair(controller_id)

    def failed_attempts(count: int) -> None:
        """Have so many attempts to pair failed before; from 100 on nobody may pair."""
        served.memory.failed_attempts = count

    return {
        "factory_reset": factory_reset,
        "unpair": unpair,
        "failed_attempts": failed_attempts,
    }


def _manners(served: SimulatedAccessory) -> dict[str, Operation]:
    """Quirks that stay, and how quick things are."""

    def rules(
        max_sessions: int | None = None,
        max_pairings: int | None = None,
        answer_s: float | None = None,
        picky: bool | None = None,
        one_read: bool | None = None,
        one_aid: bool | None = None,
        max_ids: int | None = None,
        max_request_bytes: int | None = None,
        too_much: str | None = None,
        push: str | None = None,
        number_booleans: bool | None = None,
        positive_statuses: bool | None = None,
        json: str | None = None,
        http: str | None = None,
    ) -> None:
        """Change how the accessory conducts itself; the names are those of "rules" in the state.

        too_much is "status", "close", "reset" or "silence"; push "all", "refused" or "mute"; json "compact", "spaces",
        "pretty" or "commas"; http "usual", "lower", "bare" or "chunked".
        """
        apply(served.rules, {**locals(), "served": None})

    def pace(
        speed: float | None = None,
        report_s: float | None = None,
        event_s: float | None = None,
        travel_s: float | None = None,
        tilt_s: float | None = None,
        garage_s: float | None = None,
        lock_s: float | None = None,
        exit_s: float | None = None,
        degree_s: float | None = None,
        wake_s: float | None = None,
    ) -> None:
        """Change how quick things are; speed divides all times."""
        if speed is not None and speed <= 0:
            raise ValueError("speed is above 0")
        apply(served.house.pace, {**locals(), "served": None})

    return {"rules": rules, "pace": pace}


# --- finding -----------------------------------------------------------------------------------------


def _first(served: SimulatedAccessory, reference: Reference, *kinds: type[Life]) -> Any:
    """Find the first service of an accessory that lives in one of these ways. Raises LookupError."""
    accessory = served.house.accessory(reference)
    for service in accessory.services:
        life = served.house.life(accessory, service)
        if isinstance(life, kinds):
            return life
    raise LookupError(f"{accessory.name} cannot do that")


def _one[Kind: Life](served: SimulatedAccessory, reference: Reference, kind: type[Kind]) -> Kind:
    found: Kind = _first(served, reference, kind)
    return found


def _opening(served: SimulatedAccessory, reference: Reference) -> Cover | Garage:
    found: Cover | Garage = _first(served, reference, Cover, Garage)
    return found


# --- the page ---------------------------------------------------------------------------------------


def describe(served: SimulatedAccessory) -> Json:
    """Tell how one address is and what can be done with it."""
    sessions = len(served.sessions)
    paired = "paired" if served.memory.paired else f"not paired, setup code {served.setup_code}"
    return {
        "title": f"{served.name} ({served.host}:{served.port})",
        "summary": f"{paired}; {sessions} connections; c# {served.memory.configuration}",
        **served.card(),
        "paired": served.memory.paired,
        "controllers": {name: each.admin for name, each in served.memory.controllers.items()},
        "announced": served.texts,
        "rules": asdict(served.rules),
        "pace": asdict(served.house.pace),
        "actions": LINK_BUTTONS,
        "devices": [_card(served, each, {}) for each in served.house.accessories.values()],
        **describe_service(served),
    }


def describe_all(every: Mapping[str, SimulatedAccessory]) -> Json:
    """Tell how all addresses are."""
    shown = {name: describe_service(each) for name, each in every.items()}
    first = next(iter(shown.values()))
    return {
        "title": "HomeKit accessories",
        "summary": f"{len(every)} addresses",
        "addresses": {name: each.card() for name, each in every.items()},
        "actions": [
            {**each, "label": f"{name}: {each['label']}", "do": {**each["do"], "at": name}}
            for name in every
            for each in LINK_BUTTONS
        ],
        "devices": [
            _card(served, accessory, {"at": name})
            for name, served in every.items()
            for accessory in served.house.accessories.values()
        ],
        "link": {name: each["link"] for name, each in shown.items()},
        "faults": [],
        "fault_kinds": [],
        "known_faults": first["fault_kinds"],
        "violations": [
            {"at": name, **each} for name, one in shown.items() for each in one["violations"]
        ],
        "received": [
            {"at": name, **each} for name, one in shown.items() for each in one["received"]
        ],
    }


def _card(served: SimulatedAccessory, accessory: Accessory, at: Json) -> Json:
    """Describe an accessory for the page."""
    values = {}
    for service in accessory.services:
        if service.type in {S.ACCESSORY_INFORMATION, S.PROTOCOL_INFORMATION}:
            continue
        for each in service.characteristics:
            if "pr" in each.perms and not each.stateless:
                name = f"{service.name}: {each.name}"
                values[name] = served.house.value((accessory.aid, each.iid))
    reach = button(
        "Lose" if accessory.reachable else "Find",
        "reach",
        accessory=accessory.aid,
        reachable=not accessory.reachable,
    )
    actions = [*_actions(served, accessory), reach]
    for action in actions:
        action["do"] |= at
    kinds = ", ".join(
        service.kind for service in accessory.services if service.type != S.ACCESSORY_INFORMATION
    )
    lost = "" if accessory.reachable else ", not reachable"
    return {
        "id": accessory.aid,
        "name": accessory.name,
        "about": f"aid {accessory.aid}: {kinds}{lost}",
        "values": {
            name: json.dumps(value)[:80] if isinstance(value, str) else value
            for name, value in values.items()
        },
        "identified": accessory.identified,
        "actions": actions,
    }


def _actions(served: SimulatedAccessory, accessory: Accessory) -> list[Json]:
    """Offer what hands can do with an accessory."""
    found: list[Json] = []
    for service in accessory.services:
        build = _ACTIONS.get(type(served.house.life(accessory, service)))
        found += build(accessory.aid) if build else []
        found += _toggles(accessory, service)
    return found


def _toggles(accessory: Accessory, service: Service) -> list[Json]:
    """Offer to press buttons, and to switch what is on or off."""
    found: list[Json] = []
    for each in service.characteristics:
        if each.stateless:
            members = {"accessory": accessory.aid, "service": service.iid}
            found.append(button(f"Press {service.name}", "press", **members))
        elif each.format == "bool" and "pr" in each.perms and each.type != C.STATUS_ACTIVE:
            label = f"{each.name}: {'off' if each.value else 'on'}"
            members = {"accessory": accessory.aid, "characteristic": each.iid}
            found.append(button(label, "operate", **members, value=not each.value))
    return found


_ACTIONS: Mapping[type[Life], Callable[[int], list[Json]]] = {
    Lock: lambda aid: [
        button("Lock", "turn", accessory=aid, locked=True),
        button("Unlock", "turn", accessory=aid, locked=False),
        button("Jam", "jam", accessory=aid),
        button("Free", "jam", accessory=aid, jammed=False),
    ],
    Cover: lambda aid: [
        button("Open", "move_to", accessory=aid, target=100),
        button("Close", "move_to", accessory=aid, target=0),
        button("Stop", "halt", accessory=aid),
        button("Obstruct", "obstruct", accessory=aid),
        button("Clear", "obstruct", accessory=aid, obstructed=False),
    ],
    Garage: lambda aid: [
        button("Open", "move_to", accessory=aid, target=0),
        button("Close", "move_to", accessory=aid, target=1),
        button("Stop", "halt", accessory=aid),
        button("Obstruct", "obstruct", accessory=aid),
        button("Clear", "obstruct", accessory=aid, obstructed=False),
    ],
    Alarm: lambda aid: [
        button("Arm", "arm", accessory=aid, target=0),
        button("Disarm", "arm", accessory=aid, target=3),
        button("Break in", "trigger", accessory=aid),
    ],
    Battery: lambda aid: [
        button("Full", "charge", accessory=aid, percent=100),
        button("Nearly empty", "charge", accessory=aid, percent=5),
    ],
    Outlet: lambda aid: [
        button("Plug in", "plug", accessory=aid),
        button("Pull out", "plug", accessory=aid, plugged=False),
    ],
    Filter: lambda aid: [button("Wear out", "wear", accessory=aid, percent=5.0)],
}
