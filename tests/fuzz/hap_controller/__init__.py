"""What is searched of the HomeKit core: everything that reads what somebody else wrote, in both roles.

A target lets pass only the errors that are documented for what it calls.
"""

from . import codec, files, links, meaning, pairing

TARGETS = {
    each.__name__.rpartition(".")[2]: each.TARGETS
    for each in (codec, meaning, pairing, links, files)
}
"""By group and name."""
