"""What an accessory can be told to do wrong.

Lasting quirks of whole products are not here: they are ``Rules``.
"""

from ..faults import FaultKind

ENDS = ("fin", "rst")
_REQUEST = {"method": "", "path": "", "step": ""}
_WHICH = ("method", "path", "step")

FAULTS = (
    # --- connections ---
    FaultKind(
        "accept",
        "A connection that is opened is closed at once, or nothing on it is ever read or answered.",
        {"how": "fin"},
        {"how": (*ENDS, "silence")},
    ),
    FaultKind(
        "cut",
        "The connection ends on a request: before it is carried out, or behind that if 'act' says so; then the answer "
        "is not sent ('none'), half of it is, or all. 'step' is the number of a pairing message that answers: M2 to M6.",
        {"how": "rst", "act": False, "answer": "none", **_REQUEST},
        {"how": ENDS, "answer": ("none", "half", "all")},
        _WHICH,
    ),
    FaultKind(
        "silence",
        "A request is not answered, and not carried out unless 'act' says so.",
        {"act": False, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "delay",
        "A request waits before it is carried out; those behind it wait, too.",
        {"seconds": 1.0, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "dribble",
        "From an answer on the connection sends one byte at a time.",
        {"pause_s": 0.05, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "frame",
        "The frames of an answer or event are not as they should be: another tag or text, another length, the frame of "
        "before once more, one left out, or no seal at all. 'long' and 'small' frames are odd but legal.",
        {"how": "tag", "path": "", "method": ""},
        {"how": ("tag", "text", "length", "replay", "skip", "plain", "long", "small")},
        ("path", "method"),
    ),
    # --- answers ---
    FaultKind(
        "code",
        "A request is answered with an HTTP code, and not carried out unless 'act' says so; with 'status' there is a "
        "body with that status.",
        {"code": 500, "status": 0, "act": False, **_REQUEST},
        patterns=_WHICH,
    ),
    FaultKind(
        "status",
        "Characteristics are answered with a status: all that are asked for or one in so many, of any accessory or of "
        "one, and of any type or one by its name. 'kind' is read, write or subscribe.",
        {"status": -70402, "every": 1, "aid": 0, "type": "", "kind": ""},
        patterns=("kind",),
    ),
    FaultKind(
        "json",
        "The JSON of an answer or event is not as it should be; spaces, pretty, commas, extra, numbers, floats, "
        "positive and odd_elements are odd only.",
        {"how": "garbage", "path": "", "method": ""},
        {
            "how": (
                "garbage",
                "truncated",
                "latin",
                "deep",
                "array",
                "empty",
                "nulls",
                "spaces",
                "pretty",
                "commas",
                "extra",
                "numbers",
                "floats",
                "positive",
                "odd_elements",
            )
        },
        ("path", "method"),
    ),
    FaultKind(
        "http",
        "An answer is no HTTP, comes twice, or has a head or body without end.",
        {"how": "garbage", "path": "", "method": ""},
        {"how": ("garbage", "twice", "endless_head", "endless_body", "huge", "stray_event")},
        ("path", "method"),
    ),
    FaultKind(
        "image",
        "A picture cannot be had: none is there, a status, an empty one, or something that is none.",
        {"how": "none"},
        {"how": ("none", "status", "empty", "text")},
    ),
    # --- events ---
    FaultKind("lost", "An event does not reach anybody."),
    FaultKind("doubled", "An event is sent twice."),
    # --- pairing ---
    FaultKind(
        "pair_error",
        "A message of pair-setup is answered with an error: 1 unknown, 2 authentication, 3 back-off, 4 max peers, "
        "5 max tries, 6 unavailable, 7 busy. 'step' is M2, M4 or M6.",
        {"code": 7, "step": "M2", "retry_after_s": 0},
        patterns=("step",),
    ),
    FaultKind(
        "pair_odd",
        "A message of pair-setup is not as it should be. certificate, zero_salt, no_state and unknown_items are odd "
        "only.",
        {"how": "proof", "step": ""},
        {
            "how": (
                "proof",
                "signature",
                "zero_key",
                "tag",
                "other_state",
                "certificate",
                "zero_salt",
                "no_state",
                "unknown_items",
            )
        },
        ("how", "step"),
    ),
    FaultKind(
        "pair_http",
        "The answers of pair-setup and pair-verify come with this HTTP code, as from Lennox and Insignia (§3.4).",
        {"code": 405, "step": ""},
        patterns=("step",),
    ),
    FaultKind(
        "verify",
        "Pair-verify goes wrong: the accessory says another id, signs or seals wrongly, or refuses with an error; "
        "no_state is odd only. 'step' is M2 or M4 for an error.",
        {"how": "error", "code": 2, "step": ""},
        {"how": ("error", "id", "signature", "tag", "no_state")},
        ("how", "step"),
    ),
)
