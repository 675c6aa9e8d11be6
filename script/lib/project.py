"""What pyproject.toml says about this project, and where its components are."""

from dataclasses import dataclass
import json
import os
from pathlib import Path
import sys
from typing import Any

from .console import ROOT


def with_toml() -> None:
    """Go on in the project's own Python when this one cannot read TOML (before 3.11)."""
    if sys.version_info >= (3, 11):
        return
    from .environment import ensure

    python = str(ensure() / "bin/python")
    os.execv(python, [python, *sys.argv])


@dataclass(frozen=True)
class Project:
    """The names and tables of ``[tool.latchkey]``."""

    root: Path
    owner: str
    repository: str
    stamped: dict[str, list[str]]
    """Module below ``stamped/`` to the components that hold a copy."""
    rooms: dict[str, str]
    """Rooms that only some vendors need, as ``domain/path``, and why."""

    @property
    def components(self) -> list[Path]:
        """Return the folders of the components, sorted by domain."""
        return component_folders(self.root)

    @property
    def url(self) -> str:
        """Return the address of this repository."""
        return f"https://github.com/{self.owner}/{self.repository}"

    def thin_name(self, domain: str) -> str:
        """Name the repository from which HACS installs one component."""
        return f"{self.repository}-{domain.replace('_', '-')}"

    def documentation_url(self, domain: str) -> str:
        """Return the address of a component's user documentation."""
        return f"{self.url}/blob/main/docs/{domain}/README.md"


def component_folders(root: Path) -> list[Path]:
    """Find the components: every folder with a manifest."""
    return sorted(path.parent for path in (root / "custom_components").glob("*/manifest.json"))


def load_project(root: Path = ROOT) -> Project:
    """Read pyproject.toml."""
    import tomllib

    with (root / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["tool"]["latchkey"]
    return Project(
        root=root,
        owner=table["owner"],
        repository=table["repository"],
        stamped=table.get("stamped", {}),
        rooms=table.get("rooms", {}),
    )


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def minimum_home_assistant(root: Path = ROOT) -> str:
    """Return the oldest release of Home Assistant that hacs.json claims."""
    return str(read_json(root / "hacs.json")["homeassistant"])
