"""What the forms of every component do, each against a real connection to the simulator."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, override
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.forms import begin, is_open, submit, suggestions
from tests.support.rooms import until
from tests.support.vendor import Peer

from .base import Contract, for_each


class ConfigFlowContract(Contract):
    """Forms that lead to one peer, tell what is wrong, and can be sent again."""

    connect_faults: ClassVar[Sequence[tuple[str, Mapping[str, Any], str]]]
    """Fault of the simulator, its options, and the error that the form shows for it."""
    mistakes: ClassVar[Sequence[tuple[type[Exception], str]]]
    """What the client may raise that no peer can cause, and the error that the form shows for it."""
    defaults: ClassVar[Mapping[str, Any]]
    """Preferences as they are before anyone chooses."""
    chosen: ClassVar[Mapping[str, Any]]
    """Preferences other than these, as the form sends them."""
    out_of_range: ClassVar[Sequence[Mapping[str, Any]]]
    """Preferences that the form does not take."""

    def kept(self, peer: Peer) -> dict[str, Any]:
        """Return what a form that is shown again still has of what was filled in."""
        raise NotImplementedError

    async def test_a_form_left_open_is_in_nobodys_way(
        self, hass: HomeAssistant, peer: Peer, set_up: AsyncMock
    ) -> None:
        """Whoever closes the browser after a mistake cannot get back to that form; a new one takes its place."""
        fault, options, error = next(each for each in self.connect_faults if each[2] != "timeout")
        peer.faults.arm(fault, **options)
        left = await submit(hass, await begin(hass, self.vendor.domain), self.vendor.filled(peer))
        assert left["errors"] == {"base": error}
        await peer.journal.wait_for(lambda: not peer.sessions)
        peer.faults.clear()
        result = await begin(hass, self.vendor.domain)
        result = await submit(hass, result, self.vendor.filled(peer))
        assert result["type"] is FlowResultType.CREATE_ENTRY

    @for_each("fault, options, error", "connect_faults")
    async def test_errors_and_recovery(
        self,
        hass: HomeAssistant,
        peer: Peer,
        set_up: AsyncMock,
        fault: str,
        options: dict[str, Any],
        error: str,
    ) -> None:
        """Each failure has its own text, all but the secret stays in the form, and a second try succeeds."""
        peer.faults.arm(fault, **options)
        result = await begin(hass, self.vendor.domain)
        limit_s = 0.3 if error == "timeout" else 30.0
        with patch(f"{self.vendor.package}.cloud.CONNECT_LIMIT_S", limit_s):
            result = await submit(hass, result, self.vendor.filled(peer))
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "user"
        assert result["errors"] == {"base": error}
        assert suggestions(result) == self.kept(peer)
        await peer.journal.wait_for(lambda: not peer.sessions)
        peer.faults.clear()
        result = await submit(hass, result, self.vendor.filled(peer))
        assert result["type"] is FlowResultType.CREATE_ENTRY

    @for_each("mistake, error", "mistakes")
    async def test_unexpected_failure(
        self,
        hass: HomeAssistant,
        peer: Peer,
        set_up: AsyncMock,
        caplog: pytest.LogCaptureFixture,
        mistake: type[Exception],
        error: str,
    ) -> None:
        """A mistake of ours leaves the form usable, and the log has what is needed to mend it."""
        result = await begin(hass, self.vendor.domain)
        with patch.object(self.vendor.client, "ready", side_effect=mistake("a mistake")):
            result = await submit(hass, result, self.vendor.filled(peer))
        assert result["errors"] == {"base": error}
        assert ("RuntimeError: a mistake" in caplog.text) is (error == "unknown")
        for secret in self.vendor.credentials(peer):
            assert secret not in caplog.text
        result = await submit(hass, result, self.vendor.filled(peer))
        assert result["type"] is FlowResultType.CREATE_ENTRY

    async def test_new_entry_works(self, hass: HomeAssistant, peer: Peer) -> None:
        """What the form stores is enough to set the entry up."""
        result = await submit(hass, await begin(hass, self.vendor.domain), self.vendor.filled(peer))
        await hass.async_block_till_done()
        entry = result["result"]
        assert entry.state is ConfigEntryState.LOADED
        assert await hass.config_entries.async_unload(entry.entry_id)

    async def test_options(self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer) -> None:
        """Preferences start with their defaults, and changed ones are in force at once."""
        options = hass.config_entries.options
        result = await options.async_init(loaded.entry_id)
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "init"
        assert suggestions(result) == self.defaults
        for wrong in self.out_of_range:
            with pytest.raises(InvalidData):
                await options.async_configure(result["flow_id"], {**self.defaults, **wrong})
        result = await options.async_configure(result["flow_id"], dict(self.chosen))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert loaded.options == self.chosen
        # The slider gives numbers with a point, which entries are not to keep.
        assert not [value for value in loaded.options.values() if type(value) is float]
        await hass.async_block_till_done()
        result = await options.async_init(loaded.entry_id)
        assert suggestions(result) == self.chosen

    async def test_unchanged_options_do_not_reload(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """Saving what is there already leaves the link alone; saving the defaults once is a change."""
        options = hass.config_entries.options
        for _ in range(2):
            result = await options.async_init(loaded.entry_id)
            await options.async_configure(result["flow_id"], dict(self.defaults))
            await hass.async_block_till_done()
        assert len([item for item in peer.received if item.what == "open"]) == 2


class AccountFlowContract(ConfigFlowContract):
    """Forms for an account with a user name, a password and, folded away, the addresses of servers."""

    typed: ClassVar[str]
    """A spelling of the user name that means the same account."""
    spellings: ClassVar[Sequence[str]]
    """Spellings that a second form recognises the account by."""
    wrong: ClassVar[Sequence[Mapping[str, str]]]
    """Credentials that are much like those of the account."""
    vendor_servers: ClassVar[Mapping[str, str]]
    """Addresses of the vendor."""
    unsafe: ClassVar[Sequence[Mapping[str, str]]]
    """Addresses that credentials must not be sent to."""
    invented: ClassVar[frozenset[str]] = frozenset()
    """Members of an entry's data that the form makes up."""
    renewed: ClassVar[Mapping[str, str]]
    """Credentials of the same account after a change that ``renew`` makes."""

    def renew(self, peer: Any) -> None:
        """Let ``renewed`` be what the account goes by."""
        raise NotImplementedError

    @override
    def kept(self, peer: Peer) -> dict[str, Any]:
        """Return all but the password."""
        form = self.vendor.form(peer)
        return {"username": form["username"], **form["advanced"]}

    def stored(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of an entry, as far as it can be foretold."""
        return {key: value for key, value in data.items() if key not in self.invented}

    async def test_user(self, hass: HomeAssistant, peer: Peer, set_up: AsyncMock) -> None:
        """The account is tried, what identifies it identifies the entry, and the session is closed again."""
        result = await begin(hass, self.vendor.domain)
        assert suggestions(result) == self.vendor_servers
        assert not is_open(result)
        result = await submit(hass, result, self.vendor.filled(peer, username=f"  {self.typed} "))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["title"] == self.typed
        assert result["data"].keys() - self.stored(result["data"]).keys() == self.invented
        expected = self.vendor.entry_data(peer, peer.home) | {"username": self.typed}
        assert self.stored(result["data"]) == self.stored(expected)
        made, wanted = result["result"], self.vendor.new_entry(peer)
        assert made.unique_id == wanted.unique_id
        assert (made.version, made.minor_version) == (wanted.version, wanted.minor_version)
        assert len(set_up.mock_calls) == 1
        await peer.journal.wait_for(lambda: not peer.sessions)

    @for_each("typed", "spellings")
    async def test_account_is_set_up_already(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, typed: str
    ) -> None:
        """An account has one entry, however its name is spelt."""
        form = self.vendor.filled(peer, username=typed)
        result = await submit(hass, await begin(hass, self.vendor.domain), form)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"

    async def test_wrong_password(self, hass: HomeAssistant, peer: Peer, set_up: AsyncMock) -> None:
        """A wrong password is called one, at once; it is taken literally, with all its blanks."""
        result = await begin(hass, self.vendor.domain)
        for wrong in self.wrong:
            result = await submit(hass, result, self.vendor.filled(peer, **wrong))
            assert result["errors"] == {"base": "invalid_auth"}
        peer.home.password = "  blanks  "
        result = await submit(hass, result, self.vendor.filled(peer, password="  blanks  "))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        expected = self.vendor.entry_data(peer, peer.home)
        assert self.stored(result["data"]) == self.stored(expected)

    @for_each("address", "unsafe")
    async def test_unsafe_address(
        self, hass: HomeAssistant, peer: Peer, set_up: AsyncMock, address: dict[str, str]
    ) -> None:
        """Addresses that would give credentials away are refused before anything is sent."""
        result = await begin(hass, self.vendor.domain)
        form = self.vendor.form(peer)
        servers = form["advanced"] | address
        result = await submit(hass, result, self.vendor.filled(peer, advanced=servers))
        assert result["errors"] == {"advanced": "insecure_address"}
        assert is_open(result)
        assert suggestions(result) == {"username": form["username"], **servers}
        assert not peer.received
        result = await submit(hass, result, self.vendor.filled(peer))
        assert result["type"] is FlowResultType.CREATE_ENTRY

    async def test_reauth(
        self, hass: HomeAssistant, entry: MockConfigEntry, peer: Peer, set_up: AsyncMock
    ) -> None:
        """Only the password is asked for; a wrong one can be corrected."""
        before = dict(entry.data)
        peer.home.password = "new password"
        result = await entry.start_reauth_flow(hass)
        assert result["step_id"] == "reauth_confirm"
        assert result["description_placeholders"]["username"] == entry.data["username"]
        result = await submit(hass, result, {"password": "wrong"})
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "reauth_confirm"
        assert result["errors"] == {"base": "invalid_auth"}
        result = await submit(hass, result, {"password": "new password"})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        # Of all that there was, the password alone is another.
        assert entry.data == self.vendor.entry_data(peer, peer.home)
        assert len(entry.data.items() - before.items()) == 1
        assert len(set_up.mock_calls) == 1

    @for_each("own_title", [None, "My house"])
    async def test_reconfigure(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        peer: Peer,
        set_up: AsyncMock,
        own_title: str | None,
    ) -> None:
        """New credentials of the same account are taken over; a title of the user's own stays."""
        if own_title:
            hass.config_entries.async_update_entry(entry, title=own_title)
        form = self.vendor.filled(peer, **self.renewed)
        result = await entry.start_reconfigure_flow(hass)
        assert result["step_id"] == "reconfigure"
        assert suggestions(result) == self.kept(peer)
        result = await submit(hass, result, form)
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {"base": "invalid_auth"}
        self.renew(peer)
        result = await submit(hass, result, form)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        expected = self.vendor.entry_data(peer, peer.home)
        assert entry.data == expected | {"username": form["username"]}
        assert entry.title == (own_title or form["username"])
        assert len(set_up.mock_calls) == 1

    async def test_another_account(
        self, hass: HomeAssistant, home: Any, socket_enabled: None, set_up: AsyncMock
    ) -> None:
        """The credentials of another account do not take over the entry."""
        second = self.vendor.empty_home("second@example.org", "2")
        async with self.vendor.simulator(home, second) as peer:
            entry = self.vendor.new_entry(peer)
            entry.add_to_hass(hass)
            before = dict(entry.data)
            form = self.vendor.filled(peer, username="second@example.org", password="2")
            result = await submit(hass, await entry.start_reconfigure_flow(hass), form)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "unique_id_mismatch"
        assert entry.data == before
        assert not set_up.mock_calls

    async def test_two_accounts_in_two_forms(
        self, hass: HomeAssistant, home: Any, socket_enabled: None, set_up: AsyncMock
    ) -> None:
        """Two accounts are two entries."""
        second = self.vendor.empty_home("second@example.org", "2")
        async with self.vendor.simulator(home, second) as peer:
            for credentials in ({}, {"username": "second@example.org", "password": "2"}):
                form = self.vendor.filled(peer, **credentials)
                result = await submit(hass, await begin(hass, self.vendor.domain), form)
                assert result["type"] is FlowResultType.CREATE_ENTRY
        entries = hass.config_entries.async_entries(self.vendor.domain)
        ids = {self.vendor.identity(account)["unique_id"] for account in (home, second)}
        assert {entry.unique_id for entry in entries} == ids
        assert len(ids) == 2

    async def test_reauth_brings_the_entry_back(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any
    ) -> None:
        """From the refused password to a loaded entry, with no other help than the new password."""
        peer.change_password("new password")
        peer.send_invalid()
        await until(hass, hass.config_entries.flow.async_progress)
        (flow,) = hass.config_entries.flow.async_progress()
        result = await submit(hass, flow, {"password": "new password"})
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert loaded.state is ConfigEntryState.LOADED
        assert len(peer.sessions) == 1
