"""How often one caller may call, and how it is told: the fields `RateLimit-Policy` and `RateLimit`
of the IETF's draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers)."""

from math import ceil

from bill_reminders.storage.limits import FIVE_MINUTES, Limit, Standing

IDENTITY, LINK, FEED = "identity", "link", "feed"
"""The names of the policies: whose calls are counted."""


def of_caller(policy: str, whom: str, most: int) -> Limit:
    """At most `most` calls of `whom` in five minutes: an identity, or the hash of a token."""
    return Limit(f"calls/{policy}", whom, most, FIVE_MINUTES)


def headers(policy: str, standing: Standing) -> dict[str, str]:
    """For every answer; `Retry-After` for one that refuses. Seconds are rounded up."""
    seconds = max(1, ceil(standing.resets_in.total_seconds()))
    window = int(standing.limit.window.total_seconds())
    told = {
        "RateLimit-Policy": f'"{policy}";q={standing.limit.most};w={window}',
        "RateLimit": f'"{policy}";r={standing.left};t={seconds}',
    }
    return told | {"Retry-After": str(seconds)} if standing.is_over else told
