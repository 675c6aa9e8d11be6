"""HomeKit accessories inside Home Assistant: what is measured, how often, and what is promised."""

from collections.abc import Iterator, Mapping, Sequence

from ...children import forked
from ...conductor import Progress
from ...hap_controller.core import DOMAIN
from ...scale import Scale
from ...table import OURS, PEER, Row
from .. import integrations

PACKAGES: Mapping[str, Sequence[str]] = {
    PEER: ["aiohomekit", "aiohomekit.controller.ip"],
    OURS: ["custom_components.hap_controller.protocol"],
}


def measure(scale: Scale, progress: Progress) -> Iterator[Row]:
    """Measure one row after the other."""
    progress("HomeKit in Home Assistant: imports")
    crew = {integrations.IMPORTER: (integrations.IMPORTS,)}
    with forked(integrations.PRELOAD, crew) as children:
        importer = children[integrations.IMPORTER]
        yield from integrations.imports(importer, scale, DOMAIN, PACKAGES, {})
