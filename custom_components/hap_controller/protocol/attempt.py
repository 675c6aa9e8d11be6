"""One attempt to pair over IP: a plain connection, on which nothing else is said.

Source: docs/hap_controller/wire.md §3, §7.5.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from .const import REQUEST_LIMIT_S, ContentType, HttpCode, Path
from .errors import PeerSilentError
from .http import Response, ResponseParser, encode_request
from .messages import IDENTIFY, Request, parse_status
from .records import HalfKeys, PairingKeys
from .refusals import AlreadyPairedError, BusyError, HttpError
from .transport import TcpTransport, open_tcp


def _load_setup() -> None:
    """Load what a new attempt needs, from a disk that may be slow: not the event loop's work."""
    from .pairing import setup, work  # noqa: F401, PLC0415


class PairingAttempt:
    """Pairs in two steps: accessories with a display show their code after the first.

    Any error ends the attempt: another one needs a new connection.
    """

    def __init__(self, transport: TcpTransport, feature_flags: int) -> None:
        """Prepare to pair on a connection just opened; ``feature_flags`` are those announced, ``ff``."""
        self._transport = transport
        self._parser = ResponseParser()
        # Only who pairs needs these: an accessory is paired once, and every start would load them.
        from .pairing.setup import PairSetupController, setup_method  # noqa: PLC0415
        from .pairing.work import take_turns  # noqa: PLC0415

        self._setup = PairSetupController(method=setup_method(feature_flags))
        self._take_turns = take_turns

    @classmethod
    @asynccontextmanager
    async def open(
        cls, hosts: Sequence[str], port: int, feature_flags: int = 0
    ) -> AsyncIterator[Self]:
        """Connect to an accessory that is not paired, by addresses or names; raises ConnectError."""
        await asyncio.to_thread(_load_setup)
        async with open_tcp(hosts, port) as transport:
            yield cls(transport, feature_flags)

    @property
    def introduced(self) -> bool:
        """Whether the accessory may have paired, though ``finish`` failed: it was told who we are, and did not refuse."""
        return self._setup.introduced

    def half(self, accessory_id: str | None) -> HalfKeys:
        """Give what takes the pairing back, should ``finish`` end without an answer; see ``revoke_pairing``."""
        return self._setup.half(accessory_id)

    async def begin(self) -> None:
        """Ask the accessory to pair; it may show its code now. Raises PairingRefusedError and LinkError."""
        await self._say(self._setup.start())

    async def finish(self, code: str) -> PairingKeys:
        """Prove that the code is known and exchange keys, which the accessory keeps from now on.

        ``code`` has dashes. Raises SetupCodeError when it is wrong, otherwise as ``begin``.
        """
        message: bytes | None = await self._take_turns(self._setup.prove(code))
        while message is not None:
            message = await self._say(message)
        assert self._setup.result is not None
        return self._setup.result

    async def identify(self) -> None:
        """Have an accessory that is not paired show which one it is; raises AlreadyPairedError for one that is."""
        answer = await self._exchange(IDENTIFY)
        if parse_status(answer.code, answer.body):
            raise AlreadyPairedError("the accessory is already paired")

    async def _say(self, message: bytes) -> bytes | None:
        """Send one message of pair setup; gives what is to be said next."""
        request = Request("POST", Path.PAIR_SETUP, ContentType.TLV, message)
        answer = await self._exchange(request)  # errors come with any HTTP status (§3.4)
        if answer.code == HttpCode.TOO_MANY_REQUESTS and not answer.body:  # §6.5
            raise BusyError("the accessory is being paired by another controller")
        return await self._take_turns(self._setup.answer(answer.body))

    async def _exchange(self, request: Request) -> Response:
        """Send a request and wait for its answer."""
        await self._transport.send(
            encode_request(
                request.method,
                request.target,
                self._transport.host,
                request.content_type,
                request.body,
            )
        )
        try:
            async with asyncio.timeout(REQUEST_LIMIT_S):
                while True:
                    match self._parser.feed(await self._transport.receive()):
                        case []:
                            continue
                        case [Response() as answer]:
                            return answer
                        case _:
                            raise HttpError("more than the answer on a connection to pair")
        except TimeoutError as err:
            raise PeerSilentError("the accessory does not answer") from err
