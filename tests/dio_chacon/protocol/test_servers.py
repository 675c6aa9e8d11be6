"""Which server addresses may be given credentials."""

from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.dio_chacon.protocol import LOGIN_URL, WEBSOCKET_URL, Servers
from custom_components.dio_chacon.protocol.errors import UnsupportedError
from custom_components.dio_chacon.protocol.servers import (
    MAX_ADDRESS_CHARS,
    checked_address,
    is_loopback,
)


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        (WEBSOCKET_URL, "wss"),
        (LOGIN_URL, "https"),
        ("wss://eu.example.org/ws", "wss"),
        ("WSS://eu.example.org/ws", "wss"),
        ("wss://eu.example.org", "wss"),
        ("wss://eu.example.org:8443/a/b", "wss"),
        ("wss://192.168.1.4/ws", "wss"),
        ("ws://127.0.0.1:8765/ws", "wss"),
        ("ws://127.9.9.9/ws", "wss"),
        ("ws://localhost:8765/ws", "wss"),
        ("ws://LOCALHOST:8765/ws", "wss"),
        ("ws://[::1]:8765/ws", "wss"),
        ("http://127.0.0.1:8765/login", "https"),
    ],
)
def test_accepted(address: str, scheme: str) -> None:
    """Encrypted anywhere, plain on this very machine; blanks around are no part of it."""
    assert checked_address(address, scheme) == address
    assert checked_address(f"  {address}\n", scheme) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "eu.example.org",
        "eu.example.org/ws",
        "//eu.example.org/ws",
        "wss:eu.example.org",
        "wss:/eu.example.org",
        "wss://",
        "wss:///ws",
        "wss://:443/ws",
        "https://eu.example.org/ws",
        "http://127.0.0.1/ws",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ws://eu.example.org/ws",
        "ws://192.168.1.4/ws",
        "ws://127.0.0.1.example.org/ws",
        "ws://localhost.example.org/ws",
        "ws://0.0.0.0/ws",
        "ws://127.1/ws",
        "ws://2130706433/ws",
        "ws://①②⑦.⓪.⓪.①/ws",
        "ws://127.0.0.1@eu.example.org/ws",
        "ws://127.0.0.1\\@eu.example.org/ws",
        "ws://127.0.0.1%00.example.org/ws",
        "wss://someone:secret@eu.example.org/ws",
        "wss://someone@eu.example.org/ws",
        "wss://@eu.example.org/ws",
        "wss://eu.example.org/ws?region=eu",
        "wss://eu.example.org/ws?",
        "wss://eu.example.org/ws#part",
        "wss://eu.example.org/ws#",
        "wss://eu.example.org?#",
        "wss://eu.example.org:99999/ws",
        "wss://eu.example.org:x/ws",
        "wss://[::1/ws",
        "wss://eu example.org/ws",
        "wss://eu.exam\nple.org/ws",
        "wss://eu.example.org/w s",
        "wss://eu.example.org/ws\x00",
        "wss://eu\x00.example.org/ws",
        "wss://eu.example.org/\x7f",
    ],
    ids=repr,
)
def test_refused(address: str) -> None:
    """Anything else is refused, without repeating what may be a secret typed into the wrong field."""
    with pytest.raises(UnsupportedError) as caught:
        checked_address(address, "wss")
    assert not address.strip() or address.strip() not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("size", "accepted"), [(0, True), (1, False), (10**6, False)])
def test_length(size: int, accepted: bool) -> None:
    """An address is of a bounded length."""
    address = "wss://eu.example.org/"
    address += "a" * (MAX_ADDRESS_CHARS - len(address) + size)
    if accepted:
        assert checked_address(address, "wss") == address
    else:
        with pytest.raises(UnsupportedError):
            checked_address(address, "wss")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.255.255.254", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("", False)),
        *(("localhost.example.org", False), ("127.1", False), ("1", False), ("127.0.0.1.", False)),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    """Only what is this machine by its own name."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_plain_addresses_are_told_what_is_wrong(scheme: str) -> None:
    """The message says what the address must begin with, and where not."""
    message = f"server address must start with {scheme}://, except on this machine"
    with pytest.raises(UnsupportedError, match=f"^{message}$"):
        checked_address("http://cloud.example.org", scheme)


def test_servers() -> None:
    """Both addresses are checked when they are given, each for its own scheme."""
    assert Servers() == Servers(LOGIN_URL, WEBSOCKET_URL)
    assert Servers(" https://h/l ", " wss://h/w ") == Servers("https://h/l", "wss://h/w")
    for wrong in ({"login_url": "wss://h/l"}, {"websocket_url": "https://h/w"}):
        with pytest.raises(UnsupportedError):
            Servers(**wrong)


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="wshtps:/.@[]?#%\\ 0123456789localhost①。", max_size=30).map(
            "ws://".__add__
        ),
        st.tuples(st.sampled_from(("ws", "wss", "http", "https")), st.text(max_size=20)).map(
            "://".join
        ),
    ),
    st.sampled_from(("wss", "https")),
)
def test_any_address(address: str, scheme: str) -> None:
    """What is accepted reads alike in the library that connects: same host, no user, room for a query."""
    try:
        checked = checked_address(address, scheme)
    except UnsupportedError:
        return
    url = URL(f"{checked}?a=b", encoded=True)
    assert url.raw_query_string == "a=b"
    assert not url.raw_fragment
    assert url.user is None
    assert url.host
    if url.scheme != scheme:
        assert is_loopback(url.host)
