"""What happens to the sample's people while the demo runs: samples/events.csv, one event a row."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import PlanChange, User
from bill_reminders.domain.terms import Channel, Kind
from bill_reminders.storage import happenings, rows
from bill_reminders.storage.people import Saved, save_bills
from bill_reminders.storage.tables import BillItem
from local.stack import ROOT

EVENTS = ROOT / "samples" / "events.csv"

Event = Mapping[str, str]


def read() -> list[Event]:
    """The events in the order of their minutes."""
    with EVENTS.open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=instant)


def instant(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"]).astimezone(UTC)


def apply(event: Event, *, now: datetime) -> None:
    """Do to the deployed tables what the event says. Raises RuntimeError when nothing changed."""
    user_id = event["user_id"]
    done = _of_bill(event, now) if event["bill_id"] else _of_user(event, now)
    if not done:
        raise RuntimeError(f"{event['event']} of {user_id} at {event['at']} changed nothing")


def _of_user(event: Event, now: datetime) -> bool:
    user_id, value = event["user_id"], event["value"]
    match event["event"], value.split():
        case "moved", [zone]:
            return _changed(user_id, lambda user: replace(user, zone=ZoneInfo(zone)), now)
        case "paused", _:
            until = date.fromisoformat(event["until"])
            return _changed(user_id, lambda user: replace(user, paused_until=until), now)
        case "planned", ["kind", kind, days]:
            change = PlanChange(lead_days=_days(days))
            return happenings.change_kind_plan(user_id, Kind(kind), change, now=now)
        case "planned", [days]:
            leads = _days(days)
            return _changed(
                user_id, lambda user: replace(user, plan=replace(user.plan, lead_days=leads)), now
            )
        case "stopped", [channel]:
            return happenings.stop(user_id, Channel(channel), now=now)
    raise ValueError(f"{event['event']} is nothing that happens to a user")


def _of_bill(event: Event, now: datetime) -> bool:
    user_id, bill_id, value = event["user_id"], event["bill_id"], event["value"]
    bill = rows.bill_from(BillItem.get(user_id, bill_id))
    number = _number(bill, event["due_on"])
    match event["event"]:
        case "stated":
            minimum = Decimal(event["minimum"]) if event["minimum"] else None
            amount = Money(Decimal(event["amount"]), event["currency"])
            stated = Statement(number, amount, minimum)
            return happenings.record_statement(user_id, bill_id, stated, now=now)
        case "paid":
            paid = Money(Decimal(event["amount"]), event["currency"]) if event["amount"] else None
            return happenings.record_payment(
                user_id, bill_id, number, payment_id=value, amount=paid, now=now
            )
        case "undone":
            return happenings.undo_payment(user_id, bill_id, value, now=now)
        case "snoozed":
            until = date.fromisoformat(event["until"])
            return happenings.snooze(user_id, bill_id, number, until, confirmed=True, now=now)
        case "debit_failed":
            return happenings.record_failed_debit(user_id, bill_id, number, value, now=now)
    return _of_terms(event, bill, now)


def _of_terms(event: Event, bill: Bill, now: datetime) -> bool:
    match event["event"]:
        case "closed":
            return happenings.close_bill(bill.user_id, bill.bill_id, now=now)
        case "deleted":
            return happenings.delete_bill(bill.user_id, bill.bill_id, now=now)
        case "redated":
            first_due = date.fromisoformat(event["value"])
            moved = replace(bill, recurrence=replace(bill.recurrence, first_due=first_due))
            saved = save_bills(bill.user_id, [lambda _: moved], now=now)
            return saved[Saved.CHANGED] == 1
    raise ValueError(f"{event['event']} is nothing that happens to a bill")


def _changed(user_id: str, change: Callable[[User], User], now: datetime) -> bool:
    return happenings.change_user(user_id, change, now=now)


def _number(bill: Bill, due_on: str) -> int:
    if not due_on:
        return 0
    day = date.fromisoformat(due_on)
    number, found = next(bill.recurrence.from_day(day))
    if found != day:
        raise ValueError(f"{bill.bill_id} is not due on {due_on}")
    return number


def _days(text: str) -> tuple[int, ...]:
    return tuple(int(day) for day in text.split("+"))
