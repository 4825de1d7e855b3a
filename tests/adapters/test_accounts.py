"""An account is changed in one transaction, and what changes it can be read in the console."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.awsrequest import AWSPreparedRequest
from pynamodb.exceptions import TransactWriteError

from bill_reminders import planned_by
from bill_reminders.commands.imports import Saved
from bill_reminders.delivery.claims import claim_next, quarantine
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import Rest
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Address, Plan, PlanChange, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts, erasure, tables
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.transactions import Lost
from tests.support import wire
from tests.support.account_changes import record_payment, undo_payment
from tests.support.entered import (
    ENTERED,
    IN_THREE_DAYS,
    NINE,
    SHARDS,
    enter,
    schedule,
    states_of,
    wakes_at,
)
from tests.support.functions import counted_calls
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, EMAIL, PHONE, a_bill, a_user

WRITES = {"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
UTC_ZONE = ZoneInfo("UTC")

pytestmark = pytest.mark.usefixtures("stack")


def item(stack: MotoStack, table: str, **key: str) -> Mapping[str, Any]:
    """An item as the console shows it."""
    shown: Mapping[str, Any] = stack.client("dynamodb").get_item(
        TableName=stack.ids[table], Key={name: {"S": value} for name, value in key.items()}
    )["Item"]
    return shown


def moved_to(user: User, zone: str) -> User:
    return replace(user, zone=ZoneInfo(zone))


# Reading back ------------------------------------------------------------------------------------


def test_a_registered_user_reads_back_as_given() -> None:
    user = a_user(
        channels=(Channel.EMAIL, Channel.SMS, Channel.PUSH),
        zone="Asia/Shanghai",
        quiet_hours=QuietHours(time(22), time(8)),
        plan=Plan((7, 0), (1, 30), time(8, 30), (Channel.EMAIL, Channel.SMS, Channel.PUSH)),
    )
    enter(user)
    account = accounts.read(user.user_id, now=NINE)
    assert account.user == user
    assert account.version == 1
    assert not account.wakes
    assert not account.bills


def test_an_address_that_nobody_attested_stays_so() -> None:
    user = enter(a_user().with_address(Channel.EMAIL, Address(EMAIL)))
    assert accounts.read(user.user_id, now=NINE).user.address(Channel.EMAIL) is None
    assert accounts.read(user.user_id, now=NINE).user == user


@pytest.mark.parametrize(
    "bill",
    [
        a_bill(due_on=date(2027, 3, 31)),
        a_bill(due_on=date(2027, 3, 31), amount=None),
        a_bill(due_on=date(2027, 3, 31), amount=Money(Decimal("0.10"), "USD")),
        a_bill(due_on=date(2027, 3, 31), amount=Money(Decimal("1500"), "JPY")),
        a_bill(due_on=date(2027, 3, 31), amount=Money(Decimal("123456789012.345"), "KWD")),
        a_bill(due_on=date(2027, 3, 31), name="水费 💧", biller="城市水务"),
        a_bill(
            due_on=date(2027, 3, 31),
            recurrence=Recurrence(date(2027, 3, 31), 2, Unit.MONTH, True, date(2028, 3, 31)),
            plan_change=PlanChange((), (60,), time(0, 5), (Channel.PUSH,)),
            closed_at=NINE,
        ),
    ],
)
def test_a_bill_reads_back_as_given(bill: Any) -> None:
    enter(a_user(), bill)
    account = accounts.read("somebody", now=NINE)
    assert account.bills == (bill,)


def test_an_amount_keeps_every_digit_as_a_number() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, amount=Money(Decimal("0.30"), "USD")))
    (bill,) = accounts.read("somebody", now=NINE).bills
    assert bill.amount is not None
    assert isinstance(bill.amount.amount, Decimal)
    assert bill.amount.amount == Decimal("0.1") + Decimal("0.2")


def test_nobody_is_read_who_does_not_exist() -> None:
    assert not accounts.exists("nobody")
    with pytest.raises(accounts.UnknownUser):
        accounts.read("nobody", now=NINE)
    with pytest.raises(accounts.UnknownUser):
        accounts.change("nobody", lambda account: account, now=NINE)
    with pytest.raises(accounts.UnknownUser):
        save_bills("nobody", [lambda _: a_bill("nobody", due_on=IN_THREE_DAYS)], now=NINE)
    with pytest.raises(accounts.UnknownUser):
        record_payment("nobody", "bill", 0, payment_id="payment", now=NINE)
    with pytest.raises(accounts.UnknownUser):
        claim_next("nobody", Channel.SMS, now=NINE)


def test_a_user_can_be_registered_once() -> None:
    enter(a_user())
    with pytest.raises(accounts.Stale):
        accounts.register(moved_to(a_user(), "Asia/Tokyo"), shards=SHARDS, now=NINE)
    assert accounts.read("somebody", now=NINE).user == a_user()


# In the console ----------------------------------------------------------------------------------


def test_an_administrator_can_read_a_schedule(stack: MotoStack) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    shown = item(stack, "Schedules", user_id="somebody")
    assert re.fullmatch("[0-9a-f]{16}", shown.pop("life")["S"])
    assert shown == {
        "user_id": {"S": "somebody"},
        "shard": {"N": str(accounts.shard_of("somebody", SHARDS))},
        "version": {"N": "2"},
        "planned_by": {"S": planned_by.stamp()},
        "sms_next_at": {"S": "2027-03-01T09:00Z"},
    }


def test_an_administrator_can_read_a_user(stack: MotoStack) -> None:
    enter(a_user(quiet_hours=QuietHours(time(22), time(8)), zone="Europe/London"))
    assert item(stack, "Users", user_id="somebody") == {
        "user_id": {"S": "somebody"},
        "language": {"S": "en"},
        "time_zone": {"S": "Europe/London"},
        "self_registered": {"BOOL": False},
        "channels": {"L": [{"S": "sms"}]},
        "lead_days": {"L": [{"N": "3"}, {"N": "1"}, {"N": "0"}]},
        "overdue_days": {"L": [{"N": "1"}]},
        "remind_at": {"S": "09:00"},
        "quiet_start": {"S": "22:00"},
        "quiet_end": {"S": "08:00"},
        "tips": {"BOOL": True},
        "sms": {
            "M": {
                "address": {"S": PHONE},
                "attested_by": {"S": "Branch desk"},
                "attested_at": {"S": "2027-01-01T00:00:00Z"},
                "evidence": {"S": "form 7"},
            }
        },
    }


def test_an_administrator_can_read_a_bill(stack: MotoStack) -> None:
    amount = Money(Decimal("0.30"), "USD")
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, amount=amount))
    record_payment("somebody", "bill", 0, payment_id="payment", now=NINE)
    assert item(stack, "Bills", user_id="somebody", bill_id="bill") == {
        "user_id": {"S": "somebody"},
        "bill_id": {"S": "bill"},
        "biller": {"S": "Lantern Bank"},
        "name": {"S": "Credit card"},
        "amount": {"N": "0.30"},
        "currency": {"S": "USD"},
        "first_due": {"S": "2027-03-04"},
        "first_number": {"N": "0"},
        "every": {"N": "1"},
        "last_day": {"BOOL": False},
        "owed_from": {"S": "2027-01-01"},
        "version": {"N": "3"},
        "shift": {"S": "none"},
        "kind": {"S": "other"},
        "label": {"S": "personal"},
        "after_statement": {"N": "0"},
        "autopay": {"BOOL": False},
        "payments": {
            "L": [
                {
                    "M": {
                        "occurrence": {"N": "0"},
                        "paid_at": {"S": "2027-03-01T09:00:00Z"},
                        "payment_id": {"S": "payment"},
                    }
                }
            ]
        },
    }


def test_an_administrator_can_read_the_ledger(stack: MotoStack) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    claim = claim_next("somebody", Channel.SMS, now=NINE)
    key = "2027-03-04#bill#0000#r0#lead:3#sms"
    shown = dict(item(stack, "Ledger", user_id="somebody", key=key))
    assert shown.pop("owner") == {"S": claim.owner}
    assert shown == {
        "user_id": {"S": "somebody"},
        "key": {"S": key},
        "bill_id": {"S": "bill"},
        "occurrence": {"N": "0"},
        "revision": {"N": "0"},
        "due_on": {"S": "2027-03-04"},
        "trigger": {"S": "lead:3"},
        "channel": {"S": "sms"},
        "planned_at": {"S": "2027-03-01T09:00:00Z"},
        "state": {"S": "claimed"},
        "attempt": {"N": "1"},
        "recorded_at": {"S": "2027-03-01T09:00:00Z"},
        "settle_shard": {"N": "7"},
        "settle_at": {"S": "2027-03-01T09:02:00Z"},
        "message_key": {"S": key},
        "expires_at": {"N": str(int(datetime(2028, 4, 4, tzinfo=UTC_ZONE).timestamp()))},
    }


# Changing ----------------------------------------------------------------------------------------


def test_a_change_and_its_schedule_are_one_transaction() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    with counted_calls(tables.connection.client) as calls:
        record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    assert [call for call in calls if call in WRITES] == ["TransactWriteItems"]
    account = accounts.read("somebody", now=ENTERED)
    assert account.version == 3
    assert account.bills[0].is_closed(0)
    assert not account.wakes, "a one-off bill that is paid wakes nobody"


def test_a_change_that_the_table_refuses_says_so_and_writes_nothing() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    known = accounts.read("somebody", now=ENTERED)
    refused = wire.json_error("AccessDeniedException")
    with (
        wire.before(tables.connection.client, "TransactWriteItems", refused),
        pytest.raises(TransactWriteError),
    ):
        record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    assert accounts.read("somebody", now=ENTERED) == known


def test_every_kind_of_change_moves_the_version_by_one() -> None:
    enter(a_user())
    assert schedule("somebody").version == 1
    save_bills("somebody", [lambda _: a_bill(due_on=IN_THREE_DAYS)], now=ENTERED)
    assert schedule("somebody").version == 2
    save_user(moved_to(a_user(), "Asia/Tokyo"), shards=SHARDS, now=ENTERED)
    assert schedule("somebody").version == 3
    record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    assert schedule("somebody").version == 4


def test_a_user_who_moves_is_woken_by_the_new_zone() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    save_user(moved_to(a_user(), "Asia/Tokyo"), shards=SHARDS, now=ENTERED)
    assert wakes_at("somebody") == NINE - timedelta(hours=9)


def test_a_channel_that_is_dropped_wakes_nobody() -> None:
    enter(a_user(channels=(Channel.SMS, Channel.EMAIL)), a_bill(due_on=IN_THREE_DAYS))
    assert wakes_at("somebody", Channel.EMAIL) == NINE
    save_user(a_user(), shards=SHARDS, now=ENTERED)
    assert wakes_at("somebody", Channel.EMAIL) is None
    assert wakes_at("somebody", Channel.SMS) == NINE


def test_a_change_decides_again_when_the_account_moved_in_between() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    seen: list[bool] = []

    def edit(account: Account) -> Account:
        if not seen:
            record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
        seen.append(account.bills[0].is_closed(0))
        user = moved_to(account.user, "Asia/Tokyo")
        return account.with_user(user)

    assert accounts.change("somebody", edit, now=ENTERED).written
    assert seen == [False, True]
    account = accounts.read("somebody", now=ENTERED)
    assert account.user.zone.key == "Asia/Tokyo"
    assert account.bills[0].is_closed(0)
    assert account.version == 4
    assert not account.wakes, "planned from the paid bill, not from the one read at first"


def test_a_change_of_a_user_who_is_erased_meanwhile_brings_nobody_back(stack: MotoStack) -> None:
    enter(a_user())

    def edit(account: Account) -> Account:
        schedule("somebody").delete()
        user = moved_to(account.user, "Asia/Tokyo")
        return account.with_user(user)

    with pytest.raises(accounts.UnknownUser):
        accounts.change("somebody", edit, now=ENTERED)
    assert not accounts.exists("somebody")
    assert item(stack, "Users", user_id="somebody")["time_zone"] == {"S": "UTC"}


def test_an_account_that_never_holds_still_is_given_up() -> None:
    enter(a_user())
    zones = [f"Etc/GMT+{number % 12 + 1}" for number in range(accounts.ROUNDS)]
    moves = iter(zones)

    def edit(account: Account) -> Account:
        save_user(moved_to(account.user, next(moves)), shards=SHARDS, now=ENTERED)
        user = moved_to(account.user, "Asia/Tokyo")
        return account.with_user(user)

    with pytest.raises(accounts.Contended):
        accounts.change("somebody", edit, now=ENTERED)
    assert accounts.read("somebody", now=ENTERED).user.zone.key == zones[-1]


def test_a_table_that_never_answers_is_not_waited_for_round_after_round() -> None:
    enter(a_user())
    asked: list[AWSPreparedRequest] = []
    never = wire.counting(asked, wire.raises(wire.TIMEOUT))
    with (
        wire.before(tables.connection.client, "TransactWriteItems", never),
        pytest.raises(Lost),
    ):
        accounts.plan_again("somebody", now=ENTERED)
    assert len(asked) == 4  # two rounds, in each the library's own second attempt
    asked.clear()
    with (
        wire.before(tables.connection.client, "TransactWriteItems", never),
        pytest.raises(Lost),
    ):
        erasure.erase("somebody")
    assert len(asked) == 4


def test_a_payment_is_noted_once() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    assert record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    assert not record_payment("somebody", "bill", 0, payment_id="payment", now=NINE)
    assert schedule("somebody").version == 3


def test_a_payment_for_three_dates_reads_back_with_all_that_its_user_said_and_goes_whole() -> None:
    monthly = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, recurrence=monthly))
    said = {"paid_on": ENTERED.date(), "reference": "INV 7", "note": "Joint account"}
    sum_of = Money(Decimal("300.00"), "USD")
    record_payment(
        "somebody",
        "bill",
        payment_id="payment",
        amount=sum_of,
        rest=Rest.NEXT_DATES,
        now=ENTERED,
        **said,
    )
    (bill,) = accounts.read("somebody", now=NINE).bills
    amounts = [Money(Decimal(each), "USD") for each in ("120.50", "120.50", "59.00")]
    assert bill.payments == tuple(
        Payment(number, ENTERED, amount, "payment", **said) for number, amount in enumerate(amounts)
    )
    assert schedule("somebody").version == 3
    after = undo_payment("somebody", "bill", "payment", now=NINE)
    assert after is not None
    assert accounts.read("somebody", now=NINE).bills[0].payments == ()


@pytest.mark.parametrize(("bill_id", "occurrence"), [("other", 0), ("bill", 1), ("bill", -1)])
def test_nothing_is_paid_that_is_not_there(bill_id: str, occurrence: int) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    with pytest.raises(InvalidValue):
        record_payment("somebody", bill_id, occurrence, payment_id="payment", now=ENTERED)
    assert schedule("somebody").version == 2


def test_a_payment_whose_answer_is_lost_is_recognised() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    lost = wire.raises(wire.RESET)
    with wire.after(tables.connection.client, "TransactWriteItems", wire.first(1, lost)):
        record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    account = accounts.read("somebody", now=ENTERED)
    assert account.bills[0].is_closed(0)
    assert account.version == 3


# Saving again ------------------------------------------------------------------------------------


def test_saving_the_same_again_changes_nothing() -> None:
    bills = [a_bill(bill_id=name, due_on=IN_THREE_DAYS) for name in ("rent", "power")]
    enter(a_user(), *bills)
    with counted_calls(tables.connection.client) as calls:
        saved = save_bills("somebody", [lambda _, bill=bill: bill for bill in bills], now=NINE)
    assert saved == {Saved.UNCHANGED: 2}
    assert not WRITES & set(calls)
    assert save_user(a_user(), shards=SHARDS, now=NINE) is Saved.UNCHANGED
    assert schedule("somebody").version == 2


def test_saving_again_says_what_is_new_and_what_changed() -> None:
    enter(a_user(), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    drafts = [
        lambda _: a_bill(bill_id="rent", due_on=IN_THREE_DAYS, name="Rent"),
        lambda _: a_bill(bill_id="power", due_on=IN_THREE_DAYS),
    ]
    assert save_bills("somebody", drafts, now=ENTERED) == {Saved.CHANGED: 1, Saved.NEW: 1}
    assert schedule("somebody").version == 3


def test_more_bills_than_one_transaction_takes_are_all_saved() -> None:
    bills = [a_bill(bill_id=f"bill-{number}", due_on=IN_THREE_DAYS) for number in range(120)]
    enter(a_user(), *bills)
    assert len(accounts.read("somebody", now=ENTERED).bills) == 120
    assert schedule("somebody").version == 1 + 3


def test_saving_a_bill_again_keeps_its_payments() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, name="Store card"))
    (bill,) = accounts.read("somebody", now=ENTERED).bills
    assert bill.name == "Store card"
    assert bill.is_closed(0)


def test_a_new_bill_is_owed_from_the_users_today() -> None:
    enter(a_user(zone="Pacific/Auckland"))
    owed = datetime(2027, 3, 1, 12, 30, tzinfo=UTC_ZONE)  # 2 March in Auckland
    save_bills(
        "somebody",
        [lambda today: a_bill(due_on=IN_THREE_DAYS, owed_from=today)],
        now=owed,
    )
    (bill,) = accounts.read("somebody", now=owed).bills
    assert bill.owed_from == date(2027, 3, 2)


def test_the_first_message_to_an_address_is_greeted_once() -> None:
    enter(
        a_user(),
        a_bill(bill_id="rent", due_on=IN_THREE_DAYS),
        a_bill(bill_id="power", due_on=IN_THREE_DAYS + timedelta(days=1)),
    )
    assert claim_next("somebody", Channel.SMS, now=NINE).first
    assert not claim_next("somebody", Channel.SMS, now=NINE + timedelta(days=1)).first


@pytest.mark.parametrize(("phone", "greeted_anew"), [("+12025550199", True), (PHONE, False)])
def test_a_new_address_is_greeted_anew(phone: str, greeted_anew: bool) -> None:
    enter(
        a_user(),
        a_bill(bill_id="rent", due_on=IN_THREE_DAYS),
        a_bill(bill_id="power", due_on=IN_THREE_DAYS + timedelta(days=1)),
    )
    claim_next("somebody", Channel.SMS, now=NINE)
    changed = moved_to(a_user(), "Europe/London").with_address(
        Channel.SMS, Address(phone, ATTESTED)
    )
    save_user(changed, shards=SHARDS, now=NINE)
    claim = claim_next("somebody", Channel.SMS, now=NINE + timedelta(days=1))
    assert claim.reminders
    assert claim.first is greeted_anew


@pytest.mark.parametrize(
    ("phone", "channel", "monthly"),
    [
        ("+12025550124", Channel.SMS, True),
        ("+14165550124", Channel.SMS, True),
        (PHONE, Channel.SMS, False),
        ("+12025550124", Channel.EMAIL, False),
    ],
)
def test_an_american_number_is_told_how_to_stop_in_the_first_sms_of_each_month(
    phone: str, channel: Channel, monthly: bool
) -> None:
    user = a_user(channels=(channel,)).with_address(Channel.SMS, Address(phone, ATTESTED))
    every_month = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
    enter(user, a_bill(due_on=IN_THREE_DAYS, recurrence=every_month))
    told: dict[int, list[bool]] = {}
    for _ in range(15):
        now = wakes_at("somebody", channel)
        assert now is not None
        claim = claim_next("somebody", channel, now=now)
        assert claim.reminders
        told.setdefault(now.month, []).append(claim.first)
    first_of_all, *later = told.values()
    assert first_of_all[0]
    assert len(later) > 2
    assert [month[0] for month in later] == [monthly] * len(later)
    assert not any(any(month[1:]) for month in told.values())


def test_a_number_that_follows_an_american_one_is_told_how_to_stop_after_months_too() -> None:
    user = a_user().with_address(Channel.SMS, Address("+12025550124", ATTESTED))
    every_month = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
    enter(user, a_bill(due_on=IN_THREE_DAYS, recurrence=every_month))
    assert claim_next("somebody", Channel.SMS, now=NINE).first
    next_month = NINE + timedelta(days=31)
    british = a_user().with_address(Channel.SMS, Address("+447700900123", ATTESTED))
    save_user(british, shards=SHARDS, now=next_month)
    now = wakes_at("somebody", Channel.SMS)
    assert now is not None
    claim = claim_next("somebody", Channel.SMS, now=now)
    assert claim.reminders
    assert claim.first


# When a change wakes the user --------------------------------------------------------------------

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("entered", "woken"),
    [
        (ENTERED, NINE),
        (NINE - 2 * MINUTE, NINE),
        (NINE - MINUTE, NINE),
        (NINE - SECOND, NINE),
        (NINE, NINE + MINUTE),
        (NINE + SECOND, NINE + MINUTE),
        (NINE + 59 * SECOND, NINE + MINUTE),
        (NINE + timedelta(hours=5), NINE + timedelta(hours=5, minutes=1)),
    ],
)
def test_a_change_wakes_at_the_due_minute_and_not_before_the_next(
    entered: datetime, woken: datetime
) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS), now=entered)
    assert wakes_at("somebody") == woken


def test_a_time_of_day_with_seconds_wakes_early_rather_than_late() -> None:
    plan = Plan(remind_at=time(9, 0, 45))
    enter(a_user(plan=plan), a_bill(due_on=IN_THREE_DAYS))
    assert wakes_at("somebody") == NINE


def test_a_change_on_one_channel_leaves_what_waits_on_another_due() -> None:
    """A change plans all channels: one that was due already is woken in the next minute."""
    enter(a_user(channels=(Channel.SMS, Channel.EMAIL)), a_bill(due_on=IN_THREE_DAYS))
    claim_next("somebody", Channel.SMS, now=NINE)
    late = NINE + timedelta(seconds=30)
    save_bills("somebody", [lambda _: a_bill(bill_id="b2", due_on=date(2027, 5, 1))], now=late)
    assert wakes_at("somebody", Channel.EMAIL) == NINE + MINUTE
    assert wakes_at("somebody", Channel.SMS) == NINE + timedelta(days=2)
    assert states_of("somebody") == {"bill#0000#r0#lead:3#sms": "claimed"}


@pytest.mark.parametrize("quarantined", [False, True])
def test_a_change_after_a_long_outage_hides_nothing_that_nobody_looked_at(
    quarantined: bool,
) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    if quarantined:
        quarantine("somebody", Channel.SMS)
    after_the_outage = NINE + timedelta(days=60)
    save_bills(
        "somebody", [lambda _: a_bill(bill_id="b2", due_on=date(2027, 9, 1))], now=after_the_outage
    )
    assert wakes_at("somebody", Channel.SMS) == NINE
    claim_next("somebody", Channel.SMS, now=after_the_outage)
    assert {key.split("#")[3] for key in states_of("somebody")} == {
        "lead:3",
        "lead:1",
        "lead:0",
        "overdue:1",
    }


# A ledger's export that always gives the next due date as the first one.

MONTHLY = Recurrence(date(2027, 2, 4), 1, Unit.MONTH)
EXPORTED_LATER = Recurrence(date(2027, 3, 4), 1, Unit.MONTH)


def test_the_same_due_dates_from_a_later_one_on_are_not_told_again() -> None:
    enter(a_user(), a_bill(due_on=MONTHLY.first_due, recurrence=MONTHLY))
    claim_next("somebody", Channel.SMS, now=NINE)  # lead:3 of 4 March
    told = states_of("somebody")
    save_bills(
        "somebody",
        [lambda _: a_bill(due_on=EXPORTED_LATER.first_due, recurrence=EXPORTED_LATER)],
        now=NINE + HOUR,
    )
    assert not claim_next("somebody", Channel.SMS, now=NINE + 2 * HOUR).reminders
    assert states_of("somebody") == told


def test_a_payment_stays_with_its_due_date_when_the_file_starts_later() -> None:
    enter(a_user(), a_bill(due_on=MONTHLY.first_due, recurrence=MONTHLY))
    record_payment("somebody", "bill", 0, payment_id="payment", now=ENTERED)  # that of 4 February
    save_bills(
        "somebody",
        [lambda _: a_bill(due_on=EXPORTED_LATER.first_due, recurrence=EXPORTED_LATER)],
        now=ENTERED,
    )
    (reminder,) = claim_next("somebody", Channel.SMS, now=NINE).reminders
    assert (reminder.due_on, str(reminder.trigger)) == (date(2027, 3, 4), "lead:3")


def test_a_shard_is_stored_and_never_computed_again() -> None:
    enter(a_user())
    kept = schedule("somebody").shard
    save_user(moved_to(a_user(), "Asia/Tokyo"), shards=16, now=ENTERED)
    save_bills("somebody", [lambda _: a_bill(due_on=IN_THREE_DAYS)], now=ENTERED)
    assert schedule("somebody").shard == kept


def test_users_spread_over_all_shards() -> None:
    shards = {accounts.shard_of(f"user-{number}", SHARDS) for number in range(100)}
    assert shards == set(range(SHARDS))
