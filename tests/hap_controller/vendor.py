"""HomeKit's record for the tests that all components share: a bridge, two switches of which stand for all."""

from collections.abc import AsyncIterator
import random
import re
from typing import Any, ClassVar, Final, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import HapClient
from simulators.hap_controller import BRIDGED, Memory, Model, Pace, SimulatedAccessory
from simulators.hap_controller.demo import BRIDGE, bridged
from simulators.hap_controller.description import Accessory
from simulators.hap_controller.service import Received
from tests.support.vendor import Vendor

NAMES: Final = ("Fountain", "Coffee machine", "Front door", "Garage")
"""What is behind the bridge, from aid 2 on."""
# The ids of entities are made of it.
_SEED: Final = "shared tests"


def _build() -> list[Accessory]:
    primary = Accessory.named(1, "Bridge", "LK-BR1", "LKBR0003")
    behind = [bridged(aid, name, BRIDGED[name]) for aid, name in enumerate(NAMES, 2)]
    return [primary, *behind]


MODEL: Final = Model("Bridge", BRIDGE, _build)
DEVICE_ID: Final = Memory.fresh(random.Random(_SEED)).device_id


def _switch_of(name: str) -> str:
    """Return the unique id of the entity that an accessory's main service is."""
    accessory = next(each for each in _build() if each.name == name)
    service = next(each for each in accessory.services if "primary" in each.extra)
    return f"{DEVICE_ID}_{accessory.aid}_{service.iid}"


SWITCH: Final = _switch_of("Coffee machine")
IDLE_SWITCH: Final = _switch_of("Fountain")
_NAME_OF: Final = {SWITCH: "Coffee machine", IDLE_SWITCH: "Fountain"}


class Hand:
    """Operates the switches at the accessories themselves."""

    def __init__(self, simulated: SimulatedAccessory) -> None:
        """Take the bridge."""
        self._simulated = simulated

    def press(self, switch: str, *, on: bool | None = None) -> bool:
        """Operate a switch; tells how it is then."""
        wanted = not self.is_on(switch) if on is None else on
        self._simulated.operate(_NAME_OF[switch], "On", wanted)
        return wanted

    def is_on(self, switch: str) -> bool:
        """Tell how a switch is."""
        return bool(self._simulated.value(_NAME_OF[switch], "On"))


class Peer(SimulatedAccessory):
    """A simulated bridge as the shared tests use it, paired with one controller."""

    def __init__(self) -> None:
        """Serve the bridge."""
        super().__init__(MODEL, pace=Pace(speed=1000), memory=Memory.fresh(random.Random(_SEED)))
        self.home = Hand(self)
        self._record: dict[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The pairing."""
        if self._record is None:
            self._record = self.admit()
        return self._record

    def abort(self) -> None:
        """End every connection with RST."""
        self.drop("rst")

    def hang_up(self) -> None:
        """End every connection with FIN."""
        self.drop("fin")

    def cut_mid_frame(self) -> None:
        """End every connection within a message."""
        for session in tuple(self.sessions):
            session.half(b"EVENT/1.0 200 OK\r\n\r\n", "fin")

    @override
    def requests(self, path: str = "", method: str = "") -> list[Received]:
        """Give the requests that a pattern is found in."""
        return [
            entry
            for entry in self.received
            if entry.what == "request"
            and re.search(path, f"{entry.method} {entry.target} {entry.body}")
        ]


class AccessoryVendor(Vendor):
    """A component whose entries are one accessory server each."""

    @override
    def connection_of(self, hass: HomeAssistant) -> str:
        """Return the entity that shows the link."""
        return self.entity_id_of(hass, Platform.BINARY_SENSOR, f"{DEVICE_ID}_connection")


def _no_home(*_: object) -> Any:
    raise LookupError("an entry is one accessory server, not a home")


def _secrets_of(peer: Any) -> list[str]:
    """List everything that must not leave the house."""
    record = peer.record
    return [
        str(each) for name, each in record.items() if name not in ("AccessoryPort", "Connection")
    ]


def _credentials_of(peer: Any) -> list[str]:
    """List what lets somebody in."""
    return [peer.record["iOSDeviceLTSK"], peer.setup_code]


VENDOR: Final = AccessoryVendor(
    domain=DOMAIN,
    client=HapClient,
    simulator=Peer,
    empty_home=_no_home,
    large_home=_no_home,
    form=_no_home,
    entry_data=lambda peer, _home: peer.record,
    identity=lambda _home: {"unique_id": DEVICE_ID.lower(), "title": "Bridge"},
    secrets=_secrets_of,
    credentials=_credentials_of,
    limits=(),
    retry_s=100,
    entry_device=f"{DEVICE_ID}:aid:1",
    switch=SWITCH,
    idle_switch=IDLE_SWITCH,
)


class OnSimulator:
    """Has a shared test made of the simulated bridge."""

    vendor: ClassVar[Vendor] = VENDOR

    @pytest.fixture
    async def peer(self, socket_enabled: None) -> AsyncIterator[Peer]:
        """Serve the bridge; afterwards nothing may have been asked that no controller should ask."""
        async with Peer() as peer:
            yield peer
        assert not peer.violations

    @pytest.fixture
    async def entry(
        self, hass: HomeAssistant, network: object, peer: Peer, options: dict[str, Any]
    ) -> AsyncIterator[MockConfigEntry]:
        """Give an entry of the bridge, not set up; it is unloaded before the simulator goes."""
        entry = VENDOR.new_entry(peer, options=options)
        entry.add_to_hass(hass)
        yield entry
        if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
            await hass.config_entries.async_unload(entry.entry_id)
