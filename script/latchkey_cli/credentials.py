"""Get credentials from the environment or from a person, never from an argument that others can see."""

from getpass import getpass
import os
import sys

from .errors import CliError, ExitStatus


def from_environment_or_prompt(variable: str, label: str, *, secret: bool = False) -> str:
    """Read one credential.

    Raises CliError when the variable is not set and nobody can be asked.
    """
    if value := os.environ.get(variable):
        return value
    if not sys.stdin.isatty():
        raise CliError(f"set {variable}, or run this in a terminal to be asked", ExitStatus.USAGE)
    try:
        value = getpass(f"{label}: ") if secret else _ask(label)
    except EOFError:
        value = ""
    if not value:
        raise CliError(f"{label} is needed", ExitStatus.USAGE)
    return value


def account(domain: str, label: str) -> tuple[str, str]:
    """Read the user name, which the vendor calls ``label``, and the password of an account.

    Raises CliError.
    """
    username, password = variables(domain)
    return (
        from_environment_or_prompt(username, label).strip(),
        from_environment_or_prompt(password, "Password", secret=True),
    )


def variables(domain: str) -> tuple[str, str]:
    """Name the environment variables of a user name and a password."""
    return f"{domain.upper()}_USERNAME", f"{domain.upper()}_PASSWORD"


def _ask(label: str) -> str:
    """Ask on standard error: standard output belongs to the result."""
    print(f"{label}: ", end="", file=sys.stderr, flush=True)
    return input()
