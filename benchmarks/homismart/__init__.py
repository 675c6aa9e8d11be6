"""Homismart: contenders, counterpart and targets."""
