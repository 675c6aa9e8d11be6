"""What importing costs on top of a running Home Assistant, each time in a fresh copy of it."""

from collections.abc import Sequence
from importlib import import_module
import json
import os
import sys
import time
import traceback
from typing import Any, NoReturn

from script.lending import lend_core


def main(words: Sequence[str]) -> None:
    """Do what standard input asks for until it ends; no thread waits here, so forking is safe."""
    print(json.dumps({"ready": "imports"}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        if os.fork() == 0:
            _import(writer, order["modules"], order.get("core"))
        os.close(writer)
        with os.fdopen(reader) as answers:
            answer = answers.read()
        os.wait()
        print(answer, flush=True)


def _import(writer: int, modules: Sequence[str], core: str | None) -> NoReturn:
    """Import, report and vanish; ``core`` names a component whose protocol core is wanted alone."""
    answer: dict[str, Any]
    try:
        if core:
            lend_core(core)
        before = set(sys.modules)
        started = time.process_time()
        for module in modules:
            import_module(module)
        cpu_s = time.process_time() - started
        new = sorted(set(sys.modules) - before)
        answer = {"result": {"cpu_ms": cpu_s * 1e3, "modules": len(new), "names": new}}
    except ModuleNotFoundError as err:
        answer = {"result": {"missing": err.name}}
    except Exception:  # noqa: BLE001  whatever it is, the conductor tells the user
        answer = {"error": traceback.format_exc(limit=-4)}
    os.write(writer, json.dumps(answer).encode())
    os._exit(0)
