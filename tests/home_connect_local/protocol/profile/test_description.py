"""The typed view of the stored form, and what loading it refuses."""

from collections.abc import Callable
import copy
from typing import Any

import pytest

from custom_components.home_connect_local.protocol.const import Access, Execution, Kind
from custom_components.home_connect_local.protocol.profile import (
    FORMAT,
    Description,
    Head,
    ProfileError,
)

from .files import HA_IDS, HOB, OVEN, WASHER, described, parsed, read_json


@pytest.mark.parametrize("ha_id", HA_IDS)
def test_attributes_are_what_is_stored(ha_id: str) -> None:
    """Each attribute reads as the golden file has it, None where that is silent."""
    golden = read_json(f"{ha_id}_parsed.json")
    description = Description.load(golden)
    assert list(map(str, description.features)) == list(golden["features"])
    for uid, feature in description.features.items():
        stored = golden["features"][str(uid)]
        assert feature.kind is Kind(stored["kind"])
        access = stored.get("access")
        assert feature.access is (None if access is None else Access(access))
        execution = stored.get("execution")
        assert feature.execution is (None if execution is None else Execution(execution))
        assert feature.content_type == stored.get("contentType")
        assert feature.is_list is stored.get("list", False)
        assert feature.notify_on_change is stored.get("notifyOnChange")
        assert feature.password_protected is stored.get("passwordProtected")
        assert feature.live_update is stored.get("liveUpdate")
        assert feature.full_option_set is stored.get("fullOptionSet")
        for name in ("uid", "key", "parent", "wire", "cid", "did", "available", "enum", "min"):
            assert getattr(feature, name) == stored.get(name)
        for name in ("max", "step", "default", "initial", "validate", "handling", "level"):
            assert getattr(feature, name) == stored.get(name)
        options = stored.get("options", [])
        assert [option.ref for option in feature.options] == [each["ref"] for each in options]
        for option, each in zip(feature.options, options, strict=True):
            assert option.available is each["available"]
            assert option.live_update is each.get("liveUpdate")
            assert option.default == each.get("default")
    assert description.store() == golden


def test_views_are_read_only() -> None:
    """Nobody changes what is stored by accident, and views leave it as it is."""
    golden = read_json(f"{OVEN}_parsed.json")
    before = copy.deepcopy(golden)
    description = Description.load(golden)
    feature = description.features[1]
    for name in ("uid", "access", "options", "more"):
        with pytest.raises(AttributeError, match="read-only"):
            setattr(feature, name, None)
    with pytest.raises(AttributeError, match="read-only"):
        del feature.uid
    for each in description.features.values():
        assert each.options is each.options
    assert golden == before


def test_views_are_compared_by_content() -> None:
    """Equal features are equal, in and out of dictionaries, and others are not."""
    first, second = described(OVEN), described(OVEN)
    assert first.features == second.features
    assert set(first.features.values()) == set(second.features.values())
    assert first.features[1] != first.features[3]
    assert first.features[1] != 1
    program = next(each for each in first.features.values() if each.options)
    assert program.options == second.features[program.uid].options
    assert len(set(program.options)) == len(program.options)


def test_maps_are_read_only() -> None:
    """Features are not added or taken away."""
    description = described(OVEN)
    for view in (description.features, description.by_key):
        with pytest.raises(TypeError):
            view["x"] = None  # type: ignore[index]


def test_texts_tell_no_secrets() -> None:
    """What is logged names the appliance, not its number."""
    description = described(WASHER)
    assert repr(description) == "Description(SIEMENS Washer SYN0WM02, 69 features)"
    feature = description.features[256]
    assert repr(feature) == "Feature(256, BSH.Common.Root.ActiveProgram)"
    program = next(each for each in description.features.values() if each.options)
    assert repr(program.options[0]) == f"ProgramOption({program.options[0].ref})"
    head = Head("X", serial_number="0123456789", mac="68-A4")
    assert "0123456789" not in repr(head)
    assert "68-A4" not in repr(head)


def test_find() -> None:
    """The first name that is declared is taken; none is None."""
    hob = described(HOB)
    power = hob.by_key["BSH.Common.Setting.PowerState"]
    assert hob.find("No.Such", "BSH.Common.Setting.PowerState", "BSH.Common.Root.X") is power
    assert hob.find("No.Such") is None
    assert hob.find() is None
    assert None not in hob.by_key


def test_head_goes_before_info() -> None:
    """The head file tells what the appliance is; where it is silent, the description file."""
    stored = described(WASHER).store()
    appliance = stored["appliance"] | {"brand": None, "vib": None, "type": None}
    info = stored["info"] | {"brand": "B", "model": "M", "type": "T"}
    description = Description.load(stored | {"info": info})
    assert (description.brand, description.type, description.model) == (
        "SIEMENS",
        "Washer",
        "SYN0WM02",
    )
    description = Description.load(stored | {"info": info, "appliance": appliance})
    assert (description.brand, description.type, description.model) == ("B", "T", "M")


def test_store_is_a_copy() -> None:
    """What a caller adds to the stored form stays with the caller."""
    description = described(OVEN)
    description.store()["more"] = 1
    assert "more" not in description.store()


type Change = Callable[[dict[str, Any]], object]


def feature_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Give some feature."""
    feature: dict[str, Any] = stored["features"]["5"]
    return feature


def option_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Give an option of a program."""
    option: dict[str, Any] = stored["features"]["8"]["options"][0]
    return option


CHANGES: dict[str, Change] = {
    "format": lambda stored: stored.update(format=FORMAT + 1),
    "no format": lambda stored: stored.pop("format"),
    "no features": lambda stored: stored.pop("features"),
    "features a list": lambda stored: stored.update(features=[]),
    "feature a list": lambda stored: stored["features"].update({"5": []}),
    "feature no dict": lambda stored: stored["features"].update({"5": "x"}),
    "uid of another": lambda stored: feature_of(stored).update(uid=9),
    "uid a text": lambda stored: feature_of(stored).update(uid="5"),
    "uid true": lambda stored: feature_of(stored).update(uid=True),
    "uid key": lambda stored: stored["features"].update(x=feature_of(stored)),
    "no key": lambda stored: feature_of(stored).pop("key"),
    "key a number": lambda stored: feature_of(stored).update(key=1),
    "key a list": lambda stored: feature_of(stored).update(key=[]),
    "no kind": lambda stored: feature_of(stored).pop("kind"),
    "kind": lambda stored: feature_of(stored).update(kind="thing"),
    "kind a list": lambda stored: feature_of(stored).update(kind=[]),
    "access": lambda stored: feature_of(stored).update(access="some"),
    "execution": lambda stored: feature_of(stored).update(execution="some"),
    "available": lambda stored: feature_of(stored).update(available="true"),
    "options no list": lambda stored: stored["features"]["8"].update(options={}),
    "option no dict": lambda stored: stored["features"]["8"].update(options=[1]),
    "option without ref": lambda stored: option_of(stored).pop("ref"),
    "option ref": lambda stored: option_of(stored).update(ref=None),
    "option available": lambda stored: option_of(stored).update(available=None),
    "option access": lambda stored: option_of(stored).update(access="some"),
    "list": lambda stored: stored["lists"].update({"1": {}}),
    "list access": lambda stored: stored["lists"]["258"].update(access="some"),
    "enum": lambda stored: stored["enums"].update({"1": None}),
    "enum id": lambda stored: stored["enums"].update(x=stored["enums"]["16"]),
    "enum name": lambda stored: stored["enums"]["16"]["members"].update({"1": 1}),
    "enum raw": lambda stored: stored["enums"]["16"]["members"].update({"x": "y"}),
    "error": lambda stored: stored["errors"].update({"1": None}),
    "warnings": lambda stored: stored.update(warnings="x"),
    "appliance": lambda stored: stored.update(appliance={}),
    "haId": lambda stored: stored["appliance"].update(haId=None),
    "info": lambda stored: stored["info"].update(version="1"),
    "pairable": lambda stored: stored["info"].update(pairableDeviceTypes=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_load_refuses(change: Change) -> None:
    """Another format, or a storage that was damaged, is one kind of error."""
    stored = parsed(
        '<statusList uid="102"><status uid="5"/><program uid="8"><option refUID="5"/></program>'
        '</statusList><enumerationTypeList><enumerationType enid="10"><enumeration value="1"/>'
        "</enumerationType></enumerationTypeList>"
    ).store()
    stored = copy.deepcopy(stored)
    assert Description.load(stored)
    change(stored)
    with pytest.raises(ProfileError) as caught:
        Description.load(stored)
    assert caught.value.reason == "stored_format"
