"""The tree from which HACS installs a component, made and checked."""

from collections.abc import Callable
import json
from pathlib import Path
import re
import zipfile

import pytest

from script.lib import hacs
from script.lib.console import ROOT, ScriptError
from script.lib.project import Project, component_folders, load_project, read_json

from .conftest import Tree

PAGE = """# Lamp
![form](../images/form.png "The form") and [![icon](icon.png)](../architecture.md#rooms)
<img src="icon.png" width="64"> [below](#below) [out](https://example.org/a)

```yaml
text: "[an example](nowhere.md)"
```
"""
FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.latchkey]\nowner = "someone"\nrepository = "latchkey"\n',
    "hacs.json": '{"name": "Latchkey", "homeassistant": "2026.8.3"}',
    "LICENSE": "Apache",
    "CHANGELOG.md": "# Changes\n",
    "docs/architecture.md": "# Architecture\n",
    "docs/images/form.png": b"form",
    "docs/lamp/icon.png": b"icon",
    "docs/lamp/README.md": PAGE,
    "custom_components/lamp/manifest.json": json.dumps(
        {
            "domain": "lamp",
            "name": "Lamp",
            "codeowners": ["@someone"],
            "documentation": "https://github.com/someone/latchkey",
            "issue_tracker": "https://github.com/someone/latchkey/issues",
            "version": "0.0.0",
        },
        indent=2,
    ),
    "custom_components/lamp/__init__.py": '"""Lamp."""\n',
    "custom_components/lamp/__pycache__/x.pyc": b"x",
    "custom_components/lamp/protocol/frames.py": "",
    "custom_components/lamp/brand/icon.png": b"icon",
    "custom_components/door/manifest.json": '{"domain": "door", "name": "Door"}',
}


@pytest.fixture
def project(tree: Tree) -> Project:
    """A project with one component that is ready and one that is not."""
    return load_project(
        tree({f"project/{name}": content for name, content in FILES.items()}) / "project"
    )


def test_the_tree_is_complete(project: Project, tmp_path: Path) -> None:
    """Everything HACS looks for is there, of this one component only."""
    target = tmp_path / "thin"
    hacs.make_repository(project, "lamp", target, "1.2.3")
    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert files == {
        ".github/workflows/validate.yml",
        ".latchkey-generated",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "custom_components/lamp/__init__.py",
        "custom_components/lamp/brand/icon.png",
        "custom_components/lamp/manifest.json",
        "custom_components/lamp/protocol/frames.py",
        "hacs.json",
        "images/form.png",
        "images/icon.png",
    }
    assert read_json(target / "hacs.json") == {
        "name": "Lamp",
        "homeassistant": "2026.8.3",
        "zip_release": True,
        "filename": "lamp.zip",
        "render_readme": True,
    }
    assert read_json(target / "custom_components/lamp/manifest.json")["version"] == "1.2.3"
    assert read_json(project.root / "custom_components/lamp/manifest.json")["version"] == "0.0.0"


def test_links_of_the_page_work(project: Project, tmp_path: Path) -> None:
    """Pictures come along; other pages are linked where they are; anchors stay."""
    hacs.make_repository(project, "lamp", tmp_path / "thin")
    text = (tmp_path / "thin/README.md").read_text()
    raw = "https://raw.githubusercontent.com/someone/latchkey-lamp/HEAD/images"
    assert f'![form]({raw}/form.png "The form")' in text
    assert (
        f"[![icon]({raw}/icon.png)]"
        "(https://github.com/someone/latchkey/blob/main/docs/architecture.md#rooms)"
    ) in text
    assert f'<img src="{raw}/icon.png" width="64">' in text
    assert 'text: "[an example](nowhere.md)"' in text
    assert "[below](#below)" in text
    assert "[out](https://example.org/a)" in text
    assert "developed" in text


def test_an_earlier_tree_is_replaced_with_its_history(project: Project, tmp_path: Path) -> None:
    """Files that are gone go; the repository stays the same repository."""
    target = tmp_path / "thin"
    hacs.make_repository(project, "lamp", target)
    (target / ".git").mkdir()
    (target / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (target / "stale.txt").write_text("old")
    hacs.make_repository(project, "lamp", target)
    assert (target / ".git/HEAD").read_text() == "ref: refs/heads/main\n"
    assert not (target / "stale.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "thin"]


def test_a_fresh_clone_counts_as_empty(project: Project, tmp_path: Path) -> None:
    """A thin repository before its first release holds only git's folder."""
    (tmp_path / "thin/.git").mkdir(parents=True)
    hacs.make_repository(project, "lamp", tmp_path / "thin")
    assert (tmp_path / "thin/hacs.json").is_file()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"thin/notes.txt": "mine"}, "holds other files"),
        ({"thin/.latchkey-generated": "door\n", "thin/x": ""}, "holds the tree of door"),
        ({"thin": "a file"}, "is not a folder"),
    ],
)
def test_other_peoples_folders_are_refused(
    project: Project, tree: Tree, files: dict[str, str | bytes], message: str
) -> None:
    """Nothing in a folder that is not ours is touched."""
    root = tree(files)
    with pytest.raises(ScriptError, match=message):
        hacs.make_repository(project, "lamp", root / "thin")
    for name, content in files.items():
        assert (root / name).read_text() == content


@pytest.mark.parametrize(
    ("domain", "version", "message"),
    [
        ("torch", None, "no component 'torch' .there are: door, lamp."),
        ("lamp", "latest", "is not a version"),
        ("lamp", "1.2", "is not a version"),
        ("door", None, "door/README.md is missing"),
    ],
)
def test_what_cannot_be_made_says_why(
    project: Project, tmp_path: Path, domain: str, version: str | None, message: str
) -> None:
    """One clear message, and no half of a tree."""
    with pytest.raises(ScriptError, match=message):
        hacs.make_repository(project, domain, tmp_path / "thin", version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project"]


def test_a_link_to_nowhere_is_refused(project: Project, tmp_path: Path) -> None:
    """A page that would be published broken is not published."""
    page = project.root / "docs/lamp/README.md"
    page.write_text("![gone](gone.png)\n")
    with pytest.raises(ScriptError, match=r"links to gone\.png"):
        hacs.make_repository(project, "lamp", tmp_path / "thin")


def test_two_pictures_of_one_name_are_refused(project: Project, tmp_path: Path) -> None:
    """One would hide the other."""
    (project.root / "docs/images/icon.png").write_bytes(b"another")
    (project.root / "docs/lamp/README.md").write_text("![a](icon.png) ![b](../images/icon.png)\n")
    with pytest.raises(ScriptError, match=r"two different pictures .* named icon\.png"):
        hacs.make_repository(project, "lamp", tmp_path / "thin")


def _without(name: str) -> Callable[[Path], None]:
    """Return a change that takes one file away."""
    return lambda tree: (tree / name).unlink()


def _with_hacs(**keys: object) -> Callable[[Path], None]:
    """Return a change of hacs.json."""
    return lambda tree: _rewrite(tree / "hacs.json", keys)


def _with_manifest(**keys: object) -> Callable[[Path], None]:
    """Return a change of the manifest."""
    return lambda tree: _rewrite(tree / "custom_components/lamp/manifest.json", keys)


def _rewrite(path: Path, keys: dict[str, object]) -> None:
    """Change keys of a JSON file; None takes one away."""
    body = {**read_json(path), **keys}
    path.write_text(json.dumps({key: value for key, value in body.items() if value is not None}))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_without("hacs.json"), "hacs.json is missing"),
        (_without("README.md"), "README.md is missing"),
        (_without("LICENSE"), "LICENSE is missing"),
        (_without("custom_components/lamp/brand/icon.png"), "brand/icon.png is missing"),
        (_without("custom_components/lamp/manifest.json"), "manifest.json is missing"),
        (_with_hacs(domains=["lamp"]), "hacs.json: unknown key domains"),
        (_with_hacs(name=None), "hacs.json: name is missing"),
        (_with_hacs(zip_release="yes"), "hacs.json: zip_release has the wrong type"),
        (_with_hacs(filename="other.zip"), "hacs.json: zip_release needs the filename lamp.zip"),
        (_with_hacs(homeassistant="latest"), "hacs.json: homeassistant is not a release"),
        (_with_manifest(issue_tracker=None), "manifest.json: issue_tracker is missing"),
        (_with_manifest(codeowners="@x"), "manifest.json: codeowners is not a list"),
        (_with_manifest(documentation="ftp://x"), "manifest.json: documentation is not an address"),
        (_with_manifest(version="one"), "manifest.json: version is not one"),
        (_with_manifest(domain="torch"), "manifest.json: domain is not the name of the folder"),
        (lambda tree: (tree / "hacs.json").write_text("{"), "hacs.json is not JSON"),
        (lambda tree: (tree / "hacs.json").write_text("[]"), "hacs.json is not an object"),
        (
            lambda tree: (tree / "custom_components/torch").mkdir(),
            "custom_components holds 2 folders instead of one",
        ),
    ],
)
def test_each_fault_of_a_tree_is_found(
    project: Project, tmp_path: Path, change: Callable[[Path], object], fault: str
) -> None:
    """What HACS would refuse is found before it is published."""
    target = tmp_path / "thin"
    hacs.make_repository(project, "lamp", target)
    assert hacs.problems(target) == []
    change(target)
    faults = hacs.problems(target)
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_the_archive_holds_the_component_at_its_root(project: Project, tmp_path: Path) -> None:
    """HACS unpacks it straight into the component's folder; the bytes are always the same."""
    component = project.root / "custom_components/lamp"
    hacs.make_archive(component, tmp_path / "a.zip")
    hacs.make_archive(component, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.namelist() == [
            "__init__.py",
            "brand/icon.png",
            "manifest.json",
            "protocol/frames.py",
        ]
        assert packed.testzip() is None
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("folder", component_folders(ROOT), ids=lambda path: path.name)
def test_our_components_are_ready_for_hacs(folder: Path, tmp_path: Path) -> None:
    """The real tree of every component passes, and needs nothing from outside."""
    project = load_project(ROOT)
    target = tmp_path / "thin"
    hacs.make_repository(project, folder.name, target, "1.0.0")
    assert hacs.problems(target) == []
    readme = (target / "README.md").read_text()
    raw = (
        f"https://raw.githubusercontent.com/{project.owner}/{project.thin_name(folder.name)}/HEAD/"
    )
    for name in re.findall(rf"{re.escape(raw)}([^)\"\s]+)", readme):
        assert (target / name).is_file()
