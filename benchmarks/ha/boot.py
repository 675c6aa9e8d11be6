"""A real Home Assistant with as little around it as it can run with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import cast

from aiohttp import ThreadedResolver
from homeassistant import bootstrap, loader
from homeassistant.components.http import HomeAssistantHTTP
from homeassistant.config_entries import ConfigEntries
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import DATA_RESOLVER, HassAsyncDNSResolver
from homeassistant.setup import async_setup_component


class _NoServer:
    """Stands where the web server would be: what the platforms offer there, nobody asks for here."""

    def register_view(self, view: object) -> None:
        """Take a view."""


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run one on a folder of its own until the block ends."""
    with TemporaryDirectory(prefix="latchkey-benchmark-") as folder:
        hass = HomeAssistant(folder)
        loader.async_setup(hass)
        hass.config.skip_pip = True
        # Its own resolver listens to multicast; nothing here leaves loopback, where all is given by address.
        hass.data[DATA_RESOLVER] = cast(HassAsyncDNSResolver, ThreadedResolver())
        hass.http = cast(HomeAssistantHTTP, _NoServer())
        hass.config.components.add("http")
        hass.config_entries = ConfigEntries(hass, {})
        await loader.async_get_custom_components(hass)
        await bootstrap.async_load_base_functionality(hass)
        for domain in bootstrap.CORE_INTEGRATIONS:
            await async_setup_component(hass, domain, {})
        await hass.async_start()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)
