"""Short visits: whether an accessory still knows us, and having it forget us, whatever is known of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    ConnectError,
    ControllerPermission,
    HalfKeys,
    LinkClosedError,
    LinkError,
    Pairing,
    PairingAttempt,
    PairingKeys,
    PairingLostError,
    PeerSilentError,
    SessionRefusedError,
    SignatureError,
    UnknownPairingError,
    WrongAccessoryError,
    check_pairing,
    revoke_pairing,
)
from custom_components.hap_controller.protocol.accessory import AccessoryServer
from custom_components.hap_controller.protocol.http import Request, Response
from tests.support.clock import run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy

from .running import HOST, Odd, bulb, pair, paired, serving

pytestmark = pytest.mark.usefixtures("socket_enabled")

OTHER = Pairing("someone else", bytes(32), ControllerPermission.ADMIN)


@asynccontextmanager
async def at_home() -> AsyncIterator[tuple[AccessoryServer, PairingKeys, int]]:
    """Serve a lamp that is paired."""
    async with serving(bulb()[0]) as server:
        yield server, pair(server.state.register), server.address[1]


def half_of(keys: PairingKeys, accessory_id: str | None) -> HalfKeys:
    """Forget who the accessory is."""
    return HalfKeys(accessory_id, keys.controller_id, keys.controller_ltsk)


def test_check() -> None:
    """An accessory that knows us is asked nothing; one that does not says so."""

    async def main() -> None:
        async with at_home() as (server, keys, port):
            await check_pairing(keys, [HOST], port)
            assert server.paired
            with pytest.raises(WrongAccessoryError):
                await check_pairing(replace(keys, accessory_id="00:00:00:00:00:00"), [HOST], port)
            with pytest.raises(SignatureError):
                await check_pairing(replace(keys, accessory_ltpk=bytes(32)), [HOST], port)
            await server.forget_pairings()
            with pytest.raises(PairingLostError):
                await check_pairing(keys, [HOST], port)
        with pytest.raises(ConnectError):
            await check_pairing(keys, [HOST], port)

    run_virtual(main())


@pytest.mark.parametrize("known", ["all", "id", "nothing"])
def test_revoke(known: str) -> None:
    """We are forgotten, others are not, and it is said who they are; a second time nothing is left to do."""

    async def main() -> None:
        async with at_home() as (server, keys, port):
            pairings = server.state.register.pairings
            pairings[OTHER.controller_id] = OTHER
            halves: dict[str, PairingKeys | HalfKeys] = {
                "all": keys,
                "id": half_of(keys, keys.accessory_id.lower()),
                "nothing": half_of(keys, None),
            }
            mine = halves[known]
            assert await revoke_pairing(mine, [HOST], port) == [OTHER]
            assert list(pairings) == [OTHER.controller_id]
            assert await revoke_pairing(mine, [HOST], port) == []

    run_virtual(main())


def test_revoke_nothing() -> None:
    """An accessory that is not paired at all does not know us either."""

    async def main() -> None:
        async with at_home() as (server, keys, port):
            await server.forget_pairings()
            server.state.register.signing_key = None
            assert await revoke_pairing(half_of(keys, None), [HOST], port) == []

    run_virtual(main())


def test_revoke_elsewhere() -> None:
    """Another accessory at the address is not taken for ours, with half the keys no more than with all."""

    async def main() -> None:
        async with at_home() as (server, keys, port):
            with pytest.raises(WrongAccessoryError):
                await revoke_pairing(half_of(keys, "00:00:00:00:00:00"), [HOST], port)
            assert server.paired

    run_virtual(main())


def answers(**refused: bytes) -> Callable[[Request], Response | None]:
    """Answer the list and the removal of pairings; without an answer hang up."""

    def answer(request: Request) -> Response | None:
        what = "lists" if b"\x00\x01\x05" in request.body else "removes"
        return Response(200, refused[what]) if what in refused else None

    return answer


M2 = b"\x06\x01\x02"
REFUSED = M2 + b"\x07\x01\x02"


def test_not_allowed() -> None:
    """Who is no administrator may not know who else is there, and may not be allowed to leave."""

    async def main() -> None:
        async with Odd(answers(lists=REFUSED, removes=M2)) as odd:
            assert await revoke_pairing(odd.keys, [HOST], odd.port) == []
            assert len(odd.requests) == 2
            odd.answers = answers(lists=REFUSED, removes=REFUSED)
            with pytest.raises(SessionRefusedError):
                await revoke_pairing(odd.keys, [HOST], odd.port)

    run_virtual(main())


def test_hangs_up() -> None:
    """Whether it went well when the accessory hangs up shows at the next visit."""

    async def main() -> None:
        async with Odd(answers(lists=M2)) as odd:
            with pytest.raises(LinkClosedError):
                await revoke_pairing(odd.keys, [HOST], odd.port)
            odd.register.pairings.clear()
            assert await revoke_pairing(odd.keys, [HOST], odd.port) == []

    run_virtual(main())


@pytest.mark.parametrize("visit", [check_pairing, revoke_pairing])
def test_silence(visit: Callable[[Any, list[str], int], Awaitable[Any]]) -> None:
    """A visit ends when nobody answers."""

    async def main() -> None:
        async with at_home() as (_, keys, port), FaultProxy(port) as proxy:
            proxy.accept = Accept.HANG
            with pytest.raises(PeerSilentError):
                async with asyncio.timeout(60):
                    await visit(keys, [HOST], proxy.port)

    run_virtual(main())


async def pair_by(attempt: PairingAttempt, code: str) -> PairingKeys:
    """Take both steps of an attempt."""
    await attempt.begin()
    return await attempt.finish(code)


def test_lost_answer() -> None:
    """Wherever the link is lost amid pairing: what the accessory may know of us can be taken back, and only then."""

    async def main() -> None:
        async with serving(bulb()[0]) as server, FaultProxy(server.address[1]) as proxy:
            register = server.state.register
            await paired(proxy.port, server.setup_code)
            length = proxy.passed
            halfway = 0
            for offset in range(0, length, 53):
                register.pairings.clear()
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = Cut.RST, offset
                async with PairingAttempt.open([HOST], proxy.port) as attempt:
                    with pytest.raises(LinkError):
                        await pair_by(attempt, server.setup_code)
                proxy.cut = None
                if register.pairings:
                    assert attempt.introduced
                    halfway += 1
                if attempt.introduced:
                    assert not await revoke_pairing(
                        attempt.half(register.accessory_id), [HOST], proxy.port
                    )
                assert not register.pairings
            assert halfway

    run_virtual(main())


def test_refused_in_the_end(tmp_path: Path) -> None:
    """An accessory that refuses the last message does not know us."""

    async def main() -> None:
        async with serving(bulb()[0]) as server:
            server.state.path = tmp_path / "no folder" / "state.json"
            async with PairingAttempt.open([HOST], server.address[1]) as attempt:
                with pytest.raises(UnknownPairingError):
                    await pair_by(attempt, server.setup_code)
                assert not attempt.introduced
                assert not server.paired

    run_virtual(main())
