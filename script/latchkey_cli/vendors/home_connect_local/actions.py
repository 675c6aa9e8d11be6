"""What can be asked of an appliance."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from custom_components.home_connect_local.protocol import (
    Appliance,
    Change,
    Feature,
    HomeConnectClient,
    InvalidValueError,
    Kind,
    LinkChanged,
    RefusedError,
    TroubleChanged,
    ValuesChanged,
)

from ...errors import CliError, ExitStatus
from ...output import Json, printable, say, say_json
from ...reads import follow, now
from . import words

SETTABLE = (Kind.SETTING, Kind.OPTION)
# Whose they are is nobody's business where output is shown around.
_UNTOLD = frozenset({"device_id", "mac", "serial_number", "ship_ski", "ssid", "address"})

type Arguments = argparse.Namespace


# --- looking -------------------------------------------------------------------------------------


async def info(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Tell what the appliance is, how it is reached, and what it is doing."""
    appliance = client.appliance
    description = appliance.description
    try:
        network = await client.read_network()
    except RefusedError:  # not every generation has it
        network = None
    told: Json = {
        "id": description.head.ha_id,
        "brand": description.brand,
        "type": description.type,
        "model": description.model,
        "address": "{}:{}".format(*client.endpoint),
        "services": dict(client.services),
        "appliance": _told(client.info),
        "network": _told(network),
        "features": len(description.features),
        "unknown": len(appliance.unknown),
        "selected_program": _program(appliance, appliance.selected_program),
        "active_program": _program(appliance, appliance.active_program),
        "warnings": list(description.warnings),
    }
    if arguments.json:
        say_json(told)
        return ExitStatus.DONE
    told["features"] = words.kinds_text(description.features)
    for name in ("appliance", "network", "services"):
        told[name] = ", ".join(f"{key} {value}" for key, value in (told[name] or {}).items())
    told["warnings"] = "; ".join(told["warnings"])
    for name, value in told.items():
        if value:
            say(f"{name.replace('_', ' ') + ':':<18}{printable(str(value))}")
    return ExitStatus.DONE


def _told(about: Any) -> Json | None:
    """Give what is known of an appliance or its network, without what identifies its owner."""
    if about is None:
        return None
    return {
        name: value
        for name, value in asdict(about).items()
        if value is not None and name not in _UNTOLD
    }


def _program(appliance: Appliance, uid: int | None) -> str | None:
    return None if uid is None else words.key_of(appliance, uid)


async def get(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Print features with their values."""
    appliance = client.appliance
    features = _wanted(appliance, arguments)
    if arguments.json:
        say_json({"features": [words.feature_json(appliance, each) for each in features]})
    elif len(features) == 1 and arguments.features:
        _say_feature(appliance, features[0])
    else:
        say(words.feature_table(appliance, features))
    return ExitStatus.DONE


def _say_feature(appliance: Appliance, feature: Feature) -> None:
    """Tell all of one feature."""
    say(words.feature_table(appliance, [feature]))
    if text := words.settable_text(appliance, feature.uid):
        say(f"can be set to: {printable(text)}")


def _wanted(appliance: Appliance, arguments: Arguments) -> list[Feature]:
    """Give the features that were named, else all with a value, or all at all."""
    if arguments.features:
        found = [words.find_feature(appliance, name) for name in arguments.features]
        return list({each.uid: each for each in found}.values())
    return [
        each
        for each in appliance.description.features.values()
        if arguments.all or appliance.raw(each.uid) is not None
    ]


async def watch(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Print the values, then every change until the time is over or the program is stopped."""
    appliance = client.appliance
    features = _wanted(appliance, arguments)
    only = {each.uid for each in features} if arguments.features else None
    if arguments.json:
        for each in features:
            say_json({"time": now(), "event": "feature", **words.feature_json(appliance, each)})
    else:
        say(words.feature_table(appliance, features))
    await follow(client, arguments.duration, partial(_tell, appliance, only, arguments.json))
    return ExitStatus.DONE


def _tell(appliance: Appliance, only: set[int] | None, as_json: bool, change: Change) -> None:
    """Print a change."""
    for line, text in _news(appliance, only, change):
        if as_json:
            say_json({"time": now(), **line})
        else:
            say(f"{datetime.now():%H:%M:%S}  {printable(text)}")


def _news(appliance: Appliance, only: set[int] | None, change: Change) -> list[tuple[Json, str]]:
    """Put a change into JSON and into words."""
    match change:
        case LinkChanged(connected=True):
            return [({"event": "connected"}, "connected to the appliance again")]
        case LinkChanged(error=error):
            reason = str(error)
            return [({"event": "disconnected", "reason": reason}, f"connection lost: {reason}")]
        case TroubleChanged(troubles=troubles):
            names = sorted(troubles)
            return [({"event": "trouble", "troubles": names}, f"trouble: {', '.join(names)}")]
        case ValuesChanged(uids=uids):
            return [
                _change(appliance, feature)
                for uid in sorted(uids if only is None else uids & only)
                if (feature := appliance.feature(uid))
            ]
    return []


def _change(appliance: Appliance, feature: Feature) -> tuple[Json, str]:
    value = words.value_text(appliance, feature.uid) or "unknown"
    access = appliance.access(feature.uid) if appliance.available(feature.uid) else "not available"
    return (
        {"event": "changed", **words.feature_json(appliance, feature)},
        f"{feature.key or feature.uid}: {value} ({access})",
    )


# --- doing ---------------------------------------------------------------------------------------


async def set_value(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Set one setting, or one option of the selected or running program."""
    feature = words.find_feature(client.appliance, arguments.feature, *SETTABLE)
    write = client.set_option if feature.kind is Kind.OPTION else client.write
    await _checked(client.appliance, feature, write(feature.uid, arguments.value))
    if feature.uid in client.pending:
        raise CliError(
            f"{feature.key} is taken only together with the start of the program; see"
            f" program start --option {(feature.key or '').rpartition('.')[2]}={arguments.value}",
            ExitStatus.FAILED,
        )
    return _done(arguments, {"feature": feature.key, "uid": feature.uid, "value": arguments.value})


async def command(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Give a command."""
    feature = words.find_feature(client.appliance, arguments.feature, Kind.COMMAND)
    value = arguments.value
    if value is not None and (event := client.appliance.find(value)):
        value = event.uid  # acknowledging wants an event by its number
    given = True if value is None else value
    await _checked(client.appliance, feature, client.command(feature.uid, given))
    return _done(arguments, {"command": feature.key, "uid": feature.uid, "value": given})


async def _checked(appliance: Appliance, feature: Feature, work: Awaitable[None]) -> None:
    """Do something; raises CliError that tells what can be set when it is the value that is wrong."""
    try:
        await work
    except InvalidValueError as err:
        text = words.settable_text(appliance, feature.uid)
        hint = f"; can be set to: {printable(text)}" if text else ""
        raise CliError(f"{feature.key}: {err}{hint}", ExitStatus.USAGE) from err


async def list_programs(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Print the programs."""
    if arguments.json:
        say_json({"programs": words.programs_json(client.appliance)})
    else:
        say(words.program_table(client.appliance))
    return ExitStatus.DONE


async def select(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Select a program."""
    appliance = client.appliance
    program = words.find_program(appliance, arguments.program)
    options = words.read_options(appliance, arguments.option)
    await _valid(client.select_program(program, options))
    return _done(arguments, {"select": words.key_of(appliance, program), "uid": program})


async def start(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Start a program, by default the selected one."""
    appliance = client.appliance
    named = arguments.program
    program = None if named is None else words.find_program(appliance, named)
    options = words.read_options(appliance, arguments.option)
    await _valid(
        client.start_program(
            program, options, start_in=arguments.start_in, finish_in=arguments.finish_in
        )
    )
    uid = program or appliance.selected_program
    return _done(arguments, {"start": _program(appliance, uid), "uid": uid})


async def _valid(work: Awaitable[None]) -> None:
    """Do something with options; raises CliError when a value of one is wrong."""
    try:
        await work
    except InvalidValueError as err:
        raise CliError(f"{err}; see get FEATURE for what can be set", ExitStatus.USAGE) from err


CONTROLS: Mapping[str, Callable[[HomeConnectClient], Awaitable[None]]] = {
    "stop": HomeConnectClient.stop,
    "pause": HomeConnectClient.pause,
    "resume": HomeConnectClient.resume,
}


async def control(client: HomeConnectClient, arguments: Arguments) -> ExitStatus:
    """Stop or pause the running program, or go on with it."""
    await CONTROLS[arguments.control](client)
    return _done(arguments, {"program": arguments.control})


def _done(arguments: Arguments, about: Json) -> ExitStatus:
    """Say that the appliance has acknowledged."""
    if arguments.json:
        say_json({**about, "acknowledged": True})
    else:
        verb, value = next(iter(about.items()))
        to = f" to {about['value']}" if verb == "feature" else ""
        name = "" if verb == "feature" else f"{verb} "
        say(f"{name}{printable(str(value))}{to}: acknowledged")
    return ExitStatus.DONE
