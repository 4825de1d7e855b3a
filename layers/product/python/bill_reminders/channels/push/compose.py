"""Push notifications: a title for the locked screen and a few lines below it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import User
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import weekday_date
from bill_reminders.messages.names import clean, shorten, shown
from bill_reminders.messages.notices import (
    WHOLE,
    Notice,
    Part,
    Sender,
    nearest_first,
    source_of,
)
from bill_reminders.messages.paying import in_message
from bill_reminders.messages.wording import (
    amount_alone,
    amount_of,
    bill_title,
    due_in_list,
    headline,
    if_paid,
    keep_money,
    pay_by,
    remark,
    why,
    with_last_working_day,
)

MOST_BILLS = 3
"""Phones show about four lines of a notification, and the last one counts the rest."""

NAME_WIDTH = 30
"""In UTF-16 code units; with it a notification stays far below the 4 KB that services carry."""


@dataclass(frozen=True, slots=True)
class PushText:
    """`body` has one line a bill when there are several. `link` is what a touch opens in place of
    our page; "" for nothing else."""

    title: str
    body: str
    link: str = field(default="", repr=False)


def push(
    user: User,
    notices: Sequence[Notice],
    *,
    today: date,
    sender: Sender,
    first: bool,
    part: Part = WHOLE,
) -> PushText:
    """One notification for all `notices`. `today` is the user's local date when it goes out;
    `first` adds how to stop."""
    words = catalogue(user.language)
    ordered = nearest_first(notices)
    body = _bill(words, ordered[0], today) if len(ordered) == 1 else _bills(words, ordered, today)
    if first:
        source = source_of(user, Channel.PUSH) or clean(sender.name)
        stop = words.say("push_stop", source=shorten(source, NAME_WIDTH))
        body = words.sentences(body, stop) if len(ordered) == 1 else f"{body}\n{stop}"
    word = shorten(shown(user.code_word or ""), NAME_WIDTH)
    if word:
        body = f"{body}\n{words.say('code_word', word=word)}"
    return PushText(
        title=headline(words, ordered, today=today, width=NAME_WIDTH, part=part),
        body=body,
        link=in_message(ordered[0]).link if len(ordered) == 1 else "",
    )


def _bill(words: Catalogue, notice: Notice, today: date) -> str:
    reason = why(words, (notice,))
    kept = keep_money(words, notice, today)
    return words.sentences(
        words.sentences(kept, reason) if kept else _told(words, notice, today, reason),
        remark(words, notice, today),
        pay_by(words, notice, today),
        if_paid(words, notice, today),
    )


def _told(words: Catalogue, notice: Notice, today: date, reason: str) -> str:
    return words.say(
        "push_bill",
        amount=amount_alone(words, notice, today),
        date=weekday_date(notice.due_on, words.language),
        why=reason,
    )


def _bills(words: Catalogue, notices: Sequence[Notice], today: date) -> str:
    lines = [
        words.say(
            "push_digest_bill",
            bill=bill_title(words, notice, width=NAME_WIDTH),
            amount=amount_of(words, notice, today),
            due=with_last_working_day(words, due_in_list(words, notice, today), notice, today),
        )
        for notice in notices[:MOST_BILLS]
    ]
    more = len(notices) - MOST_BILLS
    if more > 0:
        lines.append(words.say("push_digest_more", more=more))
    return "\n".join([*lines, why(words, notices)])
