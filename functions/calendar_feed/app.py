"""calendar_feed: a user's due dates, for a calendar program that has the address.

Nothing is changed by reading. A program that names the state it has gets 304 until there is
another one, before anything is planned.
"""

from bill_reminders.cold_start import ready

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from tzdata import IANA_VERSION

from bill_reminders import clock, environment, metrics, rate_limit
from bill_reminders.domain.local_time import local_date
from bill_reminders.feeds.calendar import feed, gone
from bill_reminders.logs import where
from bill_reminders.storage import accounts, binding, limits, links
from bill_reminders.storage.accounts import FirstRead, UnknownUser
from bill_reminders.storage.links import Link, Purpose


class FeedConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    links_table: str
    limits_table: str
    address_key_arn: str
    feed_requests_per_link: int


logger = Logger()
config = environment.read(FeedConfig)
binding.bind(config)

HEADERS = {
    "Cache-Control": "private, no-cache",  # keep it, and ask each time whether it still holds
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
CALENDAR = "text/calendar; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
ENDING = ".ics"
METHODS = ("GET", "HEAD")
FORM = 2
"""Of the calendar; a higher one makes programs read again at once what they would tomorrow."""

Answer = dict[str, Any]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    method = event["requestContext"]["http"]["method"]
    try:
        if method not in METHODS:
            return _answer(405, "", {"Allow": ", ".join(METHODS)})
        found = answer(event["rawPath"], event["headers"], clock.now())
        return found | {"body": ""} if method == "HEAD" else found
    except UnknownUser:
        return dead()
    except Exception as error:
        counted = metrics.of(PageErrors=1)
        logger.error("calendar failed", error=type(error).__name__, where=where(error), **counted)
        return _answer(503, "", {"Retry-After": "300"})


def answer(path: str, headers: Mapping[str, str], now: datetime) -> Answer:
    """`/c/<token>.ics` is a calendar."""
    file = path.rpartition("/")[2]
    token = file.removesuffix(ENDING)
    link = links.find(token, Purpose.CALENDAR, now=now) if file.endswith(ENDING) else None
    if link is None:
        return dead()
    limit = rate_limit.of_caller(rate_limit.FEED, link.token_hash, config.feed_requests_per_link)
    standing = limits.count(limit, now=now)
    told = rate_limit.headers(rate_limit.FEED, standing)
    if standing.is_over:
        return _answer(429, "", told)
    found = calendar_of(link, headers, now)
    return found | {"headers": {**told, **found["headers"]}}


def calendar_of(link: Link, headers: Mapping[str, str], now: datetime) -> Answer:
    first_read = accounts.first_read_of(link.user_id)
    state = state_of(first_read, now)
    etag = {"ETag": f"W/{state}"}  # weak: an alarm that has rung is another state tomorrow only
    if state in headers.get("if-none-match", ""):
        return _answer(304, "", etag)
    body = feed(accounts.read(link.user_id, now=now, first_read=first_read), now=now)
    return _answer(200, body.decode(), {**etag, "Content-Type": CALENDAR})


def state_of(first_read: FirstRead, now: datetime) -> str:
    """What names the state of a calendar, known before anything of it is planned: every change of
    the account moves its version, and the user's day and the zones' rules move the rest."""
    today = local_date(now, ZoneInfo(first_read.user.time_zone))
    named = f"{FORM}#{first_read.schedule.version}#{today}#{IANA_VERSION}"
    return f'"{sha256(named.encode()).hexdigest()[:32]}"'


def dead() -> Answer:
    """One answer to an address that is guessed, withdrawn, or of somebody who is gone."""
    return _answer(404, gone(), {"Content-Type": TEXT})


def _answer(status: int, body: str, more: Mapping[str, str]) -> Answer:
    return {
        "statusCode": status,
        "headers": {**HEADERS, **more},
        "body": body,
        "isBase64Encoded": False,
    }


ready()
