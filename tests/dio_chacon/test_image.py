"""The picture of the last ring."""

import asyncio
from http import HTTPStatus
import logging
from unittest.mock import patch

from homeassistant.components.image import async_get_image
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.dio_chacon.protocol import ConnectError, DioClient
from simulators.dio_chacon import Home, SimulatedCloud

from .helpers import (
    DOORBELL,
    Writes,
    entity_id_of,
    entity_table,
    has_entity,
    settle,
    setup,
    until,
    until_state,
)

URL = "https://snapshots.example.invalid/a1.jpeg?Expires=1&Signature=x"
PICTURE = b"\xff\xd8\xff\xe0 a picture"
UNIQUE_ID = f"{DOORBELL}-snapshot"


@pytest.fixture
def snapshot_image(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the image entity."""
    return entity_id_of(hass, Platform.IMAGE, UNIQUE_ID)


async def test_images(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The image of the fixture account; the picture of days ago cannot be had any more."""
    assert entity_table(hass, loaded, Platform.IMAGE) == snapshot


async def test_ring_with_a_picture(
    hass: HomeAssistant,
    snapshot_image: str,
    cloud: SimulatedCloud,
    hass_client: ClientSessionGenerator,
) -> None:
    """The picture is fetched when it rings, and kept.

    There is no server here that the rules for addresses would allow: what the protocol fetches is a stand-in.
    """
    client = await hass_client()
    response = await client.get(f"/api/image_proxy/{snapshot_image}")
    assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
    with patch.object(DioClient, "fetch_snapshot", return_value=(PICTURE, "image/png")) as fetch:
        stamp = cloud.home.ring(DOORBELL, image=URL)
        await until_state(hass, snapshot_image, dt_util.parse_datetime(stamp).isoformat())
    fetch.assert_called_once_with(DOORBELL)
    image = await async_get_image(hass, snapshot_image)
    assert (image.content, image.content_type) == (PICTURE, "image/png")
    response = await client.get(f"/api/image_proxy/{snapshot_image}")
    assert response.status == HTTPStatus.OK
    assert await response.read() == PICTURE
    assert response.content_type == "image/png"


async def test_picture_cannot_be_had(
    hass: HomeAssistant,
    snapshot_image: str,
    cloud: SimulatedCloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A picture that cannot be fetched costs nothing but the picture, and its address stays secret."""
    caplog.set_level(logging.DEBUG)
    with patch.object(DioClient, "fetch_snapshot", side_effect=ConnectError("no way")):
        cloud.home.ring(DOORBELL, image=URL)
        await settle(hass, cloud)
    assert hass.states.get(snapshot_image).state == STATE_UNKNOWN
    assert "No snapshot" in caplog.text
    ours = [record for record in caplog.records if "dio_chacon" in record.name]
    assert not [record for record in ours if "Signature" in record.getMessage()]
    assert not [record for record in ours if record.levelno >= logging.WARNING]


async def test_no_picture_any_more(
    hass: HomeAssistant, snapshot_image: str, cloud: SimulatedCloud
) -> None:
    """A ring without a picture leaves the old one; one that is gone already changes nothing."""
    writes = Writes(hass)
    with patch.object(DioClient, "fetch_snapshot", return_value=None) as fetch:
        cloud.home.ring(DOORBELL)
        await settle(hass, cloud)
        assert not fetch.called
        cloud.home.ring(DOORBELL, image=URL)
        await settle(hass, cloud)
        assert fetch.called
    assert snapshot_image not in writes.entities


async def test_impatient_visitor(
    hass: HomeAssistant, snapshot_image: str, cloud: SimulatedCloud
) -> None:
    """Of two rings in a row the second picture counts; nobody waits for the first any more."""
    asked: list[asyncio.Future[tuple[bytes, str]]] = []

    async def fetch(_client: DioClient, _device_id: str) -> tuple[bytes, str]:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    with patch.object(DioClient, "fetch_snapshot", fetch):
        cloud.home.ring(DOORBELL, image=URL)
        stamp = cloud.home.ring(DOORBELL, image=URL)
        await settle(hass, cloud)
        assert len(asked) == 2
        assert asked[0].cancelled()
        asked[1].set_result((PICTURE, "image/jpeg"))
        await until_state(hass, snapshot_image, dt_util.parse_datetime(stamp).isoformat())


async def test_unload_while_fetching(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot_image: str, cloud: SimulatedCloud
) -> None:
    """A fetch that hangs does not outlive the entity."""
    asked: list[asyncio.Future[None]] = []

    async def fetch(_client: DioClient, _device_id: str) -> None:
        asked.append(asyncio.get_running_loop().create_future())
        await asked[-1]

    with patch.object(DioClient, "fetch_snapshot", fetch):
        cloud.home.ring(DOORBELL, image=URL)
        await settle(hass, cloud)
        assert await hass.config_entries.async_unload(loaded.entry_id)
    assert asked[0].cancelled()


async def test_first_picture_comes_later(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """There is an image as soon as one was ever offered, and from then on."""
    home.device(DOORBELL).resources["gw.r.lastEvent"]["data"] = None
    await setup(hass, entry)
    assert not has_entity(hass, Platform.IMAGE, UNIQUE_ID)
    cloud.home.ring(DOORBELL)
    with patch.object(DioClient, "fetch_snapshot", return_value=(PICTURE, "image/jpeg")):
        stamp = cloud.home.ring(DOORBELL, image=URL)
        await until(hass, lambda: has_entity(hass, Platform.IMAGE, UNIQUE_ID))
        image = entity_id_of(hass, Platform.IMAGE, UNIQUE_ID)
        await until_state(hass, image, dt_util.parse_datetime(stamp).isoformat())
    home.device(DOORBELL).resources["gw.r.lastEvent"]["data"] = None
    await hass.config_entries.async_reload(entry.entry_id)
    assert hass.states.get(image).state == STATE_UNKNOWN


async def test_unsafe_address(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """An address that may not be fetched is no offer."""
    home.device(DOORBELL).resources["gw.r.lastEvent"]["data"] = {
        "image": "http://snapshots.example.invalid/a1.jpeg"
    }
    await setup(hass, entry)
    assert not has_entity(hass, Platform.IMAGE, UNIQUE_ID)
