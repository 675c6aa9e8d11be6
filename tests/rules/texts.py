"""Texts and icons: well formed, the same in every language, one for every key that code uses."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
import string
from typing import Any

import homeassistant.const as ha_const
from homeassistant.const import Platform
import yaml

from .imports import sources

SECTIONS = {
    "application_credentials",
    "common",
    "conditions",
    "config",
    "config_subentries",
    "device",
    "device_automation",
    "entity",
    "exceptions",
    "issues",
    "options",
    "selector",
    "services",
    "system_health",
    "title",
    "triggers",
}
KEY = re.compile(r"[a-z0-9](?:[a-z0-9]|[_-](?![_-]))*(?<![_-])|[a-z0-9]")
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>")
ADDRESS = re.compile(r"(?:https?|wss?)://|\bwww\.", re.IGNORECASE)
QUOTED_PLACEHOLDER = re.compile(r"'\{[^}]*\}'")

type Texts = dict[str, Any]
"""A translation file as read."""


def read(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def texts_of(component: Path, language: str = "en") -> Texts:
    """Read the texts of a component in one language."""
    return read(component / "translations" / f"{language}.json")


def leaves(texts: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Give every text with its dotted key."""
    if isinstance(texts, dict):
        for key, value in texts.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path), texts


def placeholders(text: str) -> set[str]:
    """Name the placeholders of a text.

    Raises ValueError when its braces do not pair.
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def malformed_json(folder: Path) -> list[str]:
    """List JSON files that cannot be read, or name a key twice."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_repeats)
        except ValueError as err:
            found.append(f"{path}: {err}")
    return found


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a key given twice."""
    keys = [key for key, _ in pairs]
    if repeated := {key for key in keys if keys.count(key) > 1}:
        raise ValueError(f"{sorted(repeated)} is given twice")
    return dict(pairs)


def bad_texts(texts: Texts) -> list[str]:
    """List texts and keys that Home Assistant's own check refuses."""
    found = [f"{section} is no section" for section in texts.keys() - SECTIONS]
    for name, text in leaves(texts):
        if bad := [key for key in name.split(".") if not KEY.fullmatch(key)]:
            found.append(f"{name}: {bad[0]} is no key")
        if not isinstance(text, str) or not text:
            found.append(f"{name} is no text")
            continue
        found += [f"{name}: {fault}" for fault in _faults(text)]
    return found


def _faults(text: str) -> Iterator[str]:
    """Name what is wrong with one text."""
    if text != text.strip():
        yield "blanks around the text"
    if MARKUP.search(text):
        yield "HTML"
    if ADDRESS.search(text):
        yield "an address; use a placeholder"
    if QUOTED_PLACEHOLDER.search(text):
        yield "a placeholder in single quotes"
    try:
        names = placeholders(text)
    except ValueError as err:
        yield f"braces: {err}"
    else:
        if odd := sorted(name for name in names if not name.isidentifier()):
            yield f"placeholder {odd[0]!r} is no identifier"


def disparities(english: Texts, other: Texts) -> list[str]:
    """List keys and placeholders that one language has and the other lacks."""
    ours, theirs = dict(leaves(english)), dict(leaves(other))
    found = [f"{key} is missing" for key in sorted(ours.keys() - theirs.keys())]
    found += [f"{key} is not in English" for key in sorted(theirs.keys() - ours.keys())]
    for key in sorted(ours.keys() & theirs.keys()):
        if placeholders(str(ours[key])) != placeholders(str(theirs[key])):
            found.append(f"{key} has other placeholders than English")
    return found


def undescribed_fields(texts: Texts) -> list[str]:
    """List form fields without a description, and descriptions without a field."""
    found = []
    for place, step in _steps(texts):
        sections = [("", step), *step.get("sections", {}).items()]
        for name, part in sections:
            data = part.get("data", {}).keys()
            described = part.get("data_description", {}).keys()
            where = f"{place}.{name}" if name else place
            found += [f"{where}: {key} has no description" for key in sorted(data - described)]
            found += [f"{where}: {key} is no field" for key in sorted(described - data)]
    return found


def _steps(texts: Texts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every step of every flow."""
    flows = [("config", texts.get("config", {})), ("options", texts.get("options", {}))]
    flows += [
        (f"config_subentries.{kind}", flow)
        for kind, flow in texts.get("config_subentries", {}).items()
    ]
    flows += [
        (f"issues.{key}.fix_flow", issue["fix_flow"])
        for key, issue in texts.get("issues", {}).items()
        if "fix_flow" in issue
    ]
    for place, flow in flows:
        for name, step in flow.get("step", {}).items():
            yield f"{place}.step.{name}", step


@dataclass
class Used:
    """Keys that the code of a component uses."""

    steps: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    aborts: set[str] = field(default_factory=set)
    exceptions: set[str] = field(default_factory=set)
    issues: set[str] = field(default_factory=set)
    entities: set[tuple[str, str]] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)


FORM_ROOMS = {"config_flow", "forms"}
"""Rooms whose fields, errors and aborts need texts."""

IMPLIED_ABORTS = {
    "_abort_if_unique_id_configured": {"already_configured"},
    "_async_abort_entries_match": {"already_configured"},
    "_abort_if_unique_id_mismatch": {"unique_id_mismatch"},
    "async_step_reauth": {"reauth_successful"},
    "async_step_reconfigure": {"reconfigure_successful"},
}
"""What Home Assistant's helpers abort with when no other reason is given."""


def used_keys(component: Path) -> Used:
    """Read the keys that code uses from its source."""
    used = Used()
    constants = _constants(component)
    for path in sources(component):
        if path.is_relative_to(component / "protocol"):
            continue
        room = path.relative_to(component).parts[0].removesuffix(".py")
        _Reader(used, room, {**constants, **_module_constants(path)}).visit(
            ast.parse(path.read_text(encoding="utf-8"))
        )
    return used


def _constants(component: Path) -> dict[str, str]:
    """Collect the texts that names stand for: Home Assistant's and the component's own."""
    found = {name: value for name, value in vars(ha_const).items() if isinstance(value, str)}
    for path in sources(component):
        if path.name == "const.py":
            found |= _module_constants(path)
    return found


def _module_constants(path: Path) -> dict[str, str]:
    """Collect the text constants of a module."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(value=str(value))):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(name), value=ast.Constant(value=str(value))):
                found[name] = value
    return found


class _Reader(ast.NodeVisitor):
    """Walks one room and notes the keys it uses."""

    def __init__(self, used: Used, room: str, constants: dict[str, str]) -> None:
        """Read for a room; ``constants`` tells what names stand for."""
        self.used = used
        self.room = room
        self.constants = constants

    def text(self, node: ast.expr | None) -> set[str]:
        """Return the texts an expression can be, as far as the source tells."""
        match node:
            case ast.Constant(value=str(value)):
                return {value}
            case ast.Name(name) if name in self.constants:
                return {self.constants[name]}
            case ast.IfExp(body=body, orelse=orelse):
                return self.text(body) | self.text(orelse)
            case _:
                return set()

    def visit_Call(self, node: ast.Call) -> None:
        """Note what a call names."""
        self.generic_visit(node)
        name = ast.unparse(node.func).rpartition(".")[2]
        words = {word.arg: word.value for word in node.keywords if word.arg}
        key = self.text(words.get("translation_key"))
        match name:
            case "async_show_form" | "async_show_menu" | "async_show_progress":
                self.used.steps |= self.text(words.get("step_id"))
                self._errors(words.get("errors"))
            case "async_abort" | "AbortFlow":
                first = node.args[0] if node.args else None
                self.used.aborts |= self.text(words.get("reason")) | self.text(first)
            case "async_update_reload_and_abort" | "async_update_and_abort":
                self.used.aborts |= self.text(words.get("reason"))
            case "Required" | "Optional" if self.room in FORM_ROOMS and node.args:
                self.used.fields |= self.text(node.args[0])
            case "async_create_issue" | "create_issue":
                self.used.issues |= key
            case "DeviceInfo" | "ChildDeviceInfo":
                self.used.devices |= key
            case _ if name.endswith(("Error", "NotReady", "AuthFailed", "Failed")):
                self.used.exceptions |= key
            case _ if platform := self._described(name):
                self.used.entities |= {(platform, item) for item in key}
        if name in IMPLIED_ABORTS and "reason" not in words and "error" not in words:
            self.used.aborts |= IMPLIED_ABORTS[name]

    def _described(self, name: str) -> str | None:
        """Tell the platform of a row: where it stands, or what it is in a room of several platforms."""
        if not name.endswith("Description"):
            return None
        if self.room in set(Platform):
            return self.room
        fitting = [
            platform
            for platform in Platform
            if name.endswith(f"{platform.replace('_', ' ').title().replace(' ', '')}Description")
        ]
        return max(fitting, key=len, default=None)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Note the steps that Home Assistant starts by name."""
        if self.room in FORM_ROOMS and node.name in IMPLIED_ABORTS:
            self.used.aborts |= IMPLIED_ABORTS[node.name]
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Note errors put into a form, and keys of entities without a description."""
        self.generic_visit(node)
        for target in node.targets:
            self._assigned(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Note the same for annotated assignments."""
        self.generic_visit(node)
        self._assigned(node.target, node.value)

    def _assigned(self, target: ast.expr, value: ast.expr | None) -> None:
        """Note what one assignment means."""
        name = ast.unparse(target)
        if self.room in FORM_ROOMS and re.match(r"(?:self\.)?_?errors\b", name):
            if isinstance(target, ast.Subscript):
                self.used.errors |= self.text(value)
            else:
                self._errors(value)
        if name.endswith("_attr_translation_key") and self.room in set(Platform):
            self.used.entities |= {(self.room, item) for item in self.text(value)}

    def _errors(self, node: ast.expr | None) -> None:
        """Note the errors of a dictionary literal."""
        if isinstance(node, ast.Dict):
            for value in node.values:
                self.used.errors |= self.text(value)


def untranslated(component: Path, texts: Texts) -> list[str]:
    """List the keys that code uses and no text answers."""
    used = used_keys(component)
    flows = [texts.get("config", {}), texts.get("options", {})]
    flows += texts.get("config_subentries", {}).values()
    flows += [
        issue["fix_flow"] for issue in texts.get("issues", {}).values() if "fix_flow" in issue
    ]
    entity = texts.get("entity", {})
    wanted = [
        ("step", used.steps, _merged(flows, "step")),
        ("field", used.fields, _fields(texts)),
        ("error", used.errors, _merged(flows, "error")),
        ("abort", used.aborts, _merged(flows, "abort")),
        ("exceptions", used.exceptions, set(texts.get("exceptions", {}))),
        ("issues", used.issues, set(texts.get("issues", {}))),
        ("device", used.devices, set(texts.get("device", {}))),
    ]
    found = [
        f"{kind}: {key} has no text" for kind, keys, known in wanted for key in sorted(keys - known)
    ]
    found += [
        f"entity.{platform}: {key} has no name"
        for platform, key in sorted(used.entities)
        if not entity.get(platform, {}).get(key)
    ]
    return found


def _merged(flows: list[dict[str, Any]], section: str) -> set[str]:
    """Collect the keys of one section over all flows."""
    return {key for flow in flows for key in flow.get(section, {})}


def _fields(texts: Texts) -> set[str]:
    """Collect the names of all form fields and sections."""
    found: set[str] = set()
    for _, step in _steps(texts):
        found |= step.get("data", {}).keys()
        for name, section in step.get("sections", {}).items():
            found |= {name, *section.get("data", {})}
    return found


def missing_error_texts(keys: set[str], form_keys: set[str], texts: Texts) -> list[str]:
    """List keys of the one table of errors that lack a text.

    All need one as exception, and ``form_keys``, those of errors that a form can meet, one there too.
    """
    exceptions, errors = texts.get("exceptions", {}), texts.get("config", {}).get("error", {})
    return [f"exceptions.{key} is missing" for key in sorted(keys - exceptions.keys())] + [
        f"config.error.{key} is missing" for key in sorted(form_keys - errors.keys())
    ]


def bad_icons(icons: dict[str, Any], texts: Texts) -> list[str]:
    """List icons without a text of the same key, of another family, or that repeat the default."""
    found = [
        f"icons.json: {section} is no section"
        for section in icons.keys() - {"entity", "services", "triggers", "conditions"}
    ]
    named = texts.get("entity", {})
    for platform, keys in icons.get("entity", {}).items():
        for key, icon in keys.items():
            if key != "_" and key not in named.get(platform, {}):
                found.append(f"entity.{platform}.{key} has an icon but no text")
            if "default" not in icon:
                found.append(f"entity.{platform}.{key} has no default icon")
            states = set(named.get(platform, {}).get(key, {}).get("state", {}))
            extra = set(icon.get("state", {})) - states
            if states and extra:
                found.append(f"entity.{platform}.{key}: no text for the state {min(extra)}")
            for state, value in icon.get("state", {}).items():
                if value == icon.get("default"):
                    found.append(f"entity.{platform}.{key}.{state} repeats the default")
    services = texts.get("services", {}).keys()
    found += [
        f"services.{name} has an icon but no text"
        for name in icons.get("services", {}).keys() - services
    ]
    found += [
        f"{name}: {value} is no mdi icon"
        for name, value in leaves(icons)
        if not re.fullmatch(r"mdi:[a-z0-9-]+", str(value)) and ".range." not in name
    ]
    return found


def unexplained_actions(component: Path, texts: Texts, icons: dict[str, Any]) -> list[str]:
    """List actions, and fields of actions, without a text; and actions without an icon."""
    path = component / "services.yaml"
    if not path.is_file():
        return [f"services.{name} has a text but no action" for name in texts.get("services", {})]
    actions = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    found = []
    for name, action in actions.items():
        text = texts.get("services", {}).get(name, {})
        found += [
            f"services.{name}.{key} is missing"
            for key in ("name", "description")
            if not text.get(key)
        ]
        for key in _action_fields(action or {}):
            explained = text.get("fields", {}).get(key, {})
            if not (explained.get("name") and explained.get("description")):
                found.append(f"services.{name}.fields.{key} has no name or description")
        if name not in icons.get("services", {}):
            found.append(f"services.{name} has no icon")
    return found


def _action_fields(action: dict[str, Any]) -> Iterator[str]:
    """Name the fields of an action, those in sections too."""
    for name, body in action.get("fields", {}).items():
        inner = (body or {}).get("fields")
        yield from inner or (name,)
