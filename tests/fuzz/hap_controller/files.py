"""Files of any program, announcements, and what people type."""

from contextlib import suppress
import json

from custom_components.hap_controller.protocol.accessory.state import AccessoryState, StateFileError
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.discovery import (
    feature_text,
    parse_host,
    read_announcement,
    status_texts,
)
from custom_components.hap_controller.protocol.records import (
    Pairings,
    RecordError,
    import_pairings,
    parse_descriptions,
)
from custom_components.hap_controller.protocol.refusals import (
    InsecureCodeError,
    MalformedCodeError,
    SetupPayloadError,
)
from custom_components.hap_controller.protocol.setup_code import SetupPayload, parse_code
from tests.hap_controller.protocol.pairing.recorded import VECTORS

from ..grammar import both_ways, written
from ..target import Target, joined, pieces
from .shared import HOME, HOST, JSON_WORDS, WORDS


def records(data: bytes) -> None:
    """Read the pairings of any program; nothing of a file that can be read is lost by writing it."""
    data = written(data, WORDS)
    with suppress(RecordError):
        found = Pairings.parse(data, "controller.json")
        again = Pairings.parse(found.dump(), "controller.json")
        assert again.dump() == found.dump()
        assert json.loads(found.dump()).keys() == json.loads(data).keys()
        repr((found, found.records, found.prepared))
        found.adopt(again)
    with suppress(RecordError):
        repr(import_pairings(data, "core.config_entries"))
    with suppress(RecordError):
        found = Pairings.parse(FILE, "controller.json")
        found.add_descriptions(parse_descriptions(data))
        found.dump()


def state(data: bytes) -> None:
    """Read the state file of an accessory; what can be read can be written, and reads alike."""
    try:
        told = json.loads(written(data, WORDS))
    except ValueError, RecursionError:
        return
    try:
        found = AccessoryState.from_dict(told)
    except StateFileError as err:
        str(err)
        return
    again = AccessoryState.from_dict(json.loads(found.to_json()))
    assert again.to_json() == found.to_json()
    found.describe(HOME)
    found.to_json()


def payloads(data: bytes) -> None:
    """Read setup codes and payloads; what is read is written alike."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(SetupPayloadError):
        found = SetupPayload.decode(text)
        assert SetupPayload.decode(found.encode()) == found
        repr(found)
    with suppress(MalformedCodeError, InsecureCodeError):
        assert parse_code(parse_code(text)) == parse_code(text)


def announcements(data: bytes) -> None:
    """Read what is announced, and hosts as people type them."""
    text: dict[bytes, bytes | None] = {}
    name, *entries = pieces(data) if data else (b"",)
    for each in entries:
        key, equals, value = each.partition(b"=")
        text[key] = value if equals else None
    hosts = [each.decode("latin-1") for each in entries]
    found = read_announcement(name.decode("utf-8", "replace"), text, hosts, len(data))
    if found is not None:
        repr(found)
        assert len(found.name) <= 64 and len(found.model) <= 64
        status_texts(found.status_flags)
        feature_text(found.feature_flags)
        assert isinstance(found.category.name, str)
    with suppress(ValueError):
        parse_host(data.decode("latin-1"))


FILE = json.dumps(
    {
        "lamp": {
            "AccessoryPairingID": "12:00:00:00:00:00",
            "AccessoryLTPK": "11" * 32,
            "iOSPairingId": "5d1f8c8e-6d0f-4b8e-9d51-0c1d4e8b9a77",
            "iOSDeviceLTSK": "22" * 32,
            "iOSDeviceLTPK": SigningKey(b"\x22" * 32).public_key.hex(),
            "AccessoryIP": HOST,
            "AccessoryIPs": [HOST],
            "AccessoryPort": 8080,
            "Connection": "IP",
        },
        "next": {
            "iOSPairingId": "x",
            "iOSDeviceLTSK": "22" * 32,
            "iOSDeviceLTPK": "33" * 32,
            "Connection": "ADDITIONAL_PAIRING",
        },
        "door": {"Connection": "CoAP"},
    }
).encode()
ENTRIES = json.dumps(
    {
        "version": 1,
        "data": {
            "entries": [
                {
                    "domain": "homekit_controller",
                    "title": "Lamp",
                    "data": json.loads(FILE)["lamp"],
                }
            ]
        },
    }
).encode()
MAPS = json.dumps(
    {"data": {"pairings": {"12:00:00:00:00:00": {"config_num": 1, "accessories": []}}}}
).encode()
STATE = json.dumps(
    {
        "name": "DemoAccessory",
        "host_ip": HOST,
        "host_port": 8080,
        "accessory_pairing_id": "12:00:00:00:00:00",
        "accessory_pin": "031-45-154",
        "c#": 1,
        "category": "Lightbulb",
        "unsuccessful_tries": 0,
        "peers": {"x": {"key": "11" * 32, "admin": True}},
        "accessory_ltsk": "22" * 32,
        "accessory_ltpk": SigningKey(b"\x22" * 32).public_key.hex(),
        "setup_id": "7OSX",
    }
).encode()
TARGETS = {
    "records": Target(
        records, both_ways([FILE, ENTRIES, MAPS, b"{}"], WORDS), [*JSON_WORDS, b'"Connection":']
    ),
    "state": Target(
        state, both_ways([STATE], WORDS), [*JSON_WORDS, b'"peers":', b'"key":"', b'"category":']
    ),
    "payloads": Target(
        payloads,
        [
            *(each["uri_text"].encode() for each in VECTORS["setup_payload"]),
            *(b"031-45-154", b"03145154", b" 518-08-582 "),
        ],
        [b"X-HM://", b"-"],
        64,
    ),
    "announcements": Target(
        announcements,
        [
            joined(
                [
                    b"Lamp._hap._tcp.local.",
                    *(b"id=12:00:00:00:00:00", b"c#=1", b"s#=1", b"sf=1", b"ff=0", b"ci=5"),
                    *(b"md=Lamp", b"pv=1.1", b"sh=yf4bzw==", b"192.0.2.7", b"fe80::1%eth0"),
                ]
            ),
            b"http://[::1]:80/",
            b"lamp.local:51827",
        ],
        [b"c#=", b"id=", b"ci=99999999999999999999", b"2001:db8::1", b"\xff", b"169.254.1.1"],
        512,
    ),
}
