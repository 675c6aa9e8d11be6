"""The rules of the house, applied to every component that is there."""

import importlib
from importlib.metadata import requires
from pathlib import Path
import re

import homeassistant
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest
import yaml

from script.lib.files import tracked
from script.lib.hacs import HACS_KEYS
from script.lib.ownership import changes
from script.lib.project import component_folders, load_project, read_json
from script.lib.stamping import differing

from .rules import hygiene, imports, manifests, shape, texts

ROOT = Path(__file__).parents[1]
PROJECT = load_project(ROOT)
COMPONENTS = component_folders(ROOT)
SIMULATORS = [path for path in sorted((ROOT / "simulators").glob("*/")) if list(path.glob("*.py"))]
HOME_ASSISTANT = Path(homeassistant.__file__).parent

for_each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.name)
for_each_translation = pytest.mark.parametrize(
    "path",
    [path for component in COMPONENTS for path in sorted(component.glob("translations/*.json"))],
    ids=lambda path: f"{path.parents[1].name}-{path.stem}",
)


def none(faults: list[str]) -> None:
    """Fail with the list of faults, if there are any."""
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_there_are_components() -> None:
    """The rules below would pass unseen if nothing were found."""
    assert COMPONENTS


@for_each_component
@pytest.mark.parametrize(
    "rule",
    [
        imports.home_assistant_in_protocol,
        imports.witnesses,
        imports.beyond_component,
        imports.absolute_in_component,
        imports.past_the_door,
        imports.out_of_protocol,
        imports.code_in_the_door,
        imports.backwards,
        imports.cycles,
    ],
    ids=lambda rule: rule.__name__,
)
def test_imports(rule: imports.Rule, component: Path) -> None:
    """Rooms import towards the wire only, the core stands alone, and nothing goes in circles."""
    none(rule(component, ROOT))


def test_simulators_borrow_the_codec_only() -> None:
    """A simulator takes frames, messages and crypto primitives, and decides the rest by itself."""
    folder = ROOT / "simulators"
    assert imports.sources(folder)
    none(imports.borrowed(folder, ROOT))
    none(imports.witnesses(folder, ROOT))
    none(imports.home_assistant_in_simulator(folder, ROOT))


@for_each_component
def test_every_component_has_a_simulator(component: Path) -> None:
    """Anyone can try every vendor without hardware."""
    assert component.name in {path.name for path in SIMULATORS}


@for_each_component
def test_rooms(component: Path) -> None:
    """Whoever knows one component finds the same rooms in all."""
    shared = [module for module, domains in PROJECT.stamped.items() if component.name in domains]
    extra = [
        name.partition("/")[2] for name in PROJECT.rooms if name.startswith(f"{component.name}/")
    ]
    none(shape.unknown_files(component, shared, extra) + shape.missing_files(component))


@for_each_component
def test_every_room_has_its_test_file(component: Path) -> None:
    """Tests mirror the rooms; a shared module is tested once, in the first component of its list."""
    shared = [
        module
        for module, domains in PROJECT.stamped.items()
        if component.name in domains and component.name != domains[0]
    ]
    none(shape.untested(component, ROOT / "tests", shared))


@for_each_component
def test_platforms_limit_parallel_updates(component: Path) -> None:
    """Each platform says how many of its actions may run at once."""
    assert shape.platforms_of(component)
    none(shape.platforms_without_limit(component))


def test_stamped_modules_are_identical() -> None:
    """Every copy is that of its source, and every source has copies."""
    none(differing(PROJECT))


@pytest.mark.parametrize("folder", ["custom_components", "simulators", "stamped"])
def test_public_names_are_documented(folder: str) -> None:
    """Everything public says what it does."""
    none(shape.undocumented(ROOT / folder))


@pytest.mark.parametrize("folder", ["custom_components", "simulators", "stamped", "tests"])
def test_annotations_are_not_postponed(folder: str) -> None:
    """Python 3.14 reads annotations lazily by itself."""
    none(shape.postponed_annotations(ROOT / folder))


@for_each_component
def test_errors_can_be_built(component: Path) -> None:
    """Each error of a core can be raised, has a text, and stands below VendorError."""
    none(shape.broken_errors(f"custom_components.{component.name}.protocol.errors"))


@for_each_component
def test_errors_have_texts(component: Path) -> None:
    """Each key of the one table of errors has a text; in forms too, unless only commands meet it."""
    name = f"custom_components.{component.name}"
    table = importlib.import_module(f"{name}.errors").TRANSLATION_KEYS
    command_error = importlib.import_module(f"{name}.protocol").CommandError
    assert table
    in_forms = {key for cls, key in table.items() if not issubclass(cls, command_error)}
    none(texts.missing_error_texts(set(table.values()), in_forms, texts.texts_of(component)))


@for_each_component
def test_json_can_be_read(component: Path) -> None:
    """Every JSON file is valid and names no key twice."""
    none(texts.malformed_json(component))


@for_each_translation
def test_texts_are_well_formed(path: Path) -> None:
    """Texts follow Home Assistant's rules: no markup, no addresses, sound placeholders."""
    none(texts.bad_texts(texts.read(path)) + texts.undescribed_fields(texts.read(path)))


@for_each_translation
def test_languages_agree(path: Path) -> None:
    """Every language has the keys and placeholders of English, no more and no less."""
    none(texts.disparities(texts.texts_of(path.parents[1]), texts.read(path)))


@for_each_component
def test_every_used_key_has_a_text(component: Path) -> None:
    """Steps, fields, errors, aborts, exceptions, issues and entities that code names have texts."""
    english = texts.texts_of(component)
    icons = texts.read(component / "icons.json")
    none(texts.untranslated(component, english))
    none(texts.unexplained_actions(component, english, icons))


@for_each_component
def test_icons(component: Path) -> None:
    """Icons belong to texts and come from the one family that Home Assistant has."""
    none(texts.bad_icons(texts.read(component / "icons.json"), texts.texts_of(component)))


@for_each_component
def test_manifest(component: Path) -> None:
    """Hassfest and HACS accept the manifest, and it leads to this repository."""
    none(manifests.bad_manifest(component, PROJECT.url, PROJECT.owner))


@for_each_component
def test_requirements(component: Path) -> None:
    """Requirements are few, have versions, and fit Home Assistant's constraints."""
    provided = {
        canonicalize_name(Requirement(line).name) for line in requires("homeassistant") or []
    }
    constraints = (HOME_ASSISTANT / "package_constraints.txt").read_text(encoding="utf-8")
    manifest = read_json(component / "manifest.json")
    none(manifests.bad_requirements(manifest, constraints, provided))


@for_each_component
def test_domain_is_our_own(component: Path) -> None:
    """A domain that Home Assistant has would be taken over, with a warning to every user."""
    assert not (HOME_ASSISTANT / "components" / component.name).exists()


@for_each_component
def test_quality_scale(component: Path) -> None:
    """All 54 rules are judged, each done or exempt for a reason."""
    assert sum(len(rules) for rules in manifests.TIERS.values()) == 54
    none(manifests.bad_quality_scale(component))


@for_each_component
def test_brand_images(component: Path) -> None:
    """The images are those that Home Assistant serves, in its sizes."""
    none(manifests.bad_brand(component))


@for_each_component
def test_user_documentation(component: Path) -> None:
    """The page of each component has the sections that the quality scale asks for."""
    none(manifests.missing_sections(ROOT / "docs" / component.name / "README.md"))


def test_hacs_names_the_oldest_release_tested() -> None:
    """hacs.json has only keys HACS knows, and claims what the workflow tests."""
    hacs = read_json(ROOT / "hacs.json")
    assert hacs.keys() <= HACS_KEYS.keys()
    assert re.fullmatch(r"\d{4}\.\d{1,2}\.\d+", hacs["homeassistant"])


def test_workflows_can_be_read() -> None:
    """Each workflow and form is YAML with what GitHub needs."""
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["name"]
        assert workflow[True]  # the key "on", as YAML 1.1 reads it
        assert workflow["permissions"], f"{path.name} does not limit its token"
        assert all(job["runs-on"] and job["steps"] for job in workflow["jobs"].values())


def test_the_owner_stands_in_one_place() -> None:
    """Manifests, documentation and workflows name the account of pyproject.toml."""
    none([f"{path.relative_to(ROOT)} names another account" for path, _ in changes(PROJECT)])


def test_words() -> None:
    """No path of a machine, no registry host, no unfinished line."""
    none(hygiene.unwanted_words(ROOT, tracked(ROOT)))


def test_skips_have_reasons() -> None:
    """A test that does not run says why."""
    none(hygiene.silent_skips(ROOT, tracked(ROOT)))


def test_links_lead_somewhere() -> None:
    """Pages link to files and pictures that are there."""
    none(hygiene.broken_links(ROOT, tracked(ROOT)))


def test_commands_can_be_run() -> None:
    """Every command is executable, says what runs it, and stops at errors."""
    none(hygiene.unready_scripts(ROOT))
