"""``script/cli home_connect_local`` on simulated appliances, as a person uses it."""

from collections.abc import Iterator
import json
from pathlib import Path
import signal
import socket
import time
import zipfile

import pytest

from script.latchkey_cli.__main__ import main

from .conftest import Cloud, Follow, Result, Run, simulated

DOMAIN = "home_connect_local"
KINDS = ("dishwasher", "washer", "hood")
ECO, OPERATION = "Dishcare.Dishwasher.Program.Eco50", "BSH.Common.Status.OperationState"
VENTING = "Cooking.Common.Program.Hood.Venting"


@pytest.fixture(scope="module")
def household() -> Iterator[Cloud]:
    """Run three appliances: one with each kind of link, and one whose programs cannot be selected."""
    options = [word for kind in KINDS for word in ("--appliance", kind)]
    with simulated(DOMAIN, *options) as cloud:
        yield cloud


def one(household: Cloud, kind: str) -> Cloud:
    """Give one appliance as if it were served alone."""
    card = household.line["appliances"][KINDS.index(kind)]
    address = f"{card['host']}:{card['port']}"
    return Cloud({"domain": DOMAIN, "address": address, **card}, household.process)


@pytest.fixture
def cloud(household: Cloud) -> Cloud:
    """Take the dishwasher, with a TLS link."""
    return one(household, "dishwasher")


@pytest.fixture
def washer(household: Cloud) -> Cloud:
    """Take the washer, with an AES link."""
    return one(household, "washer")


def on(appliance: Cloud, run: Run, *words: str) -> Result:
    """Start a command on an appliance."""
    return run(DOMAIN, *words, *appliance.options)


@pytest.fixture
def dishwasher(run: Run, cloud: Cloud, socket_enabled: None) -> Run:
    """Start a command on the dishwasher."""

    def run_command(*words: str) -> Result:
        return on(cloud, run, *words)

    return run_command


def value(appliance: Cloud, uid: int) -> object:
    """Read a value inside the appliance."""
    return appliance.state()["values"][str(uid)]


def becomes(appliance: Cloud, uid: int, expected: object) -> bool:
    """Wait for a value inside the appliance: it acts a moment after it agreed."""
    deadline = time.monotonic() + 60
    while value(appliance, uid) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return value(appliance, uid) == expected


# --- archives --------------------------------------------------------------------------------


def test_parse_as_table(run: Run, household: Cloud) -> None:
    """A line per appliance: what it is, which link, how much it can do; nobody is asked for it."""
    done = run(DOMAIN, "parse", household.line["archive"])
    assert (done.status, done.errors) == (0, "")
    headings, *lines = done.output.splitlines()
    assert headings.split() == ["NAME", "MODEL", "LINK", "FEATURES", "PROGRAMS", "FETCHED", "ID"]
    assert [line.split()[:4] for line in lines] == [
        ["Bosch", "Dishwasher", "SYN0DW01", "TLS"],
        ["Siemens", "Washer", "SYN0WM02", "AES"],
        ["Bosch", "Hood", "SYN0HD04", "TLS"],
    ]


def test_started_as_by_a_person(
    run: Run, run_alone: Run, cloud: Cloud, socket_enabled: None
) -> None:
    """What the other tests run is the program: started from a shell it says the same."""
    for words in (["get", *cloud.options], ["get"], ["--help"]):
        assert run_alone(DOMAIN, *words) == run(DOMAIN, *words)


def test_parse_as_json(run: Run, household: Cloud) -> None:
    """One object per appliance, with all features by uid."""
    done = run(DOMAIN, "parse", household.line["archive"], "--appliance", "washer", "--json")
    assert (done.json["id"], done.json["connection_type"]) == (
        household.line["appliances"][1]["haId"],
        "AES",
    )
    assert done.json["description"]["features"]["539"]["key"] == "BSH.Common.Setting.PowerState"


def test_keys_are_never_printed(run: Run, household: Cloud, socket_enabled: None) -> None:
    """Neither from the archive nor from a link that is looked at closely."""
    secrets = set()
    with zipfile.ZipFile(household.line["archive"]) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                head = json.loads(archive.read(name))
                secrets |= {head["key"].rstrip("="), head.get("iv", "").rstrip("=")} - {""}
    assert len(secrets) == 4  # one appliance has an AES link
    words = [
        ("parse", household.line["archive"], "--json", "--debug"),
        *(
            (*command, *one(household, kind).options, "--json", "--debug")
            for kind in KINDS
            for command in (("info",), ("get", "--all"))
        ),
    ]
    for each in words:
        done = run(DOMAIN, *each)
        assert done.status == 0
        for secret in secrets:
            assert secret not in done.output + done.errors


def test_archive_that_is_none(run: Run, tmp_path: Path) -> None:
    """What cannot be used is told with what to do; a missing file as well."""
    path = tmp_path / "profile.zip"
    done = run(DOMAIN, "parse", str(path))
    assert (done.status, done.output) == (2, "")
    assert "cannot be read: No such file" in done.errors
    path.write_bytes(b"PK\x03\x04 torn")
    done = run(DOMAIN, "info", "--archive", str(path), "--host", "127.0.0.1")
    assert (done.status, done.output) == (2, "")
    assert "not a ZIP archive; fetch the profiles" in done.errors


def test_one_damaged_appliance(run: Run, household: Cloud, tmp_path: Path) -> None:
    """The others are shown, and what is wrong with the one is told."""
    path = tmp_path / "profile.zip"
    with zipfile.ZipFile(household.line["archive"]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not ("SYN0HD04" in name and name.endswith("FeatureMapping.xml")):
                new.writestr(name, old.read(name))
    done = run(DOMAIN, "parse", str(path))
    assert (done.status, len(done.output.splitlines())) == (0, 3)
    assert "Hood SYN0HD04 cannot be used: missing_file" in done.errors


def test_which_appliance(run: Run, household: Cloud, socket_enabled: None) -> None:
    """Of several one has to be named: by type, model, or the end of the id; what fits none is told."""
    archive = ("--archive", household.line["archive"])
    host = ("--host", one(household, "dishwasher").line["address"])
    done = run(DOMAIN, "info", *archive, *host)
    assert (done.status, done.output) == (2, "")
    assert "there are 3 appliances in the archive; name one with --appliance" in done.errors
    done = run(DOMAIN, "info", *archive, *host, "--appliance", "toaster")
    assert "no appliances of the archive fit 'toaster'" in done.errors
    for name in ("Dishwasher", "syn0dw01", "530001"):
        done = run(DOMAIN, "info", *archive, *host, "--appliance", name, "--json")
        assert done.json["type"] == "Dishwasher"


def test_environment(run: Run, cloud: Cloud, socket_enabled: None) -> None:
    """Archive, host and appliance may stand in the environment instead."""
    environment = {
        "HOME_CONNECT_LOCAL_ARCHIVE": cloud.line["archive"],
        "HOME_CONNECT_LOCAL_HOST": cloud.line["address"],
        "HOME_CONNECT_LOCAL_APPLIANCE": cloud.line["haId"],
    }
    done = run(DOMAIN, "info", "--json", environment=environment)
    assert done.json["id"] == cloud.line["haId"]
    done = run(DOMAIN, "info")
    assert (done.status, done.output) == (2, "")
    assert "--archive or HOME_CONNECT_LOCAL_ARCHIVE" in done.errors


def test_host_that_is_none(run: Run, cloud: Cloud) -> None:
    """An address that cannot be one is told before anything is tried."""
    done = run(DOMAIN, "info", "--archive", cloud.line["archive"], "--host", "a b")
    assert (done.status, done.output) == (2, "")
    assert "'a b' is no host" in done.errors


# --- looking ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_info(run: Run, household: Cloud, socket_enabled: None, kind: str) -> None:
    """What an appliance is and does, over both kinds of links; not what identifies its owner."""
    appliance = one(household, kind)
    done = on(appliance, run, "info")
    assert (done.status, done.errors) == (0, "")
    assert f"address:          {appliance.line['address']}" in done.output
    told = on(appliance, run, "info", "--json").json
    assert told["id"] == appliance.line["haId"]
    assert told["services"]["ro"] == 1
    assert not {"mac", "serial_number", "ssid"} & {*told["appliance"], *told["network"]}


def test_get(dishwasher: Run) -> None:
    """Features by the ends of their names, by whole name, by uid; one of them with what it takes."""
    done = dishwasher("get", "powerstate")
    assert (done.status, done.errors) == (0, "")
    headings, line, settable = done.output.splitlines()
    assert headings.split() == ["FEATURE", "KIND", "VALUE", "ACCESS", "UID"]
    assert line.split() == ["BSH.Common.Setting.PowerState", "setting", "On", "readwrite", "539"]
    assert settable == "can be set to: Off, On"
    (feature,) = dishwasher("get", "539", "--json").json["features"]
    assert (feature["value"], feature["raw"], feature["members"]) == (
        "On",
        2,
        {"1": "Off", "2": "On"},
    )
    done = dishwasher("get", OPERATION, "DoorState", "DoorState")
    assert len(done.output.splitlines()) == 3


def test_get_everything(dishwasher: Run) -> None:
    """All that has a value; with --all what has none, too."""
    known = dishwasher("get", "--json").json["features"]
    every = dishwasher("get", "--all", "--json").json["features"]
    assert {each["uid"] for each in known} < {each["uid"] for each in every}
    assert all(each["raw"] is not None for each in known)
    assert len(every) == 82


def test_unknown_names(dishwasher: Run) -> None:
    """What there is not is told, with what is meant perhaps; nothing is guessed."""
    done = dishwasher("get", "Extra")
    assert (done.status, done.output) == (2, "")
    assert "there is no feature 'Extra' here; similar ones are" in done.errors
    assert "Dishcare.Dishwasher.Option.ExtraDry" in done.errors
    done = dishwasher("get", "ExtraDry")
    assert "2 features are named 'ExtraDry'; use the whole name" in done.errors


def test_program_list(dishwasher: Run) -> None:
    """Each program with what can be done with it now."""
    done = dishwasher("program", "list")
    assert (done.status, done.errors) == (0, "")
    (line,) = [line for line in done.output.splitlines() if line.startswith(ECO)]
    assert line.split() == [ECO, "select,", "start", "selected", "8195"]
    programs = dishwasher("program", "list", "--json").json["programs"]
    assert next(each for each in programs if each["program"] == ECO)["startable"] is True


# --- doing -----------------------------------------------------------------------------------


def test_setting(dishwasher: Run, cloud: Cloud) -> None:
    """Set by name and value, and so it is inside the appliance."""
    done = dishwasher("set", "ChildLock", "true")
    assert done == Result(0, "BSH.Common.Setting.ChildLock to true: acknowledged\n", "")
    assert value(cloud, 524) is True
    done = dishwasher("set", "524", "off", "--json")
    assert done.json == {
        "feature": "BSH.Common.Setting.ChildLock",
        "uid": 524,
        "value": "off",
        "acknowledged": True,
    }
    assert value(cloud, 524) is False


def test_wrong_value(dishwasher: Run, cloud: Cloud) -> None:
    """Nothing is sent; what can be set is told."""
    before = value(cloud, 539)
    done = dishwasher("set", "PowerState", "Purple")
    assert (done.status, done.output) == (2, "")
    assert "can be set to: Off, On" in done.errors
    done = dishwasher("set", "RemainingProgramTime", "5")
    assert (done.status, done.output) == (1, "")
    assert "cannot be changed now" in done.errors
    assert value(cloud, 539) == before


def test_program(dishwasher: Run, cloud: Cloud) -> None:
    """Selected with an option, started, looked at, paused by nobody, stopped."""
    done = dishwasher("program", "select", "Quick65")
    assert done.output == "select Dishcare.Dishwasher.Program.Quick65: acknowledged\n"
    assert becomes(cloud, 257, 8196)
    done = dishwasher("program", "start", "Eco50", "--option", "HygienePlus=true")
    assert done == Result(0, f"start {ECO}: acknowledged\n", "")
    assert becomes(cloud, 256, 8195)
    assert value(cloud, 5129) is True
    done = dishwasher("program", "start", "Eco50")
    assert (done.status, done.output) == (1, "")
    assert "a program is running; see to that at the appliance" in done.errors
    assert dishwasher("program", "stop", "--json").json == {"program": "stop", "acknowledged": True}
    assert becomes(cloud, 256, 0)


def test_delayed_start(dishwasher: Run, cloud: Cloud) -> None:
    """The selected program, in two hours; both kinds of delay at once make no sense."""
    assert dishwasher("program", "select", "Eco50").status == 0
    done = dishwasher("program", "start", "--start-in", "7200", "--json")
    assert (done.json["start"], done.json["acknowledged"]) == (ECO, True)
    (state,) = dishwasher("get", OPERATION, "--json").json["features"]
    assert state["value"] == "DelayedStart"
    assert dishwasher("command", "AbortProgram").status == 0
    assert becomes(cloud, 256, 0)
    assert dishwasher("program", "start", "--start-in", "1", "--finish-in", "1").status == 2


def test_obstacles(dishwasher: Run, cloud: Cloud) -> None:
    """What stands against a start is told by name, not by number."""
    cloud.operate("door", open=True)
    try:
        done = dishwasher("program", "start", "Eco50")
    finally:
        cloud.operate("door", open=False)
        cloud.operate("remote_start", allowed=True)
    assert (done.status, done.output) == (1, "")
    assert "the door is open" in done.errors or "remote start is not enabled" in done.errors
    done = dishwasher("program", "start", "Eco50", "--option", "HygienePlus")
    assert done.status == 2
    assert "'HygienePlus' is not NAME=VALUE" in done.errors
    done = dishwasher("program", "start", "Eco50", "--option", "HygienePlus=perhaps")
    assert (done.status, done.output) == (2, "")


def test_refused_by_the_appliance(dishwasher: Run, cloud: Cloud) -> None:
    """Somebody stands at the panel: the appliance refuses, which is a failure of the command alone."""
    cloud.operate("local_control", active=True)
    try:
        done = dishwasher("set", "ChildLock", "true")
    finally:
        cloud.operate("local_control", active=False)
    assert (done.status, done.output) == (1, "")
    assert "539" in done.errors


def test_washer_over_aes(run: Run, washer: Cloud, socket_enabled: None) -> None:
    """The other kind of link carries programs alike."""
    done = on(washer, run, "program", "start", "Cotton", "--json")
    assert (done.status, done.json["acknowledged"]) == (0, True)
    assert on(washer, run, "program", "pause").status == 0
    assert on(washer, run, "program", "resume").status == 0
    assert on(washer, run, "program", "stop").status == 0
    assert becomes(washer, 256, 0)


def test_hood_is_started_at_once(run: Run, household: Cloud, socket_enabled: None) -> None:
    """Programs that cannot be selected are started; what the fan does is an option of theirs."""
    hood = one(household, "hood")
    done = on(hood, run, "program", "start", "Venting", "--option", "VentingLevel=FanStage02")
    assert done == Result(0, f"start {VENTING}: acknowledged\n", "")
    (level,) = on(hood, run, "get", "VentingLevel", "--json").json["features"]
    assert level["value"] == "FanStage02"
    assert on(hood, run, "program", "stop").status == 0


# --- links -----------------------------------------------------------------------------------


def test_watch(follow: Follow, cloud: Cloud) -> None:
    """Changes as they come, those of a hand on the door as well."""
    follower = follow("--json", "DoorState")
    assert follower.event("feature")["value"] == "Closed"
    cloud.operate("door", open=True)
    try:
        assert follower.event("changed")["value"] in {"Open", "Ajar"}
    finally:
        cloud.operate("door", open=False)
        cloud.operate("remote_start", allowed=True)
    assert follower.event("changed")["value"] == "Closed"


def test_watch_in_words(follow: Follow, cloud: Cloud, dishwasher: Run) -> None:
    """A line per change; a command beside it does not end its link."""
    follower = follow("ChildLock")
    follower.text("UID")
    assert dishwasher("set", "ChildLock", "true").status == 0
    follower.text("BSH.Common.Setting.ChildLock: true (readwrite)")
    assert dishwasher("set", "ChildLock", "false").status == 0
    follower.text("BSH.Common.Setting.ChildLock: false (readwrite)")
    done = follower.end(signal.SIGINT)
    assert (done.status, done.errors) == (130, "")


def test_watch_outlives_the_link(follow: Follow, cloud: Cloud) -> None:
    """A lost link is told, and comes back by itself."""
    follower = follow("--json", "PowerState")
    follower.event("feature")
    cloud.operate("drop")
    assert follower.event("disconnected")["reason"]
    follower.event("connected")


def test_watch_for_a_while(dishwasher: Run) -> None:
    """With --duration it ends by itself, which is no failure."""
    done = dishwasher("watch", "--duration", "0.2", "PowerState")
    assert (done.status, done.errors) == (0, "")
    assert len(done.output.splitlines()) == 2


def test_wrong_key(run: Run, cloud: Cloud, washer: Cloud, socket_enabled: None) -> None:
    """An appliance that was paired anew refuses the key, at once and with what to do, on both kinds of links."""
    for appliance in (cloud, washer):
        appliance.operate("key", how="wrong")
        try:
            done = on(appliance, run, "get", "PowerState")
        finally:
            appliance.operate("key", how="restore")
        assert (done.status, done.output) == (4, "")
        assert "fetch a new profile archive" in done.errors


def test_another_appliance_at_the_address(
    run: Run, cloud: Cloud, washer: Cloud, socket_enabled: None
) -> None:
    """Whoever answers without the key is not the appliance."""
    done = run(DOMAIN, "info", "--archive", cloud.line["archive"], "--host", washer.line["address"])
    assert done.status in {3, 4}
    assert done.output == ""
    assert "--host" in done.errors


def test_nobody_answers(run: Run, cloud: Cloud, socket_enabled: None) -> None:
    """A refused connection is told at once, not when the time is over."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening: connections are refused
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(
            DOMAIN,
            *("info", "--archive", cloud.line["archive"], "--host", host, "--timeout", "25"),
        )
    assert (done.status, done.output) == (3, "")
    assert "cannot be reached" in done.errors


def test_all_sessions_taken(dishwasher: Run, cloud: Cloud) -> None:
    """The remedy for the appliance's oldest trouble is told."""
    cloud.operate("slots", dead=10)
    try:
        done = dishwasher("info")
    finally:
        cloud.operate("slots", dead=0)
    assert (done.status, done.output) == (3, "")
    assert "unplug the appliance" in done.errors


def test_help_names_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command is there, with what the environment may hold."""
    with pytest.raises(SystemExit) as caught:
        main([DOMAIN, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for name in ("parse", "info", "get", "watch", "set", "command", "program"):
        assert f"    {name} " in text
    for end in ("ARCHIVE", "HOST", "APPLIANCE"):
        assert f"HOME_CONNECT_LOCAL_{end}" in text


def test_nothing_improper_was_said(dishwasher: Run, household: Cloud) -> None:
    """The strict simulators have no complaint about the client, but for what the tests above asked for."""
    assert dishwasher("get", "PowerState").status == 0
    assert household.state()["violations"] == []
