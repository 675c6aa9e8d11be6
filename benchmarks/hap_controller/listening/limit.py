"""The least work that the wire leaves for a client that is told of changes: one read, one JSON decode, one lookup, one call."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, override

import orjson

from ...clouds import Listener
from .. import bridge, limit

_READ_BYTES = 256 * 1024
_END = b"\r\n\r\n"
_LENGTH = b"Content-Length: "


class _HearingLink(limit.Link):
    """A verified connection on which events come between answers."""

    hear: Callable[[bytes], None]
    _reading: asyncio.Task[None]
    _waiter: asyncio.Future[bytes]

    def listen(self, hear: Callable[[bytes], None]) -> None:
        """Read from now on; events go to ``hear``."""
        self.hear = hear
        self._reading = asyncio.create_task(self._read())

    @override
    async def ask(self, method: str, target: str, body: bytes = b"") -> bytes:
        self._waiter = asyncio.get_running_loop().create_future()
        self.write(method, target, body)
        return await self._waiter

    async def _read(self) -> None:
        rest = b""
        while data := await self.reader.read(_READ_BYTES):
            text = rest + b"".join(self.take(data))
            start = 0
            while (begin := text.find(_END, start) + 4) > 3:
                at = text.find(_LENGTH, start, begin)
                length = int(text[at + 16 : text.index(b"\r\n", at)]) if at >= 0 else 0
                end = begin + length
                if end > len(text):
                    break
                if text.startswith(b"EVENT", start):
                    self.hear(text[begin:end])
                else:
                    self._waiter.set_result(text[begin:end])
                start = end
            rest = text[start:]

    @override
    def close(self) -> None:
        self._reading.cancel()
        super().close()


class Client(limit.Client):
    """A conversation written down by hand, with ears."""

    def __init__(
        self, card: Mapping[str, Any], account: Mapping[str, Any], session: object = None
    ) -> None:
        """Nothing is opened before ``connect``."""
        super().__init__(account)
        self._listeners: dict[tuple[int, int], tuple[Listener, str]] = {}

    @override
    async def opened(self) -> _HearingLink:
        link = await _HearingLink.open(self.account["port"], self.verify())
        link.listen(self._hear)
        return link

    @override
    async def connect(self) -> int:
        """Read everything and subscribe to it."""
        known = await super().connect()
        await self.settle()
        return known

    @property
    def connected(self) -> bool:
        """Whether the link is up."""
        return not self._link.writer.is_closing()

    @property
    def values(self) -> Mapping[tuple[int, int], Any]:
        """What was read, by aid and iid."""
        return self._values

    def watch(self, listener: Listener) -> None:
        """Have the listener called for every light."""
        keys = bridge.switched(self._accessories)
        self._listeners = {key: (listener, str(key[0])) for key in keys}

    async def switch(self, device_id: str, on: bool) -> None:
        """Ask and wait, then tell as bridges do not: who wrote knows."""
        key = int(device_id), bridge.ON_IID
        await self.write({key: on})
        self._tell(key, on)

    def _hear(self, body: bytes) -> None:
        for item in orjson.loads(body)["characteristics"]:
            self._tell((item["aid"], item["iid"]), item["value"])

    def _tell(self, key: tuple[int, int], on: bool) -> None:
        listener, device_id = self._listeners[key]
        listener(device_id, on)
