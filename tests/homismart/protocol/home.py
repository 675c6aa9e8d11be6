"""The fixture account of the vectors, in the vendor's words."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from custom_components.homismart.protocol import Credentials
from tests.common import load_vectors

type Json = dict[str, Any]

HUB, GARDEN_HUB = "007A5C11D20E94", "007A5C11D20E95"
LIGHT = "02664110009301"
SOCKET = "01664110009302"
CURTAIN = "05664110009303"
SHUTTER = "04664110009304"
DOOR = "09664110009305"
STAIRS = "06664110009306"
DESK = "07664110009307"
BOILER = "08664110009308"
SHARED = "02664110009309"
ODD = "03664110009310"
GATE = "02664110009311"
"""The light of the hub that is off line."""

ACCOUNT: Mapping[str, Any] = load_vectors("homismart", "devices")
USERNAME, PASSWORD, DIGEST = (
    ACCOUNT["username"],
    ACCOUNT["password"],
    ACCOUNT["password_md5"],
)
CREDENTIALS = Credentials(USERNAME, DIGEST)
MORNING = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
"""When the home's clock starts; the vectors switch things on at this local time."""
MORNING_MS = 1_775_030_400_000


def objects() -> list[Json]:
    """Give the objects of the account, to be changed at will."""
    found: list[Json] = deepcopy(ACCOUNT["devices"])
    return found


def thing(device_id: str, /, **members: object) -> Json:
    """Give one object of the account, with some members changed."""
    return {**next(each for each in objects() if each["id"] == device_id), **members}


def lamp(device_id: str, /, **members: object) -> Json:
    """Build a light switch that the account does not have."""
    return {**thing(LIGHT), "id": device_id, "deviceId": device_id, **members}


def without_times(body: object) -> object:
    """Take out what a client fills in from its clock."""
    if isinstance(body, dict):
        return {name: value for name, value in body.items() if name not in {"updateTime", "lastOn"}}
    return body
