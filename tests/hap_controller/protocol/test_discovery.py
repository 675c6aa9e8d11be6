"""What accessories announce, in any case and spelling, and which addresses can be used."""

from contextlib import suppress
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.discovery import (
    display_name,
    feature_text,
    parse_host,
    plain_address,
    read_announcement,
    status_texts,
    usable_addresses,
)

from ...common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
NAME = "Bridge._hap._tcp.local."


@pytest.mark.parametrize("vector", VECTORS["mdns"], ids=lambda vector: vector["name"])
def test_announcements(vector: dict[str, Any]) -> None:
    """Keys in any case; one without a value is absent; without an id there is nothing to know."""
    found = read_announcement(NAME, vector["txt"], ["192.0.2.1"], 51827)
    if vector["result"] is None:
        assert found is None
        return
    assert found is not None
    assert {
        "id": found.key,
        "model": found.model,
        "config_num": found.config_number,
        "state_num": found.state_number,
        "feature_flags": found.feature_flags,
        "status_flags": found.status_flags,
        "category": found.category_number,
        "protocol_version": found.protocol_version,
        "paired": found.paired,
    } == vector["result"]
    assert found.setup_hash == vector["txt"].get("sh")
    assert found.usable and found.name == "Bridge"


@pytest.mark.parametrize("vector", VECTORS["mdns_addresses"], ids=lambda vector: vector["name"])
def test_addresses(vector: dict[str, Any]) -> None:
    """Link-local and unspecified ones are of no use."""
    assert usable_addresses(vector["advertised"]) == tuple(vector["usable"] or ())


def test_addresses_that_are_none() -> None:
    """Each once, loopback for simulators, a zone where it is one, never too many."""
    given_ = ["127.0.0.1", "::1", "127.0.0.1", "nonsense", "224.0.0.1", "2001:db8::1%eth0"]
    assert usable_addresses([*given_, "2001:db8::2%a b"]) == (
        "127.0.0.1",
        "::1",
        "2001:db8::1%eth0",
    )
    assert len(usable_addresses(f"192.0.2.{last}" for last in range(1, 100))) == 16


def test_spelling_of_the_id_is_kept() -> None:
    """It is what the accessory signs; comparisons use the other."""
    found = read_announcement(NAME, {"id": "AA:bb:00:11:22:33"}, [], None)
    assert found is not None
    assert (found.device_id, found.key, found.usable) == (
        "AA:bb:00:11:22:33",
        "aa:bb:00:11:22:33",
        False,
    )
    assert found.category.name == "Other"


def test_bytes_are_read() -> None:
    """As the library for mDNS has them, also when they are no UTF-8; the first of two keys counts."""
    found = read_announcement(
        NAME, {b"id": b"A", b"md": b"Lamp \xff\x00", b"C#": b"2", b"c#": b"3", b"sh": None}, [], 0
    )
    assert found is not None
    assert (found.model, found.config_number, found.setup_hash, found.port) == (
        "Lamp �",
        2,
        None,
        None,
    )


@pytest.mark.parametrize("text", ["", " 1", "-1", "1.0", "٣", "4294967296", "9" * 500, "x"])
def test_numbers_that_are_none_count_as_absent(text: str) -> None:
    """They do not hide the accessory."""
    found = read_announcement(NAME, {"id": "A", "c#": text, "sf": text, "ci": text}, [], 1)
    assert found is not None
    assert (found.config_number, found.status_flags, found.category_number) == (0, 0, 1)


def test_other_members_that_are_none() -> None:
    """Versions and hashes are shown and compared only when they are such."""
    found = read_announcement(
        NAME, {"id": "A", "pv": "new!", "sh": "????", "md": "m" * 500}, [], 70000
    )
    assert found is not None
    assert (found.protocol_version, found.setup_hash, len(found.model), found.port) == (
        "1.0",
        None,
        64,
        None,
    )
    assert read_announcement(NAME, {"id": "a b"}, [], 1) is None
    assert read_announcement(NAME, {"id": "A" * 37}, [], 1) is None


@pytest.mark.parametrize(
    ("instance", "name"),
    [
        ("Fooo._hap._tcp.local.", "Fooo"),
        ("Dr. Lamp._HAP._tcp.local.", "Dr. Lamp"),
        ("Door._hap._udp.local.", "Door"),
        ("Plain", "Plain"),
        ("\x07._hap._tcp.local.", ""),
        ("n" * 200 + "._hap._tcp.local.", "n" * 64),
    ],
)
def test_display_names(instance: str, name: str) -> None:
    """What people chose, without the type of the service."""
    assert display_name(instance) == name


def test_flags_in_words() -> None:
    """Bits that nobody knows say nothing."""
    assert status_texts(0x80) == ["The accessory is paired."]
    assert status_texts(0x07) == [
        "The accessory is not paired with any controller.",
        "The accessory has not joined a Wi-Fi network.",
        "The accessory reports a problem.",
    ]
    assert feature_text(3) == "Authenticates itself by an Apple coprocessor and software"
    assert feature_text(0x80) == "Does not authenticate itself"


KEYS = st.sampled_from(["id", "ID", "c#", "sf", "md", "pv", "sh", "ci"]) | st.text(max_size=3)


@given(
    st.text(max_size=80),
    st.dictionaries(KEYS, st.none() | st.text(max_size=80))
    | st.dictionaries(KEYS.map(str.encode), st.none() | st.binary(max_size=80)),
    st.lists(st.text(max_size=12) | st.ip_addresses().map(str)),
    st.none() | st.integers(),
)
def test_anything_can_be_announced(
    name: str, properties: Any, addresses: list[str], port: int | None
) -> None:
    """It is read or it is not; what is shown is short and printable."""
    found = read_announcement(name, properties, addresses, port)
    if found is not None:
        for text in (found.name, found.model, found.device_id, found.protocol_version):
            assert len(text) <= 64 and text.isprintable()
        assert found.category.number == found.category_number


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("lamp.local", "lamp.local", None),
        (" Lamp:51827 ", "lamp", 51827),
        ("http://192.0.2.1:51827/", "192.0.2.1", 51827),
        ("192.0.2.1", "192.0.2.1", None),
        ("2001:DB8::1", "2001:db8::1", None),
        ("[2001:db8::1]:80", "2001:db8::1", 80),
        ("fe80::1%eth0", "fe80::1%eth0", None),
        ("[fe80::1%25eth0]:80", "fe80::1%eth0", 80),
    ],
)
def test_hosts(text: str, host: str, port: int | None) -> None:
    """Addresses as people type them, or copy them from somewhere."""
    assert parse_host(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "192.0.2.256",
        "1",
        "0.0.0.0",
        "ff02::fb",
        "me@lamp",
        "lamp:0",
        "lamp:65536",
        "x:y",
        "[::1",
    ],
)
def test_no_hosts(text: str) -> None:
    """What nobody can connect to is told before anything is tried."""
    with pytest.raises(ValueError):
        parse_host(text)


@given(st.text(max_size=40) | st.from_regex(r"[0-9a-z:.\[\]%/@-]{1,20}"))
def test_any_text_is_a_host_or_none(text: str) -> None:
    """Whatever people type: an answer or the one error."""
    with suppress(ValueError):
        host, port = parse_host(text)
        assert host and (port is None or 0 < port < 65536)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("FE80:0::1%eth0", "fe80::1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("lamp.local", "lamp.local"),
    ],
)
def test_plain_address(host: str, expected: str) -> None:
    """Addresses are compared and written in one form."""
    assert plain_address(host) == expected
