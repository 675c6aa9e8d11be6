"""XML to dictionaries, through xmltodict, and without what makes XML dangerous.

Source: docs/home_connect_local/wire.md §3.1 (safety), §4.1, §4.2. Bounds are ours: real pairs of files have some 6,000
elements, seven deep.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, Self
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

ATTRIBUTES: Final = "@"
"""Under this name an element of a description file has its attributes."""

type Element = Mapping[str, Any]
"""Children of one name as a list, text as ``#text``, attributes. What a file should not have may be there."""


def read_description(data: bytes) -> Element:
    """Parse a description file to its root; attributes stand apart, text only where there are none.

    Copying seven attributes of each of a thousand features one by one is what xmltodict takes longest for.
    Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    return _root(data, "device", "description file", apart=True)


def read_mapping(data: bytes) -> Element:
    """Parse a mapping file to its root; attributes stand beside text.

    Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    return _root(data, "featureMappingFile", "mapping file", apart=False)


def _root(data: bytes, name: str, file: str, *, apart: bool) -> Element:
    """Parse one file; its root must have this local name."""
    # Counted before: it bounds the memory that parsing needs.
    if (
        len(data) > MAX_XML_BYTES
        or data.count(b"<") > MAX_MARKS
        or data.count(b"=") > MAX_ATTRIBUTES
    ):
        raise ProfileError("too_large", f"the {file} is beyond all bounds")
    found, root = _document(data, _Guard(file, apart=apart))
    if ":" in found:  # rare, and not worth the time it takes to look for in all elements
        found, root = _document(data, _Guard(file, apart=apart, local_names=True))
    if found != name:
        raise ProfileError("parse_error", f"the root of the {file} is not {name}")
    if not isinstance(root, dict):
        return {}
    for child, items in root.items():
        if child not in _REPEATED and not _within_depth(items):
            raise ProfileError("unsafe", f"the {file} is nested too deeply")
    return root


def _document(data: bytes, guard: _Guard) -> tuple[str, object]:
    """Parse a file to the name of its root and what that has."""
    # Needed at an upload only, not at every start; it has no types.
    import xmltodict  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        document = xmltodict.parse(
            data, encoding="utf-8", expat=guard, force_list=_REPEATED, attr_prefix=""
        )
    except expat.ExpatError as err:
        reason = f"the {guard.file} is not well-formed XML, line {err.lineno}"
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


type _Start = Callable[[str, dict[str, Any]], None]
type _End = Callable[[str], None]
type _Text = Callable[[str], None]


class _Guard:
    """What xmltodict takes for the expat module and its parser: takes handlers, and refuses what no profile needs."""

    StartElementHandler: _Start
    EndElementHandler: _End
    CharacterDataHandler: _Text

    def __init__(self, file: str, *, apart: bool, local_names: bool = False) -> None:
        """Prepare for one file, which errors are about."""
        self.file = file
        self._apart = apart
        self._local_names = local_names
        self._encoding = ""

    def ParserCreate(self, encoding: str, _separator: str | None) -> Self:
        """Make a parser; the name is that of the expat module."""
        self._encoding = encoding
        return self

    def Parse(self, data: bytes, is_final: bool) -> None:
        """Parse all at once; the name is that of the expat module."""
        parser = expat.ParserCreate(self._encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        start, end = self.StartElementHandler, self.EndElementHandler
        if self._local_names:
            start, end = _local_names(start, end)
        if self._apart:
            start = _attributes_apart(start, self.CharacterDataHandler, parser)
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = self.CharacterDataHandler
        parser.Parse(data, is_final)

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise ProfileError("unsafe", f"the {self.file} has a document type declaration")


def _local_names(start: _Start, end: _End) -> tuple[_Start, _End]:
    """Give local names only; namespaces are left unresolved, since files trimmed by tools lack them (§4.2)."""

    def local(name: str) -> str:
        # An inclusion is none of the description's own elements.
        return name if name.startswith("xi:") else name.rpartition(":")[2]

    return (
        lambda name, attributes: start(local(name), attributes),
        lambda name: end(local(name)),
    )


def _attributes_apart(start: _Start, text: _Text, parser: expat.XMLParserType) -> _Start:
    """Hand over attributes as one, and text of elements without any: the rest is what stands between elements."""
    listening = True

    def started(name: str, attributes: dict[str, Any]) -> None:
        nonlocal listening
        if attributes:
            if listening:
                parser.CharacterDataHandler = None
                listening = False
            start(name, {ATTRIBUTES: attributes})
        else:
            if not listening:
                parser.CharacterDataHandler = text
                listening = True
            start(name, attributes)

    return started


def elements(element: Element, name: str) -> Iterator[Element]:
    """Give the children of this name that have attributes or children themselves."""
    return filled(children(element, name))


def filled(items: list[Any]) -> Iterator[Element]:
    """Give those of some children that have attributes or children themselves."""
    return (item for item in items if isinstance(item, dict))


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
