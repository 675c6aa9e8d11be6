"""Each rule about manifests, verdicts, images and pages finds the fault it is for."""

from io import BytesIO
import json
from pathlib import Path
from typing import Any

from PIL import Image
import pytest
import yaml

from ..rules import manifests
from .conftest import Tree

URL = "https://github.com/someone/latchkey"
MANIFEST: dict[str, Any] = {
    "domain": "lamp",
    "name": "Lamp",
    "codeowners": ["@someone"],
    "config_flow": True,
    "documentation": f"{URL}/blob/main/docs/lamp/README.md",
    "integration_type": "hub",
    "iot_class": "cloud_push",
    "issue_tracker": f"{URL}/issues",
    "requirements": [],
    "version": "0.1.0",
}
VERDICTS = {rule: "done" for tier in manifests.TIERS.values() for rule in tier}


def component(tree: Tree, manifest: dict[str, Any]) -> Path:
    """Write a component that has only a manifest."""
    return tree({"lamp/manifest.json": json.dumps(manifest)}) / "lamp"


def test_a_sound_manifest_passes(tree: Tree) -> None:
    """No rule objects to a manifest as it should be."""
    assert manifests.bad_manifest(component(tree, MANIFEST), URL, "someone") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"domain": "torch"}, "domain"),
        ({"config_flow": False}, "config_flow"),
        ({"iot_class": "push"}, "iot_class"),
        ({"integration_type": "thing"}, "integration_type"),
        ({"documentation": "http://example.org"}, "documentation"),
        ({"issue_tracker": "https://example.org/issues"}, "issue_tracker"),
        ({"codeowners": ["@nobody"]}, "codeowners"),
        ({"version": "one"}, "version"),
        ({"zz_unknown": 1}, "unknown key"),
    ],
)
def test_a_faulty_manifest_is_found(tree: Tree, change: dict[str, Any], fault: str) -> None:
    """One wrong value, one fault."""
    faults = manifests.bad_manifest(component(tree, MANIFEST | change), URL, "someone")
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_manifest_out_of_order_is_found(tree: Tree) -> None:
    """Hassfest wants domain and name first and the rest by alphabet."""
    shuffled = dict(reversed(MANIFEST.items()))
    faults = manifests.bad_manifest(component(tree, shuffled), URL, "someone")
    assert len(faults) == 1
    assert "order" in faults[0]


def test_a_missing_key_is_found(tree: Tree) -> None:
    """HACS wants the version, Home Assistant too."""
    manifest = {key: value for key, value in MANIFEST.items() if key != "requirements"}
    faults = manifests.bad_manifest(component(tree, manifest), URL, "someone")
    assert faults == ["lamp: requirements is missing"]


@pytest.mark.parametrize(
    ("requirement", "fault"),
    [
        ("aiohttp>=3", "has it already"),
        ("xmltodict", "no version"),
        ("xmltodict >=0.13", "blanks"),
        ("xmltodict>=2.0", "keeps"),
        ("xmltodict==", "xmltodict=="),
    ],
)
def test_a_bad_requirement_is_found(requirement: str, fault: str) -> None:
    """Requirements must fit what Home Assistant has and keeps."""
    constraints = "# comment\nxmltodict==1.0.4\naiohttp==3.14.5\n"
    faults = manifests.bad_requirements({"requirements": [requirement]}, constraints, {"aiohttp"})
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_fitting_requirement_passes() -> None:
    """A minimum below the pin is what a custom integration should ask for."""
    manifest = {"requirements": ["xmltodict>=0.13", "aiocoap>=0.4.7"]}
    assert manifests.bad_requirements(manifest, "xmltodict==1.0.4\n", {"aiohttp"}) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"brands": None}, "brands is None, not done"),
        ({"brands": "todo"}, "brands is todo, not done"),
        ({"brands": {"status": "exempt"}}, "exempt without a reason"),
        ({"brands": {"status": "exempt", "comment": " "}}, "exempt without a reason"),
        ({"invented-rule": "done"}, "is no rule"),
    ],
)
def test_a_bad_verdict_is_found(tree: Tree, change: dict[str, Any], fault: str) -> None:
    """Verdicts are done, or exempt with a reason."""
    text = yaml.safe_dump({"rules": VERDICTS | change})
    faults = manifests.bad_quality_scale(tree({"lamp/quality_scale.yaml": text}) / "lamp")
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_rule_without_verdict_is_found(tree: Tree) -> None:
    """Every rule is judged."""
    verdicts = {rule: verdict for rule, verdict in VERDICTS.items() if rule != "stale-devices"}
    verdicts["discovery"] = {"status": "exempt", "comment": "A cloud."}  # type: ignore[assignment]
    text = yaml.safe_dump({"rules": verdicts})
    assert manifests.bad_quality_scale(tree({"lamp/quality_scale.yaml": text}) / "lamp") == [
        "lamp: stale-devices is not judged"
    ]


def test_the_scale_has_54_rules() -> None:
    """20 bronze, 10 silver, 21 gold and 3 platinum, each once."""
    assert [len(rules) for rules in manifests.TIERS.values()] == [20, 10, 21, 3]
    assert len(VERDICTS) == 54


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """Draw a picture of one colour."""
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("icon.png", picture(128, 128), "128×128"),
        ("icon@2x.png", picture(256, 256), "256×256"),
        ("logo.png", picture(256, 256), "landscape"),
        ("icon.png", picture(256, 256, "JPEG"), "not PNG"),
        ("icon.png", b"no picture", "no image"),
        ("badge.png", picture(256, 256), "never served"),
    ],
)
def test_a_bad_brand_image_is_found(tree: Tree, name: str, content: bytes, fault: str) -> None:
    """Names, kinds and sizes are those that Home Assistant serves."""
    faults = manifests.bad_brand(tree({f"lamp/brand/{name}": content}) / "lamp")
    assert len(faults) == 1
    assert fault in faults[0]


def test_good_brand_images_pass(tree: Tree) -> None:
    """The sizes of the house."""
    files: dict[str, str | bytes] = {
        "lamp/brand/icon.png": picture(256, 256),
        "lamp/brand/icon@2x.png": picture(512, 512),
        "lamp/brand/logo.png": picture(600, 200),
    }
    assert manifests.bad_brand(tree(files) / "lamp") == []


PAGE = """# Lamp
## Supported devices
## Supported functions
## Installation
## Configuration
## Data updates
## Actions
## Examples
## Known limitations
## Troubleshooting
## Removal
"""


def test_a_whole_page_passes(tree: Tree) -> None:
    """Every topic has its heading."""
    assert manifests.missing_sections(tree({"lamp/README.md": PAGE}) / "lamp/README.md") == []


@pytest.mark.parametrize("heading", ["Known limitations", "Troubleshooting", "Removal", "Examples"])
def test_a_missing_section_is_found(tree: Tree, heading: str) -> None:
    """A topic without heading is named."""
    page = tree({"lamp/README.md": PAGE.replace(heading, "More")}) / "lamp/README.md"
    assert len(manifests.missing_sections(page)) == 1


def test_a_missing_page_is_found(tmp_path: Path) -> None:
    """Each component has its page."""
    assert len(manifests.missing_sections(tmp_path / "lamp/README.md")) == 1
