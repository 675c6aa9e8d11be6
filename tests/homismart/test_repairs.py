"""What the user can mend with a click."""

from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.homismart.const import DOMAIN
from simulators.homismart import Home, SimulatedCloud, Terms

from .helpers import (
    USERNAME,
    connection_of,
    issues,
    reconnect,
    set_up_in_vain,
    setup,
    until,
    until_state,
)

CONFIRM = "0222"


@pytest.fixture(autouse=True)
async def component(hass: HomeAssistant) -> None:
    """Set repairs up, as the manifest asks for."""
    assert await async_setup_component(hass, REPAIRS, {})


class Repair:
    """The form of the one issue, as a user sees it."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        """Use Home Assistant's web interface."""
        self._hass = hass
        self._client = client
        self._flow_id = ""

    async def begin(self) -> Any:
        """Open the form."""
        (issue,) = [
            issue for issue in ir.async_get(self._hass).issues.values() if issue.domain == DOMAIN
        ]
        assert issue.is_fixable
        result = await self._post(
            "/api/repairs/issues/fix", {"handler": DOMAIN, "issue_id": issue.issue_id}
        )
        self._flow_id = result["flow_id"]
        return result

    async def submit(self) -> Any:
        """Press the button."""
        return await self._post(f"/api/repairs/issues/fix/{self._flow_id}", {})

    async def _post(self, address: str, data: dict[str, Any]) -> Any:
        response = await self._client.post(address, json=data)
        assert response.status == 200
        return await response.json()


@pytest.fixture
async def repair(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Repair:
    """Give the form."""
    return Repair(hass, await hass_client())


async def test_on_the_open_link(
    hass: HomeAssistant,
    repair: Repair,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """The terms are confirmed when the user submits, and not before; later ones are asked for again."""
    home.terms = Terms(changed=True)
    await setup(hass, entry)
    result = await repair.begin()
    assert result["type"] == FlowResultType.FORM
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {"account": USERNAME}
    assert not cloud.requests(CONFIRM)
    result = await repair.submit()
    assert result["type"] == FlowResultType.CREATE_ENTRY
    await cloud.journal.wait_for(lambda: bool(cloud.requests(CONFIRM)))
    await hass.async_block_till_done()
    assert not issues(hass)
    assert not cloud.home.terms.changed
    assert len(cloud.sessions) == 1
    cloud.home.terms = Terms(changed=True)
    cloud.abort()
    await until_state(hass, connection_of(hass), "off")
    await reconnect(hass, cloud)
    assert issues(hass) == {"terms"}
    assert len(cloud.requests(CONFIRM)) == 1


async def test_during_an_outage(
    hass: HomeAssistant,
    repair: Repair,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """Without a link the agreement is kept for the next set-up."""
    home.terms = Terms(changed=True)
    await setup(hass, entry)
    cloud.abort()
    await until_state(hass, connection_of(hass), "off")
    await repair.begin()
    await repair.submit()
    await cloud.journal.wait_for(lambda: bool(cloud.requests(CONFIRM)))
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert not issues(hass)
    assert "terms_confirmed" not in entry.data


async def test_while_the_list_is_withheld(
    hass: HomeAssistant,
    repair: Repair,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """An entry that could not be set up for want of an agreement is set up with it."""
    home.terms = Terms(changed=True, withhold=True)
    await set_up_in_vain(hass, entry, cloud)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert issues(hass) == {"terms"}
    await repair.begin()
    await repair.submit()
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert not issues(hass)
    assert len(cloud.requests(CONFIRM)) == 1


async def test_while_the_entry_is_being_set_up(
    hass: HomeAssistant,
    repair: Repair,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """The user is asked as soon as the cloud asks, and an agreement given then is not lost."""
    home.terms = Terms(changed=True, withhold=True)

    async def agree() -> None:
        assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
        await repair.begin()
        await repair.submit()

    await set_up_in_vain(hass, entry, cloud, agree)
    await until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert not issues(hass)
    assert len(cloud.requests(CONFIRM)) == 1


async def test_entry_is_gone(
    hass: HomeAssistant,
    repair: Repair,
    home: Home,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """An entry that was removed while the form was open is nobody's any more."""
    home.terms = Terms(changed=True)
    await setup(hass, entry)
    await repair.begin()
    await hass.config_entries.async_remove(entry.entry_id)
    result = await repair.submit()
    assert result["type"] == FlowResultType.CREATE_ENTRY
    assert not cloud.requests(CONFIRM)
    assert not issues(hass)
