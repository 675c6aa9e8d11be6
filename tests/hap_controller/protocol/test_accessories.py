"""Accessories as they are shown: texts for people, and nothing that is nobody's business."""

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid

from .described import INFORMATION, LAMP, characteristic, database, service


def test_identity_is_for_people() -> None:
    """Texts are trimmed; an empty serial number is none, and a version may come as a number."""
    accessory = database(INFORMATION, LAMP).accessories[1]
    assert accessory.name == "Lamp"
    assert accessory.information(CharacteristicUuid.FIRMWARE_REVISION) == "1.5"
    assert accessory.information(CharacteristicUuid.SERIAL_NUMBER) is None
    assert accessory.information(CharacteristicUuid.MODEL) is None
    assert accessory.services[1].name is None
    assert database(LAMP).accessories[1].name is None
    long = service(
        1, "3E", characteristic(2, "23", "pr", format="string", value="\u0000" + "n" * 500)
    )
    assert database(long).accessories[1].name == "n" * 64


def test_nothing_shows_values() -> None:
    """They may be names, or codes."""
    home = database(INFORMATION, LAMP)
    shown = repr([home, *home.accessories.values(), *home.accessories[1].services])
    shown += repr(list(home.characteristics.values()))
    assert "Lamp" not in shown
    assert "1.9" in shown
