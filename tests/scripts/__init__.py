"""Tests of the scripts and of the repository rules."""
