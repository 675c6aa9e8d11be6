"""Frames to typed messages, and commands to frames.

Nothing a peer sends raises here: what cannot be understood becomes ``None``, is left out, or is an ``Unrecognised``.
Source: docs/dio_chacon/wire.md §5 to §9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Any, Final, NamedTuple, override
from urllib.parse import quote, urlsplit

from .const import (
    MAX_DEVICES,
    MAX_ID_CHARS,
    MAX_LINKS,
    MAX_NAME_CHARS,
    MAX_TRAVEL_MS,
    MAX_URL_CHARS,
    SILENT_RESOURCES,
    TYPE_PARTS,
    Kind,
    Movement,
    Resource,
)
from .frames import Frame

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

# --- what the server says -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeting:
    """First word of the server on a connection: whether it accepts us (§3.3)."""

    accepted: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to the request of the same number."""

    number: int
    status: int
    data: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Full travel times of a shutter."""

    up_s: float
    """Seconds from closed to open."""
    down_s: float
    """Seconds from open to closed."""


@dataclass(frozen=True, slots=True)
class LastEvent:
    """What happened last at a doorbell."""

    kind: str
    """The vendor's word; ``ring`` when somebody pressed the button."""
    time: datetime
    """When, by the server's clock; this identifies the event."""
    image_url: str | None = field(default=None, repr=False)
    """Signed address of a snapshot; None when none was offered or the address is not safe to fetch."""


@dataclass(frozen=True, slots=True)
class SdCard:
    """Memory card of a doorbell, in the vendor's words."""

    status: str
    total: str | None = None
    free: str | None = None


class Report(NamedTuple):
    """State of one device as far as one frame tells it; a device that reports by itself pushes one.

    A tuple, because most frames are reports and a frozen dataclass costs as much to make as the JSON to read.
    """

    device_id: str
    values: Mapping[str, Any] = _NOTHING
    """What was said, by the names of the model's fields."""
    resources: Mapping[str, Mapping[str, Any]] = _NOTHING
    """The resources as received, by type, for diagnostics only."""

    @override
    def __repr__(self) -> str:
        """Leave out the raw resources: they may hold signed addresses."""
        return f"Report({self.device_id!r}, {self.values!r})"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the device list; texts are None when the cloud does not say."""

    device_id: str
    type_text: str
    kind: Kind
    name: str | None = None
    model: str | None = None
    vendor: str | None = None
    hardware_version: str | None = None
    software_version: str | None = None
    mac: str | None = field(default=None, repr=False)
    room_id: str | None = None
    room_name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Who is logged in."""

    account_id: str = field(repr=False)
    """Stays the same for good."""
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecordPush:
    """A device was renamed, moved or updated."""

    record: Record


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A frame of a name or shape this package does not know."""

    what: str
    about_devices: bool = False
    """Whether it may mean that the device list is out of date."""


type Message = Answer | Greeting | RecordPush | Report | Unrecognised


def read_message(frame: Frame) -> Message:
    """Tell what a frame of the server means."""
    name, action, data = frame.get("name"), frame.get("action"), frame.get("data")
    if "id" in frame and (number := _number(frame["id"])) is not None:
        status = frame.get("status")
        return Answer(number, status if type(status) is int else 0, data)
    if name == "deviceState" and action == "update" and type(data) is dict:
        return read_report(data) or Unrecognised("deviceState without a device")
    if name == "device" and action == "update" and type(data) is dict:
        record = read_record(data)
        return RecordPush(record) if record else Unrecognised("device without an id", True)
    if name == "connection" and action in ("success", "invalid"):
        return Greeting(action == "success")
    if type(name) is not str:
        return Unrecognised("frame without a name")
    return Unrecognised(
        f"{name[:MAX_NAME_CHARS]}/{str(action)[:MAX_NAME_CHARS]}",
        about_devices=name in {"device", "deviceState"} and action != "update",
    )


def read_report(data: Mapping[str, Any], device_id: str | None = None) -> Report | None:
    """Read a state object (§7), whole or partial.

    ``device_id`` is the id it was filed under; without one the object must name its device.
    Returns None when no device is named.
    """
    device_id = device_id or _identifier(data.get("di"))
    if device_id is None:
        return None
    values: dict[str, Any] = {}
    if (connected := data.get("rc")) in (0, 1):
        values["connected"] = bool(connected)
    resources: dict[str, Mapping[str, Any]] = {}
    links = data.get("links")
    for link in links[:MAX_LINKS] if type(links) is list else ():
        if type(link) is not dict:
            continue
        resource_type = link.get("rt")
        if type(resource_type) is list and len(resource_type) == 1:  # OCF allows the array form
            resource_type = resource_type[0]
        if type(resource_type) is not str:
            continue
        if resource_type in _READERS:
            name, read = _READERS[resource_type]
            if (value := read(link)) is not None:
                values[name] = value
        elif len(resource_type) > MAX_ID_CHARS:
            continue
        resources[resource_type] = link
    return Report(device_id, values, resources)


def read_record(data: object) -> Record | None:
    """Read one line of the device list (§6.2); None when it names no device."""
    if type(data) is not dict or (device_id := _identifier(data.get("id"))) is None:
        return None
    type_text = data.get("type")
    type_text = type_text[:MAX_ID_CHARS] if type(type_text) is str else ""
    return Record(
        device_id,
        type_text,
        kind_of(type_text),
        name=_text(data.get("name")),
        model=_text(data.get("modelName")) or _text(data.get("defaultName")),
        vendor=_text(data.get("vendor")),
        hardware_version=_text(data.get("hardwareVersion")),
        software_version=_text(data.get("softwareVersion")),
        mac=_text(data.get("macAddress")),
        room_id=_text(data.get("roomId")),
        room_name=_text(data.get("roomName")),
    )


def read_records(data: object) -> tuple[Record, ...] | None:
    """Read the answer to the list request; None when it is no list at all."""
    if type(data) is not list:
        return None
    return tuple(record for item in data[:MAX_DEVICES] if (record := read_record(item)))


def read_reports(data: object, asked: Iterable[str]) -> dict[str, Report | None] | None:
    """Read the answer to a states request for the devices that were ``asked``.

    A device whose state is null, missing or malformed has None. Returns None when the answer is no object.
    """
    if type(data) is not dict:
        return None
    return {
        device_id: read_report(state, device_id)
        if type(state := data.get(device_id)) is dict
        else None
        for device_id in asked
    }


def read_rooms(data: object) -> dict[str, str]:
    """Read room names by room id; the shape is an assumption (§6.8), so anything else gives an empty table."""
    return {
        room_id: name
        for item in (data[:MAX_DEVICES] if type(data) is list else ())
        if type(item) is dict
        and (room_id := _text(item.get("id")))
        and (name := _text(item.get("name")))
    }


def read_account(data: object) -> Account | None:
    """Read the answer to the account request; None when it names no account."""
    if type(data) is not dict or (account_id := _identifier(data.get("id"))) is None:
        return None
    return Account(account_id, _text(data.get("name")))


def kind_of(type_text: object) -> Kind:
    """Tell the kind of device from its type text."""
    if isinstance(type_text, str):
        for part, kind in TYPE_PARTS:
            if part in type_text:
                return kind
    return Kind.UNKNOWN


def unknown_resources(report: Report) -> Sequence[str]:
    """Name the resource types of a report that are not documented."""
    if report.resources.keys() <= _DOCUMENTED_RESOURCES:  # as good as always
        return ()
    return [name[:MAX_NAME_CHARS] for name in report.resources.keys() - _DOCUMENTED_RESOURCES]


def safe_image_url(url: object) -> str | None:
    """Give back the address of a snapshot when it may be fetched (§9), else None.

    The address comes from the network: only https, with a host that is neither local nor an address inside of a home in
    any spelling that a resolver might understand, and without user information.
    """
    if (
        type(url) is not str
        or len(url) > MAX_URL_CHARS
        or not url.isascii()
        or not url.isprintable()
    ):
        return None
    if any(character in url for character in " \\"):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if (
        parts.scheme != "https"
        or not host
        or parts.username is not None
        or parts.password is not None
    ):
        return None
    return url if _is_public(host) else None


def _is_public(host: str) -> bool:
    """Tell whether a host is a name of the public network, or a plain public address."""
    labels = host.removesuffix(".").split(".")
    if ":" not in host and not labels[-1][:1].isdigit():
        local = len(labels) == 1 or labels[-1] in _LOCAL_DOMAINS or labels[-2:] == ["home", "arpa"]
        return not local and all(
            label and label.replace("-", "").replace("_", "").isalnum() for label in labels
        )
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (
        address in _NAT64 or address.ipv4_mapped or address.sixtofour or address.teredo
    ):
        return False
    return address.is_global and not address.is_multicast


def _number(value: object) -> int | None:
    """Read a request number; the server may echo it as text (§5)."""
    if type(value) is int:
        return value
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None


def _identifier(value: object) -> str | None:
    return value if type(value) is str and 0 < len(value) <= MAX_ID_CHARS else None


def _text(value: object) -> str | None:
    """Read a text of the peer, cut to what a registry can bear; None when empty or no text."""
    return value[:MAX_NAME_CHARS].strip() or None if type(value) is str else None


def _binary(link: Mapping[str, Any]) -> bool | None:
    value = link.get("value")
    return bool(value) if type(value) in (int, bool) and value in (0, 1) else None


def _movement(link: Mapping[str, Any]) -> Movement | None:
    return _MOVEMENTS.get(value) if type(value := link.get("movement")) is str else None


def _open_level(link: Mapping[str, Any]) -> int | None:
    level = link.get("openLevel")
    return level if type(level) is int and 0 <= level <= 100 else None


def _calibration(link: Mapping[str, Any]) -> Calibration | None:
    up, down = link.get("up_ms"), link.get("down_ms")
    if (
        type(up) is int
        and type(down) is int
        and 0 < up <= MAX_TRAVEL_MS
        and 0 < down <= MAX_TRAVEL_MS
    ):
        return Calibration(up / 1000, down / 1000)
    return None


def _sd_card(link: Mapping[str, Any]) -> SdCard | None:
    status = _text(link.get("status"))
    return SdCard(status, _text(link.get("total")), _text(link.get("free"))) if status else None


def _last_event(link: Mapping[str, Any]) -> LastEvent | None:
    kind, stamp, data = _text(link.get("type")), link.get("ts"), link.get("data")
    if kind is None or type(stamp) is not str or len(stamp) > MAX_NAME_CHARS:
        return None
    try:
        time = datetime.fromisoformat(stamp)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except ValueError, OverflowError:  # some offsets lead out of the calendar
        return None
    return LastEvent(kind, time, safe_image_url(data.get("image")) if type(data) is dict else None)


# Names below these are never of the public network.
_LOCAL_DOMAINS: Final = frozenset({"internal", "lan", "local", "localdomain", "localhost"})
# Addresses of the other family hide in these.
_NAT64: Final = ip_network("64:ff9b::/96")
_MOVEMENTS: Final = {movement.value: movement for movement in Movement}
_READERS: Final[dict[str, tuple[str, Callable[[Mapping[str, Any]], object]]]] = {
    Resource.SWITCH.value: ("is_on", _binary),
    Resource.QUIET_MODE.value: ("quiet", _binary),
    Resource.MOVEMENT.value: ("movement", _movement),
    Resource.OPEN_LEVEL.value: ("position", _open_level),
    Resource.CALIBRATION.value: ("calibration", _calibration),
    Resource.SD_CARD.value: ("sd_card", _sd_card),
    Resource.LAST_EVENT.value: ("last_event", _last_event),
}
_DOCUMENTED_RESOURCES: Final = SILENT_RESOURCES | _READERS.keys()

# --- what we ask ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    """One request: what to ask of the cloud, before it has a number."""

    method: str
    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    device_id: str | None = None
    """The device that is acted upon; None for requests about the account."""
    slider: bool = False
    """Whether only the last of several in quick succession counts."""

    def frame(self, number: int) -> Frame:
        """Build the frame that carries this command under ``number``."""
        return {
            "method": self.method,
            "path": self.path,
            "parameters": self.parameters,
            "id": number,
        }


GET_ACCOUNT = Command("GET", "/user")
LIST_DEVICES = Command("GET", "/device")
LIST_ROOMS = Command("GET", "/room")
LOGOUT = Command("POST", "/session/logout")


def read_states(device_ids: Sequence[str]) -> Command:
    """Ask for the states of some devices; never of none (§6.3)."""
    return Command("POST", "/device/states", {"devices": list(device_ids)})


def move_shutter(device_id: str, movement: Movement) -> Command:
    """Run a shutter in a direction, or stop it."""
    return _action(device_id, "mvtlinear", {"movement": movement.value})


def set_open_level(device_id: str, level: int) -> Command:
    """Move a shutter to ``level`` percent open, 0–100."""
    return replace(_action(device_id, "openlevel", {"openLevel": level}), slider=True)


def set_switch(device_id: str, on: bool) -> Command:
    """Switch a light switch or plug; the wire wants an integer."""
    return _action(device_id, "switch", {"value": int(on)})


def set_quiet_mode(device_id: str, on: bool) -> Command:
    """Set the quiet mode of a light switch or plug."""
    return _action(device_id, "quietmode", {"value": int(on)})


def _action(device_id: str, href: str, parameters: Mapping[str, Any]) -> Command:
    return Command(
        "POST", f"/device/{quote(device_id, safe='')}/action/{href}", parameters, device_id
    )


def websocket_query(parameters: Mapping[str, str]) -> str:
    """Encode what is put behind the websocket address (§3.5).

    Percent-encoded UTF-8, blanks as ``%20``; the colon of a token stays as it is.
    """
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe=':')}" for name, value in parameters.items()
    )
