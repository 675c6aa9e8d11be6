"""The button that asks for everything."""

from tests.support.contract.button import RefreshContract

from .helpers import VENDOR


class TestRefresh(RefreshContract):
    """What the button of all vendors does."""

    vendor = VENDOR
    asked = {"GET /device$": 1, "POST /device/states": 1}
