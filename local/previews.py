"""make previews: every kind of message in every language, as people see it, as one HTML page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bill_reminders.channels import registry
from bill_reminders.channels.email.compose import EmailText, email
from bill_reminders.channels.one_off import DirectText
from bill_reminders.channels.push.compose import PushText, push
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Address, Attestation, Language, Plan, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.working_days import Place
from bill_reminders.messages.notices import Notice, Sender
from local.stack import BUILD

PAGE = BUILD / "previews" / "index.html"
TODAY = date(2027, 3, 2)
LINK = "https://pay.example.com/r/k3VbT9xQmZ4cLw7Ns"
UNSUBSCRIBE = LINK.replace("/r/", "/u/")
SENDER = Sender("Bill reminders", "unsubscribe@example.com")
PHONES = {"United Kingdom": "+447700900123", "mainland China": "+8610555501234"}
BY_CHANNEL = {
    Channel.SMS: PHONES["United Kingdom"],
    Channel.PUSH: "device",
    Channel.EMAIL: "somebody@example.com",
}

NAMES = {
    Language.ENGLISH: [("Lantern Bank", "Credit card"), ("Oak Homes", "Rent"), ("Lark", "Power")],
    Language.SIMPLIFIED_CHINESE: [("纸鹤银行", "信用卡"), ("萤火", "房租"), ("山谷", "电费")],
    Language.TRADITIONAL_CHINESE: [("紙鶴銀行", "信用卡"), ("螢火", "房租"), ("山谷", "電費")],
}


@dataclass(frozen=True, slots=True)
class Case:
    """A situation: the reminders in a message, each of one of the sample bills."""

    name: str
    notices: tuple[Notice, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS by where its number is."""

    country: str
    text: str
    segments: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One case in all channels; None or nothing where it does not exist."""

    name: str
    sms: tuple[Sms, ...]
    push: PushText | DirectText | None
    email: EmailText | DirectText | None


def main() -> None:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    print(f"open {PAGE}")


def page() -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    gallery = {language: list(shown(language)) for language in Language}
    return environment.get_template("previews.html").render(gallery=gallery)


def shown(language: Language) -> Iterator[Shown]:
    for case in cases(language):
        yield Shown(
            case.name,
            tuple(_sms(language, case, country) for country in PHONES),
            push(someone(language), case.notices, today=TODAY, sender=SENDER, first=case.first),
            _email(language, case),
        )
    yield Shown(
        "a code",
        tuple(
            _counted(country, _code(language, Channel.SMS, to).text)
            for country, to in PHONES.items()
        ),
        None,
        _code(language, Channel.EMAIL, BY_CHANNEL[Channel.EMAIL]),
    )
    yield Shown(
        "a test message",
        tuple(
            _counted(country, _trial(language, Channel.SMS, to).text)
            for country, to in PHONES.items()
        ),
        _trial(language, Channel.PUSH, BY_CHANNEL[Channel.PUSH]),
        _trial(language, Channel.EMAIL, BY_CHANNEL[Channel.EMAIL]),
    )


def _sms(language: Language, case: Case, country: str) -> Sms:
    user = someone(language).with_address(Channel.SMS, _address(PHONES[country]))
    text = sms(user, case.notices, today=TODAY, sender=SENDER, first=case.first, link=LINK)
    return _counted(country, text.body)


def _counted(country: str, text: str) -> Sms:
    return Sms(country, text, segments(text))


def _email(language: Language, case: Case) -> EmailText:
    return email(
        someone(language),
        case.notices,
        today=TODAY,
        sender=SENDER,
        first=case.first,
        reference="preview",
        link=LINK,
        unsubscribe_link=UNSUBSCRIBE,
    )


def _code(language: Language, channel: Channel, to: str) -> DirectText:
    return registry.words(channel).code(language, to=to, sender=SENDER, code="123456", minutes=10)


def _trial(language: Language, channel: Channel, to: str) -> DirectText:
    word = someone(language).code_word
    return registry.words(channel).trial(language, to=to, sender=SENDER, code_word=word)


def _address(value: str) -> Address:
    return Address(value, Attestation("Lantern Bank", datetime(2027, 1, 1, tzinfo=UTC), "form 7"))


def someone(language: Language) -> User:
    return User(
        "preview",
        language,
        ZoneInfo("Europe/London"),
        plan=Plan(channels=tuple(Channel)),
        code_word="Heron" if language is Language.ENGLISH else "白鹭",
        addresses=MappingProxyType(
            {channel: _address(value) for channel, value in BY_CHANNEL.items()}
        ),
    )


def cases(language: Language) -> Iterator[Case]:
    card, rent, power = (_bill(language, number) for number in range(3))
    yield Case("3 days before", (_notice(card, Trigger.lead(3)),))
    yield Case("on the due day", (_notice(card, Trigger.lead(0)),))
    yield Case("the first message", (_notice(card, Trigger.lead(1)),), first=True)
    paid_at = replace(
        card, pay_link="https://bank.example.com/pay/7", reference="RF18 5390 0754 7034"
    )
    yield Case("with how to pay it", (_notice(paid_at, Trigger.lead(1)),))
    yield Case("overdue", (_notice(card, Trigger.overdue(1)),))
    yield Case("three bills", tuple(_notice(bill, Trigger.lead(1)) for bill in (card, rent, power)))
    on_sunday = [
        _notice(replace(bill, place=Place("GB")), Trigger.lead(5)) for bill in (card, rent)
    ]
    yield Case("due on a Sunday", (on_sunday[0],))
    yield Case("two bills due on a Sunday", tuple(on_sunday))
    part = replace(card, payments=(_paid(card, "20.50"),))
    yield Case("partly paid", (_notice(part, Trigger.lead(1)),))
    stated = replace(
        card, statements=(Statement(0, Money(Decimal("1234.56"), "GBP"), Decimal(50)),)
    )
    yield Case("with a minimum", (_notice(stated, Trigger.lead(3)),))
    met = replace(stated, payments=(_paid(card, "50"),))
    yield Case("minimum paid, after the due day", (_notice(met, Trigger.overdue(1)),))
    yield Case("autopay tomorrow", (_notice(replace(rent, autopay=True), Trigger.lead(1)),))
    failed = replace(
        rent, autopay=True, failed_debits=(FailedDebit(0, datetime(2027, 3, 2, tzinfo=UTC), "x"),)
    )
    yield Case("a debit failed", (_notice(failed, Trigger.autopay_failed("x")),))
    yield Case("snoozed until today", (_notice(card, Trigger.snooze(TODAY)),))
    yield Case("the date changed", (_notice(card, Trigger.lead(3), revision=1),))
    yield Case("amount unknown", (_notice(replace(power, amount=None), Trigger.lead(3)),))


def _paid(bill: Bill, amount: str) -> Payment:
    at = datetime(2027, 2, 20, tzinfo=UTC)
    return Payment(0, at, Money(Decimal(amount), "GBP"), f"{bill.bill_id}-{amount}")


def _bill(language: Language, number: int) -> Bill:
    biller, name = NAMES[language][number]
    return Bill(
        "preview",
        f"bill-{number}",
        biller,
        name,
        Recurrence(TODAY),
        owed_from=date(2027, 1, 1),
        amount=Money(Decimal("120.50") * (number + 1), "GBP"),
    )


def _notice(bill: Bill, trigger: Trigger, *, revision: int = 0) -> Notice:
    """Due so that `trigger` goes out today."""
    due_on = TODAY if trigger.offset is None else TODAY - trigger.offset * DAY
    moved = replace(bill, recurrence=Recurrence(due_on))
    reminder = Reminder(
        user_id=bill.user_id,
        bill_id=bill.bill_id,
        occurrence=0,
        due_on=due_on,
        trigger=trigger,
        channel=Channel.EMAIL,
        planned_at=datetime(2027, 3, 2, 9, tzinfo=UTC),
        revision=revision,
    )
    return Notice.of(moved, reminder)


if __name__ == "__main__":
    main()
