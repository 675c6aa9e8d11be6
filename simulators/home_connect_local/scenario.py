"""A scene from the life of an appliance, as its seed tells it: what it says, and what it waits for."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .profile import Json
from .requests import Message

_JSON_TYPES = {"integer": int, "number": float, "string": str, "boolean": bool}


class Stage(Protocol):
    """What a scenario is played on."""

    @property
    def appliance(self) -> Any:
        """The appliance that speaks."""

    async def vanish(self, code: int) -> None:
        """Close every connection, then refuse new ones."""

    async def link_restored(self) -> None:
        """Take clients again."""

    def close_sessions(self, code: int = 1001) -> None:
        """Close every connection."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a scenario answers a request."""

    code: int | None = None
    act: bool = False
    """Whether the appliance answers as it always does."""
    edit: str = ""
    """How the text of the answer is altered."""


class Scenario:
    """One scene, step by step."""

    def __init__(self, name: str, steps: Sequence[Json], stage: Stage, pause_s: float) -> None:
        """Play ``steps``, with a pause before each."""
        self.name = name
        self.done = asyncio.Event()
        self._steps = steps
        self._stage = stage
        self._pause_s = pause_s
        self._expected: Json | None = None
        self._left = 0
        self._met = asyncio.Event()
        self._stopped = False

    @property
    def waits_for(self) -> Json | None:
        """The request that it waits for; None when there is none."""
        step = self._expected
        return step["expect"] if step else None

    def stop(self) -> None:
        """Break off."""
        self._stopped = True
        self._expected = None
        self._met.set()

    async def run(self) -> None:
        """Play to the end."""
        try:
            for number, step in enumerate(self._steps):
                await asyncio.sleep(self._pause_s)
                if self._stopped:
                    return
                await self._play(step, self._steps[number + 1 : number + 2])
        finally:
            self.done.set()

    async def _play(self, step: Json, following: Sequence[Json]) -> None:
        match step:
            case {"expect": _}:
                self._left = step.get("times", 1)
                self._met.clear()
                self._expected = step
                await self._met.wait()
            case {"close": code}:
                if following and "refuse_connections_s" in following[0]:
                    await self._stage.vanish(code)
                else:
                    self._stage.close_sessions(code)
            case {"refuse_connections_s": seconds}:
                await asyncio.sleep(seconds / self._stage.appliance.pace.speed)
                await self._stage.link_restored()
            case {"resource": "/ro/descriptionChange", "data": data}:
                self._stage.appliance.deviate(data, again=True)
            case {"resource": "/ro/values", "data": data}:
                values = {item["uid"]: item["value"] for item in data}
                self._stage.appliance.tell_values(values, again=True)
            case {"resource": resource, "data": data}:
                self._stage.appliance.notify(resource, data)

    def take(self, message: Message) -> Reply | None:
        """Answer a request if it is the one waited for; None when it is not."""
        step = self._expected
        if step is None:
            return None
        wanted = step["expect"]
        if (message.action, message.resource) != (wanted["action"], wanted["resource"]):
            return None
        if not _matches(message, wanted):
            return Reply(step["else_code"]) if "else_code" in step else None
        self._left -= 1
        if not self._left:
            self._expected = None
            self._met.set()
        if "reply_text_edit" in step:
            return Reply(act=True, edit=step["reply_text_edit"])
        if step.get("reply") == "default":
            return Reply(act=True)
        return Reply(step.get("reply_code"))


def _matches(message: Message, wanted: Mapping[str, Any]) -> bool:
    """Tell whether the details of a request are those waited for."""
    item = message.data[0] if message.data else {}
    uids = [part.get("uid") for part in message.data]
    options = {
        option.get("uid"): option.get("value")
        for option in item.get("options", ())
        if isinstance(option, dict)
    }
    for name, value in wanted.items():
        match name:
            case "program" if item.get("program") != value:
                return False
            case "option" if options.get(value["uid"], ...) != value["value"]:
                return False
            case "all_options" if not set(value) <= options.keys():
                return False
            case "uid" | "value" if item.get(name) != value:
                return False
            case "uids" if not set(value) <= set(uids):
                return False
            case "json_type" if type(item.get("value")) is not _JSON_TYPES[value]:
                return False
            case _:
                continue
    return True
