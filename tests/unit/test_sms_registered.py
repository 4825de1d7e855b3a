"""Countries that register wordings: what goes out there is one of those listed, to the letter."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.registered import FIRST, REMINDERS, Wording
from bill_reminders.channels.sms.text import SmsText
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.reminders import Trigger
from bill_reminders.messages.notices import Notice, Sender
from tests.support.direct import code, trial
from tests.support.people import a_trigger
from tests.support.sms_segments import counted

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
IN_LANGUAGES = pytest.mark.parametrize("language", Language)
CHINESE, INDIAN = "+8613000000000", "+919000000000"
NUMBERS = st.sampled_from([CHINESE, INDIAN, "+84900000000"])
TODAY = date(2027, 9, 29)
LINK = "https://pay.example.com/r/aZ09aZ09aZ09aZ09a"
FAMILY = "👩‍👩‍👧‍👦"


def as_listed(number: str, language: Language, sender: str) -> dict[str, re.Pattern[str]]:
    """Every listed wording by its number, its gaps open for what a provider lets into them."""
    wordings = registered.listing(language, sender=Sender(sender, ""), rules=rules_for(number))
    return {
        name: re.compile(
            "".join(
                re.escape(words) + ("(.{1,30})" if gap is not None else "")
                for words, gap, _, _ in Formatter().parse(form)
            )
        )
        for name, form in wordings
    }


def assert_is_listed(text: SmsText, number: str, language: Language, sender: str) -> None:
    assert as_listed(number, language, sender)[text.wording].fullmatch(text.body), text
    assert counted(text.body) <= 2


def a_statement(minimum: str) -> Statement:
    return Statement(0, Money(Decimal("200"), "USD"), Decimal(minimum))


def a_payment(amount: str) -> Payment:
    return Payment(0, datetime(2027, 9, 1, tzinfo=UTC), Money(Decimal(amount), "USD"))


def a_notice(
    days: int,
    *,
    names: tuple[str, str] = ("Lantern", "Card"),
    amount: str | None = "1234.56",
    currency: str = "USD",
    minimum: str | None = None,
    failed: bool = False,
    debited: bool = False,
    changed: bool = False,
) -> Notice:
    """Due `days` after today; with `minimum` a card of which just that was paid."""
    due_on = TODAY + timedelta(days)
    bill = Bill(
        "user",
        f"{days} {names}",
        *names,
        Recurrence(due_on),
        owed_from=due_on,
        amount=None if amount is None else Money(Decimal(amount), currency),
        statements=() if minimum is None else (a_statement(minimum),),
        payments=() if minimum is None else (a_payment(minimum),),
    )
    trigger = Trigger.autopay_failed("e") if failed else a_trigger(-days)
    return Notice(bill, due_on, trigger, will_be_debited=debited, date_changed=changed)


def text(
    number: str,
    notices: Sequence[Notice],
    *,
    language: Language = EN,
    first: bool = False,
    source: str = "Lantern",
    sender: str = "Family Bills",
) -> SmsText:
    attestation = Attestation(source, datetime(2027, 1, 1, tzinfo=UTC), "form 7")
    addresses = {Channel.SMS: Address(number, attestation)}
    zone = ZoneInfo("Asia/Shanghai")
    user = User("user", language, zone, code_word="Bluebird", addresses=addresses)
    return sms(
        user,
        notices,
        today=TODAY,
        sender=Sender(sender, ""),
        first=first,
        link=LINK,
        two_way=True,
    )


@pytest.mark.parametrize(
    ("notices", "wording", "body"),
    [
        ([a_notice(3)], "1", "Lantern Card, $1,234.56, is due on Sat, Oct 2."),
        ([a_notice(0)], "2", "Lantern Card, $1,234.56, is due today (Wed, Sep 29)."),
        (
            [a_notice(-1)],
            "3",
            "Lantern Card, $1,234.56, was due on Tue, Sep 28. If already paid, please ignore.",
        ),
        (
            [a_notice(-1, minimum="20")],
            "4",
            "Lantern Card: $180.00 is still open since Tue, Sep 28, the minimum is paid.",
        ),
        (
            [a_notice(1, debited=True)],
            "5",
            "Keep $1,234.56 in the account for Lantern Card: it is taken on Thu, Sep 30.",
        ),
        (
            [a_notice(0, failed=True)],
            "6",
            "Autopay failed: Lantern Card, $1,234.56, due date Wed, Sep 29.",
        ),
        (
            [a_notice(3, changed=True)],
            "7",
            "New due date: Lantern Card, $1,234.56, is due on Sat, Oct 2.",
        ),
        (
            [a_notice(3), a_notice(0, names=("", "Rent"))],
            "8",
            "2 bills: Rent, $1,234.56, Wed, Sep 29; Lantern Card, $1,234.56, Sat, Oct 2.",
        ),
        (
            [a_notice(3), a_notice(1), a_notice(0, names=("", "Rent"))],
            "9",
            "3 bills. Nearest: Rent, $1,234.56, due date Wed, Sep 29.",
        ),
        (
            [a_notice(1, debited=True, amount=None)],
            "10",
            "Keep enough in the account for Lantern Card: it is taken on Thu, Sep 30.",
        ),
        (
            [a_notice(3, amount=None)],
            "1",
            "Lantern Card, amount not known yet, is due on Sat, Oct 2.",
        ),
    ],
)
def test_each_kind_of_reminder_has_its_wording(
    notices: list[Notice], wording: str, body: str
) -> None:
    assert text(INDIAN, notices) == SmsText(f"Family Bills: {body}", wording)
    first = text(INDIAN, notices, first=True)
    assert first.body == f"Family Bills: {body} To stop, tell Lantern."
    assert first.wording == str(int(wording) + FIRST)


def test_chinese_wordings_have_numbers_of_their_own() -> None:
    written = text(CHINESE, [a_notice(3)], language=HANS, sender="家庭账本")
    assert written == SmsText("【家庭账本】Lantern Card，US$1,234.56，10月2日周六到期。", "101")
    written = text(INDIAN, [a_notice(3)], language=HANT, sender="家庭帳本")
    assert written == SmsText("【家庭帳本】Lantern Card，US$1,234.56，10月2日 週六到期。", "201")


def test_in_china_the_signature_stands_in_brackets_in_english_too() -> None:
    assert text(CHINESE, [a_notice(3)]).body.startswith("【Family Bills】Lantern Card, $1,234.56,")


NAMES = st.text(max_size=60) | st.sampled_from(
    [FAMILY * 9, "|" * 60, "W" * 60, "账" * 60, "Kid’s – “card”" * 4, "{bill} {0}", "a{sender}"]
)


@given(
    number=NUMBERS,
    language=st.sampled_from(Language),
    bills=st.lists(
        st.builds(
            a_notice,
            st.integers(-60, 365),
            names=st.tuples(NAMES, NAMES),
            amount=st.none() | st.decimals("0.01", "9999999.99", places=2).map(str),
            currency=st.sampled_from(["USD", "CLF", "INR", "CNY"]),
            failed=st.booleans(),
            debited=st.booleans(),
            changed=st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    first=st.booleans(),
    source=NAMES,
    sender=NAMES,
)
def test_every_reminder_is_the_instance_of_one_listed_wording(
    number: str,
    language: Language,
    bills: list[Notice],
    first: bool,
    source: str,
    sender: str,
) -> None:
    written = text(number, bills, language=language, first=first, source=source, sender=sender)
    assert_is_listed(written, number, language, sender)
    assert "https" not in written.body
    assert "Bluebird" not in written.body


@given(number=NUMBERS, language=st.sampled_from(Language), sender=NAMES, word=NAMES)
def test_codes_and_test_messages_are_instances_of_listed_wordings(
    number: str, language: Language, sender: str, word: str
) -> None:
    by = Sender(sender, "")
    for direct in (
        code(language, Channel.SMS, to=number, sender=by, code="123456", minutes=10),
        trial(language, Channel.SMS, to=number, sender=by, code_word=word),
    ):
        assert_is_listed(SmsText(direct.text, direct.wording), number, language, sender)


@given(
    number=NUMBERS,
    language=st.sampled_from(Language),
    wording=st.sampled_from([wording for wording in Wording if wording >= Wording.PAID]),
    sender=NAMES,
    values=st.tuples(NAMES, NAMES).map(lambda names: [f"1{name}" for name in names]),
)
def test_answers_are_instances_of_listed_wordings(
    number: str, language: Language, wording: Wording, sender: str, values: list[str]
) -> None:
    answer = registered.say(
        wording,
        language,
        sender=Sender(sender, ""),
        rules=rules_for(number),
        bill=values[0],
        bill_2=values[1],
        date="Fri, Mar 5",
    )
    assert_is_listed(answer, number, language, sender)


def test_elsewhere_codes_and_test_messages_keep_their_free_words() -> None:
    by = Sender("Family Bills", "")
    free = code(EN, Channel.SMS, to="+447700900123", sender=by, code="123456", minutes=10)
    assert "Never tell it to anybody" in free.text
    assert free.wording == ""
    tried = trial(EN, Channel.SMS, to="+447700900123", sender=by, code_word="Bluebird")
    assert tried.text.endswith("Code word: Bluebird")


@IN_LANGUAGES
@pytest.mark.parametrize("number", [CHINESE, INDIAN])
def test_the_list_is_complete_and_no_two_wordings_share_a_number(
    number: str, language: Language
) -> None:
    rules, sender = rules_for(number), Sender("Lantern", "")
    listed = list(registered.listing(language, sender=sender, rules=rules))
    numbers = [name for name, _ in listed]
    assert len(set(numbers)) == len(numbers) == len(Wording) + len(REMINDERS)
    others = {
        name
        for other in Language
        if other is not language
        for name, _ in registered.listing(other, sender=sender, rules=rules)
    }
    assert not others & set(numbers)


def test_numbers_stay_what_they_were_registered_as() -> None:
    """A deployer keeps the ids of registered wordings under them: add numbers, never change one."""
    assert {wording.name: wording.value for wording in Wording} == {
        "BEFORE": 1, "TODAY": 2, "OVERDUE": 3, "MINIMUM_MET": 4, "KEEP_MONEY": 5,
        "AUTOPAY_FAILED": 6, "NEW_DATE": 7, "TWO_BILLS": 8, "MORE_BILLS": 9, "KEEP_ENOUGH": 10,
            "DEAD_CHANNEL": 11,
        "CODE": 41, "TEST": 42, "PAID": 61, "SNOOZED": 62, "STOPPED": 63, "STARTED": 64,
        "NOTHING_DUE": 65, "WHICH": 66, "HELP": 67, "SNOOZE_LATE": 68, "UNDONE": 69,
        "SAID_LATE": 70,
    }  # fmt: skip
