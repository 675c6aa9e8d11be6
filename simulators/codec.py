"""Borrow a component's codec without running the component."""

from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parents[1]


def lend(domain: str) -> None:
    """Make ``custom_components.<domain>.protocol.frames`` importable on its own, under its real name.

    An ordinary import would first run the ``__init__`` of the component and with it Home Assistant.
    Empty packages stand in for those above the codec. Only for a process that is a simulator and nothing else:
    whoever needs the component afterwards would find it empty. Packages that are loaded already are left alone.
    """
    for name in (
        "custom_components",
        f"custom_components.{domain}",
        f"custom_components.{domain}.protocol",
    ):
        if name not in sys.modules:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(ROOT.joinpath(*name.split(".")))]
            sys.modules[name] = module_from_spec(spec)
