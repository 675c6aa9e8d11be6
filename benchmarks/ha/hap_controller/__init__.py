"""HomeKit accessories inside Home Assistant: contenders, jobs and targets."""
