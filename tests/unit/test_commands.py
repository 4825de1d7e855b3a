"""What can happen to an account, as pure functions: each makes its difference once, and leaves all
else as it is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.commands import bills, mute, payments, snoozes, stops
from bill_reminders.commands.bills import MOST_OPEN_BILLS, TooManyBills
from bill_reminders.commands.snoozes import NeedsConfirmation
from bill_reminders.domain.account import Account, NoSuchBill, by_id, differs
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.facts import Fact, FactKind, facts_between
from bill_reminders.domain.people import StoppedBy
from tests.support.every_command import (
    EARLIER,
    EVERY,
    FIRST,
    NOW,
    all_commands,
    dollars,
    the_account,
)
from tests.support.people import EMAIL, a_bill

AT_NIGHT = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
"""Already the next day in Shanghai."""

OF_THE_USER = ("stops.", "contacts.", "plans.change_settings", "imports.import_user")


def test_every_command_is_tried() -> None:
    assert EVERY.keys() == all_commands()


@pytest.mark.parametrize("name", EVERY)
def test_a_command_makes_its_difference_once(name: str) -> None:
    before = the_account()
    after = EVERY[name](before)
    assert differs(before, after)
    again = EVERY[name](replace(after, uncertain=True))
    assert not differs(after, again)


@pytest.mark.parametrize("name", EVERY)
def test_a_command_leaves_all_else_as_it_is(name: str) -> None:
    before = the_account()
    after = EVERY[name](before)
    known, kept = by_id(before.bills), by_id(after.bills)
    changed = {each for each in known.keys() | kept.keys() if known.get(each) != kept.get(each)}
    if name.startswith(OF_THE_USER):
        assert not changed
    else:
        assert len(changed) == 1
        assert name == "plans.change_plans" or after.user == before.user
    as_before = replace(after, user=before.user, bills=before.bills, welcomed=before.welcomed)
    assert as_before == before


@pytest.mark.parametrize("name", [each for each in EVERY if not each.startswith(OF_THE_USER)])
def test_a_command_on_a_bill_that_is_not_there_says_so(name: str) -> None:
    nobody = replace(the_account(), bills=())
    if name in ("bills.enter", "imports.import_bills"):
        assert len(EVERY[name](nobody).bills) == 1
        return
    with pytest.raises(NoSuchBill):
        EVERY[name](nobody)


def test_who_lost_the_answer_to_a_deletion_is_told_that_it_is_done() -> None:
    gone = bills.delete(the_account(), "card")
    uncertain = replace(gone, uncertain=True)
    assert bills.delete(uncertain, "card") is uncertain


def open_bills(count: int) -> Account:
    several = tuple(a_bill(bill_id=f"bill-{n}", due_on=FIRST) for n in range(count))
    return replace(the_account(), bills=several)


def test_nobody_enters_more_bills_than_are_planned() -> None:
    def enter(account: Account) -> Account:
        draft = a_bill(bill_id="one more", due_on=FIRST)
        return bills.enter(account, "one more", lambda today: draft, now=NOW)

    assert len(enter(open_bills(MOST_OPEN_BILLS - 1)).bills) == MOST_OPEN_BILLS
    with pytest.raises(TooManyBills):
        enter(open_bills(MOST_OPEN_BILLS))


def test_a_bill_is_reopened_only_where_there_is_room() -> None:
    full = open_bills(MOST_OPEN_BILLS)
    full = full.with_bill(a_bill(bill_id="old", due_on=FIRST, closed_at=EARLIER))
    with pytest.raises(TooManyBills):
        bills.reopen(full, "old")


@pytest.mark.parametrize("amount", ["0", "-1", "NaN"])
def test_a_payment_is_above_zero(amount: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        payments.pay(the_account(), "card", payment_id="p", amount=dollars(amount), now=NOW)
    assert refused.value.field == "amount"


def test_a_payment_without_a_due_date_goes_to_the_oldest_that_is_open() -> None:
    after = payments.pay(the_account(), "power", payment_id="p", now=NOW)
    assert after.need_bill("power").payments[-1].occurrence == 0


def test_a_payment_was_made_when_its_user_says_or_when_it_was_noted() -> None:
    noted = payments.pay(the_account(), "power", payment_id="p", now=AT_NIGHT)
    (payment,) = noted.need_bill("power").payments
    assert payment.on(ZoneInfo("UTC")) == date(2027, 3, 1)
    assert payment.on(ZoneInfo("Asia/Shanghai")) == date(2027, 3, 2)
    before = date(2027, 2, 20)
    said = payments.pay(the_account(), "power", payment_id="p", paid_on=before, now=AT_NIGHT)
    (payment,) = said.need_bill("power").payments
    assert {payment.on(ZoneInfo(zone)) for zone in ("UTC", "Asia/Shanghai")} == {before}
    assert payment.paid_at == AT_NIGHT


@pytest.mark.parametrize(("zone", "today"), [("UTC", 1), ("Asia/Shanghai", 2)])
def test_a_payment_of_tomorrow_is_refused_in_the_users_own_zone(zone: str, today: int) -> None:
    start = the_account()
    start = start.with_user(replace(start.user, zone=ZoneInfo(zone)))

    def pay(day: int) -> Account:
        on = date(2027, 3, day)
        return payments.pay(start, "power", payment_id="p", paid_on=on, now=AT_NIGHT)

    assert pay(today).need_bill("power").is_closed(0)
    with pytest.raises(InvalidValue) as refused:
        pay(today + 1)
    assert refused.value.field == "paid_on"


SNOOZES = {
    "today": (date(2027, 3, 1), False, InvalidValue),
    "past the due date": (date(2027, 3, 5), False, NeedsConfirmation),
    "more than sixty days late": (date(2027, 5, 4), True, InvalidValue),
}


@pytest.mark.parametrize(("until", "confirmed", "error"), SNOOZES.values(), ids=SNOOZES)
def test_a_snooze_that_cannot_be_meant_is_refused(
    until: date, confirmed: bool, error: type[InvalidValue]
) -> None:
    with pytest.raises(error) as refused:
        snoozes.snooze(the_account(), "card", 0, until, confirmed=confirmed, now=NOW)
    assert refused.value.field == "until"


def test_a_snooze_past_the_due_date_is_taken_when_it_is_confirmed() -> None:
    until = date(2027, 5, 3)
    after = snoozes.snooze(the_account(), "card", 0, until, confirmed=True, now=NOW)
    assert after.need_bill("card").snoozed_until(0) == until


def facts(before: Account, after: Account) -> list[tuple[FactKind, str]]:
    return [(fact.kind, fact.bill_id) for fact in facts_between(before, after)]


def test_the_biller_hears_of_not_mine_and_of_mine_after_all_whatever_comes_between() -> None:
    start = the_account()
    foreign = mute.mute(start, "card", MuteReason.NOT_MINE, now=NOW)
    stopped = mute.mute(foreign, "card", MuteReason.STOPPED, now=NOW)
    again = mute.unmute(stopped, "card")
    steps = (start, foreign, stopped, again)
    heard = [facts(*pair) for pair in pairwise(steps)]
    assert heard == [[(FactKind.NOT_MINE, "card")], [(FactKind.MINE_AFTER_ALL, "card")], []]


@pytest.mark.parametrize("name", EVERY)
def test_no_other_command_tells_a_biller_anything(name: str) -> None:
    start = the_account()
    told = list(facts_between(start, EVERY[name](start)))
    taken_back = Fact(FactKind.MINE_AFTER_ALL, "somebody", "gym")
    assert told == ([taken_back] if name == "mute.unmute" else [])


def test_a_stop_by_sms_stays_the_reason() -> None:
    stopped = stops.stop(the_account(), Channel.SMS, now=NOW)
    later = stops.stop(stopped, Channel.SMS, by=StoppedBy.PAGE, now=NOW)
    assert later.user.addresses[Channel.SMS].stopped_by is StoppedBy.REPLY
    by_page = stops.start(later, Channel.SMS, lifts=(StoppedBy.PAGE,))
    assert by_page.user.address(Channel.SMS) is None


def test_what_a_provider_says_of_an_address_that_is_gone_stops_nothing() -> None:
    start = the_account()
    bounced = stops.stop_address(
        start,
        Channel.SMS,
        "+447700900999",
        by=StoppedBy.BOUNCED,
        sent_at=EARLIER,
        now=NOW,
    )
    assert bounced is start


def test_an_address_in_other_letters_is_greeted_no_second_time() -> None:
    start = replace(the_account(), welcomed=frozenset({Channel.EMAIL, Channel.SMS}))
    user = start.user
    mailbox = replace(user.addresses[Channel.EMAIL], value=EMAIL.upper())
    assert start.with_user(user.with_address(Channel.EMAIL, mailbox)).welcomed == start.welcomed
    moved = replace(mailbox, value="elsewhere@example.com")
    assert start.with_user(user.with_address(Channel.EMAIL, moved)).welcomed == {Channel.SMS}
