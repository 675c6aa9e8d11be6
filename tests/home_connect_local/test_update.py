"""Software that waits to be downloaded or installed."""

from unittest.mock import patch

from homeassistant.components.update import UpdateEntityFeature
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .extended import extended
from .helpers import NAMES, act, entity_id_of, state_of, table_of, until_attribute, until_state
from .test_coordinator import connection_of, settled
from .test_fan import commands

UPDATE, DOWNLOAD = 21, 0x7501
ALLOW_UPDATE, ALLOW_DOWNLOAD = 0x7502, 0x7503
_EVENT = (
    'available="true" access="read" refCID="03" refDID="80" enumerationType="0001" level="hint"'
)
_COMMAND = 'available="true" access="writeOnly" refCID="01" refDID="00"'
WITH_COMMANDS = extended(
    "hood",
    (DOWNLOAD, "BSH.Common.Event.SoftwareDownloadAvailable", _EVENT),
    (ALLOW_UPDATE, "BSH.Common.Command.AllowSoftwareUpdate", _COMMAND),
    (ALLOW_DOWNLOAD, "BSH.Common.Command.AllowSoftwareDownload", _COMMAND),
    values={DOWNLOAD: 0},
)
WITH_ONE = extended("hood", (ALLOW_DOWNLOAD, "BSH.Common.Command.AllowSoftwareDownload", _COMMAND))

pytestmark = pytest.mark.usefixtures("all_enabled")


def software_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the software."""
    return entity_id_of(hass, entry, Platform.UPDATE, "update_software")


@pytest.mark.parametrize("name", NAMES)
async def test_updates(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The software of each appliance."""
    assert table_of(hass, loaded, Platform.UPDATE) == snapshot


@pytest.mark.parametrize("name", [WITH_COMMANDS])
async def test_install(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What waits is agreed to, the download first."""
    software = software_of(hass, loaded)
    state = state_of(hass, software)
    assert state.state == STATE_OFF
    assert state.attributes["supported_features"] == UpdateEntityFeature.INSTALL
    assert state.attributes["installed_version"] == "3.7.1.4"
    simulated.appliance.tell_values({UPDATE: 1, DOWNLOAD: 1})
    await until_state(hass, software, STATE_ON)
    await act(hass, Platform.UPDATE, "install", software)
    assert commands(simulated) == [("write", (ALLOW_DOWNLOAD, True))]
    simulated.appliance.tell_values({UPDATE: 0, DOWNLOAD: 0})
    await until_state(hass, software, STATE_OFF)
    simulated.appliance.tell_values({UPDATE: 1})
    await until_attribute(hass, software, "latest_version", "3.7.1.4 +")
    await act(hass, Platform.UPDATE, "install", software)
    assert commands(simulated)[1:] == [("write", (ALLOW_UPDATE, True))]
    simulated.appliance.tell_values({UPDATE: 0})
    await until_state(hass, software, STATE_OFF)


@pytest.mark.parametrize("name", [WITH_ONE])
async def test_nothing_agrees(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What waits may have no command of its own; what is refused is an error as well."""
    software = software_of(hass, loaded)
    simulated.appliance.tell_values({UPDATE: 1})
    await until_state(hass, software, STATE_ON)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.UPDATE, "install", software)
    assert caught.value.translation_key == "not_available"
    assert not commands(simulated)


@pytest.mark.parametrize("name", [WITH_COMMANDS])
async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses is an error that says why."""
    software = software_of(hass, loaded)
    simulated.appliance.tell_values({UPDATE: 1})
    await until_state(hass, software, STATE_ON)
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=537)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.UPDATE, "install", software)
    assert caught.value.translation_key == "remote_control_off"


@pytest.mark.parametrize("name", ["hood"])
async def test_without_commands(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that only tells of new software is updated at itself."""
    software = software_of(hass, loaded)
    assert state_of(hass, software).attributes["supported_features"] == 0
    simulated.appliance.tell_values({UPDATE: 1})
    await until_state(hass, software, STATE_ON)


@pytest.mark.parametrize("name", ["hood"])
async def test_new_version(
    hass: HomeAssistant,
    handshakes_fail: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """After an update the appliance tells another version when it is back."""
    software = software_of(hass, loaded)
    with patch.dict(simulated.profile.seed.info, {"swVersion": "4.0"}):
        simulated.abort()
        await until_state(hass, connection_of(hass, loaded), STATE_OFF)
        await settled(hass, loaded)
        await until_attribute(hass, software, "installed_version", "4.0")
