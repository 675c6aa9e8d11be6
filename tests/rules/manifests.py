"""Manifests, the quality scale, brand images and user documentation."""

from pathlib import Path
import re
from typing import Any
from urllib.parse import urlsplit

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from PIL import Image, UnidentifiedImageError
import yaml

from .shape import BRAND_IMAGES
from .texts import read

MANIFEST_KEYS = {
    "after_dependencies",
    "bluetooth",
    "codeowners",
    "config_flow",
    "dependencies",
    "dhcp",
    "documentation",
    "domain",
    "homekit",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "loggers",
    "mqtt",
    "name",
    "quality_scale",
    "requirements",
    "single_config_entry",
    "ssdp",
    "usb",
    "version",
    "zeroconf",
}
NEEDED_KEYS = (
    "domain",
    "name",
    "codeowners",
    "config_flow",
    "documentation",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "requirements",
    "version",
)
IOT_CLASSES = {"cloud_push", "cloud_polling", "local_push", "local_polling", "assumed_state"}
INTEGRATION_TYPES = {"hub", "device", "service"}

TIERS = {
    "bronze": [
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow",
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "docs-triggers",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ],
    "silver": [
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ],
    "gold": [
        "devices",
        "diagnostics",
        "discovery",
        "discovery-update-info",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ],
    "platinum": ["async-dependency", "inject-websession", "strict-typing"],
}
"""The quality scale of autumn 2026: 20, 10, 21 and 3 rules."""

DOCUMENTATION_SECTIONS = {
    "supported devices": r"supported devices|devices",
    "supported functions": r"functions|entities",
    "prerequisites and installation": r"install|prerequisite",
    "configuration": r"configuration|set.?up|parameters|options",
    "how data is updated": r"data (?:is )?updat|updates",
    "actions": r"actions",
    "examples": r"examples?\b",
    "known limitations": r"limit",
    "troubleshooting": r"troubleshoot",
    "removal": r"remov|uninstall",
}
"""What each page of user documentation has a heading for, and how the heading may read."""


def bad_manifest(component: Path, url: str, owner: str) -> list[str]:
    """List what hassfest, HACS or this project would object to in a manifest."""
    manifest = read(component / "manifest.json")
    keys = list(manifest)
    found = [f"unknown key {key}" for key in keys if key not in MANIFEST_KEYS]
    found += [f"{key} is missing" for key in NEEDED_KEYS if key not in manifest]
    wanted = [key for key in ("domain", "name") if key in keys]
    wanted += sorted(key for key in keys if key not in ("domain", "name"))
    if keys != wanted:
        found.append("keys are not in order: domain, name, then alphabetical")
    if manifest.get("domain") != component.name or not re.fullmatch(r"[a-z0-9_]+", component.name):
        found.append("domain is not the name of the folder")
    if manifest.get("config_flow") is not True:
        found.append("config_flow is not true")
    for key, known in (("iot_class", IOT_CLASSES), ("integration_type", INTEGRATION_TYPES)):
        if manifest.get(key) not in known:
            found.append(f"{key} is none of {sorted(known)}")
    for key in ("documentation", "issue_tracker"):
        address = str(manifest.get(key))
        if urlsplit(address).scheme != "https" or not address.startswith(f"{url}/"):
            found.append(f"{key} is not below {url}")
    if manifest.get("codeowners") != [f"@{owner}"]:
        found.append(f"codeowners is not @{owner}")
    if not _is_version(str(manifest.get("version"))):
        found.append("version is not one that Home Assistant can order")
    return [f"{component.name}: {fault}" for fault in found]


def _is_version(version: str) -> bool:
    """Tell whether Home Assistant would load a custom integration of this version."""
    strategies = [
        AwesomeVersionStrategy.CALVER,
        AwesomeVersionStrategy.SEMVER,
        AwesomeVersionStrategy.SIMPLEVER,
        AwesomeVersionStrategy.BUILDVER,
        AwesomeVersionStrategy.PEP440,
    ]
    return AwesomeVersion(version).strategy in strategies


def bad_requirements(manifest: dict[str, Any], constraints: str, provided: set[str]) -> list[str]:
    """List requirements that are malformed, needless, or that Home Assistant's constraints refuse.

    ``constraints`` is the text of its constraint file, ``provided`` what it needs itself.
    """
    limits: dict[str, list[Requirement]] = {}
    for line in constraints.splitlines():
        if text := line.partition("#")[0].strip():
            limit = Requirement(text)
            limits.setdefault(canonicalize_name(limit.name), []).append(limit)
    found = []
    for text in manifest.get("requirements", []):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as err:
            found.append(f"{text}: {err}")
            continue
        name = canonicalize_name(requirement.name)
        if " " in text:
            found.append(f"{text}: blanks")
        if name in provided:
            found.append(f"{text}: Home Assistant has it already")
        if not requirement.specifier:
            found.append(f"{text}: no version is named")
        found += [
            f"{text}: Home Assistant keeps {limit}"
            for limit in limits.get(name, [])
            for pin in limit.specifier
            if pin.operator == "==" and not requirement.specifier.contains(pin.version)
        ]
    return found


def bad_quality_scale(component: Path) -> list[str]:
    """List rules of the quality scale without a verdict, unknown ones, and bare exemptions."""
    text = (component / "quality_scale.yaml").read_text(encoding="utf-8")
    rules = (yaml.safe_load(text) or {}).get("rules", {})
    known = {rule for tier in TIERS.values() for rule in tier}
    found = [f"{rule} is not judged" for rule in sorted(known - rules.keys())]
    found += [f"{rule} is no rule" for rule in sorted(rules.keys() - known)]
    for rule, verdict in rules.items():
        status = verdict.get("status") if isinstance(verdict, dict) else verdict
        comment = str(verdict.get("comment", "")) if isinstance(verdict, dict) else ""
        if status == "exempt" and not comment.strip():
            found.append(f"{rule} is exempt without a reason")
        elif status not in ("done", "exempt"):
            found.append(f"{rule} is {status}, not done")
    return [f"{component.name}: {fault}" for fault in found]


def bad_brand(component: Path) -> list[str]:
    """List brand images of a wrong name, kind or size."""
    found = []
    for path in sorted((component / "brand").glob("*")):
        name = f"brand/{path.name}"
        if name not in BRAND_IMAGES:
            found.append(f"{name} is never served")
            continue
        try:
            with Image.open(path) as image:
                kind, (width, height) = image.format, image.size
                image.verify()
        except (UnidentifiedImageError, OSError, SyntaxError) as err:
            found.append(f"{name} is no image: {err}")
            continue
        size = 512 if "@2x" in name else 256
        if kind != "PNG":
            found.append(f"{name} is {kind}, not PNG")
        if "icon" in name and (width, height) != (size, size):
            found.append(f"{name} is {width}×{height}, not {size}×{size}")
        if "logo" in name and not (width > height and size // 2 <= height <= size):
            found.append(
                f"{name} is {width}×{height}; a logo is landscape, {size // 2} to {size} high"
            )
    return [f"{component.name}/{fault}" for fault in found]


def missing_sections(page: Path) -> list[str]:
    """List what the quality scale wants explained and a page of documentation has no heading for."""
    if not page.is_file():
        return [f"{page.parent.name}/{page.name} is missing"]
    headings = re.findall(r"(?m)^#{1,4} +(.+)$", page.read_text(encoding="utf-8"))
    return [
        f"{page.parent.name}/{page.name} has no section on {topic}"
        for topic, pattern in DOCUMENTATION_SECTIONS.items()
        if not any(re.search(pattern, heading, re.IGNORECASE) for heading in headings)
    ]
