"""calendar_feed: a user's due dates, for a calendar program that has the address.

Nothing is changed by reading. A program that names the state it has gets 304 until there is
another one.
"""

from bill_reminders.cold_start import ready

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import clock, environment
from bill_reminders.feeds.calendar import feed, gone
from bill_reminders.logs import where
from bill_reminders.storage import access_tables, accounts, links, tables
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.links import Purpose


@dataclass(frozen=True, slots=True)
class FeedConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    links_table: str


logger = Logger()
config = environment.read(FeedConfig)
tables.bind(
    schedules=config.schedules_table,
    users=config.users_table,
    bills=config.bills_table,
    ledger=config.ledger_table,
)
access_tables.bind(links=config.links_table)

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
        logger.error("calendar failed", error=type(error).__name__, where=where(error))
        return _answer(503, "", {"Retry-After": "300"})


def answer(path: str, headers: Mapping[str, str], now: datetime) -> Answer:
    """`/c/<token>.ics` is a calendar."""
    file = path.rpartition("/")[2]
    token = file.removesuffix(ENDING)
    link = links.find(token, Purpose.CALENDAR, now=now) if file.endswith(ENDING) else None
    if link is None:
        return dead()
    body = feed(accounts.read(link.user_id, now=now), now=now)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    if etag in headers.get("if-none-match", ""):
        return _answer(304, "", {"ETag": etag})
    return _answer(200, body.decode(), {"ETag": etag, "Content-Type": CALENDAR})


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
