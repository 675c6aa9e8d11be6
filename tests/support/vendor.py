"""What the shared tests know of a component: its record, and the simulator that stands for the vendor."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
import importlib
from types import ModuleType
from typing import Any, Protocol, Self

from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.faults import Faults
from simulators.journal import Journal, Violation

from .rooms import act, pass_time, table_of, until_state


class Peer(Protocol):
    """A simulator as the shared tests use it: the counterpart of one or more entries."""

    faults: Faults
    journal: Journal[Any]

    @property
    def home(self) -> Any:
        """What it serves: ``press()`` operates a switch by hand, ``remove()`` takes a device away."""

    @property
    def sessions(self) -> Sequence[Any]:
        """The connections that are open."""

    @property
    def received(self) -> Sequence[Any]:
        """What clients did, oldest first; ``what`` is ``open`` for a new connection."""

    @property
    def violations(self) -> Sequence[Violation]:
        """What clients should not have done."""

    def requests(self, pattern: str = "") -> Sequence[Any]:
        """Give the requests that a pattern is found in."""

    def abort(self) -> None:
        """End every connection with RST."""

    def stall(self) -> None:
        """Make every connection half-open."""

    async def link_down(self) -> None:
        """Reset all clients and refuse new ones."""

    async def link_restored(self) -> None:
        """Take clients again."""

    async def __aenter__(self) -> Self:
        """Start to serve."""

    async def __aexit__(self, *_: object) -> None:
        """Stop at once."""


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One component: who its vendor is, and how its fixture home is laid out."""

    domain: str
    client: type[Any]
    """The client of its protocol core, with ``run()`` and ``ready()``."""
    simulator: Callable[..., Peer]
    """Serves one or more homes."""

    empty_home: Callable[..., Any]
    """Makes a home without devices, of an account's name and password if it has them."""
    large_home: Callable[[int], Any]
    """Makes a home with many devices."""

    # --- an entry ---
    form: Callable[[Any], dict[str, Any]]
    """What a user fills in for the fixture home of a simulator."""
    entry_data: Callable[[Any, Any], dict[str, Any]]
    """What the form would have stored, of a simulator and the home of an entry."""
    identity: Callable[[Any], Mapping[str, Any]]
    """What else makes an entry of a home, such as its title."""
    secrets: Callable[[Any], Sequence[str]]
    """Texts about a simulator's homes that must not leave the house."""
    credentials: Callable[[Any], Sequence[str]]
    """Those of them that must not be logged either."""
    limits: Mapping[str, float]
    """Names, in the protocol core, of the time limits that a command can run into, and what tests have of them."""
    retry_s: float
    """So long a wait that any pause between two attempts is over."""

    # --- the fixture home ---
    entry_device: str
    """Id of the device that stands for the entry itself, and shows its link."""
    switch: str
    """Id of a device that is a switch and on."""
    idle_switch: str
    """Id of a device that is a switch and off."""

    @property
    def package(self) -> str:
        """Name of the component's package, for patches."""
        return f"custom_components.{self.domain}"

    def module(self, name: str = "") -> ModuleType:
        """Import a room, or the package itself."""
        return importlib.import_module(f"{self.package}.{name}" if name else self.package)

    def filled(self, peer: Peer, **changes: Any) -> dict[str, Any]:
        """Return a form as a user fills it."""
        return self.form(peer) | changes

    def new_entry(self, peer: Any, home: Any = None, **changes: Any) -> MockConfigEntry:
        """Make an entry for a home of a simulator, as the form would."""
        home = home or peer.home
        given = {
            "domain": self.domain,
            "data": self.entry_data(peer, home),
            **self.identity(home),
        }
        return MockConfigEntry(**given | changes)

    # --- registries ------------------------------------------------------------------------

    def entity_id_of(self, hass: HomeAssistant, platform: Platform, unique_id: str) -> str:
        """Find an entity by what identifies it."""
        entity_id = er.async_get(hass).async_get_entity_id(platform, self.domain, unique_id)
        assert entity_id
        return entity_id

    def has_entity(self, hass: HomeAssistant, platform: Platform, unique_id: str) -> bool:
        """Tell whether an entity is registered."""
        found = er.async_get(hass).async_get_entity_id(platform, self.domain, unique_id)
        return found is not None

    def find_device(
        self, hass: HomeAssistant, entry: MockConfigEntry, device_id: str
    ) -> dr.DeviceEntry | None:
        """Look for a device by the vendor's id."""
        devices = dr.async_get(hass)
        return devices.async_get_device_by_identifier((self.domain, device_id), entry.entry_id)

    def device_of(
        self, hass: HomeAssistant, entry: MockConfigEntry, device_id: str
    ) -> dr.DeviceEntry:
        """Return a device that is registered by the vendor's id."""
        device = self.find_device(hass, entry, device_id)
        assert device
        return device

    def has_device(self, hass: HomeAssistant, entry: MockConfigEntry, device_id: str) -> bool:
        """Tell whether a device is registered."""
        return self.find_device(hass, entry, device_id) is not None

    def entity_table(
        self, hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
    ) -> dict[str, dict[str, Any]]:
        """Describe the entities of a platform by their unique ids."""
        return table_of(hass, entry, platform)

    def issues(self, hass: HomeAssistant) -> set[str]:
        """Return what the user is told."""
        return {
            issue.translation_key or ""
            for issue in ir.async_get(hass).issues.values()
            if issue.domain == self.domain and issue.active
        }

    # --- entities --------------------------------------------------------------------------

    def connection_of(self, hass: HomeAssistant) -> str:
        """Return the entity that shows the link."""
        unique_id = f"{self.entry_device}-connection"
        return self.entity_id_of(hass, Platform.BINARY_SENSOR, unique_id)

    def refresh_button(self, hass: HomeAssistant) -> str:
        """Return the button that asks for everything."""
        return self.entity_id_of(hass, Platform.BUTTON, f"{self.entry_device}-refresh")

    def switch_of(self, hass: HomeAssistant, device_id: str | None = None) -> str:
        """Return the switch of a device; without an id the one that is on."""
        return self.entity_id_of(hass, Platform.SWITCH, device_id or self.switch)

    async def refresh(self, hass: HomeAssistant) -> None:
        """Press the button that asks for everything."""
        await act(hass, Platform.BUTTON, "press", self.refresh_button(hass))

    async def fails(
        self,
        hass: HomeAssistant,
        platform: Platform,
        action: str,
        entity_id: str,
        **data: object,
    ) -> HomeAssistantError:
        """Perform an action that must fail with a translated error; gives the error."""
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, platform, action, entity_id, **data)
        assert caught.value.translation_domain == self.domain
        return caught.value

    async def settle(self, hass: HomeAssistant, peer: Peer) -> None:
        """Wait until all that was pushed so far has arrived, by a push that comes after it."""
        switch = self.switch_of(hass)
        on = peer.home.press(self.switch)
        await until_state(hass, switch, STATE_ON if on else STATE_OFF)
        await hass.async_block_till_done()

    async def reconnect(self, hass: HomeAssistant, peer: Peer) -> None:
        """Restore the link and skip the waits until the client is back."""
        await peer.link_restored()
        connection = self.connection_of(hass)
        for attempt in range(1, 40):  # bounded without a timer, which passing time would set off
            pass_time(hass, self.retry_s)
            # An attempt that began before has to fail first; on a busy machine one takes longer.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1 * attempt):
                    await until_state(hass, connection, STATE_ON)
                    return
        pytest.fail("the client does not come back")
