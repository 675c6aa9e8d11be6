"""The command line: each vendor's system without Home Assistant."""
