"""Profiles to test with: those of the vectors, and small ones made up on the spot."""

from io import BytesIO
import json
from pathlib import Path
from typing import Any
import zipfile

from custom_components.home_connect_local.protocol.profile import (
    Description,
    Head,
    parse_description,
)

VECTORS = Path(__file__).parents[2] / "vectors"
PROFILES = VECTORS / "profiles"
CORPUS = Path(__file__).parent / "corpus"
HA_IDS = sorted(path.name.removesuffix("_parsed.json") for path in PROFILES.glob("*_parsed.json"))

DISHWASHER = "BOSCH-SYN0DW01-68A40E530001"
WASHER = "SIEMENS-SYN0WM02-68A40E530002"
OVEN = "000000000000000303"
HOB = "GAGGENAU-SYN0HB07-68A40E530007"
KEY = "Z1aqxMf9XI1PUrQbat83ODItt7UEOyNg5GKtI-67Vak"


def read_json(name: str) -> Any:
    """Read a JSON file of the profiles."""
    return json.loads((PROFILES / name).read_bytes())


def read_xml(ha_id: str) -> tuple[bytes, bytes]:
    """Read the two files that describe an appliance."""
    return (
        (PROFILES / f"{ha_id}_DeviceDescription.xml").read_bytes(),
        (PROFILES / f"{ha_id}_FeatureMapping.xml").read_bytes(),
    )


def head_of(ha_id: str) -> Head:
    """Build the head of a profile of the vectors."""
    content = read_json(f"{ha_id}.json")
    fields = ("haId", "type", "brand", "vib", "mac", "serialNumber")
    return Head(*(content[name] for name in fields))


def described(ha_id: str) -> Description:
    """Parse a profile of the vectors."""
    return parse_description(*read_xml(ha_id), head_of(ha_id))


def device(body: str) -> bytes:
    """Build a description file; without the namespace, as tools leave it."""
    return f"<device>{body}</device>".encode()


def mapping(body: str = "") -> bytes:
    """Build a mapping file."""
    return f"<featureMappingFile>{body}</featureMappingFile>".encode()


def parsed(body: str, names: str = "") -> Description:
    """Parse a description and a mapping file with these contents."""
    return parse_description(device(body), mapping(names), Head("X"))


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Build an archive."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def head_file(**changes: Any) -> bytes:
    """Build a head file; None leaves a field out."""
    content = {
        "haId": "X-1",
        "key": KEY,
        "deviceDescriptionFileName": "d.xml",
        "featureMappingFileName": "m.xml",
        "connectionType": "TLS",
    } | changes
    return json.dumps(
        {name: value for name, value in content.items() if value is not None}
    ).encode()


SWITCH = '<statusList uid="102"><status uid="5" refCID="01" refDID="00"/></statusList>'


def appliance(folder: str = "", **changes: Any) -> dict[str, bytes]:
    """Build the files of a small appliance."""
    return {
        f"{folder}x.json": head_file(**changes),
        f"{folder}d.xml": device(SWITCH),
        f"{folder}m.xml": mapping(),
    }
