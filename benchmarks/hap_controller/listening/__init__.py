"""Clients that stay connected and hear of lights, behind the calls that clients of push clouds have."""
