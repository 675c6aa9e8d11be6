"""The rules of this repository, as functions that list what breaks them.

Each takes the root of a tree, or the folder of a component in it, and returns one line for each
fault. ``tests/test_repository.py`` applies them here; ``tests/scripts`` applies them to small bad
examples, so that each rule is known to be able to fail.
"""
