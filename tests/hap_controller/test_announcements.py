"""What accessories announce, from Home Assistant's own records."""

from unittest.mock import MagicMock, patch

from homeassistant.core import HomeAssistant
import pytest
from zeroconf import DNSPointer, ServiceInfo
from zeroconf.asyncio import AsyncServiceInfo

from custom_components.hap_controller.announcements import async_announced, async_find
from custom_components.hap_controller.protocol import SERVICE_TYPE

from .forms import hear, id_of, port_of, service_of, unpaired
from .living import HOST


@pytest.fixture(autouse=True)
def network(socket_enabled: None, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Keep the network out."""
    return mock_async_zeroconf


async def test_announced(hass: HomeAssistant, network: MagicMock) -> None:
    """All accessories are known by their ids, with what they need; what is no accessory is not."""
    assert await async_announced(hass) == {}
    async with unpaired("One") as one, unpaired("Two") as two:
        nameless = ServiceInfo(SERVICE_TYPE, f"x.{SERVICE_TYPE}", port=1, parsed_addresses=[HOST])
        hear(network, service_of(one, HOST, "2001:db8::7"), service_of(two, sf="0"), nameless)
        found = await async_announced(hass)
        assert found.keys() == {id_of(one), id_of(two)}
        first = found[id_of(one)]
        assert (first.name, first.port) == ("One", port_of(one))
        assert set(first.addresses) == {HOST, "2001:db8::7"}
        assert not first.paired
        assert found[id_of(two)].paired
        assert await async_find(hass, id_of(two).upper()) == found[id_of(two)]
        assert await async_find(hass, "00:00:00:00:00:00") is None


async def test_incomplete(hass: HomeAssistant, network: MagicMock) -> None:
    """What has not been heard completely is asked for; what has no proper name is passed over."""
    async with unpaired("One") as one:
        service = service_of(one)
        hear(network)
        records = [service.dns_pointer()]
        records.append(DNSPointer(SERVICE_TYPE, 12, 1, 4500, "no such service"))
        network.zeroconf.cache.async_add_records(records)
        with patch.object(AsyncServiceInfo, "async_request", return_value=False) as ask:
            assert await async_announced(hass) == {}
        assert len(ask.mock_calls) == 1
