"""unsubscribe: stops one channel, by the button that mail programs show or by a page of ours.

A function of its own: however often pages are asked for, whoever wants no more messages can say so.
"""

from bill_reminders.cold_start import ready

from datetime import datetime
from typing import NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.page_answers import Answer, Event, answered, dead, go, method_of, page, refused
from bill_reminders.pages import actions, forms, view
from bill_reminders.pages.view import Opened
from bill_reminders.storage import accounts, binding, limits, links
from bill_reminders.storage.journal import through
from bill_reminders.storage.limits import HOUR, Limit
from bill_reminders.storage.links import Link, Purpose

STARTS_PER_HOUR = 20
"""Of one link. A stop is never counted: it may be repeated, changes nothing the second time, and
nobody shall be able to use up somebody else's."""


class UnsubscribeConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    links_table: str
    limits_table: str
    address_key_arn: str
    link_origin: str


logger = Logger()
config = environment.read(UnsubscribeConfig)
binding.bind(config)


@logger.inject_lambda_context
@through(Entrance.PAGE)
def handler(event: Event, context: LambdaContext) -> Answer:
    return answered(event, answer)


def answer(event: Event, now: datetime) -> Answer:
    """`/u/<token>` stops the channel of the message that had it. Mail programs post to it from
    wherever they run."""
    _, token, *rest = [*event["rawPath"].strip("/").split("/"), ""]
    rest = [part for part in rest if part]
    if (refusal := refused(event, config.link_origin, from_anywhere=not rest)) is not None:
        return refusal
    link = links.find(token, Purpose.MESSAGE, now=now)
    if link is None:
        return dead()
    opened = Opened(token, link, accounts.read(link.user_id, now=now), (), now)
    if not link.reaches(token, opened.account.user):
        return dead()
    if method_of(event) == "POST":
        return stop_or_start(opened, rest, forms.fields_of(event))
    return page(view.unsubscribe_page(opened, _channel(link)))


def stop_or_start(opened: Opened, rest: list[str], form: forms.Form) -> Answer:
    """RFC 8058: a mail program posts `List-Unsubscribe=One-Click` and wants no redirect. The page's
    own buttons post to `stop` and `start`, and come back to the page."""
    user_id, channel = opened.link.user_id, _channel(opened.link)
    match rest:
        case [] if form.get("List-Unsubscribe") == ["One-Click"]:
            actions.stop_from_mail(user_id, channel, now=opened.now)
            return page("")
        case ["stop"]:
            actions.stop_from_mail(user_id, channel, now=opened.now)
        case ["start"]:
            _count_start(opened)
            actions.start_from_mail(user_id, channel, now=opened.now)
        case _:
            return dead()
    return go(f"/u/{opened.token}")


def _count_start(opened: Opened) -> None:
    limit = Limit("starts/hour", opened.link.token_hash, STARTS_PER_HOUR, HOUR)
    limits.take_one(limit, now=opened.now)


def _channel(link: Link) -> Channel:
    assert link.channel is not None, "every message came by some channel"
    return link.channel


ready()
