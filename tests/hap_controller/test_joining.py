"""One attempt to pair: bounded in time, repeated where that helps, never lost halfway."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.hap_controller.joining import HalfwayError, Joining, Target
from custom_components.hap_controller.leftovers import async_get_leftovers
from custom_components.hap_controller.protocol import (
    BusyError,
    ConnectError,
    LinkClosedError,
    PairingAttempt,
    PeerSilentError,
    SetupCodeError,
)
from custom_components.hap_controller.protocol.accessory import AccessoryServer
from tests.support.fault_proxy import FaultProxy
from tests.support.rooms import pass_time

from .forms import CODE, WRONG_CODE, id_of, issues, nowhere, port_of, unpaired
from .living import HOST
from .protocol.running import until

JOINING = "custom_components.hap_controller.joining"


@pytest.fixture(autouse=True)
def network(socket_enabled: None, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Keep the network out."""
    return mock_async_zeroconf


@pytest.fixture
async def server() -> AsyncIterator[AccessoryServer]:
    """Serve an accessory that can be paired."""
    async with unpaired() as server:
        yield server


def target(server: AccessoryServer, port: int | None = None) -> Target:
    """Say what is to be paired."""
    return Target("Lamp", "Lightbulb", (HOST,), port or port_of(server), id_of(server))


async def kept(hass: HomeAssistant) -> int:
    """Count the pairings that may have to be taken back."""
    return len((await async_get_leftovers(hass))._kept)


async def test_join(hass: HomeAssistant, server: AccessoryServer) -> None:
    """It pairs; a pairing that nobody stores is taken back at the end."""
    joining = Joining(hass, target(server))
    assert not joining.awaits_code
    assert not joining.committed
    await joining.async_begin()
    assert joining.awaits_code
    with pytest.raises(SetupCodeError):
        await joining.async_finish(WRONG_CODE)
    assert not joining.awaits_code
    assert not joining.committed
    assert not await kept(hass)
    await joining.async_begin()
    record = await joining.async_finish(CODE)
    assert joining.committed
    assert await kept(hass) == 1
    assert list(server.state.register.pairings) == [record.keys.controller_id]
    await joining.async_leave()
    assert not server.paired
    assert not await kept(hass)


async def test_on_disk_before_the_accessory_knows(
    hass: HomeAssistant, hass_storage: dict[str, Any], server: AccessoryServer
) -> None:
    """What frees the accessory is on disk before the accessory knows us, so that a crash costs nothing."""
    finish = PairingAttempt.finish

    async def look(attempt: PairingAttempt, code: str) -> Any:
        (leftover,) = hass_storage["hap_controller.leftovers"]["data"].values()
        half = attempt.half(id_of(server))
        assert leftover["name"] == "Lamp"
        assert leftover["record"]["iOSPairingId"] == half.controller_id
        assert leftover["record"]["iOSDeviceLTSK"] == half.controller_ltsk.hex()
        assert leftover["record"]["AccessoryPairingID"] == id_of(server)
        assert not server.paired
        return await finish(attempt, code)

    joining = Joining(hass, target(server))
    await joining.async_begin()
    with patch.object(PairingAttempt, "finish", look):
        await joining.async_finish(CODE)
    assert server.paired
    await joining.async_leave()


async def test_busy_for_a_moment(hass: HomeAssistant, server: AccessoryServer) -> None:
    """An accessory that has not noticed the end of our last attempt is asked once more; one that never knew us is not."""
    begin = PairingAttempt.begin
    refusals = 0

    async def busy(attempt: PairingAttempt) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise BusyError("busy")
        await begin(attempt)

    joining = Joining(hass, target(server))
    with patch.object(PairingAttempt, "begin", busy), patch(f"{JOINING}._BUSY_AGAIN_S", 0.0):
        refusals = 1
        with pytest.raises(BusyError):
            await joining.async_begin()
        refusals = 1
        await joining.async_begin()
        assert joining.awaits_code
        refusals = 2
        with pytest.raises(BusyError):
            await joining.async_begin()
    await joining.async_leave()


async def test_form_left_open(hass: HomeAssistant, server: AccessoryServer) -> None:
    """After five minutes without a code others may pair; who comes back to the form still can, if nobody has."""
    joining = Joining(hass, target(server))
    await joining.async_begin()
    other = Joining(hass, target(server))
    with pytest.raises(BusyError):
        await other.async_begin()
    pass_time(hass, 299)
    await hass.async_block_till_done()
    with pytest.raises(BusyError):
        await other.async_begin()
    pass_time(hass, 301)
    await hass.async_block_till_done()
    await other.async_begin()
    await other.async_leave()
    assert joining.awaits_code
    await joining.async_finish(CODE)
    assert server.paired
    await joining.async_leave()


async def test_time_limits(hass: HomeAssistant, server: AccessoryServer) -> None:
    """Neither step goes on for ever."""
    async with FaultProxy(port_of(server)) as proxy:
        joining = Joining(hass, target(server, proxy.port))
        proxy.blackhole = True
        with patch(f"{JOINING}.BEGIN_LIMIT_S", 0.01), pytest.raises(PeerSilentError):
            await joining.async_begin()
        proxy.blackhole = False
        await joining.async_begin()
        proxy.blackhole = True
        with patch(f"{JOINING}.FINISH_LIMIT_S", 0.2), pytest.raises(PeerSilentError):
            await joining.async_finish(CODE)
        assert not joining.awaits_code
        assert not await kept(hass)
        await joining.async_leave()


async def test_silence_in_the_end(hass: HomeAssistant, server: AccessoryServer) -> None:
    """Silence when the accessory has paired already leaves a pairing to be taken back, now or later."""
    finish = PairingAttempt.finish

    async def in_vain(attempt: PairingAttempt, code: str) -> Any:
        await finish(attempt, code)
        raise TimeoutError

    joining = Joining(hass, target(server))
    for limit_s, taken_back in ((15.0, True), (0.0, False)):
        await joining.async_begin()
        with (
            patch.object(PairingAttempt, "finish", in_vain),
            patch("custom_components.hap_controller.leftovers._LIMIT_S", limit_s),
            pytest.raises(HalfwayError) as caught,
        ):
            await joining.async_finish(CODE)
        assert caught.value.taken_back is taken_back
        assert server.paired is not taken_back
    assert issues(hass).keys() == {"still_paired"}
    await joining.async_leave()
    assert server.paired  # that is for the leftovers now
    assert await kept(hass) == 1


async def test_mistake_in_the_end(hass: HomeAssistant, server: AccessoryServer) -> None:
    """A mistake of ours is no reason to leave the accessory paired."""
    finish = PairingAttempt.finish

    async def fail(attempt: PairingAttempt, code: str) -> Any:
        await finish(attempt, code)
        raise RuntimeError("a mistake")

    joining = Joining(hass, target(server))
    await joining.async_begin()
    with patch.object(PairingAttempt, "finish", fail), pytest.raises(RuntimeError):
        await joining.async_finish(CODE)
    assert server.paired
    await joining.async_leave()
    assert not server.paired


async def test_nobody_there(hass: HomeAssistant, server: AccessoryServer) -> None:
    """What cannot be reached is said, and can be tried again."""
    with nowhere() as port:
        joining = Joining(hass, target(server, port))
        for _ in range(2):
            with pytest.raises(ConnectError):
                await joining.async_begin()
    await joining.async_leave()


async def test_left_early(hass: HomeAssistant, server: AccessoryServer) -> None:
    """Who leaves while the accessory is asked leaves no connection behind."""
    begin = PairingAttempt.begin

    async def slow(attempt: PairingAttempt) -> None:
        await begin(attempt)
        await joining.async_leave()

    joining = Joining(hass, target(server))
    with patch.object(PairingAttempt, "begin", slow), pytest.raises(LinkClosedError):
        await joining.async_begin()
    assert not joining.awaits_code
    await until(lambda: not server.connections)


async def test_cancelled(hass: HomeAssistant, server: AccessoryServer) -> None:
    """A step that is cancelled, as when Home Assistant stops, does not stop the pairing halfway."""
    joining = Joining(hass, target(server))
    await joining.async_begin()
    step = asyncio.create_task(joining.async_finish(CODE))
    await until(lambda: joining.committed)
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    await hass.async_block_till_done()
    assert server.paired
    assert await kept(hass) == 1  # the next start frees the accessory
    await joining.async_leave()
    assert not server.paired


async def test_proof_cancelled(hass: HomeAssistant, server: AccessoryServer) -> None:
    """A proof that is cancelled for good is left alone."""
    joining = Joining(hass, target(server))
    await joining.async_begin()
    step = asyncio.create_task(joining.async_finish(CODE))
    await until(lambda: joining.committed)
    assert joining._proof
    joining._proof.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    await joining.async_leave()
    assert not server.paired
