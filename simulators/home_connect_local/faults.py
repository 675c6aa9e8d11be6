"""What an appliance can be told to do wrong."""

from ..faults import FaultKind
from ..websocket import UPGRADE_FAULTS

_ENDS = ("close", "fin", "rst")
_REQUEST = {"resource": "", "action": ""}
_WHICH = ("resource", "action")

FAULTS = (
    # --- opening the websocket ---
    *UPGRADE_FAULTS,
    FaultKind(
        "upgrade_close",
        "The websocket is closed as soon as it is open, before the appliance says anything.",
        {"how": "close", "code": 1000},
        {"how": _ENDS},
    ),
    FaultKind(
        "first_message",
        "The first message is not what it should be: another one, none, no JSON, without edMsgID, or with numbers as "
        "text.",
        {"how": "other"},
        {"how": ("other", "silence", "garbage", "no_id", "text")},
    ),
    # --- requests ---
    FaultKind(
        "refuse",
        "A request is answered with a code and not carried out unless 'act' says so.",
        {"code": 500, "act": False, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "silence",
        "A request is not answered, and not carried out unless 'act' says so.",
        {"act": False, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "delay",
        "A request waits; those behind it wait, too.",
        {"seconds": 1.0, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "stray",
        "Behind an answer comes another one: the same again, or one to a request nobody made.",
        {"how": "again", **_REQUEST},
        {"how": ("again", "unknown")},
        _WHICH,
    ),
    FaultKind(
        "early",
        "A notification about a value comes between a request and its answer.",
        {"uid": 0, "value": 0, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "cut",
        "The connection ends on a request: with a closing frame, FIN alone, RST, or in the middle of the frame that "
        "answers it, with FIN or RST behind.",
        {"how": "rst", "code": 1000, "act": False, **_REQUEST},
        {"how": (*_ENDS, "mid_frame", "mid_frame_rst")},
        _WHICH,
    ),
    # --- messages of the appliance ---
    FaultKind(
        "json",
        "A message of the appliance is not as it should be (§6.1, §6.3): the bracket of 'data' is missing, a quote too "
        "many stands behind it or at the end, it is cut off, has control characters, numbers as text, 'data' as an "
        "object, unknown members, no action, no version, or is no JSON at all.",
        {"how": "bracket", "resource": "", "action": ""},
        {
            "how": (
                "bracket",
                "quote",
                "doubled_quote",
                "truncated",
                "control",
                "text_numbers",
                "single",
                "unknown_members",
                "no_action",
                "no_version",
                "garbage",
                "array",
                "empty",
                "deep",
            )
        },
        _WHICH,
    ),
    FaultKind(
        "frame",
        "A frame of the appliance is not as the link wants it: its MAC or its text is another, it is too short or no "
        "multiple of a block, or it is of the other kind, text or binary. On TLS there is only the kind.",
        {"how": "mac", "resource": "", "action": ""},
        {"how": ("mac", "ciphertext", "short", "unaligned", "kind")},
        _WHICH,
    ),
    FaultKind(
        "lost",
        "A notification does not reach anybody.",
        {"resource": "^/ro/", "action": "NOTIFY"},
        patterns=_WHICH,
    ),
    FaultKind("duplicate", "A notification is sent twice.", dict(_REQUEST), patterns=_WHICH),
)
