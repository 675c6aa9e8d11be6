"""One home seen from both sides: the vendor's, and Home Assistant's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from .api import Api, Json, Socket
from .errors import DemoError
from .states import FOLLOW_LIMIT_S, UNAVAILABLE, Condition, State, States

POLL_S = 0.1
FIX = "/api/repairs/issues/fix"


class Control(Protocol):
    """The hand at the vendor's side: one operation of the simulator's control address."""

    async def __call__(self, op: str, *, through: str = "control_url", **members: object) -> Any:
        """Do something and return what it gives; raises DemoError when refused.

        ``through`` names the control address among those that the simulator told.
        """


class House:
    """What scenarios use: act at one side, wait for the other."""

    def __init__(
        self,
        domain: str,
        control: Control,
        describe: Callable[..., Awaitable[Json]],
        socket: Socket,
        states: States,
        api: Api | None = None,
        *,
        announced: bool = False,
    ) -> None:
        """Look at the home of a component; call ``look`` before anything else."""
        self.control = control
        self.describe = describe
        """Tells what the simulator says about itself and its devices; another address can be given."""
        self.states = states
        self.announced = announced
        """Whether Home Assistant hears what the vendor's side announces."""
        self._domain = domain
        self._socket = socket
        self._api = api
        self.registered: Sequence[Json] = ()
        """Registry entries of the component's entities."""
        self.entities: Mapping[str, Json] = {}
        """The same by unique id; of those on several platforms that share one, the last."""
        self.devices: Mapping[str, Json] = {}
        """Registry entries of devices by registry id."""

    async def look(self) -> None:
        """Read the registries anew."""
        devices = await self._socket.call("config/device_registry/list")
        entities = await self._socket.call("config/entity_registry/list")
        self.devices = {device["id"]: device for device in devices}
        self.registered = [entity for entity in entities if entity["platform"] == self._domain]
        self.entities = {entity["unique_id"]: entity for entity in self.registered}

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
        return self.shown(self.entity_id(unique_id))

    def shown(self, entity_id: str) -> State:
        """Return the present state of an entity by its entity id.

        Raises DemoError when it has none.
        """
        if (state := self.states.get(entity_id)) is None:
            raise DemoError(f"{entity_id} has no state")
        return state

    def account(self, key: str) -> str:
        """Return the unique id of an entity of the account."""
        return next(unique_id for unique_id in self.entities if unique_id.endswith(f"-{key}"))

    async def id_of(self, name: str) -> str:
        """Return the id of a device at the vendor's side: the unique id of its main entity."""
        devices = (await self.describe())["devices"]
        return next(str(device["id"]) for device in devices if device["name"] == name)

    def device_of(self, unique_id: str) -> Json:
        """Return the registry entry of the device that an entity belongs to."""
        entity = self.entities[unique_id]
        return self.devices[entity["device_id"]]

    async def act(self, entity_id: str, action: str, **data: object) -> None:
        """Call an action of an entity's platform, or another one by its whole name, as a dashboard does."""
        domain, _, service = action.rpartition(".")
        await self._socket.call(
            "call_service",
            domain=domain or entity_id.partition(".")[0],
            service=service,
            service_data=data,
            target={"entity_id": entity_id},
        )

    async def picture(self, entity_id: str) -> bytes:
        """Fetch what a camera shows now, as its card does."""
        assert self._api is not None
        return await self._api.fetch(f"/api/camera_proxy/{entity_id}")

    async def delete_device(self, device: Json) -> None:
        """Delete a device as a user does on its page.

        Raises DemoError when it is still in use.
        """
        await self._socket.call("config/device_registry/remove", device_id=device["id"])

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

    def check_none_lost(self, start: int, but: Iterable[str] = ()) -> None:
        """Raise DemoError when an entity of this home became unavailable since change number ``start``.

        Those that ought to are named: ``but`` these entity ids.
        """
        own = {entity["entity_id"] for entity in self.registered}.difference(but)
        changes = self.states.changes[start:]
        lost = {s.entity_id for s in changes if s.value == UNAVAILABLE and s.entity_id in own}
        if lost:
            raise DemoError(f"unavailable meanwhile: {', '.join(sorted(lost))}")

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

    async def repair(self, key: str, limit_s: float = FOLLOW_LIMIT_S) -> None:
        """Wait until Home Assistant asks for a repair, and do it as a user would: by a click.

        ``key`` names the text of the issue. Raises DemoError when it is not asked for, or goes on being.
        """
        assert self._api is not None
        issue = await self._issue(key, limit_s)
        about = {"handler": self._domain, "issue_id": issue}
        flow = await self._api.request("POST", FIX, json=about)
        done = await self._api.request("POST", f"{FIX}/{flow['flow_id']}", json={})
        if done["type"] != "create_entry":
            raise DemoError(f"the repair {key} ends with {done['type']}")
        await self._issue(key, limit_s, wanted=False)

    async def _issue(self, key: str, limit_s: float, *, wanted: bool = True) -> str:
        """Wait until a repair issue is there, or gone; returns its id."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    issues = (await self._socket.call("repairs/list_issues"))["issues"]
                    found = [
                        str(issue["issue_id"])
                        for issue in issues
                        if (issue["domain"], issue["translation_key"]) == (self._domain, key)
                    ]
                    if bool(found) is wanted:
                        return found[0] if found else ""
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            what = "asked for" if wanted else "done"
            raise DemoError(f"repair {key} is not {what} in {limit_s:.0f} s") from None
