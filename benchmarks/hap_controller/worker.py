"""One contender at protocol level: ``python -m benchmarks.hap_controller.worker hap_controller CONTENDER CARD``."""

from ..worker import main
from .jobs import jobs

if __name__ == "__main__":
    main(jobs)
