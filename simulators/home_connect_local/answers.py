"""Who answers which request, and with what.

Source: docs/home_connect_local/wire.md §6.2.
"""

from collections.abc import Callable, Sequence
import os
from typing import TYPE_CHECKING

from ..refusal import Refusal
from .codes import Code, Refused
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM
from .profile import Json, encode_key
from .requests import Message, misplaced, read_items, read_nonce, read_program, read_uids
from .session import ApplianceSession

if TYPE_CHECKING:
    from .service import Service as Office

# Pairing and the cloud's link are nobody's business (§6.2).
_FORBIDDEN = ("/ce/", "/ci/pairable", "/ci/delregistration", "/ci/register/", "/ci/deregister")


def act(office: Office, session: ApplianceSession, message: Message) -> Sequence[Json] | None:
    """Do what a request asks for, and give the data of its answer. Raises Refused."""
    resource = message.resource
    wanted = 1 if resource == "/ci/services" else office.version_of(message.service)
    if message.version != wanted:
        office.journal.violate(
            f"{resource} in version {message.version} instead of {wanted}", session.number
        )
        raise Refused(Code.BAD_REQUEST)
    if resource.startswith(_FORBIDDEN):
        office.journal.violate(f"{resource} is not for clients", session.number)
        raise Refused(Code.FORBIDDEN)
    if message.service not in office.rules.services:
        office.journal.violate(f"{resource} of a service that is not there", session.number)
        raise Refused(Code.NOT_FOUND)
    if misplaced(message):
        office.journal.violate(f"{resource} with an item whose uid is not in front", session.number)
        raise Refused(Code.BAD_REQUEST)
    answers = _ANSWERS.get(resource)
    if answers is None:
        office.journal.violate(f"there is no {resource}", session.number)
        raise Refused(Code.NOT_FOUND)
    if (answer := answers.get(message.action)) is None:
        office.journal.violate(f"{message.action} {resource}", session.number)
        raise Refused(Code.METHOD_NOT_ALLOWED)
    _check_open(office, session, message.service)
    data = answer(office, session, message)
    return data or None if office.rules.omits_empty else data


def _check_open(office: Office, session: ApplianceSession, service: str) -> None:
    services = office.rules.services
    if service == "ni" and services.get("ei") == 2 and not session.ready:
        raise Refused(Code.FORBIDDEN)
    secured = services.get("ci", 3) < 3 and office.rules.needs_authentication
    if service == "ro" and secured and not session.authenticated:
        office.journal.violate("/ro before /ci/authentication", session.number)
        raise Refused(Code.FORBIDDEN)


def _services(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return [
        {"service": name, "version": version} for name, version in office.rules.services.items()
    ]


def _authenticate(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    if office.rules.services.get("ci", 3) >= 3:
        raise Refused(Code.NOT_FOUND)
    try:
        read_nonce(message)
    except Refusal as err:
        office.journal.violate(str(err), session.number)
        raise Refused(Code.BAD_REQUEST) from None
    session.authenticated = True
    return [{"response": encode_key(os.urandom(32))}]


def _info(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    if message.resource == "/ci/info" and office.rules.services.get("ci", 3) >= 3:
        raise Refused(Code.NOT_FOUND)
    return [office.appliance.profile.seed.info]


def _network(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    interfaces = office.appliance.profile.seed.network
    rssi = office.appliance.state.get("BSH.Common.Status.WiFiSignalStrength")
    return [
        {**interface, "rssi": rssi} if interface.get("primary") and type(rssi) is int else interface
        for interface in interfaces
    ]


def _network_configuration(
    office: Office, session: ApplianceSession, message: Message
) -> list[Json]:
    wanted = message.data[0].get("interfaceID") if message.data else None
    for interface in office.appliance.profile.seed.network:
        if interface["interfaceID"] == wanted:
            return [{"interfaceID": wanted, "ssid": interface["ssid"], "automaticIPv4": True}]
    raise Refused(Code.BAD_REQUEST)


def _time_zone(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return [{"tz": "CET-1CEST,M3.5.0/2,M10.5.0/3"}]


def _registered(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return [
        {
            "endDeviceID": number,
            "deviceType": "Application",
            "deviceName": other.device_name,
            "deviceID": other.device_id,
            "connected": True,
            "protected": False,
        }
        for number, other in enumerate(office.sessions)
        if other.greeted
    ]


def _changes(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return office.appliance.state.changes()


def _all_values(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return office.appliance.state.all_values()


def _values(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return office.appliance.read(read_uids(message))


def _write(office: Office, session: ApplianceSession, message: Message) -> None:
    items = read_items(message.data)
    if not items:
        raise Refused(Code.BAD_REQUEST)
    office.appliance.write(items)


def _selected(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return office.appliance.program_report(SELECTED_PROGRAM)


def _active(office: Office, session: ApplianceSession, message: Message) -> list[Json]:
    return office.appliance.program_report(ACTIVE_PROGRAM)


def _select(office: Office, session: ApplianceSession, message: Message) -> None:
    office.appliance.select(*read_program(message))


def _start(office: Office, session: ApplianceSession, message: Message) -> None:
    office.appliance.start(*read_program(message))


type _Answer = Callable[[Office, ApplianceSession, Message], list[Json] | None]
_ANSWERS: dict[str, dict[str, _Answer]] = {
    "/ci/services": {"GET": _services},
    "/iz/services": {"GET": _services},
    "/ci/authentication": {"GET": _authenticate},
    "/ci/info": {"GET": _info},
    "/iz/info": {"GET": _info},
    "/ci/tzInfo": {"GET": _time_zone},
    "/ci/registeredDevices": {"GET": _registered},
    "/ni/info": {"GET": _network},
    "/ni/config": {"GET": _network_configuration},
    "/ro/allDescriptionChanges": {"GET": _changes},
    "/ro/allMandatoryValues": {"GET": _all_values},
    "/ro/values": {"GET": _values, "POST": _write},
    "/ro/selectedProgram": {"GET": _selected, "POST": _select},
    "/ro/activeProgram": {"GET": _active, "POST": _start},
}
