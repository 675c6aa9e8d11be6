"""Tests of the Homismart cloud's protocol core, without Home Assistant."""
