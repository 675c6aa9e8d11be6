"""The forms, each against a real connection to the simulated cloud."""

from typing import Any, override
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from custom_components.dio_chacon.protocol import LOGIN_URL, WEBSOCKET_URL, UnsupportedError
from simulators.dio_chacon import SimulatedCloud, empty_home
from tests.support.contract.config_flow import AccountFlowContract
from tests.support.forms import begin, submit
from tests.support.vendor import Peer

from .helpers import ACCOUNT, EMAIL, PASSWORD, VENDOR, filled, servers


class TestForms(AccountFlowContract):
    """What the forms of all cloud vendors do."""

    vendor = VENDOR
    typed = EMAIL
    spellings = (EMAIL,)
    wrong = ({"password": f" {PASSWORD}"}, {"password": PASSWORD.replace("%41", "A")})
    vendor_servers = {"websocket_url": WEBSOCKET_URL, "login_url": LOGIN_URL}
    unsafe = (
        {"websocket_url": "ws://cloud.example.org/ws"},
        {"login_url": "http://cloud.example.org/login"},
        {"login_url": "https://user:secret@cloud.example.org/login"},
        {"websocket_url": "nonsense"},
    )
    invented = frozenset({"installation_id"})
    renewed = {"username": "new@example.org"}
    connect_faults = (
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
    )
    mistakes = ((RuntimeError, "unknown"), (UnsupportedError, "unsupported"))
    defaults = {
        "lights_as": "switch",
        "estimate_position": False,
        "unknown_devices": False,
        "list_refresh_minutes": 15,
    }
    chosen = {
        "lights_as": "light",
        "estimate_position": True,
        "unknown_devices": True,
        "list_refresh_minutes": 30.0,
    }
    out_of_range = ({"list_refresh_minutes": 4}, {"list_refresh_minutes": 121})

    @override
    def renew(self, peer: Any) -> None:
        peer.home.user["email"] = "new@example.org"

    @override
    async def test_options(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """A light switch is a light for those who want it."""
        await super().test_options(hass, loaded, peer)
        assert len(hass.states.async_all("light")) == 1


async def test_what_a_form_leaves_behind(
    hass: HomeAssistant, cloud: SimulatedCloud, set_up: AsyncMock
) -> None:
    """The installation goes by an id of its own, and its session is not left open."""
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
    installation_id = result["data"]["installation_id"]
    assert len(installation_id) >= 16
    login = next(item for item in cloud.received if item.what == "login")
    assert installation_id in login.parameters.values()
    assert cloud.requests("POST /session/logout")


async def test_rate_limit(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    set_up: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    """While the cloud wants to be left alone, it is, however often the button is pressed."""
    cloud.faults.arm("login_status", status=429, retry_after="90", count=1)
    result = await submit(hass, await begin(hass, DOMAIN), filled(cloud))
    assert result["errors"] == {"base": "rate_limited"}
    before = len(cloud.received)
    result = await submit(hass, result, filled(cloud))
    assert result["errors"] == {"base": "rate_limited"}
    assert len(cloud.received) == before
    freezer.tick(91)
    result = await submit(hass, result, filled(cloud))
    assert result["type"] is FlowResultType.CREATE_ENTRY


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


async def test_another_account_at_reauthentication(
    hass: HomeAssistant, entry: MockConfigEntry, socket_enabled: None, set_up: AsyncMock
) -> None:
    """The cloud decides whose the credentials are: should they be another's, the entry stays as it is."""
    async with SimulatedCloud(empty_home(EMAIL, PASSWORD)) as other:
        hass.config_entries.async_update_entry(entry, data={**entry.data, **servers(other)})
        before = dict(entry.data)
        result = await entry.start_reauth_flow(hass)
        result = await submit(hass, result, {"password": PASSWORD})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data == before
    assert not set_up.mock_calls
