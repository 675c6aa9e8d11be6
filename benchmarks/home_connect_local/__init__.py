"""Home Connect: contenders, counterpart and targets."""
