"""A small home in the vendor's words, and the fixture account of the vectors."""

from typing import Any

from tests.common import load_vectors

SHUTTER = "L4HActuator_shutter"
PLUG = "L4HActuator_plug"
LIGHT = "L4HActuator_light"
BELL = "Tuya_bell"
CAMERA = "L4HActuator_camera"

TYPES = {
    SHUTTER: ".dio1.wifi.shutter.mvt_linear.",
    PLUG: ".dio1.wifi.plug.switch.",
    LIGHT: ".dio1.wifi.genericSwitch.switch.",
    BELL: ".wifi.doorBell.camera.videostream.",
    CAMERA: ".wifi.camera.videostream.",
}
GREETING = {"name": "connection", "action": "success", "data": ""}
REFUSAL = {"name": "connection", "action": "invalid", "data": ""}
USER = {"id": "Zx81QwErTy", "name": "Sam Ple", "email": "someone@example.org", "bleKey": "00112233"}


def record(device_id: str, **members: object) -> dict[str, object]:
    """Build a line of the device list."""
    return {
        "id": device_id,
        "provider": device_id.split("_", maxsplit=1)[0],
        "name": device_id.split("_")[1].title(),
        "modelName": "SAMPLE",
        "type": TYPES.get(device_id, ".dio1.wifi.plug.switch."),
        "roomId": None,
        **members,
    }


def state(device_id: str, *links: dict[str, object], rc: object = 1) -> dict[str, object]:
    """Build a state object."""
    return {"di": device_id, "rc": rc, "t": 0, "links": list(links)}


def switched(value: object) -> dict[str, object]:
    """Build the resource of a switch."""
    return {"rt": "oic.r.switch.binary", "href": "switch", "value": value}


def quieted(value: object) -> dict[str, object]:
    """Build the resource of the quiet mode."""
    return {"rt": "gw.r.quietmode", "href": "quietmode", "value": value}


def moving(movement: object) -> dict[str, object]:
    """Build the resource of a motor."""
    return {"rt": "oic.r.movement.linear", "href": "mvtlinear", "movement": movement}


def level(percent: object) -> dict[str, object]:
    """Build the resource of a level."""
    return {"rt": "oic.r.openlevel", "href": "openlevel", "openLevel": percent}


def calibrated(up_ms: int, down_ms: int) -> dict[str, object]:
    """Build the resource of the travel times."""
    return {"rt": "gw.r.shutter.calibration", "up_ms": up_ms, "down_ms": down_ms}


def event(stamp: str, kind: str = "ring", image: str | None = None) -> dict[str, object]:
    """Build the resource of the last event."""
    data = {"reason": None, "image": image}
    return {"rt": "gw.r.lastEvent", "href": "lastEvent", "type": kind, "ts": stamp, "data": data}


def push(device_id: str, *links: dict[str, object], rc: object = 1) -> dict[str, object]:
    """Build the frame of a device that reports by itself."""
    return {
        "name": "deviceState",
        "action": "update",
        "data": state(device_id, *links, rc=rc),
    }


def states() -> dict[str, dict[str, object] | None]:
    """Build the states of the small home."""
    return {
        SHUTTER: state(SHUTTER, moving("stop"), level(60), calibrated(20_000, 18_000)),
        PLUG: state(PLUG, switched(0), quieted(0)),
        LIGHT: state(LIGHT, switched(1)),
        BELL: state(BELL, event("2026-04-02T06:55:10.250Z")),
    }


def fixture_account() -> dict[str, Any]:
    """Read the fixture account of the vectors; it is shared, so leave it unchanged."""
    data: dict[str, Any] = load_vectors("dio_chacon", "devices")
    return data
