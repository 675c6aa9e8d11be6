"""Add each component through its own config flow, as a user would in the web page."""

import asyncio
from collections import Counter
from collections.abc import Mapping
import hashlib
import json
from pathlib import Path
from typing import Any

from .api import Api, Json, Socket
from .errors import DemoError
from .homes import Answers, Form, Home, Offered
from .state import State

FLOW = "/api/config/config_entries/flow"
STEPS_LIMIT = 50
FLOW_LIMIT_S = 120.0
OFFERED_LIMIT_S = 30.0
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
    done = Counter(
        [await _ensure_entry(api, socket, state, home.domain, form) for form in home.forms(line)]
    )
    if done.total() == 1:
        return next(iter(done))
    return "; ".join(f"{count} {what}" for what, count in done.items())


async def _ensure_entry(api: Api, socket: Socket, state: State, domain: str, form: Form) -> str:
    """Add one entry when it is not there; correct it when the simulator has moved."""
    name = domain if form.device is None else f"{domain} {form.device}"
    wanted = _digest(form.answers)
    entries = await _entries_about(socket, domain, form.device)
    if not entries and form.offered:
        flow_id = await _offered(socket, domain, form.offered)
        await _complete(api, domain, form.answers, await api.request("GET", f"{FLOW}/{flow_id}"))
        done = f"{form.offered.how} and added"
    elif not entries:
        await _begin(api, {"handler": domain}, form.answers)
        done = "added through its form"
    elif state.forms.get(name) != wanted:
        for entry_id in entries:
            await _begin(api, {"handler": domain, "entry_id": entry_id}, form.answers)
        done = "given the simulator's new addresses"
    else:
        done = "there from the last start"
    state.forms[name] = wanted
    return done


async def _entries_about(socket: Socket, domain: str, device: str | None) -> list[str]:
    """Find the entries of a component, or of one device, by their ids."""
    if device is None:
        return [entry["entry_id"] for entry in await entries_of(socket, domain)]
    for item in await socket.call("config/device_registry/list"):
        if [domain, device] in item["identifiers"]:
            return list(item["config_entries"])
    return []


async def _offered(socket: Socket, domain: str, offered: Offered) -> str:
    """Wait until Home Assistant offers a device; gives the id of the flow.

    Raises DemoError when it does not.
    """
    try:
        async with asyncio.timeout(OFFERED_LIMIT_S):
            while True:
                for flow in await socket.call("config_entries/flow/progress"):
                    about = flow["handler"], flow["context"].get("unique_id")
                    if about == (domain, offered.unique_id):
                        return str(flow["flow_id"])
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise DemoError(
            f"{domain}: {offered.unique_id} is not offered in {OFFERED_LIMIT_S:.0f} s"
        ) from None


def _digest(answers: Answers) -> str:
    """Digest what is typed, so that a change is noticed without keeping it.

    Files are not: where they lie changes from start to start.
    """
    typed = {step: answers[step] for step in sorted(answers)}
    text = json.dumps(typed, sort_keys=True, default=lambda _path: "file")
    return hashlib.sha256(text.encode()).hexdigest()


async def _begin(api: Api, start: Mapping[str, str], answers: Answers) -> None:
    """Start a flow and walk through it."""
    result = await api.request("POST", FLOW, json=dict(start))
    await _complete(api, start["handler"], answers, result)


async def _complete(api: Api, domain: str, answers: Answers, result: Json) -> None:
    """Walk through a flow that has begun; leave no half-done flow behind."""
    flow_id = result["flow_id"]
    try:
        async with asyncio.timeout(FLOW_LIMIT_S):
            await _walk(api, domain, result, answers)
    except BaseException as err:
        await asyncio.gather(api.request("DELETE", f"{FLOW}/{flow_id}"), return_exceptions=True)
        if isinstance(err, TimeoutError):
            raise DemoError(f"the form of {domain} does not come to an end") from None
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
                typed = await _typed(api, answers[step])
                result = await api.request("POST", page, json=typed)
            case "progress":
                await asyncio.sleep(0.2)
                result = await api.request("GET", page)
            case kind:
                reason = result.get("errors") or result.get("reason") or f"nothing to answer {step}"
                raise DemoError(f"the form of {domain} stops at {kind} {step}: {reason}")
    raise DemoError(f"the form of {domain} asks without end, now {result.get('step_id')}")


async def _typed(api: Api, answer: Json) -> Json:
    """Upload the files of an answer; each is then known by an id."""
    return {
        name: await api.upload(value) if isinstance(value, Path) else value
        for name, value in answer.items()
    }


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
