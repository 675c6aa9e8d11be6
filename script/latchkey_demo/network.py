"""A network of the demo's own, in which mDNS works as it does in a house.

Home Assistant does not listen on loopback addresses, and in the machine's real networks anybody could hear of the
simulated homes, and pair them. A network namespace has a loopback interface of its own; to that an address is given
which is no loopback address, and multicast is routed there. Linux lets most ordinary users make one.
"""

from collections.abc import Callable, Iterator
import errno
import os
from pathlib import Path
import signal
import socket
import struct
import sys
from typing import NoReturn

from .arguments import HOST, OWN
from .errors import DemoError
from .progress import Progress

OWN_ADDRESS = "198.18.0.1"
"""Of a range for tests of network devices, which no real network has (RFC 2544)."""
MULTICAST = "224.0.0.0"
PROBE_LIMIT_S = 10

# linux/netlink.h, linux/rtnetlink.h, linux/if.h
_MESSAGE, _ERROR, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=i"), struct.Struct("=HH")
_LINK, _ADDRESS = struct.Struct("=BxHiII"), struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NLMSG_ERROR, _NLM_F_REQUEST, _NLM_F_ACK = 2, 1, 4
_NLM_F_REPLACE, _NLM_F_CREATE = 0x100, 0x400
_RTM_SETLINK, _RTM_NEWADDR, _RTM_NEWROUTE = 19, 20, 24
_IFF_UP, _IFF_MULTICAST = 0x1, 0x1000
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_OIF, _RTA_PREFSRC = 1, 4, 7
_TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_LINK, _UNICAST = 254, 4, 253, 1
_WHOLE = 32


def enter(wanted: str, progress: Progress) -> str:
    """Go where the demo shall run, and tell where that is: ``OWN``, or ``HOST`` if it cannot be had.

    Raises DemoError when a network of its own is wanted and cannot be had.
    """
    if wanted == HOST:
        reason: str | None = "as it was asked to"
    elif (reason := probe()) and wanted == OWN:
        raise DemoError(f"a network of its own cannot be had: {reason}")
    if reason:
        progress.say(f"network: this machine's, devices are added by their addresses ({reason})")
        return HOST
    try:
        enter_own()
    except OSError as err:  # although it has just been tried
        raise DemoError(
            f"a network of its own failed: {err}; --network {HOST} does without"
        ) from err
    progress.say("network: one of its own, devices are discovered by mDNS")
    return OWN


def probe() -> str | None:
    """Try in another process; gives the reason when it cannot be done."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(enter_own, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read().decode()
    _, status = os.waitpid(child, 0)
    return text or (f"the trial ended with {status}" if status else None)


def _answer(work: Callable[[], None], writing: int) -> NoReturn:
    """Do something in a child, write down what went wrong, and end."""
    code = 1
    try:
        signal.alarm(PROBE_LIMIT_S)
        work()
        code = 0
    except Exception as err:  # noqa: BLE001  whatever it is, the caller does without
        os.write(writing, (str(err) or repr(err)).encode())
    finally:
        os._exit(code)


def enter_own() -> None:
    """Take this process, which has one thread, and all its later children into a network of its own.

    Raises OSError when the machine does not allow it; where the process is then, nobody can tell.
    """
    user, group = os.getuid(), os.getgid()
    try:
        os.unshare(os.CLONE_NEWNET)  # as an administrator may, who then loses no right to files
    except PermissionError:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny", encoding="ascii")
        (own / "uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        (own / "gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _furnish()
    _try_multicast()


def _furnish() -> None:
    """Bring the loopback interface up, with an address and routes."""
    lo = socket.if_nametoindex("lo")
    own = socket.inet_aton(OWN_ADDRESS)
    flags = _IFF_UP | _IFF_MULTICAST
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        _ask(kernel, _RTM_SETLINK, _LINK.pack(socket.AF_UNSPEC, 0, lo, flags, flags))
        address = _ADDRESS.pack(socket.AF_INET, _WHOLE, 0, 0, lo)
        _ask(kernel, _RTM_NEWADDR, address, {_IFA_LOCAL: own, _IFA_ADDRESS: own})
        # No other route: what wants to go further is told at once that there is nothing.
        family, bits, table = socket.AF_INET, 4, _TABLE_MAIN
        route = _ROUTE.pack(family, bits, 0, 0, table, _PROTOCOL_STATIC, _SCOPE_LINK, _UNICAST, 0)
        to = {_RTA_DST: socket.inet_aton(MULTICAST)}
        via = {_RTA_OIF: struct.pack("=I", lo), _RTA_PREFSRC: own}
        _ask(kernel, _RTM_NEWROUTE, route, to | via)


def _ask(
    kernel: socket.socket, kind: int, body: bytes, attributes: dict[int, bytes] | None = None
) -> None:
    """Have the kernel change something. Raises OSError when it refuses."""
    for number, value in (attributes or {}).items():  # all values are 4 bytes: nothing to pad
        body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), number) + value
    flags = _NLM_F_REQUEST | _NLM_F_ACK | _NLM_F_CREATE | _NLM_F_REPLACE
    kernel.send(_MESSAGE.pack(_MESSAGE.size + len(body), kind, flags, 1, 0) + body)
    for found, said in _messages(kernel.recv(65536)):
        if found == _NLMSG_ERROR and (number := -_ERROR.unpack_from(said)[0]):
            raise OSError(number, os.strerror(number))


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split what the kernel says."""
    while len(data) >= _MESSAGE.size:
        length, kind, *_ = _MESSAGE.unpack_from(data)
        yield kind, data[_MESSAGE.size : length]
        data = data[max(length, _MESSAGE.size) :]


def _try_multicast() -> None:
    """Send something to a group and hear it. Raises OSError when that does not work."""
    group, own = socket.inet_aton("224.0.0.251"), socket.inet_aton(OWN_ADDRESS)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("", 0))
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + own)
        ear.settimeout(1.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            mouth.sendto(b"latchkey", ("224.0.0.251", ear.getsockname()[1]))
        try:
            _, (sender, _) = ear.recvfrom(64)
        except TimeoutError:
            raise OSError(errno.EHOSTUNREACH, "multicast is not heard") from None
        if sender != OWN_ADDRESS:
            raise OSError(errno.EHOSTUNREACH, f"multicast is heard from {sender}")
