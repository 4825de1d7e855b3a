"""The delivery machine: find who is due, wake their channels, claim, send once, mark."""
