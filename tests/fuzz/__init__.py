"""Searching the parsers for input that they cannot bear.

``hap_controller`` holds targets: functions that take any bytes and may only end well. Every run of the tests gives each of
them what is known to be interesting, and a little noise (``test_targets``); ``script/fuzz`` searches in earnest, guided by
the branches that an input takes. What it finds is kept under ``findings``, in hex (``xxd -p``), and tried in every run.
"""
