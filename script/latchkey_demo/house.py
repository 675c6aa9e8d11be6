"""One home seen from both sides: the vendor's, and Home Assistant's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from .api import Json, Socket
from .errors import DemoError
from .states import FOLLOW_LIMIT_S, Condition, State, States

POLL_S = 0.1


class Control(Protocol):
    """The hand at the vendor's side: one operation of the simulator's control address."""

    async def __call__(self, op: str, **members: object) -> Any:
        """Do something and return what it gives; raises DemoError when refused."""


class House:
    """What scenarios use: act at one side, wait for the other."""

    def __init__(
        self,
        domain: str,
        control: Control,
        describe: Callable[[], Awaitable[Json]],
        socket: Socket,
        states: States,
    ) -> None:
        """Look at the home of a component; call ``look`` before anything else."""
        self.control = control
        self.describe = describe
        """Tells what the simulator says about itself and its devices."""
        self.states = states
        self._domain = domain
        self._socket = socket
        self.entities: Mapping[str, Json] = {}
        """Registry entries of the component's entities by unique id."""
        self.devices: Mapping[str, Json] = {}
        """Registry entries of devices by registry id."""

    async def look(self) -> None:
        """Read the registries anew."""
        devices = await self._socket.call("config/device_registry/list")
        entities = await self._socket.call("config/entity_registry/list")
        self.devices = {device["id"]: device for device in devices}
        self.entities = {
            entity["unique_id"]: entity for entity in entities if entity["platform"] == self._domain
        }

    def entity_id(self, unique_id: str) -> str:
        """Return the entity id behind a unique id.

        Raises DemoError when there is no such entity.
        """
        if (entity := self.entities.get(unique_id)) is None:
            raise DemoError(f"no entity with the unique id {unique_id}")
        return str(entity["entity_id"])

    def state(self, unique_id: str) -> State:
        """Return the present state of an entity.

        Raises DemoError when it has none.
        """
        if (state := self.states.get(self.entity_id(unique_id))) is None:
            raise DemoError(f"{self.entity_id(unique_id)} has no state")
        return state

    def device_of(self, unique_id: str) -> Json:
        """Return the registry entry of the device that an entity belongs to."""
        entity = self.entities[unique_id]
        return self.devices[entity["device_id"]]

    async def act(self, entity_id: str, action: str, **data: object) -> None:
        """Call an action of an entity's platform, as a dashboard does."""
        await self._socket.call(
            "call_service",
            domain=entity_id.partition(".")[0],
            service=action,
            service_data=data,
            target={"entity_id": entity_id},
        )

    async def until(
        self,
        unique_id: str,
        value: str | None = None,
        limit_s: float | None = None,
        **attributes: object,
    ) -> State:
        """Wait until an entity shows a value, attributes, or both.

        Raises DemoError when that takes too long.
        """

        def met(state: State) -> bool:
            return (value is None or state.value == value) and all(
                state.attributes.get(name) == wanted for name, wanted in attributes.items()
            )

        wanted = ", ".join([value or "", *(f"{k} {v}" for k, v in attributes.items())]).strip(", ")
        return await self.states.until(self.entity_id(unique_id), met, wanted, limit_s)

    async def until_state(self, unique_id: str, met: Condition, wanted: str) -> State:
        """Wait until the state of an entity meets a condition.

        Raises DemoError, telling what was ``wanted``, when that takes too long.
        """
        return await self.states.until(self.entity_id(unique_id), met, wanted)

    async def until_registered(
        self, met: Callable[[], bool], wanted: str, limit_s: float = FOLLOW_LIMIT_S
    ) -> None:
        """Wait until something holds for the registries.

        Raises DemoError, telling what was ``wanted``, when that takes too long.
        """
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    await self.look()
                    if met():
                        return
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise DemoError(f"not {wanted} in {limit_s:.0f} s") from None
