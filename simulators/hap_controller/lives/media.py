"""Televisions and their speakers."""

from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)

from ..description import Characteristic
from ..life import INVALID, Life, Refused

PLAYING, PAUSED, STOPPED = range(3)
_PLAY_PAUSE = 11
_VOLUME_STEP = 5


class Television(Life):
    """A television: what plays on it follows the remote control."""

    def __init__(self, *arguments: Any) -> None:
        """Begin without any key pressed."""
        super().__init__(*arguments)
        self.keys: list[int] = []
        """Which keys were pressed, oldest first."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Do what was asked for."""
        if uuid == C.REMOTE_KEY:
            self.keys.append(value)
            if value == _PLAY_PAUSE and self.get(C.ACTIVE):
                playing = self.get(C.CURRENT_MEDIA_STATE) == PLAYING
                self._play(PAUSED if playing else PLAYING)
        elif uuid == C.TARGET_MEDIA_STATE:
            self._play(value)
        elif uuid == C.ACTIVE:
            self.call_off()
            if value:
                self.after(self.house.pace.wake_s, self._wake)
            else:
                self.put(C.CURRENT_MEDIA_STATE, STOPPED)

    @override
    def judge(self, uuid: str, value: Any) -> None:
        """Refuse inputs that there are not."""
        if uuid == C.ACTIVE_IDENTIFIER:
            known = {each.get(C.IDENTIFIER) for each in self.siblings(S.INPUT_SOURCE)}
            if known and value not in known:
                raise Refused(INVALID)

    def _wake(self) -> None:
        self.put(C.CURRENT_MEDIA_STATE, PLAYING)

    def _play(self, state: int) -> None:
        self.put(C.TARGET_MEDIA_STATE, state)
        self.put(C.CURRENT_MEDIA_STATE, state)


class Speaker(Life):
    """A speaker with buttons for louder and softer."""

    @override
    def write(self, each: Characteristic, value: Any, source: object | None) -> Any:
        """Take a value; one of the buttons changes the volume."""
        told = super().write(each, value, source)
        if each.type == C.VOLUME_SELECTOR and self.has(C.VOLUME):
            step = -_VOLUME_STEP if value else _VOLUME_STEP
            self.put(C.VOLUME, max(0, min(100, int(self.get(C.VOLUME, 0)) + step)))
        return told
