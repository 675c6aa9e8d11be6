"""What the user can mend with a click."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import MagicMock

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.leftovers import async_get_leftovers
from custom_components.hap_controller.protocol import ControllerPermission, Pairing

from .forms import issues, leave
from .living import Living


@pytest.fixture(autouse=True)
async def component(
    hass: HomeAssistant, socket_enabled: None, mock_async_zeroconf: MagicMock
) -> None:
    """Set up what the manifest asks for."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert REPAIRS in hass.config.components


class Repair:
    """The form of the one issue, as a user sees it."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        """Use Home Assistant's web interface."""
        self._hass = hass
        self._client = client
        self._flow_id = ""

    async def begin(self) -> Any:
        """Open the form."""
        (issue,) = issues(self._hass).values()
        assert issue.is_fixable
        result = await self._post(
            "/api/repairs/issues/fix", {"handler": DOMAIN, "issue_id": issue.issue_id}
        )
        self._flow_id = result["flow_id"]
        return result

    async def submit(self, **data: str) -> Any:
        """Press a button."""
        return await self._post(f"/api/repairs/issues/fix/{self._flow_id}", data)

    async def _post(self, address: str, data: dict[str, Any]) -> Any:
        response = await self._client.post(address, json=data)
        assert response.status == 200
        return await response.json()


@pytest.fixture
async def repair(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Repair:
    """Give the form."""
    return Repair(hass, await hass_client())


@pytest.fixture
async def removed(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> AsyncIterator[None]:
    """Remove an entry whose accessory is away."""
    await living.stop()
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass).keys() == {"still_paired"}
    yield
    if living._server is None:
        await living.start()


@pytest.mark.usefixtures("removed")
async def test_retry(hass: HomeAssistant, repair: Repair, living: Living) -> None:
    """An accessory that was away when its entry was removed is unpaired by a click, as soon as it is back."""
    result = await repair.begin()
    assert result["type"] == "menu"
    assert result["menu_options"] == ["retry", "ignore"]
    assert result["description_placeholders"] == {"accessory": "Accessory"}
    result = await repair.submit(next_step_id="retry")
    assert result["step_id"] == "retry"
    assert result["errors"] == {"base": "still_away"}
    result = await repair.submit()
    assert result["errors"] == {"base": "still_away"}
    assert issues(hass)
    await living.start()
    result = await repair.submit()
    assert result["type"] == "create_entry"
    assert not living.register.paired
    assert not issues(hass)


@pytest.mark.usefixtures("removed")
async def test_ignore(hass: HomeAssistant, repair: Repair, living: Living) -> None:
    """Whoever leaves it paired is told what that means, and the keys are forgotten."""
    await repair.begin()
    result = await repair.submit(next_step_id="ignore")
    assert result["step_id"] == "ignore"
    assert (await async_get_leftovers(hass))._kept
    result = await repair.submit()
    assert result["type"] == "create_entry"
    assert living.register.paired
    assert not (await async_get_leftovers(hass))._kept
    assert not issues(hass)


async def test_others_dropped(
    hass: HomeAssistant, repair: Repair, entry: MockConfigEntry, living: Living
) -> None:
    """What cannot be mended is told until somebody has read it."""
    living.register.pairings["guest"] = Pairing("guest", bytes(32), ControllerPermission(0))
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass).keys() == {"others_dropped"}
    result = await repair.begin()
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {"accessory": "Accessory", "count": "1"}
    result = await repair.submit()
    assert result["type"] == "create_entry"
    assert not issues(hass)


@pytest.mark.parametrize("gone", [False, True])
async def test_pair_again(
    hass: HomeAssistant, repair: Repair, entry: MockConfigEntry, gone: bool
) -> None:
    """Whoever closed the form to pair again opens it from here; if the entry is still there."""
    await leave(hass, await entry.start_reauth_flow(hass))
    assert issues(hass).keys() == {"pairing_lost"}
    result = await repair.begin()
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"] == {"accessory": "Accessory"}
    if gone:
        await hass.config_entries.async_remove(entry.entry_id)
        assert not issues(hass)
    result = await repair.submit()
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    assert not issues(hass)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == ([] if gone else [SOURCE_REAUTH])
