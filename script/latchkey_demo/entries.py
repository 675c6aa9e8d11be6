"""Add each component through its own config flow, as a user would in the web page."""

import asyncio
from collections.abc import Mapping
import hashlib
import json
from typing import Any

from .api import Api, Json, Socket
from .errors import DemoError
from .homes import Answers, Home
from .state import State

FLOW = "/api/config/config_entries/flow"
STEPS_LIMIT = 50
FLOW_LIMIT_S = 120.0
LOADED_LIMIT_S = 90.0
BUSY = frozenset({"not_loaded", "setup_in_progress", "setup_retry", "unload_in_progress"})


async def entries_of(socket: Socket, domain: str) -> list[Json]:
    """List the config entries of a component."""
    found: list[Json] = await socket.call("config_entries/get", domain=domain)
    return found


async def ensure(api: Api, socket: Socket, state: State, home: Home, line: Json) -> str:
    """Add the entry of a home when there is none; correct it when the simulator has moved.

    Returns what was done. Raises DemoError when the flow does not end well.
    """
    answers = home.answers(line)
    wanted = _digest(answers)
    entries = await entries_of(socket, home.domain)
    if not entries:
        await _complete(api, {"handler": home.domain}, answers)
        done = "added through its form"
    elif state.forms.get(home.domain) != wanted:
        for entry in entries:
            start = {"handler": home.domain, "entry_id": entry["entry_id"]}
            await _complete(api, start, answers)
        done = "given the simulator's new addresses"
    else:
        done = "there from the last start"
    state.forms[home.domain] = wanted
    return done


def _digest(answers: Answers) -> str:
    """Digest what is typed, so that a change is noticed without keeping it."""
    text = json.dumps({step: answers[step] for step in sorted(answers)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


async def _complete(api: Api, start: Mapping[str, str], answers: Answers) -> None:
    """Start a flow and walk through it; leave no half-done flow behind."""
    result = await api.request("POST", FLOW, json=dict(start))
    flow_id = result["flow_id"]
    try:
        async with asyncio.timeout(FLOW_LIMIT_S):
            await _walk(api, start["handler"], result, answers)
    except BaseException as err:
        await asyncio.gather(api.request("DELETE", f"{FLOW}/{flow_id}"), return_exceptions=True)
        if isinstance(err, TimeoutError):
            raise DemoError(f"the form of {start['handler']} does not come to an end") from None
        raise


async def _walk(api: Api, domain: str, result: Json, answers: Answers) -> None:
    """Answer step by step until the entry is there."""
    page = f"{FLOW}/{result['flow_id']}"
    for _ in range(STEPS_LIMIT):
        step = result.get("step_id", "")
        match result["type"]:
            case "create_entry":
                return
            case "abort" if result["reason"] == "reconfigure_successful":
                return
            case "form" | "menu" if step in answers and not result.get("errors"):
                result = await api.request("POST", page, json=dict(answers[step]))
            case "progress":
                await asyncio.sleep(0.2)
                result = await api.request("GET", page)
            case kind:
                reason = result.get("errors") or result.get("reason") or f"nothing to answer {step}"
                raise DemoError(f"the form of {domain} stops at {kind} {step}: {reason}")
    raise DemoError(f"the form of {domain} asks without end, now {result.get('step_id')}")


async def loaded(socket: Socket, domain: str) -> list[Json]:
    """Wait until the entries of a component are set up, and return them.

    Raises DemoError when one cannot be, or not in time.
    """
    entries: list[Json] = []
    try:
        async with asyncio.timeout(LOADED_LIMIT_S):
            while True:
                entries = await entries_of(socket, domain)
                if entries and all(entry["state"] == "loaded" for entry in entries):
                    return entries
                if any(entry["state"] not in {*BUSY, "loaded"} for entry in entries):
                    break
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    raise DemoError(f"{domain} is not set up: {', '.join(map(_verdict, entries)) or 'no entry'}")


def _verdict(entry: Mapping[str, Any]) -> str:
    """Say in what state an entry is and why."""
    reason = entry.get("reason")
    return f"{entry['title']} {entry['state']}" + (f" ({reason})" if reason else "")
