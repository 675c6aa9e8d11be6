"""Archives: what is accepted, what is skipped, and what is refused before it does harm."""

import base64
from io import BytesIO
import json
import stat
import struct
from typing import Any
from unittest.mock import patch
import warnings
import zipfile

import pytest

from custom_components.home_connect_local.protocol.const import ConnectionType
from custom_components.home_connect_local.protocol.profile import (
    MAX_ARCHIVE_BYTES,
    ProfileError,
    archive,
    read_archive,
)
from custom_components.home_connect_local.protocol.profile.archive import (
    MAX_APPLIANCES,
    MAX_ENTRIES,
    MAX_RATIO,
)

from .files import (
    DISHWASHER,
    KEY,
    OVEN,
    PROFILES,
    SWITCH,
    WASHER,
    appliance,
    described,
    device,
    head_file,
    mapping,
    read_json,
    zipped,
)


def refused(data: bytes) -> ProfileError:
    """Give why an archive is refused."""
    with pytest.raises(ProfileError) as caught:
        read_archive(data)
    return caught.value


def secret(name: str, ha_id: str) -> bytes:
    """Decode a secret of a head file of the vectors."""
    return base64.urlsafe_b64decode(read_json(f"{ha_id}.json")[name] + "==")


def test_single_dishwasher() -> None:
    """One appliance, with all that is needed to talk to it."""
    found = read_archive((PROFILES / "single_dishwasher.zip").read_bytes())
    (profile,) = found.profiles
    assert found.failures == ()
    assert (profile.ha_id, profile.connection_type) == (DISHWASHER, ConnectionType.TLS)
    assert (profile.key, profile.iv) == (secret("key", DISHWASHER), None)
    assert profile.created == read_json(f"{DISHWASHER}.json")["created"]
    assert profile.description.store() == described(DISHWASHER).store()


def test_household_of_three() -> None:
    """Three appliances in the order of the archive, one in a folder; other files are skipped."""
    found = read_archive((PROFILES / "household_three.zip").read_bytes())
    assert [each.ha_id for each in found.profiles] == [
        WASHER,
        OVEN,
        "BOSCH-SYN0HD04-68A40E530004",
    ]
    washer = found.profiles[0]
    assert washer.connection_type is ConnectionType.AES
    assert (washer.key, washer.iv) == (secret("key", WASHER), secret("iv", WASHER))


def test_old_style() -> None:
    """Brand and model come from the description file when the head lacks them."""
    (profile,) = read_archive((PROFILES / "old_style_without_brand.zip").read_bytes()).profiles
    assert profile.description.head.brand is None
    assert profile.description.head.vib is None
    assert (profile.description.brand, profile.description.model) == ("SIEMENS", "SYN0CM05")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken_missing_mapping", "missing_file"),
        ("no_profile_inside", "no_profile"),
        ("path_traversal", "unsafe"),
    ],
)
def test_refused_archives(name: str, reason: str) -> None:
    """Each of the broken archives is refused for what is wrong with it."""
    assert refused((PROFILES / f"{name}.zip").read_bytes()).reason == reason


def test_missing_file_names_the_appliance() -> None:
    """The user is told which appliance and which file."""
    err = refused((PROFILES / "broken_missing_mapping.zip").read_bytes())
    assert err.appliance == "BOSCH Hood SYN0HD04"
    assert err.ha_id == "BOSCH-SYN0HD04-68A40E530004"
    assert err.detail == "the mapping file is not in the archive"


def test_texts_hold_no_secret() -> None:
    """Neither a profile nor an error shows a key."""
    (profile,) = read_archive(zipped(appliance())).profiles
    assert KEY not in repr(profile)
    assert repr(base64.urlsafe_b64decode(KEY + "=")) not in repr(profile)
    err = refused(zipped(appliance(key=KEY[:-2])))
    assert KEY[:20] not in f"{err} {err.detail} {err!r}"


@pytest.mark.parametrize(
    "key",
    [KEY, KEY + "=", KEY.replace("-", "+").replace("_", "/"), f" {KEY}\n"],
    ids=["url", "padded", "standard", "spaces"],
)
def test_both_alphabets(key: str) -> None:
    """Keys come in both alphabets of base64, with and without padding."""
    (profile,) = read_archive(zipped(appliance(key=key))).profiles
    assert profile.key == base64.urlsafe_b64decode(KEY + "=")


@pytest.mark.parametrize("key", [KEY[:-1], KEY + "AA", "", "*" * 43, 5, "é" * 43, [KEY], "A" * 999])
def test_invalid_key(key: Any) -> None:
    """A key has 32 bytes."""
    assert refused(zipped(appliance(key=key))).reason == "invalid_key"


IV = "AAECAwQFBgcICQoLDA0ODw"


@pytest.mark.parametrize(
    ("said", "iv", "kind"),
    [
        ("TLS", None, ConnectionType.TLS),
        ("tls", IV, ConnectionType.TLS),
        ("AES", IV, ConnectionType.AES),
        (None, IV, ConnectionType.AES),
        (None, None, ConnectionType.TLS),
        ("other", IV, ConnectionType.AES),
        (7, None, ConnectionType.TLS),
    ],
)
def test_connection_type(said: Any, iv: str | None, kind: ConnectionType) -> None:
    """What is said counts, else whether there is an initial vector."""
    (profile,) = read_archive(zipped(appliance(connectionType=said, iv=iv))).profiles
    assert profile.connection_type is kind
    assert profile.iv == (bytes(range(16)) if kind is ConnectionType.AES else None)


@pytest.mark.parametrize("iv", [None, "AAAA", IV + "AA"])
def test_invalid_iv(iv: str | None) -> None:
    """AES needs 16 bytes to start from."""
    err = refused(zipped(appliance(connectionType="AES", iv=iv)))
    assert (err.reason, err.detail) == ("invalid_key", "iv is not 16 bytes in base64")


def test_head_fields_of_wrong_types() -> None:
    """What is no text counts as missing; what is too long is cut."""
    files = appliance(brand=5, type=["x"], vib=None, mac="", serialNumber="9" * 999, created="x")
    (profile,) = read_archive(zipped(files)).profiles
    head = profile.description.head
    assert (head.brand, head.type, head.vib, head.mac) == (None, None, None, None)
    assert head.serial_number == "9" * 64
    assert profile.created is None


def test_byte_order_mark() -> None:
    """A head may start with one."""
    files = appliance()
    files["x.json"] = b"\xef\xbb\xbf" + files["x.json"]
    assert read_archive(zipped(files)).profiles


@pytest.mark.parametrize("ha_id", ["../x", "", "a b", "x" * 65, "ä", 5, None, "a/b", "X\n"])
def test_unsafe_id(ha_id: Any) -> None:
    """An id is made of a few characters, and of no path."""
    files = appliance()
    files["x.json"] = json.dumps(json.loads(files["x.json"]) | {"haId": ha_id}).encode()
    assert refused(zipped(files)).reason == "unsafe"


@pytest.mark.parametrize("name", ["../d.xml", "a/d.xml", "a\\d.xml", "..", "d..xml"])
@pytest.mark.parametrize("field", ["deviceDescriptionFileName", "featureMappingFileName"])
def test_unsafe_reference(field: str, name: str) -> None:
    """A head names files, not paths; one that does otherwise spoils the archive."""
    good = appliance("good/", haId="good")
    assert refused(zipped(good | appliance(**{field: name}))).reason == "unsafe"


@pytest.mark.parametrize("value", [5, [], "", "none.xml"])
def test_reference_to_nothing(value: Any) -> None:
    """A file that is not there is missing, whatever it is called."""
    err = refused(zipped(appliance(featureMappingFileName=value)))
    assert (err.reason, err.appliance) == ("missing_file", "…X-1")


def test_other_appliances_are_spared() -> None:
    """A fault of one appliance leaves the others usable, and is told."""
    files = appliance("a/", haId="A", key="") | appliance("b/", haId="B")
    files |= appliance("c/", haId="C", brand="BOSCH", type="Hob") | {"c/d.xml": b"<device>"}
    found = read_archive(zipped(files))
    assert [each.ha_id for each in found.profiles] == ["B"]
    assert [(each.reason, each.appliance, each.ha_id) for each in found.failures] == [
        ("invalid_key", "…A", "A"),
        ("parse_error", "BOSCH Hob", "C"),
    ]


def test_names_are_resolved_near_first() -> None:
    """Files of one name in several folders belong to the head beside them, else the first is taken."""

    def described_by(files: dict[str, bytes]) -> set[int]:
        (profile,) = read_archive(zipped(files)).profiles
        return set(profile.description.features)

    def only(uid: int) -> bytes:
        return device(f'<status uid="{uid:X}"/>')

    head = {"a/x.json": head_file(), "m.xml": mapping()}
    assert described_by(head | {"d.xml": only(1), "a/d.xml": only(2)}) == {2}
    assert described_by(head | {"a/D.XML": only(1), "a/d.xml": only(2)}) == {2}
    assert described_by(head | {"d.xml": only(1), "a/D.XML": only(2)}) == {2}
    assert described_by(head | {"b/D.xml": only(1), "c/d.xml": only(2)}) == {2}
    assert described_by(head | {"b/D.xml": only(1), "c/D.xml": only(2)}) == {1}
    assert described_by({"a\\x.json": head_file(), "a\\d.xml": only(3), "m.xml": mapping()}) == {3}


def test_one_name_twice() -> None:
    """Of two entries of one name the first is taken, always."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for uid in (1, 2):
            target.writestr("d.xml", device(f'<status uid="{uid}"/>'))
        target.writestr("x.json", head_file())
        target.writestr("m.xml", mapping())
    (profile,) = read_archive(buffer.getvalue()).profiles
    assert set(profile.description.features) == {1}


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ("2025-01-01T00:00:00Z", "2025-02-01T00:00:00", 1),
        ("2025-02-01T00:00:00+01:00", "2025-01-31T22:59:59Z", 0),
        (None, "2020-01-01", 1),
        ("x", None, 0),
        (5, 5, 0),
    ],
)
def test_one_appliance_twice(first: Any, second: Any, winner: int) -> None:
    """The later download has the key that still works; of two unknown ones the first is taken."""
    keys = [base64.b64encode(bytes([number] * 32)).decode() for number in (0, 1)]
    files = appliance("a/", haId="X", created=first, key=keys[0])
    files |= appliance("b/", haId="x", created=second, key=keys[1])
    (profile,) = read_archive(zipped(files)).profiles
    assert profile.key == bytes([winner] * 32)


def test_skipped() -> None:
    """Folders, what a Mac leaves, archives in archives and other JSON do not matter."""
    inner = zipped(appliance(haId="inner"))
    files = {
        "folder/": b"",
        "__MACOSX/x.json": head_file(haId="mac"),
        "a/__MACOSX/x.json": head_file(haId="mac"),
        "a/._x.json": head_file(haId="mac"),
        "inner.zip": inner,
        "list.json": b"[1]",
        "broken.json": b"{",
        "deep.json": b"[" * 50_000,
        "latin.json": b'{"haId": "\xe4"}',
        "more.json": b'{"haId": "x", "key": "y"}',
    }
    assert refused(zipped(files)).reason == "no_profile"
    found = read_archive(zipped(files | appliance(haId="outer")))
    assert [each.ha_id for each in found.profiles] == ["outer"]


FOREIGN = [{"name": "washer", "key": "x", "features": {"1": {}}}]


@pytest.mark.parametrize("content", [FOREIGN, {"washer": FOREIGN[0]}], ids=["list", "object"])
@pytest.mark.parametrize("inside", [True, False])
def test_other_tool(content: object, inside: bool) -> None:
    """The file of another tool is recognised, in an archive and bare."""
    data = json.dumps(content).encode()
    assert refused(zipped({"devices.json": data}) if inside else data).reason == "wrong_tool_format"


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no zip", b"{}", head_file(), b"PK\x05\x06" + bytes(17)]
)
def test_no_archive(data: bytes) -> None:
    """What is no ZIP is told to be none."""
    assert refused(data).reason == "invalid_profile_file"


def test_empty_archive() -> None:
    """An archive of nothing has no profile."""
    assert refused(zipped({})).reason == "no_profile"


@pytest.mark.parametrize(
    "name", ["../x.json", "a/../../x.json", "/x.json", "C:/x.json", "c:x", "\\x", "..\\x", "a/.."]
)
def test_entries_that_lead_out(name: str) -> None:
    """One entry with such a path spoils the archive, needed or not."""
    assert refused(zipped(appliance() | {name: b""})).reason == "unsafe"


def test_link() -> None:
    """Links are refused."""
    buffer = BytesIO(zipped(appliance()))
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "a") as target:
        target.writestr(info, "x.json")
    assert refused(buffer.getvalue()).reason == "unsafe"


@pytest.mark.parametrize("flags", [0x1, 0x40, 0x2000])
def test_encrypted(flags: int) -> None:
    """Encrypted archives are refused, before anything is read."""
    data = bytearray(zipped({"x.json": head_file()}))
    where = data.index(b"PK\x01\x02") + 8
    struct.pack_into("<H", data, where, flags)
    assert refused(bytes(data)).reason == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_ZSTANDARD])
def test_unusual_compression(method: int) -> None:
    """Only what every tool writes is inflated; a head that is not, is none."""
    err = refused(zipped(appliance(), method))
    assert (err.reason, err.appliance) == ("invalid_profile_file", None)
    found = read_archive(zipped(appliance(), zipfile.ZIP_STORED))
    assert len(found.profiles) == 1


def test_damaged_entry() -> None:
    """A file whose bytes do not match their checksum is the fault of its appliance only."""
    files = appliance("a/", haId="A") | appliance("b/", haId="B")
    data = bytearray(zipped(files, zipfile.ZIP_STORED))
    where = data.index(SWITCH.encode())
    data[where] ^= 1
    found = read_archive(bytes(data))
    assert [each.ha_id for each in found.profiles] == ["B"]
    assert [(each.reason, each.detail) for each in found.failures] == [
        ("invalid_profile_file", "an entry is damaged")
    ]


def test_archive_too_large() -> None:
    """The size of the upload is bounded."""
    assert refused(bytes(MAX_ARCHIVE_BYTES + 1)).reason == "too_large"
    assert refused(bytes(MAX_ARCHIVE_BYTES)).reason == "invalid_profile_file"


def test_number_of_entries() -> None:
    """So many entries are read, and no more are even listed."""
    files = appliance()
    files |= {f"{number}.txt": b"" for number in range(MAX_ENTRIES - len(files))}
    assert read_archive(zipped(files)).profiles
    data = zipped(files | {"more": b""})
    with patch.object(zipfile, "ZipFile", side_effect=AssertionError):
        assert refused(data).reason == "too_large"


def test_number_of_appliances() -> None:
    """An archive holds the appliances of a household."""
    files = {"d.xml": device(SWITCH), "m.xml": mapping()}
    for number in range(MAX_APPLIANCES):
        files[f"{number}.json"] = head_file(haId=f"X-{number}")
    assert len(read_archive(zipped(files)).profiles) == MAX_APPLIANCES
    files["more.json"] = head_file(haId="more")
    assert refused(zipped(files)).reason == "too_large"


def test_inflated_size() -> None:
    """Entries, and all together, are counted while they are inflated."""
    files = appliance()
    spaces = b" " * 100_000  # harmless at this ratio
    files["d.xml"] += spaces
    with patch.object(archive, "MAX_RATIO", 10_000):
        assert read_archive(zipped(files)).profiles
        with patch.object(archive, "MAX_ENTRY_BYTES", len(files["d.xml"])):
            assert read_archive(zipped(files)).profiles
        with patch.object(archive, "MAX_ENTRY_BYTES", len(files["d.xml"]) - 1):
            assert refused(zipped(files)).reason == "too_large"
        total = sum(map(len, files.values()))
        with patch.object(archive, "MAX_TOTAL_BYTES", total):
            assert read_archive(zipped(files)).profiles
        with patch.object(archive, "MAX_TOTAL_BYTES", total - 1):
            assert refused(zipped(files)).reason == "too_large"


def test_shared_files_count_each_time() -> None:
    """Many appliances cannot have one large file parsed over and over."""
    files = {"d.xml": device(SWITCH), "m.xml": mapping()}
    heads = {f"{number}.json": head_file(haId=f"X-{number}") for number in range(9)}
    once = sum(map(len, files.values()))
    total = sum(map(len, heads.values())) + 5 * once
    with patch.object(archive, "MAX_TOTAL_BYTES", total):
        found = read_archive(zipped(heads | files))
    assert len(found.profiles) == 5
    assert {each.reason for each in found.failures} == {"too_large"}


@pytest.mark.parametrize("name", ["x.json", "d.xml"])
def test_bomb(name: str) -> None:
    """What shrinks beyond reason is no profile: it is dropped long before it is inflated."""
    files = appliance()
    files[name] += b" " * (18 * 1024 * 1024)
    data = zipped(files)
    assert len(data) < 18 * 1024 * 1024 // MAX_RATIO
    assert refused(data).reason == "unsafe"


def test_sizes_that_lie() -> None:
    """A directory that tells of a small file does not get a large one past the count."""
    files = appliance()
    files["d.xml"] += b" " * (1024 * 1024)
    data = bytearray(zipped(files))
    entry = data.index(b"PK\x01\x02")
    while data[entry + 46 : entry + 51] != b"d.xml":
        entry = data.index(b"PK\x01\x02", entry + 1)
    struct.pack_into("<I", data, entry + 24, 10)
    assert refused(bytes(data)).reason == "invalid_profile_file"
