"""What an accessory answers to each request.

Source: docs/hap_controller/wire.md §7, §12.5, §12.6.
"""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable, Coroutine
import inspect
import logging
from typing import Any, Final

from ..const import RESPONSE_LIMIT_S, ContentType, HapStatus, HttpCode, Path, Permission
from ..errors import FrameError
from ..http import Request, Response
from ..messages import (
    Item,
    Key,
    characteristics_body,
    parse_prepare_body,
    parse_read_target,
    parse_resource_body,
    parse_write_body,
)
from ..pairing import MisplacedMessageError, Register
from ..pairing.administration import answer_pairings
from ..pairing.work import Work, take_turns
from ..refusals import StatusError, TlvError
from ..values import FormatError, dumps, short_type
from .definition import Accessory, Characteristic, Write, admin_only
from .session import Session

_LOGGER = logging.getLogger(__name__)

# Pictures wider or higher than any camera's.
MAX_IMAGE_PIXELS: Final = 8192
_UNAUTHORIZED: Final = {"status": HapStatus.INSUFFICIENT_AUTHORIZATION.value}

type Answering = Callable[[Session, Request], Awaitable[Response]]


class Endpoints:
    """The answers of one accessory, or of a bridge and all behind it, to all its connections."""

    def __init__(
        self,
        primary: Accessory,
        register: Register,
        *,
        store: Callable[[], Awaitable[None]],
        now: Callable[[], float],
        limit_s: float = RESPONSE_LIMIT_S,
    ) -> None:
        """Take what there is; ``store`` stores the register, or raises OSError. Values are given within ``limit_s``."""
        self._primary = primary
        self._register = register
        self._store = store
        self._now = now
        self._limit_s = limit_s
        self._pairing = asyncio.Lock()
        self.characteristics: dict[Key, Characteristic] = {
            (each.aid, each.iid): each
            for accessory in primary.accessories
            for each in accessory.characteristics
        }
        # Each path, whether it needs a session, and who answers which method.
        self._table: Final[dict[str, tuple[bool, dict[str, Answering]]]] = {
            Path.PAIR_SETUP: (False, {"POST": self._pair_setup}),
            Path.PAIR_VERIFY: (False, {"POST": self._pair_verify}),
            Path.IDENTIFY: (False, {"POST": self._identify}),
            Path.PAIRINGS: (True, {"POST": self._pairings}),
            Path.ACCESSORIES: (True, {"GET": self._accessories}),
            Path.CHARACTERISTICS: (True, {"GET": self._read, "PUT": self._write}),
            Path.PREPARE: (True, {"PUT": self._prepare}),
            Path.RESOURCE: (True, {"POST": self._resource}),
        }

    async def answer(self, session: Session, request: Request) -> Response:
        """Give the answer to a request; never raises but for cancellation."""
        path = request.target.partition("?")[0]
        if path not in self._table:
            return Response(HttpCode.NOT_FOUND)
        sealed, methods = self._table[path]
        if request.method not in methods:
            return Response(HttpCode.METHOD_NOT_ALLOWED)
        if session.transient and path != Path.PAIR_SETUP:
            return Response(HttpCode.BAD_REQUEST)
        if sealed and session.pairing is None:
            body = b"" if path == Path.PAIRINGS else dumps(_UNAUTHORIZED)
            return Response(HttpCode.AUTHORIZATION_REQUIRED, body, ContentType.JSON)
        try:
            return await methods[request.method](session, request)
        except MisplacedMessageError as err:
            return Response(HttpCode.BAD_REQUEST, err.answer, ContentType.TLV)
        except TlvError:
            return Response(HttpCode.BAD_REQUEST)
        except FrameError as err:
            _LOGGER.debug("Request not understood: %s", err)
            return _json(HttpCode.BAD_REQUEST, {"status": HapStatus.INVALID_VALUE})
        except Exception:  # a fault of ours, or of the program, must not end the connection
            _LOGGER.exception("No answer to %s %s", request.method, path)
            return _json(HttpCode.INTERNAL_ERROR, {"status": HapStatus.UNREACHABLE})

    # --- pairing ----------------------------------------------------------------------------

    async def _pair_setup(self, session: Session, request: Request) -> Response:
        return await self._pairing_work(session.setup.answer(request.body))

    async def _pair_verify(self, session: Session, request: Request) -> Response:
        if session.secured:
            return Response(HttpCode.BAD_REQUEST)
        return _tlv(session.verify.receive(request.body))

    async def _pairings(self, session: Session, request: Request) -> Response:
        work = answer_pairings(self._register, request.body, admin=session.admin)
        return await self._pairing_work(work)

    async def _pairing_work(self, work: Work[bytes]) -> Response:
        async with self._pairing:  # the register is stored, or taken back, before it changes again
            return _tlv(await take_turns(work, self._store))

    # --- the accessory itself ---------------------------------------------------------------

    async def _identify(self, session: Session, request: Request) -> Response:
        if self._register.paired or session.secured:
            return _json(HttpCode.BAD_REQUEST, {"status": HapStatus.INSUFFICIENT_PRIVILEGES})
        status, _ = (await self._within({0: _called(self._primary.make_noticeable)}))[0]
        if status:
            return _json(HttpCode.INTERNAL_ERROR, {"status": status})
        return Response(HttpCode.NO_CONTENT)

    async def _accessories(self, session: Session, request: Request) -> Response:
        values = await self._values(
            {
                key: each
                for key, each in self.characteristics.items()
                if each.metadata.readable and (session.admin or not admin_only(each, "read"))
            },
            session,
        )
        described = [each.describe() for each in self._primary.accessories]
        for accessory in described:
            for service in accessory["services"]:
                for each in service["characteristics"]:
                    key = accessory["aid"], each["iid"]
                    if key in values and not _keeps_silent(self.characteristics[key]):
                        each["value"] = values[key][1]
        return _json(HttpCode.OK, {"accessories": described})

    async def _prepare(self, session: Session, request: Request) -> Response:
        prepared = parse_prepare_body(request.body)
        session.prepare(prepared.pid, prepared.ttl_ms, self._now())
        return _json(HttpCode.OK, {"status": HapStatus.SUCCESS})

    async def _resource(self, session: Session, request: Request) -> Response:
        query = parse_resource_body(request.body)
        accessory = next(
            (each for each in self._primary.accessories if query.aid in (each.aid, None)),
            None,
        )
        if accessory is None or accessory.image is None or query.kind != "image":
            return Response(HttpCode.NOT_FOUND)
        if not (0 < query.width <= MAX_IMAGE_PIXELS and 0 < query.height <= MAX_IMAGE_PIXELS):
            raise FrameError("no size of a picture")
        image = _called(accessory.image, query.width, query.height)
        status, data = (await self._within({0: image}))[0]
        if status or not isinstance(data, bytes):
            return _json(HttpCode.INTERNAL_ERROR, {"status": status or HapStatus.UNREACHABLE})
        return Response(HttpCode.OK, data, ContentType.JPEG)

    # --- reading ----------------------------------------------------------------------------

    async def _read(self, session: Session, request: Request) -> Response:
        query = parse_read_target(request.target)
        readable: dict[Key, Characteristic] = {}
        refused: dict[Key, int] = {}
        for key in dict.fromkeys(query.keys):
            each = self.characteristics.get(key)
            if each is None:
                refused[key] = HapStatus.NOT_FOUND
            elif not each.metadata.readable:
                refused[key] = HapStatus.WRITE_ONLY
            elif admin_only(each, "read") and not session.admin:
                refused[key] = HapStatus.INSUFFICIENT_PRIVILEGES
            else:
                readable[key] = each
        values = await self._values(readable, session)
        failed = bool(refused) or any(status for status, _ in values.values())
        items = []
        for key in dict.fromkeys(query.keys):
            item: dict[str, Any] = {"aid": key[0], "iid": key[1]}
            status, value = values.get(key, (refused.get(key), None))
            if failed:
                item["status"] = status
            if key in readable:
                each = readable[key]
                if not status:
                    item["value"] = value
                if query.meta:
                    item |= {"format": each.metadata.format, **each.metadata.limits()}
                if query.perms:
                    item["perms"] = list(each.metadata.perms)
                if query.types:
                    item["type"] = short_type(each.type)
                if query.events:
                    item["ev"] = key in session.subscriptions
            items.append(item)
        code = HttpCode.MULTI_STATUS if failed else HttpCode.OK
        return Response(code, characteristics_body(items), ContentType.JSON)

    async def _values(
        self, wanted: dict[Key, Characteristic], session: Session
    ) -> dict[Key, tuple[int, Any]]:
        """Give status and value of each, within the time there is."""
        told: dict[Key, tuple[int, Any]] = {}
        asked: dict[Key, Coroutine[Any, Any, Any]] = {}
        for key, each in wanted.items():
            if each.metadata.stateless or each.getter is None:
                told[key] = HapStatus.SUCCESS, each.value
            else:
                asked[key] = _asked(each, session)
        return told | await self._within(asked)

    async def _within[K](
        self, wanted: dict[K, Coroutine[Any, Any, Any]]
    ) -> dict[K, tuple[int, Any]]:
        """Do all side by side; what takes too long is ended. Gives status and result of each."""
        if not wanted:
            return {}
        tasks = {key: asyncio.create_task(each, eager_start=True) for key, each in wanted.items()}
        try:
            if pending := {task for task in tasks.values() if not task.done()}:
                await asyncio.wait(pending, timeout=self._limit_s)
        finally:
            for task in tasks.values():
                task.cancel()
        return {key: _outcome(task) for key, task in tasks.items()}

    # --- writing ----------------------------------------------------------------------------

    async def _write(self, session: Session, request: Request) -> Response:
        query = parse_write_body(request.body)
        keys = [item.key for item in query.items]
        if len(set(keys)) != len(keys):
            return _json(HttpCode.UNPROCESSABLE, {"status": HapStatus.INVALID_VALUE})
        timed = False
        if query.pid is not None:
            timed = session.redeem(query.pid, self._now())
            if not timed:
                rows = [_row(key, HapStatus.INVALID_VALUE) for key in keys]
                return Response(HttpCode.MULTI_STATUS, characteristics_body(rows), ContentType.JSON)
        statuses: dict[Key, int] = {}
        writing: dict[Key, Coroutine[Any, Any, Any]] = {}
        for item in query.items:
            try:
                writing[item.key] = self._taken(session, item, timed=timed)
            except StatusError as err:
                statuses[item.key] = err.code
        outcomes = await self._within(writing)
        items = []
        for item in query.items:
            status, value = outcomes.get(item.key, (statuses.get(item.key), None))
            row = _row(item.key, status)
            if item.response and not status:
                row["value"] = value
            items.append(row)
        if any(row["status"] for row in items) or any(item.response for item in query.items):
            return Response(HttpCode.MULTI_STATUS, characteristics_body(items), ContentType.JSON)
        return Response(HttpCode.NO_CONTENT)

    def _taken(self, session: Session, item: Item, *, timed: bool) -> Coroutine[Any, Any, Any]:
        """Judge one item; gives what carries it out. Raises StatusError."""
        each = self.characteristics.get(item.key)
        if each is None:
            raise StatusError(HapStatus.NOT_FOUND)
        if not item.has_value and item.events is None:
            raise StatusError(HapStatus.INVALID_VALUE)
        metadata = each.metadata
        value = None
        if item.events is not None:
            if not metadata.notifies:
                raise StatusError(HapStatus.NO_NOTIFICATIONS)
            if admin_only(each, "notify") and not session.admin:
                raise StatusError(HapStatus.INSUFFICIENT_PRIVILEGES)
        if item.has_value:
            if not metadata.writable:
                raise StatusError(HapStatus.READ_ONLY)
            if admin_only(each, "write") and not session.admin:
                raise StatusError(HapStatus.INSUFFICIENT_PRIVILEGES)
            if metadata.timed and not timed:
                raise StatusError(HapStatus.INVALID_VALUE)
            if Permission.ADDITIONAL_AUTHORIZATION in metadata.perms:
                _authorize(each, item)
            try:
                value = each.check(item.value)
            except FormatError:
                raise StatusError(HapStatus.INVALID_VALUE) from None
        if item.response and not (metadata.readable or Permission.WRITE_RESPONSE in metadata.perms):
            raise StatusError(HapStatus.WRITE_ONLY)
        return self._carry_out(session, each, item, value)

    @staticmethod
    async def _carry_out(session: Session, each: Characteristic, item: Item, value: Any) -> Any:
        """Write and subscribe; gives the answer to who asked for one."""
        answer = None
        if item.has_value:
            answer = await _written(session, each, value)
        if item.events is not None:
            if item.events:
                session.subscriptions.add(item.key)
            else:
                session.subscriptions.discard(item.key)
        if answer is None or not (item.response and _answers(each)):
            return each.value
        try:
            return each.fit(answer)
        except FormatError:
            _LOGGER.warning("The setter of %r gave an answer that is not valid", each)
            raise StatusError(HapStatus.INVALID_VALUE) from None


async def _written(session: Session, each: Characteristic, value: Any) -> Any:
    """Have a value taken; gives what the setter gives. The controller is told if the program knows better."""
    before = each.value
    write = Write(each, session)
    try:
        answer = None if each.setter is None else await _called(each.setter, value)
    except BaseException:
        if each.value != before:  # behind the back of the controller, which hears of a failure
            each.tell(None)
        raise
    finally:
        write.over = True
    if each.metadata.readable:
        if each.value == before and not write.settled:
            each.store(value, session)
        elif each.value != value:
            session.correct((each.aid, each.iid), each.value)
    return answer


def _answers(each: Characteristic) -> bool:
    """Tell whether what its setter gives is for the controller."""
    return Permission.WRITE_RESPONSE in each.metadata.perms


def _keeps_silent(each: Characteristic) -> bool:
    """Tell whether it is a control point: what it answers depends on what was written to it."""
    return _answers(each) and each.getter is None


def _authorize(each: Characteristic, item: Item) -> None:
    try:
        data = None if item.auth_data is None else b64decode(item.auth_data, validate=True)
    except ValueError:
        raise StatusError(HapStatus.INSUFFICIENT_AUTHORIZATION) from None
    try:
        authorized = each.authorize is not None and each.authorize(data)
    except Exception:  # the program's fault is one of this item
        _LOGGER.exception("A callback of the accessory failed")
        raise StatusError(HapStatus.UNREACHABLE) from None
    if not authorized:
        raise StatusError(HapStatus.INSUFFICIENT_AUTHORIZATION)


async def _called(callback: Callable[..., Any], *arguments: Any) -> Any:
    """Give what a callback of the program gives, or what it promised."""
    result = callback(*arguments)
    return await result if inspect.isawaitable(result) else result


async def _asked(each: Characteristic, session: Session) -> Any:
    """Give the value that a getter gives; others are told if it is news. Raises StatusError when it is not valid."""
    assert each.getter is not None
    value = await _called(each.getter)
    try:
        each.store(value, session)
        return each.value
    except FormatError:
        _LOGGER.warning("The getter of %r gave a value that is not valid", each)
        raise StatusError(HapStatus.INVALID_VALUE) from None


def _outcome(task: asyncio.Task[Any]) -> tuple[int, Any]:
    """Give status and result of what was done."""
    if not task.done():  # cancelled just now: it took too long
        return HapStatus.TIMED_OUT, None
    if task.cancelled():
        return HapStatus.UNREACHABLE, None
    error = task.exception()
    if error is None:
        return HapStatus.SUCCESS, task.result()
    if isinstance(error, StatusError):
        return error.code, None
    _LOGGER.error("A callback of the accessory failed", exc_info=error)
    return HapStatus.UNREACHABLE, None


def _row(key: Key, status: int | None) -> dict[str, Any]:
    return {"aid": key[0], "iid": key[1], "status": status}


def _json(code: int, body: Any) -> Response:
    return Response(code, dumps(body), ContentType.JSON)


def _tlv(body: bytes) -> Response:
    return Response(HttpCode.OK, body, ContentType.TLV)
