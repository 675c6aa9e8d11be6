"""What the command line says of appliances, features and programs of Home Connect."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custom_components.home_connect_local.protocol import (
    Appliance,
    InfoChanged,
    Kind,
    LinkChanged,
    PeerClosedError,
    Profile,
    Trouble,
    TroubleChanged,
    ValuesChanged,
    program_labels,
    read_archive,
)
from script.latchkey_cli.errors import CliError, ExitStatus
from script.latchkey_cli.vendors.home_connect_local import _device_id, actions, profiles, words
from simulators.home_connect_local import PROFILES, archive

ARCHIVE = read_archive(archive(PROFILES.values()))


def profile(kind: str) -> Profile:
    """Take one of the seven appliances."""
    return profiles.choose(ARCHIVE, kind)


def appliance(kind: str) -> Appliance:
    """Make its model, of which nothing is known yet."""
    return Appliance(profile(kind).description)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("PowerState", "BSH.Common.Setting.PowerState"),
        ("setting.powerstate", "BSH.Common.Setting.PowerState"),
        (" 539 ", "BSH.Common.Setting.PowerState"),
        ("Dishcare.Dishwasher.Option.ExtraDry", "Dishcare.Dishwasher.Option.ExtraDry"),
    ],
)
def test_found(wanted: str, name: str) -> None:
    """By the whole name, by its end, by its number."""
    assert words.find_feature(appliance("Dishwasher"), wanted).key == name


def test_kinds_matter() -> None:
    """What can be set, and what can be commanded, are not mixed up."""
    dishwasher = appliance("Dishwasher")
    assert words.find_feature(dishwasher, "AbortProgram", Kind.COMMAND).kind is Kind.COMMAND
    with pytest.raises(CliError, match="no feature 'AbortProgram' here") as caught:
        words.find_feature(dishwasher, "AbortProgram", Kind.SETTING)
    assert caught.value.status is ExitStatus.USAGE


def test_many_similar_names() -> None:
    """A long list of them is cut."""
    with pytest.raises(CliError) as caught:
        words.find_feature(appliance("Dishwasher"), "i")
    lines = str(caught.value).splitlines()
    assert len(lines) == words.SHOWN + 3
    assert lines[-1].startswith("and ")
    assert lines[-1].endswith(" more")


def test_programs_by_their_users_names() -> None:
    """A favourite is found by the name that it has at the moment."""
    coffee = appliance("CoffeeMaker")
    (uid, label) = next(
        (uid, label) for uid, label in program_labels(coffee).items() if "favorite" in label
    )
    assert words.find_program(coffee, label) == uid
    feature = coffee.find("BSH.Common.Setting.Favorite.001.Name")
    assert feature is not None
    coffee.apply_values([(feature.uid, "Morning cup")])
    assert words.find_program(coffee, "morning CUP") == uid


def test_values() -> None:
    """Members and programs by name, what has no name by its number, what is not known not at all."""
    hob = appliance("Hob")
    power = hob.find("BSH.Common.Setting.PowerState")
    assert power is not None
    assert words.value_text(hob, power.uid) == ""
    hob.apply_values([(power.uid, 77)])
    assert words.value_text(hob, power.uid) == "77"
    hob.apply_values([(power.uid, 2), (257, 59392)])
    assert words.value_text(hob, power.uid) == "On"
    assert words.value_text(hob, 257) == "Cooking.Hob.Program.PowerLevelMode"
    hob.apply_values([(257, 4711)])
    assert words.value_text(hob, 257) == "4711"
    assert words.value_text(hob, 57608) == '{"x": 100, "y": 120}'


def test_what_can_be_set() -> None:
    """Members, a range with its steps, or nothing to be said."""
    oven = appliance("Oven")

    def text(name: str) -> str:
        return words.settable_text(oven, words.find_feature(oven, name).uid)

    assert text("SignalDuration") == "Short, Medium, Long"
    assert text("SetpointTemperature") == "30–300 in steps of 5"
    assert text("ChildLock") == ""


def test_long_values_are_cut_in_tables() -> None:
    """One object must not make the whole table unreadable."""
    dishwasher = appliance("Dishwasher")
    feature = words.find_feature(dishwasher, "ProgramSessionSummary.Latest")
    dishwasher.apply_values([(feature.uid, {"text": "x" * 500})])
    assert max(map(len, words.feature_table(dishwasher, [feature]).splitlines())) < 200
    assert len(words.value_text(dishwasher, feature.uid)) > 500


def test_options_are_read() -> None:
    """By the ends of their names; a value may have an equals sign in it."""
    dishwasher = appliance("Dishwasher")
    assert words.read_options(dishwasher, ["ExtraDry=true", "558=a=b"]) == {
        5125: "true",
        558: "a=b",
    }
    with pytest.raises(CliError, match="is not NAME=VALUE"):
        words.read_options(dishwasher, ["ExtraDry"])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (LinkChanged(connected=True), "connected to the appliance again"),
        (
            LinkChanged(connected=False, error=PeerClosedError("it hung up", 1001)),
            "connection lost: it hung up",
        ),
        (TroubleChanged(frozenset({Trouble.SLOTS})), "trouble: slots"),
        (ValuesChanged(frozenset({524})), "BSH.Common.Setting.ChildLock: true (readwrite)"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_news(change: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of news has a line."""
    dishwasher = appliance("Dishwasher")
    dishwasher.apply_values([(524, True)])
    actions._tell(dishwasher, None, False, change)
    assert capsys.readouterr().out.rstrip("\n").endswith(f"  {text}")


def test_news_that_nobody_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Other features than those that were named, and what has no words."""
    dishwasher = appliance("Dishwasher")
    actions._tell(dishwasher, {539}, False, ValuesChanged(frozenset({524, 99999})))
    actions._tell(dishwasher, None, False, InfoChanged())
    assert capsys.readouterr().out == ""


def test_names_of_ours() -> None:
    """The same every time; watching has a name of its own, so that a command does not end it."""

    def name(handler: Callable[..., Any]) -> str:
        return _device_id(argparse.Namespace(handler=handler))

    assert name(actions.watch) == name(actions.watch) != name(actions.get) == name(actions.start)
    assert len(name(actions.get)) == 8
    int(name(actions.get), 16)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive beyond all measure is not even read."""
    monkeypatch.setattr(profiles, "MAX_ARCHIVE_BYTES", 10)
    path = tmp_path / "profile.zip"
    path.write_bytes(bytes(11))
    with pytest.raises(CliError, match="too_large"):
        profiles.read(path)
