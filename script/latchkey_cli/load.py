"""Load a component's protocol core without running the component."""

from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parents[2]


def lend(domain: str) -> None:
    """Make ``custom_components.<domain>.protocol`` importable under its real name, at once.

    An ordinary import would run the ``__init__`` of the component first, and with it Home Assistant. Empty
    packages stand in for those above the core; packages that are loaded already are left alone.
    """
    for name in ("custom_components", f"custom_components.{domain}"):
        if name not in sys.modules:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(ROOT.joinpath(*name.split(".")))]
            sys.modules[name] = module_from_spec(spec)
