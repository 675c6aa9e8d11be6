"""What is written before Home Assistant starts."""

import json
from pathlib import Path
from typing import Any

import pytest

from script.latchkey_demo.home_assistant import prepare
from script.latchkey_demo.state import StateFolder


def stored(folder: StateFolder, name: str) -> Any:
    """Read a file of Home Assistant's storage."""
    found = json.loads((folder.config / ".storage" / name).read_text())
    assert found["key"] == name
    return found["data"]


def test_the_page_is_served_on_loopback_only(tmp_path: Path) -> None:
    """Address and port are ours, multicast stays on this machine, onboarding is nearly done."""
    folder = StateFolder(tmp_path)
    prepare(folder, [], 8124)
    http = stored(folder, "http")
    assert http["stable"]["server_host"] == ["127.0.0.1"]
    assert http["stable"]["server_port"] == 8124
    assert http["pending"] is None
    assert stored(folder, "core.network")["configured_adapters"] == ["lo", "lo0"]
    assert "user" not in stored(folder, "onboarding")["done"]


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    """A later start changes host and port and nothing else."""
    folder = StateFolder(tmp_path)
    prepare(folder, [], 8124)
    path = folder.config / ".storage" / "http"
    content = json.loads(path.read_text())
    content["data"]["stable"]["login_attempts_threshold"] = 5
    path.write_text(json.dumps(content))
    onboarding = folder.config / ".storage" / "onboarding"
    onboarding.write_text("as Home Assistant left it")
    prepare(folder, [], 8200)
    stable = stored(folder, "http")["stable"]
    assert (stable["login_attempts_threshold"], stable["server_port"]) == (5, 8200)
    assert onboarding.read_text() == "as Home Assistant left it"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"data": {"stable": 1}}'])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: str) -> None:
    """The start does not fail for it."""
    folder = StateFolder(tmp_path)
    prepare(folder, [], 1)
    (folder.config / ".storage" / "http").write_text(content)
    prepare(folder, [], 8124)
    assert stored(folder, "http")["stable"]["server_port"] == 8124


def test_components_are_linked(tmp_path: Path) -> None:
    """Each start links what there is now; what the user put there stays."""
    folder = StateFolder(tmp_path / "demo")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    target = folder.config / "custom_components"
    prepare(folder, [tmp_path / "one"], 1)
    (target / "own").mkdir()
    prepare(folder, [tmp_path / "two"], 1)
    assert sorted(item.name for item in target.iterdir()) == ["own", "two"]
    assert (target / "two").resolve() == tmp_path / "two"
