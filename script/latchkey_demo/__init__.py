"""A real Home Assistant with a simulated home for every component, for people and for the check."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""
