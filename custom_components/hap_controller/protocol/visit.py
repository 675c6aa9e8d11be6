"""Short visits to a paired accessory: connect, verify, ask for one thing, and leave.

Nothing is read that is not asked for, unlike on the link that a ``HapClient`` holds. Source:
docs/hap_controller/wire.md §4, §7.6, §10.6, §10.7.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from .connection import Connection, Steps
from .const import ContentType, Path
from .messages import Request
from .pairing import Pairing, PairVerifyController, list_pairings, read_pairings, remove_pairing
from .records import HalfKeys, PairingKeys
from .refusals import PairingLostError, PairingRefusedError
from .transport import open_tcp


async def check_pairing(keys: PairingKeys, hosts: Sequence[str], port: int) -> None:
    """Find out whether an accessory still knows us.

    Raises PairingLostError when it does not, WrongAccessoryError when another one answers, and any LinkError.
    """
    await _visit(keys, hosts, port, _asking_nothing)


async def revoke_pairing(
    keys: PairingKeys | HalfKeys, hosts: Sequence[str], port: int
) -> list[Pairing]:
    """Have an accessory forget us, if it knows us at all; gives the other controllers that it knows, if it tells.

    Raises LinkError when it may still know us: then it is worth another visit, for an accessory may hang up before its
    answer is read.
    """
    others: list[Pairing] = []
    with suppress(PairingLostError):
        await _visit(keys, hosts, port, partial(_leaving, keys.controller_id, others))
    return others


async def _visit(
    keys: PairingKeys | HalfKeys, hosts: Sequence[str], port: int, ask: Callable[[], Steps[None]]
) -> None:
    """Verify and take steps, within the time limits of a conversation; raises LinkError and AuthError."""
    clock = asyncio.get_running_loop().time
    async with open_tcp(hosts, port) as transport:
        connection = Connection(clock(), transport.host, PairVerifyController(keys), ask)
        while not connection.established:
            for data in connection.outgoing():
                await transport.send(data)
            try:
                async with asyncio.timeout_at(connection.deadline):
                    received = await transport.receive()
            except TimeoutError:
                connection.tick(clock())
            else:
                connection.receive(received, clock())


def _asking_nothing() -> Steps[None]:
    yield from ()


def _leaving(controller_id: str, others: list[Pairing]) -> Steps[None]:
    """Learn who else is there, and have ourselves forgotten."""
    answer = yield _pairings(list_pairings())
    try:
        known = read_pairings(answer.body)
    except PairingRefusedError:  # only administrators may know
        known = []
    others += [each for each in known if each.controller_id != controller_id]
    answer = yield _pairings(remove_pairing(controller_id))
    read_pairings(answer.body)


def _pairings(message: bytes) -> Request:
    return Request("POST", Path.PAIRINGS, ContentType.TLV, message)
