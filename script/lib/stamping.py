"""Copy the modules that are the same by nature into the components."""

from pathlib import Path

from .project import Project


def copies(project: Project) -> list[tuple[Path, Path]]:
    """List each source with each place that its copy belongs to."""
    return [
        (
            project.root / "stamped" / module,
            project.root / "custom_components" / domain / module,
        )
        for module, domains in sorted(project.stamped.items())
        for domain in domains
    ]


def differing(project: Project) -> list[str]:
    """Tell what is wrong: copies that differ, and sources that nobody takes or that are missing."""
    problems = [
        f"{source.relative_to(project.root)} is in the table but not there"
        for source in sorted({source for source, _ in copies(project)})
        if not source.is_file()
    ]
    folder = project.root / "stamped"
    problems += [
        f"stamped/{module} is missing from [tool.latchkey.stamped]"
        for path in sorted(folder.rglob("*.py"))
        if (module := path.relative_to(folder).as_posix()) not in project.stamped
    ]
    problems += [
        f"{copy.relative_to(project.root)} differs from {source.relative_to(project.root)}"
        for source, copy in copies(project)
        if source.is_file() and (not copy.is_file() or copy.read_bytes() != source.read_bytes())
    ]
    return problems


def stamp(project: Project) -> list[Path]:
    """Write the copies that differ and return them."""
    written = []
    for source, copy in copies(project):
        if not copy.is_file() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            written.append(copy)
    return written
