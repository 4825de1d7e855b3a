"""What happens to an account, for tests that set a stage: each runs one command, and says whether
it changed anything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import bill_reminders.commands.mute as muting
from bill_reminders.commands import bills, contacts, payments, plans, snoozes, stops
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.loans import Prepayment
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import Plan, PlanChange, StoppedBy, User
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import Command, Once


def did(user_id: str, command: Command, *, now: datetime, once: Once | None = None) -> bool:
    return accounts.change(user_id, command, now=now, once=once).written


def record_payment(
    user_id: str,
    bill_id: str,
    occurrence: int | None = None,
    *,
    once: Once | None = None,
    now: datetime,
    **more: Any,
) -> bool:
    pay = partial(payments.pay, bill_id=bill_id, occurrence=occurrence, now=now, **more)
    return did(user_id, pay, now=now, once=once)


def undo_payment(
    user_id: str, bill_id: str, payment_id: str, *, once: Once | None = None, now: datetime
) -> Account | None:
    undo = partial(payments.undo, bill_id=bill_id, payment_id=payment_id, now=now)
    after = accounts.change(user_id, undo, now=now, once=once)
    return after if after.written else None


def record_statement(user_id: str, bill_id: str, statement: Statement, *, now: datetime) -> bool:
    return did(user_id, partial(payments.state, bill_id=bill_id, statement=statement), now=now)


def record_failed_debit(
    user_id: str, bill_id: str, occurrence: int | None, event: str, *, now: datetime
) -> bool:
    fail = partial(
        payments.fail_debit, bill_id=bill_id, occurrence=occurrence, event=event, now=now
    )
    return did(user_id, fail, now=now)


def snooze(
    user_id: str,
    bill_id: str,
    occurrence: int | None,
    until: date,
    *,
    once: Once | None = None,
    now: datetime,
    **more: Any,
) -> bool:
    wanted = partial(
        snoozes.snooze, bill_id=bill_id, occurrence=occurrence, until=until, now=now, **more
    )
    return did(user_id, wanted, now=now, once=once)


def undo_snooze(
    user_id: str, bill_id: str, occurrence: int, *, once: Once | None = None, now: datetime
) -> bool:
    undo = partial(snoozes.undo, bill_id=bill_id, occurrence=occurrence)
    return did(user_id, undo, now=now, once=once)


def record_prepayment(user_id: str, bill_id: str, prepayment: Prepayment, *, now: datetime) -> bool:
    return did(user_id, partial(payments.prepay, bill_id=bill_id, prepayment=prepayment), now=now)


def close_bill(user_id: str, bill_id: str, *, now: datetime) -> bool:
    return did(user_id, partial(bills.close, bill_id=bill_id, now=now), now=now)


def delete_bill(user_id: str, bill_id: str, *, now: datetime) -> bool:
    """False when there is none."""

    def delete(account: Account) -> Account:
        return bills.delete(account, bill_id) if account.bill(bill_id) else account

    return did(user_id, delete, now=now)


def mute(user_id: str, bill_id: str, reason: MuteReason, *, now: datetime) -> bool:
    return did(user_id, partial(muting.mute, bill_id=bill_id, reason=reason, now=now), now=now)


def unmute(user_id: str, bill_id: str, *, now: datetime) -> bool:
    return did(user_id, partial(muting.unmute, bill_id=bill_id), now=now)


def change_user(user_id: str, change: Callable[[User], User], *, now: datetime) -> bool:
    return did(user_id, partial(plans.change_settings, settings=change), now=now)


def change_kind_plan(user_id: str, kind: Kind, plan_change: PlanChange, *, now: datetime) -> bool:
    def with_plan(user: User) -> User:
        kinds = MappingProxyType({**user.kind_plans, kind: plan_change})
        return replace(user, kind_plans=kinds)

    return change_user(user_id, with_plan, now=now)


def change_plans(
    user_id: str,
    bill_id: str,
    change: Callable[[User, Bill], tuple[Plan, PlanChange]],
    *,
    now: datetime,
) -> bool:
    return did(user_id, partial(plans.change_plans, bill_id=bill_id, plans=change), now=now)


def stop(
    user_id: str,
    channel: Channel,
    *,
    by: StoppedBy = StoppedBy.REPLY,
    said_at: datetime | None = None,
    now: datetime,
) -> bool:
    wanted = partial(stops.stop, channel=channel, by=by, said_at=said_at, now=now)
    return did(user_id, wanted, now=now)


def start(user_id: str, channel: Channel, *, now: datetime, **more: Any) -> bool:
    return did(user_id, partial(stops.start, channel=channel, **more), now=now)


def give_up(user_id: str, channel: Channel, value: str, *, now: datetime) -> bool:
    return did(user_id, partial(contacts.give_up, channel=channel, value=value), now=now)


def close_links(user_id: str, *, now: datetime) -> bool:
    return did(user_id, partial(stops.close_links, now=now), now=now)


def plan_again(user_id: str, *, now: datetime) -> None:
    accounts.plan_again(user_id, now=now)
