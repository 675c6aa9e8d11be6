"""The forms, with accessories that are really paired."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_REAUTH,
    SOURCE_ZEROCONF,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, STATE_OFF
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.hap_controller.const import (
    BUILT_IN_DOMAIN,
    CONF_ADDRESS,
    CONF_ADDRESS_PORT,
    CONF_ADDRESSES,
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
    DOMAIN,
)
from custom_components.hap_controller.joining import Joining
from custom_components.hap_controller.protocol import ConnectionKind, PairingAttempt, PairingRecord
from custom_components.hap_controller.protocol.accessory import AccessoryServer, CharacteristicUuid
from custom_components.hap_controller.protocol.const import MAX_TRIES
from custom_components.hap_controller.protocol.setup_code import SetupPayload
from tests.support.fault_proxy import Cut, FaultProxy, Way
from tests.support.forms import submit, suggestions
from tests.support.rooms import setup, state_of

from .forms import (
    CODE,
    WRONG_CODE,
    Uploads,
    announce,
    hear,
    id_of,
    issues,
    labels,
    leave,
    nowhere,
    port_of,
    refusal,
    reopen,
    saying,
    service_of,
    start,
    unpaired,
)
from .living import HOST, Living, new_entry, read_database
from .protocol.running import bulb, pair, paired, until

CONF_CODE = "pairing_code"
CONF_SKIP_TEST = "skip_test"
CONF_INSECURE = "allow_insecure_setup_codes"
FORMS = "custom_components.hap_controller.forms"
LEFTOVERS = "custom_components.hap_controller.leftovers"


@pytest.fixture(autouse=True)
def network(socket_enabled: None, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Keep the network out, but for what a test lets be heard."""
    return mock_async_zeroconf


def flows(hass: HomeAssistant, source: str) -> list[Any]:
    """Return the open forms of a source."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == source
    ]


async def unload(hass: HomeAssistant, entry: Any) -> None:
    """End what a form began."""
    await hass.async_block_till_done()
    assert await hass.config_entries.async_unload(entry.entry_id)


# --- found by itself ----------------------------------------------------------------------------


async def test_discovered(hass: HomeAssistant, network: MagicMock) -> None:
    """A card appears without a word to the accessory; opened, the accessory is asked, and its code makes an entry."""
    lamp = bulb("Reading lamp")[0]
    async with unpaired("Lamp 1", lamp) as server:
        result = await announce(hass, server)
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "pair"
        assert result["description_placeholders"]["name"] == "Lamp 1"
        assert result["description_placeholders"]["category"] == "Lightbulb"
        (card,) = flows(hass, SOURCE_ZEROCONF)
        assert card["context"]["title_placeholders"] == {"name": "Lamp 1 (Lightbulb)"}
        assert not server.connections
        assert server.state.register.claimant is None

        result = await reopen(hass, result)
        assert result["step_id"] == "pair"
        assert result["errors"] == {}
        assert server.state.register.claimant is not None
        result = await reopen(hass, result)  # the same attempt goes on
        assert server.connections == 1

        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.unique_id == id_of(server)
        assert entry.title == "Reading lamp"
        record = PairingRecord.read(dict(entry.data))
        assert list(server.state.register.pairings) == [record.keys.controller_id]
        assert (record.hosts, record.port) == ((HOST,), port_of(server))
        json.dumps(dict(entry.data))
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert state_of(hass, "light.reading_lamp").state == STATE_OFF
        await until(lambda: server.connections == 1)  # the one that paired is gone
        assert server.paired
        await unload(hass, entry)


async def test_language(hass: HomeAssistant) -> None:
    """The category is named in the language of the house; an unknown one by its number."""
    hass.config.language = "de"
    async with unpaired() as server:
        result = await announce(hass, server)
        assert result["description_placeholders"]["category"] == "Lampe"
        await leave(hass, result)
        result = await announce(hass, server, ci="99")
        assert result["description_placeholders"]["category"] == "Unknown (99)"
        await leave(hass, result)


async def test_not_offered(hass: HomeAssistant) -> None:
    """What cannot or should not be paired is not offered, whatever is missing in its announcement."""
    async with unpaired() as server:
        for reason, texts in (
            ("invalid_properties", {"id": None}),
            ("ignored_model", {"md": "T8400"}),
            ("ignored_model", {"md": "T8410"}),
            ("ignored_model", {"md": "HHKBridge1,1"}),
            ("already_paired", {"sf": "0"}),
            ("already_paired", {"sf": None, "md": None, "ci": None}),
        ):
            result = await announce(hass, server, **texts)
            assert result["type"] is FlowResultType.ABORT
            assert result["reason"] == reason
        assert not flows(hass, SOURCE_ZEROCONF)


async def test_other_transport(hass: HomeAssistant) -> None:
    """Accessories on Thread cannot be reached yet; nor can those without a usable address."""
    async with unpaired() as server:
        result = await announce(hass, server, type_="_hap._udp.local.")
        assert result["reason"] == "ignored_model"
        result = await announce(hass, server, "169.254.1.1")
        assert result["reason"] == "ignored_model"


async def test_own_bridge(hass: HomeAssistant, network: MagicMock) -> None:
    """What this Home Assistant itself offers to others is not for itself."""
    async with unpaired() as server:
        bridge = MockConfigEntry(domain="homekit")
        bridge.add_to_hass(hass)
        dr.async_get(hass).async_get_or_create(
            config_entry_id=bridge.entry_id,
            connections={(dr.CONNECTION_NETWORK_MAC, id_of(server))},
        )
        assert (await announce(hass, server))["reason"] == "ignored_model"
        hear(network, service_of(server))
        result = await start(hass, "pick")
        assert labels(result) == ["Lamp (Lightbulb) – this Home Assistant"]
        result = await submit(hass, result, {CONF_DEVICE: id_of(server)})
        assert result["errors"] == {CONF_DEVICE: "own_bridge"}
        await leave(hass, result)


async def test_built_in(hass: HomeAssistant, network: MagicMock) -> None:
    """What the built-in integration has is left to it, until it is disabled there."""
    async with unpaired() as server:
        entry = MockConfigEntry(domain=BUILT_IN_DOMAIN, unique_id=id_of(server))
        entry.add_to_hass(hass)
        assert (await announce(hass, server))["reason"] == "already_configured"
        hear(network, service_of(server, sf="0"))
        result = await start(hass, "pick")
        assert labels(result) == ["Lamp (Lightbulb) – in the built-in integration"]
        result = await submit(hass, result, {CONF_DEVICE: id_of(server)})
        assert result["errors"] == {CONF_DEVICE: "built_in"}
        await leave(hass, result)
    async with unpaired() as server:
        disabled = ConfigEntryDisabler.USER
        MockConfigEntry(
            domain=BUILT_IN_DOMAIN, unique_id=id_of(server), disabled_by=disabled
        ).add_to_hass(hass)
        result = await announce(hass, server)
        assert result["step_id"] == "pair"
        await leave(hass, result)


async def test_follow(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Where a loaded accessory is, and what number its description has, is taken over without a reload."""
    client = loaded.runtime_data.client
    living.redescribe(read_database("lamp"))
    result = await announce(hass, living, "169.254.7.7", "192.0.2.7", HOST)
    assert result["reason"] == "already_configured"
    assert loaded.data[CONF_ADDRESS] == "192.0.2.7"
    assert loaded.data[CONF_ADDRESSES] == ["192.0.2.7", HOST]
    assert loaded.data[CONF_ADDRESS_PORT] == living.port
    assert loaded.runtime_data.client is client
    assert client.endpoint == (("192.0.2.7", HOST), living.port)
    await until(lambda: client.configuration == 2)
    await hass.async_block_till_done()
    result = await announce(hass, living, "169.254.7.7")  # of no use
    assert result["reason"] == "already_configured"
    assert loaded.data[CONF_ADDRESS] == "192.0.2.7"


async def test_moved_while_away(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """An entry that waits for its accessory tries at once where that announces itself."""
    before = dict(entry.data)
    with nowhere() as port:
        hass.config_entries.async_update_entry(entry, data={**before, CONF_ADDRESS_PORT: port})
        await setup(hass, entry, ConfigEntryState.SETUP_RETRY)
    result = await announce(hass, living)
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.data == before
    assert entry.state is ConfigEntryState.LOADED


async def test_moved_while_disabled(hass: HomeAssistant, living: Living) -> None:
    """A disabled entry follows too, and an ignored accessory stays ignored."""
    entry = new_entry(living, disabled_by=ConfigEntryDisabler.USER)
    entry.add_to_hass(hass)
    assert (await announce(hass, living, "192.0.2.7"))["reason"] == "already_configured"
    assert entry.data[CONF_ADDRESS] == "192.0.2.7"
    living.register.pairings.clear()
    assert (await announce(hass, living))["reason"] == "already_configured"
    assert not flows(hass, SOURCE_REAUTH)
    hass.config_entries.async_update_entry(entry, data=living.record.store())
    await hass.config_entries.async_remove(entry.entry_id)
    ignored = MockConfigEntry(domain=DOMAIN, unique_id=id_of(living), source=SOURCE_IGNORE)
    ignored.add_to_hass(hass)
    assert (await announce(hass, living))["reason"] == "already_configured"
    assert not ignored.data


async def test_reset(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """An accessory of ours that was reset is paired again into its entry; nothing is deleted."""
    living.register.pairings.clear()
    result = await announce(hass, living)
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done()
    (flow,) = flows(hass, SOURCE_REAUTH)
    assert flow["context"]["entry_id"] == entry.entry_id
    assert flow["step_id"] == "reauth_confirm"
    assert hass.config_entries.async_get_entry(entry.entry_id)


async def test_stale_announcement(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """An accessory that says it is not paired, but knows us, is believed in the latter."""
    assert (await announce(hass, living, sf="1"))["reason"] == "already_paired"
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert (await announce(hass, living, sf="1"))["reason"] == "already_paired"
    await living.stop()
    assert (await announce(hass, living, sf="1"))["reason"] == "already_configured"
    assert not flows(hass, SOURCE_REAUTH)
    await living.start()


async def test_forged_announcement(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """Whoever speaks in the name of an accessory of ours, and knows nothing of us, does not bother the user."""
    async with unpaired() as other:
        result = await announce(hass, living, sf="1", port=port_of(other))
        assert result["reason"] == "already_paired"
        assert not flows(hass, SOURCE_REAUTH)
        await living.stop()  # then nobody can tell it from one that was reset, and has moved
        result = await announce(hass, living, sf="1", port=port_of(other))
        assert result["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert len(flows(hass, SOURCE_REAUTH)) == 1


async def test_entry_that_cannot_be_read(hass: HomeAssistant, living: Living) -> None:
    """An entry of no pairing is not judged by what is announced."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id=id_of(living), data={})
    entry.add_to_hass(hass)
    assert (await announce(hass, living, sf="1"))["reason"] == "already_configured"
    assert not flows(hass, SOURCE_REAUTH)


async def test_two_forms(hass: HomeAssistant) -> None:
    """One form is enough for an accessory; it goes when somebody else has paired the accessory."""
    async with unpaired() as server, unpaired("Other") as other:
        result = await announce(hass, server)
        assert result["step_id"] == "pair"
        assert (await announce(hass, other))["step_id"] == "pair"
        assert (await announce(hass, server))["reason"] == "already_in_progress"
        result = await reopen(hass, result)
        assert (await announce(hass, server))["reason"] == "already_in_progress"
        await start(hass)  # this one is about nothing yet
        assert (await announce(hass, server, sf="0"))["reason"] == "already_paired"
        (left,) = flows(hass, SOURCE_ZEROCONF)
        assert left["context"]["unique_id"] == id_of(other)
        await hass.async_block_till_done()
        await until(lambda: not server.connections)


async def test_announced_while_pairing(hass: HomeAssistant) -> None:
    """That the accessory is paired, because we are just doing that, does not end the form."""
    async with unpaired() as server:
        result = await reopen(hass, await announce(hass, server))
        finish = Joining.async_finish

        async def announced(joining: Joining, code: str) -> PairingRecord:
            proof = hass.async_create_task(finish(joining, code))
            await until(lambda: server.paired)
            again = await announce(hass, server)
            assert again["reason"] == "already_paired"
            return await proof

        with patch.object(Joining, "async_finish", announced):
            result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert server.paired
        await unload(hass, result["result"])


# --- found by the user --------------------------------------------------------------------------


async def test_pick(hass: HomeAssistant, network: MagicMock) -> None:
    """What can be paired comes first, all else with what is in the way; two of one name are told apart."""
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(unpaired(name))
            for name in ("Zoe", "Bea", "Twin", "Abe")
        ]
        zoe, bea, twin, abe = servers
        MockConfigEntry(domain=DOMAIN, unique_id=id_of(zoe), source=SOURCE_IGNORE).add_to_hass(hass)
        MockConfigEntry(domain=DOMAIN, unique_id=id_of(twin)).add_to_hass(hass)
        hear(
            network,
            service_of(zoe),
            service_of(bea, sf="0"),
            service_of(twin, name="Zoe (2)"),
            service_of(abe, "169.254.1.1"),
        )
        result = await start(hass)
        assert result["type"] is FlowResultType.MENU
        assert result["menu_options"] == ["pick", "manual", "upload"]
        result = await submit(hass, result, {"next_step_id": "pick"})
        assert labels(result) == [
            "Zoe (Lightbulb)",
            "Abe (Lightbulb) – cannot be reached",
            "Bea (Lightbulb) – paired with another controller",
            "Zoe (2) (Lightbulb) – set up already",
        ]
        for server, reason in (
            (bea, "already_paired"),
            (twin, "already_configured"),
            (abe, "no_address"),
        ):
            result = await submit(hass, result, {CONF_DEVICE: id_of(server)})
            assert result["errors"] == {CONF_DEVICE: reason}
            assert suggestions(result) == {CONF_DEVICE: id_of(server)}
        result = await submit(hass, result, {CONF_DEVICE: id_of(zoe)})
        assert result["step_id"] == "pair"
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entries = list(hass.config_entries.async_entries(DOMAIN))
        assert {entry.unique_id for entry in entries} == {id_of(zoe), id_of(twin)}
        await unload(hass, result["result"])


async def test_same_names(hass: HomeAssistant, network: MagicMock) -> None:
    """Accessories of one name show their ids; without a name the model or the id stands for it."""
    async with unpaired("Lamp") as one, unpaired("Lamp") as two:
        services = [service_of(one), service_of(two)]
        for number, each in enumerate(services):
            each.name = f"Lamp{' ' * number}._hap._tcp.local."
            each.key = each.name.lower()
        hear(network, *services)
        result = await start(hass, "pick")
        shown = sorted(
            f"Lamp (Lightbulb) {each.state.register.accessory_id}" for each in (one, two)
        )
        assert labels(result) == shown
        await leave(hass, result)


async def test_nothing_found(hass: HomeAssistant, network: MagicMock) -> None:
    """When nothing is heard, the address may be known."""
    result = await start(hass, "pick")
    assert result["step_id"] == "manual"
    assert result["errors"] == {"base": "no_devices"}
    await leave(hass, result)


async def test_by_hand(hass: HomeAssistant) -> None:
    """Host and port are enough: the accessory says who it is."""
    async with unpaired() as server:
        result = await start(hass, "manual")
        assert result["errors"] == {}
        assert suggestions(result) == {CONF_HOST: ""}
        for port in (0, 65536):
            with pytest.raises(InvalidData):
                await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: port})
        result = await submit(hass, result, {CONF_HOST: "no host", CONF_PORT: port_of(server)})
        assert result["errors"] == {CONF_HOST: "invalid_host"}
        result = await submit(hass, result, {CONF_HOST: HOST})
        assert result["errors"] == {CONF_PORT: "no_port"}
        with nowhere() as port:
            result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: port})
            assert result["step_id"] == "manual"
            assert result["errors"] == {"base": "accessory_not_found_error"}
            assert suggestions(result) == {CONF_HOST: HOST, CONF_PORT: port}
        result = await submit(hass, result, {CONF_HOST: f" [{HOST}] ", CONF_PORT: port_of(server)})
        assert result["step_id"] == "pair"
        assert result["description_placeholders"]["name"] == HOST
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.unique_id == id_of(server)
        assert entry.title == "Lamp"
        assert type(entry.data[CONF_ADDRESS_PORT]) is int
        await unload(hass, entry)


async def test_by_name(hass: HomeAssistant) -> None:
    """A name is kept as one, for the address behind it may change."""
    async with unpaired() as server:
        info = (2, 1, 6, "", (HOST, 0))
        with patch.object(hass.loop, "getaddrinfo", return_value=[info]):
            result = await start(hass, "manual")
            place = {CONF_HOST: "lamp.example", CONF_PORT: port_of(server)}
            result = await submit(hass, result, place)
            result = await submit(hass, result, {CONF_CODE: CODE})
            await hass.async_block_till_done()
        entry = result["result"]
        assert entry.data[CONF_ADDRESS] == "lamp.example"
        assert entry.state is ConfigEntryState.LOADED
        await unload(hass, entry)


async def test_by_hand_what_is_heard(hass: HomeAssistant, network: MagicMock) -> None:
    """An accessory that is heard at the address is known for what it is."""
    async with unpaired() as server, unpaired("Other") as other:
        place = {CONF_HOST: HOST, CONF_PORT: port_of(server)}
        elsewhere = service_of(other, "192.0.2.7")
        hear(network, elsewhere, service_of(server, sf="0"))
        result = await submit(hass, await start(hass, "manual"), place)
        assert result["errors"] == {"base": "already_paired"}
        hear(network, service_of(server))
        result = await submit(hass, result, place)
        assert result["step_id"] == "pair"
        assert result["description_placeholders"]["name"] == "Lamp"
        await leave(hass, result)


async def test_by_hand_what_is_paired(hass: HomeAssistant) -> None:
    """That an accessory is paired already shows when it is asked; another address may be right."""
    async with unpaired() as server:
        pair(server.state.register)
        place = {CONF_HOST: HOST, CONF_PORT: port_of(server)}
        result = await submit(hass, await start(hass, "manual"), place)
        assert result["step_id"] == "manual"
        assert result["errors"] == {"base": "already_paired"}
        await leave(hass, result)


async def test_by_hand_what_is_set_up(hass: HomeAssistant) -> None:
    """An accessory that was reset, and has an entry, gets its new pairing there."""
    async with unpaired() as server:
        entry = MockConfigEntry(domain=DOMAIN, unique_id=id_of(server), title="Mine", data={})
        entry.add_to_hass(hass)
        place = {CONF_HOST: HOST, CONF_PORT: port_of(server)}
        result = await submit(hass, await start(hass, "manual"), place)
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "paired_again"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.title == "Mine"
        assert server.paired
        await unload(hass, entry)


# --- the code -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        " 518 08582 ",
        SetupPayload(category=5, setup_code=CODE, setup_id="7OSX", ip=True).encode(),
    ],
)
async def test_spellings(hass: HomeAssistant, typed: str) -> None:
    """The code is taken however it is written, also as the text to be scanned."""
    async with unpaired() as server:
        result = await reopen(hass, await announce(hass, server))
        result = await submit(hass, result, {CONF_CODE: typed})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


async def test_wrong_codes(hass: HomeAssistant) -> None:
    """What is no code costs no attempt; a wrong one costs one, and the accessory is asked anew at once."""
    async with unpaired() as server:
        register = server.state.register
        result = await reopen(hass, await announce(hass, server))
        for typed in ("1234", "X-HM://0", "518-08-58x"):
            result = await submit(hass, result, {CONF_CODE: typed})
            assert result["step_id"] == "pair"
            assert result["errors"] == {CONF_CODE: "authentication_error"}
        assert register.failed_attempts == 0
        assert server.connections == 1
        for number in (1, 2):
            result = await submit(hass, result, {CONF_CODE: WRONG_CODE})
            assert result["errors"] == {CONF_CODE: "authentication_error"}
            assert register.failed_attempts == number
            assert register.claimant is not None
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


async def test_insecure_code(hass: HomeAssistant) -> None:
    """A code that anybody could guess is used only when the user insists."""
    async with unpaired() as server:
        server.state.register.setup_code = "111-11-111"
        result = await reopen(hass, await announce(hass, server))
        result = await submit(hass, result, {CONF_CODE: "11111111"})
        assert result["errors"] == {CONF_CODE: "insecure_setup_code"}
        assert suggestions(result)[CONF_CODE] == "11111111"
        result = await submit(hass, result, {CONF_CODE: "11111111", CONF_INSECURE: False})
        assert result["errors"] == {CONF_CODE: "insecure_setup_code"}
        assert server.state.register.failed_attempts == 0
        result = await submit(hass, result, {CONF_CODE: "11111111", CONF_INSECURE: True})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


# --- what can go wrong --------------------------------------------------------------------------


async def test_busy(hass: HomeAssistant) -> None:
    """While somebody else is pairing the accessory, there is a form to try again with."""
    async with unpaired() as server, AsyncExitStack() as stack:
        stack.enter_context(patch("custom_components.hap_controller.joining._BUSY_AGAIN_S", 0.0))
        form = await announce(hass, server)
        async with PairingAttempt.open([HOST], port_of(server)) as attempt:
            await attempt.begin()
            result = await reopen(hass, form)
            assert result["step_id"] == "busy_error"
            result = await reopen(hass, result)
            assert result["step_id"] == "busy_error"
            result = await submit(hass, result, {})
            assert result["step_id"] == "busy_error"
        await until(lambda: not server.connections)
        result = await submit(hass, result, {})
        assert result["step_id"] == "pair"
        await leave(hass, result)


async def test_too_many_tries(hass: HomeAssistant) -> None:
    """An accessory that saw too many wrong codes has to be restarted first."""
    async with unpaired() as server:
        server.state.register.failed_attempts = MAX_TRIES
        result = await reopen(hass, await announce(hass, server))
        assert result["step_id"] == "max_tries_error"
        result = await reopen(hass, result)
        assert result["step_id"] == "max_tries_error"
        server.state.register.failed_attempts = 0
        result = await submit(hass, result, {})
        assert result["step_id"] == "pair"
        await leave(hass, result)


async def test_paired_meanwhile(hass: HomeAssistant) -> None:
    """An accessory that was paired since it was found ends the form, which says what may be the cause."""
    async with unpaired() as server:
        form = await announce(hass, server)
        pair(server.state.register)
        result = await reopen(hass, form)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_paired"


@pytest.mark.parametrize("asked_s", [0, 100])
async def test_back_off(hass: HomeAssistant, asked_s: int) -> None:
    """An accessory that wants to be left alone is, for as long as it says."""
    code, *further = (3, 8, 1, asked_s) if asked_s else (3,)
    async with unpaired() as server, saying(refusal(code, *further)) as port:
        result = await reopen(hass, await announce(hass, server, port=port))
        assert result["step_id"] == "back_off"
        seconds = int(result["description_placeholders"]["seconds"])
        assert 0 < seconds <= (asked_s or 30)
        result = await submit(hass, result, {})
        assert result["step_id"] == "back_off"
        with patch.object(hass.loop, "time", return_value=hass.loop.time() + seconds + 1):
            result = await reopen(hass, result)
            assert result["description_placeholders"]["seconds"] == "0"
        flow = hass.config_entries.flow._progress[result["flow_id"]]
        flow._not_before = 0.0
        result = await submit(hass, result, {})  # it asks for the same again
        assert result["step_id"] == "back_off"
        await leave(hass, result)


@pytest.mark.parametrize("answer", [b"no message", b"\x06\x01\x05", b""])
async def test_odd_answer(hass: HomeAssistant, answer: bytes) -> None:
    """An accessory that says something that cannot be may have to be prepared."""
    async with unpaired() as server, saying(lambda: answer) as port:
        result = await reopen(hass, await announce(hass, server, port=port))
        assert result["step_id"] == "protocol_error"
        result = await reopen(hass, result)
        assert result["step_id"] == "protocol_error"
        result = await submit(hass, result, {})
        assert result["step_id"] == "protocol_error"
        await leave(hass, result)


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (1, "unknown_error", ""),
        (4, "max_peers_error", ""),
        (99, "pairing_failed", "the accessory refused with error 99"),
    ],
)
async def test_refusals(hass: HomeAssistant, code: int, error: str, reason: str) -> None:
    """What the accessory refuses is said at the code, and the form tries again."""
    async with unpaired() as server, saying(refusal(code)) as port:
        result = await reopen(hass, await announce(hass, server, port=port))
        for _ in range(2):  # a code is of no use before the accessory has been asked
            assert result["step_id"] == "pair"
            assert result["errors"] == {CONF_CODE: error}
            assert result["description_placeholders"]["reason"] == reason
            result = await submit(hass, result, {CONF_CODE: CODE})
        await leave(hass, result)


async def test_refused_in_the_end(hass: HomeAssistant, tmp_path: Path) -> None:
    """An accessory that cannot store the pairing says so, and is not paired."""
    async with unpaired() as server:
        result = await reopen(hass, await announce(hass, server))
        server.state.path = tmp_path / "no folder" / "state.json"
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["errors"] == {CONF_CODE: "unknown_error"}
        assert not server.paired
        assert not issues(hass)
        server.state.path = None
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


async def test_vanished(hass: HomeAssistant) -> None:
    """An accessory that is gone, or hangs up, ends the form."""
    async with unpaired() as server:
        with nowhere() as port:
            result = await reopen(hass, await announce(hass, server, port=port))
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "accessory_not_found_error"
        async with saying(lambda: None) as port:
            result = await reopen(hass, await announce(hass, server, port=port))
        assert result["reason"] == "accessory_disconnected_error"
        assert result["description_placeholders"]["reason"]


async def test_silence(hass: HomeAssistant) -> None:
    """Nobody waits for ever for an accessory that does not answer."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        proxy.blackhole = True
        form = await announce(hass, server, port=proxy.port)
        with patch("custom_components.hap_controller.joining.BEGIN_LIMIT_S", 0.01):
            result = await reopen(hass, form)
        assert result["reason"] == "accessory_disconnected_error"


async def test_link_lost_while_looking_for_the_code(hass: HomeAssistant) -> None:
    """An accessory that hangs up while the user looks for the code is called again, unnoticed."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        proxy.drop_all(Cut.FIN)
        await until(lambda: not server.connections)
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


async def test_moved_while_waiting(hass: HomeAssistant, network: MagicMock) -> None:
    """A form that has waited knows where the accessory is now."""
    async with unpaired() as server:
        with nowhere() as port:
            form = await announce(hass, server, port=port)
            hear(network, service_of(server, "169.254.7.7"))  # of no use
            result = await reopen(hass, form)
            assert result["reason"] == "accessory_not_found_error"
            form = await announce(hass, server, port=port)
        hear(network, service_of(server))
        result = await submit(hass, await reopen(hass, form), {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"][CONF_ADDRESS_PORT] == port_of(server)
        await unload(hass, result["result"])


async def test_gone_while_looking_for_the_code(hass: HomeAssistant) -> None:
    """An accessory that is gone for good ends the form."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        await proxy.refuse()
        proxy.drop_all(Cut.RST)
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "accessory_not_found_error"
        assert not issues(hass)


async def test_nameless(hass: HomeAssistant) -> None:
    """An accessory without a name is called as it announces itself."""
    lamp = bulb("Lamp")[0]
    lamp.services[0][CharacteristicUuid.NAME].value = " "
    async with unpaired("Announced", lamp) as server:
        result = await reopen(hass, await announce(hass, server))
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["result"].title == "Announced"
        await unload(hass, result["result"])


async def test_mistake(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """A mistake of ours leaves the form usable, and the log has what is needed to mend it, but no code."""
    async with unpaired() as server:
        form = await announce(hass, server)
        with patch.object(PairingAttempt, "begin", side_effect=RuntimeError("a mistake")):
            result = await reopen(hass, form)
        assert result["errors"] == {CONF_CODE: "pairing_failed"}
        assert result["description_placeholders"]["reason"] == "a mistake"
        assert "RuntimeError: a mistake" in caplog.text
        result = await reopen(hass, result)
        with patch.object(PairingAttempt, "finish", side_effect=RuntimeError("another mistake")):
            result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["errors"] == {CONF_CODE: "pairing_failed"}
        assert CODE not in caplog.text
        caplog.clear()
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


# --- halfway ------------------------------------------------------------------------------------


LENGTHS: list[int] = []
"""How much accessories say when they are paired, once that is known: it is always the same."""


async def spoil_the_answer(proxy: FaultProxy, server: AccessoryServer) -> None:
    """Have the accessory's last message of the next pairing damaged on its way."""
    if not LENGTHS:
        await paired(proxy.port, CODE)
        LENGTHS.append(proxy.passed_by[Way.DOWN])
        await server.forget_pairings()
        proxy.count_from_here()
    proxy.flip = Way.DOWN, LENGTHS[0] - 1


async def test_lost_answer(hass: HomeAssistant) -> None:
    """A pairing of which the accessory's answer is lost is taken back, and the code asked for again."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        await spoil_the_answer(proxy, server)
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["step_id"] == "pair"
        assert result["errors"] == {"base": "taken_back"}
        assert not server.paired
        assert not issues(hass)
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await unload(hass, result["result"])


async def test_lost_answer_and_accessory(hass: HomeAssistant) -> None:
    """Is the accessory lost as well, the pairing is taken back as soon as it shows up again; until then it is told."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        await spoil_the_answer(proxy, server)
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        await proxy.refuse()
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "halfway"
        assert server.paired
        told = issues(hass)["still_paired"]
        assert told.translation_placeholders == {"accessory": "Lamp"}
        assert told.is_fixable and told.is_persistent
        with patch(f"{LEFTOVERS}.async_find", return_value=None):
            await announce(hass, server)  # heard of, but not there
        assert server.paired
        assert issues(hass)


async def test_lost_answer_of_an_unknown_accessory(hass: HomeAssistant) -> None:
    """Of an accessory that was found by its address alone nothing but that is known."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        await spoil_the_answer(proxy, server)
        place = {CONF_HOST: HOST, CONF_PORT: proxy.port}
        result = await submit(hass, await start(hass, "manual"), place)
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["errors"] == {"base": "taken_back"}
        assert not server.paired
        await leave(hass, result)


async def test_back_after_a_lost_answer(hass: HomeAssistant, network: MagicMock) -> None:
    """An accessory that shows up with a pairing that nobody has is freed, and can be paired."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        await spoil_the_answer(proxy, server)
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        await proxy.refuse()
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "halfway"
        hear(network, service_of(server))
        assert (await announce(hass, server))["reason"] == "already_paired"
        assert not server.paired
        assert not issues(hass)
        result = await announce(hass, server)
        assert result["step_id"] == "pair"
        await leave(hass, result)


@pytest.mark.parametrize("spoilt", [False, True])
async def test_left_amid_pairing(hass: HomeAssistant, spoilt: bool) -> None:
    """Who leaves while the accessory is pairing does not leave it paired, whether or not its answer arrives."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        if spoilt:
            await spoil_the_answer(proxy, server)
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        proxy.delay_s = lambda: 0.02
        pending = hass.async_create_task(submit(hass, result, {CONF_CODE: CODE}))
        await until(lambda: server.paired)
        hass.config_entries.flow.async_abort(result["flow_id"])
        result = await pending
        assert result["reason"] == "cancelled"
        await hass.async_block_till_done()
        assert not server.paired
        assert not hass.config_entries.async_entries(DOMAIN)
        assert not issues(hass)


async def test_pressed_twice(hass: HomeAssistant) -> None:
    """A button that is pressed twice pairs once."""
    async with unpaired() as server:
        result = await reopen(hass, await announce(hass, server))
        first, second = await asyncio.gather(
            *(submit(hass, result, {CONF_CODE: CODE}) for _ in range(2))
        )
        assert first["type"] is FlowResultType.CREATE_ENTRY
        assert second["step_id"] == "pair"
        assert len(server.state.register.pairings) == 1
        assert not flows(hass, SOURCE_ZEROCONF)
        await unload(hass, first["result"])


async def test_stop_amid_pairing(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """When Home Assistant stops while the accessory is pairing, what frees the accessory again is kept."""
    async with unpaired() as server, FaultProxy(port_of(server)) as proxy:
        result = await reopen(hass, await announce(hass, server, port=proxy.port))
        proxy.delay_s = lambda: 0.02
        pending = asyncio.create_task(submit(hass, result, {CONF_CODE: CODE}))
        await until(lambda: server.paired)
        pending.cancel()  # as the web server does with what goes on
        await asyncio.gather(pending, return_exceptions=True)
        await hass.async_stop()
        (leftover,) = hass_storage["hap_controller.leftovers"]["data"].values()
        assert [leftover["record"]["iOSPairingId"]] == list(server.state.register.pairings)


async def test_set_up_fails(hass: HomeAssistant) -> None:
    """An accessory that vanishes right after it was paired has its entry, which waits for it."""
    async with unpaired() as server:
        result = await reopen(hass, await announce(hass, server))
        with patch(
            "custom_components.hap_controller.async_setup_entry", side_effect=ConfigEntryNotReady
        ):
            result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.title == "Lamp"
        assert await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is ConfigEntryState.LOADED
        await unload(hass, entry)


# --- paired again -------------------------------------------------------------------------------


async def entry_of(hass: HomeAssistant, server: AccessoryServer) -> MockConfigEntry:
    """Pair an accessory, and set its entry up."""
    keys = pair(server.state.register)
    record = PairingRecord(keys, ConnectionKind.IP, (HOST,), port_of(server))
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=record.device_id, title="Mine", data=record.store()
    )
    entry.add_to_hass(hass)
    await setup(hass, entry)
    return entry


async def reset(hass: HomeAssistant, entry: MockConfigEntry, server: AccessoryServer) -> Any:
    """Reset an accessory and let Home Assistant notice; gives the form that opens."""
    await server.forget_pairings()
    assert not await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = flows(hass, SOURCE_REAUTH)
    return flow


async def test_reauth(hass: HomeAssistant) -> None:
    """A reset accessory is paired again into its entry; nobody bothers it before the user wants that."""
    async with unpaired() as server:
        entry = await entry_of(hass, server)
        er.async_get(hass).async_update_entity("light.lamp", new_entity_id="light.mine")
        before = dict(entry.data)
        flow = await reset(hass, entry, server)
        assert flow["step_id"] == "reauth_confirm"
        result = await reopen(hass, flow)
        assert result["step_id"] == "reauth_confirm"
        assert result["description_placeholders"]["name"] == "Mine"
        assert result["data_schema"].schema == {}
        assert server.state.register.claimant is None
        result = await submit(hass, result, {})
        assert result["step_id"] == "pair"
        result = await submit(hass, result, {CONF_CODE: WRONG_CODE})
        assert result["errors"] == {CONF_CODE: "authentication_error"}
        assert dict(entry.data) == before
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.title == "Mine"
        assert entry.unique_id == id_of(server)
        assert dict(entry.data) != before
        assert entry.data.keys() == before.keys()
        assert state_of(hass, "light.mine").state == STATE_OFF
        assert len(hass.states.async_all("light")) == 1
        assert server.paired
        assert not issues(hass)
        await unload(hass, entry)


async def test_reauth_left(hass: HomeAssistant) -> None:
    """Who leaves the form is reminded, and can open it again."""
    async with unpaired() as server:
        entry = await entry_of(hass, server)
        result = await submit(hass, await reset(hass, entry, server), {})
        await leave(hass, result)
        told = issues(hass)["pairing_lost"]
        assert told.translation_placeholders == {"accessory": "Mine"}
        assert not flows(hass, SOURCE_REAUTH)
        await until(lambda: not server.connections)
        result = await entry.start_reauth_flow(hass)
        assert not issues(hass)
        result = await submit(hass, result, {})
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert not issues(hass)
        await unload(hass, entry)
        # Nobody is reminded of what is not used, or not there any more.
        await server.forget_pairings()
        for end in (
            hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER),
            hass.config_entries.async_remove(entry.entry_id),
        ):
            result = await entry.start_reauth_flow(hass)
            await end
            await hass.async_block_till_done()
            assert not issues(hass)


async def test_reauth_obstacles(hass: HomeAssistant) -> None:
    """What is in the way is said where the user can try again."""
    async with unpaired() as server:
        entry = await entry_of(hass, server)
        result = await reset(hass, entry, server)
        pair(server.state.register)
        result = await submit(hass, result, {})
        assert result["step_id"] == "reauth_confirm"
        assert result["errors"] == {"base": "already_paired"}
        await server.forget_pairings()
        await server.stop()
        result = await submit(hass, result, {})
        assert result["errors"] == {"base": "accessory_not_found_error"}
        async with saying(lambda: None) as port:
            data = {**entry.data, CONF_ADDRESS_PORT: port}
            hass.config_entries.async_update_entry(entry, data=data)
            result = await submit(hass, result, {})
            assert result["errors"] == {"base": "accessory_disconnected_error"}
            assert result["description_placeholders"]["reason"]
        await leave(hass, result)


async def test_another_identity(hass: HomeAssistant, network: MagicMock) -> None:
    """An accessory that has another id since it was reset replaces the one before; nothing else changes."""
    async with unpaired() as server, unpaired("Other") as other:
        entry = await entry_of(hass, server)
        registry, devices = er.async_get(hass), dr.async_get(hass)
        registry.async_update_entity("light.lamp", new_entity_id="light.mine")
        (device,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
        devices.async_update_device(device.id, name_by_user="Reading lamp")
        old = server.state.register.accessory_id
        flow = await reset(hass, entry, server)
        server.state.register.accessory_id = new = "00:11:22:33:44:55"
        ignored = MockConfigEntry(domain=DOMAIN, unique_id=new, source=SOURCE_IGNORE)
        ignored.add_to_hass(hass)
        hear(network, service_of(other, HOST, port=1), service_of(server))
        await leave(hass, flow)
        result = await entry.start_reauth_flow(hass)
        assert labels(result) == ["Lamp (Lightbulb)", "Other (Lightbulb)"]
        (field,) = result["data_schema"].schema
        assert field.default() in (new, id_of(other))
        result = await submit(hass, result, {CONF_DEVICE: new})
        assert result["description_placeholders"]["name"] == "Mine"
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == new
        assert hass.config_entries.async_entries(DOMAIN) == [entry]
        mine = registry.async_get("light.mine")
        assert mine
        assert mine.unique_id.startswith(f"{new}_1_")
        assert state_of(hass, "light.mine").state == STATE_OFF
        assert len(hass.states.async_all("light")) == 1
        (now,) = dr.async_entries_for_config_entry(devices, entry.entry_id)
        assert now.id == device.id
        assert now.name_by_user == "Reading lamp"
        assert now.identifiers == {(DOMAIN, f"{new}:aid:1")}
        entities = er.async_entries_for_config_entry(registry, entry.entry_id)
        assert not [each for each in entities if old in each.unique_id]
        await unload(hass, entry)


async def test_likely_accessory(hass: HomeAssistant, network: MagicMock) -> None:
    """Of several the same one is suggested, if it can be paired, else one at its address."""
    async with unpaired() as server, unpaired("Other") as other, unpaired("Third") as third:
        entry = await entry_of(hass, server)
        await reset(hass, entry, server)
        away = service_of(third, "192.0.2.7")
        for services, likely in (
            ((service_of(server), service_of(other), away), server),
            ((service_of(server, sf="0"), service_of(other), away), other),
            ((away, service_of(other)), other),
        ):
            hear(network, *services)
            result = await entry.start_reauth_flow(hass)
            (field,) = result["data_schema"].schema
            assert field.default() == id_of(likely)
        hear(network, service_of(server))  # no choice
        result = await entry.start_reauth_flow(hass)
        assert result["data_schema"].schema == {}
        result = await submit(hass, result, {})
        assert result["description_placeholders"]["category"] == "Lightbulb"
        await leave(hass, result)


async def test_wrong_accessory_paired(hass: HomeAssistant) -> None:
    """At an address there may be an accessory that has an entry of its own: the pairing belongs there."""
    async with unpaired() as server:
        entry = await entry_of(hass, server)
        other = MockConfigEntry(domain=DOMAIN, unique_id="00:11:22:33:44:55", title="Other")
        other.add_to_hass(hass)
        flow = await reset(hass, entry, server)
        server.state.register.accessory_id = "00:11:22:33:44:55"
        result = await submit(hass, flow, {})
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "paired_again"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert other.state is ConfigEntryState.LOADED
        await unload(hass, other)


async def test_pair_again(hass: HomeAssistant) -> None:
    """Whoever wants can pair again, also while nothing seems to be wrong, or nothing is known any more."""
    async with unpaired() as server:
        entry = await entry_of(hass, server)
        await server.forget_pairings()
        server.state.register.accessory_id = new = "00:11:22:33:44:55"
        result = await entry.start_reconfigure_flow(hass)
        assert result["menu_options"] == ["reconfigure_host", "pair_again"]
        result = await submit(hass, result, {"next_step_id": "pair_again"})
        assert result["step_id"] == "pair_again"
        result = await submit(hass, result, {})
        assert result["step_id"] == "pair"
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == new
        assert len(hass.states.async_all("light")) == 1
        await unload(hass, entry)


async def test_pair_again_without_a_record(hass: HomeAssistant, network: MagicMock) -> None:
    """An entry whose pairing cannot be read is mended by a new one."""
    async with unpaired() as server:
        entry = MockConfigEntry(domain=DOMAIN, unique_id=id_of(server), title="Mine", data={})
        entry.add_to_hass(hass)
        await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
        assert entry.error_reason_translation_key == "stored_record"
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
        assert result["step_id"] == "pair_again"  # nothing else helps
        result = await submit(hass, result, {})
        assert result["errors"] == {"base": "accessory_not_found_error"}  # nobody knows where it is
        await leave(hass, result)
        hear(network, service_of(server))
        result = await entry.start_reconfigure_flow(hass)
        result = await submit(hass, result, {"next_step_id": "pair_again"})
        result = await submit(hass, result, {})
        result = await submit(hass, result, {CONF_CODE: CODE})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        await unload(hass, entry)


# --- another address ----------------------------------------------------------------------------


async def test_another_address(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Another address is tried before it is taken; what else there is stays."""
    before = dict(loaded.data)
    hass.config_entries.async_update_entry(
        loaded, data={**before, CONF_ADDRESS: "192.0.2.7", CONF_ADDRESSES: ["192.0.2.7"]}
    )
    result = await loaded.start_reconfigure_flow(hass)
    result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
    assert result["step_id"] == "reconfigure_host"
    assert suggestions(result) == {CONF_HOST: "192.0.2.7", CONF_PORT: living.port}

    async def answer(host: str, port: int) -> Any:
        return await submit(hass, result, {CONF_HOST: host, CONF_PORT: port})

    assert (await answer("no host", 1))["errors"] == {CONF_HOST: "invalid_host"}
    with nowhere() as port:
        assert (await answer(HOST, port))["errors"] == {"base": "cannot_connect"}
    async with unpaired() as other:
        assert (await answer(HOST, port_of(other)))["errors"] == {"base": "pairing_lost"}
        pair(other.state.register)
        assert (await answer(HOST, port_of(other)))["errors"] == {"base": "wrong_accessory"}
    async with FaultProxy(living.port) as proxy:
        proxy.blackhole = True
        with patch(f"{FORMS}.renewing.STEP_LIMIT_S", 0.01):
            assert (await answer(HOST, proxy.port))["errors"] == {"base": "timeout"}
    result = await answer(HOST, living.port)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert loaded.data == before
    assert loaded.state is ConfigEntryState.LOADED


async def test_address_of_an_entry_without_one(
    hass: HomeAssistant, entry: MockConfigEntry, living: Living
) -> None:
    """An entry that knows no address gets one."""
    before = dict(entry.data)
    without = {
        key: value for key, value in before.items() if key not in (CONF_ADDRESS, CONF_ADDRESSES)
    }
    hass.config_entries.async_update_entry(entry, data=without)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, result, {"next_step_id": "reconfigure_host"})
    assert suggestions(result) == {CONF_HOST: "", CONF_PORT: living.port}
    result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: living.port})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data == before


# --- from a file --------------------------------------------------------------------------------


@pytest.fixture
def upload(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, tmp_path: Path
) -> Iterator[Uploads]:
    """Upload files; into a folder of this test alone, for others run beside it."""
    with patch("homeassistant.components.file_upload.TEMP_DIR_NAME", str(tmp_path / "uploads")):
        yield Uploads(hass, hass_client)


def packed(**pairings: Any) -> bytes:
    """Write a file of pairings, as aiohomekit and homekit_python do."""
    return json.dumps(pairings).encode()


async def test_upload(hass: HomeAssistant, living: Living, upload: Uploads) -> None:
    """One pairing of a file is tried and becomes an entry, without what is large or changes."""
    members = living.record.store() | {"accessories": [{"aid": 1}], "config_num": 7, "mine": "kept"}
    result = await start(hass, "upload")
    assert result["step_id"] == "upload"
    result = await upload.submit(result, packed(alias=members))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Lamp"
    assert result["data"] == living.record.store() | {"mine": "kept"}
    entry = result["result"]
    assert entry.unique_id == id_of(living)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert (
        len(living.asked("/accessories")) == 2
    )  # at the form, and anew: nothing announced that it is the same
    await unload(hass, entry)


async def test_upload_of_home_assistant(
    hass: HomeAssistant, living: Living, network: MagicMock, upload: Uploads
) -> None:
    """Home Assistant's own file of entries will do; where the accessory announces itself counts more than the file."""
    record = living.record.store()
    old = record | {CONF_ADDRESS: "192.0.2.7", CONF_ADDRESSES: ["192.0.2.7"], CONF_ADDRESS_PORT: 1}
    hear(network, service_of(living))
    entries = [
        {"domain": "sun", "data": {}},
        {"domain": BUILT_IN_DOMAIN, "title": "My lamp", "data": old},
    ]
    data = json.dumps({"version": 1, "data": {"entries": entries}}).encode()
    result = await upload.submit(await start(hass, "upload"), data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == record
    await unload(hass, result["result"])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"no file of pairings", "invalid_pairing_file"),
        (b"[]", "invalid_pairing_file"),
        (b"{}", "no_pairing_in_file"),
        (packed(alias={"Connection": "IP"}), "no_pairing_in_file"),
        (b" " * 10_001, "invalid_pairing_file"),
    ],
    ids=["garbage", "list", "empty", "incomplete", "large"],
)
async def test_unusable_files(
    hass: HomeAssistant, living: Living, upload: Uploads, data: bytes, error: str
) -> None:
    """What is wrong with a file is said; another one mends it."""
    with patch(f"{FORMS}.importing._MAX_FILE_BYTES", 10_000):
        result = await upload.submit(await start(hass, "upload"), data)
    assert result["step_id"] == "upload"
    assert result["errors"] == {"pairing_file": error}
    result = await upload.submit(result, packed(alias=living.record.store()))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass, result["result"])


async def test_upload_that_is_gone(hass: HomeAssistant, upload: Uploads) -> None:
    """An upload can be used once."""
    result = await start(hass, "upload")
    file_id = await upload(b"{}")
    result = await submit(hass, result, {"pairing_file": file_id})
    result = await submit(hass, result, {"pairing_file": file_id})
    assert result["errors"] == {"pairing_file": "invalid_pairing_file"}
    await leave(hass, result)


async def test_choose(
    hass: HomeAssistant, living: Living, upload: Uploads, entry: MockConfigEntry
) -> None:
    """Of several pairings one is chosen; what is set up is not offered, Bluetooth and Thread are not understood yet."""
    mine = living.record.store()
    pairings = {
        "mine": mine,
        "lamp": {**mine, "AccessoryPairingID": "00:11:22:33:44:55"},
        "lock": {**mine, "AccessoryPairingID": "00:11:22:33:44:66", "Connection": "BLE"},
    }
    result = await upload.submit(await start(hass, "upload"), packed(mine=mine))
    assert result["errors"] == {"pairing_file": "all_configured"}
    result = await upload.submit(result, packed(**pairings))
    assert result["step_id"] == "choose"
    assert labels(result) == ["lamp (00:11:22:33:44:55)", "lock (00:11:22:33:44:66)"]
    result = await submit(hass, result, {CONF_DEVICE: "lock"})
    assert result["errors"] == {"base": "unsupported_transport"}
    result = await submit(hass, result, {CONF_DEVICE: "lamp"})
    assert result["step_id"] == "where"  # at that address is the one that is set up
    assert result["errors"] == {"base": "wrong_accessory"}
    assert result["description_placeholders"]["name"] == "lamp"
    await leave(hass, result)


async def test_where(hass: HomeAssistant, living: Living, upload: Uploads) -> None:
    """An accessory that is not where it was can be told where it is."""
    without = {
        key: value
        for key, value in living.record.store().items()
        if key not in (CONF_ADDRESS, CONF_ADDRESSES, CONF_ADDRESS_PORT)
    }
    result = await upload.submit(await start(hass, "upload"), packed(alias=without))
    assert result["step_id"] == "where"
    assert result["errors"] == {"base": "cannot_connect"}
    result = await reopen(hass, result)
    assert result["errors"] == {}
    assert suggestions(result) == {CONF_HOST: ""}
    result = await submit(hass, result, {CONF_HOST: "no host", CONF_PORT: 1})
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    async with FaultProxy(living.port) as proxy:
        proxy.blackhole = True
        with patch(f"{FORMS}.importing.STEP_LIMIT_S", 0.01):
            result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: proxy.port})
    assert result["errors"] == {"base": "timeout"}
    assert CONF_SKIP_TEST in result["data_schema"].schema
    result = await submit(hass, result, {CONF_HOST: HOST, CONF_PORT: living.port})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == living.record.store()
    await unload(hass, result["result"])


async def test_away(hass: HomeAssistant, living: Living, upload: Uploads) -> None:
    """An accessory that is switched off may be added untested, one that refuses the pairing may not."""
    members = living.record.store() | {"accessories": [], "config_num": 7}
    living.register.pairings.clear()
    result = await upload.submit(await start(hass, "upload"), packed(alias=members))
    assert result["errors"] == {"base": "pairing_lost"}
    assert CONF_SKIP_TEST not in result["data_schema"].schema
    place = {CONF_HOST: HOST, CONF_PORT: living.port}
    await living.stop()
    result = await submit(hass, result, place)
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggestions(result) == place
    result = await submit(hass, result, {**place, CONF_SKIP_TEST: False})
    assert result["errors"] == {"base": "cannot_connect"}
    result = await submit(hass, result, {**place, CONF_SKIP_TEST: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "alias"
    assert result["data"] == living.record.store()
    assert result["result"].state is ConfigEntryState.SETUP_RETRY
    await living.start()
    await unload(hass, result["result"])


async def test_uploaded_twice(hass: HomeAssistant, living: Living, upload: Uploads) -> None:
    """Of two forms about one accessory the second ends."""
    first = await upload.submit(await start(hass, "upload"), packed(a={}, b=living.record.store()))
    assert first["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass, first["result"])
    await hass.config_entries.async_remove(first["result"].entry_id)
    pair(living.register)
    living.keys = pair(living.register)
    await living.stop()
    second = await upload.submit(await start(hass, "upload"), packed(alias=living.record.store()))
    assert second["step_id"] == "where"
    new_entry(living).add_to_hass(hass)
    place = {CONF_HOST: HOST, CONF_PORT: living.port, CONF_SKIP_TEST: True}
    second = await submit(hass, second, place)
    assert second["reason"] == "already_configured"
    await living.start()


# --- preferences --------------------------------------------------------------------------------

DEFAULTS = {
    CONF_POLL_INTERVAL: 60,
    CONF_TRUST_EVENTS: False,
    CONF_ALL_CHARACTERISTICS: False,
    CONF_VALVES_AS_SWITCHES: False,
}


async def test_options(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Preferences start with their defaults, and changed ones are in force at once."""
    options = hass.config_entries.options
    result = await options.async_init(loaded.entry_id)
    assert result["step_id"] == "init"
    assert suggestions(result) == DEFAULTS
    assert CONF_LEVEL_IS_OPEN not in result["data_schema"].schema  # a lamp has no slats
    for wrong in (29, 3601):
        with pytest.raises(InvalidData):
            await options.async_configure(
                result["flow_id"], {**DEFAULTS, CONF_POLL_INTERVAL: wrong}
            )
    chosen = {
        CONF_POLL_INTERVAL: 600.0,
        CONF_TRUST_EVENTS: True,
        CONF_ALL_CHARACTERISTICS: True,
        CONF_VALVES_AS_SWITCHES: True,
    }
    result = await options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert loaded.options == {**chosen, CONF_LEVEL_IS_OPEN: []}
    assert type(loaded.options[CONF_POLL_INTERVAL]) is int
    assert loaded.runtime_data.options.poll_s == 600
    result = await options.async_init(loaded.entry_id)
    assert suggestions(result) == chosen


async def choose_slats(hass: HomeAssistant, entry: MockConfigEntry, *keys: str) -> Any:
    """Say which slats are open when they are level; gives what was offered, and chosen at first."""
    options = hass.config_entries.options
    result = await options.async_init(entry.entry_id)
    field = result["data_schema"].schema[CONF_LEVEL_IS_OPEN]
    before = suggestions(result)[CONF_LEVEL_IS_OPEN]
    result = await options.async_configure(
        result["flow_id"], {**DEFAULTS, CONF_LEVEL_IS_OPEN: list(keys)}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return {each["value"]: each["label"] for each in field.config["options"]}, before


@pytest.mark.parametrize("name", ["blinds"])
@pytest.mark.parametrize("options", [{CONF_LEVEL_IS_OPEN: True}])
async def test_slats(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each cover with slats is chosen by its name; the choice of before, which was for all, holds until then."""
    names = {"cover.venetian": 2, "cover.louvre": 3, "cover.pergola": 5}
    keys = {
        entity_id: f"{aid}_{living.find('WINDOW_COVERING', 'CURRENT_POSITION', aid=aid)[1] - 1}"
        for entity_id, aid in names.items()
    }

    def tilt() -> int:
        position: int = state_of(hass, "cover.venetian").attributes["current_tilt_position"]
        return position

    assert tilt() == 67
    offered, before = await choose_slats(hass, loaded, keys["cover.louvre"])
    assert offered == {key: f"{state_of(hass, each).name} ({each})" for each, key in keys.items()}
    assert sorted(before) == sorted(keys.values())
    assert loaded.options[CONF_LEVEL_IS_OPEN] == [keys["cover.louvre"]]
    assert tilt() == 33
    # What is away now stays chosen.
    options = {**loaded.options, CONF_LEVEL_IS_OPEN: [*before, "9_9"]}
    hass.config_entries.async_update_entry(loaded, options=options)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    offered, before = await choose_slats(hass, loaded, keys["cover.venetian"])
    assert offered.keys() == set(before) == set(keys.values())
    assert loaded.options[CONF_LEVEL_IS_OPEN] == [keys["cover.venetian"], "9_9"]
    assert tilt() == 67


@pytest.mark.parametrize("stored", [True, ["2_8"]])
async def test_slats_that_nobody_knows_now(
    hass: HomeAssistant, entry: MockConfigEntry, stored: Any
) -> None:
    """Other preferences can be changed while the accessory is not known; what was chosen stays."""
    options = hass.config_entries.options
    hass.config_entries.async_update_entry(entry, options={CONF_LEVEL_IS_OPEN: stored})
    result = await options.async_init(entry.entry_id)
    assert CONF_LEVEL_IS_OPEN not in result["data_schema"].schema
    await options.async_configure(result["flow_id"], {**DEFAULTS, CONF_TRUST_EVENTS: True})
    assert entry.options == {**DEFAULTS, CONF_TRUST_EVENTS: True, CONF_LEVEL_IS_OPEN: stored}
