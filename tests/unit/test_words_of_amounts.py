"""What a message says of the amount, and the remarks that go with it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.channels.email.compose import email
from bill_reminders.channels.push.compose import push
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.messages.notices import Notice, Sender
from tests.support.amounts import dollars
from tests.support.examples import named

EN, HANS, HANT = Language
TODAY = date(2027, 3, 2)
AT = datetime(2027, 3, 2, 9, tzinfo=UTC)
SENDER = Sender("Bills", "stop@bills.example.com")


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
AUTOPAY = replace(FIXED, autopay=True)
FAILED = replace(AUTOPAY, failed_debits=(FailedDebit(4, AT, "e"),))


def paid(bill: Bill, amount: str) -> Bill:
    return bill.with_payment(Payment(4, AT, dollars(amount), "p"))


def notice(bill: Bill, trigger: Trigger, *, due_on: date, revision: int = 0) -> Notice:
    reminder = Reminder("user", "card", 4, due_on, trigger, Channel.SMS, AT, revision)
    return Notice.of(bill, reminder)


def everywhere(bill: Bill, trigger: Trigger, **values: Any) -> list[str]:
    """The SMS, the push notification and both parts of the e-mail, due `days` after today."""
    return [*_each(bill, trigger, **values)]


def by_sms(bill: Bill, trigger: Trigger, **values: Any) -> str:
    return next(_each(bill, trigger, **values))


def _each(
    bill: Bill, trigger: Trigger, *, language: Language, days: int = 3, revision: int = 0
) -> Iterator[str]:
    by = Attestation("Lark", AT, "form 7")
    addresses = {channel: Address("somewhere", by) for channel in Channel}
    user = User("user", language, ZoneInfo("UTC"), addresses=addresses)
    due_on = date(2027, 3, 5)
    told = [notice(bill, trigger, due_on=due_on, revision=revision)]
    today = due_on - timedelta(days=days)
    yield sms(user, told, today=today, sender=SENDER, first=False).body
    yield push(user, told, today=today, sender=SENDER, first=False).body
    mail = email(user, told, today=today, sender=SENDER, first=False, reference="r")
    yield from (mail.text, mail.html)


LEAD = Trigger.lead(3)
CASES = [
    (FIXED, LEAD, ["$50.00", "US$50.00", "US$50.00"]),
    (paid(FIXED, "20.00"), LEAD, ["$30.00 left of $50.00", "还剩US$30.00", "尚餘US$30.00"]),
    (ISSUED, LEAD, ["$200.00, minimum $20.00", "最低还款额US$20.00", "最低應繳US$20.00"]),
    (
        paid(ISSUED, "5.00"),
        LEAD,
        ["$195.00 left of $200.00, $15.00 to reach", "还差US$15.00", "尚差US$15.00"],
    ),
    (paid(ISSUED, "20.00"), LEAD, ["$180.00 left, minimum paid", "已还最低额", "已繳最低額"]),
    (VARIABLE, LEAD, ["bout $95.70", "约US$95.70", "約US$95.70"]),
    (VARIABLE, LEAD, ["Usually $90.00 to $110.00.", "平时为", "平常為"]),
    (
        STATEMENT_TO_COME,
        LEAD,
        ["mount comes with the statement of", "3月3日账单", "帳單為準"],
    ),
    (CARD, LEAD, ["mount not known yet", "金额待确认", "金額待確認"]),
    (
        paid(CARD, "50.00"),
        LEAD,
        [
            "mount not known yet, $50.00 paid",
            "金额待确认，已付US$50.00",
            "金額待確認，已繳US$50.00",
        ],
    ),
    (paid(VARIABLE, "50.00"), LEAD, ["$95.70, $50.00 paid", "已付US$50.00", "已繳US$50.00"]),
    (
        VARIABLE.with_statement(Statement(4, dollars("180.00"))),
        LEAD,
        ["far above the usual $95.70", "高出不少", "高出不少"],
    ),
    (AUTOPAY, LEAD, ["Keep at least $50.00 in the account", "不少于US$50.00", "不少於US$50.00"]),
    (
        AUTOPAY,
        LEAD,
        ["taken in 3 days (Fri, Mar 5)", "3天后（3月5日周五）自动扣款", "3天後（3月5日 週五）"],
    ),
    (
        paid(AUTOPAY, "20.00"),
        LEAD,
        ["at least $30.00 in the account", "不少于US$30.00", "不少於US$30.00"],
    ),
    (
        replace(VARIABLE, autopay=True),
        LEAD,
        ["Keep enough money in the account", "余额充足", "餘額充足"],
    ),
    (
        replace(VARIABLE, autopay=True),
        LEAD,
        ["(about $95.70): it will be taken", "自动扣款（约US$95.70）", "自動扣款（約US$95.70）"],
    ),
    (
        replace(CARD, autopay=True),
        LEAD,
        ["(amount not known yet): it will be taken", "（金额待确认）", "（金額待確認）"],
    ),
    (
        FAILED,
        Trigger.autopay_failed("e"),
        ["The automatic payment did not go through.", "自动扣款未成功。", "自動扣款未成功。"],
    ),
    (
        FIXED,
        Trigger.snooze(TODAY),
        ["You asked to be reminded again.", "按您的要求再次提醒", "依您的要求再次提醒"],
    ),
]


@pytest.mark.parametrize(("bill", "trigger", "words"), CASES)
def test_every_message_says_what_is_known(bill: Bill, trigger: Trigger, words: list[str]) -> None:
    for language, said in zip(Language, words, strict=True):
        for text in everywhere(bill, trigger, language=language):
            assert said in text.replace("\N{NO-BREAK SPACE}", " ")


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


MISSED = replace(CARD, statement_day=15).with_statement(
    Statement(4, dollars("500.00"), Decimal("25.00"))
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (EN, "inimum payment of $25.00"),
        (HANS, "最低还款额US$25.00"),
        (HANT, "最低應繳US$25.00"),
    ],
)
def test_of_a_missed_minimum_all_messages_name_that_and_not_the_balance_that_moved_on(
    language: Language, words: str
) -> None:
    newer = MISSED.with_statement(Statement(5, dollars("710.00")))
    late = Trigger.overdue(12)
    for text in everywhere(newer, late, language=language, days=-12):
        assert words in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "500" not in text


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        (EN, "If the rest is paid later: ", "Interest may run on the rest."),
        (HANS, "剩余部分如果晚些再还：", "剩余部分可能计息。"),
        (HANT, "剩餘部分若稍後再繳：", "剩餘部分可能計息。"),
    ],
)
def test_a_met_minimum_tells_what_interest_the_rest_costs_where_that_is_known(
    language: Language, before: str, after: str
) -> None:
    met = replace(paid(ISSUED, "20.00"), late_apr=Decimal("29.99"))
    for text in everywhere(met, LEAD, language=language):
        assert before in text
        assert "0.15" in text
    for text in everywhere(met, Trigger.snooze(TODAY), language=language, days=-10):
        assert "1.48" in text
        assert after not in text


def test_a_failed_debit_is_no_longer_announced() -> None:
    for text in everywhere(FAILED, LEAD, language=Language.ENGLISH):
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
    due_on = date(2027, 3, 5)
    special = [
        notice(FAILED, Trigger.autopay_failed("e"), due_on=due_on),
        notice(AUTOPAY, LEAD, due_on=due_on),
        notice(FIXED, LEAD, due_on=due_on, revision=1),
    ]
    for word, one in zip(words, special, strict=True):
        told = [one, notice(FIXED, LEAD, due_on=due_on)]
        assert word in sms(user, told, today=TODAY, sender=SENDER, first=False).body
        assert word in push(user, told, today=TODAY, sender=SENDER, first=False).body


def test_a_sign_that_only_a_remark_holds_does_not_force_two_byte_letters() -> None:
    rupees = [Statement(n, Money(Decimal(90 + n), "INR")) for n in range(4)]
    variable = replace(CARD, statements=tuple(rupees))
    body = by_sms(variable, LEAD, language=Language.ENGLISH)
    assert "INR" in body
    assert body.isascii()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (EN, "Interest may run on the rest."),
        (HANS, "剩余部分可能计息。"),
        (HANT, "剩餘部分可能計息。"),
    ],
)
def test_a_met_minimum_raises_no_alarm_and_tells_of_interest(
    language: Language, words: str
) -> None:
    met = paid(ISSUED, "20.00")
    texts = everywhere(met, Trigger.overdue(3), language=language, days=-3)
    for text in texts:
        assert words in text
        assert "逾期" not in text
    assert 'class="overdue"' not in texts[3]
    assert not any(words in text for text in everywhere(met, LEAD, language=language))
    unmet = everywhere(ISSUED, Trigger.overdue(3), language=language, days=-3)
    assert 'class="overdue"' in unmet[3]
    assert not any(words in text for text in unmet)


SMS_OF_ONE = [
    (
        paid(ISSUED, "5.00"),
        LEAD,
        3,
        "Bills: Lark Card, $195.00 left of $200.00, $15.00 to reach the minimum, is due in 3 days "
        "(Fri, Mar 5). By your reminder plan: 3 days before.",
        "【Bills】Lark Card：还剩US$195.00（共US$200.00），距最低还款额还差US$15.00，3天后到期"
        "（3月5日周五）。按提醒计划：提前3天。",
        "【Bills】Lark Card：尚餘US$195.00（共US$200.00），距最低應繳尚差US$15.00，3天後到期"
        "（3月5日 週五）。依提醒計劃：提前3天。",
    ),
    (
        paid(ISSUED, "20.00"),
        Trigger.overdue(3),
        -3,
        "Bills: Lark Card, $180.00 left, minimum paid, is still open (was due Fri, Mar 5). "
        "Interest may run on the rest. By your reminder plan: 3 days after.",
        "【Bills】Lark Card 已还最低额，还剩US$180.00，余额待还（3月5日）。"
        "剩余部分可能计息。到期后3天提醒。",
        "【Bills】Lark Card 已繳最低額，尚餘US$180.00，餘額待繳（3月5日）。"
        "剩餘部分可能計息。到期後3天提醒。",
    ),
    (
        AUTOPAY,
        Trigger.lead(1),
        1,
        "Bills: Keep at least $50.00 in the account for Lark Card: it will be taken tomorrow "
        "(Fri, Mar 5). By your reminder plan: 1 day before.",
        "【Bills】Lark Card：将于明天（3月5日周五）自动扣款，请确保账户余额不少于US$50.00。"
        "按提醒计划：提前1天。",
        "【Bills】Lark Card：將於明天（3月5日 週五）自動扣款，請確保帳戶餘額不少於US$50.00。"
        "依提醒計劃：提前1天。",
    ),
    (
        replace(VARIABLE, autopay=True),
        Trigger.lead(1),
        0,
        "Bills: Keep enough money in the account for Lark Card (about $95.70): it will be taken "
        "today (Fri, Mar 5). Usually $90.00 to $110.00. Your plan: 1 day before.",
        "【Bills】Lark Card：将于今天（3月5日周五）自动扣款（约US$95.70），请确保账户余额充足。"
        "平时为US$90.00至US$110.00。按提醒计划：提前1天。",
        "【Bills】Lark Card：將於今天（3月5日 週五）自動扣款（約US$95.70），請確保帳戶餘額充足。"
        "平常為US$90.00至US$110.00。依提醒計劃：提前1天。",
    ),
    (
        FAILED,
        Trigger.autopay_failed("e"),
        -1,
        "Bills: Lark Card, $50.00, is 1 day overdue (was due Fri, Mar 5). "
        "If already paid, please ignore. The automatic payment did not go through.",
        "【Bills】Lark Card：US$50.00，已逾期1天（3月5日周五到期）。如已支付请忽略。"
        "自动扣款未成功。",
        "【Bills】Lark Card：US$50.00，已逾期1天（3月5日 週五到期）。如已繳款請忽略。"
        "自動扣款未成功。",
    ),
    (
        FIXED,
        Trigger.snooze(TODAY),
        3,
        "Bills: Lark Card, $50.00, is due in 3 days (Fri, Mar 5). You asked to be reminded again.",
        "【Bills】Lark Card：US$50.00，3天后到期（3月5日周五）。按您的要求再次提醒。",
        "【Bills】Lark Card：US$50.00，3天後到期（3月5日 週五）。依您的要求再次提醒。",
    ),
]


@pytest.mark.parametrize(("bill", "trigger", "days", "en", "hans", "hant"), SMS_OF_ONE)
def test_an_sms_on_one_bill_reads_as_a_bank_would_write_it(
    bill: Bill, trigger: Trigger, days: int, en: str, hans: str, hant: str
) -> None:
    for language, body in ((EN, en), (HANS, hans), (HANT, hant)):
        assert by_sms(bill, trigger, language=language, days=days) == body


@pytest.mark.parametrize(
    ("language", "body"),
    [
        (
            EN,
            "Keep at least $50.00 in the account: it will be taken tomorrow (Fri, Mar 5). "
            "By your reminder plan: 1 day before.",
        ),
        (
            HANS,
            "将于明天（3月5日周五）自动扣款，请确保账户余额不少于US$50.00。按提醒计划：提前1天。",
        ),
        (
            HANT,
            "將於明天（3月5日 週五）自動扣款，請確保帳戶餘額不少於US$50.00。依提醒計劃：提前1天。",
        ),
    ],
)
def test_a_push_says_how_much_to_keep_in_place_of_what_is_due(
    language: Language, body: str
) -> None:
    assert everywhere(AUTOPAY, Trigger.lead(1), language=language, days=1)[1] == body


def test_a_snooze_that_goes_out_late_still_says_what_is_true() -> None:
    for text in everywhere(FIXED, Trigger.snooze(TODAY), language=EN, days=1):
        assert "You asked to be reminded again." in text
        assert "reminded today" not in text


def test_what_will_be_taken_is_not_asked_for() -> None:
    body, push_body, *_ = everywhere(AUTOPAY, LEAD, language=EN)
    assert "is due" not in body
    assert "Due date" not in push_body


@pytest.mark.parametrize(
    ("language", "title"),
    [
        (EN, "Lark Card is due tomorrow, by autopay"),
        (HANS, "Lark Card：明天到期，将自动扣款"),
        (HANT, "Lark Card：明天到期，將自動扣款"),
    ],
)
def test_a_title_says_that_autopay_pays(language: Language, title: str) -> None:
    by = Attestation("Lark", AT, "form 7")
    addresses = {channel: Address("somewhere", by) for channel in Channel}
    user = User("user", language, ZoneInfo("UTC"), addresses=addresses)
    today = date(2027, 3, 4)
    told = [notice(AUTOPAY, Trigger.lead(1), due_on=date(2027, 3, 5))]
    mail = email(user, told, today=today, sender=SENDER, first=False, reference="r")
    assert mail.subject == title
    assert push(user, told, today=today, sender=SENDER, first=False).title == title


def test_a_failed_debit_is_no_line_of_a_plan() -> None:
    for text in everywhere(FAILED, Trigger.autopay_failed("e"), language=EN):
        assert "reminder plan" not in text


@pytest.mark.parametrize(("bill", "trigger"), [case[:2] for case in CASES])
def test_every_wording_fits_into_two_segments_whatever_the_names(
    bill: Bill, trigger: Trigger
) -> None:
    names = ("The Mutual Building Society of Northwich", "山谷纸灯银行股份有限公司" * 3)
    for case in product(names, (3, 0, -3), Language):
        with named(case):
            name, days, language = case
            long = replace(bill, biller=name, name=name[::-1])
            body = by_sms(long, trigger, language=language, days=days, revision=1)
            assert segments(body) <= 2
            assert "$" in body or bill.amount is None, "the amount gives way last"


def test_a_sign_that_only_an_autopay_sentence_holds_gives_way_to_the_code() -> None:
    rupees = replace(AUTOPAY, amount=Money(Decimal("50.00"), "INR"))
    body = by_sms(rupees, Trigger.lead(1), language=EN, days=1)
    assert "Keep at least INR 50.00 in the account" in body
    assert body.isascii()
