"""What the user can mend with a click: an accessory that forgot us, one that remembers us for too long, and what was read."""

from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant

from .leftovers import async_get_leftovers

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult  # newer than the oldest release
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

_NOTHING_SCHEMA: Final = vol.Schema({})


class PairAgainRepairFlow(ConfirmRepairFlow):
    """Opens the form that pairs an accessory again."""

    def __init__(self, entry_id: str) -> None:
        """Keep whose accessory it is."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and have the form appear among those that wait for the user."""
        if user_input is not None and (
            entry := self.hass.config_entries.async_get_entry(self._entry_id)
        ):
            entry.async_start_reauth(self.hass)
        return await super().async_step_confirm(user_input)


class StillPairedRepairFlow(RepairsFlow):
    """Takes a pairing back that was left on an accessory, or leaves it there for good."""

    def __init__(self, key: str, accessory: str) -> None:
        """Keep which pairing it is, and what the accessory is called."""
        self._key = key
        self._placeholders = {"accessory": accessory}

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask what to do."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["retry", "ignore"],
            description_placeholders=self._placeholders,
        )

    async def async_step_retry(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Visit the accessory now; as often as the user wants."""
        leftovers = await async_get_leftovers(self.hass)
        if await leftovers.async_take_back(self._key):
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="retry",
            data_schema=_NOTHING_SCHEMA,
            errors={"base": "still_away"},
            description_placeholders=self._placeholders,
        )

    async def async_step_ignore(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Forget the pairing, once it is clear what that means."""
        if user_input is None:
            return self.async_show_form(
                step_id="ignore",
                data_schema=_NOTHING_SCHEMA,
                description_placeholders=self._placeholders,
            )
        (await async_get_leftovers(self.hass)).forget(self._key)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Start the flow that belongs to an issue."""
    data = data or {}
    if "leftover" in data:
        return StillPairedRepairFlow(data["leftover"], data["accessory"])
    if "dropped" in data:
        return ConfirmRepairFlow()
    return PairAgainRepairFlow(data["entry_id"])
