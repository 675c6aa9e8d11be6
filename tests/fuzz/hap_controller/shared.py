"""Seeds and words that several targets begin with."""

from collections.abc import Sequence

from custom_components.hap_controller.protocol.accessory.definition import Accessory, Bridge
from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)
from custom_components.hap_controller.protocol.const import TlvType
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.http import encode_event, encode_response
from custom_components.hap_controller.protocol.tlv8 import encode
from custom_components.hap_controller.protocol.values import dumps
from tests.hap_controller.protocol.pairing.recorded import SETUP, VECTORS, VERIFY, unhex

HOST = "127.0.0.1"
JSON_WORDS = [
    *(b'{"characteristics":[{"aid":1,"iid":11,"value":1}]}', b'"status":-70402', b'"value":null'),
    *(b'"aid":', b'"iid":', b'"value":', b'"status":', b'"ev":true', b'"r":true', b'"pid":1'),
    *(b"18446744073709551616", b"-1", b"1e999", b"1e-400", b"0.1", b"NaN", b'"\\ud800"', b'""'),
    *(b"null", b"true", b"[]", b"{}", b",]", b",}", b"[[[[[[[[", b'"\\u0000"', b"9" * 400),
]


def vectors(name: str, key: str) -> list[bytes]:
    """Give the bytes of all vectors of a group."""
    return [bytes.fromhex(each[key]) for each in VECTORS[name]]


def staged(*stages: tuple[int, Sequence[bytes]]) -> list[bytes]:
    """Put the number of a stage before each of its seeds."""
    return [bytes((stage,)) + seed for stage, seeds in stages for seed in seeds]


def _home() -> Bridge:
    """Build accessories that have something of everything."""
    bridge = Bridge("Bridge")
    for name, kind, optional in (
        ("Lamp", S.LIGHTBULB, [C.BRIGHTNESS, C.HUE]),
        ("Thermostat", S.THERMOSTAT, []),
        ("Lock", S.LOCK_MECHANISM, []),
        ("Button", S.STATELESS_PROGRAMMABLE_SWITCH, []),
        ("Camera", S.CAMERA_RTP_STREAM_MANAGEMENT, []),
        ("Television", S.TELEVISION, []),
    ):
        accessory = Accessory(name, image=lambda width, height: b"\xff\xd8")
        accessory.add_service(kind, optional)
        bridge.add_accessory(accessory)
    odd = bridge.accessories[1].add_service("5D1C7B9E-0000-4D5B-9F2A-7E1D0B6A3C11")
    permissions = frozenset({"pr", "pw", "ev", "tw", "wr"})
    odd.add("5D1C7B9E-0001-4D5B-9F2A-7E1D0B6A3C11", format="string", perms=permissions, max_len=8)
    odd.add("5D1C7B9E-0002-4D5B-9F2A-7E1D0B6A3C11", format="data", perms=permissions)
    odd.add("5D1C7B9E-0003-4D5B-9F2A-7E1D0B6A3C11", format="uint64", perms=permissions)
    return bridge


HOME = _home()
DESCRIPTION = dumps({"accessories": [each.describe() for each in HOME.accessories]})
SHORT_DESCRIPTION = dumps({"accessories": [each.describe() for each in HOME.accessories[:3]]})
KEYS = [
    (each.aid, each.iid) for accessory in HOME.accessories for each in accessory.characteristics
]


EVENT = b'{"characteristics":[{"aid":2,"iid":9,"value":true},{"aid":2,"iid":10,"status":-70402}]}'
STREAMS = [
    encode_event(EVENT),
    encode_response(207, EVENT, "application/hap+json"),
    *("".join(each["chunks_text"]).encode() for each in VECTORS["http_responses"]),
]
REQUESTS = vectors("http_requests", "bytes")
LONG = encode([(TlvType.ERROR, b"\xff" * 300), (TlvType.IDENTIFIER, bytes(300))])
HTTP_WORDS = [
    *(b"HTTP/1.1 200 OK\r\n", b"EVENT/1.0 200 OK\r\n", b"GET / HTTP/1.1\r\n", b"\r\n\r\n"),
    *(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"3\r\nabc\r\n"),
    *(b"Content-Type: application/hap+json\r\n", b"POST /pair-setup HTTP/1.1\r\n", b"\r\n"),
    *(b"PUT /characteristics HTTP/1.1\r\n", b"GET /characteristics?id=2.9,2.10&meta=1 HTTP/1.1"),
    *(b"POST /pairings HTTP/1.1\r\n", b"PUT /prepare HTTP/1.1\r\n", b"GET /accessories HTTP/1.1"),
    *(b"POST /resource HTTP/1.1\r\n", b"POST /identify HTTP/1.1\r\n", b'{"ttl":9,"pid":1}'),
    *(b'{"aid":2,"resource-type":"image","image-width":9,"image-height":9}', b'"authData":"AQ=="'),
]
TLV_WORDS = [
    *(encode([(kind, b"\1")]) for kind in (0, 6, 7, 11)),
    *(encode([(TlvType.PUBLIC_KEY, bytes(size))]) for size in (32, 384)),
    *(encode([(TlvType.SIGNATURE, bytes(64))]), encode([(TlvType.IDENTIFIER, b"me")]), b"\xff\0"),
    *(encode([(TlvType.SESSION_ID, bytes(8))]), encode([(TlvType.METHOD, b"\6")]), b"\0\0"),
]
TLV8 = VECTORS["tlv8"]

SETUP_MESSAGES = [unhex(SETUP["messages"], f"M{number}") for number in range(1, 7)]
VERIFY_MESSAGES = [unhex(VERIFY["messages"], f"M{number}") for number in range(1, 5)]
READ_KEY, WRITE_KEY = bytes(range(32)), bytes(range(32, 64))

# What stands in JSON that means something.
WORDS = [
    *("accessories", "services", "characteristics", "aid", "iid", "type", "perms", "format"),
    *("value", "status", "ev", "pid", "ttl", "r", "remote", "authData", "linked", "primary"),
    *("hidden", "unit", "description", "minValue", "maxValue", "minStep", "maxLen", "maxDataLen"),
    *("valid-values", "valid-values-range", "handle", "broadcast_events", "disconnected_events"),
    *("resource-type", "image", "image-width", "image-height", "reason", "TTL"),
    *("bool", "uint8", "uint16", "uint32", "uint64", "int", "float", "string", "tlv8", "data"),
    *("array", "dict", "pr", "pw", "tw", "aa", "wr", "hd", "celsius", "percentage", "AQEB", ""),
    *("3E", "43", "25", "8", "14", "23", "73", "11", "118", "4C", "\ud800", "\0"),
    *("AccessoryPairingID", "AccessoryLTPK", "iOSPairingId", "iOSDeviceLTSK", "iOSDeviceLTPK"),
    *("AccessoryIP", "AccessoryIPs", "AccessoryPort", "AccessoryMAC", "AccessoryAddress"),
    *("Connection", "IP", "BLE", "CoAP", "ADDITIONAL_PAIRING", "config_num", "state_num"),
    *("broadcast_key", "entries", "data", "domain", "homekit_controller", "title", "pairings"),
    *("name", "host_ip", "host_port", "accessory_pairing_id", "accessory_pin", "c#", "category"),
    *("peers", "unsuccessful_tries", "accessory_ltsk", "accessory_ltpk", "key", "admin"),
    *("setup_id", "7OSX", "fingerprint", "Lightbulb", "127.0.0.1", "031-45-154"),
    *("12:00:00:00:00:00", "11" * 32, "22" * 32, SigningKey(b"\x22" * 32).public_key.hex()),
]
