"""DIO Chacon inside Home Assistant: contenders and targets."""
