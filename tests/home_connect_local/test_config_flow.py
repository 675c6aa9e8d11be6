"""The forms, with files that are really uploaded and appliances that really answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch
import zipfile

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_REAUTH,
    SOURCE_ZEROCONF,
    ConfigEntryState,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.home_connect_local.const import (
    CONF_ALL_FEATURES,
    CONF_DEBUGGING,
    CONF_DESCRIPTION,
    CONF_DEVICE_ID,
    CONF_HA_ID,
    CONF_KEY,
    CONF_NEW_DEVICE_ID,
    CONF_PROFILE,
    CONF_SIGNAL_STRENGTH,
    CONF_SKIP_TEST,
    DOMAIN,
)
from custom_components.home_connect_local.protocol import HomeConnectClient
from simulators.home_connect_local import (
    PROFILES,
    Pace,
    SimulatedAppliance,
    SimulatedHousehold,
    archive,
)
from tests.support.forms import submit, suggestions

from .forms import Uploads, announce, packed, start
from .helpers import (
    CLIENT_ID,
    NAMES,
    entity_id_of,
    entry_data,
    new_entry,
    setup,
    stored_description,
    until,
    until_state,
)

FORM = "custom_components.home_connect_local.config_flow"
pytestmark = pytest.mark.usefixtures("handshakes_fail")

INVENTED = {CONF_DEVICE_ID}
DEFAULTS = {CONF_ALL_FEATURES: False, CONF_SIGNAL_STRENGTH: False, CONF_DEBUGGING: False}


@pytest.fixture
def upload(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, tmp_path: Path
) -> Iterator[Uploads]:
    """Upload files; into a folder of this test alone, for others run beside it."""
    with patch("homeassistant.components.file_upload.TEMP_DIR_NAME", str(tmp_path / "uploads")):
        yield Uploads(hass, hass_client)


@pytest.fixture(autouse=True)
def names() -> Iterator[AsyncMock]:
    """Let no router know an appliance by its name."""
    with patch(f"{FORM}.default_hosts", return_value=()) as mock:
        yield mock


@pytest.fixture
async def set_up(hass: HomeAssistant) -> AsyncIterator[AsyncMock]:
    """Keep entries that a form makes from being set up, to the end: that is another test's business."""
    with patch("custom_components.home_connect_local.async_setup_entry", return_value=True) as mock:
        yield mock
        await hass.async_block_till_done()


@pytest.fixture
async def household(socket_enabled: None) -> AsyncIterator[SimulatedHousehold]:
    """Serve three appliances, with one archive."""
    async with SimulatedHousehold(
        ["dishwasher", "washer", "oven"], pace=Pace(speed=1000)
    ) as household:
        yield household


def address(simulated: SimulatedAppliance) -> str:
    """Write the address as users do."""
    return f"{simulated.host}:{simulated.port}"


def known(data: Any) -> dict[str, Any]:
    """Return the data of an entry, as far as it can be foretold."""
    return {key: value for key, value in data.items() if key not in INVENTED}


def flows(hass: HomeAssistant, source: str) -> list[Any]:
    """Return the open forms of a source, by the name on their cards."""
    found = [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == source
    ]
    return sorted(found, key=lambda flow: flow["context"]["title_placeholders"]["name"])


async def closed(simulated: SimulatedAppliance) -> None:
    """Check that nothing is left of a test: sessions are few."""
    await simulated.journal.wait_for(lambda: not simulated.sessions)
    assert not simulated.dead_slots


# --- by hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_user(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """An archive, an address, and the appliance is tried before its entry is made."""
    result = await start(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "upload"
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["step_id"] == "host"
    assert result["errors"] == {}
    assert suggestions(result) == {CONF_HOST: ""}
    assert CONF_SKIP_TEST not in result["data_schema"].schema
    result = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert result["step_id"] == "host"
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    head = simulated.profile.head
    assert result["title"] == f"{head['brand'].title()} {head['type']}"
    assert known(result["data"]) == known(entry_data(simulated))
    assert len(result["data"][CONF_DEVICE_ID]) == 8
    json.dumps(result["data"])
    assert result["result"].unique_id == simulated.ha_id
    assert len(set_up.mock_calls) == 1
    await closed(simulated)


async def test_new_entry_works(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """What the form stores is enough to set the entry up, and the session of the test is free by then."""
    simulated.rules.slots = 1
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.connected
    greetings = {session.device_id for session in simulated.sessions}
    assert greetings == {entry.data[CONF_DEVICE_ID]}
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("data", "error", "placeholders"),
    [
        (packed("broken_missing_mapping"), "profile_file_parser_error", ("appliance", "reason")),
        (packed("no_profile_inside"), "invalid_profile_file", ("reason",)),
        (packed("path_traversal"), "invalid_profile_file", ("reason",)),
        (b"no archive at all", "invalid_profile_file", ("reason",)),
        (json.dumps([{"haId": "x", "features": {}}]).encode(), "wrong_tool_format", ()),
        (b"\0" * (20 * 1024 * 1024 + 1), "profile_file_too_large", ()),
    ],
    ids=["missing", "none", "traversal", "garbage", "foreign", "large"],
)
async def test_unusable_archives(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    data: bytes,
    error: str,
    placeholders: tuple[str, ...],
) -> None:
    """What is wrong with a file is said, with appliance and reason where there is one; another file mends it."""
    result = await upload.submit(await start(hass), data)
    assert result["step_id"] == "upload"
    assert result["errors"] == {"base": error}
    assert all(result["description_placeholders"][name] for name in placeholders)
    result = await upload.submit(result, simulated.archive_bytes())
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_encrypted_archive(hass: HomeAssistant, upload: Uploads) -> None:
    """An archive with a password is called one."""
    packing = BytesIO()
    with zipfile.ZipFile(packing, "w") as file:
        file.writestr("a.json", "{}")
    data = bytearray(packing.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    result = await upload.submit(await start(hass), bytes(data))
    assert result["errors"] == {"base": "profile_file_encrypted"}


async def test_upload_that_is_gone(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """An upload can be used once."""
    file_id = await upload(b"no archive")
    result = await submit(hass, await start(hass), {CONF_PROFILE: file_id})
    result = await submit(hass, result, {CONF_PROFILE: file_id})
    assert result["errors"] == {"base": "invalid_profile_file"}
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["step_id"] == "host"


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("single_dishwasher", ["host"]),
        ("household_three", ["device_select"]),
        ("old_style_without_brand", ["host"]),
    ],
)
async def test_usable_archives(
    hass: HomeAssistant, upload: Uploads, socket_enabled: None, name: str, steps: list[str]
) -> None:
    """The archives that users have are taken."""
    result = await upload.submit(await start(hass), packed(name))
    assert [result["step_id"]] == steps
    assert result["errors"] in ({}, None)


async def test_all_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """An archive without anything new is of no use, however the id is spelt."""
    hass.config_entries.async_update_entry(entry, unique_id=simulated.ha_id.lower())
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "all_setup"


async def test_ignored_appliance(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """Whoever ignored an appliance may add it by hand."""
    MockConfigEntry(domain=DOMAIN, unique_id=simulated.ha_id, source=SOURCE_IGNORE).add_to_hass(
        hass
    )
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.source != SOURCE_IGNORE


async def test_added_twice_at_once(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """Of two forms about one appliance the second ends; even where Home Assistant cannot tell them apart."""
    first = await upload.submit(await start(hass), simulated.archive_bytes())
    second = await upload.submit(await start(hass), simulated.archive_bytes())
    new_entry(simulated).add_to_hass(hass)
    for result in (first, second):
        done = await submit(hass, result, {CONF_HOST: address(simulated)})
        assert done["type"] is FlowResultType.ABORT
        assert done["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


# --- several appliances -------------------------------------------------------------------------


async def test_several_appliances(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """One is chosen, the others are offered afterwards without a second upload."""
    data = archive(each.profile for each in household.appliances)
    result = await upload.submit(await start(hass), data)
    assert result["step_id"] == "device_select"
    options = result["data_schema"].schema[CONF_DEVICE].config["options"]
    assert [each["label"] for each in options] == [
        "Bosch Dishwasher SYN0DW01 (0001)",
        "Siemens Washer SYN0WM02 (0002)",
        "Neff Oven SYN0OV03 (0303)",
    ]
    washer, oven, dishwasher = (household[name] for name in ("washer", "oven", "dishwasher"))
    result = await submit(hass, result, {CONF_DEVICE: washer.ha_id})
    assert result["step_id"] == "host"
    result = await submit(hass, result, {CONF_HOST: address(washer)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    offered = flows(hass, SOURCE_INTEGRATION_DISCOVERY)
    assert [flow["step_id"] for flow in offered] == ["confirm", "confirm"]
    assert [flow["context"]["title_placeholders"]["name"] for flow in offered] == [
        "Bosch Dishwasher (0001)",
        "Neff Oven (0303)",
    ]
    # The oven announced itself meanwhile, so that its address is known.
    result = await announce(hass, oven)
    assert result["reason"] == "already_in_progress"
    result = await submit(hass, offered[1], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert known(result["data"]) == known(entry_data(oven))
    result = await submit(hass, offered[0], {})
    assert result["step_id"] == "host"
    result = await submit(hass, result, {CONF_HOST: address(dishwasher)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 3
    identities = {entry.data[CONF_DEVICE_ID] for entry in hass.config_entries.async_entries(DOMAIN)}
    assert len(identities) == 3


async def test_one_left(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """There is nothing to choose when all but one are set up; ignored ones are not offered."""
    new_entry(household["washer"]).add_to_hass(hass)
    new_entry(household["oven"]).add_to_hass(hass)
    data = archive(each.profile for each in household.appliances)
    result = await upload.submit(await start(hass), data)
    assert result["step_id"] == "host"
    result = await submit(hass, result, {CONF_HOST: address(household["dishwasher"])})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert not flows(hass, SOURCE_INTEGRATION_DISCOVERY)


async def test_offered_but_ignored(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """An appliance that the user ignored is not offered."""
    for name in ("washer", "oven"):
        MockConfigEntry(
            domain=DOMAIN, unique_id=household[name].ha_id, source=SOURCE_IGNORE
        ).add_to_hass(hass)
    data = archive(each.profile for each in household.appliances)
    result = await upload.submit(await start(hass), data)
    result = await submit(hass, result, {CONF_DEVICE: household["dishwasher"].ha_id})
    result = await submit(hass, result, {CONF_HOST: address(household["dishwasher"])})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert not flows(hass, SOURCE_INTEGRATION_DISCOVERY)


async def test_offer_that_is_forgotten(hass: HomeAssistant) -> None:
    """What was kept for the session only is gone with it."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={CONF_HA_ID: "BOSCH-SYN0DW01-68A40E530001"},
    )
    assert result["reason"] == "not_an_appliance"


# --- found on the network -----------------------------------------------------------------------


async def test_zeroconf(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """Of an appliance that announces itself only the profile is asked for."""
    result = await announce(hass, simulated)
    assert result["step_id"] == "upload"
    assert result["description_placeholders"]["name"] == "Bosch Dishwasher (0001)"
    (flow,) = flows(hass, SOURCE_ZEROCONF)
    assert flow["context"]["title_placeholders"] == {"name": "Bosch Dishwasher (0001)"}
    result = await upload.submit(result, packed("no_profile_inside"))
    assert result["errors"] == {"base": "invalid_profile_file"}
    result = await upload.submit(result, archive([PROFILES["oven"]]))
    assert result["errors"] == {"base": "appliance_not_in_profile_file"}
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert known(result["data"]) == known(entry_data(simulated))
    await closed(simulated)


async def test_zeroconf_and_a_damaged_profile(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """That the profile is there but cannot be read is another thing than that it is missing."""
    packing = BytesIO()
    with zipfile.ZipFile(packing, "w") as file:
        for name, data in PROFILES["oven"].members().items():
            file.writestr(name, data)
        file.writestr("head.json", json.dumps(simulated.profile.head))
    result = await announce(hass, simulated, id="BOSCH-SYN0DW01-68A40E539999")
    result = await upload.submit(result, packing.getvalue())
    assert result["errors"] == {"base": "appliance_not_in_profile_file"}
    result = await announce(hass, simulated)
    result = await upload.submit(result, packing.getvalue())
    assert result["errors"] == {"base": "profile_file_parser_error"}
    assert result["description_placeholders"]["appliance"] == "BOSCH Dishwasher SYN0DW01"
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_zeroconf_spelling(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """The profile says how the id is spelt, whatever is announced."""
    result = await announce(hass, simulated, id=simulated.ha_id.lower())
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["result"].unique_id == simulated.ha_id


@pytest.mark.parametrize(
    "properties", [{"id": None}, {"id": "no id of an appliance"}, {"id": ""}, {"id": "x" * 65}]
)
async def test_zeroconf_of_something_else(
    hass: HomeAssistant, simulated: SimulatedAppliance, properties: dict[str, str | None]
) -> None:
    """Announcements without an id are nobody's."""
    result = await announce(hass, simulated, **properties)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "not_an_appliance"


async def test_zeroconf_without_an_address(
    hass: HomeAssistant, simulated: SimulatedAppliance
) -> None:
    """Addresses that lead nowhere count for nothing."""
    result = await announce(hass, simulated, "0.0.0.0")
    assert result["reason"] == "not_an_appliance"


async def test_zeroconf_offline(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """One that does not answer where it announced itself may be added there untested."""
    result = await announce(hass, simulated)
    await simulated.link_down()
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["step_id"] == "host"
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggestions(result)[CONF_HOST] == address(simulated)
    result = await submit(hass, result, {CONF_HOST: address(simulated), CONF_SKIP_TEST: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert known(result["data"]) == known(entry_data(simulated))


@patch("custom_components.home_connect_local.protocol.client.MOVE_INTERVAL_S", 0.0)
async def test_zeroconf_of_a_known_appliance(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A new address is stored, and used at once when the link is down; nothing is loaded anew."""
    coordinator = loaded.runtime_data
    connection = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_connected")
    await simulated.link_down()
    await until_state(hass, connection, STATE_OFF)
    async with SimulatedAppliance("dishwasher", pace=Pace(speed=1000)) as moved:
        result = await announce(hass, moved, id=simulated.ha_id.lower())
        assert result["reason"] == "already_configured"
        assert loaded.data[CONF_PORT] == moved.port
        await until_state(hass, connection, STATE_ON)
        assert len(moved.sessions) == 1
        assert loaded.runtime_data is coordinator
        # The same again is no news.
        with patch.object(hass.config_entries, "async_update_entry") as update:
            await announce(hass, moved)
        assert not update.mock_calls
        assert await hass.config_entries.async_unload(loaded.entry_id)
        await announce(hass, simulated)  # also while it is not loaded
        assert loaded.data[CONF_PORT] == simulated.port


async def test_zeroconf_of_an_ignored_appliance(
    hass: HomeAssistant, simulated: SimulatedAppliance
) -> None:
    """Ignored is ignored."""
    ignored = MockConfigEntry(domain=DOMAIN, unique_id=simulated.ha_id, source=SOURCE_IGNORE)
    ignored.add_to_hass(hass)
    result = await announce(hass, simulated)
    assert result["reason"] == "already_configured"
    assert not ignored.data


async def test_two_announced_one_archive(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """The archive that was uploaded for the one does for the other, too: it only wants to be confirmed."""
    washer, oven = household["washer"], household["oven"]
    first, _ = await announce(hass, washer), await announce(hass, oven)
    data = archive([washer.profile, oven.profile])
    result = await upload.submit(first, data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert not flows(hass, SOURCE_ZEROCONF)
    (flow,) = flows(hass, SOURCE_INTEGRATION_DISCOVERY)
    assert flow["step_id"] == "confirm"
    result = await submit(hass, flow, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert known(result["data"]) == known(entry_data(oven))


async def test_announced_after_its_archive(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """An appliance whose profile is known already only wants to be confirmed."""
    washer, oven = household["washer"], household["oven"]
    result = await upload.submit(await start(hass), archive([washer.profile, oven.profile]))
    result = await submit(hass, result, {CONF_DEVICE: washer.ha_id})
    await submit(hass, result, {CONF_HOST: address(washer)})
    await hass.async_block_till_done()
    (flow,) = flows(hass, SOURCE_INTEGRATION_DISCOVERY)
    hass.config_entries.flow.async_abort(flow["flow_id"])
    result = await announce(hass, oven)
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {"name": "Neff Oven (0303)"}
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_offer_of_what_is_set_up(
    hass: HomeAssistant, household: SimulatedHousehold, upload: Uploads, set_up: AsyncMock
) -> None:
    """Set up by other means meanwhile, it is not offered any more."""
    washer, oven = household["washer"], household["oven"]
    result = await upload.submit(await start(hass), archive([washer.profile, oven.profile]))
    result = await submit(hass, result, {CONF_DEVICE: washer.ha_id})
    await submit(hass, result, {CONF_HOST: address(washer)})
    await hass.async_block_till_done()
    new_entry(oven).add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={CONF_HA_ID: oven.ha_id},
    )
    assert result["reason"] == "already_configured"


async def test_announcements_are_bounded(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """Whoever floods the network does not fill the memory; what is announced can still be added."""
    with patch(f"{FORM}._MAX_ANNOUNCED", 0):
        result = await announce(hass, simulated)
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["type"] is FlowResultType.CREATE_ENTRY


# --- where it is --------------------------------------------------------------------------------


async def test_default_name(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    names: AsyncMock,
) -> None:
    """Many routers know appliances by their names; that one does not is no error."""
    names.return_value = (simulated.host,)
    with patch("custom_components.home_connect_local.protocol.client.TLS_PORT", simulated.port):
        result = await upload.submit(await start(hass), simulated.archive_bytes())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (result["data"][CONF_HOST], result["data"][CONF_PORT]) == (simulated.host, None)


async def test_default_name_that_leads_nowhere(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, names: AsyncMock
) -> None:
    """The user has typed nothing yet, and is told of no error."""
    names.return_value = (simulated.host, simulated.host)
    await simulated.link_down()
    with patch("custom_components.home_connect_local.protocol.client.TLS_PORT", simulated.port):
        result = await upload.submit(await start(hass), simulated.archive_bytes())
    assert result["step_id"] == "host"
    assert result["errors"] == {}
    assert suggestions(result) == {CONF_HOST: ""}


async def test_default_name_of_something_else(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, names: AsyncMock
) -> None:
    """An appliance that answers but not to this key is worth telling."""
    names.return_value = (simulated.host,)
    data = simulated.archive_bytes()
    await simulated.pair_anew()
    with patch("custom_components.home_connect_local.protocol.client.TLS_PORT", simulated.port):
        result = await upload.submit(await start(hass), data)
    assert result["errors"] == {"base": "auth_failed"}
    assert suggestions(result) == {CONF_HOST: simulated.host}


@pytest.mark.parametrize("typed", ["", "   ", "no host", "http://user@host", "[::1", "a..b", "h:0"])
async def test_no_address(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    typed: str,
) -> None:
    """What is no address is said at its field, and can be corrected."""
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    result = await submit(hass, result, {CONF_HOST: typed})
    assert result["step_id"] == "host"
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    assert suggestions(result)[CONF_HOST] == typed
    assert not simulated.received
    result = await submit(hass, result, {CONF_HOST: f" wss://{address(simulated)}/homeconnect "})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("fault", "options", "error"),
    [
        ("upgrade_status", {"status": 404}, "sessions_exhausted"),
        ("upgrade_status", {"status": 503}, "offline"),
        ("upgrade_status", {"status": 500}, "wrong_link"),
        ("upgrade_hang", {}, "timeout"),
        ("upgrade_close", {"how": "rst"}, "cannot_connect"),
        ("first_message", {"how": "silence"}, "timeout"),
    ],
)
async def test_errors_and_recovery(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    fault: str,
    options: dict[str, Any],
    error: str,
) -> None:
    """Each failure has its own text; what was typed stays, and a second try succeeds."""
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    simulated.faults.arm(fault, **options)
    silent = error == "timeout"  # all others are heard of, however long that takes
    ready = _impatient(HomeConnectClient.ready) if silent else HomeConnectClient.ready
    with patch.object(HomeConnectClient, "ready", ready):
        result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["step_id"] == "host"
    assert result["errors"] == {"base": error}
    assert suggestions(result)[CONF_HOST] == address(simulated)
    await closed(simulated)
    simulated.faults.clear()
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


def _impatient(ready: Any) -> Any:
    """Give up after half a second what a form waits twenty for."""

    async def wait(self: HomeConnectClient, *, patient: bool = True) -> None:
        async with asyncio.timeout(0.5):
            await ready(self, patient=patient)

    return wait


@pytest.mark.parametrize("name", ["dishwasher", "washer"])
async def test_wrong_key(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """The key of an old profile is called wrong at once, and there is no way around it."""
    data = simulated.archive_bytes()
    await simulated.pair_anew()
    result = await upload.submit(await start(hass), data)
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["errors"] == {"base": "auth_failed"}
    assert CONF_SKIP_TEST not in result["data_schema"].schema
    # Another form with the new archive is welcome.
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_wrong_device(
    hass: HomeAssistant, simulated: SimulatedAppliance, upload: Uploads, set_up: AsyncMock
) -> None:
    """An appliance of another model is not taken for this one."""
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    info = simulated.profile.seed.info
    with patch.dict(info, {"vib": "SYN9XX99"}):
        result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["errors"] == {"base": "wrong_device"}
    with patch.dict(info, {"vib": info["vib"].lower()}):
        result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_unexpected_failure(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mistake of ours leaves the form usable, and the log has what is needed to mend it."""
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    with patch.object(HomeConnectClient, "ready", side_effect=RuntimeError("a mistake")):
        result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["errors"] == {"base": "unknown"}
    assert "RuntimeError: a mistake" in caplog.text
    assert entry_data(simulated)[CONF_KEY] not in caplog.text
    caplog.clear()
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ("192.0.2.7", "192.0.2.7", None),
        ("192.0.2.7:8443", "192.0.2.7", 8443),
        ("2001:db8::7", "2001:db8::7", None),
        ("[2001:db8::7]:8443", "2001:db8::7", 8443),
        ("https://[2001:db8::7]/", "2001:db8::7", None),
        ("dishwasher.example", "dishwasher.example", None),
    ],
)
async def test_offline(
    hass: HomeAssistant,
    simulated: SimulatedAppliance,
    upload: Uploads,
    set_up: AsyncMock,
    typed: str,
    host: str,
    port: int | None,
) -> None:
    """An appliance that is off may be added untested, at any kind of address, after one attempt."""
    result = await upload.submit(await start(hass), simulated.archive_bytes())
    await simulated.link_down()
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["errors"] == {"base": "cannot_connect"}
    result = await submit(hass, result, {CONF_HOST: address(simulated), CONF_SKIP_TEST: False})
    assert result["errors"] == {"base": "cannot_connect"}
    result = await submit(hass, result, {CONF_HOST: typed, CONF_SKIP_TEST: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (result["data"][CONF_HOST], result["data"][CONF_PORT]) == (host, port)


async def test_address_is_shown_as_typed(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A port is shown only when it is not the usual one, and IPv6 in brackets then."""
    for host, port, shown in (
        ("2001:db8::7", 8443, "[2001:db8::7]:8443"),
        ("2001:db8::7", None, "2001:db8::7"),
        ("192.0.2.7", None, "192.0.2.7"),
        ("192.0.2.7", 8443, "192.0.2.7:8443"),
    ):
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_HOST: host, CONF_PORT: port}
        )
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
        assert suggestions(result) == {CONF_HOST: shown}
        hass.config_entries.flow.async_abort(result["flow_id"])


# --- a new key ----------------------------------------------------------------------------------


async def refuse_key(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> Any:
    """Let the appliance be paired anew, and the link end for that; gives the form that opens."""
    client = "custom_components.home_connect_local.protocol.client"
    with patch(f"{client}.KEY_REFUSALS", 1), patch(f"{client}.MOVE_INTERVAL_S", 0.0):
        await simulated.pair_anew(os.urandom(32))
        connection = entity_id_of(hass, entry, Platform.BINARY_SENSOR, "binary_sensor_connected")
        await until_state(hass, connection, STATE_OFF)
        entry.runtime_data.client.move_to(simulated.host, simulated.port)
        await until(hass, hass.config_entries.flow.async_progress)
        await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert flow["step_id"] == "reauth_confirm"
    return flow


@pytest.mark.parametrize("options", [DEFAULTS | {CONF_DEBUGGING: True}])
@pytest.mark.parametrize("name", ["dishwasher", "washer"])
async def test_reauthentication(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """A rejected key asks for a new archive, and nothing is lost by it."""
    registry = er.async_get(hass)
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    registry.async_update_entity(power, new_entity_id="sensor.my_own_name")
    before = {
        each.entity_id for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
    }
    data, chosen = dict(loaded.data), dict(loaded.options)
    flow = await refuse_key(hass, loaded, simulated)
    result = await upload.submit(flow, archive([PROFILES["oven"]]))
    assert result["errors"] == {"base": "appliance_not_in_profile_file"}
    result = await upload.submit(result, b"no archive")
    assert result["errors"] == {"base": "invalid_profile_file"}
    result = await upload.submit(result, archive([PROFILES[simulated.profile.name]]))
    assert result["errors"] == {"base": "auth_failed"}  # the one before
    assert dict(loaded.data) == data
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED
    assert loaded.runtime_data.connected
    assert dict(loaded.options) == chosen
    assert loaded.data == entry_data(simulated)
    assert loaded.data[CONF_KEY] != data[CONF_KEY]
    after = {
        each.entity_id for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
    }
    assert after == before
    assert hass.states.get("sensor.my_own_name")


async def test_reauthentication_while_off(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """A new archive is taken also while the appliance cannot be asked."""
    await simulated.pair_anew()
    await simulated.link_down()
    result = await entry.start_reauth_flow(hass)
    assert result["description_placeholders"]["name"] == entry.title
    with patch("custom_components.home_connect_local.async_setup_entry", return_value=True):
        result = await upload.submit(result, simulated.archive_bytes())
        await hass.async_block_till_done()
    assert result["reason"] == "reauth_successful"
    assert entry.data == entry_data(simulated)


# --- changes ------------------------------------------------------------------------------------


async def test_reconfigure_host(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Another address is tried first, under another name than that of the link that is up."""
    registry = er.async_get(hass)
    before = {
        each.entity_id for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
    }
    result = await loaded.start_reconfigure_flow(hass)
    assert result["type"] is FlowResultType.MENU
    result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
    assert result["step_id"] == "reconfigure_host"
    assert suggestions(result) == {CONF_HOST: address(simulated)}
    assert CONF_SKIP_TEST not in result["data_schema"].schema
    result = await submit(hass, result, {CONF_HOST: "no host"})
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    async with SimulatedAppliance("dishwasher", pace=Pace(speed=1000)) as moved:
        moved.faults.arm("upgrade_status", status=503, count=1)
        result = await submit(hass, result, {CONF_HOST: address(moved)})
        assert result["errors"] == {"base": "offline"}
        assert CONF_SKIP_TEST not in result["data_schema"].schema
        assert loaded.runtime_data.connected
        result = await submit(hass, result, {CONF_HOST: address(moved)})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert loaded.data == entry_data(simulated) | {CONF_PORT: moved.port}
        assert loaded.runtime_data.connected
        greetings = [
            message.data[0]["deviceID"]
            for message in moved.messages("/ei/initialValues")
            if message.data
        ]
        assert greetings[-1] == CLIENT_ID
        assert CLIENT_ID not in greetings[:-1]
        after = er.async_entries_for_config_entry(registry, loaded.entry_id)
        assert {each.entity_id for each in after} == before
        assert await hass.config_entries.async_unload(loaded.entry_id)


async def test_reconfigure_host_while_not_connected(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance, set_up: AsyncMock
) -> None:
    """Without a link that is up the test goes by the name of the entry, which takes no further session."""
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
    result = await submit(hass, result, {CONF_HOST: address(simulated)})
    assert result["reason"] == "reconfigure_successful"
    (greeting,) = simulated.messages("/ei/initialValues")
    assert greeting.data
    assert greeting.data[0]["deviceID"] == CLIENT_ID


async def test_reconfigure_profile(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """A fresh profile brings its features, and leaves the entities that there were."""
    registry = er.async_get(hass)
    before = {
        each.entity_id for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
    }
    description = stored_description("dishwasher")
    old = {**description, "features": dict(list(description["features"].items())[:20])}
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, CONF_DESCRIPTION: old})
    result = await loaded.start_reconfigure_flow(hass)
    result = await submit(hass, result, {"next_step_id": "reconfigure_profile"})
    assert result["step_id"] == "reconfigure_profile"
    assert result["description_placeholders"]["name"] == loaded.title
    result = await upload.submit(result, archive([PROFILES["oven"]]))
    assert result["errors"] == {"base": "appliance_not_in_profile_file"}
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert loaded.data == entry_data(simulated)
    after = er.async_entries_for_config_entry(registry, loaded.entry_id)
    assert {each.entity_id for each in after} == before


async def test_profile_that_cannot_be_read(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance, upload: Uploads
) -> None:
    """What a later version stored is mended with an archive, whatever the user wants to change."""
    broken = {**stored_description("dishwasher"), "format": 99}
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_DESCRIPTION: broken})
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "stored_profile"
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
    assert result["step_id"] == "reconfigure_profile"
    result = await upload.submit(result, simulated.archive_bytes())
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == entry_data(simulated)


# --- preferences --------------------------------------------------------------------------------


async def test_options(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Preferences start with their defaults, and changed ones are in force at once."""
    flow = hass.config_entries.options
    result = await flow.async_init(loaded.entry_id)
    assert result["step_id"] == "init"
    assert suggestions(result) == {**DEFAULTS, CONF_NEW_DEVICE_ID: False}
    chosen = dict.fromkeys(DEFAULTS, True)
    result = await flow.async_configure(result["flow_id"], {**chosen, CONF_NEW_DEVICE_ID: False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert loaded.options == chosen
    assert loaded.data[CONF_DEVICE_ID] == CLIENT_ID
    assert loaded.runtime_data.options.debugging
    result = await flow.async_init(loaded.entry_id)
    assert suggestions(result) == {**chosen, CONF_NEW_DEVICE_ID: False}
    result = await flow.async_configure(result["flow_id"], {**chosen, CONF_NEW_DEVICE_ID: False})
    await hass.async_block_till_done()
    assert len([each for each in simulated.received if each.what == "open"]) == 2


@pytest.mark.parametrize("options", [{}, DEFAULTS])
async def test_new_identity(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A new identity is used at once, by one reload, whether or not anything else changes."""
    flow = hass.config_entries.options
    result = await flow.async_init(loaded.entry_id)
    await flow.async_configure(result["flow_id"], {**DEFAULTS, CONF_NEW_DEVICE_ID: True})
    await hass.async_block_till_done()
    identity = loaded.data[CONF_DEVICE_ID]
    assert identity != CLIENT_ID
    assert len(identity) == 8
    assert loaded.options == DEFAULTS
    assert [session.device_id for session in simulated.sessions] == [identity]
    assert len([each for each in simulated.received if each.what == "open"]) == 2
