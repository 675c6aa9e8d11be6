"""Each rule about imports finds the fault it is for, and nothing in a sound component."""

from pathlib import Path

import pytest

from ..rules import imports
from .conftest import Tree

SOUND = {
    "custom_components/__init__.py": "",
    "custom_components/lamp/__init__.py": "from .coordinator import Lamp\n",
    "custom_components/lamp/const.py": "from homeassistant.const import CONF_HOST\n",
    "custom_components/lamp/coordinator.py": "from .const import X\nfrom .protocol import Client\n",
    "custom_components/lamp/entity.py": "from .coordinator import Lamp\n",
    "custom_components/lamp/switch.py": "from .entity import LampEntity\n",
    "custom_components/lamp/protocol/__init__.py": (
        '"""Door."""\nfrom .client import Client\n__all__ = ["Client"]\n'
    ),
    "custom_components/lamp/protocol/errors.py": "class VendorError(Exception): ...\n",
    "custom_components/lamp/protocol/frames.py": "from .errors import VendorError\n",
    "custom_components/lamp/protocol/messages.py": "from . import frames\n",
    "custom_components/lamp/protocol/client.py": "from .messages import Message\n",
    "simulators/__init__.py": "",
    "simulators/lamp/__init__.py": "",
    "simulators/lamp/cloud.py": "from custom_components.lamp.protocol.frames import decode\n",
}

RULES = [
    imports.home_assistant_in_protocol,
    imports.witnesses,
    imports.beyond_component,
    imports.absolute_in_component,
    imports.past_the_door,
    imports.out_of_protocol,
    imports.code_in_the_door,
    imports.backwards,
    imports.cycles,
]
LAMP = "custom_components/lamp"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_component_passes(tree: Tree, rule: imports.Rule) -> None:
    """No rule objects to the pattern of the house."""
    root = tree(SOUND)
    assert rule(root / LAMP, root) == []


@pytest.mark.parametrize(
    ("rule", "file", "source"),
    [
        (
            imports.home_assistant_in_protocol,
            "protocol/client.py",
            "def f():\n    from homeassistant.core import HomeAssistant\n",
        ),
        (
            imports.home_assistant_in_protocol,
            "protocol/frames.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import homeassistant\n",
        ),
        (imports.witnesses, "protocol/client.py", "import aiohomekit.model\n"),
        (imports.witnesses, "switch.py", "from homismart_client.devices import Device\n"),
        (imports.beyond_component, "switch.py", "from simulators.lamp import cloud\n"),
        (imports.beyond_component, "switch.py", "from ..door.protocol import Client\n"),
        (
            imports.absolute_in_component,
            "switch.py",
            "from custom_components.lamp.const import X\n",
        ),
        (imports.past_the_door, "coordinator.py", "from .protocol.frames import decode\n"),
        (imports.past_the_door, "coordinator.py", "from .protocol import frames\n"),
        (imports.past_the_door, "diagnostics.py", "from .protocol.errors import VendorError\n"),
        (imports.out_of_protocol, "protocol/client.py", "from . import VendorError\n"),
        (imports.out_of_protocol, "protocol/client.py", "from ..const import DOMAIN\n"),
        (imports.code_in_the_door, "protocol/__init__.py", "def helper():\n    return 1\n"),
        (imports.backwards, "coordinator.py", "from .entity import LampEntity\n"),
        (imports.backwards, "entity.py", "from .switch import LampSwitch\n"),
        (imports.backwards, "sensor.py", "from .switch import LampSwitch\n"),
        (imports.backwards, "switch.py", "from . import async_setup_entry\n"),
        (imports.backwards, "protocol/frames.py", "from .client import Client\n"),
        (imports.backwards, "protocol/errors.py", "from .frames import decode\n"),
        (
            imports.cycles,
            "protocol/frames.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .messages import M\n",
        ),
        (imports.cycles, "const.py", "from .coordinator import Lamp\n"),
    ],
)
def test_a_fault_is_found(tree: Tree, rule: imports.Rule, file: str, source: str) -> None:
    """One wrong import in an otherwise sound component is named with its file."""
    root = tree({**SOUND, f"{LAMP}/{file}": source})
    faults = rule(root / LAMP, root)
    assert len(faults) == 1
    assert rule is imports.cycles or faults[0].startswith(f"{LAMP}/{file}:")


@pytest.mark.parametrize(
    "source",
    [
        "from custom_components.lamp.protocol.client import Client\n",
        "from custom_components.lamp.protocol import Client\n",
        "import custom_components.lamp\n",
        "from custom_components.lamp.protocol.const import PORT\n",
        "from custom_components.lamp import const\n",
    ],
)
def test_a_simulator_that_borrows_behaviour_is_found(tree: Tree, source: str) -> None:
    """Anything of a core but its codec is refused."""
    root = tree({**SOUND, "simulators/lamp/home.py": source})
    assert len(imports.borrowed(root / "simulators", root)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from custom_components.lamp.protocol import frames\n",
        "import custom_components.lamp.protocol.messages as messages\n",
        "from custom_components.lamp.protocol.frames import decode, encode\n",
    ],
)
def test_a_simulator_may_borrow_the_codec(tree: Tree, source: str) -> None:
    """Frames and messages are what both ends share, however they are imported."""
    root = tree(
        {
            **SOUND,
            "custom_components/lamp/protocol/crypto.py": "",
            "simulators/lamp/home.py": source,
        }
    )
    assert imports.borrowed(root / "simulators", root) == []


def test_a_simulator_inside_home_assistant_is_found(tree: Tree) -> None:
    """The counterpart runs without Home Assistant."""
    root = tree({**SOUND, "simulators/lamp/home.py": "import homeassistant.core\n"})
    assert len(imports.home_assistant_in_simulator(root / "simulators", root)) == 1


def test_longer_cycles_are_shown_whole(tree: Tree) -> None:
    """Three modules in a ring are named in order, once."""
    ring: dict[str, str | bytes] = {
        "pkg/a.py": "from .b import x\n",
        "pkg/b.py": "from .c import x\n",
        "pkg/c.py": "def f():\n    from . import a\n",
        "pkg/__init__.py": "from .a import x\n",
    }
    root = tree(ring)
    assert imports.cycles(root / "pkg", root) == ["pkg.a → pkg.b → pkg.c → pkg.a"]


def test_relative_imports_are_resolved(tree: Tree) -> None:
    """Dots are counted from the package, also in a package's own ``__init__``."""
    root = tree(
        {
            "a/__init__.py": "from . import b\nfrom .b import c\n",
            "a/b/__init__.py": "",
            "a/b/c.py": "from .. import d\nfrom ..b import name\n",
            "a/d.py": "",
        }
    )
    assert [item.module for item in imports.imports_of(root / "a/__init__.py", root)] == [
        "a.b",
        "a.b.c",
    ]
    assert [item.module for item in imports.imports_of(root / "a/b/c.py", root)] == ["a.d", "a.b"]


def test_paths_become_module_names() -> None:
    """A package is named without its ``__init__``."""
    root = Path("root")
    assert imports.module_name(root / "a/b/__init__.py", root) == "a.b"
    assert imports.module_name(root / "a/b/c.py", root) == "a.b.c"
