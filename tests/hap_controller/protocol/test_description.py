"""Descriptions as accessories write them, with what is odd about real ones, and as they are stored."""

from contextlib import suppress
import gc
import tracemalloc
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from benchmarks.hap_controller.bridge import body as bridge_body, bridge
from custom_components.hap_controller.protocol import description
from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid, ServiceUuid
from custom_components.hap_controller.protocol.description import (
    MAX_ACCESSORIES,
    MAX_CHARACTERISTICS,
    MAX_FAULTS,
    MAX_SERVICES,
)
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.model import Database, difference
from custom_components.hap_controller.protocol.values import Metadata, full_type

from .described import BUTTON, INFORMATION, JSON, LAMP, characteristic, database, load, service


def test_description() -> None:
    """Accessories, services and characteristics are found by number and by type."""
    home = database(INFORMATION, LAMP)
    lamp = home.accessories[1].service(ServiceUuid.LIGHTBULB)
    assert lamp is not None and lamp.iid == 8
    on = lamp.characteristic(CharacteristicUuid.ON)
    assert on is home.characteristics[1, 9]
    assert (on.aid, on.iid, on.key, on.service, on.type) == (1, 9, (1, 9), lamp, full_type("25"))
    assert on.value is False
    brightness = home.characteristics[1, 10]
    assert brightness.metadata == Metadata(
        type=CharacteristicUuid.BRIGHTNESS,
        perms=("pr", "pw", "ev"),
        format="int",
        unit="percentage",
        description="Brightness",
        min_value=0,
        max_value=100,
    )
    assert lamp.characteristic(CharacteristicUuid.HUE) is None
    assert home.accessories[1].service(ServiceUuid.SWITCH) is None
    assert list(home.find(ServiceUuid.LIGHTBULB, CharacteristicUuid.BRIGHTNESS)) == [brightness]
    assert len(list(home.accessories[1].characteristics)) == 6
    assert home.faults == []


def test_metadata_are_shared() -> None:
    """A bridge of equal lamps describes them once, whatever their numbers and values."""
    home = load(
        {"aid": 1, "services": [LAMP]},
        {"aid": 2, "services": [LAMP | {"iid": 50}]},
    )
    assert home.characteristics[1, 9].metadata is home.characteristics[2, 9].metadata


def test_numbers_and_values_are_not_shared() -> None:
    """Services that differ in those alone have metadata in common and nothing else."""
    two = characteristic(20, "25", format="bool", value=1), characteristic(21, "8", format="int")
    home = load(
        {"aid": 1, "services": [LAMP, service(40, "43", *two)]},
        {"aid": 2, "services": [LAMP, service(40, "43", *two[::-1])]},
    )
    assert [(key, each.value) for key, each in home.characteristics.items()] == [
        ((1, 9), False),
        ((1, 10), 50),
        ((1, 20), True),
        ((1, 21), None),
        ((2, 9), False),
        ((2, 10), 50),
        ((2, 21), None),
        ((2, 20), True),
    ]
    first, second = (home.characteristics[aid, 20] for aid in (1, 2))
    assert first.metadata is second.metadata
    assert first.service is not second.service


def test_what_is_kept_is_bounded() -> None:
    """A bridge of which no two services are alike fills no memory."""
    lamps = (characteristic(iid, "25", description=f"Lamp {iid}") for iid in range(1, 1400))
    accessories = [
        {"aid": aid, "services": [service(1, "43", lamp)]} for aid, lamp in enumerate(lamps, 1)
    ]
    for each in range(0, 1399, 700):
        assert len(load(*accessories[each : each + 700]).characteristics) >= 699
        assert len(description._kept_services) <= 256
        assert len(description._kept_metadata) <= 1024


# --- oddities of real descriptions, §8.7 ----------------------------------------------------------


def test_commas_too_many() -> None:
    """Several devices put one behind the last member."""
    assert Database.load(
        b'{"accessories":[{"aid":1,"services":[{"iid":1,"type":"43","characteristics":[],},]},],}'
    ).accessories


def test_types_without_dashes() -> None:
    """Nanoleaf writes 32 digits; unknown types survive."""
    raw = characteristic(2, "34ab8811ac7f4340bac3fd6a85f9943c", format="string", value="x")
    found = database(service(1, "1" * 32, raw)).characteristics[1, 2]
    assert found.type == "34AB8811-AC7F-4340-BAC3-FD6A85F9943C"
    assert found.service.type == "11111111-1111-1111-1111-111111111111"


def test_numbers_beyond_53_bits() -> None:
    """IKEA and Hue use all of 64; a number with a point is one all the same."""
    home = load(
        {"aid": 2**64 - 1, "services": [service(2**63 + 1, "43", characteristic(2**53 + 1, "25"))]},
        {"aid": 7.0, "services": [service(1.0, "43", characteristic(2.0, "25"))]},
    )
    assert home.characteristics.keys() == {(2**64 - 1, 2**53 + 1), (7, 2)}
    assert home.apply([((2**64 - 1, 2**53 + 1), True, 0)])


def test_links_to_nothing() -> None:
    """Schlage links to 0, Yeelight to services that do not exist, others to themselves."""
    linked = service(30, "43", linked=[0, 8, 99, "8", 30.0])
    home = database(LAMP, linked, service(40, "43", linked=8))
    services = home.accessories[1].services
    assert services[1].linked_iids == (8, 30)
    assert services[1].linked == (services[0], services[1])
    assert services[2].linked_iids == services[0].linked_iids == ()


def test_steps_of_zero_and_values_outside_of_limits() -> None:
    """Both are kept; they only matter in writing, and there they do not."""
    raw = characteristic(2, "11", format="float", value=100, minValue=-40, maxValue=50, minStep=0)
    found = database(service(1, "8A", raw)).characteristics[1, 2]
    assert found.value == 100
    assert found.metadata.min_step == 0


def test_limits_beyond_all_numbers() -> None:
    """They are none: registries could not store what is made of them."""
    raw = characteristic(2, "CA", format="float", value=5e3, minValue=-1e308, maxValue=1e308)
    found = database(service(1, "BD", raw | {"valid-values": [1e308, 1]})).characteristics[1, 2]
    assert (found.metadata.min_value, found.metadata.max_value) == (None, None)
    assert found.metadata.valid_values == (1,)


def test_characteristics_without_format_or_permissions() -> None:
    """The catalogue fills the format in where it can; without permissions nothing may be done."""
    home = database(
        service(
            1,
            "43",
            {"iid": 2, "type": "25", "value": 1},
            {"iid": 3, "type": "A" * 32, "value": {"raw": 1}},
        )
    )
    on, vendor = home.characteristics.values()
    assert (on.metadata.format, on.value, on.metadata.perms) == ("bool", True, ())
    assert (vendor.metadata.format, vendor.value) == (None, {"raw": 1})
    assert not on.metadata.readable and not on.metadata.writable


def test_bluetooth_service_without_characteristics() -> None:
    """Eve leaks one into its description."""
    home = database(LAMP, {"iid": 50, "type": "00001801-0000-1000-8000-00805F9B34FB"})
    assert home.accessories[1].services[1].characteristics == ()


def test_equal_serial_numbers() -> None:
    """Bridges repeat them: accessories are told apart by their numbers."""
    home = load(*({"aid": aid, "services": [INFORMATION]} for aid in (1, 2)))
    assert len(home.accessories) == 2


def test_subscription_state_of_others_does_not_matter() -> None:
    """``ev`` in a description is that of a connection, and no part of the characteristic."""
    on, off = (
        database(service(1, "43", characteristic(2, "25", format="bool", ev=ev)))
        for ev in (True, False)
    )
    assert on.characteristics[1, 2].metadata == off.characteristics[1, 2].metadata


def test_all_metadata_are_read() -> None:
    """Each that is of its kind; the rest counts as absent."""
    raw = characteristic(
        2,
        "FFFF",
        perms="pr",
        format="uint8",
        description="Mode\x07",
        minStep=0.5,
        maxLen=10,
        maxDataLen=20,
        handle=5,
        broadcast_events=True,
        disconnected_events=False,
        **{"valid-values": [0, 1, None, True], "valid-values-range": [0, 3]},
    )
    wrong = raw | {
        "iid": 3,
        "perms": [5, "", "x" * 40, "ev"],
        "format": 5,
        "unit": "u" * 40,
        "description": 7,
        "minValue": "0",
        "minStep": True,
        "maxLen": -1,
        "maxDataLen": 1.5,
        "handle": "5",
        "broadcast_events": "yes",
        "valid-values": "all",
        "valid-values-range": [1],
    }
    good, bad = database(service(1, "43", raw, wrong)).characteristics.values()
    assert good.metadata == Metadata(
        type=full_type("FFFF"),
        perms=("pr",),
        format="uint8",
        description="Mode",
        min_step=0.5,
        max_len=10,
        max_data_len=20,
        valid_values=(0, 1),
        valid_values_range=(0, 3),
        handle=5,
        broadcast_events=True,
        disconnected_events=False,
    )
    assert bad.metadata == Metadata(
        type=full_type("FFFF"), perms=("ev",), disconnected_events=False
    )


def test_what_cannot_be_understood_is_left_out_and_named() -> None:
    """One bad item does not spoil the rest, and no text of the peer is repeated."""
    raw = (
        b'{"accessories":[5,{"aid":0,"services":[]},{"aid":1},{"aid":3,"services":[true,'
        b'{"iid":1},{"iid":0,"type":"43"},{"iid":2,"type":"secret"},{"iid":3,"type":5},'
        b'{"iid":4,"type":["43"]},{"iid":5,"type":"43","characteristics":[7,"text",[],{"type":"25"},'
        b'{"iid":6},{"iid":0,"type":"25"},{"iid":7,"type":"secret"},{"iid":9,"type":"25"},'
        b'{"iid":9,"type":"8"},{"iid":10,"type":7}]},{"iid":5,"type":"43"}]},{"aid":3,"services":[]}]}'
    )
    home = Database.load(raw)
    assert home.accessories.keys() == {3}
    assert home.characteristics.keys() == {(3, 9)}
    assert home.characteristics[3, 9].type == CharacteristicUuid.ON
    assert len(home.faults) == MAX_FAULTS
    assert "secret" not in " ".join(home.faults)


def test_metadata_nested_too_deep() -> None:
    """The characteristic cannot be read; the next one can."""
    text = b"[" * 300 + b"]" * 300
    home = Database.load(
        b'{"accessories":[{"aid":1,"services":[{"iid":1,"type":"43","characteristics":['
        b'{"iid":2,"type":"25","x":' + text + b'},{"iid":3,"type":"25","value":' + text + b"}]}]}]}"
    )
    assert home.characteristics.keys() == {(1, 3)}
    assert home.characteristics[1, 3].value is None
    assert home.store()


def test_members_that_nobody_knows_are_not_kept() -> None:
    """However long: they are read once and forgotten."""
    raw = characteristic(2, "25", format="bool", x="y" * 5000)
    assert database(service(1, "43", raw)).characteristics[1, 2].metadata.format == "bool"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"accessories":{}}',
        b'{"accessories":[]}',
        b'{"accessories":[{"aid":1}]}',
        b'{"accessories":"' + b"\xff" + b'"}',
    ],
)
def test_no_description(text: bytes) -> None:
    """An answer without any accessory must not make everything disappear."""
    with pytest.raises(FrameError):
        Database.load(text)


def test_stored_descriptions_that_are_none() -> None:
    """A cache that cannot be read is dropped by its reader, not by us."""
    for stored in (None, 5, [], [object()], {"aid": 1}, [{"aid": 2**70}]):
        with pytest.raises(FrameError):
            Database.from_accessories(stored)


def test_counts_are_bounded() -> None:
    """What is beyond any real bridge is left out and named."""
    lamps = [characteristic(iid, "25") for iid in range(1, MAX_CHARACTERISTICS + 2)]
    many = [service(iid, "43") for iid in range(1, MAX_SERVICES + 2)]
    home = load(
        {"aid": 1, "services": [service(1, "43", *lamps), *many[1:]]},
        {"aid": 2, "services": many},
        *({"aid": aid, "services": []} for aid in range(3, MAX_ACCESSORIES + 2)),
    )
    assert len(home.accessories) == MAX_ACCESSORIES
    assert len(home.accessories[2].services) == MAX_SERVICES
    assert len(home.characteristics) == MAX_CHARACTERISTICS
    assert len(home.faults) == 4


# --- storing --------------------------------------------------------------------------------------


def test_stored_description_is_read_again() -> None:
    """With the present values, full types and what only Bluetooth has; the present subscriptions are not kept."""
    bluetooth = characteristic(
        31, "11", "pr ev", format="float", value=20.5, handle=7, broadcast_events=True, ev=True
    )
    home = database(
        INFORMATION,
        LAMP | {"primary": True, "hidden": False, "linked": [30]},
        service(30, "8A", bluetooth, hidden=1),
        BUTTON,
    )
    home.apply([((1, 9), True, 0)])
    stored = home.store()
    again = Database.from_accessories(stored)
    assert again.store() == stored
    assert not difference(home, again)
    assert [(each.key, each.value) for each in again.characteristics.values()] == [
        (each.key, each.value) for each in home.characteristics.values()
    ]
    lamp = again.accessories[1].services[1]
    assert (lamp.primary, lamp.hidden, lamp.linked_iids) == (True, False, (30,))
    assert again.characteristics[1, 31].metadata.handle == 7
    assert "ev" not in stored[0]["services"][2]["characteristics"][0]
    # Reading does not use up what the caller keeps.
    assert again.store() == stored


def test_stored_members_stand_in_their_order() -> None:
    """As other programs write them."""
    stored = database(LAMP).store()
    assert stored == [
        {
            "aid": 1,
            "services": [
                {
                    "iid": 8,
                    "type": ServiceUuid.LIGHTBULB,
                    "characteristics": [
                        {
                            "type": CharacteristicUuid.ON,
                            "iid": 9,
                            "perms": ["pr", "pw", "ev"],
                            "format": "bool",
                            "value": False,
                            "description": "On",
                        },
                        {
                            "type": CharacteristicUuid.BRIGHTNESS,
                            "iid": 10,
                            "perms": ["pr", "pw", "ev"],
                            "format": "int",
                            "value": 50,
                            "description": "Brightness",
                            "unit": "percentage",
                            "minValue": 0,
                            "maxValue": 100,
                        },
                    ],
                }
            ],
        }
    ]


# --- anything -------------------------------------------------------------------------------------


IDS = st.integers(1, 4) | JSON


TYPES = st.sampled_from(["25", "73", "8", "43", "3E", "A" * 32]) | JSON


CHARACTERISTICS = st.fixed_dictionaries(
    {"iid": IDS, "type": TYPES},
    optional=dict.fromkeys(
        ("value", "perms", "format", "unit", "minValue", "maxLen", "valid-values", "ev"), JSON
    ),
)


SERVICES = st.fixed_dictionaries(
    {
        "iid": IDS,
        "type": TYPES,
        "characteristics": st.lists(CHARACTERISTICS | JSON, max_size=4) | JSON,
    },
    optional={"linked": st.lists(IDS, max_size=3) | JSON, "primary": JSON, "hidden": JSON},
)


ACCESSORIES = st.lists(
    st.fixed_dictionaries({"aid": IDS, "services": st.lists(SERVICES | JSON, max_size=3) | JSON})
    | JSON,
    max_size=3,
)


@given(ACCESSORIES | JSON)
def test_any_description_is_read_or_refused(accessories: Any) -> None:
    """What is read can be looked up, shown, stored and read again alike."""
    with suppress(FrameError):
        home = Database.load(orjson.dumps({"accessories": accessories}))
        assert home.accessories
        for accessory in home.accessories.values():
            assert accessory.name is None or 0 < len(accessory.name) <= 64
            for each in accessory.services:
                assert all(
                    home.characteristics[found.key] is found for found in each.characteristics
                )
                assert {linked.iid for linked in each.linked} == set(each.linked_iids)
        again = Database.load(orjson.dumps({"accessories": home.store()}))
        assert again.store() == home.store()


# --- what it costs --------------------------------------------------------------------------------


def test_heap_of_a_large_bridge() -> None:
    """At most 0.8 times that of the decoded JSON; it is about half, on any machine."""
    text = bridge_body(bridge())

    def heap(read: Any) -> int:
        read(text)  # what is kept between two is not part of either
        gc.collect()
        tracemalloc.start()
        try:
            kept = read(text)
            gc.collect()
            return tracemalloc.get_traced_memory()[0] if kept else 0
        finally:
            tracemalloc.stop()

    home = Database.load(text)
    assert (len(home.accessories), home.faults) == (150, [])
    assert heap(Database.load) <= 0.8 * heap(orjson.loads)
