"""What accessories announce: who they are, what they need, and where they may be.

Anyone on the network can announce anything: an address found here is a hint, and only the keys of a pairing prove who
is there. Source: docs/hap_controller/wire.md §1.1 to §1.6.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
import re
from typing import Final
from urllib.parse import urlsplit

from .catalogue import OTHER_CATEGORY, Category, category
from .const import MAX_NAME_CHARS, FeatureFlag, StatusFlag

SERVICE_TYPE: Final = "_hap._tcp.local."
THREAD_SERVICE_TYPE: Final = "_hap._udp.local."

# Six bytes in hexadecimal with colons; accessories that spell them otherwise are not known, and not refused.
_DEVICE_ID: Final = re.compile(r"[0-9A-Za-z:._-]{1,36}")
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}")
# Base64 of four bytes.
_SETUP_HASH: Final = re.compile(r"[0-9A-Za-z+/]{6}(?:==)?")
_ZONE: Final = re.compile(r"[0-9A-Za-z._-]{1,32}")
# A name that systems look up. What ends in a number is an address, or a slip of the keyboard that no name server should
# see; letters beyond ASCII are for names that mDNS has.
_HOST_NAME: Final = re.compile(
    r"(?![.-])(?!.*\.\.)(?!(?:.*\.)?[0-9]+\.?$)[^\s\x00-\x1f\x7f/:@%?#\[\]\\]{1,253}"
)
_MAX_NUMBER: Final = 2**32 - 1
_MAX_ADDRESSES: Final = 16
_MAX_PORT: Final = 65535
_USUAL_VERSION: Final = "1.0"
# In between, it is looked for where it was.
_BELIEVED_REFUSALS: Final = 3


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an accessory says of itself on the network."""

    device_id: str
    """As announced; compare ``key``."""
    name: str
    """For people; empty when nothing legible is left of it."""
    model: str
    config_number: int
    """``c#``: any change means that the description changed (§1.6)."""
    state_number: int
    status_flags: int
    """``sf``, also bits that nobody knows."""
    feature_flags: int
    """``ff``."""
    category_number: int
    protocol_version: str
    setup_hash: str | None
    """Base64; tells which scanned payload belongs to it."""
    addresses: tuple[str, ...] = field(repr=False)
    """In the order they were given; empty when none can be used."""
    port: int | None

    @property
    def key(self) -> str:
        """The device id as it is compared."""
        return self.device_id.lower()

    @property
    def paired(self) -> bool:
        """Whether some controller has paired it."""
        return not self.status_flags & StatusFlag.UNPAIRED

    @property
    def category(self) -> Category:
        """What it mainly is; for icons only."""
        return category(self.category_number)

    @property
    def usable(self) -> bool:
        """Whether there is somewhere to connect to."""
        return bool(self.addresses and self.port)


def read_announcement(
    name: str,
    properties: Mapping[str, str | None] | Mapping[bytes, bytes | None],
    addresses: Iterable[str],
    port: int | None,
) -> Announcement | None:
    """Read the TXT record of a service by its instance name; None when it has no device id yet (§1.2).

    Keys are matched in any case; a key without a value counts as absent, and one that is no number like it.
    """
    texts: dict[str, str] = {}
    for key, value in properties.items():
        if value:
            texts.setdefault(_decoded(key).lower(), _decoded(value))
    device_id = texts.get("id", "")
    if not _DEVICE_ID.fullmatch(device_id):
        return None

    def number(key: str, default: int = 0) -> int:
        text = texts.get(key, "")
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_NUMBER))):
            return default
        return int(text) if int(text) <= _MAX_NUMBER else default

    version = texts.get("pv", "")
    setup_hash = texts.get("sh", "")
    return Announcement(
        device_id,
        display_name(name),
        _plain(texts.get("md", "")),
        number("c#"),
        number("s#"),
        number("sf"),
        number("ff"),
        number("ci", OTHER_CATEGORY),
        version if _VERSION.fullmatch(version) else _USUAL_VERSION,
        setup_hash if _SETUP_HASH.fullmatch(setup_hash) else None,
        usable_addresses(addresses),
        port if port and 0 < port <= _MAX_PORT else None,
    )


def _decoded(text: str | bytes) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _plain(text: str) -> str:
    """Make a text fit for people and registries."""
    printable = filter(str.isprintable, text[: 4 * MAX_NAME_CHARS])
    return "".join(printable).strip()[:MAX_NAME_CHARS]


def display_name(instance: str) -> str:
    """Give the part of an instance name that people chose (§1.1)."""
    for service_type in (SERVICE_TYPE, THREAD_SERVICE_TYPE):
        if instance.lower().endswith(f".{service_type}"):
            return _plain(instance[: -len(service_type) - 1])
    return _plain(instance)


def usable_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """Keep, in their order, the addresses that a connection can be made to (§1.5).

    Link-local and unspecified ones cannot; loopback can, for simulators.
    """
    usable = dict.fromkeys(text for text in addresses if _is_usable(text))
    return tuple(usable)[:_MAX_ADDRESSES]


def _is_usable(text: str) -> bool:
    bare, _, zone = text.partition("%")
    try:
        address = ip_address(bare)
    except ValueError:
        return False
    return not (
        address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or (zone and not _ZONE.fullmatch(zone))
    )


class Whereabouts:
    """Where to look for an accessory of ours: where it announces to be, and where it proved to be.

    Anyone can announce anything; nobody may keep us away with that.
    """

    def __init__(self, hosts: Iterable[str], port: int) -> None:
        """Begin with addresses, or names."""
        self.hosts = tuple(hosts)
        self.port = port
        self._wrong: set[str] = set()
        """Addresses at which another accessory is."""
        self._everywhere: tuple[str, ...] = ()
        """The addresses of this attempt, also wrong ones."""
        self._aimed = 0
        """The port of this attempt."""
        self._here: tuple[str, int] | None = None
        """Where this attempt got to."""
        self._proven: tuple[str, int] | None = None
        """Where the accessory was when it proved last that it is the one."""
        self._elsewhere = False
        """Whether this attempt goes to where the accessory announces to be, and that is another place."""
        self._refusals = 0
        """How often somebody did not know us there since."""

    def announced(self, hosts: Iterable[str], port: int | None) -> None:
        """Take where the accessory announces to be; the next attempt goes there."""
        if (hosts := tuple(hosts)) and set(hosts) != set(self.hosts):
            self.hosts = hosts
            self._wrong.clear()
        self.port = port or self.port
        self._elsewhere = False

    async def aim(
        self, resolve: Callable[[Iterable[str]], Awaitable[tuple[str, ...]]]
    ) -> tuple[Sequence[str], int]:
        """Tell where to try: where the accessory announces to be, and in turn with that where it was, if it proved it."""
        self._elsewhere = not self._elsewhere and self._proven is not None
        if not self._elsewhere and self._proven is not None:
            host, self._aimed = self._proven
            self._everywhere = (host,)
        else:
            self._everywhere, self._aimed = await resolve(self.hosts), self.port
            if self._proven in {(host, self.port) for host in self._everywhere}:
                self._elsewhere = False
        hosts = [host for host in self._everywhere if plain_address(host) not in self._wrong]
        if not hosts:
            self._wrong.clear()
        return hosts or self._everywhere, self._aimed

    def reached(self, address: str) -> None:
        """Take which of the addresses answered."""
        # As it was given: an address of one link only is nothing without its zone.
        here = next((each for each in self._everywhere if plain_address(each) == address), None)
        self._here = (here, self._aimed) if here else None

    def proved(self) -> None:
        """Remember where the accessory is that proved to be the one."""
        self._proven = self._here or self._proven
        self._refusals = 0

    def refused(self) -> bool:
        """Take that whoever answered does not know us, which nobody has to prove; tells whether to believe it.

        At once where the accessory proved to be; elsewhere only if it cannot be found there meanwhile.
        """
        self._refusals += 1
        return self._proven in (None, self._here) or self._refusals >= _BELIEVED_REFUSALS

    def wrong(self, address: str) -> bool:
        """Remember an address at which another accessory is; tells whether to try the next one at once (§10.3)."""
        known = address in self._wrong
        self._wrong.add(address)
        return not known and bool({plain_address(each) for each in self._everywhere} - self._wrong)


def plain_address(host: str) -> str:
    """Write an address as it stands in requests, without zone; anything else stays as it is."""
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return host


# --- what people type ---------------------------------------------------------------------------


def is_host_name(text: str) -> bool:
    """Tell whether a text can be the name of a host, which an address is not."""
    return _HOST_NAME.fullmatch(text) is not None


def parse_host(text: str) -> tuple[str, int | None]:
    """Read an address as people type it: a name, IPv4 or IPv6, with or without scheme, brackets, port and path.

    Raises ValueError for what names no host. Accessories have no usual port: None means that it must be asked for.
    """
    text = text.strip()
    if "://" not in text and text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    parts = urlsplit(text if "://" in text else f"//{text}")
    host, port = parts.hostname or "", parts.port
    if parts.username is not None or port == 0:
        raise ValueError("not a host")
    if is_host_name(host):
        return host, port
    address = ip_address(host.replace("%25", "%"))  # URLs encode the sign in front of a zone
    if address.is_unspecified or address.is_multicast:
        raise ValueError("not an address of an accessory")
    return str(address), port


# --- for people, §1.3 ---------------------------------------------------------------------------


def status_texts(flags: int) -> list[str]:
    """Say what the status flags mean, one sentence each; the first is always about pairing."""
    texts = [
        "The accessory is not paired with any controller."
        if flags & StatusFlag.UNPAIRED
        else "The accessory is paired."
    ]
    if flags & StatusFlag.NO_WIFI:
        texts.append("The accessory has not joined a Wi-Fi network.")
    if flags & StatusFlag.PROBLEM:
        texts.append("The accessory reports a problem.")
    return texts


def feature_text(flags: int) -> str:
    """Say how an accessory proves what it is when it is paired."""
    ways = []
    if flags & FeatureFlag.HARDWARE_AUTH:
        ways.append("an Apple coprocessor")
    if flags & FeatureFlag.SOFTWARE_AUTH:
        ways.append("software")
    return (
        f"Authenticates itself by {' and '.join(ways)}" if ways else "Does not authenticate itself"
    )
