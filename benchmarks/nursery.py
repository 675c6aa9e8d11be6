"""Fork processes from one that has imported what all of them need.

``python -m benchmarks.nursery PRELOAD PLAN``: the plan is a JSON list of [input, output, module, word...], where
input and output are inherited file descriptors that become standard input and output of the module's ``main``.
"""

from collections.abc import Sequence
import gc
from importlib import import_module
import json
import os
import sys
import traceback
from typing import NoReturn


def main(preload: str, plan: Sequence[Sequence[int | str]]) -> None:
    """Fork once per entry of the plan, and wait for all to end."""
    import_module(preload)
    gc.collect()
    gc.freeze()  # or the collector would copy the shared pages one by one, on the clock of the children
    ends = {int(end) for entry in plan for end in entry[:2]}
    for entry in plan:
        if os.fork() == 0:
            _become(ends, *entry)  # type: ignore[arg-type]
    for end in ends:
        os.close(end)
    for _ in plan:
        os.wait()


def _become(ends: set[int], orders: int, answers: int, module: str, *words: str) -> NoReturn:
    """Be the child, and never come back."""
    os.dup2(orders, 0)
    os.dup2(answers, 1)
    for end in ends - {0, 1}:  # an inherited end would hide that the others have closed theirs
        os.close(end)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w")
    status = 1
    try:
        import_module(module).main(words)
        status = 0
    except BaseException:
        traceback.print_exc()  # nobody above would
        raise
    finally:
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
