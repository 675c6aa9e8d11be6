"""Make the virtual environment that the tests, the checks and the demo share."""

from collections.abc import Iterable
import hashlib
import json
from pathlib import Path
from typing import Any, Optional

from .console import ROOT, Argument, ScriptError, run, say
from .files import building, locked
from .interpreter import find_python, find_uv

REQUIREMENTS = ROOT / "requirements_test.txt"
ALONE = ROOT / "requirements_alone.txt"
"""Packages that are installed without what they ask for; the file says why."""

STAMP = "latchkey.stamp"
PLUGIN = "pytest-homeassistant-custom-component"

MANIFEST_NEEDS = ("requirements", "dependencies", "after_dependencies")

DEMO_COMPONENTS = (
    "config",
    "diagnostics",
    "file_upload",
    "frontend",
    "history",
    "image_upload",
    "logbook",
    "recorder",
    "sun",
    "system_health",
    "zeroconf",
)
"""Components of Home Assistant that the demo sets up."""

VOICE_MODULES = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}
"""Modules without a wheel for Python 3.14, and the class that Home Assistant takes from each.

The frontend loads every entity platform and so assist_pipeline, which imports them. They are
built where there is a compiler; elsewhere an empty class keeps the demo's pages loading.
"""


def environment_folder(release: Optional[str] = None) -> Path:
    """Name the environment of a Home Assistant release; of the pinned one by default."""
    return ROOT / (f".venv-{release}" if release else ".venv")


def ensure(release: Optional[str] = None) -> Path:
    """Make the environment when it is missing or out of date, and return its folder.

    Raises ScriptError when that cannot be done; an old environment is then left as it was.
    """
    target = environment_folder(release)
    wanted = fingerprint(release)
    if is_current(target, wanted):
        return target
    with locked(target.with_name(f"{target.name}.lock")):
        if not is_current(target, wanted):
            _build(target, release, wanted)
    return target


def is_current(target: Path, wanted: str) -> bool:
    """Tell whether the environment was made from the same recipe and still runs."""
    stamp = target / STAMP
    if not stamp.is_file() or stamp.read_text() != wanted:
        return False
    try:
        run([target / "bin/python", "-c", "import homeassistant"], timeout_s=60)
    except ScriptError:
        return False
    return True


def fingerprint(release: Optional[str]) -> str:
    """Digest all that decides what is in the environment."""
    recipe: dict[str, Any] = {
        "release": release,
        "requirements": [each.read_text() for each in (REQUIREMENTS, ALONE)],
        "recipe": Path(__file__).read_text(),
        "components": {
            manifest.get("domain", ""): [manifest.get(key, []) for key in MANIFEST_NEEDS]
            for manifest in own_manifests()
        },
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def own_manifests() -> list[dict[str, Any]]:
    """Read the manifests of this repository's components.

    Raises ScriptError naming one that cannot be read.
    """
    manifests = []
    for path in sorted((ROOT / "custom_components").glob("*/manifest.json")):
        try:
            manifests.append(json.loads(path.read_text()))
        except ValueError as err:
            raise ScriptError(f"{path.relative_to(ROOT)} is not JSON: {err}") from err
    return manifests


def _build(target: Path, release: Optional[str], wanted: str) -> None:
    """Install everything into a new folder and put it in place of the old one."""
    python = find_python()
    uv = find_uv()
    say(f"Making {target.name} with {python}")
    with building(target) as folder:
        run([uv, "venv", "--allow-existing", "--relocatable", "--python", python, folder])
        pip: list[Argument] = [uv, "pip", "install", "--python", folder / "bin/python"]
        say(f"Installing Home Assistant {release or ''} and the test tools".replace("  ", " "))
        _install_tools(pip, release)
        run([*pip, "--no-deps", "--requirement", ALONE])
        site_packages = next(folder.glob("lib/python3*/site-packages"))
        say("Installing what the components and the demo need")
        constraints = site_packages / "homeassistant/package_constraints.txt"
        packages = component_requirements(site_packages / "homeassistant/components")
        native = [name for name in packages if _module_of(name) in VOICE_MODULES]
        pip += ["--constraint", constraints]
        run([*pip, *(name for name in packages if name not in native)])
        for requirement in native:
            try:
                run([*pip, requirement], timeout_s=300)
            except ScriptError:
                say(f"{requirement} cannot be built here: an empty module takes its place")
                write_stub(site_packages, requirement)
        run([folder / "bin/python", "-c", "import homeassistant.core, pytest, aiohttp, PIL"])
        (folder / STAMP).write_text(wanted)
    say(f"{target.name} is ready")


def _install_tools(pip: list[Argument], release: Optional[str]) -> None:
    """Install Home Assistant and the test tools.

    An older release brings its own plugin; where that asks for other tools, our pins give way.
    """
    if release is None:
        run([*pip, "--requirement", REQUIREMENTS])
        return
    lines = [line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    pins = [line for line in lines if line and not line.startswith(PLUGIN)]
    wanted = [*pip, f"homeassistant=={release}", PLUGIN]
    try:
        run([*wanted, *pins])
    except ScriptError:
        run([*wanted, *(pin.partition("==")[0] for pin in pins)])


def component_requirements(core: Path) -> list[str]:
    """List the requirements of the demo's and our own components and of all they depend on.

    ``core`` is the folder of Home Assistant's own components.
    """
    platforms = _entity_platforms(core)
    found: set[str] = set()
    own = own_manifests()
    own_requirements = {item for manifest in own for item in manifest.get("requirements", [])}
    waiting: list[str] = [*DEMO_COMPONENTS, *platforms]
    for manifest in own:
        waiting += [*manifest.get("dependencies", []), *manifest.get("after_dependencies", [])]
    seen: set[str] = set()
    while waiting:
        domain = waiting.pop()
        path = core / domain / "manifest.json"
        if domain in seen or not path.is_file():
            continue
        seen.add(domain)
        manifest = json.loads(path.read_text())
        found.update(manifest.get("requirements", []))
        waiting += manifest.get("dependencies", [])
    return sorted(found | own_requirements)


def _entity_platforms(core: Path) -> Iterable[str]:
    """Name the components that are entity platforms: all are loaded with the frontend."""
    for path in sorted(core.glob("*/manifest.json")):
        if json.loads(path.read_text()).get("integration_type") == "entity":
            yield path.parent.name


def _module_of(requirement: str) -> str:
    """Name the module that a pinned requirement installs."""
    return requirement.split("==", maxsplit=1)[0].replace("-", "_")


def write_stub(site_packages: Path, requirement: str) -> None:
    """Write an empty module and the metadata that satisfies Home Assistant's check."""
    name, version = requirement.split("==")
    module = _module_of(requirement)
    (site_packages / f"{module}.py").write_text(
        f'"""Empty stand-in: {name} could not be built on this machine."""\n\n\n'
        f'class {VOICE_MODULES[module]}:\n    """No audio is processed here."""\n'
    )
    metadata = site_packages / f"{module}-{version}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
