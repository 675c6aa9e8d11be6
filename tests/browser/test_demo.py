"""A newcomer opens the demo, adds a component through its form, and uses its devices."""

from collections.abc import Collection, Mapping, Sequence
import re
from typing import Any

from playwright.sync_api import FilePayload, Locator, expect
import pytest

from .conftest import Visitor

# --- DIO Chacon ---
LIGHT = "Plafonnier couloir"
CLOSED_SHUTTER = "Volet chambre"
SHUTTER = "Volet cuisine"
DOORBELL = "Portier"

# --- Homismart ---
CORRIDOR, SOCKET = "Corridor light", "Washing machine"
CURTAIN, STANDING_CURTAIN = "Bedroom curtain", "Living room curtain"
DOOR, HUB = "Street door", "House unit"

# --- Home Connect ---
WASHER = "Washer"
WASHER_ENTITIES = "siemens_washing_machine"

# --- HomeKit ---
FRONT_DOOR, CURTAIN_BEHIND_BRIDGE = "Front door", "Curtain"
COLOUR_LAMP, ROOM = "Colour lamp", "Living room"
NO_CODE = "000-11-222"

VENDOR_ADDRESS = re.compile(
    r"(wss|https)://(l4hfront-prod\.chacon\.cloud|prod\.homismart\.com)\b.+"
)

pytestmark = pytest.mark.timeout(900)


def add_integration(visitor: Visitor, name: str, shows: str = "step-flow-form") -> Locator:
    """Choose an integration from the list of all; returns the first step that it shows."""
    page = visitor.page
    visitor.go("/config/integrations/dashboard")
    page.get_by_text("Add integration").click()
    dialog = page.locator("dialog-add-integration")
    dialog.locator("input").first.fill(name)
    dialog.locator("ha-integration-list-item", has_text=name).first.click()
    step = page.locator(shows)
    step.wait_for(state="attached")
    return step


def fill_in(form: Locator, username: str, password: str, servers: Mapping[str, str]) -> None:
    """Type the credentials, unfold the servers, and change these from what is there to the simulator's."""
    form.locator("input[name=username]").fill(username)
    form.locator("input[name=password]").fill(password)
    fields = [form.locator(f"input[name={name}]") for name in servers]
    expect(fields[0]).not_to_be_visible()
    form.locator("ha-expansion-panel").get_by_role("button").first.click()
    for field, address in zip(fields, servers.values(), strict=True):
        expect(field).to_have_value(VENDOR_ADDRESS)
        field.fill(address)
    for key in ("username", "password", "advanced", *servers):
        expect(form.get_by_text(key, exact=True)).to_have_count(0)  # would be a missing text


def submit(visitor: Visitor) -> None:
    """Send the form and see the entry made."""
    page = visitor.page
    dialog = page.locator("dialog-data-entry-flow")
    dialog.get_by_role("button", name="Submit").click()
    page.locator("step-flow-create-entry").wait_for(state="attached")
    dialog.get_by_role("button", name="Finish").click()
    expect(dialog.locator("step-flow-create-entry")).to_have_count(0)


def add_dio(visitor: Visitor) -> None:
    """Fill in the form of DIO Chacon with what the demo says."""
    line = visitor.demo.homes["dio_chacon"]
    form = add_integration(visitor, "DIO Chacon")
    servers = {"websocket_url": line["ws_url"], "login_url": line["auth_url"]}
    fill_in(form, line["email"], line["password"], servers)
    visitor.picture("dio_chacon/form")
    submit(visitor)


def add_homismart(visitor: Visitor) -> None:
    """Fill in the form of Homismart: first with a wrong password, which is called one, then with the right one."""
    line = visitor.demo.homes["homismart"]
    form = add_integration(visitor, "Homismart")
    fill_in(form, line["username"], "mistyped", {"websocket_url": line["ws_url"]})
    visitor.picture("homismart/form")
    dialog = visitor.page.locator("dialog-data-entry-flow")
    dialog.get_by_role("button", name="Submit").click()
    expect(form.get_by_text("does not accept this user name and password")).to_be_visible()
    form.locator("input[name=password]").fill(line["password"])
    submit(visitor)


def add_washer(visitor: Visitor) -> None:
    """Upload a profile, first one that is none; say where the washer is, first wrongly."""
    line = visitor.demo.homes["home_connect_local"]
    card = next(each for each in line["appliances"] if "/washer_" in each["archive"])
    form = add_integration(visitor, "Home Connect Local")
    dialog = visitor.page.locator("dialog-data-entry-flow")
    upload(form, {"name": "profile.zip", "mimeType": "application/zip", "buffer": b"no ZIP"})
    visitor.picture("home_connect_local/form")
    dialog.get_by_role("button", name="Submit").click()
    expect(form.get_by_text("This is no archive with profiles")).to_be_visible()
    upload(form, card["archive"])
    dialog.get_by_role("button", name="Submit").click()
    host = form.locator("input[name=host]")
    # Names are tried first under which routers know the appliance, and a name service may take its time.
    host.wait_for(timeout=60_000)
    host.fill("127.0.0.1:1")
    dialog.get_by_role("button", name="Submit").click()
    expect(form.get_by_text("cannot be reached")).to_be_visible()
    host.fill(f"{card['host']}:{card['port']}")
    submit(visitor)


def upload(form: Locator, file: str | FilePayload) -> None:
    """Choose a file, instead of one that was chosen before, and wait until Home Assistant has it."""
    field = form.locator("ha-file-upload")
    if (remove := field.get_by_role("button", name="Delete")).count():
        remove.click()
    field.locator("input[type=file]").set_input_files(file)
    expect(field.get_by_text("zip")).to_be_visible()


def look_at_device(
    visitor: Visitor, domain: str, devices: Sequence[str], texts: Sequence[str]
) -> None:
    """Find devices on the integration's page, open the first, and find texts on its page."""
    page = visitor.page
    visitor.go(f"/config/integrations/integration/{domain}")
    for device in devices:
        expect(page.get_by_text(device, exact=True).first).to_be_visible()
    page.get_by_text(devices[0], exact=True).first.click()
    page.wait_for_url("**/config/devices/device/*")
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()
    visitor.picture(f"{domain}/device")


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


def open_cover(visitor: Visitor, name: str, entity_id: str) -> Locator:
    """Press the button that opens a cover; returns its tile once it is under way."""
    card = tile(visitor, name)
    card.get_by_role("button", name="Open cover").click()
    expect(card.get_by_text("Opening")).to_be_visible()
    visitor.until(
        lambda: visitor.state(entity_id)["state"] == "opening", "opening in Home Assistant"
    )
    return card


def stop_cover(visitor: Visitor, card: Locator, entity_id: str) -> int:
    """Stop a cover on its way; returns where it stands."""
    card.get_by_role("button", name="Stop cover").click()
    visitor.until(lambda: visitor.state(entity_id)["state"] == "open", "stopped in Home Assistant")
    position: int = visitor.state(entity_id)["attributes"]["current_position"]
    assert 0 < position < 100
    return position


def half_close_cover(visitor: Visitor, name: str, entity_id: str, middle: Collection[int]) -> int:
    """Press the middle of a cover's slider; returns where it stands then."""
    slider = tile(visitor, name).get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    visitor.until(
        lambda: visitor.state(entity_id)["state"] == "closing", "closing in Home Assistant"
    )
    visitor.until(
        lambda: (
            visitor.state(entity_id)["attributes"]["current_position"] in middle
            and visitor.state(entity_id)["state"] == "open"
        ),
        "at the middle in Home Assistant",
    )
    position: int = visitor.state(entity_id)["attributes"]["current_position"]
    return position


def move_shutters(visitor: Visitor) -> None:
    """Open one shutter and stop it on its way; send another to a position with the slider."""
    entity_id = "cover.chambre_volet_chambre"
    card = open_cover(visitor, CLOSED_SHUTTER, entity_id)
    visitor.until(
        lambda: visitor.state(entity_id)["attributes"]["current_position"] > 0, "under way"
    )
    visitor.picture("dio_chacon/dashboard")
    position = stop_cover(visitor, card, entity_id)
    values = visitor.vendor_device("dio_chacon", CLOSED_SHUTTER)["values"]
    assert (values["openlevel"], values["mvtlinear"]) == (position, "stop")

    position = half_close_cover(visitor, SHUTTER, "cover.cuisine_volet_cuisine", range(45, 56))
    assert visitor.vendor_device("dio_chacon", SHUTTER)["values"]["openlevel"] == position


def press_each(visitor: Visitor) -> None:
    """Switch a light and a socket with their tiles; both sides know it."""
    for name, entity_id, was_on in (
        (CORRIDOR, "light.corridor_light", True),
        (SOCKET, "switch.washing_machine", False),
    ):
        toggle = tile(visitor, name).get_by_role("switch")
        expect(toggle).to_have_attribute("aria-checked", str(was_on).lower())
        toggle.click()
        value = "off" if was_on else "on"
        visitor.until(
            lambda entity_id=entity_id, value=value: visitor.state(entity_id)["state"] == value,
            f"{value} in Home Assistant",
        )
        expect(toggle).to_have_attribute("aria-checked", str(not was_on).lower())
        visitor.until(
            lambda name=name, was_on=was_on: (
                visitor.vendor_device("homismart", name)["values"]["power"] is not was_on
            ),
            "switched at the vendor's side",
        )


def turn_lock(visitor: Visitor) -> None:
    """Unlock the door with its tile and lock it again; what is shown is what the door reports."""
    card = tile(visitor, DOOR)
    for button, value, member in (("Unlock", "unlocked", "1"), ("Lock", "locked", "2")):
        card.get_by_role("button", name=button, exact=True).click()
        visitor.until(
            lambda value=value: visitor.state("lock.street_door")["state"] == value,
            f"{value} in Home Assistant",
        )
        assert visitor.vendor_device("homismart", DOOR)["values"]["lock"] == member
        expect(card.get_by_text(value.capitalize(), exact=True)).to_be_visible()


def move_curtains(visitor: Visitor) -> None:
    """Open one curtain and stop it on its way; send another to a position with the slider."""
    entity_id = "cover.bedroom_curtain"
    card = open_cover(visitor, CURTAIN, entity_id)
    visitor.page.wait_for_timeout(1500)  # curtains report nothing on their way
    visitor.page.mouse.wheel(0, -10_000)
    visitor.picture("homismart/dashboard")
    position = stop_cover(visitor, card, entity_id)
    values = visitor.vendor_device("homismart", CURTAIN)["values"]
    assert values["curtainState"] == str(200 + 100 - position)

    entity_id = "cover.living_room_curtain"
    position = half_close_cover(visitor, STANDING_CURTAIN, entity_id, {40, 50, 60})
    values = visitor.vendor_device("homismart", STANDING_CURTAIN)["values"]
    assert values["curtainState"] == str(200 + 100 - position)


@pytest.mark.parametrize("domain", ["dio_chacon"])
def test_newcomer_adds_dio_chacon_and_uses_it(visitor: Visitor) -> None:
    """From the empty demo to a moved shutter, with nothing from outside this machine."""
    add_dio(visitor)
    texts = ("CERSwd-3B", "by Chacon", "Firmware: 1.0.8", "Connectivity", "+2 disabled")
    look_at_device(visitor, "dio_chacon", (SHUTTER, LIGHT, CLOSED_SHUTTER, DOORBELL), texts)
    visitor.go("/demo-homes/dio-chacon")
    press_switch(visitor)
    move_shutters(visitor)


@pytest.mark.parametrize("domain", ["homismart"])
def test_newcomer_adds_homismart_and_uses_it(visitor: Visitor) -> None:
    """From a mistyped password to a locked door and a moved curtain."""
    add_homismart(visitor)
    texts = ("Curtain", "by HomiSmart", "Firmware: 2", "Closed position", "disabled")
    look_at_device(visitor, "homismart", (CURTAIN, CORRIDOR, SOCKET, DOOR, HUB), texts)
    visitor.go("/demo-homes/homismart")
    press_each(visitor)
    turn_lock(visitor)
    move_curtains(visitor)


def wash(visitor: Visitor) -> None:
    """Start the program of the washer with its button on the dashboard, and stop it; both sides know it."""
    page = visitor.page

    def press(name: str) -> None:
        page.locator("hui-tile-card", has_text=name).get_by_role("button", name="Press").click()

    def inside(operation: str) -> bool:
        values = visitor.vendor_device("home_connect_local", WASHER)["values"]
        return bool(values["operation"] == operation)

    state = f"sensor.{WASHER_ENTITIES}_operation_state"
    press("Start program")
    visitor.until(lambda: visitor.state(state)["state"] == "run", "running in Home Assistant")
    visitor.until(lambda: inside("Run"), "running inside")
    expect(tile(visitor, "Program progress").get_by_text("%")).to_be_visible()
    visitor.picture("home_connect_local/dashboard")
    press("Stop program")
    visitor.until(lambda: visitor.state(state)["state"] != "run", "stopped in Home Assistant")
    visitor.until(lambda: inside("Ready"), "stopped inside")


@pytest.mark.parametrize("domain", ["home_connect_local"])
def test_newcomer_adds_home_connect_and_washes(visitor: Visitor) -> None:
    """From a file that is no profile to a wash program that was started and stopped."""
    add_washer(visitor)
    texts = ("SYN0WM02", "by Siemens", "Child lock", "Door", "disabled")
    look_at_device(visitor, "home_connect_local", ("Siemens washing machine",), texts)
    visitor.go("/demo-homes/home-connect-local")
    wash(visitor)


def enter_place(visitor: Visitor, way: str, card: Mapping[str, Any]) -> Locator:
    """Choose a way to add an accessory, and say where it is."""
    page = visitor.page
    page.locator("step-flow-menu").get_by_text(way).click()
    form = page.locator("step-flow-form")
    form.locator("input[name=host]").fill(card["host"])
    form.locator("input[type=number]").fill(str(card["port"]))
    return form


def pair(visitor: Visitor) -> None:
    """Pair a lamp, which cannot be found, with a wrong code and the right one; then a bridge by its address."""
    page = visitor.page
    bridge, lamp, _ = visitor.demo.homes["hap_controller"]["accessories"]
    send = page.locator("dialog-data-entry-flow").get_by_role("button", name="Submit")
    add_integration(visitor, "HomeKit Accessories", shows="step-flow-menu")
    form = enter_place(visitor, "Choose one that was found", lamp)
    expect(form.get_by_text("No accessory was found")).to_be_visible()
    send.click()
    code = form.locator("input[name=pairing_code]")
    code.fill(NO_CODE)
    visitor.picture("hap_controller/form")
    send.click()
    expect(form.get_by_text("does not accept this code")).to_be_visible()
    code.fill(lamp["setup_payload"])
    submit(visitor)
    for text in ("LK-L1", "by Latchkey", "Firmware: 1.2.3", "Connection"):
        expect(page.get_by_text(text).first).to_be_visible()

    page.get_by_text("HomeKit Accessories", exact=True).first.click()
    page.get_by_role("button", name="Add hub").click()
    form = enter_place(visitor, "Enter its address", {**bridge, "port": 1})
    send.click()
    expect(form.get_by_text("cannot be reached")).to_be_visible()
    form.locator("input[type=number]").fill(str(bridge["port"]))
    send.click()
    code.fill(bridge["setup_code"])
    submit(visitor)
    page.get_by_text(FRONT_DOOR, exact=True).first.click()
    for text in ("LK-MANAGED_LOCK", "Battery", "Auto-lock time"):
        expect(page.get_by_text(text).first).to_be_visible()
    visitor.picture("hap_controller/device")


def inside(visitor: Visitor, name: str, characteristic: str) -> Any:
    """Ask the simulated accessory for a value; of a number with a meaning, as in "1 (Secured)", the number.

    The service stands in front of the name only where there are several.
    """
    values = visitor.vendor_device("hap_controller", name)["values"]
    value = values.get(characteristic, values.get(characteristic.rpartition(": ")[2]))
    return int(value.partition(" (")[0]) if isinstance(value, str) and " (" in value else value


def open_door(visitor: Visitor) -> None:
    """Unlock a door with its tile and lock it again; both sides know it."""
    card = tile(visitor, FRONT_DOOR)
    for button, value, number in (("Unlock", "unlocked", 0), ("Lock", "locked", 1)):
        card.get_by_role("button", name=button, exact=True).click()
        expect(card.get_by_text(value.capitalize(), exact=True)).to_be_visible()
        assert visitor.state("lock.front_door")["state"] == value
        key = "Lock Mechanism: Lock Current State"
        assert inside(visitor, FRONT_DOOR, key) == number


def draw_curtain(visitor: Visitor) -> None:
    """Close a curtain with its tile and stop it on its way."""
    card = tile(visitor, CURTAIN_BEHIND_BRIDGE)
    card.get_by_role("button", name="Close cover").click()
    expect(card.get_by_text("Closing")).to_be_visible()
    position = stop_cover(visitor, card, "cover.curtain")
    key = "Window Covering: Current Position"
    assert inside(visitor, CURTAIN_BEHIND_BRIDGE, key) == position


def colour_lamp(visitor: Visitor) -> None:
    """Choose one of the colours of a lamp's tile, and dim it."""
    card = tile(visitor, COLOUR_LAMP)
    before = inside(visitor, COLOUR_LAMP, "Lightbulb: Hue")
    card.get_by_role("button", name="Set favourite colour").last.click()
    visitor.until(
        lambda: inside(visitor, COLOUR_LAMP, "Lightbulb: Hue") != before, "in another colour"
    )
    shown = visitor.state("light.colour_lamp")["attributes"]
    assert shown["color_mode"] == "hs"
    assert shown["hs_color"][0] == inside(visitor, COLOUR_LAMP, "Lightbulb: Hue")
    slider = card.get_by_role("slider").first
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    visitor.until(
        lambda: 20 <= inside(visitor, COLOUR_LAMP, "Lightbulb: Brightness") <= 30, "dimmed"
    )


def warm_room(visitor: Visitor) -> None:
    """Make a room a little warmer with the button of its tile, and have it cooled then."""
    card = tile(visitor, ROOM)
    target, mode = (
        f"Thermostat: Target {what}" for what in ("Temperature", "Heating Cooling State")
    )
    before = inside(visitor, ROOM, target)
    card.get_by_role("button", name="increment").click()
    visitor.until(lambda: inside(visitor, ROOM, target) > before, "to become warmer")
    card.get_by_role("radio", name="Cool", exact=True).click()
    visitor.until(lambda: inside(visitor, ROOM, mode) == 2, "to be cooled")
    visitor.until(lambda: visitor.state("climate.living_room")["state"] == "cool", "shown so")


@pytest.mark.parametrize("domain", ["hap_controller"])
def test_newcomer_adds_homekit_accessories_and_uses_them(visitor: Visitor) -> None:
    """From a wrong code to an open door, a drawn curtain, a lamp in another colour and a warmer room."""
    pair(visitor)
    visitor.go("/demo-homes/hap-controller")
    open_door(visitor)
    draw_curtain(visitor)
    colour_lamp(visitor)
    visitor.page.mouse.wheel(0, -10_000)
    visitor.picture("hap_controller/dashboard")
    warm_room(visitor)
