"""The one error of the demo."""


class DemoError(Exception):
    """The demo cannot go on; the text tells the user why and what can be done."""
