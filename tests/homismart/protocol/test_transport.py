"""Sockets of this vendor: TLS by name, redirects that lead somewhere, and frames of sixteen mebibytes.

What all vendors share of it is tested with the first of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
import pytest
from yarl import URL

from custom_components.homismart.protocol import ConnectError, LinkError, RedirectError
from custom_components.homismart.protocol.const import MAX_FRAME_BYTES
from custom_components.homismart.protocol.errors import FrameError, LinkClosedError
from custom_components.homismart.protocol.frames import Control
from custom_components.homismart.protocol.transport import WebSocketTransport, open_websocket
from tests.support.certificates import Authority
from tests.support.clock import run_real, run_virtual

from .cloud import PATH, PROD, Cloud, Link, Network
from .home import DIGEST, LIGHT, thing
from .running import Running, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

SECOND, THIRD, ADDRESS = "s2.homismart.com", "s3.homismart.com", "1.1.1.1"


# --- one websocket --------------------------------------------------------------------------


@asynccontextmanager
async def connected(cloud: Cloud) -> AsyncIterator[tuple[WebSocketTransport, Link]]:
    """Open a websocket to a cloud that says nothing by itself."""
    async with (
        cloud,
        aiohttp.ClientSession() as session,
        open_websocket(session, URL(cloud.url)) as transport,
    ):
        await until(lambda: cloud.links)
        yield transport, cloud.link


@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
def test_frame_of_the_limit(over: int) -> None:
    """Sixteen mebibytes arrive, one byte more ends the link (§3)."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            text = "0005" + "x" * (MAX_FRAME_BYTES - 4 + over)
            sending = asyncio.create_task(link.text(text))
            if over:
                with pytest.raises(FrameError):
                    await transport.receive()
            else:
                assert await transport.receive() == text
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    run_real(main())


def test_binary_frames_are_ignored() -> None:
    """They are no reason to give up a link (§3)."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            await link.ws.send_bytes(b"0009{}")
            await link.text("0072{}")
            assert await transport.receive() == "0072{}"

    run_real(main())


def test_pings_both_ways() -> None:
    """The server's are answered with what they carried, ours come back."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            await link.ws.ping(b"who is there")
            assert await transport.receive() is Control.PING
            await until(lambda: link.pongs_heard)
            await transport.send(Control.PING)
            assert await transport.receive() is Control.PONG
            assert link.pings == 1

    run_real(main())


@pytest.mark.parametrize("end", ["close", "abort"])
def test_the_end(end: str) -> None:
    """Whatever the manner, it is the end of the link and told by one name."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            if end == "close":
                await link.close(4000)
            else:
                link.abort()
            with pytest.raises(LinkClosedError):
                await transport.receive()
            await link.ended.wait()
            with pytest.raises(LinkClosedError):
                await insist(transport)

    run_real(main())


async def insist(transport: WebSocketTransport) -> None:
    """Write until that fails: the first words may still go into a buffer."""
    for _ in range(20):
        await transport.send("0072{}")
        await asyncio.sleep(0.001)


# --- the vendor's network -------------------------------------------------------------------


@asynccontextmanager
async def vendor(
    authority: Authority, *hosts: str, **others: Cloud
) -> AsyncIterator[tuple[Network, Cloud]]:
    """Serve some of the vendor's hosts, with a certificate for all of them; ``others`` by name with underscores."""
    cloud = Cloud(tls=authority.server("*.homismart.com"))
    async with cloud:
        servers = dict.fromkeys((PROD, *hosts), cloud)
        servers |= {name.replace("_", "."): other for name, other in others.items()}
        yield Network(authority.trusting(), servers), cloud


async def redirected(cloud: Cloud, run: Running, ip: str, port: str = "9443") -> Link:
    """Send the client elsewhere and wait for it there."""
    coming = asyncio.create_task(cloud.opened())
    await asyncio.sleep(0)
    await cloud.link.say("0039", {"ip": ip, "port": port})
    async with asyncio.timeout(30):
        link = await coming
    await run.back()
    return link


def test_the_vendors_server(authority: Authority) -> None:
    """By default: host, port, path, a certificate for the name, nothing else (§2)."""

    async def main() -> None:
        async with vendor(authority) as (network, cloud), running(session=network.session()) as run:
            assert network.dialled == [(PROD, 443)]
            assert cloud.link.name == PROD
            assert cloud.link.request.path == PATH
            assert run.client.host == PROD

    run_virtual(main())


@pytest.mark.parametrize("when", ["login", "later"])
def test_redirected_to_a_name(authority: Authority, when: str) -> None:
    """Port 443 whatever was announced, the certificate is checked for the new name, the list is read anew (§6)."""

    async def main() -> None:
        async with vendor(authority, SECOND) as (network, cloud):
            if when == "login":

                async def elsewhere(link: Link, prefix: str, body: Any) -> None:
                    if len(cloud.links) == 1:
                        await link.say("0039", {"ip": SECOND, "port": "9443"})
                    else:
                        await cloud.obey(link, prefix, body)

                cloud.react = elsewhere
            async with running(session=network.session()) as run:
                link = cloud.link
                if when == "later":
                    await asyncio.sleep(100)
                    link = await redirected(cloud, run, SECOND)
                assert network.dialled == [(PROD, 443), (SECOND, 443)]
                assert (link.name, link.host) == (SECOND, SECOND)
                assert link.prefixes() == ["0002", "0004"]
                assert run.client.host == SECOND
                assert cloud.links[0].close_code == 1000
                assert run.client.statistics.drops == {"RedirectError": 1}

    run_virtual(main())


def test_redirected_to_an_address(authority: Authority) -> None:
    """It is dialled as it is, and its certificate has to be valid for the configured name (§6)."""

    async def main() -> None:
        async with (
            vendor(authority, ADDRESS) as (network, cloud),
            running(session=network.session()) as run,
        ):
            link = await redirected(cloud, run, ADDRESS)
            assert network.dialled[-1] == (ADDRESS, 443)
            assert link.name == PROD

    run_virtual(main())


@pytest.mark.parametrize(
    ("host", "names"),
    [
        (SECOND, ["s3.homismart.com"]),
        (SECOND, ["homismart.com"]),
        (SECOND, ["*.example.com"]),
        (SECOND, []),
        (ADDRESS, ["s2.homismart.com"]),
        (ADDRESS, [ADDRESS]),
        (ADDRESS, ["*.example.com"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else value,
)
def test_redirected_to_a_server_that_is_not_the_vendors(
    authority: Authority, host: str, names: list[str]
) -> None:
    """Without a certificate for the name it gets no digest; the client goes back to the configured server (§6, #11)."""

    async def main() -> None:
        async with (
            Cloud(tls=authority.server(*names)) as impostor,
            vendor(authority, **{host.replace(".", "_"): impostor}) as (network, cloud),
            running(session=network.session()) as run,
        ):
            await cloud.link.say("0039", {"ip": host, "port": "443"})
            await until(lambda: isinstance(run.client.last_error, ConnectError), 30)
            await until(lambda: len(cloud.links) == 2, 30)
            assert (host, 443) in network.dialled
            assert impostor.links == []
            assert network.dialled[-1] == (PROD, 443)

    run_virtual(main())


def test_an_authority_nobody_trusts(authority: Authority, tmp_path: Any) -> None:
    """The configured server itself is verified."""

    async def main() -> None:
        stranger = Authority(tmp_path)
        async with Cloud(tls=stranger.server("*.homismart.com")) as impostor:
            network = Network(authority.trusting(), {PROD: impostor})
            async with running(session=network.session(), ready=False) as run:
                with pytest.raises(ConnectError) as caught:
                    await run.client.ready(patient=False)
                assert "Certificate" in str(caught.value)
                assert impostor.links == []

    run_virtual(main())


@pytest.mark.parametrize(
    "ip",
    ["evil.example.com", "evilhomismart.com", "homismart.com.example.com", "127.0.0.1", "10.0.0.1"],
)
def test_redirected_to_somebody_else(authority: Authority, ip: str) -> None:
    """Such a host is not even looked up, and the link goes on (#11)."""

    async def main() -> None:
        async with (
            Cloud() as other,
            vendor(authority, **{ip.replace(".", "_"): other}) as (network, cloud),
            running(session=network.session()) as run,
        ):
            await cloud.link.say("0039", {"ip": ip, "port": "80"})
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert network.asked == [PROD]
            assert network.dialled == [(PROD, 443)]
            assert other.attempts == []

    run_virtual(main())


def test_the_target_is_not_kept(authority: Authority) -> None:
    """After any loss it is the configured server again; a dead target is left behind (§6, #11)."""

    async def main() -> None:
        async with (
            vendor(authority, SECOND) as (network, cloud),
            running(session=network.session()) as run,
        ):
            link = await redirected(cloud, run, SECOND)
            link.abort()
            await run.lost()
            await until(lambda: len(cloud.links) == 3, 30)
            assert network.dialled[-1] == (PROD, 443)
            await run.back()
            await cloud.link.say("0039", {"ip": THIRD, "port": "443"})
            await until(lambda: isinstance(run.client.last_error, ConnectError), 30)
            assert THIRD in str(run.client.last_error)
            await run.back(60)
            assert network.dialled[-1] == (PROD, 443)

    run_virtual(main())


def test_sent_round_in_circles(authority: Authority) -> None:
    """Five redirects in a row are followed, the third and later a second apart; then it is a failure like any other (§6)."""

    async def main() -> None:
        hosts = [f"s{number}.homismart.com" for number in range(1, 10)]
        async with vendor(authority, *hosts) as (network, cloud):

            async def onward(link: Link, prefix: str, body: Any) -> None:
                await link.say("0039", {"ip": hosts[len(cloud.links) % 9], "port": "443"})

            cloud.react = onward
            async with running(session=network.session(), ready=False) as run:
                await until(lambda: len(cloud.links) == 6, 30)
                await asyncio.sleep(9)
                assert len(cloud.links) == 6
                waits = [b - a for a, b in zip(cloud.attempts, cloud.attempts[1:], strict=False)]
                assert max(waits[:2]) < 0.5
                assert min(waits[2:]) >= 1
                await until(lambda: len(cloud.links) >= 7, 30)
                assert network.dialled[6] == (PROD, 443)
                assert not run.client.connected

    run_virtual(main())


def test_two_servers_that_let_us_in_and_send_us_on(authority: Authority) -> None:
    """A list does not make a server a good one: the loop is bounded all the same."""

    async def main() -> None:
        async with vendor(authority, SECOND) as (network, cloud):

            async def onward(link: Link, prefix: str, body: Any) -> None:
                await cloud.obey(link, prefix, body)
                if prefix == "0004":
                    ip = PROD if link.name == SECOND else SECOND
                    await link.say("0039", {"ip": ip, "port": "443"})

            cloud.react = onward
            async with running(session=network.session(), ready=False):
                await asyncio.sleep(120)
                assert len(cloud.links) <= 6

    run_virtual(main())


def test_redirects_of_a_healthy_link_do_not_add_up(authority: Authority) -> None:
    """A server that moves its clients every now and then may do so for ever."""

    async def main() -> None:
        async with (
            vendor(authority, SECOND) as (network, cloud),
            running(session=network.session()) as run,
        ):
            for number in range(7):
                await asyncio.sleep(61)
                await redirected(cloud, run, SECOND if number % 2 == 0 else PROD)
            assert len(cloud.links) == 8

    run_virtual(main())


def test_a_redirect_is_a_short_interruption(authority: Authority) -> None:
    """States stay, and the link is back well within ten seconds (§6)."""

    async def main() -> None:
        async with (
            vendor(authority, SECOND) as (network, cloud),
            running(session=network.session()) as run,
        ):
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            cloud.objects = [
                thing(LIGHT, power=False) if each["id"] == LIGHT else each for each in cloud.objects
            ]
            before = len(run.changes)
            started = asyncio.get_running_loop().time()
            await redirected(cloud, run, SECOND)
            assert asyncio.get_running_loop().time() - started < 1
            loss, back = run.changes[before:]
            assert isinstance(getattr(loss, "error", None), RedirectError)
            assert getattr(back, "connected", False)
            assert run.device(LIGHT).is_on is False

    run_virtual(main())


def test_plain_text_to_a_second_simulator() -> None:
    """From loopback to loopback the announced port counts (§6)."""

    async def main() -> None:
        async with Cloud() as first, Cloud() as second, running(first.url) as run:
            await first.link.say("0039", {"ip": "127.0.0.1", "port": str(second.port)})
            await run.lost()
            await run.back()
            assert second.link.request.path == PATH
            second.link.abort()
            await run.lost()
            await run.back()
            assert len(first.links) == 2

    run_virtual(main())


def test_plain_text_never_leaves_this_machine(authority: Authority) -> None:
    """Not even to the vendor: a configured plain address stays here."""

    async def main() -> None:
        async with Cloud() as first:
            network = Network(authority.trusting(), {PROD: first})
            async with running(
                first.url.replace("127.0.0.1", "localhost"), session=network.session(), ready=False
            ) as run:
                await until(lambda: network.asked)
                assert network.asked[0] == "localhost"
                assert not run.client.connected
        async with Cloud() as first, running(first.url) as run:
            for ip in (PROD, SECOND, ADDRESS, "192.168.1.1", "example.com"):
                await first.link.say("0039", {"ip": ip, "port": "80"})
            await first.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert len(first.links) == 1

    run_virtual(main())


@pytest.mark.parametrize("location", ["ws://127.0.0.1:{port}/x", "http://127.0.0.1:{port}/x"])
def test_upgrade_is_not_redirected(location: str) -> None:
    """HTTP redirects of the websocket lead nowhere: the digest is not taken there."""

    async def main() -> None:
        async with Cloud() as other, Cloud() as cloud:
            cloud.on_upgrade = lambda request: web.Response(
                status=302, headers={"Location": location.format(port=other.port)}
            )
            async with running(cloud.url, ready=False) as run:
                with pytest.raises(ConnectError):
                    await run.client.ready(patient=False)
                assert other.logins() == []

    run_virtual(main())


# --- nobody there ---------------------------------------------------------------------------


def test_name_that_does_not_resolve(authority: Authority) -> None:
    """The error says which; another host is not tried (§2)."""

    async def main() -> None:
        network = Network(authority.trusting(), {})
        async with running(session=network.session(), ready=False) as run:
            with pytest.raises(ConnectError, match=r"prod\.homismart\.com does not resolve"):
                await run.client.ready(patient=False)
            await asyncio.sleep(10)
            assert set(network.asked) == {PROD}

    run_virtual(main())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_upgrade_refused(status: int) -> None:
    """It is trouble of the server, told by its status; never the password's (there is no HTTP login)."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda request: web.Response(status=status, text="words of the peer")
        async with cloud, running(cloud.url, ready=False) as run:
            with pytest.raises(ConnectError, match=str(status)) as caught:
                await run.client.ready(patient=False)
            assert "words" not in str(caught.value)
            assert not run.task.done()

    run_virtual(main())


def test_every_error_is_of_the_link() -> None:
    """Whatever happens on a socket is a reason to open it again."""
    for kind in (ConnectError, LinkClosedError, FrameError, RedirectError):
        assert issubclass(kind, LinkError)


def test_no_digest_in_errors(authority: Authority) -> None:
    """Nor in what hangs on them."""

    async def main() -> None:
        network = Network(authority.trusting(), {})
        async with running(session=network.session(), ready=False) as run:
            with pytest.raises(ConnectError) as caught:
                await run.client.ready(patient=False)
            error: BaseException | None = caught.value
            while error:
                assert DIGEST not in f"{error!r} {vars(error)}"
                error = error.__cause__ or error.__context__

    run_virtual(main())
