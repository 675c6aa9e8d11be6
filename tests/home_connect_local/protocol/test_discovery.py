"""Where an appliance may be: announcements, names of hosts, and what users type."""

from ipaddress import ip_address
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol import (
    SERVICE_TYPE,
    ConnectionType,
    default_hosts,
    ordered,
    parse_host,
    read_announcement,
)
from custom_components.home_connect_local.protocol.profile import Head

from .appliances import DISHWASHER, OVEN, described

RECORD = {"id": "BOSCH-SYN-68A4", "brand": "BOSCH", "type": "Dishwasher", "vib": "SYN"}


def head(**members: Any) -> Head:
    """Give the head of a profile with some members changed."""
    known = described(DISHWASHER).head
    names = ("ha_id", "type", "brand", "vib", "mac", "serial_number")
    return Head(**{name: getattr(known, name) for name in names} | members)


def test_service_type() -> None:
    """As appliances announce it (§2)."""
    assert SERVICE_TYPE == "_homeconnect._tcp.local."


def test_announcement() -> None:
    """All that is of use; the name of the host is none (§2)."""
    found = read_announcement(RECORD, ["fd00::1", "192.168.1.4"], 0)
    assert found is not None
    assert (found.ha_id, found.brand, found.type, found.vib) == tuple(RECORD.values())
    assert found.hosts == ("192.168.1.4", "fd00::1")
    assert found.port is None
    assert "192.168" not in repr(found)


def test_announced_port() -> None:
    """Counts when it is not zero (§2)."""
    for port, expected in ((443, 443), (8443, 8443), (0, None), (None, None)):
        found = read_announcement(RECORD, [], port)
        assert found is not None
        assert found.port == expected


def test_names_of_properties_in_any_case() -> None:
    """As DNS has it."""
    found = read_announcement({"ID": "1", "Brand": "NEFF", "TYPE": None, "vib": ""}, [], 80)
    assert found is not None
    assert (found.ha_id, found.brand, found.type, found.vib) == ("1", "NEFF", None, None)


@pytest.mark.parametrize(
    "ha_id", [None, "", " ", "a/b", "..\\", "x" * 65, "a b", "ä", "{{ 1 }}", "a\n"]
)
def test_announcement_of_no_appliance(ha_id: str | None) -> None:
    """Anyone can announce anything."""
    assert read_announcement({**RECORD, "id": ha_id}, ["192.168.1.4"], 443) is None
    assert read_announcement({}, [], 443) is None


def test_texts_are_cut_and_cleaned() -> None:
    """They reach forms."""
    found = read_announcement({**RECORD, "brand": " B\x00O\n" + "x" * 500, "vib": "\t"}, [], 80)
    assert found is not None
    assert found.brand == "BO" + "x" * 59
    assert found.vib is None


def test_order_of_addresses() -> None:
    """IPv4, global, local, link-local with its zone; what nobody can be reached at is left out (§2)."""
    addresses = [
        *("fe80::1%eth0", "fe80::2", "fd12::1", "2003::1", "192.168.1.4", "10.0.0.1"),
        *("0.0.0.0", "::", "224.0.0.251", "ff02::fb", "x", "", "192.168.1.4", "fe80::1%a b"),
    ]
    assert ordered(addresses) == ("192.168.1.4", "10.0.0.1", "2003::1", "fd12::1", "fe80::1%eth0")


def test_default_names() -> None:
    """Brand, type and id on TLS; the id alone on AES (§2)."""
    ha_id = described(DISHWASHER).head.ha_id
    assert default_hosts(head(), ConnectionType.TLS) == (f"BOSCH-Dishwasher-{ha_id}", ha_id)
    assert default_hosts(head(), ConnectionType.AES) == (ha_id,)
    assert default_hosts(head(brand=None), ConnectionType.TLS) == (ha_id,)
    assert default_hosts(head(type=None), ConnectionType.TLS) == (ha_id,)
    assert default_hosts(head(brand="B/O"), ConnectionType.TLS) == (ha_id,)
    assert default_hosts(described(OVEN).head, ConnectionType.AES) == ("000000000000000303",)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (" 192.168.1.4 ", "192.168.1.4", None),
        ("192.168.1.4:8443", "192.168.1.4", 8443),
        ("wss://192.168.1.4:8443/homeconnect", "192.168.1.4", 8443),
        ("http://washer.local/", "washer.local", None),
        ("Washer.local.", "washer.local.", None),
        ("000000000000000303", "000000000000000303", None),
        ("bosch-dishwasher-0001:443", "bosch-dishwasher-0001", 443),
        ("bosch-cookprocessor--2147483648", "bosch-cookprocessor--2147483648", None),
        ("2003::1", "2003::1", None),
        ("[2003::1]", "2003::1", None),
        ("[2003::1]:443", "2003::1", 443),
        ("fe80::1%eth0", "fe80::1%eth0", None),
        ("fe80::1%25", "fe80::1%25", None),
        ("[fe80::1%eth0]:443", "fe80::1%eth0", 443),
        ("[fe80::1%25eth0]:443", "fe80::1%eth0", 443),
        ("https://[fe80::1%25eth0]/homeconnect", "fe80::1%eth0", None),
    ],
)
def test_what_users_type(text: str, host: str, port: int | None) -> None:
    """A name or an address in any of its forms."""
    assert parse_host(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "http://", "a b", "-a", "ü", "a" * 64, "a." * 130, "host%41", "a:b:c"),
        *("user@host", "user:word@host", "host:0", "host:65536", "host:x", "1.2.3.4:-1"),
        *("[::1", "::1]", "[zz]", "[1.2.3.4]:80", "https://[::1]:1:2", "[v1.x"),
        *("999.1.1.1", "1.2.3", "0.0.0.0", "224.0.0.1", "::", "ff02::1", "[::1%]"),
        *("fe80::1%a b", "fe80::1%a]:443", "fe80::1%" + "z" * 33, "[fe80::1%25a%20b]:1"),
    ],
)
def test_what_is_no_host(text: str) -> None:
    """Is told so."""
    with pytest.raises(ValueError, match=r".+"):
        parse_host(text)


@given(st.one_of(st.text(), st.text("0123456789abcf:.%[]/@ htp", max_size=40)))
def test_any_text(text: str) -> None:
    """A host that can be typed again, or a ValueError."""
    try:
        host, port = parse_host(text)
    except ValueError:
        return
    assert parse_host(host) == (host, None)
    assert host
    assert port is None or 0 < port < 65536


@given(
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.text(max_size=70)), max_size=4),
    st.lists(st.one_of(st.text(max_size=8), st.ip_addresses().map(str)), max_size=4),
)
def test_any_announcement(record: dict[str, str | None], addresses: list[str]) -> None:
    """Nothing that is announced does harm."""
    found = read_announcement({"id": "1", **record}, addresses, 443)
    if found is not None:
        assert set(found.hosts) <= set(addresses)
        assert len({ip_address(each) for each in found.hosts}) == len(found.hosts)
