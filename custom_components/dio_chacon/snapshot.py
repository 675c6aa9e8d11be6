"""What may be told about an account of DIO: its servers, its link, its devices, and nothing secret."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME

from .const import CONF_INSTALLATION_ID, CONF_LOGIN_URL, CONF_WEBSOCKET_URL
from .coordinator import Coordinator, DioConfigEntry, complete
from .protocol import LOGIN_URL, WEBSOCKET_URL, Device
from .redaction import Redactor

# As the vendor and we call them.
_SECRET_KEYS: Final = frozenset(
    {
        CONF_USERNAME,
        CONF_PASSWORD,
        CONF_INSTALLATION_ID,
        "email",
        "sessionToken",
        "bleKey",
        "mac",
        "macAddress",
        "room_id",
        "roomId",
        "image",
        "image_url",
    }
)


def about_account(entry: DioConfigEntry, coordinator: Coordinator | None) -> dict[str, Any]:
    """Tell whether the vendor's own servers are used."""
    data = complete(entry.data, entry.entry_id)
    servers = data[CONF_LOGIN_URL], data[CONF_WEBSOCKET_URL]
    return {"vendor_servers": servers == (LOGIN_URL, WEBSOCKET_URL)}


def about_link(coordinator: Coordinator) -> dict[str, Any]:
    """Tell what happened on the link that only this vendor has."""
    statistics = coordinator.client.statistics
    return {
        "last_greeting": statistics.last_greeting,
        "answers_by_status": {str(status): n for status, n in statistics.answers.items()},
        "stray_answers": statistics.strays,
        "median_answer_s": statistics.median_answer_s,
    }


def about_device(device: Device) -> dict[str, Any]:
    """Describe a device: its line in the list, what we understood, and its state as received."""
    state = asdict(device)
    return {"record": state.pop("record"), "raw": state.pop("resources"), "understood": state}


def redactor(entry: DioConfigEntry, coordinator: Coordinator | None) -> Redactor:
    """Make what hides all that is secret or personal."""
    data = complete(entry.data, entry.entry_id)
    account = coordinator.account if coordinator else None
    return Redactor(
        keys=_SECRET_KEYS,
        secrets=(
            data[CONF_USERNAME],
            data[CONF_PASSWORD],
            data[CONF_INSTALLATION_ID],
            account.account_id if account else "",
            (account.name or "") if account else "",
        ),
        replacements={
            device_id: f"device-{number}"
            for number, device_id in enumerate(coordinator.devices if coordinator else (), 1)
        },
    )
