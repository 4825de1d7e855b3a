"""What a message says of the amount, and the remarks that go with it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Address, Attestation, Channel, Language, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.messages.email import email
from bill_reminders.messages.notices import Notice, Sender
from bill_reminders.messages.push import push
from bill_reminders.messages.sms import sms

TODAY = date(2027, 3, 2)
AT = datetime(2027, 3, 2, 9, tzinfo=UTC)
SENDER = Sender("Bills", "stop@bills.example.com")


def dollars(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


CARD = Bill("user", "card", "Lark", "Card", Recurrence(date(2026, 11, 5), 1, Unit.MONTH), TODAY)
ISSUED = CARD.with_statement(Statement(4, dollars("200.00"), Decimal("20.00")))
FIXED = replace(CARD, amount=dollars("50.00"))
VARIABLE = replace(
    CARD,
    statements=tuple(
        Statement(number, dollars(amount))
        for number, amount in enumerate(["90.00", "96.40", "110.00", "95.00"])
    ),
)
STATEMENT_TO_COME = replace(CARD, statement_day=3)


def paid(bill: Bill, amount: str) -> Bill:
    return bill.with_payment(Payment(4, AT, dollars(amount), "p"))


def notice(bill: Bill, trigger: Trigger, *, due_on: date, revision: int = 0) -> Notice:
    reminder = Reminder("user", "card", 4, due_on, trigger, Channel.SMS, AT, revision)
    return Notice.of(bill, reminder)


def everywhere(
    bill: Bill, trigger: Trigger, *, language: Language, days: int = 3, revision: int = 0
) -> list[str]:
    """The SMS, the push notification and both parts of the e-mail, due `days` after today."""
    by = Attestation("Lark", AT, "form 7")
    addresses = {channel: Address("somewhere", by) for channel in Channel}
    user = User("user", language, ZoneInfo("UTC"), addresses=addresses)
    due_on = date(2027, 3, 5)
    told = [notice(bill, trigger, due_on=due_on, revision=revision)]
    today = due_on - timedelta(days=days)
    mail = email(user, told, today=today, sender=SENDER, first=False, reference="r")
    return [
        sms(user, told, today=today, sender=SENDER, first=False).body,
        push(user, told, today=today, sender=SENDER, first=False).body,
        mail.text,
        mail.html,
    ]


LEAD = Trigger.lead(3)
CASES = [
    (FIXED, LEAD, ["$50.00", "US$50.00", "US$50.00"]),
    (paid(FIXED, "20.00"), LEAD, ["$30.00 left of $50.00", "还剩US$30.00", "尚餘US$30.00"]),
    (ISSUED, LEAD, ["$200.00, minimum $20.00", "最低还款US$20.00", "最低應繳US$20.00"]),
    (paid(ISSUED, "20.00"), LEAD, ["$180.00 left, minimum paid", "已还最低额", "已繳最低額"]),
    (VARIABLE, LEAD, ["bout $95.70", "约US$95.70", "約US$95.70"]),
    (VARIABLE, LEAD, ["Usually $90.00 to $110.00.", "平时为", "平常為"]),
    (
        STATEMENT_TO_COME,
        LEAD,
        ["mount comes with the statement of", "3月3日账单", "帳單為準"],
    ),
    (CARD, LEAD, ["mount not known yet", "金额待确认", "金額"]),
    (
        VARIABLE.with_statement(Statement(4, dollars("180.00"))),
        LEAD,
        ["far above the usual $95.70", "高出不少", "高出不少"],
    ),
    (replace(FIXED, autopay=True), LEAD, ["keep the money in the account", "自动扣款", "自動扣款"]),
    (
        replace(FIXED, autopay=True, failed_debits=(FailedDebit(4, AT, "e"),)),
        Trigger.autopay_failed("e"),
        ["The automatic payment did not go through.", "自动扣款未成功。", "自動扣款未成功。"],
    ),
    (
        FIXED,
        Trigger.snooze(TODAY),
        ["You asked to be reminded today.", "今天再次提醒", "今天再次提醒"],
    ),
]


@pytest.mark.parametrize(("bill", "trigger", "words"), CASES)
@pytest.mark.parametrize("place", range(3))
def test_every_message_says_what_is_known(
    bill: Bill, trigger: Trigger, words: list[str], place: int
) -> None:
    language = [*Language][place]
    for text in everywhere(bill, trigger, language=language):
        assert words[place] in text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ENGLISH, "The due date has changed."),
        (Language.SIMPLIFIED_CHINESE, "到期日有变动。"),
        (Language.TRADITIONAL_CHINESE, "到期日有變動。"),
    ],
)
def test_a_revision_says_that_the_date_changed(language: Language, words: str) -> None:
    assert all(words in text for text in everywhere(FIXED, LEAD, language=language, revision=1))
    assert not any(words in text for text in everywhere(FIXED, LEAD, language=language))


def test_a_met_minimum_is_not_called_overdue() -> None:
    late = Trigger.overdue(1)
    texts = everywhere(paid(ISSUED, "20.00"), late, language=Language.ENGLISH, days=-1)
    for text, shows_when in zip(texts, (True, False, True, True), strict=True):
        assert ("still open" in text.lower()) is shows_when
        assert "days overdue" not in text
        assert "already paid" not in text


def test_a_failed_debit_is_no_longer_announced() -> None:
    failed = replace(FIXED, autopay=True, failed_debits=(FailedDebit(4, AT, "e"),))
    for text in everywhere(failed, LEAD, language=Language.ENGLISH):
        assert "will be taken" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ENGLISH, ["the automatic payment failed", "by autopay", "new date"]),
        (Language.SIMPLIFIED_CHINESE, ["自动扣款未成功", "将自动扣款", "到期日有变动"]),
        (Language.TRADITIONAL_CHINESE, ["自動扣款未成功", "將自動扣款", "到期日有變動"]),
    ],
)
def test_among_several_bills_each_says_what_is_special(
    language: Language, words: list[str]
) -> None:
    by = Attestation("Lark", AT, "form 7")
    addresses = {channel: Address("somewhere", by) for channel in Channel}
    user = User("user", language, ZoneInfo("UTC"), addresses=addresses)
    autopay = replace(FIXED, autopay=True)
    failed = replace(autopay, failed_debits=(FailedDebit(4, AT, "e"),))
    due_on = date(2027, 3, 5)
    special = [
        notice(failed, Trigger.autopay_failed("e"), due_on=due_on),
        notice(autopay, LEAD, due_on=due_on),
        notice(FIXED, LEAD, due_on=due_on, revision=1),
    ]
    for word, one in zip(words, special, strict=True):
        told = [one, notice(FIXED, LEAD, due_on=due_on)]
        assert word in sms(user, told, today=TODAY, sender=SENDER, first=False).body
        assert word in push(user, told, today=TODAY, sender=SENDER, first=False).body


def test_a_sign_that_only_a_remark_holds_does_not_force_two_byte_letters() -> None:
    rupees = [Statement(n, Money(Decimal(90 + n), "INR")) for n in range(4)]
    variable = replace(CARD, statements=tuple(rupees))
    body = everywhere(variable, LEAD, language=Language.ENGLISH)[0]
    assert "INR" in body
    assert body.isascii()
