"""What every component does alike, told once: each class is run by the component that inherits it.

``tests/<domain>/test_<room>.py`` holds a class of its own per contract that names the vendor's record and, beside it,
what only this vendor has: faults, options, addresses. A test that a vendor takes further is overridden and called.
"""

from .base import Contract, for_each

__all__ = ["Contract", "for_each"]
