"""The conversation with an accessory: literal bytes in, literal bytes out, and a clock that is told the time."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from custom_components.hap_controller.protocol.connection import (
    MAX_QUEUED,
    Connection,
    Event,
    Found,
    Pushed,
    Statistics,
    Steps,
)
from custom_components.hap_controller.protocol.const import (
    GREETING_LIMIT_S,
    MAX_BODY_BYTES,
    PROBE_LIMIT_S,
    PROBE_SILENCE_S,
    REQUEST_LIMIT_S,
    VERIFY_LIMIT_S,
)
from custom_components.hap_controller.protocol.conversation import NOW, Established, Settled
from custom_components.hap_controller.protocol.crypto import KeyExchange
from custom_components.hap_controller.protocol.errors import (
    CommandError,
    FrameError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
)
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import Response
from custom_components.hap_controller.protocol.messages import ACCESSORIES, Request, read_request
from custom_components.hap_controller.protocol.pairing import PairVerifyController
from custom_components.hap_controller.protocol.records import PairingKeys
from custom_components.hap_controller.protocol.refusals import (
    AuthTagError,
    HttpError,
    PairingLostError,
    PairingMessageError,
    SignatureError,
    WrongAccessoryError,
)
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
VERIFY, SETUP, SESSION = (VECTORS[name] for name in ("pair_verify", "pair_setup", "session"))
M1, M2, M3, M4 = (bytes.fromhex(VERIFY["messages"][name]) for name in ("M1", "M2", "M3", "M4"))
READ_KEY, WRITE_KEY = (bytes.fromhex(SESSION[name]) for name in ("read_key_a2c", "write_key_c2a"))
OURS = [each for each in SESSION["messages"] if each["direction"].startswith("controller")]
THEIRS = [each for each in SESSION["messages"] if each["direction"].startswith("accessory")]
HOST = "192.0.2.10"
NOON = 1000.0
KEYS = PairingKeys(
    accessory_id=SETUP["accessory_id_text"],
    accessory_ltpk=bytes.fromhex(SETUP["accessory_ltpk"]),
    controller_id=SETUP["controller_id_text"],
    controller_ltsk=bytes.fromhex(SETUP["controller_ltsk_seed"]),
    controller_ltpk=bytes.fromhex(SETUP["controller_ltpk"]),
)
PUT = Request(
    "PUT",
    "/characteristics",
    "application/hap+json",  # type: ignore[arg-type]  # the text of the recorded request
    b'{"characteristics":[{"aid":1,"iid":9,"value":1}]}',
)
READ = read_request([(1, 9)])
PRESS = b'EVENT/1.0 200 OK\r\nContent-Length: 49\r\n\r\n{"characteristics":[{"aid":1,"iid":9,"value":1}]}'
REPORT = Pushed([((1, 9), 1, 0)])


def frames(message: dict[str, Any]) -> bytes:
    """Give the sealed bytes of a recorded message."""
    return bytes.fromhex("".join(message["frames"]))


def post(message: bytes) -> bytes:
    """Write a message of pair-verify as accessories want it."""
    head = f"Content-Length: {len(message)}\r\nContent-Type: application/pairing+tlv8\r\n\r\n"
    return f"POST /pair-verify HTTP/1.1\r\nHost: {HOST}\r\n{head}".encode() + message


def ok(body: bytes = b"", code: int = 200) -> bytes:
    """Write an answer."""
    return f"HTTP/1.1 {code} x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def ask(request: Request) -> Steps[Response]:
    """Ask for one thing."""
    return (yield request)


def silent() -> Steps[None]:
    """Greet without asking for anything."""
    yield from ()


def curious() -> Steps[None]:
    """Greet with two requests."""
    yield ACCESSORIES
    yield PUT


class Talk:
    """A connection, and the accessory's end of it."""

    def __init__(self, greet: Callable[[], Steps[None]] = silent, **options: Any) -> None:
        """Begin at noon, as on the day of the recording."""
        private = bytes.fromhex(VERIFY["controller_x25519_private"])
        keys = options.pop("keys", KEYS)
        self.statistics = Statistics()
        verify = PairVerifyController(keys, key_exchange=KeyExchange(private))
        self.connection = Connection(
            NOON, HOST, verify, greet, statistics=self.statistics, **options
        )
        self.codec = SessionCodec(WRITE_KEY, READ_KEY)
        self.now = NOON

    def said(self) -> bytes:
        """Give what the controller writes now."""
        return b"".join(self.connection.outgoing())

    def asked(self) -> list[str]:
        """Give the targets of what the controller asks now."""
        return [
            self.codec.feed(each).split(b" ")[1].decode() for each in self.connection.outgoing()
        ]

    def hear(self, data: bytes) -> list[Event]:
        """Hand over bytes as they are."""
        return list(self.connection.receive(data, self.now))

    def answer(self, data: bytes) -> list[Event]:
        """Hand over sealed bytes."""
        return self.hear(self.codec.seal(data))

    def verified(self) -> list[Event]:
        """Go through pair-verify."""
        assert self.said() == post(M1)
        assert self.hear(ok(M2)) == []
        assert self.said() == post(M3)
        return self.hear(ok(M4))

    def submit(self, *requests: Request, together: bool = False) -> int:
        """Submit steps that ask for these."""

        def steps() -> Steps[list[int]]:
            codes = []
            for request in requests:
                answer = yield request
                codes.append(answer.code)
            return codes

        return self.connection.submit(steps(), self.now, together=together)


def up(**options: Any) -> Talk:
    """Give a conversation that stands."""
    talk = Talk(**options)
    assert talk.verified() == [Established()]
    return talk


# --- as recorded --------------------------------------------------------------------------------


def test_recorded_conversation() -> None:
    """Verify in plain, then everything sealed: byte by byte what was recorded."""
    talk = Talk(curious)
    assert talk.connection.deadline == NOW
    assert talk.verified() == []
    assert talk.said() == frames(OURS[0])
    assert talk.hear(frames(THEIRS[0])) == []
    assert talk.said() == frames(OURS[1])
    assert talk.hear(frames(THEIRS[1])) == [Pushed([((1, 9), True, 0)])]
    assert talk.hear(frames(THEIRS[2])) == [Established()]
    assert talk.connection.established
    assert talk.said() == b""
    assert talk.statistics.connects == 1
    assert talk.statistics.requests == 4
    assert talk.statistics.pushes == 1
    assert talk.statistics.answers == {200: 3, 204: 1}


def test_chunking_does_not_matter() -> None:
    """One byte at a time tells the same."""
    talk = Talk(curious)
    events: list[Event] = []
    for answer in (ok(M2), ok(M4), frames(THEIRS[0]), *map(frames, THEIRS[1:])):
        for byte in answer:
            events += talk.hear(bytes((byte,)))
        talk.said()
    assert events == [Pushed([((1, 9), True, 0)]), Established()]


# --- pair-verify, first table of §4.1 -----------------------------------------------------------


def error(state: int, code: int, *more: int) -> bytes:
    """Write a refusal."""
    return ok(bytes((6, 1, state, 7, 1, code, *more)))


def wrong_introduction(name: str) -> bytes:
    """Give M2 with one byte changed where it hurts."""
    changed = bytearray(M2)
    changed[{"key": 10, "tag": -1}[name]] ^= 1
    return ok(bytes(changed))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(2, 2), PairingLostError),
        (error(2, 1), SessionRefusedError),
        (error(2, 6), SessionRefusedError),
        (error(2, 99), SessionRefusedError),
        (ok(bytes((6, 1, 2))), PairingMessageError),
        (ok(bytes((6, 1, 4))), PairingMessageError),
        (wrong_introduction("tag"), AuthTagError),
        (wrong_introduction("key"), AuthTagError),
        (ok(b"\x06"), FrameError),
        (ok(b"", 470), FrameError),
        (ok(b"", 503), FrameError),
        (PRESS, FrameError),
        (b"SSH-2.0-dropbear\r\n\r\n", HttpError),
    ],
)
def test_refusals_of_the_second_message(answer: bytes, expected: type[Exception]) -> None:
    """Each answer that is none has the error that tells what to do about it."""
    talk = Talk()
    talk.said()
    with pytest.raises(expected):
        talk.hear(answer)
    assert not talk.connection.established


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(4, 2), PairingLostError),
        (error(4, 4), SessionRefusedError),
        (ok(b"", 470), SessionRefusedError),
        (ok(b"", 500), SessionRefusedError),
        (ok(bytes((6, 1, 4)), 400), SessionRefusedError),
        (ok(bytes((6, 1, 2))), PairingMessageError),
    ],
)
def test_refusals_of_the_last_message(answer: bytes, expected: type[Exception]) -> None:
    """The pairing can also turn out to be gone at the end."""
    talk = Talk()
    talk.hear(ok(M2))
    with pytest.raises(expected):
        talk.hear(answer)


def test_asked_to_wait() -> None:
    """An accessory can ask for a pause in seconds."""
    talk = Talk()
    with pytest.raises(SessionRefusedError) as caught:
        talk.hear(error(2, 3, 8, 1, 30))
    assert caught.value.retry_after_s == 30


def test_wrong_accessory() -> None:
    """Whoever else answers is not asked for anything."""
    talk = Talk(keys=replace_id("AA:BB:CC:DD:EE:FF"))
    talk.said()
    with pytest.raises(WrongAccessoryError):
        talk.hear(ok(M2))
    assert not talk.connection.outgoing()


def replace_id(accessory_id: str) -> PairingKeys:
    """Give the keys of another accessory's pairing."""
    return PairingKeys(
        accessory_id,
        KEYS.accessory_ltpk,
        KEYS.controller_id,
        KEYS.controller_ltsk,
        KEYS.controller_ltpk,
    )


def test_wrong_long_term_key() -> None:
    """An accessory with the right name and the wrong key is not believed."""
    keys = PairingKeys(
        KEYS.accessory_id,
        KEYS.controller_ltpk,
        KEYS.controller_id,
        KEYS.controller_ltsk,
        KEYS.controller_ltpk,
    )
    talk = Talk(keys=keys)
    with pytest.raises(SignatureError):
        talk.hear(ok(M2))


@pytest.mark.parametrize(
    "more", [PRESS, ok(), b"E", b"\x12\x00"], ids=["news", "answer", "e", "frame"]
)
def test_plain_bytes_behind_the_last_of_verify(more: bytes) -> None:
    """Whoever sits on the way could append plain bytes to M4; they must not pass for sealed ones."""
    talk = Talk(curious)
    talk.hear(ok(M2))
    with pytest.raises(FrameError):
        talk.hear(ok(M4) + more)


def test_plain_bytes_later() -> None:
    """Nor can they come in a read of their own: they tell nothing, and nothing true behind them."""
    talk = up()
    assert talk.hear(PRESS) == []
    with pytest.raises(LinkError):
        talk.hear(bytes(0x10000))


def test_verify_takes_too_long() -> None:
    """The two answers share one time limit."""
    talk = Talk()
    talk.said()
    assert talk.connection.deadline == NOON + VERIFY_LIMIT_S
    talk.now = NOON + VERIFY_LIMIT_S - 1
    talk.hear(ok(M2))
    talk.said()
    assert talk.connection.deadline == NOON + VERIFY_LIMIT_S
    assert talk.connection.tick(talk.now) == ()
    with pytest.raises(PeerSilentError):
        talk.connection.tick(NOON + VERIFY_LIMIT_S)


# --- greeting -----------------------------------------------------------------------------------


def test_greeting_gets_its_answers() -> None:
    """Each yield gives the answer to its request, and what was found out is told before the link is up."""
    got: list[bytes] = []

    def greet() -> Steps[None]:
        got.append((yield READ).body)
        talk.connection.tell("news")
        got.append((yield ACCESSORIES).body)

    talk = Talk(greet)
    talk.verified()
    assert talk.asked() == [READ.target]
    assert talk.answer(ok(b"one")) == [Found("news")]
    assert talk.asked() == ["/accessories"]
    assert talk.answer(ok(b"two")) == [Established()]
    assert got == [b"one", b"two"]


def test_greeting_has_a_limit_of_its_own() -> None:
    """An accessory that answers each request slowly is given up after ten minutes."""

    def greet() -> Steps[None]:
        while True:
            yield READ

    talk = Talk(greet)
    talk.verified()
    while talk.now < NOON + GREETING_LIMIT_S - 20:
        talk.now += 20
        talk.answer(ok())
        talk.said()
        talk.connection.tick(talk.now)
    assert talk.connection.deadline == NOON + GREETING_LIMIT_S
    with pytest.raises(PeerSilentError):
        talk.connection.tick(NOON + GREETING_LIMIT_S)


def test_greeting_that_is_refused() -> None:
    """What cannot be known makes the link useless, but is no error of a command."""

    def greet() -> Steps[None]:
        yield READ
        raise RefusedError("no")

    talk = Talk(greet)
    talk.verified()
    with pytest.raises(SessionRefusedError):
        talk.answer(ok())


# --- one request at a time ----------------------------------------------------------------------


def test_one_request_in_flight() -> None:
    """The second request leaves when the first is answered, and each gets its own answer."""
    talk = up()
    first, second = talk.submit(READ), talk.submit(ACCESSORIES)
    assert talk.asked() == [READ.target]
    assert talk.answer(ok(code=204)) == [Settled(first, answer=[204])]
    assert talk.asked() == ["/accessories"]
    assert talk.answer(ok()) == [Settled(second, answer=[200])]
    assert talk.asked() == []


def test_events_between_and_inside() -> None:
    """News comes whenever it likes: before an answer, behind it, in one read with it."""
    talk = up()
    ticket = talk.submit(READ)
    talk.asked()
    assert talk.answer(PRESS) == [REPORT]
    assert talk.answer(PRESS + ok() + PRESS) == [REPORT, Settled(ticket, answer=[200]), REPORT]
    assert talk.answer(PRESS) == [REPORT]


def test_events_of_one_read() -> None:
    """What is told at once is one event, in its order; what tells of the same again is another."""
    talk = up()
    other = PRESS.replace(b'"iid":9', b'"iid":8')
    both = Pushed([((1, 9), 1, 0), ((1, 8), 1, 0)])
    assert talk.answer(PRESS + other) == [both]
    assert talk.answer(PRESS * 2 + other + PRESS) == [REPORT, both, REPORT]
    assert talk.statistics.pushes == 6


def test_events_that_cannot_be_read() -> None:
    """News that is no JSON is counted and costs nothing else (§6.4); news of nothing is none."""
    talk = up()
    event = b"EVENT/1.0 200 OK\r\nContent-Length: 2\r\n\r\n"
    assert talk.answer(event + b"{[") == []
    assert talk.answer(event + b"{}") == []
    assert talk.statistics.unreadable == 1
    assert talk.statistics.pushes == 2
    assert talk.answer(PRESS) == [REPORT]


def test_others_come_in_between() -> None:
    """A long round of reading does not make a command wait for its end."""
    talk = up()
    long = talk.submit(READ, READ, READ)
    command = talk.submit(ACCESSORIES)
    assert talk.asked() == [READ.target]
    talk.answer(ok())
    assert talk.asked() == ["/accessories"]
    assert talk.answer(ok()) == [Settled(command, answer=[200])]
    assert talk.asked() == [READ.target]
    talk.answer(ok())
    assert talk.asked() == [READ.target]
    assert talk.answer(ok()) == [Settled(long, answer=[200, 200, 200])]


def test_together_means_together() -> None:
    """Nothing comes between the parts of a timed write."""
    talk = up()
    timed = talk.submit(READ, READ, together=True)
    other = talk.submit(ACCESSORIES)
    assert talk.asked() == [READ.target]
    talk.answer(ok())
    assert talk.asked() == [READ.target]
    assert talk.answer(ok()) == [Settled(timed, answer=[200, 200])]
    assert talk.asked() == ["/accessories"]
    assert talk.answer(ok()) == [Settled(other, answer=[200])]


def test_steps_that_fail() -> None:
    """A refusal belongs to who asked; bytes that cannot be end the link (§6.4)."""

    def fail(err: Exception, request: Request | None = None) -> Steps[None]:
        if request:
            yield request
        raise err

    talk = up()
    refusal = CommandError("no")
    ticket = talk.connection.submit(fail(refusal, READ), NOON)
    at_once = talk.connection.submit(fail(refusal), NOON)
    assert talk.connection.told() == [Settled(at_once, error=refusal)]
    assert talk.answer(ok()) == [Settled(ticket, error=refusal)]
    empty = talk.connection.submit(silent(), NOON)
    assert talk.connection.told() == [Settled(empty)]
    talk.connection.submit(fail(FrameError("no JSON"), READ), NOON)
    with pytest.raises(FrameError, match="no JSON"):
        talk.answer(ok())


def test_tickets_go_on() -> None:
    """Tickets are numbered beyond one connection, so that an old one cannot be taken for a new one."""
    tickets = count(7)
    assert up(tickets=tickets).submit(READ) == 7
    assert up(tickets=tickets).submit(READ) == 8


def test_withdrawn_requests_do_not_leave() -> None:
    """What nobody waits for any more is not asked; what is on its way is answered to nobody."""
    talk = up()
    first, second, third = (talk.submit(READ), talk.submit(ACCESSORIES), talk.submit(READ))
    assert talk.asked() == [READ.target]
    talk.connection.withdraw(second)
    talk.connection.withdraw(first)
    assert talk.answer(ok()) == [Settled(first, answer=[200])]
    assert talk.asked() == [READ.target]
    assert talk.answer(ok()) == [Settled(third, answer=[200])]


def test_queue_is_bounded() -> None:
    """Whoever asks for too much is told so, and all that was taken is done."""
    talk = up()
    for _ in range(MAX_QUEUED + 1):
        talk.submit(READ)
    with pytest.raises(CommandError):
        talk.submit(READ)
    for _ in range(MAX_QUEUED + 1):
        assert len(talk.answer(ok())) == 1
    assert len(talk.connection.outgoing()) == MAX_QUEUED + 1


def test_large_bodies_only_for_descriptions() -> None:
    """Eight megabytes are taken of a description, one of all else."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode()
    talk = up()
    talk.submit(ACCESSORIES)
    assert talk.answer(head) == []
    talk = up()
    talk.submit(READ)
    with pytest.raises(HttpError):
        talk.answer(head)


# --- what ends it -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [470, 401])
def test_session_is_gone(code: int) -> None:
    """An accessory that lost the session needs a new one (§6.5)."""
    talk = up()
    talk.submit(READ)
    with pytest.raises(SessionRefusedError):
        talk.answer(ok(b'{"status":-70411}', code))


@pytest.mark.parametrize("code", [400, 404, 405, 422, 429, 500, 503])
def test_other_codes_are_answers(code: int) -> None:
    """All other refusals are for whoever asked."""
    talk = up()
    ticket = talk.submit(READ)
    assert talk.answer(ok(b"{}", code)) == [Settled(ticket, answer=[code])]


def test_stray_answer() -> None:
    """An answer that nobody waits for leaves no order to rely on."""
    talk = up()
    with pytest.raises(HttpError):
        talk.answer(ok())


def test_two_answers() -> None:
    """A second answer never passes for the one to the next request."""
    talk = up()
    talk.submit(READ)
    with pytest.raises(HttpError):
        talk.answer(ok() + ok())


def test_damaged_and_repeated_frames() -> None:
    """A frame is taken once and as it was."""
    talk = up()
    sealed = talk.codec.seal(PRESS)
    assert talk.hear(sealed) == [REPORT]
    with pytest.raises(AuthTagError):
        talk.hear(sealed)
    talk = up()
    sealed = talk.codec.seal(PRESS)
    with pytest.raises(AuthTagError):
        talk.hear(sealed[:-1] + bytes((sealed[-1] ^ 1,)))


# --- time ---------------------------------------------------------------------------------------


def test_request_without_answer() -> None:
    """After half a minute the link is given up, whatever else is heard on it."""
    talk = up()
    talk.submit(READ)
    talk.asked()
    assert talk.connection.deadline == NOON + REQUEST_LIMIT_S
    talk.now += REQUEST_LIMIT_S - 1
    assert talk.answer(PRESS) == [REPORT]
    assert talk.connection.tick(talk.now) == ()
    with pytest.raises(PeerSilentError):
        talk.connection.tick(NOON + REQUEST_LIMIT_S)


def test_sign_of_life() -> None:
    """After a long silence something small is asked; no answer means that there is nobody."""
    talk = up(probe=lambda: ask(READ))
    assert talk.connection.deadline == NOON + PROBE_SILENCE_S
    assert talk.connection.tick(NOON + PROBE_SILENCE_S - 1) == ()
    assert talk.asked() == []
    talk.now = NOON + PROBE_SILENCE_S
    assert talk.connection.tick(talk.now) == ()
    assert talk.connection.deadline == NOW
    assert talk.asked() == [READ.target]
    assert talk.connection.deadline == talk.now + PROBE_LIMIT_S
    with pytest.raises(PeerSilentError):
        talk.connection.tick(talk.now + PROBE_LIMIT_S)


def test_sign_of_life_is_given() -> None:
    """Any answer counts, and the silence begins anew."""
    talk = up(probe=lambda: ask(READ))
    talk.now = NOON + PROBE_SILENCE_S
    talk.connection.tick(talk.now)
    talk.asked()
    talk.now += 1
    assert talk.answer(ok(b"", 400)) == []
    assert talk.connection.deadline == talk.now + PROBE_SILENCE_S


def test_news_is_a_sign_of_life() -> None:
    """Who hears something has no need to ask."""
    talk = up(probe=lambda: ask(READ))
    talk.now += 30
    talk.answer(PRESS)
    assert talk.connection.tick(NOON + PROBE_SILENCE_S) == ()
    assert talk.asked() == []
    assert talk.connection.deadline == talk.now + PROBE_SILENCE_S


def test_nothing_to_probe() -> None:
    """An accessory of which nothing can be read is left alone."""
    talk = up()
    talk.connection.tick(NOON + PROBE_SILENCE_S)
    assert talk.asked() == []
    assert talk.connection.deadline == NOON + 2 * PROBE_SILENCE_S


def test_no_probe_while_waiting() -> None:
    """A request that waits is sign enough, and the clock does not spin on it."""
    talk = up(probe=lambda: ask(READ))
    talk.now = NOON + PROBE_SILENCE_S - 1
    talk.submit(ACCESSORIES)
    assert talk.asked() == ["/accessories"]
    assert talk.connection.tick(NOON + PROBE_SILENCE_S) == ()
    assert talk.asked() == []
    assert talk.connection.deadline == talk.now + REQUEST_LIMIT_S
