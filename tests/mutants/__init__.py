"""Mutation testing of the modules on which "once, in time, and never after a stop" rests."""
