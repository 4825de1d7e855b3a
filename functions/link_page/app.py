"""link_page: the page behind a message's link, and the button that mail programs show.

Whoever has the link may see it and press its buttons; a GET or a HEAD changes nothing.
"""

from bill_reminders.cold_start import ready

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, clock, environment
from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.terms import Channel
from bill_reminders.logs import where
from bill_reminders.pages import actions, view
from bill_reminders.pages.actions import Form, Unclear
from bill_reminders.pages.view import Opened
from bill_reminders.storage import accounts, binding, history, limits, links
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.happenings import NeedsConfirmation
from bill_reminders.storage.limits import HOUR, Limit, TooOften
from bill_reminders.storage.links import Link, Purpose

LARGEST_FORM = 20_000
"""Characters; the longest suggestion is far shorter."""


@dataclass(frozen=True, slots=True)
class PageConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    links_table: str
    feedback_table: str
    limits_table: str
    address_key_arn: str
    bill_events_bus: str


logger = Logger()
config = environment.read(PageConfig)
binding.bind(config)
events = BillEvents(aws.client("events"), config.bill_events_bus)

STYLE = b64encode(sha256(view.css().encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

METHODS = ("GET", "HEAD", "POST")

Answer = dict[str, Any]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    try:
        found = answer(event, clock.now())
        is_head = event["requestContext"]["http"]["method"] == "HEAD"
        return found | {"body": ""} if is_head else found
    except UnknownUser:
        return dead()
    except TooOften as error:
        wait = str(max(1, int(error.retry_after.total_seconds())))
        return _page(view.page_for_anybody("page_too_often"), 429, {"Retry-After": wait})
    except Exception as error:
        logger.error("page failed", error=type(error).__name__, where=where(error))
        return _page(view.page_for_anybody("page_failed"), 503, {"Retry-After": "60"})


def answer(event: dict[str, Any], now: datetime) -> Answer:
    """`/r/<token>` is a message's page, `/u/<token>` the way out of its channel."""
    kind, token, *rest = [*event["rawPath"].strip("/").split("/"), ""]
    rest = [part for part in rest if part]
    method = event["requestContext"]["http"]["method"]
    if method not in METHODS:
        return _page(view.page_for_anybody("page_dead"), 405, {"Allow": ", ".join(METHODS)})
    link = links.find(token, Purpose.MESSAGE, now=now)
    if link is None or (kind == "r" and (link.closes_at is None or link.closes_at <= now)):
        return dead()
    opened = _opened(token, link, now)
    if not link.reaches(token, opened.account.user):
        return dead()
    if method == "POST":
        limits.reserve([Limit("buttons/hour", link.token_hash, 120, HOUR)], now=now)
        form = form_of(event)
        return press(opened, rest, form) if kind == "r" else stop_or_start(opened, rest, form)
    if kind == "u":
        return _page(view.way_out_page(opened, _channel(link)))
    return show(opened, rest, parse_qs(event.get("rawQueryString", "")))


def dead() -> Answer:
    """One answer to a link that is guessed, expired, withdrawn or somebody's who is gone."""
    return _page(view.page_for_anybody("page_dead"), 404)


def show(opened: Opened, rest: list[str], query: Form, **more: Any) -> Answer:
    """The bill that the address names, else all bills of the message."""
    match rest:
        case _ if not opened.reminders:  # the ledger has forgotten them
            return dead()
        case [] if len(opened.reminders) > 1:
            return _page(view.overview_page(opened))
        case []:
            return _bill(opened, 0, query, **more)
        case [number, *buttons] if (n := _number(number, opened)) is not None:
            if buttons:  # the address of a button, followed by something that is no button
                return _go(f"/r/{opened.token}/{n}")
            return _bill(opened, n, query, **more)
    return dead()


def press(opened: Opened, rest: list[str], form: Form) -> Answer:
    match rest:
        case [number, action] if (n := _number(number, opened)) is not None:
            pass
        case _:
            return dead()
    try:
        told = actions.act(action, opened, opened.reminders[n], form, events)
    except Unclear as error:
        return _bill(opened, n, {}, status=422, fault=opened.words.say(error.key))
    except NeedsConfirmation:
        return _bill(opened, n, {}, ask=actions.snooze_date(opened, form))
    except InvalidValue as error:
        key = f"page_fault_{error.field}"
        fault = key if key in opened.words.texts else "page_fault_form"
        return _bill(opened, n, {}, status=422, fault=opened.words.say(fault))
    if told is None:
        return dead()
    reminder = opened.reminders[n]
    logger.info("button pressed", action=action, bill_id=reminder.bill_id)
    if action == "not-mine":  # an alarm looks for these words
        logger.warning("bill is not its user's", user_id=reminder.user_id, bill_id=reminder.bill_id)
    return _go(f"/r/{opened.token}/{n}?{told}")


def _bill(opened: Opened, number: int, query: Form, *, status: int = 200, **more: Any) -> Answer:
    reminder = opened.reminders[number]
    was = {name: query[name][0] for name in view.PLAN_FIELDS if name in query}
    body = view.bill_page(
        opened,
        number,
        history.of_occurrence(reminder),
        history.feedback_on(reminder.user_id, reminder.key),
        done=next(iter(query.get("done", ())), ""),
        was=was,
        **more,
    )
    return _page(body, status)


def stop_or_start(opened: Opened, rest: list[str], form: Form) -> Answer:
    """RFC 8058: a mail program posts `List-Unsubscribe=One-Click` and wants no redirect. The page's
    own buttons post to `stop` and `start`, and come back to the page."""
    user_id, channel = opened.link.user_id, _channel(opened.link)
    match rest:
        case [] if form.get("List-Unsubscribe") == ["One-Click"]:
            actions.stop_from_mail(user_id, channel, now=opened.now)
            return _page("")
        case ["stop"]:
            actions.stop_from_mail(user_id, channel, now=opened.now)
        case ["start"]:
            actions.start_from_mail(user_id, channel, now=opened.now)
        case _:
            return dead()
    return _go(f"/u/{opened.token}")


def _channel(link: Link) -> Channel:
    assert link.channel is not None, "every message came by some channel"
    return link.channel


def form_of(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields of a form, url-encoded or multipart as RFC 8058 allows; none of one that is not
    sent as a form, or is too large."""
    body = event.get("body") or ""
    if len(body) > LARGEST_FORM:
        return {}
    if event.get("isBase64Encoded"):
        body = b64decode(body).decode("utf-8", "replace")
    content_type = event["headers"].get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        one_click = 'name="List-Unsubscribe"' in body and "One-Click" in body
        return {"List-Unsubscribe": ["One-Click"]} if one_click else {}
    return parse_qs(body, max_num_fields=100)


def _opened(token: str, link: Link, now: datetime) -> Opened:
    account = accounts.read(link.user_id, now=now)
    found = (history.find(link.user_id, key) for key in link.reminders)
    reminders = tuple(told.recorded.reminder for told in found if told is not None)
    return Opened(token, link, account, reminders, now)


def _number(text: str, opened: Opened) -> int | None:
    """Which of the message's reminders, counted from 0."""
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        return None
    return int(text) if int(text) < len(opened.reminders) else None


def _go(address: str) -> Answer:
    return {"statusCode": 303, "headers": {**HEADERS, "Location": address}, "body": ""}


def _page(body: str, status: int = 200, more: Mapping[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {**HEADERS, **(more or {})},
        "body": body,
        "isBase64Encoded": False,
    }


ready()
