"""Answers to replies: within two segments, in every language, with every name."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.sms.answers import Answers
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.reminders import Trigger
from bill_reminders.messages.notices import Notice, Sender
from tests.support.people import PHONE, a_bill
from tests.support.sms_segments import counted

TODAY = date(2027, 9, 29)
LONG = "👩‍👩‍👧‍👦 Gemeinnützige Wohnungsbaugesellschaft 住房"
NUMBERS = st.sampled_from([PHONE, "+8613000000000", "+919000000000"])
NAMES = st.one_of(st.text(max_size=60), st.just(LONG), st.just("{bill} {0.__class__}"))
PLAIN = [Wording.STOPPED, Wording.STARTED, Wording.NOTHING_DUE]


def a_notice(days: int, biller: str = "Lantern Bank", name: str = "Credit card") -> Notice:
    due_on = TODAY + timedelta(days)
    bill = a_bill(
        bill_id=f"bill-{days}",
        due_on=due_on,
        biller=biller,
        name=name,
        amount=Money(Decimal("9999999.9900"), "CLF"),
    )
    assert bill.recurrence == Recurrence(due_on)
    return Notice(bill, due_on, Trigger.lead(0))


@given(
    language=st.sampled_from(Language),
    to=NUMBERS,
    sender=NAMES,
    names=st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=12),
)
def test_every_answer_is_within_two_segments(
    language: Language, to: str, sender: str, names: list[tuple[str, str]]
) -> None:
    answers = Answers(language, to, Sender(sender, "unsubscribe@mailboxes.example.com"))
    notices = [a_notice(days, *pair) for days, pair in enumerate(names)]
    which, named = answers.which(notices)
    texts = [
        *map(answers.plain, PLAIN),
        answers.help(),
        answers.said_late(TODAY),
        which,
        answers.listing(notices, today=TODAY),
        answers.listing(notices[:1], today=TODAY),
        *(answers.about(each, notices[0]) for each in (Wording.PAID, Wording.UNDONE)),
        *(
            answers.about(each, notices[0], TODAY)
            for each in (Wording.SNOOZED, Wording.SNOOZE_LATE)
        ),
    ]
    assert [text.text for text in texts if counted(text.text) > 2] == []
    assert 2 <= named <= len(notices) or to == PHONE


def test_a_question_names_as_many_bills_as_fit_by_number_and_date() -> None:
    answers = Answers(Language.ENGLISH, PHONE, Sender("Lantern", "unsubscribe@example.com"))
    text, named = answers.which([a_notice(1), a_notice(5, "Paper Crane", "Rent")])
    assert named == 2
    assert text.text == (
        "Lantern: Which one? Reply with its number. 1: Lantern Bank Credit card (Sep 30); "
        "2: Paper Crane Rent (Oct 4)."
    )
    many = [a_notice(days, f"Biller {days}", "Rent") for days in range(20)]
    text, named = answers.which(many)
    assert named == 9
    assert "9: Biller 8" in text.text and "Biller 9 " not in text.text


def test_who_asks_for_help_hears_whom_to_write_to() -> None:
    sender = Sender("Lantern", "unsubscribe@example.com")
    for language in Language:
        assert "unsubscribe@example.com" in Answers(language, PHONE, sender).help().text


@pytest.mark.parametrize("to", ["+8613000000000", "+919000000000"])
def test_a_country_that_registers_wordings_gets_them_with_their_number(to: str) -> None:
    answers = Answers(Language.ENGLISH, to, Sender("Lantern", "unsubscribe@example.com"))
    two = [a_notice(1), a_notice(5, "Paper Crane", "Rent"), a_notice(6)]
    assert answers.which(two)[0].wording == "66" and answers.which(two)[1] == 2
    assert answers.help().wording == "67"
    assert answers.about(Wording.PAID, two[0]).wording == "61"
    assert answers.said_late(TODAY).wording == "70"
    assert answers.listing(two, today=TODAY).wording == "9"
