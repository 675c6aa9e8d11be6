"""Tests of the Home Connect component."""
