"""Cameras: one picture at a time, and the same one for all who ask within a moment."""

import asyncio
import logging

from homeassistant.components.camera import async_get_image
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import pass_time, state_of, unavailable

from .living import Json, Living, accessory, characteristic, read_database, redescribe, service

PORCH, BELL = "camera.porch", "camera.front_bell_camera"


class Studio:
    """Takes pictures when it is allowed to, and notes of what size."""

    def __init__(self, living: Living) -> None:
        """Take the place of a camera."""
        self.sizes: list[tuple[int, int]] = []
        self.allowed = asyncio.Event()
        self.allowed.set()
        living.image = self._take  # type: ignore[assignment]

    async def _take(self, width: int, height: int) -> bytes:
        self.sizes.append((width, height))
        await self.allowed.wait()
        return b"\xff\xd8%d\xff\xd9" % len(self.sizes)


@pytest.mark.parametrize("name", ["camera"])
async def test_pictures(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A picture is kept for a second; another size is another picture."""
    studio = Studio(living)
    state = state_of(hass, PORCH)
    assert state.state == "idle"
    assert state.attributes["supported_features"] == 0
    for _ in range(2):
        image = await async_get_image(hass, PORCH)
        assert (image.content, image.content_type) == (b"\xff\xd81\xff\xd9", "image/jpeg")
    assert studio.sizes == [(640, 480)]
    await async_get_image(hass, PORCH, width=320, height=240)
    assert studio.sizes == [(640, 480), (320, 240)]
    pass_time(hass, 1.1)
    await async_get_image(hass, PORCH, width=320, height=240)
    assert studio.sizes[2:] == [(320, 240)]
    assert er.async_get(hass).entities[PORCH].unique_id == "AA:BB:CC:DD:EE:FF_1"


@pytest.mark.parametrize("name", ["camera"])
async def test_one_at_a_time(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Who asks meanwhile waits for the same picture, and one who gives up leaves it to the others."""
    studio = Studio(living)
    studio.allowed.clear()
    sizes = [(None, None), (640, 480), *((each, each) for each in range(10, 20))]
    waiting = [
        asyncio.create_task(async_get_image(hass, PORCH, width=width, height=height))
        for width, height in sizes
    ]
    while not studio.sizes:
        await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(HomeAssistantError):  # as Home Assistant puts it
        await waiting[0]
    assert studio.sizes == [(640, 480)]
    studio.allowed.set()
    pictures = [(await each).content for each in waiting[1:]]
    assert pictures[0] == b"\xff\xd81\xff\xd9"
    # Not as many sizes as anybody can think of.
    assert studio.sizes == [(640, 480), (10, 10), (11, 11), (12, 12)]
    assert set(pictures[4:]) == {b"\xff\xd84\xff\xd9"}


@pytest.mark.parametrize("name", ["camera"])
async def test_no_picture(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A camera that gives no picture is complained of once, and again after it gave one."""
    for _ in range(2):
        for _ in range(3):
            with pytest.raises(HomeAssistantError):
                await async_get_image(hass, PORCH)
        told = [each for each in caplog.records if "gives no picture" in each.getMessage()]
        assert [each.levelno for each in told] == [logging.WARNING]
        caplog.clear()
        Studio(living)
        assert (await async_get_image(hass, PORCH)).content
        pass_time(hass, 1.1)
        living.image = None


@pytest.mark.parametrize("name", ["camera"])
async def test_unloaded_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A picture that is under way ends with the entity."""
    studio = Studio(living)
    studio.allowed.clear()
    waiting = asyncio.create_task(async_get_image(hass, PORCH))
    while not studio.sizes:
        await asyncio.sleep(0)
    await hass.config_entries.async_unload(loaded.entry_id)
    with pytest.raises(HomeAssistantError):
        await waiting
    studio.allowed.set()


@pytest.mark.parametrize("name", ["video_doorbell"])
async def test_camera_of_a_doorbell(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Beside what stands for the device it is called a camera; it goes with its last stream."""
    Studio(living)
    assert state_of(hass, BELL).name == "Front Bell Camera"
    assert (await async_get_image(hass, BELL)).content
    accessories = read_database("video_doorbell")
    [stream] = [
        each
        for each in accessories[0]["services"]
        if each["type"] == "CAMERA_RTP_STREAM_MANAGEMENT"
    ]
    stream["iid"] = 100  # another service makes it a camera as well
    await redescribe(hass, loaded, living, accessories)
    assert (await async_get_image(hass, BELL)).content
    accessories[0]["services"].remove(stream)
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get(BELL) is None


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory("Bridge"),
            accessory("Yard", service("CAMERA_RTP_STREAM_MANAGEMENT"), aid=2),
            accessory("Gate", service("SWITCH", characteristic("ON", False)), aid=3),
        ]
    ],
)
async def test_camera_that_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, accessories: list[Json]
) -> None:
    """A camera that a bridge has lost is unavailable, and the same when it is back."""
    Studio(living)
    await redescribe(hass, loaded, living, [accessories[0], accessories[2]])
    assert unavailable(hass) >= {"camera.yard"}
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, "camera.yard").state == "idle"
    assert (await async_get_image(hass, "camera.yard")).content
