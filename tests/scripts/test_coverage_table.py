"""Coverage is judged per component, and shortfalls are told."""

from typing import Any

from script.lib.coverage_table import shortfalls, table, tally


def file(statements: int, lines: int, branches: int = 0, taken: int = 0) -> dict[str, Any]:
    """Build one file of coverage's report."""
    return {
        "summary": {
            "num_statements": statements,
            "covered_lines": lines,
            "num_branches": branches,
            "covered_branches": taken,
        }
    }


REPORT = {
    "files": {
        "custom_components/lamp/switch.py": file(80, 80, 20, 10),
        "custom_components/lamp/config_flow.py": file(40, 40, 10, 10),
        "custom_components/door/lock.py": file(98, 98, 2, 2),
        "custom_components/door/config_flow.py": file(50, 49),
        "custom_components/__init__.py": file(1, 0),
        "simulators/lamp/cloud.py": file(10, 0),
    }
}


def test_lines_and_branches_count_together() -> None:
    """Each statement and each branch is one; only components are measured."""
    figures = tally(REPORT)
    assert figures.keys() == {"lamp", "door"}
    whole, flow = figures["lamp"]
    assert (whole.statements, whole.branches, whole.covered) == (120, 30, 140)
    assert round(whole.percent, 1) == 93.3
    assert flow.percent == 100.0


def test_shared_forms_count_as_config_flow() -> None:
    """A gap in forms that several vendors share is one in each config flow."""
    report = {"files": {**REPORT["files"], "custom_components/lamp/forms.py": file(10, 9)}}
    whole, flow = tally(report)["lamp"]
    assert flow.percent < 100.0
    assert whole.statements == 130


def test_shortfalls_are_told() -> None:
    """A component below its share, a config flow with a gap, and one not measured at all."""
    assert shortfalls(tally(REPORT), ["lamp", "door", "bell"]) == [
        "bell was not measured",
        "door: config_flow.py 98.0 % covered, all wanted",
        "lamp: 93.3 % covered, 95 % wanted",
    ]


def test_a_component_without_config_flow_is_not_covered() -> None:
    """Nothing measured is not everything covered."""
    figures = tally({"files": {"custom_components/lamp/switch.py": file(10, 10)}})
    assert shortfalls(figures, ["lamp"]) == ["lamp: config_flow.py 0.0 % covered, all wanted"]


def test_the_table_has_a_line_for_each() -> None:
    """Sorted, under one heading."""
    lines = table(tally(REPORT))
    assert [line.split()[0] for line in lines] == ["component", "door", "lamp"]
    assert lines[2].split() == ["lamp", "120", "30", "93.3%", "100.0%"]


def test_core_without_forms() -> None:
    """What is no component yet has no config flow to be covered."""
    summary = {"num_statements": 10, "covered_lines": 10}
    report = {"files": {"custom_components/core_only/protocol/client.py": {"summary": summary}}}
    assert shortfalls(tally(report), []) == []
    assert shortfalls(tally(report), ["core_only"]) != []
