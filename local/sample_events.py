"""What happens to the sample's people while the demo runs: samples/events.csv, one event a row.

`at` is its minute. `due_on` names the date of the bill that it is about. `changed` is an edit:
`amount` and `currency`, and in `value` other cells of the bills file, as "first_due=2027-03-20;
repeats=every 2 weeks". It holds from now on, from the first date on or after `due_on`, or with
"beginning" there for all dates.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from bill_reminders.commands import bills, payments, snoozes, stops
from bill_reminders.commands.bills import BEGINNING, BillFactory, Since
from bill_reminders.commands.imports import Saved
from bill_reminders.commands.plans import change_settings
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import PlanChange, User
from bill_reminders.files import bill_fields
from bill_reminders.files.bills import read_bill
from bill_reminders.files.rows import Row
from bill_reminders.storage import accounts, rows
from bill_reminders.storage.accounts import Command
from bill_reminders.storage.saving import save_bills
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
    if event["event"] == "redated":
        done = _redated(event, now)
    else:
        command = _command(event, now)
        done = accounts.change(user_id, command, now=now).written
    if not done:
        raise RuntimeError(f"{event['event']} of {user_id} at {event['at']} changed nothing")


def _command(event: Event, now: datetime) -> Command:
    if event["event"] == "changed":
        return partial(changed, event=event, now=now)
    return _of_bill(event, now) if event["bill_id"] else _of_user(event, now)


def _of_user(event: Event, now: datetime) -> Command:
    match event["event"], event["value"].split():
        case "moved", [zone]:
            return _settings(lambda user: replace(user, zone=ZoneInfo(zone)))
        case "paused", _:
            until = date.fromisoformat(event["until"])
            return _settings(lambda user: replace(user, paused_until=until))
        case "planned", ["kind", kind, days]:
            own = PlanChange(lead_days=_days(days))
            return _settings(
                lambda user: replace(user, kind_plans={**user.kind_plans, Kind(kind): own})
            )
        case "planned", [days]:
            leads = _days(days)
            return _settings(lambda user: replace(user, plan=replace(user.plan, lead_days=leads)))
        case "stopped", [channel]:
            return partial(stops.stop, channel=Channel(channel), now=now)
    raise ValueError(f"{event['event']} is nothing that happens to a user")


def _settings(change: Callable[[User], User]) -> Command:
    return partial(change_settings, settings=change)


def _of_bill(event: Event, now: datetime) -> Command:
    bill_id, value = event["bill_id"], event["value"]
    number = number_of(_bill(event), event["due_on"])
    amount = Money(Decimal(event["amount"]), event["currency"]) if event["amount"] else None
    match event["event"]:
        case "stated" | "unstated":
            return _of_statement(event, number, amount)
        case "paid":
            return partial(
                payments.pay,
                bill_id=bill_id,
                occurrence=number,
                payment_id=value,
                amount=amount,
                now=now,
            )
        case "undone":
            return partial(payments.undo, bill_id=bill_id, payment_id=value, now=now)
        case "snoozed":
            return partial(
                snoozes.snooze,
                bill_id=bill_id,
                occurrence=number,
                until=date.fromisoformat(event["until"]),
                confirmed=True,
                now=now,
            )
        case "debit_failed":
            return partial(
                payments.fail_debit, bill_id=bill_id, occurrence=number, event=value, now=now
            )
    return _of_terms(event, now)


def _of_statement(event: Event, number: int, amount: Money | None) -> Command:
    """One that is taken back has no amount; `value` is its own due date, if it has one."""
    if amount is None:
        return partial(payments.unstate, bill_id=event["bill_id"], occurrence=number)
    minimum = Decimal(event["minimum"]) if event["minimum"] else None
    due_on = date.fromisoformat(event["value"]) if event["value"] else None
    stated = Statement(number, amount, minimum, due_on)
    return partial(payments.state, bill_id=event["bill_id"], statement=stated)


def _of_terms(event: Event, now: datetime) -> Command:
    bill_id = event["bill_id"]
    match event["event"]:
        case "closed":
            return partial(bills.close, bill_id=bill_id, now=now)
        case "deleted":
            return partial(bills.delete, bill_id=bill_id)
    raise ValueError(f"{event['event']} is nothing that happens to a bill")


def changed(account: Account, event: Event, *, now: datetime) -> Account:
    """The account after an edit. Raises InvalidValue where it cannot be, ValueError for a cell
    that says nothing."""
    since: Since = None
    if event["due_on"]:
        is_beginning = event["due_on"] == BEGINNING
        since = BEGINNING if is_beginning else date.fromisoformat(event["due_on"])
    draft = partial(_drafted, said=edited_cells(event))
    return bills.change(account, event["bill_id"], draft, since=since, now=now)


def edited_cells(event: Event) -> dict[str, str]:
    """What an edit says, by the columns of the bills file."""
    pairs = (each.partition("=") for each in event["value"].split(";") if each)
    said = {name.strip(): value.strip() for name, _, value in pairs}
    return {name: event[name] for name in ("amount", "currency") if event[name]} | said


def _drafted(known: Bill, said: Mapping[str, str]) -> BillFactory:
    ids = {"user_id": known.user_id, "bill_id": known.bill_id}
    row = Row(0, {**ids, **bill_fields.written(known), **said})
    draft = read_bill(row)
    if draft is None or row.errors:
        raise ValueError(f"{known.bill_id} cannot be {said}: {row.errors}")
    return draft.bill


def _redated(event: Event, now: datetime) -> bool:
    bill, first_due = _bill(event), date.fromisoformat(event["value"])
    moved = replace(bill, recurrence=replace(bill.recurrence, first_due=first_due))
    return save_bills(bill.user_id, [lambda _: moved], now=now)[Saved.CHANGED] == 1


def _bill(event: Event) -> Bill:
    return rows.bill_from(BillItem.get(event["user_id"], event["bill_id"]))


def number_of(bill: Bill, due_on: str) -> int:
    """The occurrence of that date, as its terms have it: a statement may have moved it. Raises
    ValueError where there is none."""
    if not due_on:
        return 0
    day = date.fromisoformat(due_on)
    number, found = next(replace(bill, statements=()).dates_from(day), (0, None))
    if found != day:
        raise ValueError(f"{bill.bill_id} is not due on {due_on}")
    return number


def _days(text: str) -> tuple[int, ...]:
    return tuple(int(day) for day in text.split("+"))
