"""One contender inside Home Assistant: ``DOMAIN CONTENDER CARD``.

``CARD`` is what the counterpart announced. Without the contender's package the announcement says so.
"""

import asyncio
from collections.abc import Sequence
from importlib import import_module
import json
import logging
from typing import cast

from homeassistant.runner import create_event_loop

from ..jobs import say, serve
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
        jobs = RoomJobs(hass, cast(Integration, integration), card, card["accounts"][contender])
        await serve(jobs.jobs(), {"ready": contender})


def main(words: Sequence[str]) -> None:
    """Run on the kind of loop that Home Assistant makes."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(work(*words), loop_factory=create_event_loop)
