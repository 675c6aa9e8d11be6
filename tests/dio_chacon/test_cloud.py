"""The life of a link as entities show it: outages, grace, what ends it, availability."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.const import DOMAIN
from custom_components.dio_chacon.protocol import AuthError, DioClient, UnsupportedError
from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    ACCOUNT,
    OFFLINE_SHUTTER,
    PLAIN_PLUG,
    PLUG,
    SHUTTER,
    SILENT_SHUTTER,
    Writes,
    entity_id_of,
    fails,
    pass_time,
    reconnect,
    setup,
    until,
    until_state,
)

DAY_S = 24 * 60 * 60


def connection_of(hass: HomeAssistant) -> str:
    """Return the entity that shows the link."""
    return entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")


def unavailable(hass: HomeAssistant) -> set[str]:
    """Return all entities that are not available."""
    return {
        state.entity_id for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE
    }


# --- the link -------------------------------------------------------------------------------


async def test_short_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A blip of the link changes nothing but the entity that shows the link."""
    before = unavailable(hass)
    cloud.abort()
    await until_state(hass, connection_of(hass), "off")
    assert unavailable(hass) == before
    pass_time(hass, 9)
    assert unavailable(hass) == before
    await until_state(hass, connection_of(hass), "on")
    pass_time(hass, 11)
    assert unavailable(hass) == before


async def test_long_outage(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After ten seconds nothing is shown that nobody vouches for; afterwards all is as the cloud says."""
    caplog.set_level(logging.INFO)
    before = unavailable(hass)
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    await cloud.link_down()
    await until_state(hass, connection_of(hass), "off")
    pass_time(hass, 9)
    assert hass.states.get(plug).state == STATE_ON
    pass_time(hass, 11)
    everything = {state.entity_id for state in hass.states.async_all()}
    ours = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    }
    assert unavailable(hass) == (everything & ours) - {connection_of(hass)}
    # Whatever happens meanwhile is known afterwards.
    cloud.home.press(PLUG, on=False)
    cloud.home.press(PLAIN_PLUG, on=True)
    writes = Writes(hass)
    await reconnect(hass, cloud)
    await until_state(hass, plug, "off")
    await hass.async_block_till_done()
    assert hass.states.get(entity_id_of(hass, Platform.SWITCH, PLAIN_PLUG)).state == STATE_ON
    assert unavailable(hass) == before
    # Every entity wrote its state once.
    assert [name for name in set(writes.entities) if writes.entities.count(name) > 1] == []
    assert set(writes.entities) == everything & ours
    ours_logged = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(f"custom_components.{DOMAIN}") and record.levelno >= logging.INFO
    ]
    assert [line for line in ours_logged if "Connection" in line] == [
        line for line in ours_logged if line.startswith("Connection to the DIO cloud")
    ]
    assert len([line for line in ours_logged if "lost" in line]) == 1
    assert len([line for line in ours_logged if "is back" in line]) == 1


async def test_commands_fail_at_once_during_an_outage(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A command without a link is neither kept nor lost in silence."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    await cloud.link_down()
    await until_state(hass, connection_of(hass), "off")
    cloud.journal.clear()
    error = await fails(hass, Platform.SWITCH, "turn_off", plug)
    assert error.translation_key == "cannot_connect"
    await reconnect(hass, cloud)
    await until_state(hass, connection_of(hass), "on")
    assert not cloud.requests("/action/")
    assert cloud.home.device(PLUG).read("oic.r.switch.binary", "value") == 1


async def test_command_in_flight_fails_when_the_link_drops(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A command whose answer never came is an error, and it is not repeated."""
    cloud.faults.arm("cut", path="/action/switch", count=1)
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    error = await fails(hass, Platform.SWITCH, "turn_off", plug)
    assert error.translation_key == "cannot_connect"
    await reconnect(hass, cloud)
    assert len(cloud.requests("/action/switch")) == 1


class Ending:
    """Lets the link of one entry end with an error, as a retry could not mend."""

    def __init__(self) -> None:
        """Prepare."""
        self.error: asyncio.Future[Exception] | None = None

    def run_instead(self) -> Callable[[DioClient], Awaitable[None]]:
        """Build what stands in for the client's life: that life, until the error comes."""
        live = DioClient.run

        async def run(client: DioClient) -> None:
            self.error = asyncio.get_running_loop().create_future()
            life = asyncio.create_task(live(client))
            try:
                raise await self.error
            finally:
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)

        return run


@pytest.fixture
def ending() -> Iterator[Ending]:
    """Give control over the end of the link."""
    ending = Ending()
    with patch.object(DioClient, "run", ending.run_instead()):
        yield ending


async def test_link_ends_by_a_mistake(
    hass: HomeAssistant,
    ending: Ending,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Should the client ever die of a mistake, nothing stale is shown and the log has the reason."""
    ending.error.set_result(RuntimeError("mistake"))
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, PLUG), STATE_UNAVAILABLE)
    assert "RuntimeError: mistake" in caplog.text


async def test_link_ends_because_the_cloud_changed(
    hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry
) -> None:
    """What no retry can mend makes the entry say so, instead of hanging in the air."""
    with patch(
        "custom_components.dio_chacon.cloud.async_first_verdict",
        side_effect=UnsupportedError("the cloud speaks another language"),
    ):
        ending.error.set_result(UnsupportedError("the cloud speaks another language"))
        await until(hass, lambda: loaded.state is ConfigEntryState.SETUP_ERROR)
    assert loaded.error_reason_translation_key == "unsupported"


async def test_command_finds_the_password_refused(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An authentication error on a command asks the user too."""
    shutter = entity_id_of(hass, Platform.COVER, SHUTTER)
    with patch.object(DioClient, "move", side_effect=AuthError("refused")):
        error = await fails(hass, Platform.COVER, "open_cover", shutter)
    assert error.translation_key == "invalid_auth"
    await hass.async_block_till_done()
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_link_is_lost_before_anyone_listens(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A link that is gone when set-up looks again counts as lost."""
    ready = DioClient.ready

    async def ready_and_lost(client: DioClient, *, patient: bool = True) -> Any:
        account = await ready(client, patient=patient)
        lost = asyncio.get_running_loop().create_future()
        client.subscribe(lambda _change: lost.done() or lost.set_result(None))
        await cloud.link_down()
        await lost
        return account

    with patch.object(DioClient, "ready", ready_and_lost):
        await setup(hass, entry)
    assert hass.states.get(connection_of(hass)).state == "off"
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    assert hass.states.get(plug).state == STATE_ON
    pass_time(hass, 11)
    assert hass.states.get(plug).state == STATE_UNAVAILABLE
    await reconnect(hass, cloud)
    await until_state(hass, plug, STATE_ON)


# --- availability of devices ----------------------------------------------------------------


async def test_unreachable_devices(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device that the cloud does not reach is unavailable; that it is not reached can be seen."""
    for device_id in (OFFLINE_SHUTTER, SILENT_SHUTTER):
        cover = entity_id_of(hass, Platform.COVER, device_id)
        connectivity = entity_id_of(hass, Platform.BINARY_SENSOR, f"{device_id}-connectivity")
        assert hass.states.get(cover).state == STATE_UNAVAILABLE
        assert hass.states.get(connectivity).state == "off"
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    connectivity = entity_id_of(hass, Platform.BINARY_SENSOR, f"{PLUG}-connectivity")
    writes = Writes(hass)
    cloud.home.set_connected(PLUG, connected=False)
    await until_state(hass, connectivity, "off")
    await hass.async_block_till_done()
    assert hass.states.get(plug).state == STATE_UNAVAILABLE
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLUG}-quietmode")
    assert sorted(writes.entities) == sorted([plug, quiet, connectivity])
    cloud.home.set_connected(PLUG, connected=True)
    await until_state(hass, plug, STATE_ON)
    assert hass.states.get(connectivity).state == STATE_ON
