"""One contender at protocol level: ``python -m benchmarks.worker DOMAIN CONTENDER CARD [--speed FACTOR]``.

``CARD`` is what the counterpart announced. Without the contender's package the announcement says so.
"""

import argparse
import asyncio
from functools import partial
from importlib import import_module
import json
import logging

from script.lending import lend_core

from .clouds import CloudJobs, Remote
from .jobs import say, serve
from .measure import HurriedLoop


async def work(arguments: argparse.Namespace) -> None:
    """Measure until nobody asks any more."""
    card = json.loads(arguments.card)
    account = card["accounts"][arguments.contender]
    module = import_module(f"{__package__}.{arguments.domain}.{arguments.contender}")
    remote = Remote(card["control_port"], account["name"])
    jobs = CloudJobs(module.Client(card, account), remote).jobs()
    await serve({**jobs, **module.jobs(card)}, {"ready": arguments.contender})


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker")
    parser.add_argument("domain")
    parser.add_argument("contender")
    parser.add_argument("card")
    parser.add_argument("--speed", type=float, default=1.0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    lend_core(arguments.domain)
    try:
        import_module(f"{__package__}.{arguments.domain}.{arguments.contender}")
    except ModuleNotFoundError as err:
        say({"missing": err.name})
        return
    factory = partial(HurriedLoop, arguments.speed) if arguments.speed != 1 else None
    asyncio.run(work(arguments), loop_factory=factory)


if __name__ == "__main__":
    main()
