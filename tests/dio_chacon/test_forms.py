"""What the forms are made of; what they do is told by the tests of ``config_flow.py``."""

from dataclasses import fields

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dio_chacon.config_flow import DioConfigFlow, DioOptionsFlow
from custom_components.dio_chacon.const import MAX_LIST_REFRESH_MINUTES, MIN_LIST_REFRESH_MINUTES
from custom_components.dio_chacon.coordinator import Options
from custom_components.dio_chacon.forms import LIST_REFRESH, vol
from custom_components.dio_chacon.protocol import Servers
from simulators.dio_chacon import SimulatedCloud

from .helpers import entry_data


def test_every_preference_can_be_chosen() -> None:
    """The form of preferences has one field for each."""
    assert {str(key) for key in DioOptionsFlow.schema.schema} == {
        field.name for field in fields(Options)
    }


def test_every_address_can_be_changed() -> None:
    """The form of the account offers each server address, and begins with the vendor's."""
    defaults = Servers()
    assert dict(DioConfigFlow.addresses) == {
        field.name: getattr(defaults, field.name) for field in fields(Servers)
    }


@pytest.mark.parametrize("minutes", [MIN_LIST_REFRESH_MINUTES, MAX_LIST_REFRESH_MINUTES])
def test_minutes_are_whole(minutes: int) -> None:
    """The browser sends fractions; what is stored has none, and nothing beyond the limits is taken."""
    taken = LIST_REFRESH(float(minutes))
    assert (taken, type(taken)) == (minutes, int)
    for wrong in (MIN_LIST_REFRESH_MINUTES - 1, MAX_LIST_REFRESH_MINUTES + 1):
        with pytest.raises(vol.Invalid):
            LIST_REFRESH(wrong)


async def test_reauthentication_stores_the_password_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What was not asked for stays as it was."""
    before = entry_data(cloud) | dict(loaded.data)
    cloud.home.password = "another one"
    result = await loaded.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"password": "another one"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert dict(loaded.data) == before | {"password": "another one"}
    await hass.async_block_till_done()
