"""The control address of a simulator: hand operations and faults for programs, a page for people.

``GET`` with ``Accept: text/html`` shows the page; any other ``GET`` gives the state as one JSON object.
``POST`` takes ``{"op": NAME, ...}`` as JSON and answers ``{"ok": true, "result": ...}``, or
``{"ok": false, "error": WHY}`` with status 400. The operations with their members stand in the state
under ``operations``: they are the functions the vendor offers, checked against their signatures.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
import inspect
from ipaddress import ip_address
import json
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from .listener import Listener

type Operation = Callable[..., object]
type Json = dict[str, Any]

_PAGE = Path(__file__).with_name("control.html").read_text(encoding="utf-8")
_WORDS: dict[object, str] = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    NoneType: "null",
}


class ControlError(ValueError):
    """An operation cannot be done; the text tells why."""


class Control:
    """Serve the page, the state and the operations of one simulator on a port of its own.

    It stays reachable while the link of the vendor is down.
    """

    def __init__(
        self,
        state: Callable[[], Json],
        operations: Mapping[str, Operation],
        host: str,
        port: int = 0,
    ) -> None:
        """Show what ``state`` gives and offer ``operations`` by their names."""
        self._state = state
        self._operations = operations
        application = web.Application(middlewares=[_refuse_other_names])
        application.router.add_get("/", self._show)
        application.router.add_post("/", self._operate)
        self.listener = Listener(application, host, port)

    @property
    def url(self) -> str:
        """Address for browsers and programs."""
        return f"http://{self.listener.authority}/"

    def state(self) -> Json:
        """Give the state of the simulator and tell what can be done with it."""
        return {
            **self._state(),
            "operations": {name: describe(run) for name, run in self._operations.items()},
        }

    async def operate(self, body: object) -> object:
        """Do what a request asks for; raises ControlError when that cannot be done."""
        if not isinstance(body, dict):
            raise ControlError("the request is a JSON object with the member 'op'")
        members = dict(body)
        name = members.pop("op", None)
        operation = self._operations.get(name) if isinstance(name, str) else None
        if operation is None:
            raise ControlError(f"'op' is one of {', '.join(self._operations)}")
        check_arguments(operation, members)
        try:
            result = operation(**members)
            return await result if isinstance(result, Awaitable) else result
        except (LookupError, ValueError, OSError) as err:
            raise ControlError(str(err.args[0] if err.args else err)) from err

    async def _show(self, request: web.Request) -> web.Response:
        if "text/html" in request.headers.get("Accept", ""):
            return web.Response(
                text=_PAGE, content_type="text/html", headers={"Cache-Control": "no-store"}
            )
        return web.json_response(self.state())

    async def _operate(self, request: web.Request) -> web.Response:
        try:
            # Asked for by name: a page of another origin cannot send it without asking first.
            if request.content_type != "application/json":
                raise ControlError("the request needs 'Content-Type: application/json'")
            try:
                body = json.loads(await request.read())
            except (ValueError, RecursionError) as err:
                raise ControlError("the request is not JSON") from err
            result = await self.operate(body)
        except ControlError as err:
            return web.json_response({"ok": False, "error": str(err)}, status=400)
        return web.json_response({"ok": True, "result": result})


class Controlled(ABC):
    """``async with`` serves the vendor's address and the control address until the block ends."""

    @property
    @abstractmethod
    def control(self) -> Control:
        """The control address, always the same one."""

    @property
    def control_url(self) -> str:
        """Address of the hand operations, for programs and browsers."""
        return self.control.url

    @abstractmethod
    async def open(self) -> None:
        """Start to serve the vendor's address. Raises OSError when it cannot be had."""

    @abstractmethod
    async def close(self) -> None:
        """Stop at once."""

    async def __aenter__(self) -> Self:
        """Start to serve. Raises OSError when an address cannot be had."""
        await self.open()
        try:
            await self.control.listener.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once, whatever clients do, and leave nothing behind."""
        await self.close()
        await self.control.listener.close()


@web.middleware
async def _refuse_other_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer who asks by address only.

    A page from elsewhere could let its own name lead here; its browser would then take us for its server.
    """
    if not is_local_name(request.host):
        error = "the host is named by its address, or as localhost"
        return web.json_response({"ok": False, "error": error}, status=403)
    return await handler(request)


def is_local_name(authority: str) -> bool:
    """Tell whether a Host header has an address, or localhost, which no foreign name server answers for."""
    try:
        host = urlsplit(f"//{authority}").hostname or ""
        return host == "localhost" or bool(ip_address(host))
    except ValueError:
        return False


def describe(operation: Operation) -> Json:
    """Tell what an operation does and which members it takes."""
    return {
        "about": inspect.getdoc(operation) or "",
        "members": {
            name: {
                "type": _type_words(parameter.annotation),
                "required": parameter.default is parameter.empty,
            }
            for name, parameter in _named(operation).items()
        },
        "open": _is_open(operation),
    }


def check_arguments(operation: Operation, members: Mapping[str, object]) -> None:
    """Raise ControlError unless the members suit the signature of the operation."""
    parameters = _named(operation)
    for name, parameter in parameters.items():
        if name not in members and parameter.default is parameter.empty:
            raise ControlError(f"the member {name!r} is missing")
    for name, value in members.items():
        if name in parameters:
            annotation = parameters[name].annotation
            if not _fits(value, annotation):
                raise ControlError(f"the member {name!r} is {_type_words(annotation)}")
        elif not _is_open(operation):
            known = ", ".join(parameters) or "none"
            raise ControlError(f"there is no member {name!r}; members are: {known}")


def _named(operation: Operation) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(operation).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }


def _is_open(operation: Operation) -> bool:
    """Tell whether the operation takes members beyond those it names."""
    parameters = inspect.signature(operation).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _types(annotation: object) -> tuple[object, ...]:
    """Give the plain types a member may have."""
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return tuple(get_origin(kind) or kind for kind in kinds)


def _fits(value: object, annotation: object) -> bool:
    types = _types(annotation)
    return type(value) in types or (type(value) is int and float in types)


def _type_words(annotation: object) -> str:
    return " or ".join(_WORDS[kind] for kind in _types(annotation))
