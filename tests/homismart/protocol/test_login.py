"""Where a redirect may lead: a login carries a reusable digest (§6)."""

import json

from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.homismart.protocol.const import WEBSOCKET_URL
from custom_components.homismart.protocol.conversation import Noticed
from custom_components.homismart.protocol.errors import LinkError
from custom_components.homismart.protocol.frames import decode
from custom_components.homismart.protocol.login import Address, RedirectError, Route
from custom_components.homismart.protocol.messages import Redirect, read_message
from tests.common import load_vectors

from .strategies import REDIRECTS
from .talk import Talk

PATH = "/homismartmain/websocket"
PROD = "prod.homismart.com"
LOOPBACK = "ws://127.0.0.1:8000/simulated"


def follow(route: Route, ip: object, port: object = "9443") -> float | None:
    """Hear a redirect; gives the wait, None when it is not followed."""
    message = read_message(decode("0039" + json.dumps({"ip": ip, "port": port})))
    return route.follow(message) if isinstance(message, Redirect) else None


def target(base: str, ip: object, port: object = "9443") -> Address | None:
    """Tell where a redirect from the configured server leads; None for nowhere."""
    route = Route(base)
    assert route.take() == Address(base)
    return None if follow(route, ip, port) is None else route.take()


def test_the_configured_server_is_the_vendors() -> None:
    """By default; the host stands in one place (§2)."""
    assert WEBSOCKET_URL == "wss://prod.homismart.com:443/homismartmain/websocket"


@pytest.mark.parametrize(
    ("ip", "host", "name"),
    [
        ("s2.homismart.com", "s2.homismart.com", None),
        ("S2.HomiSmart.COM", "s2.homismart.com", None),
        ("s-2.eu.homismart.com", "s-2.eu.homismart.com", None),
        ("198.51.99.7", "198.51.99.7", PROD),
        ("1.1.1.1", "1.1.1.1", PROD),
        ("2606:4700:4700::1111", "2606:4700:4700::1111", PROD),
        ("2606:4700:4700:0:0:0:0:1111", "2606:4700:4700::1111", PROD),
    ],
)
def test_targets(ip: str, host: str, name: str | None) -> None:
    """Names of the vendor, and global addresses that prove to be the vendor's by their certificate; always on 443."""
    found = target(WEBSOCKET_URL, ip)
    assert found is not None
    url = URL(found.url)
    assert (url.scheme, url.host, url.port, url.raw_path) == ("wss", host, 443, PATH)
    assert found.server_hostname == name
    assert not url.raw_query_string
    assert url.user is None


REFUSED = [
    "evil.example.com",
    "example.com",
    "homismart.com.example.com",
    "evilhomismart.com",
    "s2.evilhomismart.com",
    "s2.homismart.com.",
    "s2.homismart.com..",
    ".homismart.com",
    "..homismart.com",
    "a..homismart.com",
    "homismart.org",
    "s2.homismart.co",
    "s2_homismart.com",
    "s2.homismart.com/x?",
    "s2.homismart.com:9443",
    "s2.homismart.com#",
    "user@s2.homismart.com",
    "evil.example.com@s2.homismart.com",
    "evil.example.com\\.homismart.com",
    "evil.example.com/.homismart.com",
    "evil.example.com?.homismart.com",
    "evil.example.com#.homismart.com",
    "evil.example.com%2f.homismart.com",
    "evil.example.com\x00.homismart.com",
    " s2.homismart.com",
    "s2.homismart.com ",
    "s2.homismart.com\n",
    "s2 .homismart.com",
    "s2。homismart.com",
    "ſ2.homismart.com",
    "ｓ2.homismart.com",
    "*.homismart.com",
    "_.homismart.com",
    "-.homismart.com",
    "localhost",
    "localhost.homismart.com.localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "0.0.0.0",
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.1.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "203.0.113.7",
    "1.1.1.1.",
    "1.1.1.01",
    "1.1.1",
    "1.1.1.1/24",
    "1.1.1.1:443",
    "①.①.①.①",
    "::",
    "::1",
    "[::1]",
    "[2606:4700:4700::1111]",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "2606:4700:4700::1111%",
    "2606:4700:4700::1111%eth0",
    "2606:4700:4700::1111%@evil.example.com",
    "2606:4700:4700::1111%]@evil.example.com",
    "2606:4700:4700::1111%]@evil.example.com?",
    "2606:4700:4700::1111%]:443#",
    "2606:4700:4700::1111%\x00",
    "::1%]@evil.example.com?",
]


@pytest.mark.parametrize("ip", REFUSED, ids=repr)
@pytest.mark.parametrize(
    "base", [WEBSOCKET_URL, "wss://cloud.example.org/x"], ids=["vendor", "another"]
)
def test_no_targets(base: str, ip: str) -> None:
    """Nothing foreign, private, malformed or this very machine, in whatever spelling."""
    assert target(base, ip) is None


@pytest.mark.parametrize("host", ["prod.homismart.com", "s2.homismart.com"])
def test_a_name_like_ours_but_not_quite(host: str) -> None:
    """Letters that only look alike are others."""
    for letter, alike in (("o", "о"), ("m", "ｍ"), ("i", "ı"), ("s", "ѕ"), ("i", "İ")):
        assert target(WEBSOCKET_URL, host.replace(letter, alike)) is None


@pytest.mark.parametrize(
    "port", [None, "", "0", "65536", "-1", "https", "44 3", 443.5, True, []], ids=repr
)
def test_odd_ports(port: object) -> None:
    """A port is 1 to 65535, as number or as text, or the message counts for nothing."""
    assert target(WEBSOCKET_URL, "s2.homismart.com", port) is None


@pytest.mark.parametrize("port", ["1", "443", "65535", 9443], ids=repr)
def test_the_announced_port_is_ignored_on_the_vendors_servers(port: object) -> None:
    """The vendor's own application always uses 443."""
    found = target(WEBSOCKET_URL, "s2.homismart.com", port)
    assert found is not None
    assert URL(found.url).port == 443


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("wss://prod.homismart.com/homismartmain/websocket", 443),
        ("wss://PROD.homismart.com:443/homismartmain/websocket", 443),
        ("WSS://prod.homismart.com:443/homismartmain/websocket", 443),
        ("wss://prom.homismart.com:443/homismartmain/websocket", 443),
        ("wss://prom.homismart.com/homismartmain/websocket", 443),
        ("wss://prod.homismart.com:8443/homismartmain/websocket", 9443),
        ("wss://staging.homismart.com:8443/other", 9443),
    ],
)
def test_port(base: str, expected: int) -> None:
    """However the vendor's address is spelt; only a configured port of its own makes ports matter (§6)."""
    found = target(base, "s2.homismart.com")
    assert found is not None
    url = URL(found.url)
    assert (url.scheme, url.host, url.port) == ("wss", "s2.homismart.com", expected)
    assert url.path == URL(base).path


@pytest.mark.parametrize(
    ("base", "ip", "expected"),
    [
        (LOOPBACK, "127.0.0.1", "ws://127.0.0.1:9443/simulated"),
        (LOOPBACK, "127.0.0.2", "ws://127.0.0.2:9443/simulated"),
        (LOOPBACK, "localhost", "ws://localhost:9443/simulated"),
        (LOOPBACK, "::1", "ws://[::1]:9443/simulated"),
        ("ws://[::1]:8000/simulated", "127.0.0.1", "ws://127.0.0.1:9443/simulated"),
        ("wss://localhost:8000/simulated", "localhost", "wss://localhost:9443/simulated"),
    ],
)
def test_simulators(base: str, ip: str, expected: str) -> None:
    """From this very machine to this very machine: scheme and path stay, the port is the announced one."""
    assert target(base, ip) == Address(expected)


@pytest.mark.parametrize(
    "ip",
    [each for each in REFUSED if each not in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost")],
    ids=repr,
)
def test_plain_text_stays_on_this_machine(ip: str) -> None:
    """A configured plain address never takes the digest to a network."""
    for host in (ip, "prod.homismart.com", "1.1.1.1", "2606:4700:4700::1111"):
        assert target(LOOPBACK, host) is None


@pytest.mark.parametrize(
    ("base", "ip", "port"),
    [
        (WEBSOCKET_URL, PROD, "443"),
        (WEBSOCKET_URL, "PROD.homismart.com", "9443"),
        ("wss://prod.homismart.com/homismartmain/websocket", PROD, "443"),
        ("wss://PROD.homismart.com:443/homismartmain/websocket", PROD, "443"),
        (LOOPBACK, "127.0.0.1", "8000"),
        ("ws://localhost:8000/simulated", "localhost", "8000"),
        ("ws://LOCALHOST:8000/simulated", "localhost", "8000"),
        ("ws://[::1]:8000/simulated", "::1", "8000"),
        ("ws://[0:0:0:0:0:0:0:1]:8000/simulated", "::1", "8000"),
        ("wss://prod.homismart.com:8443/x", PROD, "8443"),
    ],
)
def test_never_to_the_server_we_are_on(base: str, ip: str, port: str) -> None:
    """However it is spelt."""
    assert target(base, ip, port) is None


def test_never_to_the_redirected_server_we_are_on() -> None:
    """The same after a redirect; back to the configured one is allowed."""
    route = Route(WEBSOCKET_URL)
    route.take()
    assert follow(route, "s2.homismart.com") is not None
    route.take()
    assert follow(route, "S2.homismart.com", "1") is None
    assert follow(route, PROD) is not None


def test_five_in_a_row() -> None:
    """The third and later ones wait a second, the sixth is not followed (§6)."""
    route = Route(WEBSOCKET_URL)
    route.take()
    waits = []
    for number in range(7):
        waits.append(follow(route, f"s{number}.homismart.com"))
        route.take()
    assert waits[:2] == [0, 0]
    assert all(wait is not None and wait >= 1 for wait in waits[2:5])
    assert waits[5:] == [None, None]


def test_what_is_not_followed_does_not_count() -> None:
    """Nor does it change where we go."""
    route = Route(WEBSOCKET_URL)
    route.take()
    for _ in range(10):
        assert follow(route, "evil.example.com") is None
    assert follow(route, "s2.homismart.com") == 0
    assert URL(route.take().url).host == "s2.homismart.com"


def test_back_to_the_configured_server_after_a_loss() -> None:
    """The target of a redirect is not kept (§6)."""
    route = Route(WEBSOCKET_URL)
    route.take()
    follow(route, "s2.homismart.com")
    assert URL(route.take().url).host == "s2.homismart.com"
    route.forget()
    assert route.take() == Address(WEBSOCKET_URL)
    assert route.take() == Address(WEBSOCKET_URL)


def test_a_redirect_of_a_redirect_is_judged_by_the_configured_server() -> None:
    """A server we were sent to cannot send us to a place where the first could not."""
    route = Route(WEBSOCKET_URL)
    route.take()
    follow(route, "1.1.1.1")
    assert route.take().server_hostname == PROD
    assert follow(route, "127.0.0.1") is None
    assert follow(route, "evil.example.com") is None
    assert follow(route, "2606:4700:4700::1111") is not None
    assert route.take().server_hostname == PROD


# --- in the conversation --------------------------------------------------------------------


def test_instead_of_the_login_answer() -> None:
    """The connection is of no more use; the host is told, the digest is not."""
    talk = Talk()
    with pytest.raises(RedirectError) as caught:
        talk.hear(("0039", {"ip": "s2.homismart.com", "port": "9443"}))
    assert isinstance(caught.value, LinkError)
    assert "s2.homismart.com" in str(caught.value)
    assert caught.value.delay_s == 0
    assert list(talk.statistics.redirects) == ["s2.homismart.com"]


def test_at_any_later_time() -> None:
    """Long after the login it is the same (transcript ``redirect_running``)."""
    talk = Talk().log_in()
    talk.wait(5)
    with pytest.raises(RedirectError):
        talk.hear(("0039", {"ip": "s3.homismart.com", "port": "9443"}))


def test_bad_redirects_change_nothing() -> None:
    """They are news of no use, and the login goes on (transcript ``redirect_bad``)."""
    talk = Talk()
    for step in load_vectors("homismart", "redirect_bad")["steps"]:
        if step["dir"] == "s>c" and step["prefix"] == "0039":
            assert [type(event) for event in talk.hear((step["prefix"], step["json"]))] == [Noticed]
    talk.log_in()
    assert not talk.statistics.redirects


@given(
    st.lists(REDIRECTS, max_size=8), st.sampled_from((WEBSOCKET_URL, LOOPBACK, "wss://x.example/y"))
)
def test_any_redirect(bodies: list[object], base: str) -> None:
    """Whatever is said, what is opened next is an address that can be opened, of a host that may have the digest."""
    route = Route(base)
    route.take()
    for body in bodies:
        message = read_message(decode("0039" + json.dumps(body)))
        if not isinstance(message, Redirect) or route.follow(message) is None:
            continue
        found = route.take()
        url = URL(found.url)
        assert url.host
        assert url.user is None
        assert url.scheme == URL(base).scheme
        assert url.raw_path == URL(base).raw_path
        if base == LOOPBACK:
            assert url.host in ("localhost", "::1") or url.host.startswith("127.")
        else:
            assert url.host.endswith(".homismart.com") or found.server_hostname == PROD
