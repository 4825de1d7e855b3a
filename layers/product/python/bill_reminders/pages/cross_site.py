"""Requests that a browser makes for somebody else's page.

Whoever holds a link may press its buttons; a site that got hold of one must not press them with
the browser of a visitor.
"""

from collections.abc import Collection, Mapping

OWN_SITES = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of our own page, and of what a person entered themselves."""


def is_foreign(headers: Mapping[str, str], ours: Collection[str]) -> bool:
    """Whether a browser says that a request comes from elsewhere than `ours`, origins such as
    `https://pay.example.com`. Browsers of before March 2023 tell the origin alone; what tells
    neither is no browser that another site could use."""
    said = {name.lower(): value.strip().lower() for name, value in headers.items()}
    site = said.get("sec-fetch-site")
    if site is not None:
        return site not in OWN_SITES
    origin = said.get("origin")
    return origin is not None and origin not in {each.lower() for each in ours}
