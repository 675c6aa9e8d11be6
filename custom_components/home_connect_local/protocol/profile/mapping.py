"""The mapping file of an appliance: names of features, of result codes and of members of enumerations.

Source: docs/home_connect_local/wire.md §4.2.
"""

from typing import Any, Final, NamedTuple

from .literals import WRONG, read_id, read_integer
from .markup import Element, children, elements, text_of
from .warnings import Warnings

MAX_NAME_CHARS: Final = 255


class MappedEnum(NamedTuple):
    """Names of one enumeration."""

    key: str | None
    names: dict[int, str]
    """By raw value."""


class Integers(dict[str, int]):
    """Decimal texts and what they mean; the same few raw values come again and again."""

    def __missing__(self, text: Any) -> int:
        """Read one; raises what a reader raises."""
        self[text] = number = read_integer(text)
        return number


class FeatureMapping:
    """What a mapping file says; of two names for one thing the first counts."""

    def __init__(self, root: Element, warnings: Warnings) -> None:
        """Read it; entries without their number or name are left out."""
        self._root = root
        self._warn = warnings.add
        self.integers = Integers()
        self.names = self._names()
        """Of features and lists, by uid."""
        self.enums = self._enums()
        """By id of the enumeration."""
        self.errors = self._errors()
        """Of result codes."""
        del self._root

    def _names(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for section in elements(self._root, "featureDescription"):
            for item in children(section, "feature"):
                try:
                    names.setdefault(read_id(item["refUID"]), item["#text"][:MAX_NAME_CHARS])
                except WRONG:
                    self._warn("mapping: a feature without uid or name")
        return names

    def _errors(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for section in elements(self._root, "errorDescription"):
            for item in children(section, "error"):
                try:
                    names.setdefault(read_id(item["refEID"]), item["#text"][:MAX_NAME_CHARS])
                except WRONG:
                    self._warn("mapping: an error without code or name")
        return names

    def _enums(self) -> dict[int, MappedEnum]:
        found: dict[int, MappedEnum] = {}
        for section in elements(self._root, "enumDescriptionList"):
            for item in elements(section, "enumDescription"):
                try:
                    enid = read_id(item["refENID"])
                except WRONG:
                    self._warn("mapping: an enumeration without id")
                    continue
                key = text_of(item.get("enumKey"), MAX_NAME_CHARS)
                found.setdefault(enid, MappedEnum(key, self._members(enid, item)))
        return found

    def _members(self, enid: int, element: Element) -> dict[int, str]:
        integers = self.integers
        names: dict[int, str] = {}
        for item in children(element, "enumMember"):
            try:
                names.setdefault(integers[item["refValue"]], item["#text"][:MAX_NAME_CHARS])
            except WRONG:
                self._warn(f"enum {enid}: a member without value or name")
        return names
