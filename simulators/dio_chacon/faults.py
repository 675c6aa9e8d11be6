"""What the cloud can be told to do wrong."""

from ..faults import FaultKind
from ..websocket import UPGRADE_FAULTS

FAULTS = (
    # --- HTTP login ---
    FaultKind(
        "login_refuse",
        "The login answers as for a wrong password: status 400 in the JSON body.",
        {"http_status": 200, "text": "Invalid username/password."},
    ),
    FaultKind(
        "login_status",
        "The login answers with an HTTP status (404, 405, 410, 429, 500, 502, ...) and a text, "
        "taken for JSON when it begins with a brace.",
        {"status": 502, "text": "<html>Bad gateway</html>", "retry_after": "", "location": ""},
    ),
    FaultKind("login_hang", "The login is never answered."),
    FaultKind("login_delay", "The login is answered late.", {"seconds": 1.0}),
    # --- opening the websocket ---
    *UPGRADE_FAULTS,
    FaultKind("greeting_none", "The server opens the websocket and says nothing."),
    FaultKind("greeting_delay", "The greeting comes late.", {"seconds": 1.0}),
    FaultKind("greeting_invalid", "The greeting refuses, whatever the credentials."),
    FaultKind(
        "greeting_close",
        "The server greets and hangs up at once: with a closing frame, FIN alone, or RST.",
        {"how": "close", "code": 1000},
        {"how": ("close", "fin", "rst")},
    ),
    # --- frames of the server ---
    FaultKind(
        "garble",
        "A frame of the server is replaced by something else.",
        {"how": "text"},
        {"how": ("text", "truncated", "binary", "array", "number", "null", "oversized")},
    ),
    FaultKind("duplicate", "A frame of the server is sent twice."),
    FaultKind(
        "lost_push",
        "A push about a device does not reach anybody.",
        {"device": ""},
        patterns=("device",),
    ),
    # --- answers ---
    FaultKind(
        "delay",
        "Answers come late.",
        {"seconds": 1.0, "path": ""},
        patterns=("path",),
    ),
    FaultKind("reorder", "Answers are kept for a while and sent last first.", {"seconds": 0.05}),
    FaultKind(
        "answer_id",
        "The answer has its id as text, that of no request, or none.",
        {"how": "text", "path": ""},
        {"how": ("text", "unknown", "missing")},
        ("path",),
    ),
    FaultKind(
        "answer_status",
        "A request is answered with this status and not carried out.",
        {"status": 500, "data": "timeout", "path": ""},
        patterns=("path",),
    ),
    FaultKind(
        "silence",
        "A request is not answered; it is carried out all the same if 'act' says so.",
        {"path": "", "act": False},
        patterns=("path",),
    ),
    FaultKind(
        "cut",
        "The connection ends on a request, before the answer: with a closing frame, FIN alone, RST, "
        "or in the middle of the answer's frame.",
        {"path": "", "how": "rst", "act": False},
        {"how": ("close", "fin", "rst", "mid_frame")},
        ("path",),
    ),
    # --- devices ---
    FaultKind(
        "null_state",
        "The state of a device is answered as null.",
        {"device": ""},
        patterns=("device",),
    ),
    FaultKind(
        "missing_state",
        "The state of a device is left out of the answer.",
        {"device": ""},
        patterns=("device",),
    ),
    FaultKind(
        "deaf",
        "The cloud acknowledges a command and the device does nothing.",
        {"device": ""},
        patterns=("device",),
    ),
)
