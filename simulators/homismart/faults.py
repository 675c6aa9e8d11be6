"""What the cloud can be told to do wrong."""

from ..faults import FaultKind
from ..websocket import UPGRADE_FAULTS

_ENDS = ("close", "fin", "rst")
_COMMANDS = "^(0006|0014|0016|0030|0138|0144)$"

FAULTS = (
    # --- opening the websocket ---
    *UPGRADE_FAULTS,
    # --- login ---
    FaultKind(
        "login_refuse",
        "The login is refused whatever the password: by a result that is false or missing, or by an error code.",
        {"how": "false", "code": 2, "info": ""},
        {"how": ("false", "missing", "error")},
    ),
    FaultKind("login_silence", "The login is never answered."),
    FaultKind("login_delay", "The login is answered late.", {"seconds": 1.0}),
    FaultKind(
        "login_close",
        "The server hangs up on a login, before or after its answer: with a closing frame, FIN alone, or RST.",
        {"how": "close", "code": 1000, "answer": False},
        {"how": _ENDS},
    ),
    FaultKind(
        "login_redirect",
        "The login is answered with a redirect: to the second server unless 'ip' and 'port' say otherwise, or with "
        "any 'body'. With 'answer' the login is answered all the same, after it.",
        {"ip": "", "port": "", "body": "", "answer": False},
    ),
    # --- list ---
    FaultKind(
        "list",
        "A list is answered with something else: half of its JSON, an object, null, no body, nothing in it, less "
        "than half of the home, or also things that are no devices.",
        {"how": "object"},
        {"how": ("truncated", "object", "null", "bare", "empty", "shrunk", "strangers")},
    ),
    # --- frames of the server ---
    FaultKind(
        "garble",
        "A frame of the server is replaced by something else.",
        {"how": "text", "prefix": ""},
        {
            "how": (
                "text",
                "truncated",
                "binary",
                "empty",
                "short",
                "bare",
                "array",
                "number",
                "null",
                "deep",
                "prefix",
                "oversized",
            )
        },
        ("prefix",),
    ),
    FaultKind(
        "duplicate", "A frame of the server is sent twice.", {"prefix": ""}, patterns=("prefix",)
    ),
    FaultKind(
        "delay",
        "A frame of the server comes late; others overtake it.",
        {"seconds": 1.0, "prefix": ""},
        patterns=("prefix",),
    ),
    FaultKind(
        "lost_push",
        "A push about a device does not reach anybody.",
        {"device": ""},
        patterns=("device",),
    ),
    FaultKind(
        "text_types",
        "Booleans and numbers of an object are sent as text, and the state of a curtain as a number.",
        {"device": ""},
        patterns=("device",),
    ),
    FaultKind(
        "numeric_id",
        "The id of an object is sent as a number, without its leading zeros.",
        {"device": ""},
        patterns=("device",),
    ),
    # --- requests ---
    FaultKind(
        "error",
        "A command, or another request by its prefix, is answered with an error frame, its code as text if 'text' says so, and not carried out unless "
        "'act' says so.",
        {"code": 1, "info": "", "text": False, "act": False, "prefix": _COMMANDS, "device": ""},
        patterns=("prefix", "device"),
    ),
    FaultKind(
        "silence",
        "A command, or another request by its prefix, is neither answered nor carried out.",
        {"prefix": _COMMANDS, "device": ""},
        patterns=("prefix", "device"),
    ),
    FaultKind(
        "cut",
        "The connection ends on a command or other request: with a closing frame, FIN alone, RST, or in the middle of a frame; the "
        "request is carried out all the same if 'act' says so.",
        {"prefix": _COMMANDS, "device": "", "how": "rst", "act": False},
        {"how": (*_ENDS, "mid_frame")},
        ("prefix", "device"),
    ),
    # --- devices ---
    FaultKind(
        "obstacle",
        "A curtain that is sent somewhere stops after so many percent of its way, and tells so or not.",
        {"device": "", "at": 50.0, "report": True},
        patterns=("device",),
    ),
    FaultKind(
        "stale_rewrite",
        "So long after a device has acted on a command another client writes its object as it was before.",
        {"device": "", "seconds": 0.5},
        patterns=("device",),
    ),
)
