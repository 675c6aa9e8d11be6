"""Descriptions that are kept: they can be lost, and do no harm when they are no good."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.hap_controller.cache import async_get_cache
from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import Database
from tests.support.rooms import pass_time

from .living import complete, read_database

KEY = f"{DOMAIN}.descriptions"
ID = "AA:BB:CC:DD:EE:FF"


def lamp() -> Database:
    """Give a description."""
    return Database.from_accessories(complete(read_database("lamp")))


async def test_keep(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """A description is kept under its id in any case of letters, and written a while later."""
    cache = await async_get_cache(hass)
    assert cache.get(ID) is None
    cache.put(ID, lamp(), 7)
    assert KEY not in hass_storage
    pass_time(hass, 11)
    await hass.async_block_till_done()
    (kept,) = hass_storage[KEY]["data"].values()
    assert kept["config_num"] == 7
    for spelling in (ID, ID.lower()):
        known = cache.get(spelling)
        assert known
        assert known[1] == 7
        assert known[0].store() == lamp().store()
    assert await async_get_cache(hass) is cache
    cache.drop(ID.lower())
    assert cache.get(ID) is None
    pass_time(hass, 22)
    await hass.async_block_till_done()
    assert hass_storage[KEY]["data"] == {}
    cache.drop(ID)


async def test_stored(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """What was written is there after a start, also without a number."""
    hass_storage[KEY] = {
        "version": 1,
        "data": {ID.lower(): {"config_num": None, "accessories": lamp().store()}},
    }
    known = (await async_get_cache(hass)).get(ID)
    assert known
    assert known[1] is None
    assert set(known[0].accessories) == {1}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "nonsense",
        {ID.lower(): None},
        {ID.lower(): "nonsense"},
        {ID.lower(): {}},
        {ID.lower(): []},
        {ID.lower(): {"config_num": 1, "accessories": None}},
        {ID.lower(): {"config_num": 1, "accessories": []}},
        {ID.lower(): {"config_num": 1, "accessories": [{"aid": "x"}]}},
        {ID.lower(): {"accessories": [{"aid": 1, "services": []}]}},
    ],
)
async def test_nonsense(hass: HomeAssistant, hass_storage: dict[str, Any], data: Any) -> None:
    """What cannot be understood is as good as nothing, and makes room."""
    hass_storage[KEY] = {"version": 1, "data": data}
    cache = await async_get_cache(hass)
    assert not cache.get(ID)
    cache.put(ID, lamp(), 1)
    assert cache.get(ID)
