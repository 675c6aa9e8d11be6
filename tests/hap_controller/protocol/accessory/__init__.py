"""Tests of the accessory role."""
