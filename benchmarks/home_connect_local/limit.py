"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

One websocket of the library that ours uses too, raw crypto, a JSON decode, one dictionary, one call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import hmac
import os
import ssl
from typing import Any, override
from xml.etree import ElementTree as ET

from Crypto.Cipher import AES as Cipher
import orjson

from ..limit import PING_S, LimitClient
from ..measure import spending
from .appliance import AES, APP_NAME, DEVICE_ID, IV, KEY, TLS
from .big_profile import big_profile

type Json = dict[str, Any]

CIPHERS = "ECDHE-PSK-CHACHA20-POLY1305"


class Client(LimitClient):
    """A conversation written down by hand."""

    values: dict[int, Any]

    @override
    def decode(self, texts: Sequence[str]) -> int:
        understood = 0
        for text in texts:
            for item in orjson.loads(text)["data"]:
                understood += item["uid"] is not None and item["value"] is not None
        return understood

    @override
    async def connect(self) -> int:
        """Greet, ask what must be asked, one question after the other, and take all values."""
        tls = self._account["link"] == TLS
        self._ws = await self.session.ws_connect(
            f"{'wss' if tls else 'ws'}://{self._account['host']}:{self._account['port']}/homeconnect",
            heartbeat=PING_S,
            ssl=_context() if tls else True,
        )
        if not tls:
            self._begin_chains()
        self._waiters: dict[int, asyncio.Future[None]] = {}
        greeting = await self._hear()
        self._sid, self._number = greeting["sID"], greeting["data"][0]["edMsgID"]
        us = {"deviceType": "Application", "deviceName": APP_NAME, "deviceID": DEVICE_ID}
        await self._write(greeting | {"action": "RESPONSE", "data": [us]})
        services = (await self._ask("/ci/services", 1))["data"]
        self._versions = {each["service"]: each["version"] for each in services}
        await self._ask("/iz/info")
        await self._say("/ei/deviceReady", "NOTIFY")
        await self._ask("/ni/info")
        await self._ask("/ro/allDescriptionChanges")
        told = (await self._ask("/ro/allMandatoryValues"))["data"]
        self.values = {item["uid"]: item["value"] for item in told}
        self._names = {uid: str(uid) for uid in self.values}
        self._reader = asyncio.create_task(self._read())
        return len(self.values)

    @override
    async def switch(self, device_id: str, on: bool) -> None:
        """Set and wait until it is confirmed."""
        number = await self._say("/ro/values", "POST", [{"uid": int(device_id), "value": on}])
        waiter = self._waiters[number] = asyncio.get_running_loop().create_future()
        await waiter

    async def _read(self) -> None:
        aes = self._account["link"] == AES
        async for frame in self._ws:
            message = orjson.loads(self._open(frame.data) if aes else frame.data)
            if message["action"] == "NOTIFY":
                for item in message["data"]:
                    uid, value = item["uid"], item["value"]
                    self.values[uid] = value
                    self._listener(self._names[uid], value)
            else:
                self._waiters.pop(message["msgID"]).set_result(None)

    async def _ask(self, resource: str, version: int | None = None) -> Json:
        await self._say(resource, "GET", version=version)
        return await self._hear()

    async def _say(
        self,
        resource: str,
        action: str,
        data: Sequence[Json] | None = None,
        version: int | None = None,
    ) -> int:
        number: int = self._number
        self._number += 1
        message = {
            "sID": self._sid,
            "msgID": number,
            "resource": resource,
            "version": version or self._versions[resource[1:3]],
            "action": action,
        }
        await self._write(message if data is None else message | {"data": data})
        return number

    async def _hear(self) -> Json:
        data = (await self._ws.receive()).data
        message: Json = orjson.loads(self._open(data) if isinstance(data, bytes) else data)
        return message

    async def _write(self, message: Json) -> None:
        clear = orjson.dumps(message)
        if self._account["link"] == TLS:
            await self._ws.send_str(clear.decode())
        else:
            await self._ws.send_bytes(self._seal(clear))

    # --- the AES link -----------------------------------------------------------------------

    def _begin_chains(self) -> None:
        key = hmac.digest(KEY, b"ENC", "sha256")
        self._mac_key = hmac.digest(KEY, b"MAC", "sha256")
        self._encrypt = Cipher.new(key, Cipher.MODE_CBC, IV).encrypt
        self._decrypt = Cipher.new(key, Cipher.MODE_CBC, IV).decrypt
        self._sent = self._heard = bytes(16)

    def _seal(self, clear: bytes) -> bytes:
        padding = 16 - len(clear) % 16
        padding += 16 if padding == 1 else 0
        ciphertext = self._encrypt(clear + b"\0" + os.urandom(padding - 2) + bytes((padding,)))
        mac = hmac.digest(self._mac_key, IV + b"E" + self._sent + ciphertext, "sha256")
        self._sent = mac[:16]
        return ciphertext + self._sent

    def _open(self, data: bytes) -> bytes:
        ciphertext, mac = data[:-16], data[-16:]
        told = hmac.digest(self._mac_key, IV + b"C" + self._heard + ciphertext, "sha256")
        if not hmac.compare_digest(told[:16], mac):
            raise ValueError("MAC")
        self._heard = mac
        clear = self._decrypt(ciphertext)
        return clear[: -clear[-1]]


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(CIPHERS)
    context.set_psk_client_callback(lambda hint: (None, KEY))
    return context


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what profiles are compared with: the standard library reads both files and does nothing with them."""

    async def parse() -> float:
        """Give the CPU time, in milliseconds."""
        files = big_profile()
        with spending() as spent:
            trees = [ET.fromstring(text) for text in files]
        del trees
        return spent.cpu_s * 1e3

    return {"parse": parse, "load": parse}
