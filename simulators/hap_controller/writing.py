"""How answers and events are written: as they should be, or as picky, odd and broken accessories do."""

from collections.abc import Callable
from dataclasses import dataclass, field
import json
from typing import Any

from .description import Json
from .manners import Rules
from .requests import JSON

_REASONS = {
    200: "OK",
    204: "No Content",
    207: "Multi-Status",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    470: "Connection Authorization Required",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_CHUNK = 300
_DEEP = 100_000


@dataclass(slots=True)
class Answer:
    """What is answered; either an object for JSON, or bytes of a type."""

    code: int
    told: Json | None = None
    body: bytes = field(default=b"", repr=False)
    type: str = JSON
    then: Callable[[], None] = lambda: None
    """What follows once it is on its way."""


def status_answer(code: int, status: int) -> Answer:
    """Answer with a status for the whole request; without a body for none."""
    return Answer(code, {"status": status} if status else None)


def write_json(told: Any, rules: Rules, how: str = "") -> bytes:
    """Write JSON the way the accessory does, or spoil it."""
    if rules.positive_statuses or how == "positive":
        told = _positive(told)
    if rules.number_booleans or how == "numbers":
        told = _numbers(told)
    match how or rules.json:
        case "spaces":
            return json.dumps(told).encode()
        case "pretty":
            return json.dumps(told, indent=2).replace("\n", "\r\n").encode()
        case "commas":
            text = _compact(told)
            return text.replace("}", ",}").replace("]", ",]").replace("{,}", "{}").encode()
        case "garbage":
            return b"not json"
        case "truncated":
            return _compact(told)[:-7].encode()
        case "latin":
            return _compact(told).replace("}", ',"n":"\xe9"}', 1).encode("latin-1")
        case "deep":
            return b"[" * _DEEP
        case "array":
            return b"[true]"
        case "odd_elements":  # §8.7: Somfy
            return _compact(_with_odd_elements(told)).encode()
        case "extra":
            return _compact({"extra": {"deep": [None, 1]}, **told, "more": "?"}).encode()
        case "floats":
            return _compact(_floats(told)).encode()
        case "nulls":
            return _compact(_nulls(told)).encode()
        case "empty":
            return b""
    return _compact(told).encode()


def _compact(told: Any) -> str:
    return json.dumps(told, separators=(",", ":"))


def _everywhere(told: Any, change: Any) -> Any:
    """Change all values in lists and objects, the innermost first."""
    if isinstance(told, dict):
        return {name: change(name, _everywhere(value, change)) for name, value in told.items()}
    if isinstance(told, list):
        return [_everywhere(value, change) for value in told]
    return told


def _positive(told: Any) -> Any:
    return _everywhere(
        told, lambda name, value: abs(value) if name == "status" and type(value) is int else value
    )


def _numbers(told: Any) -> Any:
    return _everywhere(told, lambda name, value: int(value) if type(value) is bool else value)


def _floats(told: Any) -> Any:
    return _everywhere(told, lambda name, value: float(value) if type(value) is int else value)


def _nulls(told: Any) -> Any:
    return _everywhere(told, lambda name, value: None if name == "value" else value)


def _with_odd_elements(told: Any) -> Any:
    if isinstance(told, dict):
        return {
            name: [True, *value, None, 7, {"aid": "x"}] if isinstance(value, list) else value
            for name, value in told.items()
        }
    return told


def write_answer(answer: Answer, rules: Rules, how: str = "") -> bytes:
    """Write an answer. ``how`` spoils its JSON."""
    body = answer.body if answer.told is None else write_json(answer.told, rules, how)
    reason = _REASONS.get(answer.code, "")
    return _write(f"HTTP/1.1 {answer.code}", reason, body, answer.type, rules)


def write_event(told: Json, rules: Rules, how: str = "") -> bytes:
    """Write an event."""
    return _write("EVENT/1.0 200", "OK", write_json(told, rules, how), JSON, rules)


def _write(start: str, reason: str, body: bytes, kind: str, rules: Rules) -> bytes:
    line = start if rules.http == "bare" else f"{start} {reason}"
    if not body:
        # Some general clients wait for a body that nobody told them to be without; 204 has none by its nature.
        ending = "" if " 204" in start else "Content-Length: 0\r\n"
        return f"{line}\r\n{ending}\r\n".encode()
    if rules.http == "chunked":
        head = f"{line}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        pieces = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        return head.encode() + chunks + b"0\r\n\r\n"
    head = f"{line}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    if rules.http == "lower":
        first, _, rest = head.partition("\r\n")
        head = f"{first}\r\n{rest.lower()}"
    return head.encode() + body
