"""The delivery machine: find who is due, nudge their channels, claim, send once, mark."""
