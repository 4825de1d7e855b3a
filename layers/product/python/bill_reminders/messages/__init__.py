"""What a message says: one catalogue a language, one module a channel."""
