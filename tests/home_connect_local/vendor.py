"""Home Connect's record for the tests that all components share: a fridge, two switches of which stand for all."""

import re
from typing import Any, Final, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from custom_components.home_connect_local.const import CONF_IV, CONF_KEY, DOMAIN
from custom_components.home_connect_local.protocol import HomeConnectClient
from simulators.home_connect_local import PROFILES, Message, Pace, SimulatedAppliance
from tests.support.vendor import Vendor

from .helpers import CLIENT_ID, entry_data

NAME: Final = "fridge_freezer"
HA_ID: Final = PROFILES[NAME].ha_id
SWITCH: Final = f"{HA_ID}-switch_super_freezer"
IDLE_SWITCH: Final = f"{HA_ID}-switch_refrigerator_eco"
_FEATURES: Final = {
    SWITCH: "Refrigeration.Common.Setting.Freezer.SuperMode",
    IDLE_SWITCH: "Refrigeration.Common.Setting.EcoMode",
}


class Hand:
    """Operates the switches at the appliance itself."""

    def __init__(self, simulated: SimulatedAppliance) -> None:
        """Begin with one switch on, and one off."""
        self._appliance = simulated.appliance
        for switch, on in ((SWITCH, True), (IDLE_SWITCH, False)):
            uid = self._appliance.state.uid(_FEATURES[switch])
            assert uid
            self._appliance.state.values[uid] = on

    def press(self, switch: str, *, on: bool | None = None) -> bool:
        """Operate a switch; tells how it is then."""
        wanted = not self.is_on(switch) if on is None else on
        self._appliance.tell({_FEATURES[switch]: wanted})
        return wanted

    def is_on(self, switch: str) -> bool:
        """Tell how a switch is."""
        return bool(self._appliance.state.get(_FEATURES[switch]))


class Peer(SimulatedAppliance):
    """A simulated appliance as the shared tests use it."""

    def __init__(self, name: str = NAME) -> None:
        """Serve an appliance."""
        super().__init__(name, pace=Pace(speed=1000))
        self.home = Hand(self)

    def requests(self, pattern: str = "") -> list[Message]:
        """Give what clients wrote."""
        return [
            message
            for message in self.messages("/")
            if message.action == "POST" and re.search(pattern, message.resource)
        ]


class ApplianceVendor(Vendor):
    """A component whose entries are one device each."""

    @override
    def connection_of(self, hass: HomeAssistant) -> str:
        """Return the entity that shows the link."""
        unique_id = f"{HA_ID}-binary_sensor_connected"
        return self.entity_id_of(hass, Platform.BINARY_SENSOR, unique_id)


def _no_home(*_: object) -> Any:
    raise LookupError("an entry is one appliance, not a home")


def secrets_of(peer: SimulatedAppliance) -> list[str]:
    """List everything that must not leave the house."""
    profile = peer.profile
    head, info = profile.head, profile.seed.info
    network = profile.seed.network[0]
    mac = str(head["mac"])
    plain = mac.replace("-", "")
    spelt = {mac, mac.replace("-", ":"), plain, *(plain[i:] for i in (0, 6))}
    data = entry_data(peer)
    texts = [
        head["key"],
        head.get("iv"),
        data[CONF_KEY],
        data[CONF_IV],
        CLIENT_ID,
        info["deviceID"],
        info["serialNumber"],
        info.get("shipSki"),
        head["serialNumber"],
        profile.ha_id,
        network["ssid"],
        network["euiAddress"],
        network["ipV4"]["ipAddress"],
        network["ipV6"]["ipAddress"],
        peer.host,
        *spelt,
        *(each.lower() for each in spelt),
    ]
    return [str(text) for text in texts if text]


def credentials_of(peer: SimulatedAppliance) -> list[str]:
    """List what lets somebody in."""
    data = entry_data(peer)
    return [str(data[name]) for name in (CONF_KEY, CONF_IV) if data[name]]


VENDOR: Final = ApplianceVendor(
    domain=DOMAIN,
    client=HomeConnectClient,
    simulator=Peer,
    empty_home=_no_home,
    large_home=_no_home,
    form=_no_home,
    entry_data=lambda peer, _home: entry_data(peer),
    identity=_no_home,
    secrets=secrets_of,
    credentials=credentials_of,
    limits=(),
    retry_s=400,
    entry_device=HA_ID,
    switch=SWITCH,
    idle_switch=IDLE_SWITCH,
)
