"""How accessories differ, and how quick they are; all of it may be changed while they run."""

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """How quick accessories are."""

    speed: float = 1.0
    """All times below are divided by this."""
    report_s: float = 1.0
    """Between two reports of what moves or changes slowly."""
    event_s: float = 1.0
    """Between two messages of events to one controller (§9)."""
    travel_s: float = 20.0
    """A cover, window or door from one end to the other."""
    tilt_s: float = 3.0
    """Slats from one end to the other."""
    garage_s: float = 12.0
    lock_s: float = 1.5
    """The bolt of a lock."""
    exit_s: float = 30.0
    """Until an alarm is armed for everybody being away; otherwise it is at once."""
    degree_s: float = 60.0
    """A room, for one degree, or one percent of humidity."""
    wake_s: float = 1.0
    """Until something that was switched on works."""

    def lasting(self, seconds: float) -> float:
        """Give how long something lasts at this speed."""
        return seconds / self.speed


@dataclass(slots=True)
class Rules:
    """How an accessory conducts itself towards controllers, for as long as they stand."""

    max_sessions: int = 16
    """Further connections are told 503 (§12.4)."""
    max_pairings: int = 16
    answer_s: float = 0.0
    """How long every answer takes."""
    picky: bool = False
    """Whether requests that are not laid out exactly as phones do are refused (§6.1: tado, Ecobee)."""
    one_read: bool = False
    """Whether a request that does not come in one piece ends the connection (§6.1: Leviton)."""
    one_aid: bool = False
    """Whether a request to write or subscribe must be about one accessory only (§9)."""
    max_ids: int = 0
    """More in one request are too much; 0 for no limit (§7.2)."""
    max_request_bytes: int = 0
    """More in one request, head included, are too much; 0 for no limit."""
    too_much: str = "status"
    """What becomes of too much: ``status`` −70407 for the whole, ``close``, ``reset`` or ``silence``."""
    push: str = "all"
    """``all``; ``refused``: subscriptions are; ``mute``: they are not, but nothing is ever told."""
    number_booleans: bool = False
    """Whether truth values are told as 1 and 0."""
    positive_statuses: bool = False
    """Whether statuses are told without their sign (§6.6: myQ)."""
    json: str = "compact"
    """How JSON is written: ``compact``, ``spaces``, ``pretty`` or ``commas`` in front of brackets."""
    http: str = "usual"
    """How heads are written: ``usual``, ``lower`` case, ``bare`` without a reason, or ``chunked``."""
