"""What an accessory remembers."""

import asyncio
import json
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.accessory import state as module
from custom_components.hap_controller.protocol.accessory.definition import Accessory
from custom_components.hap_controller.protocol.accessory.state import (
    MAX_FILE_BYTES,
    AccessoryState,
    StateFileError,
    random_setup_code,
)
from custom_components.hap_controller.protocol.const import ControllerPermission
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.pairing import Pairing
from custom_components.hap_controller.protocol.refusals import InsecureCodeError, MalformedCodeError
from custom_components.hap_controller.protocol.setup_code import INSECURE_CODES

SEED = bytes(range(32))
# A file of homekit_python's demonstration server, fresh (§12.1) and after it was paired.
FRESH: dict[str, Any] = {
    "name": "DemoAccessory",
    "host_ip": "127.0.0.1",
    "host_port": 8080,
    "accessory_pairing_id": "12:00:00:00:00:00",
    "accessory_pin": "031-45-154",
    "peers": {},
    "unsuccessful_tries": 0,
    "c#": 0,
    "category": "Lightbulb",
}
PAIRED = FRESH | {
    "accessory_ltpk": SigningKey(SEED).public_key.hex(),
    "accessory_ltsk": SEED.hex(),
    "c#": 7,
    "peers": {
        "3d65d692-90bb-41c2-9bd0-2cb7a3a5dd18": {"key": "63" * 32, "admin": True},
        "cec11edd-7363-42c4-8d13-aeb06b608ffc": {"key": "A6" * 32, "admin": False},
    },
    "unsuccessful_tries": 3,
}


def written(folder: Path, told: Any) -> Path:
    """Write a state file."""
    path = folder / "state.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return path


def test_file_of_homekit_python(tmp_path: Path) -> None:
    """All of it is understood, and written again as it was."""
    state = AccessoryState.load(written(tmp_path, PAIRED | {"their own": [1]}))
    register = state.register
    assert (state.name, state.host, state.port) == ("DemoAccessory", "127.0.0.1", 8080)
    assert (state.category, state.config_number) == (5, 7)
    assert register.accessory_id == "12:00:00:00:00:00"
    assert register.setup_code == "031-45-154"
    assert register.failed_attempts == 3
    assert register.signing_key is not None and register.signing_key.seed == SEED
    assert [each.admin for each in register.pairings.values()] == [True, False]
    assert register.pairings["cec11edd-7363-42c4-8d13-aeb06b608ffc"].public_key == b"\xa6" * 32
    again = json.loads(state.to_json())
    expected = json.loads(json.dumps(PAIRED | {"their own": [1]}).replace("A6", "a6"))
    assert again == expected
    assert state.to_json().decode().startswith('{\n  "accessory_ltpk"')


def test_optional_keys(tmp_path: Path) -> None:
    """Peers and tries may be missing; keys with their public half behind them are read."""
    told = {
        key: value for key, value in FRESH.items() if key not in ("peers", "unsuccessful_tries")
    }
    told["accessory_ltsk"] = (SEED + SigningKey(SEED).public_key).hex().upper()
    state = AccessoryState.load(written(tmp_path, told))
    assert not state.register.paired
    assert state.register.failed_attempts == 0
    assert state.register.signing_key is not None
    assert state.register.signing_key.seed == SEED


@pytest.mark.parametrize(
    "key",
    ["name", "host_ip", "host_port", "accessory_pairing_id", "accessory_pin", "c#", "category"],
)
def test_missing_keys(tmp_path: Path, key: str) -> None:
    """The message names key and file."""
    told = {each: value for each, value in FRESH.items() if each != key}
    path = written(tmp_path, told)
    with pytest.raises(StateFileError) as caught:
        AccessoryState.load(path)
    assert str(caught.value) == f'"{key}" is missing in the config file "{path}"!'


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 5),
        ("name", ""),
        ("host_port", "8080"),
        ("host_port", 65536),
        ("host_port", True),
        ("accessory_pairing_id", "12:00"),
        ("accessory_pin", "12345"),
        ("accessory_pin", "123-45-678"),
        ("c#", -1),
        ("c#", 65536),
        ("category", "Teapot"),
        ("peers", []),
        ("peers", {"x": 1}),
        ("peers", {"": {"key": "00" * 32}}),
        ("peers", {"x" * 109: {"key": "00" * 32}}),
        ("peers", {"x": {"key": "zz"}}),
        ("peers", {"x": {"key": "00"}}),
        ("peers", {"x": {}}),
        ("unsuccessful_tries", -1),
        ("accessory_ltsk", "00"),
        ("accessory_ltsk", 1),
        ("accessory_ltpk", "00" * 32),
        ("setup_id", "abcd"),
    ],
)
def test_wrong_values(tmp_path: Path, key: str, value: Any) -> None:
    """What cannot be is refused with the name of the key, and without the value."""
    path = written(tmp_path, PAIRED | {key: value})
    with pytest.raises(StateFileError) as caught:
        AccessoryState.load(path)
    assert f'"{key}"' in str(caught.value)
    assert str(path) in str(caught.value)


def test_unknown_category_lists_the_known(tmp_path: Path) -> None:
    """Whoever writes the file by hand learns what can stand there."""
    with pytest.raises(StateFileError, match=r"Garage.*Lightbulb"):
        AccessoryState.load(written(tmp_path, FRESH | {"category": "Teapot"}))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff"])
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    """What is no JSON, or no object, is refused."""
    with pytest.raises(StateFileError):
        AccessoryState.load(written(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, too large, or a folder."""
    with pytest.raises(StateFileError, match="does not exist"):
        AccessoryState.load(tmp_path / "missing.json")
    with pytest.raises(StateFileError, match="Could not open"):
        AccessoryState.load(tmp_path)
    path = tmp_path / "large.json"
    path.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    with pytest.raises(StateFileError, match="too large"):
        AccessoryState.load(path)


async def test_open_makes_a_new_identity(tmp_path: Path) -> None:
    """The first start makes the file, the second finds it; only its owner can read it."""
    path = tmp_path / "lamp.json"
    state = await AccessoryState.open(path, name="Lamp", category=5, host="127.0.0.1", port=5001)
    assert path.stat().st_mode & 0o777 == 0o600
    again = await AccessoryState.open(path, name="ignored")
    assert again.to_json() == state.to_json()
    assert again.name == "Lamp"
    assert again.setup_id is not None and len(again.setup_id) == 4
    with pytest.raises(StateFileError, match="Could not write"):
        await AccessoryState.open(tmp_path / "no" / "folder.json")


async def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    """Pairings, also with ids that are no UTF-8, tries, keys and numbers survive; nothing else is left behind."""
    path = tmp_path / "lamp.json"
    state = await AccessoryState.open(path)
    register = state.register
    odd = b"\xffodd".decode("utf-8", "surrogateescape")
    register.pairings[odd] = Pairing(odd, bytes(range(32)), ControllerPermission.ADMIN)
    register.failed_attempts = 12
    register.signing_key = SigningKey(SEED)
    state.describe(Accessory("x"))
    await asyncio.gather(*(state.save() for _ in range(5)))
    again = AccessoryState.load(path)
    assert again.register.pairings == register.pairings
    assert again.register.failed_attempts == 12
    assert again.config_number == 1
    assert again.to_json() == state.to_json()
    assert [each.name for each in tmp_path.iterdir()] == ["lamp.json"]


async def test_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens amid writing, the file is whole."""
    path = tmp_path / "lamp.json"
    state = await AccessoryState.open(path)
    before = path.read_bytes()
    state.register.failed_attempts = 5

    def full(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        await state.save()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["lamp.json"]


async def test_state_without_a_file() -> None:
    """It is remembered as long as the process lives."""
    state = AccessoryState.fresh("Lamp", 5, setup_code="51808582")
    assert state.register.setup_code == "518-08-582"
    await state.save()
    for code, error in (("1234", MalformedCodeError), ("123-45-678", InsecureCodeError)):
        with pytest.raises(error):
            AccessoryState.fresh(setup_code=code)


def test_identities_differ() -> None:
    """Ids and codes are drawn."""
    states = [AccessoryState.fresh() for _ in range(20)]
    assert len({each.register.accessory_id for each in states}) == 20
    assert len({each.register.setup_code for each in states}) > 15


def test_forbidden_codes_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that nobody may use is drawn again."""
    drawn = [11111111, 12345678, 31045154]
    monkeypatch.setattr(module.secrets, "randbelow", lambda limit: drawn.pop(0))
    assert random_setup_code() == "310-45-154"
    assert random_setup_code.__doc__ and "111-11-111" in INSECURE_CODES


def test_configuration_number_follows_the_definition() -> None:
    """It grows only when what is fixed changed since the last run, and wraps to 1."""
    state = AccessoryState.fresh()
    lamp = Accessory("Lamp")
    assert state.describe(lamp) and state.config_number == 1
    assert not state.describe(Accessory("Lamp"))
    again = AccessoryState.from_dict(json.loads(state.to_json()))
    assert not again.describe(lamp) and again.config_number == 1
    lamp.add_service("43")
    assert again.describe(lamp) and again.config_number == 2
    again.config_number = 65535
    lamp.add_service("40")
    assert again.describe(lamp) and again.config_number == 1


def test_categories_without_a_name_of_the_tools() -> None:
    """Any category of the catalogue survives, an unknown number becomes Other."""
    for number in (2, 4, 24, 34):
        told = json.loads(AccessoryState.fresh(category=number).to_json())
        assert AccessoryState.from_dict(told).category == number
    told = json.loads(AccessoryState.fresh(category=999).to_json())
    assert AccessoryState.from_dict(told).category == 1


def test_secrets_are_not_shown() -> None:
    """Neither code nor keys."""
    shown = repr(AccessoryState.from_dict(PAIRED))
    assert "031-45-154" not in shown
    assert SEED.hex()[:12] not in shown


TEXTS = st.text(st.characters(), max_size=8)  # halves of characters too, as JSON may have them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
CHANGES = st.dictionaries(st.sampled_from([*PAIRED, "setup_id", "fingerprint"]) | TEXTS, JSON)


@given(CHANGES, st.dictionaries(TEXTS, JSON | st.just({"key": "11" * 32})))
def test_any_file_is_read_or_refused(changes: dict[str, Any], peers: dict[str, Any]) -> None:
    """What can be read can be written, and is read alike; what cannot is refused."""
    try:
        state = AccessoryState.from_dict(PAIRED | {"peers": peers} | changes)
    except StateFileError:
        return
    data = state.to_json()
    assert AccessoryState.from_dict(json.loads(data)).to_json() == data
