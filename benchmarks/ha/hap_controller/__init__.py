"""HomeKit accessories inside Home Assistant: targets."""
