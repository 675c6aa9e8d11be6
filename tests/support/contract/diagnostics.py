"""Diagnostics of every component tell much, and nothing secret."""

from collections.abc import Mapping
import json
from typing import Any, ClassVar

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths

from tests.support.rooms import setup
from tests.support.vendor import Peer, Vendor

from .base import Contract


class Download:
    """Downloads diagnostics as a user does, and looks for what must not be in them."""

    def __init__(
        self, hass: HomeAssistant, hass_client: ClientSessionGenerator, vendor: Vendor
    ) -> None:
        """Prepare."""
        self._hass = hass
        self._client = hass_client
        self._vendor = vendor

    async def __call__(
        self, entry: MockConfigEntry, peer: Peer, device_id: str | None = None, *more: str
    ) -> Any:
        """Give the diagnostics of an entry or of one of its devices; no secret may be found, nor ``more``."""
        address = f"/api/diagnostics/config_entry/{entry.entry_id}"
        if device_id:
            address += f"/device/{self._vendor.device_of(self._hass, entry, device_id).id}"
        response = await (await self._client()).get(address)
        assert response.status == 200
        found = (await response.json())["data"]
        text = json.dumps(found, ensure_ascii=False)
        secrets = [*self._vendor.secrets(peer), *more]
        assert [secret for secret in secrets if secret in text] == []
        return found


@pytest.fixture
async def download(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, vendor: Vendor
) -> Download:
    """Set diagnostics up."""
    assert await async_setup_component(hass, "diagnostics", {})
    return Download(hass, hass_client, vendor)


class DiagnosticsContract(Contract):
    """Pictures of an entry, its link and its devices."""

    varying: ClassVar[tuple[str, ...]]
    """Where the picture is never the same twice."""
    refusal: ClassVar[tuple[str, Mapping[str, Any]]] = ("upgrade_status", {"status": 503})
    """Fault of the simulator, and its options, that comes as late in a set-up as can be."""
    pictured: ClassVar[str]
    """Id of a device that has much to tell."""

    async def test_entry(
        self,
        download: Download,
        loaded: MockConfigEntry,
        peer: Peer,
        snapshot: SnapshotAssertion,
    ) -> None:
        """Everything in one picture, devices that nobody supports included."""
        found = await download(loaded, peer)
        assert found == snapshot(exclude=paths(*self.varying))
        assert len(found["devices"]) == len(peer.home.devices)

    async def test_device(
        self,
        download: Download,
        loaded: MockConfigEntry,
        peer: Peer,
        snapshot: SnapshotAssertion,
    ) -> None:
        """The same for one device, under the name it has in the picture of the whole."""
        found = await download(loaded, peer, self.pictured)
        assert found == snapshot(exclude=paths(*self.varying))
        (device,) = found["devices"]
        number = list(peer.home.devices).index(self.pictured) + 1
        self.check_device(device, number)

    def check_device(self, device: dict[str, Any], number: int) -> None:
        """Check a device that is the ``number``-th of its home, from 1 on."""
        raise NotImplementedError

    async def test_account_device(
        self, download: Download, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Of the device that stands for the entry there is the link."""
        found = await download(loaded, peer, self.vendor.entry_device)
        assert found["devices"] == []
        assert found["link"]["connected"] is True
        assert found["link"]["connects"] == 1

    async def test_entry_that_is_not_loaded(
        self, hass: HomeAssistant, download: Download, peer: Peer, entry: MockConfigEntry
    ) -> None:
        """When nothing works diagnostics are wanted most."""
        fault, options = self.refusal
        peer.faults.arm(fault, **options)
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
        found = await download(entry, peer)
        assert found["state"] == "setup_retry"
        assert found["reason"]
        assert "devices" not in found
