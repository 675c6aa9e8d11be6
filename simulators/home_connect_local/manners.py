"""How appliances differ, and how quick they are; all of it may be changed while they run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .profile import GENERATIONS, Profile

# Types whose programs start without a button having been pressed first (§10.5).
_WITHOUT_REMOTE_START = {"Hood", "CoffeeMaker", "Hob", "Cooktop", "AirConditioner", "CleaningRobot"}
_LEAVING = {"Washer", "Dryer", "WasherDryer"}
_LOCKING = {"Washer", "WasherDryer"}
_PAUSING = {"Dishwasher", "Dryer", "Microwave"}
_HOBS = {"Hob", "Cooktop"}


@dataclass(slots=True)
class Pace:
    """How quick an appliance is."""

    speed: float = 1.0
    """All times below, and those of programs, are divided by this."""
    reaction_s: float = 0.1
    """From an accepted request until it takes effect and is told."""
    report_s: float = 60.0
    """Interval of what a running program tells about its time; shorter for short programs."""
    finished_s: float = 120.0
    """How long a program stays finished unless the door is opened."""
    aborting_s: float = 2.0
    door_alarm_s: float = 60.0
    """How long a door of a fridge may stand open."""
    window_s: float = 30.0
    """How long a dryer that is started by uid 256 may be (§10.6)."""


@dataclass(slots=True)
class Character:
    """What an appliance does differently from others."""

    needs_remote_start: bool = True
    """Whether programs start only after the button for it was pressed."""
    leaves_network: bool = False
    """Whether it closes its links and cannot be reached while it is switched off."""
    locks_door: bool = False
    """Whether its door cannot be opened while a program runs."""
    pauses_at_door: bool = False
    """Whether an open door pauses its program."""
    starts_by_selecting: bool = False
    """Whether a program is started by selecting it, as hobs do."""
    starts_by_value: bool = False
    """Whether a program is started by writing uid 256 through /ro/values only, as some dryers do."""
    zero_is_unknown: bool = False
    """Whether program 0 gets the code of an unknown uid, as from hobs in the USA."""
    remaining_stays: bool = False
    """Whether the remaining time stays at its last value after the end (§11)."""
    tells_programs: bool = False
    """Whether /ro/selectedProgram and /ro/activeProgram are notified beside the values (§10.8)."""
    strict_numbers: bool = False
    """Whether everything that an integer holds is refused when written as 4.0."""
    varied_codes: bool = False
    """Whether refusals say by their code whether it was reading or writing."""
    window_open: bool = False
    """Whether uid 256 can be written at the moment, of one that starts by value."""

    @classmethod
    def of(cls, kind: str) -> Character:
        """Give the character of a type of appliances."""
        return cls(
            needs_remote_start=kind not in _WITHOUT_REMOTE_START,
            leaves_network=kind in _LEAVING,
            locks_door=kind in _LOCKING,
            pauses_at_door=kind in _PAUSING,
            starts_by_selecting=kind in _HOBS,
            zero_is_unknown=kind in _HOBS,
        )


@dataclass(slots=True)
class Rules:
    """How an appliance conducts sessions."""

    services: Mapping[str, int] = field(default_factory=dict)
    initial_version: int = 2
    """Version of the first message."""
    session_id: int | None = None
    """``sID`` of the next sessions; any when None."""
    message_id: int | None = None
    """Where the appliance's own ``msgID`` begins; anywhere when None."""
    client_message_id: int | None = None
    """``edMsgID``, where the client's shall begin; anywhere when None."""
    slots: int = 4
    """How many sessions there can be; more get HTTP 404 (§5.1)."""
    dead_slot_s: float = 60.0
    """How long a session that ended without a closing frame keeps its slot."""
    duplicate: str = "new"
    """Which of two sessions of one ``deviceID`` is ended: ``new`` or ``old``."""
    off_code: int = 1001
    """The closing code when the appliance leaves the network."""
    answer_s: float = 0.0
    """How long every answer takes; requests wait for the one before."""
    omits_empty: bool = False
    """Whether an answer without items has no ``data`` instead of an empty list."""
    needs_authentication: bool = True
    """Whether /ro answers only after /ci/authentication, where ``ci`` is below 3."""

    @classmethod
    def of(cls, profile: Profile) -> Rules:
        """Give the rules an appliance follows by its seed."""
        services = dict(profile.seed.services)
        return cls(services, 1 if services.get("ei") == 1 else 2)

    def be_of(self, generation: str) -> None:
        """Speak as appliances of a generation do: ``old``, ``middle`` or ``current`` (§7.2)."""
        if generation not in GENERATIONS:
            raise ValueError(f"generation is one of {', '.join(GENERATIONS)}")
        self.services = dict(GENERATIONS[generation])
        self.initial_version = self.services["ei"]
