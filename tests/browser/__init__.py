"""Tests that use Home Assistant's web page as a person does."""
