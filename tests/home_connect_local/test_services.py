"""The actions, down to what is sent; and what is said when they fail."""

import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.home_connect_local import services
from custom_components.home_connect_local.const import CODE_KEYS, CONF_DEBUGGING, DOMAIN
from custom_components.home_connect_local.protocol import Fault, Kind, Obstacle
from simulators.home_connect_local import SimulatedAppliance
from tests.rules import texts

from .extended import extended
from .helpers import allow_remote_start, entity_id_of, state_of, until, until_state
from .test_fan import commands
from .vendor import secrets_of

START_IN, FINISH_IN = 558, 551
EXTRA_DRY, HALF_LOAD, HYGIENE = 5125, 5131, 5129
AUTO, ECO, QUICK = 8193, 8195, 8196
LOCK, HARDNESS, UPDATE = 524, 4367, 21
ECO_KEY = "Dishcare.Dishwasher.Program.Eco50"

pytestmark = pytest.mark.usefixtures("all_enabled")


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the id of the device."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, *, answers: bool = False, **data: Any
) -> Any:
    """Perform an action on the appliance of an entry."""
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": device_of(hass, entry), **data},
        blocking=True,
        return_response=answers,
    )


async def fails(hass: HomeAssistant, entry: MockConfigEntry, name: str, **data: Any) -> str:
    """Perform an action that must fail with a translated error; gives its key."""
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, entry, name, **data)
    assert caught.value.translation_domain == DOMAIN
    key = str(caught.value.translation_key)
    assert str(caught.value) != key  # there is a text
    return key


def started(simulated: SimulatedAppliance) -> tuple[int, dict[int, Any]]:
    """Return the program that was started last, with its options."""
    found = [each for kind, each in commands(simulated) if kind == "start"]
    program, options = found[-1]
    return program, options


@pytest.fixture
async def allowed(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> MockConfigEntry:
    """Return the entry of an appliance whose button for remote start was pressed."""
    await allow_remote_start(hass, loaded, simulated)
    return loaded


# --- starting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "uid"),
    [
        (ECO_KEY, ECO),
        (ECO_KEY.upper(), ECO),
        ("dishcare_dishwasher_program_eco50", ECO),
        ("Quick65", QUICK),
        ("program.quick65", QUICK),
        (" quick65 ", QUICK),
        (str(QUICK), QUICK),
        (None, ECO),
        ("", ECO),
    ],
)
async def test_start_program(
    hass: HomeAssistant,
    allowed: MockConfigEntry,
    simulated: SimulatedAppliance,
    program: str | None,
    uid: int,
) -> None:
    """A program goes by its key, in any spelling, by its end, or by its number; without one it is the selected."""
    await call(hass, allowed, "start_program", **({} if program is None else {"program": program}))
    assert started(simulated)[0] == uid
    operation = entity_id_of(hass, allowed, Platform.SENSOR, "sensor_operation_state")
    await until_state(hass, operation, "run")


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"Dishcare.Dishwasher.Option.HalfLoad": True}, {HALF_LOAD: True}),
        ({"dishcare_dishwasher_option_halfload": "on"}, {HALF_LOAD: True}),
        ({"HalfLoad": 1, "hygieneplus": False}, {HALF_LOAD: True, HYGIENE: False}),
        ({str(HALF_LOAD): "true"}, {HALF_LOAD: True}),
        ({"StartInRelative": 600}, {START_IN: 600}),
    ],
)
async def test_options_of_a_start(
    hass: HomeAssistant,
    allowed: MockConfigEntry,
    simulated: SimulatedAppliance,
    options: dict[str, Any],
    sent: dict[int, Any],
) -> None:
    """Options go by their names as well, with values as people write them."""
    await call(hass, allowed, "start_program", program="Eco50", options=options)
    program, given = started(simulated)
    assert program == ECO
    assert given.items() >= sent.items()


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ({"start_in": "01:30:00"}, 5400),
        ({"start_in": {"minutes": 10}}, 600),
        ({"start_in": 610}, 600),  # to the step of the appliance
        ({"start_in": "00:00"}, None),
    ],
)
async def test_delayed_start(
    hass: HomeAssistant,
    allowed: MockConfigEntry,
    simulated: SimulatedAppliance,
    delay: dict[str, Any],
    seconds: int | None,
) -> None:
    """A start is delayed in the steps of the appliance; no delay is none."""
    await call(hass, allowed, "start_selected_program", **delay)
    program, options = started(simulated)
    assert program == ECO
    assert options.get(START_IN) == seconds


@pytest.mark.parametrize("name", ["washer"])
@pytest.mark.parametrize(
    ("now", "delay", "hours"),
    [
        ("2026-07-01 20:00", {"finish_in": {"hours": 5}}, 5),
        ("2026-07-01 20:00", {"finish_at": "07:00:00"}, 9),  # it is 22 o'clock there
        ("2026-07-01 02:00", {"finish_at": "07:00"}, 3),
        ("2026-10-24 20:00", {"finish_at": "07:00:00"}, 10),  # summer time ends
        ("2026-03-28 21:00", {"finish_at": "07:00:00"}, 8),  # and begins
        ("2026-07-01 05:00", {"finish_at": "07:00:00"}, 24),  # just now is tomorrow
    ],
)
async def test_finish(
    hass: HomeAssistant,
    allowed: MockConfigEntry,
    simulated: SimulatedAppliance,
    freezer: FrozenDateTimeFactory,
    now: str,
    delay: dict[str, Any],
    hours: int,
) -> None:
    """An end may be given as a span, or as the next time of day, also over a change of the clock."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(now)
    await call(hass, allowed, "start_program", **delay)
    assert started(simulated)[1][FINISH_IN] == hours * 3600


async def test_finish_of_what_can_only_be_delayed(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Where only the start can be delayed, the end is converted with what is known of the duration."""
    simulated.appliance.tell(
        {"BSH.Common.Option.RemainingProgramTime": 3600, "BSH.Common.Setting.ChildLock": True}
    )
    lock = entity_id_of(hass, allowed, Platform.SWITCH, "switch_child_lock")
    await until_state(hass, lock, STATE_ON)
    await call(hass, allowed, "start_program", finish_in={"hours": 3})
    assert started(simulated)[1][START_IN] == 7200


@pytest.mark.parametrize(
    "data",
    [
        {"start_in": 60, "finish_in": 60},
        {"finish_in": 60, "finish_at": "07:00"},
        {"start_in": -60},
        {"finish_at": "tomorrow"},
        {"options": {"HalfLoad": None}},
        {"options": {"HalfLoad": {}}},
        {"options": "HalfLoad"},
        {"unknown": 1},
    ],
)
async def test_bad_input(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, data: Any
) -> None:
    """What cannot be meant is refused before anything is looked at."""
    with pytest.raises(vol.Invalid):
        await call(hass, loaded, "start_program", **data)
    assert not commands(simulated)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"program": "Nothing"}, "no_such_program"),
        ({"program": "4711"}, "no_such_program"),
        ({"program": "Dishcare.Dishwasher.Option.HalfLoad"}, "no_such_program"),
        ({"options": {"Nothing": 1}}, "no_such_option"),
        ({"options": {"HalfLoad": "perhaps"}}, "wrong_type"),
        ({"options": {"StartInRelative": "soon"}}, "wrong_type"),
        ({"program": "PreRinse", "options": {"HalfLoad": True}}, "not_writable"),
    ],
)
async def test_wrong_input(
    hass: HomeAssistant,
    allowed: MockConfigEntry,
    simulated: SimulatedAppliance,
    data: dict[str, Any],
    key: str,
) -> None:
    """What the appliance does not have, or does not take, is called by its name; nothing is sent."""
    assert await fails(hass, allowed, "start_program", **data) == key
    assert not commands(simulated)


async def test_preconditions(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What has to be done first is said, in the order in which it is to be done; nothing is sent before."""
    appliance = simulated.appliance
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    door = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_door_state")
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    appliance.power("Off")
    await until_state(hass, power, "off")
    assert await fails(hass, loaded, "start_program") == "power_off"
    appliance.power("On")
    appliance.open_door()
    await until_state(hass, door, STATE_ON)
    await until_state(hass, power, "on")
    assert await fails(hass, loaded, "start_program") == "remote_start_off"
    await allow_remote_start(hass, loaded, simulated)
    assert await fails(hass, loaded, "start_program") == "door_open"
    appliance.close_door()
    await until_state(hass, door, STATE_OFF)
    assert not commands(simulated)
    await call(hass, loaded, "start_program")
    await until_state(hass, operation, "run")
    assert await fails(hass, loaded, "start_program") == "program_running"
    assert await fails(hass, loaded, "select_program", program="Quick65") == "program_running"


async def test_nothing_selected(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Without a program there is nothing to start; one that the profile lacks cannot be, either."""
    program = entity_id_of(hass, allowed, Platform.SELECT, "select_program")
    for uid, key in ((0, "no_program"), (4711, "unknown_program")):
        before = state_of(hass, program)
        simulated.appliance.tell_values({257: uid})
        await until(hass, lambda before=before: state_of(hass, program) is not before)
        assert await fails(hass, allowed, "start_selected_program") == key


# Busy appliances are asked again, which takes its time; the tests of the core have that.
@pytest.mark.parametrize(
    "code", [code for code in (*CODE_KEYS, 599) if CODE_KEYS.get(code) != "busy"]
)
async def test_refusals(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance, code: int
) -> None:
    """Each code of the appliance has its text; others show their number."""
    simulated.faults.arm("refuse", resource="^/ro/activeProgram", code=code)
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, allowed, "start_program")
    assert caught.value.translation_key == CODE_KEYS.get(code, "refused")
    if code == 599:
        assert "599" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        extended(
            "dishwasher",
            (0x7001, "Test.Other.Program.Eco50", ""),
            (0x7002, "Test.Other.Option.HalfLoad", 'access="readWrite" refCID="01" refDID="00"'),
            (0x7003, "Test.Other.Setting.ChildLock", 'access="readWrite" refCID="01" refDID="00"'),
            (
                0x7004,
                "Test.Other.Event.SaltLack",
                'access="read" refCID="03" refDID="80" enumerationType="0001"',
            ),
        )
    ],
)
async def test_ambiguous(hass: HomeAssistant, allowed: MockConfigEntry) -> None:
    """An end that several have wants to be the whole name."""
    for action, data, key in (
        ("start_program", {"program": "Eco50"}, "ambiguous_program"),
        ("set_program_options", {"options": {"HalfLoad": True}}, "ambiguous_option"),
        ("change_setting", {"setting": "ChildLock", "value": True}, "ambiguous_setting"),
        ("acknowledge_event", {"event": "SaltLack"}, "ambiguous_event"),
    ):
        assert await fails(hass, allowed, action, **data) == key
    await call(hass, allowed, "change_setting", setting="Test.Other.Setting.ChildLock", value=True)


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_favorites(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A favorite goes by the name that its user gave it, too."""
    simulated.appliance.tell({"BSH.Common.Setting.Favorite.001.Name": "Magic potion"})
    program = entity_id_of(hass, allowed, Platform.SELECT, "select_program")
    await until(hass, lambda: "Magic potion" in str(state_of(hass, program).attributes))
    await call(hass, allowed, "select_program", program="magic POTION ")
    assert commands(simulated)[-1][1][0] == 32828


# --- the other actions on programs --------------------------------------------------------------


async def test_select_program(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Selecting starts nothing, and needs no button; options may come along."""
    await call(hass, loaded, "select_program", program="Quick65", options={"ExtraDry": True})
    ((_, (program, options)),) = commands(simulated)
    assert (program, options[EXTRA_DRY]) == (QUICK, True)
    selected = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    await until_state(hass, selected, "dishcare_dishwasher_program_quick65")
    assert not simulated.messages("/ro/activeProgram")
    assert await fails(hass, loaded, "select_program", program="Nothing") == "no_such_program"
    with pytest.raises(vol.Invalid):
        await call(hass, loaded, "select_program")


async def test_set_program_options(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Options of the selected program are set one by one."""
    data = {"HalfLoad": True, "HygienePlus": True}
    await call(hass, loaded, "set_program_options", options=data)
    assert commands(simulated) == [("write", (HALF_LOAD, True)), ("write", (HYGIENE, True))]
    half = entity_id_of(hass, loaded, Platform.SWITCH, "switch_half_load")
    await until_state(hass, half, STATE_ON)
    # Of another program there is nothing to set.
    key = await fails(hass, loaded, "set_program_options", options={"ExtraDry": True})
    assert key == "not_available"
    with pytest.raises(vol.Invalid):
        await call(hass, loaded, "set_program_options", options={})


@pytest.mark.parametrize("name", ["washer"])
async def test_stop_pause_resume(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A program is paused, resumed and stopped by the commands of the appliance, when it takes them."""
    operation = entity_id_of(hass, allowed, Platform.SENSOR, "sensor_operation_state")
    for name in ("pause_program", "resume_program"):
        assert await fails(hass, allowed, name) == "not_executable"
    assert await fails(hass, allowed, "stop_program") == "not_running"
    await call(hass, allowed, "start_program")
    await until_state(hass, operation, "run")
    await call(hass, allowed, "pause_program")
    await until_state(hass, operation, "pause")
    await call(hass, allowed, "resume_program")
    await until_state(hass, operation, "run")
    await call(hass, allowed, "stop_program")
    await until_state(hass, operation, "aborting")


async def test_pause_is_not_there(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What the appliance is not able to do is said so."""
    assert await fails(hass, loaded, "pause_program") == "not_supported"


# --- settings and events ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "written"),
    [
        ("BSH.Common.Setting.ChildLock", True, (LOCK, True)),
        ("childlock", "on", (LOCK, True)),
        ("WaterHardness", "H02", (HARDNESS, 2)),
        ("WaterHardness", "h02", (HARDNESS, 2)),
        ("WaterHardness", 2, (HARDNESS, 2)),
        ("ApplianceTime", "08:15:00", (521, "08:15:00")),
    ],
)
async def test_change_setting(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    setting: str,
    value: Any,
    written: tuple[int, Any],
) -> None:
    """Any setting can be changed, enumerations by name or number."""
    await call(hass, loaded, "change_setting", setting=setting, value=value)
    assert commands(simulated) == [("write", written)]


@pytest.mark.parametrize(
    ("setting", "value", "key"),
    [
        ("Nothing", 1, "no_such_setting"),
        ("Dishcare.Dishwasher.Option.HalfLoad", True, "no_such_setting"),
        ("WaterHardness", "H99", "not_a_member"),
        ("ChildLock", "perhaps", "wrong_type"),
        ("ApplianceTime", "noon", "wrong_format"),
    ],
)
async def test_change_setting_wrongly(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    setting: str,
    value: Any,
    key: str,
) -> None:
    """What is wrong is said; nothing is sent."""
    assert await fails(hass, loaded, "change_setting", setting=setting, value=value) == key
    assert not commands(simulated)


@pytest.mark.parametrize("name", ["hood"])
async def test_out_of_range(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Numbers beyond the range are refused, with the range."""
    with pytest.raises(HomeAssistantError, match="10 to 100") as caught:
        await call(hass, loaded, "change_setting", setting="lightingbrightness", value=5)
    assert caught.value.translation_key == "out_of_range"
    assert not commands(simulated)


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_what_is_never_exposed(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What no entity shows no action changes, either."""
    for setting in ("BSH.Common.Setting.Favorite.001.Name", "Favorite.001.Functionality"):
        with pytest.raises(ServiceValidationError) as caught:
            await call(hass, loaded, "change_setting", setting=setting, value="x")
        assert caught.value.translation_key == "not_exposed"
        assert setting in str(caught.value)
    assert not commands(simulated)


async def test_setting_that_is_locked(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A setting that cannot be changed now is not tried."""
    simulated.appliance.deviate([{"uid": LOCK, "access": "READ"}])
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    await until_state(hass, lock, "unavailable")
    key = await fails(hass, loaded, "change_setting", setting="ChildLock", value=True)
    assert key == "not_writable"
    assert not commands(simulated)


@pytest.mark.parametrize(
    ("reject", "command", "state"),
    [({}, 6, 2), ({"reject": False}, 6, 2), ({"reject": True}, 16, 0)],
)
async def test_acknowledge_event(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    reject: dict[str, bool],
    command: int,
    state: int,
) -> None:
    """An answer names the event."""
    simulated.appliance.event(UPDATE, "Present")
    await call(hass, loaded, "acknowledge_event", event="SoftwareUpdateAvailable", **reject)
    assert commands(simulated) == [("write", (command, UPDATE))]
    await simulated.appliance.settle()
    assert simulated.appliance.state.values[UPDATE] == state


async def test_acknowledge_in_vain(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Some events want no answer, some are not there, and some appliances have no such event."""
    for event, reject, key in (
        ("Nothing", False, "no_such_event"),
        ("BSH.Common.Event.ProgramFinished", True, "not_supported"),
        ("SoftwareUpdateAvailable", False, "device_state"),
    ):
        found = await fails(hass, loaded, "acknowledge_event", event=event, reject=reject)
        assert found == key


# --- for experts --------------------------------------------------------------------------------


async def test_send_raw_is_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Raw messages have to be allowed first."""
    key = await fails(hass, loaded, "send_raw", answers=True, resource="/ni/info")
    assert key == "debugging_off"
    assert len(simulated.messages("/ni/info")) <= 1  # that of the greeting


@pytest.mark.parametrize("options", [{CONF_DEBUGGING: True}])
async def test_send_raw(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Experts may say anything, and get the answer; refusals are errors here, too."""
    answer = await call(hass, loaded, "send_raw", answers=True, resource="/ni/info")
    assert answer["data"][0]["ssid"] == "Test-Net"
    answer = await call(
        hass,
        loaded,
        "send_raw",
        answers=True,
        resource="/ro/values",
        action="POST",
        data={"uid": LOCK, "value": True},
    )
    assert answer == {"data": []}
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    await until_state(hass, lock, STATE_ON)
    simulated.faults.arm("refuse", resource="^/ro/values", code=400)
    key = await fails(
        hass, loaded, "send_raw", answers=True, resource="/ro/values", action="POST", data=[]
    )
    assert key == "refused"


@pytest.mark.parametrize("options", [{CONF_DEBUGGING: True}])
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"resource": "/ro/values\n/x"},
        {"resource": "https://example.org/"},
        {"resource": "ro/values"},
        {"resource": "/ro/values", "action": "NOTIFY"},
        {"resource": "/ro/values", "data": [1]},
    ],
)
async def test_send_raw_wrongly(hass: HomeAssistant, loaded: MockConfigEntry, data: Any) -> None:
    """Even experts cannot say everything."""
    with pytest.raises(vol.Invalid):
        await call(hass, loaded, "send_raw", answers=True, **data)


async def test_get_description(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance is able to do is told without anything secret."""
    answer = await call(hass, loaded, "get_description", answers=True)
    text = json.dumps(answer)
    assert [secret for secret in secrets_of(simulated) if secret in text] == []
    assert answer["features"][str(LOCK)]["name"] == "BSH.Common.Setting.ChildLock"
    assert answer["features"][str(HARDNESS)]["members"]["2"] == "H02"
    with pytest.raises(ServiceValidationError):
        await call(hass, loaded, "get_description")


# --- whose --------------------------------------------------------------------------------------


async def test_wrong_device(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Only appliances that are loaded can be told anything."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    strange = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "x")}
    )
    ours = device_of(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    for device_id, domain, key in (
        ("nothing", DOMAIN, "unknown_device"),
        (strange.id, "homeassistant", "service_config_entry_wrong_domain"),
        (ours, "homeassistant", "service_config_entry_not_loaded"),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await hass.services.async_call(
                DOMAIN, "stop_program", {"device_id": device_id}, blocking=True
            )
        assert caught.value.translation_domain == domain
        assert caught.value.translation_key == key


async def test_without_a_link(
    hass: HomeAssistant, allowed: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that cannot be heard cannot be told anything, either."""
    await simulated.link_down()
    connection = entity_id_of(hass, allowed, Platform.BINARY_SENSOR, "binary_sensor_connected")
    await until_state(hass, connection, STATE_OFF)
    assert await fails(hass, allowed, "start_program") == "cannot_connect"


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts(language: str) -> None:
    """Every reason and code has a text, which uses nothing but what there is to fill in."""
    messages = texts.texts_of(Path(services.__file__).parent, language)["exceptions"]
    keys = {*Fault, *Obstacle, *CODE_KEYS.values()}
    assert keys <= messages.keys()
    for key in keys:
        assert texts.placeholders(messages[key]["message"]) <= {"reason", "code"}, key
    for kind in (Kind.PROGRAM, Kind.OPTION, Kind.SETTING, Kind.EVENT):
        for key in (f"no_such_{kind}", f"ambiguous_{kind}"):
            assert texts.placeholders(messages[key]["message"]) == {"name"}


async def test_actions_are_described(hass: HomeAssistant) -> None:
    """Every action is described for the user interface, with the fields that it takes."""
    assert await async_setup_component(hass, DOMAIN, {})
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    assert described.keys() == hass.services.async_services_for_domain(DOMAIN).keys()
    for name, service in hass.services.async_services_for_domain(DOMAIN).items():
        assert service.schema
        fields = {str(field) for field in service.schema.schema}
        assert described[name]["fields"].keys() == fields, name
