"""Shared modules are copied, and copies that differ are found."""

from pathlib import Path

from script.lib.project import Project
from script.lib.stamping import differing, stamp

from .conftest import Tree


def project(root: Path, stamped: dict[str, list[str]]) -> Project:
    """Describe a project by its table of shared modules."""
    return Project(root=root, owner="someone", repository="latchkey", stamped=stamped, rooms={})


def test_copies_are_written_once(tree: Tree) -> None:
    """Folders are made; a second run has nothing to do."""
    root = tree({"stamped/protocol/supervisor.py": "A = 1\n"})
    table = project(root, {"protocol/supervisor.py": ["lamp", "door"]})
    written = [path.relative_to(root).as_posix() for path in stamp(table)]
    assert written == [
        "custom_components/lamp/protocol/supervisor.py",
        "custom_components/door/protocol/supervisor.py",
    ]
    assert stamp(table) == []
    assert differing(table) == []


def test_differences_are_found(tree: Tree) -> None:
    """A changed copy, a missing copy, a source nobody takes and a missing source are named."""
    root = tree(
        {
            "stamped/errors.py": "A = 1\n",
            "stamped/lonely.py": "",
            "custom_components/lamp/errors.py": "A = 2\n",
        }
    )
    assert differing(project(root, {"errors.py": ["lamp", "door"], "gone.py": ["lamp"]})) == [
        "stamped/gone.py is in the table but not there",
        "stamped/lonely.py is missing from [tool.latchkey.stamped]",
        "custom_components/lamp/errors.py differs from stamped/errors.py",
        "custom_components/door/errors.py differs from stamped/errors.py",
    ]
