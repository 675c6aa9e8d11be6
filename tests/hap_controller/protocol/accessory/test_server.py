"""The server over real sockets: connections, events, removal, limits."""

import asyncio
from contextlib import AsyncExitStack, suppress
import gc
import json
from pathlib import Path
import socket
import struct
import sys
import time
from typing import Any

import pytest

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Bridge,
    CharacteristicUuid as C,
    ServiceUuid as S,
    server as module,
    session as session_module,
)
from custom_components.hap_controller.protocol.const import ControllerPermission
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.pairing import (
    add_pairing,
    list_pairings,
    read_pairings,
    remove_pairing,
)
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.refusals import (
    BusyError,
    MaxTriesError,
    PairingLostError,
    SetupCodeError,
)
from custom_components.hap_controller.protocol.setup_code import SetupPayload

from .conftest import CODE, Connect, Serve, pair
from .controller import TLV, RawController, request
from .test_endpoints import BRIGHTNESS, ON, _known, bulb, light

ROOT = Path(__file__).parents[4]


async def turns(number: int = 20) -> None:
    """Let everything happen that can happen at once."""
    for _ in range(number):
        await asyncio.sleep(0.001)


# --- life -------------------------------------------------------------------------------------


async def test_start_and_stop(serve: Serve) -> None:
    """It listens between the two, can be started again, and leaves nothing behind."""
    server = AccessoryServer(
        bulb(), AccessoryState.fresh(host="127.0.0.1", setup_code=CODE), announce=False
    )
    with pytest.raises(RuntimeError):
        _ = server.address
    with pytest.raises(RuntimeError):
        await server.serve_forever()
    before = asyncio.all_tasks()
    for _ in range(2):
        await server.start()
        with pytest.raises(RuntimeError):
            await server.start()
        idle = await RawController.connect(server.address)
        await turns()
        assert server.connections == 1
        await server.stop()
        assert await idle.closed()
        idle.writer.close()
        assert server.connections == 0
        assert server.announced_name is None
    await server.stop()
    await turns()
    assert asyncio.all_tasks() == before


async def test_serve_forever(serve: Serve, connect: Connect) -> None:
    """It runs until cancelled."""
    server = await serve(bulb())
    task = asyncio.create_task(server.serve_forever())
    controller = await connect(server)
    assert (await controller.ask("POST", "/identify")).code == 204
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_address_that_cannot_be_had(serve: Serve) -> None:
    """The error is that of the system; the server can be started when it is free."""
    first = await serve(bulb())
    state = AccessoryState.fresh(host="127.0.0.1", port=first.address[1])
    second = AccessoryServer(bulb(), state, announce=False)
    with pytest.raises(OSError):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()


async def test_what_a_person_needs_to_pair(serve: Serve) -> None:
    """Code and payload are those of the state."""
    server = await serve(bulb())
    assert server.setup_code == CODE
    payload = SetupPayload.decode(server.setup_payload)
    assert payload.setup_code == CODE
    assert (payload.category, payload.ip, payload.ble) == (5, True, False)
    assert payload.setup_id == server.state.setup_id
    assert not server.paired


async def test_restart(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """Pairing, key, tries and configuration number survive; a controller just verifies again."""
    path = tmp_path / "bulb.json"
    state = await AccessoryState.open(path, host="127.0.0.1", setup_code=CODE)
    server = await serve(bulb(), state)
    with pytest.raises(SetupCodeError):
        await (await connect(server)).pair("031-45-154")
    assert json.loads(path.read_text())["unsuccessful_tries"] == 1
    keys = await pair(server)
    told = json.loads(path.read_text())
    assert told["unsuccessful_tries"] == 0
    assert told["peers"] == {keys.controller_id: {"key": keys.controller_ltpk.hex(), "admin": True}}
    await server.stop()
    again = await serve(bulb(), await AccessoryState.open(path))
    assert again.state.config_number == 1
    controller = await connect(again, keys)
    assert (await controller.get(ON)).code == 200


async def test_lock_out_survives(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """The hundredth failed attempt is the last, also after a restart."""
    path = tmp_path / "bulb.json"
    state = await AccessoryState.open(path, host="127.0.0.1", setup_code=CODE)
    state.register.failed_attempts = 99
    server = await serve(bulb(), state)
    controller = await connect(server)
    with pytest.raises(SetupCodeError):
        await controller.pair("031-45-154")
    with pytest.raises(MaxTriesError):
        await controller.pair(CODE)
    await server.stop()
    again = await serve(bulb(), await AccessoryState.open(path))
    with pytest.raises(MaxTriesError):
        await (await connect(again)).pair(CODE)


async def test_state_that_cannot_be_stored(
    serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is paired, and the accessory goes on."""
    state = await AccessoryState.open(tmp_path / "bulb.json", host="127.0.0.1", setup_code=CODE)
    server = await serve(bulb(), state)
    good = state.path
    state.path = tmp_path / "gone" / "bulb.json"
    controller = await connect(server)
    setup = PairSetupController(code=CODE)
    message: bytes | None = setup.start()
    answer = b""
    while message is not None and b"\7\1\1" not in answer[-3:]:
        answer = await controller.tlv("/pair-setup", message)
        message = None if answer[-3:] == b"\7\1\1" else setup.receive(answer)
    assert answer.hex() == "060106070101"
    assert not server.paired
    state.path = good
    await controller.verify(await controller.pair(CODE))


async def test_pairing_does_not_hold_up_the_loop(serve: Serve, connect: Connect) -> None:
    """Others have their turns while keys are worked out."""
    server = await serve(bulb())
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = time.process_time()
        while True:
            await asyncio.sleep(0)
            longest, last = max(longest, time.process_time() - last), time.process_time()

    controller = await connect(server)
    setup = PairSetupController(code=CODE)
    message: bytes | None = setup.start()
    while message is not None:
        task = asyncio.create_task(watch())  # our own computing is not the accessory's
        answer = await controller.tlv("/pair-setup", message)
        task.cancel()
        message = setup.receive(answer)
    assert server.paired
    assert longest < 0.25  # 10 ms of CPU time, or more on a slower machine; see benchmarks


# --- connections ------------------------------------------------------------------------------


async def test_any_cut_of_the_stream(serve: Serve, connect: Connect) -> None:
    """One byte at a time, or several requests at once: answered in their order."""
    server = await serve(bulb())
    keys = await pair(server)
    controller = await connect(server, keys)
    assert controller.codec is not None
    for byte in controller.codec.seal(request("GET", "/characteristics?id=1.11")):
        controller.writer.write(bytes((byte,)))
        await asyncio.sleep(0)
    assert (await controller.answer()).code == 200
    pipelined = [request("GET", f"/characteristics?id=1.{iid}") for iid in (3, 4, 5, 11)]
    controller.send(b"".join(pipelined))
    answers = [await controller.answer() for _ in pipelined]
    iids = [each.json["characteristics"][0]["iid"] for each in answers]
    assert iids == [3, 4, 5, 11]


async def test_request_of_many_frames(serve: Serve, connect: Connect) -> None:
    """A request is put together whatever number of frames it has."""
    accessory = bulb()
    controller = await connect(server := await serve(accessory), await pair(server))
    padding = " " * 200_000
    body = f'{{{padding}"characteristics":[{{"aid":1,"iid":12,"value":33}}]}}'.encode()
    assert (await controller.ask("PUT", "/characteristics", body)).code == 204
    assert light(accessory)[C.BRIGHTNESS].value == 33


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /" + b"x" * 9000,
        b"POST /pair-setup HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST /pair-setup HTTP/1.1\r\nContent-Length: 65537\r\n\r\n",
        bytes(100),
    ],
)
async def test_bad_http_ends_the_connection(serve: Serve, connect: Connect, data: bytes) -> None:
    """Nothing is answered."""
    controller = await connect(await serve(bulb()))
    controller.writer.write(data + b"\r\n\r\n")
    assert await controller.closed()


async def test_bad_frames_end_the_connection(serve: Serve, connect: Connect) -> None:
    """A frame too long, and one that cannot be opened."""
    server = await serve(bulb())
    keys = await pair(server)
    for data in (struct.pack("<H", 1025), struct.pack("<H", 5) + bytes(21)):
        controller = await connect(server, keys)
        controller.writer.write(data)
        assert await controller.closed()
    await turns()
    assert server.connections == 0


async def test_slow_messages_end_the_connection(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request must be complete within its time; a silent connection may stay."""
    monkeypatch.setattr(session_module, "MESSAGE_LIMIT_S", 0.05)
    server = await serve(bulb())
    silent, slow = await connect(server), await connect(server)
    slow.writer.write(b"GET /acc")
    assert await slow.closed()
    assert (await silent.ask("POST", "/identify")).code == 204


async def test_abandoned_pairing(serve: Serve, connect: Connect) -> None:
    """Who hangs up amid pairing makes room at once."""
    server = await serve(bulb())
    first, second = await connect(server), await connect(server)
    await first.tlv("/pair-setup", PairSetupController(code=CODE).start())
    with pytest.raises(BusyError):
        await second.pair(CODE)
    first.writer.transport.abort()
    await turns()
    await second.pair(CODE)


async def test_capacity(serve: Serve, connect: Connect) -> None:
    """Eight are served at least; one too many is told so, and may come when somebody has left."""
    server = await serve(bulb(), max_connections=8)
    keys = await pair(server)
    controllers = [await connect(server, keys) for _ in range(8)]
    for controller in controllers:
        assert (await controller.get(ON)).code == 200
    extra = await connect(server)
    assert (await extra.ask("GET", "/accessories")).code == 503
    assert await extra.closed()
    controllers[0].writer.close()
    await turns()
    assert (await (await connect(server, keys)).get(ON)).code == 200


async def test_silent_strangers_make_room(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that never got to pair-verify do not keep controllers out; verified ones are kept."""
    monkeypatch.setattr(module, "_IDLE_LIMIT_S", -1.0)
    server = await serve(bulb(), max_connections=3)
    keys = await pair(server)
    verified = await connect(server, keys)
    strangers = [await connect(server) for _ in range(2)]
    await turns()
    newer = await connect(server, keys)
    assert await strangers[0].closed()
    assert (await verified.get(ON)).code == 200
    assert (await newer.get(ON)).code == 200
    assert (await strangers[1].ask("POST", "/identify")).code == 400
    assert server.connections == 3


async def test_idle_controllers_make_room_at_last(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First one that listens to nothing, then the one that was silent for longest; never one that was heard just now."""
    server = await serve(bulb(), max_connections=3)
    keys = await pair(server)
    controllers = [await connect(server, keys) for _ in range(3)]
    await controllers[0].subscribe(ON)
    await controllers[1].get(ON)
    await controllers[2].subscribe(ON)
    refused = await connect(server)
    assert (await refused.ask("GET", "/accessories")).code == 503
    monkeypatch.setattr(module, "_VERIFIED_IDLE_LIMIT_S", -1.0)
    for silent in (controllers[1], controllers[0]):
        newer = await connect(server, keys)
        await newer.subscribe(ON)
        assert await silent.closed()
        assert (await controllers[2].get(ON)).code == 200
    assert server.connections == 3


async def test_strangers_do_not_push_out_controllers(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody in the network can connect; so a few of those who do not verify is all that idle ones give way to."""
    monkeypatch.setattr(module, "_VERIFIED_IDLE_LIMIT_S", -1.0)
    monkeypatch.setattr(module, "_MAX_STRANGERS", 1)
    server = await serve(bulb(), max_connections=2)
    keys = await pair(server)
    first, second = await connect(server, keys), await connect(server, keys)
    stranger = await connect(server)
    assert (await stranger.ask("POST", "/identify")).code == 400
    assert await first.closed()
    another = await connect(server)
    assert (await another.ask("POST", "/identify")).code == 503
    assert (await second.get(ON)).code == 200


async def test_flood_of_connections(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those too many are themselves bounded; silent ones are let go."""
    monkeypatch.setattr(module, "_MAX_REJECTED", 1)
    monkeypatch.setattr(module, "_REJECT_LIMIT_S", 0.2)
    server = await serve(bulb(), max_connections=0)
    first, second = await connect(server), await connect(server)
    assert await second.closed()
    assert await first.closed()


async def test_vanished_controllers_are_noticed(serve: Serve, connect: Connect) -> None:
    """TCP looks after connections on which nothing happens."""
    server = await serve(bulb())
    await connect(server)
    await turns()
    (connection,) = server._connections
    sock = connection.writer.get_extra_info("socket")
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if sys.platform == "linux":  # else they would be told events for a quarter of an hour
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000


# --- events -----------------------------------------------------------------------------------


async def test_events(serve: Serve, connect: Connect) -> None:
    """All subscribers hear of a change, but not who wrote it, nor who did not subscribe."""
    accessory = bulb()
    server = await serve(accessory)
    keys = await pair(server)
    writer, listener, other = [await connect(server, keys) for _ in range(3)]
    for each in (writer, listener):
        assert (await each.subscribe(ON, BRIGHTNESS)).code == 204
    assert (await writer.put({"aid": 1, "iid": 11, "value": True})).code == 204
    assert await listener.event() == [{"aid": 1, "iid": 11, "value": True}]
    assert (await writer.put({"aid": 1, "iid": 11, "value": True})).code == 204  # no news
    light(accessory)[C.BRIGHTNESS].value = 5
    for each in (writer, listener):
        assert await each.event() == [{"aid": 1, "iid": 12, "value": 5}]
    await listener.subscribe(ON, BRIGHTNESS, on=False)
    light(accessory)[C.ON].value = False
    assert await writer.event() == [{"aid": 1, "iid": 11, "value": False}]
    for each in (listener, other):
        await each.get(ON)
        assert each.events == []


async def test_events_are_coalesced(serve: Serve, connect: Connect) -> None:
    """What changes in one go is told in one message; what follows waits, and its last value is told."""
    accessory = bulb()
    server = await serve(accessory, event_interval_s=0.5)
    controller = await connect(server, await pair(server))
    await controller.subscribe(ON, BRIGHTNESS)
    light(accessory)[C.ON].value = True
    light(accessory)[C.BRIGHTNESS].value = 1
    assert len(await controller.event()) == 2
    before = asyncio.get_running_loop().time()
    for value in range(2, 50):
        light(accessory)[C.BRIGHTNESS].value = value
        await asyncio.sleep(0)
    assert await controller.event() == [{"aid": 1, "iid": 12, "value": 49}]
    assert asyncio.get_running_loop().time() - before > 0.05


async def test_presses(serve: Serve, connect: Connect) -> None:
    """Each press is told at once, whatever else waits."""
    accessory = bulb()
    button = accessory.add_service(S.STATELESS_PROGRAMMABLE_SWITCH)[C.PROGRAMMABLE_SWITCH_EVENT]
    server = await serve(accessory, event_interval_s=60.0)
    controller = await connect(server, await pair(server))
    await controller.subscribe(ON, (1, button.iid))
    light(accessory)[C.ON].value = True
    assert await controller.event() == [{"aid": 1, "iid": 11, "value": True}]
    light(accessory)[C.ON].value = False
    for _ in range(3):
        button.value = 0
    for _ in range(3):
        assert await controller.event() == [{"aid": 1, "iid": button.iid, "value": 0}]
    answer = await controller.get((1, button.iid))
    assert answer.json["characteristics"][0]["value"] is None
    assert controller.events == []


async def test_events_never_come_inside_a_response(serve: Serve, connect: Connect) -> None:
    """A thousand changes around large answers: every message is whole."""
    bridge = Bridge("Bridge")
    for _ in range(60):
        bridge.add_accessory(bulb())
    server = await serve(bridge)
    controller = await connect(server, await pair(server))
    brightness = bridge.accessories[1].services[1][C.BRIGHTNESS]
    await controller.subscribe((2, brightness.iid))

    async def change() -> None:
        for value in range(1, 2000):
            brightness.value = value % 100
            await asyncio.sleep(0)

    task = asyncio.create_task(change())
    for _ in range(10):
        answer = await controller.ask("GET", "/accessories")
        assert len(answer.json["accessories"]) == 61
    task.cancel()
    assert controller.events


async def test_subscriptions_end_with_the_connection(serve: Serve, connect: Connect) -> None:
    """The next connection of the same controller begins without."""
    accessory = bulb()
    server = await serve(accessory)
    keys = await pair(server)
    first = await connect(server, keys)
    await first.subscribe(ON)
    first.writer.transport.abort()
    second = await connect(server, keys)
    light(accessory)[C.ON].value = True
    answer = await second.get(ON, flags="&ev=1")
    assert answer.json["characteristics"][0] == {"aid": 1, "iid": 11, "value": True, "ev": False}
    assert second.events == []


async def test_controller_that_does_not_read(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events wait, the last of each, and at last it is cut off."""
    monkeypatch.setattr(module, "_MAX_BACKLOG_BYTES", -1)
    monkeypatch.setattr(module, "_WRITE_LIMIT_S", 0.05)
    monkeypatch.setattr(module, "EVENT_INTERVAL_S", 0.03)
    accessory = bulb()
    server = await serve(accessory)
    controller = await connect(server, await pair(server))
    await controller.subscribe(ON)
    light(accessory)[C.ON].value = True
    assert await controller.closed()
    assert controller.events == []


@pytest.mark.parametrize("stopped", [False, True])
async def test_answers_that_nobody_reads(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """A controller that asks and asks and does not read is cut off; it does not hold up the end either."""
    monkeypatch.setattr(module, "_WRITE_LIMIT_S", 0.05)
    monkeypatch.setattr(module, "_CLOSE_LIMIT_S", 30.0 if stopped else 0.05)
    accessory = Accessory("Camera", image=lambda width, height: bytes(2_000_000))
    server = await serve(accessory)
    controller = await connect(server, await pair(server))
    controller.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    controller.writer.transport.pause_reading()
    body = b'{"resource-type":"image","image-width":1,"image-height":1}'
    for _ in range(5):
        controller.send(request("POST", "/resource", body))
    if stopped:
        await asyncio.sleep(0.3)
        async with asyncio.timeout(20):
            await server.stop()
    else:
        async with asyncio.timeout(60):
            while server.connections:
                await asyncio.sleep(0.01)
    controller.writer.transport.abort()


async def test_connection_that_comes_too_late(serve: Serve, connect: Connect) -> None:
    """Whoever was accepted while the server stopped is not served."""
    server = await serve(bulb())
    server._running = False
    assert await (await connect(server)).closed()
    assert server.connections == 0


async def test_change_amid_hanging_up(serve: Serve, connect: Connect) -> None:
    """A change that comes when the socket is closing is nobody's."""
    accessory = bulb()
    server = await serve(accessory)
    controller = await connect(server, await pair(server))
    await controller.subscribe(ON)
    (connection,) = server._connections
    light(accessory)[C.ON].value = True
    connection.writer.transport.abort()
    await turns()
    assert server.connections == 0


# --- pairings ---------------------------------------------------------------------------------


async def add(controller: RawController, name: str, permissions: int = 0) -> SigningKey:
    """Add a controller."""
    key = SigningKey.generate()
    message = add_pairing(name, key.public_key, ControllerPermission(permissions))
    assert read_pairings(await controller.tlv("/pairings", message)) == []
    return key


def keys_of(server: AccessoryServer, name: str, key: SigningKey) -> Any:
    """Give the keys of a controller that was added."""
    from custom_components.hap_controller.protocol.records import PairingKeys

    return _known(
        server,
        PairingKeys(
            accessory_id="",
            accessory_ltpk=b"",
            controller_id=name,
            controller_ltsk=key.seed,
            controller_ltpk=key.public_key,
        ),
    )


async def test_several_controllers(serve: Serve, connect: Connect) -> None:
    """Added ones verify and use it; who is removed is cut off, the others stay."""
    server = await serve(bulb())
    own = await pair(server)
    admin = await connect(server, own)
    user_keys = keys_of(server, "user", await add(admin, "user"))
    user, again = await connect(server, user_keys), await connect(server, user_keys)
    assert (await user.get(ON)).code == 200
    listed = read_pairings(await admin.tlv("/pairings", list_pairings()))
    assert [each.controller_id for each in listed] == [own.controller_id, "user"]
    assert read_pairings(await admin.tlv("/pairings", remove_pairing("user"))) == []
    assert await user.closed() and await again.closed()
    assert (await admin.get(ON)).code == 200
    with pytest.raises(PairingLostError):
        await connect(server, user_keys)
    assert read_pairings(await admin.tlv("/pairings", remove_pairing("user"))) == []


async def test_last_administrator_leaves(serve: Serve, connect: Connect) -> None:
    """It is answered, all pairings go, all connections end, and the accessory can be paired again."""
    server = await serve(bulb())
    own = await pair(server)
    admin = await connect(server, own)
    user = await connect(server, keys_of(server, "user", await add(admin, "user")))
    assert read_pairings(await admin.tlv("/pairings", remove_pairing(own.controller_id))) == []
    assert await admin.closed() and await user.closed()
    assert not server.paired
    keys = await pair(server)
    assert keys.accessory_ltpk == own.accessory_ltpk
    assert (await (await connect(server, keys)).get(ON)).code == 200


async def test_controller_that_vanishes_while_it_is_answered(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is done with all that follows, though nobody is left to be told."""
    server = await serve(bulb())
    own = await pair(server)
    admin = await connect(server, own)
    user = await connect(server, keys_of(server, "user", await add(admin, "user")))
    (connection,) = [each for each in server._connections if each.session.admin]
    save = server.state.save

    async def vanish() -> None:
        connection.writer.transport.abort()
        await turns(2)
        await save()

    monkeypatch.setattr(server._endpoints, "_store", vanish)
    admin.send(request("POST", "/pairings", remove_pairing(own.controller_id), TLV))
    assert await user.closed()
    assert not server.paired


async def test_demoted_controllers(serve: Serve, connect: Connect) -> None:
    """What only administrators may be told is not told to one that is none any more."""
    accessory = bulb()
    restricted = accessory.add_service("F001").add(C.BUTTON_EVENT)
    server = await serve(accessory)
    admin = await connect(server, await pair(server))
    key = await add(admin, "other", 1)
    other = await connect(server, keys_of(server, "other", key))
    for each in (admin, other):
        assert (await each.subscribe(ON, (1, restricted.iid))).code == 204
    message = add_pairing("other", key.public_key, ControllerPermission(0))
    assert read_pairings(await admin.tlv("/pairings", message)) == []
    restricted.value = "AQEB"
    assert await admin.event() == [{"aid": 1, "iid": restricted.iid, "value": "AQEB"}]
    light(accessory)[C.ON].value = True
    assert await other.event() == [{"aid": 1, "iid": 11, "value": True}]


async def test_removal_amid_a_request(serve: Serve, connect: Connect) -> None:
    """A request that is being answered is finished first."""
    accessory = bulb()
    going = asyncio.Event()

    async def slow() -> bool:
        await going.wait()
        return True

    light(accessory)[C.ON].getter = slow
    server = await serve(accessory)
    admin = await connect(server, await pair(server))
    user = await connect(server, keys_of(server, "user", await add(admin, "user")))
    user.send(request("GET", "/characteristics?id=1.11"))
    await turns()
    await admin.tlv("/pairings", remove_pairing("user"))
    await admin.tlv("/pairings", list_pairings())
    going.set()
    assert (await user.answer()).code == 200
    assert await user.closed()


async def test_removal_amid_a_request_that_takes_too_long(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for any longer than a removed controller may stay."""
    monkeypatch.setattr(module, "_REMOVED_LIMIT_S", 0.05)
    accessory = bulb()
    light(accessory)[C.ON].getter = asyncio.Event().wait
    server = await serve(accessory, response_limit_s=1.0)
    admin = await connect(server, await pair(server))
    user = await connect(server, keys_of(server, "user", await add(admin, "user")))
    user.send(request("GET", "/characteristics?id=1.11"))
    await turns()
    await admin.tlv("/pairings", remove_pairing("user"))
    assert await user.closed()


async def test_sixteen_controllers(serve: Serve, connect: Connect) -> None:
    """So many can be paired; the next one is told that there is no room."""
    server = await serve(bulb())
    admin = await connect(server, await pair(server))
    for number in range(15):
        await add(admin, f"{number}")
    message = add_pairing("one more", bytes(range(32)), ControllerPermission(0))
    assert (await admin.tlv("/pairings", message)).hex() == "060102070104"


async def test_forgetting_pairings(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may reset its accessory; what cannot be stored is not done."""
    server = await serve(bulb())
    keys = await pair(server)
    controller = await connect(server, keys)
    server.state.register.failed_attempts = 100
    with monkeypatch.context() as patch:
        patch.setattr(AccessoryState, "save", _full)
        with pytest.raises(OSError, match="disk is full"):
            await server.forget_pairings()
    assert server.paired and server.state.register.failed_attempts == 100
    assert (await controller.get(ON)).code == 200
    await server.forget_pairings()
    assert await controller.closed()
    await pair(server)


async def _full(state: AccessoryState) -> None:
    raise OSError("the disk is full")


async def test_redefinition(serve: Serve, connect: Connect) -> None:
    """What is added while it runs is served, under a new configuration number."""
    bridge = Bridge("Bridge")
    server = await serve(bridge)
    keys = await pair(server)
    controller = await connect(server, keys)
    added = bulb()
    bridge.add_accessory(added)
    assert (await controller.get((2, 9))).code == 207
    before = server.state.config_number
    await server.redefined()
    assert server.state.config_number == before + 1
    on = added.services[1][C.ON]
    assert (await controller.subscribe((2, on.iid))).code == 204
    on.value = True
    assert await controller.event() == [{"aid": 2, "iid": on.iid, "value": True}]
    await server.redefined()
    assert server.state.config_number == before + 1
    on.value = False
    assert await controller.event() == [{"aid": 2, "iid": on.iid, "value": False}]
    await controller.get(ON)
    assert controller.events == []


# --- endurance --------------------------------------------------------------------------------


async def test_every_cut_of_a_handshake(serve: Serve, connect: Connect) -> None:
    """A controller that hangs up anywhere leaves an accessory that serves the next one."""
    server = await serve(bulb(), max_connections=4)
    keys = await pair(server)
    stream = request("GET", "/accessories") + request("POST", "/pair-verify", bytes(37))
    for end in range(0, len(stream), 3):
        async with await RawController.connect(server.address) as controller:
            controller.writer.write(stream[:end])
            await controller.writer.drain()
            if end % 2:
                controller.writer.transport.abort()
    await turns()
    assert server.connections == 0
    assert (await (await connect(server, keys)).get(ON)).code == 200


async def test_nothing_is_left_behind(serve: Serve) -> None:
    """Neither tasks, sessions nor timers of connections that are gone."""
    server = await serve(bulb())
    keys = await pair(server)
    await turns()
    tasks = asyncio.all_tasks()
    for _ in range(20):
        async with await RawController.connect(server.address) as controller:
            await controller.verify(keys)
            await controller.subscribe(ON)
            light(server._primary)[C.ON].value = not light(server._primary)[C.ON].value
            await controller.event()
    await turns()
    assert asyncio.all_tasks() == tasks
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, session_module.Session)]


async def test_example_runs(tmp_path: Path) -> None:
    """The bulb of the documentation can be paired and switched as it stands there."""
    example = ROOT / "docs" / "hap_controller" / "bulb.py"
    assert len(example.read_text().splitlines()) < 30
    async with AsyncExitStack() as stack:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(example), str(tmp_path / "bulb.json"), "127.0.0.1"),
            stdout=asyncio.subprocess.PIPE,
        )
        stack.push_async_callback(process.wait)
        stack.callback(_terminate, process)
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        code = line.split()[2].strip(",")
        port = await _port_of(process.pid)
        async with await RawController.connect(("127.0.0.1", port)) as controller:
            await controller.ask("POST", "/identify")
            assert await process.stdout.readline() == b"Here I am!\n"
            await controller.verify(await controller.pair(code))
            assert (await controller.put({"aid": 1, "iid": 11, "value": True})).code == 204
            assert await process.stdout.readline() == b"On\n"


def _terminate(process: asyncio.subprocess.Process) -> None:
    """End a process; one that has ended already shall not hide why."""
    with suppress(ProcessLookupError):
        process.terminate()


async def _port_of(pid: int) -> int:
    """Find the port at which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it may close what it has opened meanwhile
            inodes.add(link.readlink().name)
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            return int(fields[1].partition(":")[2], 16)
    raise AssertionError("it does not listen")
