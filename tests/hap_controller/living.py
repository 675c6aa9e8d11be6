"""Hand-made descriptions of accessories that come to life: each is served on loopback, and what it is asked is noted.

A description is the JSON of an accessory server, or shorter: types may be names of the catalogue (``"LIGHTBULB"``,
``"ON"``); iids that are missing are numbered; formats, permissions and limits that are missing are those of the
catalogue, and a limit that is ``null`` is left out.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
import json
from pathlib import Path
from typing import Any, Self, override

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import (
    CharacteristicUuid,
    ConnectionKind,
    PairingRecord,
    ServiceUuid,
    StatusError,
)
from custom_components.hap_controller.protocol.accessory import Accessory, Characteristic, Metadata
from custom_components.hap_controller.protocol.accessory.endpoints import Endpoints
from custom_components.hap_controller.protocol.accessory.session import Session
from custom_components.hap_controller.protocol.const import ContentType, HapStatus
from custom_components.hap_controller.protocol.http import Request, Response
from custom_components.hap_controller.protocol.messages import Key, parse_write_body
from custom_components.hap_controller.protocol.pairing import Register
from custom_components.hap_controller.protocol.refusals import CommandError
from custom_components.hap_controller.protocol.values import check_value, full_type
from tests.support.rooms import pass_time

from .protocol.running import pair, until

HOST = "127.0.0.1"
ACCESSORY_ID = "AA:BB:CC:DD:EE:FF"
SETUP_CODE = "031-45-154"
DATABASES = Path(__file__).parent / "databases"

_LIMITS = {
    "unit": "unit",
    "description": "description",
    "minValue": "min_value",
    "maxValue": "max_value",
    "minStep": "min_step",
    "maxLen": "max_len",
    "maxDataLen": "max_data_len",
    "valid-values": "valid_values",
    "valid-values-range": "valid_values_range",
}

type Json = dict[str, Any]


# --- descriptions -------------------------------------------------------------------------------


def database_names() -> list[str]:
    """Name all descriptions."""
    return sorted(path.stem for path in DATABASES.glob("*.json"))


def read_database(name: str) -> list[Json]:
    """Read one description: a list of accessories."""
    accessories: list[Json] = json.loads((DATABASES / f"{name}.json").read_text())["accessories"]
    return accessories


def bridged(*names: str) -> list[Json]:
    """Give several descriptions as one, in which their accessories are numbered anew."""
    accessories = [each for name in names for each in read_database(name)]
    return [each | {"aid": aid} for aid, each in enumerate(accessories, 1)]


def characteristic(type_: str, value: Any = None, **told: Any) -> Json:
    """Describe a characteristic; members with dashes are spelled with underscores here."""
    members = {key.replace("_", "-"): each for key, each in told.items()}
    return {"type": type_, "value": value, **members}


def service(type_: str, *characteristics: Json, **told: Any) -> Json:
    """Describe a service; ``told`` may be iid, primary, hidden, linked."""
    return {"type": type_, "characteristics": list(characteristics), **told}


def accessory(name: str | None, *services: Json, aid: int = 1, **information: Any) -> Json:
    """Describe an accessory with the service that tells what it is; without a name there is none.

    ``information`` are further characteristics of that service by name: ``SERIAL_NUMBER="1234"``.
    """
    told = []
    if name is not None:
        members = {
            "MANUFACTURER": "Maker",
            "MODEL": "Model 1",
            "NAME": name,
            "SERIAL_NUMBER": f"SN-{aid:04}",
            "FIRMWARE_REVISION": "1.2.3",
            **information,
        }
        told.append(
            service(
                "ACCESSORY_INFORMATION",
                characteristic("IDENTIFY"),
                *(characteristic(key, value) for key, value in members.items()),
            )
        )
    return {"aid": aid, "services": [*told, *services]}


def _uuid(names: type, text: Any) -> Any:
    """Give the type that a description means."""
    return getattr(names, text, text) if isinstance(text, str) else text


def complete(accessories: Sequence[Json]) -> list[Json]:
    """Write a short description out in full."""
    whole = deepcopy(list(accessories))
    for each in whole:
        taken = {
            part["iid"]
            for service in each["services"]
            for part in (service, *service["characteristics"])
            if "iid" in part
        }
        last = 0
        for service in each["services"]:
            for part in (service, *service["characteristics"]):
                if "iid" in part:
                    last = part["iid"]
                    continue
                last = min(set(range(1, len(taken) + last + 2)) - taken - set(range(last)))
                taken.add(last)
                part["iid"] = last
            service["type"] = _uuid(ServiceUuid, service["type"])
            for part in service["characteristics"]:
                part["type"] = _uuid(CharacteristicUuid, part["type"])
                _complete_characteristic(part)
    return whole


def _complete_characteristic(part: Json) -> None:
    from custom_components.hap_controller.protocol.catalogue import characteristic as known

    found = None
    with suppress(CommandError):
        found = known(full_type(part["type"]))
    if found is not None:
        usual = {
            "perms": list(found.perms),
            "format": found.format,
            "unit": found.unit,
            "minValue": found.min_value,
            "maxValue": found.max_value,
            "minStep": found.min_step,
        }
        for key, value in usual.items():
            part.setdefault(key, value)
    for key in [key for key, value in part.items() if value is None]:
        del part[key]


# --- living accessories -------------------------------------------------------------------------


class LivingCharacteristic(Characteristic):
    """A characteristic that has any value whatsoever, and fails as told."""

    def __init__(self, living: Living, aid: int, raw: Json) -> None:
        """Begin as described."""
        limits = {
            field: tuple(raw[key]) if isinstance(raw[key], list) else raw[key]
            for key, field in _LIMITS.items()
            if key in raw
        }
        metadata = Metadata(
            type=full_type(raw["type"]),
            perms=tuple(raw.get("perms", ())),
            format=raw.get("format"),
            **limits,
        )
        super().__init__(metadata, aid=aid, iid=raw["iid"])
        self.now: Any = raw.get("value")
        self.status = 0
        self._living = living
        self.getter = self._get
        self.setter = self._set

    def _get(self) -> Any:
        if self.status:
            raise StatusError(self.status)
        return self.now

    def _set(self, _value: Any) -> None:
        if self.status:
            raise StatusError(self.status)

    @property
    @override
    def value(self) -> Any:
        """What it is now."""
        return None if self.metadata.stateless else self.now

    @value.setter
    def value(self, value: Any) -> None:
        self.store(value, None)

    @override
    def check(self, value: Any) -> Any:
        """Refuse what a controller must not write; what the accessory itself says goes as it is."""
        return check_value(value, self.metadata)

    @override
    def store(self, value: Any, source: object | None) -> None:
        """Take a value, and tell all controllers but the one it came from."""
        if value != self.now or self.metadata.stateless:
            self.now = value
            self._living.tell(self, source)


class LivingAccessory(Accessory):
    """An accessory made from a description, which is served as it is."""

    def __init__(self, living: Living, raw: Json) -> None:
        """Take the characteristics out of a description."""
        super().__init__("Accessory")
        self.aid = raw["aid"]
        self.known = [
            LivingCharacteristic(living, self.aid, each)
            for service in raw["services"]
            for each in service["characteristics"]
        ]

    @property
    @override
    def characteristics(self) -> Any:
        """All characteristics; of some with the same number the first."""
        return iter({each.iid: each for each in reversed(self.known)}.values())

    @property
    @override
    def accessories(self) -> list[Accessory]:
        """All accessories of the server."""
        return list(self.all)

    all: Sequence[LivingAccessory] = ()


class Living:
    """An accessory server that is what a description says, in the loop of the test.

    ``requests`` notes method and target of all that was asked, ``written`` for each request that wrote the
    ``(aid, iid, value)`` as they were on the wire, and ``answers`` may answer a request in another way: it gives
    None for the usual answer, and raises ConnectionError to hang up.
    """

    def __init__(self, accessories: Sequence[Json]) -> None:
        """Prepare; ``async with`` starts and stops it."""
        self.register = Register(ACCESSORY_ID, SETUP_CODE)
        self.keys = pair(self.register)
        self.configuration = 1
        self.requests: list[tuple[str, str]] = []
        self.written: list[list[tuple[int, int, Any]]] = []
        self.answers: Callable[[Request], Response | None] = lambda request: None
        self.image: Callable[[int, int], bytes] | None = None
        self.connections = 0
        self._accessories: list[Json] = []
        self._endpoints: Endpoints
        self._describe(accessories)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._sessions: dict[Session, asyncio.StreamWriter] = {}

    def _describe(self, accessories: Sequence[Json]) -> None:
        self._accessories = complete(accessories)
        living = [LivingAccessory(self, each) for each in self._accessories]
        for each in living:
            each.all = living
            each.image = self._take_picture
        primary = living[0] if living else LivingAccessory(self, {"aid": 1, "services": []})
        self._endpoints = Endpoints(
            primary, self.register, store=self._store, now=asyncio.get_running_loop().time
        )

    async def _store(self) -> None:
        """Remember pairings as long as it lives."""

    def _take_picture(self, width: int, height: int) -> bytes:
        if self.image is None:
            raise StatusError(HapStatus.UNREACHABLE)
        return self.image(width, height)

    # --- life -------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, with all that goes on."""
        await self.stop()

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._serve, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be switched off."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.abort_clients()
            await server.wait_closed()

    def drop(self) -> None:
        """End all connections, and be there for new ones."""
        for writer in self._sessions.values():
            writer.transport.abort()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def record(self) -> PairingRecord:
        """The pairing with it."""
        return PairingRecord(self.keys, ConnectionKind.IP, (HOST,), self._port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self.register, 0.0, event_interval_s=0.0)
        self.connections += 1
        self._sessions[session] = writer
        try:
            while data := await reader.read(65536):
                session.feed(data, asyncio.get_running_loop().time())
                while request := session.next_request():
                    writer.write(session.respond(await self._answer(session, request)))
        except ConnectionError:
            writer.transport.abort()
        finally:
            del self._sessions[session]
            session.close()
            writer.close()

    async def _answer(self, session: Session, request: Request) -> Response:
        if session.pairing is not None:
            self.requests.append((request.method, request.target))
            if (answer := self.answers(request)) is not None:
                return answer
            if request.method == "PUT" and request.target == "/characteristics":
                items = [item for item in parse_write_body(request.body).items if item.has_value]
                if items:
                    self.written.append([(*item.key, item.value) for item in items])
            if request.target == "/accessories":
                return Response(200, json.dumps(self._now()).encode(), ContentType.JSON)
        return await self._endpoints.answer(session, request)

    def _now(self) -> Json:
        """Give the description with the values as they are now."""
        whole = deepcopy(self._accessories)
        for accessory in whole:
            for service in accessory["services"]:
                for each in service["characteristics"]:
                    found = self._endpoints.characteristics.get((accessory["aid"], each["iid"]))
                    each.pop("value", None)
                    if found is not None and found.metadata.readable:
                        each["value"] = found.value
        return {"accessories": whole}

    # --- what a test sees -------------------------------------------------------------------

    @property
    def writes(self) -> list[tuple[int, int, Any]]:
        """All values that were written, whatever the requests."""
        return [each for request in self.written for each in request]

    def asked(self, path: str, method: str = "GET") -> list[str]:
        """Give the targets under a path that were asked for."""
        return [
            target
            for each, target in self.requests
            if each == method and target.partition("?")[0] == path
        ]

    def find(self, service_type: str, characteristic_type: str, *, aid: int | None = None) -> Key:
        """Give aid and iid of the first characteristic of a type in services of a type, both by name or UUID."""
        wanted = _uuid(ServiceUuid, service_type), _uuid(CharacteristicUuid, characteristic_type)
        return next(
            (accessory["aid"], each["iid"])
            for accessory in self._accessories
            for service in accessory["services"]
            for each in service["characteristics"]
            if (service["type"], each["type"]) == wanted and aid in (None, accessory["aid"])
        )

    def value(self, aid: int, iid: int) -> Any:
        """Give a value as it is now."""
        return self._living(aid, iid).now

    @property
    def description(self) -> list[Json]:
        """The description, whole, to be changed and given to ``redescribe``."""
        return deepcopy(self._accessories)

    @property
    def subscribable(self) -> set[Key]:
        """What controllers can be told."""
        return {
            key for key, each in self._endpoints.characteristics.items() if each.metadata.notifies
        }

    @property
    def subscribed(self) -> set[Key]:
        """What controllers want to be told."""
        return {key for session in self._sessions for key in session.subscriptions}

    # --- what a test does -------------------------------------------------------------------

    def _living(self, aid: int, iid: int) -> LivingCharacteristic:
        found = self._endpoints.characteristics[aid, iid]
        assert isinstance(found, LivingCharacteristic)
        return found

    def push(self, aid: int, iid: int, value: Any) -> None:
        """Take a value and tell it to those who subscribed, whether or not it is news or possible."""
        found = self._living(aid, iid)
        found.now = value
        self.tell(found)

    def press(self, aid: int, iid: int, value: Any) -> None:
        """Tell what a button does."""
        self.push(aid, iid, value)

    def set(self, aid: int, iid: int, value: Any) -> None:
        """Take a value without a word: it is found by reading only."""
        self._living(aid, iid).now = value

    def fail(self, aid: int, iid: int, status: int) -> None:
        """Answer reads and writes of a characteristic with a status from now on; 0 for none."""
        self._living(aid, iid).status = status

    def unreachable(self, aid: int, *, unreachable: bool = True) -> None:
        """Have an accessory out of the bridge's reach from now on, or back in it."""
        for each in self._endpoints.characteristics.values():
            if each.aid == aid:
                self.fail(aid, each.iid, HapStatus.UNREACHABLE if unreachable else 0)

    def refuse_events(self, aid: int, iid: int) -> None:
        """Refuse subscriptions, whatever the description says."""
        found = self._living(aid, iid)
        perms = tuple(each for each in found.metadata.perms if each != "ev")
        found.metadata = replace(found.metadata, perms=perms)

    def redescribe(self, accessories: Sequence[Json]) -> int:
        """Be something else from now on; gives the new ``c#``, which ``announce`` tells."""
        self._describe(accessories)
        self.configuration += 1
        return self.configuration

    def tell(self, characteristic: LivingCharacteristic, source: object | None = None) -> None:
        """Tell a value to those who subscribed to it."""
        key = characteristic.aid, characteristic.iid
        press = characteristic.metadata.stateless
        for session, writer in self._sessions.items():
            if session is not source:
                session.notify(key, characteristic.now, press=press)
                if data := session.events(float("inf")):
                    writer.write(data)


# --- Home Assistant -----------------------------------------------------------------------------


def new_entry(living: Living, *, title: str = "Accessory", **details: Any) -> MockConfigEntry:
    """Make an entry of an accessory server, paired."""
    record = living.record
    return MockConfigEntry(
        domain=DOMAIN, unique_id=record.device_id, title=title, data=record.store(), **details
    )


async def announce(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Have an accessory announce its ``c#``, and wait until what is new is there."""
    coordinator = entry.runtime_data
    coordinator.announced(living.configuration, [HOST], living.port)
    await until(lambda: coordinator.client.configuration == living.configuration)
    await until(lambda: living.subscribable <= living.subscribed)
    await hass.async_block_till_done()


async def redescribe(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living, accessories: Sequence[Json]
) -> None:
    """Have an accessory become something else, and wait until that is taken in."""
    living.redescribe(accessories)
    await announce(hass, entry, living)


async def poll(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Let the interval go by, and wait until everything is read that is due."""
    before = len(living.requests)
    pass_time(hass, entry.runtime_data.options.poll_s + 1)
    await until(lambda: len(living.requests) > before)
    await until(
        lambda: not entry.runtime_data._polling
    )  # others have their turn between its requests
    await flush(hass, entry)


async def flush(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until all that was pushed has arrived: answers and events come in turn."""
    await entry.runtime_data.client.list_pairings()
    await hass.async_block_till_done()


def keys(values: Iterable[tuple[int, int, Any]]) -> list[Key]:
    """Give what was written, without the values."""
    return [(aid, iid) for aid, iid, _ in values]


def information(members: Mapping[str, Any]) -> Json:
    """Describe an accessory information service with just these members."""
    return service(
        "ACCESSORY_INFORMATION", *(characteristic(key, value) for key, value in members.items())
    )
