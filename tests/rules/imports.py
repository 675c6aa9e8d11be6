"""Who may import whom."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from homeassistant.const import Platform

WITNESSES = {
    "aiohomekit",
    "dio_chacon_wifi_api",
    "home_assistant_chacon",
    "homeconnect_websocket",
    "homekit",
    "homismart_client",
    "pyhap",
}
"""Published libraries for the same vendors: witnesses in tests and benchmarks, never shipped."""

CODEC = {"catalogue", "crypto", "errors", "frames", "messages", "setup_code", "srp", "tlv8"}
"""What a simulator may borrow of a protocol core."""

PROTOCOL_ORDER = {
    "const": 0,
    "errors": 1,
    "crypto": 2,
    "frames": 3,
    "messages": 4,
    "profile": 4,
    "conversation": 4,
    "login": 5,
    "model": 5,
    "connection": 6,
    "transport": 6,
    "supervisor": 7,
    "link": 8,
    "client": 9,
}
"""Rooms of a protocol core from the wire outwards; those absent here only must not form cycles."""

COMPONENT_ORDER: dict[str, int] = {
    "protocol": 0,
    "const": 1,
    "redaction": 1,
    "errors": 2,
    "signals": 2,
    "lifeline": 3,
    "cloud": 4,
    "coordinator": 5,
    "entity": 6,
    "entry": 6,
    "forms": 7,
    "platforms": 7,
    **dict.fromkeys(Platform, 8),
    "config_flow": 8,
    "device_trigger": 8,
    "diagnostics": 8,
    "logbook": 8,
    "repairs": 8,
    "services": 8,
    "system_health": 8,
    "__init__": 9,
}
"""Rooms of a component from the wire outwards; a vendor's own rooms only must not form cycles."""


type Rule = Callable[[Path, Path], list[str]]
"""Takes the folder of a component and the root of its tree; lists what breaks the rule."""


@dataclass(frozen=True)
class Import:
    """One imported module, as an absolute dotted name."""

    module: str
    line: int


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, root: Path) -> Sequence[Import]:
    """Find all imports of a file: relative, late and type-only ones too.

    ``from package import name`` means the submodule ``name`` where there is one.
    """
    # Each rule asks for those of every file anew.
    stat = path.stat()
    return _imports_of(path, root, (stat.st_mtime_ns, stat.st_size))


@cache
def _imports_of(path: Path, root: Path, version: tuple[int, int]) -> Sequence[Import]:
    return tuple(_found_imports(path, root))


def _found_imports(path: Path, root: Path) -> Iterator[Import]:
    here = module_name(path, root).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield Import(inner if is_module(inner, root) else source, node.lineno)


def is_module(name: str, root: Path) -> bool:
    """Tell whether a dotted name is a module or package of this tree."""
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def sources(folder: Path) -> list[Path]:
    """List the Python files below a folder."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _starts(module: str, package: str) -> bool:
    """Tell whether a module is, or lies in, a package."""
    return module == package or module.startswith(f"{package}.")


def home_assistant_in_protocol(component: Path, root: Path) -> list[str]:
    """List imports of Home Assistant in the protocol core."""
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}"
        for path in sources(component / "protocol")
        for found in imports_of(path, root)
        if _starts(found.module, "homeassistant") or _starts(found.module, "voluptuous")
    ]


def witnesses(folder: Path, root: Path) -> list[str]:
    """List imports of published peer libraries in what ships, or in a simulator."""
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}"
        for path in sources(folder)
        for found in imports_of(path, root)
        if found.module.split(".")[0] in WITNESSES
    ]


def beyond_component(component: Path, root: Path) -> list[str]:
    """List imports that need anything of this repository outside of the component's folder."""
    own = module_name(component / "__init__.py", root)
    ours = ("custom_components", "simulators", "tests", "benchmarks", "script", "stamped")
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}"
        for path in sources(component)
        for found in imports_of(path, root)
        if any(_starts(found.module, name) for name in ours) and not _starts(found.module, own)
    ]


def absolute_in_component(component: Path, root: Path) -> list[str]:
    """List imports that name the component's own place, which the user's machine decides."""
    return [
        f"{path.relative_to(root)}:{node.lineno} imports {node.module} by its full name"
        for path in sources(component)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and _starts(node.module or "", "custom_components")
    ]


def past_the_door(component: Path, root: Path) -> list[str]:
    """List imports of rooms around the core that reach past its package root."""
    core = module_name(component / "protocol/__init__.py", root)
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}, not the package root"
        for path in sources(component)
        if not path.is_relative_to(component / "protocol")
        for found in imports_of(path, root)
        if found.module.startswith(f"{core}.")
    ]


def out_of_protocol(component: Path, root: Path) -> list[str]:
    """List imports inside the core that take its root or leave it."""
    own = module_name(component / "__init__.py", root)
    core = f"{own}.protocol"
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}, which is no sibling"
        for path in sources(component / "protocol")
        for found in imports_of(path, root)
        if found.module == core or (_starts(found.module, own) and not _starts(found.module, core))
    ]


def code_in_the_door(component: Path, root: Path) -> list[str]:
    """List what the core's root holds besides a docstring, imports and ``__all__``."""
    path = component / "protocol/__init__.py"
    if not path.is_file():
        return []
    return [
        f"{path.relative_to(root)}:{node.lineno} is code; the door holds public names only"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and "__all__" in ast.unparse(node).partition("=")[0]
        )
    ]


def backwards(component: Path, root: Path) -> list[str]:
    """List imports away from the wire: from a room to one further out, or beside it."""
    own = module_name(component / "__init__.py", root)
    found = []
    for path in sources(component):
        inside = path.is_relative_to(component / "protocol")
        base, order = (f"{own}.protocol", PROTOCOL_ORDER) if inside else (own, COMPONENT_ORDER)
        here = _room(module_name(path, root), base)
        for item in imports_of(path, root):
            there = _room(item.module, base)
            if not _starts(item.module, base) or there == here:
                continue
            if here in order and there in order and order[there] >= order[here]:
                found.append(
                    f"{path.relative_to(root)}:{item.line} imports {there},"
                    f" which is not on the wire side of {here}"
                )
    return found


def _room(module: str, base: str) -> str:
    """Name the room of a module; the package itself is ``__init__``."""
    return module.removeprefix(base).removeprefix(".").partition(".")[0] or "__init__"


def cycles(component: Path, root: Path) -> list[str]:
    """List the cycles among the modules of a component, type-only imports included."""
    modules = {module_name(path, root): path for path in sources(component)}
    graph = {
        name: {item.module for item in imports_of(path, root)} & modules.keys() - {name}
        for name, path in modules.items()
    }
    return [" → ".join(cycle) for cycle in _cycles(graph)]


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Find one cycle through each knot of a graph."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> None:
        if node in path:
            found.append([*path[path.index(node) :], node])
            return
        if node in done:
            return
        for successor in sorted(graph[node]):
            walk(successor, [*path, node])
        done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


def borrowed(simulator: Path, root: Path) -> list[str]:
    """List what a simulator takes from the components besides the codec."""
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}"
        for path in sources(simulator)
        for found in imports_of(path, root)
        if _starts(found.module, "custom_components") and not _is_codec(found.module)
    ]


def _is_codec(module: str) -> bool:
    """Tell whether a module is the codec of a core: ``custom_components.<domain>.protocol.frames``."""
    match module.split("."):
        case ["custom_components", _, "protocol", room, *_] if room in CODEC:
            return True
        case _:
            return False


def home_assistant_in_simulator(simulator: Path, root: Path) -> list[str]:
    """List imports of Home Assistant in a simulator, which stands for something else."""
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.module}"
        for path in sources(simulator)
        for found in imports_of(path, root)
        if _starts(found.module, "homeassistant")
    ]
