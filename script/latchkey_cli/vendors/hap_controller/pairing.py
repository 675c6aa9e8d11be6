"""Accessories that are not ours yet: which there are, which one is which, and pairing with one."""

import asyncio
from collections.abc import Mapping, Sequence
import os
import sys

from custom_components.hap_controller.protocol import (
    AccessoryGone,
    AlreadyPairedError,
    Announcement,
    AuthError,
    CommandError,
    Discovery,
    HalfKeys,
    HapClient,
    InsecureCodeError,
    LinkError,
    MalformedCodeError,
    PairingAttempt,
    PairingRecord,
    VendorError,
    parse_code,
    revoke_pairing,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...options import Arguments
from ...output import say, say_json
from . import words
from .reach import Endpoint, Link, browsing, endpoint_of, find, given_endpoint
from .storage import FILE, Storage

CODE = "HAP_CONTROLLER_CODE"
TAKE_BACK_S = 15.0
"""How long a pairing is tried to be taken back whose end is not known."""
METHODS: Mapping[str, int | None] = {"auto": None, "hw": 1, "sw": 0}
"""Feature flags by the choice of a person: None for those announced."""


async def discover(arguments: Arguments) -> ExitStatus:
    """List accessories as they are heard, each once."""
    told: set[str] = set()
    skipped = 0
    news: asyncio.Queue[Announcement] = asyncio.Queue()

    def hear(change: Discovery) -> None:
        if not isinstance(change, AccessoryGone):
            news.put_nowait(change.announcement)

    async with browsing(arguments) as browser:
        browser.subscribe(hear)
        try:
            async with asyncio.timeout(arguments.seconds):
                while True:
                    found = await news.get()
                    if found.key in told:
                        continue
                    told.add(found.key)
                    if arguments.unpaired and found.paired:
                        skipped += 1
                    elif arguments.json:
                        say_json(words.announcement_json(found))
                    else:
                        say(words.announcement_text(found))
        except TimeoutError:
            pass
    if not told:
        warn(
            "nothing was heard; accessories must have power and be in this network, and mDNS (UDP port 5353)"
            " must pass firewalls. -t listens longer"
        )
    elif skipped == len(told):
        warn(f"all accessories that were heard are paired ({skipped}); reset one to pair it anew")
    return ExitStatus.DONE


async def identify(arguments: Arguments) -> ExitStatus:
    """Have an accessory show which one it is."""
    named = arguments.file or arguments.alias
    if arguments.device is None and not arguments.host and not named and FILE not in os.environ:
        raise CliError(
            "name an accessory that is not paired with -d, or a pairing with -f and -a",
            ExitStatus.USAGE,
        )
    if arguments.device is None and (named or not arguments.host):
        link = Link.named(arguments)

        async def command(client: HapClient) -> ExitStatus:
            await client.identify()
            return _shown(arguments, link.alias)

        return await link.run(command)
    if named:
        raise CliError(
            "-d names an accessory that is not paired, -f and -a one that is: use one of them",
            ExitStatus.USAGE,
        )
    hosts, port = await _where(arguments)
    try:
        async with PairingAttempt.open(hosts, port) as attempt:
            await attempt.identify()
    except AlreadyPairedError as err:
        raise CliError(
            f"{err}; name its pairing with -f and -a instead", ExitStatus.FAILED
        ) from err
    return _shown(arguments, arguments.device or hosts[0])


def _shown(arguments: Arguments, name: str) -> ExitStatus:
    if arguments.json:
        say_json({"identified": name})
    else:
        say(f"{name} shows now which one it is.")
    return ExitStatus.DONE


async def _where(arguments: Arguments) -> Endpoint:
    """Give the endpoint of an accessory that is not paired; raises CliError."""
    if given := given_endpoint(arguments):
        return given
    if arguments.device is None:
        raise CliError(
            "name the accessory with -d, as discover shows it, or with --host", ExitStatus.USAGE
        )
    return endpoint_of(await find(arguments, arguments.device))


async def pair(arguments: Arguments) -> ExitStatus:
    """Pair, store the keys at once, then look at the accessory."""
    if not arguments.alias:
        raise CliError("give the new pairing a name with -a", ExitStatus.USAGE)
    storage = Storage.named(arguments)
    code = _code(arguments)
    storage.check_new(arguments.alias)
    flags = METHODS[arguments.method]
    if given := given_endpoint(arguments):
        hosts, port = given
    elif arguments.device is None:
        raise CliError(
            "name the accessory with -d, as discover shows it, or with --host", ExitStatus.USAGE
        )
    else:
        found = await find(arguments, arguments.device)
        (hosts, port), flags = endpoint_of(found), found.feature_flags if flags is None else flags
    half: HalfKeys | None = None
    try:
        async with PairingAttempt.open(hosts, port, flags or 0) as attempt:
            await attempt.begin()
            code = code or await _ask_code(allow_insecure=arguments.allow_insecure)
            try:
                keys = await attempt.finish(code)
            except BaseException:
                half = attempt.half(None if given else arguments.device)
                half = half if attempt.introduced else None
                raise
            # Nothing may come in between: from now on the accessory is paired with these keys.
            record = PairingRecord(keys, hosts=hosts, port=port)
            storage.put(arguments.alias, record)
    except VendorError, asyncio.CancelledError:
        if half is not None:
            await _take_back(half, hosts, port)
        raise
    if arguments.device and arguments.device.lower() != record.device_id:
        warn(
            f"the accessory at {arguments.host} is {keys.accessory_id}; remove-pairing undoes this"
        )
    link = Link(arguments, storage, arguments.alias, record)

    async def command(client: HapClient) -> ExitStatus:
        link.remember(accessories=client.database.store())
        return ExitStatus.DONE

    try:
        await link.run(command)
    except (CliError, VendorError) as err:
        raise CliError(
            f'the pairing is stored as "{arguments.alias}", but the accessory could not be looked at: {err}',
            ExitStatus.NO_LINK,
        ) from err
    if arguments.json:
        say_json({"alias": arguments.alias, "device_id": keys.accessory_id, "paired": True})
    else:
        say(f'Pairing for "{arguments.alias}" was established.')
    return ExitStatus.DONE


async def _take_back(half: HalfKeys, hosts: Sequence[str], port: int) -> None:
    """Free an accessory that may have paired without our having learnt its key; says what became of it."""
    try:
        async with asyncio.timeout(TAKE_BACK_S):
            while True:
                try:
                    await revoke_pairing(half, hosts, port)
                except LinkError:  # it may have to come back first
                    await asyncio.sleep(1)
                else:
                    break
    except AuthError, CommandError, TimeoutError:
        warn(
            "the accessory may have paired with keys that nobody has; if it says that it is already paired, reset it"
        )
    else:
        warn("the accessory is not paired: what it may have kept was taken back")


# --- the setup code ------------------------------------------------------------------------------


def _code(arguments: Arguments) -> str | None:
    """Take the code that was told; None when it has to be asked for. Raises CliError."""
    text = arguments.code or os.environ.get(CODE)
    if text:
        return _checked(text, allow_insecure=arguments.allow_insecure)
    if not sys.stdin.isatty():
        raise CliError(
            f"the setup code is needed: set {CODE}, or run this in a terminal to be asked",
            ExitStatus.USAGE,
        )
    return None


def _checked(text: str, *, allow_insecure: bool) -> str:
    try:
        return parse_code(text, allow_insecure=allow_insecure)
    except MalformedCodeError as err:
        raise CliError(
            f"{err}, as in NNN-NN-NNN: look at the accessory or its box", ExitStatus.USAGE
        ) from err
    except InsecureCodeError as err:
        raise CliError(
            f"{err}, so accessories do not have it; if yours does, --allow-insecure takes it",
            ExitStatus.USAGE,
        ) from err


async def _ask_code(*, allow_insecure: bool) -> str:
    """Ask until a well-formed code was entered; raises CliError at the end of the input."""
    while True:
        line = await _line("Setup code (NNN-NN-NNN): ")
        if not line:
            raise CliError("no setup code was entered; nothing was paired", ExitStatus.USAGE)
        try:
            return _checked(line, allow_insecure=allow_insecure)
        except CliError as err:
            warn(str(err))


async def _line(prompt: str) -> str:
    """Read a line from the terminal, and let Ctrl-C through meanwhile."""
    print(prompt, end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not typed.done():
            typed.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        return await typed
    finally:
        loop.remove_reader(sys.stdin.fileno())
