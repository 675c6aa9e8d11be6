"""What an accessory knows."""

from custom_components.hap_controller.protocol.pairing import ResumableSessions, Resumption


def test_old_sessions_are_forgotten() -> None:
    """There is room for a bounded number."""
    sessions = ResumableSessions(capacity=2)
    for number in range(3):
        sessions.keep("someone", Resumption(bytes((number,)), bytes(32)))
    assert sessions.take(b"\0") is None
    assert sessions.take(b"\1") == ("someone", Resumption(b"\1", bytes(32)))
    assert sessions.take(b"\1") is None
