"""The simulated HomeKit accessories: a bridge with one of each kind, a lamp and a thermostat."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..api import Json
from ..errors import DemoError
from ..house import House
from ..states import FOLLOW_LIMIT_S, UNAVAILABLE, State
from . import Form, Home, Offered, Scenario

ACCESSORIES = ("bridge", "lamp", "thermostat")
BY_ADDRESS = frozenset({"lamp"})
"""Added by host and port although it may have been discovered."""
_SERVED = tuple(word for name in ACCESSORIES for word in ("--accessory", name))
USUAL_S, SLOW_S = 12.0, 600.0
"""For how long the garage door is on its way; the check hurries that."""
RENAMED, OTHER_NAME, ADDED, LOST = "Fountain", "Waterfall", "Pump", "Balcony"


# --- the form ------------------------------------------------------------------------------------


def _forms(line: Json) -> tuple[Form, ...]:
    """Enter where each accessory is, or take what was discovered, and the code that stands on it.

    For people nothing is announced: Home Assistant listens for announcements in real networks only, never on
    loopback, and on this machine the demo stays. What it announced elsewhere, anybody could see and pair.
    """
    announced = line.get("announced", False)
    return tuple(
        Form(
            answers={
                "user": {"next_step_id": "manual"},
                "manual": _place(card),
                "pair": {"pairing_code": card["setup_code"]},
                "reconfigure": {"next_step_id": "reconfigure_host"},
                "reconfigure_host": _place(card),
            },
            device=f"{card['device_id']}:aid:1",
            offered=Offered(card["device_id"].lower())
            if announced and name not in BY_ADDRESS
            else None,
        )
        for name, card in zip(ACCESSORIES, line["accessories"], strict=True)
    )


def _place(card: Json) -> Json:
    return {"host": card["host"], "port": card["port"]}


def _by_hand(line: Json) -> tuple[str, ...]:
    """Tell a person what to choose and to type."""
    return (
        "Settings → Devices & services → Add integration → HomeKit Accessories → Enter its address:",
        *(
            f"  {card['name']}: host {card['host']}, port {card['port']}, setup code {card['setup_code']}"
            for card in line["accessories"]
        ),
    )


# --- what both sides show ------------------------------------------------------------------------


@dataclass(frozen=True)
class Accessory:
    """One accessory from both sides."""

    house: House
    name: str
    at: str = "bridge"
    """At which address it is served."""

    @property
    def is_there(self) -> bool:
        """Whether there is a device of it."""
        return self._find() is not None

    @property
    def device(self) -> Json:
        """Its entry in the device registry. Raises DemoError when it has none."""
        if (device := self._find()) is None:
            raise DemoError(f"there is no device {self.name}")
        return device

    def _find(self) -> Json | None:
        for device in self.house.devices.values():
            ours = any(domain == HOME.domain for domain, _ in device["identifiers"])
            if ours and device["name"] == self.name:
                return device
        return None

    @property
    def entity_ids(self) -> list[str]:
        """All its enabled entities."""
        device_id = self.device["id"]
        return [
            entity["entity_id"]
            for entity in self.house.registered
            if entity["device_id"] == device_id and not entity["disabled_by"]
        ]

    def entity_id(self, platform: str, name: str | None = None) -> str:
        """Find an entity by its platform and its own name; the one that stands for the device has none.

        Raises DemoError when there is none.
        """
        device_id = self.device["id"]
        for entity in self.house.registered:
            found = entity["device_id"], entity["entity_id"].partition(".")[0]
            if found == (device_id, platform) and entity["original_name"] == name:
                return str(entity["entity_id"])
        raise DemoError(f"{self.name} has no {platform} {name or ''}")

    async def act(self, platform: str, action: str, **data: object) -> None:
        """Operate its main entity through Home Assistant."""
        await self.house.act(self.entity_id(platform), action, **data)

    async def hand(self, op: str, **members: Any) -> Any:
        """Do something at the accessory."""
        return await self.house.control(op, at=self.at, accessory=self.name, **members)

    async def operate(self, characteristic: str, value: object) -> None:
        """Use the accessory's own controls."""
        await self.hand("operate", characteristic=characteristic, value=value)

    async def until(
        self, platform: str, value: str | None = None, name: str | None = None, **attributes: object
    ) -> State:
        """Wait until an entity shows a value, attributes, or both. Raises DemoError."""
        entity_id = self.entity_id(platform, name)

        def met(state: State) -> bool:
            return (value is None or state.value == value) and all(
                state.attributes.get(key) == wanted for key, wanted in attributes.items()
            )

        wanted = ", ".join([value or "", *(f"{key} {each}" for key, each in attributes.items())])
        return await self.house.states.until(entity_id, met, wanted.strip(", "))

    async def until_all(self, met: Callable[[str], bool], wanted: str) -> None:
        """Wait until the states of all its entities are so. Raises DemoError."""
        for entity_id in self.entity_ids:
            await self.house.states.until(entity_id, lambda state: met(state.value), wanted)


# --- what happens --------------------------------------------------------------------------------


async def _press_lamp(house: House) -> str:
    """Use the lamp's own controls: off, on, darker, another colour, another white."""
    lamp = Accessory(house, "Reading lamp", at="lamp")
    for on in (False, True):
        await lamp.operate("On", on)
        await lamp.until("light", "on" if on else "off")
    await lamp.operate("Brightness", 40)
    await lamp.until("light", brightness=102)
    await lamp.operate("Hue", 30)
    await lamp.operate("Saturation", 100)
    await lamp.until("light", color_mode="hs", hs_color=[30, 100])
    for mired, kelvin in ((400, 2500), (200, 5000)):
        await lamp.operate("Color Temperature", mired)
        await lamp.until("light", color_mode="color_temp", color_temp_kelvin=kelvin)
    return "off, on, 40 %, orange, warm white, cold white"


def _is_another(before: State, now: State) -> bool:
    return now.value != before.value


async def _press_buttons(house: House) -> str:
    """Press one button in every way, and in the last way twice: each time counts."""
    buttons = Accessory(house, "Buttons")
    entity_id = buttons.entity_id("event", "Button 2")
    start = len(house.states.changes)
    for kind in (0, 1, 2, 2):
        pressed = partial(_is_another, house.shown(entity_id))
        await buttons.hand("press", kind=kind, service="Button 2")
        await house.states.until(entity_id, pressed, "pressed at another time")
    told = [
        str(state.attributes["event_type"])
        for state in house.states.changes[start:]
        if state.entity_id == entity_id
    ]
    if told != ["single_press", "double_press", "long_press", "long_press"]:
        raise DemoError(f"{entity_id} told {', '.join(told)}")
    return ", ".join(told)


async def _ring(house: House) -> str:
    """Come to the door, ring, and have a picture taken."""
    door = Accessory(house, "Doorbell")
    await door.hand("set", characteristic="Motion Detected", value=True)
    await door.until("binary_sensor", "on", name="Motion")
    await door.hand("press")
    await door.until("event", event_type="ring")
    picture = await house.picture(door.entity_id("camera", "Camera"))
    if not picture.startswith(b"\xff\xd8"):
        raise DemoError(f"the camera gives {len(picture)} bytes that are no picture")
    await door.hand("set", characteristic="Motion Detected", value=False)
    await door.until("binary_sensor", "off", name="Motion")
    return f"motion, ring, a picture of {len(picture)} bytes"


async def _jam(house: House) -> str:
    """Let the bolt get stuck when it is to be unlocked, free it, and lock with the key."""
    door = Accessory(house, "Front door")
    await door.hand("jam")
    await door.act("lock", "unlock")
    await door.until("lock", "jammed")
    await door.hand("jam", jammed=False)
    await door.until("lock", "unlocked")
    await door.hand("turn", locked=True)
    await door.until("lock", "locked")
    return "jammed, unlocked, locked with the key"


async def _obstruct(house: House) -> str:
    """Put something in the way of a garage door that is closing: it opens again; and take it away."""
    garage = Accessory(house, "Garage")
    await garage.act("cover", "open_cover")
    await garage.until("cover", "open")
    # However slow this machine is, it does not close before something is in its way.
    await house.control("pace", at="bridge", garage_s=SLOW_S)
    await garage.act("cover", "close_cover")
    await garage.until("cover", "closing")
    await house.control("pace", at="bridge", garage_s=USUAL_S)
    await garage.hand("obstruct")
    await garage.until("binary_sensor", "on", name="Obstruction")
    await garage.until("cover", "open")
    await garage.hand("obstruct", obstructed=False)
    await garage.until("binary_sensor", "off", name="Obstruction")
    await garage.act("cover", "close_cover")
    await garage.until("cover", "closed")
    return "opened again, closed"


async def _break_in(house: House) -> str:
    """Arm the alarm at its panel, break in, and disarm it."""
    alarm = Accessory(house, "Alarm")
    await alarm.hand("arm", target=2)
    await alarm.until("alarm_control_panel", "armed_night")
    await alarm.hand("trigger")
    await alarm.until("alarm_control_panel", "triggered")
    await alarm.act("alarm_control_panel", "alarm_disarm")
    await alarm.until("alarm_control_panel", "disarmed")
    return "armed, triggered, disarmed"


async def _open_window(house: House) -> str:
    """Let the hallway get cold: the thermostat heats it."""
    hallway = Accessory(house, "Hallway", at="thermostat")
    await hallway.hand("feel", value=20.0)
    await hallway.until("climate", hvac_action="heating")
    warm = await hallway.until("climate", hvac_action="idle")
    return f"heated to {warm.attributes['current_temperature']:g} °C"


async def _watch(house: House) -> str:
    """Use the keys of the television."""
    television = Accessory(house, "Television")
    await television.act("media_player", "turn_on")
    await television.until("media_player", "playing")
    for state in ("paused", "playing"):
        await television.act("remote", "send_command", command="play_pause")
        await television.until("media_player", state)
    await television.operate("Active Identifier", 3)
    await television.until("media_player", source="HDMI 2")
    await television.act("remote", "turn_off")
    await television.until("media_player", "off")
    return "playing, paused, playing, another input, off"


async def _extend(house: House) -> str:
    """Reboot the bridge: one of its accessories has another name then, one is new, one cannot be reached."""
    renamed, lost = Accessory(house, RENAMED), Accessory(house, LOST)
    device_id = renamed.device["id"]
    start = len(house.states.changes)
    await renamed.hand("rename", name=OTHER_NAME)
    await house.control("add", at="bridge", kind="switch", name=ADDED)
    await lost.hand("reach", reachable=False)
    await house.control("reboot", at="bridge", seconds=0.2, count_up=True)
    await lost.until_all(lambda value: value == UNAVAILABLE, UNAVAILABLE)
    await _until_named(house, device_id, OTHER_NAME)
    house.check_none_lost(start, but=lost.entity_ids)
    added = Accessory(house, ADDED)
    await house.until_registered(lambda: added.is_there, f"there: {ADDED}")
    await added.until("switch", "off")
    for action, value in (("turn_on", "on"), ("turn_off", "off")):
        await added.act("switch", action)
        await added.until("switch", value)
    return f"renamed; added, operated; {len(lost.entity_ids)} unavailable, no other"


async def _reduce(house: House) -> str:
    """Remove the new accessory, whose device is deleted by hand then, and let the others be as they were."""
    removed, renamed = Accessory(house, ADDED), Accessory(house, OTHER_NAME)
    lost, device, device_id = Accessory(house, LOST), removed.device, renamed.device["id"]
    await removed.hand("remove")
    await renamed.hand("rename", name=RENAMED)
    await lost.hand("reach", reachable=True)
    await house.control("drop", at="bridge", how="rst")
    await removed.until_all(lambda value: value == UNAVAILABLE, UNAVAILABLE)
    await lost.until_all(lambda value: value != UNAVAILABLE, "there again")
    await _until_named(house, device_id, RENAMED)
    await house.delete_device(device)
    await house.until_registered(lambda: not removed.is_there, f"gone: {ADDED}")
    return "unavailable, deleted; the old name back; found again"


async def _until_named(house: House, device_id: str, name: str) -> None:
    """Wait until a device has a name."""
    await house.until_registered(lambda: house.devices[device_id]["name"] == name, f"named {name}")


async def _blip(house: House) -> str:
    """Reset the links of the single accessories: they are back before anyone notices."""
    singles = (Accessory(house, "Reading lamp", "lamp"), Accessory(house, "Hallway", "thermostat"))
    links = {single.entity_id("binary_sensor", "Connection") for single in singles}
    start = len(house.states.changes)
    for single in singles:
        await house.control("drop", at=single.at, how="rst")

    def all_back() -> bool:
        told = [state for state in house.states.changes[start:] if state.entity_id in links]
        lost = {state.entity_id for state in told if state.value == "off"}
        now = {state.value for state in house.states.existing(links)}
        return lost == links and now == {"on"}

    await house.states.until_all(all_back, lambda: "lost and back", FOLLOW_LIMIT_S, links)
    house.check_none_lost(start)
    await _press_lamp(house)
    return "nothing became unavailable, and pushes arrive again"


async def _move(house: House) -> str:
    """Let the lamp go to another port: it is found where it is announced, before anyone notices."""
    lamp = Accessory(house, "Reading lamp", at="lamp")
    link = lamp.entity_id("binary_sensor", "Connection")
    start = len(house.states.changes)
    port = await house.control("move", at=lamp.at)

    def found() -> bool:
        told = [s.value for s in house.states.changes[start:] if s.entity_id == link]
        return told[:1] == ["off"] and told[-1:] == ["on"]

    await house.states.until_all(found, lambda: f"found at port {port}", FOLLOW_LIMIT_S, {link})
    house.check_none_lost(start)
    await _press_lamp(house)
    return f"found at port {port}, and pushes arrive again"


HOME = Home(
    domain="hap_controller",
    title="HomeKit",
    icon="mdi:home-automation",
    simulator=(*_SERVED, "--speed", "2"),
    hurried=(*_SERVED, "--speed", "20"),
    remembers=True,
    announces=True,
    ports=len(ACCESSORIES),
    forms=_forms,
    by_hand=_by_hand,
    links=lambda described: [{"at": name} for name in described["addresses"]],
    try_this=(
        "Unlock a door, open the garage, send a blind to a position, give a lamp another colour.",
        "Be the hand: ring the doorbell on the simulated home's page, press a button, break in.",
        "Jam the front door there and unlock it here; put something in the way of the garage.",
        "Lose an accessory of the bridge there and drop the link: it alone is unavailable then.",
    ),
    scenarios=(
        # First: a link that was lost shortly before is given longer.
        Scenario(name="connections reset for a moment", play=_blip),
        Scenario(name="moved, and announced elsewhere", play=_move, announced=True),
        Scenario(name="hand on a lamp", play=_press_lamp),
        Scenario(name="buttons pressed", play=_press_buttons),
        Scenario(name="doorbell rung", play=_ring),
        Scenario(name="lock jammed", play=_jam),
        Scenario(name="something in the garage door's way", play=_obstruct),
        Scenario(name="alarm triggered", play=_break_in),
        Scenario(name="hallway gets cold", play=_open_window),
        Scenario(name="television watched", play=_watch),
        Scenario(name="rebooted: one renamed, added, lost", play=_extend),
        Scenario(name="dropped: one named back, removed, found", play=_reduce),
    ),
    outlives_link=frozenset({"_connection"}),
    sections={
        "lock": "Locks and alarm",
        "alarm_control_panel": "Locks and alarm",
        "cover": "Doors and blinds",
        "light": "Lights",
        "climate": "Climate and air",
        "fan": "Climate and air",
        "humidifier": "Climate and air",
        "switch": "Switches and water",
        "media_player": "Television and doorbell",
        "event": "Television and doorbell",
        "binary_sensor": "Sensors",
        "sensor": "Sensors",
    },
    settings_shown=False,
    left_out=frozenset(
        {
            "alarm_type",
            "carbon_dioxide_peak",
            "carbon_monoxide_peak",
            "current_humidity",
            "current_temperature",
            "in_use",
            "obstruction",
            "program_mode",
            "remaining_duration",
            "remote",
        }
    ),
)
