"""Tests of the DIO Chacon component."""
