"""One contender that is told of changes: ``python -m benchmarks.hap_controller.listening.worker hap_controller CONTENDER CARD``."""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from ...clouds import CloudJobs, Remote
from ...jobs import Job
from ...worker import Card, main


def jobs(_module: ModuleType, card: Card, name: str) -> Mapping[str, Job]:
    """Give the jobs that a client of any push has."""
    account = card["accounts"][name]
    client = import_module(f"{__package__}.{name}").Client(card, account)
    return CloudJobs(client, Remote(card["control_port"], account["name"])).jobs()


if __name__ == "__main__":
    main(jobs)
