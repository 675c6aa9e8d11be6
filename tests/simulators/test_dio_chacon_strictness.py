"""The simulated DIO cloud refuses what the real one would, says why, and keeps a record of it."""

from collections.abc import AsyncIterator
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from simulators.dio_chacon import SimulatedCloud, demo_home
from tests.simulators.dio_client import BareClient, connect, login_body

SWITCH_ID = demo_home().device("Prise garage").device_id
SHUTTER_ID = demo_home().device("Volet salon").device_id


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home."""
    async with SimulatedCloud(demo_home()) as cloud:
        yield cloud


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Connect by password."""
    async with connect(http, cloud) as client:
        yield client


def request(**members: object) -> dict[str, Any]:
    """Build a request that is in order but for ``members``."""
    return {"method": "GET", "path": "/user", "parameters": {}, "id": 5} | members


def without(member: str) -> dict[str, Any]:
    """Build a request that lacks a member."""
    return {name: value for name, value in request().items() if name != member}


@pytest.mark.parametrize(
    "frame",
    [
        without("method"),
        without("path"),
        without("parameters"),
        request(token="x"),
        request(id="5"),
        request(id=0),
        request(id=-1),
        request(method="get"),
        request(method="PUT"),
        request(method=7),
        request(path="user"),
        request(path=None),
        request(parameters=None),
        request(parameters=[]),
    ],
    ids=json.dumps,
)
async def test_bad_envelope(
    client: BareClient, cloud: SimulatedCloud, frame: dict[str, Any]
) -> None:
    """An envelope that is not exactly right is answered 400 with the reason; the session lives on."""
    await client.ws.send_str(json.dumps(frame))
    answer = await client.next()
    assert answer["id"] == frame["id"]
    assert answer["status"] == 400
    assert [violation.why for violation in cloud.violations] == [answer["data"]]
    assert cloud.violations[0].session == 1
    client.number = 6
    assert (await client.ask("GET", "/user"))["status"] == 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"method":',
        "[]",
        "null",
        json.dumps(without("id")),
        json.dumps(request(id=None)),
        json.dumps(request(id=1.5)),
        json.dumps(request(id=True)),
        '{"method":"GET","method":"GET","path":"/user","parameters":{},"id":1}',
        '{"method":"GET","path":"/user","parameters":{"x":NaN},"id":1}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
async def test_unanswerable_frame(client: BareClient, cloud: SimulatedCloud, text: str) -> None:
    """A frame without an id to answer to ends the connection, with the reason."""
    await client.ws.send_str(text)
    message = await client.end()
    assert message.data == 1008
    assert len(cloud.violations) == 1
    assert cloud.violations[0].why.startswith(message.extra[:40])


async def test_binary_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """A binary frame ends the connection."""
    await client.ws.send_bytes(json.dumps(request()).encode())
    assert (await client.end()).data == 1003
    assert cloud.violations[0].why == "a binary frame"


@pytest.mark.parametrize("second", [5, 4])
async def test_ids_count_up(client: BareClient, cloud: SimulatedCloud, second: int) -> None:
    """An id that was used, or is lower than the one before, is refused."""
    for number in (5, second):
        await client.ws.send_str(json.dumps(request(id=number)))
    assert (await client.next())["status"] == 200
    answer = await client.next()
    assert (answer["id"], answer["status"]) == (second, 400)
    assert "count up" in cloud.violations[0].why


async def test_ids_may_skip_and_start_anywhere(client: BareClient, cloud: SimulatedCloud) -> None:
    """Counting up is enough."""
    for number in (21, 22, 40):
        await client.ws.send_str(json.dumps(request(id=number)))
        assert (await client.next())["status"] == 200
    assert cloud.violations == []


@pytest.mark.parametrize(
    ("method", "path", "parameters", "status"),
    [
        # Paths
        ("GET", "/users", {}, 404),
        ("GET", "/user/", {}, 404),
        ("GET", "/device?x=1", {}, 404),
        ("POST", "/user", {}, 404),
        ("GET", "/session/logout", {}, 404),
        ("GET", "/device/states", {"devices": [SWITCH_ID]}, 404),
        ("GET", f"/device/{SWITCH_ID}/action/switch", {"value": 1}, 404),
        ("POST", f"/device/{SWITCH_ID}/action/", {"value": 1}, 404),
        ("POST", f"/device/{SWITCH_ID}/action/dim", {"value": 1}, 404),
        # What no published client writes
        ("POST", f"/device/{SHUTTER_ID}/action/shuttercalibration", {"reset": True}, 404),
        ("POST", f"/device/{SWITCH_ID}/action/schedule", {"schedules": []}, 404),
        # Resources the device does not have
        ("POST", f"/device/{SWITCH_ID}/action/openlevel", {"openLevel": 1}, 404),
        ("POST", f"/device/{SWITCH_ID}/action/quietmode", {"value": 1}, 404),
        ("POST", f"/device/{SHUTTER_ID}/action/switch", {"value": 1}, 404),
        # Parameters
        ("GET", "/user", {"x": 1}, 400),
        ("POST", "/session/logout", {"x": 1}, 400),
        ("POST", "/device/states", {}, 400),
        ("POST", "/device/states", {"devices": []}, 400),
        ("POST", "/device/states", {"devices": SWITCH_ID}, 400),
        ("POST", "/device/states", {"devices": [None]}, 400),
        ("POST", "/device/states", {"devices": [""]}, 400),
        ("POST", "/device/states", {"devices": [SWITCH_ID], "x": 1}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {"value": True}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {"value": "1"}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {"value": 1.0}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {"value": 2}, 400),
        ("POST", f"/device/{SWITCH_ID}/action/switch", {"value": 1, "x": 1}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/mvtlinear", {"movement": "UP"}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/mvtlinear", {"movement": "open"}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/mvtlinear", {"movement": None}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/openlevel", {"openLevel": -1}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/openlevel", {"openLevel": 101}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/openlevel", {"openLevel": 50.0}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/openlevel", {"openLevel": False}, 400),
        ("POST", f"/device/{SHUTTER_ID}/action/openlevel", {"level": 50}, 400),
    ],
)
async def test_bad_request(
    client: BareClient,
    cloud: SimulatedCloud,
    method: str,
    path: str,
    parameters: dict[str, Any],
    status: int,
) -> None:
    """A request for what is not there, or with wrong parameters, is refused with the reason."""
    answer = await client.ask(method, path, parameters)
    assert answer["status"] == status
    assert answer["data"] in cloud.violations[0].why
    assert len(cloud.violations) == 1
    assert await client.quiet()  # nothing moved


async def test_limits_of_the_allowed(client: BareClient, cloud: SimulatedCloud) -> None:
    """The ends of every range are in order."""
    for level in (0, 100):
        assert (await client.act(SHUTTER_ID, "openlevel", {"openLevel": level}))["status"] == 200
    for value in (1, 0):
        assert (await client.act(SWITCH_ID, "switch", {"value": value}))["status"] == 200
    assert cloud.violations == []


async def test_request_before_the_greeting(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """Whoever speaks before the greeting, or after a refusal, is not answered."""
    cloud.faults.arm("greeting_none", count=1)
    async with connect(http, cloud, greeted=False) as client:
        await client.send("GET", "/user")
        assert await client.quiet()
    cloud.faults.arm("greeting_invalid", count=1)
    async with connect(http, cloud, greeted=False) as client:
        await client.next()
        await client.send("GET", "/device")
        assert await client.quiet()
    assert [violation.why for violation in cloud.violations] == [
        "GET /user without a good greeting",
        "GET /device without a good greeting",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "email=a%40b.c&password=p",
        "email=a%40b.c&serviceName=s",
        "email=a%40b.c&password=p&serviceName=s&x=1",
        "email=a%40b.c&password=p&serviceName=s&sessionToken=r:0",
        "sessionToken=r:0&serviceName=s",
        "sessionToken=r:0&sessionToken=r:0",
        "sessionToken=",
        "email=a%40b.c&password=&serviceName=s",
        "email=a%40b.c&password=100%&serviceName=s",
        "email=%E9%40b.c&password=p&serviceName=s",
        "sessionToken",
    ],
)
async def test_bad_query(http: aiohttp.ClientSession, cloud: SimulatedCloud, query: str) -> None:
    """A query that is not exactly one of the two ways is refused before the websocket opens."""
    url = URL(f"{cloud.ws_url}?{query}", encoded=True)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await http.ws_connect(url)
    assert refusal.value.status == 400
    assert len(cloud.violations) == 1
    assert cloud.violations[0].why.startswith("websocket: ")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (json.dumps(login_body(demo_home())), None),
        (json.dumps(login_body(demo_home())), "text/plain"),
        ("email=a&password=b&installationId=c", "application/x-www-form-urlencoded"),
        ('{"email":', "application/json"),
        ("[]", "application/json"),
        (b"\xff", "application/json"),
        (json.dumps({"email": "a", "password": "b"}), "application/json"),
        (json.dumps({"email": "a", "password": "b", "installationId": ""}), "application/json"),
        (json.dumps({"email": "a", "password": 1, "installationId": "c"}), "application/json"),
        (json.dumps(login_body(demo_home()) | {"x": 1}), "application/json"),
    ],
)
async def test_bad_login(
    http: aiohttp.ClientSession,
    cloud: SimulatedCloud,
    data: str | bytes,
    content_type: str | None,
) -> None:
    """A login that is not exactly right is refused with the reason, and no token is made."""
    headers = {"Content-Type": content_type} if content_type else {}
    async with http.post(
        cloud.auth_url, data=data, headers=headers, skip_auto_headers=["Content-Type"]
    ) as answer:
        assert answer.status == 400
        assert (await answer.json())["status"] == 400
    assert len(cloud.violations) == 1
    assert cloud.violations[0].why.startswith("login: ")
    assert cloud.tokens == ()


async def test_content_type_may_name_its_charset(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """Parameters of the media type are in order."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    body = json.dumps(login_body(cloud.home))
    async with http.post(cloud.auth_url, data=body, headers=headers) as answer:
        assert (await answer.json())["status"] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/session/login", 404), ("GET", "/", 404), ("POST", "/ws", 404)],
)
async def test_bad_address(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, method: str, path: str, status: int
) -> None:
    """Addresses and methods nobody told of are refused."""
    async with http.request(method, URL(cloud.auth_url).with_path(path)) as answer:
        assert answer.status == status
    assert cloud.violations[0].why == f"no such address: {method} {path}"


async def test_websocket_address_without_handshake(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """An ordinary GET of the websocket's address is refused."""
    async with http.get(f"{cloud.ws_url.replace('ws:', 'http:')}?sessionToken=r:0") as answer:
        assert answer.status == 400
    assert cloud.violations[0].why == "websocket: no handshake"


async def test_broken_websocket_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """Bytes that are no websocket frame end the connection."""
    connection = client.ws._response.connection
    assert connection and connection.transport
    connection.transport.write(b"\x8f\x80aaaa")  # an opcode nobody has defined
    await client.end()
    await cloud.journal.wait_for(lambda: bool(cloud.violations))
    assert cloud.violations[0].why.startswith("no websocket frame")
