"""Actions on an appliance: programs, settings, events, and a look at what it is able to do."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr, service
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import Coordinator
from .entity import exposed, slug
from .protocol import Action, Appliance, Feature, Kind, program_labels
from .snapshot import described

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

ATTR_PROGRAM: Final = "program"
ATTR_OPTIONS: Final = "options"
ATTR_START_IN: Final = "start_in"
ATTR_FINISH_IN: Final = "finish_in"
ATTR_FINISH_AT: Final = "finish_at"
ATTR_SETTING: Final = "setting"
ATTR_VALUE: Final = "value"
ATTR_EVENT: Final = "event"
ATTR_REJECT: Final = "reject"
ATTR_RESOURCE: Final = "resource"
ATTR_ACTION: Final = "action"
ATTR_DATA: Final = "data"

_DELAY: Final = vol.All(cv.time_period, cv.positive_timedelta)
_DEVICE: Final = {vol.Required(ATTR_DEVICE_ID): cv.string}
_OPTIONS: Final = {cv.string: vol.Any(bool, int, float, cv.string)}
_DELAYS: Final = {
    vol.Exclusive(ATTR_START_IN, "delay"): _DELAY,
    vol.Exclusive(ATTR_FINISH_IN, "delay"): _DELAY,
    vol.Exclusive(ATTR_FINISH_AT, "delay"): cv.time,
}
_RESOURCE: Final = r"^/[a-z]{2}/[A-Za-z0-9]{1,40}$"

type Handler = Callable[[Coordinator, Mapping[str, Any]], Awaitable[ServiceResponse]]


async def _start_program(coordinator: Coordinator, data: Mapping[str, Any]) -> None:
    appliance = coordinator.appliance
    start_in, finish_in = _delays(data)
    program = _program(appliance, data[ATTR_PROGRAM]) if data.get(ATTR_PROGRAM) else None
    await coordinator.client.start_program(
        program,
        _options(appliance, data.get(ATTR_OPTIONS, {})),
        start_in=start_in,
        finish_in=finish_in,
    )


async def _select_program(coordinator: Coordinator, data: Mapping[str, Any]) -> None:
    appliance = coordinator.appliance
    await coordinator.client.select_program(
        _program(appliance, data[ATTR_PROGRAM]), _options(appliance, data.get(ATTR_OPTIONS, {}))
    )


async def _set_program_options(coordinator: Coordinator, data: Mapping[str, Any]) -> None:
    for uid, value in _options(coordinator.appliance, data[ATTR_OPTIONS]).items():
        await coordinator.client.set_option(uid, value)


async def _stop_program(coordinator: Coordinator, _data: Mapping[str, Any]) -> None:
    await coordinator.client.stop()


async def _pause_program(coordinator: Coordinator, _data: Mapping[str, Any]) -> None:
    await coordinator.client.pause()


async def _resume_program(coordinator: Coordinator, _data: Mapping[str, Any]) -> None:
    await coordinator.client.resume()


async def _change_setting(coordinator: Coordinator, data: Mapping[str, Any]) -> None:
    feature = _feature(coordinator.appliance, data[ATTR_SETTING], Kind.SETTING)
    await coordinator.client.write(feature.uid, data[ATTR_VALUE])


async def _acknowledge_event(coordinator: Coordinator, data: Mapping[str, Any]) -> None:
    feature = _feature(coordinator.appliance, data[ATTR_EVENT], Kind.EVENT)
    await coordinator.client.acknowledge(feature.uid, reject=data[ATTR_REJECT])


async def _send_raw(coordinator: Coordinator, data: Mapping[str, Any]) -> ServiceResponse:
    if not coordinator.options.debugging:
        raise _invalid("debugging_off")
    answer = await coordinator.client.request(
        data[ATTR_RESOURCE], Action(data[ATTR_ACTION]), data[ATTR_DATA]
    )
    return {"data": list(answer)}


async def _get_description(coordinator: Coordinator, _data: Mapping[str, Any]) -> ServiceResponse:
    return described(coordinator)


_ACTIONS: Final[
    dict[str, tuple[Callable[..., Awaitable[Any]], dict[Any, Any], SupportsResponse]]
] = {
    "start_program": (
        _start_program,
        {
            vol.Optional(ATTR_PROGRAM): cv.string,
            vol.Optional(ATTR_OPTIONS, default=dict): _OPTIONS,
            **_DELAYS,
        },
        SupportsResponse.NONE,
    ),
    "select_program": (
        _select_program,
        {
            vol.Required(ATTR_PROGRAM): cv.string,
            vol.Optional(ATTR_OPTIONS, default=dict): _OPTIONS,
        },
        SupportsResponse.NONE,
    ),
    "set_program_options": (
        _set_program_options,
        {vol.Required(ATTR_OPTIONS): vol.All(_OPTIONS, vol.Length(min=1))},
        SupportsResponse.NONE,
    ),
    "start_selected_program": (_start_program, _DELAYS, SupportsResponse.NONE),
    "stop_program": (_stop_program, {}, SupportsResponse.NONE),
    "pause_program": (_pause_program, {}, SupportsResponse.NONE),
    "resume_program": (_resume_program, {}, SupportsResponse.NONE),
    "change_setting": (
        _change_setting,
        {
            vol.Required(ATTR_SETTING): cv.string,
            vol.Required(ATTR_VALUE): vol.Any(bool, int, float, cv.string),
        },
        SupportsResponse.NONE,
    ),
    "acknowledge_event": (
        _acknowledge_event,
        {
            vol.Required(ATTR_EVENT): cv.string,
            vol.Optional(ATTR_REJECT, default=False): cv.boolean,
        },
        SupportsResponse.NONE,
    ),
    "send_raw": (
        _send_raw,
        {
            vol.Required(ATTR_RESOURCE): cv.matches_regex(_RESOURCE),
            vol.Optional(ATTR_ACTION, default=Action.GET.value): vol.In(
                [Action.GET.value, Action.POST.value]
            ),
            vol.Optional(ATTR_DATA, default=list): vol.All(cv.ensure_list, [dict]),
        },
        SupportsResponse.ONLY,
    ),
    "get_description": (_get_description, {}, SupportsResponse.ONLY),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""

    def handler(act: Handler) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
        async def handle(call: ServiceCall) -> ServiceResponse:
            coordinator = _coordinator(hass, call.data[ATTR_DEVICE_ID])
            return await coordinator.async_command(act(coordinator, call.data))

        return handle

    for name, (act, fields, response) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN,
            name,
            handler(act),
            schema=vol.Schema({**_DEVICE, **fields}),
            supports_response=response,
        )


@callback
def _coordinator(hass: HomeAssistant, device_id: str) -> Coordinator:
    """Find the appliance of a device; raises ServiceValidationError."""
    device = dr.async_get(hass).async_get(device_id)
    if device is None:
        raise _invalid("unknown_device")
    entry = service.async_get_config_entry(hass, DOMAIN, device.config_entry_id)
    coordinator: Coordinator = entry.runtime_data
    return coordinator


def _program(appliance: Appliance, name: str) -> int:
    """Find a program like any feature, a favorite also by the name that its user gave it."""
    labels = program_labels(appliance)
    named = [uid for uid, label in labels.items() if label.casefold() == name.strip().casefold()]
    return named[0] if named else _feature(appliance, name, Kind.PROGRAM).uid


def _options(appliance: Appliance, options: Mapping[str, Any]) -> dict[int, Any]:
    return {_feature(appliance, name, Kind.OPTION).uid: value for name, value in options.items()}


def _feature(appliance: Appliance, name: str, kind: Kind) -> Feature:
    """Find a feature by its key, in the vendor's spelling or as entities have it, by its end, or by its number.

    Raises ServiceValidationError when there is none of the kind, when several end alike, and for what is never exposed.
    """
    wanted = slug(name)
    features = [each for each in appliance.description.features.values() if each.kind is kind]
    if name.isdecimal():
        found = [each for each in features if each.uid == int(name)]
    else:
        found = [each for each in features if each.key and slug(each.key) == wanted] or [
            each for each in features if each.key and slug(each.key).endswith(f"_{wanted}")
        ]
    if len(found) != 1:
        raise _invalid(f"ambiguous_{kind}" if found else f"no_such_{kind}", name=name)
    if not exposed(found[0]):
        raise _invalid("not_exposed", name=name)
    return found[0]


def _delays(data: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Give start and finish delay in seconds; a time of day is the next one to come."""

    def seconds(delay: timedelta | None) -> int | None:
        return None if delay is None else round(delay.total_seconds())

    finish_in: timedelta | None = data.get(ATTR_FINISH_IN)
    if (finish_at := data.get(ATTR_FINISH_AT)) is not None:
        finish_in = _until(finish_at, dt_util.now())
    return seconds(data.get(ATTR_START_IN)), seconds(finish_in)


def _until(moment: time, now: datetime) -> timedelta:
    """Tell how long it is until a time of day, over changes of the clock as well."""
    at = now.replace(hour=moment.hour, minute=moment.minute, second=moment.second, microsecond=0)
    if at <= now:
        at += timedelta(days=1)  # by the clock on the wall
    return dt_util.as_utc(at) - dt_util.as_utc(now)


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )
