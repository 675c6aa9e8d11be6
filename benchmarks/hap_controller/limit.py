"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

Raw sockets, raw crypto, a JSON decode, one dictionary, one call. Exponentiation is that of the fastest library at hand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha512
import os
from struct import Struct
from typing import Any, Self, override
import warnings

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
import orjson

from custom_components.hap_controller.protocol.srp import G, N

from . import bridge
from .contender import HOST, Contender, Handshake, Key, Listener
from .wire import FRAME_BYTES, request

type Item = tuple[int, bytes]

_NONCE = Struct("<4xQ").pack
_LENGTH = Struct("<H").pack
_OVERHEAD_BYTES = 18
_READ_BYTES = 256 * 1024
# What accessories are asked for at once (wire.md §7.2).
_IDS_PER_READ = 49


class Client(Contender):
    """A conversation written down by hand."""

    _link: Link

    def opened(self) -> Awaitable[Link]:
        """Open a link."""
        return Link.open(self.account["port"], self.verify())

    @override
    def parse(self, body: bytes) -> Any:
        return orjson.loads(body)

    @override
    def count(self, database: Any) -> int:
        return len(bridge.keys(database["accessories"]))

    @override
    def decode(self, data: bytes) -> Sequence[Item]:
        items: list[Item] = []
        last, start, size = -1, 0, len(data)
        while start < size:
            kind = data[start]
            end = start + 2 + data[start + 1]
            value = data[start + 2 : end]
            if kind == last:
                items[-1] = kind, items[-1][1] + value
            else:
                items.append((kind, value))
            last, start = kind, end
        return items

    @override
    def sealer(self, key: bytes) -> Callable[[bytes], bytes]:
        return _sealer(key)

    @override
    def opener(self, key: bytes) -> Callable[[bytes], bytes | None]:
        take = _opener(key)
        text = bytearray()

        def feed(data: bytes) -> bytes | None:
            nonlocal text
            text += b"".join(take(data))
            begin = text.index(b"\r\n\r\n") + 4
            at = text.index(b"Content-Length: ", 0, begin) + 16
            length = int(text[at : text.index(b"\r\n", at)])
            return bytes(text[begin : begin + length]) if len(text) - begin == length else None

        return feed

    @override
    def hearer(self, key: bytes, body: bytes, listener: Listener) -> Callable[[bytes], object]:
        listeners = dict.fromkeys(bridge.keys(orjson.loads(body)["accessories"]), listener)
        decrypt = ChaCha20Poly1305(key).decrypt
        number = 0

        def hear(data: bytes) -> None:
            nonlocal number
            start, size = 0, len(data)
            while start < size:
                end = start + (data[start] | data[start + 1] << 8) + _OVERHEAD_BYTES
                text = decrypt(_NONCE(number), data[start + 2 : end], data[start : start + 2])
                number += 1
                start = end
                body = text[text.index(b"\r\n\r\n") + 4 :]
                for item in orjson.loads(body)["characteristics"]:
                    at = item["aid"], item["iid"]
                    listeners[at](at, item["value"])

        return hear

    @override
    def setup(self, code: str) -> Handshake:
        answer = yield _tlv((6, b"\1"), (0, b"\0"))
        found = dict(self.decode(answer))
        srp = _Srp(code, found[2], found[3])
        answer = yield _tlv((6, b"\3"), (3, srp.public_key), (4, srp.proof))
        found = dict(self.decode(answer))
        if found[4] != sha512(srp.public_key + srp.proof + srp.key).digest():
            raise ValueError("proof")
        sealing = _derived(srp.key, b"Pair-Setup-Encrypt-Salt", b"Pair-Setup-Encrypt-Info")
        signed = _derived(
            srp.key, b"Pair-Setup-Controller-Sign-Salt", b"Pair-Setup-Controller-Sign-Info"
        )
        ours, us = Ed25519PrivateKey.generate(), os.urandom(18).hex().encode()
        public_key = ours.public_key().public_bytes_raw()
        signature = ours.sign(signed + us + public_key)
        introduction = _tlv((1, us), (3, public_key), (10, signature))
        answer = yield _tlv((6, b"\5"), (5, _sealed(sealing, b"PS-Msg05", introduction)))
        found = dict(self.decode(_opened(sealing, b"PS-Msg06", dict(self.decode(answer))[5])))
        signed = _derived(
            srp.key, b"Pair-Setup-Accessory-Sign-Salt", b"Pair-Setup-Accessory-Sign-Info"
        )
        theirs = Ed25519PublicKey.from_public_bytes(found[3])
        theirs.verify(found[10], signed + found[1] + found[3])
        return True

    @override
    def verify(self) -> Handshake:
        account = self.account
        exchange = X25519PrivateKey.generate()
        ours = exchange.public_key().public_bytes_raw()
        answer = yield _tlv((6, b"\1"), (3, ours))
        found = dict(self.decode(answer))
        theirs = found[3]
        secret = exchange.exchange(X25519PublicKey.from_public_bytes(theirs))
        sealing = _derived(secret, b"Pair-Verify-Encrypt-Salt", b"Pair-Verify-Encrypt-Info")
        told = dict(self.decode(_opened(sealing, b"PV-Msg02", found[5])))
        known = Ed25519PublicKey.from_public_bytes(bytes.fromhex(account["accessory_ltpk"]))
        known.verify(told[10], theirs + told[1] + ours)
        us = account["controller_id"].encode()
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(account["controller_ltsk"]))
        introduction = _tlv((1, us), (10, key.sign(ours + us + theirs)))
        yield _tlv((6, b"\3"), (5, _sealed(sealing, b"PV-Msg03", introduction)))
        return (
            _derived(secret, b"Control-Salt", b"Control-Read-Encryption-Key"),
            _derived(secret, b"Control-Salt", b"Control-Write-Encryption-Key"),
        )

    # --- a link to the bridge ---------------------------------------------------------------

    @override
    async def connect(self) -> int:
        await self.open()
        return sum(value is not None for value in bridge.switched(self._accessories).values())

    @override
    async def settle(self) -> None:
        await self.subscribe(bridge.notifying(self._accessories))
        keys = bridge.notifying(self._accessories)
        for batch in _batches(keys, lambda key: f"{key[0]}.{key[1]},", 60, most=_IDS_PER_READ):
            ids = "".join(batch)[:-1]
            told = orjson.loads(await self._link.ask("GET", f"/characteristics?id={ids}"))
            for item in told["characteristics"]:
                self._values[item["aid"], item["iid"]] = item["value"]

    @override
    async def disconnect(self) -> None:
        self._link.close()

    @override
    async def open(self) -> None:
        self._link = await self.opened()
        self._accessories = orjson.loads(await self._link.ask("GET", "/accessories"))["accessories"]
        self._values = dict.fromkeys(bridge.keys(self._accessories))

    @override
    async def subscribe(self, keys: Collection[Key]) -> None:
        await self._put(keys, lambda key: _item(key, b'"ev":true'))

    @override
    async def unsubscribe(self, keys: Collection[Key]) -> None:
        await self._put(keys, lambda key: _item(key, b'"ev":false'))

    @override
    async def write(self, values: Mapping[Key, Any]) -> None:
        await self._put(values, lambda key: _item(key, b'"value":%d' % values[key]))

    async def _put(self, keys: Collection[Key], text_of: Callable[[Key], bytes]) -> None:
        """Put as much into each frame as it takes."""
        for batch in _batches(keys, text_of, 140):
            body = b'{"characteristics":[%b]}' % b",".join(batch)
            await self._link.ask("PUT", "/characteristics", body)


def _item(key: Key, rest: bytes) -> bytes:
    return b'{"aid":%d,"iid":%d,%b}' % (*key, rest)


def _batches[Text: (str, bytes)](
    keys: Iterable[Key], text_of: Callable[[Key], Text], head_bytes: int, most: int = FRAME_BYTES
) -> Iterable[list[Text]]:
    """Fill one frame after the other."""
    batch: list[Text] = []
    size = head_bytes
    for key in keys:
        text = text_of(key)
        if size + len(text) + 1 > FRAME_BYTES or len(batch) == most:
            yield batch
            batch, size = [], head_bytes
        batch.append(text)
        size += len(text) + 1
    yield batch


class Link:
    """A verified connection."""

    take: Callable[[bytes], list[bytes]]
    seal: Callable[[bytes], bytes]

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the two ends of a socket."""
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, handshake: Handshake) -> Self:
        """Connect and verify."""
        link = cls(*await asyncio.open_connection(HOST, port))
        message = handshake.send(None)
        while True:
            assert message is not None
            link.writer.write(request("/pair-verify", message))
            try:
                message = handshake.send(await link._answer(bytes))
            except StopIteration as end:
                read_key, write_key = end.value
                link.take, link.seal = _opener(read_key), _sealer(write_key)
                return link

    async def ask(self, method: str, target: str, body: bytes = b"") -> bytes:
        """Ask for one thing and wait for the answer."""
        self.write(method, target, body)
        return await self._answer(lambda data: b"".join(self.take(data)))

    def write(self, method: str, target: str, body: bytes) -> None:
        """Write a request."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n".encode()
        if body:
            head += b"Content-Length: %d\r\nContent-Type: application/hap+json\r\n" % len(body)
        self.writer.write(self.seal(head + b"\r\n" + body))

    async def _answer(self, opened: Callable[[bytes], bytes]) -> bytes:
        text = b""
        while True:
            text += opened(await self.reader.read(_READ_BYTES))
            begin = text.find(b"\r\n\r\n") + 4
            if begin > 3:
                at = text.find(b"Content-Length: ", 0, begin)
                length = int(text[at + 16 : text.index(b"\r\n", at)]) if at >= 0 else 0
                if len(text) - begin == length:
                    return text[begin:]

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


def _sealer(key: bytes) -> Callable[[bytes], bytes]:
    encrypt = ChaCha20Poly1305(key).encrypt
    number = 0

    def seal(data: bytes) -> bytes:
        nonlocal number
        frames = []
        for start in range(0, len(data), FRAME_BYTES):
            plain = data[start : start + FRAME_BYTES]
            length = _LENGTH(len(plain))
            frames.append(length)
            frames.append(encrypt(_NONCE(number), plain, length))
            number += 1
        return b"".join(frames)

    return seal


def _opener(key: bytes) -> Callable[[bytes], list[bytes]]:
    decrypt = ChaCha20Poly1305(key).decrypt
    number = 0
    rest = b""

    def take(data: bytes) -> list[bytes]:
        nonlocal number, rest
        data = rest + data if rest else data
        opened = []
        start, size = 0, len(data)
        while size - start > _OVERHEAD_BYTES:
            end = start + (data[start] | data[start + 1] << 8) + _OVERHEAD_BYTES
            if end > size:
                break
            opened.append(decrypt(_NONCE(number), data[start + 2 : end], data[start : start + 2]))
            number += 1
            start = end
        rest = data[start:]
        return opened

    return take


# --- handshakes ---------------------------------------------------------------------------------


def _tlv(*items: Item) -> bytes:
    """Write items; of those that are too long for one fragment there is one."""
    parts = []
    for kind, value in items:
        for start in range(0, len(value), 255):
            fragment = value[start : start + 255]
            parts.append(bytes((kind, len(fragment))) + fragment)
    return b"".join(parts)


def _derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA512(), 32, salt, info).derive(secret)


def _sealed(key: bytes, nonce: bytes, data: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(bytes(4) + nonce, data, None)


def _opened(key: bytes, nonce: bytes, data: bytes) -> bytes:
    return ChaCha20Poly1305(key).decrypt(bytes(4) + nonce, data, None)


class _Srp:
    """The controller's half of SRP; the code is not proved if a number happens to begin with a zero byte."""

    def __init__(self, code: str, salt: bytes, server_key: bytes) -> None:
        """Work everything out."""
        theirs = int.from_bytes(server_key)
        secret = int.from_bytes(
            sha512(salt + sha512(b"Pair-Setup:" + code.encode()).digest()).digest()
        )
        ours = int.from_bytes(os.urandom(32))
        self.public_key = _power(G, ours).to_bytes(_GROUP_BYTES)
        mixed = int.from_bytes(sha512(self.public_key + theirs.to_bytes(_GROUP_BYTES)).digest())
        shared = _power((theirs - _K * _power(G, secret)) % N, ours + mixed * secret)
        self.key = sha512(shared.to_bytes(_GROUP_BYTES)).digest()
        self.proof = sha512(_PUBLIC + salt + self.public_key + server_key + self.key).digest()


_GROUP_BYTES = 384
_K = int.from_bytes(sha512(N.to_bytes(_GROUP_BYTES) + G.to_bytes(_GROUP_BYTES)).digest())
_GROUP_HASH = int.from_bytes(sha512(N.to_bytes(_GROUP_BYTES)).digest())
_GROUP_HASH ^= int.from_bytes(sha512(bytes((G,))).digest())
_PUBLIC = _GROUP_HASH.to_bytes(64) + sha512(b"Pair-Setup").digest()
# The library means to give this up, and has nothing else that raises to a power.
warnings.filterwarnings("ignore", "Diffie-Hellman over finite fields")
_GROUP = dh.DHParameterNumbers(N, 2)
_ANY = dh.DHPublicNumbers(4, _GROUP)


def _power(base: int, exponent: int) -> int:
    """Raise modulo N, as an exchange of keys."""
    private = dh.DHPrivateNumbers(exponent, _ANY).private_key()
    return int.from_bytes(private.exchange(dh.DHPublicNumbers(base, _GROUP).public_key()))
