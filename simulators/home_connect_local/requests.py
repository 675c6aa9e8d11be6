"""Strict reading of what clients send.

Source: docs/home_connect_local/wire.md §6.1, §6.2, §7.1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import strict_json
from ..refusal import Refusal, listed
from .codes import Code, Refused
from .profile import Json, decode_key

_ACTIONS = {"GET", "POST", "RESPONSE", "NOTIFY"}
_REQUIRED = {"sID", "msgID", "resource", "version", "action"}
_ALLOWED = _REQUIRED | {"data", "code"}
_COUNTER = 1 << 32
_NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a client."""

    session_id: int
    message_id: int
    resource: str
    version: int
    action: str
    data: tuple[Json, ...] = ()
    code: int | None = None

    @property
    def service(self) -> str:
        """The first segment of the resource."""
        return self.resource.split("/")[1]


def read_message(text: str) -> Message:
    """Read a message. Raises Refusal."""
    try:
        body = strict_json.loads(text)
    except ValueError as err:
        raise Refusal(f"no JSON: {err}") from err
    if not isinstance(body, dict):
        raise Refusal("a message is an object")
    if missing := _REQUIRED - body.keys():
        raise Refusal(f"a message without {listed(missing)}")
    if strange := body.keys() - _ALLOWED:
        raise Refusal(f"a message with {listed(strange)}")
    for name in ("sID", "msgID", "version"):
        if type(body[name]) is not int or not 0 <= body[name] < _COUNTER:
            raise Refusal(f"{name} is a number of 32 bits")
    resource, action = body["resource"], body["action"]
    if not isinstance(resource, str) or not resource.startswith("/") or resource.count("/") < 2:
        raise Refusal("a resource is a path of two segments")
    if action not in _ACTIONS:
        raise Refusal(f"action is one of {listed(_ACTIONS)}")
    data = body.get("data", [])
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise Refusal("data is a list of objects")
    if "data" in body and not data:
        raise Refusal("data is absent when there is none")
    return Message(
        body["sID"], body["msgID"], resource, body["version"], action, tuple(data), body.get("code")
    )


def read_greeting(message: Message, version: int) -> tuple[str, str]:
    """Read the answer to the first message; gives the name and id of the client. Raises Refusal."""
    if len(message.data) != 1:
        raise Refusal("the answer to the first message has one item")
    item = message.data[0]
    if item.keys() != {"deviceType", "deviceName", "deviceID"}:
        raise Refusal("the client tells deviceType, deviceName and deviceID")
    kind = 2 if version == 1 else "Application"
    if item["deviceType"] != kind or type(item["deviceType"]) is not type(kind):
        raise Refusal(f"deviceType is {kind!r} in version {version}")
    for name in ("deviceName", "deviceID"):
        if not isinstance(item[name], str) or not item[name]:
            raise Refusal(f"{name} is a text")
    return item["deviceName"], item["deviceID"]


def read_nonce(message: Message) -> None:
    """Check what an authentication brings along. Raises Refusal."""
    nonce = message.data[0].get("nonce") if len(message.data) == 1 else None
    try:
        bytes_ = decode_key(nonce) if isinstance(nonce, str) and "=" not in nonce else b""
    except ValueError:
        bytes_ = b""
    if len(bytes_) != _NONCE_BYTES:
        raise Refusal("nonce is 32 bytes in base64url without padding")


def read_uids(message: Message) -> list[int]:
    """Read which values are asked for. Raises Refused."""
    uids = [item.get("uid") for item in message.data]
    if not uids or not all(type(uid) is int for uid in uids):
        raise Refused(Code.BAD_REQUEST)
    return [uid for uid in uids if type(uid) is int]


def read_items(items: Iterable[Mapping[str, Any]]) -> list[tuple[int, Any]]:
    """Read pairs of uid and value, the uid in front (§6.1). Raises Refused."""
    read: list[tuple[int, Any]] = []
    for item in items:
        if not isinstance(item, dict) or list(item) != ["uid", "value"]:
            raise Refused(Code.BAD_REQUEST)
        if type(item["uid"]) is not int:
            raise Refused(Code.INVALID_FORMAT)
        read.append((item["uid"], item["value"]))
    return read


def read_program(message: Message) -> tuple[int, list[tuple[int, Any]]]:
    """Read a program and its options. Raises Refused."""
    item = message.data[0] if len(message.data) == 1 else {}
    if not {"program"} <= item.keys() <= {"program", "options"}:
        raise Refused(Code.BAD_REQUEST)
    options = item.get("options", [])
    if type(item["program"]) is not int or not isinstance(options, list):
        raise Refused(Code.INVALID_FORMAT)
    return item["program"], read_items(options)


def misplaced(message: Message) -> bool:
    """Tell whether an item has its uid, or program, elsewhere than in front."""
    items = [*message.data]
    for item in message.data:
        options = item.get("options")
        items += (
            [option for option in options if isinstance(option, dict)]
            if isinstance(options, list)
            else []
        )
    return any(
        name in item and next(iter(item)) != name for item in items for name in ("uid", "program")
    )
