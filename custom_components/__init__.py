"""The components, importable in tests under the name that Home Assistant gives them."""
