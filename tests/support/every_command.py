"""Every command, on an account to which each of them makes a difference."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from bill_reminders import commands
from bill_reminders.commands import bills, contacts, imports, mute, payments, plans, snoozes, stops
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, FailedDebit, Mute, MuteReason, Snooze
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Plan, PlanChange, StoppedBy, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.amounts import dollars
from tests.support.people import EMAIL, PHONE, a_bill, a_user

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
EARLIER = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)
FIRST = date(2027, 3, 4)
MONTHLY = Recurrence(FIRST, 1, Unit.MONTH)
REPAID = Prepayment(1, Decimal("100"), Effect.SHORTER_TERM)


def the_user() -> User:
    """Reached by three channels, e-mail stopped by a page; with a plan for one kind of bill."""
    user = a_user(channels=(Channel.SMS, Channel.EMAIL, Channel.PUSH))
    email = replace(user.addresses[Channel.EMAIL], stopped_at=EARLIER, stopped_by=StoppedBy.PAGE)
    user = user.with_address(Channel.EMAIL, email)
    return replace(
        user,
        kind_plans=MappingProxyType({Kind.LOAN: PlanChange(lead_days=(7, 1))}),
        plan=replace(user.plan, lead_days=(3, 1, 0)),
    )


def the_bills() -> list[Bill]:
    loan = Loan(dollars("12000"), Decimal("0.004"), 12, Method.EQUAL_INSTALMENT, (REPAID,))
    return [
        a_bill(
            bill_id="card",
            due_on=FIRST,
            recurrence=MONTHLY,
            payments=(Payment(0, EARLIER, dollars("20"), "part"),),
            statements=(Statement(0, dollars("99.50"), Decimal("10")),),
            snoozes=(Snooze(0, date(2027, 3, 3)),),
            plan_change=PlanChange(lead_days=(5, 2)),
        ),
        a_bill(
            bill_id="power",
            due_on=FIRST,
            recurrence=MONTHLY,
            autopay=True,
            pay_link="https://pay.example.com/power",
            failed_debits=(FailedDebit(0, EARLIER, "debit-1"),),
        ),
        a_bill(bill_id="car", due_on=FIRST, recurrence=MONTHLY, amount=None, loan=loan),
        a_bill(bill_id="gym", due_on=FIRST, mute=Mute(EARLIER, MuteReason.NOT_MINE)),
        a_bill(bill_id="old", due_on=FIRST, closed_at=EARLIER),
    ]


def the_account() -> Account:
    """Before any of the commands."""
    return Account(1, the_user(), tuple(the_bills()), life="a life")


def _renamed(known: date) -> Bill:
    return a_bill(bill_id="card", due_on=FIRST, recurrence=MONTHLY, name="Black card")


def _import_bills(account: Account) -> Account:
    merging = imports.Merging()
    return imports.import_bills(account, [(0, _renamed)], merging, now=NOW).after


def _plans(user: User, bill: Bill) -> tuple[Plan, PlanChange]:
    return replace(user.plan, lead_days=(9,)), PlanChange(overdue_days=(2,))


Command = Callable[[Account], Account]

EVERY: Mapping[str, Command] = {
    "bills.enter": partial(
        bills.enter,
        bill_id="new",
        draft=lambda today: a_bill(bill_id="new", due_on=FIRST, owed_from=today),
        now=NOW,
    ),
    "bills.change": partial(bills.change, bill_id="card", draft=lambda known: _renamed, now=NOW),
    "bills.undo_change": partial(
        bills.undo_change,
        bill_id="card",
        was=a_bill(
            bill_id="card",
            due_on=FIRST,
            recurrence=MONTHLY,
            amount=dollars("99"),
            snoozes=(Snooze(0, date(2027, 3, 3)),),
        ),
        version=0,
        now=NOW,
    ),
    "bills.close": partial(bills.close, bill_id="card", now=NOW),
    "bills.reopen": partial(bills.reopen, bill_id="old"),
    "bills.delete": partial(bills.delete, bill_id="card"),
    "payments.pay": partial(
        payments.pay, bill_id="card", payment_id="rest", amount=dollars("5"), now=NOW
    ),
    "payments.undo": partial(payments.undo, bill_id="card", payment_id="part", now=NOW),
    "payments.state": partial(
        payments.state, bill_id="card", statement=Statement(1, dollars("70"), None)
    ),
    "payments.unstate": partial(payments.unstate, bill_id="card", occurrence=0),
    "payments.fail_debit": partial(
        payments.fail_debit, bill_id="power", occurrence=1, event="debit-2", now=NOW
    ),
    "payments.undo_failed_debit": partial(
        payments.undo_failed_debit, bill_id="power", event="debit-1"
    ),
    "payments.prepay": partial(
        payments.prepay,
        bill_id="car",
        prepayment=Prepayment(2, Decimal("200"), Effect.SHORTER_TERM),
    ),
    "payments.undo_prepayment": partial(payments.undo_prepayment, bill_id="car", prepayment=REPAID),
    "snoozes.snooze": partial(
        snoozes.snooze, bill_id="card", occurrence=0, until=date(2027, 3, 2), now=NOW
    ),
    "snoozes.undo": partial(snoozes.undo, bill_id="card", occurrence=0),
    "mute.mute": partial(mute.mute, bill_id="card", reason=MuteReason.STOPPED, now=NOW),
    "mute.unmute": partial(mute.unmute, bill_id="gym"),
    "stops.stop": partial(stops.stop, channel=Channel.SMS, by=StoppedBy.PAGE, now=NOW),
    "stops.stop_address": partial(
        stops.stop_address,
        channel=Channel.SMS,
        address=PHONE,
        by=StoppedBy.BOUNCED,
        sent_at=EARLIER,
        now=NOW,
    ),
    "stops.start": partial(stops.start, channel=Channel.EMAIL),
    "stops.close_links": partial(stops.close_links, now=NOW),
    "plans.change_settings": partial(
        plans.change_settings, settings=lambda user: replace(user, code_word="lighthouse")
    ),
    "plans.change_plans": partial(plans.change_plans, bill_id="card", plans=_plans),
    "contacts.take": partial(
        contacts.take, channel=Channel.EMAIL, value="new@example.com", now=NOW
    ),
    "contacts.give_up": partial(contacts.give_up, channel=Channel.EMAIL, value=EMAIL),
    "imports.import_user": partial(
        imports.import_user, wanted=replace(the_user(), plan=Plan(lead_days=(4,)))
    ),
    "imports.import_bills": _import_bills,
}


def all_commands() -> set[str]:
    """Every function of the commands' modules that makes of an account another one."""
    found = set[str]()
    for module in pkgutil.iter_modules(commands.__path__):
        loaded: Any = importlib.import_module(f"{commands.__name__}.{module.name}")
        for name, made in inspect.getmembers(loaded, inspect.isfunction):
            takes = next(iter(inspect.signature(made).parameters), "")
            is_own = made.__module__ == loaded.__name__ and not name.startswith("_")
            if is_own and takes == "account" and not name.startswith("need_"):
                found.add(f"{module.name}.{name}")
    return found
