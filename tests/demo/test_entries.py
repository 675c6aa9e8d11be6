"""Walking through config flows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from script.latchkey_demo.entries import ensure, loaded
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.homes import Form, Home, Offered
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

    async def upload(self, path: Path) -> str:
        """Take a file."""
        self.asked.append(("UPLOAD", path.name, None))
        return f"id of {path.name}"


class FakeSocket:
    """Lists of entries, one per call; the last one stays. Devices belong to the first entry that has their name."""

    def __init__(self, *lists: list[dict[str, Any]]) -> None:
        """Take the lists in order."""
        self._lists = list(lists)
        self.flows: list[dict[str, Any]] = []
        self.devices: list[dict[str, Any]] = []

    async def call(self, kind: str, **data: object) -> Any:
        """List the entries, the devices, or the flows that wait for somebody."""
        match kind:
            case "config/device_registry/list":
                return self.devices
            case "config_entries/flow/progress":
                return self.flows
        assert (kind, data) == ("config_entries/get", {"domain": "vendor"})
        return self._lists.pop(0) if len(self._lists) > 1 else self._lists[0]


def home() -> Home:
    """A home whose form asks for a host."""
    return Home(
        domain="vendor",
        title="Vendor",
        icon="mdi:home",
        forms=lambda line: (
            Form(
                answers={
                    "user": {"host": line["host"]},
                    "reconfigure": {"host": line["host"]},
                    "kind": {"next_step_id": "user"},
                }
            ),
        ),
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


def household(*devices: str, at: str = "a", folder: str = "x") -> Home:
    """A home with an entry per device, all in one archive; all but the first are offered after it."""

    def forms(line: Mapping[str, Any]) -> tuple[Form, ...]:
        return tuple(
            Form(
                answers={
                    "upload": {"profile": Path(folder) / "all.zip"},
                    "confirm": {},
                    "reconfigure": {"host": at},
                },
                device=device,
                offered=Offered(device, "offered") if number > 0 else None,
            )
            for number, device in enumerate(devices)
        )

    return replace(home(), forms=forms)


async def furnish(api: FakeApi, socket: FakeSocket, state: State, home: Home) -> str:
    """Make sure that the entries are there."""
    return await ensure(api, socket, state, home, {})  # type: ignore[arg-type]


async def test_one_upload_for_all() -> None:
    """The file of the first form is uploaded; what is offered afterwards is confirmed."""
    socket, state = FakeSocket([]), State()
    upload = {**FORM, "step_id": "upload"}
    api = FakeApi(upload, CREATED, {**FORM, "flow_id": "o", "step_id": "confirm"}, CREATED)
    socket.flows = [
        {"handler": "other", "flow_id": "n", "context": {"unique_id": "two"}},
        {"handler": "vendor", "flow_id": "u", "context": {}},
        {"handler": "vendor", "flow_id": "o", "context": {"unique_id": "two"}},
    ]
    done = await furnish(api, socket, state, household("one", "two"))
    assert done == "1 added through its form; 1 offered and added"
    assert api.asked == [
        ("POST", FLOW, {"handler": "vendor"}),
        ("UPLOAD", "all.zip", None),
        ("POST", f"{FLOW}/f", {"profile": "id of all.zip"}),
        ("GET", f"{FLOW}/o", None),
        ("POST", f"{FLOW}/o", {}),
    ]


async def test_what_was_discovered_is_taken_up() -> None:
    """No form is looked for; what it announced itself as need not be what its device is called."""
    found = replace(
        home(),
        forms=lambda line: (
            Form(answers={"pair": {"code": "1"}}, device="One:1", offered=Offered("one")),
        ),
    )
    socket = FakeSocket([])
    socket.flows = [{"handler": "vendor", "flow_id": "o", "context": {"unique_id": "one"}}]
    api = FakeApi({**FORM, "flow_id": "o", "step_id": "pair"}, CREATED)
    assert await furnish(api, socket, State(), found) == "discovered and added"
    assert api.asked == [("GET", f"{FLOW}/o", None), ("POST", f"{FLOW}/o", {"code": "1"})]


async def test_entries_by_device() -> None:
    """Each entry is found by its device; where files lie is no news, where devices are is."""
    socket, state = FakeSocket([]), State()
    api = FakeApi({**FORM, "step_id": "upload"}, CREATED)
    await furnish(api, socket, state, household("one"))
    socket.devices = [
        {"identifiers": [["other", "one"]], "config_entries": ["x"]},
        {"identifiers": [["vendor", "one"]], "config_entries": ["e"]},
    ]
    moved = await furnish(FakeApi(), socket, state, household("one", folder="y"))
    assert moved == "there from the last start"
    api = FakeApi(
        {"type": "form", "flow_id": "r", "step_id": "reconfigure", "errors": None},
        {"type": "abort", "flow_id": "r", "reason": "reconfigure_successful"},
    )
    done = await furnish(api, socket, state, household("one", at="b"))
    assert done == "given the simulator's new addresses"
    assert api.asked[0] == ("POST", FLOW, {"handler": "vendor", "entry_id": "e"})


async def test_a_device_that_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for, but not for ever."""
    monkeypatch.setattr("script.latchkey_demo.entries.OFFERED_LIMIT_S", 0.3)
    api = FakeApi({**FORM, "step_id": "upload"}, CREATED)
    with pytest.raises(DemoError, match="two is not offered"):
        await furnish(api, FakeSocket([]), State(), household("one", "two"))


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
