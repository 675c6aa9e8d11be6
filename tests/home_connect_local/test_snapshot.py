"""What is hidden of an appliance, whatever it is called."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.home_connect_local.snapshot import redactor
from simulators.home_connect_local import SimulatedAppliance

from .vendor import secrets_of

HIDDEN = "**REDACTED**"


@pytest.mark.parametrize("name", ["dishwasher", "oven", "washer"])
async def test_texts(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Each secret is hidden, alone and in a sentence; of the id of the appliance the model stays."""
    redact = redactor(loaded)
    long = [secret for secret in secrets_of(simulated) if len(secret) > 6]
    for secret in long:
        assert secret not in redact(secret)
        assert secret not in redact(f"about {secret}, and so on")
    if "-" in simulated.ha_id:
        model = simulated.ha_id[:-12]
        assert redact(f"at {simulated.ha_id}") == f"at {model}{HIDDEN}"
        assert redact(simulated.ha_id.lower()) == f"{model}{HIDDEN}"


async def test_names(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Members are hidden by their names, as appliances and we spell them."""
    redact = redactor(loaded)
    for name in ("key", "iv", "psk", "deviceID", "device_id", "serialNumber", "mac", "shipSki"):
        assert redact({name: "abc", "type": "x"}) == {name: HIDDEN, "type": "x"}


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the entry keeps is hidden also while nothing else is known."""
    redact = redactor(entry)
    for secret in (simulated.ha_id, simulated.host, *entry.data.values()):
        if isinstance(secret, str) and len(secret) > 6:
            assert secret not in redact(f"about {secret}, and so on")
