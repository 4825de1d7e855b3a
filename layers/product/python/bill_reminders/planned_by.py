"""By what users are planned beside their own choices: calendars, and the deployer's spread. Each
schedule says by which, so that whoever runs a stack can plan those again who were planned by
others."""

from bill_reminders import spread

CALENDARS = "tzdata 2026.6, holidays 0.109"
"""The pinned libraries that say when a day begins, and on which days banks are closed. The layers
keep no names of versions; a test compares this with what is pinned."""


def stamp() -> str:
    """What a schedule is marked with that is planned now."""
    return f"{CALENDARS}, spread {spread.window()}"
