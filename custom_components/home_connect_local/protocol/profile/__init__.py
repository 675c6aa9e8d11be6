"""Descriptions of appliances: from the archive a user has to the typed form, to JSON and back.

Everything here is a pure function of bytes and may take long: call it from an executor.
Source: docs/home_connect_local/wire.md §3, §4 and the rows "Files" of §12.
"""

from .archive import MAX_ARCHIVE_BYTES, Archive, Profile, read_archive
from .content_types import content_type
from .description import (
    FORMAT,
    Description,
    Enumeration,
    Feature,
    FeatureList,
    Head,
    Info,
    ProgramOption,
)
from .errors import ProfileError, Reason
from .literals import read_literal, read_number
from .xml import parse_description

__all__ = [
    "FORMAT",
    "MAX_ARCHIVE_BYTES",
    "Archive",
    "Description",
    "Enumeration",
    "Feature",
    "FeatureList",
    "Head",
    "Info",
    "Profile",
    "ProfileError",
    "ProgramOption",
    "Reason",
    "content_type",
    "parse_description",
    "read_archive",
    "read_literal",
    "read_number",
]
