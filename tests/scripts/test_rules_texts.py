"""Each rule about texts and icons finds the fault it is for."""

import copy
import json
from typing import Any

import pytest

from ..rules import texts
from .conftest import Tree

ENGLISH: dict[str, Any] = {
    "config": {
        "step": {
            "user": {
                "title": "Sign in",
                "data": {"username": "E-mail"},
                "data_description": {"username": "The address of your account."},
                "sections": {
                    "advanced": {
                        "name": "Servers",
                        "data": {"url": "Address"},
                        "data_description": {"url": "For example {example}."},
                    }
                },
            }
        },
        "error": {"cannot_connect": "No answer: {reason}"},
        "abort": {"already_configured": "Already set up"},
    },
    "entity": {"switch": {"power": {"name": "Power"}}},
    "exceptions": {"cannot_connect": {"message": "No answer: {reason}"}},
    "issues": {"old": {"title": "Old", "description": "Too old"}},
    "services": {
        "ring": {
            "name": "Ring",
            "description": "Rings.",
            "fields": {"tone": {"name": "Tone", "description": "Which."}},
        }
    },
}
SOURCE = """
from homeassistant.const import CONF_USERNAME
ADVANCED = "advanced"
ISSUE_OLD: Final = "old"

class LampFlow(ConfigFlow, domain=DOMAIN):
    async def async_step_user(self, user_input=None):
        errors: dict[str, str] = {}
        errors["base"] = "cannot_connect"
        self._abort_if_unique_id_configured()
        schema = vol.Schema({vol.Required(CONF_USERNAME): str, vol.Required(ADVANCED): section})
        return self.async_show_form(step_id="user", data_schema=schema, errors=errors)
"""
SWITCH = """
ROWS = (LampSwitchDescription(key="power", translation_key="power"),)

def act():
    raise HomeAssistantError(translation_domain=DOMAIN, translation_key="cannot_connect")
    ir.async_create_issue(hass, DOMAIN, "x", translation_key="old")
"""
ICONS = {
    "entity": {"switch": {"power": {"default": "mdi:power", "state": {"off": "mdi:power-off"}}}},
    "services": {"ring": {"service": "mdi:bell"}},
}


def without(path: str) -> dict[str, Any]:
    """Return the texts with one key taken out."""
    changed = copy.deepcopy(ENGLISH)
    *parents, last = path.split(".")
    part = changed
    for key in parents:
        part = part[key]
    del part[last]
    return changed


def test_sound_texts_pass() -> None:
    """No rule objects to texts as they should be."""
    assert texts.bad_texts(ENGLISH) == []
    assert texts.undescribed_fields(ENGLISH) == []
    assert texts.disparities(ENGLISH, copy.deepcopy(ENGLISH)) == []
    assert texts.bad_icons(ICONS, ENGLISH) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a <b>bold</b> word", "HTML"),
        ("see https://example.org", "address"),
        ("see www.example.org", "address"),
        (" blank", "blanks"),
        ("the '{name}'", "single quotes"),
        ("{0} places", "identifier"),
        ("{} places", "identifier"),
        ("{open", "braces"),
        ("", "no text"),
        (7, "no text"),
    ],
)
def test_a_bad_text_is_found(text: Any, fault: str) -> None:
    """Each rule of Home Assistant for a value has its message."""
    faults = texts.bad_texts({"common": {"key": text}})
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize("key", ["Upper", "_start", "end-", "a__b", "a--b", "sp ace", ""])
def test_a_bad_key_is_found(key: str) -> None:
    """Keys are lower case, with single inner hyphens and underscores."""
    assert len(texts.bad_texts({"common": {key: "text"}})) == 1


@pytest.mark.parametrize("key", ["a", "abc", "a_b-c9", "0"])
def test_a_good_key_passes(key: str) -> None:
    """What Home Assistant takes is not refused."""
    assert texts.bad_texts({"common": {key: "text"}}) == []


def test_an_unknown_section_is_found() -> None:
    """A misspelt section would never be read."""
    assert texts.bad_texts({"conifg": {"a": "b"}}) == ["conifg is no section"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("exceptions.cannot_connect", "exceptions.cannot_connect.message is missing"),
        ("config.abort", "config.abort.already_configured is missing"),
    ],
)
def test_a_missing_translation_is_found(change: str, fault: str) -> None:
    """Both directions are compared."""
    assert texts.disparities(ENGLISH, without(change)) == [fault]
    assert texts.disparities(without(change), ENGLISH) == [
        fault.replace("is missing", "is not in English")
    ]


def test_other_placeholders_are_found() -> None:
    """A translation that loses a placeholder loses what the user should read."""
    other = copy.deepcopy(ENGLISH)
    other["config"]["error"]["cannot_connect"] = "Pas de réponse"
    assert texts.disparities(ENGLISH, other) == [
        "config.error.cannot_connect has other placeholders than English"
    ]


def test_fields_and_descriptions_must_match() -> None:
    """Each field is described, also in sections; each description has its field."""
    missing = texts.undescribed_fields(
        without("config.step.user.sections.advanced.data_description.url")
    )
    assert missing == ["config.step.user.advanced: url has no description"]
    extra = texts.undescribed_fields(without("config.step.user.data.username"))
    assert extra == ["config.step.user: username is no field"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("config.step.user", "step: user has no text"),
        ("config.step.user.data.username", "field: username has no text"),
        ("config.step.user.sections.advanced", "field: advanced has no text"),
        ("config.error.cannot_connect", "error: cannot_connect has no text"),
        ("config.abort.already_configured", "abort: already_configured has no text"),
        ("exceptions.cannot_connect", "exceptions: cannot_connect has no text"),
        ("issues.old", "issues: old has no text"),
        ("entity.switch.power", "entity.switch: power has no name"),
    ],
)
def test_a_used_key_without_text_is_found(tree: Tree, change: str, fault: str) -> None:
    """The source names the key, the texts do not have it."""
    component = tree({"lamp/config_flow.py": SOURCE, "lamp/switch.py": SWITCH}) / "lamp"
    assert texts.untranslated(component, ENGLISH) == []
    assert fault in texts.untranslated(component, without(change))


@pytest.mark.parametrize(
    ("row", "platform"),
    [
        ("AccountBinarySensorDescription", "binary_sensor"),
        ("DeviceSensorDescription", "sensor"),
        ("LampSwitchDescription", "switch"),
    ],
)
def test_rows_in_a_room_of_several_platforms_need_names(
    tree: Tree, row: str, platform: str
) -> None:
    """What a row is tells whose name it needs; a row of no platform needs none."""
    source = f'ROW = {row}(key="x", translation_key="odd")\n'
    other = 'ROW = LampDescription(key="x", translation_key="other")\n'
    component = tree({"lamp/platforms.py": source + other}) / "lamp"
    assert texts.untranslated(component, ENGLISH) == [f"entity.{platform}: odd has no name"]


def test_the_steps_of_reauthentication_need_their_reasons(tree: Tree) -> None:
    """Home Assistant's helpers abort with reasons of their own."""
    source = "class F:\n    async def async_step_reauth(self): ...\n"
    component = tree({"lamp/config_flow.py": source}) / "lamp"
    assert texts.untranslated(component, ENGLISH) == ["abort: reauth_successful has no text"]


def test_errors_without_text_are_found() -> None:
    """Each key of the table is wanted as exception, and in forms where a form can meet it."""
    assert texts.missing_error_texts({"cannot_connect"}, {"cannot_connect"}, ENGLISH) == []
    assert texts.missing_error_texts({"refused", "late"}, {"refused"}, ENGLISH) == [
        "exceptions.late is missing",
        "exceptions.refused is missing",
        "config.error.refused is missing",
    ]


@pytest.mark.parametrize(
    ("icons", "fault"),
    [
        ({"entity": {"switch": {"light": {"default": "mdi:bulb"}}}}, "an icon but no text"),
        ({"entity": {"switch": {"power": {"state": {"on": "mdi:a"}}}}}, "no default icon"),
        ({"entity": {"switch": {"power": {"default": "fa:bulb"}}}}, "no mdi icon"),
        (
            {"entity": {"switch": {"power": {"default": "mdi:a", "state": {"on": "mdi:a"}}}}},
            "repeats the default",
        ),
        ({"services": {"sing": {"service": "mdi:a"}}}, "services.sing has an icon but no text"),
        ({"entities": {}}, "no section"),
    ],
)
def test_a_bad_icon_is_found(icons: dict[str, Any], fault: str) -> None:
    """An icon that nobody would see, or that is not there, is named."""
    faults = texts.bad_icons(icons, ENGLISH)
    assert len(faults) == 1
    assert fault in faults[0]


def test_actions_need_texts_and_icons(tree: Tree) -> None:
    """Every action and each of its fields is explained."""
    fields = "ring:\n  fields:\n    tone: {}\n    more:\n      fields:\n        volume: {}\n"
    component = tree({"lamp/services.yaml": fields + "hush: {}\n"}) / "lamp"
    assert texts.unexplained_actions(component, ENGLISH, ICONS) == [
        "services.ring.fields.volume has no name or description",
        "services.hush.name is missing",
        "services.hush.description is missing",
        "services.hush has no icon",
    ]


def test_texts_of_actions_that_do_not_exist_are_found(tree: Tree) -> None:
    """Without services.yaml there are no actions."""
    root = tree({"lamp/const.py": ""})
    assert texts.unexplained_actions(root / "lamp", ENGLISH, {}) == [
        "services.ring has a text but no action"
    ]


@pytest.mark.parametrize("content", ["{", '{"a": 1, "a": 2}'])
def test_broken_json_is_found(tree: Tree, content: str) -> None:
    """Invalid files and keys given twice are named."""
    root = tree({"bad.json": content, "good.json": json.dumps(ENGLISH)})
    assert len(texts.malformed_json(root)) == 1
