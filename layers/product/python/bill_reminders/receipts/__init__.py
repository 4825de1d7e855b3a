"""Receipts: what providers say, later, of the messages that they took."""
