"""What the functions behind a message's link answer with, and what they refuse alike."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from aws_lambda_powertools import Logger

from bill_reminders import clock, metrics
from bill_reminders.logs import where
from bill_reminders.pages import view
from bill_reminders.pages.cross_site import is_foreign
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.limits import TooOften

logger = Logger(child=True)

STYLE = b64encode(sha256(view.css().encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Content-Type": "text/html; charset=utf-8",
    # "no-referrer" would have browsers hide from us, too, that a button is our own page's
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

METHODS = ("GET", "HEAD", "POST")

Answer = dict[str, Any]
Event = dict[str, Any]


def answered(event: Event, answer: Callable[[Event, datetime], Answer]) -> Answer:
    """What `answer` makes of a request, whatever happens."""
    try:
        found = answer(event, clock.now())
        return found | {"body": ""} if method_of(event) == "HEAD" else found
    except UnknownUser:
        return dead()
    except TooOften as error:
        return too_often(error.retry_after)
    except Exception as error:
        counted = metrics.of(PageErrors=1)
        logger.error("page failed", error=type(error).__name__, where=where(error), **counted)
        return page(view.page_for_anybody("page_failed"), 503, {"Retry-After": "60"})


def method_of(event: Event) -> str:
    return str(event["requestContext"]["http"]["method"])


def refused(event: Event, link_origin: str, *, from_anywhere: bool = False) -> Answer | None:
    """The answer to what is refused whatever the link is; None when there is no reason to. Buttons
    work on our own pages alone, at `link_origin` and at the gateway's address, save what may come
    `from_anywhere`."""
    method = method_of(event)
    if method not in METHODS:
        return page(view.page_for_anybody("page_dead"), 405, {"Allow": ", ".join(METHODS)})
    ours = (link_origin, f"https://{event['requestContext'].get('domainName', '')}")
    if method == "POST" and not from_anywhere and is_foreign(event["headers"], ours):
        return page(view.page_for_anybody("page_foreign"), 403)
    return None


def dead() -> Answer:
    """One answer to a link that is guessed, expired, withdrawn or somebody's who is gone."""
    return page(view.page_for_anybody("page_dead"), 404)


def too_often(wait: timedelta, more: Mapping[str, str] | None = None) -> Answer:
    seconds = str(max(1, int(wait.total_seconds())))
    told = {"Retry-After": seconds, **(more or {})}
    return page(view.page_for_anybody("page_too_often"), 429, told)


def go(address: str, more: Mapping[str, str] | None = None) -> Answer:
    headers = {**HEADERS, **(more or {}), "Location": address}
    return {"statusCode": 303, "headers": headers, "body": ""}


def page(body: str, status: int = 200, more: Mapping[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {**HEADERS, **(more or {})},
        "body": body,
        "isBase64Encoded": False,
    }
