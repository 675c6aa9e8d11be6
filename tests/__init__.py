"""Tests of the components, the simulators and the repository."""
