"""Replies to SMS: what people write back, and what it does."""
