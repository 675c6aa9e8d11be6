"""The forms, each against a real connection to the simulated cloud."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import DOMAIN
from custom_components.homismart.protocol import WEBSOCKET_URL, HomismartClient, UnsupportedError
from simulators.homismart import Home, SimulatedCloud, Terms, empty_home

from .helpers import PASSWORD, USERNAME, commands, entry_data, until

CONFIRM = "0222"
DEFAULTS = {
    "lights_as": "light",
    "door_open": False,
    "unknown_devices": False,
    "list_refresh_minutes": 10,
    "accept_terms": False,
}


@pytest.fixture
def set_up() -> Iterator[AsyncMock]:
    """Keep entries that a form makes from being set up: that is another test's business."""
    with patch("custom_components.homismart.async_setup_entry", return_value=True) as mock:
        yield mock


def filled(cloud: SimulatedCloud, **changes: str) -> dict[str, Any]:
    """Return a form as a user fills it."""
    given = {
        "username": USERNAME,
        "password": PASSWORD,
        "advanced": {"websocket_url": cloud.ws_url},
    }
    return given | changes


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
    """Tell whether the form shows the server address at once."""
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
    """The account is tried, the user name identifies the entry, and of the password only the digest is kept."""
    result = await begin(hass)
    assert suggestions(result) == {"websocket_url": WEBSOCKET_URL}
    assert not is_open(result)
    result = await submit(hass, result, filled(cloud, username="  Home.Owner@example.net "))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Home.Owner@example.net"
    assert result["data"] == entry_data(cloud) | {"username": "Home.Owner@example.net"}
    assert result["result"].unique_id == USERNAME
    assert result["result"].version == 2
    assert PASSWORD not in str(result["data"])
    assert len(set_up.mock_calls) == 1
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    assert not commands(cloud)


@pytest.mark.parametrize(
    ("fault", "options", "error"),
    [
        ("login_refuse", {}, "invalid_auth"),
        ("login_refuse", {"how": "missing"}, "invalid_auth"),
        ("login_refuse", {"how": "error", "code": 2}, "invalid_auth"),
        ("login_refuse", {"how": "error", "code": 54}, "invalid_auth"),
        ("login_refuse", {"how": "error", "code": 11}, "invalid_auth"),
        ("login_refuse", {"how": "error", "code": 24}, "verification_required"),
        ("login_refuse", {"how": "error", "code": 47}, "verification_required"),
        ("login_refuse", {"how": "error", "code": 1}, "cannot_connect"),
        ("login_close", {}, "cannot_connect"),
        ("login_close", {"how": "rst", "answer": True}, "cannot_connect"),
        ("upgrade_status", {"status": 503}, "cannot_connect"),
        ("upgrade_status", {"status": 429, "retry_after": "60"}, "rate_limited"),
        ("upgrade_hang", {}, "timeout"),
        ("login_silence", {}, "timeout"),
        ("garble", {"prefix": "0003"}, "timeout"),
        ("silence", {"prefix": "0004"}, "timeout"),
        ("list", {"how": "object"}, "timeout"),
        ("cut", {"prefix": "0004"}, "cannot_connect"),
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
    with patch("custom_components.homismart.cloud.CONNECT_LIMIT_S", 0.3):
        result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {"base": error}
    assert suggestions(result) == {"username": USERNAME, "websocket_url": cloud.ws_url}
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    cloud.faults.clear()
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_wrong_password(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """A wrong password is called one, at once; it is taken literally, with all its blanks."""
    result = await begin(hass)
    for wrong in ("wrong", f" {PASSWORD}", PASSWORD.upper()):
        result = await submit(hass, result, filled(cloud, password=wrong))
        assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(hass, result, filled(cloud, username="nobody@example.org"))
    assert result["errors"] == {"base": "invalid_auth"}
    cloud.home.password = "  blanks  "
    result = await submit(hass, result, filled(cloud, password="  blanks  "))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("mistake", "error"),
    [(RuntimeError("mistake"), "unknown"), (UnsupportedError("another language"), "unsupported")],
)
async def test_unexpected_failure(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    caplog: pytest.LogCaptureFixture,
    mistake: Exception,
    error: str,
) -> None:
    """A mistake of ours leaves the form usable, and the log has what is needed to mend it."""
    result = await begin(hass)
    with patch.object(HomismartClient, "ready", side_effect=mistake):
        result = await submit(hass, result, filled(cloud))
    assert result["errors"] == {"base": error}
    assert ("RuntimeError: mistake" in caplog.text) is (error == "unknown")
    assert PASSWORD not in caplog.text
    assert cloud.home.password_digest not in caplog.text
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "address",
    [
        "ws://cloud.example.org/homismartmain/websocket",
        "wss://user:secret@cloud.example.org/homismartmain/websocket",
        "wss://cloud.example.org/homismartmain/websocket?x=1",
        "https://cloud.example.org/",
        "nonsense",
    ],
)
async def test_unsafe_address(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock, address: str
) -> None:
    """Addresses that would give the digest away are refused before anything is sent."""
    result = await begin(hass)
    unsafe = filled(cloud) | {"advanced": {"websocket_url": address}}
    result = await submit(hass, result, unsafe)
    assert result["errors"] == {"advanced": "insecure_address"}
    assert is_open(result)
    assert suggestions(result) == {"username": USERNAME, "websocket_url": address}
    assert not cloud.received
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_redirect_at_the_login(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """A form follows where the cloud sends it, and stores the address that was typed."""
    async with cloud.sibling() as second:
        cloud.faults.arm("login_redirect")
        result = await submit(hass, await begin(hass), filled(cloud))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"]["websocket_url"] == cloud.ws_url
        await second.journal.wait_for(lambda: not second.sessions)
        assert second.requests("0002")


@pytest.mark.parametrize("typed", [USERNAME, USERNAME.upper(), f" {USERNAME}"])
async def test_account_is_set_up_already(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, typed: str
) -> None:
    """An account has one entry, however its name is spelt, and nothing is asked of the cloud."""
    result = await submit(hass, await begin(hass), filled(cloud, username=typed))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert not cloud.received


async def test_account_of_the_earlier_integration(
    hass: HomeAssistant, cloud: SimulatedCloud
) -> None:
    """Its entries count too, also those that are disabled and keep the name as it was typed."""
    old = MockConfigEntry(
        domain=DOMAIN,
        version=1,
        unique_id="Home.Owner@Example.net",
        data={"username": "Home.Owner@Example.net", "password": PASSWORD},
        disabled_by=ConfigEntryDisabler.USER,
    )
    old.add_to_hass(hass)
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


# --- terms of use ---------------------------------------------------------------------------


@pytest.mark.parametrize("withhold", [True, False])
async def test_terms(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock, withhold: bool
) -> None:
    """Terms are confirmed in the name of a user who agrees, and not before."""
    cloud.home.terms = Terms(changed=True, withhold=withhold)
    result = await submit(hass, await begin(hass), filled(cloud))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "terms"
    assert result["errors"] == {}
    assert result["description_placeholders"] == {"username": USERNAME}
    assert not cloud.requests(CONFIRM)
    await cloud.journal.wait_for(lambda: not cloud.sessions)
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(cloud.requests(CONFIRM)) == 1
    assert not cloud.home.terms.changed
    assert result["data"] == entry_data(cloud)
    assert result["result"].unique_id == USERNAME


async def test_terms_and_trouble(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """Should the connection fail in the middle of it, the user can try again."""
    cloud.home.terms = Terms(changed=True)
    result = await submit(hass, await begin(hass), filled(cloud))
    cloud.faults.arm("upgrade_status", status=503, count=1)
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "terms"
    assert result["errors"] == {"base": "cannot_connect"}
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_user_does_not_agree(hass: HomeAssistant, cloud: SimulatedCloud) -> None:
    """Closing the form confirms nothing."""
    cloud.home.terms = Terms(changed=True)
    result = await submit(hass, await begin(hass), filled(cloud))
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert cloud.home.terms.changed
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_terms_at_reauthentication(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The other forms know the step as well."""
    cloud.home.terms = Terms(changed=True, withhold=True)
    cloud.home.password = "new password"
    result = await entry.start_reauth_flow(hass)
    result = await submit(hass, result, {"password": "new password"})
    assert result["step_id"] == "terms"
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data == entry_data(cloud)


# --- the same account again -----------------------------------------------------------------


async def test_reauth(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """Only the password is asked for; a wrong one can be corrected."""
    cloud.home.password = "new password"
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"]["username"] == USERNAME
    result = await submit(hass, result, {"password": "wrong"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"base": "invalid_auth"}
    cloud.faults.arm("login_refuse", how="error", code=24, count=1)
    result = await submit(hass, result, {"password": "new password"})
    assert result["errors"] == {"base": "verification_required"}
    result = await submit(hass, result, {"password": "new password"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data == entry_data(cloud)
    assert len(set_up.mock_calls) == 1


async def test_another_account(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The credentials of another account do not take over the entry, and are not even tried."""
    before = dict(entry.data)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, filled(cloud, username="other@example.org"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data == before
    assert not cloud.received
    assert not set_up.mock_calls


@pytest.mark.parametrize(
    ("title", "new_title"), [(USERNAME, "Home.Owner@example.net"), ("My house", "My house")]
)
async def test_reconfigure(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    title: str,
    new_title: str,
) -> None:
    """Password, server and spelling of the same account are taken over; a title of the user's own stays."""
    hass.config_entries.async_update_entry(entry, title=title)
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert suggestions(result) == {"username": USERNAME, "websocket_url": cloud.ws_url}
    cloud.home.password = "another"
    result = await submit(hass, result, filled(cloud, username="Home.Owner@example.net"))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(
        hass, result, filled(cloud, username="Home.Owner@example.net", password="another")
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data == entry_data(cloud) | {"username": "Home.Owner@example.net"}
    assert entry.title == new_title
    assert len(set_up.mock_calls) == 1


async def test_reconfigure_at_another_server(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The same account may have moved to another server."""
    async with SimulatedCloud(empty_home(USERNAME, PASSWORD)) as other:
        result = await entry.start_reconfigure_flow(hass)
        unsafe = filled(other) | {"advanced": {"websocket_url": "ws://192.0.2.1/"}}
        result = await submit(hass, result, unsafe)
        assert result["errors"] == {"advanced": "insecure_address"}
        result = await submit(hass, result, filled(other))
        assert result["reason"] == "reconfigure_successful"
        assert entry.data["websocket_url"] == other.ws_url
        await other.journal.wait_for(lambda: not other.sessions)


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


async def test_two_accounts_in_two_forms(
    hass: HomeAssistant, home: Home, socket_enabled: None, set_up: AsyncMock
) -> None:
    """Two accounts are two entries."""
    second = empty_home("second@example.org", "2")
    async with SimulatedCloud(home, second) as cloud:
        for form in (filled(cloud), filled(cloud, username=second.username, password="2")):
            result = await submit(hass, await begin(hass), form)
            assert result["type"] is FlowResultType.CREATE_ENTRY
    ids = {entry.unique_id for entry in hass.config_entries.async_entries(DOMAIN)}
    assert ids == {USERNAME, second.username}


# --- preferences ----------------------------------------------------------------------------


async def test_options(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Preferences start with their defaults, and changed ones are in force at once."""
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    assert suggestions(result) == DEFAULTS
    for minutes in (1, 61):
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(
                result["flow_id"], DEFAULTS | {"list_refresh_minutes": minutes}
            )
    chosen = {
        "lights_as": "switch",
        "door_open": True,
        "unknown_devices": True,
        "list_refresh_minutes": 2.0,
        "accept_terms": True,
    }
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == chosen
    assert type(loaded.options["list_refresh_minutes"]) is int
    await hass.async_block_till_done()
    assert hass.states.async_all("light") == []
    (lock,) = hass.states.async_all("lock")
    assert lock.attributes["supported_features"] == 1
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert suggestions(result) == chosen


async def test_unchanged_options_do_not_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Saving what is there already leaves the link alone."""
    for _ in range(2):
        result = await hass.config_entries.options.async_init(loaded.entry_id)
        await hass.config_entries.options.async_configure(result["flow_id"], DEFAULTS)
        await hass.async_block_till_done()
    opened = [item for item in cloud.received if item.what == "open"]
    assert len(opened) == 2


@pytest.mark.parametrize("options", [{"list_refresh_minutes": 2}])
async def test_list_refresh(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, options: dict[str, int]
) -> None:
    """The option decides how often the list is read."""
    client = HomismartClient
    with patch("custom_components.homismart.coordinator.HomismartClient", wraps=client) as made:
        await hass.config_entries.async_setup(entry.entry_id)
    assert made.call_args.kwargs["list_interval_s"] == 120.0
