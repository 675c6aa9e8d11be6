"""The same rooms in every component, and what each of them must have."""

import ast
from collections.abc import Iterable
import importlib
import inspect
from pathlib import Path
import types
from typing import Any

from homeassistant.const import Platform

from .imports import sources

ROOMS = {
    "__init__.py",
    "config_flow.py",
    "const.py",
    "coordinator.py",
    "device_trigger.py",
    "diagnostics.py",
    "entity.py",
    "errors.py",
    "logbook.py",
    "repairs.py",
    "services.py",
    "system_health.py",
}
"""Rooms around the core, besides the platforms."""

NEEDED_ROOMS = {
    "__init__.py",
    "config_flow.py",
    "const.py",
    "coordinator.py",
    "diagnostics.py",
    "entity.py",
    "errors.py",
    "protocol/__init__.py",
    "protocol/client.py",
    "protocol/const.py",
    "protocol/errors.py",
    "protocol/messages.py",
    "protocol/supervisor.py",
}

PROTOCOL_ROOMS = {
    "__init__.py",
    "client.py",
    "connection.py",
    "const.py",
    "errors.py",
    "frames.py",
    "messages.py",
    "model.py",
    "supervisor.py",
    "transport.py",
}

OTHER_FILES = {
    "icons.json",
    "manifest.json",
    "quality_scale.yaml",
    "py.typed",
    "services.yaml",
    "protocol/py.typed",
}
NEEDED_FILES = {
    "icons.json",
    "manifest.json",
    "quality_scale.yaml",
    "py.typed",
    "brand/icon.png",
    "brand/icon@2x.png",
    "brand/logo.png",
    "translations/en.json",
}
BRAND_IMAGES = {
    f"brand/{shade}{image}{scale}.png"
    for shade in ("", "dark_")
    for image in ("icon", "logo")
    for scale in ("", "@2x")
}

PLATFORMS = {f"{platform}.py" for platform in Platform}


def files_of(component: Path) -> list[str]:
    """Name all files of a component, compiled ones left out."""
    return sorted(
        path.relative_to(component).as_posix()
        for path in component.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def unknown_files(component: Path, stamped: Iterable[str], extra: Iterable[str]) -> list[str]:
    """List files that belong to no room.

    ``stamped`` names the modules this component shares, ``extra`` the rooms it alone needs.
    """
    allowed = (
        ROOMS
        | PLATFORMS
        | {f"protocol/{room}" for room in PROTOCOL_ROOMS}
        | OTHER_FILES
        | BRAND_IMAGES
        | set(stamped)
        | set(extra)
    )
    return [
        f"{component.name}/{name} is in no room of the house"
        for name in files_of(component)
        if name not in allowed
        and not (name.startswith("translations/") and name.count("/") == 1 and _is_json(name))
        and not any(_in_folder_of(name, room) for room in allowed)
    ]


def _is_json(name: str) -> bool:
    """Tell whether a name is that of a JSON file."""
    return name.endswith(".json")


def _in_folder_of(name: str, room: str) -> bool:
    """Tell whether a file lies in the folder that a room has become."""
    return name.startswith(f"{room.removesuffix('.py')}/") and not room.endswith(
        ("__init__.py", ".json", ".yaml", ".png", ".typed")
    )


def missing_files(component: Path) -> list[str]:
    """List what every component needs and this one lacks."""
    present = set(files_of(component))
    found = [
        f"{component.name}/{name} is missing"
        for name in sorted(NEEDED_FILES | NEEDED_ROOMS)
        if name not in present and f"{name.removesuffix('.py')}/__init__.py" not in present
    ]
    if not any(
        name.startswith("translations/") and name != "translations/en.json" for name in present
    ):
        found.append(f"{component.name}/translations has English only; the home market is missing")
    return found


def platforms_of(component: Path) -> list[Path]:
    """Return the platforms of a component."""
    return [component / name for name in sorted(PLATFORMS) if (component / name).is_file()]


def platforms_without_limit(component: Path) -> list[str]:
    """List platforms without ``PARALLEL_UPDATES``."""
    return [
        f"{component.name}/{path.name} does not set PARALLEL_UPDATES"
        for path in platforms_of(component)
        if not any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and "PARALLEL_UPDATES" in ast.unparse(node).partition("=")[0]
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    ]


def postponed_annotations(folder: Path) -> list[str]:
    """List files that import annotations from the future."""
    return [
        f"{path}:{node.lineno} postpones annotations, which are lazy already"
        for path in sources(folder)
        if "__future__" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def undocumented(folder: Path) -> list[str]:
    """List public modules, classes, functions and methods without a docstring."""
    found = []
    for path in sources(folder):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            found.append(f"{path}: the module has no docstring")
        found += [f"{path}:{line} {name} has no docstring" for name, line in _bare(tree)]
    return found


def _bare(scope: ast.Module | ast.ClassDef) -> Iterable[tuple[str, int]]:
    """Give the public definitions of a scope that have no docstring; overloads need none."""
    for node in scope.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_") and node.name != "__init__":
            continue
        overload = any("overload" in ast.unparse(item) for item in node.decorator_list)
        if not ast.get_docstring(node) and not overload and node.name != "__init__":
            yield node.name, node.lineno
        if isinstance(node, ast.ClassDef):
            yield from _bare(node)


def error_classes(module: types.ModuleType) -> list[type[Exception]]:
    """Return the exceptions that a module defines."""
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and value.__module__ == module.__name__
    ]


def broken_errors(module_name: str) -> list[str]:
    """List errors of a module that cannot be built, shown or understood, or stand outside the tree.

    Every argument without a default is given a text or number by its annotation.
    """
    module = importlib.import_module(module_name)
    classes = error_classes(module)
    found = [] if classes else [f"{module_name} defines no error"]
    base = getattr(module, "VendorError", None)
    for cls in classes:
        if not inspect.cleandoc(cls.__dict__.get("__doc__") or ""):
            found.append(f"{cls.__name__} does not say when it is raised")
        if base is None or not issubclass(cls, base):
            found.append(f"{cls.__name__} is no VendorError")
        try:
            error = build(cls)
        except Exception as err:  # noqa: BLE001  Whatever goes wrong is the finding
            found.append(f"{cls.__name__} cannot be built: {err!r}")
            continue
        if not str(error).strip():
            found.append(f"{cls.__name__} has no text")
    return found


def build(cls: type[Exception]) -> Exception:
    """Build an exception from plausible arguments.

    Raises TypeError when an argument is of a kind that a caller could not guess.
    """
    if cls.__init__ is Exception.__init__:
        return cls("reason")
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in list(inspect.signature(cls).parameters.values()):
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional = positional or ["reason"]
        elif parameter.default is not parameter.empty:
            continue
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = _sample(parameter)
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            positional.append(_sample(parameter))
    return cls(*positional, **named)


def _sample(parameter: inspect.Parameter) -> Any:
    """Return a value that suits an annotation."""
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return "reason"
    members = getattr(annotation, "__args__", None) or (annotation,)
    for kind, value in ((str, "reason"), (int, 1), (float, 1.0), (type(None), None)):
        if kind in members:
            return value
    raise TypeError(f"{parameter.name} wants {annotation}")


def untested(component: Path, tests: Path, stamped: Iterable[str]) -> list[str]:
    """List rooms without a test file of their own; a shared module is tested in one component."""
    skipped = {"const.py", "protocol/__init__.py", "protocol/const.py", *stamped}
    skipped.add("protocol/errors.py")  # the repository's own test builds each of them
    rooms = [
        name
        for name in files_of(component)
        if name.endswith(".py") and name not in skipped and name.count("/") <= 1
    ]
    return [
        f"{component.name}/{name} has no {test.relative_to(tests.parent)}"
        for name in rooms
        if name.split("/")[0] in (Path(name).name, "protocol")
        and not (test := _test_of(name, tests / component.name)).is_file()
        and not test.with_suffix("").is_dir()
    ]


def _test_of(name: str, folder: Path) -> Path:
    """Return the test file that mirrors a room."""
    path = Path(name)
    stem = "init" if path.stem == "__init__" else path.stem
    return folder / path.parent / f"test_{stem}.py"
