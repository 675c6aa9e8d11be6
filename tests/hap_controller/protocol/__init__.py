"""Tests of the protocol core of the HomeKit controller."""
