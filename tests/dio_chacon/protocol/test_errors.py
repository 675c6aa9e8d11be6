"""Errors are named by remedy, can all be built, and stay within one tree."""

import inspect

import pytest

from custom_components.dio_chacon.protocol import errors
from custom_components.dio_chacon.protocol.errors import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VendorError,
)

BRANCHES = {
    LinkError: (
        ConnectError,
        FrameError,
        LinkClosedError,
        PeerSilentError,
        SessionRefusedError,
        ThrottledError,
    ),
    CommandError: (DeviceSilentError, RefusedError, SupersededError, UnansweredError),
    VendorError: (AuthError, UnsupportedError),
}


def test_every_error_is_in_the_table() -> None:
    """An error declared beside the tree would pass by its handlers."""
    declared = {
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if each.__module__ == errors.__name__
    }
    listed = {leaf for leaves in BRANCHES.values() for leaf in leaves} | set(BRANCHES)
    assert declared == listed


@pytest.mark.parametrize(
    ("base", "leaf"), [(base, leaf) for base, leaves in BRANCHES.items() for leaf in leaves]
)
def test_remedies(base: type[VendorError], leaf: type[VendorError]) -> None:
    """Each error hangs under the remedy it stands for, and under no other."""
    assert issubclass(leaf, base)
    assert issubclass(leaf, VendorError)
    others = {LinkError, CommandError} - {base}
    assert not any(issubclass(leaf, other) for other in others)


@pytest.mark.parametrize(
    "kind", [LinkError, *(kind for kind in BRANCHES[LinkError] if kind is not ThrottledError)]
)
def test_link_errors_leave_the_wait_to_the_back_off(kind: type[LinkError]) -> None:
    """Without a word of the peer nothing is said about the next attempt."""
    err = kind("reason")
    assert str(err) == "reason"
    assert err.retry_after_s is None


def test_throttled_carries_the_wait() -> None:
    """The number of seconds is a value, not text to be parsed."""
    err = ThrottledError("slow down", 90.0)
    assert isinstance(err, ConnectError)
    assert err.retry_after_s == 90
    assert str(err) == "slow down"


@pytest.mark.parametrize("kind", [CommandError, *BRANCHES[CommandError]])
def test_command_errors_carry_the_code(kind: type[CommandError]) -> None:
    """The vendor's number goes along where there is one."""
    assert kind("no").code is None
    err = kind("no", 404)
    assert err.code == 404
    assert str(err) == "no"


@pytest.mark.parametrize("kind", [AuthError, UnsupportedError, VendorError])
def test_lasting_errors(kind: type[VendorError]) -> None:
    """They need no more than a reason."""
    assert str(kind("reason")) == "reason"


def test_every_error_says_when_it_is_raised() -> None:
    """The docstring is where a reader learns the remedy."""
    for _, each in inspect.getmembers(errors, inspect.isclass):
        if issubclass(each, VendorError):
            assert each.__doc__
