"""The account is named in one place and carried everywhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from script.lib.ownership import changes, set_owner
from script.lib.project import Project, load_project

from .conftest import Tree

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.latchkey]\nowner = "old-one"\nrepository = "latchkey"\n',
    "README.md": (
        "[a](https://github.com/old-one/latchkey) https://github.com/home-assistant/core\n"
        "git@github.com:old-one/latchkey.git"
        " https://raw.githubusercontent.com/old-one/latchkey-lamp/main/x.png\n"
        "https://my.home-assistant.io/redirect/hacs_repository/?owner=old-one&repository=latchkey-lamp\n"
        "https://img.shields.io/github/v/release/old-one/latchkey\n"
    ),
    ".github/CODEOWNERS": "* @old-one\n",
    "custom_components/lamp/manifest.json": (
        '{\n  "domain": "lamp",\n  "codeowners": ["@old-one"],\n'
        '  "documentation": "https://example.org",\n  "issue_tracker": "https://example.org/issues"\n}\n'
    ),
    "tests/test_x.md": "https://github.com/old-one/latchkey",
}


def rewritten(project: Project) -> dict[str, str]:
    """Return what would be written, by path."""
    return {path.relative_to(project.root).as_posix(): text for path, text in changes(project)}


def test_a_new_owner_reaches_every_place(tree: Tree) -> None:
    """Links, badges, code owners and manifests follow; other people's links stay."""
    project = replace(load_project(tree(FILES)), owner="new-one")
    found = rewritten(project)
    assert found.keys() == {
        "README.md",
        ".github/CODEOWNERS",
        "custom_components/lamp/manifest.json",
    }
    assert "old-one" not in "".join(found.values())
    assert found["README.md"].count("new-one") == 5
    assert "github.com/home-assistant/core" in found["README.md"]
    manifest = found["custom_components/lamp/manifest.json"]
    assert '"codeowners": ["@new-one"]' in manifest
    assert '"https://github.com/new-one/latchkey/blob/main/docs/lamp/README.md"' in manifest
    assert '"https://github.com/new-one/latchkey/issues"' in manifest


def test_nothing_changes_twice(tree: Tree) -> None:
    """A second run finds everything in order."""
    project = replace(load_project(tree(FILES)), owner="new-one")
    for path, text in changes(project):
        path.write_text(text)
    assert rewritten(project) == {}


def test_the_owner_is_written_to_the_one_place(tree: Tree) -> None:
    """The table of pyproject.toml is changed, nothing else in it."""
    root = tree(FILES)
    set_owner(load_project(root), "new-one")
    assert load_project(root).owner == "new-one"
    assert load_project(root).repository == "latchkey"


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "a/b", "é", "a" * 40])
def test_impossible_accounts_are_refused(tree: Tree, name: str) -> None:
    """GitHub would not take such a name."""
    root = tree(FILES)
    with pytest.raises(ValueError, match="GitHub account"):
        set_owner(load_project(root), name)
    assert load_project(root).owner == "old-one"


def test_thin_repositories_are_named_after_the_component(tmp_path: Path) -> None:
    """Underscores of the domain become hyphens."""
    project = Project(tmp_path, "someone", "latchkey", {}, {})
    assert project.thin_name("hap_controller") == "latchkey-hap-controller"
