"""What an accessory answers to each request, when nothing is wrong with it.

Source: docs/hap_controller/wire.md §7, §12.5, §12.6.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
import inspect
from typing import TYPE_CHECKING, Any

from custom_components.hap_controller.protocol.catalogue import (
    ServiceUuid as S,
    characteristic as known_characteristic,
)

from ..refusal import Refusal
from .description import Characteristic, Json, Key, spelled
from .life import INVALID, Refused
from .pairing import Misplaced, pairings
from .picture import jpeg
from .requests import (
    PAIRING,
    PLAIN,
    Item,
    Request,
    Writing,
    read_json,
    read_reading,
    read_writing,
    whole,
)
from .session import Session
from .values import Invalid, beginning, check
from .writing import Answer, status_answer

if TYPE_CHECKING:
    from .service import Service

PRIVILEGES = -70401
UNREACHABLE = -70402
READ_ONLY = -70404
WRITE_ONLY = -70405
NO_EVENTS = -70406
TOO_MUCH = -70407
UNKNOWN = -70409
UNAUTHORIZED = -70411

_MAX_PIXELS = 4096
_META = ("format", "unit", "minValue", "maxValue", "minStep", "maxLen", "maxDataLen")
_VALID = ("valid-values", "valid-values-range")

type _Answering = Callable[[Session, Request], Answer | Awaitable[Answer]]


class Answers:
    """Answers for one accessory."""

    def __init__(self, service: Service) -> None:
        """Answer for what ``service`` serves."""
        self._service = service
        self._house = service.house
        self._answering: Mapping[tuple[str, str], _Answering] = {
            ("POST", "/pair-setup"): self._pair_setup,
            ("POST", "/pair-verify"): self._pair_verify,
            ("POST", "/identify"): self._identify,
            ("POST", "/pairings"): self._pairings,
            ("GET", "/accessories"): self._accessories,
            ("GET", "/characteristics"): self._read,
            ("PUT", "/characteristics"): self._write,
            ("PUT", "/prepare"): self._prepare,
            ("POST", "/resource"): self._resource,
        }

    async def answer(self, session: Session, request: Request) -> Answer:
        """Give the answer to a request, and carry it out."""
        if not request.known:
            request.misdeeds.append(f"there is no {request.path[:40]}")
            return Answer(404)
        if not request.allowed:
            request.misdeeds.append(f"{request.path} is not for {request.method[:10]}")
            return Answer(405)
        if not session.secured and request.path not in PLAIN:
            request.misdeeds.append(f"{request.path} before pair-verify")
            return status_answer(470, 0 if request.path == "/pairings" else UNAUTHORIZED)
        if self._service.rules.picky and request.misdeeds:
            return status_answer(400, INVALID)
        try:
            answer = self._answering[request.method, request.path](session, request)
            return await answer if inspect.isawaitable(answer) else answer
        except Misplaced as err:
            request.misdeeds.append(str(err))
            return Answer(400, body=err.answer, type=PAIRING)
        except Refusal as err:
            request.misdeeds.append(str(err))
            return status_answer(400, INVALID)

    def _admin(self, session: Session) -> bool:
        controller = self._service.memory.controllers.get(session.controller_id or "")
        return controller is not None and controller.admin

    # --- pairing ------------------------------------------------------------------------------

    async def _pair_setup(self, session: Session, request: Request) -> Answer:
        exchange = session.exchange
        failed = self._service.memory.failed_attempts
        body = await exchange.setup(request.body)
        if exchange.complaint:
            request.misdeeds.append(exchange.complaint)
        answer = Answer(200, body=body, type=PAIRING)
        if exchange.paired or failed != self._service.memory.failed_attempts:
            await self._service.saved()
        if exchange.paired:
            answer.then = self._service.on_announced
        return answer

    def _pair_verify(self, session: Session, request: Request) -> Answer:
        if session.secured:
            request.misdeeds.append("pair-verify in a session")
            return Answer(400)
        exchange = session.exchange
        answer = Answer(200, body=exchange.verify(request.body), type=PAIRING)
        if exchange.complaint:
            request.misdeeds.append(exchange.complaint)
        if exchange.established:
            answer.then = session.establish
        return answer

    def _identify(self, session: Session, request: Request) -> Answer:
        if self._service.memory.paired or session.secured:
            return status_answer(400, PRIVILEGES)
        self._house.primary.identified += 1
        return Answer(204)

    def _pairings(self, session: Session, request: Request) -> Answer:
        body = pairings(
            self._service.memory,
            request.body,
            admin=self._admin(session),
            room=self._service.rules.max_pairings,
        )
        return Answer(200, body=body, type=PAIRING, then=self._service.settle_controllers)

    # --- the accessories ------------------------------------------------------------------------

    def _accessories(self, session: Session, request: Request) -> Answer:
        if request.query:
            request.misdeeds.append("/accessories with parameters")
        described = self._house.describe()
        for accessory in described:
            for service in accessory["services"]:
                for row in service["characteristics"]:
                    key = accessory["aid"], row["iid"]
                    _, _, each = self._house.places[key]
                    if "pr" in each.perms:
                        row["value"] = self._value(key, each)
        return Answer(200, {"accessories": described})

    def _value(self, key: Key, each: Characteristic) -> Any:
        if each.stateless:
            return None
        value = self._house.value(key)
        return beginning(each) if value is None else value

    def _prepare(self, session: Session, request: Request) -> Answer:
        told = read_json(request)
        session.prepared = whole(told, "pid"), self._house.now() + whole(told, "ttl") / 1000
        return Answer(200, {"status": 0})

    def _resource(self, session: Session, request: Request) -> Answer:
        told = read_json(request)
        width, height = whole(told, "image-width"), whole(told, "image-height")
        if not (0 < width <= _MAX_PIXELS and 0 < height <= _MAX_PIXELS):
            raise Refusal(f"a picture of {width} to {height}")
        try:
            accessory = self._house.accessory(told.get("aid", self._house.primary.aid))
        except LookupError:
            return Answer(404)
        if accessory.service(S.CAMERA_RTP_STREAM_MANAGEMENT) is None:
            return Answer(404)
        fault = self._service.faults.take("image")
        match fault and fault["how"]:
            case "none":
                return Answer(404)
            case "status":
                return status_answer(500, UNREACHABLE)
            case "empty":
                return Answer(200, type="image/jpeg")
            case "text":
                return Answer(200, body=b"no picture", type="image/jpeg")
        if not accessory.reachable:
            return status_answer(207, UNREACHABLE)
        return Answer(200, body=jpeg(width, height, self._house.now()), type="image/jpeg")

    # --- reading --------------------------------------------------------------------------------

    def _read(self, session: Session, request: Request) -> Answer:
        reading = read_reading(request)
        if self._service.rules.picky and request.misdeeds:
            return status_answer(400, INVALID)
        failing = self._failing("read", reading.keys)
        rows = []
        for key in reading.keys:
            status = self._readable(session, request, key) or failing.get(key, 0)
            row: Json = {"aid": key[0], "iid": key[1], "status": status}
            place = self._house.place(key)
            if not status and place:
                row["value"] = self._value(key, place[2])
            if place:
                row |= self._details(session, key, place[2], reading.flags)
            rows.append(row)
        if any(row["status"] for row in rows):
            return Answer(207, {"characteristics": rows})
        for row in rows:
            del row["status"]
        return Answer(200, {"characteristics": rows})

    def _readable(self, session: Session, request: Request, key: Key) -> int:
        """Tell why a characteristic cannot be read, 0 if it can."""
        place = self._house.place(key)
        if place is None:
            return self._unknown(request, key)
        accessory, _, each = place
        if "pr" not in each.perms:
            request.misdeeds.append(f"{each.name} cannot be read")
            return WRITE_ONLY
        if each.stateless:
            request.misdeeds.append(f"{each.name} has no state to be read")
        if "read" in _admins_only(each) and not self._admin(session):
            return PRIVILEGES
        return each.status or (0 if accessory.reachable else UNREACHABLE)

    def _unknown(self, request: Request, key: Key) -> int:
        if key[0] not in self._house.gone:
            request.misdeeds.append(f"there is no characteristic {key[0]}.{key[1]}")
        return UNKNOWN

    @staticmethod
    def _details(session: Session, key: Key, each: Characteristic, flags: Iterable[str]) -> Json:
        told: Json = {}
        if "meta" in flags:
            described = {"format": each.format, **each.limits}
            told |= {name: described[name] for name in (*_META, *_VALID) if name in described}
        described = each.describe()
        if "perms" in flags:
            told["perms"] = described["perms"]
        if "type" in flags:
            told["type"] = described["type"]
        if "ev" in flags:
            told["ev"] = key in session.subscriptions
        return told

    def _failing(self, kind: str, keys: Iterable[Key]) -> dict[Key, int]:
        """Choose what is to fail because that was asked for."""
        fault = self._service.faults.take("status", kind=kind)
        if fault is None:
            return {}
        wanted = spelled(fault["type"])
        concerned = []
        for key in keys:
            place = self._house.place(key)
            if fault["aid"] in {0, key[0]} and place and wanted in {"", spelled(place[2].name)}:
                concerned.append(key)
        return dict.fromkeys(concerned[:: max(1, fault["every"])], fault["status"])

    # --- writing --------------------------------------------------------------------------------

    def _write(self, session: Session, request: Request) -> Answer:
        writing = read_writing(request)
        if self._service.rules.picky and request.misdeeds:
            return status_answer(400, INVALID)
        keys = [item.key for item in writing.items]
        if len(set(keys)) != len(keys):
            request.misdeeds.append("a characteristic twice in one request to write")
            return status_answer(422, INVALID)
        in_time = self._redeem(session, writing)
        if in_time is False:
            request.misdeeds.append("a timed write that was not prepared, or comes too late")
            return Answer(207, {"characteristics": [_row(key, INVALID) for key in keys]})
        failing = self._failing("write", [item.key for item in writing.items if item.writes])
        failing |= self._failing(
            "subscribe", [item.key for item in writing.items if item.subscribes]
        )
        rows = []
        for item in writing.items:
            status = self._judge(session, request, item, timed=in_time is True)
            status = status or failing.get(item.key, 0)
            told, value = (status, None) if status else self._carry_out(session, request, item)
            row = _row(item.key, told)
            if item.asks and not told:
                row["value"] = value
            rows.append(row)
        if any(row["status"] for row in rows) or any(item.asks for item in writing.items):
            return Answer(207, {"characteristics": rows})
        return Answer(204)

    def _redeem(self, session: Session, writing: Writing) -> bool | None:
        """Use up a timed write that was prepared; None when this one is not timed."""
        if writing.pid is None:
            return None
        prepared, session.prepared = session.prepared, None
        return (
            prepared is not None and prepared[0] == writing.pid and self._house.now() <= prepared[1]
        )

    def _judge(self, session: Session, request: Request, item: Item, *, timed: bool) -> int:
        """Tell why an item is refused before it is looked at closely, 0 if it is not."""
        place = self._house.place(item.key)
        if place is None:
            return self._unknown(request, item.key)
        accessory, _, each = place
        only_admins = _admins_only(each)
        if not item.writes and item.subscribes is None:
            request.misdeeds.append(f"nothing is wanted of {each.name}")
            return INVALID
        if item.subscribes is not None:
            if "ev" not in each.perms:
                request.misdeeds.append(f"{each.name} cannot be subscribed to")
                return NO_EVENTS
            if item.subscribes and self._service.rules.push == "refused":
                return NO_EVENTS
            if "notify" in only_admins and not self._admin(session):
                return PRIVILEGES
        if item.asks and not {"pr", "wr"} & set(each.perms):
            request.misdeeds.append(f"{each.name} gives no answers")
            return WRITE_ONLY
        if not item.writes:
            return 0
        if "pw" not in each.perms:
            request.misdeeds.append(f"{each.name} cannot be written")
            return READ_ONLY
        if "write" in only_admins and not self._admin(session):
            return PRIVILEGES
        if "tw" in each.perms and not timed:
            request.misdeeds.append(f"{each.name} takes timed writes only")
            return INVALID
        if "aa" in each.perms and "authData" not in item.raw:
            return UNAUTHORIZED
        return each.status or (0 if accessory.reachable else UNREACHABLE)

    def _carry_out(self, session: Session, request: Request, item: Item) -> tuple[int, Any]:
        """Do what an item wants; gives its status and the answer to who asked for one."""
        _, _, each = self._house.places[item.key]
        answer = None
        if item.writes:
            try:
                value = check(each, item.value)
            except Invalid as err:
                request.misdeeds.append(f"{each.name}: {err}")
                return INVALID, None
            try:
                answer = self._house.write(item.key, value, session)
            except Refused as err:
                return err.status, None
            self._service.wished(item.key, value, session)
        if item.subscribes is not None:
            if item.subscribes:
                session.subscriptions.add(item.key)
            else:
                session.subscriptions.discard(item.key)
        return 0, answer


def _admins_only(each: Characteristic) -> tuple[str, ...]:
    """Tell what only administrators may do with a characteristic: read, write, notify."""
    known = known_characteristic(each.type)
    return known.admin_only if known else ()


def _row(key: Key, status: int) -> Json:
    return {"aid": key[0], "iid": key[1], "status": status}
