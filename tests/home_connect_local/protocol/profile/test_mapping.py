"""Names out of a mapping file."""

from custom_components.home_connect_local.protocol.profile.mapping import (
    MAX_NAME_CHARS,
    FeatureMapping,
)
from custom_components.home_connect_local.protocol.profile.markup import read_mapping
from custom_components.home_connect_local.protocol.profile.warnings import Warnings

from .files import HOB, mapping, read_json, read_xml


def read(body: str) -> tuple[FeatureMapping, list[str]]:
    """Read a mapping with this content; give the warnings too."""
    warnings = Warnings()
    return FeatureMapping(read_mapping(mapping(body)), warnings), warnings.texts()


def test_hob() -> None:
    """Names of a whole file."""
    warnings = Warnings()
    found = FeatureMapping(read_mapping(read_xml(HOB)[1]), warnings)
    golden = read_json(f"{HOB}_parsed.json")
    assert {str(code): name for code, name in found.errors.items()} == golden["errors"]
    for uid, feature in (golden["features"] | golden["lists"]).items():
        assert found.names.get(int(uid)) == feature["key"]
    assert found.enums[1].names == {0: "Off", 1: "Present", 2: "Confirmed"}
    assert warnings.texts() == []


def test_nothing() -> None:
    """Every section may be missing, or have no content."""
    for body in ("", "<featureDescription/><errorDescription/>", "<enumDescriptionList/>text"):
        found, warnings = read(body)
        assert (found.names, found.enums, found.errors, warnings) == ({}, {}, {}, [])


def test_faults() -> None:
    """Entries without their number or name are left out; sections may be repeated, the first name counts."""
    found, warnings = read(
        '<featureDescription><feature/><feature refUID="5"/><feature>A</feature></featureDescription>'
        '<errorDescription><error>E</error><error refEID="C8">OK</error><error refEID="C8">No</error>'
        "</errorDescription><enumDescriptionList><enumDescription enumKey='x'/>"
        '<enumDescription refENID="1"><enumMember/><enumMember refValue="1">One</enumMember>'
        '<enumMember refValue="1">Two</enumMember></enumDescription><enumDescription refENID="1"/>'
        "</enumDescriptionList>"
        f'<featureDescription><feature refUID="5">{"n" * 999}</feature></featureDescription>',
    )
    assert found.names == {5: "n" * MAX_NAME_CHARS}
    assert found.errors == {200: "OK"}
    assert found.enums == {1: (None, {1: "One"})}
    assert warnings == [
        "mapping: a feature without uid or name",
        "mapping: an enumeration without id",
        "enum 1: a member without value or name",
        "mapping: an error without code or name",
    ]
