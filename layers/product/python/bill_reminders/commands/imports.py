"""Users and bills as a file gives them. What users chose by themselves stays."""

from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from bill_reminders.commands.bills import BillFactory, basis, entered, need_room, with_history
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.bounds import Room, TooManyReminders
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, schedule
from bill_reminders.domain.overrides import with_bill_overrides
from bill_reminders.domain.people import User, same_address


class Saved(StrEnum):
    """What saving did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


FIRST_TERMS = ("principal", "rate", "instalments", "method")
LATER_TERMS = ("rate_changes", "stated_instalment", "first_period_days")
"""Terms of a loan for which billers' files had no columns at first."""


@dataclass(frozen=True, slots=True)
class Merging:
    """How a file's bills meet those that are there. The label of those that `unlabelled` names is
    left open; `own` tells that the file is the user's own word. With `leave_out` a bill of which
    too many reminders would be live at once is refused by itself, without it all are."""

    unlabelled: Collection[str] = ()
    own: bool = False
    leave_out: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """An account with a file's bills in it; what became of each draft, and by its place each one
    that was left out."""

    after: Account
    saved: Counter[Saved] = field(default_factory=Counter)
    refused: tuple[tuple[int, TooManyReminders], ...] = ()


def import_user(account: Account, wanted: User) -> Account:
    """The user as a biller's file gives them, with what they set otherwise by themselves, and what
    only they decide: plans by kind, code word, tips, STOP, links."""
    known = account.user
    reachable = {
        channel: replace(address, stopped_at=old.stopped_at, stopped_by=old.stopped_by)
        if (old := known.addresses.get(channel)) is not None
        and same_address(channel, old.value, address.value)
        else address
        for channel, address in wanted.addresses.items()
    }
    kept = replace(
        _keeping_overrides(wanted, known),
        kind_plans=wanted.kind_plans or known.kind_plans,
        code_word=known.code_word,
        tips=known.tips,
        links_closed_at=known.links_closed_at,
        self_registered=known.self_registered,
        addresses=MappingProxyType(reachable),
    )
    if not reachable.keys() & set(kept.plan.channels):
        # the addresses of the channels that they chose are gone: better another than silence
        plan = replace(kept.plan, channels=wanted.plan.channels, joins=wanted.plan.joins)
        kept = replace(kept, plan=plan)
    return account.with_user(kept)


def import_bills(
    account: Account, drafts: Iterable[tuple[int, BillFactory]], merging: Merging, *, now: datetime
) -> Imported:
    """Create or change bills as a file gives them, each with its place in it.

    What a draft cannot know is kept: since when the bill is owed, what happened to it (statements,
    payments, snoozes, its end), and which number an occurrence has. So is what a draft leaves open
    in the plan of a bill that is known; what it does say there counts unless the user set it
    otherwise, or the file is their own. A new bill is owed from the user's today; one of their own
    as if they entered it. Raises TooManyBills; TooManyReminders unless such bills are left out.
    """
    after, today = account, account.today(now)
    room = Room(account.user, account.bills, today)
    saved: Counter[Saved] = Counter()
    refused: list[tuple[int, TooManyReminders]] = []
    for place, draft in drafts:
        bill = entered(draft, today) if merging.own else draft(today)
        known = account.bill(bill.bill_id)
        if known is not None:
            bill = _from_file(known, draft, today, merging)
        try:
            room.take(bill)
        except TooManyReminders as error:
            if not merging.leave_out:
                raise
            refused.append((place, error))
            continue
        saved[_verdict(known, bill)] += 1
        if bill != known:
            after = after.with_bill(bill)
    need_room(account, after)
    return Imported(after, saved, tuple(refused))


def _from_file(known: Bill, draft: BillFactory, today: date, merging: Merging) -> Bill:
    """The draft as the bill that a file changes from the user's `today` on."""
    said_now = draft(today)
    known = _without_credit(known, said_now)
    begins = basis(known, today)

    def wanted(owed_from: date) -> Bill:
        said = draft(owed_from)
        given = replace(
            said,
            loan=_with_rates(said.loan, begins.loan, merging),
            plan_change=said.plan_change.over(known.plan_change),
            label=known.label if known.bill_id in merging.unlabelled else said.label,
        )
        return given if merging.own else _keeping_overrides(given, begins)

    given = _with_credit(with_history(begins, wanted, today), said_now)
    return (with_bill_overrides(begins, given) if merging.own else given).as_of(today)


def _without_credit(known: Bill, said: Bill) -> Bill:
    """`known` without the credit of the first date that a file says, when it now says an amount."""
    found = next(known.dates_from(said.recurrence.first_due), None)
    if found is None or said.amount is None or said.statements:
        return known
    amount = known.owed(found[0]).amount
    is_credit = amount is not None and amount.amount < 0
    return known.without_statement(found[0]) if is_credit else known


def _with_credit(bill: Bill, said: Bill) -> Bill:
    """`bill` with the credit that a file says of its first date."""
    found = next(bill.dates_from(said.recurrence.first_due), None)
    if found is None:
        return bill
    for credit in said.statements:
        with suppress(InvalidValue):  # payments of it are in another currency, and stay
            return bill.with_statement(replace(credit, occurrence=found[0]))
    return bill


def _with_rates(said: Loan | None, known: Loan | None, merging: Merging) -> Loan | None:
    """The loan that a file gives. A biller's that says no changes of the rate leaves those that are
    known of a loan whose first terms stay."""
    if said is None or known is None or merging.own:
        return said
    if any(getattr(said, name) != getattr(known, name) for name in FIRST_TERMS):
        return said
    left_open = {name: getattr(known, name) for name in LATER_TERMS if not getattr(said, name)}
    try:
        whole = replace(said, **left_open, period_days=known.period_days)
        schedule(whole)
    except InvalidValue:  # one of them does not go with what the file says
        return said
    return whole


def _keeping_overrides[T: (User, Bill)](wanted: T, known: T) -> T:
    """`wanted` with what the user chose of `known`."""
    kept = {name: getattr(known, name) for name in known.overrides}
    return replace(wanted, overrides=known.overrides, **kept)


def _verdict(known: Bill | None, bill: Bill) -> Saved:
    if known is None:
        return Saved.NEW
    return Saved.UNCHANGED if bill == known else Saved.CHANGED
