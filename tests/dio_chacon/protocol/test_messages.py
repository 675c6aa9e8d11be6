"""What frames mean, and how requests are put."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
import json
import socket
import time as clock
from typing import Any
from urllib.parse import parse_qs, unquote

from hypothesis import example, given, strategies as st
import pytest
from yarl import URL

from custom_components.dio_chacon.protocol.const import (
    MAX_DEVICES,
    MAX_ID_CHARS,
    MAX_LINKS,
    MAX_NAME_CHARS,
    MAX_TRAVEL_MS,
    Kind,
    Movement,
)
from custom_components.dio_chacon.protocol.frames import decode, encode
from custom_components.dio_chacon.protocol.messages import (
    GET_ACCOUNT,
    LIST_DEVICES,
    LIST_ROOMS,
    LOGOUT,
    Account,
    Answer,
    Calibration,
    Command,
    Greeting,
    LastEvent,
    Record,
    RecordPush,
    Report,
    SdCard,
    Unrecognised,
    kind_of,
    move_shutter,
    read_account,
    read_message,
    read_record,
    read_records,
    read_report,
    read_reports,
    read_rooms,
    read_states,
    safe_image_url,
    set_open_level,
    set_quiet_mode,
    set_switch,
    unknown_resources,
    websocket_query,
)
from tests.common import load_vectors

from .strategies import ACCOUNTS, DATA, DEVICE_IDS, FRAMES, JSON, RECORDS, ROOMS, STATES

VECTORS = "dio_chacon"
SHUTTER = "L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b001"


def report(*links: object, **members: object) -> Report:
    """Read a state object made of these links."""
    result = read_report({"di": "d", "links": list(links), **members})
    assert result is not None
    return result


# --- envelopes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name":"connection","action":"success","data":""}', Greeting(True)),
        ('{"name":"connection","action":"invalid","data":""}', Greeting(False)),
        ('{"name":"connection","action":"success"}', Greeting(True)),
        ('{"id":12,"status":200}', Answer(12, 200)),
        ('{"id":12,"status":200,"data":[1]}', Answer(12, 200, [1])),
        ('{"id":"12","status":500,"data":"timeout"}', Answer(12, 500, "timeout")),
        ('{"id":7}', Answer(7, 0)),
        ('{"id":7,"status":"200"}', Answer(7, 0)),
        ('{"id":7,"status":true}', Answer(7, 0)),
        ('{"id":7,"status":null}', Answer(7, 0)),
        ('{"id":9,"name":"session","action":"logout","status":200}', Answer(9, 200)),
        ('{"name":"deviceState","action":"update","data":{"di":"d"}}', Report("d")),
        (
            '{"id":null,"name":"deviceState","action":"update","data":{"di":"d","rc":0}}',
            Report("d", {"connected": False}),
        ),
        (
            '{"name":"device","action":"update","data":{"id":"d","type":".wifi.plug."}}',
            RecordPush(Record("d", ".wifi.plug.", Kind.PLUG)),
        ),
    ],
)
def test_messages(text: str, message: object) -> None:
    """Every envelope of §5 and every push of §9."""
    assert read_message(decode(text)) == message


@pytest.mark.parametrize(
    ("frame", "about_devices"),
    [
        ({}, False),
        ({"name": "news", "action": "show", "data": {}}, False),
        ({"name": "connection", "action": "paused", "data": ""}, False),
        ({"name": "connection"}, False),
        ({"name": None, "action": "update", "data": {}}, False),
        ({"name": ["deviceState"], "action": "update", "data": {"di": "d"}}, False),
        ({"name": "deviceState", "action": "update"}, False),
        ({"name": "deviceState", "action": "update", "data": None}, False),
        ({"name": "deviceState", "action": "update", "data": []}, False),
        ({"name": "deviceState", "action": "update", "data": {"di": None}}, False),
        ({"name": "deviceState", "action": "update", "data": {"rc": 1}}, False),
        ({"name": "deviceState", "action": "delete", "data": {"di": "d"}}, True),
        ({"name": "device", "action": "delete", "data": {"id": "d"}}, True),
        ({"name": "device", "action": ["update"], "data": {"id": "d"}}, True),
        ({"name": "device", "action": "update", "data": {}}, True),
        ({"id": True, "status": 200}, False),
        ({"id": 1.0, "status": 200}, False),
        ({"id": "1.0", "status": 200}, False),
        ({"id": "-1", "status": 200}, False),
        ({"id": " 1", "status": 200}, False),
        ({"id": "١", "status": 200}, False),
        ({"id": "9" * 16, "status": 200}, False),
        ({"id": [], "status": 200}, False),
    ],
    ids=str,
)
def test_unrecognised(frame: dict[str, Any], about_devices: bool) -> None:
    """News of unknown names and shapes are values; some of them say that the list is out of date."""
    message = read_message(frame)
    assert isinstance(message, Unrecognised)
    assert message.about_devices is about_devices


@pytest.mark.parametrize("size", [1, MAX_NAME_CHARS, MAX_NAME_CHARS + 1, 1_000_000])
def test_unknown_names_are_cut(size: int) -> None:
    """What is logged and remembered of the peer's words is bounded."""
    message = read_message({"name": "n" * size, "action": "a" * size})
    assert isinstance(message, Unrecognised)
    assert len(message.what) <= 2 * MAX_NAME_CHARS + 1


def test_unknown_action_of_any_shape() -> None:
    """An action that nests as deep as the parser allows is still only a name."""
    depth = 1000
    frame = decode('{"name":"x","action":' + "[" * depth + "]" * depth + "}")
    assert isinstance(read_message(frame), Unrecognised)


def test_reprs_hide_raw_data() -> None:
    """The account's answer holds a key and a state signed addresses; a repr must not show them."""
    message = read_message({"id": 1, "status": 200, "data": {"bleKey": "0011"}})
    assert "0011" not in repr(message)
    image = {"image": "https://s.example.invalid/b.jpeg?Signature=0011"}
    links = [{"rt": "gw.r.lastEvent", "type": "ring", "ts": "2026-04-03T17:20:01Z", "data": image}]
    message = read_message(
        {"name": "deviceState", "action": "update", "data": {"di": "d", "links": links}}
    )
    assert isinstance(message, Report)
    assert message.values["last_event"].image_url is not None
    assert "0011" not in repr(message) + str(message)


# --- states ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"rt": "oic.r.switch.binary", "value": 1}, {"is_on": True}),
        ({"rt": "oic.r.switch.binary", "value": 0}, {"is_on": False}),
        ({"rt": "oic.r.switch.binary", "value": True}, {"is_on": True}),
        ({"rt": "oic.r.switch.binary", "value": 2}, {}),
        ({"rt": "oic.r.switch.binary", "value": -1}, {}),
        ({"rt": "oic.r.switch.binary", "value": 1.0}, {}),
        ({"rt": "oic.r.switch.binary", "value": "1"}, {}),
        ({"rt": "oic.r.switch.binary", "value": None}, {}),
        ({"rt": "oic.r.switch.binary"}, {}),
        ({"rt": "gw.r.quietmode", "value": 1}, {"quiet": True}),
        ({"rt": "gw.r.quietmode", "value": 0}, {"quiet": False}),
        ({"rt": "gw.r.quietmode", "value": "off"}, {}),
        ({"rt": "oic.r.movement.linear", "movement": "up"}, {"movement": Movement.UP}),
        ({"rt": "oic.r.movement.linear", "movement": "down"}, {"movement": Movement.DOWN}),
        ({"rt": "oic.r.movement.linear", "movement": "stop"}, {"movement": Movement.STOP}),
        ({"rt": "oic.r.movement.linear", "movement": "UP"}, {}),
        ({"rt": "oic.r.movement.linear", "movement": "sideways"}, {}),
        ({"rt": "oic.r.movement.linear", "movement": ["up"]}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": 0}, {"position": 0}),
        ({"rt": "oic.r.openlevel", "openLevel": 1}, {"position": 1}),
        ({"rt": "oic.r.openlevel", "openLevel": 100}, {"position": 100}),
        ({"rt": "oic.r.openlevel", "openLevel": 101}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": -1}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": 33.0}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": True}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": "33"}, {}),
        ({"rt": "oic.r.openlevel", "openLevel": 2**63}, {}),
        ({"rt": ["oic.r.openlevel"], "openLevel": 33}, {"position": 33}),
        ({"rt": ["oic.r.openlevel", "x"], "openLevel": 33}, {}),
        ({"rt": [], "openLevel": 33}, {}),
        ({"rt": [["oic.r.openlevel"]], "openLevel": 33}, {}),
        ({"rt": {}, "openLevel": 33}, {}),
        ({"rt": None, "openLevel": 33}, {}),
        ({"openLevel": 33}, {}),
        (
            {"rt": "gw.r.shutter.calibration", "up_ms": 18240, "down_ms": 17610},
            {"calibration": Calibration(18.24, 17.61)},
        ),
        (
            {"rt": "gw.r.shutter.calibration", "up_ms": 1, "down_ms": MAX_TRAVEL_MS},
            {"calibration": Calibration(0.001, 600.0)},
        ),
        ({"rt": "gw.r.shutter.calibration", "up_ms": 0, "down_ms": 17610}, {}),
        ({"rt": "gw.r.shutter.calibration", "up_ms": 18240, "down_ms": MAX_TRAVEL_MS + 1}, {}),
        ({"rt": "gw.r.shutter.calibration", "up_ms": 18240}, {}),
        ({"rt": "gw.r.shutter.calibration", "up_ms": -5, "down_ms": 5}, {}),
        ({"rt": "gw.r.shutter.calibration", "up_ms": 18240.0, "down_ms": 17610}, {}),
        (
            {"rt": "gw.r.camera.sdcard", "total": "0G", "free": "0G", "status": "noCard"},
            {"sd_card": SdCard("noCard", "0G", "0G")},
        ),
        ({"rt": "gw.r.camera.sdcard", "status": "ok", "total": 7}, {"sd_card": SdCard("ok")}),
        ({"rt": "gw.r.camera.sdcard", "status": ""}, {}),
        ({"rt": "gw.r.camera.sdcard", "total": "1G"}, {}),
        ({"rt": "gw.r.unheard-of", "value": 1}, {}),
        ({}, {}),
        (None, {}),
        ("oic.r.openlevel", {}),
        ([], {}),
    ],
    ids=str,
)
def test_resources(link: object, expected: dict[str, object]) -> None:
    """Each resource gives its value, and a value out of its range gives nothing."""
    assert report(link).values == expected


@pytest.mark.parametrize(
    ("rc", "connected"),
    [(1, True), (0, False), (True, True), (2, None), ("1", None), (None, None), ([], None)],
)
def test_connected(rc: object, connected: bool | None) -> None:
    """Only 0 and 1 say something about the reach of a device."""
    assert report(rc=rc).values.get("connected") is connected


def test_members_that_are_missing_say_nothing() -> None:
    """A push may carry what changed and no more."""
    assert read_report({"di": "d"}) == Report("d")
    assert read_report({"di": "d", "links": None}) == Report("d")
    assert read_report({"di": "d", "links": {"rt": "oic.r.openlevel"}}) == Report("d")


def test_a_repeated_resource_counts_as_last_said() -> None:
    """The order of a device's own list decides."""
    twice = ({"rt": "oic.r.openlevel", "openLevel": 10}, {"rt": "oic.r.openlevel", "openLevel": 20})
    assert report(*twice).values == {"position": 20}


@pytest.mark.parametrize(
    ("before", "read"),
    [(0, True), (MAX_LINKS - 1, True), (MAX_LINKS, False), (100_000, False)],
)
def test_links_are_bounded(before: int, read: bool) -> None:
    """A device with more resources than any device has is read as far as the bound."""
    links: list[object] = [{"rt": f"x{number}"} for number in range(before)]
    result = report(*links, {"rt": "oic.r.openlevel", "openLevel": 5})
    assert (result.values == {"position": 5}) is read
    assert len(result.resources) <= MAX_LINKS


@pytest.mark.parametrize(
    ("device_id", "accepted"),
    [
        ("x", True),
        ("x" * MAX_ID_CHARS, True),
        ("x" * (MAX_ID_CHARS + 1), False),
        ("", False),
        (7, False),
        (None, False),
        (["x"], False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_identifiers(device_id: object, accepted: bool) -> None:
    """A device that cannot be addressed is none."""
    assert (read_report({"di": device_id}) is not None) is accepted
    assert (read_record({"id": device_id}) is not None) is accepted
    assert (read_account({"id": device_id}) is not None) is accepted


def test_the_id_it_was_filed_under_counts() -> None:
    """An answer files states by id; what the object says of itself does not move it elsewhere."""
    result = read_report({"di": "other", "rc": 1}, "asked")
    assert result == Report("asked", {"connected": True})


@pytest.mark.parametrize(("size", "kept"), [(MAX_ID_CHARS, True), (MAX_ID_CHARS + 1, False)])
def test_resource_names_are_bounded(size: int, kept: bool) -> None:
    """Names are kept for diagnostics; what is longer than any name is not worth it."""
    assert (len(report({"rt": "y" * size}).resources) == 1) is kept


def test_undocumented_resources_are_named() -> None:
    """They are worth a report of the user; the known silent ones are not."""
    result = report(
        {"rt": "oic.wk.p"},
        {"rt": "gw.r.schedule"},
        {"rt": "oic.r.switch.binary", "value": 1},
        {"rt": "gw.r.new"},
        {"rt": "y" * MAX_ID_CHARS},
    )
    assert sorted(unknown_resources(result)) == ["gw.r.new", "y" * MAX_NAME_CHARS]


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2026-04-03T17:20:01.004Z", datetime(2026, 4, 3, 17, 20, 1, 4000, UTC)),
        ("2026-04-03T17:20:01Z", datetime(2026, 4, 3, 17, 20, 1, 0, UTC)),
        ("2026-04-03T19:20:01+02:00", datetime(2026, 4, 3, 17, 20, 1, 0, UTC)),
        ("2026-04-03T17:20:01", datetime(2026, 4, 3, 17, 20, 1, 0, UTC)),
        ("", None),
        ("yesterday", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-04-03T17:20:01.004Z" + "0" * 50, None),
        (1775236801, None),
        (None, None),
    ],
)
def test_event_time(stamp: object, time: datetime | None) -> None:
    """The server's clock identifies an event; without a time there is none."""
    link = {"rt": "gw.r.lastEvent", "type": "ring", "ts": stamp, "data": None}
    assert report(link).values.get("last_event") == (LastEvent("ring", time) if time else None)


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_event_time_without_utc_form(stamp: str) -> None:
    """A time that cannot be said in UTC would fail in everybody who converts it."""
    link = {"rt": "gw.r.lastEvent", "type": "ring", "ts": stamp}
    event = report(link).values.get("last_event")
    if event is not None:
        event.time.astimezone(UTC)


@pytest.mark.parametrize(
    ("data", "image"),
    [
        ({"reason": None, "image": "https://s.example.invalid/b.jpeg?S=y"}, True),
        ({"reason": None, "image": "http://s.example.invalid/b.jpeg"}, False),
        ({"reason": None, "image": None}, False),
        ({"image": 7}, False),
        ({}, False),
        (None, False),
        ([], False),
        ("https://s.example.invalid/b.jpeg", False),
    ],
    ids=str,
)
def test_event_image(data: object, image: bool) -> None:
    """An event stands without a picture, and a picture it should not have does not spoil it."""
    link = {"rt": "gw.r.lastEvent", "type": "ring", "ts": "2026-04-03T17:20:01Z", "data": data}
    event = report(link).values["last_event"]
    assert (event.image_url is not None) is image
    assert "example.invalid" not in repr(event)


@pytest.mark.parametrize("kind", [None, "", "  ", 1, ["ring"]])
def test_event_without_a_kind(kind: object) -> None:
    """What happened must be said."""
    link = {"rt": "gw.r.lastEvent", "type": kind, "ts": "2026-04-03T17:20:01Z"}
    assert report(link).values == {}


# --- records --------------------------------------------------------------------------------


def test_record_of_the_fixture() -> None:
    """All members of a line of the list, and none glued to another."""
    record = read_record(load_vectors(VECTORS, "devices")["records"][5])
    assert record == Record(
        "Tuya_bf77d0orbe11sample01",
        ".wifi.doorBell.camera.videostream.",
        Kind.DOORBELL,
        name="Portier",
        model="DIOVDP-B03",
        vendor="Chacon",
        hardware_version="1.0",
        software_version="Wifi: 1.1.2, MCU: 1.1.2",
        mac="02:11:22:33:44:06",
        room_id="rm-hall",
    )
    assert "02:11" not in repr(record)


def test_record_of_nulls() -> None:
    """Any member but the id and the type can be null, and even the type is not trusted to be there."""
    assert read_record(
        {
            "id": "d",
            "type": None,
            "name": None,
            "modelName": None,
            "defaultName": None,
            "softwareVersion": None,
            "macAddress": "",
            "roomId": None,
        }
    ) == Record("d", "", Kind.UNKNOWN)


@pytest.mark.parametrize(
    ("model", "default", "expected"),
    [("M", "D", "M"), (None, "D", "D"), ("", "D", "D"), (None, None, None), (5, {}, None)],
)
def test_model(model: object, default: object, expected: str | None) -> None:
    """The model is one of two members, never both glued together."""
    record = read_record({"id": "d", "modelName": model, "defaultName": default})
    assert record is not None
    assert record.model == expected


@pytest.mark.parametrize(
    "size", [0, 1, MAX_NAME_CHARS - 1, MAX_NAME_CHARS, MAX_NAME_CHARS + 1, 10**6]
)
def test_names_are_cut(size: int) -> None:
    """Names reach registries: empty ones are none, long ones are cut."""
    name = "n" * size
    record = read_record({"id": "d", "name": name, "roomName": name, "type": "t" * size})
    account = read_account({"id": "a", "name": name})
    assert record is not None
    assert account is not None
    for text in (record.name, record.room_name, account.name):
        assert text == (name[:MAX_NAME_CHARS] or None)
    assert len(record.type_text) <= MAX_ID_CHARS


def test_names_lose_their_blanks() -> None:
    """Blanks at the ends are no part of a name, and blanks alone are no name."""
    record = read_record({"id": "d", "name": "  Volet  ", "modelName": "   "})
    assert record is not None
    assert record.name == "Volet"
    assert record.model is None


@pytest.mark.parametrize("data", [None, {}, "x", 7, True])
def test_no_list(data: object) -> None:
    """What is no list must not be taken for an empty one: an empty one removes devices."""
    assert read_records(data) is None


def test_list_with_odd_lines() -> None:
    """A line that cannot be read costs itself."""
    records = read_records([None, {"id": "a"}, [], {"name": "no id"}, {"id": "b"}, 7])
    assert records is not None
    assert [record.device_id for record in records] == ["a", "b"]


@pytest.mark.parametrize("count", [0, 1, MAX_DEVICES, MAX_DEVICES + 1])
def test_devices_are_bounded(count: int) -> None:
    """An account is read up to the bound."""
    records = read_records([{"id": f"d{number}"} for number in range(count)])
    assert records is not None
    assert len(records) == min(count, MAX_DEVICES)


@pytest.mark.parametrize(
    ("type_text", "kind"), load_vectors(VECTORS, "type_strings")["rows"], ids=repr
)
def test_type_strings(type_text: object, kind: str | None) -> None:
    """Type texts of the vectors."""
    assert kind_of(type_text) is (Kind(kind) if kind else Kind.UNKNOWN)


@pytest.mark.parametrize("type_text", [7, [], {"a": ".wifi.plug."}, True])
def test_type_that_is_no_text(type_text: object) -> None:
    """It is unknown, and no error."""
    assert kind_of(type_text) is Kind.UNKNOWN


def test_states_of_the_fixture() -> None:
    """Null and missing states are None; nothing is invented."""
    states = load_vectors(VECTORS, "devices")["states"]
    reports = read_reports(states, [*states, "L4HActuator_missing"])
    assert reports is not None
    assert reports["L4HActuator_01d0f1e2-3344-4566-8778-99aabbccdd01"] is None
    assert reports["L4HActuator_missing"] is None
    shutter = reports[SHUTTER]
    assert shutter is not None
    assert shutter.values == {
        "connected": True,
        "movement": Movement.STOP,
        "position": 60,
        "calibration": Calibration(18.24, 17.61),
    }
    bell = reports["Tuya_bf77d0orbe11sample01"]
    assert bell is not None
    assert bell.values["last_event"] == LastEvent(
        "ring",
        datetime(2026, 4, 2, 6, 55, 10, 250_000, UTC),
        "https://snapshots.example.invalid/a1.jpeg?Expires=1&Signature=x",
    )
    assert bell.values["sd_card"] == SdCard("noCard", "0G", "0G")


def test_states_nobody_asked_for() -> None:
    """They are left out: the answer is to our question."""
    assert read_reports({"a": {"rc": 1}, "b": {"rc": 1}}, ["a"]) == {
        "a": Report("a", {"connected": True})
    }


@pytest.mark.parametrize("data", [None, [], "x", 7, False])
def test_no_states(data: object) -> None:
    """What is no object is no answer, which is not the same as devices without a state."""
    assert read_reports(data, ["a"]) is None


@pytest.mark.parametrize("state", [None, [], "x", 7, True])
def test_malformed_state(state: object) -> None:
    """A state of another shape counts as none."""
    assert read_reports({"a": state, "b": {"rc": 1}}, ["a", "b"]) == {
        "a": None,
        "b": Report("b", {"connected": True}),
    }


@pytest.mark.parametrize(
    ("data", "rooms"),
    [
        ([{"id": "r", "name": "Cuisine"}], {"r": "Cuisine"}),
        ([{"id": "r", "name": "A"}, {"id": "r", "name": "B"}], {"r": "B"}),
        (
            [{"id": "r"}, {"name": "x"}, None, 7, {"id": 1, "name": "x"}, {"id": "", "name": "x"}],
            {},
        ),
        ({"r": "Cuisine"}, {}),
        ([], {}),
        (None, {}),
        ("x", {}),
    ],
    ids=str,
)
def test_rooms(data: object, rooms: dict[str, str]) -> None:
    """The shape is assumed; any other is ignored."""
    assert read_rooms(data) == rooms


def test_rooms_are_bounded() -> None:
    """A home has fewer rooms than devices."""
    assert len(read_rooms([{"id": f"r{n}", "name": "x"} for n in range(10_000)])) <= MAX_DEVICES


def test_account_of_the_fixture() -> None:
    """The id is kept, the key is not, and nothing shows in a repr."""
    account = read_account(load_vectors(VECTORS, "devices")["user"])
    assert account == Account("Zx81QwErTy", "Sam Ple")
    assert repr(account) == "Account()"


@pytest.mark.parametrize("data", [None, [], "x", {}, {"id": None}, {"id": ""}, {"id": 7}])
def test_no_account(data: object) -> None:
    """Without an id nobody knows whose account it is."""
    assert read_account(data) is None


# --- pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "safe"), load_vectors(VECTORS, "image_url")["rows"], ids=repr)
def test_image_url(url: object, safe: bool) -> None:
    """Addresses of the vectors."""
    assert safe_image_url(url) == (url if safe else None)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"),
        *("0", "0.0.0.0", "10.0.0.7", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1"),
        *("127.0.0.1.", "10.0.0.7.", "localhost", "LOCALHOST", "localhost.", "a.localhost"),
        *("homeassistant.local", "homeassistant.local.", "255.255.255.255", "224.0.0.1"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]"),
        *("[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        # Digits and dots that name resolution maps to the plain ones (UTS 46).
        *("①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "ⓛocalhost"),
        "%31%32%37.0.0.1",
    ],
)
def test_image_url_never_points_home(host: str) -> None:
    """The address comes from the network, and must not make us ask machines behind the user's router."""
    for port in ("", ":443", ":8123"):
        assert safe_image_url(f"https://{host}{port}/a.jpeg") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://exa mple.invalid/a",
        "https://example.invalid\\@127.0.0.1/a",
        "https://example.invalid\\.x/a",
        "https://example.invalid%00/a",
        "https://example.invalid\x00/a",
        "https://exam\nple.invalid/a",
        "https://example.invalid/a\r\nX-Header: y",
        "https://example.invalid/a b",
        "https://example.invalid/\x01",
        "https://:443/a",
        "https://@example.invalid/a",
        "https://:@example.invalid/a",
        "https://example.invalid:99999/a",
        "https://example.invalid:-1/a",
        "https://example.invalid:4x/a",
        "https://[::1/a",
        "https://]/a",
        "https:example.invalid/a",
        "https:/example.invalid/a",
        "httpss://example.invalid/a",
        "https//example.invalid/a",
        "https://-/a",
        "https://./a",
        "https://a..b/a",
        "https://" + "a" * 3_000_000,
        "https://example.invalid/" + "a" * 3_000_000,
    ],
    ids=lambda url: repr(url)[:40],
)
def test_image_url_malformed(url: str) -> None:
    """What cannot be an address of the vendor's store is none, and costs no time."""
    started = clock.process_time()
    assert safe_image_url(url) is None
    assert clock.process_time() - started < 1


@pytest.mark.parametrize(
    "url",
    [
        "https://snapshots.example.invalid/a.jpeg?Expires=1&Signature=x%2By~_-",
        "https://s3.eu-central-1.example.invalid:8443/b/c.jpg",
        "https://93.184.215.14/a.jpeg",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/a.jpeg",
        "https://xn--bcher-kva.example/a.jpeg",
        "https://under_score.example.invalid/a",
        "https://example.invalid",
        "https://1.example.invalid/a",
        "https://example.invalid./a",
    ],
)
def test_image_url_of_the_world(url: str) -> None:
    """Ordinary addresses pass as they are."""
    assert safe_image_url(url) == url


# --- requests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (GET_ACCOUNT, '{"method":"GET","path":"/user","parameters":{},"id":5}'),
        (LIST_DEVICES, '{"method":"GET","path":"/device","parameters":{},"id":5}'),
        (LIST_ROOMS, '{"method":"GET","path":"/room","parameters":{},"id":5}'),
        (LOGOUT, '{"method":"POST","path":"/session/logout","parameters":{},"id":5}'),
        (
            read_states(("a", "b")),
            '{"method":"POST","path":"/device/states","parameters":{"devices":["a","b"]},"id":5}',
        ),
        (
            move_shutter("L4H_a", Movement.DOWN),
            '{"method":"POST","path":"/device/L4H_a/action/mvtlinear","parameters":{"movement":"down"},"id":5}',
        ),
        (
            move_shutter("L4H_a", Movement.UP),
            '{"method":"POST","path":"/device/L4H_a/action/mvtlinear","parameters":{"movement":"up"},"id":5}',
        ),
        (
            move_shutter("L4H_a", Movement.STOP),
            '{"method":"POST","path":"/device/L4H_a/action/mvtlinear","parameters":{"movement":"stop"},"id":5}',
        ),
        (
            set_open_level("L4H_a", 75),
            '{"method":"POST","path":"/device/L4H_a/action/openlevel","parameters":{"openLevel":75},"id":5}',
        ),
        (
            set_switch("L4H_a", True),
            '{"method":"POST","path":"/device/L4H_a/action/switch","parameters":{"value":1},"id":5}',
        ),
        (
            set_switch("L4H_a", False),
            '{"method":"POST","path":"/device/L4H_a/action/switch","parameters":{"value":0},"id":5}',
        ),
        (
            set_quiet_mode("L4H_a", True),
            '{"method":"POST","path":"/device/L4H_a/action/quietmode","parameters":{"value":1},"id":5}',
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Command) else "",
)
def test_requests(command: Command, text: str) -> None:
    """Every request of §6, byte for byte."""
    assert encode(command.frame(5)) == text


@pytest.mark.parametrize("device_id", ["a/b", "a b", "a?b#c", "../user", "é", "%41", "a+b"])
def test_odd_ids_stay_one_path_segment(device_id: str) -> None:
    """An id of the peer cannot turn an action into another request."""
    path = set_switch(device_id, True).path
    assert path.isascii()
    empty, device, segment, action, href = path.split("/")
    assert (empty, device, action, href) == ("", "device", "action", "switch")
    assert unquote(segment) == device_id


def test_only_positions_are_sliders() -> None:
    """Of positions only the last of a drag counts; every other command is sent."""
    assert set_open_level("a", 1).slider
    for command in (move_shutter("a", Movement.STOP), set_switch("a", True), read_states(["a"])):
        assert not command.slider


@pytest.mark.parametrize(("values", "query"), load_vectors(VECTORS, "url_query")["rows"], ids=repr)
def test_url_query(values: dict[str, str], query: str) -> None:
    """Credentials of the vectors, byte for byte and back."""
    if "email" in values:
        values = {**values, "serviceName": "ha"}
    assert websocket_query(values) == query
    assert parse_qs(query, strict_parsing=True) == {name: [text] for name, text in values.items()}
    # The library must not quote a second time, nor decode, what is encoded already.
    assert URL(f"wss://h/ws?{query}", encoded=True).raw_query_string == query


@given(
    st.dictionaries(st.sampled_from(("email", "password", "serviceName")), st.text(), min_size=1)
)
def test_any_credentials_survive(values: dict[str, str]) -> None:
    """Whatever a password holds, the server reads what the user typed."""
    query = websocket_query(values)
    assert query.isascii()
    assert not set(query) & set(' \t\r\n#"<>')
    read = parse_qs(query, keep_blank_values=True, encoding="utf-8", errors="strict")
    assert read == {name: [text] for name, text in values.items()}


# --- anything -------------------------------------------------------------------------------


def everything(message: object) -> str:
    """Touch every field of a message, as a consumer would."""
    return repr(message) + str(hash(type(message)))


@given(FRAMES.filter(lambda frame: isinstance(frame, dict)))
@example({"id": float("inf")})
def test_any_message(frame: dict[str, Any]) -> None:
    """Every object means something."""
    message = read_message(frame)
    assert isinstance(message, Answer | Greeting | RecordPush | Report | Unrecognised)
    everything(message)
    if isinstance(message, Answer):
        assert type(message.status) is int


@given(st.one_of(STATES, st.dictionaries(st.text(max_size=5), JSON)), st.none() | st.just("asked"))
def test_any_report(data: dict[str, Any], device_id: str | None) -> None:
    """A report holds values of their types and ranges, whatever was said."""
    result = read_report(data, device_id)
    if result is None:
        assert device_id is None
        return
    everything(result)
    assert 0 < len(result.device_id) <= MAX_ID_CHARS
    for name, value in result.values.items():
        match name:
            case "connected" | "is_on" | "quiet":
                assert type(value) is bool
            case "position":
                assert type(value) is int
                assert 0 <= value <= 100
            case "movement":
                assert isinstance(value, Movement)
            case "calibration":
                assert 0 < value.up_s <= 600
                assert 0 < value.down_s <= 600
            case "last_event":
                assert value.time.astimezone(UTC)
                assert 0 < len(value.kind) <= MAX_NAME_CHARS
                assert value.image_url is None or safe_image_url(value.image_url)
            case "sd_card":
                assert 0 < len(value.status) <= MAX_NAME_CHARS
            case _:
                pytest.fail(f"unknown value {name}")
    assert len(result.resources) <= MAX_LINKS
    assert all(len(name) <= MAX_NAME_CHARS for name in unknown_resources(result))


@given(st.one_of(RECORDS, st.lists(RECORDS), JSON))
def test_any_record(data: Any) -> None:
    """A record holds short texts or None."""
    record = read_record(data)
    records = read_records(data)
    for each in (*((record,) if record else ()), *(records or ())):
        everything(each)
        assert 0 < len(each.device_id) <= MAX_ID_CHARS
        for text in (each.name, each.model, each.vendor, each.mac, each.room_id, each.room_name):
            assert text is None or 0 < len(text) <= MAX_NAME_CHARS
        assert each.kind is kind_of(each.type_text)


@pytest.mark.parametrize(
    "read", [read_rooms, read_account, read_records, lambda data: read_reports(data, DEVICE_IDS)]
)
@given(data=st.one_of(DATA, ROOMS, ACCOUNTS, JSON))
def test_any_answer(read: Callable[[object], object], data: object) -> None:
    """No data of an answer raises."""
    everything(read(data))


_HOSTS = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="0123456789xabcf.:[]%-_。①⑦⓪", max_size=20),
    st.integers(0, 2**32 - 1).map(str),
    st.ip_addresses().map(lambda address: f"[{address}]" if address.version == 6 else str(address)),
)


@given(
    st.one_of(
        st.text(),
        st.tuples(_HOSTS, st.text(max_size=20)).map(lambda parts: f"https://{parts[0]}/{parts[1]}"),
        st.tuples(_HOSTS, _HOSTS).map(lambda parts: f"https://{parts[0]}@{parts[1]}"),
        JSON,
    )
)
def test_any_image_url(url: object) -> None:
    """What passes is one address to every reader, and no literal of a private network in any spelling."""
    if safe_image_url(url) is None:
        return
    assert isinstance(url, str)
    parsed = URL(url, encoded=True)  # as the transport will read it
    assert parsed.scheme == "https"
    assert parsed.user is None
    assert parsed.host
    assert parsed.host.isascii()
    assert not set(str(parsed)) & {"\r", "\n", "\t", " ", "\x00", "\\"}
    try:
        # Only spellings of addresses: no name is looked up.
        found = socket.inet_aton(parsed.host.rstrip("."))
    except OSError:
        pass
    else:
        assert ip_address(found).is_global
        assert not ip_address(found).is_multicast
    json.dumps(url)
