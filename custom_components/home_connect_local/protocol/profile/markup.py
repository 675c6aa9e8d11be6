"""XML to dictionaries, through xmltodict, and without what makes XML dangerous.

Source: docs/home_connect_local/wire.md §3.1 (safety), §4.1, §4.2. Bounds are ours: real pairs of files have some 6,000
elements, seven deep.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, override
from xml.parsers import expat

from ..const import Kind
from .errors import ProfileError

MAX_XML_BYTES: Final = 20 * 1024 * 1024
MAX_MARKS: Final = 200_000
"""Most start and end tags of one file, comments counted with them."""
MAX_ATTRIBUTES: Final = 500_000
MAX_DEPTH: Final = 64

LISTS: Final = frozenset(
    {"statusList", "settingList", "eventList", "commandList", "optionList", "programGroup"}
)
_REPEATED: Final = (
    LISTS
    | frozenset(Kind)
    | {
        "description",
        "deviceType",
        "enumerationTypeList",
        "enumerationType",
        "enumeration",
        "featureDescription",
        "feature",
        "errorDescription",
        "error",
        "enumDescriptionList",
        "enumDescription",
        "enumMember",
    }
)

type Element = Mapping[str, Any]
"""Attributes by name, children of one name as a list, text as ``#text``. What a file should not have may be there."""


def read_root(data: bytes, name: str, file: str) -> Element:
    """Parse one file; its root must have this local name.

    Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    # Counted before: it bounds the memory that parsing needs.
    if (
        len(data) > MAX_XML_BYTES
        or data.count(b"<") > MAX_MARKS
        or data.count(b"=") > MAX_ATTRIBUTES
    ):
        raise ProfileError("too_large", f"the {file} is beyond all bounds")
    found, root = _document(data, file, _GuardedParser)
    if ":" in found:  # rare, and not worth the time it takes to look for in all elements
        found, root = _document(data, file, _LocalNamesParser)
    if found != name:
        raise ProfileError("parse_error", f"the root of the {file} is not {name}")
    if not isinstance(root, dict):
        return {}
    for child, items in root.items():
        if child not in _REPEATED and not _within_depth(items):
            raise ProfileError("unsafe", f"the {file} is nested too deeply")
    return root


def _document(data: bytes, file: str, kind: type[_GuardedParser]) -> tuple[str, object]:
    """Parse a file to the name of its root and what that has."""
    # Needed at an upload only, not at every start; it has no types.
    import xmltodict  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        document = xmltodict.parse(
            data, encoding="utf-8", expat=_Expat(kind, file), force_list=_REPEATED, attr_prefix=""
        )
    except expat.ExpatError as err:
        reason = f"the {file} is not well-formed XML, line {err.lineno}"
        raise ProfileError("parse_error", reason) from None
    ((name, root),) = document.items()
    return name, root


def _within_depth(value: object) -> bool:
    """Tell whether what is none of a description's own elements is nested no more than reasonable."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return True
    return False


class _GuardedParser:
    """A parser of XML that takes its handlers from xmltodict, and refuses what a profile has no need of."""

    StartElementHandler: Callable[[str, dict[str, str]], None]
    EndElementHandler: Callable[[str], None]
    CharacterDataHandler: Callable[[str], None]

    def __init__(self, file: str, encoding: str) -> None:
        """Prepare for one file."""
        self._file = file
        self._encoding = encoding

    def Parse(self, data: bytes, is_final: bool) -> None:
        """Parse all at once; the name is that of the expat module."""
        parser = expat.ParserCreate(self._encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self.StartElementHandler
        parser.EndElementHandler = self.EndElementHandler
        parser.CharacterDataHandler = self.CharacterDataHandler
        parser.Parse(data, is_final)

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise ProfileError("unsafe", f"the {self._file} has a document type declaration")


class _LocalNamesParser(_GuardedParser):
    """Gives local names only; namespaces are left unresolved, since files trimmed by tools lack them (§4.2)."""

    @override
    def Parse(self, data: bytes, is_final: bool) -> None:
        """Parse all at once."""
        start, end = self.StartElementHandler, self.EndElementHandler
        self.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
        self.EndElementHandler = lambda name: end(_local(name))
        super().Parse(data, is_final)


def _local(name: str) -> str:
    """Give a name without its prefix; an inclusion is none of the description's own elements."""
    return name if name.startswith("xi:") else name.rpartition(":")[2]


class _Expat:
    """What xmltodict takes for the expat module."""

    def __init__(self, kind: type[_GuardedParser], file: str) -> None:
        """Know the parser to make, and which file errors are about."""
        self._kind = kind
        self._file = file

    def ParserCreate(self, encoding: str, _separator: str | None) -> _GuardedParser:
        """Make a parser; the name is that of the expat module."""
        return self._kind(self._file, encoding)


def elements(element: Element, name: str) -> Iterator[Element]:
    """Give the children of this name that have attributes or children themselves."""
    return with_attributes(children(element, name))


def with_attributes(items: object) -> Iterator[Element]:
    """Give those of some children that have attributes or children themselves."""
    if isinstance(items, list):
        for item in items:
            if isinstance(item, dict):
                yield item


def children(element: Element, name: str) -> list[Any]:
    """Give all children of this name, whatever they are."""
    items = element.get(name)
    if isinstance(items, list):
        return items
    return [] if items is None else [items]


def text_of(item: object, limit: int) -> str | None:
    """Give the text of an attribute or a child, cut at a limit."""
    if isinstance(item, dict):
        item = item.get("#text")
    return item[:limit] if isinstance(item, str) else None
