"""One TCP connection to an accessory.

Source: docs/hap_controller/wire.md §6.7, §10.2.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
import socket
from typing import Final

import aiohappyeyeballs

from ..const import CONNECT_LIMIT_S, HAPPY_EYEBALLS_S
from ..discovery import is_host_name, plain_address
from ..errors import ConnectError, LinkClosedError

_READ_BYTES: Final = 256 * 1024
# A name with more addresses than this is a mistake, or a trap.
_MAX_ADDRESSES: Final = 16
# A peer that vanished is noticed within the minute, also when nothing is asked of it: 20 s + 3 times 10 s.
_KEEPALIVE: Final = (
    ("TCP_KEEPIDLE", 20),
    ("TCP_KEEPINTVL", 10),
    ("TCP_KEEPCNT", 3),
)


class TcpTransport:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap a connection that is open; raises LinkClosedError when it is not any more."""
        self._reader = reader
        self._writer = writer
        if (peer := writer.get_extra_info("peername")) is None:
            raise LinkClosedError("the accessory closed the link at once")
        self.host = plain_address(peer[0])
        """The peer's address, without zone and port."""

    async def send(self, data: bytes) -> None:
        """Write a request, in one write; raises LinkClosedError."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as err:
            raise LinkClosedError(f"the link was lost while writing: {type(err).__name__}") from err

    async def receive(self) -> bytes:
        """Wait for bytes; raises LinkClosedError when there will be none. Nothing is lost when this is cancelled."""
        try:
            data = await self._reader.read(_READ_BYTES)
        except OSError as err:
            raise LinkClosedError(f"the link was lost: {type(err).__name__}") from err
        if not data:
            raise LinkClosedError("the accessory closed the link")
        return data


@asynccontextmanager
async def open_tcp(hosts: Sequence[str], port: int) -> AsyncIterator[TcpTransport]:
    """Connect to whichever of an accessory's addresses answers first, and close in the end.

    ``hosts`` are addresses, or names, which are looked up. Raises ConnectError.
    """
    sock = await _connect(await resolve(hosts), port)
    try:
        reader, writer = await asyncio.open_connection(sock=sock, limit=_READ_BYTES)
    except BaseException:
        sock.close()
        raise
    try:
        yield TcpTransport(reader, writer)
    finally:
        # What is still to be written is worth nothing to anybody, and a peer that does not read must not hold us up.
        writer.transport.abort()


async def resolve(hosts: Iterable[str]) -> tuple[str, ...]:
    """Give addresses for all hosts, in their order: addresses as they are, those of names as the system finds them.

    Names are looked up anew each time, since what is behind them moves. What cannot be found is left out; raises
    ConnectError when nothing is left.
    """
    hosts = tuple(dict.fromkeys(hosts))
    found = await asyncio.gather(*map(_addresses, hosts))
    addresses = tuple(dict.fromkeys(address for each in found for address in each))
    if not addresses:
        named = any(map(is_host_name, hosts))
        raise ConnectError(
            "the name of the accessory is not known in this network"
            if named
            else "no address of the accessory is known"
        )
    return addresses


async def _addresses(host: str) -> list[str]:
    """Give the addresses of one host; none when it has none."""
    if _is_address(host):
        return [host]
    return await _look_up(host) if is_host_name(host) else []


async def _look_up(name: str) -> list[str]:
    """Ask the system for the addresses of a name; none when it has none, or takes too long."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            infos = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError, UnicodeError:  # the latter for names that no encoding of names can hold
        return []
    return [_scoped(info[4]) for info in infos if info[0] in (socket.AF_INET, socket.AF_INET6)][
        :_MAX_ADDRESSES
    ]


def _scoped(end: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]) -> str:
    """Write an address that the system found, with the zone that it may have."""
    host = str(end[0])
    zone = end[3] if len(end) > 3 else 0
    return f"{host}%{zone}" if zone and "%" not in host else host


def is_host(text: str) -> bool:
    """Tell whether a text can be an address, or a name to be looked up."""
    return _is_address(text) or is_host_name(text)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _connect(hosts: Sequence[str], port: int) -> socket.socket:
    """Open a socket, with a head start for each address before the next is tried as well."""
    infos = [_address_info(host, port) for host in hosts]
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            sock = await aiohappyeyeballs.start_connection(
                infos, happy_eyeballs_delay=HAPPY_EYEBALLS_S, interleave=1
            )
    except (OSError, RuntimeError) as err:  # the latter is what some loops make of it
        raise ConnectError(f"the accessory cannot be reached: {type(err).__name__}") from err
    with suppress(OSError):  # the peer may be gone already; that shows soon enough
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):  # some systems have it under another name
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock


def _address_info(host: str, port: int) -> aiohappyeyeballs.AddrInfoType:
    """Describe an address as the resolver would."""
    address = ip_address(host)
    family, end = (
        (socket.AF_INET, (str(address), port))
        if address.version == 4
        else (socket.AF_INET6, (str(address).partition("%")[0], port, 0, _scope(host)))
    )
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", end


def _scope(host: str) -> int:
    """Number the network interface that a link-local address belongs to."""
    zone = host.partition("%")[2]
    if zone.isdecimal():
        return int(zone)
    try:
        return socket.if_nametoindex(zone) if zone else 0
    except OSError:
        return 0
