"""E-mail: one card a bill, in HTML and in plain text, with the way out at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import User
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import full_date
from bill_reminders.messages.names import biller_and_name, clean, shorten, shown
from bill_reminders.messages.notices import (
    WHOLE,
    Notice,
    Part,
    Sender,
    nearest_first,
    source_of,
)
from bill_reminders.messages.paying import Paying, in_message
from bill_reminders.messages.wording import (
    amount_alone,
    bill_title,
    due,
    headline,
    if_paid,
    is_late,
    keep_money,
    pay_by,
    remark,
    why,
)

if TYPE_CHECKING:
    from jinja2 import Environment

NAME_WIDTH = 80
"""In UTF-16 code units: a card wraps, so only the absurd is shortened."""

SUBJECT_NAME_WIDTH = 30


@dataclass(frozen=True, slots=True)
class EmailText:
    """`list_unsubscribe` is the value of that header (RFC 2369): the ways out, the best first. With
    `one_click` that is an address at which a POST stops the e-mails (RFC 8058).
    """

    subject: str
    text: str
    html: str
    list_unsubscribe: str
    one_click: bool


@dataclass(frozen=True, slots=True)
class _Card:
    """A bill as the templates show it.

    `title` is one line for the biller and the name. `biller` may be "". `urgency` is overdue, today
    or later, and picks a colour.
    """

    title: str
    biller: str
    name: str
    amount: str
    amount_is_known: bool
    date: str
    due: str
    urgency: str
    remark: str
    pay_by: str
    why: str
    if_paid: str
    paying: Paying


def email(
    user: User,
    notices: Sequence[Notice],
    *,
    today: date,
    sender: Sender,
    first: bool,
    reference: str,
    part: Part = WHOLE,
    link: str | None = None,
    unsubscribe_link: str | None = None,
) -> EmailText:
    """One e-mail for all `notices`. `today` is the user's local date when it goes out. `link` leads
    to its page, `unsubscribe_link` is where e-mails are stopped.

    `reference` comes back in the subject of a request to stop. It must say nothing about the user
    to who reads it on the way.
    """
    words = catalogue(user.language)
    ordered = nearest_first(notices)
    name = clean(sender.name)
    subject = headline(words, ordered, today=today, width=SUBJECT_NAME_WIDTH, part=part)
    stop_subject = f"unsubscribe {reference}"
    mailbox = quote(sender.unsubscribe_mailbox, safe="@+")
    stop_link = f"mailto:{mailbox}?subject={quote(stop_subject, safe='')}"
    values = {
        "language": user.language,
        "say": words.say,
        "subject": subject,
        "hello": _hello(words, len(ordered)),
        "preview": _preview(words, ordered),
        "cards": [_card(words, notice, today) for notice in ordered],
        "first": (
            words.say("email_first", source=source_of(user, Channel.EMAIL) or name) if first else ""
        ),
        "link": link or "",
        "unsubscribe_link": unsubscribe_link or "",
        "code_word": _code_word(words, user),
        "stop_link": unsubscribe_link or stop_link,
        "stop_mailbox": sender.unsubscribe_mailbox,
        "stop_subject": stop_subject,
        "sender": name,
    }
    return EmailText(
        subject=subject,
        text=templates().get_template("reminder.txt").render(values),
        html=templates().get_template("reminder.html").render(values),
        list_unsubscribe=f"<{unsubscribe_link}>, <{stop_link}>"
        if unsubscribe_link
        else f"<{stop_link}>",
        one_click=unsubscribe_link is not None,
    )


def _code_word(words: Catalogue, user: User) -> str:
    """By which its user knows it from an imitation: always at the same place."""
    word = shorten(shown(user.code_word or ""), NAME_WIDTH)
    return words.say("code_word", word=word) if word else ""


def _card(words: Catalogue, notice: Notice, today: date) -> _Card:
    biller, name = (shorten(each, NAME_WIDTH) for each in biller_and_name(notice.bill))
    heading = bill_title(words, notice, width=NAME_WIDTH)
    return _Card(
        title=heading,
        biller=biller if name else "",
        name=name or heading,
        amount=amount_alone(words, notice, today),
        amount_is_known=notice.owed.amount is not None,
        date=words.say("email_due_date", date=full_date(notice.due_on, words.language)),
        due=due(words, notice, today),
        urgency=_urgency(notice, today),
        remark=words.sentences(keep_money(words, notice, today), remark(words, notice, today)),
        pay_by=pay_by(words, notice, today),
        why=why(words, (notice,)),
        if_paid=if_paid(words, notice, today),
        paying=in_message(notice),
    )


def _urgency(notice: Notice, today: date) -> str:
    if notice.due_on == today:
        return "today"
    return "overdue" if is_late(notice, today) else "later"


def _hello(words: Catalogue, count: int) -> str:
    if count == 1:
        return words.say("email_hello_one")
    return words.say("email_hello_many", count=count)


def _preview(words: Catalogue, notices: Sequence[Notice]) -> str:
    """What an inbox shows beside the subject. No amount: locked screens show it too."""
    nearest = full_date(notices[0].due_on, words.language)
    return words.say("email_preview", date=nearest, why=why(words, notices))


@cache
def templates() -> "Environment":
    """Compiled templates are kept in it, so one serves all e-mails.

    The library is loaded here: functions that seldom write an e-mail start without it.
    """
    from jinja2 import (  # noqa: PLC0415
        Environment,
        PackageLoader,
        StrictUndefined,
        select_autoescape,
    )

    return Environment(
        loader=PackageLoader("bill_reminders.channels.email"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
