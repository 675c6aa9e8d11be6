"""Published clients of the vendors, as witnesses: they operate our simulators beside our own."""
