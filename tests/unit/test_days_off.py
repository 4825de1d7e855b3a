"""A due date on which banks do not work: what a bill makes of it, and what the message says.

The places and dates: 28 February 2027 is a Sunday everywhere; in Taiwan Monday, 1 March is the
substitute of Peace Memorial Day; in England Good Friday is 26 March and Easter Monday the 29th.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pytest

from bill_reminders.channels.email.compose import email
from bill_reminders.channels.push.compose import push
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.ledger import Recorded
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Language
from bill_reminders.domain.planning import decide, earliest_due_date
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.working_days import Place
from bill_reminders.messages.notices import Notice, Sender
from tests.support.people import a_bill, a_user

ENGLAND, TAIWAN, AMERICA = Place("GB"), Place("TW"), Place("US")
SENDER = Sender("Tidepool", "stop@example.com")
END_OF_MONTH = Recurrence(date(2027, 1, 31), 1, Unit.MONTH)


def bill(place: Place | None, shift: Shift, recurrence: Recurrence = END_OF_MONTH) -> Bill:
    return a_bill(due_on=recurrence.first_due, recurrence=recurrence, place=place, shift=shift)


def told(owed: Bill, *, start: str, days: int) -> list[str]:
    """`02-26 lead:3` for each reminder of a user in UTC from `start` on."""
    user, recorded, lines = a_user(), dict[str, Recorded](), []
    now: datetime | None = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert now is not None
    end = now + timedelta(days)
    while now is not None and now < end:
        decision = decide(user, [owed], recorded, channel=Channel.SMS, now=now)
        for reminder in decision.due:
            lines.append(f"{now:%m-%d} {reminder.trigger} of {reminder.due_on:%m-%d}")
        now = decision.next_at
    return lines


@pytest.mark.parametrize(
    ("place", "shift", "lines"),
    [
        pytest.param(
            *(ENGLAND, Shift.NONE),
            ["02-25 lead:3", "02-27 lead:1", "02-28 lead:0", "03-01 overdue:1"],
            id="left alone",
        ),
        pytest.param(
            *(ENGLAND, Shift.NEXT),
            ["02-26 lead:3", "02-28 lead:1", "03-01 lead:0", "03-02 overdue:1"],
            id="the next working day, over the end of the month",
        ),
        pytest.param(
            *(ENGLAND, Shift.PREVIOUS),
            ["02-23 lead:3", "02-25 lead:1", "02-26 lead:0", "02-27 overdue:1"],
            id="the working day before",
        ),
        pytest.param(
            *(TAIWAN, Shift.NEXT),
            ["02-27 lead:3", "03-01 lead:1", "03-02 lead:0", "03-03 overdue:1"],
            id="past a holiday too",
        ),
        pytest.param(
            *(None, Shift.NEXT),
            ["02-26 lead:3", "02-28 lead:1", "03-01 lead:0", "03-02 overdue:1"],
            id="weekends alone where nobody knows the country",
        ),
    ],
)
def test_lead_days_and_overdue_days_count_from_the_payable_date(
    place: Place | None, shift: Shift, lines: list[str]
) -> None:
    found = told(bill(place, shift), start="2027-02-20 12:00", days=20)
    assert found == [f"{line} of 02-28" for line in lines]


def test_the_number_and_the_payment_follow_the_nominal_date() -> None:
    owed = bill(ENGLAND, Shift.NEXT)
    february = Payment(1, datetime(2027, 2, 20, tzinfo=UTC))
    assert told(owed.with_payment(february), start="2027-02-20 12:00", days=20) == []
    key = Reminder(
        *("somebody", "bill", 1, date(2027, 2, 28), Trigger.lead(0), Channel.SMS),
        planned_at=datetime(2027, 3, 1, 9, tzinfo=UTC),
    ).key
    assert key.startswith("2027-02-28#bill#0001#")


def test_an_end_date_follows_the_nominal_date() -> None:
    last = replace(END_OF_MONTH, until=date(2027, 2, 28))
    assert told(bill(ENGLAND, Shift.NEXT, last), start="2027-02-20 12:00", days=90) == [
        "02-26 lead:3 of 02-28",
        "02-28 lead:1 of 02-28",
        "03-01 lead:0 of 02-28",
        "03-02 overdue:1 of 02-28",
    ]


def test_what_is_payable_after_it_was_entered_is_owed() -> None:
    entered = replace(bill(ENGLAND, Shift.NEXT), owed_from=date(2027, 3, 1))
    assert told(entered, start="2027-03-01 06:00", days=10) == [
        "03-01 lead:1 of 02-28",
        "03-01 lead:0 of 02-28",
        "03-02 overdue:1 of 02-28",
    ]
    too_late = replace(entered, owed_from=date(2027, 3, 2))
    assert told(too_late, start="2027-03-02 06:00", days=10) == []


def test_what_is_entered_between_its_payable_date_and_its_due_date_is_owed() -> None:
    """The biller took it as due on Sunday; that its bank wanted it on Friday is over."""
    entered = replace(bill(ENGLAND, Shift.PREVIOUS), owed_from=date(2027, 2, 27))
    found = told(entered, start="2027-02-27 06:00", days=10)
    assert found == ["02-27 overdue:1 of 02-28"]
    assert entered.first_unpaid(date(2027, 2, 27)) == 1
    assert [due_on for _, due_on in islice(entered.owed_occurrences(), 1)] == [date(2027, 2, 28)]
    too_late = replace(entered, owed_from=date(2027, 3, 1))
    assert told(too_late, start="2027-03-01 06:00", days=10) == []


def test_the_ledger_is_read_from_before_the_longest_closure() -> None:
    at = datetime(2027, 3, 10, tzinfo=UTC)
    plain = earliest_due_date(a_user(), [bill(ENGLAND, Shift.NONE)], at)
    assert earliest_due_date(a_user(), [bill(ENGLAND, Shift.NEXT)], at) < plain


def notice(owed: Bill, due_on: date, trigger: Trigger) -> Notice:
    return Notice.of(
        owed,
        Reminder(
            *("somebody", "bill", 1, due_on, trigger, Channel.SMS),
            planned_at=datetime.combine(due_on, time(9), tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("language", Language)
def test_every_channel_names_the_last_working_day_before(language: Language) -> None:
    user = replace(a_user(channels=Channel), language=language)
    one = notice(bill(AMERICA, Shift.NONE), date(2027, 2, 28), Trigger.lead(3))
    said = {"today": date(2027, 2, 25), "sender": SENDER, "first": False}
    day = {"en": "Fri, Feb 26", "zh-Hans": "2月26日周五", "zh-Hant": "2月26日 週五"}[language]
    text = sms(user, [one], **said).body
    assert day in text
    assert segments(text) <= 2
    assert day in push(user, [one], **said).body
    mail = email(user, [one], reference="ref", **said)
    assert day in mail.text
    assert day in mail.html


SUNDAY = date(2027, 2, 28)


def digest(count: int, *closed: int, biller: str = "Lark", **changes: Any) -> list[Notice]:
    """Bills due that Sunday; banks are known to be closed for those with the numbers `closed`."""
    places = [AMERICA if number in closed else None for number in range(count)]
    owed = (
        replace(
            bill(place, Shift.NONE), bill_id=f"bill {n}", biller=biller, name=f"Loan {n}", **changes
        )
        for n, place in enumerate(places)
    )
    return [notice(each, SUNDAY, Trigger.lead(3)) for each in owed]


NOTES = {
    Language.ENGLISH: "last working day Feb 26",
    Language.SIMPLIFIED_CHINESE: "前一工作日2月26日",
    Language.TRADITIONAL_CHINESE: "前一工作日2月26日",
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("changes", [{}, {"autopay": True}], ids=["usual", "autopay"])
def test_a_digest_names_the_last_working_day_of_each_bill_that_has_one(
    language: Language, changes: dict[str, Any]
) -> None:
    user = replace(a_user(channels=Channel), language=language)
    bills = digest(3, 1, 2, **changes)
    said = {"today": date(2027, 2, 25), "sender": SENDER, "first": False}
    note = NOTES[language]
    assert note in sms(user, bills, **said).body
    lines = push(user, bills, **said).body.split("\n")[:3]
    assert [note in line for line in lines] == [False, True, True]
    mail = email(user, bills, reference="ref", **said)
    day = {"en": "Fri, Feb 26", "zh-Hans": "2月26日周五", "zh-Hant": "2月26日 週五"}[language]
    assert mail.text.count(day) == mail.html.count(day) == 2


def test_a_digest_names_no_last_working_day_that_is_over() -> None:
    user = a_user(channels=Channel)
    said = {"today": date(2027, 2, 27), "sender": SENDER, "first": False}
    assert "working day" not in sms(user, digest(2, 0, 1), **said).body
    assert "working day" not in push(user, digest(2, 0, 1), **said).body


def test_an_sms_digest_names_the_last_working_day_where_it_first_names_the_date() -> None:
    said = {"today": date(2027, 2, 25), "sender": SENDER, "first": False}
    assert sms(a_user(channels=Channel), digest(3, 1, 2), **said).body == (
        "Tidepool: 3 bills. Lark Loan 0, $120.50, due in 3 days (Feb 28); "
        "Lark Loan 1, $120.50, due in 3 days (Feb 28, last working day Feb 26); "
        "Lark Loan 2, $120.50, due in 3 days (Feb 28). By your reminder plan: 3 days before."
    )


LINK = f"https://pay.bills.example.com/r/{'a' * 17}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_an_sms_names_the_last_working_day_before_it_lists_more_bills(
    language: Language, count: int
) -> None:
    user = replace(a_user(channels=Channel), language=language)
    english = language is Language.ENGLISH
    biller = "The Mutual Building Society of Northwich" if english else "山谷纸灯银行信用卡中心"
    bills = digest(count, *range(count), biller=biller)
    text = sms(user, bills, today=date(2027, 2, 25), sender=SENDER, first=False, link=LINK).body
    assert segments(text) <= 2
    assert "120.50" in text
    assert re.search("Feb 26|2月26日", text)
    assert LINK in text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 2, 40])
def test_the_last_working_day_takes_no_amount_and_no_link_out_of_an_sms(
    language: Language, count: int
) -> None:
    user = replace(a_user(channels=Channel), language=language, code_word="Bluebird")
    said = {"today": date(2027, 2, 25), "sender": SENDER, "first": True, "link": LINK}
    for biller in ("The Mutual Building Society of Northwich", "山谷纸灯银行股份有限公司" * 3):
        closed, usual = (
            sms(user, digest(count, *which, biller=biller), **said).body
            for which in (range(count), ())
        )
        assert segments(closed) <= 2
        assert ("120.50" in closed, LINK in closed) == ("120.50" in usual, True)


@pytest.mark.parametrize(
    ("owed", "due_on", "today"),
    [
        pytest.param(
            *(bill(AMERICA, Shift.NONE), date(2027, 3, 31), date(2027, 3, 30)),
            id="banks work on the due date",
        ),
        pytest.param(
            *(bill(AMERICA, Shift.NONE), date(2027, 2, 28), date(2027, 2, 27)),
            id="the last working day is over",
        ),
        pytest.param(
            *(bill(AMERICA, Shift.NEXT), date(2027, 2, 28), date(2027, 2, 26)),
            id="the due date has moved",
        ),
        pytest.param(
            *(bill(None, Shift.NONE), date(2027, 2, 28), date(2027, 2, 26)),
            id="nobody knows the country",
        ),
    ],
)
def test_no_other_day_is_named_where_it_would_not_help(
    owed: Bill, due_on: date, today: date
) -> None:
    one = notice(owed, due_on, Trigger.lead(1))
    assert "working day" not in sms(a_user(), [one], today=today, sender=SENDER, first=False).body


def test_the_message_names_the_date_after_the_shift() -> None:
    one = notice(bill(ENGLAND, Shift.NEXT), date(2027, 2, 28), Trigger.lead(3))
    text = sms(a_user(), [one], today=date(2027, 2, 26), sender=SENDER, first=False).body
    assert "due in 3 days (Mon, Mar 1)" in text
