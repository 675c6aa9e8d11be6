"""What TLV8 of cameras says, in words."""

from base64 import b64encode

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol import CharacteristicUuid
from custom_components.hap_controller.protocol.catalogue import characteristics
from custom_components.hap_controller.protocol.structures import read_structure

VIDEO = CharacteristicUuid.SUPPORTED_VIDEO_STREAM_CONFIGURATION
STRUCTURED = [each.uuid for each in characteristics() if each.tlv_struct]


def base64(text: str) -> str:
    """Write hexadecimal as characteristics have it."""
    return b64encode(bytes.fromhex(text)).decode()


@pytest.mark.parametrize(
    "attributes",
    [
        # Laid out by hand: 640x480 and 320x240 at 30 frames, as items of their own, within one, or unseparated.
        "030b 01028002 0202e001 03011e 0000 030b 01024001 0202f000 03011e",
        "0318 01028002 0202e001 03011e 0000 01024001 0202f000 03011e",
        "030b 01028002 0202e001 03011e 030b 01024001 0202f000 03011e",
    ],
    ids=["items", "within", "unseparated"],
)
def test_camera(attributes: str) -> None:
    """Lists, structures within structures, numbers with and without names."""
    inner = bytes.fromhex("010100 0203 010102" + attributes)
    assert read_structure(base64(f"01{len(inner):02x}" + inner.hex()), VIDEO) == {
        "config": [
            {
                "codec_type": "H.264",
                "codec_params": [{"profile_id": "high"}],
                "attributes": [
                    {"width": 640, "height": 480, "fps": 30},
                    {"width": 320, "height": 240, "fps": 30},
                ],
            }
        ]
    }


def test_two_codecs() -> None:
    """Separators of two levels are told apart."""
    one = "010100 030b 01028002 0202e001 03011e 0000 030b 01024001 0202f000 03011e"
    both = bytes.fromhex(f"{one} 0000 {one}")
    told = read_structure(base64(f"01{len(both):02x}{both.hex()}"), VIDEO)
    assert isinstance(told, dict)
    assert [len(each["attributes"]) for each in told["config"]] == [2, 2]


def test_list_of_its_own() -> None:
    """The value as a whole may be a list."""
    uuid = CharacteristicUuid.SUPPORTED_RTP_CONFIGURATION
    assert read_structure(base64("020100 0000 020102"), uuid) == [
        {"srtp_crypto_suite": "AES_CM_128_HMAC_SHA1_80"},
        {"srtp_crypto_suite": "disabled"},
    ]


def test_keys_are_left_out() -> None:
    """Of two layouts that for reading counts; texts are texts, and keys of streams are not told."""
    value = base64(
        "0102abcd 020100 030b 010100 0206 66653a3a3161 0407 010100 0202ffff 06041000 0000 7f01aa"
    )
    assert read_structure(value, CharacteristicUuid.SETUP_ENDPOINTS) == {
        "session_id": "abcd",
        "status": "success",
        "accessory_address": {"ip_version": "IPv4", "address": "fe::1a"},
        "video_srtp": {"crypto_suite": "AES_CM_128_HMAC_SHA1_80"},
        "video_ssrc": 16,
        "0x7f": "aa",
    }


def test_floats() -> None:
    """Four bytes, little-endian."""
    uuid = CharacteristicUuid.SELECTED_RTP_STREAM_CONFIGURATION
    told = read_structure(base64("0208 0406 0404 0000003f"), uuid)
    assert told == {"video": {"rtp": {"min_rtcp_interval_s": 0.5}}}


@pytest.mark.parametrize("value", [None, 1, "", "no base64!", "A"])
def test_no_tlv8(value: object) -> None:
    """What is none says nothing."""
    assert read_structure(value, VIDEO) in (None, {})


def test_no_layout() -> None:
    """Nor does what nobody knows the layout of."""
    assert read_structure("AQEA", CharacteristicUuid.LOGS) is None
    assert read_structure("AQEA", "F" * 8 + "-0000-1000-8000-0026BB765291") is None


@given(st.binary(max_size=60), st.sampled_from(STRUCTURED))
def test_any_bytes(data: bytes, uuid: str) -> None:
    """Whatever an accessory sends, this reads some of it or nothing."""
    read_structure(b64encode(data).decode(), uuid)
