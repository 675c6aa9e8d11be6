"""One connection, without a socket."""

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.accessory.session import (
    MAX_WAITING_PRESSES,
    MESSAGE_LIMIT_S,
    PAIRING_LIMIT_S,
    Session,
)
from custom_components.hap_controller.protocol.const import ControllerPermission, SetupFlag
from custom_components.hap_controller.protocol.conversation import NEVER, NOW
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import Response
from custom_components.hap_controller.protocol.pairing import PairVerifyController, Register
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.records import PairingKeys

from .controller import request

CODE = "518-08-582"
PIECES = [
    *(b"GET ", b"PUT ", b"/accessories", b" HTTP/1.1", b"\r\n", b"\r\n\r\n"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    request("GET", "/accessories"),
    request("POST", "/pair-setup", b"abc"),
]


def setup(session: Session, message: bytes) -> bytes:
    """Have a message of pair-setup answered."""
    answer = session.setup.receive(message)
    session.respond(Response(200, answer))
    return answer


def paired(register: Register) -> PairingKeys:
    """Pair a controller."""
    session = Session(register, 0)
    controller = PairSetupController(code=CODE)
    message: bytes | None = controller.start()
    while message is not None:
        message = controller.receive(setup(session, message))
    assert controller.result is not None
    return controller.result


def secured() -> tuple[Session, SessionCodec, Register]:
    """Give a session behind pair-verify, what the controller has of it, and the register."""
    register = Register("12:00:00:00:00:00", CODE)
    controller = PairVerifyController(paired(register))
    session = Session(register, 0)
    message: bytes | None = controller.start()
    while message is not None:
        answer = session.verify.receive(message)
        assert b"HTTP/1.1 200" in session.respond(Response(200, answer))
        message = controller.receive(answer)
    assert controller.session is not None
    codec = SessionCodec(controller.session.read_key, controller.session.write_key)
    return session, codec, register


def test_plain_requests_come_out_one_by_one() -> None:
    """However they are cut; they are answered in their order."""
    session = Session(Register("x", CODE), 0)
    stream = request("POST", "/identify") + request("POST", "/pair-setup", b"\0\1\2")
    for index in range(len(stream)):
        session.feed(stream[index : index + 1], 1)
    first, second = session.next_request(), session.next_request()
    assert first is not None and second is not None
    assert (first.method, first.target) == ("POST", "/identify")
    assert second.body == b"\0\1\2"
    assert session.next_request() is None
    assert session.last_heard == 1


def test_what_follows_pair_verify_is_sealed() -> None:
    """The last answer of pair-verify is plain, the next one is not; both directions have their counters."""
    session, codec, _ = secured()
    assert session.secured and session.admin and not session.transient
    for _ in range(3):
        session.feed(codec.seal(request("GET", "/accessories") + request("GET", "/x")), 2)
        assert session.next_request() is not None and session.next_request() is not None
        assert codec.feed(session.respond(Response(204))).startswith(b"HTTP/1.1 204")


def test_plain_request_behind_pair_verify_does_not_pass_for_sealed() -> None:
    """Who sends it in one go with the last message of pair-verify is cut off, also with half of it."""
    register = Register("12:00:00:00:00:00", CODE)
    keys = paired(register)
    for smuggled in (request("GET", "/accessories"), b"GET /acc"):
        session, controller = Session(register, 0), PairVerifyController(keys)
        m3 = controller.receive(session.verify.receive(controller.start()))
        assert m3 is not None
        session.feed(request("POST", "/pair-verify", m3) + smuggled, 0)
        asked = session.next_request()
        assert asked is not None
        answer = session.verify.receive(asked.body)
        with pytest.raises(FrameError):
            session.respond(Response(200, answer))
        assert not session.secured


def test_unsealed_and_oversized_frames_end_it() -> None:
    """Plain bytes, flipped ones and frames of more than 1,024 bytes are fatal."""
    for spoil in (
        lambda data: request("GET", "/accessories"),
        lambda data: data[:10] + bytes((data[10] ^ 1,)) + data[11:],
        lambda data: b"\x01\x04" + data[2:],
    ):
        session, codec, _ = secured()
        with pytest.raises(FrameError):
            session.feed(spoil(codec.seal(request("GET", "/accessories"))), 0)
        assert session.next_request() is None


def test_transient_session() -> None:
    """After a transient setup everything is sealed, and nobody is known."""
    session = Session(Register("x", CODE), 0)
    controller = PairSetupController(code=CODE, flags=SetupFlag.TRANSIENT)
    message: bytes | None = controller.start()
    while message is not None:
        message = controller.receive(setup(session, message))
    assert session.secured and session.transient
    assert session.pairing is None and not session.admin and not session.outlived


def test_permissions_are_those_of_now() -> None:
    """A controller that was demoted, removed or replaced is so at once."""
    session, _, register = secured()
    pairing = session.pairing
    assert pairing is not None and session.admin
    regular = type(pairing)(pairing.controller_id, pairing.public_key, ControllerPermission(0))
    register.pairings[pairing.controller_id] = regular
    assert not session.admin and not session.outlived
    register.pairings[pairing.controller_id] = type(pairing)(
        pairing.controller_id, bytes(32), ControllerPermission.ADMIN
    )
    assert not session.admin and session.outlived
    register.pairings.clear()
    assert session.pairing is None and session.outlived
    assert not Session(register, 0).outlived


def test_messages_must_end() -> None:
    """A request that is begun and never ended is not waited for; between requests there is no limit."""
    session = Session(Register("x", CODE), 0)
    assert session.deadline == NEVER
    session.feed(b"GET /", 10)
    session.feed(b"acc", 20)
    assert session.deadline == 10 + MESSAGE_LIMIT_S
    session.feed(b"essories HTTP/1.1\r\n\r\n", 25)
    assert session.deadline == NEVER
    session.next_request()
    session.feed(request("GET", "/x") + b"GE", 50)
    assert session.deadline == 50 + MESSAGE_LIMIT_S


def test_pairing_must_go_on() -> None:
    """Who begins to pair keeps all others from it, so not for ever."""
    register = Register("x", CODE)
    session = Session(register, 0)
    session.feed(request("POST", "/pair-setup", b"x"), 5)
    setup(session, PairSetupController(code=CODE).start())
    assert session.deadline == 5 + PAIRING_LIMIT_S
    session.close()
    assert session.deadline == NEVER and register.claimant is None


def told(codec: SessionCodec, data: bytes) -> list[bytes]:
    """Read events."""
    plain = codec.feed(data)
    assert plain.count(b"EVENT/1.0 200 OK") == plain.count(b"\r\n\r\n")
    return [part.partition(b"\r\n\r\n")[2] for part in plain.split(b"EVENT")[1:]]


def test_events_are_coalesced() -> None:
    """The first at once, then none for a second, then the last value of each; nothing twice."""
    session, codec, _ = secured()
    session.subscriptions |= {(1, 2), (1, 3)}
    session.notify((1, 2), 1, press=False)
    session.notify((1, 4), 1, press=False)
    assert session.events_due == NOW
    assert told(codec, session.events(100)) == [
        b'{"characteristics":[{"aid":1,"iid":2,"value":1}]}'
    ]
    assert session.events_due == NEVER
    for value in range(5):
        session.notify((1, 2), value, press=False)
    session.notify((1, 3), True, press=False)
    assert session.events_due == 101
    assert session.events(100.9) == b""
    assert told(codec, session.events(101)) == [
        b'{"characteristics":[{"aid":1,"iid":2,"value":4},{"aid":1,"iid":3,"value":true}]}'
    ]


def test_presses_are_told_at_once_and_each() -> None:
    """No press is lost, none waits; a controller that does not read loses the oldest."""
    session, codec, _ = secured()
    session.subscriptions |= {(1, 2), (1, 3)}
    session.notify((1, 3), 1, press=False)
    session.events(0)
    session.notify((1, 3), 2, press=False)
    session.notify((1, 2), 0, press=True)
    session.notify((1, 2), 0, press=True)
    assert session.events_due == NOW
    codec.feed(b"")
    session2, codec2, _ = secured()
    assert len(session.events(0.1)) > 0 and session.events_due == 1.0
    session2.subscriptions.add((1, 2))
    for value in range(MAX_WAITING_PRESSES + 5):
        session2.notify((1, 2), value, press=True)
    events = told(codec2, session2.events(0))
    assert len(events) == MAX_WAITING_PRESSES
    assert b'"value":5}' in events[0]


def test_ended_subscriptions_are_not_served() -> None:
    """What waits is dropped when nobody wants it any more."""
    session, _, _ = secured()
    session.subscriptions |= {(1, 2)}
    session.notify((1, 2), 1, press=False)
    session.notify((1, 2), 1, press=True)
    session.subscriptions.clear()
    assert session.events(0) == b""
    assert session.events_due == NEVER


def test_prepared_writes() -> None:
    """One at a time, once, in time, by its number."""
    session = Session(Register("x", CODE), 0)
    assert not session.redeem(7, 0)
    session.prepare(7, 1000, 0)
    assert session.redeem(7, 1)
    assert not session.redeem(7, 1)
    session.prepare(7, 1000, 0)
    assert not session.redeem(7, 1.001)
    session.prepare(7, 1000, 0)
    session.prepare(8, 1000, 0)
    assert not session.redeem(7, 0)
    assert not session.redeem(8, 0)


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(PIECES)), max_size=8))
def test_any_bytes(pieces: list[bytes]) -> None:
    """Plain bytes are requests or the end; however they are cut, the same ones."""
    stream = b"".join(pieces)

    def read(chunks: list[bytes]) -> list[object]:
        session = Session(Register("x", CODE), 0)
        found: list[object] = []
        try:
            for chunk in chunks:
                session.feed(chunk, 0)
                while (asked := session.next_request()) is not None:
                    found.append(asked)
        except FrameError:
            found.append("end")
        return found

    dribbled = read([bytes((byte,)) for byte in stream])
    whole = read([stream])
    # Of a read that ends in garbage nothing is believed.
    assert whole == dribbled or (whole == ["end"] and dribbled[-1] == "end")
