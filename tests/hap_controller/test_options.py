"""What the user prefers, and what counts where nothing was chosen."""

import pytest

from custom_components.hap_controller.const import (
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
)
from custom_components.hap_controller.options import Options, slats_key
from custom_components.hap_controller.protocol import Database

from .living import complete, read_database


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


@pytest.mark.parametrize(
    ("stored", "chosen"), [(True, True), (False, False), (["1_8"], True), (["1_30"], False)]
)
def test_slats(stored: object, chosen: bool) -> None:
    """Slats are chosen one by one; at first there was one choice for all."""
    accessory = Database.from_accessories(complete(read_database("slats"))).accessories[1]
    slats = next(each for each in accessory.services if each.iid == 8)
    assert slats_key(slats) == "1_8"
    assert Options.of({CONF_LEVEL_IS_OPEN: stored}).is_open_when_level(slats) is chosen
