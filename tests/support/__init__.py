"""Tools that the tests of several components share: time, faults, leaks, certificates."""
