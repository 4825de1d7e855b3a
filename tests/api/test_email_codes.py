"""Codes by e-mail are bounded: in all, for a mailbox however it is written, and for a domain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bill_reminders.channels import providers
from bill_reminders.storage import identities, mailed_codes
from bill_reminders.storage.access_tables import LimitItem
from tests.api.conftest import SetClock
from tests.api.test_spend import alarm_words, ask, deploy, person
from tests.support import wire
from tests.support.api import Person
from tests.support.entered import ledger_of
from tests.support.functions import Context, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.receipts import bounce

NOON = datetime(2027, 2, 1, 12, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_noon(set_clock: SetClock) -> None:
    set_clock(NOON)


def test_codes_by_email_end_for_all_together_until_the_next_day(
    stack: MotoStack, set_clock: SetClock
) -> None:
    deploy(stack, EmailCodesPerDay=3)
    words = alarm_words("EmailCodesAlarm")
    with logged(stack.function("ApiSettings").logger) as lines:
        answers = [ask(person(stack, n), f"a@number-{n}.example.com") for n in range(5)]
        others = [ask(person(stack, n), f"a@number-{n}.example.org") for n in range(5, 7)]
        assert words in lines.getvalue()
    assert [each.status for each in (*answers, *others)] == [201] * 3 + [429] * 4
    assert 11 * 3600 <= int(others[-1].headers["retry-after"]) <= 12 * 3600
    assert ask(person(stack, 8), "+12025550108").status == 201, "SMS go on"
    set_clock(NOON + DAY)
    assert ask(person(stack, 9), "a@example.net").status == 201


@pytest.mark.parametrize(
    "written",
    [
        [f"ann+{n}@gmail.com" for n in range(6)],
        ["ann@gmail.com", "a.nn@gmail.com", "a.n.n@gmail.com", "an.n@googlemail.com"],
        ["ann@example.com", "ANN@example.com", "ann+x@example.com", "a.nn@example.com"],
    ],
)
def test_a_mailbox_gets_three_codes_an_hour_however_it_is_written(
    stack: MotoStack, written: list[str]
) -> None:
    answers = [ask(person(stack, n), address).status for n, address in enumerate(written)]
    assert answers == [201] * 3 + [429] * (len(written) - 3)


def test_the_address_that_is_written_to_is_never_folded(stack: MotoStack) -> None:
    who = person(stack)
    assert ask(who, "a.nn+bills@gmail.com").status == 201
    (contact,) = who.get("/v1/contacts").json["contacts"]
    assert contact["address"] == "a.nn+bills@gmail.com"


@pytest.mark.parametrize("address", ["u{}@dead.example", "u{}@h{}.dead.example"])
def test_a_domain_gets_thirty_codes_an_hour(
    stack: MotoStack, set_clock: SetClock, address: str
) -> None:
    answers = [ask(person(stack, n), address.format(n, n)).status for n in range(33)]
    assert answers == [201] * 30 + [429] * 3
    assert ask(person(stack, 40), "somebody@alive.example").status == 201
    set_clock(NOON + timedelta(hours=1))
    assert ask(person(stack, 41), "another@dead.example").status == 201


def test_a_big_provider_is_no_one_domain(stack: MotoStack) -> None:
    answers = [ask(person(stack, n), f"user{n}@gmail.com").status for n in range(33)]
    assert answers == [201] * 33


# Codes that come back ----------------------------------------------------------------------------


def sent_today(count: int) -> None:
    """As if so many codes by e-mail had gone out today."""
    item = LimitItem(mailed_codes.in_all(1).counter(NOON))
    item.update([LimitItem.asked.set(count), LimitItem.expires_at.set(1)])


def comes_back(stack: MotoStack, who: Person, address: str, kind: str = "Permanent") -> None:
    """The code that was sent last to `address`; SES says it twice."""
    user_id = identities.user_of(who.identity)
    assert user_id is not None
    (tag,) = [row.receipt_id for row in ledger_of(user_id) if row.trigger == "code"]
    real = datetime.now(UTC)
    receipt = bounce(kind, tag=tag, address=address, at=real)
    answer = stack.function("ReadReceipts").handler(sqs_event(receipt, receipt), Context())
    assert answer == {"batchItemFailures": []}


def bounced(stack: MotoStack, number: int, kind: str = "Permanent") -> Person:
    who, address = person(stack, number), f"nobody@number-{number}.example.net"
    assert ask(who, address).status == 201
    comes_back(stack, who, address, kind)
    return who


@pytest.mark.parametrize("kind", ["Permanent", "Transient"])
def test_codes_by_email_stop_while_too_many_come_back(
    stack: MotoStack, set_clock: SetClock, kind: str
) -> None:
    for number in range(3):
        bounced(stack, number, kind)
    sent_today(49)
    assert ask(person(stack, 10), "ann@example.com").status == 201, "fewer than fifty"
    words = alarm_words("CodesBounceAlarm")
    with logged(stack.function("ApiSettings").logger) as lines:
        refused = ask(person(stack, 11), "ben@example.com")
    assert refused.status == 429
    assert 11 * 3600 <= int(refused.headers["retry-after"]) <= 12 * 3600
    assert words in lines.getvalue()
    assert ask(person(stack, 12), "+12025550112").status == 201, "SMS go on"
    set_clock(NOON + DAY)
    assert ask(person(stack, 13), "ben@example.com").status == 201


def test_codes_by_email_go_on_while_few_come_back(stack: MotoStack) -> None:
    for number in range(3):
        bounced(stack, number)
    sent_today(60)
    assert ask(person(stack, 10), "ann@example.com").status == 201, "3 of 60 are no more than 5%"


def test_codes_have_a_configuration_set_of_their_own(stack: MotoStack) -> None:
    requests: list[Any] = []
    stack.function("ApiSettings")
    wanted = wire.counting(requests)
    with wire.before(providers.shared("sesv2"), "SendEmail", wanted):
        assert ask(person(stack), "ann@example.com").status == 201
    assert "CodesConfiguration" in str(requests[0].body)
