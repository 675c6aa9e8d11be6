"""``script/cli hap_controller`` on accessories of our own server, as a person uses it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
import json
from pathlib import Path
import socket
import stat
from typing import ClassVar, Self
from unittest.mock import AsyncMock, patch
from uuid import uuid4

import pytest

from custom_components.hap_controller.protocol import (
    Announcement,
    CharacteristicUuid,
    ConnectError,
    ConnectionKind,
    LinkClosedError,
    Pairings,
    PreparedPairing,
    RecordError,
    ServiceUuid,
    load_pairings,
    save_pairings,
)
from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    HapStatus,
    StatusError,
)
from custom_components.hap_controller.protocol.crypto import SigningKey
from script.latchkey_cli.vendors.hap_controller import pairing, reach, serve, storage

from ..hap_controller.protocol.running import until
from .conftest import Result
from .hap_home import CODE, HOST, Console, Home, at_home

pytestmark = pytest.mark.usefixtures("socket_enabled")

ON, BRIGHTNESS = CharacteristicUuid.ON, CharacteristicUuid.BRIGHTNESS


@pytest.fixture(autouse=True)
def nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no terminal, and nothing in the environment."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    for name in ("HAP_CONTROLLER_FILE", "HAP_CONTROLLER_CODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> Console:
    """Sit at a terminal."""
    return Console(capsys)


@pytest.fixture
def nowhere(socket_enabled: None) -> Iterator[int]:
    """Take a port at which nobody listens: connections are refused."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Be at home, with a paired lamp."""
    async with at_home(tmp_path) as home:
        yield home


@pytest.fixture
async def fresh(home: Home) -> Home:
    """Have the lamp unpaired, and an empty file."""
    await home.server.forget_pairings()
    save_pairings(home.file, Pairings())
    return home


# --- the file --------------------------------------------------------------------------------


async def test_init_storage(console: Console, tmp_path: Path) -> None:
    """A file for its owner alone is made once; what exists stays as it is."""
    file = tmp_path / "home.json"
    done = await console.run("init-storage", "-f", file)
    assert (done.status, done.output, done.errors) == (0, f'File "{file}" was created.\n', "")
    assert file.read_text() == "{}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = await console.run("init-storage", "-f", file)
    assert (done.status, done.output) == (0, f'File "{file}" already exists.\n')
    done = await console.run("init-storage", "-f", file, "--json")
    assert done.json == {"file": str(file), "created": False}


async def test_files_that_cannot_be(console: Console, tmp_path: Path) -> None:
    """Each is told with what to do, and nothing is made or changed."""
    done = await console.run("init-storage")
    assert (done.status, done.output) == (2, "")
    assert "with -f or HAP_CONTROLLER_FILE" in done.errors
    done = await console.run("init-storage", "-f", tmp_path / "missing" / "home.json")
    assert done.status == 2 and "there is no folder" in done.errors
    done = await console.run("list-pairings", "-f", tmp_path / "home.json")
    assert done.status == 2 and "make one with init-storage" in done.errors
    other = tmp_path / "other.json"
    other.write_text("[]")
    for command in ("init-storage", "list-pairings"):
        done = await console.run(command, "-f", other)
        assert done.status == 2 and "is not a JSON object; name another one" in done.errors
    assert other.read_text() == "[]"
    done = await console.run(
        "prepare-add-remote-pairing", "-f", tmp_path / "missing" / "home.json", "-a", "lamp"
    )
    assert done.status == 2 and "cannot be opened" in done.errors


async def test_which_pairing(console: Console, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only one needs no name; what is meant is asked for, and what cannot be used says why."""
    monkeypatch.setenv("HAP_CONTROLLER_FILE", str(home.file))
    done = await console.run("list-pairings")
    assert (done.status, done.errors) == (0, "")
    done = await console.run("list-pairings", "-a", "lmap")
    assert done.status == 2 and '"lmap" is no known alias; there are: "lamp"' in done.errors

    pairings = load_pairings(home.file)
    ble = replace(home.record, connection=ConnectionKind.BLE)
    pairings.put("sensor", ble)
    pairings.put("phone", PreparedPairing.generate())
    save_pairings(home.file, pairings)
    told = json.loads(home.file.read_text()) | {"odd": {"Connection": "IP"}}
    home.file.write_text(json.dumps(told))
    for alias, problem in (
        (None, 'name one of the pairings with -a: "lamp", "sensor"'),
        ("sensor", "is reached by Bluetooth LE; these tools speak IP"),
        ("phone", '"phone" is prepared only'),
        ("odd", '"odd" cannot be used: the record has no usable iOSDeviceLTSK'),
    ):
        done = await console.run("list-pairings", *(("-a", alias) if alias else ()))
        assert (done.status, done.output) == (2, "")
        assert problem in done.errors
    assert json.loads(home.file.read_text()) == told


async def test_no_pairing_at_all(console: Console, tmp_path: Path) -> None:
    """An empty file says how to begin; one with a prepared pairing names that."""
    file = tmp_path / "home.json"
    await console.run("init-storage", "-f", file)
    done = await console.run("get-accessories", "-f", file)
    assert done.status == 2 and "begin with discover and pair" in done.errors
    done = await console.run("get-accessories", "-f", file, "-a", "lamp")
    assert done.status == 2 and "the file is empty" in done.errors
    await console.run("prepare-add-remote-pairing", "-f", file, "-a", "lamp")
    done = await console.run("get-accessories", "-f", file)
    assert done.status == 2 and 'only what was prepared: "lamp"' in done.errors


# --- pairing ---------------------------------------------------------------------------------


async def test_pair(console: Console, fresh: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys are in the file, with where the accessory is and what it is; neither they nor the code are shown."""
    monkeypatch.setenv("HAP_CONTROLLER_CODE", CODE)
    done = await console.run("pair", *fresh.pairing, *fresh.at, "--debug")
    assert (done.status, done.output) == (0, 'Pairing for "lamp" was established.\n')
    assert fresh.server.paired
    record = fresh.record
    assert record.keys.accessory_id == fresh.server.state.register.accessory_id
    assert (record.hosts, record.port) == ((HOST,), fresh.server.address[1])
    assert record.accessories[0]["services"]
    assert stat.S_IMODE(fresh.file.stat().st_mode) == 0o600
    for secret in (CODE, record.keys.controller_ltsk.hex()):
        assert secret not in console.everything
    done = await console.run("pair", *fresh.pairing, *fresh.at)
    assert done.status == 2 and '"lamp" is a known alias already' in done.errors
    done = await console.run("pair", "-f", fresh.file, "-a", "second", *fresh.at, "--json")
    assert done.status == 1 and "the accessory is already paired; remove it from" in done.errors
    assert "second" not in load_pairings(fresh.file)


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["-p", "031-45-155"], 4, "the accessory refused the setup code; check it"),
        (["-p", "0314515"], 2, "a setup code is eight digits, as in NNN-NN-NNN"),
        (["-p", "111-11-111"], 2, "--allow-insecure takes it"),
        (["-p", "11111111", "--allow-insecure"], 4, "refused the setup code"),
        ([], 2, "set HAP_CONTROLLER_CODE, or run this in a terminal"),
    ],
    ids=["wrong", "malformed", "insecure", "allowed", "missing"],
)
async def test_codes(
    console: Console, fresh: Home, words: list[str], status: int, problem: str
) -> None:
    """What is wrong with a code is told, most of it before the accessory hears of it; nothing is stored."""
    done = await console.run("pair", *fresh.pairing, *fresh.at, *words)
    assert (done.status, done.output) == (status, "")
    assert problem in done.errors
    assert fresh.server.state.register.failed_attempts == (status == 4)
    assert len(load_pairings(fresh.file)) == 0


async def test_wrong_words(console: Console, fresh: Home, nowhere: int) -> None:
    """Whom to pair, under which name, and where: each is asked for."""
    for words, problem in (
        (["-f", fresh.file, *fresh.at], "give the new pairing a name with -a"),
        (fresh.pairing, "name the accessory with -d"),
        ([*fresh.pairing, "--host", HOST], f"--host needs the port as well, as in {HOST}:"),
        ([*fresh.pairing, "--host", "a b:1"], "'a b:1' is no host and port"),
    ):
        done = await console.run("pair", *words, "-p", CODE)
        assert (done.status, done.output) == (2, "")
        assert problem in done.errors
    done = await console.run("pair", *fresh.pairing, "--host", f"{HOST}:{nowhere}", "-p", CODE)
    assert done.status == 3 and "cannot be reached" in done.errors


async def test_another_accessory_than_named(console: Console, fresh: Home) -> None:
    """Whoever leads to a host and names another device learns whom he has paired."""
    words = ("-d", "12:34:56:78:90:AB", "-p", CODE, "-s", "hw", "--json")
    done = await console.run("pair", *fresh.pairing, *fresh.at, *words)
    identifier = fresh.server.state.register.accessory_id
    assert done.json == {"alias": "lamp", "device_id": identifier, "paired": True}
    assert f"is {identifier}; remove-pairing undoes this" in done.errors


@pytest.mark.parametrize("comes_back", [True, False])
async def test_last_answer_of_pairing_is_lost(
    console: Console, fresh: Home, monkeypatch: pytest.MonkeyPatch, comes_back: bool
) -> None:
    """An accessory that paired without our having its key is freed again, or the person learns that it has to be reset."""
    store, port = fresh.server.state.save, fresh.server.address[1]
    lost = 0

    async def save() -> None:
        nonlocal lost
        await store()
        if fresh.server.paired and not lost:
            lost = 1
            for each in fresh.server._connections:
                each.writer.transport.abort()

    assert fresh.server._endpoints
    monkeypatch.setattr(fresh.server._endpoints, "_store", save)
    if not comes_back:
        monkeypatch.setattr(pairing, "TAKE_BACK_S", 0.0)
    done = await console.run("pair", *fresh.pairing, *fresh.at, "-p", CODE)
    assert (done.status, done.output, lost) == (3, "", 1)
    assert len(load_pairings(fresh.file)) == 0
    assert fresh.server.paired is not comes_back
    if not comes_back:
        assert "if it says that it is already paired, reset it" in done.errors
        return
    assert "what it may have kept was taken back" in done.errors
    assert fresh.server.address[1] == port
    done = await console.run("pair", *fresh.pairing, *fresh.at, "-p", CODE)
    assert done.status == 0


async def test_paired_but_gone(console: Console, fresh: Home) -> None:
    """Keys that an accessory has taken are stored, whatever comes then."""

    async def lose(link: object, command: object) -> None:
        raise LinkClosedError("the accessory closed the link")

    with patch.object(pairing.Link, "run", lose):
        done = await console.run("pair", *fresh.pairing, *fresh.at, "-p", CODE)
    assert done.status == 3 and 'the pairing is stored as "lamp", but' in done.errors
    assert (await console.run("list-pairings", *fresh.pairing)).status == 0


async def test_identify(console: Console, home: Home) -> None:
    """A paired one by its pairing, an unpaired one without; the two are not mixed up."""
    done = await console.run("identify", *home.pairing)
    assert (done.status, done.output) == (0, "lamp shows now which one it is.\n")
    assert home.shown == ["Lamp"]
    done = await console.run("identify", *home.at)
    assert done.status == 1 and "name its pairing with -f and -a instead" in done.errors
    done = await console.run("identify", "-d", home.keys.accessory_id, *home.pairing)
    assert done.status == 2 and "use one of them" in done.errors
    done = await console.run("identify")
    assert done.status == 2 and "with -d, or a pairing with -f and -a" in done.errors
    assert home.shown == ["Lamp"]
    await home.server.forget_pairings()
    done = await console.run("identify", *home.at, "--json")
    assert done.json == {"identified": HOST}
    assert home.shown == ["Lamp", "Lamp"]


async def test_list_pairings(console: Console, home: Home) -> None:
    """Ids, public keys and permissions, our own marked; regular users may not see them."""
    own = home.keys.controller_id
    done = await console.run("list-pairings", *home.pairing)
    assert done.output.splitlines() == [
        f"Pairing Id: {own} (this one)",
        f"\tPublic Key: 0x{home.keys.controller_ltpk.hex()}",
        "\tPermissions: 1 (admin user)",
    ]
    done = await console.run("list-pairings", *home.pairing, "--json")
    assert done.json["pairings"][0] == {
        "id": own,
        "public_key": home.keys.controller_ltpk.hex(),
        "permissions": 1,
        "type": "admin",
        "own": True,
    }
    home.become_user()
    done = await console.run("list-pairings", *home.pairing)
    assert (done.status, done.output) == (4, "")
    assert "ask a controller that is an administrator" in done.errors


async def test_second_controller(console: Console, home: Home, tmp_path: Path) -> None:
    """Prepared, added, finished, in three steps at two controllers; then it can be removed again."""
    phone = tmp_path / "phone.json"
    await console.run("init-storage", "-f", phone)
    done = await console.run("prepare-add-remote-pairing", "-f", phone, "-a", "lamp")
    assert done.output.startswith("Please add this to add-additional-pairing")
    told = done.output.splitlines()[1].split()
    again = await console.run("prepare-add-remote-pairing", "-f", phone, "-a", "lamp", "--json")
    assert told == ["-i", again.json["controller_id"], "-k", again.json["public_key"]]
    again = await console.run("prepare-add-remote-pairing", "-f", phone, "-a", "lamp")
    assert "was prepared before" in again.output

    done = await console.run("add-additional-pairing", *home.pairing, *told, "-p", "User")
    assert done.output.startswith("Please add this to finish-add-remote-pairing")
    finish = done.output.splitlines()[1].split()
    again = await console.run(
        "add-additional-pairing", *home.pairing, *told, "-p", "User", "--json"
    )
    assert finish[-1] == again.json["public_key"]

    words = ("-f", phone, "-a", "lamp", *finish, *home.at)
    wrong = [*words[:-3], SigningKey.generate().public_key.hex(), *words[-2:]]
    done = await console.run("finish-add-remote-pairing", *wrong)
    assert done.status == 4 and "check -k" in done.errors
    done = await console.run("finish-add-remote-pairing", *words)
    assert (done.status, done.output) == (0, 'Pairing for "lamp" was established.\n')
    record = load_pairings(phone).records["lamp"]
    assert record.accessories and record.port == home.server.address[1]
    assert (await console.run("get-accessories", "-f", phone)).status == 0
    done = await console.run("prepare-add-remote-pairing", "-f", phone, "-a", "lamp")
    assert done.status == 2 and "is a known alias already" in done.errors
    done = await console.run("finish-add-remote-pairing", *words)
    assert done.status == 2 and "is not one that was prepared" in done.errors

    identifier = told[1]
    done = await console.run("remove-pairing", *home.pairing, "-i", "nobody")
    assert done.status == 2 and "there is no pairing nobody; there are: " in done.errors
    done = await console.run("remove-pairing", *home.pairing, "-i", identifier)
    assert done.output == f'Pairing of {identifier} with "lamp" was removed.\n'
    done = await console.run("get-accessories", "-f", phone)
    assert done.status == 4 and "use remove-pairing, then pair anew" in done.errors
    done = await console.run("remove-pairing", "-f", phone, "-a", "lamp")
    assert done.output.endswith("The accessory did not know it any more.\n")
    assert len(load_pairings(phone)) == 0


async def test_second_controller_that_was_not_added(
    console: Console, home: Home, tmp_path: Path
) -> None:
    """What was prepared stays so until the accessory knows it."""
    phone = tmp_path / "phone.json"
    await console.run("init-storage", "-f", phone)
    await console.run("prepare-add-remote-pairing", "-f", phone, "-a", "lamp")
    keys = home.keys
    words = ("-c", "IP", "-i", keys.accessory_id, "-k", keys.accessory_ltpk.hex(), *home.at)
    done = await console.run(
        "finish-add-remote-pairing", "-f", phone, "-a", "lamp", *words, "--json"
    )
    assert done.status == 4 and "was add-additional-pairing given" in done.errors
    assert list(load_pairings(phone).prepared) == ["lamp"]
    for alias, problem in (
        ((), "name what was prepared with -a"),
        (("-a", "x"), '"x" is no known'),
    ):
        done = await console.run("finish-add-remote-pairing", "-f", phone, *alias, *words)
        assert done.status == 2 and problem in done.errors
    for option, value, problem in (
        ("-k", "abc", "-k wants a public key, 64 hexadecimal digits"),
        ("-i", "x" * 37, "-i wants an id"),
    ):
        words = ("-i", keys.controller_id, "-k", keys.accessory_ltpk.hex(), option, value)
        done = await console.run("add-additional-pairing", *home.pairing, *words, "-p", "Admin")
        assert done.status == 2 and problem in done.errors


async def test_remove_our_own(console: Console, home: Home) -> None:
    """The alias goes with the pairing; its own id means the same as none."""
    done = await console.run("remove-pairing", "-f", home.file)
    assert done.status == 2 and "name the pairing with -a" in done.errors
    words = ("-i", home.keys.controller_id, "--json")
    done = await console.run("remove-pairing", *home.pairing, *words)
    assert done.json["removed"] is True
    assert not home.server.paired
    assert len(load_pairings(home.file)) == 0


async def test_remove_while_unreachable(console: Console, home: Home, nowhere: int) -> None:
    """The alias is kept, because the accessory may be paired still; it can be forgotten."""
    await home.server.stop()
    home.remember(port=nowhere)
    with patch("script.latchkey_cli.vendors.hap_controller.reach.FIND_S", 0.1):
        done = await console.run("remove-pairing", *home.pairing, "--interface", HOST)
    assert done.status == 3 and '"lamp" is not where it was, and' in done.errors
    assert "does not announce itself" in done.errors
    assert '"lamp" is kept, because' in done.errors
    done = await console.run("remove-pairing", *home.pairing, "--host", f"{HOST}:{nowhere}")
    assert done.status == 3 and "remove-pairing --forget removes the alias" in done.errors
    done = await console.run(
        "remove-pairing", *home.pairing, "--host", f"{HOST}:{nowhere}", "-i", "other"
    )
    assert done.status == 3 and "--forget" not in done.errors
    assert "lamp" in load_pairings(home.file)
    done = await console.run("remove-pairing", *home.pairing, "--forget", "-i", "x")
    assert done.status == 2 and "leave -i away" in done.errors
    done = await console.run("remove-pairing", *home.pairing, "--forget")
    assert done.status == 0 and "must be reset" in done.output
    done = await console.run("remove-pairing", *home.pairing, "--forget", "--json")
    assert done.status == 2 and "no known alias" in done.errors


# --- values ----------------------------------------------------------------------------------


async def test_get_accessories(console: Console, home: Home) -> None:
    """A line per service and characteristic, or the description as it is; the file keeps it."""
    done = await console.run("get-accessories", *home.pairing)
    assert (done.status, done.errors) == (0, "")
    lines = done.output.splitlines()
    assert lines[0] == "1.1: >accessory-information<"
    assert "  1.5: Lamp (Name) >name< [pr]" in lines
    assert "1.8: >protocol.information<" in lines
    assert f"  {home.id_of(ON)}: False (On) >on< [pr,pw,ev]" in lines
    assert home.record.accessories == json.loads(json.dumps(home.record.accessories))
    listed = await console.run("get-accessories", *home.pairing, "-o", "json")
    assert listed.output.startswith('[\n    {\n        "aid": 1,')
    done = await console.run("get-accessories", *home.pairing, "--json", "-d")
    assert done.json["accessories"] == json.loads(listed.output) == home.record.accessories
    assert done.json["accessories"][0]["services"][0]["type"] == ServiceUuid.ACCESSORY_INFORMATION


async def test_get_characteristic(console: Console, home: Home) -> None:
    """The value alone, or all about it."""
    key = home.id_of(BRIGHTNESS)
    home.light[BRIGHTNESS].value = 40
    done = await console.run("get-characteristic", *home.pairing, "-c", key)
    assert done.output == f'{{\n    "{key}": {{\n        "value": 40\n    }}\n}}\n'
    done = await console.run(
        "get-characteristic", *home.pairing, "-c", key, "-m", "-p", "-t", "-e", "-d", "--json"
    )
    assert done.json == {
        key: {
            "value": 40,
            "format": "int",
            "unit": "percentage",
            "minValue": 0,
            "maxValue": 100,
            "minStep": 1,
            "description": "Brightness",
            "perms": ["pr", "pw", "ev"],
            "type": BRIGHTNESS,
            "ev": True,
        }
    }


async def test_characteristics_that_cannot_be_read(console: Console, home: Home) -> None:
    """Each says why; the others are told all the same."""

    def fail() -> None:
        raise OSError

    home.light[BRIGHTNESS].getter = fail
    keys = ["1.2", home.id_of(ON), home.id_of(BRIGHTNESS), "7.1"]
    words = [word for key in keys for word in ("-c", key)]
    done = await console.run("get-characteristic", *home.pairing, *words, "-p", "--json")
    assert done.status == 1
    assert done.json[keys[1]] == {"value": False, "perms": ["pr", "pw", "ev"]}
    assert [done.json[key].get("status") for key in keys] == [-70405, None, -70402, -70409]
    assert done.json["1.2"]["perms"] == ["pw"]
    assert f"get-characteristic failed on {keys[2]} because: " in done.errors
    done = await console.run("get-characteristic", *home.pairing, "-c", "1")
    assert done.status == 2 and "'1' is not AID.IID" in done.errors


async def test_put_characteristic(console: Console, home: Home, tmp_path: Path) -> None:
    """Values are converted; what was written in the end is told."""
    on, brightness = home.id_of(ON), home.id_of(BRIGHTNESS)
    done = await console.run(
        "put-characteristic", *home.pairing, "-c", on, "on", "-c", brightness, 150
    )
    assert (done.status, done.errors) == (0, "")
    assert done.output == f"{on} On: true\n{brightness} Brightness: 100 %\n"
    assert (home.light[ON].value, home.light[BRIGHTNESS].value) == (True, 100)
    (tmp_path / "value").write_text("30\n")
    words = ("-c", brightness, f"@{tmp_path / 'value'}", "-c", "1.2", "1", "--json")
    done = await console.run("put-characteristic", *home.pairing, *words)
    assert done.json == {brightness: {"written": "30", "value": 30}, "1.2": {"written": "1"}}
    done = await console.run("put-characteristic", *home.pairing, "-c", "1.2", "1")
    assert done.output == "1.2 Identify: 1\n"


async def test_what_cannot_be_written(console: Console, home: Home, tmp_path: Path) -> None:
    """Each says why, with what it takes; the others are written."""
    on, brightness = home.id_of(ON), home.id_of(BRIGHTNESS)
    words = ["-c", on, "1", "-c", brightness, "much", "-c", "1.3", "x", "-c", "9.9", "1"]
    done = await console.run("put-characteristic", *home.pairing, *words, "--json")
    assert done.status == 1 and home.light[ON].value is True
    assert done.json[on] == {"written": "1", "value": True}
    assert (
        done.json[brightness]["description"] == "'much' is not a number; it takes int from 0 to 100"
    )
    assert (done.json["1.3"]["status"], done.json["9.9"]["status"]) == (-70404, -70409)
    assert "put-characteristic failed on 1.3 because: " in done.errors
    done = await console.run("put-characteristic", *home.pairing, "-c", on, "perhaps")
    assert done.status == 1 and "it takes bool" in done.errors
    for value, problem in (
        ("@missing", "missing cannot be read"),
        (f"@{tmp_path}", "cannot be read"),
    ):
        done = await console.run("put-characteristic", *home.pairing, "-c", on, value)
        assert done.status == 2 and problem in done.errors
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    done = await console.run("put-characteristic", *home.pairing, "-c", on, f"@{tmp_path}/binary")
    assert done.status == 2 and "data are written in base64" in done.errors
    done = await console.run("put-characteristic", *home.pairing, "-c", "on", "1")
    assert done.status == 2 and "'on' is not AID.IID" in done.errors


# --- changes ---------------------------------------------------------------------------------


async def test_get_events(console: Console, home: Home) -> None:
    """A line for each event, of those that were asked for; enough is enough."""
    on, brightness = home.id_of(ON), home.id_of(BRIGHTNESS)
    words = ("-c", on, "-c", brightness, "-c", "1.3", "-c", "9.9", "-e", "3", "--interface", HOST)
    async with console.running("get-events", *home.pairing, *words) as screen:
        await screen.until(f"waiting for events of {on}, {brightness}; Ctrl-C ends that")
        home.light[ON].value = True
        home.light[CharacteristicUuid.HUE].value = 30
        home.light[BRIGHTNESS].value = 10
        await screen.until(f"event for {brightness}: 10")
        home.light[BRIGHTNESS].value = 20
        assert await screen.end() == 0
        await screen.until(f"event for {brightness}: 20")
    assert screen.output.splitlines()[0] == f"event for {on}: True"
    assert len(screen.output.splitlines()) == 3
    assert "subscribing failed on 9.9" in screen.errors
    assert "subscribing failed on 1.3 because: the characteristic tells no changes" in screen.errors


async def test_get_events_for_a_while(console: Console, home: Home) -> None:
    """A time limit is no failure, none at all is none; nothing to hear is one."""
    words = ("get-events", *home.pairing, "--interface", HOST, "-c")
    done = await console.run(*words, home.id_of(ON), "-s", "0.01", "--json")
    assert (done.status, done.output) == (0, "")
    done = await console.run(*words, home.id_of(ON), "-e", "0")
    assert (done.status, done.output) == (0, "")
    done = await console.run(*words, "1.3")
    assert done.status == 1 and "tells no changes" in done.errors


async def test_events_over_a_loss(console: Console, home: Home) -> None:
    """What changed while the link was down is told when it is back, and nothing twice."""
    on = home.id_of(ON)
    words = ("-c", on, "--json", "--interface", HOST)
    async with console.running("get-events", *home.pairing, *words) as screen:
        await screen.until("waiting for events")
        home.light[ON].value = True
        await screen.until('"value"')
        port = home.server.address[1]
        await home.server.stop()
        home.light[ON].value = False
        home.server.state.port = port
        await home.server.start()
        await screen.until("false")
    assert [each["value"] for each in screen.jsons] == [True, False]


async def test_watch(console: Console, home: Home) -> None:
    """A table, then a line for each change, with names; losses and returns of the link are told."""
    async with console.running("watch", *home.pairing, "--interface", HOST) as screen:
        row = await screen.until("Brightness")
        assert row.split() == [home.id_of(BRIGHTNESS), "Lamp", "Lightbulb", "Brightness", "0", "%"]
        home.light[BRIGHTNESS].value = 55
        await screen.until(f"Lamp, Lightbulb, Brightness ({home.id_of(BRIGHTNESS)}): 55 %")
        port = home.server.address[1]
        await home.server.stop()
        await screen.until("connection lost: the accessory closed the link")
        home.server.state.port = port
        await home.server.start()
        await screen.until("connected again")
    done = await console.run("watch", *home.pairing, "--interface", HOST, "--duration", "0.01")
    assert done.status == 0 and len(done.output.splitlines()) == 5
    done = await console.run("watch", *home.pairing, "-c", "1.3")
    assert (done.status, done.output) == (1, "")


async def test_watch_as_json(console: Console, home: Home) -> None:
    """Only what was named; presses of buttons each, a new description with what it has brought."""
    button = home.lamp.add_service(ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH)
    press = button[CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT]
    await home.server.redefined()
    key = f"1.{press.iid}"
    words = ("-c", key, "--json", "--interface", HOST)
    async with console.running("watch", *home.pairing, *words) as screen:
        await screen.until('"value"')
        for _ in range(2):
            press.value = 0
            await asyncio.sleep(0)
        await screen.until("triggered", times=2)
        home.light[ON].value = True
        with patch.object(home.server, "_announce", new=False):
            port = home.server.address[1]
            await home.server.stop()
            home.lamp.add_service(ServiceUuid.SWITCH)
            home.server.state.port = port
            await home.server.start()
        await screen.until('"described"')
    events = [(each["event"], each.get("value")) for each in screen.jsons]
    assert events[:3] == [("value", None), ("triggered", 0), ("triggered", 0)]
    described = next(each for each in screen.jsons if each["event"] == "described")
    assert described["added_services"] == 1
    assert ("changed", True) not in events


# --- cameras ---------------------------------------------------------------------------------


async def test_get_image(console: Console, home: Home, tmp_path: Path) -> None:
    """A picture in a file; of what is no camera there is none."""
    output = tmp_path / "door.jpg"
    done = await console.run("get-image", *home.pairing, output)
    assert done.status == 1 and not output.exists()
    assert "no picture was taken: the accessory has none to give; get-accessories" in done.errors

    def busy(width: int, height: int) -> bytes:
        raise StatusError(HapStatus.BUSY)

    home.lamp.image = busy
    done = await console.run("get-image", *home.pairing, output)
    assert done.status == 1 and "the accessory is busy; get-accessories" in done.errors
    home.lamp.image = lambda width, height: f"{width}x{height}".encode()
    done = await console.run("get-image", *home.pairing, output, "--width", 320, "--height", 200)
    assert done.output == f"{output}: 7 bytes\n"
    assert output.read_bytes() == b"320x200"
    done = await console.run("get-image", *home.pairing, output, "-A", 1, "--json")
    assert done.json == {"file": str(output), "bytes": 7}
    done = await console.run("get-image", *home.pairing, tmp_path)
    assert done.status == 2 and "cannot be written" in done.errors


# --- the way there ---------------------------------------------------------------------------


async def discovered(console: Console, name: str, *words: str) -> Result:
    """Discover for longer and longer, until something is found: a busy machine answers late."""
    for seconds in ("0.3", "1", "3", "9", "27"):
        done = await console.run("discover", "-t", seconds, *words)
        if name in done.output:
            return done
    pytest.fail(f"{name} is not found")


async def test_found_again(console: Console, tmp_path: Path, nowhere: int) -> None:
    """An accessory that moved is looked for by mDNS, and its new address kept."""
    name = f"Moved {uuid4().hex[:12]}"
    async with at_home(tmp_path, announce=True, name=name) as home:
        home.remember(port=nowhere)
        done = await console.run("list-pairings", *home.pairing, "--interface", HOST)
        assert (done.status, done.errors) == (0, "")
        assert home.record.port == home.server.address[1]
        words = ("--interface", HOST)
        done = await discovered(console, name, *words)
        block = next(each for each in done.output.split("\n\n") if name in each)
        assert block.splitlines() == [
            f"Name: {name}._hap._tcp.local.",
            f"Url: http://{HOST}:{home.server.address[1]}",
            "Configuration number (c#): 1",
            "Feature Flags (ff): Does not authenticate itself (Flag: 0)",
            f"Device ID (id): {home.keys.accessory_id}",
            f"Model Name (md): {name}",
            "Protocol Version (pv): 1.1",
            "State Number (s#): 1",
            "Status Flags (sf): The accessory is paired. (Flag: 0)",
            "Category Identifier (ci): Lightbulb (Id: 5)",
        ]
        done = await console.run("discover", "-t", "0.3", *words, "-u", "--json")
        assert name not in done.output

        async with console.running("watch", *home.pairing, "--interface", HOST) as screen:
            await screen.until("Brightness")
            await home.server.stop()
            home.server.state.port = 0
            await home.server.start()
            await screen.until("connected again")

        await home.server.forget_pairings()
        done = await discovered(console, name, *words, "-u", "--json")
        found = next(each for each in done.jsons if each["name"] == name)
        assert (found["device_id"], found["paired"]) == (home.keys.accessory_id, False)
        words = ("-d", home.keys.accessory_id.lower(), "--interface", HOST)
        done = await console.run("identify", *words)
        assert done.status == 0 and home.shown == [name]
        done = await console.run("pair", "-f", home.file, "-a", "again", *words, "-p", CODE)
        assert done.status == 0 and home.server.paired


async def test_found_where_it_was(console: Console, home: Home, nowhere: int) -> None:
    """One that announces nothing but the address that failed is told as not reachable."""
    home.remember(port=nowhere)
    found = Announcement(
        home.keys.accessory_id, "Lamp", "", 1, 1, 0, 0, 5, "1.1", None, (HOST,), nowhere
    )
    with patch.object(reach, "find", AsyncMock(return_value=found)):
        done = await console.run("list-pairings", *home.pairing)
    assert (done.status, done.output) == (3, "")
    assert "cannot be reached: ConnectionRefusedError; check" in done.errors


async def test_nothing_is_asked_for_twice(console: Console, home: Home) -> None:
    """A link that is lost amid a command is no reason to begin anew elsewhere."""
    asked = []

    async def fail(client: object, values: object) -> None:
        asked.append(values)
        raise ConnectError("lost")

    with patch.object(reach.HapClient, "write", fail), patch.object(reach, "find", fail):
        done = await console.run("put-characteristic", *home.pairing, "-c", home.id_of(ON), "1")
    assert done.status == 3 and len(asked) == 1


async def test_given_host(console: Console, home: Home, nowhere: int) -> None:
    """--host is where it is, and no other place is tried; what was found there is kept."""
    home.remember(hosts=(), port=None)
    done = await console.run("list-pairings", *home.pairing, "--host", f"localhost:{nowhere}")
    assert (done.status, done.output) == (3, "")
    host = f"localhost:{home.server.address[1]}"
    async with asyncio.timeout(90):
        done = await console.run("list-pairings", *home.pairing, "--host", host)
    assert done.status == 0
    assert home.record.hosts == ("localhost",)


async def test_another_accessory_at_the_host(console: Console, home: Home, tmp_path: Path) -> None:
    """Whoever answers there must be the accessory of the pairing."""
    other = AccessoryState.fresh("Other", host=HOST)
    other.register.pairings |= home.server.state.register.pairings
    other.register.signing_key = SigningKey.generate()
    async with AccessoryServer(Accessory("Other"), other, announce=False) as server:
        host = f"{HOST}:{server.address[1]}"
        done = await console.run("list-pairings", *home.pairing, "--host", host)
    assert (done.status, done.output) == (3, "")
    assert "check --host" in done.errors


async def test_file_that_cannot_be_written(
    console: Console, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is done; that nothing could be kept is told beside it."""

    def fail(path: Path, pairings: Pairings) -> None:
        raise RecordError("home.json cannot be written: Read-only file system")

    monkeypatch.setattr(storage, "save_pairings", fail)
    done = await console.run("get-accessories", *home.pairing)
    assert done.status == 0 and "Lamp" in done.output
    assert "Read-only file system" in done.errors
    done = await console.run("pair", "-f", home.file, "-a", "new", *home.at, "-p", CODE)
    assert done.status == 2 and "Read-only file system; see to the folder" in done.errors
    assert home.server.state.register.failed_attempts == 0


async def test_nothing_announces_itself(console: Console) -> None:
    """Silence is no failure, and its usual reasons are told; with -u, that all are paired."""

    class Silence:
        announcements: ClassVar[dict[str, object]] = {}

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        def subscribe(self, listener: object) -> None:
            pass

    with patch.object(reach, "Browser", lambda interfaces: Silence()):
        done = await console.run("discover", "-t", "0.01")
    assert (done.status, done.output) == (0, "")
    assert "UDP port 5353" in done.errors


async def test_no_mdns(console: Console, home: Home) -> None:
    """Where there is none, accessories are reached where they were."""
    with patch.object(reach, "Browser", side_effect=ConnectError("mDNS is not possible here")):
        done = await console.run("watch", *home.pairing, "--duration", "0.01")
        assert done.status == 0
        assert "a change of address will not be noticed" in done.errors
        done = await console.run("discover", "-t", "0.01")
        assert done.status == 3 and "mDNS is not possible here; check" in done.errors


# --- pairings of other programs --------------------------------------------------------------


async def test_import(console: Console, home: Home, tmp_path: Path) -> None:
    """Taken over with alias, address and description; what is there already is left alone."""
    source = tmp_path / "pairing.json"
    record = home.record.store()
    odd = {"Connection": "Carrier Pigeon"}
    bluetooth = record | {"AccessoryPairingID": "AA:BB:CC:DD:EE:FF", "Connection": "BLE"}
    source.write_text(json.dumps({"lamp": record, "odd": odd, "sensor": bluetooth}))
    charmap = tmp_path / "charmap.json"
    described = {"config_num": 3, "accessories": [{"aid": 1, "services": []}]}
    charmap.write_text(json.dumps({"pairings": {home.keys.accessory_id: described}}))
    file = tmp_path / "new.json"
    done = await console.run("import", "-f", file, source, "--descriptions", charmap)
    assert done.status == 0 and f'File "{file}" was created.' in done.output
    assert '"odd" cannot be used: the record is of an unknown kind' in done.errors
    rows = [line.split("  ") for line in done.output.splitlines()[2:]]
    assert [row[0].strip() for row in rows] == ["lamp", "odd", "sensor"]
    assert (await console.run("list-pairings", "-f", file, "-a", "lamp")).status == 0
    assert load_pairings(file).records["lamp"].config_number == 3
    assert json.loads(file.read_text())["odd"] == odd

    done = await console.run("import", "-f", file, source, "--json")
    assert (done.json["imported"][0]["alias"], done.json["left_out"]) == ("odd 2", 2)
    done = await console.run("import", "-f", home.file, source, "-a", "x")
    assert done.status == 2 and "-a is for one pairing, and there are 3" in done.errors


async def test_import_of_home_assistant(console: Console, home: Home, tmp_path: Path) -> None:
    """An entry of its list, under another name; secrets are not shown."""
    source = tmp_path / "core.config_entries"
    entry = {"domain": "homekit_controller", "title": "Lamp", "data": home.record.store()}
    source.write_text(json.dumps({"data": {"entries": [entry, {"domain": "sun", "data": {}}]}}))
    file = tmp_path / "new.json"
    done = await console.run("import", "-f", file, source, "-a", "lamp", "--json")
    assert done.json["imported"] == [
        {"alias": "lamp", "device_id": home.keys.accessory_id, "connection": "IP", "fault": ""}
    ]
    assert (await console.run("identify", "-f", file)).status == 0
    assert home.keys.controller_ltsk.hex() not in console.everything
    done = await console.run("import", "-f", file, source)
    assert done.output.splitlines() == [
        "Nothing new was found.",
        "1 left out: paired in new.json already",
    ]


async def test_nothing_to_import(console: Console, home: Home, tmp_path: Path) -> None:
    """Files that are none, or have none, change nothing."""
    before = home.file.read_bytes()
    source = tmp_path / "source.json"
    for text, problem in (
        (None, "cannot be read"),
        ("[]", "is not a JSON object"),
        ("{}", "no pairings"),
    ):
        if text is not None:
            source.write_text(text)
        done = await console.run("import", "-f", home.file, source)
        assert (done.status, done.output) == (2, "")
        assert problem in done.errors
    assert home.file.read_bytes() == before


# --- accessories of our own ------------------------------------------------------------------


async def test_serve(console: Console, tmp_path: Path) -> None:
    """It says how to pair it, and tells all that is done with it; the file makes it the same again."""
    state, file = tmp_path / "lamp.json", tmp_path / "home.json"
    words = ("serve", "-f", state, "--kind", "bridge", "--no-announce")
    save_pairings(file, Pairings())
    new = ("--address", HOST, "--name", "Demo")
    async with console.running(*words, *new, "--json") as screen:
        await screen.until('"pairings"')
        told = screen.jsons[0]
        assert (told["event"], told["name"], told["announced_as"]) == ("serving", "Demo", None)
        host = f"{HOST}:{told['port']}"
        screen.also("pair", "-f", file, "-a", "demo", "--host", host, "-p", told["setup_code"])
        await screen.until('"controllers": 1')
        await screen.until("was established")
        screen.also("identify", "-f", file)
        await screen.until('"identified"')
        screen.also("put-characteristic", "-f", file, "-c", "2.11", "on")
        await screen.until('"written"')
        await screen.until("2.11 On: true")
    async with console.running(*words, *new) as screen:
        await screen.until("has its own name, address and port")
        await screen.until(
            f'"Demo", device id {told["device_id"]}, is served at {HOST} port {told["port"]}.'
        )
        await screen.until(f"Setup code: {told['setup_code']}")
        await screen.until("Paired with 1 controller.")
        done = await console.run(*words, "-f", tmp_path / "other.json", "--port", told["port"])
        assert done.status == 3 and "cannot be served at" in done.errors
        screen.also("put-characteristic", "-f", file, "-c", "2.11", "off")
        await screen.until("Lightbulb: On is False (by a controller)")
    done = await console.run(*words, "--duration", "0.01")
    assert (done.status, done.errors) == (0, "")


async def test_what_cannot_be_served(console: Console, tmp_path: Path) -> None:
    """A state that is none, and words that make none."""
    state = tmp_path / "lamp.json"
    for words, problem in (
        (("--port", "70000"), "70000 is no port"),
        (("--name", "x" * 65), "--name takes 1 to 64 characters"),
        (("--address", "here"), "'here' is no address"),
    ):
        done = await console.run("serve", "-f", state, *words)
        assert (done.status, done.output) == (2, "")
        assert problem in done.errors
    assert not state.exists()
    state.write_text("{}")
    done = await console.run("serve", "-f", state)
    assert done.status == 2 and '"name" is missing' in done.errors
    assert "!" not in done.errors
    assert "mend it, or name another one with -f" in done.errors


async def test_all_kinds(console: Console, tmp_path: Path) -> None:
    """Each kind is what it says, and can be moved by hand."""
    seen = []

    def keep(event: str, text: str, **about: object) -> None:
        seen.append(text)

    told = serve.Told(as_json=False)
    told.say = keep  # type: ignore[method-assign]
    for kind in serve.KINDS:
        accessory, move = serve._build(kind, "Demo", told)
        assert accessory.category
        move()
    assert seen == [
        "Demo: On is True (by hand)",
        "Demo: On is True (by hand)",
        "Demo: On is True (by hand)",
        "Demo: On is True (by hand)",
        "Demo: Target Heating Cooling State is 1 (by hand)",
        "Demo: Programmable Switch Event (by hand)",
        "Lightbulb: On is True (by hand)",
    ]


FILTERS = """
get_filters = {1: {%(brightness)s: lambda value: 100 - value}}
set_filters = {1: {%(brightness)s: lambda value: 100 - value, %(on)s: lambda value: None}}
"""


async def test_debug_proxy(console: Console, home: Home, tmp_path: Path) -> None:
    """Whoever is paired with the proxy has the accessory behind it; all that goes through is shown, and can be changed."""
    on, brightness = home.light[ON], home.light[BRIGHTNESS]
    code = tmp_path / "filters.py"
    code.write_text(FILTERS % {"on": on.iid, "brightness": brightness.iid})
    phone = tmp_path / "phone.json"
    save_pairings(phone, Pairings())
    home.lamp.image = lambda width, height: b"picture"
    words = ("-s", tmp_path / "proxy.json", "-C", code, "--no-announce", "--address", HOST)
    async with console.running("debug-proxy", *home.pairing, *words, "--interface", HOST) as screen:
        place = await screen.until('"lamp proxy", device id')
        setup = (await screen.until("Setup code")).removeprefix("Setup code: ")
        host = f"{HOST}:{place.rpartition(' ')[2].rstrip('.')}"
        screen.also("pair", "-f", phone, "-a", "proxy", "--host", host, "-p", setup)
        await screen.until("was established")
        record = load_pairings(phone).records["proxy"]
        types = [each["type"] for each in record.accessories[0]["services"]]
        assert types == [each.type for each in home.lamp.services]

        key = home.id_of(BRIGHTNESS)
        screen.also("put-characteristic", "-f", phone, "-c", key, "30", "-c", home.id_of(ON), "1")
        await screen.until(f"{key} Brightness: 30 %")
        assert (on.value, brightness.value) == (True, 70)
        await screen.until(f"set Lamp, Lightbulb, Brightness ({key}): 30 %, made 70")
        await screen.until(f"set Lamp, Lightbulb, On ({home.id_of(ON)}): true")
        screen.also("get-events", "-f", phone, "-c", key, "-e", "1", "--interface", HOST)
        await screen.until("waiting for events")
        brightness.value = 10
        await screen.until(f"event for {key}: 90")
        screen.also("identify", "-f", phone)
        await until(lambda: home.shown)
        screen.also("get-image", "-f", phone, tmp_path / "picture.jpg")
        await screen.until("7 bytes")

        def fail() -> None:
            raise OSError

        brightness.getter = fail
        screen.also("get-characteristic", "-f", phone, "-c", key)
        await screen.until("failed on")
        await home.server.stop()
        await screen.until("connection lost")


async def test_filters_that_are_none(console: Console, home: Home, tmp_path: Path) -> None:
    """What cannot be loaded is told before anything is served."""
    code = tmp_path / "filters.py"
    code.write_text("1 / 0")
    words = ("-s", tmp_path / "proxy.json", "--address", HOST, "-C")
    done = await console.run("debug-proxy", *home.pairing, *words, code)
    assert done.status == 2 and "cannot be loaded: ZeroDivisionError" in done.errors
    done = await console.run("debug-proxy", *home.pairing, *words, tmp_path / "filters.txt")
    assert done.status == 2 and "is no Python file" in done.errors


# --- secrets ---------------------------------------------------------------------------------


async def test_keys_and_codes_are_never_shown(
    console: Console, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by a command, nor in its log."""
    commands = ("list-pairings", "get-accessories", "identify", "watch --duration 0.01")
    for command in commands:
        for option in ("--json", "--debug"):
            done = await console.run(*command.split(), *home.pairing, option, "--log", "DEBUG")
            assert done.status == 0
    await home.server.forget_pairings()
    await console.run("pair", "-f", home.file, "-a", "new", *home.at, "-p", CODE, "--log", "DEBUG")
    await console.run("pair", "-f", home.file, "-a", "more", *home.at, "-p", "518-08-582")
    shown = console.everything + caplog.text
    records = load_pairings(home.file).records
    keys = [each.keys.controller_ltsk.hex() for each in records.values()]
    key = home.server.state.register.signing_key
    assert len(keys) == 2 and key
    for secret in (CODE, "518-08-582", key.seed.hex(), *keys):
        assert secret not in shown


async def test_help(console: Console) -> None:
    """Every tool of homekit_python over IP has its counterpart with its letters; what speaks Bluetooth is not there."""
    letters = {
        "init-storage": "f",
        "discover": "tu",
        "identify": "dfa",
        "pair": "dfaps",
        "list-pairings": "fa",
        "prepare-add-remote-pairing": "fa",
        "add-additional-pairing": "faikp",
        "finish-add-remote-pairing": "facik",
        "remove-pairing": "fai",
        "get-accessories": "faod",
        "get-characteristic": "facmpted",
        "put-characteristic": "fac",
        "get-events": "faces",
        "debug-proxy": "casC",
        "serve": "f",
    }
    done = await console.run("--help")
    assert done.status == 0 and "BLE" not in done.output
    for command in (*letters, "watch", "import", "get-image"):
        assert f"    {command} " in done.output.replace("\n", " \n")
    for command, wanted in letters.items():
        done = await console.run(command, "--help")
        assert [each for each in wanted if f"  -{each}" not in done.output] == []
        assert "--json" in done.output
