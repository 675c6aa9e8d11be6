"""``script/cli homismart`` on a simulated account, as a person uses it."""

from collections.abc import Iterator
from hashlib import md5
import json

import pytest

from .conftest import Cloud, Follow, Result, Run, simulated

LIGHT, SOCKET, LED = "Kitchen light", "Washing machine", "Boiler"
CURTAIN, SHUTTER = "Bedroom curtain", "Balcony shutter"
DOOR, HUB, GARDEN_LIGHT = "Street door", "Garden unit", "Garden path light"
MANY = 17


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Run the simulated Homismart cloud, with a second server to be sent to."""
    with simulated("homismart", "--second") as cloud:
        yield cloud


@pytest.fixture
def homismart(on_cloud: Run) -> Run:
    """Start a command of ``script/cli homismart`` on the simulated account."""
    return on_cloud


def members(cloud: Cloud, name: str) -> dict[str, object]:
    """Read the object of a device at the vendor's side."""
    device: dict[str, object] = next(
        each["state"] for each in cloud.state()["devices"] if each["name"] == name
    )
    return device


# --- devices ---------------------------------------------------------------------------------


def test_devices_as_table(homismart: Run) -> None:
    """A line per device and hub: what it is, behind which hub, how it is."""
    done = homismart("devices")
    assert (done.status, done.errors) == (0, "")
    headings, *lines = done.output.splitlines()
    assert headings.split() == ["NAME", "KIND", "HUB", "STATE", "LINK", "FIRMWARE", "ID"]
    assert len(lines) == MANY
    (light,) = [line for line in lines if line.startswith(GARDEN_LIGHT)]
    assert HUB in light


def test_devices_as_json(homismart: Run, cloud: Cloud) -> None:
    """One object with every device and all its values, positions in percent open."""
    devices = {device["name"]: device for device in homismart("devices", "--json").json["devices"]}
    assert len(devices) == MANY
    assert devices[CURTAIN]["id"] == cloud.device_id(CURTAIN)
    assert devices["Pergola shutter"]["position"] == 50
    assert devices["Living room curtain"]["position"] == 70
    assert devices[GARDEN_LIGHT]["hub"] == cloud.device_id(HUB)
    assert devices[DOOR]["locked"] is True


def test_some_devices(homismart: Run, cloud: Cloud) -> None:
    """Devices can be named, by name or id; naming one twice shows it once."""
    done = homismart("devices", LIGHT.upper(), cloud.device_id(LIGHT), DOOR, "--json")
    assert [device["name"] for device in done.json["devices"]] == [LIGHT, DOOR]


def test_no_secret_is_printed(homismart: Run, cloud: Cloud) -> None:
    """Neither the password nor its digest, which is as good, nor the user name."""
    done = homismart("devices", "--json", "--debug")
    shown = done.output + done.errors
    digest = md5(cloud.line["password"].encode(), usedforsecurity=False).hexdigest()
    for secret in (cloud.line["username"], cloud.line["password"], digest):
        assert secret not in shown, secret


def test_hub_offline(homismart: Run, cloud: Cloud) -> None:
    """A hub that is away takes its devices along; what they said last is called so."""
    cloud.operate("online", device=HUB, online=False)
    try:
        line = homismart("devices", GARDEN_LIGHT).output.splitlines()[1]
        done = homismart("on", GARDEN_LIGHT)
    finally:
        cloud.operate("online", device=HUB, online=True)
    assert "last known: off" in line
    assert "hub offline" in line
    assert (done.status, done.output) == (1, "")
    assert "sending all the same" in done.errors.splitlines()[0]


# --- commands --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "on"), [("on", True), ("off", False), ("toggle", True), ("toggle", False)]
)
def test_switched_and_reported(homismart: Run, cloud: Cloud, command: str, on: bool) -> None:
    """A command is done when the device has reported it, and says what that was."""
    word = "on" if on else "off"
    done = homismart(command, SOCKET)
    assert done == Result(0, f"{SOCKET}: {command} confirmed; the device reports {word}\n", "")
    assert members(cloud, SOCKET)["power"] is on


@pytest.mark.parametrize(
    ("words", "text", "level"),
    [
        (("open", SHUTTER), "open", 0),
        (("close", SHUTTER), "closing, to closed", 100),
        (("level", SHUTTER, "100"), "opening, to open", 0),
        (("level", SHUTTER, "35"), "closing, to 30 % open", 70),
        (("level", SHUTTER, "1"), "closing, to closed", 100),
    ],
)
def test_cover_is_sent(
    homismart: Run, cloud: Cloud, words: tuple[str, ...], text: str, level: int
) -> None:
    """Percent open on our side, steps of ten, and what is not reached yet is not claimed."""
    command, *rest = words
    cloud.operate("pace", speed=1)  # slow enough not to be there before the words are printed
    try:
        done = homismart(command, *rest)
    finally:
        cloud.operate("pace", speed=20)
    assert (done.status, done.errors) == (0, "")
    assert done.output == f"{SHUTTER}: {command} confirmed; the device reports {text}\n"
    # What was written, and not only what came of it.
    written = [each for each in cloud.state()["received"] if each.get("prefix") == "0006"][-1]
    assert written["body"]["curtainState"] == str(level)
    cloud.operate("level", device=SHUTTER, level=level)
    settle(cloud, SHUTTER, level)


def settle(cloud: Cloud, name: str, level: int) -> None:
    """Let the next case begin with a cover that stands."""
    cloud.wait_for(lambda _: members(cloud, name)["curtainState"] == str(200 + level))


def test_cover_stops_halfway(homismart: Run, cloud: Cloud) -> None:
    """A moving curtain is stopped, and tells where."""
    cloud.operate("level", device=CURTAIN, level=60)
    settle(cloud, CURTAIN, 60)
    cloud.operate("pace", speed=1)  # slow enough to be caught on the way
    try:
        assert homismart("open", CURTAIN).status == 0
        done = homismart("stop", CURTAIN, "--json")
    finally:
        cloud.operate("pace", speed=20)
    assert (done.status, done.errors) == (0, "")
    state = done.json["state"]
    assert state["motion"] is None
    assert 40 <= state["position"] < 100


def test_door_is_locked(homismart: Run, cloud: Cloud) -> None:
    """Unlocked and locked again, each as the door reports it."""
    done = homismart("unlock", DOOR)
    assert done.output == f"{DOOR}: unlock confirmed; the device reports unlocked\n"
    assert members(cloud, DOOR)["lock"] == "1"
    done = homismart("lock", DOOR, "--json")
    assert (done.json["confirmed"], done.json["state"]["locked"]) == (True, True)
    assert members(cloud, DOOR)["lock"] == "2"


def test_settings(homismart: Run, cloud: Cloud) -> None:
    """Indicator light, calibration and buttons are set without a change of anything else."""
    before = members(cloud, CURTAIN)
    done = homismart("led", LED, "30")
    assert done.output == f"{LED}: led confirmed; the device reports on, indicator 30 %\n"
    done = homismart("closed-position", CURTAIN, "7")
    assert done.output.endswith("the device reports closed position 7\n")
    done = homismart("lock", SOCKET, "--json")
    assert done.json["state"]["locked"] is True
    assert homismart("unlock", SOCKET).status == 0
    after = members(cloud, CURTAIN)
    assert after["closedPosition"] == 7
    assert {key for key in after if after[key] != before[key]} <= {"closedPosition", "updateTime"}


def test_renamed(homismart: Run, cloud: Cloud) -> None:
    """Devices and hubs get another name, which is found at once."""
    for name in (LIGHT, HUB):
        done = homismart("rename", name, "Another name")
        assert (
            done.output == f"{name}: rename confirmed; the device reports the name Another name\n"
        )
        assert homismart("rename", "another name", name).status == 0
        assert members(cloud, name)["name"] == name


def test_all_at_once(homismart: Run, cloud: Cloud) -> None:
    """One command of the cloud for everything that is switched, another for all covers."""
    cloud.operate("press", device=LIGHT, on=True)
    done = homismart("all", "off")
    assert done == Result(0, "all off: confirmed by what the devices report\n", "")
    devices = homismart("devices", "--json").json["devices"]
    assert {each["is_on"] for each in devices if each["kind"] in {"socket", "light_switch"}} == {
        False
    }
    assert homismart("all", "close", "--json").json == {
        "command": "all",
        "value": "close",
        "confirmed": True,
    }
    settle(cloud, CURTAIN, 100)


def test_refusal_of_a_device(homismart: Run, cloud: Cloud) -> None:
    """The cloud's error is told, and nothing is claimed."""
    cloud.operate("fault", name="error", code=40, info="no_response", count=1)
    done = homismart("on", LIGHT)
    assert (done.status, done.output) == (1, "")
    assert "the device does not answer" in done.errors
    assert members(cloud, LIGHT)["power"] is False


def test_unanswered_is_told(homismart: Run, cloud: Cloud) -> None:
    """A link that breaks on the command: nothing is claimed, and what is not known is said."""
    cloud.operate("fault", name="cut", count=1)
    done = homismart("on", LIGHT)
    assert (done.status, done.output) == (3, "")
    assert "may or may not have been done" in done.errors


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("open", "Curtain"), "there is no device 'Curtain'"),
        (("open", LIGHT), "does not offer 'open'"),
        (("on", CURTAIN), "does not offer 'on'"),
        (("on", DOOR), "does not offer 'on'"),
        (("toggle", HUB), "does not offer 'toggle'"),
        (("lock", HUB), "does not offer 'lock'"),
        (("led", HUB, "3"), "does not offer 'led'"),
        (("closed-position", LIGHT, "3"), "does not offer 'closed-position'"),
        (("level", CURTAIN, "101"), "'101' is not percent open"),
        (("level", CURTAIN, "half"), "'half' is not percent open"),
        (("led", LIGHT, "-1"), "led"),
        (("closed-position", CURTAIN, "11"), "'11' is not a number from 0 to 10"),
        (("rename", LIGHT, "  "), "is not a name"),
        (("all", "stop"), "'stop'"),
        (("open",), "DEVICE"),
        (("devices", "--password", "x"), "--password"),
    ],
)
def test_wrong_arguments(homismart: Run, words: tuple[str, ...], message: str) -> None:
    """What cannot be meant is refused, with what would be right, and nothing is operated."""
    done = homismart(*words)
    assert (done.status, done.output) == (2, "")
    assert message in done.errors
    assert "Traceback" not in done.errors


def test_code_wanted(homismart: Run, cloud: Cloud) -> None:
    """A verification code can only be entered in the app, so the user is sent there."""
    cloud.operate("fault", name="login_refuse", how="error", code=24, count=1)
    done = homismart("devices")
    assert (done.status, done.output) == (4, "")
    assert "sign in once with the vendor's app" in done.errors


def test_terms(homismart: Run, cloud: Cloud) -> None:
    """Terms are confirmed by nobody but the user, in the app or by an option."""
    cloud.operate("terms", withhold=True)
    try:
        done = homismart("devices", "--timeout", "2")
        assert (done.status, done.output) == (4, "")
        assert "--accept-terms" in done.errors
        cloud.operate("terms", withhold=False)
        done = homismart("devices", LIGHT, "--timeout", "10")
        assert done.status == 0
        assert LIGHT in done.output
        assert "--accept-terms" in done.errors
        done = homismart("devices", LIGHT, "--accept-terms")
        assert (done.status, done.errors) == (0, "")
        assert homismart("devices", LIGHT).errors == ""
    finally:
        cloud.operate("terms", changed=False)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ws://192.0.2.1/homismartmain/websocket", "wss://"),
        ("wss://me:secret@192.0.2.1/", "more than"),
        ("wss://192.0.2.1/?x=secret", "more than"),
    ],
)
def test_unsafe_addresses(run: Run, cloud: Cloud, url: str, message: str) -> None:
    """Credentials do not go unencrypted over a network."""
    done = run("homismart", "devices", "--url", url, environment=cloud.environment)
    assert (done.status, done.output) == (2, "")
    assert message in done.errors
    assert "secret" not in done.errors


# --- watch -----------------------------------------------------------------------------------


def test_watch_in_words(follow: Follow, cloud: Cloud) -> None:
    """First how things are, then each change on a line with its time."""
    follower = follow()
    assert follower.line().startswith("NAME")
    follower.text("Washing machine")
    cloud.operate("press", device=SOCKET, on=True)
    assert follower.text(f"{SOCKET}: on")[:8].count(":") == 2
    cloud.operate("lock", device=DOOR, locked=False)
    follower.text(f"{DOOR}: unlocked")
    cloud.operate("lock", device=DOOR, locked=True)
    follower.text(f"{DOOR}: locked")
    cloud.operate("rename", device=DOOR, name="Door \x1b[31m")
    follower.text("Door \ufffd[31m: name Door \ufffd[31m")
    cloud.operate("rename", device="Door \x1b[31m", name=DOOR)
    cloud.operate("online", device=HUB, online=False)
    follower.text(f"{GARDEN_LIGHT}: hub offline")
    cloud.operate("online", device=HUB, online=True)
    follower.text(f"{GARDEN_LIGHT}: online")
    twin = cloud.operate("add", kind="light_switch", name="Terrace light")
    follower.text("Terrace light: added, light switch, off")
    cloud.operate("remove", device=twin)
    follower.text("Terrace light: removed from the account")


def test_watch_in_json(follow: Follow, cloud: Cloud) -> None:
    """An object per line: the devices, then the news by name and new value."""
    cloud.operate("level", device=SHUTTER, level=100)
    settle(cloud, SHUTTER, 100)
    follower = follow("--json", SHUTTER, DOOR)
    assert [follower.event("device")["name"] for _ in range(2)] == [SHUTTER, DOOR]
    cloud.operate("press", device=SOCKET)  # not asked for
    cloud.operate("level", device=SHUTTER, level=20)
    moving, standing = (json.loads(follower.line()) for _ in range(2))
    assert {moving["name"], standing["name"]} == {SHUTTER}
    assert (moving["changed"]["position"], moving["changed"]["motion"]) == (80, "opening")
    assert standing["changed"]["motion"] is None


def test_watch_follows_to_another_server(follow: Follow, cloud: Cloud) -> None:
    """Sent to the second server, the news go on."""
    follower = follow("--json")
    follower.event("device")
    cloud.operate("redirect")
    assert "127.0.0.1" in follower.event("disconnected")["reason"]
    follower.event("connected")
    cloud.operate("press", device=SOCKET, on=True)
    assert follower.event("changed")["changed"]["is_on"] is True
    cloud.operate("press", device=SOCKET, on=False)


def test_nothing_improper_was_said(homismart: Run, cloud: Cloud) -> None:
    """The strict simulator has no complaint about any of this."""
    assert homismart("devices").status == 0
    assert cloud.state()["violations"] == []
