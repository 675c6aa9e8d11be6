"""What the user prefers, and what counts where nothing was chosen."""

from custom_components.hap_controller.const import (
    CONF_ALL_CHARACTERISTICS,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
)
from custom_components.hap_controller.options import Options


def test_defaults() -> None:
    """An entry without preferences reads what is not told once a minute, and shows the usual."""
    assert Options.of({}) == Options()
    assert Options() == Options(
        poll_s=60, trust_events=False, all_characteristics=False, valves_as_switches=False
    )


def test_chosen() -> None:
    """Each preference is taken as it is stored."""
    chosen = {
        CONF_POLL_INTERVAL: 300,
        CONF_TRUST_EVENTS: True,
        CONF_ALL_CHARACTERISTICS: True,
        CONF_VALVES_AS_SWITCHES: True,
    }
    assert Options.of(chosen) == Options(
        poll_s=300, trust_events=True, all_characteristics=True, valves_as_switches=True
    )
