"""What all entities have in common: what wakes them, when they exist, how commands end."""

from typing import Any, override

from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.dio_chacon import SimulatedCloud
from tests.support.contract.entity import EntityContract

from .helpers import (
    PLAIN_PLUG,
    PLUG,
    SHUTTER,
    VENDOR,
    Writes,
    entity_id_of,
    has_entity,
    until,
    until_attribute,
    until_state,
)


class TestEntities(EntityContract):
    """What the entities of all vendors do."""

    vendor = VENDOR
    main_keys = (None, "doorbell")
    commands = "/action/"
    refusal = ("answer_status", {"path": "/action/"})
    refusals = (
        ({"status": 400}, "refused", "400", "400"),
        ({"status": 404}, "refused", "404", "404"),
        ({"status": 429}, "refused", "429", "429"),
        ({"status": 408}, "device_silent", "408", "408"),
        ({"status": 504}, "device_silent", "504", "504"),
    )
    silence = {"path": "/action/"}
    retyped = (SHUTTER, ".dio1.wifi.plug.switch.", Platform.COVER, Platform.SWITCH)
    forgotten = f"{PLUG}-quietmode"

    @override
    def forget(self, peer: Any) -> None:
        del peer.home.device(PLUG).resources["gw.r.quietmode"]


async def test_push_wakes_only_who_shows_it(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One push, one write, of the one entity that shows the changed field; a repeat costs nothing."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLUG}-quietmode")
    writes = Writes(hass)
    cloud.home.press(PLUG, on=False)
    await until_state(hass, plug, "off")
    assert writes.entities == [plug]
    cloud.home.set_quiet(PLUG, on=False)
    await until_state(hass, quiet, "off")
    assert writes.entities == [plug, quiet]
    cloud.home.set_quiet(PLUG, on=False)  # no news
    cloud.home.press(PLUG, on=True)
    await until_state(hass, plug, "on")
    assert writes.entities == [plug, quiet, plug]
    # The end of a run changes movement and position at once, and is written once.
    shutter = entity_id_of(hass, Platform.COVER, SHUTTER)
    writes.entities.clear()
    cloud.home.move_to(SHUTTER, 80)
    await until_attribute(hass, shutter, "current_position", 80)
    await hass.async_block_till_done()
    assert writes.entities == [shutter, shutter]


async def test_resource_appears_later(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A resource that a device shows for the first time gets its entity at once."""
    assert not has_entity(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode")
    cloud.home.write(PLAIN_PLUG, "gw.r.quietmode", {"href": "quietmode", "value": 1})
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode"))
    await hass.async_block_till_done()
    quiet = entity_id_of(hass, Platform.SWITCH, f"{PLAIN_PLUG}-quietmode")
    assert hass.states.get(quiet).state == STATE_ON
