"""The forms, each against a real connection to the simulated cloud."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from custom_components.dio_chacon.protocol import LOGIN_URL, WEBSOCKET_URL, DioClient
from simulators.dio_chacon import SimulatedCloud, empty_home

from .helpers import ACCOUNT, INSTALLATION_ID, PASSWORD, entry_data, until

EMAIL = "someone@example.org"


@pytest.fixture
def set_up() -> Iterator[AsyncMock]:
    """Keep entries that a form makes from being set up: that is another test's business."""
    with patch("custom_components.dio_chacon.async_setup_entry", return_value=True) as mock:
        yield mock


def servers(cloud: SimulatedCloud) -> dict[str, str]:
    """Return the section of the form that leads to the simulated cloud."""
    return {"websocket_url": cloud.ws_url, "login_url": cloud.auth_url}


def filled(cloud: SimulatedCloud, **changes: str) -> dict[str, Any]:
    """Return a form as a user fills it."""
    return {"username": EMAIL, "password": PASSWORD, "advanced": servers(cloud)} | changes


def suggestions(result: Any) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    found = {}
    for key, value in result["data_schema"].schema.items():
        if isinstance(value, section):
            found |= {
                str(inner): (inner.description or {}).get("suggested_value", inner.default())
                for inner in value.schema.schema
            }
        elif key.description:
            found[str(key)] = key.description["suggested_value"]
    return found


def is_open(result: Any) -> bool:
    """Tell whether the form shows the server addresses at once."""
    schema = result["data_schema"].schema
    found = next(value for value in schema.values() if isinstance(value, section))
    return not found.options["collapsed"]


async def begin(hass: HomeAssistant) -> Any:
    """Open the form for a new account."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {}
    return result


async def submit(hass: HomeAssistant, result: Any, data: dict[str, Any]) -> Any:
    """Press the button of a form."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], data)


async def test_user(hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock) -> None:
    """The account is tried, its id identifies the entry, and the session is closed again."""
    result = await begin(hass)
    assert suggestions(result) == {"websocket_url": WEBSOCKET_URL, "login_url": LOGIN_URL}
    assert not is_open(result)
    result = await submit(hass, result, filled(cloud, username=f"  {EMAIL} "))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == EMAIL
    data = dict(result["data"])
    installation_id = data.pop("installation_id")
    assert len(installation_id) >= 16
    assert data == {"username": EMAIL, "password": PASSWORD, **servers(cloud)}
    assert result["result"].unique_id == ACCOUNT
    assert len(set_up.mock_calls) == 1
    assert cloud.requests("POST /session/logout")
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    login = next(item for item in cloud.received if item.what == "login")
    assert installation_id in login.parameters.values()


@pytest.mark.parametrize(
    ("fault", "options", "error"),
    [
        ("login_refuse", {}, "invalid_auth"),
        ("login_refuse", {"http_status": 400}, "invalid_auth"),
        ("greeting_invalid", {}, "invalid_auth"),
        ("login_status", {"status": 502}, "cannot_connect"),
        ("login_status", {"status": 200, "text": "<html>"}, "cannot_connect"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("greeting_close", {}, "cannot_connect"),
        ("cut", {"path": "/user"}, "cannot_connect"),
        ("greeting_none", {}, "timeout"),
        ("login_hang", {}, "timeout"),
    ],
)
async def test_errors_and_recovery(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    fault: str,
    options: dict[str, Any],
    error: str,
) -> None:
    """Each failure has its own text, all but the password stays in the form, and a second try succeeds."""
    cloud.faults.arm(fault, **options)
    result = await begin(hass)
    with patch("custom_components.dio_chacon.cloud.CONNECT_LIMIT_S", 0.5):
        result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert suggestions(result) == {"username": EMAIL, **servers(cloud)}
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    cloud.faults.clear()
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_wrong_password(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The password is taken literally: blanks around it and percent signs belong to it."""
    result = await begin(hass)
    for wrong in (f" {PASSWORD}", PASSWORD.replace("%41", "A")):
        result = await submit(hass, result, filled(cloud, password=wrong))
        assert result["errors"] == {"base": "invalid_auth"}
    cloud.home.password = "  blanks  "
    result = await submit(hass, result, filled(cloud, password="  blanks  "))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["password"] == "  blanks  "


async def test_rate_limit(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    """While the cloud wants to be left alone, it is, however often the button is pressed."""
    cloud.faults.arm("login_status", status=429, retry_after="90", count=1)
    result = await submit(hass, await begin(hass), filled(cloud))
    assert result["errors"] == {"base": "rate_limited"}
    before = len(cloud.received)
    result = await submit(hass, result, filled(cloud))
    assert result["errors"] == {"base": "rate_limited"}
    assert len(cloud.received) == before
    freezer.tick(91)
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_unexpected_failure(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mistake of ours leaves the form usable, and the log has what is needed to mend it."""
    result = await begin(hass)
    with patch.object(DioClient, "ready", side_effect=RuntimeError("mistake")):
        result = await submit(hass, result, filled(cloud))
    assert result["errors"] == {"base": "unknown"}
    assert "RuntimeError: mistake" in caplog.text
    assert PASSWORD not in caplog.text
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "address",
    [
        {"websocket_url": "ws://cloud.example.org/ws"},
        {"login_url": "http://cloud.example.org/login"},
        {"login_url": "https://user:secret@cloud.example.org/login"},
        {"websocket_url": "nonsense"},
    ],
)
async def test_unsafe_address(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock, address: dict[str, str]
) -> None:
    """Addresses that would give the password away are refused before anything is sent."""
    result = await begin(hass)
    result = await submit(hass, result, filled(cloud) | {"advanced": servers(cloud) | address})
    assert result["errors"] == {"advanced": "insecure_address"}
    assert is_open(result)
    assert suggestions(result)[next(iter(address))] == next(iter(address.values()))
    assert not cloud.received
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_account_is_set_up_already(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """An account has one entry."""
    result = await submit(hass, await begin(hass), filled(cloud))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_new_entry_works(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """What the form stores is enough to set the entry up."""
    result = await submit(hass, await begin(hass), filled(cloud))
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_reauth(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """Only the password is asked for; a wrong one can be corrected."""
    cloud.home.password = "new password"
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"]["username"] == EMAIL
    result = await submit(hass, result, {"password": "wrong"})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(hass, result, {"password": "new password"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data == entry_data(cloud)
    assert entry.data["password"] == "new password"
    assert entry.data["installation_id"] == INSTALLATION_ID
    assert len(set_up.mock_calls) == 1


@pytest.mark.parametrize("step", ["reauth", "reconfigure"])
async def test_data_of_the_core_integration(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock, step: str
) -> None:
    """An entry that was taken over can be signed in to again, and keeps what it gains."""
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=ACCOUNT, data={"username": EMAIL, "password": "old"}
    )
    entry.add_to_hass(hass)
    with (
        patch("custom_components.dio_chacon.coordinator.LOGIN_URL", cloud.auth_url),
        patch("custom_components.dio_chacon.coordinator.WEBSOCKET_URL", cloud.ws_url),
    ):
        if step == "reauth":
            result = await entry.start_reauth_flow(hass)
            result = await submit(hass, result, {"password": PASSWORD})
        else:
            result = await entry.start_reconfigure_flow(hass)
            result = await submit(hass, result, filled(cloud))
    assert result["reason"] == f"{step}_successful"
    await hass.async_block_till_done()
    assert entry.data["password"] == PASSWORD
    if step == "reconfigure":
        assert entry.data["installation_id"] == entry.entry_id


@pytest.mark.parametrize("step", ["reauth", "reconfigure"])
async def test_another_account(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    socket_enabled: None,
    set_up: AsyncMock,
    step: str,
) -> None:
    """The credentials of another account do not take over the entry."""
    before = dict(entry.data)
    async with SimulatedCloud(empty_home(EMAIL, PASSWORD)) as other:
        hass.config_entries.async_update_entry(entry, data=before | servers(other))
        before = dict(entry.data)
        if step == "reauth":
            result = await entry.start_reauth_flow(hass)
            result = await submit(hass, result, {"password": PASSWORD})
        else:
            result = await entry.start_reconfigure_flow(hass)
            result = await submit(hass, result, filled(other))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data == before
    assert not set_up.mock_calls


@pytest.mark.parametrize(
    ("title", "new_title"), [(EMAIL, "new@example.org"), ("My shutters", "My shutters")]
)
async def test_reconfigure(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    title: str,
    new_title: str,
) -> None:
    """A new e-mail address of the same account is taken over; a title of the user's own stays."""
    hass.config_entries.async_update_entry(entry, title=title)
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert suggestions(result) == {"username": EMAIL, **servers(cloud)}
    result = await submit(hass, result, filled(cloud, username="new@example.org"))
    assert result["errors"] == {"base": "invalid_auth"}
    cloud.home.user["email"] = "new@example.org"
    result = await submit(hass, result, filled(cloud, username="new@example.org"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data == entry_data(cloud)
    assert entry.title == new_title
    assert len(set_up.mock_calls) == 1


async def test_reauth_brings_the_entry_back(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """From the refused password to a loaded entry, with no other help than the new password."""
    cloud.change_password("new password")
    cloud.send_invalid()
    await until(hass, hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    result = await submit(hass, flow, {"password": "new password"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED
    assert len(cloud.sessions) == 1


async def test_options(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Preferences start with their defaults, and changed ones are in force at once."""
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    defaults = {
        "lights_as": "switch",
        "estimate_position": False,
        "unknown_devices": False,
        "list_refresh_minutes": 15,
    }
    assert suggestions(result) == defaults
    for minutes in (4, 121):
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(
                result["flow_id"], defaults | {"list_refresh_minutes": minutes}
            )
    chosen = {
        "lights_as": "light",
        "estimate_position": True,
        "unknown_devices": True,
        "list_refresh_minutes": 30.0,
    }
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == chosen
    assert type(loaded.options["list_refresh_minutes"]) is int
    await hass.async_block_till_done()
    assert len(hass.states.async_all("light")) == 1
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert suggestions(result) == chosen


async def test_unchanged_options_do_not_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Saving what is there already leaves the link alone."""
    loaded_options = {
        "lights_as": "switch",
        "estimate_position": False,
        "unknown_devices": False,
        "list_refresh_minutes": 15,
    }
    for _ in range(2):
        result = await hass.config_entries.options.async_init(loaded.entry_id)
        await hass.config_entries.options.async_configure(result["flow_id"], loaded_options)
        await hass.async_block_till_done()
    opened = [item for item in cloud.received if item.what == "open"]
    assert len(opened) == 2
