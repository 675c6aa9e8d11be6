"""Judge branch coverage: each component, and each config flow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMPONENT_PERCENT = 95.0
CONFIG_FLOW_PERCENT = 100.0
# Where forms are: those of one vendor, and what several share.
CONFIG_FLOW_ROOMS = ("config_flow.py", "config_flow", "forms.py")


@dataclass
class Tally:
    """Statements and branches of some files."""

    statements: int = 0
    branches: int = 0
    covered: int = 0
    """Statements run and branches taken."""

    def add(self, summary: dict[str, Any]) -> None:
        """Count one file of coverage's JSON report."""
        self.statements += summary["num_statements"]
        self.branches += summary.get("num_branches", 0)
        self.covered += summary["covered_lines"] + summary.get("covered_branches", 0)

    @property
    def percent(self) -> float:
        """Return what was covered, 0 to 100; nothing at all counts as not covered."""
        total = self.statements + self.branches
        return 100 * self.covered / total if total else 0.0


def tally(report: dict[str, Any]) -> dict[str, tuple[Tally, Tally]]:
    """Sum up a JSON report: for each component all its files, and its config flow."""
    components: dict[str, tuple[Tally, Tally]] = {}
    for name, file in report["files"].items():
        parts = Path(name).parts
        if len(parts) < 3 or parts[0] != "custom_components":
            continue
        whole, flow = components.setdefault(parts[1], (Tally(), Tally()))
        whole.add(file["summary"])
        if parts[2] in CONFIG_FLOW_ROOMS:
            flow.add(file["summary"])
    return components


def table(components: dict[str, tuple[Tally, Tally]]) -> list[str]:
    """Lay out the figures."""
    lines = [
        f"{'component':<22}{'statements':>11}{'branches':>10}{'covered':>10}{'config flow':>13}"
    ]
    lines += [
        f"{domain:<22}{whole.statements:>11}{whole.branches:>10}"
        f"{whole.percent:>9.1f}%{flow.percent:>12.1f}%"
        for domain, (whole, flow) in sorted(components.items())
    ]
    return lines


def shortfalls(components: dict[str, tuple[Tally, Tally]], expected: list[str]) -> list[str]:
    """Tell where coverage is below the thresholds, or a component was not measured."""
    found = [f"{domain} was not measured" for domain in expected if domain not in components]
    for domain, (whole, flow) in sorted(components.items()):
        if whole.percent < COMPONENT_PERCENT:
            found.append(
                f"{domain}: {whole.percent:.1f} % covered, {COMPONENT_PERCENT:.0f} % wanted"
            )
        # A core that is no integration yet has no forms.
        if domain in expected and flow.percent < CONFIG_FLOW_PERCENT:
            found.append(f"{domain}: config_flow.py {flow.percent:.1f} % covered, all wanted")
    return found
