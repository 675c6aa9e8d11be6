"""Whatever bytes are handed in, a result or ProfileError comes out; and what comes out can be stored.

Every input that once broke something lies in ``corpus``.
"""

import copy
from functools import cache
import json
import re
from typing import Any

from hypothesis import example, given, strategies as st
import orjson
import pytest

from custom_components.home_connect_local.protocol.const import Access
from custom_components.home_connect_local.protocol.profile import (
    Description,
    Head,
    ProfileError,
    parse_description,
    read_archive,
)

from .files import CORPUS, HOB, PROFILES, WASHER, device, mapping, read_json, read_xml

HEAD = Head("X")


def used(description: Description) -> None:
    """Read all that a description offers."""
    for feature in description.features.values():
        for name in dir(feature):
            if not name.startswith("_"):
                getattr(feature, name)
        assert feature.options is feature.options
        for option in feature.options:
            assert option.access is None or option.access in Access
    for key, feature in description.by_key.items():
        assert feature.key == key
    assert all(enum.members is not None for enum in description.enums.values())


def stored_well(description: Description) -> None:
    """Check that storing loses nothing, whatever JSON it goes through."""
    stored = description.store()
    assert Description.load(orjson.loads(orjson.dumps(stored))).store() == stored
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored


def parse(device_xml: bytes, mapping_xml: bytes) -> None:
    """Parse two files; a refusal is fine, any other exception is not."""
    reason = "parse_error"
    try:
        description = parse_description(device_xml, mapping_xml, HEAD)
    except ProfileError as err:
        reason = err.reason
    else:
        used(description)
        stored_well(description)
    assert reason in {"parse_error", "too_large", "unsafe"}


def unpack(data: bytes) -> None:
    """Read an archive; a refusal is fine, any other exception is not."""
    reason = ""
    try:
        archive = read_archive(data)
    except ProfileError as err:
        reason = err.reason
    else:
        for profile in archive.profiles:
            used(profile.description)
            stored_well(profile.description)
    assert reason != "stored_format"


def load(stored: Any) -> None:
    """Load a stored form; a refusal is fine, any other exception is not."""
    reason = "stored_format"
    try:
        description = Description.load(stored)
    except ProfileError as err:
        reason = err.reason
    else:
        used(description)
    assert reason == "stored_format"


@cache
def archive_bytes(name: str) -> bytes:
    """Read an archive of the vectors."""
    return (PROFILES / f"{name}.zip").read_bytes()


@cache
def xml_bytes(ha_id: str) -> tuple[bytes, bytes]:
    """Read two files of the vectors."""
    return read_xml(ha_id)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_corpus(path: Any) -> None:
    """Nothing that was mended breaks again."""
    data = path.read_bytes()
    unpack(data)
    parse(data, mapping())
    parse(device('<status uid="5"/>'), data)


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Noise is refused."""
    unpack(data)
    unpack(b"PK\x03\x04" + data)
    parse(data, data)


@given(cut=st.integers(0, 25_000), which=st.booleans())
def test_truncated_xml(cut: int, which: bool) -> None:
    """Files that end early are not well-formed."""
    device_xml, mapping_xml = xml_bytes(WASHER)
    if which:
        parse(device_xml[:cut], mapping_xml)
    else:
        parse(device_xml, mapping_xml[:cut])


@given(data=st.data(), ha_id=st.sampled_from([HOB, WASHER]), which=st.integers(0, 1))
def test_bytes_of_xml_changed(data: st.DataObject, ha_id: str, which: int) -> None:
    """Bytes replaced, dropped or put in anywhere."""
    files = list(xml_bytes(ha_id))
    changed = bytearray(files[which])
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(changed) - 1))
        changed[where : where + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    files[which] = bytes(changed)
    parse(*files)


VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "1e999",
            "nan",
            "9" * 40,
            "true",
            "[",
            '{"a":1}"',
            "FFFFFFFF",
            "none",
            "0x10",
        ]
    ),
    st.text(
        st.characters(codec="utf-8", exclude_characters='"<&\x00', min_codepoint=32), max_size=9
    ),
)


@given(data=st.data(), ha_id=st.sampled_from([HOB, WASHER]), which=st.integers(0, 1))
def test_attributes_changed(data: st.DataObject, ha_id: str, which: int) -> None:
    """Well-formed files with other values in their attributes are tolerated."""
    files = [text.decode() for text in xml_bytes(ha_id)]
    places = list(re.finditer(r'="([^"]*)"', files[which]))
    for place in sorted(
        data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=8)),
        key=re.Match.start,
        reverse=True,
    ):
        text = files[which]
        files[which] = text[: place.start(1)] + data.draw(VALUES) + text[place.end(1) :]
    parse(files[0].encode(), files[1].encode())


NAMES = st.sampled_from(
    [
        "statusList",
        "status",
        "programGroup",
        "program",
        "option",
        "enumerationTypeList",
        "enumerationType",
        "enumeration",
        "description",
        "pairableDeviceTypes",
        "deviceType",
        "type",
        "featureDescription",
        "feature",
        "errorDescription",
        "error",
        "enumDescriptionList",
        "enumDescription",
        "enumMember",
        "activeProgram",
        "x",
        "a:b",
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "uid",
            "refUID",
            "refCID",
            "refDID",
            "enid",
            "subsetOf",
            "value",
            "refENID",
            "refValue",
            "refEID",
            "access",
            "available",
            "min",
            "default",
            "initValue",
            "enumerationType",
            "status",
            "execution",
            "level",
            "option",
        ]
    ),
    st.sampled_from(
        ["0", "1", "2", "3", "19", "true", "x", "read", "readWrite", "{}", "1.5", "-1"]
    ),
    max_size=5,
)


def element(name: str, attributes: dict[str, str], inside: list[str]) -> str:
    """Write one element."""
    texts = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{texts}>{''.join(inside)}</{name}>"


TREES = st.recursive(
    st.builds(element, NAMES, ATTRIBUTES, st.just([]) | st.just(["text"])),
    lambda inside: st.builds(element, NAMES, ATTRIBUTES, st.lists(inside, max_size=5)),
    max_leaves=25,
)


@given(st.lists(TREES, max_size=4), st.lists(TREES, max_size=4))
def test_any_tree(inside_device: list[str], inside_mapping: list[str]) -> None:
    """Known elements in unknown places, with or without what they need."""
    names = ' xmlns:a="urn:a"'
    parse(
        device("".join(inside_device)).replace(b"<device>", f"<device{names}>".encode()),
        mapping("".join(inside_mapping)),
    )
    parse(
        f"<a:device{names}>{''.join(inside_device)}</a:device>".encode(),
        mapping('<enumDescriptionList><enumDescription refENID="1"/></enumDescriptionList>'),
    )


@given(
    data=st.data(),
    name=st.sampled_from(["single_dishwasher", "household_three", "path_traversal"]),
)
def test_archive_changed(data: st.DataObject, name: str) -> None:
    """Archives with bytes replaced, dropped or put in, mostly where their directory is."""
    changed = bytearray(archive_bytes(name))
    tail = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 4))):
        low = max(0, len(changed) - 400) if tail else 0
        where = data.draw(st.integers(low, len(changed) - 1))
        changed[where : where + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    unpack(bytes(changed))


@given(st.integers(0, 6_500))
@example(0)
def test_archive_truncated(cut: int) -> None:
    """Archives that end early, as of a broken download."""
    data = archive_bytes("single_dishwasher")
    unpack(data[:cut])
    unpack(data[cut:])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["read", "5"]),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=6,
)


@given(data=st.data())
def test_stored_form_changed(data: st.DataObject) -> None:
    """A stored form that was damaged is refused, or used."""
    stored = copy.deepcopy(stored_hob())
    place: Any = stored
    for _ in range(data.draw(st.integers(0, 3))):
        inside = [
            value
            for value in (place.values() if isinstance(place, dict) else place)
            if isinstance(value, dict | list) and value
        ]
        if not inside:
            break
        place = data.draw(st.sampled_from(inside))
    key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    load(stored)


@given(JSON)
def test_any_stored_form(stored: Any) -> None:
    """So is anything else that JSON can be."""
    load(stored)
    load({"format": 1, "features": stored})


@cache
def stored_hob() -> Any:
    """Read the golden result of the hob, which has one of everything."""
    return read_json(f"{HOB}_parsed.json")


def test_corpus_has_what_it_should() -> None:
    """The corpus is there, or nothing of it would be tested."""
    assert len(list(CORPUS.iterdir())) >= 8
