"""Feeds: what other programs read of a user's bills."""
