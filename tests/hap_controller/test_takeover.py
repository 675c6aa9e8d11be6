"""Accessories that move between Home Assistant's own integration and ours; both are real, and so is the accessory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from unittest.mock import MagicMock, Mock, patch

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_DEVICE, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from zeroconf.asyncio import AsyncServiceBrowser

from custom_components.hap_controller.const import (
    BUILT_IN_DOMAIN,
    CONF_ADDRESS_PORT,
    CONF_TAKE_OVER,
    CONF_TAKEN_OVER,
    CONF_VALVES_AS_SWITCHES,
    DOMAIN,
)
from custom_components.hap_controller.takeover import async_change_identity
from tests.support.forms import submit
from tests.support.rooms import act, setup, state_of, until, until_state

from .forms import hear, labels, leave, nowhere, service_of, start
from .living import (
    ACCESSORY_ID,
    Json,
    Living,
    accessory,
    characteristic,
    new_entry,
    redescribe,
    service,
)
from .protocol.running import until as until_true

CONF_ENTITIES = "take_over_entities"
WHOLE = {CONF_ENTITIES: True, CONF_VALVES_AS_SWITCHES: False}
FORMS = "custom_components.hap_controller.forms"

type BuiltIn = Callable[[], Awaitable[MockConfigEntry]]


@pytest.fixture
def accessories() -> list[Json]:
    """Describe a bridge with what the two integrations see differently."""
    return [
        accessory("Bridge"),
        accessory(
            "Garden",
            service("SWITCH", characteristic("ON", False), characteristic("NAME", "Pump")),
            service(
                "VALVE",
                characteristic("ACTIVE", 0),
                characteristic("IN_USE", 0),
                characteristic("VALVE_TYPE", 1),
                characteristic("NAME", "Tap"),
            ),
            service(
                "HUMIDIFIER_DEHUMIDIFIER",
                characteristic("ACTIVE", 1),
                characteristic("CURRENT_RELATIVE_HUMIDITY", 50),
                characteristic("CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE", 1),
                characteristic("TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE", 2),
                characteristic("RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD", 40),
                characteristic("NAME", "Air"),
            ),
            aid=2,
        ),
    ]


@pytest.fixture(autouse=True)
def network(
    hass: HomeAssistant, socket_enabled: None, mock_async_zeroconf: MagicMock
) -> Iterator[MagicMock]:
    """Keep the network out, but for what a test lets be heard; without Bluetooth and Thread, which need more of it."""
    hass.config.components.add("bluetooth_adapters")
    browser = Mock(spec=AsyncServiceBrowser)
    browser.types = ["_hap._tcp.local.", "_hap._udp.local."]
    browser.service_state_changed = Mock()
    mock_async_zeroconf.zeroconf.listeners = [browser]
    with patch.multiple(
        "aiohomekit.controller.controller",
        BLE_TRANSPORT_SUPPORTED=False,
        COAP_TRANSPORT_SUPPORTED=False,
    ):
        yield mock_async_zeroconf


@pytest.fixture
async def theirs(
    hass: HomeAssistant, living: Living, network: MagicMock
) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the built-in integration, set up."""
    hear(network, service_of(living))
    entry = MockConfigEntry(
        domain=BUILT_IN_DOMAIN,
        unique_id=living.record.device_id,
        title="My garden",
        data=living.record.store(),
    )
    entry.add_to_hass(hass)
    await setup(hass, entry)
    yield entry
    for each in hass.config_entries.async_entries():
        if each.domain in (DOMAIN, BUILT_IN_DOMAIN) and each.state.recoverable:
            await hass.config_entries.async_unload(each.entry_id)


async def take_over(hass: HomeAssistant, theirs: MockConfigEntry, **changes: bool) -> Any:
    """Fill in the form that takes an accessory over; gives what comes of it."""
    result = await start(hass)
    assert "take_over" in result["menu_options"]
    result = await submit(hass, result, {"next_step_id": "take_over"})
    assert result["step_id"] == "take_over"
    assert labels(result) == [theirs.title]
    result = await submit(hass, result, {CONF_DEVICE: theirs.entry_id, **WHOLE, **changes})
    await hass.async_block_till_done()
    return result


async def reconfigure(hass: HomeAssistant, entry: Any) -> Any:
    """Open the form that changes an entry."""
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


async def move_back(hass: HomeAssistant, entry: Any) -> Any:
    """Give an accessory back, by the form."""
    result = await reconfigure(hass, entry)
    assert result["menu_options"] == ["reconfigure_host", "pair_again", "move_back"]
    result = await submit(hass, result, {"next_step_id": "move_back"})
    assert result["step_id"] == "move_back"
    result = await submit(hass, result, {})
    await hass.async_block_till_done()
    return result


def entities_of(hass: HomeAssistant, entry: Any) -> dict[str, str]:
    """Return the entities of an entry by their unique ids, without their accessory's."""
    return {
        f"{each.domain} {each.unique_id.removeprefix(f'{ACCESSORY_ID}_')}": each.entity_id
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


async def operate(hass: HomeAssistant, living: Living, entity_id: str) -> None:
    """Switch something on and hear that it went off by itself."""
    key = living.find("SWITCH", "ON")
    await until_true(lambda: key in living.subscribed)
    await act(hass, Platform.SWITCH, "turn_on", entity_id)
    assert living.writes[-1][:2] == key
    assert living.value(*key) in (1, True)
    await until_state(hass, entity_id, STATE_ON)
    living.push(*key, False)
    await until_state(hass, entity_id, STATE_OFF)


# --- over, and back -----------------------------------------------------------------------------


async def test_over_and_back(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """Devices and entities move with all that people gave them; the accessory never loses its pairing."""
    entities, devices = er.async_get(hass), dr.async_get(hass)
    area = ar.async_get(hass).async_create("Garden")
    label = lr.async_get(hass).async_create("Water")
    before = entities_of(hass, theirs)
    pump = before[f"switch 2_{living.find('SWITCH', 'ON', aid=2)[1] - 1}"]
    entities.async_update_entity(
        pump,
        new_entity_id="switch.my_pump",
        name="My pump",
        area_id=area.id,
        labels={label.label_id},
    )
    air = next(each for name, each in before.items() if name.endswith("_dehumidifier"))
    entities.async_update_entity(air, hidden_by=er.RegistryEntryHider.USER)
    (identify,) = [each for name, each in before.items() if name.startswith("button 2_")]
    entities.async_update_entity(identify, disabled_by=er.RegistryEntryDisabler.USER)
    (tap,) = [each for name, each in before.items() if name.startswith("switch ") and each != pump]
    await hass.async_block_till_done()
    old = {each.name: each for each in dr.async_entries_for_config_entry(devices, theirs.entry_id)}
    garden = devices.async_update_device(
        old["Garden"].id, area_id=area.id, name_by_user="Out there", labels={label.label_id}
    )
    assert garden
    before = entities_of(hass, theirs)
    await operate(hass, living, "switch.my_pump")
    pairings = dict(living.register.pairings)

    result = await take_over(hass, theirs)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "My garden"
    assert theirs.disabled_by is ConfigEntryDisabler.USER
    assert theirs.state is ConfigEntryState.NOT_LOADED
    assert CONF_TAKE_OVER not in entry.data
    assert living.register.pairings == pairings
    # What has a counterpart is ours now, under the same id; the valve is one here, and their switch waits there.
    assert entities_of(hass, theirs) == {name: each for name, each in before.items() if each == tap}
    now = entities_of(hass, entry)
    for name, entity_id in before.items():
        here = name.replace("humidifier ", "humidifier 2_") if "_dehumidifier" in name else name
        assert now.get(here) == (entity_id if entity_id != tap else None)
    assert [each for each in now if each.startswith("valve ")]
    mine = entities.async_get("switch.my_pump")
    assert mine
    assert mine.config_entry_id == entry.entry_id
    assert (mine.name, mine.area_id, mine.labels) == ("My pump", area.id, {label.label_id})
    assert entities.async_get(air).hidden_by is er.RegistryEntryHider.USER  # type: ignore[union-attr]
    assert entities.async_get(identify).disabled_by is er.RegistryEntryDisabler.USER  # type: ignore[union-attr]
    assert not hass.states.get(identify)
    ours = {each.name: each for each in dr.async_entries_for_config_entry(devices, entry.entry_id)}
    assert {name: each.id for name, each in ours.items()} == {
        name: each.id for name, each in old.items()
    }
    moved = ours["Garden"]
    assert moved.identifiers == {(DOMAIN, f"{ACCESSORY_ID}:aid:2")}
    assert (moved.area_id, moved.name_by_user, moved.labels) == (
        area.id,
        "Out there",
        {label.label_id},
    )
    assert moved.disabled_by is None
    await operate(hass, living, "switch.my_pump")
    assert "take_over" not in (await start(hass))["menu_options"]

    # Back: what came from there goes back, what is new here stays, and is not in the way.
    hass.config_entries.async_update_entry(theirs, data={**theirs.data, CONF_ADDRESS_PORT: 1})
    result = await move_back(hass, entry)
    assert result["reason"] == "moved_back"
    assert entry.disabled_by is ConfigEntryDisabler.USER
    assert theirs.disabled_by is None
    assert theirs.state is ConfigEntryState.LOADED
    assert theirs.data == living.record.store()
    assert entities_of(hass, theirs) == before
    assert set(entities_of(hass, entry).values()) == set(now.values()) - set(before.values())
    back = {each.name: each for each in dr.async_entries_for_config_entry(devices, theirs.entry_id)}
    assert {name: each.id for name, each in back.items()} == {
        name: each.id for name, each in old.items()
    }
    assert back["Garden"].name_by_user == "Out there"
    assert back["Garden"].disabled_by is None
    await operate(hass, living, "switch.my_pump")
    assert living.register.pairings == pairings

    # And over again, into the entry that there is.
    result = await take_over(hass, theirs)
    assert result["reason"] == "moved_over"
    assert entry.state is ConfigEntryState.LOADED
    assert entities_of(hass, entry) == now
    assert len(dr.async_entries_for_config_entry(devices, entry.entry_id)) == 2
    await operate(hass, living, "switch.my_pump")

    # Whoever removes our entry does not take the accessory from the other one.
    await hass.config_entries.async_remove(entry.entry_id)
    assert living.register.pairings == pairings
    assert entities_of(hass, theirs) == before
    assert devices.async_get(garden.id)
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, None)
    await hass.async_block_till_done()
    assert theirs.state is ConfigEntryState.LOADED
    await operate(hass, living, "switch.my_pump")
    mine = entities.async_get("switch.my_pump")
    assert mine
    assert (mine.name, mine.area_id) == ("My pump", area.id)


async def test_valves_as_switches(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living
) -> None:
    """Whoever wants that keeps the switches that valves were."""
    before = entities_of(hass, theirs)
    result = await take_over(hass, theirs, **{CONF_VALVES_AS_SWITCHES: True})
    entry = result["result"]
    assert entry.options == {CONF_VALVES_AS_SWITCHES: True}
    assert not entities_of(hass, theirs)
    assert set(before.values()) <= set(entities_of(hass, entry).values())
    assert len(entry.data[CONF_TAKEN_OVER]) == len(before)


async def test_keys_only(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """Whoever wants that takes nothing over but the pairing."""
    before = entities_of(hass, theirs)
    result = await take_over(hass, theirs, **{CONF_ENTITIES: False})
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entities_of(hass, theirs) == before
    assert not set(entities_of(hass, entry).values()) & set(before.values())
    result = await move_back(hass, entry)
    assert entities_of(hass, theirs) == before
    assert len(dr.async_entries_for_config_entry(dr.async_get(hass), theirs.entry_id)) == 2


async def test_disabled_already(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living
) -> None:
    """An entry that is disabled already is taken over as well, and left disabled when that fails."""
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, ConfigEntryDisabler.USER)
    await living.stop()
    result = await take_over(hass, theirs)
    assert result["errors"] == {"base": "cannot_connect"}
    assert theirs.disabled_by is ConfigEntryDisabler.USER
    await living.start()
    result = await submit(hass, result, {CONF_DEVICE: theirs.entry_id, **WHOLE})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


# --- when it fails ------------------------------------------------------------------------------


async def test_away(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living, network: MagicMock
) -> None:
    """Does the accessory not answer, everything is as it was; a second try succeeds."""
    before = entities_of(hass, theirs)
    with nowhere() as port:
        hear(network, service_of(living, port=port))
        result = await take_over(hass, theirs)
    assert result["errors"] == {"base": "cannot_connect"}
    assert theirs.disabled_by is None
    assert theirs.state is ConfigEntryState.LOADED
    assert entities_of(hass, theirs) == before
    assert not hass.config_entries.async_entries(DOMAIN)
    hear(network, service_of(living))
    result = await submit(hass, result, {CONF_DEVICE: theirs.entry_id, **WHOLE})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_unpaired(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """Keys that the accessory does not accept are of no use to anybody."""
    living.register.pairings.clear()
    result = await take_over(hass, theirs)
    assert result["errors"] == {"base": "pairing_lost"}
    assert theirs.disabled_by is None
    await leave(hass, result)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iOSDeviceLTSK": "nonsense"}, "stored_record"),
        ({"Connection": "BLE"}, "unsupported_transport"),
        ({"Connection": "CoAP"}, "unsupported_transport"),
    ],
)
async def test_unusable(
    hass: HomeAssistant, living: Living, changes: dict[str, str], error: str
) -> None:
    """What cannot be used is said, and left alone."""
    entry = MockConfigEntry(
        domain=BUILT_IN_DOMAIN, title="Lock", data={**living.record.store(), **changes}
    )
    entry.add_to_hass(hass)
    result = await take_over(hass, entry)
    assert result["errors"] == {"base": error}
    assert entry.disabled_by is None
    with patch("homeassistant.components.homekit_controller.async_remove_entry"):
        await hass.config_entries.async_remove(entry.entry_id)
    result = await submit(hass, result, {CONF_DEVICE: entry.entry_id, **WHOLE})
    assert result["reason"] == "nothing_to_take_over"


async def test_does_not_stop(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """An entry that cannot be stopped is left as it was: two must not use the same keys at once."""
    with patch(
        "homeassistant.components.homekit_controller.async_unload_entry", return_value=False
    ):
        result = await take_over(hass, theirs)
    assert result["errors"] == {"base": "cannot_unload"}
    assert theirs.disabled_by is None
    await leave(hass, result)
    # It takes a restart: what goes on is ended here in another way.
    theirs.mock_state(hass, ConfigEntryState.LOADED)


async def test_left(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """Who leaves while the keys are tried finds everything as it was."""
    result = await start(hass, "take_over")
    pending = hass.async_create_task(submit(hass, result, {CONF_DEVICE: theirs.entry_id, **WHOLE}))
    await until(hass, lambda: theirs.disabled_by)
    hass.config_entries.flow.async_abort(result["flow_id"])
    with pytest.raises(UnknownFlow):
        await pending
    await hass.async_block_till_done()
    assert theirs.state is ConfigEntryState.LOADED
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_set_up_fails_at_first(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living
) -> None:
    """What moved stays moved when the set-up has to be repeated."""
    before = entities_of(hass, theirs)
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, ConfigEntryDisabler.USER)
    entry = new_entry(living, title="Mine")
    entry.add_to_hass(hass)
    with nowhere() as port:
        hass.config_entries.async_update_entry(
            entry,
            data={**entry.data, CONF_TAKE_OVER: theirs.entry_id, CONF_ADDRESS_PORT: port},
        )
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    assert entry.data[CONF_TAKE_OVER] == theirs.entry_id
    assert entities_of(hass, entry)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_ADDRESS_PORT: living.port}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert CONF_TAKE_OVER not in entry.data
    assert set(before.values()) - set(entities_of(hass, theirs).values()) <= set(
        entities_of(hass, entry).values()
    )


async def test_accessory_that_is_missing(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living, accessories: list[Json]
) -> None:
    """What a bridge does not list yet, as after a restart, is taken over all the same, and there when it does."""
    before = entities_of(hass, theirs)
    pump = before[f"switch 2_{living.find('SWITCH', 'ON', aid=2)[1] - 1}"]
    er.async_get(hass).async_update_entity(pump, new_entity_id="switch.my_pump")
    await hass.async_block_till_done()
    living.redescribe(accessories[:1])
    entry = (await take_over(hass, theirs))["result"]
    assert state_of(hass, "switch.my_pump").state == STATE_UNAVAILABLE
    await redescribe(hass, entry, living, accessories)
    await operate(hass, living, "switch.my_pump")
    await move_back(hass, entry)
    assert set(entities_of(hass, theirs)) == set(before)
    await operate(hass, living, "switch.my_pump")


async def test_nothing_left(hass: HomeAssistant, living: Living) -> None:
    """An entry that was to replace one that is gone goes without; with nothing to be given back."""
    entry = new_entry(living)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TAKE_OVER: "gone"})
    await setup(hass, entry)
    assert CONF_TAKE_OVER not in entry.data
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_in_use(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """An entity that cannot be taken over stays where it is."""
    entities = er.async_get(hass)
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, ConfigEntryDisabler.USER)
    before = entities_of(hass, theirs)
    pump = before[f"switch 2_{living.find('SWITCH', 'ON', aid=2)[1] - 1}"]
    entry = new_entry(living)
    entry.add_to_hass(hass)
    # One has a rival here, another one still lives.
    entities.async_get_or_create(
        "switch",
        DOMAIN,
        entities.async_get(pump).unique_id,
        config_entry=entry,  # type: ignore[union-attr]
    )
    (identify,) = [each for name, each in before.items() if name.startswith("button 2_")]
    hass.data["entity_info"][identify] = {"domain": BUILT_IN_DOMAIN}
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TAKE_OVER: theirs.entry_id}
    )
    await setup(hass, entry)
    del hass.data["entity_info"][identify]
    left = entities_of(hass, theirs).values()
    assert pump in left
    assert identify in left
    assert entities.async_get(pump).device_id is None  # type: ignore[union-attr]


async def test_both_have_devices(
    hass: HomeAssistant, theirs: MockConfigEntry, living: Living
) -> None:
    """Where there are devices already, only what has no counterpart moves; other devices are none of our business."""
    entities, devices = er.async_get(hass), dr.async_get(hass)
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, ConfigEntryDisabler.USER)
    other = devices.async_get_or_create(
        config_entry_id=theirs.entry_id, identifiers={("homekit_controller:accessory-id", "other")}
    )
    entry = new_entry(living)
    entry.add_to_hass(hass)
    await setup(hass, entry)
    before = entities_of(hass, theirs)
    ours = {each.id for each in dr.async_entries_for_config_entry(devices, entry.entry_id)}
    (identify,) = [each for name, each in entities_of(hass, entry).items() if "button 2_" in name]
    entities.async_remove(identify)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TAKE_OVER: theirs.entry_id}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    moved = entities.async_get(before["button 2_1_2"])
    assert moved
    assert moved.config_entry_id == entry.entry_id
    assert moved.device_id in ours
    left = entities_of(hass, theirs)
    assert left == {name: each for name, each in before.items() if name != "button 2_1_2"}
    assert all(entities.async_get(each).device_id for each in left.values())  # type: ignore[union-attr]
    assert {each.id for each in dr.async_entries_for_config_entry(devices, entry.entry_id)} == ours
    assert devices.async_get(other.id) == other


async def test_twin_gone(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """What was removed while the form was open cannot be moved back to."""
    entry = (await take_over(hass, theirs))["result"]
    result = await reconfigure(hass, entry)
    hass.config_entries.async_update_entry(theirs, data={})
    result = await submit(hass, result, {"next_step_id": "move_back"})
    assert result["reason"] == "nothing_to_take_over"
    result = await reconfigure(hass, entry)
    assert "move_back" not in result["menu_options"]


# --- never both ---------------------------------------------------------------------------------


async def test_both_enabled(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """Two controllers must not use the same keys: ours gives way, says so, and goes on when the other is gone."""
    entry = new_entry(living)
    entry.add_to_hass(hass)
    await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "built_in_active"
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    # Somebody enables the other one while ours runs.
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, None)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert theirs.state is ConfigEntryState.LOADED


async def test_strangers(hass: HomeAssistant, theirs: MockConfigEntry, living: Living) -> None:
    """An entry of the built-in integration with other keys is nobody's twin."""
    hass.config_entries.async_update_entry(
        theirs, data={**theirs.data, "iOSPairingId": "somebody else"}
    )
    entry = new_entry(living)
    entry.add_to_hass(hass)
    await setup(hass, entry)
    await hass.config_entries.async_reload(theirs.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    result = await reconfigure(hass, entry)
    assert "move_back" not in result["menu_options"]


# --- another identity ---------------------------------------------------------------------------


async def test_another_identity(hass: HomeAssistant, living: Living) -> None:
    """Devices and entities of an accessory follow it to another id; those of somebody else stay."""
    entry = new_entry(living)
    entry.add_to_hass(hass)
    await setup(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    entities, devices = er.async_get(hass), dr.async_get(hass)
    strange = entities.async_get_or_create("sensor", DOMAIN, "strange", config_entry=entry)
    device = devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("strange", "1"), (DOMAIN, "strange")}
    )
    before = entities_of(hass, entry)
    async_change_identity(hass, entry, ACCESSORY_ID, "00:11:22:33:44:55")
    after = er.async_entries_for_config_entry(entities, entry.entry_id)
    assert {each.entity_id for each in after} == set(before.values())
    assert {each.unique_id for each in after if not each.unique_id.startswith("00:11:")} == {
        strange.unique_id
    }
    assert devices.async_get(device.id) == device
    identifiers = {
        identifier
        for each in dr.async_entries_for_config_entry(devices, entry.entry_id)
        for identifier in each.identifiers
    }
    assert (DOMAIN, "00:11:22:33:44:55:aid:2") in identifiers
    assert (DOMAIN, f"{ACCESSORY_ID}:aid:2") not in identifiers
