"""Tests of the parts of script/demo that can be tested without running it."""
