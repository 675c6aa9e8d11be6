"""Moments that automations can start from: a program that ended, a door that was opened, an appliance that waits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, signal_changed
from .coordinator import Coordinator

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it


@dataclass(frozen=True, slots=True)
class Moment:
    """When a feature has one of some values, and had another known one before."""

    feature: str
    members: frozenset[str]


MOMENTS: Final = {
    "program_finished": Moment("BSH.Common.Event.ProgramFinished", frozenset({"Present"})),
    "program_aborted": Moment("BSH.Common.Event.ProgramAborted", frozenset({"Present"})),
    "door_opened": Moment("BSH.Common.Status.DoorState", frozenset({"Open", "Ajar"})),
    "attention_needed": Moment("BSH.Common.Status.OperationState", frozenset({"ActionRequired"})),
}

TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend({vol.Required(CONF_TYPE): vol.In(MOMENTS)})


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """List the moments that an appliance has."""
    coordinator = _coordinator(hass, device_id)
    if coordinator is None:
        return []
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: name,
        }
        for name, moment in MOMENTS.items()
        if coordinator.appliance.find(moment.feature)
    ]


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run the action at each such moment."""
    moment = MOMENTS[config[CONF_TYPE]]
    coordinator = _coordinator(hass, config[CONF_DEVICE_ID])
    feature = coordinator.appliance.find(moment.feature) if coordinator else None
    if coordinator is None or feature is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN, translation_key="trigger_not_available"
        )
    job = HassJob(action, f"{DOMAIN} {config[CONF_TYPE]}")
    appliance, uid = coordinator.appliance, feature.uid
    before = appliance.value(uid)

    @callback
    def changed() -> None:
        nonlocal before
        previous, before = before, appliance.value(uid)
        if (
            before in moment.members
            and previous is not None  # else it may have been so for long
            and previous not in moment.members
        ):
            hass.async_run_hass_job(
                job,
                {
                    "trigger": {
                        **trigger_info["trigger_data"],
                        **config,
                        "description": config[CONF_TYPE],
                    }
                },
            )

    return async_dispatcher_connect(hass, signal_changed(coordinator.entry_id, uid), changed)


@callback
def _coordinator(hass: HomeAssistant, device_id: str) -> Coordinator | None:
    """Find the appliance of a device; None while it is not loaded."""
    device = dr.async_get(hass).async_get(device_id)
    for entry_id in device.config_entries if device else ():
        entry = hass.config_entries.async_get_entry(entry_id)
        if entry and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED:
            coordinator: Coordinator = entry.runtime_data
            return coordinator
    return None
