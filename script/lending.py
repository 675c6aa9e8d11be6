"""Borrow a part of a component without running the component."""

from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parents[1]


def lend(package: str) -> None:
    """Make what lies in ``package`` importable on its own, under its real name and at once.

    An ordinary import would first run ``package`` and those above it: the ``__init__`` of a component, and with it
    Home Assistant. Empty packages stand in for them; packages that are loaded already are left alone. Only for a
    process that never needs the real ones: whoever asks for them afterwards finds them empty.
    """
    above, _, _ = package.rpartition(".")
    if above:
        lend(above)
    if package not in sys.modules:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(ROOT.joinpath(*package.split(".")))]
        sys.modules[package] = module_from_spec(spec)


def lend_core(domain: str) -> None:
    """Make the protocol core of a component importable."""
    lend(f"custom_components.{domain}")


def lend_codec(domain: str) -> None:
    """Make the modules of a protocol core importable one by one: the codec without the rest of the core."""
    lend(f"custom_components.{domain}.protocol")
