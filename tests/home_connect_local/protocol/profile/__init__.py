"""Tests of the profile room: archive, files, description."""
