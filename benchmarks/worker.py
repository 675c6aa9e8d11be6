"""One contender at protocol level: ``python -m benchmarks.worker DOMAIN CONTENDER CARD [--speed FACTOR]``.

``CARD`` is what the counterpart announced. Without the contender's package the announcement says so.
"""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
import json
import logging
from types import ModuleType
from typing import Any

from script.lending import lend_core

from .clouds import CloudJobs, Remote
from .jobs import Job, say, serve
from .measure import HurriedLoop

type Card = dict[str, Any]
type JobsOf = Callable[[ModuleType, Card, str], Mapping[str, Job]]
"""Gives the jobs of a contender: its module, the card of the counterpart, its name."""


def cloud_jobs(module: ModuleType, card: Card, contender: str) -> Mapping[str, Job]:
    """Give the jobs of a client of a push cloud, with those that its module adds."""
    account = card["accounts"][contender]
    remote = Remote(card["control_port"], account["name"])
    return {**CloudJobs(module.Client(card, account), remote).jobs(), **module.jobs(card)}


async def work(arguments: argparse.Namespace, jobs_of: JobsOf) -> None:
    """Measure until nobody asks any more."""
    module = import_module(f"{__package__}.{arguments.domain}.{arguments.contender}")
    jobs = jobs_of(module, json.loads(arguments.card), arguments.contender)
    await serve(jobs, {"ready": arguments.contender})


def main(jobs_of: JobsOf = cloud_jobs) -> None:
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
    asyncio.run(work(arguments, jobs_of), loop_factory=factory)


if __name__ == "__main__":
    main()
