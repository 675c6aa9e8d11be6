"""Homismart inside Home Assistant: contenders and targets."""
