"""Tests of the handshakes."""
