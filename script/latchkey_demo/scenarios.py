"""What can happen in the simulated homes of several vendors, and what Home Assistant must make of it."""

from collections.abc import Awaitable, Callable, Iterable

from .errors import DemoError
from .house import House
from .states import UNAVAILABLE

type Proof = Callable[[House], Awaitable[object]]
"""Something that only works when news arrive."""


async def press_twice(name: str, house: House) -> str:
    """Be the hand on a switch, which ends as it began."""
    device = await house.id_of(name)
    values = ["off", "on"] if house.state(device).value == "on" else ["on", "off"]
    for value in values:
        await house.control("press", device=device, on=value == "on")
        await house.until(device, value)
    return ", ".join(values)


async def rename(name: str, other: str, house: House) -> str:
    """Give a device another name in the app, and its old name back."""
    device = await house.id_of(name)
    for new in (other, name):
        await house.control("rename", device=device, name=new)
        await house.until_registered(
            lambda new=new: house.device_of(device)["name"] == new, f"named {new}"
        )
    return "another name, and the old one back"


async def offline(name: str, takes: Iterable[str], spared: str, house: House) -> str:
    """Take a device off line and bring it back: those it ``takes`` along go with it, one that is ``spared`` stays."""
    device, other = await house.id_of(name), await house.id_of(spared)
    lost = [await house.id_of(each) for each in takes]
    await house.control("online", device=device, online=False)
    await house.until(f"{device}-connectivity", "off")
    for each in lost:
        await house.until(each, UNAVAILABLE)
    if house.state(other).value == UNAVAILABLE:
        raise DemoError(f"{spared} is unavailable although only {name} went off line")
    await house.control("online", device=device, online=True)
    await house.until(f"{device}-connectivity", "on")
    for each in lost:
        await house.until_state(each, lambda state: state.value != UNAVAILABLE, "back")
    return f"unavailable: {len(lost)}, no other; and back"


async def interrupted(house: House, interrupt: Callable[[], Awaitable[object]]) -> None:
    """Interrupt the connection and wait until it is back.

    Raises DemoError when anything became unavailable meanwhile.
    """
    start = len(house.states.changes)
    connection = house.account("connection")
    reconnects = house.state(connection).attributes["reconnects"]
    await interrupt()
    await house.until(connection, "on", reconnects=reconnects + 1)
    house.check_none_lost(start)


async def blip(prove: Proof, house: House) -> str:
    """Close the connection: it is back before anyone notices, and works."""
    await interrupted(house, lambda: house.control("drop"))
    await prove(house)
    return "nothing became unavailable, and pushes arrive again"
