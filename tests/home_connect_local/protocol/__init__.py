"""Tests of Home Connect's protocol core, without Home Assistant."""
