"""link_page: the page behind a message's link.

Whoever has the link may see it and press its buttons; a GET or a HEAD changes nothing. What is
beyond the message's own bills opens with a code that is sent to where the message went.
"""

from bill_reminders.cold_start import ready

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, environment, metrics, rate_limit
from bill_reminders.channels import registry
from bill_reminders.channels.sends import Sends
from bill_reminders.commands.snoozes import NeedsConfirmation
from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bounds import TooManyReminders
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.journal import Entrance
from bill_reminders.domain.journal import Event as Noted
from bill_reminders.page_answers import (
    Answer,
    Event,
    answered,
    dead,
    go,
    method_of,
    page,
    refused,
    too_often,
)
from bill_reminders.pages import forms, proof, view
from bill_reminders.pages.forms import AskFirst, Form, Unclear
from bill_reminders.pages.proof import WrongProof
from bill_reminders.pages.view import Opened
from bill_reminders.storage import (
    accounts,
    binding,
    history,
    limits,
    links,
)
from bill_reminders.storage.journal import through
from bill_reminders.storage.limits import HOUR, Limit
from bill_reminders.storage.links import Link, Purpose

if TYPE_CHECKING:
    from bill_reminders.domain.handovers import Handover

BUTTONS_PER_HOUR = 120
"""Of one link."""


class PageConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    identities_table: str
    addresses_table: str
    links_table: str
    feedback_table: str
    limits_table: str
    codes_table: str
    address_key_arn: str
    bill_events_bus: str
    link_origin: str
    page_requests_per_link: int
    sender_name: str
    from_address: str


logger = Logger()
with environment.all_at_once():
    config = environment.read(PageConfig)
    parameters = registry.parameters(Sends.CODES)
binding.bind(config)
events = BillEvents(partial(aws.client, "events", aws.PROMPT), config.bill_events_bus)


@logger.inject_lambda_context
@through(Entrance.PAGE)
def handler(event: Event, context: LambdaContext) -> Answer:
    return answered(event, answer)


def answer(event: Event, now: datetime) -> Answer:
    """`/r/<token>` is a message's page."""
    if (refusal := refused(event, config.link_origin)) is not None:
        return refusal
    _, token, *rest = [*event["rawPath"].strip("/").split("/"), ""]
    rest = [part for part in rest if part]
    link = links.find(token, Purpose.MESSAGE, now=now)
    if link is not None:
        if link.closes_at is None or link.closes_at <= now:
            return dead()
        return counted(token, now, partial(answer_of_link, event, token, link, rest, now))
    # few links undo a handover, and every cold start would pay for what that takes
    from bill_reminders.storage import handovers  # noqa: PLC0415

    handover = handovers.behind(token, now=now)
    if handover is None:
        return dead()
    return counted(token, now, partial(undo_of, event, token, handover, rest, now))


def counted(token: str, now: datetime, answer: Callable[[], Answer]) -> Answer:
    """What `answer` gives, within the limit of calls of one link, and what is left of it."""
    whom = links.token_hash(token)
    limit = rate_limit.of_caller(rate_limit.LINK, whom, config.page_requests_per_link)
    standing = limits.count(limit, now=now)
    told = rate_limit.headers(rate_limit.LINK, standing)
    if standing.is_over:
        return too_often(standing.resets_in, told)
    found = answer()
    if found["statusCode"] == HTTPStatus.NOT_FOUND:  # which tells nothing of the link
        return found
    return found | {"headers": {**told, **found["headers"]}}


def answer_of_link(event: Event, token: str, link: Link, rest: list[str], now: datetime) -> Answer:
    opened = _opened(token, link, now, proven=proof.is_shown(event, link, now=now))
    if not link.reaches(token, opened.account.user):
        return dead()
    if method_of(event) == "POST":
        _count_button(link.token_hash, now)
        source = str(event["requestContext"]["http"].get("sourceIp", ""))
        return press(opened, rest, forms.fields_of(event), source)
    return show(opened, rest, parse_qs(event.get("rawQueryString", "")))


def _count_button(token_hash: str, now: datetime) -> None:
    limits.take_one(Limit("buttons/hour", token_hash, BUTTONS_PER_HOUR, HOUR), now=now)


def undo_of(
    event: Event, token: str, handover: "Handover", rest: list[str], now: datetime
) -> Answer:
    """The page that undoes a handover; only its button does it."""
    from bill_reminders.pages import undo  # noqa: PLC0415, as in answer

    if method_of(event) != "POST":
        return page(undo.page(token, handover, now)) if not rest else go(f"/r/{token}")
    if rest != ["undo"]:
        return dead()
    _count_button(links.token_hash(token), now)
    if not undo.press(handover, now):
        return page(undo.page(token, handover, now, gone=True), 409)
    logger.info("handover undone", kind=handover.kind.value, user_id=handover.user_id)
    return go(f"/r/{token}")


def show(opened: Opened, rest: list[str], query: Form, **more: Any) -> Answer:
    """The bill that the address names, else all bills of the message."""
    match rest:
        case _ if not opened.reminders:  # the ledger has forgotten them
            return dead()
        case [] if len(opened.reminders) > 1:
            return page(view.overview_page(opened))
        case []:
            return _bill(opened, 0, query, **more)
        case [number, *buttons] if (n := _number(number, opened)) is not None:
            if buttons == ["proof"]:
                from bill_reminders.pages import code_page  # noqa: PLC0415, as in send_code

                return page(code_page.page(opened, n))
            # the address of a button, followed by something that is no button
            path = f"/r/{opened.token}/{n}"
            return go(path) if buttons else _bill(opened, n, query, **more)
    return dead()


def press(opened: Opened, rest: list[str], form: Form, source: str) -> Answer:
    match rest:
        case [number, "code"] if (n := _number(number, opened)) is not None:
            return send_code(opened, n, form, source)
        case [number, "proof"] if (n := _number(number, opened)) is not None:
            return enter_code(opened, n, form)
        case [number, action] if (n := _number(number, opened)) is not None:
            return act(opened, n, action, form)
    return dead()


def send_code(opened: Opened, n: int, form: Form, source: str) -> Answer:
    # what sends messages costs a cold start of every page, and is seldom needed
    from bill_reminders.pages.proof_code import Post, Sender, send  # noqa: PLC0415

    post = Post(Sender(config.sender_name, config.from_address), parameters)
    try:
        send(opened, form, post, source=source)
    except Unclear as error:
        return _unclear(opened, n, error)
    return go(f"/r/{opened.token}/{n}/proof")


def enter_code(opened: Opened, n: int, form: Form) -> Answer:
    from bill_reminders.pages import code_page  # noqa: PLC0415, as in send_code

    try:
        cookie = code_page.enter(opened, form)
    except Unclear as error:
        if isinstance(error, WrongProof):  # as the API's
            signal = metrics.signal("WrongCodes")
            logger.info("in the journal", what=Noted.WRONG_CODE.value, **signal)
        fault = opened.words.say(error.key, **error.values)
        return page(code_page.page(opened, n, fault=fault), error.status)
    if cookie is None:
        return dead()
    logger.info("code entered", user_id=opened.link.user_id)
    return go(f"/r/{opened.token}/{n}?done=proof", {"Set-Cookie": cookie})


def act(opened: Opened, n: int, action: str, form: Form) -> Answer:
    # a page is looked at more often than its buttons are pressed, and mostly before
    from bill_reminders.pages import actions  # noqa: PLC0415

    # who corrects a bill types it once
    typed = {"typed": form} if action == "edit" else {}
    try:
        told = actions.act(action, opened, opened.reminders[n], form, events)
    except Unclear as error:
        return _unclear(opened, n, error, **typed)
    except AskFirst as asked:
        return _bill(opened, n, {}, sure=asked.shown, **typed)
    except NeedsConfirmation:
        return _bill(opened, n, {}, ask=actions.snooze_date(opened, form))
    except InvalidValue as error:
        field = "live" if isinstance(error, TooManyReminders) else error.field
        key = f"page_fault_{field}"
        fault = key if key in opened.words.texts else "page_fault_form"
        return _bill(opened, n, {}, status=422, fault=opened.words.say(fault), **typed)
    if told is None:
        return dead()
    reminder = opened.reminders[n]
    logger.info("button pressed", action=action, bill_id=reminder.bill_id)
    return go(f"/r/{opened.token}/{n}?{told}")


def _unclear(opened: Opened, n: int, error: Unclear, **more: Any) -> Answer:
    fault = opened.words.say(error.key, **error.values)
    return _bill(opened, n, {}, status=error.status, fault=fault, **more)


def _bill(opened: Opened, number: int, query: Form, *, status: int = 200, **more: Any) -> Answer:
    reminder = opened.reminders[number]
    was = {name: query[name][0] for name in view.PLAN_FIELDS if name in query}
    body = view.bill_page(
        opened,
        number,
        history.of_occurrence(reminder),
        history.feedback_on(reminder.user_id, reminder.key),
        done=next(iter(query.get("done", ())), ""),
        edit=next(iter(query.get("edit", ())), ""),
        was=was,
        **more,
    )
    return page(body, status)


def _opened(token: str, link: Link, now: datetime, *, proven: bool) -> Opened:
    account = accounts.read(link.user_id, now=now)
    found = (history.find(link.user_id, key) for key in link.reminders)
    reminders = tuple(told.recorded.reminder for told in found if told is not None)
    return Opened(token, link, account, reminders, now, proven)


def _number(text: str, opened: Opened) -> int | None:
    """Which of the message's reminders, counted from 0."""
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        return None
    return int(text) if int(text) < len(opened.reminders) else None


ready()
