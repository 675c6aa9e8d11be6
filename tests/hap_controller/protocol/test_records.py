"""Pairings of several controllers are read, written back without loss, and never shown."""

from contextlib import suppress
from dataclasses import replace
import json
import os
from pathlib import Path
import stat
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol import records
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.records import (
    ConnectionKind,
    PairingKeys,
    PairingRecord,
    Pairings,
    PreparedPairing,
    RecordError,
    import_pairings,
    load_pairings,
    parse_descriptions,
    read_file,
    save_pairings,
    write_file,
)

from ...common import load_vectors

MADE = load_vectors("hap_controller", "vectors")["pair_setup"]["resulting_controller_record"]
SEED = MADE["iOSDeviceLTSK"]
DATABASE = [{"aid": 1, "services": []}]

HOMEKIT_PYTHON = {
    **MADE,
    "AccessoryIP": "192.0.2.5",
    "AccessoryPort": 51827,
    "Connection": "IP",
    "accessories": DATABASE,
}
AIOHOMEKIT = {**HOMEKIT_PYTHON, "AccessoryIPs": ["192.0.2.5", "2001:db8::5"]}
del AIOHOMEKIT["accessories"]
BLUETOOTH = {**MADE, "Connection": "BLE", "AccessoryMAC": "00:11:22:33:44:55"}
PREPARED = {
    **{name: value for name, value in MADE.items() if name.startswith("iOS")},
    "Connection": "ADDITIONAL_PAIRING",
}


def parsed(**file: Any) -> Pairings:
    """Read a controller's file."""
    return Pairings.parse(json.dumps(file).encode(), "pairing.json")


def written(pairings: Pairings) -> Any:
    """Write a controller's file."""
    return json.loads(pairings.dump())


# --- records ------------------------------------------------------------------------------------


def test_record_of_a_pairing_just_made() -> None:
    """The recorded handshake gives the recorded record, and the other way round."""
    record = PairingRecord.read(MADE)
    assert record.keys == PairingKeys(
        MADE["AccessoryPairingID"],
        bytes.fromhex(MADE["AccessoryLTPK"]),
        MADE["iOSPairingId"],
        bytes.fromhex(SEED),
        bytes.fromhex(MADE["iOSDeviceLTPK"]),
    )
    assert record.connection is ConnectionKind.IP
    assert (record.hosts, record.port, record.accessories) == ((), None, None)
    assert PairingRecord(record.keys).store() == MADE | {"Connection": "IP"}
    assert record.device_id == "e1:91:1a:70:85:aa"


@pytest.mark.parametrize(
    "members", [HOMEKIT_PYTHON, AIOHOMEKIT, BLUETOOTH], ids=["hp", "ah", "ble"]
)
def test_records_of_other_controllers_are_written_back_alike(members: dict[str, Any]) -> None:
    """Nothing is added, nothing is lost, nothing is spelled anew."""
    odd = members | {"AccessoryLTPK": members["AccessoryLTPK"].upper(), "extra": {"x": [1, None]}}
    for each in (members, odd):
        assert list(PairingRecord.read(each).store().items()) == list(each.items())


def test_where_the_accessory_is() -> None:
    """A list of addresses, or the one of older controllers, or the address of a radio."""
    assert PairingRecord.read(HOMEKIT_PYTHON).hosts == ("192.0.2.5",)
    assert PairingRecord.read(AIOHOMEKIT).hosts == ("192.0.2.5", "2001:db8::5")
    assert PairingRecord.read(HOMEKIT_PYTHON).port == 51827
    bluetooth = PairingRecord.read(BLUETOOTH)
    assert bluetooth.bluetooth_address == "00:11:22:33:44:55"
    assert bluetooth.connection is ConnectionKind.BLE
    newer = {**MADE, "Connection": "BLE", "AccessoryAddress": "00:11"}
    assert PairingRecord.read(newer).bluetooth_address == "00:11"


def test_changes_are_written_over_what_was_read() -> None:
    """Only what changed, beside what nobody understands."""
    record = PairingRecord.read(AIOHOMEKIT | {"extra": 1, "AccessoryPort": "51827"})
    assert record.port is None
    assert record.store()["AccessoryPort"] == "51827"
    moved = replace(
        record,
        hosts=("192.0.2.9",),
        port=80,
        config_number=3,
        accessories=DATABASE,
        broadcast_key=b"\x01",
    ).store()
    assert moved == AIOHOMEKIT | {
        "extra": 1,
        "AccessoryIP": "192.0.2.9",
        "AccessoryIPs": ["192.0.2.9"],
        "AccessoryPort": 80,
        "config_num": 3,
        "accessories": DATABASE,
        "broadcast_key": "01",
    }
    again = PairingRecord.read(moved)
    assert (again.config_number, again.broadcast_key) == (3, b"\x01")
    forgotten = replace(again, accessories=None, config_number=None, hosts=()).store()
    assert not forgotten.keys() & {"accessories", "config_num", "AccessoryIP", "AccessoryIPs"}


def test_long_keys_and_missing_public_keys() -> None:
    """Of 128 digits the first half is the seed, and the public key follows from it."""
    members = MADE | {"iOSDeviceLTSK": SEED + MADE["iOSDeviceLTPK"]}
    del members["iOSDeviceLTPK"]
    record = PairingRecord.read(members)
    assert record.keys.controller_ltsk.hex() == SEED
    assert record.keys.controller_ltpk.hex() == MADE["iOSDeviceLTPK"]
    assert record.store() == members | {"Connection": "IP"}


@pytest.mark.parametrize(
    "name", ["AccessoryPairingID", "AccessoryLTPK", "iOSPairingId", "iOSDeviceLTSK"]
)
@pytest.mark.parametrize("value", [None, "", 5, "zz", "00" * 31, "x" * 37, "\ud800", "\x00"])
def test_records_that_lack_something(name: str, value: Any) -> None:
    """The error names the member and not its value; the record stays in its file."""
    if name in ("AccessoryPairingID", "iOSPairingId") and value in ("zz", "00" * 31):
        value = "é" * 19
    members = MADE | {name: value}
    with pytest.raises(RecordError, match=f"no usable {name}$"):
        PairingRecord.read(members)
    pairings = parsed(lamp=members)
    assert pairings.faults == {"lamp": f"the record has no usable {name}"}
    assert pairings.records == {}
    assert written(pairings) == {"lamp": members}


def test_keys_are_never_shown() -> None:
    """Neither the seed nor what else opens something."""
    record = PairingRecord.read(AIOHOMEKIT | {"broadcast_key": "ab" * 32, "accessories": DATABASE})
    prepared = PreparedPairing.read(PREPARED)
    pairings = parsed(lamp=AIOHOMEKIT, later=PREPARED)
    seed = bytes.fromhex(SEED)
    for each in (record, record.keys, prepared, pairings, pairings.records, pairings.prepared):
        shown = repr(each) + str(each)
        assert SEED not in shown
        assert str(seed)[2:-1] not in shown
        assert "ab" * 32 not in shown and str(b"\xab" * 32) not in shown
        assert "services" not in shown


# --- pairings by another controller -------------------------------------------------------------


def test_prepared_pairings_are_finished() -> None:
    """A new controller's half is kept until the other one has done its part."""
    prepared = PreparedPairing.generate(lambda count: bytes(range(count)))
    assert prepared.controller_id == "00010203-0405-4607-8809-0a0b0c0d0e0f"
    assert prepared.controller_ltpk == SigningKey(bytes(range(32))).public_key
    assert PreparedPairing.generate() != PreparedPairing.generate()
    pairings = parsed(later=prepared.store() | {"note": "mine"})
    assert pairings.prepared == {"later": prepared}
    assert written(pairings)["later"] == prepared.store() | {"note": "mine"}
    record = pairings.prepared["later"].finish("AA:BB", bytes(32))
    pairings.put("later", record)
    assert pairings.records["later"].keys.controller_ltsk == bytes(range(32))
    stored = written(pairings)["later"]
    assert stored["Connection"] == "IP"
    assert (stored["note"], stored["AccessoryPairingID"]) == ("mine", "AA:BB")
    bluetooth = prepared.finish(
        "AA:BB", bytes(32), ConnectionKind.BLE, bluetooth_address="00:11"
    ).store()
    assert (bluetooth["Connection"], bluetooth["AccessoryAddress"]) == ("BLE", "00:11")
    assert written(parsed(later=PREPARED)) == {"later": PREPARED}
    assert parsed(later={"Connection": "ADDITIONAL_PAIRING"}).faults


# --- files --------------------------------------------------------------------------------------

UNKNOWN = {
    "lamp": AIOHOMEKIT,
    "radio": MADE | {"Connection": "Pigeon", "Feed": 2**70},
    "thread": MADE | {"Connection": "CoAP", "AccessoryIP": "fd00::1", "AccessoryPort": 5683},
    "comment": "written by hand",
    "nothing": None,
    "later": PREPARED,
    "text": {"name": "\ud800 é", "Connection": ["IP"]},
}


def test_what_nobody_understands_stays() -> None:
    """Also the order, numbers beyond 64 bits, and halves of characters."""
    pairings = parsed(**UNKNOWN)
    assert written(pairings) == UNKNOWN
    assert list(written(pairings)) == list(UNKNOWN)
    assert list(pairings.records) == ["lamp", "thread"]
    assert pairings.records["thread"].connection is ConnectionKind.COAP
    assert pairings.faults.keys() == {"radio", "comment", "nothing", "text"}
    assert len(pairings) == 7 and "comment" in pairings and "door" not in pairings


def test_records_are_put_found_and_removed() -> None:
    """By alias, or by the id of the accessory in any case."""
    pairings = parsed(comment=5, lamp=MADE)
    assert pairings.find("E1:91:1a:70:85:AA") == "lamp"
    assert pairings.find("00:00:00:00:00:00") is None
    pairings.put("comment", pairings.records["lamp"])
    assert pairings.faults == {}
    pairings.remove("lamp")
    assert list(written(pairings)) == ["comment"]
    with pytest.raises(KeyError):
        pairings.remove("lamp")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff",
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_files_that_are_none(data: bytes) -> None:
    """The file is named; what is in it, which may be keys, is neither told nor kept with the error."""
    with pytest.raises(RecordError, match=r"^pairing\.json is not a JSON object$") as caught:
        Pairings.parse(data, "pairing.json")
    assert caught.value.__context__ is None


def test_file_is_written_and_read(tmp_path: Path) -> None:
    """Nobody else may read it, folders are made, and an empty one is a file too."""
    path = tmp_path / "new" / "deep" / "pairing.json"
    save_pairings(path, Pairings())
    assert path.read_bytes() == b"{}"
    save_pairings(path, parsed(**UNKNOWN))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert written(load_pairings(path)) == UNKNOWN
    assert [each.name for each in path.parent.iterdir()] == ["pairing.json"]


def test_open_file_becomes_private(tmp_path: Path) -> None:
    """Files of other programs may be readable by all."""
    path = tmp_path / "pairing.json"
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o644)
    save_pairings(path, parsed(lamp=MADE))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_behind_a_link_is_replaced(tmp_path: Path) -> None:
    """The link stays one."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "pairing.json"
    link.symlink_to(tmp_path / "real" / "file.json")
    write_file(link, b"{}")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file.json").read_bytes() == b"{}"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    """Whole, and without a trace of the new one."""
    path = tmp_path / "pairing.json"
    write_file(path, b'{"old":1}')

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(records.os, step, fail)
    with pytest.raises((RecordError, KeyboardInterrupt)) as caught:
        write_file(path, b'{"new":1}' * 1000)
    if isinstance(error, OSError):
        assert str(caught.value) == "pairing.json cannot be written: No space left on device"
    assert path.read_bytes() == b'{"old":1}'
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_is_on_the_disk_before_it_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synchronised, renamed, and the folder synchronised where it can be."""
    steps: list[str] = []

    def noting(step: str) -> Any:
        real = getattr(os, step)

        def note(*arguments: Any) -> Any:
            steps.append(step)
            return real(*arguments)

        return note

    monkeypatch.setattr(records.os, "replace", noting("replace"))
    monkeypatch.setattr(records.os, "fsync", noting("fsync"))
    write_file(tmp_path / "pairing.json", b"{}")
    assert steps == ["fsync", "replace", "fsync"]


def test_folder_that_cannot_be_synchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there all the same."""
    real = os.open

    def refuse(path: Any, flags: int, *more: Any, **others: Any) -> int:
        if Path(path) == tmp_path:
            raise OSError(22, "Invalid argument")
        return real(path, flags, *more, **others)

    monkeypatch.setattr(records.os, "open", refuse)
    write_file(tmp_path / "pairing.json", b"{}")
    assert (tmp_path / "pairing.json").read_bytes() == b"{}"


def test_files_that_cannot_be_read_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says which and why."""
    with pytest.raises(
        RecordError, match=r"^none\.json cannot be read: No such file or directory$"
    ):
        load_pairings(tmp_path / "none.json")
    with pytest.raises(RecordError, match="cannot be read: Is a directory"):
        read_file(tmp_path)
    (tmp_path / "file").write_bytes(b"12345")
    with pytest.raises(RecordError, match=r"^x cannot be written: "):
        write_file(tmp_path / "file" / "x", b"")
    monkeypatch.setattr(records, "MAX_FILE_BYTES", 4)
    with pytest.raises(RecordError, match=r"^file is too large$"):
        read_file(tmp_path / "file")


# --- other programs -----------------------------------------------------------------------------

ENTRIES = {
    "version": 1,
    "key": "core.config_entries",
    "data": {
        "entries": [
            {"domain": "sun", "data": {}},
            5,
            {"domain": "homekit_controller", "title": "Lamp", "data": AIOHOMEKIT},
            {"domain": "homekit_controller", "title": "Lamp", "data": BLUETOOTH},
            {"domain": "homekit_controller", "title": None, "data": MADE},
            {"domain": "homekit_controller", "data": "x"},
        ]
    },
}


def imported(root: Any) -> Pairings:
    """Read another program's file."""
    return import_pairings(json.dumps(root).encode(), "file.json")


def test_home_assistant_entries_are_imported() -> None:
    """Each by its title; two of one title are numbered, one without is called by its id."""
    pairings = imported(ENTRIES)
    assert list(pairings.records) == ["Lamp", "Lamp 2", MADE["AccessoryPairingID"]]
    assert pairings.records["Lamp"].hosts == ("192.0.2.5", "2001:db8::5")
    assert pairings.records["Lamp"].store() == AIOHOMEKIT
    assert pairings.faults == {"accessory": "the record is no object"}


def test_single_entries_are_imported() -> None:
    """A whole one, or only its data."""
    assert list(imported({"title": "Door", "data": AIOHOMEKIT}).records) == ["Door"]
    assert list(imported(AIOHOMEKIT).records) == [MADE["AccessoryPairingID"]]


def test_controller_files_are_imported() -> None:
    """Of either program, also when an alias is called data."""
    assert list(imported({"a": HOMEKIT_PYTHON, "b": BLUETOOTH, "data": PREPARED}).prepared) == [
        "data"
    ]
    assert list(imported({"a": HOMEKIT_PYTHON, "data": 5}).records) == ["a"]
    with pytest.raises(RecordError):
        imported([])


def test_imported_pairings_are_adopted() -> None:
    """What is paired here is left alone; aliases that are taken get a number; oddities come along."""
    other = MADE | {"AccessoryPairingID": "AA:BB:CC:DD:EE:FF"}
    pairings = parsed(lamp=MADE, comment=1)
    adopted = pairings.adopt(parsed(again=MADE, lamp=other, comment=2, later=PREPARED))
    assert adopted == ["lamp 2", "comment 2", "later"]
    assert written(pairings) == {
        "lamp": MADE | {"Connection": "IP"},
        "comment": 1,
        "lamp 2": other | {"Connection": "IP"},
        "comment 2": 2,
        "later": PREPARED,
    }
    assert pairings.faults.keys() == {"comment", "comment 2"}


def test_many_of_one_name() -> None:
    """Each gets a number, and none is looked for from the beginning: a file may hold thousands."""
    looked: list[object] = []

    class Taken(dict[str, int]):
        def __contains__(self, key: object) -> bool:
            looked.append(key)
            return super().__contains__(key)

    taken, numbers = Taken({"lamp 3": 0}), dict[str, int]()
    for index in range(100):
        taken[records._free("lamp", taken, numbers)] = index
    assert [*taken][:4] == ["lamp 3", "lamp", "lamp 2", "lamp 4"]
    assert len(taken) == 101
    assert len(looked) <= 300


def test_descriptions_of_other_programs_are_added() -> None:
    """Under either spelling of the id, and never in the place of one that is there."""
    cached = {"config_num": 7, "accessories": DATABASE, "broadcast_key": "ab", "state_num": None}
    pairings = parsed(lamp=MADE, own=HOMEKIT_PYTHON, alien=MADE | {"AccessoryPairingID": "X"})
    for file in (
        {"pairings": {MADE["AccessoryPairingID"].lower(): cached, "bad": 5}},
        {"version": 1, "data": {"pairings": {MADE["AccessoryPairingID"]: cached}}},
    ):
        descriptions = parse_descriptions(json.dumps(file).encode())
        assert list(descriptions.values()) == [cached]
        added = parsed(lamp=MADE)
        added.add_descriptions(descriptions)
        record = added.records["lamp"]
        assert (record.config_number, record.accessories) == (7, DATABASE)
        assert (record.broadcast_key, record.state_number) == (b"\xab", None)
    pairings.add_descriptions(
        descriptions | {MADE["AccessoryPairingID"]: cached | {"accessories": []}}
    )
    assert pairings.records["own"].accessories == DATABASE
    assert pairings.records["alien"].accessories is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"pairings":5}', b'{"data":5}'])
def test_descriptions_that_are_none(data: bytes) -> None:
    """They are read anew from the accessories."""
    assert parse_descriptions(data) == {}


# --- anything -----------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
RECORDS = st.builds(
    lambda base, more: base | more,
    st.sampled_from([HOMEKIT_PYTHON, AIOHOMEKIT, BLUETOOTH, PREPARED, {}]),
    st.dictionaries(
        st.sampled_from([*AIOHOMEKIT, "AccessoryMAC", "accessories", "config_num", "x"]), JSON
    ),
)


@given(st.dictionaries(st.text(max_size=4), RECORDS | JSON, max_size=4))
def test_any_file_is_written_back_without_loss(file: dict[str, Any]) -> None:
    """Every member of every record, understood or not; only the kind of connection may be added."""
    again = written(Pairings.parse(json.dumps(file).encode(), "x"))
    assert list(again) == list(file)
    for alias, members in file.items():
        if isinstance(members, dict) and isinstance(again[alias], dict):
            assert again[alias] in (members, members | {"Connection": "IP"})
        else:
            assert again[alias] == members


@given(st.binary(max_size=40) | st.builds(lambda each: json.dumps(each).encode(), RECORDS | JSON))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No other error comes out."""
    parse_descriptions(data)
    with suppress(RecordError):
        import_pairings(data, "x")
