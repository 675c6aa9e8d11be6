"""What a paired accessory has: its description, its values, and their changes."""

import argparse
import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
import json
from pathlib import Path
from typing import Any

from custom_components.hap_controller.protocol import (
    Change,
    Characteristic,
    CommandError,
    Database,
    DatabaseChanged,
    FormatError,
    HapClient,
    HapStatus,
    Key,
    LinkChanged,
    StatusError,
    ValuesChanged,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...options import Arguments
from ...output import Json, printable, say, say_json
from ...reads import follow, now
from . import words
from .reach import Link

MAX_VALUE_BYTES = 8 * 1024 * 1024
"""More than any characteristic takes."""
_MAX_ID = 2**64


def read_key(text: str) -> Key:
    """Read the numbers of a characteristic."""
    aid, _, iid = text.partition(".")
    if not (aid.isdecimal() and iid.isdecimal()) or int(aid) >= _MAX_ID or int(iid) >= _MAX_ID:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not AID.IID, two numbers as get-accessories shows them"
        )
    return int(aid), int(iid)


def text_of(key: Key) -> str:
    """Write the numbers of a characteristic."""
    return f"{key[0]}.{key[1]}"


# --- reading -------------------------------------------------------------------------------------


async def get_accessories(arguments: Arguments) -> ExitStatus:
    """Show what there is, and keep the description in the file."""
    link = Link.named(arguments)

    async def command(client: HapClient) -> ExitStatus:
        database = client.database
        link.remember(accessories=database.store(), config_number=client.configuration)
        if arguments.json:
            say_json({"accessories": words.description_json(database, decode=arguments.decode)})
        elif arguments.output == "json":
            told = words.description_json(database, decode=arguments.decode)
            say(json.dumps(told, indent=4, ensure_ascii=False))
        else:
            say(words.description_text(database, decode=arguments.decode))
        return ExitStatus.DONE

    return await link.run(command)


async def get_characteristic(arguments: Arguments) -> ExitStatus:
    """Show single characteristics with as much of them as is wanted."""
    link = Link.named(arguments)
    link.wanted = arguments.keys if arguments.ev else ()
    keys = list(dict.fromkeys(arguments.keys))

    async def command(client: HapClient) -> ExitStatus:
        with suppress(StatusError):  # when none could be read; each says so itself
            await client.read(keys)
        told = {text_of(key): _read(client, key, arguments) for key in keys}
        if arguments.json:
            say_json(told)
        else:
            say(json.dumps(told, indent=4, ensure_ascii=False))
        failed = [key for key, each in told.items() if "status" in each]
        for key in failed:
            _failed("get-characteristic", key, told[key]["description"], told[key]["status"])
        return ExitStatus.FAILED if failed else ExitStatus.DONE

    return await link.run(command)


def _read(client: HapClient, key: Key, arguments: Arguments) -> Json:
    found = client.database.characteristics.get(key)
    if found is None:
        return words.failure_json(HapStatus.NOT_FOUND)
    wanted = {name: getattr(arguments, name) for name in ("meta", "perms", "type", "decode")}
    told = words.characteristic_json(found, **wanted)
    if not found.metadata.readable:
        told = words.failure_json(HapStatus.WRITE_ONLY) | {
            name: value for name, value in told.items() if name != "value"
        }
    if arguments.ev:
        told["ev"] = key in client.subscribed
    return told


def _failed(command: str, key: str, reason: str, status: int | None) -> None:
    """Tell on standard error why something could not be done with one characteristic."""
    code = "" if status is None else f" ({status})"
    warn(f"{command} failed on {key} because: {reason}{code}")


async def get_image(arguments: Arguments) -> ExitStatus:
    """Have a camera take a picture, and write it to a file."""
    link = Link.named(arguments)
    link.database = Database()  # nothing has to be known for that

    async def command(client: HapClient) -> ExitStatus:
        try:
            picture = await client.image(arguments.aid, arguments.width, arguments.height)
        except StatusError as err:
            raise CliError(
                f"no picture was taken: {_reason(err)}; get-accessories shows which accessory has a camera, and -A names it",
                ExitStatus.FAILED,
            ) from err
        _keep(arguments.output, picture)
        if arguments.json:
            say_json({"file": str(arguments.output), "bytes": len(picture)})
        else:
            say(f"{arguments.output}: {len(picture)} bytes")
        return ExitStatus.DONE

    return await link.run(command)


def _reason(err: StatusError) -> str:
    """Say why there is no picture; the words of other statuses are about characteristics."""
    if err.code in (HapStatus.UNREACHABLE, HapStatus.BUSY, HapStatus.TIMED_OUT):
        return str(err)
    if err.code == HapStatus.INVALID_VALUE:
        return "the accessory does not take this size"
    return "the accessory has none to give"


def _keep(path: Path, picture: bytes) -> None:
    """Write a picture; raises CliError."""
    try:
        path.write_bytes(picture)
    except OSError as err:
        raise CliError(f"{path} cannot be written: {err.strerror}", ExitStatus.USAGE) from err


# --- writing -------------------------------------------------------------------------------------


async def put_characteristic(arguments: Arguments) -> ExitStatus:
    """Write characteristics at once, and tell of each what became of it."""
    values = {_key(text): _value(value) for text, value in arguments.values}
    link = Link.named(arguments)

    async def command(client: HapClient) -> ExitStatus:
        results = await asyncio.gather(
            *(client.write({key: value}) for key, value in values.items()), return_exceptions=True
        )
        told: Json = {}
        failed = False
        for (key, asked), result in zip(values.items(), results, strict=True):
            if isinstance(result, BaseException):
                if not isinstance(result, CommandError):
                    raise result
                failed = True
                told[text_of(key)] = _refused(client, key, asked, result)
            else:
                told[text_of(key)] = _written(client, key, asked, result, as_json=arguments.json)
        if arguments.json:
            say_json(told)
        return ExitStatus.FAILED if failed else ExitStatus.DONE

    return await link.run(command)


def _key(text: str) -> Key:
    try:
        return read_key(text)
    except argparse.ArgumentTypeError as err:
        raise CliError(str(err), ExitStatus.USAGE) from err


def _value(text: str) -> str:
    """Take a value, or read the file that it names; raises CliError."""
    if not text.startswith("@"):
        return text
    try:
        with Path(text[1:]).open(encoding="utf-8") as file:
            value = file.read(MAX_VALUE_BYTES + 1)
    except (OSError, UnicodeDecodeError) as err:
        reason = (
            err.strerror
            if isinstance(err, OSError)
            else "it is no text; data are written in base64"
        )
        raise CliError(f"{text[1:]} cannot be read: {reason}", ExitStatus.USAGE) from err
    if len(value) > MAX_VALUE_BYTES:
        raise CliError(f"{text[1:]} is too large for a characteristic", ExitStatus.USAGE)
    return value.removesuffix("\n")


def _refused(client: HapClient, key: Key, asked: str, err: CommandError) -> Json:
    """Tell why a value was not written."""
    status = err.code if isinstance(err, StatusError) else None
    reason = str(err)
    found = client.database.characteristics.get(key)
    if isinstance(err, FormatError) and found is not None:
        reason = f"{printable(asked)!r} is {reason}; it takes {_takes(found)}"
    _failed("put-characteristic", text_of(key), reason, status)
    return {"status": status, "description": reason}


def _takes(found: Characteristic) -> str:
    """Say what a characteristic takes."""
    metadata = found.metadata
    low, high = metadata.min_value, metadata.max_value
    span = "" if low is None and high is None else f" from {low} to {high}"
    return f"{metadata.format or 'anything'}{span}"


def _written(
    client: HapClient, key: Key, asked: str, answer: Mapping[Key, Any], *, as_json: bool
) -> Json:
    """Tell what was written: it may have been moved to what the characteristic takes."""
    found = client.database.characteristics[key]
    told: Json = {"written": asked}
    if found.metadata.readable and not found.metadata.stateless:
        told["value"] = found.value
    if key in answer:
        told["response"] = answer[key]
    if not as_json:
        label = words.characteristic_label(found)
        value = words.value_text(found, told["value"]) if "value" in told else asked
        say(printable(f"{text_of(key)} {label}: {value}"))
    return told


# --- changes -------------------------------------------------------------------------------------


class _EnoughError(Exception):
    """So many events were wanted."""


class _News:
    """What is new to the reader: also what changed while the link was down."""

    def __init__(self, client: HapClient) -> None:
        """Take what is known now for told."""
        self._client = client
        self._told: dict[Key, tuple[Any, bool]] = {}
        self._since_last()

    def of(self, change: Change) -> list[tuple[Characteristic, Any]]:
        """Give characteristics with their new values."""
        match change:
            case ValuesChanged(changes=changes):
                return [(found, value) for found, value in changes if self._is_new(found, value)]
            case LinkChanged(connected=True) | DatabaseChanged():
                return self._since_last()
        return []

    def _since_last(self) -> list[tuple[Characteristic, Any]]:
        every = self._client.database.characteristics.values()
        return [(found, found.value) for found in every if self._is_new(found, found.value)]

    def _is_new(self, found: Characteristic, value: Any) -> bool:
        now_known = (value, found.available)
        if found.metadata.stateless:
            return value is not None
        if self._told.get(found.key) == now_known:
            return False
        self._told[found.key] = now_known
        return True


async def get_events(arguments: Arguments) -> ExitStatus:
    """Print a line for each event, until there were enough."""
    link = Link.named(arguments)
    keys = set(arguments.keys)
    link.wanted, link.follow = keys, True

    async def command(client: HapClient) -> ExitStatus:
        if not _hears(client, keys):
            return ExitStatus.FAILED
        news, left = _News(client), arguments.count

        def tell(change: Change) -> None:
            nonlocal left
            for found, value in news.of(change):
                if found.key not in keys:
                    continue
                if arguments.json:
                    say_json({"time": now(), "id": words.key_text(found), "value": value})
                else:
                    say(printable(f"event for {words.key_text(found)}: {value}"))
                left -= 1
                if left == 0:
                    raise _EnoughError

        if left:
            names = ", ".join(map(text_of, sorted(keys & client.subscribed)))
            warn(f"waiting for events of {names}; Ctrl-C ends that")
            with suppress(_EnoughError):
                await follow(client, _limit(arguments.seconds), tell)
        return ExitStatus.DONE

    return await link.run(command)


def _limit(seconds: float) -> float | None:
    return None if seconds < 0 else seconds


def _hears(client: HapClient, keys: Iterable[Key]) -> bool:
    """Say which characteristics will not tell anything; gives whether any will."""
    deaf = sorted(set(keys) - client.subscribed)
    for key in deaf:
        known = key in client.database.characteristics
        status = HapStatus.NO_NOTIFICATIONS if known else HapStatus.NOT_FOUND
        _failed("subscribing", text_of(key), str(StatusError(status)), status)
    return bool(client.subscribed)


async def watch(arguments: Arguments) -> ExitStatus:
    """Print values, then every change until the time is over or the program is stopped."""
    link = Link.named(arguments)
    only = set(arguments.keys)
    link.wanted, link.follow = only or None, True

    async def command(client: HapClient) -> ExitStatus:
        if not _hears(client, only):
            if not only:
                warn("the accessory tells no changes by itself")
            return ExitStatus.FAILED
        found = [
            each
            for key, each in client.database.characteristics.items()
            if key in client.subscribed
        ]
        if arguments.json:
            for each in found:
                say_json({"time": now(), "event": "value", **words.value_json(each, each.value)})
        else:
            say(words.value_table(found))
        news = _News(client)
        await follow(client, arguments.duration, partial(_tell, news, only, arguments.json))
        return ExitStatus.DONE

    return await link.run(command)


def _tell(news: _News, only: set[Key], as_json: bool, change: Change) -> None:
    """Print a change."""
    for line, text in _lines(news, only, change):
        if as_json:
            say_json({"time": now(), **line})
        else:
            say(f"{datetime.now():%H:%M:%S}  {printable(text)}")


def _lines(news: _News, only: set[Key], change: Change) -> list[tuple[Json, str]]:
    """Put a change into JSON and into words."""
    lines: list[tuple[Json, str]] = []
    match change:
        case LinkChanged(connected=True):
            lines.append(({"event": "connected"}, "connected again"))
        case LinkChanged(error=error):
            reason = str(error)
            lines.append(
                ({"event": "disconnected", "reason": reason}, f"connection lost: {reason}")
            )
        case DatabaseChanged(difference=difference):
            told = words.difference_json(difference)
            lines.append(({"event": "described", **told}, words.difference_text(told)))
    for found, value in news.of(change):
        if only and found.key not in only:
            continue
        event = "triggered" if found.metadata.stateless else "changed"
        lines.append(
            ({"event": event, **words.value_json(found, value)}, words.change_text(found, value))
        )
    return lines
