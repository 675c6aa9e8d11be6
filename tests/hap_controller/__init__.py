"""Tests of the Homismart component."""
