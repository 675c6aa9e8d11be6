"""Actions on accessories: show which one it is, read and write any characteristic, and who may talk to it."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    service,
)

from .const import CONF_CONTROLLER_ID, DOMAIN
from .coordinator import Coordinator
from .protocol import (
    Accessory,
    Characteristic,
    ControllerPermission,
    FormatError,
    full_type,
    to_wire,
)

if TYPE_CHECKING:
    import probatio as vol
else:
    import voluptuous as vol  # stands for probatio where Home Assistant has it

ATTR_IIDS: Final = "iids"
ATTR_TYPES: Final = "types"
ATTR_IID: Final = "iid"
ATTR_VALUE: Final = "value"
ATTR_CONTROLLER_ID: Final = "controller_id"
ATTR_PUBLIC_KEY: Final = "public_key"
ATTR_ADMIN: Final = "admin"

# An accessory has some hundred characteristics.
_MAX_CHOSEN: Final = 1000
_MAX_TYPE_CHARS: Final = 36
# Names of controllers that accessories take.
_MAX_ID_CHARS: Final = 36
_PUBLIC_KEY: Final = r"^[0-9A-Fa-f]{64}$"

type Data = Mapping[str, Any]
type Handler = Callable[[Coordinator, Accessory, Data], Awaitable[ServiceResponse]]


async def _identify(coordinator: Coordinator, accessory: Accessory, _data: Data) -> ServiceResponse:
    await coordinator.async_command(coordinator.client.identify(accessory.aid))
    return None


async def _read(coordinator: Coordinator, accessory: Accessory, data: Data) -> ServiceResponse:
    chosen = _chosen(accessory, data)
    await coordinator.async_command(coordinator.client.read([each.key for each in chosen]))
    return {"characteristics": [_described(each) for each in chosen]}


async def _write(coordinator: Coordinator, accessory: Accessory, data: Data) -> ServiceResponse:
    characteristic = _find(accessory, data[ATTR_IID])
    if not characteristic.metadata.writable:
        raise _invalid("not_writable", iid=data[ATTR_IID])
    try:
        value = to_wire(data[ATTR_VALUE], characteristic.metadata)
    except FormatError as err:
        raise _invalid("wrong_format", iid=data[ATTR_IID], reason=err) from err
    command = coordinator.client.write({characteristic.key: data[ATTR_VALUE]})
    answers = await coordinator.async_command(command)
    return {"written": value, "answer": answers.get(characteristic.key)}


async def _list_pairings(
    coordinator: Coordinator, _accessory: Accessory, _data: Data
) -> ServiceResponse:
    pairings = await coordinator.async_command(coordinator.client.list_pairings())
    return {
        "pairings": [
            {
                "controller_id": each.controller_id,
                "public_key": each.public_key.hex(),
                "admin": each.admin,
                "own": each.controller_id == _own_id(coordinator),
            }
            for each in pairings
        ]
    }


async def _add_pairing(
    coordinator: Coordinator, _accessory: Accessory, data: Data
) -> ServiceResponse:
    if data[ATTR_CONTROLLER_ID] == _own_id(coordinator):
        raise _invalid("own_pairing")
    await coordinator.async_command(
        coordinator.client.add_pairing(
            data[ATTR_CONTROLLER_ID],
            bytes.fromhex(data[ATTR_PUBLIC_KEY]),
            ControllerPermission.ADMIN if data[ATTR_ADMIN] else ControllerPermission(0),
        )
    )
    return None


async def _remove_pairing(
    coordinator: Coordinator, _accessory: Accessory, data: Data
) -> ServiceResponse:
    if data[ATTR_CONTROLLER_ID] == _own_id(coordinator):
        raise _invalid("own_pairing")
    known = await coordinator.async_command(coordinator.client.list_pairings())
    if data[ATTR_CONTROLLER_ID] not in {each.controller_id for each in known}:
        raise _invalid("no_such_pairing", controller_id=data[ATTR_CONTROLLER_ID])
    await coordinator.async_command(coordinator.client.remove_pairing(data[ATTR_CONTROLLER_ID]))
    return None


_DEVICE: Final = {vol.Required(ATTR_DEVICE_ID): cv.string}
_CONTROLLER: Final = {
    vol.Required(ATTR_CONTROLLER_ID): vol.All(cv.string, vol.Length(min=1, max=_MAX_ID_CHARS))
}
_IID: Final = vol.All(vol.Coerce(int), vol.Range(min=1))
_TYPE: Final = vol.All(cv.string, vol.Length(min=1, max=_MAX_TYPE_CHARS))

_ACTIONS: Final[dict[str, tuple[Handler, dict[Any, Any], SupportsResponse]]] = {
    "identify": (_identify, {}, SupportsResponse.NONE),
    "read_characteristics": (
        _read,
        {
            vol.Optional(ATTR_IIDS): vol.All(cv.ensure_list, vol.Length(max=_MAX_CHOSEN), [_IID]),
            vol.Optional(ATTR_TYPES): vol.All(cv.ensure_list, vol.Length(max=_MAX_CHOSEN), [_TYPE]),
        },
        SupportsResponse.ONLY,
    ),
    "write_characteristic": (
        _write,
        {
            vol.Required(ATTR_IID): _IID,
            vol.Required(ATTR_VALUE): vol.Any(bool, int, float, cv.string),
        },
        SupportsResponse.OPTIONAL,
    ),
    "list_pairings": (_list_pairings, {}, SupportsResponse.ONLY),
    "add_pairing": (
        _add_pairing,
        {
            **_CONTROLLER,
            vol.Required(ATTR_PUBLIC_KEY): cv.matches_regex(_PUBLIC_KEY),
            vol.Optional(ATTR_ADMIN, default=False): cv.boolean,
        },
        SupportsResponse.NONE,
    ),
    "remove_pairing": (_remove_pairing, _CONTROLLER, SupportsResponse.NONE),
}
# Who may open a door for good is not for everybody to say.
_FOR_ADMINISTRATORS: Final = frozenset({"list_pairings", "add_pairing", "remove_pairing"})
# For those who may see the device, but not operate it.
_HARMLESS: Final = frozenset({"read_characteristics"})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (act, fields, response) in _ACTIONS.items():
        schema = vol.Schema({**_DEVICE, **fields})
        handle = _handler(hass, act, POLICY_READ if name in _HARMLESS else POLICY_CONTROL)
        if name in _FOR_ADMINISTRATORS:
            service.async_register_admin_service(hass, DOMAIN, name, handle, schema, response)
        else:
            hass.services.async_register(DOMAIN, name, handle, schema, response)


def _handler(
    hass: HomeAssistant, act: Handler, policy: str
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def handle(call: ServiceCall) -> ServiceResponse:
        coordinator, accessory = _target(hass, call.data[ATTR_DEVICE_ID])
        await _async_check_user(hass, call, policy)
        return await act(coordinator, accessory, call.data)

    return handle


async def _async_check_user(hass: HomeAssistant, call: ServiceCall, policy: str) -> None:
    """See to it that nobody does here what the entities of the device would not let them do; raises Unauthorized."""
    if call.context.user_id is None:  # an automation
        return
    user = await hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context, permission=policy)
    entities = er.async_entries_for_device(
        er.async_get(hass), call.data[ATTR_DEVICE_ID], include_disabled_entities=True
    )
    permitted = entities and all(
        user.permissions.check_entity(each.entity_id, policy) for each in entities
    )
    if not (permitted or user.is_admin):
        raise Unauthorized(context=call.context, permission=policy)


@callback
def _target(hass: HomeAssistant, device_id: str) -> tuple[Coordinator, Accessory]:
    """Find the accessory that a device stands for; raises ServiceValidationError."""
    device = dr.async_get(hass).async_get(device_id)
    if not isinstance(device, dr.DeviceEntry):
        raise _invalid("unknown_device")
    entry = service.async_get_config_entry(hass, DOMAIN, device.config_entry_id)
    coordinator: Coordinator = entry.runtime_data
    aid = coordinator.devices.aid_of(device)
    accessory = coordinator.database.accessories.get(aid) if aid is not None else None
    if accessory is None:
        raise _invalid("unknown_device")
    return coordinator, accessory


def _own_id(coordinator: Coordinator) -> str:
    own: str = coordinator.entry.data[CONF_CONTROLLER_ID]
    return own


def _find(accessory: Accessory, iid: int) -> Characteristic:
    for each in accessory.characteristics:
        if each.iid == iid:
            return each
    raise _invalid("no_such_characteristic", characteristic=iid)


def _chosen(accessory: Accessory, data: Data) -> list[Characteristic]:
    """Give the characteristics that are meant: by number, by type, or all that can be read."""
    chosen = {each: _find(accessory, each) for each in data.get(ATTR_IIDS, ())}
    for text in data.get(ATTR_TYPES, ()):
        try:
            uuid = full_type(text)
        except FormatError as err:
            raise _invalid("no_such_characteristic", characteristic=text) from err
        found = [each for each in accessory.characteristics if each.type == uuid]
        if not found:
            raise _invalid("no_such_characteristic", characteristic=text)
        chosen |= {each.iid: each for each in found}
    if ATTR_IIDS not in data and ATTR_TYPES not in data:
        return [
            each
            for each in accessory.characteristics
            if each.metadata.readable and not each.metadata.stateless
        ]
    for each in chosen.values():
        if not each.metadata.readable:
            raise _invalid("not_readable", iid=each.iid)
    return list(chosen.values())


def _described(characteristic: Characteristic) -> dict[str, Any]:
    """Tell all about a characteristic."""
    metadata = characteristic.metadata
    told = {
        "iid": characteristic.iid,
        "type": characteristic.type,
        "service_iid": characteristic.service.iid,
        "service_type": characteristic.service.type,
        "description": metadata.description,
        "format": metadata.format,
        "permissions": list(metadata.perms),
        "unit": metadata.unit,
        "minimum": metadata.min_value,
        "maximum": metadata.max_value,
        "step": metadata.min_step,
        "valid_values": metadata.valid_values and list(metadata.valid_values),
        "status": characteristic.status,
    }
    known = {key: value for key, value in told.items() if value is not None}
    return {**known, "value": characteristic.value}


def _invalid(key: str, **placeholders: object) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={name: str(value) for name, value in placeholders.items()},
    )
