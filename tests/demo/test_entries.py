"""Walking through config flows."""

from collections.abc import Mapping
from typing import Any

import pytest

from script.latchkey_demo.entries import ensure, loaded
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.homes import Home
from script.latchkey_demo.state import State

FLOW = "/api/config/config_entries/flow"
FORM = {"type": "form", "flow_id": "f", "step_id": "user", "errors": {}}
CREATED = {"type": "create_entry", "flow_id": "f"}


class FakeApi:
    """Answers from a list, and notes what was asked."""

    def __init__(self, *answers: Mapping[str, Any]) -> None:
        """Take the answers in order; deleting a flow takes none."""
        self._answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    async def request(self, method: str, path: str, *, json: object = None) -> Any:
        """Answer one request."""
        self.asked.append((method, path, json))
        return {} if method == "DELETE" else self._answers.pop(0)


class FakeSocket:
    """Lists of entries, one per call; the last one stays."""

    def __init__(self, *lists: list[dict[str, Any]]) -> None:
        """Take the lists in order."""
        self._lists = list(lists)

    async def call(self, kind: str, **data: object) -> Any:
        """List the entries."""
        assert (kind, data) == ("config_entries/get", {"domain": "vendor"})
        return self._lists.pop(0) if len(self._lists) > 1 else self._lists[0]


def home() -> Home:
    """A home whose form asks for a host."""
    return Home(
        domain="vendor",
        title="Vendor",
        icon="mdi:home",
        answers=lambda line: {
            "user": {"host": line["host"]},
            "reconfigure": {"host": line["host"]},
            "kind": {"next_step_id": "user"},
        },
        by_hand=lambda line: (line["host"],),
        try_this=(),
        scenarios=(),
        link_down={},
        link_up={},
    )


async def run(api: FakeApi, socket: FakeSocket, state: State, host: str = "a") -> str:
    """Make sure that the entry is there."""
    return await ensure(api, socket, state, home(), {"host": host})  # type: ignore[arg-type]


async def test_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form is filled in when there is no entry, and left alone when there is."""
    api, state = FakeApi(FORM, CREATED), State()
    assert await run(api, FakeSocket([]), state) == "added through its form"
    assert api.asked == [
        ("POST", FLOW, {"handler": "vendor"}),
        ("POST", f"{FLOW}/f", {"host": "a"}),
    ]
    again = FakeApi()
    entry = {"entry_id": "e"}
    assert await run(again, FakeSocket([entry]), state) == "there from the last start"
    assert again.asked == []


async def test_menus_and_progress() -> None:
    """Menus are answered from the same table; progress is waited for."""
    api = FakeApi(
        {"type": "menu", "flow_id": "f", "step_id": "kind"},
        {"type": "progress", "flow_id": "f", "step_id": "wait"},
        FORM,
        CREATED,
    )
    await run(api, FakeSocket([]), State())
    assert [path for _, path, _ in api.asked] == [FLOW, f"{FLOW}/f", f"{FLOW}/f", f"{FLOW}/f"]
    assert [method for method, _, _ in api.asked] == ["POST", "POST", "GET", "POST"]


async def test_a_moved_simulator_is_reconfigured() -> None:
    """Other addresses than typed last lead through the reconfigure flow of each entry."""
    state = State()
    await run(FakeApi(FORM, CREATED), FakeSocket([]), state)
    api = FakeApi(
        {"type": "form", "flow_id": "r", "step_id": "reconfigure", "errors": None},
        {"type": "abort", "flow_id": "r", "reason": "reconfigure_successful"},
    )
    done = await run(api, FakeSocket([{"entry_id": "e"}]), state, "b")
    assert done == "given the simulator's new addresses"
    assert api.asked == [
        ("POST", FLOW, {"handler": "vendor", "entry_id": "e"}),
        ("POST", f"{FLOW}/r", {"host": "b"}),
    ]
    assert await run(FakeApi(), FakeSocket([{"entry_id": "e"}]), state, "b")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({**FORM, "errors": {"base": "cannot_connect"}}, "stops at form user.*cannot_connect"),
        ({**FORM, "step_id": "odd"}, "stops at form odd: nothing to answer odd"),
        ({"type": "abort", "flow_id": "f", "reason": "no"}, "stops at abort : no"),
        ({"type": "external", "flow_id": "f", "step_id": "web"}, "stops at external web"),
    ],
)
async def test_a_form_that_does_not_end_well(answer: dict[str, Any], message: str) -> None:
    """The error says where it stopped and why; no flow stays behind, and nothing is remembered."""
    api, state = FakeApi(FORM, answer), State()
    with pytest.raises(DemoError, match=message):
        await run(api, FakeSocket([]), state)
    assert api.asked[-1] == ("DELETE", f"{FLOW}/f", None)
    assert state.forms == {}


async def test_a_form_without_end() -> None:
    """A flow that asks the same for ever is left."""
    with pytest.raises(DemoError, match="asks without end"):
        await run(FakeApi(*[FORM] * 60), FakeSocket([]), State())


async def test_loaded() -> None:
    """Entries are waited for while they are on their way."""
    entry = {"entry_id": "e", "title": "Entry", "state": "loaded", "reason": None}
    socket = FakeSocket([], [{**entry, "state": "setup_in_progress"}], [entry])
    assert await loaded(socket, "vendor") == [entry]  # type: ignore[arg-type]


async def test_an_entry_that_fails_is_told_at_once() -> None:
    """A lasting error is not waited for."""
    entry = {"entry_id": "e", "title": "Entry", "state": "setup_error", "reason": "wrong password"}
    with pytest.raises(DemoError, match=r"Entry setup_error \(wrong password\)"):
        await loaded(FakeSocket([entry]), "vendor")  # type: ignore[arg-type]
