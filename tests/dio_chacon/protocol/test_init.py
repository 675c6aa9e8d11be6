"""The door of the package: public names and nothing else."""

import ast
from pathlib import Path

from custom_components.dio_chacon import protocol

PROMISED = {
    *("AuthError", "CommandError", "ConnectError", "DeviceSilentError", "FrameError"),
    *("LinkClosedError", "LinkError", "PeerSilentError", "RefusedError", "SessionRefusedError"),
    *("SupersededError", "ThrottledError", "UnansweredError", "UnsupportedError", "VendorError"),
    *("Kind", "Movement", "Account", "Calibration", "LastEvent", "Record", "SdCard"),
    *("Device", "DioClient", "Credentials", "Servers", "Statistics", "Change"),
    *("LinkChanged", "DeviceAdded", "DeviceRemoved", "DeviceChanged", "Rang"),
    *("LIST_INTERVAL_S", "LOGIN_URL", "WEBSOCKET_URL"),
}


def test_everything_promised_is_there() -> None:
    """The rooms around the core import from here only."""
    assert set(protocol.__all__) >= PROMISED
    for name in protocol.__all__:
        assert getattr(protocol, name) is not None


def test_it_holds_no_code() -> None:
    """Imports, the list of names, a docstring."""
    tree = ast.parse(Path(protocol.__file__).read_text(encoding="utf-8"))
    assert all(
        isinstance(node, (ast.ImportFrom, ast.Expr))
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        for node in tree.body
    )


def test_it_never_reaches_for_home_assistant() -> None:
    """The core runs where Home Assistant is not installed."""
    for path in Path(protocol.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [
                *([alias.name for alias in node.names] if isinstance(node, ast.Import) else ()),
                *([node.module or ""] if isinstance(node, ast.ImportFrom) else ()),
            ]
            assert not any(name.split(".")[0] == "homeassistant" for name in names), path.name
