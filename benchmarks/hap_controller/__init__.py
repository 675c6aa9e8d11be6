"""HomeKit accessories: contenders, counterpart and targets."""
