"""The simulated household of Home Connect appliances."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..api import Json
from ..errors import DemoError
from ..house import House
from ..states import FOLLOW_LIMIT_S, UNAVAILABLE, UNKNOWN
from . import Form, Home, Offered, Scenario

DISHWASHER, WASHER, OVEN = "Dishwasher", "Washer", "Oven"
HOOD, COFFEE, FRIDGE, HOB = "Hood", "CoffeeMaker", "FridgeFreezer", "Hob"

POWER, OPERATION = "switch_power_state", "sensor_operation_state"
PROGRAM, START, STOP = "select_program", "button_start_program", "button_abort_program"
DOOR, CONNECTION = "binary_sensor_door_state", "binary_sensor_connected"

RUN_LIMIT_S = 30.0
"""Programs that make coffee or heat an oven take their time, even in a hurry."""
LOOKS = 4
LOOK_LIMIT_S = 30.0
"""Whoever is asked to look for an appliance that is back, or hears of it, does so within ten seconds."""

# Uids of the simulated appliances: what is written down to them.
LIGHTING, BRIGHTNESS, VENTING_LEVEL = 0xD100, 0xD101, 0xD500
FREEZER_SETPOINT, OVEN_SETPOINT, HOB_TIMER = 0x3200, 0x5400, 0xE601
ZONE = "cooking_hob_status_zone_101_powerlevel"
ZONE_KEY = "Cooking.Hob.Status.Zone.101.PowerLevel"


# --- the form ------------------------------------------------------------------------------------


def _forms(line: Json) -> tuple[Form, ...]:
    """Upload the archive of all appliances once; Home Assistant offers the others then.

    For people addresses are typed: it listens for announcements in real networks only, and the demo stays on this
    machine. Where appliances are discovered, even the first is, and no address is known.
    """
    archive = Path(line["archive"])
    announced = line.get("announced", False)
    hows = "discovered" if announced else None, *["offered"] * (len(line["appliances"]) - 1)
    return tuple(
        Form(
            answers={
                "upload": {"profile": archive},
                "device_select": {"device": card["haId"]},
                "confirm": {},
                **({} if announced else {"host": {"host": f"{card['host']}:{card['port']}"}}),
                "reconfigure": {"next_step_id": "reconfigure_host"},
                "reconfigure_host": {"host": f"{card['host']}:{card['port']}"},
            },
            device=card["haId"],
            offered=Offered(card["haId"], how) if how else None,
        )
        for how, card in zip(hows, line["appliances"], strict=True)
    )


def _by_hand(line: Json) -> tuple[str, ...]:
    """Tell a person what to choose and to type."""
    return (
        "Settings → Devices & services → Add integration → Home Connect Local, then choose the",
        f"profile {line['archive']}",
        "and an appliance; the others are offered then. Should an address be asked for:",
        *(f"  {card['haId']} is at {card['host']}:{card['port']}" for card in line["appliances"]),
    )


# --- what both sides show ------------------------------------------------------------------------


class Appliance:
    """One appliance from both sides."""

    def __init__(self, house: House, device: str) -> None:
        """Take its id."""
        self.house = house
        self.device = device

    def unique(self, key: str) -> str:
        """Give the unique id of an entity."""
        return f"{self.device}-{key}"

    async def act(self, key: str, action: str, **data: object) -> None:
        """Call an action on an entity, once it is there: Home Assistant skips what is unavailable."""
        await self.house.until_state(
            self.unique(key), lambda state: state.value != UNAVAILABLE, "there to be operated"
        )
        await self.house.act(self.house.entity_id(self.unique(key)), action, **data)

    async def press(self, key: str) -> None:
        """Press a button."""
        await self.act(key, "press")

    async def select(self, option: str, name: str) -> None:
        """Select a program; both sides show it then."""
        await self.act(PROGRAM, "select_option", option=option)
        await self.until(PROGRAM, option)
        await self.inside(selected=name)

    async def until(self, key: str, *values: str, limit_s: float = FOLLOW_LIMIT_S) -> str:
        """Wait until an entity shows one of these values; gives it."""
        found = await self.house.states.until(
            self.house.entity_id(self.unique(key)),
            lambda state: state.value in values,
            " or ".join(values),
            limit_s,
        )
        return found.value

    async def hand(self, op: str, **members: Any) -> Any:
        """Do something at the appliance."""
        return await self.house.control(op, appliance=self.device, **members)

    async def card(self) -> Json:
        """Read what the simulator shows of the appliance."""
        devices = (await self.house.describe())["devices"]
        return next(device["values"] for device in devices if device["id"] == self.device)

    async def inside(self, **wanted: object) -> None:
        """Wait until the simulated appliance itself is so. Raises DemoError when it does not get there."""
        names = {name.replace("_", " "): value for name, value in wanted.items()}
        await self._settle(
            self.card, lambda card: all(card.get(n) == value for n, value in names.items()), names
        )

    async def inside_value(self, uid: int, value: object) -> None:
        """Wait until a feature of the simulated appliance has this raw value; else as ``inside``."""

        async def read() -> Json:
            url = (await self.card())["own page"]
            values = (await self.house.describe(url))["values"]
            return {str(uid): values.get(str(uid))}

        await self._settle(read, lambda values: values[str(uid)] == value, {uid: value})

    async def _settle(
        self, read: Callable[[], Awaitable[Json]], met: Callable[[Json], bool], wanted: object
    ) -> None:
        found: Json = {}
        try:
            async with asyncio.timeout(FOLLOW_LIMIT_S):
                while not met(found := await read()):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise DemoError(f"{self.device} is not {wanted} inside but {found}") from None


async def _find(house: House, kind: str) -> Appliance:
    return Appliance(house, await house.id_of(kind))


# --- what happens --------------------------------------------------------------------------------


async def _wash_dishes(house: House) -> str:
    """Select a program, start it, see its time, and stop it."""
    dishwasher = await _find(house, DISHWASHER)
    await dishwasher.select("dishcare_dishwasher_program_quick65", "Quick65")
    await dishwasher.press(START)
    await dishwasher.until(OPERATION, "run")
    await dishwasher.inside(operation="Run", active="Quick65")
    progress = await house.until_state(
        dishwasher.unique("sensor_program_progress"),
        lambda state: state.value not in {UNAVAILABLE, UNKNOWN, "0"},
        "under way",
    )
    finish = house.state(dishwasher.unique("sensor_finish_time")).value
    if not finish[:4].isdigit():
        raise DemoError(f"the program finishes at {finish}")
    await dishwasher.press(STOP)
    await dishwasher.until(OPERATION, "ready", "inactive")
    await dishwasher.inside(operation="Ready")
    await dishwasher.select("dishcare_dishwasher_program_eco50", "Eco50")
    return f"run to {progress.value} %, stopped"


async def _open_door(house: House) -> str:
    """Open the door of the dishwasher by hand, and close it."""
    dishwasher = await _find(house, DISHWASHER)
    await dishwasher.hand("door", open=True)
    await dishwasher.until(DOOR, "on")
    await dishwasher.hand("door", open=False)
    await dishwasher.until(DOOR, "off")
    await dishwasher.hand("remote_start", allowed=True)  # opening the door takes it back
    await dishwasher.inside(door="Closed", remote_start=True)
    return "open, closed"


async def _wash_clothes(house: House) -> str:
    """Start, pause, resume and stop the washer."""
    washer = await _find(house, WASHER)
    await washer.press(START)
    await washer.inside(operation="Run", active="Cotton")
    for button, state in (("button_pause_program", "Pause"), ("button_resume_program", "Run")):
        await washer.press(button)
        await washer.until(OPERATION, state.lower())
        await washer.inside(operation=state)
    await washer.press(STOP)
    await washer.until(OPERATION, "ready", "inactive")
    await washer.inside(operation="Ready")
    return "run, paused, run, stopped"


async def _switch_off(house: House) -> str:
    """Switch the washer off, which leaves the network then, and on again at the appliance."""
    washer = await _find(house, WASHER)
    await washer.press("button_mains_power_off")
    await washer.until(CONNECTION, "off")
    await washer.until("sensor_power_state", "off")
    await washer.until(OPERATION, UNAVAILABLE)
    await washer.hand("power", state="On")
    if house.announced:
        await washer.until(CONNECTION, "on", limit_s=LOOK_LIMIT_S)
    else:
        await _look_for(washer)
    await washer.until("sensor_power_state", "on")
    await washer.hand("remote_start", allowed=True)
    back = await washer.until(OPERATION, "ready", "inactive")
    return f"off at once, the others unavailable; back, {back}"


async def _look_for(appliance: Appliance) -> None:
    """Have an appliance looked for that is back. Elsewhere it announces itself; here nobody would hear that."""
    for left in reversed(range(LOOKS)):
        await appliance.act(CONNECTION, "homeassistant.update_entity")
        try:
            await appliance.until(CONNECTION, "on", limit_s=LOOK_LIMIT_S)
        except DemoError:
            if not left:
                raise
        else:
            return


async def _cook(house: House) -> str:
    """Switch the oven on, bake at 180 °C until it gets warm, and switch it off."""
    oven = await _find(house, OVEN)
    await oven.act(POWER, "turn_on")
    await oven.until(POWER, "on")
    await oven.select("cooking_oven_program_heatingmode_hotair", "HeatingMode.HotAir")
    for key, value in (("number_oven_setpoint_temperature", 180), ("number_duration", 3600)):
        await oven.act(key, "set_value", value=value)
        await oven.until(key, str(value))
    await oven.press(START)
    await oven.until(OPERATION, "run")
    await oven.inside_value(OVEN_SETPOINT, 180)
    warm = await house.states.until(
        house.entity_id(oven.unique("sensor_oven_current_temperature")),
        lambda state: state.value not in {UNAVAILABLE, UNKNOWN} and float(state.value) > 30,
        "warm",
        RUN_LIMIT_S,
    )
    await oven.press(STOP)
    await oven.until(OPERATION, "ready", "inactive")
    await oven.act(POWER, "turn_off")
    await oven.until(POWER, "off")
    await oven.inside(power="Standby")
    return f"on, {warm.value} °C and rising, stopped, in standby"


async def _vent(house: House) -> str:
    """Run the hood's fan faster and slower, and dim its light."""
    hood = await _find(house, HOOD)
    await hood.act("fan_hood", "turn_on", percentage=100)
    await hood.until("fan_hood", "on")
    await hood.inside(active="Hood.Venting")
    await hood.act("fan_hood", "set_percentage", percentage=20)
    await hood.inside_value(VENTING_LEVEL, 1)
    await hood.act("light_hood", "turn_on", brightness_pct=40)
    await hood.until("light_hood", "on")
    await hood.inside_value(LIGHTING, True)
    await hood.inside_value(BRIGHTNESS, 40)
    for key in ("fan_hood", "light_hood"):
        await hood.act(key, "turn_off")
        await hood.until(key, "off")
    await hood.inside_value(LIGHTING, False)
    await hood.inside(active=None)
    return "fan full, slow, off; light at 40 %, off"


async def _make_coffee(house: House) -> str:
    """Make an espresso; it ends by itself."""
    coffee = await _find(house, COFFEE)
    espresso = "consumerproducts_coffeemaker_program_beverage_espresso"
    await coffee.select(espresso, "Beverage.Espresso")
    start = len(house.states.changes)
    await coffee.press(START)
    await coffee.until("binary_sensor_program_finished", "on", limit_s=RUN_LIMIT_S)
    entity_id = house.entity_id(coffee.unique(OPERATION))
    states = [s.value for s in house.states.changes[start:] if s.entity_id == entity_id]
    if "run" not in states:
        raise DemoError(f"{entity_id} went through {', '.join(states)}")
    await coffee.inside(operation="Finished")
    await coffee.inside(operation="Ready")
    return f"espresso: {', '.join(dict.fromkeys(states))}"


async def _cool(house: House) -> str:
    """Set the freezer one degree colder; leave its door open until it complains."""
    fridge = await _find(house, FRIDGE)
    key = "number_setpoint_freezer"
    before = float(house.state(fridge.unique(key)).value)
    for degrees in (before - 1, before):
        await fridge.act(key, "set_value", value=degrees)
        await fridge.inside_value(FREEZER_SETPOINT, int(degrees))
    await fridge.hand("door", open=True, compartment="Freezer")
    await fridge.until("binary_sensor_freezer_door_state", "on")
    await fridge.until("binary_sensor_door_alarm_freezer", "on")
    await fridge.hand("door", open=False, compartment="Freezer")
    await fridge.until("binary_sensor_freezer_door_state", "off")
    await fridge.until("binary_sensor_door_alarm_freezer", "off")
    return f"{before - 1:g} °C, {before:g} °C; door open, alarm, closed"


async def _boil(house: House) -> str:
    """Use the hob by hand, and its timer from Home Assistant."""
    hob = await _find(house, HOB)
    await hob.hand("power", state="On")
    await hob.until(POWER, "on")
    before = house.state(hob.unique(ZONE)).value
    await hob.hand("set", feature=ZONE_KEY, value="45")
    level = await hob.until(ZONE, "45")
    await hob.hand("set", feature=ZONE_KEY, value="Off")
    await hob.until(ZONE, before)
    await hob.act("number_setting_alarm_clock", "set_value", value=60)
    await hob.inside_value(HOB_TIMER, 60)
    await hob.until("binary_sensor_alarm_clock_elapsed", "on")
    await hob.hand("power", state="Off")
    await hob.until(POWER, "off")
    return f"zone at {level}, off; timer set, elapsed"


async def _blip(house: House) -> str:
    """Reset the links of all appliances: they are back before anyone notices."""
    appliances = [Appliance(house, each["id"]) for each in (await house.describe())["devices"]]
    start = len(house.states.changes)
    await asyncio.gather(*(each.hand("abort") for each in appliances))
    for value in ("off", "on"):
        for each in appliances:
            await each.until(CONNECTION, value)
    house.check_none_lost(start)
    dishwasher = await _find(house, DISHWASHER)
    await dishwasher.hand("door", open=True)
    await dishwasher.until(DOOR, "on")
    await dishwasher.hand("door", open=False)
    await dishwasher.until(DOOR, "off")
    await dishwasher.hand("remote_start", allowed=True)
    return "nothing became unavailable, and pushes arrive again"


# What the seeds of the appliances leave out at first: options of programs that are not selected, commands that
# have nothing to stop, parts that are not plugged in.
_UNAVAILABLE = {
    "BOSCH-SYN0DW01-68A40E530001": (STOP, "switch_extra_dry_option", "switch_silence_on_demand"),
    "SIEMENS-SYN0WM02-68A40E530002": (
        STOP,
        "button_pause_program",
        "button_resume_program",
        "switch_laundry_idos1_active",
        "switch_laundry_idos2_active",
    ),
    "000000000000000303": (
        START,
        STOP,
        "button_partly_open_door",
        "button_pause_program",
        "button_resume_program",
        "number_duration",
        "number_oven_setpoint_temperature",
        "select_oven_level",
        "select_pyrolysis_level",
        "cooking_oven_status_cavity_001_currentmeatprobetemperature",
        "switch_oven_fast_pre_heat",
    ),
    "BOSCH-SYN0HD04-68A40E530004": (
        START,
        STOP,
        "button_hood_regenerative_carbon_filter_reset",
        "switch_hood_boost",
    ),
    "SIEMENS-SYN0CM05-68A40E530005": (
        STOP,
        "select_hot_water_temperature",
        "select_coffee_milk_ratio",
    ),
    "BOSCH-SYN0FF06-68A40E530006": ("switch_refrigerator_dispenser_enabled",),
    "GAGGENAU-SYN0HB07-68A40E530007": (
        START,
        STOP,
        "number_duration",
        *(f"cooking_hob_status_zone_{zone}_currenttemperature" for zone in (101, 102, 103)),
    ),
}

HOME = Home(
    domain="home_connect_local",
    title="Home Connect",
    icon="mdi:washing-machine",
    simulator=("--speed", "20"),
    hurried=("--speed", "40"),
    ports=7,
    announces=True,
    forms=_forms,
    by_hand=_by_hand,
    try_this=(
        "Select a program of the dishwasher and start it; see when it will be done; stop it.",
        "Be the hand: open the dishwasher's door on the simulated home's page, and start again.",
        "Dim the hood's light, run its fan, make a coffee, set the freezer colder.",
        "Switch the washing machine off there: it leaves the network, and returns when it is on.",
    ),
    scenarios=(
        # First: a link that was lost shortly before is given longer.
        Scenario(name="connections reset for a moment", play=_blip),
        Scenario(name="dishes washed, and stopped", play=_wash_dishes),
        Scenario(name="door opened by hand", play=_open_door),
        Scenario(name="clothes washed, paused, stopped", play=_wash_clothes),
        Scenario(name="washer switched off and on", play=_switch_off),
        Scenario(name="oven baked with", play=_cook),
        Scenario(name="hood vents and shines", play=_vent),
        Scenario(name="coffee made", play=_make_coffee),
        Scenario(name="freezer set colder, left open", play=_cool),
        Scenario(name="hob used by hand", play=_boil),
    ),
    links=lambda described: [{"appliance": device["id"]} for device in described["devices"]],
    outlives_link=frozenset({f"-{CONNECTION}"}),
    unavailable=frozenset(
        f"{device}-{key}" for device, keys in _UNAVAILABLE.items() for key in keys
    ),
    left_out=frozenset(
        {
            "-binary_sensor_local_control_active",
            "-binary_sensor_remote_control_active",
            "-sensor_start_in",
            "-sensor_finish_in",
            "-sensor_start_time",
            "_duration",
            "_fryingsensorlevel",
            "_remainingprogramtime",
            "_currenttemperature",
        }
    ),
    first=(
        f"-{POWER}",
        f"-{PROGRAM}",
        f"-{START}",
        "-button_pause_program",
        "-button_resume_program",
        f"-{STOP}",
        f"-{OPERATION}",
        "-sensor_remaining_program_time",
        "-sensor_program_progress",
        "-sensor_finish_time",
        f"-{DOOR}",
    ),
    settings_shown=False,
    hands_off={
        f"-{PROGRAM}": "selected in the scenarios",
        f"-{START}": "pressed in the scenarios",
        f"-{POWER}": "switched in the scenarios",
        "-button_mains_power_off": "pressed in a scenario",
        "-fan_hood": "blows in a scenario; it does not change programs while it does",
        "-button_open_door": "a door that springs open must be closed by hand",
        "-number_setting_alarm_clock": "a timer runs down, and in a hurry",
        "_alarmclock": "a timer runs down, and in a hurry",
    },
)
