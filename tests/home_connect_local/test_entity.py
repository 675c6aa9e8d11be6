"""Tables against what is asked of them, generic entities, and what all entities have in common."""

from collections.abc import Iterator
from itertools import pairwise
import logging
from pathlib import Path
import random
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.home_connect_local import (
    binary_sensor,
    button,
    climate,
    datetime,
    event,
    fan,
    light,
    number,
    readings,
    select,
    sensor,
    switch,
    time,
    update,
)
from custom_components.home_connect_local.const import CONF_ALL_FEATURES, signal_available
from custom_components.home_connect_local.entity import (
    FeatureRow,
    Programs,
    Survey,
    covered,
    described,
    exposed,
    feature_name,
    feature_slug,
    generic_platform,
    pattern,
    readable,
    slug,
    undescribed,
)
from custom_components.home_connect_local.lifeline import GRACE_S
from custom_components.home_connect_local.protocol import Appliance, Kind
from custom_components.home_connect_local.protocol.messages import description_changes
from simulators.home_connect_local import SimulatedAppliance
from tests.common import load_vectors
from tests.rules import texts as texts_rules

from .helpers import (
    NAMES,
    Writes,
    act,
    described_appliance,
    entity_id_of,
    made_appliance,
    new_entry,
    pass_time,
    setup,
    state_of,
    table_of,
    until,
    until_state,
)

DOMAIN = "home_connect_local"
COMPONENT = Path(sensor.__file__).parent
TABLES: dict[str, tuple[FeatureRow, ...]] = {
    Platform.BINARY_SENSOR: binary_sensor.BINARY_SENSORS,
    Platform.BUTTON: button.BUTTONS,
    Platform.NUMBER: number.NUMBERS,
    Platform.SELECT: select.SELECTS,
    Platform.SENSOR: readings.SENSORS,
    Platform.SWITCH: switch.SWITCHES,
}
# They cover features, so generic entities need them imported, as Home Assistant does before it sets up a platform.
OTHERS = (climate, datetime, event, fan, light, time, update)

MAPPING: list[dict[str, Any]] = load_vectors(DOMAIN, "mapping_rows")
LOCAL = [item for item in MAPPING if "key" in item and item["platform"] in TABLES]
CLOUD = [item for item in MAPPING if "key" not in item and item["platform"] in TABLES]
CATALOGUE = load_vectors(DOMAIN, "catalogue")
UNITS = {
    "rpm": "rpm",
    "mL": "mL",
    "s": "s",
    "h": "h",
    "kg": "kg",
    "g": "g",
    "%": "%",
    "°C": "°C",
    "°F": "°F",
    "dBm": "dBm",
}


def row_of(platform: str, key: str) -> FeatureRow:
    """Return the row of a key."""
    rows = [row for row in TABLES[platform] if row.key == key]
    assert rows, key
    return rows[0]


# --- the tables ---------------------------------------------------------------------------------


def test_all_of_the_mapping_is_transcribed() -> None:
    """The vector has what the mapping lists, by platform."""
    count = {platform: sum(item["platform"] == platform for item in LOCAL) for platform in TABLES}
    assert count == {
        Platform.BINARY_SENSOR: 50,
        Platform.BUTTON: 8,
        Platform.NUMBER: 23,
        Platform.SELECT: 72,
        Platform.SENSOR: 51,
        Platform.SWITCH: 56,
    }
    assert len(CLOUD) == 67


@pytest.mark.parametrize("item", LOCAL, ids=lambda item: f"{item['platform']}-{item['key']}")
def test_row(item: dict[str, Any]) -> None:
    """Each description of the mapping is a row that says the same."""
    row: Any = row_of(item["platform"], item["key"])
    assert list(row.features) == item["features"]
    assert row.entity_category == item["category"]
    assert row.entity_registry_enabled_default is item["enabled"]
    if "device_class" in item:
        assert row.device_class == item["device_class"]
    if "unit" in item:
        assert row.native_unit_of_measurement == (item["unit"] and UNITS[item["unit"]])
    if item.get("shown_unit"):
        assert row.suggested_unit_of_measurement == UNITS[item["shown_unit"]]
    if "state_class" in item:
        assert row.state_class == item["state_class"]
    if "mode" in item:
        assert row.mode == item["mode"]


@pytest.mark.parametrize(
    "item", [item for item in LOCAL if "on_when" in item], ids=lambda item: item["key"]
)
def test_what_means_on(item: dict[str, Any]) -> None:
    """Binary sensors are on for the members that the mapping names."""
    row: Any = row_of(item["platform"], item["key"])
    wanted = item["on_when"]
    if wanted == "true":
        assert not row.on
    elif wanted == "event":
        assert row.on == {"present", "confirmed"}
    elif wanted == "event, confirmed = off":
        assert row.on == {"present"}
    else:
        assert {member.lower() for member in wanted.split(", ")} <= row.on
        assert not row.on & row.off


@pytest.mark.parametrize(
    "item", CLOUD, ids=lambda item: f"{item['platform']}-{item['features'][0]}"
)
def test_row_of_the_cloud_integration(item: dict[str, Any]) -> None:
    """What the cloud integration has is a row here, too."""
    (key,) = item["features"]
    if key == "BSH.Common.Appliance.Connected":
        assert binary_sensor.CONNECTED.device_class == item["device_class"]
        return
    name = pattern(key)
    rows: list[Any] = [row for row in TABLES[item["platform"]] if name in row.features]
    assert rows, key
    if "device_class" in item:
        assert rows[0].device_class == item["device_class"]
    if "unit" in item:
        assert rows[0].native_unit_of_measurement == item["unit"]


@pytest.mark.parametrize("platform", TABLES)
def test_rows_are_told_apart(platform: str) -> None:
    """No key is given twice, but for what no appliance has twice."""
    keys = [row.key for row in TABLES[platform]]
    twice = {key for key in keys if keys.count(key) > 1}
    assert twice <= {"button_abort_program"}


# --- texts --------------------------------------------------------------------------------------


def keys_of(row: FeatureRow) -> list[str]:
    """Return the keys under which the texts of a row are looked for."""
    return [row.key, f"{row.key}_only"] if ".Cavity.*" in row.features[0] else [row.key]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("platform", TABLES)
def test_every_row_has_a_name(platform: str, language: str) -> None:
    """Every row is named in every language; names of parts have a place for their number."""
    entities = texts_rules.texts_of(COMPONENT, language)["entity"][platform]
    for row in TABLES[platform]:
        for key in keys_of(row):
            name = entities[key]["name"]
            numbered = "*" in row.features[0] and not key.endswith("_only")
            assert ("{part}" in name) is numbered, key


def members_of(item: dict[str, Any]) -> set[str]:
    """Return the members that the mapping, or the catalogue for it, gives."""
    return {*item.get("members", ()), *(item.get("catalogue_members") or ())}


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_member_has_a_text(language: str) -> None:
    """Members of the mapping are translated, as many as it counts."""
    entities = texts_rules.texts_of(COMPONENT, language)["entity"]
    for item in LOCAL:
        states = entities[item["platform"]][item["key"]].get("state", {})
        assert members_of(item) <= states.keys(), item["key"]
        assert len(states) >= item.get("member_count", 0), item["key"]


@pytest.mark.parametrize("name", NAMES)
def test_every_member_of_the_appliances_has_a_text(name: str) -> None:
    """So is every member that the seven appliances have, where there is a row."""
    survey = Survey(described_appliance(name))
    entities = texts_rules.texts_of(COMPONENT)["entity"]
    for platform in (Platform.SELECT, Platform.SENSOR):
        for feature, row in described(survey, TABLES[platform]):
            if feature.content_type == "enumeration" and not getattr(row, "states", ()):
                members = survey.appliance.all_members(feature.uid).values()
                states = entities[platform][row.translation_key or row.key]["state"]
                assert {member.lower() for member in members} <= states.keys(), row.key


def test_combined_states_have_a_text() -> None:
    """So are the states that a sensor makes of several conditions."""
    entities = texts_rules.texts_of(COMPONENT)["entity"][Platform.SENSOR]
    combined = [row for row in readings.SENSORS if row.states]
    assert len(combined) == 6
    for row in combined:
        for key in keys_of(row):
            assert set(row.states) == entities[key]["state"].keys()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_program_has_a_text(language: str) -> None:
    """Programs of the catalogue are translated, and called the same where they run and where they are chosen."""
    entities = texts_rules.texts_of(COMPONENT, language)["entity"]
    chosen = entities[Platform.SELECT]["select_program"]["state"]
    running = entities[Platform.SENSOR]["sensor_active_program"]["state"]
    assert running.keys() - chosen.keys() == {"none"}
    assert {key: running[key] for key in chosen} == chosen
    for key in CATALOGUE["programs"]:
        favorite = key.removeprefix("BSH.Common.Program.Favorite.")
        if favorite != "NNN":
            assert (f"favorite_{favorite}" if favorite != key else slug(key)) in chosen


@pytest.mark.parametrize("platform", TABLES)
def test_icons(platform: str) -> None:
    """What has no device class to give it an icon has one of ours; enumerations have none from theirs."""
    icons = texts_rules.read(COMPONENT / "icons.json")["entity"][platform]
    for row in TABLES[platform]:
        for key in keys_of(row):
            assert (key in icons) is (row.device_class in {None, "enum"}), key


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts_are_sorted(language: str) -> None:
    """Keys are in order, so that they are found and merged easily."""

    def sorted_keys(texts: Any) -> Iterator[bool]:
        if isinstance(texts, dict):
            yield all(one <= other for one, other in pairwise(texts))
            for text in texts.values():
                yield from sorted_keys(text)

    entities = texts_rules.texts_of(COMPONENT, language)["entity"]
    assert all(sorted_keys({platform: entities[platform] for platform in TABLES}))


# --- names and generic entities -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("IDos1BaseLevel", "iDos 1 base level"),
        ("CalcNClean", "Calc n clean"),
        ("WiFiSignalStrength", "Wi-Fi signal strength"),
        ("Zone.101.Type", "Zone 101 type"),
        ("LEDRing", "LED ring"),
        ("600Watt", "600 watt"),
        ("", ""),
    ],
)
def test_readable(name: str, text: str) -> None:
    """Names of the vendor are split at capitals and digits."""
    assert readable(name) == text


def test_feature_names() -> None:
    """A feature is named by what follows its kind, one without a name by its uid."""
    appliance = described_appliance("hob")
    level = appliance.find("Cooking.Hob.Option.PowerLevel")
    assert level
    assert (feature_name(level), feature_slug(level)) == (
        "Power level",
        "cooking_hob_option_powerlevel",
    )
    nameless = appliance.feature(58626)
    assert nameless
    assert (feature_name(nameless), feature_slug(nameless)) == ("Feature 58626", "uid_58626")


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_is_shown_somewhere(name: str) -> None:
    """What has no row gets a generic entity; only what cannot or must not be shown is left out."""
    survey = Survey(described_appliance(name))
    left_out = {
        feature.key
        for feature in survey.description.features.values()
        if feature.kind not in {Kind.PROGRAM, Kind.ACTIVE_PROGRAM, Kind.SELECTED_PROGRAM}
        and generic_platform(survey, feature) is None
        and not covered(survey, feature)
    }
    assert left_out <= {
        # Reset or disconnect.
        "BSH.Common.Command.ApplyFactoryReset",
        "BSH.Common.Command.DeactivateRemoteControlStart",
        "BSH.Common.Command.DeactivateWiFi",
        # Answers to events, which have buttons of their own.
        "BSH.Common.Command.AcknowledgeEvent",
        "BSH.Common.Command.RejectEvent",
        # Insides of favourites, and what has no form that a state could have.
        "BSH.Common.Root.ProtectionPort",
        "BSH.Common.Setting.Favorite.001.Functionality",
        "BSH.Common.Setting.Favorite.001.Name",
        "BSH.Common.Setting.Favorite.001.Program",
        "BSH.Common.Setting.Favorite.Handling",
        "BSH.Common.Setting.Timezone",
        "Cooking.Hob.Status.FutureGadget",
        "Cooking.Hob.Status.Zone.101.Position",
        "Cooking.Hob.Status.Zone.102.Position",
        "Cooking.Hob.Status.Zone.103.Position",
        "Cooking.Hob.Status.ZoneList",
    }


@pytest.mark.parametrize(
    ("feature", "platform"),
    [
        ({"key": "A.B.Setting.X", "contentType": "boolean", "access": "readwrite"}, "switch"),
        ({"key": "A.B.Setting.X", "contentType": "boolean", "access": "read"}, "binary_sensor"),
        ({"key": "A.B.Status.X", "contentType": "boolean"}, "binary_sensor"),
        (
            {"key": "A.B.Setting.X", "contentType": "enumeration", "enum": 1, "wire": "integer"},
            "select",
        ),
        (
            {"key": "A.B.Status.X", "contentType": "enumeration", "enum": 1, "wire": "integer"},
            "sensor",
        ),
        ({"key": "A.B.Setting.X", "contentType": "percent", "wire": "number"}, "number"),
        ({"key": "A.B.Status.X", "contentType": "percent", "wire": "number"}, "sensor"),
        ({"key": "A.B.Option.X", "contentType": "weight", "wire": "integer"}, "number"),
        (
            {
                "key": "A.B.Option.X",
                "contentType": "weight",
                "wire": "integer",
                "access": "read",
            },
            "sensor",
        ),
        ({"key": "A.B.Status.X", "contentType": "string", "wire": "string"}, "sensor"),
        ({"key": "A.B.Status.X", "contentType": "uidValue", "wire": "integer"}, "sensor"),
        ({"key": "A.B.Event.X", "contentType": "enumeration", "enum": 1}, "binary_sensor"),
        ({"key": "A.B.Command.X", "contentType": "boolean"}, "button"),
        ({"key": "A.B.Command.X", "contentType": "uidValue"}, None),
        ({"key": "A.B.Status.X", "contentType": "integer", "wire": "integer", "list": True}, None),
        ({"key": "A.B.Status.X", "contentType": None}, None),
        ({"key": "A.B.Status.X", "contentType": "pose2D", "wire": "object"}, None),
        (
            {"key": "A.B.Setting.X", "contentType": "boolean", "passwordProtected": True},
            None,
        ),
    ],
)
def test_generic_platform(feature: dict[str, Any], platform: str | None) -> None:
    """The platform follows from type, kind and access."""
    appliance = made_appliance(feature, enums={1: {0: "Off", 1: "Present"}})
    found = appliance.feature(1)
    assert found
    assert generic_platform(Survey(appliance), found) == platform


@pytest.mark.parametrize(
    "key",
    [
        "BSH.Common.Command.ApplyFactoryReset",
        "BSH.Common.Command.ApplyNetworkReset",
        "BSH.Common.Command.DeactivateWiFi",
        "BSH.Common.Command.DeactivateRemoteControlStart",
        "BSH.Common.Command.SetWaterHardness",
        "BSH.Common.Command.AllowCustomerServiceConnection",
        "BSH.Common.Command.StartEnergyManagerPairing",
        "BSH.Common.Setting.EnergyManagement.Pairing",
        "BSH.Common.Setting.Favorite.007.Program",
        "BSH.Common.Root.CommandList",
        "Cooking.Hob.Status.Zone.A.LengthX",
    ],
)
def test_off_list(key: str) -> None:
    """What resets, disconnects or belongs to the vendor's service is not exposed."""
    found = made_appliance(
        {"key": key, "kind": "setting", "contentType": "boolean", "access": "readwrite"}
    ).feature(1)
    assert found
    assert not exposed(found)


def test_harmless_relatives_are_exposed() -> None:
    """The list does not catch more than it names."""
    for key in (
        "BSH.Common.Status.CustomerServiceConnectionAllowed",
        "BSH.Common.Command.ConfirmPermanentRemoteStart",
        "BSH.Common.Event.Favorite.001.ExternalTrigger",
        "BSH.Common.Status.EnergyManagementConnected",
    ):
        found = made_appliance({"key": key, "kind": "status", "contentType": "boolean"}).feature(1)
        assert found
        assert exposed(found)


def test_alternates() -> None:
    """Of two spellings of one thing the first declared by the row is shown, and the other one nowhere."""
    spelling = {"contentType": "boolean", "wire": "boolean", "access": "readwrite"}
    old = {"key": "LaundryCare.Washer.Option.IDos1Active", **spelling}
    new = {"key": "LaundryCare.Washer.Option.IDos1.Active", "kind": "option", **spelling}
    for features, uid in (((old, new), 1), ((new, old), 2), ((new,), 1)):
        survey = Survey(made_appliance(*features))
        found = [(feature.uid, row.key) for feature, row in described(survey, switch.SWITCHES)]
        assert found == [(uid, "switch_laundry_idos1_active")]
        assert not list(undescribed(survey, Platform.SWITCH))


def test_row_needs_the_right_type() -> None:
    """A feature of another type than its row's gets a generic entity that fits."""
    survey = Survey(described_appliance("oven"))
    keys = {feature.key for feature in undescribed(survey, Platform.SENSOR)}
    assert "Cooking.Oven.Option.UsedHeatingMode" in keys
    assert "select_oven_used_heating_mode" not in {
        row.key for _, row in described(survey, select.SELECTS)
    }


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (("001",), [("sensor_cavity_temperature_only", None)]),
        (
            ("001", "upper"),
            [
                ("sensor_cavity_temperature", {"part": "1"}),
                ("sensor_cavity_temperature", {"part": "upper"}),
            ],
        ),
    ],
)
def test_cavities(ids: tuple[str, ...], names: list[Any]) -> None:
    """Ids of cavities are any text; an only one goes without its number."""
    appliance = made_appliance(
        *(
            {
                "key": f"Cooking.Oven.Status.Cavity.{each}.CurrentTemperature",
                "kind": "status",
                "contentType": "temperatureCelsius",
                "wire": "number",
            }
            for each in ids
        )
    )
    rows = [row for _, row in described(Survey(appliance), readings.SENSORS)]
    assert [(row.translation_key, row.translation_placeholders) for row in rows] == names
    assert [row.key for row in rows] == [
        f"cooking_oven_status_cavity_{each}_currenttemperature" for each in ids
    ]


def test_program_names() -> None:
    """Known programs go by their key, others by a readable name that is theirs alone."""
    keys = (
        "Dishcare.Dishwasher.Program.Eco50",
        "Cooking.Oven.Program.Dish.Conv.Chips",
        "Cooking.Oven.Program.Dish.Microwave.Chips",
        "Cooking.Oven.Program.Dish.Microwave.chips",
        "BSH.Common.Program.BuildingBlock.Wait",
    )
    appliance = made_appliance(*({"key": key, "kind": "program"} for key in keys))
    names = Programs(appliance, {"dishcare_dishwasher_program_eco50"}).names()
    assert names == {
        1: "dishcare_dishwasher_program_eco50",
        2: "Chips",
        3: "Chips (Dish, Microwave)",
        4: "Chips (Dish, Microwave) 4",
    }


# --- life ---------------------------------------------------------------------------------------


async def test_defaults(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Rows are enabled as they say; generic entities are not."""
    table = table_of(hass, loaded, Platform.SELECT)
    disabled = {key.rpartition("-")[2] for key, each in table.items() if each["disabled"]}
    assert "dishcare_dishwasher_setting_autopoweroff" in disabled
    assert "select_rinse_aid" in disabled
    assert "select_program" not in disabled


async def test_all_features(
    hass: HomeAssistant, simulated: SimulatedAppliance, loaded: MockConfigEntry
) -> None:
    """Once wanted, generic entities are enabled, also those that were disabled before; the user's choice stays."""
    registry = er.async_get(hass)
    generic = entity_id_of(
        hass, loaded, Platform.SELECT, "dishcare_dishwasher_setting_autopoweroff"
    )
    row = entity_id_of(hass, loaded, Platform.SELECT, "select_rinse_aid")
    own = entity_id_of(
        hass, loaded, Platform.BINARY_SENSOR, "bsh_common_status_customerserviceconnectionallowed"
    )
    registry.async_update_entity(own, disabled_by=er.RegistryEntryDisabler.USER)
    hass.config_entries.async_update_entry(loaded, options={CONF_ALL_FEATURES: True})
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, generic).state == "oneminute"
    assert hass.states.get(row) is None
    assert hass.states.get(own) is None


# What no appliance should say of anything.
WEIRD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3, 255, -32768, 2**31, 2**62, -(2**62), 0.5, -0.001, 1e18),
    *("", "x", "0", "On", "Open", "{", "[]", "word" * 200, "#zzzzzz", "#ff00ff", "#000000"),
    *("2026-02-30T00:00:00", "25:99:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"),
    *([], {}, [1, "a", None], {"list": 5}, {"list": [1, {}]}, {"program": 0}),
    *({"program": 10**9}, {"end": "9999-12-31T23:59:59"}, {"end": "2026-02-30T00:00:00"}),
)
LIMITS: tuple[Any, ...] = (None, 0, 1, -5, 100, 2**40, -(2**40), 0.1, 1e-9, "7", "-3")


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_it_says(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No value, limit or access that an appliance tells keeps an entity from writing a state."""
    coordinator, dice = loaded.runtime_data, random.Random(1)
    appliance: Appliance = coordinator.appliance
    uids, enums = list(appliance.description.features), list(appliance.description.enums)
    programs = [*appliance.programs, 0, 99999]
    caplog.clear()
    for turn in range(len(WEIRD)):
        # In the end each feature has had each of them.
        odd = [(uid, WEIRD[(turn + place) % len(WEIRD)]) for place, uid in enumerate(uids)]
        appliance.apply_values(odd)
        appliance.apply_values([(256, dice.choice(programs)), (257, dice.choice(programs))])
        changes = [
            {
                "uid": uid,
                "min": dice.choice(LIMITS),
                "max": dice.choice(LIMITS),
                "stepSize": dice.choice(LIMITS),
                "access": dice.choice(["NONE", "READ", "READWRITE", None]),
                "available": dice.choice([True, True, False]),
                "enumerationType": dice.choice([None, dice.choice(enums)]),
            }
            for uid in dice.sample(uids, len(uids) // 5)
        ]
        appliance.apply_changes(description_changes(changes))
        coordinator.revision += 1
        async_dispatcher_send(hass, signal_available(loaded.entry_id))
        appliance.reset_changes()
    worries = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert not worries, worries[0]


async def test_one_write_per_push(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """However many of its features a push changes, an entity writes once; what does not show them sleeps."""
    remaining = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_remaining_program_time")
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    progress = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_program_progress")
    finish = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_finish_time")
    start = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_start_time")
    writes = Writes(hass)
    simulated.appliance.tell(
        {
            "BSH.Common.Status.OperationState": 3,
            "BSH.Common.Option.RemainingProgramTime": 7200,
            "BSH.Common.Option.RemainingProgramTimeIsEstimated": False,
        }
    )
    await until_state(hass, operation, "run")
    await hass.async_block_till_done()
    mine = [each for each in writes.entities if each.startswith("sensor.")]
    assert sorted(mine) == sorted([remaining, operation, progress, finish, start])
    state = state_of(hass, remaining)
    assert state.state == "2.0"
    assert state.attributes["is_estimated"] is False


async def test_link_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Without the link entities are unavailable after a moment, but for the one that says so."""
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    connected = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_connected")
    power = entity_id_of(hass, loaded, Platform.SWITCH, "switch_power_state")
    assert state_of(hass, connected).state == STATE_ON
    await simulated.link_down()
    await until_state(hass, connected, STATE_OFF)
    assert state_of(hass, operation).state == "inactive"
    pass_time(hass, GRACE_S + 1)
    await until_state(hass, operation, STATE_UNAVAILABLE)
    assert state_of(hass, power).state == STATE_UNAVAILABLE


async def test_set_up_while_off(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """The entities come from the stored description, and are unavailable."""
    entry = new_entry(simulated)
    entry.add_to_hass(hass)
    await simulated.link_down()
    await setup(hass, entry)
    operation = entity_id_of(hass, entry, Platform.SENSOR, "sensor_operation_state")
    assert state_of(hass, operation).state == STATE_UNAVAILABLE
    await hass.config_entries.async_unload(entry.entry_id)


async def test_unmapped_member(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A member that the profile does not name is unknown, with its number, and logged once."""
    phase = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_program_phase")
    for raw in (77, 78):
        simulated.appliance.tell({"Dishcare.Dishwasher.Status.ProgramPhase": raw})
        await until(hass, lambda raw=raw: state_of(hass, phase).attributes.get("raw_value") == raw)
        assert state_of(hass, phase).state == STATE_UNKNOWN
    assert caplog.text.count("which the profile does not name") == 1
    simulated.appliance.tell({"Dishcare.Dishwasher.Status.ProgramPhase": 2})
    await until_state(hass, phase, "mainwash")
    assert "raw_value" not in state_of(hass, phase).attributes


@pytest.mark.parametrize("name", ["washer"])
async def test_options_follow_the_program(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Options that the selected program lacks are unavailable to set, and unknown to read."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    prewash = entity_id_of(hass, loaded, Platform.SWITCH, "switch_laundry_prewash")
    load = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_laundry_load_recommendation")
    await act(
        hass, Platform.SELECT, "select_option", program, option="laundrycare_washer_program_cotton"
    )
    await until(hass, lambda: state_of(hass, prewash).state != STATE_UNAVAILABLE)
    await act(
        hass,
        Platform.SELECT,
        "select_option",
        program,
        option="laundrycare_washer_program_drumclean",
    )
    await until_state(hass, prewash, STATE_UNAVAILABLE)
    await until_state(hass, load, STATE_UNKNOWN)


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses is an error that says why."""
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    simulated.faults.arm("refuse", resource="^/ro/values", code=539)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.SWITCH, "turn_on", lock)
    assert caught.value.translation_key == "local_control"
    assert state_of(hass, lock).state == STATE_OFF
