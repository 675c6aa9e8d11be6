"""What networks and accessories do wrong, as users see it: states, errors, and that nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_address
import logging
import time
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_ZEROCONF, ConfigEntryState
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.hap_controller.const import CONF_ADDRESS_PORT, DOMAIN
from custom_components.hap_controller.protocol import SERVICE_TYPE
from simulators.hap_controller import BRIDGED, SimulatedAccessory
from simulators.hap_controller.demo import bridged
from tests.support.clock import on_the_way
from tests.support.forms import submit
from tests.support.leaks import open_sockets
from tests.support.rooms import act, note_states, state_of, tasks_of, until_state

from .forms import reopen, start
from .protocol.running import HOST, until
from .vendor import VENDOR, Peer

LINK = "binary_sensor.bridge_connection"
LOCK = "lock.front_door"
GARAGE = "cover.garage"
SWITCH = "switch.coffee_machine"
IDLE = "switch.fountain"
SHOWN = {LOCK, GARAGE, SWITCH, IDLE}


class Clock:
    """The clock of the loop, which can be put forward: whatever waited so long happens then."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let it go on as before."""
        self._loop = loop
        self._usual = loop.time
        self._ahead = 0.0
        self._stuck: object = None
        loop.time = self._now  # type: ignore[method-assign]

    def _now(self) -> float:
        return self._usual() + self._ahead

    async def forward(self, seconds: float) -> None:
        """Put it forward, and let happen what is due."""
        self._ahead += seconds
        for _ in range(5):
            await asyncio.sleep(0)

    async def until(
        self, condition: Callable[[], object], *, step_s: float = 5.0, limit_s: float = 300.0
    ) -> float:
        """Let time go by until something holds; gives how long that took."""
        passed = 0.0
        while not condition():
            assert passed < limit_s, "it never comes true"
            await self.forward(step_s)
            passed += step_s
            await self._arrivals(condition)
        return passed

    async def _arrivals(self, condition: Callable[[], object]) -> None:
        """Wait for what is under way on sockets: it takes no time of this clock, but it takes time.

        Turns of the loop are counted, since a busy machine may be away for long between two of them.
        """
        selector = self._loop._selector  # type: ignore[attr-defined]
        for turn in range(500):
            moving = on_the_way(selector)
            settled = moving in (None, self._stuck) and not selector.select(0)
            if condition() or (settled and turn > 25):
                break
            await asyncio.sleep(0.001)
        self._stuck = on_the_way(selector)

    def stop(self) -> None:
        """Be right again."""
        self._loop.time = self._usual  # type: ignore[method-assign]


@pytest.fixture
def clock(hass: HomeAssistant) -> Iterator[Clock]:
    """Give power over time."""
    clock = Clock(hass.loop)
    yield clock
    clock.stop()


@pytest.fixture
async def peer(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[Peer]:
    """Serve the bridge; whatever happened, nothing is left behind, and nothing was shown as locked that was not."""
    lies: list[str] = []
    sockets = open_sockets()
    async with Peer() as peer:

        @callback
        def check(event: Event[EventStateChangedData]) -> None:
            new = event.data["new_state"]
            if new is None:
                return
            truth = {
                (LOCK, "locked"): ("Front door", "Lock Current State", 1),
                (LOCK, "unlocked"): ("Front door", "Lock Current State", 0),
                (GARAGE, "closed"): ("Garage", "Current Door State", 1),
            }.get((new.entity_id, new.state))
            if truth is not None and peer.value(*truth[:2]) != truth[2]:
                lies.append(f"{new.entity_id} is shown as {new.state}")

        hass.bus.async_listen(EVENT_STATE_CHANGED, check)
        yield peer
        assert tasks_of(DOMAIN) == []
        peer.resume()  # or it would not see what ended meanwhile
        await until(lambda: not peer.sessions)
    for _ in range(20):
        await asyncio.sleep(0)
    assert open_sockets() <= sockets
    assert lies == []
    assert not peer.violations


@pytest.fixture
async def entry(hass: HomeAssistant, network: object, peer: Peer) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the bridge, not set up; it is unloaded at once in the end, whatever is wrong then."""
    entry = VENDOR.new_entry(peer)
    entry.add_to_hass(hass)
    yield entry
    if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
        started = time.process_time()
        assert await hass.config_entries.async_unload(entry.entry_id)
        # A bridge of five takes milliseconds; the benchmarks measure it, this only finds what waits or spins.
        assert time.process_time() - started < 0.25


def shown(hass: HomeAssistant) -> dict[str, str]:
    """Return what is shown of the accessories."""
    return {entity_id: state_of(hass, entity_id).state for entity_id in sorted(SHOWN)}


USUAL = {GARAGE: "closed", LOCK: "locked", SWITCH: STATE_ON, IDLE: STATE_OFF}
NOTHING = dict.fromkeys(SHOWN, STATE_UNAVAILABLE)


def link_is(hass: HomeAssistant, state: str) -> Callable[[], bool]:
    """Build a condition on the entity that shows the link."""
    return lambda: state_of(hass, LINK).state == state


async def lose(hass: HomeAssistant) -> None:
    """Wait until the link is known to be lost."""
    await until_state(hass, LINK, STATE_OFF)


async def back(hass: HomeAssistant, clock: Clock) -> float:
    """Let time go by until the link is back; gives how long that took."""
    return await clock.until(link_is(hass, STATE_ON))


async def fails(hass: HomeAssistant, platform: Platform, action: str, entity_id: str) -> str:
    """Have an action fail; gives the key of the error."""
    return str((await VENDOR.fails(hass, platform, action, entity_id)).translation_key)


async def announce(hass: HomeAssistant, peer: Peer, port: int | None = None, **texts: str) -> Any:
    """Announce the bridge, at another port or with other texts if wanted."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=ip_address(HOST),
            ip_addresses=[ip_address(HOST)],
            port=port or peer.port,
            hostname="bridge.local.",
            type=SERVICE_TYPE,
            name=f"Bridge.{SERVICE_TYPE}",
            properties={**peer.texts, **texts},
        ),
    )


def opened(peer: SimulatedAccessory) -> int:
    """Count the connections that were opened so far."""
    return sum(each.what == "open" for each in peer.received)


# --- links that end -----------------------------------------------------------------------------


async def test_refused(
    hass: HomeAssistant,
    clock: Clock,
    loaded: MockConfigEntry,
    peer: Peer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refused for an hour: unavailable after ten seconds, an error to whoever asks, and two lines in the log."""
    caplog.set_level(logging.INFO, DOMAIN)
    caplog.clear()
    assert shown(hass) == USUAL
    await peer.link_down()
    await lose(hass)
    assert shown(hass) == USUAL
    calling = hass.async_create_task(fails(hass, Platform.LOCK, "unlock", LOCK))
    took = await clock.until(lambda: shown(hass) == NOTHING, step_s=1.0)
    assert 9 <= took <= 12
    await clock.until(calling.done)
    assert await calling == "cannot_connect"
    for _ in range(60):
        await clock.forward(60)
    assert shown(hass) == NOTHING
    peer.operate("Front door", "Lock Target State", 0)
    await peer.settle()
    await peer.link_restored()
    await back(hass, clock)
    assert shown(hass) == USUAL | {LOCK: "unlocked"}
    ours = [record for record in caplog.records if DOMAIN in record.name]
    assert len(ours) == 2, [record.getMessage() for record in ours]
    assert not peer.written()


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_moment(hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer, how: str) -> None:
    """A link that is lost for a moment is no news of any accessory, but what happened meanwhile is."""
    noted = note_states(hass, Platform.LOCK, Platform.COVER, Platform.SWITCH)
    peer.drop(how)
    peer.operate("Fountain", "On", True)
    await lose(hass)
    await until_state(hass, LINK, STATE_ON)
    assert [(state.entity_id, state.state) for state in noted] == [(IDLE, STATE_ON)]
    assert shown(hass) == USUAL | {IDLE: STATE_ON}


@pytest.mark.parametrize("done", [False, True])
async def test_command_on_a_link_that_ends(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer, done: bool
) -> None:
    """Nobody knows whether it was carried out: an error, the old state, no repetition, and then the truth."""
    peer.faults.arm("cut", count=1, method="PUT", act=done)
    assert await fails(hass, Platform.LOCK, "unlock", LOCK) == "cannot_connect"
    assert state_of(hass, LOCK).state == "locked"
    await peer.settle()
    await back(hass, clock)
    assert state_of(hass, LOCK).state == ("unlocked" if done else "locked")
    assert peer.written() == ([0] if done else [])


async def test_silence_of_a_new_link(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """Connections that are taken and never answered are given up, one after the other."""
    peer.faults.arm("accept", how="silence")
    peer.abort()
    await lose(hass)
    await clock.until(lambda: shown(hass) == NOTHING)
    for _ in range(60):
        await clock.forward(5)
        await asyncio.sleep(0.001)
    assert 3 < opened(peer) < 30
    peer.faults.clear()
    peer.resume()
    await back(hass, clock)
    assert shown(hass) == USUAL


async def test_half_open(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """A peer that vanished without a word is found out within a minute, also without any traffic."""
    peer.stall(later=True)
    took = await clock.until(lambda: shown(hass) == NOTHING)
    assert 50 <= took <= 60
    assert state_of(hass, LINK).attributes["last_error"] == "PeerSilentError"
    peer.resume()
    await back(hass, clock)
    assert shown(hass) == USUAL


async def test_half_open_link(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """Where only the link is dead, the next one is there before anybody notices; what was missed is known then."""
    noted = note_states(hass, Platform.LOCK, Platform.COVER, Platform.SWITCH)
    peer.stall()
    peer.operate("Fountain", "On", True)
    await clock.until(lambda: state_of(hass, IDLE).state == STATE_ON)
    assert [(state.entity_id, state.state) for state in noted] == [(IDLE, STATE_ON)]


async def test_command_on_a_half_open_link(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """A command that nobody answers is an error in the end; the lock is never shown as what it was told to be."""
    noted = note_states(hass, Platform.LOCK)
    peer.stall(later=True)
    calling = hass.async_create_task(fails(hass, Platform.LOCK, "unlock", LOCK))
    took = await clock.until(calling.done)
    assert await calling == "cannot_connect"
    assert took <= 35
    await clock.until(lambda: shown(hass) == NOTHING)
    assert [state.state for state in noted] == [STATE_UNAVAILABLE]
    peer.resume()
    peer.abort()
    await back(hass, clock)
    assert shown(hass) == USUAL
    assert not peer.written()


async def test_flapping(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """A link that never lives for long is tried less and less often; when it holds, all is well."""
    for _ in range(720):
        if peer.sessions and not peer.sessions[-1].hung_up:
            peer.abort()
        await clock.forward(5)
        await asyncio.sleep(0)
    # An hour has gone by.
    assert opened(peer) < 150
    await back(hass, clock)
    assert shown(hass) == USUAL


# --- accessories that change --------------------------------------------------------------------


@pytest.mark.parametrize("announced", [False, True])
async def test_reboot(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer, announced: bool
) -> None:
    """A reboot is short; what came with it is there without a reload, whether or not its number is announced."""
    if announced:
        assert (await announce(hass, peer))["reason"] == "already_configured"
    coordinator = loaded.runtime_data
    await peer.link_down()
    await lose(hass)
    peer.operate("Front door", "Lock Target State", 0)
    await peer.settle()
    peer.house.add(bridged(peer.house.next_aid(), "Pump", BRIDGED["Fountain"]))
    await peer.link_restored()
    if announced:
        await announce(hass, peer)
    await back(hass, clock)
    await until(lambda: hass.states.get("switch.pump"))
    assert shown(hass) == USUAL | {LOCK: "unlocked"}
    assert loaded.runtime_data is coordinator
    await act(hass, Platform.SWITCH, "turn_on", "switch.pump")
    assert peer.value("Pump", "On") is True


async def test_change_at_run_time(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """What is announced to be new is there at once; what is gone is unavailable, and goes when that is sure."""
    await announce(hass, peer)
    peer.house.add(bridged(peer.house.next_aid(), "Pump", BRIDGED["Fountain"]))
    await announce(hass, peer)
    await until(lambda: hass.states.get("switch.pump"))
    peer.operate("Pump", "On", True)
    await until_state(hass, "switch.pump", STATE_ON)
    peer.house.remove(peer.house.accessory("Garage"))
    await announce(hass, peer)
    await until_state(hass, GARAGE, STATE_UNAVAILABLE)
    assert state_of(hass, LOCK).state == "locked"
    assert opened(peer) == 1


async def test_factory_reset(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """An accessory that forgot everybody asks the user, once, and is left alone; paired again, all is as it was."""
    await peer.factory_reset(new_id=False)
    await clock.until(lambda: shown(hass) == NOTHING)
    await hass.async_block_till_done()
    (form,) = hass.config_entries.flow.async_progress()
    assert form["context"]["source"] == SOURCE_REAUTH
    assert await fails_directly(loaded) == "pairing_lost"
    before = opened(peer)
    for _ in range(50):
        await clock.forward(60)
    assert opened(peer) == before  # once an hour it is tried again
    result = await submit(hass, await reopen(hass, form), {})
    result = await submit(hass, result, {"pairing_code": peer.setup_code})
    assert result["reason"] == "reauth_successful"
    await until(lambda: shown(hass) == USUAL)
    assert not hass.config_entries.flow.async_progress()


async def fails_directly(entry: MockConfigEntry) -> str:
    """Ask the coordinator for something in vain; services leave alone what is unavailable."""
    coordinator = entry.runtime_data
    with pytest.raises(HomeAssistantError) as caught:
        await coordinator.async_command(coordinator.client.refresh())
    return str(caught.value.translation_key)


async def test_another_accessory_at_the_address(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """Whoever has the address now is not believed, nor asked again and again; the right one is."""
    identity, code = peer.memory.device_id, peer.memory.setup_code
    controllers = dict(peer.memory.controllers)
    seed = peer.memory.seed
    await peer.factory_reset()
    assert peer.device_id != identity
    await clock.until(lambda: shown(hass) == NOTHING)
    before = opened(peer)
    for _ in range(60):
        await clock.forward(60)
        await asyncio.sleep(0.001)
    assert opened(peer) - before < 150
    # Attempts that this clock has overtaken end with another error.
    await clock.until(lambda: VENDOR.issues(hass) == {"wrong_accessory"}, limit_s=3600)
    peer.memory.device_id, peer.memory.setup_code, peer.memory.seed = identity, code, seed
    peer.memory.controllers |= controllers
    await back(hass, clock)
    assert shown(hass) == USUAL
    await clock.forward(61)
    assert VENDOR.issues(hass) == set()


async def test_moved(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """An accessory with another address is found by what it announces, and stays found over a restart."""
    await peer.move()
    await lose(hass)
    await announce(hass, peer)
    await until_state(hass, LINK, STATE_ON)
    assert shown(hass) == USUAL
    assert loaded.data[CONF_ADDRESS_PORT] == peer.port
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await until(link_is(hass, STATE_ON))


async def test_forged_announcement(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer
) -> None:
    """Anyone can announce anything: that costs neither the link nor the way back to where the accessory proved to be."""
    async with SimulatedAccessory("lamp") as stranger:
        await announce(hass, peer, port=stranger.port)
        await clock.forward(30)
        assert link_is(hass, STATE_ON)()
        assert opened(stranger) == 0
        peer.abort()
        await lose(hass)
        await back(hass, clock)
        assert opened(stranger) == 1
        assert shown(hass) == USUAL


# --- things that nobody should say --------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        *(("frame", how) for how in ("tag", "length", "replay", "plain")),
        *(("json", how) for how in ("garbage", "truncated", "deep", "array")),
    ],
)
async def test_spoilt_event(
    hass: HomeAssistant, clock: Clock, loaded: MockConfigEntry, peer: Peer, fault: str, how: str
) -> None:
    """What cannot be read costs the link or itself, and nothing is shown that is not so."""
    peer.faults.arm(fault, count=1, how=how, path="EVENT")
    peer.operate("Front door", "Lock Target State", 0)
    await peer.settle()
    await clock.until(lambda: shown(hass) == USUAL | {LOCK: "unlocked"})
    await back(hass, clock)


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("frame", {"how": "tag"}),
        ("frame", {"how": "skip"}),
        ("json", {"how": "garbage"}),
        ("http", {"how": "garbage"}),
        ("http", {"how": "endless_head"}),
        ("code", {"code": 500, "act": True}),
        ("silence", {"act": True}),
    ],
)
async def test_spoilt_answer_to_a_command(
    hass: HomeAssistant,
    clock: Clock,
    loaded: MockConfigEntry,
    peer: Peer,
    fault: str,
    options: dict[str, Any],
) -> None:
    """A command without an answer that can be read is an error, though it was carried out; the truth follows."""
    if fault == "json":
        peer.faults.arm("status", count=1, status=-70408)  # or there is no JSON in the answer
    peer.faults.arm(fault, count=1, method="PUT", **options)
    calling = hass.async_create_task(fails(hass, Platform.SWITCH, "turn_on", IDLE))
    await clock.until(calling.done)
    assert await calling
    await back(hass, clock)
    truth = STATE_ON if peer.value("Fountain", "On") else STATE_OFF
    assert await clock.until(lambda: state_of(hass, IDLE).state == truth, step_s=1.0) <= 3
    assert len(peer.written()) <= 1


# --- the end of Home Assistant ------------------------------------------------------------------


async def test_stop_during_a_command(
    hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
) -> None:
    """Whoever waits for an answer learns that there is none; last states are not overwritten."""
    peer.faults.arm("silence", method="PUT", count=1)
    calling = asyncio.create_task(act(hass, Platform.LOCK, "unlock", LOCK))
    await peer.journal.wait_for(lambda: any(each.method == "PUT" for each in peer.received[-1:]))
    noted = note_states(hass, Platform.LOCK, Platform.COVER, Platform.SWITCH)
    await hass.async_stop(force=True)
    # Home Assistant may be faster than the error on its way to the caller.
    with pytest.raises((HomeAssistantError, asyncio.CancelledError)):
        await calling
    await peer.journal.wait_for(lambda: not peer.sessions)
    assert noted == []
    assert shown(hass) == USUAL


@pytest.mark.parametrize("step", ["/pair-verify", "/accessories", "/characteristics"])
async def test_stop_during_the_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, step: str
) -> None:
    """A set-up that hangs does not keep Home Assistant from stopping."""
    peer.faults.arm("silence", path=step)
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await peer.journal.wait_for(lambda: bool(peer.requests(step)))
    await hass.async_stop(force=True)
    await asyncio.wait([setting_up])
    await peer.journal.wait_for(lambda: not peer.sessions)
    assert not tasks_of(DOMAIN)


@pytest.mark.parametrize("step", ["/pair-verify", "/accessories", "/characteristics"])
async def test_time_limit_of_set_up(
    hass: HomeAssistant, clock: Clock, entry: MockConfigEntry, peer: Peer, step: str
) -> None:
    """An accessory that says too little is waited for no longer than ten seconds.

    What it has told is used: its entities are there, unavailable. Before that nothing is, and nothing stays open.
    """
    peer.faults.arm("silence", path=step)
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await peer.journal.wait_for(lambda: bool(peer.requests(step)))
    took = await clock.until(setting_up.done)
    assert took <= 10
    if step == "/characteristics":
        assert shown(hass) == NOTHING
    else:
        assert entry.state is ConfigEntryState.SETUP_RETRY
        await peer.journal.wait_for(lambda: not peer.sessions)
        assert not tasks_of(DOMAIN)
    peer.faults.clear()
    await clock.until(lambda: entry.state is ConfigEntryState.LOADED and shown(hass) == USUAL)


async def test_unload_during_a_command(
    hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
) -> None:
    """An entry that is reloaded leaves nobody waiting."""
    peer.faults.arm("silence", method="PUT", count=1)
    calling = hass.async_create_task(fails(hass, Platform.LOCK, "unlock", LOCK))
    await peer.journal.wait_for(lambda: any(each.method == "PUT" for each in peer.received[-1:]))
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert await calling == "cannot_connect"
    assert shown(hass) == USUAL


@pytest.mark.parametrize(
    ("step", "options"),
    [
        ("M4", {}),
        ("M6", {"act": False}),
        ("M6", {"act": True}),
    ],
)
async def test_stop_while_pairing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    network: object,
    peer: Peer,
    step: str,
    options: dict[str, Any],
) -> None:
    """What was begun when Home Assistant stopped is taken back when it starts: nothing stays half paired."""
    peer.faults.arm("silence", step=step, **options)
    result = await start(hass, "manual")
    result = await submit(hass, result, {"host": HOST, "port": peer.port})
    pairing = hass.async_create_task(submit(hass, result, {"pairing_code": peer.setup_code}))
    await until(lambda: any(not each.code for each in peer.requests("/pair-setup")))
    assert peer.memory.paired is (options == {"act": True})
    await hass.async_stop(force=True)
    with pytest.raises(asyncio.CancelledError):
        await pairing
    await until(lambda: not peer.sessions)
    assert not tasks_of(DOMAIN)
    peer.faults.clear()
    async with async_test_home_assistant() as again:
        again.data.pop(DATA_CUSTOM_COMPONENTS, None)
        assert await async_setup_component(again, DOMAIN, {})
        await until(lambda: not tasks_of(DOMAIN))
        assert not peer.memory.paired
        await again.async_stop(force=True)
    assert not hass_storage[f"{DOMAIN}.leftovers"]["data"]


@pytest.mark.parametrize("silent", [False, True])
async def test_stop_while_the_code_is_asked_for(
    hass: HomeAssistant, network: object, peer: Peer, silent: bool
) -> None:
    """A form that nobody fills in any more, or that does not come up, leaves no connection to the accessory."""
    if silent:
        peer.faults.arm("silence", step="M2")
    result = await start(hass, "manual")
    opening = hass.async_create_task(submit(hass, result, {"host": HOST, "port": peer.port}))
    await until(lambda: peer.requests("/pair-setup"))
    if not silent:
        await opening
    assert len(peer.sessions) == 1
    await hass.async_stop(force=True)
    await until(lambda: not peer.sessions)
    assert opening.done()
