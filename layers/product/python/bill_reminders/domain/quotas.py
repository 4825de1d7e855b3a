"""How many SMS users may have who registered by themselves: nobody vouches for them, and each of
their SMS costs the deployer money. Who was imported has the wider limits of everybody."""

SELF_REGISTERED_SMS_A_DAY = 10
"""Messages with reminders on one local day; a digest is one message."""
SELF_REGISTERED_CODES_A_DAY = 5
"""Codes by SMS that they may ask for in a day (UTC)."""
SELF_REGISTERED_TESTS_A_DAY = 5
"""Test messages by SMS that they may ask for in a day (UTC)."""
