"""What tests of exact counts share."""

from collections.abc import Callable
import gc
from pathlib import Path
import subprocess
import sys
import tracemalloc

ROOT = Path(__file__).resolve().parents[2]
# Heap blocks that may come and go with caches of the interpreter, however many pushes there were.
NOISE_BLOCKS = 50
# Rooms of a protocol core, and of a whole component with it; a handful more than the cloud components have.
CORE_MODULES, COMPONENT_MODULES = 20, 40


def peak_bytes(action: Callable[[], object]) -> int:
    """Measure how much an action holds at most while it runs, its result included."""
    action()  # what is made once is not its own
    gc.collect()
    tracemalloc.start()
    try:
        result = action()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak


def imported_by(preparation: str, *modules: str) -> list[str]:
    """List what importing modules loads beyond what a ``preparation`` has loaded, in a process of its own."""
    program = f"""
import sys
from importlib import import_module
{preparation}
before = set(sys.modules)
for name in {modules!r}:
    import_module(name)
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def imported_by_core(domain: str) -> list[str]:
    """List what a protocol core loads on top of a Home Assistant."""
    preparation = f"""
import homeassistant.bootstrap
from script.lending import lend_core
lend_core({domain!r})
"""
    return imported_by(preparation, f"custom_components.{domain}.protocol")
