"""Where an appliance may be: what it announces, the names routers give it, what users type.

Anyone on the network can announce anything: an address found here is a hint, and only the key proves who is there.
Source: docs/home_connect_local/wire.md §2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
import re
from typing import Final
from urllib.parse import urlsplit

from .const import ConnectionType
from .profile import Head

SERVICE_TYPE: Final = "_homeconnect._tcp.local."

# What is announced reaches forms; longer texts are cut.
_MAX_TEXT_CHARS: Final = 64
_HA_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_HOST_NAME: Final = re.compile(r"(?!-)[0-9A-Za-z_-]{1,63}(?:\.[0-9A-Za-z_-]{1,63})*\.?")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+\.?")
_ZONE: Final = re.compile(r"[0-9A-Za-z._-]{1,32}")
_MAX_HOST_CHARS: Final = 253
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an appliance says of itself on the network."""

    ha_id: str
    brand: str | None
    type: str | None
    vib: str | None
    hosts: tuple[str, ...] = field(repr=False)
    """Addresses, the most promising first."""
    port: int | None
    """None when it is that of the kind of link."""


def read_announcement(
    properties: Mapping[str, str | None], addresses: Iterable[str], port: int | None
) -> Announcement | None:
    """Read the TXT record of an announcement; None when it names no appliance.

    The name of the host is of no use: some appliances announce one that overflowed.
    """
    by_name = {name.lower(): value for name, value in properties.items() if value}
    ha_id = by_name.get("id", "")
    if not _HA_ID.fullmatch(ha_id):
        return None

    def text(name: str) -> str | None:
        printable = filter(str.isprintable, by_name.get(name, "")[:_MAX_TEXT_CHARS])
        return "".join(printable).strip() or None

    return Announcement(
        ha_id, text("brand"), text("type"), text("vib"), ordered(addresses), port or None
    )


def ordered(addresses: Iterable[str]) -> tuple[str, ...]:
    """Sort addresses by the chance to be reached with them: IPv4, global IPv6, local IPv6, link-local with a zone."""

    def rank(text: str) -> int | None:
        try:
            address = _address(text)
        except ValueError:
            return None
        match address:
            case IPv4Address():
                return 0
            case IPv6Address(is_link_local=True):
                return 3 if address.scope_id else None
            case _:
                return 2 if address.is_private else 1

    ranked = [
        (place, text) for text in dict.fromkeys(addresses) if (place := rank(text)) is not None
    ]
    return tuple(text for _, text in sorted(ranked, key=lambda pair: pair[0]))


def default_hosts(head: Head, connection_type: ConnectionType) -> tuple[str, ...]:
    """Name the hosts under which many routers know the appliance."""
    names = [head.ha_id]
    if connection_type is ConnectionType.TLS and head.brand and head.type:
        names.insert(0, f"{head.brand}-{head.type}-{head.ha_id}")
    return tuple(name for name in names if _HOST_NAME.fullmatch(name))


def parse_host(text: str) -> tuple[str, int | None]:
    """Read an address as users type it: name, IPv4 or IPv6, with or without scheme, brackets, port and path.

    Raises ValueError for what names no host.
    """
    text = text.strip()
    if "://" not in text and text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    parts = urlsplit(text if "://" in text else f"//{text}")
    host, port = parts.hostname or "", parts.port
    if parts.username is not None or (port is not None and not 0 < port <= _MAX_PORT):
        raise ValueError("not a host")
    if ":" in host:
        # URLs encode the sign in front of a zone.
        return str(_address(re.sub("%25(?=.)", "%", host))), port
    if len(host) > _MAX_HOST_CHARS or not _HOST_NAME.fullmatch(host):
        raise ValueError("not a host")
    if _IPV4.fullmatch(host):
        _address(host)
    return host, port


def _address(text: str) -> IPv4Address | IPv6Address:
    """Read an address; raises ValueError when it is none that a connection can be made to."""
    address = ip_address(text)
    zone = address.scope_id if isinstance(address, IPv6Address) else None
    if address.is_unspecified or address.is_multicast or (zone and not _ZONE.fullmatch(zone)):
        raise ValueError("not an address of an appliance")
    return address
