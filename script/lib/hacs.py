"""Make the repository from which HACS installs one component, and check it by HACS' rules."""

import json
import os
from pathlib import Path
import re
import shutil
import string
from typing import Any, Optional, Union
from urllib.parse import urlsplit
import zipfile

from .console import ScriptError
from .files import building
from .project import Project, minimum_home_assistant, read_json

MARKER = ".latchkey-generated"
"""Names the component that a tree was made for; only such a tree is ever replaced."""

TEMPLATES = Path(__file__).parents[1] / "templates"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store")

HACS_KEYS: dict[str, Union[type, tuple[type, ...]]] = {
    "content_in_root": bool,
    "country": (str, list),
    "filename": str,
    "hacs": str,
    "hide_default_branch": bool,
    "homeassistant": str,
    "name": str,
    "persistent_directory": str,
    "render_readme": bool,
    "zip_release": bool,
}
"""All keys that HACS takes in hacs.json, and their types."""

MANIFEST_KEYS = ("codeowners", "documentation", "domain", "issue_tracker", "name", "version")
"""What HACS wants in an integration's manifest."""

VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc|-(?:alpha|beta|rc)\.?)\d+)?")
LINK = re.compile(r"(!?)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)((?:\s+\"[^\"]*\")?)\)")
FENCE = re.compile(r"(?ms)^( *(?:```|~~~).*?^ *(?:```|~~~) *$)")
IMAGE_TAG = re.compile(r"(<img\b[^>]*?\bsrc=\")([^\"]+)(\")")


def make_repository(
    project: Project, domain: str, target: Path, version: Optional[str] = None
) -> None:
    """Write the complete tree of one component to ``target``, keeping its git history.

    Raises ScriptError when the target is not ours or the tree would not pass HACS' checks.
    """
    check_target(target, domain)
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = target / ".git"
    with building(target) as folder:
        fill(project, domain, folder, version)
        if wrong := problems(folder):
            raise ScriptError(f"the tree of {domain} is not ready for HACS:\n" + "\n".join(wrong))
        if kept.is_dir():
            shutil.copytree(kept, folder / ".git", symlinks=True)


def check_target(target: Path, domain: str) -> None:
    """Refuse a folder that holds anything but an earlier tree of the same component."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ScriptError(f"{target} is not a folder")
    if all(path.name == ".git" for path in target.iterdir()):
        return
    marker = target / MARKER
    found = marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""
    if found != domain:
        owner = f"holds the tree of {found}" if found else "holds other files"
        raise ScriptError(f"{target} {owner}; name an empty or new folder")


def fill(project: Project, domain: str, folder: Path, version: Optional[str] = None) -> None:
    """Write all files of the tree into an empty folder."""
    source = component_source(project, domain)
    component = folder / "custom_components" / domain
    shutil.copytree(source, component, ignore=LEFT_OUT)
    manifest = stamp_version(component / "manifest.json", version)
    hacs = {
        "name": manifest["name"],
        "homeassistant": minimum_home_assistant(project.root),
        "zip_release": True,
        "filename": f"{domain}.zip",
        "render_readme": True,
    }
    (folder / "hacs.json").write_text(json.dumps(hacs, indent=2) + "\n", encoding="utf-8")
    write_readme(project, domain, folder)
    for name in ("LICENSE", "CHANGELOG.md"):
        if not (project.root / name).is_file():
            raise ScriptError(f"{name} is missing")
        shutil.copy2(project.root / name, folder / name)
    workflows = folder / ".github/workflows"
    workflows.mkdir(parents=True)
    shutil.copy2(TEMPLATES / "validate.yml", workflows / "validate.yml")
    (folder / MARKER).write_text(f"{domain}\n", encoding="utf-8")


def component_source(project: Project, domain: str) -> Path:
    """Return the folder of a component.

    Raises ScriptError naming the ones there are.
    """
    for folder in project.components:
        if folder.name == domain:
            return folder
    known = ", ".join(folder.name for folder in project.components) or "none"
    raise ScriptError(f"there is no component {domain!r} (there are: {known})")


def stamp_version(path: Path, version: Optional[str]) -> dict[str, Any]:
    """Write a version into a manifest, leaving all else as it is, and return the manifest.

    Raises ScriptError when Home Assistant or HACS could not order such a version.
    """
    if version is not None:
        if not VERSION.fullmatch(version):
            raise ScriptError(f"{version!r} is not a version such as 1.2.3 or 1.2.3b1")
        text = path.read_text(encoding="utf-8")
        text, count = re.subn(r'("version": *")[^"]*', rf"\g<1>{version}", text)
        if count != 1:
            raise ScriptError(f"{path} has no version to replace")
        path.write_text(text, encoding="utf-8")
    manifest: dict[str, Any] = read_json(path)
    return manifest


def write_readme(project: Project, domain: str, folder: Path) -> None:
    """Write the user documentation as README, its pictures beside it and its links working."""
    page = project.root / "docs" / domain / "README.md"
    if not page.is_file():
        raise ScriptError(f"docs/{domain}/README.md is missing")
    raw = f"https://raw.githubusercontent.com/{project.owner}/{project.thin_name(domain)}/HEAD"

    def picture(address: str) -> str:
        """Copy a picture of the page into the tree and return its new address."""
        if urlsplit(address).scheme:
            return address
        path = _inside(project, page, address)
        copy = Path("images") / path.name
        (folder / "images").mkdir(exist_ok=True)
        if (folder / copy).exists() and (folder / copy).read_bytes() != path.read_bytes():
            raise ScriptError(f"two different pictures of docs/{domain} are named {path.name}")
        shutil.copy2(path, folder / copy)
        return f"{raw}/{copy.as_posix()}"

    def page_link(address: str) -> str:
        """Return the address of what the page links to, in the repository of all components."""
        if urlsplit(address).scheme or address.startswith("#"):
            return address
        path = _inside(project, page, address).relative_to(project.root).as_posix()
        kind = "tree" if (project.root / path).is_dir() else "blob"
        fragment = urlsplit(address).fragment
        return f"{project.url}/{kind}/main/{path}" + (f"#{fragment}" if fragment else "")

    def link(match: re.Match[str]) -> str:
        bang, text, address, title = match.groups()
        text = LINK.sub(link, text)
        return f"{bang}[{text}]({(picture if bang else page_link)(address)}{title})"

    def tag(match: re.Match[str]) -> str:
        return match[1] + picture(match[2]) + match[3]

    # Every second part is a block of code, which shows addresses but links to none.
    parts = FENCE.split(page.read_text(encoding="utf-8"))
    parts[::2] = [IMAGE_TAG.sub(tag, LINK.sub(link, part)) for part in parts[::2]]
    text = "".join(parts)
    notice = string.Template((TEMPLATES / "readme_notice.md").read_text(encoding="utf-8"))
    text += "\n" + notice.substitute(url=project.url, repository=project.repository, domain=domain)
    (folder / "README.md").write_text(text, encoding="utf-8")


def _inside(project: Project, page: Path, address: str) -> Path:
    """Return the file that a relative link of ``page`` means.

    Raises ScriptError when there is none or it lies outside of the repository.
    """
    path = Path(os.path.normpath(page.parent / urlsplit(address).path))
    if not path.exists() or not path.is_relative_to(project.root):
        raise ScriptError(
            f"{page.relative_to(project.root)} links to {address}, which is not there"
        )
    return path


def problems(tree: Path) -> list[str]:
    """List what HACS' checks would find wrong in a tree."""
    found: list[str] = []
    components = sorted(path for path in (tree / "custom_components").glob("*") if path.is_dir())
    if len(components) != 1:
        return [f"custom_components holds {len(components)} folders instead of one"]
    component = components[0]
    found += _hacs_problems(tree / "hacs.json", component.name)
    found += _manifest_problems(component / "manifest.json")
    if not (component / "brand/icon.png").is_file():
        found.append("brand/icon.png is missing")
    for name in ("README.md", "LICENSE", ".github/workflows/validate.yml"):
        if not (tree / name).is_file():
            found.append(f"{name} is missing")
    return found


def _hacs_problems(path: Path, domain: str) -> list[str]:
    """List what is wrong with hacs.json."""
    if not path.is_file():
        return ["hacs.json is missing"]
    try:
        hacs = read_json(path)
    except ValueError as err:
        return [f"hacs.json is not JSON: {err}"]
    if not isinstance(hacs, dict):
        return ["hacs.json is not an object"]
    found = [f"hacs.json: unknown key {key}" for key in sorted(hacs.keys() - HACS_KEYS.keys())]
    found += [
        f"hacs.json: {key} has the wrong type"
        for key, kind in HACS_KEYS.items()
        if key in hacs and not isinstance(hacs[key], kind)
    ]
    if "name" not in hacs:
        found.append("hacs.json: name is missing")
    if hacs.get("zip_release") and hacs.get("filename") != f"{domain}.zip":
        found.append(f"hacs.json: zip_release needs the filename {domain}.zip")
    if not re.fullmatch(r"\d{4}\.\d{1,2}\.\d+", str(hacs.get("homeassistant"))):
        found.append("hacs.json: homeassistant is not a release")
    return found


def _manifest_problems(path: Path) -> list[str]:
    """List what is wrong with the manifest."""
    if not path.is_file():
        return ["manifest.json is missing"]
    try:
        manifest = read_json(path)
    except ValueError as err:
        return [f"manifest.json is not JSON: {err}"]
    found = [f"manifest.json: {key} is missing" for key in MANIFEST_KEYS if not manifest.get(key)]
    found += [
        f"manifest.json: {key} is not an address"
        for key in ("documentation", "issue_tracker")
        if key in manifest and urlsplit(str(manifest[key])).scheme != "https"
    ]
    if manifest.get("domain") != path.parent.name:
        found.append("manifest.json: domain is not the name of the folder")
    if not isinstance(manifest.get("codeowners", []), list):
        found.append("manifest.json: codeowners is not a list")
    if "version" in manifest and not VERSION.fullmatch(str(manifest["version"])):
        found.append("manifest.json: version is not one")
    return found


def make_archive(component: Path, archive: Path) -> None:
    """Pack a component with its files at the root, the same bytes every time."""
    temporary = archive.with_name(f".{archive.name}.new")
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for path in sorted(component.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    entry = zipfile.ZipInfo(path.relative_to(component).as_posix())
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    packed.writestr(entry, path.read_bytes())
        temporary.replace(archive)
    finally:
        temporary.unlink(missing_ok=True)
