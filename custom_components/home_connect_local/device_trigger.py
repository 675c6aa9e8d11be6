"""Moments that automations can start from: a program that ended, a door that was opened, an appliance that waits."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, signal_available, signal_changed
from .coordinator import HomeConnectConfigEntry, stored_profile
from .protocol import Description, VendorError

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
    description = _description(_entry(hass, device_id))
    if description is None:
        return []
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: name,
        }
        for name, moment in MOMENTS.items()
        if description.find(moment.feature)
    ]


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run the action at each such moment, however often the entry is loaded anew meanwhile."""
    moment = MOMENTS[config[CONF_TYPE]]
    entry = _entry(hass, config[CONF_DEVICE_ID])
    description = _description(entry)
    feature = description.find(moment.feature) if description else None
    if entry is None or feature is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN, translation_key="trigger_not_available"
        )
    job = HassJob(action, f"{DOMAIN} {config[CONF_TYPE]}")
    uid = feature.uid
    before = _value(entry, uid)

    @callback
    def changed() -> None:
        nonlocal before
        if (now := _value(entry, uid)) is None:  # what was known before the outage still counts
            return
        previous, before = before, now
        if (
            now in moment.members
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

    stops = [
        async_dispatcher_connect(hass, signal, changed)
        for signal in (signal_changed(entry.entry_id, uid), signal_available(entry.entry_id))
    ]

    @callback
    def detach() -> None:
        for stop in stops:
            stop()

    return detach


@callback
def _entry(hass: HomeAssistant, device_id: str) -> HomeConnectConfigEntry | None:
    """Find the entry of an appliance's device."""
    device = dr.async_get(hass).async_get(device_id)
    entry = hass.config_entries.async_get_entry(device.config_entry_id) if device else None
    return entry if entry and entry.domain == DOMAIN else None


def _description(entry: HomeConnectConfigEntry | None) -> Description | None:
    """Give what an entry says of its appliance, also while it is not loaded; None when it says nothing."""
    if entry is None:
        return None
    if entry.state is ConfigEntryState.LOADED:
        return entry.runtime_data.appliance.description
    with suppress(VendorError):
        return stored_profile(entry.data).description
    return None


def _value(entry: HomeConnectConfigEntry, uid: int) -> Any:
    """Give the value of a feature; None when it is not known, or nobody vouches for it."""
    if entry.state is not ConfigEntryState.LOADED or not entry.runtime_data.linked:
        return None
    return entry.runtime_data.appliance.value(uid)
