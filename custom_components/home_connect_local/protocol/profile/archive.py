"""The archive a user uploads: one or several appliances, each with its key and its two files.

Source: docs/home_connect_local/wire.md §3. Nothing is unpacked to a disk. What a ZIP says of itself is not believed:
bytes are counted while they are inflated. Where the archive as a whole cannot be trusted it is refused; a fault of
one appliance spares the others.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
import re
import stat
import struct
from typing import Any, Final, NamedTuple
import zipfile
import zlib

import orjson

from ..const import ConnectionType
from .description import Description, Head
from .errors import ProfileError
from .xml import parse_description

# §3.1
MAX_ARCHIVE_BYTES: Final = 20 * 1024 * 1024
MAX_ENTRY_BYTES: Final = 20 * 1024 * 1024
MAX_ENTRIES: Final = 500
MAX_RATIO: Final = 200
# Ours. A pair of files has half a megabyte; an entry that several appliances name counts each time.
MAX_TOTAL_BYTES: Final = 32 * 1024 * 1024
MAX_APPLIANCES: Final = 64
MAX_TEXT_CHARS: Final = 64
_READ_BYTES: Final = 64 * 1024
# Tiny files may be compressed better than any real one.
_RATIO_COUNTS_FROM_BYTES: Final = 64 * 1024

KEY_BYTES: Final = 32
IV_BYTES: Final = 16

_HA_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_HEAD_FIELDS: Final = {"haId", "key", "deviceDescriptionFileName", "featureMappingFileName"}
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_ENCRYPTED_FLAGS: Final = 0x2041
"""Encrypted, strongly encrypted, or with a masked directory."""
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BOM: Final = b"\xef\xbb\xbf"
# Everything that zipfile raises about bytes it cannot make sense of.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is needed to talk to one appliance."""

    ha_id: str
    """Unique id of the appliance everywhere."""
    connection_type: ConnectionType
    key: bytes = field(repr=False)
    """32 bytes, secret."""
    iv: bytes | None = field(repr=False)
    """16 bytes for AES links, secret; None for TLS."""
    created: str | None
    """When it was downloaded, as the file says it; ISO 8601."""
    description: Description


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds."""

    profiles: tuple[Profile, ...]
    """In the order of the archive."""
    failures: tuple[ProfileError, ...]
    """Of the appliances that cannot be used."""


def read_archive(data: bytes) -> Archive:
    """Read an archive, in memory; may take seconds for one at the limits.

    Raises ProfileError when there is nothing usable, or when the archive as a whole is refused.
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise ProfileError("too_large", "the archive is beyond 20 MiB")
    files = _Files(data)
    heads, faults = _heads(files)
    if not heads:
        if faults:
            raise faults[0]
        raise ProfileError("no_profile", "no file in the archive is the head of a profile")
    if len(heads) > MAX_APPLIANCES:
        raise ProfileError("too_large", f"more than {MAX_APPLIANCES} appliances")
    profiles: list[Profile] = []
    failures: list[ProfileError] = []
    for head in heads:
        try:
            profiles.append(_profile(files, head))
        except ProfileError as err:
            err.appliance, err.ha_id = head.label, head.ha_id
            if err.reason == "unsafe":
                raise
            failures.append(err)
    if not profiles:
        raise failures[0]
    return Archive(tuple(profiles), tuple(failures))


class _Entry(NamedTuple):
    """A file of the archive that may matter."""

    info: zipfile.ZipInfo
    folder: str
    name: str
    """Base name."""


class _Files:
    """The files of an archive, checked and counted."""

    def __init__(self, data: bytes) -> None:
        """List them.

        Raises ProfileError when the archive is no ZIP, or not a harmless one.
        """
        # Counted before, since listing millions would take its time.
        if data.count(b"PK\x01\x02") > MAX_ENTRIES:
            raise ProfileError("too_large", f"more than {MAX_ENTRIES} entries")
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _BROKEN:
            if _is_foreign(_json(data)):
                raise _foreign() from None
            raise ProfileError("invalid_profile_file", "not a ZIP archive") from None
        self._left = MAX_TOTAL_BYTES
        self.entries = tuple(_entries(self._zip.infolist()))

    def read(self, entry: _Entry) -> bytes:
        """Inflate one file.

        Raises ProfileError when it, or all together, become too large, or it is damaged.
        """
        info = entry.info
        if info.compress_type not in _METHODS:
            raise ProfileError("invalid_profile_file", "an entry is compressed in an unusual way")
        limit = min(MAX_ENTRY_BYTES, self._left)
        most = max(_RATIO_COUNTS_FROM_BYTES, info.compress_size * MAX_RATIO)
        found = bytearray()
        try:
            with self._zip.open(info) as file:
                while chunk := file.read(_READ_BYTES):
                    found += chunk
                    if len(found) > limit:
                        raise ProfileError("too_large", "an entry, or all together, are too large")
                    if len(found) > most:
                        raise ProfileError("unsafe", "an entry is compressed beyond reason")
        except _BROKEN:
            raise ProfileError("invalid_profile_file", "an entry is damaged") from None
        finally:
            self._left -= len(found)
        return bytes(found)

    def find(self, name: str, folder: str) -> _Entry | None:
        """Find a file by base name: near its head first, then anywhere; in this spelling first, then in any.

        Of several the first of the archive is taken.
        """
        near = [entry for entry in self.entries if entry.folder == folder]
        folded = name.casefold()
        for place in (near, self.entries):
            for entry in place:
                if entry.name == name:
                    return entry
            for entry in place:
                if entry.name.casefold() == folded:
                    return entry
        return None


def _entries(infos: list[zipfile.ZipInfo]) -> Iterator[_Entry]:
    """Give the files that may matter.

    Raises ProfileError when one of the others shows that the archive means harm, or cannot be read.
    """
    for info in infos:
        # Some tools write the separators of their own system.
        path = info.filename.replace("\\", "/")
        folder, _, name = path.rpartition("/")
        if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/"):
            raise ProfileError("unsafe", "an entry leads out of the archive")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ProfileError("unsafe", "an entry is a link")
        if info.flag_bits & _ENCRYPTED_FLAGS:
            raise ProfileError("encrypted", "the archive is encrypted")
        if name and not name.startswith("._") and "__MACOSX" not in folder.split("/"):
            yield _Entry(info, folder, name)


class _HeadFile(NamedTuple):
    """A head file, as found."""

    ha_id: str
    label: str
    """What a user calls the appliance."""
    folder: str
    content: Mapping[str, Any]


def _heads(files: _Files) -> tuple[list[_HeadFile], list[ProfileError]]:
    """Find the heads, one per appliance, and what else there is that explains why there are none.

    An archive may hold an appliance twice: the later download has the key that still works.
    """
    found: dict[str, _HeadFile] = {}
    faults: list[ProfileError] = []
    for entry in files.entries:
        if not entry.name.lower().endswith(".json"):
            continue
        try:
            content = _json(files.read(entry))
        except ProfileError as err:
            if err.reason != "invalid_profile_file":
                raise
            faults.append(err)
            continue
        if not isinstance(content, dict) or not content.keys() >= _HEAD_FIELDS:
            if _is_foreign(content):
                faults.append(_foreign())
            continue
        head = _head_file(entry.folder, content)
        known = found.setdefault(head.ha_id.casefold(), head)
        if _created(head.content) > _created(known.content):
            found[head.ha_id.casefold()] = head
    return list(found.values()), faults


def _foreign() -> ProfileError:
    return ProfileError("wrong_tool_format", "the features are parsed already")


def _head_file(folder: str, content: Mapping[str, Any]) -> _HeadFile:
    """Check what a head says about names and paths.

    Raises ProfileError ``unsafe`` for what no appliance is called.
    """
    ha_id = content["haId"]
    if not isinstance(ha_id, str) or not _HA_ID.fullmatch(ha_id):
        raise ProfileError("unsafe", "the id of an appliance is not one")
    for name in ("deviceDescriptionFileName", "featureMappingFileName"):
        value = content[name]
        if isinstance(value, str) and (".." in value or "/" in value or "\\" in value):
            raise ProfileError("unsafe", f"{name} leads elsewhere", ha_id=ha_id)
    words = [word for name in ("brand", "type", "vib") if (word := _text(content, name))]
    return _HeadFile(ha_id, " ".join(words) or f"…{ha_id[-4:]}", folder, content)


def _profile(files: _Files, head: _HeadFile) -> Profile:
    """Read one appliance.

    Raises ProfileError.
    """
    content = head.content
    connection_type = _connection_type(content)
    key = _secret(content, "key", KEY_BYTES)
    iv = _secret(content, "iv", IV_BYTES) if connection_type is ConnectionType.AES else None
    xml = []
    for name in ("deviceDescriptionFileName", "featureMappingFileName"):
        file_name = content[name]
        entry = files.find(file_name, head.folder) if isinstance(file_name, str) else None
        if entry is None:
            what = "description" if name.startswith("device") else "mapping"
            raise ProfileError("missing_file", f"the {what} file is not in the archive")
        xml.append(files.read(entry))
    parts = Head(
        head.ha_id,
        *(_text(content, name) for name in ("type", "brand", "vib", "mac", "serialNumber")),
    )
    return Profile(
        head.ha_id,
        connection_type,
        key,
        iv,
        None if _created(content) == _NEVER else _text(content, "created"),
        parse_description(xml[0], xml[1], parts),
    )


def _connection_type(content: Mapping[str, Any]) -> ConnectionType:
    """Tell the kind of link; where the head does not say, by whether it has what only AES needs (§1)."""
    said = content.get("connectionType")
    if isinstance(said, str) and said.upper() in ConnectionType:
        return ConnectionType(said.upper())
    return ConnectionType.AES if content.get("iv") else ConnectionType.TLS


def _secret(content: Mapping[str, Any], name: str, size: int) -> bytes:
    """Decode a secret: base64 of either alphabet, with or without padding.

    Raises ProfileError ``invalid_key``, which does not hold it.
    """
    text = content.get(name)
    if isinstance(text, str) and len(text) <= size * 2:
        bare = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            secret = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        except binascii.Error, ValueError:
            secret = b""
        if len(secret) == size:
            return secret
    raise ProfileError("invalid_key", f"{name} is not {size} bytes in base64")


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _created(content: Mapping[str, Any]) -> datetime:
    """Tell when a profile was downloaded; a time without zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(content["created"])
    except KeyError, TypeError, ValueError:
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(content: Mapping[str, Any], name: str) -> str | None:
    """Give a text of a head; None for what is none."""
    value = content.get(name)
    return value[:MAX_TEXT_CHARS] if isinstance(value, str) and value else None


def _json(data: bytes) -> Any:
    """Parse JSON; None for what is none."""
    try:
        return orjson.loads(data.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        return None


def _is_foreign(content: Any) -> bool:
    """Tell whether this is the file of another tool: all appliances, with features parsed already."""
    items = content.values() if isinstance(content, dict) else content
    return isinstance(content, dict | list) and any(
        isinstance(item, dict) and "features" in item for item in items
    )
