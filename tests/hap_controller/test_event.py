"""Events: each press counts, and nothing else does."""

import json
import logging

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.protocol.const import ContentType
from custom_components.hap_controller.protocol.http import Request, Response
from custom_components.hap_controller.protocol.messages import parse_write_body
from tests.support.rooms import note_states, pass_time, state_of

from .living import HOST, Living, flush, read_database, redescribe
from .protocol.running import until

PRESS = "PROGRAMMABLE_SWITCH_EVENT"
BUTTON, BELL = "event.panic_button", "event.front_bell"


async def press(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    living: Living,
    key: tuple[int, int],
    *values: object,
) -> None:
    """Press something, and wait until that has arrived."""
    await until(lambda: key in living.subscribed)
    for value in values:
        living.press(*key, value)
    await flush(hass, entry)


@pytest.mark.parametrize("name", ["single_button"])
async def test_presses(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same press again is another one; what is not known, or no press, is none."""
    key = living.find("STATELESS_PROGRAMMABLE_SWITCH", PRESS)
    state = state_of(hass, BUTTON)
    assert state.state == STATE_UNKNOWN
    assert state.attributes["event_types"] == ["single_press", "double_press", "long_press"]
    noted = note_states(hass, Platform.EVENT)
    caplog.set_level(logging.INFO)
    await press(hass, loaded, living, key, 0, 0, 1, 2, 3, 255, None, 0)
    assert [each.attributes["event_type"] for each in noted] == [
        "single_press",
        "single_press",
        "double_press",
        "long_press",
        "single_press",
    ]
    assert len({each.state for each in noted}) == len(noted)
    assert caplog.text.count("in a way that is not known") == 1
    pass_time(hass, 61)
    await flush(hass, loaded)
    assert len(noted) == 5


@pytest.mark.parametrize("name", ["video_doorbell"])
async def test_doorbell(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A doorbell rings; what else is pressed in it is an event of its own."""
    state = state_of(hass, BELL)
    assert state.attributes["device_class"] == "doorbell"
    assert state.attributes["event_types"] == ["ring"]
    noted = note_states(hass, Platform.EVENT)
    await press(hass, loaded, living, living.find("DOORBELL", PRESS), 0, 1)
    await press(hass, loaded, living, living.find("STATELESS_PROGRAMMABLE_SWITCH", PRESS), 1)
    assert [(each.entity_id, each.attributes["event_type"]) for each in noted] == [
        (BELL, "ring"),
        ("event.front_bell_inside_button", "double_press"),
    ]
    # As described now it cannot ring any more, and is no doorbell to Home Assistant.
    accessories = read_database("video_doorbell")
    accessories[0]["services"][1]["characteristics"][0]["valid-values"] = [1, 2]
    await redescribe(hass, loaded, living, accessories)
    state = state_of(hass, BELL)
    assert state.attributes["device_class"] == "button"
    assert state.attributes["event_types"] == ["double_press", "long_press"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "remote",
            {
                "event.dimmer_button_1": ["single_press", "double_press", "long_press"],
                "event.dimmer_button_2": ["single_press", "long_press"],
                "event.dimmer_button_4": ["single_press", "double_press"],
                "event.dimmer_far_key": ["single_press", "double_press", "long_press"],
            },
        ),
        (
            "remote_unlabelled",
            {
                f"event.wand_button_{number}": ["single_press", "double_press", "long_press"]
                for number in (1, 2, 3)
            },
        ),
        ("stateful_switch", {"event.rotary": ["single_press", "double_press", "long_press"]}),
    ],
)
async def test_which_there_are(
    hass: HomeAssistant, loaded: MockConfigEntry, expected: dict[str, list[str]]
) -> None:
    """Buttons bear their labels, however many are left out, with or without a service that says so."""
    assert {
        each.entity_id: each.attributes["event_types"]
        for each in hass.states.async_all(Platform.EVENT)
    } == expected


@pytest.mark.parametrize("name", ["video_doorbell"])
@pytest.mark.parametrize("within", [True, False], ids=["in the answer", "behind the answer"])
async def test_last_press_again(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, *, within: bool
) -> None:
    """An accessory that tells the last press again to whoever subscribes was not pressed."""
    key = living.find("DOORBELL", PRESS)
    noted = note_states(hass, Platform.EVENT)

    def tell_again(request: Request) -> Response | None:
        if request.method != "PUT" or b'"ev"' not in request.body:
            return None
        if not within:
            hass.loop.call_soon(living.press, *key, 0)
            return None
        items = [
            {"aid": aid, "iid": iid, "status": 0, "value": 0}
            for aid, iid in (item.key for item in parse_write_body(request.body).items)
        ]
        return Response(207, json.dumps({"characteristics": items}).encode(), ContentType.JSON)

    living.answers = tell_again
    before = living.connections
    living.drop()
    coordinator = loaded.runtime_data
    await until(lambda: not coordinator.connected)
    coordinator.announced(None, [HOST], living.port)  # which spares the wait
    await until(lambda: living.connections > before and coordinator.connected)
    await flush(hass, loaded)
    assert not [each for each in noted if each.attributes["event_type"]]
    if not within:  # else nobody has really subscribed
        await press(hass, loaded, living, key, 0)
        assert noted[-1].attributes["event_type"] == "ring"


@pytest.mark.parametrize("name", ["single_button"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A button is heard where it is now, with what it can do now."""
    accessories = read_database("single_button")
    switch = accessories[0]["services"][1]
    switch |= {"iid": 8}
    switch["characteristics"][0] |= {"iid": 99, "maxValue": 1}
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, BUTTON).attributes["event_types"] == ["single_press", "double_press"]
    noted = note_states(hass, Platform.EVENT)
    await press(hass, loaded, living, (1, 99), 1)
    assert [each.attributes["event_type"] for each in noted] == ["double_press"]
