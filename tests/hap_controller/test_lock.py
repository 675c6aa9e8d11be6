"""Locks: locked is what reports to be, and nothing else."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol import HapStatus
from custom_components.hap_controller.protocol.http import Response
from tests.support.rooms import act, pass_time, state_of, until_state

from .living import Living, flush, read_database, redescribe
from .test_cover import LONG_S, pushed

# More than reading takes when everything is refused at first.
ROUNDS = 20

DOOR, SHED, GARAGE = "lock.front_door", "lock.shed", "lock.garage_door_lock"


async def read_until(hass: HomeAssistant, entry: MockConfigEntry, state: str) -> None:
    """Let intervals go by until what is read makes a state; an accessory that refused is asked in parts."""
    for _ in range(ROUNDS):
        if state_of(hass, DOOR).state != state:
            pass_time(hass, entry.runtime_data.options.poll_s + 1)
            await flush(hass, entry)
    assert state_of(hass, DOOR).state == state


@pytest.mark.parametrize("name", ["lock"])
async def test_states(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Only one number means locked, whatever the lock was told to be."""
    current = living.find("LOCK_MECHANISM", "LOCK_CURRENT_STATE")
    target = living.find("LOCK_MECHANISM", "LOCK_TARGET_STATE")
    assert state_of(hass, DOOR).state == "locked"
    for wanted in (0, 1, 7):
        for number, shown in (
            (2, "jammed"),
            (3, "unknown"),
            (4, "unknown"),
            (255, "unknown"),
            (-1, "unknown"),
            (wanted % 2, "locked" if wanted % 2 else "unlocked"),
        ):
            await pushed(hass, loaded, living, (target, wanted), (current, number))
            assert state_of(hass, DOOR).state == shown
    await pushed(hass, loaded, living, (current, 1))
    assert state_of(hass, DOOR).state == "locked"
    # Who cannot be asked may have been turned since.
    for status, shown in ((HapStatus.TIMED_OUT, "unknown"), (0, "locked")):
        living.fail(*current, status)
        await read_until(hass, loaded, shown)
    # Nor does who answers with nothing, or with nonsense, vouch for what was.
    for told, shown in ((None, "unknown"), (1, "locked"), ("?", "unknown"), (1, "locked")):
        living.set(*current, told)
        await read_until(hass, loaded, shown)
    living.answers = lambda request: Response(500) if request.method == "GET" else None
    await read_until(hass, loaded, "unknown")
    living.answers = lambda request: None
    await pushed(hass, loaded, living, (current, 1))
    await read_until(hass, loaded, "locked")
    living.fail(*current, HapStatus.UNREACHABLE)
    await read_until(hass, loaded, "unavailable")


@pytest.mark.parametrize("name", ["lock"])
async def test_commands(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A command is written once, shown as a movement, and looked after when the lock says nothing."""
    current = living.find("LOCK_MECHANISM", "LOCK_CURRENT_STATE")
    target = living.find("LOCK_MECHANISM", "LOCK_TARGET_STATE")
    await act(hass, Platform.LOCK, "unlock", DOOR)
    assert living.written == [[(*target, 0)]]
    assert ("PUT", "/prepare") in living.requests  # its description asks for that
    assert state_of(hass, DOOR).state == "unlocking"
    await pushed(hass, loaded, living, (current, 0))
    assert state_of(hass, DOOR).state == "unlocked"
    await act(hass, Platform.LOCK, "lock", DOOR)
    assert living.written[1:] == [[(*target, 1)]]
    assert state_of(hass, DOOR).state == "locking"

    # Not a word of it: both looks find what became of it.
    living.requests.clear()
    pass_time(hass, 2.5)
    await flush(hass, loaded)
    read = f"/characteristics?id={current[0]}.{current[1]},{target[0]}.{target[1]}"
    assert [target for _, target in living.requests if target == read] == [read] * 2
    assert state_of(hass, DOOR).state == "locking"
    living.set(*current, 1)
    pass_time(hass, 8.5)
    await until_state(hass, DOOR, "locked")


@pytest.mark.parametrize("name", ["lock"])
async def test_refused(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A command that fails is no movement and is not repeated; what it was about is looked at once more."""
    target = living.find("LOCK_MECHANISM", "LOCK_TARGET_STATE")
    living.fail(*target, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.LOCK, "unlock", DOOR)
    assert caught.value.translation_key == "not_allowed"
    assert len(living.written) == 1
    assert state_of(hass, DOOR).state == "locked"
    living.requests.clear()
    pass_time(hass, 9)
    await flush(hass, loaded)
    assert living.asked("/characteristics") == [f"/characteristics?id={target[0]}.{target[1]}"]


@pytest.mark.parametrize("name", ["lock_stale_target"])
async def test_stale_target(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A lock that is turned by hand and keeps its old target is what it is, and not on its way for ever."""
    current = living.find("LOCK_MECHANISM", "LOCK_CURRENT_STATE")
    assert state_of(hass, SHED).state == "unlocked"
    for number, shown in ((1, "locked"), (0, "unlocked")):
        await pushed(hass, loaded, living, (current, number))
        assert state_of(hass, SHED).state == shown
    # What it shall be already is a command nevertheless.
    await act(hass, Platform.LOCK, "lock", SHED)
    assert state_of(hass, SHED).state == "locking"
    pass_time(hass, LONG_S)
    await flush(hass, loaded)
    assert state_of(hass, SHED).state == "unlocked"
    # Somebody else's command is a movement, too; a jam ends it.
    target = living.find("LOCK_MECHANISM", "LOCK_TARGET_STATE")
    for values, shown in (
        ([(target, 0), (current, 1)], "locked"),
        ([(target, 1)], "locked"),
        ([(target, 0)], "unlocking"),
        ([(current, 2)], "jammed"),
        ([(current, 1)], "locked"),
    ):
        await pushed(hass, loaded, living, *values)
        assert state_of(hass, SHED).state == shown


@pytest.mark.parametrize("name", ["garage_door"])
async def test_lock_of_a_garage(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A garage door opener may have a lock, and lose it."""
    current = living.find("GARAGE_DOOR_OPENER", "LOCK_CURRENT_STATE")
    target = living.find("GARAGE_DOOR_OPENER", "LOCK_TARGET_STATE")
    assert state_of(hass, GARAGE).state == "locked"
    await act(hass, Platform.LOCK, "unlock", GARAGE)
    assert living.written == [[(*target, 0)]]
    await pushed(hass, loaded, living, (current, 0))
    assert state_of(hass, GARAGE).state == "unlocked"
    accessories = read_database("garage_door")
    opener = accessories[0]["services"][1]
    opener["characteristics"] = [
        each for each in opener["characteristics"] if "LOCK" not in each["type"]
    ]
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get(GARAGE) is None
    assert state_of(hass, "cover.garage").state == "closed"
