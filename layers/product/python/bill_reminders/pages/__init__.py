"""The pages that a message's link opens: HTML that works without JavaScript."""
