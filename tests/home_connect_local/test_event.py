"""Events: what an appliance has to say, once each time it appears."""

from pathlib import Path

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local import binary_sensor, event
from custom_components.home_connect_local.entity import slug
from custom_components.home_connect_local.lifeline import GRACE_S
from simulators.home_connect_local import SimulatedAppliance
from tests.rules.texts import texts_of

from .extended import extended
from .helpers import (
    NAMES,
    entity_id_of,
    note_states,
    pass_time,
    state_of,
    table_of,
    until,
    until_attribute,
    until_state,
)
from .test_coordinator import connection_of, settled

OFF, PRESENT, CONFIRMED = 0, 1, 2
FINISHED, ABORTED, SALT = 540, 545, "Dishcare.Dishwasher.Event.SaltLack"
EVENT = 'available="true" access="read" refCID="03" refDID="80" enumerationType="0001" level="hint"'
ECO = "Dishcare.Dishwasher.Program.Eco50"


def events_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the entity of all events."""
    return entity_id_of(hass, entry, Platform.EVENT, "event_notifications")


@pytest.mark.parametrize("name", NAMES)
async def test_events(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The events of each appliance."""
    assert table_of(hass, loaded, Platform.EVENT) == snapshot


async def test_disabled_by_default(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Few want all of them in one place."""
    assert hass.states.get(events_of(hass, loaded)) is None


async def test_edges(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """An event fires when it appears, not while it lasts, nor when it is confirmed or told again."""
    events = events_of(hass, loaded)
    assert state_of(hass, events).state == STATE_UNKNOWN
    noted = note_states(hass, Platform.EVENT)
    salt = simulated.appliance.state.uid(SALT)
    assert salt
    for word in ("Present", "Present", "Confirmed", "Present", "Off"):
        simulated.appliance.event(salt, word)
    simulated.appliance.event(salt, "Present")
    await until(hass, lambda: len(noted) == 2)
    simulated.appliance.tell_values({ABORTED: PRESENT})
    await until(hass, lambda: len(noted) == 3)
    first, second, third = noted
    assert first.attributes["event_type"] == second.attributes["event_type"] == "saltlack"
    level = simulated.profile.description.features[salt].fields["level"]
    assert first.attributes["level"] == level
    assert first.attributes["state"] == "present"
    assert first.state != second.state
    assert third.attributes["event_type"] == "program_aborted"
    assert "saltlack" in third.attributes["event_types"]


async def test_several_at_once(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """Each of them is told, though they come together."""
    noted = note_states(hass, Platform.EVENT)
    simulated.appliance.tell({SALT: PRESENT, "Dishcare.Dishwasher.Event.RinseAidLack": PRESENT})
    await until(hass, lambda: len(noted) == 2)
    assert {each.attributes["event_type"] for each in noted} == {"saltlack", "rinseaidlack"}


async def test_end_of_a_program(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """The end of a program tells which one, once per run, although the appliance may have forgotten it."""
    noted = note_states(hass, Platform.EVENT)
    program = simulated.appliance.state.uid(ECO)
    assert program
    for run in (1, 2):
        simulated.appliance.tell_values({256: program, FINISHED: OFF})
        simulated.appliance.tell_values({256: 0})
        for _ in range(3):
            simulated.appliance.event(FINISHED, "Present")
        await until(hass, lambda run=run: len(noted) == run)
        assert noted[-1].attributes["event_type"] == "program_finished"
        assert noted[-1].attributes["program"] == ECO
    simulated.appliance.tell_values({256: program})
    simulated.appliance.tell_values({ABORTED: PRESENT})
    await until(hass, lambda: len(noted) == 3)
    assert noted[-1].attributes["program"] == ECO


async def test_unknown_program(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """What ended may be a program that the profile lacks."""
    noted = note_states(hass, Platform.EVENT)
    simulated.appliance.tell_values({256: 4711, FINISHED: PRESENT})
    await until(hass, lambda: noted)
    assert "program" not in noted[0].attributes


async def test_what_was_there_before(
    hass: HomeAssistant,
    handshakes_fail: None,
    all_enabled: None,
    entry: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """What is present at the start is no news; what appeared while the link was down is."""
    simulated.appliance.tell({SALT: PRESENT})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    events = events_of(hass, entry)
    assert state_of(hass, events).state == STATE_UNKNOWN
    await simulated.link_down()
    await until_state(hass, connection_of(hass, entry), "off")
    pass_time(hass, GRACE_S + 1)
    await until_state(hass, events, STATE_UNAVAILABLE)
    simulated.appliance.tell_values({FINISHED: PRESENT})
    await simulated.link_restored()
    await settled(hass, entry)
    await until_attribute(hass, events, "event_type", "program_finished")


@pytest.mark.parametrize(
    "name",
    [
        extended(
            "hood",
            *(
                (
                    uid,
                    f"BSH.Common.Event.Favorite.00{number}.ExternalTrigger",
                    EVENT,
                )
                for uid, number in ((0x7401, 1), (0x7402, 2))
            ),
            values={0x7401: 0, 0x7402: 0},
        )
    ],
)
async def test_favorites(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Keys that trigger something outside of the appliance have an entity each."""
    first = entity_id_of(hass, loaded, Platform.EVENT, "event_favorite_001")
    second = entity_id_of(hass, loaded, Platform.EVENT, "event_favorite_002")
    assert state_of(hass, first).attributes["friendly_name"].endswith("Favorite 1")
    assert state_of(hass, first).attributes["event_types"] == ["pressed"]
    noted = note_states(hass, Platform.EVENT)
    for state in (PRESENT, PRESENT, OFF, PRESENT):
        simulated.appliance.tell_values({0x7401: state}, again=True)
    await until(hass, lambda: len(noted) >= 2)
    await hass.async_block_till_done()
    pressed = {each.state for each in noted if each.entity_id == first}
    assert len(pressed) == 2
    assert state_of(hass, first).attributes["event_type"] == "pressed"
    assert state_of(hass, second).state == STATE_UNKNOWN
    simulated.appliance.tell_values({0x7402: CONFIRMED})
    await hass.async_block_till_done()
    assert state_of(hass, second).state == STATE_UNKNOWN


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts(language: str) -> None:
    """Every event that has a row of its own is called the same among the notifications."""
    entities = texts_of(Path(event.__file__).parent, language)["entity"]
    attributes = entities["event"]["event_notifications"]["state_attributes"]
    names = attributes["event_type"]["state"]
    assert {"program_finished", "program_aborted"} <= names.keys()
    for row in binary_sensor.BINARY_SENSORS:
        for key in row.features:
            kind = slug(key.rpartition(".Event.")[2])
            if ".Event." in key and "*" not in key and not kind.startswith("program"):
                assert names[kind] == entities["binary_sensor"][row.key]["name"], kind
