"""The reader of Home Assistant's log finds faults, and only those."""

import pytest

from script.latchkey_demo.check.log import HARMLESS, Record, faults, records

QUIET = [
    "2026-11-21 11:19:39.833 WARNING (MainThread) [aiohttp_fast_zlib] isal is not available\n",
    "2026-11-21 11:19:40.001 INFO (MainThread) [custom_components.dio_chacon] Connection lost\n",
]
FFMPEG = [
    "2026-11-21 11:19:42.921 ERROR (MainThread) [haffmpeg.core] FFmpeg fails [Errno 2] 'ffmpeg'\n",
    "Traceback (most recent call last):\n",
    "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'\n",
]


def line(level: str, logger: str, text: str) -> str:
    """Write one line as Home Assistant does."""
    return f"2026-11-21 11:19:42.921 {level} (MainThread) [{logger}] {text}\n"


def test_records_keep_their_lines() -> None:
    """What follows a head belongs to it, up to the next head."""
    found = list(records(["before\n", *FFMPEG, *QUIET]))
    assert [record.level for record in found] == ["", "ERROR", "WARNING", "INFO"]
    assert found[0].text == "before"
    assert found[1].text.endswith("'ffmpeg'")
    assert found[3].logger == "custom_components.dio_chacon"


def test_a_quiet_log_has_no_fault() -> None:
    """Warnings and infos of a clean run pass."""
    assert faults(QUIET) == []


def test_harmless_errors_pass_as_a_whole() -> None:
    """A known error takes its traceback with it."""
    assert faults([*FFMPEG, *QUIET]) == []
    assert len(faults(FFMPEG, harmless=())) == 1


def test_an_integration_that_is_not_installed() -> None:
    """What announces itself is offered to all; the error of one that has no package passes, of ours it does not."""
    text = (
        "Error occurred loading flow for integration home_connect: No module named 'aiohomeconnect'"
    )
    core = "homeassistant.components.home_connect"
    assert faults([line("ERROR", core, text)]) == []
    assert faults([line("ERROR", "custom_components.home_connect_local", text)])
    after = [
        line("ERROR", "homeassistant", "Error doing job: Task exception was never retrieved"),
        "Traceback (most recent call last):\n",
        '  File "config_entries.py", line 4380, in _async_get_flow_handler\n',
        "    await _load_integration(hass, domain, hass_config)\n",
        "homeassistant.data_entry_flow.UnknownHandler\n",
    ]
    assert faults(after) == []
    assert faults([*after[:-1], "KeyError: 'x'\n"])


def test_the_same_text_of_another_logger_is_a_fault() -> None:
    """What is harmless is tied to where it comes from."""
    text = "FFmpeg fails [Errno 2] No such file or directory: 'ffmpeg'"
    assert faults([line("ERROR", "custom_components.dio_chacon", text)])


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("ERROR", "anything"),
        ("CRITICAL", "anything"),
        ("WARNING", "Detected that custom integration 'dio_chacon' calls x at y"),
        ("WARNING", "Detected code that uses x"),
        ("WARNING", "The deprecated function x was used from dio_chacon"),
        ("WARNING", "x. This will stop working in Home Assistant 2027.8"),
        ("WARNING", "/p/x.py:3: DeprecationWarning: y"),
        ("INFO", "x will be removed in 2027.1"),
        ("WARNING", "RuntimeWarning: coroutine 'x' was never awaited"),
    ],
)
def test_faults(level: str, text: str) -> None:
    """Errors and misuse are faults at whatever level they are written."""
    assert len(faults([*QUIET, line(level, "a.logger", text), *QUIET])) == 1


def test_a_traceback_without_head_is_a_fault() -> None:
    """What Python prints by itself counts too."""
    assert len(faults(["Traceback (most recent call last):\n", "ValueError: x\n"])) == 1


def test_colours_do_not_hide_an_error() -> None:
    """A coloured log is read like a plain one."""
    assert faults(["\x1b[31m" + line("ERROR", "a.logger", "x").rstrip() + "\x1b[0m\n"])


def test_excerpt_shows_both_ends() -> None:
    """A long record is cut in the middle: the last line of a traceback says why."""
    record = Record("ERROR", "x", "\n".join(f"line {number}" for number in range(40)))
    lines = record.excerpt.splitlines()
    assert lines[0] == "line 0"
    assert lines[-1] == "line 39"
    assert len(lines) == 13


def test_every_exception_has_its_reason() -> None:
    """Nothing is let through without saying why."""
    assert all(item.reason for item in HARMLESS)
