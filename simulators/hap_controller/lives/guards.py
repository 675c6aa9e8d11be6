"""What guards a house: locks and alarms."""

from functools import partial
from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)

from ..life import Life

UNSECURED, SECURED, JAMMED, UNKNOWN = range(4)
STAY, AWAY, NIGHT, DISARMED, TRIGGERED = range(5)

# What the last action was (§ catalogue: Lock Last Known Action).
_INSIDE, _REMOTE, _BY_TIMEOUT = 0, 6, 8


class Lock(Life):
    """A lock: the bolt moves first and is told then, and may get stuck."""

    jammed = False

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Move the bolt."""
        if uuid == C.LOCK_TARGET_STATE:
            self._move(value, _REMOTE)

    def turn(self, locked: bool) -> None:
        """Lock or unlock with the key."""
        target = SECURED if locked else UNSECURED
        self.put(C.LOCK_TARGET_STATE, target)
        self.jammed = False
        self.call_off()
        self._arrive(target, _INSIDE)

    def jam(self, jammed: bool) -> None:
        """Let the bolt get stuck the next time it moves, and at once if it moves; or free it."""
        self.jammed = jammed
        if not jammed and self.get(C.LOCK_CURRENT_STATE) == JAMMED:
            self._move(int(self.get(C.LOCK_TARGET_STATE)), _REMOTE)

    def _move(self, target: int, action: int) -> None:
        self.call_off()
        if self.get(C.LOCK_CURRENT_STATE) != target:
            self.after(self.house.pace.lock_s, partial(self._arrive, target, action))

    def _arrive(self, target: int, action: int) -> None:
        if self.jammed:
            self.put(C.LOCK_CURRENT_STATE, JAMMED)
            return
        self.put(C.LOCK_CURRENT_STATE, target)
        for management in self.siblings(S.LOCK_MANAGEMENT):
            management.put(C.LOCK_LAST_KNOWN_ACTION, action + (target == UNSECURED))
            timeout = management.get(C.LOCK_MANAGEMENT_AUTO_SECURITY_TIMEOUT, 0)
            if timeout and target == UNSECURED:
                self.after(timeout, self._secure)

    def _secure(self) -> None:
        """Lock by itself, since nobody did."""
        self.put(C.LOCK_TARGET_STATE, SECURED)
        self._arrive(SECURED, _BY_TIMEOUT)


class LockManagement(Life):
    """The settings of a lock."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Take commands to the control point without acting on them: they are the vendor's."""


class Alarm(Life):
    """An alarm system, armed at once or after everybody has left."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Arm or disarm."""
        if uuid == C.SECURITY_SYSTEM_TARGET_STATE:
            self.arm(value)

    def arm(self, target: int) -> None:
        """Arm or disarm, at its panel or on request."""
        self.call_off()
        self.put(C.SECURITY_SYSTEM_TARGET_STATE, target)
        arrive = partial(self.put, C.SECURITY_SYSTEM_CURRENT_STATE, target)
        if target == AWAY:
            self.after(self.house.pace.exit_s, arrive)
        else:
            arrive()
        if target == DISARMED:
            self.put(C.SECURITY_SYSTEM_ALARM_TYPE, 0)

    def trigger(self) -> None:
        """Break in."""
        if self.get(C.SECURITY_SYSTEM_CURRENT_STATE) == DISARMED:
            raise ValueError("the alarm is not armed")
        self.call_off()
        self.put(C.SECURITY_SYSTEM_ALARM_TYPE, 1)
        self.put(C.SECURITY_SYSTEM_CURRENT_STATE, TRIGGERED)
