"""The life of a config entry; what it brings is told by the tests of ``__init__.py``."""

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components import dio_chacon
from custom_components.dio_chacon.const import DOMAIN
from simulators.dio_chacon import SimulatedCloud

from .helpers import PLUG, device_of


def complain(hass: HomeAssistant, entry_id: str) -> None:
    """Tell the user something about an entry."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{entry_id}_firmware_too_old_d",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="firmware_too_old",
        translation_placeholders={"name": "Shutter", "version": "1"},
    )


def complaints(hass: HomeAssistant) -> list[str]:
    """List what the user is told."""
    return [issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN]


@pytest.mark.parametrize("end", ["unloaded", "disabled", "removed"])
async def test_issues_end_with_what_they_are_about(
    hass: HomeAssistant, loaded: MockConfigEntry, end: str
) -> None:
    """There is nothing to mend in what is not used; what is only unloaded will be used again."""
    complain(hass, loaded.entry_id)
    complain(hass, "another")
    match end:
        case "unloaded":
            await hass.config_entries.async_unload(loaded.entry_id)
        case "disabled":
            await hass.config_entries.async_set_disabled_by(
                loaded.entry_id, ConfigEntryDisabler.USER
            )
        case _:
            await hass.config_entries.async_remove(loaded.entry_id)
    assert len(complaints(hass)) == (2 if end == "unloaded" else 1)
    assert "another_firmware_too_old_d" in complaints(hass)


async def test_only_devices_that_are_gone_can_be_deleted(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Others would come back; without a link nobody knows."""
    plug = device_of(hass, loaded, PLUG)
    gone = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "gone")}
    )
    allowed = dio_chacon.async_remove_config_entry_device
    assert not await allowed(hass, loaded, plug)
    assert await allowed(hass, loaded, gone)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert not await allowed(hass, loaded, gone)
