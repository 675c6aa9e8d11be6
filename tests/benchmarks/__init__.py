"""Exact counts, which hold on any machine, and the benchmarks themselves."""
