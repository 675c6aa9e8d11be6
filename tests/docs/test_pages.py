"""Pages say what is so: examples load, commands parse, labels are those of the forms."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import re
import shlex
import subprocess
import sys
from typing import IO, Any
from urllib.request import Request, urlopen

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
import yaml

from script.lib.project import component_folders, minimum_home_assistant

ROOT = Path(__file__).parents[2]
COMPONENTS = component_folders(ROOT)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")
SCRIPT = re.compile(r"(?<![\w/.-])script/(\w+)")
LIMIT_S = 60

for_each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.name)
for_each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def user_page(component: Path) -> str:
    """Read the user documentation of a component."""
    return (ROOT / "docs" / component.name / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    return [block for name, block in FENCE.findall(text) if name == language]


def labels(component: Path) -> Iterator[str]:
    """Give the names that a user meets: of form fields, options and entities, without what tells equal ones apart."""
    path = component / "translations/en.json"
    texts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for flow in (texts["config"], texts.get("options", {})):
        for step in flow["step"].values():
            for part in (step, *step.get("sections", {}).values()):
                yield from part.get("data", {}).values()
            yield from (part["name"] for part in step.get("sections", {}).values())
    for platform in texts["entity"].values():
        for entity in platform.values():
            if "name" in entity:
                yield entity["name"].removeprefix("{prefix}").removesuffix("{number}")
    for selector in texts.get("selector", {}).values():
        yield from selector["options"].values()


@for_each_component
def test_every_label_is_explained(component: Path) -> None:
    """Each field, option and entity is on the page under the name that the user sees."""
    page = user_page(component)
    assert not [label for label in labels(component) if label not in page]


@for_each_component
async def test_automations_load(hass: HomeAssistant, component: Path) -> None:
    """Home Assistant takes each example of an automation as it stands on the page."""
    documents = [yaml.safe_load(block) for block in blocks(user_page(component), "yaml")]
    automations = [document for document in documents if "triggers" in document]
    assert len(automations) >= 3
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    states = {state.name: state.state for state in hass.states.async_all("automation")}
    assert states.keys() == {automation["alias"] for automation in automations}
    assert STATE_UNAVAILABLE not in states.values()
    off = {"entity_id": "all"}  # their timers would outlive the test
    await hass.services.async_call("automation", "turn_off", off, blocking=True)


@for_each_component
def test_version_of_home_assistant(component: Path) -> None:
    """The oldest release that a page promises is the one that is tested."""
    for text in (user_page(component), (ROOT / "README.md").read_text(encoding="utf-8")):
        assert set(re.findall(r"Home Assistant (20\d\d\.\d+\.\d+) or newer", text)) == {
            minimum_home_assistant()
        }


@for_each_component
def test_example_is_the_tested_one(component: Path) -> None:
    """The program on the page is the program that is run below."""
    example = (ROOT / "docs" / component.name / "example.py").read_text(encoding="utf-8")
    assert blocks(user_page(component), "python") == [example]


@for_each_component
def test_readme_names_the_component(component: Path) -> None:
    """The table of the main page leads to the page of each component, and its HACS repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"(docs/{component.name}/README.md)" in text
    assert f"latchkey-{component.name.replace('_', '-')})" in text


@for_each_page
def test_commands_exist(page: Path) -> None:
    """Each command that is named is there."""
    names = set(SCRIPT.findall(page.read_text(encoding="utf-8")))
    assert not [name for name in names if not (ROOT / "script" / name).exists()]


COMMAND_LINES = sorted(
    {
        line.partition("  #")[0].strip()
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"), "sh")
        for line in block.splitlines()
        if line.startswith("script/cli ")
    }
)


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_command_lines_are_understood(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of a page is a command that the command line takes."""
    from script.latchkey_cli import __main__ as cli
    from script.latchkey_cli.vendors import load

    _, *words = shlex.split(line)
    monkeypatch.setattr("sys.stderr", sys.stdout)
    arguments = cli._parser(words[0], load(words[0])).parse_args(words)
    assert callable(arguments.handler)


def test_there_are_command_lines() -> None:
    """The test above would pass unseen if no line were found."""
    assert len(COMMAND_LINES) >= 4


@contextmanager
def started(*words: str | Path, environment: dict[str, str] | None = None) -> Iterator[IO[str]]:
    """Run a Python program and give what it prints, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-u", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    try:
        assert process.stdout
        yield process.stdout
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)


@pytest.mark.parametrize(
    ("domain", "environment", "addresses", "last"),
    [
        (
            "dio_chacon",
            {"DIO_CHACON_USERNAME": "email", "DIO_CHACON_PASSWORD": "password"},
            ("ws_url", "auth_url"),
            "Volet cuisine is closed",
        ),
        (
            "homismart",
            {"HOMISMART_USERNAME": "username", "HOMISMART_PASSWORD": "password"},
            ("ws_url",),
            "Living room curtain stands at 50 % open",
        ),
    ],
    ids=["dio_chacon", "homismart"],
)
@pytest.mark.parametrize("wrong", [False, True], ids=["", "wrong_password"])
def test_example_runs(
    domain: str,
    environment: dict[str, str],
    addresses: tuple[str, ...],
    last: str,
    wrong: bool,
) -> None:
    """The example does what it says in the simulated home, and tells of a wrong password."""
    with started("-m", "simulators", domain, "--speed", "50") as simulator:
        line = json.loads(simulator.readline())
        if wrong:
            line["password"], last = "wrong", "Check the credentials: "
        words = [line[name] for name in addresses]
        variables = {variable: line[name] for variable, name in environment.items()}
        with started(
            ROOT / "docs" / domain / "example.py", *words, environment=variables
        ) as example:
            lines = []
            for text in example:
                lines.append(text)
                if text.startswith(last):
                    break
            else:
                pytest.fail("".join(lines))


@pytest.mark.parametrize("wrong", [False, True], ids=["", "wrong_key"])
def test_example_of_home_connect_runs(socket_enabled: None, wrong: bool) -> None:
    """The example does what it says with the simulated dishwasher, and tells of a key that is refused."""
    words = ("-m", "simulators", "home_connect_local", "--appliance", "dishwasher")
    with started(*words) as simulator:
        (card,) = json.loads(simulator.readline())["appliances"]
        last = "BSH.Common.Setting.ChildLock is True"
        if wrong:
            operation = Request(
                card["control_url"],
                json.dumps({"op": "key", "how": "wrong"}).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urlopen(operation, timeout=LIMIT_S):
                last = "Fetch the profiles anew: "
        example = ROOT / "docs/home_connect_local/example.py"
        address = f"{card['host']}:{card['port']}"
        with started(example, card["archive"], address) as output:
            lines = []
            for text in output:
                lines.append(text)
                if text.startswith(last):
                    break
            else:
                pytest.fail("".join(lines))


@pytest.mark.parametrize("wrong", [False, True], ids=["", "wrong_code"])
def test_example_of_hap_runs(socket_enabled: None, tmp_path: Path, wrong: bool) -> None:
    """The example does what it says with a lamp of our own, and tells of a code that is refused."""
    serve = ("-m", "script.latchkey_cli", "hap_controller", "serve", "--json", "--no-announce")
    with started(*serve, "-f", tmp_path / "lamp.json", "--address", "127.0.0.1") as lamp:
        told = json.loads(lamp.readline())
        code = "111-22-333" if wrong else told["setup_code"]
        last = "Check the setup code: " if wrong else "The light is on"
        example = ROOT / "docs/hap_controller/example.py"
        words = (example, tmp_path / "pairings.json", f"127.0.0.1:{told['port']}")
        with started(*words, environment={"HAP_CONTROLLER_CODE": code}) as output:
            lines = []
            for text in output:
                lines.append(text)
                if text.startswith(last):
                    break
            else:
                pytest.fail("".join(lines))
