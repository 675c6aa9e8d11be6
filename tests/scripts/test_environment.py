"""What goes into the environment, and when it is made anew."""

import importlib.util
import json
from pathlib import Path
import shutil
import sys

import homeassistant
import pytest

from script.lib import environment

from .conftest import Tree

CORE = Path(homeassistant.__file__).parent / "components"


def test_requirements_of_everything_that_is_set_up_are_found(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dependencies are followed; entity platforms come with the frontend; our own are included."""
    manifests = {
        "frontend": {"dependencies": ["http"], "requirements": ["frontend==1"]},
        "http": {"requirements": ["http-thing==2"]},
        "camera": {"integration_type": "entity", "requirements": ["camera-thing==3"]},
        "bluetooth": {"requirements": ["radio==4"]},
        "unrelated": {"requirements": ["unrelated==5"]},
    }
    core = tree({f"{name}/manifest.json": json.dumps(body) for name, body in manifests.items()})
    own = {"domain": "lamp", "dependencies": ["bluetooth"], "requirements": ["xmltodict>=0.13"]}
    monkeypatch.setattr(environment, "own_manifests", lambda: [own])
    assert environment.component_requirements(core) == [
        "camera-thing==3",
        "frontend==1",
        "http-thing==2",
        "radio==4",
        "xmltodict>=0.13",
    ]


def test_the_demo_finds_its_frontend_installed() -> None:
    """The release pinned by Home Assistant is in this environment, so the demo starts offline."""
    manifest = json.loads((CORE / "frontend/manifest.json").read_text())
    assert manifest["requirements"][0] in environment.component_requirements(CORE)
    assert importlib.util.find_spec("hass_frontend")


def test_the_demo_names_components_that_exist() -> None:
    """A renamed component of Home Assistant would otherwise drop out unnoticed."""
    missing = [name for name in environment.DEMO_COMPONENTS if not (CORE / name).is_dir()]
    assert missing == []


def test_a_stand_in_satisfies_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a voice module cannot be built, an empty class of the right name is there."""
    monkeypatch.syspath_prepend(tmp_path)
    for module in environment.VOICE_MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)
        environment.write_stub(tmp_path, f"{module.replace('_', '-')}==1.0.1")
        (found,) = importlib.metadata.distributions(name=module, path=[str(tmp_path)])
        assert found.version == "1.0.1"
        stub = tmp_path / f"{module}.py"
        assert f"class {environment.VOICE_MODULES[module]}:" in stub.read_text()
        compile(stub.read_text(), stub, "exec")


def test_the_recipe_decides_when_to_build_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another release, another requirement or another manifest is another environment."""
    first = environment.fingerprint(None)
    assert environment.fingerprint(None) == first
    assert environment.fingerprint("2026.8.3") != first
    for name in ("REQUIREMENTS", "ALONE"):
        (changed := tmp_path / name).write_text("x==1")
        with monkeypatch.context() as patch:
            patch.setattr(environment, name, changed)
            assert environment.fingerprint(None) != first
    monkeypatch.setattr(
        environment, "own_manifests", lambda: [{"domain": "lamp", "requirements": ["x==1"]}]
    )
    assert environment.fingerprint(None) != first


def test_a_broken_environment_is_noticed(tmp_path: Path) -> None:
    """A stamp alone is not enough: the interpreter must run and find Home Assistant."""
    stamp = tmp_path / environment.STAMP
    stamp.write_text("abc")
    assert not environment.is_current(tmp_path, "abc")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    assert not environment.is_current(tmp_path, "other")


def test_requirements_are_pinned() -> None:
    """Every tool of the tests has one version."""
    lines = [
        line.strip()
        for path in (environment.REQUIREMENTS, environment.ALONE)
        for line in path.read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert all(line.count("==") == 1 for line in lines)
    assert any(line.startswith(f"{environment.PLUGIN}==") for line in lines)


def test_browsers_are_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any of the usual names will do; without one the answer is empty."""
    from script.lib.browser import find_browser

    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() == ""
    shutil.copy(shutil.which("true", path="/usr/bin:/bin") or sys.executable, tmp_path / "chromium")
    assert find_browser() == str(tmp_path / "chromium")
