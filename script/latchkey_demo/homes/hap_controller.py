"""The simulated HomeKit accessories."""

from . import Form, Home
from ..api import Json

ACCESSORIES = ("bridge", "lamp", "thermostat")
_SERVED = tuple(word for name in ACCESSORIES for word in ("--accessory", name))


def _forms(line: Json) -> tuple[Form, ...]:
    """Enter where each accessory is, and the code that stands on it.

    Home Assistant looks for announcements in real networks only, never on the loopback interface, and the demo stays
    on this machine: what it announced elsewhere anybody could pair.
    """
    return tuple(
        Form(
            answers={
                "user": {"next_step_id": "manual"},
                "manual": _place(card),
                "pair": {"pairing_code": card["setup_code"]},
                "reconfigure": {"next_step_id": "reconfigure_host"},
                "reconfigure_host": _place(card),
            },
            device=f"{card['device_id']}:aid:1",
        )
        for card in line["accessories"]
    )


def _place(card: Json) -> Json:
    return {"host": card["host"], "port": card["port"]}


def _by_hand(line: Json) -> tuple[str, ...]:
    """Tell a person what to choose and to type."""
    return (
        "Settings → Devices & services → Add integration → HAP Controller → Enter its address:",
        *(
            f"  {card['name']}: host {card['host']}   port {card['port']}   setup code {card['setup_code']}"
            for card in line["accessories"]
        ),
    )


HOME = Home(
    domain="hap_controller",
    title="HomeKit",
    icon="mdi:home-automation",
    simulator=(*_SERVED, "--speed", "2"),
    hurried=(*_SERVED, "--speed", "20"),
    remembers=True,
    ports=len(ACCESSORIES),
    forms=_forms,
    by_hand=_by_hand,
    links=lambda described: [{"at": name} for name in described["addresses"]],
    try_this=(),
    scenarios=(),
)
