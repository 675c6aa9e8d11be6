"""XML without what makes XML dangerous."""

import gc
from unittest.mock import patch

import pytest

from custom_components.home_connect_local.protocol.profile import Head, ProfileError, markup
from custom_components.home_connect_local.protocol.profile.markup import (
    ATTRIBUTES,
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_MARKS,
    MAX_XML_BYTES,
    read_description,
    read_mapping,
    text_of,
)
from custom_components.home_connect_local.protocol.profile.xml import parse_description

from .files import device, mapping


def refused(data: bytes) -> str:
    """Give the reason why a description file is refused."""
    with pytest.raises(ProfileError) as caught:
        read_description(data)
    return caught.value.reason


BOMB = (
    b'<!DOCTYPE device [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<device>&b;&b;</device>"
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b"<!DOCTYPE device><device/>",
        b'<!DOCTYPE device SYSTEM "file:///etc/passwd"><device/>',
        b'<!DOCTYPE device [<!ENTITY e SYSTEM "file:///etc/passwd">]><device>&e;</device>',
        b'<?xml version="1.0"?>\n<!-- c -->\n<!DOCTYPE d PUBLIC "a" "b"><device/>',
    ],
)
def test_document_type_is_refused(data: bytes) -> None:
    """Whoever needs a document type declaration means harm."""
    assert refused(data) == "unsafe"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<device>",
        b"<device></thing>",
        b"<device>&unknown;</device>",
        b"<device/><device/>",
        b'<device a="1" a="2"/>',
        b"<device>\xff</device>",
        b"\x00",
        b"no xml",
    ],
)
def test_not_well_formed(data: bytes) -> None:
    """Broken XML is the file's fault, with the line of it."""
    assert refused(data) == "parse_error"


def test_wrong_root() -> None:
    """The root has one name."""
    assert refused(b"<thing/>") == "parse_error"
    assert refused(b"<status/>") == "parse_error"


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf", b'<?xml version="1.0" encoding="x"?>'])
def test_encoding_is_utf_8(prefix: bytes) -> None:
    """A byte-order mark may be there, and a declaration says nothing."""
    assert read_description(prefix + "<device>Ä</device>".encode()) == {}
    root = read_description(prefix + "<device><a>Ä</a></device>".encode())
    assert root == {"a": "Ä"}


def test_byte_order_mark_of_another_encoding() -> None:
    """A mark at the start goes before everything: such a file cannot be UTF-8."""
    assert read_description("<device><a>Ä</a></device>".encode("utf-16")) == {"a": "Ä"}


def test_local_names() -> None:
    """Prefixes of a namespace do not matter; an inclusion is not followed, nor taken for an element."""
    data = (
        b'<hc:device xmlns:hc="urn:x" xmlns:xi="urn:i"><xi:include><xi:fallback><error>E</error>'
        b'</xi:fallback></xi:include><hc:statusList uid="1"><hc:status uid="2"/></hc:statusList>'
        b"</hc:device>"
    )
    root = read_description(data)
    status = {ATTRIBUTES: {"uid": "2"}}
    assert root["statusList"] == [{ATTRIBUTES: {"uid": "1"}, "status": [status]}]
    assert "include" not in root
    assert set(parse_description(data, mapping(), Head("X")).features) == {2}


def test_too_large() -> None:
    """What is beyond all bounds is not even parsed."""
    with patch.dict("sys.modules", {"xmltodict": None}):  # an import of it would fail
        assert refused(b" " * (MAX_XML_BYTES + 1)) == "too_large"
        assert refused(b"<" * (MAX_MARKS + 1)) == "too_large"
        assert refused(b"=" * (MAX_ATTRIBUTES + 1)) == "too_large"


def test_largest() -> None:
    """A file at the bound is read."""
    count = (MAX_MARKS - 4) // 2
    root = read_description(device("<x></x>" * count))
    assert len(root["x"]) == count


@pytest.mark.parametrize(("name", "fits"), [("x", MAX_DEPTH - 1), ("xi:include", MAX_DEPTH - 1)])
def test_depth(name: str, fits: int) -> None:
    """Nesting of elements that are not of a description is bounded too."""
    assert read_description(device(f"<{name}>" * fits + f"</{name}>" * fits))
    for count in (MAX_DEPTH + 2, 50_000):
        assert refused(device(f"<{name}>" * count + f"</{name}>" * count)) == "unsafe"
    gc.collect()


def test_text_of() -> None:
    """Text is found with and without attributes beside it, and cut."""
    assert text_of("abc", 2) == "ab"
    assert text_of({"#text": "abc", "x": "1"}, 9) == "abc"
    assert text_of({"x": "1"}, 9) is None
    assert text_of(["abc"], 9) is None


def test_text_and_attributes() -> None:
    """Attributes of a description stand apart and never meet children; text is that of elements without any."""
    data = device(
        "<description> <type>Oven</type> <brand x='1'>lost</brand> </description>"
        '<status uid="6" refCID="1"> <refCID>2</refCID>text</status><x>more</x>'
    )
    root = read_description(data)
    assert root["description"] == [{"type": "Oven", "brand": {ATTRIBUTES: {"x": "1"}}}]
    assert root["status"] == [
        {ATTRIBUTES: {"uid": "6", "refCID": "1"}, "refCID": "2", "#text": "text"}
    ]
    assert root["x"] == "more"
    assert set(parse_description(data, mapping(), Head("X")).features) == {6}
    data = b'<device statusList="x"><status uid="5" option="y"/></device>'
    assert set(parse_description(data, mapping(), Head("X")).features) == {5}


def test_mapping_has_both() -> None:
    """Attributes and text of a mapping stand side by side."""
    data = mapping(
        '<featureDescription x="1">\n<feature refUID="5"> A </feature></featureDescription>'
    )
    (section,) = read_mapping(data)["featureDescription"]
    assert section == {"x": "1", "feature": [{"refUID": "5", "#text": "A"}]}
    data = mapping(
        '<featureDescription><feature refUID="5"><refUID>6</refUID>A</feature></featureDescription>'
    )
    assert parse_description(device('<status uid="5"/>'), data, Head("X")).features[5].key is None
    with pytest.raises(ProfileError, match="mapping file is not featureMappingFile"):
        read_mapping(device(""))


def test_parser_is_imported_late() -> None:
    """A start of Home Assistant does not pay for what only an upload needs."""
    assert "xmltodict" not in vars(markup)
