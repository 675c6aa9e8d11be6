"""``script/cli dio_chacon`` on a simulated account, as a person uses it."""

from collections.abc import Iterator
import json
import signal

import pytest

from .conftest import Cloud, Follow, Json, Result, Run, simulated

GATE, PARLOUR, OFFICE, ATTIC = "Volet chambre", "Volet salon", "Volet bureau", "Volet grenier"
PLUG, LAMP = "Prise garage", "Prise lampadaire"
DOORBELL, CAMERA = "Portier", "Caméra jardin"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Run the simulated DIO cloud."""
    with simulated("dio_chacon", "--odd-devices") as cloud:
        yield cloud


@pytest.fixture
def dio(on_cloud: Run) -> Run:
    """Start a command of ``script/cli dio_chacon`` on the simulated account."""
    return on_cloud


# --- devices ---------------------------------------------------------------------------------


def test_devices_as_table(dio: Run) -> None:
    """A line per device: what it is, where it stands, how it is."""
    done = dio("devices")
    assert (done.status, done.errors) == (0, "")
    headings, *lines = done.output.splitlines()
    assert headings.split() == ["NAME", "KIND", "ROOM", "STATE", "LINK", "MODEL", "FIRMWARE", "ID"]
    assert len(lines) == 11
    assert [line[: len(GATE)] for line in lines] == sorted(
        (line[: len(GATE)] for line in lines), key=str.casefold
    )
    (office,) = [line for line in lines if line.startswith(OFFICE)]
    assert "last known: " in office
    assert "offline" in office
    (attic,) = [line for line in lines if line.startswith(ATTIC)]
    assert "position unknown" in attic
    assert "no state" in attic


def test_devices_as_json(dio: Run, cloud: Cloud) -> None:
    """One object with every device and all its values, none of them invented."""
    devices = {device["name"]: device for device in dio("devices", "--json").json["devices"]}
    assert len(devices) == 11
    gate = devices[GATE]
    assert gate["id"] == cloud.device_id(GATE)
    assert (gate["kind"], gate["room"], gate["position"]) == ("shutter", "Chambre", 0)
    assert gate["connected"] is True
    assert gate["calibration"]["travel_up_s"] > 0
    assert devices[OFFICE]["connected"] is False
    attic = devices[ATTIC]
    assert (attic["reported"], attic["position"], attic["movement"]) == (False, None, None)
    assert devices[DOORBELL]["last_event"]["kind"] == "ring"
    assert devices[CAMERA]["connected"] is None


def test_some_devices(dio: Run, cloud: Cloud) -> None:
    """Devices can be named, by name or id; naming one twice shows it once."""
    done = dio("devices", GATE.upper(), cloud.device_id(GATE), PLUG, "--json")
    assert [device["name"] for device in done.json["devices"]] == [PLUG, GATE]


def test_no_secret_is_printed(dio: Run, cloud: Cloud) -> None:
    """Neither credentials nor tokens nor network addresses, not even with --debug."""
    done = dio("devices", "--json", "--debug")
    shown = done.output + done.errors
    for secret in (cloud.line["email"], cloud.line["password"], "sessionToken", "r:", "mac"):
        assert secret not in shown, secret


# --- commands --------------------------------------------------------------------------------


def test_acknowledged_is_all_that_is_claimed(dio: Run, cloud: Cloud) -> None:
    """Without --wait the program tells what the cloud did, not what the device did."""
    done = dio("on", PLUG)
    assert done == Result(0, f"{PLUG}: on acknowledged by the cloud\n", "")
    asked = [each for each in cloud.state()["received"] if "/action/switch" in str(each)]
    assert asked[-1]["parameters"] == {"value": 1}


@pytest.mark.parametrize(("command", "on"), [("off", False), ("on", True)])
def test_switched_and_reported(dio: Run, command: str, on: bool) -> None:
    """With --wait the device's own report is awaited and told."""
    done = dio(command, LAMP, "--wait")
    assert (done.status, done.errors) == (0, "")
    assert done.output.splitlines()[1] == f"{LAMP}: the device reports {command}"
    done = dio(command, LAMP, "--wait", "--json")
    assert done.json["confirmed"] is True
    assert done.json["state"]["is_on"] is on


@pytest.mark.parametrize(
    ("words", "text", "position"),
    [
        (("open", GATE), "open", 100),
        (("position", GATE, "35"), "35 % open", 35),
        (("position", GATE, "0"), "closed", 0),
        (("position", GATE, "100"), "open", 100),
        (("close", GATE), "closed", 0),
    ],
)
def test_shutter_arrives(dio: Run, words: tuple[str, ...], text: str, position: int) -> None:
    """A shutter is done when it reports that it rests where it was sent."""
    command, *rest = words
    done = dio(command, *rest, "--wait")
    assert (done.status, done.errors) == (0, "")
    assert done.output.splitlines()[-1] == f"{GATE}: the device reports {text}"
    shown = dio("devices", GATE, "--json").json["devices"][0]
    assert (shown["position"], shown["movement"]) == (position, "stop")


def level(state: Json, name: str) -> int:
    """Look up how far open a shutter is just now."""
    values = next(each["values"] for each in state["devices"] if each["name"] == name)
    return int(values["openlevel"])


def test_shutter_stops_halfway(dio: Run, cloud: Cloud) -> None:
    """A running shutter reports where it stopped."""
    cloud.operate("level", device=PARLOUR, level=0)
    assert dio("close", PARLOUR, "--wait").status == 0
    cloud.operate("pace", speed=1)  # slow enough to be caught on the way
    try:
        assert dio("open", PARLOUR).status == 0
        cloud.wait_for(lambda state: level(state, PARLOUR) > 0)
        done = dio("stop", PARLOUR, "--wait", "--json")
    finally:
        cloud.operate("pace", speed=20)
    assert done.status == 0
    assert done.json["state"]["movement"] == "stop"
    assert 0 < done.json["state"]["position"] < 100


def test_quiet_mode(dio: Run) -> None:
    """The status light can be set where there is one."""
    for value in ("on", "off"):
        done = dio("quiet", LAMP, value, "--wait", "--json")
        assert done.json["confirmed"] is True
        assert done.json["state"]["quiet"] is (value == "on")


def test_json_of_a_command(dio: Run, cloud: Cloud) -> None:
    """One object, also without waiting."""
    assert dio("position", PARLOUR, "50", "--json").json == {
        "device": cloud.device_id(PARLOUR),
        "name": PARLOUR,
        "command": "position",
        "value": 50,
        "acknowledged": True,
        "confirmed": None,
    }


def test_unconfirmed_is_told(dio: Run, cloud: Cloud) -> None:
    """A device that does not do what the cloud took ends the program with a status of its own."""
    assert dio("close", PARLOUR, "--wait").status == 0
    cloud.operate("fault", name="deaf")
    try:
        done = dio("open", PARLOUR, "--wait", "--wait-timeout", "0.5")
        in_json = dio("open", PARLOUR, "--wait", "--wait-timeout", "0.5", "--json")
    finally:
        cloud.operate("reset")
    assert done.status == in_json.status == 5
    assert f"{PARLOUR} did not report open within 0.5 s" in done.errors
    assert "the device reports closed" in done.output
    assert in_json.json["confirmed"] is False
    assert in_json.json["state"]["position"] == 0


def test_unanswered_is_told(dio: Run, cloud: Cloud) -> None:
    """A link that breaks before the answer: nothing is claimed, and what is not known is said."""
    cloud.operate("fault", name="cut", path="/action/switch")
    try:
        done = dio("on", PLUG)
    finally:
        cloud.operate("reset")
    assert (done.status, done.output) == (3, "")
    assert "may or may not have been done" in done.errors


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("open", "Volet"), "there is no device 'Volet'"),
        (("open", PLUG), "does not offer 'open'"),
        (("on", GATE), "does not offer 'on'"),
        (("quiet", PLUG, "on"), "does not offer 'quiet'"),
        (("position", GATE, "101"), "'101' is not how far open"),
        (("position", GATE, "half"), "'half' is not how far open"),
        (("quiet", LAMP, "maybe"), "'maybe' is not on or off"),
        (("open",), "DEVICE"),
        (("opne", GATE), "open"),
        (("devices", "--timeout", "0"), "number of seconds"),
        (("devices", "--timeout", "nan"), "number of seconds"),
        (("devices", "--password", "x"), "--password"),
    ],
)
def test_wrong_arguments(dio: Run, words: tuple[str, ...], message: str) -> None:
    """What cannot be meant is refused, with what would be right, and nothing is operated."""
    done = dio(*words)
    assert (done.status, done.output) == (2, "")
    assert message in done.errors
    assert "Traceback" not in done.errors


def test_ambiguous_name(dio: Run, cloud: Cloud) -> None:
    """Of two devices with one name none is operated before it is clear which."""
    twin = str(cloud.operate("add", kind="plug", name="Double", room="Salon"))
    other = str(cloud.operate("add", kind="plug", name="double"))
    try:
        done = dio("on", "DOUBLE")
        assert (done.status, done.output) == (2, "")
        assert twin in done.errors
        assert other in done.errors
        assert dio("on", twin, "--wait").status == 0
    finally:
        cloud.operate("remove", device=twin)
        cloud.operate("remove", device=other)


def test_refused_by_the_cloud(dio: Run) -> None:
    """A device that the cloud cannot reach: a warning, the cloud's verdict, status 1."""
    done = dio("open", OFFICE)
    assert (done.status, done.output) == (1, "")
    warning, verdict = done.errors.splitlines()
    assert "offline" in warning
    assert "status" in verdict


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--url", "ws://127.0.0.1:9/ws"), "belong together"),
        (("--login-url", "http://127.0.0.1:9/"), "belong together"),
        (("--url", "ws://192.0.2.1/ws", "--login-url", "https://192.0.2.1/"), "wss://"),
        (("--url", "wss://192.0.2.1/ws", "--login-url", "http://192.0.2.1/"), "https://"),
        (("--url", "wss://me:secret@192.0.2.1/", "--login-url", "https://192.0.2.1/"), "more than"),
    ],
)
def test_unsafe_addresses(run: Run, cloud: Cloud, options: tuple[str, ...], message: str) -> None:
    """Credentials go neither unencrypted over a network nor to a server that was not meant."""
    done = run("dio_chacon", "devices", *options, environment=cloud.environment)
    assert (done.status, done.output) == (2, "")
    assert message in done.errors
    assert "secret" not in done.errors


def test_throttled(dio: Run, cloud: Cloud) -> None:
    """A cloud that asks for fewer logins is left alone."""
    cloud.operate("fault", name="login_status", status=429)
    try:
        done = dio("devices")
    finally:
        cloud.operate("reset")
    assert done.status == 3
    assert "wait a few minutes" in done.errors


# --- watch -----------------------------------------------------------------------------------


def test_watch_in_words(follow: Follow, cloud: Cloud) -> None:
    """First how things are, then each change on a line with its time."""
    follower = follow()
    assert follower.line().startswith("NAME")
    follower.text(GATE)
    cloud.operate("press", device=LAMP, on=False)
    cloud.operate("press", device=LAMP, on=True)
    assert follower.text(f"{LAMP}: on")[:8].count(":") == 2
    cloud.operate("ring", device=DOORBELL)
    follower.text(f"{DOORBELL}: last ring")
    follower.text(f"{DOORBELL}: ring")
    cloud.operate("rename", device=DOORBELL, name="Porte \x1b[31m")
    follower.text("Porte \ufffd[31m: name Porte \ufffd[31m")
    cloud.operate("rename", device="Porte \x1b[31m", name=DOORBELL)
    cloud.operate("online", device=LAMP, online=False)
    follower.text(f"{LAMP}: offline")
    cloud.operate("online", device=LAMP, online=True)
    follower.text(f"{LAMP}: online")


def test_watch_in_json(follow: Follow, cloud: Cloud) -> None:
    """An object per line: the devices, then the news with old names and new values."""
    follower = follow("--json", GATE, DOORBELL)
    assert [follower.event("device")["name"] for _ in range(2)] == [DOORBELL, GATE]
    cloud.operate("press", device=LAMP)  # not asked for
    cloud.operate("level", device=GATE, level=80)
    cloud.operate("ring", device=DOORBELL, image=True)
    events = [json.loads(follower.line()) for _ in range(4)]
    assert {event["name"] for event in events} == {GATE, DOORBELL}
    (rang,) = [event for event in events if event["event"] == "rang"]
    assert rang["kind"] == "ring"
    assert "http" not in json.dumps(events)  # the picture's address is signed
    moved = [event["changed"] for event in events if event["name"] == GATE]
    assert moved == [{"movement": "up"}, {"movement": "stop", "position": 80}]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_stopping_says_goodbye(
    follow: Follow, cloud: Cloud, number: signal.Signals, status: int
) -> None:
    """Ctrl-C and SIGTERM log out and leave without a traceback."""
    follower = follow()
    follower.line()
    assert any(each["by_token"] for each in cloud.state()["connections"])
    done = follower.end(number)
    assert (done.status, done.errors) == (status, "")
    state = cloud.state()
    assert state["connections"] == []
    assert "/session/logout" in [each.get("path") for each in state["received"]]


def test_nothing_improper_was_said(dio: Run, cloud: Cloud) -> None:
    """The strict simulator has no complaint about any of this."""
    assert dio("devices").status == 0
    assert cloud.state()["violations"] == []
