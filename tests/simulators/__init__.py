"""Tests of the simulators, with clients of their own: nothing of the components' cores is used."""
