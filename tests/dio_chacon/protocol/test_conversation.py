"""What every conversation tells alike."""

from custom_components.dio_chacon.protocol.conversation import MAX_UNKNOWN, LinkStatistics, Settled
from custom_components.dio_chacon.protocol.errors import RefusedError


def test_unknown_things_are_news_once_and_counted() -> None:
    """Each is news the first time; how often it came is counted."""
    statistics = LinkStatistics()
    assert [statistics.first_seen(what) for what in ("this", "that", "this")] == [True, True, False]
    assert statistics.unknown == {"this": 2, "that": 1}


def test_memory_of_unknown_things_is_bounded() -> None:
    """The peer chooses the names, not how many are kept; those that are known already count on."""
    statistics = LinkStatistics()
    news = [statistics.first_seen(f"{number}") for number in range(MAX_UNKNOWN + 50)]
    assert news == [True] * MAX_UNKNOWN + [False] * 50
    assert not statistics.first_seen("0")
    assert len(statistics.unknown) == MAX_UNKNOWN
    assert statistics.unknown["0"] == 2


def test_answers_are_not_shown() -> None:
    """What was asked for may be private; how a command ended is not."""
    settled = Settled(7, RefusedError("the peer refuses"), {"secret": "hidden"})
    assert "hidden" not in repr(settled)
    assert "the peer refuses" in repr(settled)
