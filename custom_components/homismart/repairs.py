"""What the user can mend with a click."""

from typing import TYPE_CHECKING, Any, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .const import CONF_TERMS_CONFIRMED
from .protocol import LinkError

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult  # newer than the oldest release


class TermsRepairFlow(ConfirmRepairFlow):
    """Confirms the terms of use because the user agrees to them."""

    def __init__(self, entry_id: str) -> None:
        """Keep whose terms they are."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and confirm on the open link or at the next set-up."""
        if user_input is not None:
            await self._async_confirm()
        return await super().async_step_confirm(user_input)

    async def _async_confirm(self) -> None:
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None:
            return
        if entry.state is ConfigEntryState.LOADED:
            try:
                entry.runtime_data.client.confirm_terms()
            except LinkError:
                pass
            else:
                return
        self.hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_TERMS_CONFIRMED: True}
        )
        self.hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Start the flow that belongs to an issue."""
    return TermsRepairFlow((data or {})["entry_id"])
