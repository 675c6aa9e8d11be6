"""One contender inside Home Assistant: ``DOMAIN CONTENDER CARD [SPEED]``.

``CARD`` is what the counterpart announced. Without the contender's package the announcement says so. ``SPEED`` is how many
times as fast the loop's clock runs.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from importlib import import_module
import json
import logging
from typing import cast

from homeassistant.runner import create_event_loop

from ..jobs import say, serve
from ..measure import HurriedLoop
from .boot import home_assistant
from .rooms import Integration, RoomJobs


async def work(domain: str, contender: str, card_text: str) -> None:
    """Measure until nobody asks any more."""
    try:
        integration = import_module(f"{__package__}.{domain}.{contender}")
    except ModuleNotFoundError as err:
        say({"missing": err.name})
        return
    card = json.loads(card_text)
    async with home_assistant() as hass:
        kind: type[RoomJobs] = getattr(integration, "Jobs", RoomJobs)
        jobs = kind(hass, cast(Integration, integration), card, card["accounts"][contender])
        await serve(jobs.jobs(), {"ready": contender})


def main(words: Sequence[str]) -> None:
    """Run on the kind of loop that Home Assistant makes, unless it is in a hurry."""
    logging.basicConfig(level=logging.WARNING)
    domain, contender, card, *speed = words
    factory = partial(HurriedLoop, float(speed[0])) if speed else create_event_loop
    asyncio.run(work(domain, contender, card), loop_factory=factory)
