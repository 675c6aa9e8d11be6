"""Carry the name of the GitHub account from pyproject.toml to where it is needed."""

from collections.abc import Iterator
from pathlib import Path
import re

from .files import tracked
from .project import Project

ACCOUNT = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?"
"""GitHub: letters, digits and inner hyphens, 39 characters at most."""

TEXT_SUFFIXES = {".md", ".yml", ".yaml", ".json", ".toml", ".html"}


def set_owner(project: Project, owner: str) -> None:
    """Write another account into pyproject.toml.

    Raises ValueError when GitHub would not take the name.
    """
    if not re.fullmatch(ACCOUNT, owner):
        raise ValueError(f"{owner!r} cannot be the name of a GitHub account")
    path = project.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^owner = ".*"$', f'owner = "{owner}"', text), encoding="utf-8")


def changes(project: Project) -> Iterator[tuple[Path, str]]:
    """Give each file that names another account, with the text it should have."""
    for path in _files(project.root):
        text = path.read_text(encoding="utf-8")
        if (wanted := _rewritten(project, path, text)) != text:
            yield path, wanted


def _files(root: Path) -> list[Path]:
    """List the text files that may name the account: those that git knows or would add."""
    return [
        path
        for path in tracked(root)
        if (path.suffix in TEXT_SUFFIXES or path.name == "CODEOWNERS")
        and "tests" not in path.relative_to(root).parts
    ]


def _rewritten(project: Project, path: Path, text: str) -> str:
    """Return the text of a file as it should be."""
    repository = re.escape(project.repository)
    rules = [
        (rf"(github(?:usercontent)?\.com[/:]){ACCOUNT}(/{repository}\b)", rf"\1{project.owner}\2"),
        (rf"(owner=){ACCOUNT}(&(?:amp;)?repository={repository}\b)", rf"\1{project.owner}\2"),
        (
            rf"(shields\.io/github/[^\s)\"]*?/){ACCOUNT}(/{repository}\b)",
            rf"\1{project.owner}\2",
        ),
    ]
    if path.name == "manifest.json" and path.parent.parent.name == "custom_components":
        documentation = project.documentation_url(path.parent.name)
        rules += [
            (r'("documentation": ")[^"]*', rf"\g<1>{documentation}"),
            (r'("issue_tracker": ")[^"]*', rf"\g<1>{project.url}/issues"),
            (r'("codeowners": \[)[^\]]*', rf'\g<1>"@{project.owner}"'),
        ]
    if path.name == "CODEOWNERS":
        rules.append((rf"@{ACCOUNT}", f"@{project.owner}"))
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text
