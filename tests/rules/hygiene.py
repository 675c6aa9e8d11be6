"""What no file of the repository may hold, and what its scripts and pages must."""

import ast
import os
from pathlib import Path
import re
from urllib.parse import unquote, urlsplit

# Written in parts, so that these lines do not break the rules they state.
FOLDERS = "work|root|tmp|Users|home/[a-z]"
MACHINE_PATH = re.compile(rf"(?<![\w./-])/(?:{FOLDERS})(?:/|\b(?=[\s\"'`)]))")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(labels))
        for labels in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("deb", "debian", "org"),
            ("security", "debian", "org"),
            ("crates", "io"),
            ("rubygems", "org"),
        )
    ),
    re.IGNORECASE,
)
NOTES = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "XX" + "X")) + r")\b"
)
MERGE_MARKS = re.compile(r"(?m)^(?:<{7}|>{7}) ")

BINARY = {".png", ".zip", ".ico", ".woff2", ".pcap", ".gz"}
LINK = re.compile(r"\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)|<img\b[^>]*?\bsrc=\"([^\"]+)\"")
FENCE = re.compile(r"(?ms)^ *(```|~~~).*?^ *\1 *$")


def unwanted_words(root: Path, files: list[Path]) -> list[str]:
    """List lines with paths of a machine, hosts of package registries, and notes to oneself."""
    found = []
    for path in files:
        if path.suffix in BINARY or path.name == "LICENSE":
            continue
        text = path.read_text(encoding="utf-8")
        if not any(each.search(text) for each in (MACHINE_PATH, REGISTRIES, NOTES, MERGE_MARKS)):
            continue
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(text.splitlines(), 1):
            where = f"{name}:{number}"
            if MACHINE_PATH.search(line):
                found.append(f"{where} names a path of a machine")
            if REGISTRIES.search(line):
                found.append(f"{where} names the host of a package registry")
            if NOTES.search(line) or MERGE_MARKS.match(line):
                found.append(f"{where} is unfinished")
    return found


def silent_skips(root: Path, files: list[Path]) -> list[str]:
    """List tests that are skipped or expected to fail without a reason."""
    found = []
    for path in files:
        if path.suffix != ".py" or "tests" not in path.relative_to(root).parts:
            continue
        text = path.read_text(encoding="utf-8")
        if "skip" not in text and "xfail" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                reason = any(word.arg in ("reason", "msg") for word in node.keywords)
                bare = name in ("pytest.skip", "pytest.xfail") and not node.args
                marked = name in ("pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail")
                wrong = not reason and (bare or (marked and not _has_text(node)))
            else:
                wrong = False
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                marks = [ast.unparse(item) for item in node.decorator_list]
                wrong = "pytest.mark.skip" in marks or "pytest.mark.xfail" in marks
            if wrong:
                line = getattr(node, "lineno", 0)
                found.append(f"{path.relative_to(root)}:{line} skips without a reason")
    return found


def _has_text(node: ast.Call) -> bool:
    """Tell whether ``mark.skip`` got its reason by position."""
    return ast.unparse(node.func) == "pytest.mark.skip" and bool(node.args)


def broken_links(root: Path, files: list[Path]) -> list[str]:
    """List relative links and pictures of Markdown pages that lead nowhere."""
    found = []
    for path in files:
        if path.suffix != ".md" or "templates" in path.parts:
            continue
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        for match in LINK.finditer(text):
            address = match[1] or match[2]
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = Path(os.path.normpath(path.parent / unquote(parts.path)))
            if not target.exists() or not target.is_relative_to(root):
                found.append(f"{path.relative_to(root)} links to {address}, which is not there")
    return found


def unready_scripts(root: Path) -> list[str]:
    """List commands that cannot be run as they stand."""
    found = []
    for path in [*(root / "script").iterdir(), root / ".ci/run"]:
        if not path.is_file() or path.suffix:
            continue
        name = path.relative_to(root).as_posix()
        first = path.read_bytes().partition(b"\n")[0]
        if not first.startswith((b"#!/usr/bin/env ", b"#!/bin/sh")):
            found.append(f"{name} does not say what runs it")
        if not os.access(path, os.X_OK):
            found.append(f"{name} is not executable")
        if first.endswith((b"bash", b"/sh")) and b"\nset -eu" not in path.read_bytes():
            found.append(f"{name} goes on after an error")
    return found
