"""What values of characteristics may be: as the accessory says, else as is usual (mapping §3.2, §3.6, §5.8a)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from math import floor
from typing import Any, Final

from .protocol import Characteristic, FormatError, Metadata, standard_metadata, to_wire

type Number = int | float

# As many as a large bridge has different ones.
_KEPT: Final = 512
# More levels than a percentage tells apart; beyond that a speed is a share of the range.
_MAX_LEVELS: Final = 1000
# Digits behind the point that a level keeps: sums of steps are off by less.
_DIGITS: Final = 6
_PERCENT: Final = 100
# A range beyond is none that anybody could mean.
_MAX_SPEED: Final = 1_000_000
_NOISE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the greatest value, and how far one is from the next; 0 when any is possible."""

    low: Number
    high: Number
    step: Number


@lru_cache(_KEPT)
def _filled(metadata: Metadata) -> Metadata:
    """Fill in the limits that an accessory left out with those that are usual for the type."""
    usual = standard_metadata(metadata.type)
    return replace(
        metadata,
        min_value=usual.min_value if metadata.min_value is None else metadata.min_value,
        max_value=usual.max_value if metadata.max_value is None else metadata.max_value,
        min_step=usual.min_step if metadata.min_step is None else metadata.min_step,
    )


def limits_of(
    characteristic: Characteristic, *, low: Number = 0, high: Number = 100, step: Number = 1
) -> Limits:
    """Give the limits of a characteristic; ``low``, ``high`` and ``step`` are of types that nobody knows."""
    known = _filled(characteristic.metadata)
    return Limits(
        low if known.min_value is None else known.min_value,
        high if known.max_value is None else known.max_value,
        step if known.min_step is None else known.min_step,
    )


def coarse_step(characteristic: Characteristic | None) -> int | None:
    """Give how far one value is from the next where that is more than 1; None where any whole number will do."""
    step = characteristic.metadata.min_step if characteristic is not None else None
    return round(step) if step is not None and 1 < step < _PERCENT else None


def number(characteristic: Characteristic | None) -> Number | None:
    """Read a value as a number; None when it is unknown, of another kind, or there is none."""
    value = characteristic.value if characteristic is not None else None
    # Asked several times for each state that is written.
    if type(value) is int or type(value) is float:
        return value
    return int(value) if isinstance(value, bool) else None


def certain(characteristic: Characteristic | None) -> Number | None:
    """Read a value as ``number`` does, but only if it could be read when it was asked for last: no old one is safe."""
    return number(characteristic) if characteristic and not characteristic.status else None


def truth(characteristic: Characteristic | None) -> bool | None:
    """Read a value that is 0 or 1; None when it is anything else."""
    value = characteristic.value if characteristic is not None else None
    if value is True or value is False:
        return value
    return bool(value) if value in (0, 1) and number(characteristic) is not None else None


def named[NameT](characteristic: Characteristic | None, names: Mapping[int, NameT]) -> NameT | None:
    """Look up what a value of a closed set means; None when it is unknown, or none of the set."""
    value = number(characteristic)
    if value is None or value != int(value):
        return None
    return names.get(int(value))


def allowed(characteristic: Characteristic | None, numbers: Iterable[int]) -> list[int]:
    """Give those of a closed set that an accessory allows; all when it allows none of them, which cannot be meant."""
    if characteristic is None:
        return []
    metadata = characteristic.metadata
    span = metadata.valid_values_range
    known = list(numbers)
    left = [
        each
        for each in known
        if (metadata.valid_values is None or each in metadata.valid_values)
        and (span is None or span[0] <= each <= span[1])
        and (metadata.min_value is None or each >= metadata.min_value)
        and (metadata.max_value is None or each <= metadata.max_value)
    ]
    return left or known


def fit(value: Number, characteristic: Characteristic) -> Any:
    """Give the nearest value that a characteristic takes; what is no number to it stays, for the protocol to refuse."""
    metadata = _filled(characteristic.metadata)
    if metadata.valid_values and metadata.is_number:
        return min(metadata.valid_values, key=lambda valid: abs(valid - value))
    try:
        return to_wire(value, metadata)
    except FormatError:
        return value


def fit_above_zero(value: Number, characteristic: Characteristic) -> Any:
    """Give the nearest value above 0 that a characteristic takes, where 0 means off."""
    fitted = fit(value, characteristic)
    if isinstance(fitted, int | float) and fitted <= 0:
        return Speeds(characteristic).levels[0]
    return fitted


class Speeds:
    """The speeds that a fan has, and the percentages that stand for them."""

    def __init__(self, characteristic: Characteristic) -> None:
        """Work them out from the description of a rotation speed."""
        self._characteristic = characteristic
        limits = limits_of(characteristic)
        if not -_MAX_SPEED <= limits.low < limits.high <= _MAX_SPEED or limits.high <= 0:
            limits = Limits(0, _PERCENT, limits.step)  # no speed at all cannot be meant
        step = limits.step if limits.step > 0 else 1
        valid = characteristic.metadata.valid_values
        self.low, self.high = limits.low, limits.high
        self.levels = tuple(sorted({each for each in valid or () if each > 0}))
        """All speeds above 0, from slow to fast; only the extremes when there are too many."""
        self._is_whole = step == int(step)
        self._is_even = False
        if not self.levels:
            self.levels = _levels(limits.low, limits.high, step)
            self._is_even = not self.levels or (self.low == 0 and self._is_whole)
        if not self.levels:
            self.levels = (self.low if self.low > 0 else min(step, self.high), self.high)
        self.can_stop = limits.low <= 0 and (not valid or 0 in valid)
        """Whether 0 is among what can be set."""
        if self._is_even:
            self.count = max(1, round(min(self.high, _PERCENT) / max(1, step)))
        else:
            self.count = min(len(self.levels), _PERCENT)
        """How many are told apart."""

    def rank(self, speed: Number) -> int:
        """Tell which of the levels a speed is, from 1; 0 when it stands still."""
        if speed <= 0:
            return 0
        return max(1, bisect_right(self.levels, speed + _NOISE))

    def percentage(self, speed: Number) -> int:
        """Give the percentage of a speed, 0 to 100."""
        if speed <= 0:
            return 0
        if self._is_even:
            share = (min(speed, self.high) - self.low) / (self.high - self.low)
            return max(1, floor(share * _PERCENT + _NOISE))
        return max(1, floor(self.rank(speed) * _PERCENT / len(self.levels)))

    def speed(self, percentage: Number) -> Any:
        """Give the speed that is nearest to a percentage above 0; it is never 0."""
        if self._is_even:
            wanted = percentage * (self.high - self.low) / _PERCENT + self.low
            return fit_above_zero(round(wanted) if self._is_whole else wanted, self._characteristic)
        rank = floor(percentage * len(self.levels) / _PERCENT + 0.5)
        return self.levels[min(max(rank, 1), len(self.levels)) - 1]


def _levels(low: Number, high: Number, step: Number) -> tuple[Number, ...]:
    """Give the levels above 0 of a range; none when there are too many."""
    if (high - low) / step > _MAX_LEVELS:
        return ()
    first = low if low > 0 else low + (floor(-low / step) + 1) * step
    levels = (round(first + index * step, _DIGITS) for index in range(_MAX_LEVELS + 2))
    # A step beyond all limits leaves the fastest.
    return tuple(takewhile(lambda level: level <= high + _NOISE, levels)) or (high,)
