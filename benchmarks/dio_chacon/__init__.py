"""DIO Chacon: contenders, counterpart and targets."""
