"""The forms, each against a real connection to the simulated cloud."""

from typing import Any, override
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.homismart.const import DOMAIN
from custom_components.homismart.protocol import WEBSOCKET_URL, UnsupportedError
from simulators.homismart import SimulatedCloud, Terms, empty_home
from tests.support.contract.config_flow import AccountFlowContract
from tests.support.forms import begin, submit
from tests.support.vendor import Peer

from .helpers import PASSWORD, USERNAME, VENDOR, commands, entry_data, filled

CONFIRM = "0222"
AS_TYPED = "Home.Owner@example.net"


class TestForms(AccountFlowContract):
    """What the forms of all cloud vendors do."""

    vendor = VENDOR
    typed = AS_TYPED
    spellings = (USERNAME, USERNAME.upper(), f" {USERNAME}")
    wrong = (
        {"password": "wrong"},
        {"password": f" {PASSWORD}"},
        {"password": PASSWORD.upper()},
        {"username": "nobody@example.org"},
    )
    vendor_servers = {"websocket_url": WEBSOCKET_URL}
    unsafe = (
        {"websocket_url": "ws://cloud.example.org/homismartmain/websocket"},
        {"websocket_url": "wss://user:secret@cloud.example.org/homismartmain/websocket"},
        {"websocket_url": "wss://cloud.example.org/homismartmain/websocket?x=1"},
        {"websocket_url": "https://cloud.example.org/"},
        {"websocket_url": "nonsense"},
    )
    renewed = {"username": AS_TYPED, "password": "another"}
    connect_faults = (
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
    )
    mistakes = ((RuntimeError, "unknown"), (UnsupportedError, "unsupported"))
    defaults = {
        "lights_as": "light",
        "door_open": False,
        "unknown_devices": False,
        "list_refresh_minutes": 10,
        "accept_terms": False,
    }
    chosen = {
        "lights_as": "switch",
        "door_open": True,
        "unknown_devices": True,
        "list_refresh_minutes": 2.0,
        "accept_terms": True,
    }
    out_of_range = ({"list_refresh_minutes": 1}, {"list_refresh_minutes": 61})

    @override
    def renew(self, peer: Any) -> None:
        peer.home.password = "another"

    @override
    async def test_user(self, hass: HomeAssistant, peer: Any, set_up: AsyncMock) -> None:
        """Of the password only the digest is kept, and no device is told anything."""
        await super().test_user(hass, peer, set_up)
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        assert entry.unique_id == USERNAME
        assert entry.version == 2
        assert PASSWORD not in str(entry.data)
        assert not commands(peer)

    @override
    async def test_account_is_set_up_already(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, typed: str
    ) -> None:
        """The account is known by its name, so nothing is asked of the cloud."""
        await super().test_account_is_set_up_already(hass, entry, peer, typed)
        assert not peer.received

    @override
    async def test_options(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """Lights are switches, and the lock opens, for those who want it."""
        await super().test_options(hass, loaded, peer)
        assert hass.states.async_all("light") == []
        (lock,) = hass.states.async_all("lock")
        assert lock.attributes["supported_features"] == 1


async def test_reauthentication_and_verification(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """A cloud that wants a code first says so, and the same password does afterwards."""
    cloud.home.password = "new password"
    result = await entry.start_reauth_flow(hass)
    cloud.faults.arm("login_refuse", how="error", code=24, count=1)
    result = await submit(hass, result, {"password": "new password"})
    assert result["errors"] == {"base": "verification_required"}
    result = await submit(hass, result, {"password": "new password"})
    assert result["reason"] == "reauth_successful"
    assert entry.data == entry_data(cloud)


async def test_redirect_at_the_login(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """A form follows where the cloud sends it, and stores the address that was typed."""
    async with cloud.sibling() as second:
        cloud.faults.arm("login_redirect")
        result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"]["websocket_url"] == cloud.ws_url
        await second.journal.wait_for(lambda: not second.sessions)
        assert second.requests("0002")


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
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


# --- terms of use ---------------------------------------------------------------------------


@pytest.mark.parametrize("withhold", [True, False])
async def test_terms(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock, withhold: bool
) -> None:
    """Terms are confirmed in the name of a user who agrees, and not before."""
    cloud.home.terms = Terms(changed=True, withhold=withhold)
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
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
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
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
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
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


async def test_another_account_is_not_even_tried(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The credentials of another account are refused by their name alone."""
    before = dict(entry.data)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, filled(cloud, username="other@example.org"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data == before
    assert not cloud.received
    assert not set_up.mock_calls


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
