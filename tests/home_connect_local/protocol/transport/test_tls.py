"""TLS with the key of a profile: which suites are offered, and with which of them it works."""

import asyncio
import ssl

import pytest

from custom_components.home_connect_local.protocol.errors import UnsupportedError
from custom_components.home_connect_local.protocol.refusals import KeyRefusedError
from custom_components.home_connect_local.protocol.transport import psk_context
from tests.support.clock import run_real

from .appliance import HINT, KEY, Appliance, alerting, listening, opening, server_context, serving

pytestmark = pytest.mark.usefixtures("socket_enabled")

SEEN = [
    "ECDHE-PSK-CHACHA20-POLY1305",
    "ECDHE-PSK-AES128-CBC-SHA256",
    "ECDHE-PSK-AES256-CBC-SHA384",
    "PSK-AES256-GCM-SHA384",
]


def test_suites() -> None:
    """Only such with a pre-shared key, none that encrypts nothing, those with forward secrecy first (§5.1)."""
    # OpenSSL lists the suites of TLS 1.3 too, whatever versions are allowed.
    suites = [each for each in psk_context(KEY).get_ciphers() if each["protocol"] != "TLSv1.3"]
    names = [suite["name"] for suite in suites]
    assert names[:3] == SEEN[:3]
    assert SEEN[3] in names
    for suite in suites:
        assert "PSK" in suite["name"].split("-")
        assert "NULL" not in suite["name"]
        assert "Enc=None" not in suite["description"]
        assert suite["alg_bits"] >= 128
        assert suite["auth"] == "auth-psk"
        assert suite["kea"] in {"kx-ecdhe-psk", "kx-dhe-psk", "kx-psk"}


def test_a_bare_psk_would_not_do() -> None:
    """It stands for suites that encrypt nothing, which is why they are taken out by name (§5.1)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("PSK:@SECLEVEL=0")
    assert any("NULL" in suite["name"] for suite in context.get_ciphers())


def test_versions() -> None:
    """TLS 1.2 exactly, no certificates, no name to check (§5.1)."""
    context = psk_context(KEY)
    assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname
    assert context.get_ca_certs() == []


def test_without_support(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some Pythons are built without; trying again does not help."""
    monkeypatch.setattr(ssl, "HAS_PSK", False)
    with pytest.raises(UnsupportedError):
        psk_context(KEY)


@pytest.mark.parametrize("hint", [HINT, None, "something else"])
@pytest.mark.parametrize("suite", SEEN)
def test_each_suite(suite: str, hint: str | None) -> None:
    """Every suite that appliances have leads to a link, with whatever hint (§5.1)."""

    async def main() -> None:
        appliance = Appliance()
        identities: list[str | None] = []
        context = server_context(ciphers=suite, hint=hint, identities=identities)
        async with serving(appliance, context) as port, opening(port) as transport:
            websocket = await appliance.opened.get()
            tls = appliance.requests[0].get_extra_info("ssl_object")
            assert tls.cipher()[0] == suite
            assert tls.version() == "TLSv1.2"
            assert identities == ["HCCOM_Local_App"]
            await websocket.send_str("hello")
            assert await transport.receive() == "hello"

    run_real(main())


@pytest.mark.parametrize(
    "context",
    [
        server_context(bytes(32)),
        server_context(KEY[:-1]),
        server_context(ciphers="PSK-NULL-SHA256"),
        server_context(ciphers="ECDHE-PSK-NULL-SHA256"),
        server_context(ciphers="ADH-AES128-SHA256"),
        server_context(version=ssl.TLSVersion.TLSv1_3),
    ],
    ids=["key", "short key", "null", "ecdhe null", "anonymous", "version"],
)
@pytest.mark.parametrize("alert", [True, False], ids=["alert", "hang up"])
def test_refused(context: ssl.SSLContext, alert: bool) -> None:
    """A wrong key, nothing but suites that protect nothing, a newer version: no link, with or without an alert (§5.1)."""

    async def main() -> None:
        server = listening(alerting(context)) if alert else serving(Appliance(), context)
        async with server as port:
            with pytest.raises(KeyRefusedError) as caught:
                async with opening(port):
                    pass
            assert ("ALERT" in str(caught.value)) == alert
            assert KEY.hex() not in repr(caught.value)

    run_real(main())


def test_a_context_serves_many_links() -> None:
    """It is made once per key: each link is a full handshake, also two at a time."""

    async def main() -> None:
        appliance = Appliance()
        identities: list[str | None] = []
        async with serving(appliance, server_context(identities=identities)) as port:
            async with opening(port), opening(port):
                pass
            async with opening(port):
                pass
            while len(appliance.close_codes) < 3:
                await asyncio.sleep(0.001)
            assert len(identities) == 3

    run_real(main())
