"""What the user is told of a pairing, for as long as it is true."""

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import pass_time, setup, state_of, until_state

from .home import LINK, Clock, comes_back, goes_away, home, issues_of
from .living import HOST, Json, Living, poll
from .protocol.running import pair, until as soon


@pytest.fixture
def accessories() -> list[Json]:
    """Give a bridge with two lamps."""
    return home()


async def test_other_accessory_at_the_address(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Another accessory that has the address now is told of, until the right one is back."""
    own = living.register
    other = type(own)("11:22:33:44:55:66", own.setup_code)
    pair(other)
    living.register = other
    await living.stop()
    await living.start()
    await soon(
        lambda: type(loaded.runtime_data.client.last_error).__name__ == "WrongAccessoryError"
    )
    pass_time(hass, 61)
    assert issues_of(hass) == {"wrong_accessory"}
    living.register = own
    loaded.runtime_data.announced(None, [HOST], living.port)
    await until_state(hass, LINK, STATE_ON)
    assert issues_of(hass) == set()


async def test_absent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """An accessory that is away for a day is told of, until it is back."""
    await goes_away(hass, living)
    await clock.passes(24 * 3600 - 60)
    assert issues_of(hass) == set()
    await clock.passes(120)
    assert issues_of(hass) == {"absent"}
    await comes_back(hass, loaded, living)
    assert issues_of(hass) == set()


async def test_absent_and_disabled(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """Nothing is to be mended in what is not used; a reload forgets nothing."""
    await goes_away(hass, living)
    await clock.passes(24 * 3600 + 60)
    assert issues_of(hass) == {"absent"}
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert issues_of(hass) == {"absent"}
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert issues_of(hass) == set()


async def test_short_absence(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    clock: Clock,
) -> None:
    """A day begins anew with each return."""
    await goes_away(hass, living)
    await comes_back(hass, loaded, living)
    await clock.passes(24 * 3600 + 60)
    assert issues_of(hass) == set()


async def test_no_events(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An accessory that tells nothing by itself is told of; its values are read at each interval."""
    for aid in (2, 3):
        living.refuse_events(aid, 100)
    await setup(hass, entry)
    living.set(2, 100, True)
    await poll(hass, entry, living)
    assert state_of(hass, "switch.lamp_2").state == STATE_ON
    assert issues_of(hass) == {"no_events"}
    assert entry.runtime_data.describe_polls()["missed"] == 0
