"""Presses that automations can start from, by device (mapping §6.2). Event entities tell the same in a newer way."""

from collections.abc import Mapping
from operator import itemgetter
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

from .cache import async_get_cache
from .const import CONF_PAIRING_ID, DOMAIN, signal_described, signal_told
from .coordinator import HapConfigEntry
from .dispatch import is_shown
from .limits import allowed
from .naming import PRESSES, numbers_of
from .protocol import Accessory, Characteristic, CharacteristicUuid, Database, Service, ServiceUuid

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

CONF_SUBTYPE: Final = "subtype"
_DOORBELL: Final = "doorbell"
# So many buttons of a device have triggers; the events have no such limit.
_MAX_BUTTONS: Final = 10
_NUMBERS: Final = {name: number for number, name in PRESSES.items()}

TYPES: Final = (_DOORBELL, *(f"button{number}" for number in range(1, _MAX_BUTTONS + 1)))
TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend(
    {vol.Required(CONF_TYPE): vol.In(TYPES), vol.Required(CONF_SUBTYPE): vol.In(_NUMBERS)}
)


def sources_of(accessory: Accessory) -> dict[str, list[Characteristic]]:
    """Give what can be pressed by the type of its triggers: doorbells, and buttons by the numbers in their names."""
    sources: dict[str, list[Characteristic]] = {}
    buttons: dict[int, Service] = {}
    for service in filter(is_shown, accessory.services):
        match service.type:
            case ServiceUuid.DOORBELL:
                sources.setdefault(_DOORBELL, []).append(_press(service))
            case (
                ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH | ServiceUuid.STATEFUL_PROGRAMMABLE_SWITCH
            ):
                buttons[service.iid] = service
    numbers = numbers_of(list(buttons.values()))
    for iid, number in sorted(numbers.items(), key=itemgetter(1)):
        if (type_ := f"button{number}") in TYPES:
            sources[type_] = [_press(buttons[iid])]
    return sources


def _press(service: Service) -> Characteristic:
    found = service.characteristic(CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT)
    assert found  # else the service is not shown
    return found


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """List the presses that a device may tell."""
    place = _place(hass, device_id)
    if place is None:
        return []
    entry, aid = place
    accessory = (await _async_database(hass, entry)).accessories.get(aid)
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: type_,
            CONF_SUBTYPE: PRESSES[number],
        }
        for type_, presses in (sources_of(accessory) if accessory else {}).items()
        for number in sorted({number for each in presses for number in allowed(each, PRESSES)})
    ]


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run the action at each such press; the entry need not be loaded, and may be loaded anew or change meanwhile."""
    place = _place(hass, config[CONF_DEVICE_ID])
    if place is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN, translation_key="trigger_not_available"
        )
    entry, aid = place
    wanted = _NUMBERS[config[CONF_SUBTYPE]]
    description = f"{config[CONF_TYPE]} {config[CONF_SUBTYPE]}"
    job = HassJob(action, f"{DOMAIN} {description}")
    data = {
        "trigger": {**trigger_info["trigger_data"], **config, "description": description},
    }
    stops: list[CALLBACK_TYPE] = []

    @callback
    def pressed(value: object) -> None:
        if value == wanted:
            hass.async_run_hass_job(job, data)

    @callback
    def unbind() -> None:
        while stops:
            stops.pop()()

    @callback
    def bind() -> None:
        """Listen to what the accessory has now."""
        unbind()
        if entry.state is ConfigEntryState.LOADED:
            accessory = entry.runtime_data.database.accessories.get(aid)
            sources: Mapping[str, list[Characteristic]] = sources_of(accessory) if accessory else {}
            for each in sources.get(config[CONF_TYPE], ()):
                signal = signal_told(entry.entry_id, *each.key)
                stops.append(async_dispatcher_connect(hass, signal, pressed))

    followed = (
        entry.async_on_state_change(bind),
        async_dispatcher_connect(hass, signal_described(entry.entry_id), bind),
    )
    bind()

    @callback
    def detach() -> None:
        for stop in followed:
            stop()
        unbind()

    return detach


@callback
def _place(hass: HomeAssistant, device_id: str) -> tuple[HapConfigEntry, int] | None:
    """Find entry and accessory of a device; None when it is no accessory of ours."""
    device = dr.async_get(hass).async_get(device_id)
    entry = hass.config_entries.async_get_entry(device.config_entry_id) if device else None
    if device is None or entry is None or entry.domain != DOMAIN:
        return None
    for domain, identifier in device.identifiers:
        number = identifier.rpartition(":aid:")[2]
        if domain == DOMAIN and number.isdecimal():
            return entry, int(number)
    return None


async def _async_database(hass: HomeAssistant, entry: HapConfigEntry) -> Database:
    """Give the description of an entry, also while it is not loaded; an empty one when it is not known."""
    if entry.state is ConfigEntryState.LOADED:
        return entry.runtime_data.database
    known = (await async_get_cache(hass)).get(str(entry.data.get(CONF_PAIRING_ID, "")))
    return known.database if known else Database()
