"""Simulated accessories as tests and programs start them: their addresses, codes and control addresses."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
import random
from typing import Any, Self, override
from uuid import UUID

from custom_components.hap_controller.protocol.crypto import SigningKey

from ..control import (
    Control,
    Controlled,
    Operation,
    check_arguments,
    describe as describe_operation,
)
from .announce import Announcer
from .demo import MODELS, Model
from .description import Json, Key
from .house import House
from .manners import Pace, Rules
from .memory import Controller, Memory
from .operations import describe, describe_all, operations
from .service import Service

DOMAIN = "hap_controller"


class SimulatedAccessory(Service, Controlled):
    """An accessory on loopback: ``async with SimulatedAccessory("bridge") as bridge`` serves until the block ends.

    ``house`` is what lives, ``faults`` and ``rules`` are its switches, ``journal`` and ``wishes`` tell what
    controllers did, ``memory`` is who it is and whom it knows.
    """

    def __init__(
        self,
        model: Model | str = "bridge",
        *,
        name: str | None = None,
        pace: Pace | None = None,
        rules: Rules | None = None,
        memory: Memory | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        announce: bool = False,
    ) -> None:
        """Serve a model, or one of the demo by its name, which nobody has paired unless ``memory`` says so."""
        chosen = model_of(model) if isinstance(model, str) else model
        house = House(chosen.build(), pace)
        super().__init__(house, memory or Memory.fresh(), rules=rules, host=host, port=port)
        self.model = chosen
        self.name = name or chosen.name
        self.overridden: dict[str, str] = {}
        """What is announced other than it is."""
        self._announcer = Announcer(self.name, host) if announce else None
        self.on_announced = self._announce
        self._control = Control(partial(describe, self), operations(self), host)

    @property
    @override
    def control(self) -> Control:
        """The control address, always the same one."""
        return self._control

    @property
    def device_id(self) -> str:
        """Its id, by which it is announced and proves itself."""
        return self.memory.device_id

    @property
    def setup_code(self) -> str:
        """What a person enters to pair."""
        return self.memory.setup_code

    @property
    def setup_payload(self) -> str:
        """What a person scans to pair."""
        return self.memory.setup_payload(self.model.category)

    @property
    def texts(self) -> dict[str, str]:
        """What is announced of it."""
        memory = self.memory
        told = {
            "c#": str(memory.configuration),
            "ff": "0",
            "id": memory.device_id,
            "md": self.model.name,
            "pv": "1.1",
            "s#": "1",
            "sf": str(int(not memory.paired)),
            "ci": str(self.model.category),
            "sh": memory.setup_hash,
        }
        return {name: text for name, text in (told | self.overridden).items() if text != "absent"}

    @override
    async def open(self) -> None:
        """Start to live, to serve and to announce. Raises OSError when the address cannot be had."""
        await super().open()
        if self._announcer is not None:
            try:
                await self._announcer.open(self.port, self.texts)
            except BaseException:
                await self.close()
                raise

    @override
    async def close(self) -> None:
        """Stop at once."""
        if self._announcer is not None:
            await self._announcer.close()
        await super().close()

    def _announce(self) -> None:
        if self._announcer is not None:
            self._announcer.tell(self.port, self.texts)

    @property
    def announced_name(self) -> str | None:
        """Under which name it is announced, None when it is not."""
        return self._announcer.name if self._announcer else None

    # --- shortcuts for tests ----------------------------------------------------------------------

    def admit(self, controller_id: str | None = None, *, admin: bool = True) -> Json:
        """Pair a controller without the handshake; gives its record, as controllers' files have it (§11.1)."""
        key = SigningKey.generate()
        name = controller_id or str(UUID(bytes=random.randbytes(16), version=4))
        self.memory.controllers[name] = Controller(key.public_key, admin)
        return {
            "AccessoryPairingID": self.device_id,
            "AccessoryLTPK": self.memory.signing_key.public_key.hex(),
            "iOSPairingId": name,
            "iOSDeviceLTSK": key.seed.hex(),
            "iOSDeviceLTPK": key.public_key.hex(),
            "AccessoryIP": self.host,
            "AccessoryPort": self.port,
            "Connection": "IP",
        }

    def key(
        self, accessory: str | int | None, characteristic: str, service: str | int | None = None
    ) -> Key:
        """Find aid and iid of a characteristic by the names of the accessory and of its type. Raises LookupError."""
        return self.house.find(accessory, characteristic, service)

    def value(
        self, accessory: str | int | None, characteristic: str, service: str | int | None = None
    ) -> Any:
        """Give a value as it is now. Raises LookupError."""
        return self.house.value(self.key(accessory, characteristic, service))

    def set(
        self,
        accessory: str | int | None,
        characteristic: str,
        value: Any,
        service: str | int | None = None,
    ) -> None:
        """Let a characteristic have a value, whatever it is, and tell it. Raises LookupError."""
        self.house.put(self.key(accessory, characteristic, service), value)

    def operate(
        self,
        accessory: str | int | None,
        characteristic: str,
        value: Any,
        service: str | int | None = None,
    ) -> None:
        """Operate something at the accessory itself: it does what follows. Raises LookupError and Refused."""
        self.house.write(self.key(accessory, characteristic, service), value)

    def press(
        self, accessory: str | int | None, kind: int = 0, service: str | int | None = None
    ) -> None:
        """Press a button or ring a bell: 0 once, 1 twice, 2 long. Raises LookupError."""
        self.house.tell(self.key(accessory, "Programmable Switch Event", service), kind)

    async def settle(self) -> None:
        """Wait until nothing is on its way any more."""
        await self.house.settle()

    def card(self) -> Json:
        """Give all that a controller needs."""
        return {
            "name": self.name,
            "host": self.host,
            "port": self.port,
            "device_id": self.device_id,
            "setup_code": self.setup_code,
            "setup_payload": self.setup_payload,
            "category": self.model.category,
            "accessories": len(self.house.accessories),
            "control_url": self.control_url,
        }


class SimulatedAccessories:
    """Several accessories, each at its address, and one control address for all beside their own.

    ``accessories["lamp"]`` finds one by the name of its model, its own name or its id.
    """

    def __init__(self, accessories: Mapping[str, SimulatedAccessory]) -> None:
        """Serve these, by their short names."""
        self.accessories = dict(accessories)
        host = next(iter(self.accessories.values())).host
        self.control = Control(partial(describe_all, self.accessories), self._operations(), host)
        self._stack = AsyncExitStack()

    def __getitem__(self, name: str) -> SimulatedAccessory:
        """Find one. Raises LookupError."""
        for short, accessory in self.accessories.items():
            if name in {short, accessory.name, accessory.device_id}:
                return accessory
        known = ", ".join(self.accessories)
        raise LookupError(f"there is no accessory {name!r}; there are: {known}")

    @property
    def control_url(self) -> str:
        """Address of the hand operations for all of them."""
        return self.control.url

    async def __aenter__(self) -> Self:
        """Start to serve. Raises OSError when an address cannot be had."""
        async with AsyncExitStack() as stack:
            try:
                # At once: each is silent for a second before it announces itself.
                async with asyncio.TaskGroup() as group:
                    for accessory in self.accessories.values():
                        group.create_task(stack.enter_async_context(accessory))
            except ExceptionGroup as err:
                raise err.exceptions[0] from err
            await self.control.listener.open()
            stack.push_async_callback(self.control.listener.close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once."""
        await self._stack.aclose()

    def _operations(self) -> Mapping[str, Operation]:
        """Offer every operation of the accessories, with the one it is for named."""
        every = {
            name: run
            for each in self.accessories.values()
            for name, run in operations(each).items()
        }
        return {
            name: self._routed(name, describe_operation(run)["about"])
            for name, run in every.items()
        }

    def _routed(self, name: str, about: str) -> Operation:
        def routed(at: str, **members: object) -> object:
            operation = operations(self[at])[name]
            check_arguments(operation, members)
            return operation(**members)

        routed.__doc__ = about
        return routed

    def card(self) -> Json:
        """Give all that controllers need, as the line on standard output tells it."""
        return {
            "domain": DOMAIN,
            "accessories": [accessory.card() for accessory in self.accessories.values()],
            "announced": all(each.announced_name for each in self.accessories.values()),
            "control_url": self.control_url,
        }


def model_of(name: str) -> Model:
    """Find one of the demo's models. Raises LookupError."""
    try:
        return MODELS[name]
    except KeyError:
        raise LookupError(f"there is no {name!r}; there are: {', '.join(MODELS)}") from None


def memories(names: Iterable[str], folder: Path | None, seed: int | None) -> dict[str, Memory]:
    """Give each accessory its memory: of a file in a folder, or by a seed the same each time.

    Raises OSError and ValueError when a file cannot be read.
    """
    found = {}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        chance = None if seed is None else random.Random(f"{seed} {name}")
        if folder is None:
            found[name] = Memory.fresh(chance)
        else:
            found[name] = Memory.load(folder / f"{name}.json", chance)
    return found
