"""A newcomer opens the demo, adds a component through its form, and uses its devices."""

from playwright.sync_api import Locator, expect
import pytest

from .conftest import Visitor

LIGHT = "Plafonnier couloir"
CLOSED_SHUTTER = "Volet chambre"
SHUTTER = "Volet cuisine"
DOORBELL = "Portier"

pytestmark = pytest.mark.timeout(300)


def add_integration(visitor: Visitor, name: str) -> Locator:
    """Choose an integration from the list of all; returns its form."""
    page = visitor.page
    visitor.go("/config/integrations/dashboard")
    page.get_by_text("Add integration").click()
    dialog = page.locator("dialog-add-integration")
    dialog.locator("input").first.fill(name)
    dialog.locator("ha-integration-list-item", has_text=name).first.click()
    form = page.locator("step-flow-form")
    form.wait_for(state="attached")
    return form


def add_dio(visitor: Visitor) -> None:
    """Fill in the form of DIO Chacon with what the demo says."""
    page, line = visitor.page, visitor.demo.homes["dio_chacon"]
    form = add_integration(visitor, "DIO Chacon")
    form.locator("input[name=username]").fill(line["email"])
    form.locator("input[name=password]").fill(line["password"])
    websocket, login = (form.locator(f"input[name={n}_url]") for n in ("websocket", "login"))
    expect(websocket).not_to_be_visible()
    form.locator("ha-expansion-panel").get_by_role("button").first.click()
    expect(websocket).to_have_value("wss://l4hfront-prod.chacon.cloud/ws")
    websocket.fill(line["ws_url"])
    login.fill(line["auth_url"])
    for key in ("username", "password", "websocket_url", "login_url", "advanced"):
        expect(form.get_by_text(key, exact=True)).to_have_count(0)  # would be a missing text
    visitor.picture("dio_chacon/form")
    dialog = page.locator("dialog-data-entry-flow")
    dialog.get_by_role("button", name="Submit").click()
    page.locator("step-flow-create-entry").wait_for(state="attached")
    dialog.get_by_role("button", name="Finish").click()
    expect(dialog.locator("step-flow-create-entry")).to_have_count(0)


def look_at_device(visitor: Visitor, name: str) -> None:
    """Find all devices on the integration's page and open one."""
    page = visitor.page
    visitor.go("/config/integrations/integration/dio_chacon")
    for device in (LIGHT, CLOSED_SHUTTER, SHUTTER, DOORBELL):
        expect(page.get_by_text(device, exact=True).first).to_be_visible()
    page.get_by_text(name, exact=True).first.click()
    page.wait_for_url("**/config/devices/device/*")
    for text in ("CERSwd-3B", "by Chacon", "Firmware: 1.0.8", "Connectivity", "+2 disabled"):
        expect(page.get_by_text(text).first).to_be_visible()
    visitor.picture("dio_chacon/device")


def tile(visitor: Visitor, name: str) -> Locator:
    """Find the tile of a device on the dashboard."""
    return visitor.page.locator("hui-tile-card", has_text=name)


def press_switch(visitor: Visitor) -> None:
    """Switch a light on with its tile; both sides know it."""
    toggle = tile(visitor, LIGHT).get_by_role("switch")
    expect(toggle).to_have_attribute("aria-checked", "false")
    toggle.click()
    entity_id = "switch.couloir_plafonnier_couloir"
    visitor.until(lambda: visitor.state(entity_id)["state"] == "on", "on in Home Assistant")
    assert visitor.vendor_device("dio_chacon", LIGHT)["values"]["switch"] == 1
    expect(toggle).to_have_attribute("aria-checked", "true")


def move_shutters(visitor: Visitor) -> None:
    """Open one shutter and stop it on its way; send another to a position with the slider."""
    entity_id = "cover.chambre_volet_chambre"
    card = tile(visitor, CLOSED_SHUTTER)
    card.get_by_role("button", name="Open cover").click()
    expect(card.get_by_text("Opening")).to_be_visible()
    visitor.until(
        lambda: visitor.state(entity_id)["state"] == "opening", "opening in Home Assistant"
    )
    visitor.until(
        lambda: visitor.state(entity_id)["attributes"]["current_position"] > 0, "under way"
    )
    visitor.picture("dio_chacon/dashboard")
    card.get_by_role("button", name="Stop cover").click()
    visitor.until(lambda: visitor.state(entity_id)["state"] == "open", "stopped in Home Assistant")
    values = visitor.vendor_device("dio_chacon", CLOSED_SHUTTER)["values"]
    position = visitor.state(entity_id)["attributes"]["current_position"]
    assert (values["openlevel"], values["mvtlinear"]) == (position, "stop")
    assert 0 < position < 100

    entity_id = "cover.cuisine_volet_cuisine"
    slider = tile(visitor, SHUTTER).get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    visitor.until(
        lambda: visitor.state(entity_id)["state"] == "closing", "closing in Home Assistant"
    )
    visitor.until(
        lambda: (
            45 <= visitor.state(entity_id)["attributes"]["current_position"] <= 55
            and visitor.state(entity_id)["state"] == "open"
        ),
        "at the middle in Home Assistant",
    )
    reported = visitor.state(entity_id)["attributes"]["current_position"]
    assert visitor.vendor_device("dio_chacon", SHUTTER)["values"]["openlevel"] == reported


@pytest.mark.parametrize("domain", ["dio_chacon"])
def test_newcomer_adds_dio_chacon_and_uses_it(visitor: Visitor) -> None:
    """From the empty demo to a moved shutter, with nothing from outside this machine."""
    add_dio(visitor)
    look_at_device(visitor, SHUTTER)
    visitor.go("/demo-homes")
    press_switch(visitor)
    move_shutters(visitor)
