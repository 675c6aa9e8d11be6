"""Tests of the DIO protocol core, without Home Assistant."""
