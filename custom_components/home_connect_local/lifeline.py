"""What all coordinators share: the life of one link, for as long as its entry is loaded."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable
from datetime import datetime
import logging
from typing import Any, ClassVar, Final, NoReturn, Protocol

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import DOMAIN, PEER_NAME
from .errors import command_error
from .protocol import AuthError, LinkStatistics, UnsupportedError, VendorError

_LOGGER = logging.getLogger(__name__)

# A reconnection within this time leaves the entities as they are.
GRACE_S: Final = 10.0
# Home Assistant asks nobody to sign in while another form about the entry is open, and forgets that it was to ask.
ASK_AGAIN_S: Final = 60.0
# Who refused a key may have been another one at the address, or out of its mind.
TRY_REFUSED_AGAIN_S: Final = 3600.0


class LinkedClient(Protocol):
    """What every vendor's client offers."""

    last_error: VendorError | None

    @property
    def statistics(self) -> LinkStatistics:
        """What happened on its links."""

    @property
    def connected(self) -> bool:
        """Whether the link is up and everything was read on it."""

    @property
    def ended(self) -> bool:
        """Whether nothing more is tried before it is run again."""

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled."""

    async def ready(self, *, patient: bool = True) -> None:
        """Wait for the first verdict."""


class LinkCoordinator[ClientT: LinkedClient](ABC):
    """Follows the link of one entry; those who show something hear of it when it is lost for longer than a moment."""

    client: ClientT
    tries_refused_again: ClassVar[bool] = False
    """Whether what was refused is tried again by itself; not where each attempt may count against an account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Prepare; nothing happens before the client runs."""
        self.hass = hass
        self.entry = entry
        self.entry_id = entry.entry_id
        self.linked = True
        """Whether entities may show states: the link is up, or was lost only just now."""
        self.since: datetime = dt_util.utcnow()
        """When the link came up or was lost."""
        self.last_error: str | None = None
        """Class of the error that broke the link last."""
        self._ready = False
        self._up = True
        self._grace: CALLBACK_TYPE | None = None
        self._asking: CALLBACK_TYPE | None = None
        self._retry: CALLBACK_TYPE | None = None

    @abstractmethod
    def _tell_connected(self) -> None:
        """Tell those who show the link itself."""

    @abstractmethod
    def _tell_available(self) -> None:
        """Tell all entities that states may be shown, or no longer."""

    async def async_command[T](self, command: Awaitable[T]) -> T:
        """Await what the client was asked for; raises a translated HomeAssistantError when it fails."""
        try:
            return await command
        except AuthError as err:
            self.entry.async_start_reauth(self.hass)
            raise command_error(err) from err
        except VendorError as err:
            raise command_error(err) from err

    def describe_link(self) -> dict[str, Any]:
        """Tell what happened on the link, for diagnostics."""
        statistics = self.client.statistics
        return {
            "connected": self.client.connected,
            "shown_as_connected": self.linked,
            "since": self.since,
            "last_error": self.last_error,
            "connects": statistics.connects,
            "drops": dict(statistics.drops),
            "pushes": statistics.pushes,
        }

    def _start(self) -> None:
        """Have the client run until the entry is unloaded."""
        self._forget_refusal()
        task = self.entry.async_create_background_task(
            self.hass, self.client.run(), f"{DOMAIN} link of {self.entry_id}"
        )
        task.add_done_callback(self._on_end)

    def _set_up(self) -> None:
        """Take over from the set-up, which heard of all errors so far."""
        self._ready = True
        self.since = dt_util.utcnow()
        if self.linked:
            self._accepted()
        self.entry.async_on_unload(self._forget_timers)

    @callback
    def _on_end(self, task: asyncio.Task[Any]) -> None:
        """Act on what ended the client for good."""
        if task.cancelled():
            return
        error = task.exception()
        if not isinstance(error, VendorError):
            _LOGGER.error("The link to the %s ended unexpectedly", PEER_NAME, exc_info=error)
        if not self._ready:  # the set-up hears of it and says so
            return
        self._grace_over()
        if isinstance(error, AuthError):
            self._ask()
            if self.tries_refused_again:
                self._retry = async_call_later(
                    self.hass,
                    TRY_REFUSED_AGAIN_S,
                    HassJob(self._try_again, cancel_on_shutdown=True),
                )
        elif isinstance(error, UnsupportedError):
            self.hass.config_entries.async_schedule_reload(self.entry_id)

    @callback
    def _ask(self, _now: datetime | None = None) -> None:
        """Have the user sign in again, and see to it that the form is there as long as that is needed."""
        self.entry.async_start_reauth(self.hass)
        self._asking = async_call_later(
            self.hass, ASK_AGAIN_S, HassJob(self._ask, cancel_on_shutdown=True)
        )

    @callback
    def _try_again(self, _now: datetime | None = None) -> None:
        """Have the client run again after it was refused for good."""
        if self.client.ended:
            self._start()

    def _accepted(self) -> None:
        """Ask for nothing any more: what was refused is good."""
        for flow in self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH}):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _link_lost(self, error: VendorError | None, *, for_good: bool = False) -> None:
        """Wait a moment before entities show it; not when the peer said that it goes."""
        _LOGGER.info("Connection to the %s lost: %s (entry %s)", PEER_NAME, error, self.entry_id)
        self._up = False
        self.since = dt_util.utcnow()
        self.last_error = type(error).__name__ if error else None
        self._end_grace()
        if for_good:
            self._grace_over()
        else:
            self._grace = async_call_later(
                self.hass, GRACE_S, HassJob(self._grace_over, cancel_on_shutdown=True)
            )
        self._tell_connected()

    def _link_back(self) -> None:
        """Show states again, all of them new."""
        _LOGGER.info("Connection to the %s is back (entry %s)", PEER_NAME, self.entry_id)
        self._accepted()
        self._end_grace()
        self._up = self.linked = True
        self.since = dt_util.utcnow()
        self._tell_available()

    @callback
    def _grace_over(self, _now: datetime | None = None) -> None:
        """Stop showing states that nobody vouches for any more."""
        self._end_grace()
        self._up = self.linked = False
        self._tell_available()

    @callback
    def _forget_timers(self) -> None:
        """Leave nothing behind that would come back later."""
        self._end_grace()
        self._forget_refusal()

    def _end_grace(self) -> None:
        if self._grace:
            self._grace()
            self._grace = None

    def _forget_refusal(self) -> None:
        for timer in (self._asking, self._retry):
            if timer:
                timer()
        self._asking = self._retry = None
