"""Home Connect inside Home Assistant: contenders and targets."""
