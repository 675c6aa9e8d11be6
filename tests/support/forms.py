"""Open, fill in and read forms, as a user does."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section


async def begin(hass: HomeAssistant, domain: str) -> Any:
    """Open the form for something new."""
    result = await hass.config_entries.flow.async_init(domain, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {}
    return result


async def submit(hass: HomeAssistant, result: Any, data: dict[str, Any]) -> Any:
    """Press the button of a form."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], data)


def suggestions(result: Any) -> dict[str, Any]:
    """Return what a form shows in its fields, those of its sections included."""
    found = {}
    for key, value in result["data_schema"].schema.items():
        if isinstance(value, section):
            found |= {
                str(inner): (inner.description or {}).get("suggested_value", inner.default())
                for inner in value.schema.schema
            }
        elif key.description:
            found[str(key)] = key.description["suggested_value"]
    return found


def is_open(result: Any) -> bool:
    """Tell whether the form shows its section at once."""
    schema = result["data_schema"].schema
    found = next(value for value in schema.values() if isinstance(value, section))
    return not found.options["collapsed"]
