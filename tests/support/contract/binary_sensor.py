"""The sensor of every component that shows its link."""

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import pass_time, state_of, until_state
from tests.support.vendor import Peer

from .base import Contract


class ConnectionContract(Contract):
    """The link can be seen, also while there is none."""

    async def test_connection(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """The link shows at once, also while it is down: since when, how often, and why."""
        connection = self.vendor.connection_of(hass)
        before = state_of(hass, connection)
        assert before.state == STATE_ON
        assert before.attributes["reconnects"] == 0
        assert before.attributes["last_error"] is None
        await peer.link_down()
        lost = await until_state(hass, connection, STATE_OFF)
        assert lost.attributes["last_error"] == "LinkClosedError"
        pass_time(hass, 60)
        assert state_of(hass, connection).state == STATE_OFF
        await self.vendor.reconnect(hass, peer)
        back = state_of(hass, connection)
        assert back.attributes["reconnects"] == 1
        assert back.attributes["last_error"] == "LinkClosedError"
        times = [
            dt_util.parse_datetime(state.attributes["since"], raise_on_error=True)
            for state in (before, lost, back)
        ]
        assert times == sorted(set(times))
