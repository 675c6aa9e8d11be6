"""Benchmarks inside a real Home Assistant."""
