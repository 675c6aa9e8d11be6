"""Answers of accessories, written down for tests."""

import json
from typing import Any

from custom_components.hap_controller.protocol.http import Request, Response

LAMP: dict[str, Any] = {
    "accessories": [
        {
            "aid": aid,
            "services": [
                {
                    "iid": 1,
                    "type": "43",
                    "characteristics": [
                        {
                            "iid": iid,
                            "type": "25",
                            "format": "bool",
                            "perms": ["pr", "pw", "ev"],
                            "value": False,
                        }
                        if iid == 2
                        else {
                            "iid": iid,
                            "type": "8",
                            "format": "int",
                            "perms": ["pr", "pw", "ev"],
                            "value": 0,
                        }
                        for iid in (2, 3)
                    ],
                }
            ],
        }
        for aid in range(1, 31)
    ]
}


def lamp_answers(request: Request) -> Response:
    """Answer as an accessory does that is well."""
    match request.method, request.target.partition("?")[0]:
        case "GET", "/accessories":
            return Response(200, json.dumps(LAMP).encode(), None)
        case "GET", "/characteristics":
            items = [{"aid": aid, "iid": iid, "value": 1} for aid, iid in ids_of(request)]
            return Response(200, json.dumps({"characteristics": items}).encode(), None)
        case _:
            return Response(204, b"", None)


def ids_of(request: Request) -> list[list[int]]:
    """Give what is to be read."""
    ids = request.target.partition("id=")[2]
    return [[int(part) for part in each.split(".")] for each in ids.split(",")]


def told(*items: tuple[int, int, Any]) -> bytes:
    """Write an event."""
    return json.dumps(
        {"characteristics": [{"aid": aid, "iid": iid, "value": value} for aid, iid, value in items]}
    ).encode()
