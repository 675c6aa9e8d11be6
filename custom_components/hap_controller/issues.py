"""What the user is told of one pairing, for as long as it is true (mapping §11.2)."""

from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import ABSENT_AFTER_S, DOMAIN
from .protocol import HapClient, WrongAccessoryError

ABSENT: Final = "absent"
NO_EVENTS: Final = "no_events"
WRONG_ACCESSORY: Final = "wrong_accessory"
# This one is raised by the form that was left before the accessory was paired again.
PAIRING_LOST: Final = "pairing_lost"
_ISSUES: Final = (ABSENT, NO_EVENTS, PAIRING_LOST, WRONG_ACCESSORY)


class Issues:
    """What the user is told of the link of one entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Prepare; nothing is told yet, and what is, stays until ``link_back`` or ``async_delete_issues``."""
        self._hass = hass
        self._entry = entry
        self._absence: CALLBACK_TYPE | None = None

    def look_at(self, client: HapClient) -> None:
        """Tell what is wrong with the link as it is now."""
        wrong = isinstance(client.last_error, WrongAccessoryError)
        self._show(WRONG_ACCESSORY, shown=not client.connected and wrong)
        silent = client.connected and not client.subscribed
        self._show(NO_EVENTS, shown=silent and bool(client.database.subscribable()))

    def link_lost(self) -> None:
        """Tell that the accessory is absent, when it has been for long."""
        self.forget_timers()
        self._absence = async_call_later(
            self._hass, ABSENT_AFTER_S, HassJob(self._tell_absence, cancel_on_shutdown=True)
        )

    def link_back(self) -> None:
        """Take back all that was told of a link that could not be had."""
        self.forget_timers()
        for what in (ABSENT, PAIRING_LOST, WRONG_ACCESSORY):
            self._show(what, shown=False)

    @callback
    def forget_timers(self) -> None:
        """Leave nothing behind that would come back later."""
        if self._absence:
            self._absence()
            self._absence = None

    @callback
    def _tell_absence(self, _now: datetime) -> None:
        self._absence = None
        self._show(ABSENT, shown=True)

    def _show(self, what: str, *, shown: bool) -> None:
        issue_id = _issue_id(self._entry.entry_id, what)
        if not shown:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=what,
            translation_placeholders={"accessory": self._entry.title},
        )


@callback
def async_tell_pairing_lost(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Keep the user told that an accessory is to be paired again, with a way to the form."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry.entry_id, PAIRING_LOST),
        data={"entry_id": entry.entry_id, "accessory": entry.title},
        is_fixable=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key=PAIRING_LOST,
        translation_placeholders={"accessory": entry.title},
    )


@callback
def async_forget_pairing_lost(hass: HomeAssistant, entry_id: str) -> None:
    """Take that back: the form is open again."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry_id, PAIRING_LOST))


@callback
def async_delete_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what the user was told about an entry."""
    for what in _ISSUES:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry_id, what))


def _issue_id(entry_id: str, what: str) -> str:
    return f"{entry_id}_{what}"
