"""Two files to the stored form: the golden results, every tolerance of the quirk list, every refusal."""

import json
import re

import pytest

from benchmarks.home_connect_local.big_profile import FEATURES, big_profile
from custom_components.home_connect_local.protocol.const import Access, Execution, Kind
from custom_components.home_connect_local.protocol.profile import (
    Description,
    Head,
    ProfileError,
    parse_description,
)
from custom_components.home_connect_local.protocol.profile.markup import MAX_DEPTH
from custom_components.home_connect_local.protocol.profile.warnings import MAX_WARNINGS
from custom_components.home_connect_local.protocol.profile.xml import MAX_SUBSET_STEPS

from .files import DISHWASHER, HA_IDS, HOB, WASHER, described, device, mapping, parsed, read_json

FEATURE = "BSH.Common.Status.Thing"


def named(warnings: list[str] | tuple[str, ...]) -> list[tuple[str, str]]:
    """Give which uids and enumerations warnings name."""
    return sorted(found for text in warnings for found in re.findall(r"(uid|enum) (\d+)", text))


@pytest.mark.parametrize("ha_id", HA_IDS)
def test_golden(ha_id: str) -> None:
    """Every pair of files gives the normative result; warnings name the same things."""
    golden = read_json(f"{ha_id}_parsed.json")
    stored = described(ha_id).store()
    assert named(stored.pop("warnings")) == named(golden.pop("warnings"))
    assert stored == golden


@pytest.mark.parametrize("ha_id", HA_IDS)
def test_round_trip(ha_id: str) -> None:
    """Through JSON and back nothing is lost."""
    stored = described(ha_id).store()
    assert Description.load(json.loads(json.dumps(stored))).store() == stored


def test_big_profile() -> None:
    """The profile that is measured is read without a warning, always the same."""
    description = parse_description(*big_profile(), Head("X"))
    assert len(description.features) == FEATURES
    assert description.warnings == ()
    assert big_profile() == big_profile()
    assert {feature.kind for feature in description.features.values()} == set(Kind)


def test_zone_with_a_quote_too_many() -> None:
    """The hob's malformed start value is repaired without a word."""
    hob = described(HOB)
    assert hob.features[0xE208].initial == {"x": 200, "y": 120}
    assert not any(str(0xE208) in text for text in hob.warnings)


def test_subset_takes_the_names_of_its_superset() -> None:
    """A subset without names of its own has those of what it is a subset of."""
    washer = described(WASHER)
    power = washer.by_key["BSH.Common.Setting.PowerState"]
    assert power.enum is not None
    assert washer.enums[power.enum].members == {0: "MainsOff", 2: "On"}


ENUMS = (
    '<enumerationTypeList><enumerationType enid="10" subsetOf="11"><enumeration value="1"/>'
    '<enumeration value="2"/><enumeration value="3"/></enumerationType>'
    '<enumerationType enid="11" subsetOf="10"><enumeration value="1"/><enumeration value="1"/>'
    '</enumerationType></enumerationTypeList><status uid="5" refCID="03" enumerationType="10"/>'
)


def test_subsets_of_each_other() -> None:
    """A circle of subsets ends; what has no name stays, and is told."""
    names = (
        '<enumDescriptionList><enumDescription refENID="11" enumKey="Far">'
        '<enumMember refValue="1">One</enumMember><enumMember refValue="1">Uno</enumMember>'
        "</enumDescription></enumDescriptionList>"
    )
    description = parsed(ENUMS, names)
    assert description.enums[0x10].members == {1: "One", 2: None, 3: None}
    assert description.enums[0x10].key == "Far"
    assert description.enums[0x11].members == {1: "One"}
    assert "enum 16: members without names" in description.warnings


def test_own_names_win_over_those_of_the_superset() -> None:
    """A subset with an entry of its own takes what is there from it, the rest from further up."""
    names = (
        '<enumDescriptionList><enumDescription refENID="10" enumKey="Near">'
        '<enumMember refValue="1">Own</enumMember><enumMember refValue="2">Two</enumMember>'
        '</enumDescription><enumDescription refENID="11" enumKey="Far">'
        '<enumMember refValue="1">One</enumMember><enumMember refValue="3">Three</enumMember>'
        "</enumDescription></enumDescriptionList>"
    )
    enum = parsed(ENUMS, names).enums[0x10]
    assert (enum.key, enum.subset_of) == ("Near", 0x11)
    assert enum.members == {1: "Own", 2: "Two", 3: "Three"}


def test_long_chain_of_subsets_ends() -> None:
    """Names are looked for so many steps up and no further."""
    count = MAX_SUBSET_STEPS + 1
    types = "".join(
        f'<enumerationType enid="{number:X}" subsetOf="{number + 1:X}">'
        '<enumeration value="0"/></enumerationType>'
        for number in range(1, count + 1)
    )
    names = (
        f'<enumDescriptionList><enumDescription refENID="{count:X}" enumKey="Top">'
        '<enumMember refValue="0">Zero</enumMember></enumDescription></enumDescriptionList>'
    )
    body = f"<enumerationTypeList>{types}</enumerationTypeList>"
    enums = parsed(f'{body}<status uid="5"/>', names).enums
    assert enums[1].members == {0: None}
    assert enums[2].members == {0: "Zero"}


def test_enumeration_of_the_mapping_only() -> None:
    """What the description does not declare but the mapping names is usable."""
    names = (
        '<enumDescriptionList><enumDescription refENID="0x77" enumKey="K">'
        '<enumMember refValue="-1">Minus</enumMember></enumDescription></enumDescriptionList>'
    )
    description = parsed('<status uid="5" refCID="3" enumerationType="77"/>', names)
    assert description.enums[0x77] == (0x77, "K", None, {-1: "Minus"})
    assert named(description.warnings) == [("uid", "5")]  # no name


def test_identifiers_are_hexadecimal_in_any_spelling() -> None:
    """Leading zeros, none, a prefix and both cases of letters are one number."""
    names = '<featureDescription><feature refUID="1f">A</feature></featureDescription>'
    for uid in ("001F", "1f", "0x1F"):
        assert parsed(f'<status uid="{uid}" refCID="1"/>', names).by_key["A"].uid == 0x1F


def test_attributes() -> None:
    """Every attribute is read in its type, whatever the case of its letters."""
    description = parsed(
        '<settingList uid="103" access="READWRITE" available="0"><setting uid="6" refCID="07" '
        'refDID="A1" access="ReadWrite" available="TRUE" min="-3.50" max="4.0" stepSize="0.5" '
        'default="1" initValue=" 2.5 " notifyOnChange="1" passwordProtected="true"/>'
        '<event uid="7" handling="ACKNOWLEDGE" level="Alert"/></settingList>'
        '<programGroup uid="107"><program uid="8" execution="STARTONLY" fullOptionSet="true"/>'
        '<program uid="9"/></programGroup><selectedProgram uid="101" validate="false" initValue="8"/>'
    )
    setting = description.features[6]
    assert (setting.access, setting.available) == (Access.READ_WRITE, True)
    assert (setting.min, setting.max, setting.step) == (-3.5, 4, 0.5)
    assert isinstance(setting.max, int)
    assert (setting.default, setting.initial) == (1, 2.5)
    assert (setting.notify_on_change, setting.password_protected) == (True, True)
    assert (setting.content_type, setting.wire) == ("temperatureCelsius", "number")
    event = description.features[7]
    assert (event.handling, event.level, event.parent) == ("acknowledge", "alert", 0x103)
    assert description.features[8].execution is Execution.START_ONLY
    assert description.features[8].full_option_set is True
    assert description.features[9].execution is Execution.SELECT_AND_START
    selected = description.features[0x101]
    assert (selected.validate, selected.initial, selected.parent) == (False, 8, None)
    assert description.lists[0x103].access is Access.READ_WRITE
    assert description.lists[0x103].available is False


@pytest.mark.parametrize(
    ("attributes", "member"),
    [
        ('access="sometimes"', "access"),
        ('available="maybe"', None),
        ('min="low"', "min"),
        ('max="1e999"', "max"),
        ('stepSize="nan"', "step"),
        (f'max="{"9" * 5000}"', "max"),
        (f'max="{2**64}"', None),
        ('refDID="-1"', "did"),
        ('refCID="xyz"', "cid"),
        ('enumerationType="FFFFFFFFF"', "enum"),
        ('execution="later"', "execution"),
    ],
)
def test_attribute_not_understood(attributes: str, member: str | None) -> None:
    """What is wrong is left out and told; the feature stays."""
    description = parsed(f'<status uid="5" {attributes}/>')
    stored = description.store()["features"]["5"]
    if member is not None:
        assert member not in stored
        assert any("not understood" in text for text in description.warnings)
    json.dumps(stored, allow_nan=False)


@pytest.mark.parametrize("cid", ["01", "02", "07", "19"])
def test_value_not_understood(cid: str) -> None:
    """A start value beyond repair is null, and told."""
    description = parsed(f'<status uid="5" refCID="{cid}" initValue="?"/>')
    assert description.store()["features"]["5"]["initial"] is None
    assert "uid 5: initValue not understood" in description.warnings


def test_unknown_content_type_keeps_its_text() -> None:
    """A type of newer firmware costs a warning, not the file."""
    feature = parsed('<status uid="5" refCID="6F" initValue="raw 1"/>').features[5]
    assert (feature.content_type, feature.wire, feature.initial) == (None, None, "raw 1")
    assert parsed('<status uid="5" refCID="EF"/>').features[5].is_list


def test_program_options() -> None:
    """Options are typed by what they refer to, wherever that stands, and wrong ones are left out."""
    description = parsed(
        '<programGroup uid="107"><program uid="8">'
        '<option refUID="21" default="true" access="readWrite" liveUpdate="true" max="3"/>'
        '<option refUID="21" default="false"/><option/><option refUID="zz" access="read"/>'
        '<option refUID="22" default="7" enumerationType="99"/>'
        '<option refUID="23" default="word" enumerationType="98"/></program></programGroup>'
        '<optionList uid="106"><option uid="21" refCID="01"/><option uid="22"/></optionList>'
    )
    first, second, third = description.features[8].options
    assert (first.ref, first.default, first.live_update, first.max) == (0x21, True, True, 3)
    assert (first.access, first.min, first.step, first.enum) == (
        Access.READ_WRITE,
        None,
        None,
        None,
    )
    assert (second.ref, second.default, second.access) == (0x22, 7, None)
    assert third.default == "word"
    assert {
        "uid 8: option 33 given twice",
        "uid 8: an option without uid",
        "uid 8: enumeration 153 undefined",
        "uid 8: option 35 undefined",
    } <= set(description.warnings)


def test_nested_lists() -> None:
    """The parent is the nearest list; lists without a uid of their own pass it on."""
    description = parsed(
        '<statusList uid="102"><statusList uid="200"><status uid="5"/><statusList>'
        '<status uid="6"/></statusList></statusList><status uid="7"/></statusList><status uid="8"/>'
    )
    parents = {uid: feature.parent for uid, feature in description.features.items()}
    assert parents == {5: 0x200, 6: 0x200, 7: 0x102, 8: None}
    assert description.lists[0x200].parent == 0x102


def test_declared_twice() -> None:
    """The first of two features, lists or enumerations of one number counts."""
    description = parsed(
        '<statusList uid="102"><status uid="5" refCID="1"/><status uid="5" refCID="2"/>'
        '<status uid="102"/><status uid="0"/><status/></statusList>'
        '<enumerationTypeList><enumerationType enid="1" subsetOf="?"><enumeration value="0"/>'
        '<enumeration/><enumeration value="x"/></enumerationType><enumerationType enid="1"/>'
        '<enumerationType subsetOf="1"/></enumerationTypeList>'
    )
    assert description.features[5].cid == 1
    assert list(description.features) == [5]
    assert description.enums[1] == (1, None, None, {0: None})
    assert {
        "uid 5: declared twice",
        "uid 258: declared twice",
        "description: a status without uid",
        "enum 1: declared twice",
        "enum 1: subsetOf is no id",
        "enum 1: a member without value",
        "description: an enumeration without id",
    } <= set(description.warnings)


def test_first_of_two_keys() -> None:
    """Two features of one name stay addressable by uid; the name finds the first."""
    names = (
        '<featureDescription><feature refUID="5">A</feature><feature refUID="6">A</feature>'
        '<feature refUID="6">B</feature></featureDescription>'
    )
    description = parsed('<status uid="6"/><status uid="5"/>', names)
    assert description.by_key["A"].uid == 6
    assert description.features[5].key == "A"


def test_info() -> None:
    """The description file tells of the appliance where the head is silent."""
    description = parsed(
        "<description><type>Oven</type><brand>NEFF</brand><model>M</model>"
        "<version>3</version><revision>x</revision><pairableDeviceTypes>"
        "<deviceType>Application</deviceType><deviceType/></pairableDeviceTypes></description>"
        '<status uid="5"/>'
    )
    assert (description.brand, description.type, description.model) == ("NEFF", "Oven", "M")
    assert (description.info.version, description.info.revision) == (3, None)
    assert description.info.pairable_device_types == ("Application",)
    nothing = parsed('<status uid="5"/>')
    assert (nothing.brand, nothing.info.version, nothing.info.pairable_device_types) == (
        None,
        None,
        (),
    )


def test_warnings_are_bounded() -> None:
    """A file full of faults does not fill the storage."""
    body = "".join(f'<status uid="{uid:X}"/>' for uid in range(1, MAX_WARNINGS + 12))
    warnings = parsed(body).warnings
    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1] == "11 more"


@pytest.mark.parametrize("body", ["", "text", "<x/>", '<statusList uid="1"/>', "<status/>"])
def test_no_feature(body: str) -> None:
    """A description without any feature is none."""
    with pytest.raises(ProfileError) as caught:
        parsed(body)
    assert caught.value.reason == "parse_error"


def test_lists_nested_too_deeply() -> None:
    """Recursion ends at the bound."""
    fits = MAX_DEPTH
    body = '<status uid="5"/>'
    assert parsed("<statusList>" * fits + body + "</statusList>" * fits).features
    for count in (fits + 1, 20_000):
        with pytest.raises(ProfileError) as caught:
            parsed("<statusList>" * count + body + "</statusList>" * count)
        assert caught.value.reason == "unsafe"


def test_mapping_without_content() -> None:
    """A mapping may lack everything."""
    description = parse_description(device('<status uid="5"/>'), mapping(), Head("X"))
    assert description.features[5].key is None


def test_swapped_files() -> None:
    """Each file must be what it is said to be."""
    with pytest.raises(ProfileError, match="root of the description file is not device"):
        parse_description(mapping(), mapping(), Head("X"))
    with pytest.raises(ProfileError, match="root of the mapping file is not featureMappingFile"):
        parse_description(device('<status uid="5"/>'), device(""), Head("X"))


def test_dishwasher_reads_as_one_would_expect() -> None:
    """A look through the typed view, from the outside."""
    dishwasher = described(DISHWASHER)
    power = dishwasher.find("BSH.Common.Setting.Power", "BSH.Common.Setting.PowerState")
    assert power is not None
    assert (power.kind, power.access, power.wire) == (Kind.SETTING, Access.READ_WRITE, "integer")
    program = dishwasher.by_key["Dishcare.Dishwasher.Program.Eco50"]
    assert {option.ref for option in program.options} <= dishwasher.features.keys()
