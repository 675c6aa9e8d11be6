"""Descriptions of accessories, written down for tests."""

from typing import Any

from hypothesis import strategies as st
import orjson

from custom_components.hap_controller.protocol.model import Database


def characteristic(iid: int, type_: str, perms: str = "pr pw ev", **members: Any) -> dict[str, Any]:
    """Describe a characteristic."""
    return {"iid": iid, "type": type_, "perms": perms.split(), **members}


def service(iid: int, type_: str, *characteristics: Any, **members: Any) -> dict[str, Any]:
    """Describe a service."""
    return {"iid": iid, "type": type_, "characteristics": list(characteristics), **members}


def database(*services: Any, aid: int = 1) -> Database:
    """Read the description of one accessory."""
    return load({"aid": aid, "services": list(services)})


def load(*accessories: Any) -> Database:
    """Read a description."""
    return Database.load(orjson.dumps({"accessories": accessories}))


LAMP = service(
    8,
    "43",
    characteristic(9, "25", format="bool", value=0),
    characteristic(10, "8", format="int", value=50, minValue=0, maxValue=100, unit="percentage"),
)
BUTTON = service(20, "89", characteristic(21, "73", "pr ev", format="uint8", value=None))
INFORMATION = service(
    1,
    "3E",
    characteristic(2, "14", "pw", format="bool"),
    characteristic(3, "23", "pr", format="string", value=" Lamp\n"),
    characteristic(4, "52", "pr", format="string", value=1.5),
    characteristic(5, "30", "pr", format="string", value=" "),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
