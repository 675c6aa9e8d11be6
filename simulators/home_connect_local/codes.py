"""Result codes that the simulated appliances give, and the refusal that carries one.

Numbers are those of the mapping files' error descriptions. Source: docs/home_connect_local/wire.md §8.
"""

from enum import IntEnum


class Code(IntEnum):
    """Why a request is refused."""

    BAD_REQUEST = 400
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    UNKNOWN_UID = 512
    NO_ACCESS = 518
    NO_ACCESS_BY_LIST = 521
    NOT_AVAILABLE = 524
    NOT_AVAILABLE_READ = 526
    NOT_AVAILABLE_BY_LIST = 527
    NO_EXECUTION = 530
    OUT_OF_RANGE = 531
    INVALID_UID = 532
    INCOMPLETE = 533
    INCONSISTENT = 534
    COMMAND_VIOLATION = 535
    INVALID_FORMAT = 536
    REMOTE_CONTROL_OFF = 537
    REMOTE_START_OFF = 538
    LOCAL_CONTROL = 539
    DEVICE_STATE = 540
    PROCESS_STATE = 541
    BACKEND = 542


# Each of these has a form for writing and one for reading, the next two numbers.
VARIED = {
    Code.UNKNOWN_UID,
    Code.NO_ACCESS,
    Code.NO_ACCESS_BY_LIST,
    Code.NOT_AVAILABLE,
    Code.NOT_AVAILABLE_BY_LIST,
}


class Refused(Exception):
    """A request is not carried out; ``code`` says why."""

    def __init__(self, code: int) -> None:
        """Refuse with a code."""
        super().__init__(f"refused with {int(code)}")
        self.code = int(code)
